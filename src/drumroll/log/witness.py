"""A note beside the log of the last block that was durable: a witness that the end of the log is its end.

A log that lost its last block reads like one that never had it. The note is written after a block is durable and
before anyone hears of it, and it is not synced: it costs no time. So it may be older than the log (after a power
failure), and never newer. If it names a block that the log does not have, that block is lost and was not torn.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from drumroll.errors import DamagedLog
from drumroll.log.wal import Tail


def path_of(log: Path) -> Path:
    """Where the note of a log is kept."""
    return log.with_name(log.name + "-head")


def noted(log: Path) -> int:
    """The position of the last durable block by the note; 0 if there is none that can be read."""
    try:
        position, _, checksum = path_of(log).read_text("ascii").strip().partition(" ")
        return int(position) if checksum == _checksum(position) else 0
    except (OSError, ValueError):
        return 0


def check(log: Path, witnessed: int, head: int, tail: Tail) -> str:
    """Words for a torn last write at the end of the log, ``""`` if there is none.

    A write that ends inside a frame is torn, whatever the note says; that it had been acknowledged is said with it.

    Raises:
        DamagedLog: the log ends before a block that was durable.
    """
    torn, short = tail
    words = f"dropped a torn last write of {torn} bytes after block {head}" if torn else ""
    if head >= witnessed:
        return words
    if short and head + 1 == witnessed:
        return f"{words}; block {witnessed} had been durable: whoever it answered has to ask again, or restore a backup"
    found = f"; {torn} bytes at the end of {log.name}-wal can't be read" if torn else ""
    why = (
        f"the log ends at block {head}, but block {witnessed} was durable{found} "
        f"(if you put an older copy of the log here on purpose, delete {path_of(log)})"
    )
    raise DamagedLog(f"{log}, blocks {head + 1} to {witnessed}", why)


class Witness:
    """The note, open for writing. A note that can't be written is left out: it is a witness, not the log."""

    def __init__(self, log: Path) -> None:
        self._descriptor = -1
        with suppress(OSError):
            self._descriptor = os.open(path_of(log), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def note(self, position: int) -> None:
        """Say that the block of that position is durable. Always the same length, so that it is written in place."""
        digits = f"{position:020d}"
        with suppress(OSError):
            os.pwrite(self._descriptor, f"{digits} {_checksum(digits)}\n".encode(), 0)

    def close(self) -> None:
        """Closing twice is no error."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def _checksum(digits: str) -> str:
    return f"{crc32(digits.encode()):08x}"
