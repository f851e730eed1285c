"""Whole books as plain values, to be compared; and books folded from the bytes of their blocks."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable
from typing import Any

import msgspec

from drumroll.domain.availability import Availability, Kind
from drumroll.domain.book import Book, Done, OnOffer, Order, OwedBecause, State
from drumroll.domain.curve import Curve
from drumroll.domain.deadlines import Deadlines
from drumroll.domain.events import Event
from drumroll.domain.evolve import evolve
from drumroll.domain.queue import Queue
from drumroll.log.base import Block
from drumroll.log.codec import decode, encode

_SIMPLE = {str, bytes, int, bool, type(None), State, OwedBecause}


def plain(value: Any) -> Any:
    """All that a value holds, copied: nothing of a book is left out, and the order of its dictionaries counts.

    Orders stand in full where the book has them by id, and by their id wherever else it points to them. So do kinds: in
    full in the availability, by their name elsewhere.
    """
    if type(value) in _SIMPLE:
        return value
    if isinstance(value, msgspec.Struct):
        return _plain_struct(value)
    if isinstance(value, dict):
        return [(key, plain(one)) for key, one in value.items()]
    if isinstance(value, list | tuple | deque | array):
        return [plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(value)
    return _plain_object(value)


def _plain_struct(value: msgspec.Struct) -> Any:
    if isinstance(value, Order):
        return ("order", value.id)
    if isinstance(value, Kind):
        return ("kind", value.name)
    if isinstance(value, OnOffer):  # frozen, but for the kind that it points to
        return [(name, plain(getattr(value, name))) for name in OnOffer.__struct_fields__]
    if value.__struct_config__.frozen and not isinstance(value, Done):
        return value  # it can't change, and equals what says the same
    return type(value).__name__, [(name, plain(getattr(value, name))) for name in value.__struct_fields__]


def _plain_object(value: Any) -> Any:
    if isinstance(value, Book):
        orders = [[plain(getattr(order, name)) for name in Order.__struct_fields__] for order in value.sequence]
        return orders, plain(vars(value))
    if isinstance(value, Deadlines):
        return plain(value._lines)
    if isinstance(value, Availability):
        return _plain_availability(value)
    assert isinstance(value, Queue | Curve), f"plain() must learn {type(value)}"
    return plain(vars(value))


def _plain_availability(value: Availability) -> Any:
    """What is true of it: not what it remembers to be quick, nor the kinds that were only asked for."""
    kinds = [
        (kind.name, kind.needs, list(kind.slots), kind.last, kind.without, kind.late, kind.sure)
        for _, kind in sorted(value.kinds.items())
        if kind.last >= 0 or kind.without or any(kind.slots)
    ]
    return kinds, plain(value.room), list(value._full), plain(value.safety), value.capacity, value.launch


def through_bytes(position: int, at_ms: int, events: Iterable[Event]) -> Block:
    """A block as a restarted desk reads it."""
    return decode(encode(Block(position, at_ms, tuple(events))), position)


def replayed(blocks: Iterable[Block]) -> Book:
    """A fresh book of those blocks."""
    book = Book()
    for block in blocks:
        for event in block.events:
            evolve(book, event, block.at_ms, block.position)
    return book
