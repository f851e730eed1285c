"""Weeks, as plants and promises count them: from Monday to Sunday in the launch's zone, each with one number.

Week 0 is the one that began on Monday, 1 January of the year 1 (the proleptic Gregorian calendar of ISO 8601), so that
a week's number is ``(ordinal of a day - 1) // 7`` and weeks are added and compared like any other number.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from drumroll.domain.times import to_ms

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_DAY_MS = 24 * 3600 * 1000


def week_of_day(day: date) -> int:
    """The week that a day is in.

    >>> week_of_day(date(2025, 6, 29)), week_of_day(date(2025, 6, 30))
    (105632, 105633)
    """
    return (day.toordinal() - 1) // 7


def monday(week: int) -> date:
    """The first day of a week."""
    return date.fromordinal(week * 7 + 1)


def sunday(week: int) -> date:
    """The last day of a week."""
    return date.fromordinal(week * 7 + 7)


@lru_cache(maxsize=4096)
def week_starts_ms(week: int, time_zone: str) -> int:
    """The moment at which a week begins in that zone, in milliseconds since the epoch."""
    day = monday(week)
    return to_ms(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(time_zone)))


def week_of(at_ms: int, time_zone: str) -> int:
    """The week that a moment is in, by the clocks of that zone."""
    near = (_EPOCH_ORDINAL + at_ms // _DAY_MS - 1) // 7
    for week in (near + 1, near):
        if at_ms >= week_starts_ms(week, time_zone):
            return week
    return near - 1


def week_label(week: int) -> str:
    """A week as ISO 8601 writes it.

    >>> week_label(105633)
    '2025-W27'
    """
    year, number, _ = monday(week).isocalendar()
    return f"{year}-W{number:02}"


def days_open(week: int, closed: tuple[tuple[date, date], ...]) -> int:
    """How many of the week's 7 days are in none of the ``closed`` spans (first day, first day open again)."""
    starts, ends = monday(week), sunday(week)
    near = [(first, until) for first, until in closed if first <= ends and starts < until]
    days = (starts + timedelta(days=number) for number in range(7)) if near else ()
    return 7 - sum(any(first <= day < until for first, until in near) for day in days)
