"""The recount of what operators do: sales, caps, windows, withdrawals, refunds, production."""

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


def _unknown(count: Count, model: str) -> bool:
    return count.launch is None or count.launch.model(model) is None


Done = ev.SalesSet | ev.CapSet | ev.WindowMoved | ev.OrderWithdrawn | ev.RefundGranted


def _done(count: Count, event: Done, what: str) -> None:
    by_operator(count, what, event.operator, event.reason)
    count.use_key(event.key, what)
