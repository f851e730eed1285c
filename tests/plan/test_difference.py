"""What a plan does to promises, counted order by order with dates, and by ``score``, against the arrays."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.domain.launch_capacity import Cliff
from drumroll.domain.promise import Promise, weeks_late
from drumroll.domain.weeks import sunday
from drumroll.plan.difference import NOTHING, Difference, Replanned, Standing, difference, promised_weeks
from drumroll.plan.problem import Plan, Problem, score

FIRST = 105_635
WEEKS = 12
TRIMS = (("a", "x"), ("a", "y"), ("b", "x"))
CLIFFS = (Cliff("tax", "Tax", sunday(FIRST + 5)), Cliff("fair", "Fair", date(2025, 8, 20), ("b",)))

promises = st.builds(
    lambda build, slack, lead: (build, None if slack is None else build + lead + slack, lead),
    st.integers(FIRST - 2, FIRST + WEEKS - 1),
    st.one_of(st.none(), st.integers(-1, 6)),
    st.integers(0, 3),
)
orders = st.lists(
    st.tuples(promises, st.integers(0, 2), st.integers(0, WEEKS), st.integers(0, 3), st.integers(0, 9)), max_size=30
)
Drawn = list[tuple[tuple[int, int | None, int], int, int, int, int]]


def array(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(values, np.int32)


def standing(drawn: Drawn) -> Standing:
    return Standing(
        trims=TRIMS,
        trim=array([trim for _, trim, _, _, _ in drawn]),
        lead=array([lead for (_, _, lead), _, _, _, _ in drawn]),
        build=array([NOTHING if last is None else build for (build, last, _), _, _, _, _ in drawn]),
        last=array([NOTHING if last is None else last for (_, last, _), _, _, _, _ in drawn]),
        held_minor=np.array([held for _, _, _, _, held in drawn], np.int64),
    )


def again(drawn: Drawn) -> Replanned:
    build = [FIRST + column for _, _, column, _, _ in drawn]
    ends = [week + lead + late for week, ((_, _, lead), _, _, late, _) in zip(build, drawn, strict=True)]
    return Replanned(array(build), array(ends), FIRST + WEEKS)


def one_by_one(drawn: Drawn, bound: int) -> Counter[str]:
    """What ``Part`` counts, from each order's promise and the week in which it would be delivered."""
    found: Counter[str] = Counter()
    for (build, last, lead), _, column, late, held in drawn:
        found["orders"] += 1
        found["unplanned"] += column == WEEKS
        if last is None:
            continue
        weeks = weeks_late(Promise(build, last - 3, last, last), FIRST + column + lead)
        found["promised"] += 1
        found["weeks_late"] += weeks
        found["most_late"] = max(found["most_late"], weeks)
        found["beyond_bound"] += weeks > bound
        found["broken" if weeks else "kept"] += 1
        found["deposits_at_risk_minor"] += held if weeks else 0
        new_end = FIRST + column + lead + late
        if not weeks and column < WEEKS:
            found["at_risk"] += new_end > last
            found["improved"] += new_end < last
        found["earlier"] += FIRST + column < build
        found["later"] += FIRST + column > build
    return found


def compared(drawn: Drawn, bound: int = 2) -> Difference:
    return difference(standing(drawn), again(drawn), CLIFFS, bound)


def as_counter(part: object) -> dict[str, int]:
    return {name: getattr(part, name) for name in part.__struct_fields__}  # type: ignore[attr-defined]


@given(orders, st.integers(0, 5))
def test_every_figure_is_what_counting_order_by_order_gives(drawn: Drawn, bound: int) -> None:
    found = compared(drawn, bound)
    expected = one_by_one(drawn, bound)
    assert as_counter(found.total) == {name: expected[name] for name in as_counter(found.total)}


@given(orders)
def test_each_trim_and_each_promised_week_has_its_own_orders_and_no_others(drawn: Drawn) -> None:
    found = compared(drawn)
    for one in found.by_trim:
        its = [each for each in drawn if TRIMS[each[1]] == (one.model, one.trim)]
        expected = one_by_one(its, 2)
        assert as_counter(one.part) == {name: expected[name] for name in as_counter(one.part)}
    assert sum(one.part.orders for one in found.by_trim) == len(drawn)
    for week in found.by_week:
        its = [each for each in drawn if each[0][1] == week.week]
        expected = one_by_one(its, 2)
        assert as_counter(week.part) == {name: expected[name] for name in as_counter(week.part)}
    assert sum(one.part.orders for one in found.by_week) == found.total.promised


@given(orders)
def test_a_cliff_is_crossed_where_the_window_ended_in_time_and_the_delivery_comes_after_the_day(drawn: Drawn) -> None:
    for cliff, crossed in zip(CLIFFS, compared(drawn).cliffs, strict=True):
        had = now = 0
        for (_, last, lead), trim, column, _, _ in drawn:
            if last is None or (cliff.models and TRIMS[trim][0] not in cliff.models):
                continue
            if sunday(last) > cliff.last_day:
                had += 1
            elif sunday(FIRST + column + lead) > cliff.last_day:
                now += 1
        assert (crossed.promised, crossed.crossed) == (had, now)


@given(orders)
def test_moves_say_who_moves_how_far(drawn: Drawn) -> None:
    expected = Counter(FIRST + column - build for (build, last, _), _, column, _, _ in drawn if last is not None)
    assert dict(compared(drawn).moves) == expected
    assert list(compared(drawn).moves) == sorted(compared(drawn).moves)


@given(orders, st.integers(0, 5))
def test_the_difference_counts_what_the_score_of_the_plan_counts(drawn: Drawn, bound: int) -> None:
    before = standing(drawn)
    due = np.where(before.last == NOTHING, WEEKS, np.minimum(before.last - before.lead - FIRST, WEEKS))
    problem = Problem(
        FIRST,
        ("plant",),
        np.zeros((1, WEEKS), np.int64),
        np.ones((1, 1), np.bool_),
        array([0] * len(drawn)),
        due.astype(np.int32),
        array([-1] * len(drawn)),
    )
    found = score(problem, Plan("any", again(drawn).build - FIRST), bound)
    total = compared(drawn, bound).total
    assert (total.broken, total.weeks_late, total.most_late) == (found.broken, found.weeks_late, found.most_late)
    assert (total.beyond_bound, total.unplanned) == (found.beyond, found.unplanned)


@pytest.mark.parametrize("held", [2**53 + 1, 10**15 + 1])
def test_deposits_are_added_as_whole_numbers(held: int) -> None:
    drawn: Drawn = [((FIRST, FIRST, 0), 0, 3, 0, held)] * 3
    assert compared(drawn).total.deposits_at_risk_minor == 3 * held


def test_promises_become_arrays_in_their_order() -> None:
    build, last = promised_weeks([Promise(5, 6, 9, 10), None, Promise(7, 8, 11, 12)])
    assert (build.tolist(), last.tolist()) == ([5, NOTHING, 7], [9, NOTHING, 11])
