"""What the order log has of one customer, for ``drumroll person``."""

from __future__ import annotations

from contextlib import closing
from typing import Any, cast

import msgspec

from drumroll.bootstrap import log_opener
from drumroll.cli.reading import blocks_of
from drumroll.domain import events as ev
from drumroll.domain.book import Book, Entry, Order
from drumroll.domain.evolve import evolve
from drumroll.domain.states import ENDED
from drumroll.domain.times import rfc3339
from drumroll.log.base import Block, Log
from drumroll.web.history import history
from drumroll.web.order_views import order_view, waiting_view

_NOT_KEPT = ("actions", "pay_url")
"""What a view of an order adds for whoever is about to do something with it."""


class InLog(msgspec.Struct, frozen=True):
    """A customer's orders and waiting entries, as of block ``position`` at ``at_ms``; ``ended``: waiting until when."""

    log: str
    book: Book
    position: int
    at_ms: int
    orders: tuple[Order, ...]
    waiting: tuple[Entry, ...]
    ended: dict[str, int]

    @property
    def ids(self) -> list[str]:
        """The ids of all that they ever ordered or waited for; a place that was offered is an order of the same id."""
        return list(dict.fromkeys((*(one.id for one in self.orders), *(one.order_id for one in self.waiting))))

    @property
    def open(self) -> list[str]:
        """The ids of what is not at its end yet: orders, and places on waiting lists."""
        orders = [order.id for order in self.orders if order.state_at(self.at_ms) not in ENDED]
        return orders + [entry.order_id for entry in self.waiting if entry.state == "waiting"]

    def exported(self) -> dict[str, Any]:
        """All of it as values for a file, with the history of each order. Raises ``LogError``."""
        launch = self.book.launch
        if launch is None:
            return {"launch": None, "based_on": self.position, "orders": [], "waiting": []}
        when = {"launch": launch.id, "based_on": self.position, "at": rfc3339(self.at_ms, launch.time_zone)}
        return {**when, "orders": self._orders(), "waiting": [self._entry(entry) for entry in self.waiting]}

    def _orders(self) -> list[dict[str, Any]]:
        positions = sorted({position for order in self.orders for position in order.blocks})
        # A history asks for single blocks alone, which is all of a log that is needed here.
        blocks = cast(Log, _Blocks(_blocks_at(self.log, positions)))
        made = []
        for order in self.orders:
            view = msgspec.to_builtins(order_view(self.book, order, self.at_ms, ""))
            happened = msgspec.to_builtins(history(self.book, blocks, order, for_operators=False).events)
            kept = {name: value for name, value in view.items() if name not in _NOT_KEPT}
            made.append({**kept, "history": happened})
        return made

    def _entry(self, entry: Entry) -> dict[str, Any]:
        assert self.book.launch is not None
        ended_ms = self.ended.get(entry.order_id)
        ended = None if ended_ms is None else rfc3339(ended_ms, self.book.launch.time_zone)
        view: dict[str, Any] = msgspec.to_builtins(waiting_view(self.book, entry))
        return {**view, "waited_until": ended}


def read_log(log: str, customer: str) -> InLog:
    """Fold a log, beside whoever writes it, and keep what is of this customer. Raises ``LogError``."""
    book, position, at_ms = Book(), 0, 0
    ended: dict[str, int] = {}
    for block in blocks_of(log):
        for event in block.events:
            evolve(book, event, block.at_ms, block.position)
            if (
                isinstance(event, ev.WaitingLeft | ev.PlaceOffered)
                and book.entries[event.order_id].customer == customer
            ):
                ended[event.order_id] = block.at_ms
        position, at_ms = block.position, block.at_ms
    orders = book.customers.get(customer, ())
    waiting = tuple(entry for entry in book.entries.values() if entry.customer == customer)
    return InLog(log, book, position, at_ms, orders, waiting, ended)


class _Blocks:
    """Blocks that were read, by position."""

    def __init__(self, blocks: dict[int, Block]) -> None:
        self._blocks = blocks

    def block(self, position: int) -> Block:
        return self._blocks[position]


def _blocks_at(log: str, positions: list[int]) -> dict[int, Block]:
    with closing(log_opener(log)()) as reader:
        return {position: next(reader.read(position)) for position in positions}
