"""What is sent and what comes back: every request gets an answer in the end, through crashes and push-back."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from time import monotonic

from drumroll.errors import RehearsalFailed
from drumroll.rehearsal.wire import LOST, Wire, header_of

Handler = Callable[[int, int, bytes], None]
"""Takes the visit, the status and the whole answer."""

Errand = tuple[Handler, int, bytes]
"""A request on its way: who takes the answer, for which visit, the request itself."""

UNAVAILABLE = 503
_GIVE_UP_AFTER_S = 60.0
_WEBHOOK = b"POST /v1/webhooks"


class Outbox:
    """Sends errands over a wire and sends again, with the same key, what was lost or pushed back."""

    def __init__(self, wire: Wire, sign_again: Callable[[bytes], bytes]) -> None:
        self.wire = wire
        self.in_flight = 0
        self.answered = 0
        self.sent_again = 0
        self.pushed_back: Counter[str] = Counter()
        self.unsure: set[int] = set()
        self._waiting: deque[Errand] = deque()
        self._later: deque[tuple[float, Errand]] = deque()
        self._sign_again = sign_again
        self._heard_at = monotonic()

    def send(self, handler: Handler, visit: int, request: bytes) -> None:
        """Send now, or as soon as a connection is free."""
        if self.wire.free:
            self.in_flight += 1
            self.wire.send(request, (handler, visit, request))
        else:
            self._waiting.append((handler, visit, request))

    @property
    def open(self) -> int:
        """Errands without an answer yet."""
        return self.in_flight + len(self._waiting) + len(self._later)

    def send_waiting(self) -> None:
        """Send what waited for a connection, or for the time that the server asked for."""
        if not self.open:  # nothing was asked, so nothing is missing
            self._heard_at = monotonic()
        while self._later and self._later[0][0] <= monotonic():
            self._waiting.append(self._later.popleft()[1])
        while self._waiting and self.wire.free:
            self.send(*self._waiting.popleft())

    def take_answers(self, timeout_s: float) -> None:
        """Hand the answers that are there to their handlers."""
        answers = self.wire.poll(timeout_s)
        if not answers:
            self._check_patience()
            return
        self.in_flight -= len(answers)
        heard = self.answered
        for errand, status, raw in answers:
            if status in (LOST, UNAVAILABLE):
                self._again(errand, status, raw)
                continue
            self.answered += 1
            errand[0](errand[1], status, raw)
        if self.answered > heard:
            self._heard_at = monotonic()

    def _again(self, errand: Errand, status: int, raw: bytes) -> None:
        """Nobody knows whether it was done: ask again, with the same key."""
        handler, visit, request = errand
        self.sent_again += 1
        self.unsure.add(visit)
        if request.startswith(_WEBHOOK):
            errand = (handler, visit, self._sign_again(request))
        if status == LOST:
            self._waiting.append(errand)
            return
        self.pushed_back["queue_full" if b'"queue_full"' in raw else "desk_closed"] += 1
        wait_s = header_of(raw, "retry-after") or "1"
        self._later.append((monotonic() + (int(wait_s) if wait_s.isdigit() else 1), errand))

    def _check_patience(self) -> None:
        if self.open and monotonic() - self._heard_at > _GIVE_UP_AFTER_S:
            raise RehearsalFailed(
                f"the server has answered nothing for {_GIVE_UP_AFTER_S:.0f} s while {self.open} requests wait"
            )
        if not self.open:
            self._heard_at = monotonic()
