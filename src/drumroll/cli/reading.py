"""How commands read a log: up to a moment, beside whoever writes it, with a bar, without looking for garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime

import click

from drumroll.bootstrap import open_log_for_reading
from drumroll.cli.at_the_terminal import progress
from drumroll.domain.times import to_ms
from drumroll.log.base import Block
from drumroll.log.codec import Decode, decode

BLOCKS_A_STEP = 512
"""How often the bar moves."""


def blocks_of(log: str, last_ms: int | None = None, decode: Decode = decode) -> Iterator[Block]:
    """The blocks of a log up to that time (``None``: all), with a bar on a terminal. Raises ``LogError``."""
    with quickly(), closing(open_log_for_reading(log)) as reader, progress("Reading the log") as say:
        head = reader.head()
        for block in reader.read(1, decode):
            if last_ms is not None and block.at_ms > last_ms:
                return
            yield block
            if not block.position % BLOCKS_A_STEP:
                say(block.position, head)


@contextmanager
def quickly() -> Iterator[None]:
    """What is read stays, so looking for what could be dropped is time lost."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


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
