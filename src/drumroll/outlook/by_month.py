"""A scenario by calendar month: orders, cancelled ones, deliveries, backlog, revenue; and why it is not more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Literal

import msgspec
import numpy as np

from drumroll.outlook.deliveries import most_of
from drumroll.outlook.months import Counts, Month, built_until
from drumroll.outlook.scenarios import (
    Run,
    cancelled_until,
    delivered_until,
    handed_over,
    lead_days,
    line,
    ordered_until,
    past_deliveries,
)

LEVEL = 80
"""Percent of cases that an interval is to hold."""

Limit = Literal["capacity", "orders"]


class Range(msgspec.Struct, frozen=True):
    """The central case, and the interval that holds 80 % of the draws. Nothing random: all three are the same."""

    middle: int
    low: int
    high: int


class Figures(msgspec.Struct, frozen=True):
    """A month or another period: what came and went, what stands undelivered at its end, net revenue at delivery.

    ``limited_by``: what kept deliveries from being more, the capacity (orders that could be built still wait) or the
    orders. ``capacity`` is the plants' own for deliveries of that time (``None``: released).
    """

    period: str
    from_day: date
    until_day: date
    orders: Range
    cancelled: Range
    deliveries: Range
    backlog: Range
    revenue_minor: Range
    delivered_by_model: dict[str, int]
    capacity: int | None
    limited_by: Limit


def by_month(found: Run) -> tuple[Figures, ...]:
    """A scenario by calendar month."""
    return _figures(found, [(month.label, month) for month in found.basis.calendar.months])


def by_quarter(found: Run) -> tuple[Figures, ...]:
    """The same by calendar quarter; the first and the last may have fewer months."""
    quarters: dict[str, Month] = {}
    for month in found.basis.calendar.months:
        begun = quarters.get(month.quarter, month)
        quarters[month.quarter] = Month(begun.from_day, month.until_day)
    return _figures(found, list(quarters.items()))


def in_all(found: Run) -> Figures:
    """All months together."""
    months = found.basis.calendar.months
    name = f"{len(months)} months" if len(months) > 1 else "1 month"
    return _figures(found, [(name, Month(months[0].from_day, months[-1].until_day))])[0]


def _figures(found: Run, periods: Sequence[tuple[str, Month]]) -> tuple[Figures, ...]:
    """Periods that follow each other, with their names."""
    days = [periods[0][1].from_day.toordinal(), *(one.until_day.toordinal() for _, one in periods)]
    orders, cancelled, delivered = (each(found, days) for each in (ordered_until, cancelled_until, delivered_until))
    backlog = (found.opening[None, :, None] + orders - cancelled - delivered)[:, :, 1:]
    net = np.array([kind.net_minor for kind in found.kinds], dtype=np.int64)[None, :, None]
    tables = [np.diff(each, axis=2) for each in (orders, cancelled, delivered)]
    rows = [ranges_of(table.sum(axis=1)) for table in (*tables, backlog, tables[2] * net)]
    capacities = capacity_between(found, days)
    return tuple(
        Figures(
            name,
            period.from_day,
            period.until_day,
            orders=rows[0][at],
            cancelled=rows[1][at],
            deliveries=rows[2][at],
            backlog=rows[3][at],
            revenue_minor=rows[4][at],
            delivered_by_model=_by_model(found, tables[2][0, :, at]),
            capacity=None if found.released else capacities[at],
            limited_by=limited_by(found, days[at], days[at + 1]),
        )
        for at, (name, period) in enumerate(periods)
    )


def ranges_of(table: Counts) -> list[Range]:
    """Rows x columns as a range for each column."""
    low, high = np.quantile(table[1:], (0.5 - LEVEL / 200, 0.5 + LEVEL / 200), axis=0)
    return [
        Range(middle, min(middle, int(np.floor(least))), max(middle, int(np.ceil(most))))
        for middle, least, most in zip(table[0].tolist(), low, high, strict=True)
    ]


def deliveries_between(found: Run, from_day: int, until_day: int, models: Collection[str]) -> Range:
    """Deliveries of some models (none named: of all) from one day to another; none are known before the opening."""
    both = delivered_until(found, [from_day, until_day])[:, chosen(found, models)].sum(axis=1)
    return ranges_of(np.diff(both, axis=1))[0]


def most_between(found: Run, from_day: int, until_day: int, models: Collection[str]) -> int:
    """What the plants' calendar and limits allow of some models in that time if there were no end of orders.

    Of what a log knows, it is what was delivered.
    """
    parts = most_of(line(found.basis, found.scenario, found.kinds), chosen(found, models))
    days = [from_day, until_day]
    rows = [handed_over(found.basis, weekly, found.kinds[at], days) for at, weekly in parts]
    past = past_deliveries(found, days)[chosen(found, models)]
    return int(sum(row[1] - row[0] for row in rows) + (past[:, 1] - past[:, 0]).sum())


def capacity_between(found: Run, days: Sequence[int]) -> list[int]:
    """The plants' capacity, limits apart, for deliveries between each two of ``days``."""
    basis = found.basis
    whole = np.zeros(len(days), dtype=np.int64)
    shifted = [day - lead_days(basis.launch) for day in days]
    for number, plant in enumerate(basis.launch.plants, len(basis.launch.limits)):
        closed = tuple((span.from_day, span.until_day) for span in plant.closed)
        row = np.array(basis.capacity.weekly[number], dtype=np.int64) * found.scenario.capacity_percent // 100
        whole += built_until(row, basis.capacity.base_week, shifted, closed)
    return [int(each) for each in np.diff(whole)]


def limited_by(found: Run, from_day: int, until_day: int, models: Collection[str] = ()) -> Limit:
    """What kept deliveries from being more: capacity, if more than half a week's work waits in the median week."""
    cal = found.basis.calendar
    first, last = ((day - lead_days(found.basis.launch) - 1) // 7 - cal.first_week for day in (from_day, until_day - 1))
    weeks = slice(max(0, first), max(1, last + 1))
    places = chosen(found, models)
    left, built = found.left[0, places, weeks].sum(axis=0), found.built[0, places, weeks].sum(axis=0)
    if found.released or not left.size:
        return "orders"
    return "capacity" if np.median(left) > np.median(built) / 2 else "orders"


def chosen(found: Run, models: Collection[str]) -> list[int]:
    """The numbers of the kinds of these models; of all if none is named."""
    return [at for at, kind in enumerate(found.kinds) if not models or kind.model in models]


def _by_model(found: Run, delivered: Counts) -> dict[str, int]:
    models = dict.fromkeys(kind.model for kind in found.kinds)
    return {
        model: int(sum(delivered[at] for at, kind in enumerate(found.kinds) if kind.model == model)) for model in models
    }
