"""Lives of a launch in which much money moves: VAT that changes, foreign money, deliveries, and new starts."""

from __future__ import annotations

from functools import cache

from msgspec.structs import replace

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.launch import Launch
from drumroll.domain.launch_finance import Finance
from drumroll.log.base import Block
from tests.rehearsal.lives import LAUNCH, Life
from tests.rehearsal.plant_lives import OPERATIONS, PlantLife

PERCENTS = ("13", "7.5", "0", "19")
SEEDS, PLANTED, TURNS = 14, 2, 400
STEPS = {
    "locked": "scheduled",
    "scheduled": "in_production",
    "in_production": "built",
    "built": "in_transit",
    "in_transit": "delivered",
}


class MoneyLife(Life):
    """As ``Life``, with all of that."""

    def __init__(self, seed: int, launch: Launch = LAUNCH) -> None:
        super().__init__(seed, replace(launch, finance=Finance(PERCENTS[seed % len(PERCENTS)])))
        self._ask += [*[self._reserve, self._pay, self._advance, self._convert] * 8, self._stray, self._refund]

    def turn(self, commands: list[cmd.Command]) -> None:
        super().turn(commands)
        if self.random.random() < 0.01:
            self.blocks.append(Block(len(self.blocks) + 1, self.now_ms, (ev.DeskOpened("again"),)))

    def _advance(self) -> cmd.Command:
        """Some that are in one state go on together, so that some arrive."""
        state = self.random.choice(list(STEPS))
        ids = [order.id for order in self.book.orders.values() if order.state == state][:5] or ["ord_none"]
        return cmd.MoveOrders(tuple((order_id, STEPS[state]) for order_id in ids), *self._operator())

    def _stray(self) -> cmd.Command:
        order_id = self.random.choice((self._order("firm", "cancelled")[0], "ord_unknown"))
        return cmd.RecordPayment(order_id, f"pay_{self._new()[0]}", 60, self.random.choice(("EUR", "USD", "JPY")))

    def _file(self) -> cmd.Command:
        command = super()._file()
        assert isinstance(command, cmd.SetLaunch)
        finance = self.random.choice((None, *map(Finance, PERCENTS)))
        return cmd.SetLaunch(replace(command.launch, finance=finance))


@cache
def lived(seed: int) -> tuple[Block, ...]:
    """The log of a life; those of the last seeds have plants, for the events that only those have."""
    life = MoneyLife(seed) if seed < SEEDS - PLANTED else PlantLife(seed, *OPERATIONS)
    return tuple(life.live(TURNS).blocks)
