"""Robots among people: the same crowd against the same launch, without a waiting room and with one.

A robot is an account that is there in the first instant, asks on several connections at once, and orders as much as
the launch allows a person. A person orders once. People come as in ``arrivals``. Who would have ordered within three
minutes of the opening was there for it: so with a room, those (69 in 100) are assumed to have come before.

Robots send all they have in the first second, and nobody else orders before they have: that is the worst case, which
no server is fast enough for. With a room, a robot orders in the second of its admission; a person asks when the server
says so, and needs up to ten seconds to order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from drumroll.domain.events import OrderReserved
from drumroll.domain.launch import Launch
from drumroll.domain.times import rfc3339
from drumroll.log.base import Block
from drumroll.rehearsal.arrivals import HOUR_S, REFERENCE_ORDERS, RUSH_SHARE, second_of

REFERENCE_PEOPLE = 300_000
EARLY_SHARE = RUSH_SHARE
TABS = 3
"""Connections of each robot, and tabs of one person in ten."""
REACTS_WITHIN_S = 10
ROOM_OPENS_S = 600
"""How long before the sale the room opens."""
FIRST = (1_000, 10_000, 50_000)
BOT, PERSON = "bot", "person"
_ROOM_TABLE = re.compile(r"^\[waiting_room\].*?(?=^\[|\Z)", re.MULTILINE | re.DOTALL)

Blocks = Callable[[str], AbstractContextManager[Iterable[Block]]]
"""Opens the blocks of the log of that path."""


class BotPlan(msgspec.Struct, frozen=True):
    """What is to be played. ``rate_per_s`` is the room's; ``late_step_s`` how far time goes at once after the rush,
    ``reacts_within_s`` how long a person needs at most.
    """

    launch: Launch
    text: str
    folder: Path
    people: int
    bots: int
    rate_per_s: int
    blocks: Blocks
    seed: int = 1
    late_step_s: int = 60
    reacts_within_s: int = REACTS_WITHIN_S

    @property
    def opening_ms(self) -> int:
        """When all headline models are on sale; a room opens the sale when the launch does."""
        return max(model.opens_at_ms for model in self.launch.models if model.id in self.launch.headline)


class Share(msgspec.Struct, frozen=True):
    """Of the first ``orders`` orders, how many were robots'."""

    orders: int
    bots: int
    every: bool

    @property
    def share(self) -> float:
        """From 0 to 1; 0 of nothing."""
        return self.bots / self.orders if self.orders else 0.0


class Waited(msgspec.Struct, frozen=True):
    """What the room did. ``faults``: what is wrong with its places or its draw."""

    entrants: int
    drawn: int
    turned_away: int
    faults: list[str]


class Played(msgspec.Struct, frozen=True):
    """One of the two nights, by its log. ``over_limit``: persons with more orders than the launch allows."""

    shares: list[Share]
    orders: int
    acknowledged: int
    lost: int
    doubled: int
    untold: int
    over_limit: int
    refusals: dict[str, int]
    waited: Waited | None
    wall_s: float

    @property
    def faults(self) -> list[str]:
        """Everything that must not be."""
        counted = (
            (self.lost, "orders that were answered are not in the log"),
            (self.doubled, "orders are there twice"),
            (self.untold, "orders in the log were told to nobody"),
            (self.over_limit, "persons have more orders than the launch allows"),
        )
        return [f"{count:,} {what}" for count, what in counted if count] + (self.waited.faults if self.waited else [])


def scaled(orders: int | None, bots: int) -> tuple[int, int, float]:
    """People, robots and the scale, when ``orders`` stand for the reference launch's."""
    scale = (orders or REFERENCE_ORDERS) / REFERENCE_ORDERS
    return max(1, round(REFERENCE_PEOPLE * scale)), max(1, round(bots * scale)), scale


def launch_text(plan: BotPlan, *, room: bool) -> str:
    """The launch file without a waiting room, or with one that opens ten minutes before the sale."""
    text = _ROOM_TABLE.sub("", plan.text)
    if not room:
        return text
    opens = rfc3339(plan.launch.opens_at_ms - ROOM_OPENS_S * 1000, plan.launch.time_zone)[:19]
    return f"{text.rstrip()}\n\n[waiting_room]\nopens = {opens}\nrate_per_s = {plan.rate_per_s}\n"


class Crowd:
    """Who comes when: robots first, then people in the order of their seconds. A visitor is a number."""

    def __init__(self, plan: BotPlan) -> None:
        self.plan = plan
        self.random = Random(plan.seed)
        self.bots = range(plan.bots)
        self.people = range(plan.bots, plan.bots + plan.people)
        self.early = self.people[: round(plan.people * EARLY_SHARE)]
        headline = [model for model in plan.launch.models if model.id in plan.launch.headline]
        self.wanted = [(model.id, trim.id) for model in headline for trim in model.trims]

    def __len__(self) -> int:
        return self.plan.bots + self.plan.people

    def name(self, visitor: int) -> str:
        """The customer's id."""
        return f"{BOT if visitor in self.bots else PERSON}-{visitor}"

    def second_of(self, person: int) -> float:
        """When a person would order if there were no room: seconds since the opening."""
        return min(second_of((person - self.people.start + 0.5) / len(self.people)), HOUR_S)

    def tabs(self, visitor: int) -> int:
        """How many connections ask for one visitor's place."""
        return TABS if visitor in self.bots or visitor % 10 == 0 else 1

    def shuffled(self, visitors: Iterable[int]) -> list[int]:
        """In an order that the seed gives."""
        listed = list(visitors)
        self.random.shuffle(listed)
        return listed


def counted(blocks: Iterable[Block], told: set[str], limit: int) -> dict[str, Any]:
    """What the log says, beside what customers were told: fields of ``Played``."""
    customers: list[bool] = []
    held: Counter[str] = Counter()
    keys: set[bytes] = set()
    ids: set[str] = set()
    for block in blocks:
        for event in block.events:
            if isinstance(event, OrderReserved):
                customers.append(event.customer.startswith(BOT))
                held[event.customer] += 1
                keys.add(event.key)
                ids.add(event.order_id)
    shares = [Share(first, sum(customers[:first]), every=False) for first in FIRST if first < len(customers)]
    return {
        "shares": [*shares, Share(len(customers), sum(customers), every=True)],
        "orders": len(customers),
        "acknowledged": len(told),
        "lost": len(told - ids),
        "doubled": len(customers) - len(keys),
        "untold": len(ids - told),
        "over_limit": sum(count > limit for count in held.values()),
    }
