"""What can be built in each week, read off the launch file day by day, for the recount alone."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from math import floor

from drumroll.domain import events as ev
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.launch_capacity import Limit, Period, Plant, PromiseRules
from drumroll.domain.weeks import monday, week_of_day

NO_LIMIT = 10**9
_WEEK = timedelta(days=7)


class Weeks:
    """The columns of a launch: column 0 is the week in which its first plant begins. ``rows`` are by column.

    ``names`` are the resources: limits first, then plants; ``rows`` has one row for each. ``older`` is the backlog.
    """

    def __init__(self, launch: Launch, changes: Iterable[ev.CapacitySet]) -> None:
        self.launch = launch
        self.rules = launch.promise or PromiseRules()
        starts = min(plant.weeks[0].from_day for plant in launch.plants)
        self.base = week_of_day(starts)
        days = [starts + _WEEK * column for column in range(self.rules.horizon_weeks)]
        limits = [[_limit_in(limit, day) for day in days] for limit in launch.limits]
        plants = [[_plant_in(plant, day) for day in days] for plant in launch.plants]
        self.names = [*(limit.id for limit in launch.limits), *(plant.id for plant in launch.plants)]
        self.rows = [*limits, *plants]
        self.older = Counter[tuple[str, str]]()
        for older in launch.backlog:
            self.older[older.model, older.trim] += older.orders
        said = [tuple(row) for row in self.rows]
        for change in changes:
            for number, name in enumerate(self.names):
                if change.resource in ("", name):
                    self._set(self.rows[number], said[number], change)

    def _set(self, row: list[int], said: tuple[int, ...], change: ev.CapacitySet) -> None:
        for column, calendar in enumerate(said):
            if change.from_week <= self.base + column < change.until_week:
                if change.weekly is not None:
                    row[column] = change.weekly
                elif change.percent is not None and calendar != NO_LIMIT:
                    row[column] = calendar * change.percent // 100

    def needs(self, model: str, trim: str, options: tuple[str, ...]) -> tuple[int, ...]:
        """The resources that such an order takes of, by number; none, if no plant builds it."""
        plants = [number for number, plant in enumerate(self.launch.plants) if model in plant.models]
        if not plants:
            return ()
        limits = [
            number for number, limit in enumerate(self.launch.limits) if _is_limited(limit, model, trim, set(options))
        ]
        return (*limits, *(len(self.launch.limits) + number for number in plants))

    def lead(self, region: str) -> int:
        """Whole weeks from the building to the delivery in a region; begun weeks count."""
        days = {one.id: one.lead_days for one in self.launch.regions}.get(region, 0)
        return -(-days // 7)


def default_options(model: Model, trim: Trim) -> tuple[str, ...]:
    """What an order has that chooses nothing."""
    open_to = [
        [choice.id for choice in option.choices if not choice.trims or trim.id in choice.trims]
        for option in model.options
        if not option.many
    ]
    return tuple(choices[0] for choices in open_to if choices)


def _is_limited(limit: Limit, model: str, trim: str, options: set[str]) -> bool:
    if limit.models and model not in limit.models:
        return False
    if limit.trims and trim not in limit.trims:
        return False
    return not limit.choices or not options.isdisjoint(limit.choices)


def _limit_in(limit: Limit, day: date) -> int:
    said = _said(limit.weeks, day)
    return NO_LIMIT if said is None else said


def _plant_in(plant: Plant, day: date) -> int:
    """A seventh for each day of the week on which the plant is not closed."""
    said = _said(plant.weeks, day) or 0
    week = [day + timedelta(days=number) for number in range(7)]
    open_days = [one for one in week if not any(span.from_day <= one < span.until_day for span in plant.closed)]
    return floor(Fraction(said * len(open_days), 7))


def _said(periods: tuple[Period, ...], day: date) -> int | None:
    """What the calendar says of the week that begins on that day; ``None`` outside of it."""
    at = bisect_right([period.from_day for period in periods], day) - 1
    if at < 0:
        return None
    period = periods[at]
    if period.until_day is not None and day >= period.until_day:
        return None
    if period.ramp_to is None or period.until_day is None:
        return period.capacity * period.shifts
    weeks = (period.until_day - period.from_day) // _WEEK
    share = Fraction((day - period.from_day) // _WEEK, max(1, weeks - 1))
    return floor(period.capacity + (period.ramp_to - period.capacity) * min(share, Fraction(1))) * period.shifts


@lru_cache(maxsize=4096)
def days_of(first_week: int, last_week: int) -> tuple[str, str]:
    """Two weeks as a customer reads them: the Monday of the first, the Sunday of the last."""
    return monday(first_week).isoformat(), (monday(last_week) + timedelta(days=6)).isoformat()
