"""What time it is. Real launches run on the system's clock; a sandbox may run on a clock that can be steered."""

from __future__ import annotations

import time


def system_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class SandboxClock:
    """A clock that starts at ``start_ms``, runs ``rate`` times as fast as the real one, and can be moved on."""

    def __init__(self, start_ms: int, rate: float) -> None:
        self.rate = rate
        self._start_ms = start_ms
        self._began_ns = time.monotonic_ns()

    def __call__(self) -> int:
        """Its time now, in milliseconds since the epoch."""
        return self._start_ms + int((time.monotonic_ns() - self._began_ns) * self.rate) // 1_000_000

    def move_to(self, at_ms: int) -> None:
        """Go on from ``at_ms``; never back."""
        self._start_ms = max(at_ms, self())
        self._began_ns = time.monotonic_ns()
