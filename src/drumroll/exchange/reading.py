"""Reading a whole log into a table, by as many processes as there are cores: each takes stretches of it in turn."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import takewhile
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from drumroll.errors import DrumrollError, LogError
from drumroll.exchange.columns import Piece, gather, widened
from drumroll.log.base import Block

ALONE_BELOW_BLOCKS = 5_000
"""A log of fewer blocks is read sooner by this process than others start."""

STRETCHES = 8
"""How many stretches a process takes, so that none waits long for another."""

PROCESSES_AT_MOST = 4


class Reader(Protocol):
    """What reads a log beside whoever writes it."""

    def head(self) -> int:
        """The position of the last durable block."""

    def read(self, from_position: int = 1) -> Iterator[Block]:
        """The blocks from a position on."""

    def close(self) -> None:
        """Let go of it."""


Open = Callable[[], Reader]
"""Opens the log for reading. Sent to other processes, so it is a function of a module, or a ``partial`` of one."""


def read_history(open_reader: Open, progress: Callable[[int, int], None]) -> tuple[pl.DataFrame, int]:
    """The history of a log as ``columns.GATHERED``, and its head at this moment, up to which it goes.

    ``progress`` is told how many blocks are read, of how many.

    Raises:
        LogError: as reading does.
    """
    reader = open_reader()
    try:
        head = reader.head()
        processes = min(len(os.sched_getaffinity(0)), PROCESSES_AT_MOST)
        if head < ALONE_BELOW_BLOCKS or processes == 1:
            return widened([gather(_until(reader, 1, head))]), head
    finally:
        reader.close()
    with tempfile.TemporaryDirectory(prefix="drumroll-export-") as folder:
        pieces = []
        for piece in _together(open_reader, head, processes, Path(folder)):
            pieces.append(piece)
            progress(piece.blocks[-1][1], head)
        return widened(pieces), head


def _together(open_reader: Open, head: int, processes: int, folder: Path) -> Iterable[Piece]:
    """The pieces in order. Their columns come through files: through a pipe they would be copied four times."""
    step = -(-head // (processes * STRETCHES))
    stretches = [(first, min(first + step - 1, head), folder / str(first)) for first in range(1, head + 1, step)]
    with ProcessPoolExecutor(processes, get_context("spawn"), _open, (open_reader,)) as pool:
        for (_, _, file), found in zip(stretches, pool.map(_stretch, stretches), strict=True):
            if isinstance(found, str):
                pool.shutdown(cancel_futures=True)
                raise LogError(found)
            yield Piece(pl.read_ipc(file), *found)


_opened: list[Reader] = []
"""The reader of a process that reads for another one."""


def _open(open_reader: Open) -> None:
    gc.disable()  # what is read is dropped stretch by stretch, and has no cycles
    _opened.append(open_reader())


def _stretch(stretch: tuple[int, int, Path]) -> tuple[list[list[Any]], list[tuple[int, int]]] | str:
    """One stretch, its columns in the file; or what went wrong in words: not every error can be sent."""
    first, last, file = stretch
    try:
        piece = gather(_until(_opened[0], first, last))
        piece.narrow.write_ipc(file, compression="uncompressed", compat_level=pl.CompatLevel.newest())
    except (DrumrollError, OSError, pl.exceptions.PolarsError) as error:
        return str(error)
    return piece.combinations, piece.blocks


def _until(reader: Reader, first: int, last: int) -> Iterator[Block]:
    return takewhile(lambda block: block.position <= last, reader.read(first))
