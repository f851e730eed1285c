"""Whole books as plain values, to be compared; and books folded from the bytes of their blocks."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable
from enum import Enum
from typing import Any

import msgspec

from drumroll.domain.book import Book, evolve
from drumroll.domain.curve import Curve
from drumroll.domain.events import Event
from drumroll.log.base import Block
from drumroll.log.codec import decode, encode


def plain(value: Any) -> Any:
    """All that a value holds, copied: nothing of a book is left out, and the order of its dictionaries counts."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, msgspec.Struct):
        return (type(value).__name__, [(name, plain(getattr(value, name))) for name in value.__struct_fields__])
    if isinstance(value, Book | Curve):
        return plain(vars(value))
    if isinstance(value, dict):
        return [(plain(key), plain(one)) for key, one in value.items()]
    if isinstance(value, list | tuple | deque | array):
        return [plain(one) for one in value]
    if isinstance(value, frozenset):
        return sorted(value)
    assert value is None or isinstance(value, str | bytes | int), f"plain() must learn {type(value)}"
    return value


def through_bytes(position: int, at_ms: int, events: Iterable[Event]) -> Block:
    """A block as a restarted desk reads it."""
    return decode(encode(Block(position, at_ms, tuple(events))), position)


def replayed(blocks: Iterable[Block]) -> Book:
    """A fresh book of those blocks."""
    book = Book()
    for block in blocks:
        for event in block.events:
            evolve(book, event, block.at_ms)
    return book
