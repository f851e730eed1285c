"""The calendar of an outlook: steps that end with every week and every month, and what falls into which month.

Plants count in weeks, people in months. So demand is worked out by *step*, the time between two ends of a week or a
month, and what is built in a week is spread over the days on which its plant is open. Days are ordinals
(``date.toordinal``) of the launch's zone; a span excludes its ``until``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray

from drumroll.domain.times import to_ms
from drumroll.domain.weeks import days_open, monday, week_of_day

Counts = NDArray[np.int64]
Spans = tuple[tuple[date, date], ...]


class Month(msgspec.Struct, frozen=True):
    """A calendar month."""

    from_day: date
    until_day: date

    @property
    def label(self) -> str:
        """As 2025-07."""
        return f"{self.from_day:%Y-%m}"

    @property
    def quarter(self) -> str:
        """As Q3 2025."""
        return f"Q{(self.from_day.month + 2) // 3} {self.from_day.year}"


def day_of(at_ms: int, time_zone: str) -> int:
    """The day that a moment is in, in the launch's zone, as an ordinal."""
    return datetime.fromtimestamp(at_ms // 1000, ZoneInfo(time_zone)).toordinal()


class Calendar(msgspec.Struct, frozen=True):
    """``months`` from the opening's on, whole weeks from ``first_week`` to the end of the last month.

    ``edges`` are the days on which a step begins, and the day on which the last one ends; the first is the day of the
    start. ``week_of_step`` counts from ``first_week``.
    """

    time_zone: str
    months: tuple[Month, ...]
    first_week: int
    weeks: int
    edges: tuple[int, ...]
    week_of_step: tuple[int, ...]

    def starts_ms(self, day: int) -> int:
        """The moment at which a day begins in the launch's zone."""
        at = date.fromordinal(day)
        return to_ms(datetime(at.year, at.month, at.day, tzinfo=ZoneInfo(self.time_zone)))

    def by_week(self, steps: Counts) -> Counts:
        """What the steps (last axis) add up to by week."""
        weekly = np.zeros((*steps.shape[:-1], self.weeks), dtype=np.int64)
        for step, week in enumerate(self.week_of_step):
            weekly[..., week] += steps[..., step]
        return weekly

    def steps_until(self, steps: Counts, days: Sequence[int]) -> Counts:
        """What the steps add up to before each of ``days``, which must be edges, or lie before or after all."""
        places = np.searchsorted(np.array(self.edges), np.array(days))
        summed = _summed(steps)
        return summed[..., np.minimum(places, summed.shape[-1] - 1)]


def calendar(opens: date, start: date, months: int, time_zone: str) -> Calendar:
    """``months`` months beginning with that of ``opens``; weeks and steps from ``start`` on, which is not before it."""
    shown = tuple(_months(opens, months))
    first, last = week_of_day(start), week_of_day(date.fromordinal(shown[-1].until_day.toordinal() - 1))
    mondays = [monday(week).toordinal() for week in range(first + 1, last + 2)]
    ends = {month.until_day.toordinal() for month in shown if month.until_day > start}
    edges = (start.toordinal(), *sorted({*mondays, *ends}))
    weeks = tuple(week_of_day(date.fromordinal(edge)) - first for edge in edges[:-1])
    return Calendar(time_zone, shown, first, last + 1 - first, edges, weeks)


def built_until(weekly: Counts, first_week: int, days: Sequence[int], closed: Spans = ()) -> Counts:
    """How much of a plant's weeks (last axis) is built before each of ``days``; a week's is spread over its open days.

    Whole numbers, rounded down, so that what is delivered by the month adds up to what is built.
    """
    summed = _summed(weekly)
    columns = [_before(weekly, summed, (day - 1) // 7 - first_week, day, closed) for day in days]
    return np.stack(columns, axis=-1)


def _before(weekly: Counts, summed: Counts, week: int, day: int, closed: Spans) -> Counts:
    if not 0 <= week < weekly.shape[-1]:
        return summed[..., min(max(week, 0), weekly.shape[-1])]
    first = day - (day - 1) % 7
    number = week_of_day(date.fromordinal(day))
    opened = days_open(number, closed)
    passed = opened - days_open(number, (*closed, (date.fromordinal(first), date.fromordinal(day))))
    part: Counts = summed[..., week] + weekly[..., week] * passed // max(1, opened)
    return part


def _summed(flows: Counts) -> Counts:
    """Running sums, a nought before them."""
    nought = np.zeros((*flows.shape[:-1], 1), dtype=np.int64)
    summed: Counts = np.concatenate([nought, np.cumsum(flows, axis=-1)], axis=-1)
    return summed


def _months(opens: date, count: int) -> list[Month]:
    first = opens.year * 12 + opens.month - 1
    days = [date(number // 12, number % 12 + 1, 1) for number in range(first, first + count + 1)]
    return [Month(begin, until) for begin, until in pairwise(days)]
