"""The recount of what operators do: sales, caps, windows, withdrawals, refunds, production, capacity, plans."""

from __future__ import annotations

from drumroll.domain import events as ev
from drumroll.rehearsal import audit_rules as rules
from drumroll.rehearsal.recount_count import Count
from drumroll.rehearsal.recount_orders import by_operator, forfeit
from drumroll.rehearsal.recount_seen import LOCKED_OR_LATER, STEPS, TO_WITHDRAWN, Seen

ACTIONS = frozenset(("open", "close", "pause", "resume"))


def sales_set(count: Count, event: ev.SalesSet) -> None:
    """Sales open, close, rest, go on."""
    what = f"{event.action} of {event.model or 'all'}"
    _done(count, event, what)
    if event.action not in ACTIONS or (event.model and _unknown(count, event.model)):
        count.fault(rules.OPERATED, f"{what}: there is no such thing to do")
    count.offering.set_sales(event.action, event.model, count.at_ms)


def cap_set(count: Count, event: ev.CapSet) -> None:
    """A cap is another; what was taken before may stand above it."""
    what = f"the cap of {event.model or 'all'} {event.trim}".rstrip()
    _done(count, event, what)
    trim_unknown = event.trim and (event.model, event.trim) not in count.offering.places
    if (event.model and _unknown(count, event.model)) or trim_unknown or (event.cap is not None and event.cap < 0):
        count.fault(rules.OPERATED, f"{what} can't be set to {event.cap}")
    count.offering.set_cap(event.model, event.trim, event.cap)


def window_moved(count: Count, event: ev.WindowMoved) -> None:
    """A conversion window closes at another time."""
    _done(count, event, f"the window {event.window}")
    opened = count.offering.windows.get(event.window)
    if opened is None or event.closes_at_ms <= max(count.at_ms, opened[0].opens_at_ms):
        count.fault(rules.OPERATED, f"the window {event.window} can't close at {event.closes_at_ms}, at {count.at_ms}")
    count.offering.move_window(event.window, event.closes_at_ms)


def withdrawn(count: Count, event: ev.OrderWithdrawn) -> None:
    """An order is taken away, with its money owed back or without."""
    order_id = event.order_id
    seen = count.order(order_id)
    if seen is None:
        return
    _done(count, event, f"the withdrawal of {order_id}")
    count.tally["withdrawn"] += 1
    held_minor = seen.kept_minor
    if event.forfeited_minor:
        if seen.state not in LOCKED_OR_LATER or event.refund_minor:
            text = f"order {order_id} was {seen.state}, and its withdrawal forfeits {event.forfeited_minor}"
            count.fault(rules.FORFEITED, text)
        forfeit(count, order_id, seen, event.forfeited_minor)
    elif event.refund_minor != held_minor:
        count.fault(rules.OWED_RIGHTLY, f"order {order_id}: {held_minor} is due back, {event.refund_minor} is owed")
    count.go(order_id, seen, TO_WITHDRAWN, "forfeited" if event.forfeited_minor else "cancelled")
    count.leaves_its_place(seen)
    if event.refund_minor:
        count.owe(order_id, seen, event.refund_minor, "withdrawn")


def refund_granted(count: Count, event: ev.RefundGranted) -> None:
    """Of a forfeited deposit, so much is given back."""
    order_id = event.order_id
    seen = count.order(order_id)
    if seen is None:
        return
    _done(count, event, f"the grant for {order_id}")
    left_minor = seen.kept_minor if seen.state == "forfeited" else 0
    if not 0 < event.amount_minor <= left_minor:
        text = f"order {order_id} ({seen.state}) is granted {event.amount_minor}; {left_minor} was forfeited"
        count.fault(rules.OWED_RIGHTLY, text)
    count.owe(order_id, seen, event.amount_minor, "granted")


def orders_moved(count: Count, event: ev.OrdersMoved) -> None:
    """Production goes on, or back, by one step an order."""
    by_operator(count, f"the move to {event.state}", event.operator, event.reason)
    if event.key:  # one command gives an event for each state that it names, and the first has its key
        count.use_key(event.key, f"the moves to {event.state}")
    comes_from = STEPS.get(event.state, frozenset())
    for order_id in event.order_ids:
        seen = count.order(order_id)
        if seen is not None:
            _move(count, order_id, seen, comes_from, event.state)


def _move(count: Count, order_id: str, seen: Seen, comes_from: frozenset[str], state: str) -> None:
    if seen.state not in comes_from:
        count.fault(rules.MOVED, f"order {order_id} goes from {seen.state} to {state}")
    if state == "scheduled" and seen.state == "locked" and seen.due_minor:
        count.fault(rules.MOVED, f"order {order_id} is scheduled; {seen.due_minor} of its deposit is still due")
    count.go(order_id, seen, comes_from, state)
    if state == "delivered" and count.promises.weeks is not None:
        count.promises.delivered(seen)


def safety_set(count: Count, event: ev.SafetySet) -> None:
    """How uncertain the weeks are; nobody's doing."""
    count.promises.set_safety(event)


def capacity_set(count: Count, event: ev.CapacitySet) -> None:
    """More or less can be built in some weeks."""
    what = f"the capacity of {event.resource or 'all'}"
    _done(count, event, what)
    weeks = count.promises.weeks
    if (event.percent is None) is (event.weekly is None) or event.from_week >= event.until_week:
        count.fault(rules.OPERATED, f"{what} is set to {event.percent} % and {event.weekly} a week")
    elif weeks is None or (event.resource and event.resource not in weeks.names):
        count.fault(rules.OPERATED, f"{what} is set, and the launch does not have it")
    count.promises.set_capacity(event, count.at_ms, count.orders.values())


def order_pinned(count: Count, event: ev.OrderPinned) -> None:
    """An order is given a week of its own, or none any more."""
    seen = count.order(event.order_id)
    if seen is None:
        return
    _done(count, event, f"the week of {event.order_id}")
    if event.promise is None:
        count.promises.unpinned(seen)
    elif count.promises.weeks is not None:
        count.promises.pinned(seen, event.promise)


def plan_accepted(count: Count, event: ev.PlanAccepted) -> None:
    """Other weeks are promised to many. A large plan comes in parts, one after the other."""
    what = f"the plan {event.plan}"
    by_operator(count, what, event.operator, event.reason)
    before = count.plan_parts
    if event.part == 1:
        before = count.plan_parts = set()
        count.plan_part = (event.plan, 0)
    if count.plan_part != (event.plan, event.part - 1) or event.part > event.parts:
        count.fault(rules.OPERATED, f"part {event.part} of {event.parts} of {what} follows {count.plan_part}")
    count.plan_part = (event.plan, event.part)
    for order_id in (order_id for group in event.groups for order_id in group.order_ids):
        if order_id in before:
            count.fault(rules.OPERATED, f"{what} names order {order_id} twice")
        before.add(order_id)
        count.order(order_id)
    last = event.part == event.parts
    count.promises.accept(event, count.at_ms, count.orders, whole=last)
    if last:
        count.use_key(event.key, what)
        if event.orders and event.orders != len(before):
            count.fault(rules.OPERATED, f"{what} is said to be for {event.orders} orders, and names {len(before)}")
        count.plan_parts = set()


def _unknown(count: Count, model: str) -> bool:
    return count.launch is None or count.launch.model(model) is None


Done = ev.SalesSet | ev.CapSet | ev.WindowMoved | ev.OrderWithdrawn | ev.RefundGranted | ev.CapacitySet | ev.OrderPinned


def _done(count: Count, event: Done, what: str) -> None:
    by_operator(count, what, event.operator, event.reason)
    count.use_key(event.key, what)
