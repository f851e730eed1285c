"""Logs that fail on order, and a desk with a clock that a test sets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from drumroll.desk.desk import Desk
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.errors import AppendFailed, LogUnreadable
from drumroll.log.base import Block
from drumroll.log.memory import MemoryLog

HOLD_S, DEPOSIT_MINOR = 60, 500
START_MS = 1_000_000_000_000
MODEL = Model("lamp", "Lamp", 0, None, (Trim("small", "Small", 9_000), Trim("big", "Big", 19_000, cap=1)))
LAUNCH = Launch("lamps", "Lamps", "UTC", "EUR", 0, None, DEPOSIT_MINOR, HOLD_S, 2, (MODEL,), ("lamp",))


class FakeLog(MemoryLog):
    """Fails while told to. ``fail="before"``: nothing is written; ``"after"``: it is written, and then said to fail."""

    def __init__(self, bodies: list[bytes] | None = None) -> None:
        super().__init__(bodies)
        self.fail = ""
        self.unreadable = False
        self.recovers = True
        self.seen: list[Any] = []

    def append(self, block: Block) -> None:
        self.seen.append(("append", block.position))
        if self.fail == "bug":
            raise ZeroDivisionError("a bug of the log")
        if self.fail == "before":
            raise AppendFailed("the disk is full")
        super().append(block)
        if self.fail == "after":
            raise AppendFailed("the sync failed")
        self.seen.append(("durable", block.position))

    def read(self, from_position: int = 1) -> Iterator[Block]:
        if self.unreadable:
            raise LogUnreadable("the disk is gone")
        return super().read(from_position)

    def recover(self) -> None:
        if not self.recovers or self.unreadable:
            raise LogUnreadable("the log does not recover")
        super().recover()


class Caller:
    """Waits for one reply, and notes when it came."""

    def __init__(self, seen: list[Any] | None = None, *, gone: bool = False) -> None:
        self.seen = [] if seen is None else seen
        self.gone = gone
        self.reply: Any = None

    def done(self) -> bool:
        return self.gone

    def set_result(self, result: Any) -> None:
        assert not self.gone, "a caller who went away was answered"
        assert self.reply is None, "answered twice"
        self.reply = result
        self.seen.append(("answered", self))


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, at_ms: int = START_MS) -> None:
        self.at_ms = at_ms

    def __call__(self) -> int:
        return self.at_ms


def desk_on(log: MemoryLog, clock: Clock | None = None, **limits: int) -> Desk:
    desk = Desk(log, clock or Clock(), "test", **limits)
    desk.start(LAUNCH)
    return desk
