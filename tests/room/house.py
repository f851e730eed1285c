"""A waiting room in a folder, on an event loop of its own and a clock that the test moves."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Self

from drumroll.domain.launch_room import WaitingRoom
from drumroll.room.place import Place
from drumroll.room.room import Room
from drumroll.room.sale import Sale, SaleState
from drumroll.room.store import Store

OPENS_MS, SALE_MS = 1_777_628_000_000, 1_777_629_600_000
KEY = bytes(range(32))
SEED = b"s" * 32
RULES = WaitingRoom(OPENS_MS, rate_per_s=10, ticket_s=60)


def opened(folder: Path, rules: WaitingRoom = RULES, seed: bytes = SEED) -> tuple[Room, Store]:
    store = Store(folder / "orders-room", "kite", seed)
    return Room(store, rules, SALE_MS, KEY, "kite"), store


class RoomHouse:
    """Starts while the room is open, a minute before the sale."""

    def __init__(self, folder: Path, rules: WaitingRoom = RULES, seed: bytes = SEED) -> None:
        self.folder, self.rules, self.seed = folder, rules, seed
        self.room, self.store = opened(folder, rules, seed)
        self.now_ms = SALE_MS - 60_000
        self.opens_ms = SALE_MS
        self.state: SaleState = "open"
        """What the sale is once it has begun."""
        self.loop = asyncio.new_event_loop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        self.store.close()

    def start_again(self) -> None:
        """What a process that was killed leaves behind, read by another one."""
        self.store.close()
        self.room, self.store = opened(self.folder, self.rules, b"another seed that is not taken!!")

    @property
    def sale(self) -> Sale:
        return Sale("before" if self.now_ms < self.opens_ms else self.state, self.opens_ms)

    def open_early(self) -> None:
        """What an operator does who does not wait for the planned opening."""
        self.opens_ms = min(self.opens_ms, self.now_ms)

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def join(self, *customers: str) -> list[Place]:
        """Places of those who join at the same time."""

        async def gathered() -> list[Any]:
            return list(await asyncio.gather(*(self.room.join(one, self.now_ms) for one in customers)))

        found: list[Place] = self.run(gathered())
        return found

    def place(self, customer: str) -> Place | None:
        return self.room.place_of(customer, self.now_ms)

    def tick(self, share: float = 0.0) -> None:
        self.run(self.room.tick(self.now_ms, share, self.sale))

    def pass_s(self, seconds: float, share: float = 0.0) -> None:
        """Let time pass in quarters of a second, as the server does."""
        for _ in range(int(seconds * 4)):
            self.now_ms += 250
            self.tick(share)

    def drawn(self) -> None:
        """The sale opens, and places are drawn."""
        self.now_ms = max(self.now_ms, SALE_MS)
        self.tick()
        assert self.room.view(self.now_ms).admitted == 0

    def admitting(self) -> None:
        """Time passes until the first are about to be let in."""
        self.now_ms = self.room._admits_from_ms
        self.tick()
