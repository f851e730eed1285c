"""The order curve: how many orders stood firm at the end of each second in which that changed."""

from __future__ import annotations

from array import array
from bisect import bisect_right


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
        """At most ``points`` (2 or more) rows ``(second, firm)``, evenly spread, with the first and the last."""
        rows = len(self.seconds)
        chosen = range(rows) if rows <= points else [index * (rows - 1) // (points - 1) for index in range(points)]
        return [(self.seconds[row], self.firm[row]) for row in chosen]
