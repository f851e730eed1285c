"""How many are let in, and how soon who waits should ask again. Pure.

Additive increase, multiplicative decrease (Chiu and Jain 1989; TCP does it, RFC 5681): while more than half of the
desk's queue is full, the rate is halved once a second; while it is not, it comes back by a twentieth a second, up to
what the launch file allows. Halving empties a queue within seconds whatever the desk can do; adding finds out what that
is without overrunning it again at once.
"""

from __future__ import annotations

from math import ceil

FULL_SHARE = 0.5
HALVED_EVERY_S = 1.0
REGAINED_PER_S = 0.05
LEAST_SHARE = 0.01
"""The slowest, as a share of the launch's rate. Standing still would never find out that the desk is well again."""
CATCH_UP_S = 5.0
"""A server that hung lets in no more than these seconds' worth at once."""

ASK_SOONEST_S = 2
ASK_LATEST_S = 60
ASK_ON_TIME_S = 10
"""Who has no longer to wait than that is to ask when the turn is expected."""
POLLS_PER_S = 10_000
"""How many should ask in one second, when all would like to at once."""
IDLE_POLLS_PER_S = 1_000
"""How many should ask in one second while nothing happens, but something might at any time."""


class Rate:
    """The rate of admission; unused allowance is lost, but for a fraction of a person."""

    def __init__(self, most_per_s: int) -> None:
        self.most_per_s = most_per_s
        self.per_s = float(most_per_s)
        self._allowance = 0.0
        self._at_ms: int | None = None
        self._halved_at_ms: int | None = None

    def admit(self, now_ms: int, queue_share: float, waiting: int) -> int:
        """How many of those waiting may come in now. The first call only starts the clock."""
        before_ms = now_ms if self._at_ms is None else self._at_ms
        passed_s = min(max(0, now_ms - before_ms) / 1000, CATCH_UP_S)
        self._at_ms = max(now_ms, before_ms)
        self._adjust(now_ms, passed_s, queue_share)
        self._allowance += passed_s * self.per_s
        admitted = min(waiting, int(self._allowance))
        self._allowance = min(self._allowance - admitted, 1.0)
        return admitted

    def _adjust(self, now_ms: int, passed_s: float, queue_share: float) -> None:
        if queue_share <= FULL_SHARE:
            self.per_s = min(self.most_per_s, self.per_s + self.most_per_s * REGAINED_PER_S * passed_s)
        elif self._halved_at_ms is None or now_ms - self._halved_at_ms >= HALVED_EVERY_S * 1000:
            self.per_s = max(self.most_per_s * LEAST_SHARE, self.per_s / 2)
            self._halved_at_ms = now_ms


def ask_again_in_line_s(wait_s: float) -> int:
    """When who is in line should ask again: after two thirds of the wait, so that far back hardly anybody asks."""
    if wait_s <= ASK_ON_TIME_S:
        return max(1, ceil(wait_s))
    return min(ASK_LATEST_S, int(wait_s * 2 / 3))


def ask_again_idle_s(people: int) -> int:
    """When each of so many should ask again while nothing happens: before the sale, and while it is paused."""
    return min(ASK_LATEST_S, max(ASK_SOONEST_S, ceil(people / IDLE_POLLS_PER_S)))


def notice_s(entrants: int, early_s: float = 0.0) -> float:
    """How long after the draw the first are let in: until everybody who asks when told to knows their place.

    Without it, who asks a thousand times a second would know first, and order first. Who was told to ask once the sale
    is open does not know that it opened ``early_s`` before that was planned.
    """
    idle_s = ask_again_idle_s(entrants)
    return ASK_SOONEST_S + entrants / POLLS_PER_S + (early_s if early_s <= 2 * idle_s else idle_s)


def ask_again_before_s(left_s: float, entrants: int, spread: float) -> int:
    """When who waits for the draw should ask again: now and then, then after the draw, not all in the same second.

    ``spread`` is anything from 0 to 1 that differs between people and stays with each.
    """
    idle_s = ask_again_idle_s(entrants)
    if left_s > 2 * idle_s:
        return idle_s
    return max(ASK_SOONEST_S, int(left_s + ASK_SOONEST_S + spread * entrants / POLLS_PER_S))
