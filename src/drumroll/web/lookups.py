"""Looking orders up: filters, and cursors that stay true while orders flow.

A page looks at a bounded number of orders, so that a look-up among a million never keeps the desk waiting: it may come
back short, or empty, with a cursor to go on from.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from drumroll.domain.book import Book, Order
from drumroll.domain.queue import lock_time_of
from drumroll.domain.times import rfc3339
from drumroll.web.messages_operator import FoundOrder, FoundOrders
from drumroll.web.problems import Problem

LOOKED_AT = 20_000
"""Orders that one page looks at, some milliseconds' worth."""
PAGE = 100
PAGE_MOST = 1000


class Wanted(msgspec.Struct, frozen=True):
    """What is looked for; ``None`` does not matter. Times are milliseconds; ``before`` is excluded, the others not."""

    state: str | None = None
    model: str | None = None
    trim: str | None = None
    customer: str | None = None
    ordered_from_ms: int | None = None
    ordered_before_ms: int | None = None
    changed_since_ms: int | None = None

    def matches(self, order: Order) -> bool:
        """Whether this order is looked for."""
        return (
            (self.changed_since_ms is None or order.changed_at_ms >= self.changed_since_ms)
            and (self.state is None or order.state.value == self.state)
            and (self.model is None or order.offer.model == self.model)
            and (self.trim is None or order.offer.trim == self.trim)
            and (self.customer is None or order.customer == self.customer)
            and (self.ordered_from_ms is None or order.reserved_at_ms >= self.ordered_from_ms)
            and (self.ordered_before_ms is None or order.reserved_at_ms < self.ordered_before_ms)
        )


def look_up(book: Book, wanted: Wanted, limit: int, cursor: str | None, at_ms: int) -> FoundOrders:
    """A page of the orders that are looked for, in the order in which the log knows them. Raises ``Problem``."""
    assert book.launch is not None
    zone = book.launch.time_zone
    if wanted.customer is not None:
        found, following = _of_customer(book, wanted, limit, cursor)
        return FoundOrders(_shown(found, zone), following, rfc3339(at_ms, zone))
    first = _first(cursor)
    page: list[Order] = []
    at, end = first, min(first + LOOKED_AT, len(book.sequence))
    while at < end and len(page) < limit:
        if wanted.matches(book.sequence[at]):
            page.append(book.sequence[at])
        at += 1
    return FoundOrders(_shown(page, zone), str(at) if at < len(book.sequence) else None, rfc3339(at_ms, zone))


def _of_customer(book: Book, wanted: Wanted, limit: int, cursor: str | None) -> tuple[list[Order], str | None]:
    """One customer's orders need no walk through all."""
    orders = book.customers.get(wanted.customer or "", ())
    first = _first(cursor)
    found = [order for order in orders[first : first + limit] if wanted.matches(order)]
    more = first + limit < len(orders)
    return found, str(first + limit) if more else None


def _first(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 12):
        raise Problem("invalid_request", f"cursor: found {cursor!r}, allowed: the 'next' of the page before.")
    return int(cursor)


def _shown(orders: Iterable[Order], zone: str) -> list[FoundOrder]:
    return [
        FoundOrder(
            order.id,
            order.customer,
            order.state.value,
            order.offer.model,
            order.offer.trim,
            order.offer.region,
            order.offer.price_minor,
            order.held_minor,
            order.offer.currency,
            rfc3339(order.reserved_at_ms, zone),
            rfc3339(order.changed_at_ms, zone),
            rfc3339(lock_time_of(order.place), zone) if order.place else None,
        )
        for order in orders
    ]
