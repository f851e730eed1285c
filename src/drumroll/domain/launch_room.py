"""What a launch file says of the waiting room before the sale: when it opens, and how fast it lets people in."""

from __future__ import annotations

import msgspec


class WaitingRoom(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A waiting room: open from ``opens_at_ms``, which is before the sale opens.

    Whoever is in it when the sale opens is drawn a place at random; after that places go by arrival. Up to
    ``rate_per_s`` people a second are let in; each has ``ticket_s`` seconds to place their orders.
    """

    opens_at_ms: int
    rate_per_s: int = 1000
    ticket_s: int = 600
