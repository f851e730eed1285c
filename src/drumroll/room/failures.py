"""What fails again and again is said once a minute, and once more when it works again."""

from __future__ import annotations

import logging

AGAIN_S = 60.0
_log = logging.getLogger("drumroll")


class Failures:
    """Says a work's failures in one line each. ``what``: what fails, such as "the waiting room"."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._failed = 0
        self._said_s: float | None = None

    def failed(self, error: Exception, now_s: float) -> None:
        """It failed; ``now_s`` is that of any clock that never goes back."""
        self._failed += 1
        if self._said_s is None or now_s - self._said_s >= AGAIN_S:
            self._said_s = now_s
            _log.error("%s failed and tries again: %s", self._what, " ".join(str(error).split()))

    def worked(self) -> None:
        """It worked."""
        if self._failed:
            _log.warning("%s works again, having failed %d times", self._what, self._failed)
        self._failed, self._said_s = 0, None
