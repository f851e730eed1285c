"""If these fail, cars are delivered that nobody ordered or the plant can't build, or the wrong ones first."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.domain.capacity import UNLIMITED, capacity_of, needs
from drumroll.domain.launch_file import parse
from drumroll.outlook.deliveries import MOST_IN_COHORT, Line, Shared, build, line_of, unlimited, waiting
from drumroll.outlook.months import Counts
from tests.launch_files import YU7

few = settings(deadline=None, max_examples=60)
small = st.integers(0, 12)


@st.composite
def nights(draw: st.DrawFn) -> tuple[Counts, int, Line]:
    """Up to four classes: limits of their own, one shared by some of them, and a plant that all share."""
    classes, weeks, older, draws = draw(st.integers(1, 4)), draw(st.integers(1, 6)), draw(st.integers(0, 2)), 2
    size = draws * classes * (older + weeks)
    cohorts = np.array(draw(st.lists(small, min_size=size, max_size=size))).reshape(draws, classes, older + weeks)
    room = st.lists(st.integers(0, 15), min_size=weeks, max_size=weeks).map(np.array)
    own = np.array([draw(st.one_of(room, st.just(np.full(weeks, UNLIMITED)))) for _ in range(classes)])
    some = tuple(sorted(draw(st.sets(st.integers(0, classes - 1), min_size=1))))
    return cohorts, older, Line(own, (Shared(some, draw(room)), Shared(tuple(range(classes)), draw(room))))


def one_by_one(cohorts: Counts, older: int, line: Line) -> list[list[int]]:
    """Every unit a row, taken by place. What several share is used up for good by the first that it can't take."""
    classes, count = cohorts.shape
    units = sorted(
        (cohort, (Fraction(number * MOST_IN_COHORT, int(cohorts[at, cohort])).__ceil__()), at, number)
        for cohort in range(count)
        for at in range(classes)
        for number in range(1, int(cohorts[at, cohort]) + 1)
    )
    left, built = list(units), [[0] * line.weeks for _ in range(classes)]
    for week in range(line.weeks):
        there = [unit for unit in left if unit[0] < older + week + 1]
        own = [int(line.own[at, week]) for at in range(classes)]
        wanted = []
        for unit in there:
            if own[unit[2]]:
                own[unit[2]] -= 1
                wanted.append(unit)
        for shared in line.shared:
            of_it = [unit for unit in wanted if unit[2] in shared.classes][int(shared.weekly[week]) :]
            wanted = [unit for unit in wanted if unit not in of_it]
        for unit in wanted:
            built[unit[2]][week] += 1
            left.remove(unit)
    return built


@few
@given(nights())
def test_what_is_built_is_what_a_loop_over_single_orders_builds(night: tuple[Counts, int, Line]) -> None:
    cohorts, older, line = night
    found = build(cohorts, older, line)
    for draw in range(len(cohorts)):
        assert found[draw].tolist() == one_by_one(cohorts[draw], older, line)


@few
@given(nights())
def test_nothing_is_built_beyond_a_limit_or_without_an_order(night: tuple[Counts, int, Line]) -> None:
    cohorts, older, line = night
    built = build(cohorts, older, line)
    assert (built >= 0).all()
    assert (built <= line.own).all()
    for shared in line.shared:
        assert (built[:, list(shared.classes)].sum(axis=1) <= shared.weekly).all()
    assert (waiting(cohorts, older, built) >= 0).all()


@few
@given(nights(), st.integers(1, 20), st.integers(0, 5), st.integers(0, 5))
def test_more_capacity_never_means_fewer_cars_by_any_week(
    night: tuple[Counts, int, Line], more: int, week: int, where: int
) -> None:
    cohorts, older, line = night
    own, shared = line.own.copy(), [Shared(one.classes, one.weekly.copy()) for one in line.shared]
    rows = [*own, *(one.weekly for one in shared)]
    rows[where % len(rows)][week % line.weeks] += more
    before, after = (build(cohorts, older, one).cumsum(axis=2) for one in (line, Line(own, tuple(shared))))
    assert (after.sum(axis=1) >= before.sum(axis=1)).all()


@few
@given(nights())
def test_without_limits_everything_is_built_in_the_week_in_which_it_may_be(night: tuple[Counts, int, Line]) -> None:
    cohorts, older, line = night
    free = unlimited([(0,)] * cohorts.shape[1], line.weeks)
    assert not waiting(cohorts, older, build(cohorts, older, free)).any()


def test_where_one_plant_is_all_that_limits_it_is_used_to_the_last_car() -> None:
    cohorts = np.array([[[289_000, 7_919, 0], [104_729, 15_485, 3]]])
    line = Line(np.full((2, 2), UNLIMITED), (Shared((0, 1), np.array([100_003, 200_003])),))
    built = build(cohorts, 1, line)
    assert built.sum(axis=1).tolist() == [[100_003, 200_003]]
    assert abs(built[0, 0, 0] / built[0, 1, 0] - 289_000 / 104_729) < 1e-4, "a cohort's classes are mixed evenly"


def test_the_line_of_a_launch_file_has_its_limits_and_its_plant_and_ends_with_its_calendar() -> None:
    launch = parse(YU7, "yu7.toml")
    capacity = capacity_of(launch)
    assert capacity is not None
    kinds = [("yu7", "standard"), ("su7", "standard"), ("su7", "pro"), ("su7-ultra", "ultra")]
    wants = [*(needs(launch, model, trim, ()) for model, trim in kinds), ()]
    line = line_of(wants, capacity, capacity.base_week - 1, capacity.horizon + 3)
    assert line.own[0, :2].tolist() == [0, 1_000]
    assert not line.own[4].any(), "nobody builds it"
    assert [one.classes for one in line.shared] == [(1, 2, 3), (0, 1, 2, 3)]
    assert line.shared[1].weekly[:2].tolist() == [0, 8_200]
    assert line.shared[1].weekly[-2:].tolist() == [0, 0]
