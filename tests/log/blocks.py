"""Blocks to write: each position has its own, always the same, so that a reader knows the right one."""

from __future__ import annotations

from random import Random

from drumroll.domain.events import Event, OrderFirmed, OrderReserved
from drumroll.log.base import Block

OPENED_AT_MS = 1_750_946_400_000


def block(position: int, events: int | None = None) -> Block:
    """The block of a position: 1 to 40 events of its own, or as many as asked for."""
    random = Random(position)
    count = random.randint(1, 40) if events is None else events
    return Block(position, OPENED_AT_MS + position * 7, tuple(_event(random, index) for index in range(count)))


def blocks(count: int) -> list[Block]:
    """The first blocks of a log."""
    return [block(position) for position in range(1, count + 1)]


def _event(random: Random, index: int) -> Event:
    order = f"{random.getrandbits(64):016x}"
    if index % 3 == 2:
        return OrderFirmed(order, f"pay-{order}")
    key, fingerprint = random.randbytes(16), random.randbytes(8)
    return OrderReserved(order, f"c{index}", "yu7", "max", 32_990_000, 500_000, 900, key, fingerprint)
