"""Sessions: the exchange's own holidays, overrides, and where an event on a closed day goes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.errors import NotASession, OutsideCalendar
from drumroll.market.sessions import reach, sessions

FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)
DAYS = st.dates(date(2025, 1, 15), date(2025, 12, 15))


def test_the_anniversary_of_1_july_is_a_holiday_in_hong_kong_and_none_in_shanghai() -> None:
    day = date(2025, 7, 1)
    assert day not in sessions("XHKG", FIRST, LAST)
    assert day in sessions("XSHG", FIRST, LAST)


def test_an_event_on_a_holiday_is_refused_or_moved_as_asked() -> None:
    calendar = sessions("XHKG", FIRST, LAST)
    with pytest.raises(NotASession, match=r"2025-07-01 is no session of XHKG.*2025-06-30.*2025-07-02"):
        calendar.session_of(date(2025, 7, 1))
    assert calendar.session_of(date(2025, 7, 1), "next") == date(2025, 7, 2)
    assert calendar.session_of(date(2025, 7, 1), "previous") == date(2025, 6, 30)


@given(DAYS)
def test_a_moved_event_is_on_the_nearest_session_of_that_side(day: date) -> None:
    calendar = sessions("XSHG", FIRST, LAST)
    after, before = calendar.session_of(day, "next"), calendar.session_of(day, "previous")
    assert before <= day <= after
    assert {before, after} <= set(calendar.dates)
    between = [day + timedelta(days=n) for n in range((before - day).days + 1, (after - day).days)]
    assert not any(each in calendar for each in between)
    assert (before == after) == (day in calendar)


@given(DAYS, st.integers(-5, 5))
def test_offsets_add_up(day: date, count: int) -> None:
    calendar = sessions("XHKG", FIRST, LAST)
    session = calendar.session_of(day, "next")
    there = calendar.offset(session, count)
    assert calendar.offset(there, -count) == session
    assert len(calendar.between(min(session, there), max(session, there))) == abs(count) + 1


def test_overrides_take_a_session_away_and_add_one_with_hours() -> None:
    typhoon, extra = date(2025, 6, 27), date(2025, 6, 28)
    calendar = sessions("XHKG", FIRST, LAST, added=(extra,), removed=(typhoon,))
    assert typhoon not in calendar
    assert extra in calendar
    assert calendar.offset(date(2025, 6, 26), 1) == extra
    assert calendar.hours[extra].opens.date() == extra
    assert (calendar.hours[extra].opens.hour, calendar.hours[extra].opens.minute) == (9, 30)


def test_a_half_day_has_no_break() -> None:
    calendar = sessions("XHKG", FIRST, LAST)
    assert calendar.hours[date(2025, 12, 24)].break_ends is None
    ends = calendar.hours[date(2025, 6, 27)].break_ends
    assert ends is not None
    assert (ends.hour, str(ends.tzinfo)) == (13, "Asia/Hong_Kong")


def test_beyond_the_calendar_is_an_error_unless_sessions_are_added() -> None:
    _, last = reach("XSHG")
    beyond = last + timedelta(days=4)
    with pytest.raises(OutsideCalendar):
        sessions("XSHG", date(2025, 1, 1), beyond)
    assert sessions("XSHG", date(2025, 1, 1), beyond, added=(beyond,)).dates[-1] == beyond
    with pytest.raises(OutsideCalendar):
        sessions("XSHG", FIRST, LAST).session_of(date(2026, 1, 5))
    with pytest.raises(OutsideCalendar, match="XHKG, XSHG"):
        sessions("NOWHERE", FIRST, LAST)
