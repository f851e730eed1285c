"""Days are those of the launch's zone, whatever the machine's, and when its clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.domain.times import to_ms
from drumroll.outlook.months import calendar, day_of

ZONES = ("Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "Pacific/Niue", "Australia/Lord_Howe", "UTC")
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2198, 12, 30)).map(lambda at: to_ms(at.replace(tzinfo=UTC)))


@given(MOMENTS, st.sampled_from(ZONES))
def test_a_moment_is_in_the_day_that_has_begun_in_the_launchs_zone_and_not_ended(at_ms: int, zone: str) -> None:
    day = day_of(at_ms, zone)
    opens = datetime(2025, 6, 26).date()
    days = calendar(opens, opens, 1, zone)
    assert days.starts_ms(day) <= at_ms < days.starts_ms(day + 1)


@pytest.mark.parametrize(("zone", "day"), [("Asia/Shanghai", 27), ("UTC", 26), ("America/New_York", 26)])
def test_five_in_the_afternoon_in_greenwich_is_the_next_day_in_beijing(zone: str, day: int) -> None:
    at = datetime(2025, 6, 26, 17, tzinfo=UTC) + timedelta(milliseconds=999)
    assert day_of(to_ms(at), zone) == datetime(2025, 6, day).toordinal()
