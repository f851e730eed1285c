"""Where an order's money goes: held, owed back, refunded, given up, applied to its price. Part of ``evolve``.

Every function moves an amount from one pot of ``Book.money`` to another, so their sum stays what was received. Money in
another currency than the launch's is owed back and refunded like any other, outside these totals.
"""

from __future__ import annotations

from drumroll.domain import events as ev
from drumroll.domain.book import Book, More, Order, OwedBecause, Refund


def hold(book: Book, order: Order, amount_minor: int) -> None:
    """Money arrived for an order."""
    book.money.received += amount_minor
    book.money.held += amount_minor
    order.held_minor += amount_minor


def give_back(book: Book, order: Order, amount_minor: int, because: OwedBecause, at_ms: int) -> None:
    """Owe back so much of what is held: of the latest payment first, one refund a payment."""
    if not amount_minor:
        return
    payments = payments_of(order)
    order.held_minor -= amount_minor
    book.money.held -= amount_minor
    _owe(book, order, payments, amount_minor, because, at_ms)
    if order.held_minor and order.more is not None:
        order.more.payments = payments


def forfeit_money(book: Book, order: Order, more: More) -> None:
    """All that is held is given up."""
    more.payments = payments_of(order)
    more.forfeited_minor += order.held_minor
    book.money.forfeited += order.held_minor
    book.money.held -= order.held_minor
    order.held_minor = 0


def grant_back(book: Book, order: Order, more: More, amount_minor: int, at_ms: int) -> None:
    """Owe back so much of what was given up."""
    payments = list(more.payments)
    more.forfeited_minor -= amount_minor
    book.money.forfeited -= amount_minor
    _owe(book, order, payments, amount_minor, OwedBecause.GRANTED, at_ms)
    more.payments = payments


def apply_money(book: Book, order: Order) -> None:
    """The order is delivered: what is held is part of its price."""
    book.money.held -= order.held_minor
    book.money.applied += order.held_minor
    order.held_minor = 0


def owe_stray_money(book: Book, event: ev.DepositOwedBack, at_ms: int) -> None:
    """Money arrived that no order can use: all of it is owed back."""
    if _counts(book, event.currency):
        book.money.received += event.amount_minor
    _add(book, event.payment_id, event.order_id, event.amount_minor, event.currency, event.reason, at_ms)


def pay_refund(book: Book, refund_id: str, at_ms: int) -> Refund:
    """A refund that was owed is paid."""
    refund = book.refunds_owed.pop(refund_id)
    refund.paid_at_ms = at_ms
    if _counts(book, refund.currency):
        book.money.owed -= refund.amount_minor
        book.money.refunded += refund.amount_minor
    return refund


def payments_of(order: Order) -> list[tuple[str, int]]:
    """The payments of an order, oldest first, and what is still held of each."""
    if order.more is not None and order.more.payments:
        return list(order.more.payments)
    return [] if order.payment_id is None else [(order.payment_id, order.held_minor)]


def _owe(
    book: Book, order: Order, payments: list[tuple[str, int]], amount_minor: int, because: OwedBecause, at_ms: int
) -> None:
    """Take the amount off the payments, the latest first, and owe back what was taken of each."""
    for at in reversed(range(len(payments))):
        payment_id, left_minor = payments[at]
        part_minor = min(left_minor, amount_minor)
        if part_minor:
            payments[at] = (payment_id, left_minor - part_minor)
            amount_minor -= part_minor
            _add(book, payment_id, order.id, part_minor, order.offer.currency, because, at_ms)


def _add(book: Book, payment_id: str, order_id: str, amount_minor: int, currency: str, reason: str, at_ms: int) -> None:
    of_order = book.refunds_of.setdefault(order_id, [])
    refund_id, number = payment_id, 1
    while refund_id in book.refunds:
        number += 1
        refund_id = f"{payment_id}.{number}"
    refund = Refund(refund_id, payment_id, order_id, amount_minor, currency, reason, at_ms)
    book.refunds[refund_id] = book.refunds_owed[refund_id] = refund
    of_order.append(refund)
    if _counts(book, currency):
        book.money.owed += amount_minor


def _counts(book: Book, currency: str) -> bool:
    return book.launch is not None and currency == book.launch.currency
