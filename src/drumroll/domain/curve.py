"""The order curve: how many orders stood firm at the end of each second in which that changed."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class Curve:
    """Two columns, ``seconds`` (since the epoch, rising) and ``firm``; a second without change has no row."""

    def __init__(self) -> None:
        self.seconds = array("q")
        self.firm = array("q")

    def note(self, at_ms: int, firm: int) -> None:
        """Say how many stand firm at ``at_ms`` (never before the last time noted)."""
        second = at_ms // 1000
        if self.seconds and self.seconds[-1] == second:
            self.firm[-1] = firm
        else:
            self.seconds.append(second)
            self.firm.append(firm)

    def at(self, second: int) -> int:
        """How many stood firm at the end of that second."""
        row = bisect_right(self.seconds, second)
        return self.firm[row - 1] if row else 0

    def sampled(self, points: int) -> list[tuple[int, int]]:
        """At most ``points`` (2 or more) rows ``(second, firm)`` with the first and the last.

        Half of them are spread evenly over the rows and half over the count, so that the steep beginning stays steep.
        """
        rows = len(self.seconds)
        chosen: Iterable[int] = range(rows)
        if rows > points:
            chosen = sorted({*_spread(rows, points // 2), *self._risen(points - points // 2 - 1), rows - 1})
        return [(self.seconds[row], self.firm[row]) for row in chosen]

    def _risen(self, points: int) -> Iterator[int]:
        """Rows at which the count has risen by a further part of its rise.

        The count falls only where orders are cancelled, so a binary search finds a good row, if not always the first.
        """
        first, last = self.firm[0], self.firm[-1]
        for step in range(1, points + 1):
            yield min(bisect_left(self.firm, first + (last - first) * step // points), len(self.firm) - 1)


def _spread(rows: int, points: int) -> Iterator[int]:
    for index in range(points):
        yield index * (rows - 1) // max(1, points - 1)
