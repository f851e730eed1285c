"""An assumed launch against the server's own promises, and each change of it against other ways to say the same."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from drumroll.domain.availability import Availability
from drumroll.domain.capacity import Change, capacity_of, kinds_of, rules_of
from drumroll.domain.configuration import defaults
from drumroll.domain.launch import Launch
from drumroll.domain.launch_capacity import PromiseRules
from drumroll.domain.weeks import monday
from drumroll.errors import PlanRefused, ScenarioInvalid
from drumroll.plan.difference import NOTHING
from drumroll.plan.safety import safety
from drumroll.plan.scenario import Scenario, changed
from drumroll.plan.waiting import Situation
from tests.plan.small_queues import DAY_MS, OPENS_MS, small_launch, waiting_for, window

UNSURE = PromiseRules(
    frozen_weeks=1,
    horizon_weeks=40,
    spread_percent=20,
    spread_weeks=5,
    ramp_late_weeks=2,
    cancel_percent=(5, 10),
)
LAUNCH = small_launch()
SITUATION = waiting_for(LAUNCH)
FIRST = SITUATION.first_week


def scenario(**given: object) -> Scenario:
    return Scenario(**{"from_week": FIRST, "until_week": FIRST + 5, **given})  # type: ignore[arg-type]


# The assumed launch


@pytest.mark.parametrize("rules", [None, UNSURE], ids=["sure", "unsure"])
@pytest.mark.parametrize("orders", [30, 700])
def test_each_order_is_assumed_to_be_promised_what_the_server_would_promise_it(
    rules: PromiseRules | None, orders: int
) -> None:
    launch = small_launch(rules=rules)
    situation = waiting_for(launch, orders)
    capacity = capacity_of(launch)
    assert capacity is not None
    served = Availability(launch, capacity, safety(capacity, kinds_of(launch), rules_of(launch)))
    served.fill(served.kind("old", "last", ()), served.first_column(situation.at_ms), launch.backlog[0].orders)
    regions = [region.id for region in launch.regions]
    waiting, model = situation.waiting, launch.models[0]
    ours = np.flatnonzero(~waiting.declared).tolist()
    assert len(ours) == orders
    for number, at in enumerate(ours):
        trim = model.trims[[one.id for one in model.trims].index(waiting.trims[waiting.trim[at]][1])]
        kind = served.kind(model.id, trim.id, defaults(model, trim).options)
        promise = served.promise(kind, served.lead(regions[number % len(regions)]), situation.at_ms)
        served.take(kind, situation.at_ms)
        expected = (NOTHING, NOTHING) if promise is None else (promise.build_week, promise.last_week)
        assert (waiting.build[at], waiting.last[at]) == expected, f"order {number}"


def test_trims_are_mixed_as_assumed_and_the_backlog_stands_first() -> None:
    waiting = waiting_for(LAUNCH, 9_000).waiting
    assert waiting.declared[:90].all()
    assert not waiting.declared[90:].any()
    counts = Counter(waiting.trims[number] for number in waiting.trim.tolist())
    assert counts["old", "last"] == 90
    assert counts["new", "usual"] / 9_000 == pytest.approx(2 / 3, abs=0.02)
    assert (np.diff(waiting.queued_ms) >= 0).all()
    assert waiting.locked.tolist() == waiting.declared.tolist()


def test_the_same_seed_assumes_the_same_orders_and_another_one_others() -> None:
    one, same, other = (waiting_for(LAUNCH, 400, seed).waiting for seed in (1, 1, 2))
    assert one.trim.tolist() == same.trim.tolist()
    assert one.trim.tolist() != other.trim.tolist()


@given(st.integers(0, 60), st.integers(0, 40), st.integers(1, 200))
@settings(max_examples=30, deadline=None)
def test_caps_hold_and_what_is_sold_out_is_not_drawn(cap: int, rare_cap: int, orders: int) -> None:
    launch = small_launch(cap=cap, rare_cap=rare_cap, backlog=0)
    if orders > cap:
        with pytest.raises(ValueError, match="do not fit"):
            waiting_for(launch, orders)
        return
    waiting = waiting_for(launch, orders).waiting
    rare = waiting.trims.index(("new", "rare"))
    assert np.count_nonzero(waiting.trim == rare) <= rare_cap
    assert len(waiting) == orders


def test_a_calendar_that_is_over_is_refused() -> None:
    launch = small_launch(rules=PromiseRules(frozen_weeks=20, horizon_weeks=10))
    with pytest.raises(PlanRefused, match="horizon_weeks"):
        waiting_for(launch)


# Capacity


NAMED = st.sampled_from(((), ("works",), ("pack",), ("pack", "works"), ("all",)))


def cut_and_added(cut: int, add: int, start: int, weeks: int, named: tuple[str, ...]) -> Situation:
    first = FIRST + start
    return changed(
        SITUATION,
        scenario(from_week=first, until_week=first + weeks, cut_percent=cut, add_percent=add, resources=named),
    ).situation


@given(st.integers(-100, 300).filter(bool), st.integers(0, 56), st.integers(1, 70), NAMED)
@settings(max_examples=60, deadline=None)
def test_a_cut_or_a_rise_is_what_an_operators_change_of_capacity_would_be(
    percent: int, start: int, weeks: int, named: tuple[str, ...]
) -> None:
    after = cut_and_added(max(0, -percent), max(0, percent), start, weeks, named)
    names = {(): ("works",), ("all",): ("pack", "works")}.get(named, named)
    first = FIRST + start
    changes = [Change(name, first, first + weeks, percent=100 + percent) for name in names]
    assert after.capacity == capacity_of(LAUNCH, changes)


@given(st.integers(1, 100), st.integers(1, 300), st.integers(0, 56), st.integers(1, 70), NAMED)
@settings(max_examples=30, deadline=None)
def test_a_cut_and_a_rise_follow_one_another(
    cut: int, add: int, start: int, weeks: int, named: tuple[str, ...]
) -> None:
    both = cut_and_added(cut, add, start, weeks, named).capacity.weekly
    once = cut_and_added(cut, 0, start, weeks, named).capacity.weekly
    for row, cut_row, was in zip(both, once, SITUATION.capacity.weekly, strict=True):
        for at, (number, less) in enumerate(zip(row, cut_row, strict=True)):
            assert number == (less if less == was[at] else less * (100 + add) // 100)


# Orders


@given(st.integers(1, 100), st.integers(1, 100), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_that_share_is_given_up_and_a_smaller_share_is_a_part_of_a_larger_one(one: int, other: int, seed: int) -> None:
    total = len(SITUATION.waiting)
    less, more = sorted((one, other))
    few, many = (changed(SITUATION, scenario(cancel_percent=percent, seed=seed)) for percent in (less, more))
    assert (few.cancelled, many.cancelled) == tuple((total * percent + 50) // 100 for percent in (less, more))
    assert len(many.situation.waiting) == total - many.cancelled
    left = set(few.situation.waiting.queued_ms[few.situation.waiting.queued_ms > 0].tolist())
    assert set(many.situation.waiting.queued_ms[many.situation.waiting.queued_ms > 0].tolist()) <= left


def names(situation: Situation) -> list[tuple[str, str]]:
    waiting = situation.waiting
    return [waiting.trims[number] for number in waiting.trim.tolist()]


@pytest.mark.parametrize(
    ("how", "kept"),
    [
        (window("keep"), True),
        (window("requeue"), False),
        (window("deadline", kept_before_ms=OPENS_MS + DAY_MS), True),
        (window("deadline", kept_before_ms=OPENS_MS + 1), False),
        (window("requeue", cooling_off="anew"), False),
    ],
    ids=["keep", "requeue", "in time", "too late", "requeue and cool off"],
)
def test_converted_orders_have_the_new_model_its_need_and_the_place_that_the_window_leaves(
    how: object, kept: bool
) -> None:
    launch = small_launch(conversions=(how,))  # type: ignore[arg-type]
    situation = waiting_for(launch)
    found = changed(situation, scenario(convert_percent=50))
    after = found.situation.waiting
    assert found.converted == 45
    assert Counter(model for model, _ in names(found.situation)) == {"old": 45, "new": 545}
    converted = np.flatnonzero(after.declared & (np.array([model for model, _ in names(found.situation)]) == "new"))
    old = np.flatnonzero([model == "old" for model, _ in names(found.situation)])
    assert (converted.min() < old.max()) == kept, "who loses the place comes after all who had one"
    cooled = how.cooling_off == "anew"  # type: ignore[attr-defined]
    assert (converted < 90).all() != cooled, "nobody else is locked yet, so only who cools off again comes after them"
    assert not cooled or (converted > len(after) - 47).all()
    needed = {name: after.kinds[kind] for name, kind in zip(names(found.situation), after.kind.tolist(), strict=True)}
    assert needed == {("new", "usual"): (1,), ("new", "rare"): (0, 1), ("old", "last"): (1,)}
    assert {("new", "usual"), ("new", "rare")} == {names(found.situation)[at] for at in converted.tolist()}
    assert (after.last[converted] == NOTHING).all()


def test_what_was_promised_of_the_old_model_and_the_pin_to_its_week_are_gone_with_it() -> None:
    waiting = SITUATION.waiting
    week = np.where(waiting.declared, FIRST + 3, NOTHING).astype(np.int32)
    known = replace(waiting, declared=waiting.declared & False, build=week, last=week, pinned=week)
    found = changed(replace(SITUATION, waiting=known), scenario(convert_percent=50))
    after = found.situation.waiting
    old = np.array([model == "old" for model, _ in names(found.situation)])
    assert np.count_nonzero(old) == 45
    for weeks in (after.build, after.last, after.pinned):
        assert (weeks[old] == FIRST + 3).all()
        assert (weeks[~old] == NOTHING).all()


def test_who_is_not_converted_or_given_up_keeps_promise_and_order() -> None:
    found = changed(SITUATION, scenario(convert_percent=30))
    ours, theirs = (one.only(~one.declared) for one in (found.situation.waiting, SITUATION.waiting))
    for name in ("build", "last", "lead", "held_minor", "queued_ms"):
        assert getattr(ours, name).tolist() == getattr(theirs, name).tolist()


def test_a_drawing_does_not_change_another() -> None:
    converts = changed(SITUATION, scenario(convert_percent=30)).situation.waiting
    both = changed(SITUATION, scenario(convert_percent=30, cut_percent=10)).situation.waiting
    assert converts.trim.tolist() == both.trim.tolist()


# What does not fit


def refused(asked: Scenario, launch: Launch = LAUNCH) -> tuple[str, ...]:
    with pytest.raises(ScenarioInvalid) as error:
        changed(waiting_for(launch), asked)
    return error.value.faults


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (scenario(), ("nothing to change", "--cut")),
        (scenario(cut_percent=101), ("--cut", "101%", "1% to 100%")),
        (scenario(add_percent=-3), ("--add", "-3%", "1% to 1000%")),
        (scenario(cancel_percent=200), ("--cancel", "200%")),
        (
            scenario(cut_percent=1, from_week=FIRST - 1),
            ("--from", str(monday(FIRST - 1)), str(monday(FIRST)), "frozen"),
        ),
        (scenario(cut_percent=1, from_week=FIRST + 500, until_week=FIRST + 501), ("--from", "horizon_weeks")),
        (scenario(cut_percent=1, until_week=FIRST), ("--weeks", "found 0", "1 or more")),
        (scenario(add_percent=1, resources=("shed",)), ("--resource", "'shed'", "pack, works, or all")),
        (scenario(cancel_percent=1, resources=("works",)), ("--resource", "--cut or --add")),
    ],
)
def test_a_scenario_that_does_not_fit_is_refused_with_field_value_rule_and_way_out(
    asked: Scenario, words: tuple[str, ...]
) -> None:
    (fault,) = refused(asked)
    for word in words:
        assert word in fault


def test_all_that_does_not_fit_is_said_at_once() -> None:
    asked = scenario(cut_percent=101, from_week=FIRST - 1, resources=("shed", "barn"))
    assert [fault.partition(":")[0] for fault in refused(asked)] == ["--cut", "--resource", "--resource", "--from"]


def test_converting_needs_a_window_and_somebody_to_convert() -> None:
    (fault,) = refused(scenario(convert_percent=5), small_launch(conversions=()))
    assert "[[conversion]]" in fault
    (fault,) = refused(scenario(convert_percent=5), small_launch(backlog=0))
    assert "[[backlog]]" in fault
