"""When the sale stood still, and what that does to tickets: whose time had not run out keeps what was left. Pure."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable

import msgspec


class Term(msgspec.Struct, frozen=True, gc=False):
    """A ticket's time. ``left_s``: what is left of it while the sale stands still; ``None`` while it passes."""

    expires_s: int
    left_s: int | None

    def over(self, now_ms: int) -> bool:
        """Whether the ticket ran out."""
        return self.left_s is None and now_ms >= self.expires_s * 1000


class Pauses:
    """The pauses since the draw, in order: when each began and ended, in milliseconds. The last one may last."""

    def __init__(self, kept: Iterable[tuple[int, int | None]] = ()) -> None:
        self._began, self._ended = array("q"), array("q")
        for began_ms, ended_ms in kept:
            self.begin(began_ms)
            if ended_ms is not None:
                self.end(ended_ms)

    @property
    def lasting(self) -> bool:
        """Whether the sale stands still."""
        return len(self._began) > len(self._ended)

    @property
    def began(self) -> int:
        """How many began."""
        return len(self._began)

    @property
    def ended(self) -> int:
        """How many ended."""
        return len(self._ended)

    def not_before(self, at_ms: int) -> int:
        """That time, or the last change if the clock was set back since."""
        return max([at_ms, *self._began[-1:], *self._ended[-1:]])

    def begin(self, at_ms: int) -> None:
        """A pause begins."""
        self._began.append(at_ms)

    def end(self, at_ms: int) -> None:
        """The pause that lasts ends."""
        self._ended.append(at_ms)

    def term(self, admitted_ms: int, ticket_s: int) -> Term:
        """The time of a ticket of ``ticket_s`` for who was let in then; what ran out before a pause stays run out.

        A ticket ends with a second, so a pause counts rounded up to one.
        """
        expires_s = admitted_ms // 1000 + ticket_s
        first = bisect_left(self._began, admitted_ms)
        for began_ms, ended_ms in zip(self._began[first:], self._ended[first:], strict=False):
            if began_ms >= expires_s * 1000:
                break
            expires_s += -((began_ms - ended_ms) // 1000)
        left_ms = expires_s * 1000 - self._began[-1] if self.lasting else 0
        return Term(expires_s, -(-left_ms // 1000) if left_ms > 0 else None)
