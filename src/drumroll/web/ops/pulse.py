"""The desk's pulse: what it did in each of the last ten minutes' seconds, for the overview and its plot.

Once a second some plain numbers are read off the desk's meter; the desk itself pays nothing for it (a beat takes a few
microseconds). How late a beat comes says how long the event loop kept everybody waiting.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice
from time import time

import msgspec

from drumroll.desk.desk import Desk
from drumroll.room.room import Room

KEPT_S = 600
EVERY_S = 1.0
RATE_OVER_S = 10
"""What "a second" is a mean of."""
WORST_OF_S = 60


class Beat(msgspec.Struct, frozen=True, gc=False):
    """One second: ``queue`` at its end, the others counted in it. ``late_ms``: how long the event loop was busy."""

    at_s: float
    queue: int
    answered: int
    refused: int
    turned_away: int
    turns: int
    append_ns: int
    admitted: int
    late_ms: float

    @property
    def write_ms(self) -> float:
        """What writing a block took, on average."""
        return self.append_ns / self.turns / 1e6 if self.turns else 0.0


class Figures(msgspec.Struct, frozen=True):
    """What the overview says of the last seconds. Rates are over ten seconds; mean and worst over the last minute."""

    answered_per_s: float
    refused_per_s: float
    turned_away_per_s: float
    admitted_per_s: float
    write_ms: float
    worst_write_ms: float
    worst_late_ms: float


class _Counts(msgspec.Struct, frozen=True, gc=False):
    """The meter as it stood."""

    commands: int
    refusals: int
    refused_full: int
    turns: int
    append_ns: int
    admitted: int


class Pulse:
    """Keeps the last ``KEPT_S`` beats of a desk, and of the waiting room if there is one."""

    def __init__(self, desk: Desk, room: Room | None = None) -> None:
        self._desk, self._room = desk, room
        self._before = self._counts()
        self.beats: deque[Beat] = deque(maxlen=KEPT_S)

    async def run(self) -> None:
        """Beat once a second until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + EVERY_S, loop.time())
            await asyncio.sleep(due - loop.time())
            self.beat(max(0.0, loop.time() - due))

    def beat(self, late_s: float = 0.0) -> None:
        """Take what was counted since the last beat."""
        now, before, self._before = (counts := self._counts()), self._before, counts
        self.beats.append(
            Beat(
                at_s=time(),
                queue=len(self._desk.queue),
                answered=now.commands - before.commands,
                refused=now.refusals - before.refusals,
                turned_away=now.refused_full - before.refused_full,
                turns=now.turns - before.turns,
                append_ns=now.append_ns - before.append_ns,
                admitted=now.admitted - before.admitted,
                late_ms=late_s * 1000,
            )
        )

    def figures(self) -> Figures | None:
        """What the last beats say; ``None``: there is none yet."""
        if not self.beats:
            return None
        last, minute = self._last(RATE_OVER_S), self._last(WORST_OF_S)
        turns = sum(beat.turns for beat in minute)
        return Figures(
            answered_per_s=sum(beat.answered for beat in last) / len(last),
            refused_per_s=sum(beat.refused for beat in last) / len(last),
            turned_away_per_s=sum(beat.turned_away for beat in last) / len(last),
            admitted_per_s=sum(beat.admitted for beat in last) / len(last),
            write_ms=sum(beat.append_ns for beat in minute) / turns / 1e6 if turns else 0.0,
            worst_write_ms=max(beat.write_ms for beat in minute),
            worst_late_ms=max(beat.late_ms for beat in minute),
        )

    def answered(self, every_s: int = 5) -> list[float]:
        """Commands answered a second, as means over so many seconds, the latest last."""
        beats = list(self.beats)
        first = len(beats) % every_s
        groups = [beats[at : at + every_s] for at in range(first, len(beats), every_s)]
        return [sum(beat.answered for beat in group) / every_s for group in groups]

    def _last(self, count: int) -> Sequence[Beat]:
        return list(islice(reversed(self.beats), count))

    def _counts(self) -> _Counts:
        meter, room = self._desk.meter, self._room
        admitted = room.view(self._desk.clock_ms()).admitted if room is not None else 0
        return _Counts(meter.commands, meter.refusals, meter.refused_full, meter.turns, meter.append_ns, admitted)
