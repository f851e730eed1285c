"""Simulated time: what customers do in which second since the opening, and which second it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic

Step = Callable[[int], None]
"""Something that one visit does."""

_ABREAST, _SOON_S = 32, 6
"""Requests that may be unanswered when time goes on, besides as many as there are steps in the next seconds."""

_WORTH_A_MOVE = 64
"""Steps that are worth a request to move the server's clock."""
_LONGEST_STEP_S = 5
"""Seconds by which somebody may come late for that."""

Due = tuple[Step, int]


class Timeline:
    """Steps by second. What is due is taken from ``due``; follow-ups go before those who arrive.

    With ``rate`` 0 (pace ``max``) the second is moved by ``advance`` as its steps are done; otherwise it is the wall's,
    ``rate`` simulated seconds for one of its own.
    """

    def __init__(self, opening_ms: int, start_s: int, rate: float) -> None:
        self.opening_ms = opening_ms
        self.second = start_s
        self.end_s = start_s
        self.rate = rate
        self.due: deque[Due] = deque()
        self._follow_ups: deque[Due] = deque()
        self._at: dict[int, list[Due]] = {}
        self._anchor = (monotonic(), opening_ms + start_s * 1000)

    def at(self, second: int, step: Step, visit: int) -> None:
        """Do ``step`` in that second, or at once if it has come already."""
        if second <= self.second:
            self._follow_ups.append((step, visit))
            return
        due_now = self._at.get(second)
        if due_now is None:
            due_now = self._at[second] = []
            self.end_s = max(self.end_s, second)
        due_now.append((step, visit))

    def take(self) -> Due | None:
        """The next step that is due, if there is one."""
        if self._follow_ups:
            return self._follow_ups.popleft()
        return self.due.popleft() if self.due else None

    def advance(self, until_s: int, in_flight: int) -> bool:
        """Go on to the next second with steps, not beyond ``until_s``; say whether time moved.

        At pace ``max`` time waits while more is unanswered than comes in a few seconds: customers who got no answer
        yet can't pay yet, and the curve would run away from them.
        """
        second, last = self.second + 1, min(until_s, self.end_s)
        while second <= last and second not in self._at:
            second += 1
        if second > last or (self.rate and self.now_ms() < self.opening_ms + second * 1000):
            return False
        if not self.rate and in_flight > _ABREAST + self._steps_soon(second):
            return False
        # Nor does it leap while somebody waits for an answer: what they do next may come before the next step.
        if not self.rate and in_flight and second > self.second + _LONGEST_STEP_S:
            return False
        self._take_up(second, last)
        return True

    def _steps_soon(self, second: int) -> int:
        return sum(len(self._at.get(soon, ())) for soon in range(second, second + _SOON_S))

    def _take_up(self, second: int, last: int) -> None:
        """Go on to this second; at pace ``max``, where few come, to one a little later with all before it."""
        self.second = second
        self.due.extend(self._at.pop(second))
        while not self.rate and len(self.due) < _WORTH_A_MOVE and self.second < min(second + _LONGEST_STEP_S, last):
            self.second += 1
            self.due.extend(self._at.pop(self.second, ()))

    def has_steps(self, until_s: int) -> bool:
        """Whether anything is still to be done up to that second."""
        return bool(self.due or self._follow_ups or any(second <= until_s for second in self._at))

    def jump(self, second: int) -> None:
        """Time was moved to this second: whatever lies before it is due now."""
        for passed in sorted(at for at in self._at if at <= second):
            self.due.extend(self._at.pop(passed))
        self.second = max(self.second, second)

    def anchor(self, now_ms: int) -> None:
        """The server says what time it is now."""
        self._anchor = (monotonic(), now_ms)

    def now_ms(self) -> int:
        """The simulated time, in milliseconds since the epoch."""
        if not self.rate:
            return self.opening_ms + self.second * 1000
        since, at_ms = self._anchor
        return at_ms + int((monotonic() - since) * self.rate * 1000)
