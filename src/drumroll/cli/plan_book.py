"""The book of a log at a moment, for the commands that plan and count from it."""

from __future__ import annotations

import msgspec

from drumroll.cli.reading import blocks_of
from drumroll.domain.book import Book
from drumroll.domain.evolve import evolve


class AtMoment(msgspec.Struct, frozen=True):
    """A book with the position of its last block, and the moment that it is looked at."""

    book: Book
    position: int
    at_ms: int


def read_book(log: str, at_ms: int | None = None) -> AtMoment:
    """Fold a log, beside whoever writes it: up to ``at_ms`` and as of then, or up to its last block and its time.

    Raises:
        LogError: the log can't be read, or is damaged.
    """
    book, position, last_ms = Book(), 0, 0
    for block in blocks_of(log, at_ms):
        for event in block.events:
            evolve(book, event, block.at_ms, block.position)
        position, last_ms = block.position, block.at_ms
    return AtMoment(book, position, last_ms if at_ms is None else at_ms)
