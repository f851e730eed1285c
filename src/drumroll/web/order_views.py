"""Orders as their customers and operators see them: pure functions from the book (and the log) to messages."""

from __future__ import annotations

from drumroll.domain.book import Book, Entry, Order, Refund
from drumroll.domain.queue import lock_time_of
from drumroll.domain.rights import Right, rights
from drumroll.domain.states import AWAITED, FIRM, RESERVED
from drumroll.domain.times import rfc3339
from drumroll.web.messages import ActionView, OrderView, QueueView, RefundView
from drumroll.web.messages_orders import WaitingView
from drumroll.web.promises import UNPROMISED, nothing_promised, promise_view, waiting_for

UNLOCKED = (RESERVED, FIRM)


def order_view(book: Book, order: Order, now_ms: int, pay_url: str) -> OrderView:
    """An order as it is now. ``pay_url`` is shown while money is awaited."""
    assert book.launch is not None
    offer, zone, last = order.offer, book.launch.time_zone, order.converted_by
    awaits_money = order.state is RESERVED or (order.live and order.due_minor > 0)
    return OrderView(
        id=order.id,
        state=order.state.value,
        model=offer.model,
        trim=offer.trim,
        options=offer.options,
        region=offer.region,
        price_minor=offer.price_minor,
        deposit_minor=offer.deposit_minor,
        due_minor=order.due_minor if order.live else 0,
        held_minor=order.held_minor,
        forfeited_minor=order.forfeited_minor,
        currency=offer.currency,
        reserved_at=rfc3339(order.reserved_at_ms, zone),
        expires_at=rfc3339(order.expires_at_ms, zone),
        firm_at=_maybe(order.firm_at_ms, zone),
        locks_at=_maybe(order.locks_at_ms, zone),
        locked_at=rfc3339(lock_time_of(order.place), zone) if order.place else None,
        changed_at=rfc3339(order.changed_at_ms, zone),
        converted_from=None if last is None else last.offer.model,
        queue=_queue_view(book, order, zone),
        place_at_most=waiting_for(book, offer.model) if order.state in UNLOCKED else None,
        promise=promise_view(book, order, now_ms),
        unpromised=UNPROMISED if order.state in AWAITED and nothing_promised(book, order) else None,
        refunds=[_refund_view(refund, zone) for refund in book.refunds_of.get(order.id, ())],
        actions=[_action_view(right, zone) for right in rights(book, order, now_ms)],
        pay_url=pay_url if awaits_money else None,
    )


def _queue_view(book: Book, order: Order, zone: str) -> QueueView | None:
    place = book.place(order)
    if place is None:
        return None
    return QueueView(place, book.queue_length(order.offer.model), rfc3339(lock_time_of(order.place), zone))


def _refund_view(refund: Refund, zone: str) -> RefundView:
    return RefundView(
        refund.id,
        refund.payment_id,
        refund.amount_minor,
        refund.currency,
        refund.reason,
        rfc3339(refund.owed_at_ms, zone),
        _maybe(refund.paid_at_ms, zone),
    )


def _action_view(right: Right, zone: str) -> ActionView:
    return ActionView(
        action=right.action,  # type: ignore[arg-type]
        until=_maybe(right.until_ms, zone),
        confirm=right.confirm,
        forfeits_minor=right.forfeits_minor,
        amount_minor=right.amount_minor,
        to=right.to,
    )


def waiting_view(book: Book, entry: Entry) -> WaitingView:
    """A place in the waiting list, with its position while it waits."""
    assert book.launch is not None
    return WaitingView(
        entry.order_id,
        entry.state,  # type: ignore[arg-type]
        entry.model,
        entry.trim,
        entry.options,
        entry.region,
        rfc3339(entry.joined_at_ms, book.launch.time_zone),
        book.position(entry),
    )


def _maybe(at_ms: int | None, zone: str) -> str | None:
    return None if at_ms is None else rfc3339(at_ms, zone)
