"""A promise against its days: which of them lie after a day that matters, and how late a delivery is."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from drumroll.domain.launch_capacity import Cliff
from drumroll.domain.launch_file import parse
from drumroll.domain.promise import Promise, crossings, in_words, weeks_late
from drumroll.domain.weeks import monday, sunday, week_of_day
from tests.launch_files import HANDHELD

LAUNCH = parse(HANDHELD, "it")
WEEK = week_of_day(date(2026, 6, 1))
PROMISES = st.builds(
    lambda first, width, sure: Promise(first, first, first + width - 1, first + width - 1 + sure),
    st.integers(WEEK - 6, WEEK + 6),
    st.integers(1, 5),
    st.integers(0, 3),
)


@given(
    PROMISES,
    st.one_of(st.integers(-9, 9), st.integers(-40, 40)),
    st.booleans(),
    st.sampled_from(((), ("console",), ("console-xl",))),
)
@example(Promise(WEEK, WEEK, WEEK + 1, WEEK + 1), 0, True, ())
@example(Promise(WEEK, WEEK, WEEK + 1, WEEK + 1), 1, True, ())
@example(Promise(WEEK, WEEK, WEEK + 1, WEEK + 1), -1, False, ())
@example(Promise(WEEK, WEEK, WEEK + 1, WEEK + 1), 0, False, ())
def test_a_promise_crosses_a_day_as_far_as_its_days_lie_after_it(
    promise: Promise, offset: int, from_its_end: bool, models: tuple[str, ...]
) -> None:
    days = [
        monday(promise.first_week) + timedelta(days=n) for n in range(7 * (promise.last_week - promise.first_week + 1))
    ]
    cliff = Cliff("c", "C", days[-1 if from_its_end else 0] + timedelta(days=offset), models)
    planned = [day for day in days if day >= monday(promise.build_week)] or [monday(promise.build_week)]
    surely = sunday(promise.sure_week)
    late = [day > cliff.last_day for day in planned]
    wanted = [] if models == ("console-xl",) or surely <= cliff.last_day else ["will" if all(late) else "may"]
    found = crossings(replace(LAUNCH, cliffs=(cliff,)), "console", promise)
    assert [one.crossing for one in found] == wanted
    assert in_words(promise) == f"{days[0]} to {days[-1]}"


@given(PROMISES, st.integers(-10, 10))
def test_a_delivery_is_late_by_the_weeks_after_the_last_promised_one(promise: Promise, offset: int) -> None:
    delivered = promise.last_week + offset
    late = weeks_late(promise, delivered)
    assert (late == 0) == (delivered <= promise.last_week)
    assert late == len(range(promise.last_week, delivered))
