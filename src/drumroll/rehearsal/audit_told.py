"""What the log has against what the customers were told."""

from __future__ import annotations

from collections import Counter

from drumroll.rehearsal.audit_rules import (
    CHANGES_TOLD,
    NOT_DOUBLED,
    NOT_LOST,
    ORDER_ONCE,
    PAYMENTS_TOLD,
    PROMISES_TOLD,
    REFUNDS_TOLD,
    Faults,
)
from drumroll.rehearsal.recount import Recount
from drumroll.rehearsal.recount_count import Act
from drumroll.rehearsal.recount_orders import days_told
from drumroll.rehearsal.recount_seen import Seen
from drumroll.rehearsal.told import Told, ToldOrder

NOT_TOLD = ("?", "?")


def compare_told(recount: Recount, told: Told) -> tuple[int, int]:
    """Note every difference as a fault. Returns how much was lost (told, not in the log) and doubled (the reverse)."""
    faults = recount.faults
    lost, doubled = _compare_orders(recount, told, faults)
    acts_lost, acts_doubled = _compare_acts(recount, told, faults)
    _compare_payments(recount, told, faults)
    _compare_refunds(recount, told, faults)
    return lost + acts_lost, doubled + acts_doubled


def _compare_orders(recount: Recount, told: Told, faults: Faults) -> tuple[int, int]:
    known: dict[str, ToldOrder] = {}
    keys: dict[tuple[str, str], str] = {}
    lost = doubled = 0
    for order in told.orders:
        if known.setdefault(order.order_id, order) is not order:
            doubled += 1
            faults.add(NOT_DOUBLED, f"order {order.order_id} was acknowledged to two keys")
        if keys.setdefault((order.customer, order.key), order.order_id) != order.order_id:
            doubled += 1
            faults.add(NOT_DOUBLED, f"key {order.key} of {order.customer} was answered with two orders")
        why = _why_lost(recount, order)
        if why:
            lost += 1
            faults.add(NOT_LOST, f"order {order.order_id} {why}")
        else:
            _compare_days(recount.orders[order.order_id], order, faults)
    for order_id, seen in recount.orders.items():
        if order_id not in known and not _made_elsewhere(recount, order_id, seen):
            doubled += 1
            faults.add(NOT_DOUBLED, f"order {order_id} is in the log and was acknowledged to nobody")
    return lost, doubled + faults.count[ORDER_ONCE]


def _compare_days(seen: Seen, order: ToldOrder, faults: Faults) -> None:
    """The days of delivery that were told with the order are those of the promise in the log."""
    if order.days == NOT_TOLD:
        return
    has = days_told(seen.told)
    if has != order.days:
        text = f"order {order.order_id} was told {' to '.join(order.days)}, and {' to '.join(has)} is in the log"
        faults.add(PROMISES_TOLD, text)


def _made_elsewhere(recount: Recount, order_id: str, seen: Seen) -> bool:
    """Whether nobody was told of the order when it came: it was imported, or is the place that somebody waited for."""
    if order_id in recount.offered:
        return True
    return bool(seen.payments) and recount.payments[seen.payments[0]][3] == "imported"


def _why_lost(recount: Recount, order: ToldOrder) -> str:
    """An order is told as it was made, whatever it became afterwards."""
    seen = recount.orders.get(order.order_id)
    if seen is None:
        return "was acknowledged and is not in the log"
    has = (seen.customer, *recount.first.get(order.order_id, (seen.model, seen.trim, seen.price_minor)))
    said = (order.customer, order.model, order.trim, order.price_minor)
    return "" if has == said else f"was told as {said}, and is {has}"


def _compare_acts(recount: Recount, told: Told, faults: Faults) -> tuple[int, int]:
    """What each customer did is what they were told, each as often; and the last of it is the last they were told."""
    lost = doubled = 0
    for order_id in told.acts.keys() | recount.acts.keys():
        said, done = told.acts.get(order_id, []), recount.acts.get(order_id, [])
        if said == done:
            continue
        only_said, only_done = Counter(said) - Counter(done), Counter(done) - Counter(said)
        lost += only_said.total()
        doubled += only_done.total()
        for words in only_said:
            faults.add(CHANGES_TOLD, f"order {order_id} was told {_words(words)}, and the log does not have it")
        for words in only_done:
            faults.add(CHANGES_TOLD, f"order {order_id} is {_words(words)} in the log, and nobody was told")
        for said_last, done_last in zip(_last(said), _last(done), strict=True):
            if said_last and done_last and said_last != done_last:
                text = f"order {order_id} was last told {_words(said_last)}, and is {_words(done_last)} in the log"
                faults.add(CHANGES_TOLD, text)
    return lost, doubled


def _last(acts: list[Act]) -> tuple[Act, Act]:
    """The last that was said of what an order is, and the last of where it stands."""
    what = [words for words in acts if words[0] in ("changed", "converted")]
    where = [words for words in acts if words[0] not in ("changed", "converted")]
    return what[-1] if what else (), where[-1] if where else ()


def _words(words: Act) -> str:
    return " ".join(str(word) for word in words)


def _compare_payments(recount: Recount, told: Told, faults: Faults) -> None:
    """An outcome ``already_counted`` goes with whatever it was counted as; a payment must have been told of.

    What came in with an imported order was paid elsewhere.
    """
    spoken_of = set()
    for payment in told.payments:
        spoken_of.add(payment.payment_id)
        counted = recount.payments.get(payment.payment_id)
        if counted is None:
            faults.add(PAYMENTS_TOLD, f"payment {payment.payment_id} was {payment.outcome}, and is not in the log")
            continue
        order_id, amount_minor, currency, outcome = counted
        said = (payment.order_id, payment.amount_minor, payment.currency)
        fits = payment.outcome in (outcome, "already_counted")
        if (order_id, amount_minor, currency) != said or not fits:
            faults.add(PAYMENTS_TOLD, f"payment {payment.payment_id} was {payment.outcome} {said}, and is {counted}")
    for payment_id, payment_counted in recount.payments.items():
        if payment_id not in spoken_of and payment_counted[3] != "imported":
            faults.add(PAYMENTS_TOLD, f"payment {payment_id} is in the log and was told to nobody")


def _compare_refunds(recount: Recount, told: Told, faults: Faults) -> None:
    owed = {**recount.owed, **recount.paid_back}
    promised = {payment.payment_id for payment in told.payments if payment.outcome == "owed_back"}
    unclear = {payment.payment_id for payment in told.payments if payment.outcome == "already_counted"}
    for payment_id in promised - {refund_id for refund_id, refund in owed.items() if refund[3] == "owed_back"}:
        faults.add(REFUNDS_TOLD, f"payment {payment_id} was promised back, and is not owed")
    by_cancellation: Counter[str] = Counter()
    for payment_id, (order_id, amount_minor, _, why) in owed.items():
        if why == "cancelled":
            by_cancellation[order_id] += amount_minor
        elif why == "owed_back" and payment_id not in promised and payment_id not in unclear:
            faults.add(REFUNDS_TOLD, f"payment {payment_id} is owed back, and nobody was told")
    for order_id in by_cancellation.keys() | told.cancelled.keys():
        said, has = told.cancelled.get(order_id), by_cancellation[order_id]
        if said != has:
            faults.add(REFUNDS_TOLD, f"order {order_id}: the customer was told {said}, {has} is owed (minor units)")
    for order_id in told.cancelled:
        seen = recount.orders.get(order_id)
        if seen is not None and seen.state != "cancelled":
            faults.add(REFUNDS_TOLD, f"order {order_id} was told to be cancelled, and is {seen.state}")
