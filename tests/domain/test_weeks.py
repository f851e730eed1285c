"""Weeks against the calendar of the standard library, at the very millisecond at which one ends and the next begins."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drumroll.domain.weeks import days_open, monday, sunday, week_label, week_of, week_of_day, week_starts_ms

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Shanghai",
    "Asia/Kathmandu",  # 5:45 ahead
    "Pacific/Kiritimati",  # 14 hours ahead
    "Pacific/Pago_Pago",  # 11 hours behind
    "Pacific/Apia",  # had no 30 December 2011
    "Asia/Tehran",  # had no 00:00 to 01:00 on Monday, 22 March 2021, and 23:00 to 24:00 twice on 20 September 2020
)
DAYS = st.dates(date(2000, 1, 3), date(2199, 12, 29))


def local_week(at_ms: int, zone: str) -> int:
    """The week of a moment by the day that the clocks of the zone show."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    return week_of_day(moment.astimezone(ZoneInfo(zone)).date())


@given(DAYS)
def test_a_week_goes_from_monday_to_sunday(day: date) -> None:
    week = week_of_day(day)
    assert monday(week) <= day <= sunday(week)
    assert (monday(week).isoweekday(), sunday(week).isoweekday()) == (1, 7)
    assert sunday(week) + timedelta(days=1) == monday(week + 1)


@given(DAYS)
def test_a_label_is_the_week_of_iso_8601(day: date) -> None:
    year, number, _ = day.isocalendar()
    assert week_label(week_of_day(day)) == f"{year}-W{number:02}"


@given(DAYS, st.sampled_from(ZONES))
@example(date(2021, 3, 22), "Asia/Tehran")
@example(date(2020, 9, 21), "Asia/Tehran")
@example(date(2012, 1, 1), "Pacific/Apia")
@example(date(2026, 3, 30), "Europe/Berlin")
@example(date(2026, 10, 26), "Europe/Berlin")
@example(date(2026, 3, 9), "America/New_York")
@example(date(2026, 11, 2), "America/New_York")
def test_a_week_begins_at_one_millisecond(day: date, zone: str) -> None:
    week = week_of_day(day)
    starts_ms = week_starts_ms(week, zone)
    assert week_of(starts_ms, zone) == week == local_week(starts_ms, zone)
    assert week_of(starts_ms - 1, zone) == week - 1 == local_week(starts_ms - 1, zone)
    assert week_of(week_starts_ms(week + 1, zone) - 1, zone) == week


@given(st.datetimes(datetime(2000, 1, 2), datetime(2199, 12, 30)), st.sampled_from(ZONES))
def test_the_week_of_a_moment_is_that_of_the_day_on_the_clocks_there(at: datetime, zone: str) -> None:
    at_ms = (at - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
    assert week_of(at_ms, zone) == local_week(at_ms, zone)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 3, 29), "Europe/Berlin", 167),
        (date(2026, 10, 25), "Europe/Berlin", 169),
        (date(2026, 3, 8), "America/New_York", 167),
        (date(2026, 11, 1), "America/New_York", 169),
        (date(2026, 11, 1), "Europe/Berlin", 168),
        (date(2011, 12, 30), "Pacific/Apia", 144),
    ],
)
def test_a_week_in_which_the_clocks_change_is_as_long_as_it_is(day: date, zone: str, hours: int) -> None:
    week = week_of_day(day)
    assert week_starts_ms(week + 1, zone) - week_starts_ms(week, zone) == hours * 3_600_000


@given(DAYS, st.lists(st.tuples(st.integers(-10, 10), st.integers(0, 12)), max_size=4))
def test_days_open_are_those_in_no_span_that_is_closed(day: date, spans: list[tuple[int, int]]) -> None:
    closed = tuple((day + timedelta(days=first), day + timedelta(days=first + days)) for first, days in spans)
    shut = {first + timedelta(days=number) for first, until in closed for number in range((until - first).days)}
    week = week_of_day(day)
    assert days_open(week, closed) == len({monday(week) + timedelta(days=number) for number in range(7)} - shut)
