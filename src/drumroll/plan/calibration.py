"""Is a stated share of promises kept? A queue of single orders, promised by a plan, delivered in hundreds of nights.

It plays the same published model (docs/promise-uncertainty.md) as ``safety``, but shares no code with it and does not
reckon with totals: a *night* draws other output, other delays and other cancellations, each order being given up or not
by itself, and the plant builds what is left, order by order, as it can. Orders of one night share its good and bad
weeks, so the night, not the order, is what an interval counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate, groupby
from typing import Literal

import msgspec
import numpy as np
from numpy.random import PCG64, Generator
from numpy.typing import NDArray

from drumroll.domain.capacity import UNLIMITED, Capacity
from drumroll.domain.launch_capacity import PromiseRules
from drumroll.domain.weeks import sunday

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]
Rows = tuple[tuple[int, ...], tuple[int, ...]]

MOST_ORDERS = 20_000
"""Longer queues are thinned: one order stands for several, and the capacity is divided by as many."""

BEYOND = 104
"""Weeks after the horizon that are played; what is not built by then counts as built in the week after."""

Z = 1.959963984540054
"""Of an interval that holds the true share 95 times in 100."""


class Queue(msgspec.Struct, frozen=True):
    """Orders by place, the first first: the ``kind`` (its number) and planned ``column`` of each, and its trim.

    ``trim`` is a number in ``trims``; -1: nothing was promised (a declared backlog), it only stands before others. Nor
    is anything promised to an order whose column is not in the horizon.
    """

    kind: Numbers
    column: Numbers
    trim: Numbers
    trims: tuple[str, ...]


class Share(msgspec.Struct, frozen=True):
    """Which share of promises was kept, with an interval over nights (Wilson), against what was stated.

    ``week_less`` is the share if every promise had ended one week earlier: below ``stated`` where promises are tight.
    """

    stated: float
    kept: float
    low: float
    high: float
    week_less: float

    @property
    def met(self) -> bool:
        """Whether the stated share is kept, as far as so many nights can tell."""
        return self.high >= self.stated

    @property
    def above(self) -> float:
        """By how much more is kept than stated: weeks are whole, so some is. Negative: less."""
        return self.kept - self.stated


class Group(msgspec.Struct, frozen=True):
    """The promises of some orders: ``window`` by the end of the promised weeks, ``sure`` by the later week beside."""

    name: str
    orders: int
    window: Share
    sure: Share


class Calibration(msgspec.Struct, frozen=True):
    """What came of the promises. ``stands_for``: so many orders of the queue were played as one."""

    nights: int
    stands_for: int
    all_orders: Group
    by_trim: tuple[Group, ...]
    by_quarter: tuple[Group, ...]

    @property
    def met(self) -> bool:
        """Whether both stated shares are kept, over all orders and by every trim."""
        return all(group.window.met and group.sure.met for group in (self.all_orders, *self.by_trim))


def calibrate(
    capacity: Capacity,
    kinds: tuple[tuple[int, ...], ...],
    queue: Queue,
    rules: PromiseRules,
    late: Mapping[str, Rows],
    *,
    nights: int = 300,
    seed: int = 2,
    now: int = 0,
    sequence: Literal["place", "plan"] = "place",
) -> Calibration | None:
    """Play ``nights`` and count whose promise was kept; ``None`` if the queue holds no order that has one.

    ``late`` are the rows that promises were made with, ``now`` the column from which output is not known. The plant
    builds by ``place``, or by the ``plan``: by planned week, and by place within it.
    """
    stands_for = max(1, -(-len(queue.kind) // MOST_ORDERS))
    queue = _thinned(queue, stands_for)
    promised = (queue.trim >= 0) & (queue.column < capacity.horizon) & _buildable(kinds)[queue.kind]
    if not promised.any():
        return None
    generator = Generator(PCG64(seed))
    room = _room(generator, capacity, rules, nights, now, stands_for)
    stays = _stays(generator, rules, len(queue.kind), nights)
    built = now + _build(kinds, queue, room, stays, sequence)
    ends = np.stack([_ends(capacity, kinds, queue, late, row) for row in (0, 1)])
    count = _Count(rules, stands_for, built, stays, ends)
    return Calibration(
        nights=nights,
        stands_for=stands_for,
        all_orders=count.group("all", promised),
        by_trim=tuple(count.groups(promised, queue.trim, dict(enumerate(queue.trims)))),
        by_quarter=tuple(count.groups(promised, *_quarters(capacity, ends[0]))),
    )


def wilson(share: float, number: int) -> tuple[float, float]:
    """The interval of a share seen in ``number`` independent trials (Wilson, 1927).

    It is made for trials that succeed or fail. A night's share lies between, which varies less: so it is rather wide.

    >>> tuple(round(end, 4) for end in wilson(0.8, 100))
    (0.7112, 0.8666)
    """
    middle = (share + Z**2 / (2 * number)) / (1 + Z**2 / number)
    half = Z / (1 + Z**2 / number) * (share * (1 - share) / number + Z**2 / (4 * number**2)) ** 0.5
    return middle - half, middle + half


def _buildable(kinds: tuple[tuple[int, ...], ...]) -> Marks:
    return np.array([bool(kind) for kind in kinds], np.bool_)


def _thinned(queue: Queue, stands_for: int) -> Queue:
    """Every so many-th order of each kind."""
    number = np.empty(len(queue.kind), np.int64)
    for kind in np.unique(queue.kind):
        of_kind = np.flatnonzero(queue.kind == kind)
        number[of_kind] = np.arange(len(of_kind))
    stays = number % stands_for == stands_for // 2
    return Queue(queue.kind[stays], queue.column[stays], queue.trim[stays], queue.trims)


def _room(
    generator: Generator, capacity: Capacity, rules: PromiseRules, nights: int, now: int, stands_for: int
) -> list[Numbers]:
    """For each resource ``(nights, weeks)``: how many orders it really has room for. What is begun is not lost."""
    weeks = capacity.horizon - now + BEYOND
    lag = np.abs(np.subtract.outer(np.arange(weeks), np.arange(weeks)))
    root = np.linalg.cholesky(np.exp(-lag / rules.spread_weeks))
    sigma = np.sqrt(np.log(1 + (rules.spread_percent / 100) ** 2))
    found = []
    for row in capacity.weekly:
        spell = generator.standard_normal((nights, weeks)) @ root.T
        delays = -np.log(1 - generator.random((nights, 2))).sum(axis=1) * rules.ramp_late_weeks / 2
        comes = _comes(_said(row), delays)[:, now:]
        output = np.where(comes >= UNLIMITED, 0, comes) * np.exp(sigma * spell - sigma**2 / 2) / stands_for
        whole = np.diff(np.floor(np.cumsum(output, axis=1) + 1e-6), axis=1, prepend=0).astype(np.int64)
        found.append(np.where(comes >= UNLIMITED, UNLIMITED, whole))
    return found


def _said(row: tuple[int, ...]) -> list[int]:
    """A calendar; after its last week that builds anything it goes on like that one."""
    said = list(row)
    while said and not said[-1]:
        said.pop()
    return said + [said[-1] if said else 0] * (len(row) - len(said) + BEYOND)


def _comes(said: list[int], delays: Floats) -> Floats:
    """By night, a calendar of which every new high comes late; a week without a limit makes a new beginning."""
    comes = np.full((len(delays), len(said)), float(UNLIMITED))
    begin = 0
    for open_week, together in groupby(said, lambda level: level >= UNLIMITED):
        levels = list(together)
        end = begin + len(levels)
        if not open_week:
            high, weeks = list(accumulate(levels, max)), np.arange(len(levels))
            highs = [np.interp(weeks - delay, weeks, high) for delay in delays]
            comes[:, begin:end] = np.minimum(levels, highs)
        begin = end
    return comes


def _stays(generator: Generator, rules: PromiseRules, orders: int, nights: int) -> Marks:
    """``(orders, nights)`` who does not give up: each by itself, with a likelihood that a night's orders share."""
    low, high = rules.cancel_percent
    given_up = (low + (high - low) * generator.random(nights)) / 100
    stays: Marks = generator.random((orders, nights), np.float32) >= given_up
    return stays


def _build(
    kinds: tuple[tuple[int, ...], ...], queue: Queue, room: list[Numbers], stays: Marks, sequence: str
) -> NDArray[np.int32]:
    """``(orders, nights)`` the week in which each is built: the first in which all that it needs has room, in turn.

    Order after order, all nights at once. A kind never looks at weeks again that were full for it before.
    """
    nights, weeks = room[0].shape
    # One more week than is played has room for everybody left.
    free = [np.concatenate((each, np.full((nights, 1), UNLIMITED)), axis=1).ravel() for each in room]
    starts = np.arange(nights) * (weeks + 1)
    next_week = [starts.copy() for _ in kinds]
    built = np.full((len(queue.kind), nights), weeks, np.int32)
    order = np.argsort(queue.column, kind="stable") if sequence == "plan" else np.arange(len(queue.kind))
    for place in order.tolist():
        kind = int(queue.kind[place])
        if needed := [free[resource] for resource in kinds[kind]]:
            at = _first_with_room(needed, next_week[kind])
            for resource in needed:
                resource[at] -= stays[place]
            built[place] = at - starts
    return built


def _first_with_room(needed: list[Numbers], at: Numbers) -> Numbers:
    """Move ``at``, the week that every night has come to, on to where each of the resources has room."""
    while True:
        full = needed[0][at] < 1
        for resource in needed[1:]:
            full |= resource[at] < 1
        if not full.any():
            return at
        at += full


def _ends(
    capacity: Capacity, kinds: tuple[tuple[int, ...], ...], queue: Queue, late: Mapping[str, Rows], row: int
) -> Numbers:
    """The column by which each order is promised to be built."""
    table = np.zeros((len(kinds), capacity.horizon + 1), np.int64)
    for number, kind in enumerate(kinds):
        if kind:
            table[number, :-1] = late["+".join(capacity.resources[one].id for one in kind)][row]
    ends: Numbers = queue.column + table[queue.kind, np.minimum(queue.column, capacity.horizon)]
    return ends


def _quarters(capacity: Capacity, ends: Numbers) -> tuple[Numbers, dict[int, str]]:
    """The quarter of the year in which the promised weeks of each order end, and its name."""
    days = {column: sunday(capacity.base_week + column) for column in np.unique(ends).tolist()}
    number = {column: day.year * 4 + (day.month - 1) // 3 for column, day in days.items()}
    names = {quarter: f"{quarter // 4}-Q{quarter % 4 + 1}" for quarter in number.values()}
    return np.array([number[column] for column in ends.tolist()], np.int64), names


class _Count:
    """Counts promises: who was built by when, and by when each was to be."""

    def __init__(
        self, rules: PromiseRules, stands_for: int, built: NDArray[np.int32], stays: Marks, ends: Numbers
    ) -> None:
        self.stated = (rules.kept_percent / 100, rules.sure_percent / 100)
        self.stands_for = stands_for
        self.built, self.stays, self.ends = built, stays, ends

    def groups(self, promised: Marks, number: Numbers, names: Mapping[int, str]) -> Iterator[Group]:
        """A group for each number that an order with a promise has."""
        for each in np.unique(number[promised]).tolist():
            yield self.group(names[each], promised & (number == each))

    def group(self, name: str, chosen: Marks) -> Group:
        """The promises of the chosen orders."""
        window, sure = self._share(chosen, 0), self._share(chosen, 1)
        return Group(name, int(chosen.sum()) * self.stands_for, window, sure)

    def _share(self, chosen: Marks, row: int) -> Share:
        ends = self.ends[row, chosen, None]
        built, stays = self.built[chosen], self.stays[chosen]
        counted = stays.any(axis=0)
        if not counted.any():  # all gave up, every night: no promise was put to the test
            return Share(self.stated[row], 1.0, 0.0, 1.0, 1.0)
        left = stays.sum(axis=0)[counted]
        kept, week_less = (
            float((((built <= end) & stays).sum(axis=0)[counted] / left).mean()) for end in (ends, ends - 1)
        )
        return Share(self.stated[row], kept, *wilson(kept, len(left)), week_less)
