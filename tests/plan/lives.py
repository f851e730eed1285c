"""Small launches with a plant, and books of orders at any point of their lives, made event by event."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from drumroll.domain import events as ev
from drumroll.domain.book import Book
from drumroll.domain.evolve import evolve
from drumroll.domain.launch import Choice, Launch, Model, Option, Region, Trim
from drumroll.domain.launch_capacity import Backlog, Cliff, Limit, Period, Plant, PromiseRules
from drumroll.domain.promise import Planned, Promise
from drumroll.domain.times import to_ms
from drumroll.domain.weeks import week_of_day
from drumroll.log.base import Block

ZONE = "Asia/Shanghai"
MONDAY = date(2025, 6, 30)
WEEK = week_of_day(MONDAY)
OPENS = to_ms(datetime(2025, 6, 30, 10, tzinfo=ZoneInfo(ZONE)))
HOUR, DAY, WEEK_MS = 3_600_000, 86_400_000, 7 * 86_400_000
COOLING_S = 7 * 86_400
HOLD_S = 900

PAINT = Option("paint", "Paint", (Choice("white", "White"), Choice("red", "Red")))
CAR = Model("car", "Car", OPENS, None, (Trim("small", "Small", 9_000), Trim("big", "Big", 19_000)), options=(PAINT,))
COUPE = Model("coupe", "Coupe", OPENS, None, (Trim("one", "One", 30_000),))
VAN = Model("van", "Van", OPENS, None, (Trim("long", "Long", 20_000),))
LEADS = {"near": 0, "far": 10}
LEAD_WEEKS = {"near": 0, "far": 2}
NEEDS = {
    ("car", "small"): ("works",),
    ("car", "big"): ("pack", "works"),
    ("coupe", "one"): ("works",),
    ("van", "long"): (),
}


def weekly(capacity: int, weeks: int | None = None) -> tuple[Period, ...]:
    until = None if weeks is None else MONDAY + timedelta(weeks=weeks)
    return (Period(MONDAY, until, capacity),)


def launch(
    plant: int = 10,
    pack: int = 4,
    backlog: tuple[Backlog, ...] = (),
    cliffs: tuple[Cliff, ...] = (),
    plants: tuple[Plant, ...] | None = None,
    **rules: Any,
) -> Launch:
    """Cars and coupes from one plant, of the big cars so many a week; vans from nowhere."""
    works = Plant("works", "The works", ("car", "coupe"), weekly(plant))
    return Launch(
        "cars",
        "Cars",
        ZONE,
        "EUR",
        OPENS,
        None,
        500,
        HOLD_S,
        9,
        (CAR, COUPE, VAN),
        ("car",),
        cooling_off_s=COOLING_S,
        regions=tuple(Region(name, name, days) for name, days in LEADS.items()),
        promise=PromiseRules(**{"width_weeks": 4, "frozen_weeks": 2, "horizon_weeks": 20, **rules}),
        plants=(works,) if plants is None else plants,
        limits=(Limit("pack", "Large packs", ("car",), ("big",), (), weekly(pack)),) if plants is None else (),
        backlog=backlog,
        cliffs=cliffs,
    )


class Life:
    """A book, and the blocks that made it; every event a block of its own."""

    def __init__(self, of: Launch | None = None) -> None:
        self.book = Book()
        self.blocks: list[Block] = []
        self.at_ms = OPENS
        self.add(ev.DeskOpened("test"), ev.LaunchSet(of or launch()))

    def add(self, *events: ev.Event, at_ms: int | None = None) -> None:
        self.at_ms = max(self.at_ms, at_ms or 0)
        block = Block(len(self.blocks) + 1, self.at_ms, events)
        for event in events:
            evolve(self.book, event, block.at_ms, block.position)
        self.blocks.append(block)

    def reserve(
        self,
        order_id: str,
        trim: str = "small",
        promise: Promise | None = None,
        *,
        model: str = "car",
        region: str = "near",
        at_ms: int | None = None,
        cooling_off_s: int | None = COOLING_S,
    ) -> None:
        options = ("white",) if model == "car" else ()
        key = order_id.encode().rjust(16, b"0")[:16]
        terms = (order_id, f"customer-{order_id}", model, trim, 9_000, 500, HOLD_S, key, key[:8], options, region)
        self.add(ev.OrderReserved(*terms, cooling_off_s, promise), at_ms=at_ms)

    def firm(self, order_id: str, at_ms: int | None = None) -> None:
        self.add(ev.OrderFirmed(order_id, f"pay_{order_id}"), at_ms=at_ms)

    def lock(self, order_id: str, at_ms: int | None = None) -> None:
        self.add(ev.OrderLocked(order_id, early=True, key=f"lock{order_id}".encode()), at_ms=at_ms)

    def move(self, state: str, *order_ids: str, at_ms: int | None = None) -> None:
        key = f"{state}{order_ids}".encode()
        self.add(ev.OrdersMoved(state, order_ids, "op", "why", key, b"f" * 8), at_ms=at_ms)

    def pin(self, order_id: str, promise: Promise | None) -> None:
        self.add(ev.OrderPinned(order_id, promise, "op", "why", f"pin{order_id}".encode(), b"f" * 8))

    def locked(self, order_id: str, trim: str = "small", promise: Promise | None = None, **more: Any) -> None:
        """Reserved, paid and locked at once."""
        self.reserve(order_id, trim, promise, **more)
        self.firm(order_id)
        self.lock(order_id)

    def accept(self, groups: Iterable[Planned]) -> None:
        key = f"accept{len(self.blocks)}".encode()
        self.add(ev.PlanAccepted("plan", "strict", len(self.blocks), tuple(groups), "op", "why", key, b"f" * 8))

    def deliver(self, order_id: str, at_ms: int) -> None:
        for state in ("scheduled", "in_production", "built", "in_transit"):
            self.move(state, order_id)
        self.move("delivered", order_id, at_ms=at_ms)


def built_in(column: int, lead: int = 0, width: int = 4, late: int = 0, sure: int = 0, short: str = "") -> Promise:
    """A promise of the plant's week of that number."""
    build = WEEK + column
    last = build + lead + late
    return Promise(build, max(WEEK, last - width + 1), last, max(last, build + lead + sure), short)


def random_promise(random: Random) -> Promise | None:
    if random.random() < 0.15:
        return None
    late = random.randrange(4)
    return built_in(random.randrange(-1, 25), random.randrange(3), 4, late, late + random.randrange(3))


def random_life(random: Random, orders: int, of: Launch) -> tuple[Life, dict[str, tuple[int, int]]]:
    """Orders in all states; and for each that waits for a week the lock time that counts, and its number of arrival."""
    life, places = Life(of), {}
    for number in range(orders):
        order_id, at_ms = f"o{number}", life.at_ms + random.choice((0, 0, 1, HOUR))
        model, trim = random.choice(list(NEEDS))
        life.reserve(
            order_id, trim, random_promise(random), model=model, region=random.choice(list(LEADS)), at_ms=at_ms
        )
        reach = random.choice(
            ("reserved", "firm", "locked", "scheduled", "in_production", "built", "cancelled", "delivered")
        )
        if reach not in ("reserved", "cancelled"):
            life.firm(order_id)
            places[order_id] = (at_ms + COOLING_S * 1000, number)
        if reach not in ("reserved", "cancelled", "firm"):
            life.lock(order_id)
            places[order_id] = (at_ms, number)
        if reach == "cancelled":
            life.add(ev.OrderCancelled(order_id, 0, f"cancel{number}".encode(), b"f" * 8))
        if reach == "reserved":
            places[order_id] = (-at_ms, number)
        steps = ("scheduled", "in_production", "built", "in_transit", "delivered")
        if reach in steps:
            for state in steps[: steps.index(reach) + 1]:
                life.move(state, order_id)
        if reach in steps[1:]:
            del places[order_id]
    now = life.at_ms
    return life, {
        one: (now + COOLING_S * 1000 if lock < 0 else lock, number)
        for one, (lock, number) in places.items()
        if lock > 0 or now < HOLD_S * 1000 - lock
    }
