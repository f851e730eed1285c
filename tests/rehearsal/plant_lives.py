"""The life of a small launch with plants, at random and by seed: capacity runs out, is cut, and plans are accepted."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from msgspec.structs import replace

from drumroll.domain import commands as cmd
from drumroll.domain.launch import Launch, Region
from drumroll.domain.launch_capacity import Backlog, Cliff, Limit, Period, Plant, PromiseRules
from drumroll.domain.promise import Planned, Promise
from drumroll.domain.states import AWAITED
from drumroll.domain.weeks import monday, sunday, week_of
from tests.rehearsal.lives import LAUNCH, OPENS, Life

BASE = week_of(OPENS, LAUNCH.time_zone)
HORIZON = 9
OPERATIONS = ("capacity", "pin", "plan")
"""What operators do to weeks. Without them the audit knows the week that every order is to get."""


def with_plants(seed: int) -> Launch:
    """The launch with a calendar by chance."""
    chance = Random(seed)

    def calendar(base: int, numbers: tuple[int, ...]) -> tuple[Period, ...]:
        spans = [(base + at, chance.choice(numbers)) for at in range(0, HORIZON, 3)]
        found = [Period(monday(week), monday(week + 3), number) for week, number in spans]
        return (*found[:-1], replace(found[-1], until_day=None))

    works = Plant("works", "Works", ("new", "odd"), calendar(BASE, (2, 3, 5, 9)))
    mill = Plant("mill", "Mill", ("old",), calendar(BASE + 1, (1, 4)))
    limits = (
        Limit("top", "Top parts", ("new",), ("top",), (), calendar(BASE, (1, 2, 4))),
        Limit("sound", "Speakers", (), (), ("sound", "red"), calendar(BASE + 1, (1, 3))),
    )
    return replace(
        LAUNCH,
        regions=(Region("north", "North"), Region("south", "South", 9)),
        plants=(works, mill) if chance.random() < 0.8 else (replace(works, models=("new", "odd", "old")),),
        limits=limits[: chance.randrange(3)],
        backlog=(Backlog("old", "base", chance.randrange(1, 6)), Backlog("new", "base", 2))[: chance.randrange(3)],
        cliffs=(Cliff("tax", "Tax", sunday(BASE + 2)),),
        promise=PromiseRules(
            width_weeks=chance.choice((1, 3)),
            frozen_weeks=chance.choice((0, 1, 2)),
            horizon_weeks=HORIZON,
            refuse_unpromised=chance.random() < 0.2,
        ),
    )


class PlantLife(Life):
    """As ``Life``, with promises; ``operations`` are those of ``OPERATIONS`` that happen."""

    def __init__(self, seed: int, *operations: str) -> None:
        super().__init__(seed, with_plants(seed))
        asks: dict[str, Callable[[], cmd.Command]] = {
            "capacity": self._capacity,
            "pin": self._pin,
            "plan": self._plan,
        }
        self._ask = [ask for ask in self._ask if ask != self._file]
        self._ask += [*[self._reserve] * 6, *[asks[name] for name in operations] * 2]
        self.turn([self._safety()])

    def turn(self, commands: list[cmd.Command]) -> None:
        """Whatever changes the capacity, the uncertainty is worked out again with it."""
        super().turn([*commands, self._safety()] if self.book.availability and self.book.safety is None else commands)

    def _safety(self) -> cmd.Command:
        availability = self.book.availability
        assert availability is not None
        for model in self.launch.models:
            for trim in model.trims:
                availability.kind(model.id, trim.id, ())
        late = {name: tuple(self.random.randrange(2) for _ in range(HORIZON)) for name in availability.kinds}
        return cmd.SetSafety({name: (row, tuple(one + 1 for one in row)) for name, row in late.items()})

    def _capacity(self) -> cmd.Command:
        week = week_of(self.now_ms, self.launch.time_zone) + self.random.randrange(4)
        what = self.random.choice(("", "works", "mill", "top", "sound"))
        percent = self.random.choice((0, 50, 100, 200, None))
        weekly = self.random.randrange(5) if percent is None else None
        return cmd.SetCapacity(what, week, week + self.random.randrange(1, 4), percent, weekly, *self._operator())

    def _pin(self) -> cmd.Command:
        order_id, _ = self._order("reserved", "firm", "locked", "scheduled")
        week = self.random.choice((None, week_of(self.now_ms, self.launch.time_zone) + self.random.randrange(6)))
        return cmd.PinOrder(order_id, week, *self._operator())

    def _plan(self) -> cmd.Command:
        """Some that wait, each in any week, as long as there is room for those of the plan."""
        availability = self.book.availability
        assert availability is not None
        capacity, first = availability.capacity, availability.first_column(self.now_ms)
        room = [list(row) for row in capacity.weekly]
        groups: dict[Promise, list[str]] = {}
        orders = [order for order in self.book.orders.values() if order.state in AWAITED]
        for order in self.random.sample(orders, self.random.choice((len(orders), len(orders) // 2))):
            kind = availability.kind(order.offer.model, order.offer.trim, order.offer.options)
            free = [at for at in range(first, HORIZON) if kind.needs and all(room[one][at] > 0 for one in kind.needs)]
            if free:
                column = self.random.choice(free[:2])
                for one in kind.needs:
                    room[one][column] -= 1
                promise = availability.promise_in(kind, column, availability.lead(order.offer.region), self.now_ms)
                groups.setdefault(promise, []).append(order.id)
        planned = tuple(Planned(promise, tuple(ids)) for promise, ids in groups.items())
        return cmd.AcceptPlan("0123abcd", "strict", len(self.blocks), planned, *self._operator())
