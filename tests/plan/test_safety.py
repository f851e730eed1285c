"""How sure a week is, against formulas for what can be computed, and against what may never be."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from drumroll.domain.capacity import UNLIMITED, Capacity, Resource
from drumroll.domain.launch_capacity import PromiseRules
from drumroll.plan import safety as module
from drumroll.plan.safety import safety

ROUGH = PromiseRules(spread_percent=15, spread_weeks=6, ramp_late_weeks=4, cancel_percent=(3, 10))
FOREVER = 10**9
"""A spell that outlasts any calendar: the same factor every week."""


def a_capacity(*weekly: Any) -> Capacity:
    names = [f"r{number}" for number in range(len(weekly))]
    resources = tuple(Resource(name, name, "plant") for name in names)
    return Capacity(105_633, len(weekly[0]), resources, tuple(tuple(row) for row in weekly))


def of_one(weekly: Any, rules: PromiseRules, **how: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The rows of a kind that needs one resource, which nobody else needs."""
    return safety(a_capacity(weekly), ((0,),), rules, **how)["r0"]


LEVELS = st.one_of(st.integers(0, 5), st.integers(100, 5_000), st.just(UNLIMITED), st.just(0))


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Capacity, tuple[tuple[int, ...], ...]]:
    """Up to four resources with closures, steps and weeks without a limit, and kinds that overlap in any way."""
    weeks, resources = draw(st.integers(1, 30)), draw(st.integers(1, 4))
    spans = st.lists(st.tuples(LEVELS, st.integers(1, 10)), min_size=1, max_size=8)
    rows = []
    for _ in range(resources):
        row = [level for level, length in draw(spans) for _ in range(length)]
        rows.append((row * weeks)[:weeks])
    kind = st.lists(st.integers(0, resources - 1), unique=True).map(lambda found: tuple(sorted(found)))
    return a_capacity(*rows), tuple(draw(st.lists(kind, max_size=6)))


@settings(max_examples=150, deadline=None)
@given(calendars(), st.integers(0, 40))
def test_if_nothing_is_uncertain_nothing_is_late(given: tuple[Capacity, tuple[tuple[int, ...], ...]], now: int) -> None:
    capacity, kinds = given
    rows = safety(capacity, kinds, PromiseRules(), runs=3, now=now)
    assert set(rows) == {"+".join(f"r{one}" for one in kind) for kind in kinds if kind}
    assert all(row == (0,) * capacity.horizon for both in rows.values() for row in both)


@settings(max_examples=60, deadline=None)
@given(calendars(), st.integers(0, 90), st.integers(0, 90))
def test_cancellations_alone_make_nobody_later(
    given: tuple[Capacity, tuple[tuple[int, ...], ...]], one: int, other: int
) -> None:
    rules = PromiseRules(cancel_percent=(min(one, other), max(one, other)))
    rows = safety(*given, rules, runs=50)
    assert not any(any(row) for both in rows.values() for row in both)


@settings(max_examples=60, deadline=None)
@given(calendars(), st.integers(0, 100), st.integers(1, 30), st.integers(0, 20), st.integers(0, 15))
def test_a_later_place_is_never_promised_earlier_and_sure_is_never_before_kept(
    given: tuple[Capacity, tuple[tuple[int, ...], ...]], spread: int, spell: int, ramp: int, now: int
) -> None:
    capacity, kinds = given
    rules = PromiseRules(
        spread_percent=spread, spread_weeks=spell, ramp_late_weeks=ramp, cancel_percent=(0, 20), sure_percent=99
    )
    for kept, sure in safety(capacity, kinds, rules, runs=40, now=now).values():
        assert len(kept) == len(sure) == capacity.horizon
        for row in (kept, sure):
            built = [column + late for column, late in enumerate(row)]
            assert built == sorted(built)
            assert not any(row[:now])
            assert min(row) >= 0
        assert all(late <= more for late, more in zip(kept, sure, strict=True))


@pytest.mark.parametrize("spread", [10, 30, 60])
def test_one_factor_for_ever_gives_the_quantile_of_its_distribution(spread: int) -> None:
    # Built in the first week t with factor * C(t) >= C(w); the factor's lower quantile is known in closed form.
    weekly = [100 + 3 * (week % 7) for week in range(120)]
    rules = PromiseRules(spread_percent=spread, spread_weeks=FOREVER)
    sigma = math.sqrt(math.log(1 + (spread / 100) ** 2))
    rows = of_one(weekly, rules, runs=20_000)
    for row, stated in zip(rows, (0.80, 0.95), strict=True):
        factor = float(stats.lognorm(sigma, scale=math.exp(-(sigma**2) / 2)).ppf(1 - stated))
        done = factor * np.cumsum(weekly)
        for column in range(10, 50):  # so that the real week is within the calendar
            needed = sum(weekly[: column + 1])
            expected = next((week for week in range(120) if done[week] >= needed), None)
            if expected is not None:
                assert abs(column + row[column] - expected) <= max(1, 0.03 * expected)


@pytest.mark.parametrize("given_up", [0, 40])
def test_what_is_not_built_within_the_weeks_that_are_drawn_is_built_at_the_last_level(given_up: int) -> None:
    rules = PromiseRules(spread_percent=150, spread_weeks=FOREVER, cancel_percent=(given_up, given_up))
    weeks, sigma = 30 + module.BEYOND, math.sqrt(math.log(1 + 1.5**2))
    factor = float(stats.lognorm(sigma, scale=math.exp(-(sigma**2) / 2)).ppf(0.05))
    sure = of_one([100] * 30, rules, runs=20_000)[1]
    for column in range(20, 30):
        after = (column + 1) * (1 - given_up / 100) - factor * weeks
        assert after > 2, "so late that it is not built by then"
        assert abs(column + sure[column] - (weeks - 1 + after)) <= 3


@pytest.mark.parametrize("mean", [2, 5, 9])
def test_a_late_rise_gives_the_quantile_of_its_delay(mean: int) -> None:
    # From 100 to 300 a week in column 20: by hand for the delay's own quantile, since more delay is never earlier.
    weekly = [100] * 20 + [300] * 100
    rows = of_one(weekly, PromiseRules(ramp_late_weeks=mean), runs=20_000)
    for row, stated in zip(rows, (0.80, 0.95), strict=True):
        delay = float(stats.gamma(2, scale=mean / 2).ppf(stated))
        real = [min(weekly[week], 100 + 200 * min(1.0, max(0.0, week - 19 - delay))) for week in range(120)]
        done = np.cumsum(real)
        for column in range(100):
            expected = int(np.argmax(done >= sum(weekly[: column + 1]) - 1e-6))
            assert abs(column + row[column] - expected) <= 1
        assert not any(row[:20])
        assert max(row) >= delay * 2 / 3


def test_spells_add_up_as_their_correlation_says() -> None:
    # The sum of many weeks is nearly normal; its variance follows from the autocovariance of the log-normal factor.
    spread, spell, weeks = 0.2, 6, 156
    rows = of_one([1000] * weeks, PromiseRules(spread_percent=20, spread_weeks=spell), runs=8_000)
    lags = np.abs(np.subtract.outer(np.arange(weeks), np.arange(weeks)))
    covariance = np.exp(math.log(1 + spread**2) * np.exp(-lags / spell)) - 1
    for row, stated in zip(rows, (0.80, 0.95), strict=True):
        for column in range(30, 130, 10):
            deviation = math.sqrt(covariance[: column + 1, : column + 1].sum())
            expected = stats.norm.ppf(stated) * deviation
            assert abs(row[column] - expected) <= 1.5, (column, row[column], expected)


def test_a_spell_that_lasts_longer_is_worse_than_weeks_that_make_up_for_one_another() -> None:
    short, long = (of_one([500] * 100, PromiseRules(spread_percent=20, spread_weeks=n))[1][80] for n in (1, 20))
    assert long > 2 * short


def test_a_week_without_a_limit_is_never_the_cause() -> None:
    rules = PromiseRules(spread_percent=60, spread_weeks=20, ramp_late_weeks=10)
    kept, sure = of_one([300] * 20 + [UNLIMITED] * 20 + [300] * 10 + [900] * 30, rules)
    assert not any(kept[20:40])
    assert not any(sure[20:40])
    assert all(column + late <= 20 for column, late in enumerate(sure[:20])), "the open weeks have room for all"
    assert any(sure[:20])
    assert any(sure[40:])


def test_a_limit_that_never_holds_changes_nothing_for_the_plant() -> None:
    weekly = [400] * 60
    alone = safety(a_capacity(weekly), ((0,),), ROUGH)["r0"]
    beside = safety(a_capacity(weekly, [UNLIMITED] * 60), ((0, 1),), ROUGH)["r0+r1"]
    assert beside == alone


def test_quantiles_near_the_end_of_the_horizon_are_not_cut_off() -> None:
    rules = PromiseRules(spread_percent=40, spread_weeks=20)
    short, long = of_one([200] * 50, rules), of_one([200] * 150, rules)
    for few, many in zip(short, long, strict=True):
        assert all(abs(one - other) <= 1 + other // 10 for one, other in zip(few, many[:50], strict=True))
    assert long[1][49] >= 10, "so late that a cut would show"


def test_after_a_calendar_that_ends_it_goes_on_at_its_last_level() -> None:
    rules = PromiseRules(spread_percent=40, spread_weeks=20)
    ends, goes_on = of_one([200] * 50 + [0] * 30, rules), of_one([200] * 80, rules)
    assert ends == goes_on


def test_back_from_a_closure_to_what_was_reached_is_no_rise() -> None:
    rules = PromiseRules(ramp_late_weeks=8)
    assert not any(of_one([200] * 10 + [0] * 3 + [200] * 20 + [100] * 5 + [180] * 20, rules)[1])
    assert any(of_one([200] * 10 + [0] * 3 + [201] * 20, rules)[1])


def test_after_weeks_without_a_limit_what_is_a_rise_counts_anew() -> None:
    rules = PromiseRules(ramp_late_weeks=8)
    assert not any(of_one([100] * 10 + [UNLIMITED] * 5 + [150] * 20, rules)[1])
    assert any(of_one([300] * 10 + [UNLIMITED] * 5 + [100] * 5 + [200] * 20, rules)[1])


def test_what_was_reached_before_now_does_not_come_late_again() -> None:
    weekly = [100] * 5 + [300] * 15 + [0] + [300] * 30
    rules = PromiseRules(ramp_late_weeks=8)
    assert any(of_one(weekly, rules)[1])
    assert not any(of_one(weekly, rules, now=20)[1]), "now is a closed week"


def test_from_now_on_it_is_as_if_the_calendar_began_now() -> None:
    weekly = [250 + 10 * (week % 5) for week in range(80)]
    rules = PromiseRules(spread_percent=25, spread_weeks=10, cancel_percent=(0, 5))
    for row, begun in zip(of_one(weekly, rules, now=17), of_one(weekly[17:], rules), strict=True):
        assert row == (0,) * 17 + begun
    assert of_one(weekly, rules, now=80) == of_one(weekly, rules, now=500) == ((0,) * 80,) * 2


def test_a_plant_with_room_to_spare_is_not_to_blame_and_one_as_tight_as_the_limit_is() -> None:
    rules = PromiseRules(spread_percent=15, spread_weeks=8)
    limit = of_one([100] * 80, rules)
    spare = safety(a_capacity([100] * 80, [300] * 80), ((0, 1),), rules)["r0+r1"]
    tight = safety(a_capacity([100] * 80, [100] * 80), ((0, 1),), rules)["r0+r1"]
    assert all(abs(one - other) <= 1 for one, other in zip(spare[0], limit[0], strict=True))
    assert tight[0][79] >= limit[0][79] + 3


def test_a_plant_is_shared_by_the_kinds_that_there_are() -> None:
    rules = PromiseRules(spread_percent=15, spread_weeks=8)
    capacity = a_capacity([100] * 80, [100] * 80, [200] * 80)
    alone = safety(capacity, ((0, 2),), rules)["r0+r2"]
    two = safety(capacity, ((0, 2), (1, 2)), rules)["r0+r2"]
    assert two[0][79] >= alone[0][79] + 3


def test_a_trim_told_apart_by_what_is_never_short_takes_no_more_of_the_plant() -> None:
    # Red and blue ones of the first trim are two kinds; that is nothing to the second trim.
    rules = PromiseRules(spread_percent=25, spread_weeks=8)
    capacity = a_capacity([60] * 80, [40] * 80, [75] * 80, [UNLIMITED] * 80)
    two = safety(capacity, ((0, 2), (1, 2)), rules)
    three = safety(capacity, ((0, 2), (0, 2, 3), (1, 2)), rules)
    assert three["r1+r2"] == two["r1+r2"]
    assert three["r0+r2+r3"] == three["r0+r2"] == two["r0+r2"]


def test_good_weeks_of_two_plants_do_not_help_each_other() -> None:
    # Two kinds at two plants: each has the rows that it would have alone, whatever the other plant is like.
    ours, theirs = [100] * 30 + [150] * 30, [70] * 60
    both = safety(a_capacity(ours, theirs), ((0,), (1,)), ROUGH)
    assert both["r0"] == safety(a_capacity(ours, [5] * 60), ((0,), (1,)), ROUGH)["r0"] == of_one(ours, ROUGH)


def test_same_arguments_same_rows_and_another_seed_other_runs() -> None:
    capacity = a_capacity([100] * 30 + [170] * 30, [60] * 60, [200] * 60)
    kinds = ((0, 2), (1, 2), (2,))
    found = safety(capacity, kinds, ROUGH, seed=7)
    assert found == safety(capacity, kinds[::-1] + kinds, ROUGH, seed=7)
    assert any(found != safety(capacity, kinds, ROUGH, seed=seed) for seed in range(1, 4))


@pytest.mark.parametrize(("name", "value"), [("CHUNK", 5_000), ("KINDS_AT_ONCE", 1)])
def test_how_much_is_drawn_at_once_changes_nothing(name: str, value: int, monkeypatch: pytest.MonkeyPatch) -> None:
    capacity, kinds = a_capacity([100] * 15 + [170] * 15, [60] * 30), ((0,), (1,), (0, 1))
    found = safety(capacity, kinds, ROUGH, runs=500)
    monkeypatch.setattr(module, name, value)
    assert safety(capacity, kinds, ROUGH, runs=500) == found


def test_the_rows_are_the_shares_that_the_rules_state() -> None:
    weekly = [100] * 60
    loose = PromiseRules(spread_percent=30, spread_weeks=10, kept_percent=50, sure_percent=80)
    usual = PromiseRules(spread_percent=30, spread_weeks=10, kept_percent=80, sure_percent=99)
    assert of_one(weekly, loose)[1] == of_one(weekly, usual)[0]
    assert sum(of_one(weekly, loose)[0]) < sum(of_one(weekly, usual)[0]) < sum(of_one(weekly, usual)[1])
