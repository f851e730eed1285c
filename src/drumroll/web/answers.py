"""What a customer is answered when something was done: made from its event and time, so that a replay is the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drumroll.domain import events as ev
from drumroll.domain.book import Book, Done, Order
from drumroll.domain.times import rfc3339
from drumroll.payments.base import PaymentProvider
from drumroll.web.messages_orders import (
    CancelledOrder,
    ChangedOrder,
    ConvertedOrder,
    LockedOrder,
    UnlockedOrder,
    WaitingView,
)
from drumroll.web.promises import delivery_of


def answer_to(done: Done, book: Book, provider: PaymentProvider) -> Any:
    """The message for what was done."""
    assert book.launch is not None
    return _ANSWERS[type(done.event)](done, book, provider)


def _at(at_ms: int, book: Book) -> str:
    assert book.launch is not None
    return rfc3339(at_ms, book.launch.time_zone)


def _order(done: Done) -> Order:
    assert done.order is not None
    return done.order


def _cancelled(done: Done, book: Book, provider: PaymentProvider) -> CancelledOrder:
    event: Any = done.event
    at, currency = _at(done.at_ms, book), _order(done).offer.currency
    return CancelledOrder(event.order_id, "cancelled", event.refund_minor, 0, currency, at)


def _forfeited(done: Done, book: Book, provider: PaymentProvider) -> CancelledOrder:
    event: Any = done.event
    at, currency = _at(done.at_ms, book), _order(done).offer.currency
    return CancelledOrder(event.order_id, "forfeited", 0, event.forfeited_minor, currency, at)


def _locked(done: Done, book: Book, provider: PaymentProvider) -> LockedOrder:
    assert done.until_ms is not None
    at, until = _at(done.at_ms, book), _at(done.until_ms, book)
    return LockedOrder(_order(done).id, "locked", at, until)


def _undone(done: Done, book: Book, provider: PaymentProvider) -> UnlockedOrder:
    until = None if done.until_ms is None else _at(done.until_ms, book)
    return UnlockedOrder(_order(done).id, "firm", _at(done.at_ms, book), until)


def _changed(done: Done, book: Book, provider: PaymentProvider) -> ChangedOrder:
    event: Any = done.event
    return ChangedOrder(
        event.order_id,
        event.trim,
        event.options,
        event.region,
        event.price_minor,
        event.price_before_minor,
        event.price_minor - event.price_before_minor,
        _order(done).offer.currency,
        _at(done.at_ms, book),
        delivery_of(book, done.model, event.promise, done.at_ms, done.position),
    )


def _converted(done: Done, book: Book, provider: PaymentProvider) -> ConvertedOrder:
    event: Any = done.event
    return ConvertedOrder(
        id=event.order_id,
        state=event.state,
        window=event.window,
        reverts=event.reverts,
        model=event.model,
        trim=event.trim,
        options=event.options,
        region=event.region,
        price_minor=event.price_minor,
        price_before_minor=event.price_before_minor,
        difference_minor=event.price_minor - event.price_before_minor,
        deposit_minor=event.deposit_minor,
        due_minor=event.due_minor,
        refund_minor=event.refund_minor,
        currency=_order(done).offer.currency,
        queued_at=None if event.queued_at_ms is None else _at(event.queued_at_ms, book),
        converted_at=_at(done.at_ms, book),
        pay_url=provider.pay_url(event.order_id) if event.due_minor else None,
        delivery=delivery_of(book, done.model, event.promise, done.at_ms, done.position),
    )


def _joined(done: Done, book: Book, provider: PaymentProvider) -> WaitingView:
    event: Any = done.event
    at = _at(done.at_ms, book)
    wanted = (event.model, event.trim, event.options, event.region)
    return WaitingView(event.order_id, "waiting", *wanted, at, None)


def _left(done: Done, book: Book, provider: PaymentProvider) -> dict[str, str]:
    event: Any = done.event
    return {"id": event.order_id, "state": "left", "left_at": _at(done.at_ms, book)}


_ANSWERS: dict[type, Callable[[Done, Book, PaymentProvider], Any]] = {
    ev.OrderCancelled: _cancelled,
    ev.OrderForfeited: _forfeited,
    ev.OrderLocked: _locked,
    ev.LockUndone: _undone,
    ev.OrderChanged: _changed,
    ev.OrderConverted: _converted,
    ev.WaitingJoined: _joined,
    ev.WaitingLeft: _left,
}
