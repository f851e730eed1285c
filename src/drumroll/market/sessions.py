"""Trading sessions of an exchange: which days are sessions, when the morning ends, and where a holiday's event goes.

The calendars are those of exchange-calendars (XHKG, XSHG; Shenzhen and Beijing keep Shanghai's days), read between two
dates that are given, so that nothing here depends on today. Overrides are values: sessions added (a day the calendar
does not know) and removed (a typhoon).
"""

from __future__ import annotations

import warnings
from bisect import bisect_left
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

import exchange_calendars  # type: ignore[import-untyped, unused-ignore]
import msgspec
import polars as pl

from drumroll.errors import NotASession, OutsideCalendar

Exchange = Literal["XHKG", "XSHG"]
Moved = Literal["refuse", "next", "previous"]

ZONES: dict[str, str] = {"XHKG": "Asia/Hong_Kong", "XSHG": "Asia/Shanghai"}
UTC_OFFSET_S = 8 * 3600
"""Both zones are UTC+8, and have been without summer time since 1992 (Hong Kong since 1980)."""


class Hours(msgspec.Struct, frozen=True):
    """The hours of a session, in the exchange's zone. A half-day session has no break."""

    opens: datetime
    closes: datetime
    break_starts: datetime | None = None
    break_ends: datetime | None = None


class Sessions(msgspec.Struct, frozen=True):
    """The sessions of an exchange from ``first`` to ``last`` (both included), in order."""

    exchange: str
    first: date
    last: date
    dates: tuple[date, ...]
    hours: dict[date, Hours]

    def __contains__(self, day: object) -> bool:
        return day in self.hours

    def session_of(self, day: date, moved: Moved = "refuse") -> date:
        """The session an event of that day belongs to; on a day without one it is refused or moved, as asked.

        Raises:
            NotASession: the exchange was closed and ``moved`` is "refuse".
            OutsideCalendar: the day, or the session it would move to, is not within the calendar.
        """
        self._within(day)
        if day in self.hours:
            return day
        index = bisect_left(self.dates, day)
        previous = self.dates[index - 1] if index else None
        following = self.dates[index] if index < len(self.dates) else None
        if moved == "refuse":
            raise NotASession(
                f"{day} is no session of {self.exchange} (before: {previous or 'none'}, after: {following or 'none'}); "
                "an event may be moved to the next or the previous one"
            )
        found = following if moved == "next" else previous
        if found is None:
            raise OutsideCalendar(f"{self.exchange}: no {moved} session of {day} from {self.first} to {self.last}")
        return found

    def offset(self, session: date, count: int) -> date:
        """The session ``count`` sessions after (negative: before) this one.

        Raises:
            NotASession: ``session`` is none.
            OutsideCalendar: the calendar does not reach that far.
        """
        index = bisect_left(self.dates, self.session_of(session)) + count
        if not 0 <= index < len(self.dates):
            raise OutsideCalendar(f"{self.exchange}: {count:+d} sessions from {session} is outside the calendar")
        return self.dates[index]

    def between(self, first: date, last: date) -> tuple[date, ...]:
        """The sessions from ``first`` to ``last``, both included."""
        return self.dates[bisect_left(self.dates, first) : bisect_left(self.dates, last + timedelta(days=1))]

    def numbered(self) -> pl.DataFrame:
        """The sessions as a frame: ``date`` and ``session``, the number of each counted from 0."""
        dates = pl.Series("date", self.dates, pl.Date)
        return pl.DataFrame({"date": dates, "session": pl.int_range(len(dates), dtype=pl.Int64, eager=True)})

    def _within(self, day: date) -> None:
        if not self.first <= day <= self.last:
            raise OutsideCalendar(f"{day} is outside the calendar of {self.exchange}: {self.first} to {self.last}")


def sessions(
    exchange: str, first: date, last: date, added: tuple[date, ...] = (), removed: tuple[date, ...] = ()
) -> Sessions:
    """The sessions of an exchange between two days, both included, with overrides.

    An added session has the hours of the session before it (the first of the calendar, if there is none).

    Raises:
        OutsideCalendar: the exchange is unknown, or the calendar (without overrides) does not reach as far as asked.
    """
    known = _calendar(exchange)
    begins, ends = reach(exchange)
    # A day added by hand may lie after the last day that the calendar knows.
    if not begins <= first <= last <= max((ends, *added)):
        raise OutsideCalendar(f"the calendar of {exchange} is from {begins} to {ends}, asked for {first} to {last}")
    hours = {day: each for day, each in known.items() if first <= day <= last and day not in removed}
    for day in sorted(added):
        if first <= day <= last and day not in hours and day not in removed:
            hours[day] = _like_the_one_before(day, known)
    dates = tuple(sorted(hours))
    return Sessions(exchange, first, last, dates, {day: hours[day] for day in dates})


def _like_the_one_before(day: date, known: dict[date, Hours]) -> Hours:
    full = [each for each, hours in known.items() if each <= day and hours.break_starts is not None]
    model = max(full, default=next(iter(known)))
    shift = timedelta(days=(day - model).days)
    hours = known[model]
    breaks = (at + shift if at is not None else None for at in (hours.break_starts, hours.break_ends))
    return Hours(hours.opens + shift, hours.closes + shift, *breaks)


def _factory(exchange: str) -> Any:
    if exchange not in ZONES:
        raise OutsideCalendar(f"no calendar of {exchange!r}; there are {', '.join(ZONES)}")
    from exchange_calendars.calendar_utils import _default_calendar_factories as factories  # type: ignore

    return factories[exchange]


def reach(exchange: str) -> tuple[date, date]:
    """The first and the last day that the calendar of an exchange knows.

    Raises:
        OutsideCalendar: there is no calendar of it.
    """
    factory = _factory(exchange)
    return factory.bound_min().date(), factory.bound_max().date()


@lru_cache(maxsize=len(ZONES))
def _calendar(exchange: str) -> dict[date, Hours]:
    """Every session the package knows. Explicit bounds: its defaults depend on today's date."""
    begins, ends = reach(exchange)
    with warnings.catch_warnings():
        # It uses pandas in ways that newer versions of pandas warn about; the schedule is the same.
        warnings.simplefilter("ignore", DeprecationWarning)
        schedule = exchange_calendars.get_calendar(exchange, start=str(begins), end=str(ends)).schedule
        zone = ZONES[exchange]
        columns = [
            pl.Series(name, schedule[name].astype("int64").to_numpy()).cast(pl.Datetime("ns", "UTC"))
            for name in ("open", "close", "break_start", "break_end")
        ]
        days = [each.date() for each in schedule.index.to_pydatetime()]
    local = [each.dt.cast_time_unit("ms").dt.convert_time_zone(zone) for each in columns]
    past = [pl.Series(each).dt.year() > 1900 for each in local]
    rows = [
        each.zip_with(keep, pl.Series([None], dtype=each.dtype)).to_list()
        for each, keep in zip(local, past, strict=True)
    ]
    return {day: Hours(*hours) for day, *hours in zip(days, *rows, strict=True)}
