"""How commands read a log: up to a moment, beside whoever writes it, with a bar, without looking for garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime

import click
from msgspec.structs import replace

from drumroll.bootstrap import open_log_for_reading
from drumroll.cli.at_the_terminal import progress
from drumroll.domain.launch import Launch
from drumroll.domain.times import to_ms
from drumroll.errors import WrongLaunch
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


def completed(log: str, of_log: Launch, named: Launch | None) -> Launch:
    """The launch of a log, with the money and the outlook of a launch file that is named beside it, where it has any.

    Raises:
        WrongLaunch: the file is of another launch, or in another currency.
    """
    if named is None:
        return of_log
    if named.id != of_log.id:
        raise WrongLaunch(
            f"two launches mixed: {log} is the log of {of_log.id}, the launch file is of {named.id}; leave the file "
            f"out, or give that of {of_log.id}"
        )
    if named.currency != of_log.currency:
        raise WrongLaunch(
            f"{log} is in {of_log.currency}, and the launch file in {named.currency}: name the file that the log began "
            "with, or leave it out"
        )
    return replace(of_log, finance=named.finance or of_log.finance, outlook=named.outlook or of_log.outlook)


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
