"""The book of a log at a moment, for the commands that plan and count from it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime

import click
import msgspec
from rich.console import Console
from rich.progress import Progress

from drumroll.bootstrap import open_log_for_reading
from drumroll.domain.book import Book
from drumroll.domain.evolve import evolve
from drumroll.domain.times import to_ms


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
    with _quickly(), closing(open_log_for_reading(log)) as reader, _progress() as bar:
        reading = bar.add_task("Reading the log", total=reader.head())
        for block in reader.read(1):
            if at_ms is not None and block.at_ms > at_ms:
                break
            for event in block.events:
                evolve(book, event, block.at_ms, block.position)
            position, last_ms = block.position, block.at_ms
            if not position % 512:
                bar.update(reading, completed=position)
    return AtMoment(book, position, last_ms if at_ms is None else at_ms)


def moment(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """The callback of ``--at``."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 1970 <= found.year <= 9998:
        raise click.BadParameter(f"found {value!r}, allowed: a time with its offset, like 2025-07-02T12:00:00+08:00")
    return to_ms(found)


@contextmanager
def _quickly() -> Iterator[None]:
    """What is read stays, so looking for what could be dropped is time lost."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)
