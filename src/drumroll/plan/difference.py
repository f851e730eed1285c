"""What another plan does to what was promised: who moves and how far, what breaks, what it puts at risk.

Arrays over the same N orders, in the same order. Weeks are numbers as in ``domain.weeks``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

from drumroll.domain.launch_capacity import Cliff
from drumroll.domain.promise import Promise
from drumroll.domain.weeks import week_of_day
from drumroll.plan.problem import Columns, Counts

Mask = NDArray[np.bool_]

NOTHING = -1
"""Instead of a week: nothing was promised."""


class Standing(msgspec.Struct, frozen=True):
    """Orders, and the promises to them that hold.

    Args:
        trims: model and trim, by number.
        trim: (N,) the number of each order's trim.
        lead: (N,) weeks from building to delivery.
        build: (N,) the week in which it was to be built, or ``NOTHING``.
        last: (N,) the last week of the promised ones, or ``NOTHING``.
        held_minor: (N,) what is held of its deposit, in minor units of the launch's currency.
    """

    trims: tuple[tuple[str, str], ...]
    trim: Columns
    lead: Columns
    build: Columns
    last: Columns
    held_minor: Counts


class Replanned(msgspec.Struct, frozen=True):
    """What another plan says of the same orders.

    Args:
        build: (N,) the week in which it is to be built; ``end_week``: none.
        last: (N,) where the window would end if it were promised by this plan.
        end_week: the first week after those that can be planned. An order without a week counts as built in it.
    """

    build: Columns
    last: Columns
    end_week: int


class Part(msgspec.Struct, frozen=True):
    """What happens to some orders.

    Of those ``promised`` something, a promise is ``broken`` if delivery comes after its last week, else ``kept``.
    Of the kept, ``improved`` would end earlier, and ``at_risk`` would end later if it were promised anew: the plan
    keeps them, with less to spare than was stated. ``earlier`` and ``later`` compare the weeks of building.
    ``deposits_at_risk_minor`` is what is held of the broken ones.
    """

    orders: int
    promised: int
    kept: int
    at_risk: int
    improved: int
    broken: int
    unplanned: int
    earlier: int
    later: int
    weeks_late: int
    most_late: int
    beyond_bound: int
    deposits_at_risk_minor: int


class OfTrim(msgspec.Struct, frozen=True):
    """A trim, and what happens to its orders."""

    model: str
    trim: str
    part: Part


class OfWeek(msgspec.Struct, frozen=True):
    """The last week of a promise, and what happens to the orders that have it."""

    week: int
    part: Part


class Crossed(msgspec.Struct, frozen=True):
    """A day that matters: ``promised`` orders had a window beyond it; ``crossed`` had not, and come after it now."""

    id: str
    name: str
    last_day: date
    promised: int
    crossed: int


class Difference(msgspec.Struct, frozen=True):
    """The whole. ``moves``: by how many weeks (negative: earlier) how many orders move, in rising order."""

    total: Part
    moves: tuple[tuple[int, int], ...]
    cliffs: tuple[Crossed, ...]
    by_trim: tuple[OfTrim, ...]
    by_week: tuple[OfWeek, ...]

    @property
    def crossed(self) -> int:
        """How often an order comes to lie beyond a day that matters."""
        return sum(cliff.crossed for cliff in self.cliffs)


def promised_weeks(promises: Sequence[Promise | None]) -> tuple[Columns, Columns]:
    """The ``build`` and ``last`` weeks of promises as arrays."""
    builds = [NOTHING if one is None else one.build_week for one in promises]
    lasts = [NOTHING if one is None else one.last_week for one in promises]
    return np.array(builds, np.int32), np.array(lasts, np.int32)


def difference(before: Standing, after: Replanned, cliffs: Sequence[Cliff], late_bound: int) -> Difference:
    """What the plan does to the promises; later than ``late_bound`` weeks after the promised ones is ``beyond``."""
    facts = _facts(before, after, late_bound)
    everybody = np.zeros(len(before.trim), np.int32)
    of_trim = _parts(before.trim, len(before.trims), facts)
    return Difference(
        total=_parts(everybody, 1, facts)[0],
        moves=_moves(before, after),
        cliffs=tuple(_crossed(before, after, cliff) for cliff in cliffs),
        by_trim=tuple(OfTrim(*name, part) for name, part in zip(before.trims, of_trim, strict=True) if part.orders),
        by_week=_by_week(before.last, facts),
    )


def weeks_late(before: Standing, after: Replanned) -> Counts:
    """(N,) how many weeks after the promised ones each order is delivered; 0: its promise is kept, or it has none."""
    late: Counts = np.maximum(0, after.build.astype(np.int64) + before.lead - before.last)
    late[before.last == NOTHING] = 0
    return late


# What is true of each order


def _facts(before: Standing, after: Replanned, late_bound: int) -> dict[str, Counts]:
    """For each figure of ``Part`` what each order adds to it, by name."""
    late = weeks_late(before, after)
    promised, planned = before.last != NOTHING, after.build < after.end_week
    broken, had_week = late > 0, before.build != NOTHING
    kept = promised & ~broken
    facts: dict[str, Mask] = {
        "promised": promised,
        "kept": kept,
        "at_risk": kept & planned & (after.last > before.last),
        "improved": kept & planned & (after.last < before.last),
        "broken": broken,
        "unplanned": ~planned,
        "earlier": had_week & (after.build < before.build),
        "later": had_week & (after.build > before.build),
        "beyond_bound": late > late_bound,
    }
    counts = {name: mask.astype(np.int64) for name, mask in facts.items()}
    return {**counts, "weeks_late": late, "deposits_at_risk_minor": np.where(broken, before.held_minor, 0)}


def _parts(group: Columns, count: int, facts: dict[str, Counts]) -> list[Part]:
    """The figures of each of ``count`` groups."""
    # np.add.at keeps whole numbers; np.bincount would add deposits as floating-point numbers.
    sums = {name: np.zeros(count, np.int64) for name in facts}
    for name, each in facts.items():
        np.add.at(sums[name], group, each)
    most = np.zeros(count, np.int64)
    np.maximum.at(most, group, facts["weeks_late"])
    orders = np.bincount(group, minlength=count)
    return [
        Part(
            orders=int(orders[at]),
            most_late=int(most[at]),
            **{name: int(each[at]) for name, each in sums.items()},
        )
        for at in range(count)
    ]


def _by_week(last: Columns, facts: dict[str, Counts]) -> tuple[OfWeek, ...]:
    promised = np.flatnonzero(last != NOTHING)
    weeks, group = np.unique(last[promised], return_inverse=True)
    parts = _parts(group.astype(np.int32), len(weeks), {name: each[promised] for name, each in facts.items()})
    return tuple(OfWeek(int(week), part) for week, part in zip(weeks, parts, strict=True))


def _moves(before: Standing, after: Replanned) -> tuple[tuple[int, int], ...]:
    had_week = before.build != NOTHING
    by, count = np.unique(after.build[had_week].astype(np.int64) - before.build[had_week], return_counts=True)
    return tuple((int(weeks), int(orders)) for weeks, orders in zip(by, count, strict=True))


def _crossed(before: Standing, after: Replanned, cliff: Cliff) -> Crossed:
    last_safe = week_of_day(cliff.last_day + timedelta(days=1)) - 1
    matters = np.array([not cliff.models or model in cliff.models for model, _ in before.trims], np.bool_)
    concerned = matters[before.trim] & (before.last != NOTHING)
    had = concerned & (before.last > last_safe)
    now = concerned & ~had & (after.build + before.lead > last_safe)
    return Crossed(cliff.id, cliff.name, cliff.last_day, int(np.count_nonzero(had)), int(np.count_nonzero(now)))
