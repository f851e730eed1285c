"""What is measured while the customers play: throughput over wall time, crashes, latency."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import msgspec

_EVERY_S = 0.25


class Sample(msgspec.Struct, frozen=True, gc=False):
    """Where the rehearsal stood ``wall_s`` seconds after the first request."""

    wall_s: float
    second: int
    answered: int
    acknowledged: int
    firm: int
    crashes: int


class Crash(msgspec.Struct, frozen=True, gc=False):
    """One SIGKILL: when, after how many acknowledged orders, and how long until the server was back."""

    wall_s: float
    acknowledged: int
    back_after_s: float


class Meter:
    """Keeps a sample every quarter of a second and shows it to whoever watches."""

    def __init__(self, watch: Callable[[Sample], None]) -> None:
        self.began = monotonic()
        self.samples: list[Sample] = []
        self.crashes: list[Crash] = []
        self._watch = watch
        self._next = 0.0

    @property
    def wall_s(self) -> float:
        """Seconds since the beginning."""
        return monotonic() - self.began

    def tick(self, second: int, answered: int, acknowledged: int, firm: int) -> None:
        """Take a sample if it is time."""
        wall_s = self.wall_s
        if wall_s < self._next:
            return
        self._next = wall_s + _EVERY_S
        self.samples.append(Sample(wall_s, second, answered, acknowledged, firm, len(self.crashes)))
        self._watch(self.samples[-1])


def percentile(sorted_values: list[float], share: float) -> float:
    """The value at ``share`` (0 to 1) of sorted values; 0 if there are none."""
    if not sorted_values:
        return 0.0
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]
