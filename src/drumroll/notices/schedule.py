"""How fast letters go, and when one that failed is tried again. Pure: times are arguments."""

from __future__ import annotations

DELAYS_S = (60, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 20 * 3600)
"""How long after each failure a letter is tried again: eight attempts, over a day and a half; then it is given up."""

OUTAGE_FAILURES = 5
"""So many failures in a row are no matter of one contact: letters go one at a time then, after growing pauses."""

PAUSE_LIMIT_S = 60.0


def due_ms(attempts: int, at_ms: int) -> int | None:
    """When to try again after ``attempts`` failed ones, the last at ``at_ms``; ``None``: no more."""
    return None if attempts > len(DELAYS_S) else at_ms + DELAYS_S[attempts - 1] * 1000


def pause_s(failures: int) -> float:
    """How long nothing is sent after so many failures in a row; 0 where they are few."""
    return 0.0 if failures < OUTAGE_FAILURES else min(2.0 ** min(failures - OUTAGE_FAILURES, 6), PAUSE_LIMIT_S)


class Allowance:
    """So many letters a second: what was not used of a second is gone, but for one burst of a quarter of it."""

    def __init__(self, per_s: float, now_s: float) -> None:
        self.most = max(1, int(per_s / 4))
        self._per_s, self._left, self._at_s = per_s, float(self.most), now_s

    def left(self, now_s: float) -> int:
        """How many may be sent now."""
        self._left = min(self.most, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        return int(self._left)

    def use(self, count: int) -> None:
        """So many were sent."""
        self._left -= count
