"""May this be done? ``decide`` reads the book and answers with events, or with a refusal. It changes nothing.

An empty tuple means that it was done before (a key or a payment seen again): nothing more happens.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

from drumroll.domain import commands as cmd
from drumroll.domain import decide_changes as changes
from drumroll.domain import decide_conversions as conversions
from drumroll.domain import decide_operations as operations
from drumroll.domain import decide_plan as plan
from drumroll.domain import decide_waiting as waiting
from drumroll.domain import events as ev
from drumroll.domain.book import Book, Order, OwedBecause
from drumroll.domain.configuration import configure
from drumroll.domain.decided import Decision, replay, unknown
from drumroll.domain.places import no_place, not_on_sale, too_many
from drumroll.domain.promising import kind_of, promised_anew, unpromised
from drumroll.domain.refusal import Code, Refusal
from drumroll.domain.regions import region_of
from drumroll.domain.states import EXPIRED, RESERVED, STANDING


def decide(book: Book, command: cmd.Command, at_ms: int) -> Decision:
    """Decide one command at ``at_ms``: the events that follow, or why not."""
    kinds, rule = _RULES[type(command)]
    if kinds:
        known = book.keys.get(command.key)  # type: ignore[union-attr]
        if known is not None:
            return replay(known, kinds, command.fingerprint)  # type: ignore[union-attr]
    return rule(book, command, at_ms)


def _reserve(book: Book, command: cmd.Reserve, at_ms: int) -> Decision:
    launch = book.launch
    assert launch is not None, "a log begins with its launch"
    wanted = book.on_offer.get((command.model, command.trim))
    if wanted is None:
        return unknown(launch, command.model, command.trim)
    model, trim = wanted.model, wanted.trim
    refusal = not_on_sale(book, launch, model, at_ms)
    if refusal is None and (command.customer in book.customers or book.waiting_of):
        refusal = too_many(book, launch, command.customer)
    if refusal is None and (wanted.capped or book.waiting):
        refusal = no_place(book, launch, model, trim)
    if refusal is not None:
        return refusal
    configured = configure(model, trim, command.options) if command.options else wanted.default
    if isinstance(configured, Refusal):
        return configured
    region = wanted.region if command.region is None else region_of(launch, command.region)
    if isinstance(region, Refusal):
        return region
    promise, availability = None, book.availability
    if availability is not None:
        kind = wanted.kind if configured is wanted.default else kind_of(book, model.id, trim.id, configured.options)
        assert kind is not None, "the launch has plants"
        lead = wanted.lead if command.region is None else availability.lead(region)
        promise = availability.promise(kind, lead, at_ms)
        if promise is None and (refusal := unpromised(book, launch, model.id, trim.id, configured.options)) is not None:
            return refusal
    return (
        ev.OrderReserved(
            command.order_id,
            command.customer,
            model.id,
            trim.id,
            configured.price_minor,
            wanted.deposit_minor,
            launch.hold_s,
            command.key,
            command.fingerprint,
            configured.options,
            region,
            launch.cooling_off_s,
            promise,
        ),
    )


def _record_payment(book: Book, command: cmd.RecordPayment, at_ms: int) -> Decision:
    if command.payment_id in book.payments:
        return ()
    order = book.orders.get(command.order_id)
    if order is not None and order.state is RESERVED and _fits(order, command):
        return (ev.OrderFirmed(order.id, command.payment_id),)
    if order is not None and _pays_difference(order, command):
        return (ev.DifferencePaid(order.id, command.payment_id, command.amount_minor),)
    reason = _why_owed_back(book, order, command, at_ms)
    if reason is None and order is not None:
        offer = order.offer
        promise = promised_anew(book, offer.model, offer.trim, offer.options, offer.region, at_ms)
        return (ev.OrderFirmed(command.order_id, command.payment_id, promise),)
    assert reason is not None
    return (
        ev.DepositOwedBack(command.order_id, command.payment_id, command.amount_minor, command.currency, reason.value),
    )


def _fits(order: Order, command: cmd.RecordPayment) -> bool:
    """Whether this is the deposit of the order."""
    return command.amount_minor == order.offer.deposit_minor and command.currency == order.offer.currency


def _pays_difference(order: Order, command: cmd.RecordPayment) -> bool:
    due_minor = order.due_minor
    fits = command.amount_minor == due_minor and command.currency == order.offer.currency
    return due_minor > 0 and fits and order.state in STANDING


def _why_owed_back(book: Book, order: Order | None, command: cmd.RecordPayment, at_ms: int) -> OwedBecause | None:
    """Why the money can't be this order's deposit, or ``None`` if it is."""
    if order is None:
        return OwedBecause.UNKNOWN_ORDER
    if order.state in STANDING:
        return OwedBecause.WRONG_AMOUNT if order.due_minor else OwedBecause.SECOND_DEPOSIT
    if order.state is not RESERVED and order.state is not EXPIRED:
        return OwedBecause.ORDER_CANCELLED
    if not _fits(order, command):
        return OwedBecause.WRONG_AMOUNT
    if order.state is EXPIRED and not _still_to_be_had(book, order, at_ms):
        return OwedBecause.NOT_TO_BE_HAD
    return None


def _still_to_be_had(book: Book, order: Order, at_ms: int) -> bool:
    """Whether an expired order may take its place again at this moment."""
    launch = book.launch
    assert launch is not None
    wanted = book.on_offer.get((order.offer.model, order.offer.trim))
    if wanted is None or not_on_sale(book, launch, wanted.model, at_ms):
        return False
    held = sum(other.live for other in book.customers[order.customer]) + len(book.waiting_of.get(order.customer, ()))
    return held < launch.orders_per_customer and no_place(book, launch, wanted.model, wanted.trim) is None


def _record_refund(book: Book, command: cmd.RecordRefund, at_ms: int) -> Decision:
    refund = book.refunds.get(command.refund_id)
    if refund is None:
        return Refusal(Code.NO_SUCH_REFUND, f"There is no refund {command.refund_id}.")
    if refund.paid_at_ms is not None:
        return ()
    return (ev.RefundPaid(command.refund_id, command.operator, command.reason),)


def _expire(book: Book, command: cmd.Expire, at_ms: int) -> Decision:
    return tuple(ev.OrderExpired(order.id) for order in islice(book.holds.due(at_ms), command.limit))


def _lock_due(book: Book, command: cmd.LockDue, at_ms: int) -> Decision:
    return tuple(ev.OrderLocked(order.id, early=False) for order in islice(book.coolings.due(at_ms), command.limit))


def _set_launch(book: Book, command: cmd.SetLaunch, at_ms: int) -> Decision:
    before = book.filed
    if before == command.launch:
        return ()
    if before is not None and (before.id, before.currency) != (command.launch.id, command.launch.currency):
        return Refusal(
            Code.WRONG_LAUNCH,
            f"This log is of launch {before.id!r} in {before.currency}; "
            f"it can't go on as {command.launch.id!r} in {command.launch.currency}.",
        )
    return (ev.LaunchSet(command.launch),)


Kinds = tuple[type[ev.Event], ...]
_RULES: dict[type, tuple[Kinds, Callable[[Book, Any, int], Decision]]] = {
    cmd.Reserve: ((ev.OrderReserved,), _reserve),
    cmd.RecordPayment: ((), _record_payment),
    cmd.RecordRefund: ((), _record_refund),
    cmd.Expire: ((), _expire),
    cmd.LockDue: ((), _lock_due),
    cmd.SetLaunch: ((), _set_launch),
    cmd.Cancel: ((ev.OrderCancelled, ev.OrderForfeited), changes.cancel),
    cmd.Lock: ((ev.OrderLocked,), changes.lock),
    cmd.UndoLock: ((ev.LockUndone,), changes.undo_lock),
    cmd.Change: ((ev.OrderChanged,), changes.change),
    cmd.Convert: ((ev.OrderConverted,), conversions.convert),
    cmd.JoinWaiting: ((ev.WaitingJoined,), waiting.join),
    cmd.LeaveWaiting: ((ev.WaitingLeft,), waiting.leave),
    cmd.OfferPlaces: ((), waiting.offer_places),
    cmd.ImportOrders: ((), operations.import_orders),
    cmd.SetSales: ((ev.SalesSet,), operations.set_sales),
    cmd.SetCap: ((ev.CapSet,), operations.set_cap),
    cmd.MoveWindow: ((ev.WindowMoved,), operations.move_window),
    cmd.Correct: ((ev.OrderChanged,), operations.correct),
    cmd.Withdraw: ((ev.OrderWithdrawn,), operations.withdraw),
    cmd.GrantRefund: ((ev.RefundGranted,), operations.grant_refund),
    cmd.MoveOrders: ((ev.OrdersMoved,), operations.move_orders),
    cmd.SetSafety: ((), plan.set_safety),
    cmd.SetCapacity: ((ev.CapacitySet,), plan.set_capacity),
    cmd.PinOrder: ((ev.OrderPinned,), plan.pin),
    cmd.AcceptPlan: ((ev.PlanAccepted,), plan.accept_plan),
}
"""Each command: the events of which its idempotency key may have become one (none: it has no key), and its rule."""
