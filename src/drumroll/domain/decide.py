"""May this be done? ``decide`` reads the book and answers with events, or with a refusal. It changes nothing.

An empty tuple means that it was done before (a key or a payment seen again): nothing more happens.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.book import CANCELLED, EXPIRED, FIRM, Book, Cancellation, Order, OwedBecause
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.refusal import Code, Refusal
from drumroll.domain.times import rfc3339

ORDERS_EVER_A_CUSTOMER = 100
"""A bound on one customer's orders of all states, so that making and cancelling can't go on for ever."""

Decision = tuple[ev.Event, ...] | Refusal


def decide(book: Book, command: cmd.Command, at_ms: int) -> Decision:
    """Decide one command at ``at_ms``: the events that follow, or why not."""
    return _DECIDE[type(command)](book, command, at_ms)


def _reserve(book: Book, command: cmd.Reserve, at_ms: int) -> Decision:
    known = book.keys.get(command.key)
    if known is not None:
        return _replay(known, Order, command.fingerprint)
    launch = book.launch
    assert launch is not None, "a log begins with its launch"
    wanted = book.on_offer.get((command.model, command.trim))
    if wanted is None:
        return _unknown(launch, command.model, command.trim)
    model, trim = wanted
    refusal = _not_on_sale(launch, model, at_ms) or _no_place(book, launch, model, trim, command.customer)
    if refusal is not None:
        return refusal
    return (
        ev.OrderReserved(
            command.order_id,
            command.customer,
            model.id,
            trim.id,
            trim.price_minor,
            launch.deposit_minor,
            launch.hold_s,
            command.key,
            command.fingerprint,
        ),
    )


def _cancel(book: Book, command: cmd.Cancel, at_ms: int) -> Decision:
    known = book.keys.get(command.key)
    if known is not None:
        return _replay(known, Cancellation, command.fingerprint)
    order = book.orders.get(command.order_id)
    if order is None:
        return Refusal(Code.NO_SUCH_ORDER, f"There is no order {command.order_id}.")
    if order.customer != command.customer:
        # The words are those of an order that does not exist: whether it does is nobody else's business.
        return Refusal(Code.NOT_YOURS, f"There is no order {command.order_id}.")
    if not order.live:
        return Refusal(
            Code.WRONG_STATE,
            f"Order {order.id} is {order.state.value}; only a reserved or a firm order can be cancelled.",
            {"state": order.state.value},
        )
    refund_minor = order.offer.deposit_minor if order.state is FIRM else 0
    return (ev.OrderCancelled(order.id, refund_minor, command.key, command.fingerprint),)


def _record_payment(book: Book, command: cmd.RecordPayment, at_ms: int) -> Decision:
    if command.payment_id in book.payments:
        return ()
    order = book.orders.get(command.order_id)
    reason = _why_owed_back(book, order, command, at_ms)
    if reason is None:
        return (ev.OrderFirmed(command.order_id, command.payment_id),)
    return (
        ev.DepositOwedBack(command.order_id, command.payment_id, command.amount_minor, command.currency, reason.value),
    )


def _why_owed_back(book: Book, order: Order | None, command: cmd.RecordPayment, at_ms: int) -> OwedBecause | None:
    """Why the money can't be this order's deposit, or ``None`` if it is."""
    if order is None:
        return OwedBecause.UNKNOWN_ORDER
    if order.state is FIRM:
        return OwedBecause.SECOND_DEPOSIT
    if order.state is CANCELLED:
        return OwedBecause.ORDER_CANCELLED
    if command.amount_minor != order.offer.deposit_minor or command.currency != order.offer.currency:
        return OwedBecause.WRONG_AMOUNT
    if order.state is EXPIRED and not _still_to_be_had(book, order, at_ms):
        return OwedBecause.NOT_TO_BE_HAD
    return None


def _still_to_be_had(book: Book, order: Order, at_ms: int) -> bool:
    """Whether an expired order may take its place again at this moment."""
    launch = book.launch
    assert launch is not None
    wanted = book.on_offer.get((order.offer.model, order.offer.trim))
    if wanted is None or _not_on_sale(launch, wanted[0], at_ms):
        return False
    model, trim = wanted
    return _too_many_held(book, launch, order.customer) is None and _sold_out(book, launch, model, trim) is None


def _record_refund(book: Book, command: cmd.RecordRefund, at_ms: int) -> Decision:
    refund = book.refunds.get(command.payment_id)
    if refund is None:
        return Refusal(Code.NO_SUCH_REFUND, f"Nothing is owed back for payment {command.payment_id}.")
    return () if refund.paid_at_ms is not None else (ev.RefundPaid(command.payment_id),)


def _expire(book: Book, command: cmd.Expire, at_ms: int) -> Decision:
    return tuple(ev.OrderExpired(order.id) for order in islice(book.due(at_ms), command.limit))


def _set_launch(book: Book, command: cmd.SetLaunch, at_ms: int) -> Decision:
    before = book.launch
    if before == command.launch:
        return ()
    if before is not None and (before.id, before.currency) != (command.launch.id, command.launch.currency):
        return Refusal(
            Code.WRONG_LAUNCH,
            f"This log is of launch {before.id!r} in {before.currency}; "
            f"it can't go on as {command.launch.id!r} in {command.launch.currency}.",
        )
    return (ev.LaunchSet(command.launch),)


def _replay(known: Order | Cancellation, kind: type, fingerprint: bytes) -> Decision:
    if isinstance(known, kind) and known.fingerprint == fingerprint:
        return ()
    return Refusal(Code.KEY_REUSED, "This Idempotency-Key was used for another request. Use a new key.")


def _not_on_sale(launch: Launch, model: Model, at_ms: int) -> Refusal | None:
    if at_ms < model.opens_at_ms:
        opens_at = rfc3339(model.opens_at_ms, launch.time_zone)
        return Refusal(Code.NOT_OPEN_YET, f"Sales of {model.name} open at {opens_at}.", {"opens_at": opens_at})
    if model.closes_at_ms is not None and at_ms >= model.closes_at_ms:
        closed_at = rfc3339(model.closes_at_ms, launch.time_zone)
        return Refusal(Code.CLOSED, f"Sales of {model.name} closed at {closed_at}.", {"closed_at": closed_at})
    return None


def _no_place(book: Book, launch: Launch, model: Model, trim: Trim, customer: str) -> Refusal | None:
    if customer in book.customers:
        refusal = _too_many_held(book, launch, customer) or _too_many_made(book, customer)
        if refusal is not None:
            return refusal
    return _sold_out(book, launch, model, trim)


def _too_many_held(book: Book, launch: Launch, customer: str) -> Refusal | None:
    orders = book.customers.get(customer)
    if orders is None:
        return None
    if sum(order.live for order in orders) >= launch.orders_per_customer:
        limit = launch.orders_per_customer
        return Refusal(Code.TOO_MANY_ORDERS, f"A customer may hold {limit} orders.", {"limit": limit})
    return None


def _too_many_made(book: Book, customer: str) -> Refusal | None:
    if len(book.customers.get(customer, ())) < ORDERS_EVER_A_CUSTOMER:
        return None
    limit = ORDERS_EVER_A_CUSTOMER
    return Refusal(Code.TOO_MANY_ORDERS, f"A customer may make {limit} orders in all.", {"limit": limit})


def _sold_out(book: Book, launch: Launch, model: Model, trim: Trim) -> Refusal | None:
    if trim.cap is not None and book.tally(model.id, trim.id).live >= trim.cap:
        return Refusal(Code.SOLD_OUT, f"{model.name} {trim.name} is sold out.", {"model": model.id, "trim": trim.id})
    if model.cap is not None and book.live(model.id) >= model.cap:
        return Refusal(Code.SOLD_OUT, f"{model.name} is sold out.", {"model": model.id})
    if launch.cap is not None and book.live() >= launch.cap:
        return Refusal(Code.SOLD_OUT, f"{launch.name} is sold out.")
    return None


def _unknown(launch: Launch, model_id: str, trim_id: str) -> Refusal:
    model = launch.model(model_id)
    return _unknown_model(launch, model_id) if model is None else _unknown_trim(model, trim_id)


def _unknown_model(launch: Launch, model_id: str) -> Refusal:
    known = [model.id for model in launch.models]
    message = f"There is no model {model_id!r}; there are: {', '.join(known)}."
    return Refusal(Code.UNKNOWN_MODEL, message, {"models": known})


def _unknown_trim(model: Model, trim_id: str) -> Refusal:
    known = [trim.id for trim in model.trims]
    message = f"{model.name} has no trim {trim_id!r}; there are: {', '.join(known)}."
    return Refusal(Code.UNKNOWN_TRIM, message, {"trims": known})


_DECIDE: dict[type, Callable[[Book, Any, int], Decision]] = {
    cmd.Reserve: _reserve,
    cmd.Cancel: _cancel,
    cmd.RecordPayment: _record_payment,
    cmd.RecordRefund: _record_refund,
    cmd.Expire: _expire,
    cmd.SetLaunch: _set_launch,
}
