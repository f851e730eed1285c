"""The recount of an order's life up to its lock, and of the money that comes and goes."""

from __future__ import annotations

from drumroll.domain import events as ev
from drumroll.domain.promise import Promise
from drumroll.rehearsal import audit_rules as rules
from drumroll.rehearsal.recount_count import ORDERS_EVER, Act, Count
from drumroll.rehearsal.recount_offer import Place
from drumroll.rehearsal.recount_seen import (
    FIRM,
    LOCKED,
    QUEUED,
    RESERVED,
    STANDING,
    TO_CANCELLED,
    TO_CORRECTED,
    TO_FIRM,
    TO_FORFEITED,
    Seen,
)
from drumroll.rehearsal.recount_weeks import days_of


def desk_opened(count: Count, event: ev.DeskOpened) -> None:
    """A start."""
    count.tally["starts"] += 1


def launch_set(count: Count, event: ev.LaunchSet) -> None:
    """The launch is another; so may be what its headline counts."""
    launch = count.launch = event.launch
    count.currency = launch.currency
    count.offering.set_launch(launch)
    count.promises.set_launch(launch, count.at_ms, count.orders.values())
    firm = sum(
        counts[state] for (model, _), counts in count.states.items() for state in STANDING if model in launch.headline
    )
    if firm != count.firm:
        count.firm = firm
        count.note_curve()
    count.most = max(count.most, firm)
    count.ahead = [firm for firm in launch.milestones if firm > count.most]


def reserved(count: Count, event: ev.OrderReserved) -> None:
    """A direct order."""
    order_id = event.order_id
    seen = Seen(event.customer, event.model, event.trim, event.options, event.region)
    if (count.waits and order_id in count.waits) or count.orders.setdefault(order_id, seen) is not seen:
        count.fault(rules.ORDER_ONCE, f"order {order_id} is made again")
        return
    count.use_key(event.key, order_id)
    terms = (event.price_minor, event.deposit_minor, event.hold_s, event.cooling_off_s)
    place = begin(count, order_id, seen, terms)
    if place is not None:
        _check_reserved(count, order_id, seen, (event.model, event.trim, event.options, event.region, *terms), place)
    promised(count, order_id, seen, event.promise)
    if count.customers[event.customer].made > ORDERS_EVER:
        count.fault(rules.LIMIT, f"order {order_id} is one more than {ORDERS_EVER} of customer {event.customer}")


def promised(count: Count, order_id: str, seen: Seen, promise: Promise | None) -> None:
    """What a new order is told of its delivery."""
    seen.told = seen.promise = promise
    if count.promises.weeks is not None:
        count.promises.made(order_id, seen, promise, count.at_ms)
    elif promise is not None:
        count.fault(rules.PROMISED, f"order {order_id} is promised a week, and the launch has no plants")


def _check_reserved(count: Count, order_id: str, seen: Seen, terms: tuple[object, ...], place: Place) -> None:
    """Hundreds of thousands have the same few terms: those are looked at once a launch file."""
    good = count.offering.good
    if terms in good or count.launch is None:
        return
    before = count.faults.count.total()
    check_terms(count, order_id, seen, (place.deposit_minor, count.launch.hold_s))
    count.check_region(order_id, seen)
    if count.faults.count.total() == before:
        good.add(terms)


def begin(
    count: Count, order_id: str, seen: Seen, terms: tuple[int, int, int, int | None], *, offered: bool = False
) -> Place | None:
    """A reservation, direct or offered: price, deposit, hold and cooling-off are those of the event."""
    seen.price_minor, seen.deposit_minor, seen.hold_s, seen.cooling_off_s = terms
    seen.reserved_ms = count.at_ms
    seen.counts = count.counts(seen.model, seen.trim)
    seen.counts["reserved"] += 1
    return count.takes_a_place(order_id, seen, made=1, offered=offered)


def check_terms(count: Count, order_id: str, seen: Seen, offered: tuple[int, int | None]) -> None:
    """Deposit and hold (``offered``), price, cooling-off and configuration of a new reservation."""
    launch = count.launch
    wanted = (*offered, launch.cooling_off_s if launch else None)
    has = (seen.deposit_minor, seen.hold_s, seen.cooling_off_s)
    if has != wanted:
        text = f"order {order_id} has deposit, hold and cooling-off {has}; offered was {wanted}"
        count.fault(rules.AS_OFFERED, text)
    count.check_configuration(order_id, seen)


def firmed(count: Count, event: ev.OrderFirmed) -> None:
    """The deposit came."""
    order_id = event.order_id
    seen = count.order(order_id)
    if seen is None:
        return
    count.pay(event.payment_id, order_id, seen.deposit_minor, count.currency, "firm")
    if seen.state == "expired":
        count.tally["revived"] += 1
        count.takes_a_place(order_id, seen)
        if count.promises.weeks is not None:
            count.promises.revived(order_id, seen, event.promise, count.at_ms)
    count.go(order_id, seen, TO_FIRM, "firm")
    seen.payments = (*seen.payments, event.payment_id)
    seen.kept_minor += seen.deposit_minor
    seen.cooling_from_ms = count.at_ms


def expired(count: Count, event: ev.OrderExpired) -> None:
    """No deposit came."""
    seen = count.order(event.order_id)
    if seen is None:
        return
    if count.at_ms < seen.reserved_ms + seen.hold_s * 1000:
        text = f"order {event.order_id} ran out after {(count.at_ms - seen.reserved_ms) / 1000} s"
        count.fault(rules.NOT_EARLY, text)
    count.tally["expired"] += 1
    count.go(event.order_id, seen, RESERVED, "expired")
    count.leaves_its_place(seen)


def cancelled(count: Count, event: ev.OrderCancelled) -> None:
    """The customer took it back in time."""
    order_id = event.order_id
    seen = count.order(order_id)
    if seen is None:
        return
    count.use_key(event.key, f"the cancellation of {order_id}")
    if event.refund_minor != seen.kept_minor:
        text = f"order {order_id}: {seen.kept_minor} is due back, {event.refund_minor} is owed"
        count.fault(rules.OWED_RIGHTLY, text)
    before_lock(count, order_id, seen)
    count.go(order_id, seen, TO_CANCELLED, "cancelled")
    count.leaves_its_place(seen)
    if event.refund_minor:
        count.owe(order_id, seen, event.refund_minor, "cancelled")


def before_lock(count: Count, order_id: str, seen: Seen) -> None:
    """A firm order counts as locked from the end of its cooling-off, whether or not that is in the log yet."""
    locks_ms = seen.locks_ms
    if seen.state == "firm" and locks_ms is not None and count.at_ms >= locks_ms:
        late_s = (count.at_ms - locks_ms) / 1000
        count.fault(rules.NOT_AFTER_LOCK, f"order {order_id} is treated as firm {late_s} s after its cooling-off")


# Money


def owed_back(count: Count, event: ev.DepositOwedBack) -> None:
    """Money that no order could use."""
    payment_id, order_id = event.payment_id, event.order_id
    count.pay(payment_id, order_id, event.amount_minor, event.currency, "owed_back")
    count.owed[count.refund_id(payment_id)] = (order_id, event.amount_minor, event.currency, "owed_back")
    seen = count.orders.get(order_id)
    if seen is None:
        return
    awaited = seen.deposit_minor if seen.state == "reserved" else seen.due_minor if seen.state in STANDING else 0
    if awaited and (event.amount_minor, event.currency) == (awaited, count.currency):
        count.fault(rules.OWED_RIGHTLY, f"payment {payment_id} is owed back; order {order_id} awaited it")


def difference_paid(count: Count, event: ev.DifferencePaid) -> None:
    """What a conversion left due came."""
    seen = count.order(event.order_id)
    if seen is None:
        return
    count.pay(event.payment_id, event.order_id, event.amount_minor, count.currency, "difference_paid")
    if not seen.due_minor or event.amount_minor != seen.due_minor or seen.state not in STANDING:
        text = f"order {event.order_id} ({seen.state}) is paid {event.amount_minor} more; {seen.due_minor} was due"
        count.fault(rules.CONVERTED, text)
    seen.payments = (*seen.payments, event.payment_id)
    seen.kept_minor += event.amount_minor
    seen.more().due_minor -= event.amount_minor


def refund_paid(count: Count, event: ev.RefundPaid) -> None:
    """A refund that was owed is paid."""
    owed = count.owed.pop(event.refund_id, None)
    if owed is None:
        count.fault(rules.OWED_RIGHTLY, f"refund {event.refund_id} is paid without being owed")
    else:
        count.paid_back[event.refund_id] = owed
    if event.operator or event.reason:
        by_operator(count, f"the refund {event.refund_id}", event.operator, event.reason)


def by_operator(count: Count, what: str, operator: str, reason: str) -> None:
    """Operators give a name and a reason."""
    if not operator.strip() or not reason.strip():
        count.fault(rules.OPERATED, f"{what} has operator {operator!r} and reason {reason!r}")


# Locks and changes


def locked(count: Count, event: ev.OrderLocked) -> None:
    """The order can't be had back any more."""
    order_id = event.order_id
    seen = count.order(order_id)
    if seen is None:
        return
    at_ms, locks_ms = count.at_ms, seen.locks_ms
    ended = locks_ms is not None and at_ms >= locks_ms
    if ended is event.early:
        text = f"order {order_id} locks {'early' if event.early else 'by itself'}; its cooling-off ends at {locks_ms}"
        count.fault(rules.LOCKED, f"{text}, it is {at_ms} (ms)")
    if seen.state in QUEUED:
        count.fault(rules.QUEUED, f"order {order_id} gets a second place in the queue")
    count.go(order_id, seen, FIRM, "locked")
    kept_ms = seen.later.kept_ms if seen.later is not None else None
    lock_ms = at_ms if locks_ms is None else min(at_ms, locks_ms)
    seen.queued_ms = lock_ms if kept_ms is None else kept_ms
    seen.undo_until_ms = 0
    if event.early:
        _locked_early(count, event, seen)


def _locked_early(count: Count, event: ev.OrderLocked, seen: Seen) -> None:
    count.use_key(event.key, f"the lock of {event.order_id}")
    act(count, event.order_id, "locked")
    count.tally["early_locks"] += 1
    undo_s = count.launch.early_lock_undo_s if count.launch else 0
    if event.undo_s != undo_s:
        count.fault(rules.LOCKED, f"order {event.order_id} may be undone for {event.undo_s} s; offered was {undo_s}")
    until_ms, locks_ms = count.at_ms + event.undo_s * 1000, seen.locks_ms
    seen.undo_until_ms = until_ms if locks_ms is None else min(until_ms, locks_ms)


def act(count: Count, order_id: str, *words: str | int) -> None:
    """Note what a customer did and was told."""
    done: Act = words
    count.acts.setdefault(order_id, []).append(done)


def days_told(promise: Promise | None) -> tuple[str, str]:
    """The promised days as the ledger has them."""
    return ("-", "-") if promise is None else days_of(promise.first_week, promise.last_week)


def lock_undone(count: Count, event: ev.LockUndone) -> None:
    """An early lock was undone."""
    seen = count.order(event.order_id)
    if seen is None:
        return
    count.use_key(event.key, f"the undoing of {event.order_id}")
    act(count, event.order_id, "undone")
    count.tally["locks_undone"] += 1
    if count.at_ms >= seen.undo_until_ms:
        text = f"the lock of order {event.order_id} is undone at {count.at_ms}; that ended at {seen.undo_until_ms} (ms)"
        count.fault(rules.LOCKED, text)
    count.go(event.order_id, seen, LOCKED, "firm")
    seen.queued_ms, seen.undo_until_ms = None, 0


def forfeited(count: Count, event: ev.OrderForfeited) -> None:
    """The customer gave up a locked order."""
    seen = count.order(event.order_id)
    if seen is None:
        return
    count.use_key(event.key, f"the giving up of {event.order_id}")
    act(count, event.order_id, "forfeited", event.forfeited_minor)
    forfeit(count, event.order_id, seen, event.forfeited_minor)
    count.go(event.order_id, seen, TO_FORFEITED, "forfeited")
    count.leaves_its_place(seen)


def forfeit(count: Count, order_id: str, seen: Seen, amount_minor: int) -> None:
    """All that was held is given up."""
    if amount_minor != seen.kept_minor:
        count.fault(rules.FORFEITED, f"order {order_id} forfeits {amount_minor}; {seen.kept_minor} was held")
    seen.kept_minor = amount_minor


def changed(count: Count, event: ev.OrderChanged) -> None:
    """Another trim, configuration or region, before the lock; by an operator until it is built."""
    order_id = event.order_id
    seen = count.order(order_id)
    if seen is None:
        return
    count.use_key(event.key, f"a change of {order_id}")
    if event.operator or event.reason:
        by_operator(count, f"the correction of {order_id}", event.operator, event.reason)
    else:
        act(count, order_id, "changed", event.trim, event.price_minor, *days_told(event.promise))
    before_lock(count, order_id, seen)
    if seen.state not in (TO_CORRECTED if event.operator else TO_CANCELLED):
        count.fault(rules.NOT_AFTER_LOCK, f"order {order_id} is changed, and is {seen.state}")
    count.tally["corrected" if event.operator else "changed"] += 1
    was, region, needed = (seen.model, seen.trim), seen.region, count.promises.needed(seen)
    depart(count, order_id, seen, event.price_before_minor)
    seen.trim, seen.options, seen.region, seen.price_minor = event.trim, event.options, event.region, event.price_minor
    arrive(count, order_id, seen, was)
    if needed is not None:
        count.promises.becomes(order_id, seen, needed, event.promise, count.at_ms)
    count.check_configuration(order_id, seen)
    if region != seen.region:
        count.check_region(order_id, seen)


def depart(count: Count, order_id: str, seen: Seen, price_before_minor: int) -> None:
    """Count an order out as it is, before it becomes another."""
    if price_before_minor != seen.price_minor:
        text = f"order {order_id} is said to have had the price {price_before_minor}; it was {seen.price_minor}"
        count.fault(rules.AS_OFFERED, text)
    count.first.setdefault(order_id, (seen.model, seen.trim, seen.price_minor))
    count.put(seen, -1)


def arrive(count: Count, order_id: str, seen: Seen, was: tuple[str, str]) -> None:
    """Count it in as what it has become; the place that it had does for its new self where that is the same."""
    count.put(seen, +1)
    place = count.offering.places.get((seen.model, seen.trim))
    if place is not None and was != (seen.model, seen.trim):
        count.yields(order_id, seen)
        count.check_caps(order_id, place, of_model=was[0] != seen.model, of_launch=False)
