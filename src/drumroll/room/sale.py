"""What the waiting room knows of the sale that it stands before. It is told at each tick."""

from __future__ import annotations

from typing import Literal

import msgspec

SaleState = Literal["before", "open", "paused", "closed", "sold_out"]


class Sale(msgspec.Struct, frozen=True):
    """Whether what the launch is about can be ordered, and when its sale opens, or opened."""

    state: SaleState
    opens_at_ms: int

    @property
    def held(self) -> bool:
        """Nothing can be ordered now, but perhaps later: nobody is to come in, and no ticket's time is to pass."""
        return self.state not in ("open", "sold_out")

    def begun(self, now_ms: int) -> bool:
        """Places are to be drawn: it opened, as planned or earlier. Closed before it opened, it did not open."""
        return self.state != "before" and (self.state != "closed" or now_ms >= self.opens_at_ms)
