"""Capacity in a launch file: every calendar that fits is read, and what does not is one mistake, with the way out."""

from __future__ import annotations

import re
import tomllib
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.domain.capacity import capacity_of, lead_weeks
from drumroll.domain.launch_capacity import Closed, PromiseRules
from drumroll.domain.launch_file import parse
from drumroll.domain.weeks import week_of_day
from tests.domain.calendars import BASE, Raw, capacities, periods, tables_with
from tests.launch_files import HANDHELD_UNTRANSLATED as HANDHELD
from tests.launch_files import PAGE, mistakes, paths, written
from tests.launch_files import YU7_UNTRANSLATED as YU7

# Calendars, drawn.


@settings(max_examples=60, deadline=None)
@given(capacities())
def test_every_calendar_without_gap_or_overlap_is_read_as_it_stands(drawn: Raw) -> None:
    launch = parse(written(tables_with(drawn)), "it")
    found: tuple[Any, ...] = (*launch.plants, *launch.limits)
    for raw, read in zip((*drawn["plant"], *drawn["limit"]), found, strict=True):
        assert [(one.from_day, one.until_day, one.capacity, one.ramp_to, one.shifts) for one in read.weeks] == [
            (one["from"], one.get("until"), one["capacity"], one.get("ramp_to"), one.get("shifts", 1))
            for one in raw["weeks"]
        ]
    for raw, plant in zip(drawn["plant"], launch.plants, strict=True):
        assert [(one.from_day, one.until_day) for one in plant.closed] == [
            (one["from"], one["until"]) for one in raw.get("closed", [])
        ]


@settings(max_examples=80, deadline=None)
@given(capacities(least=2, ramps=False), st.sampled_from(("plant", "limit")), st.integers(1, 9), st.integers(-12, 12))
def test_a_period_that_begins_elsewhere_leaves_a_gap_or_overlaps_and_is_told_where_to_begin(
    drawn: Raw, kind: str, number: int, by: int
) -> None:
    weeks = drawn[kind][0]["weeks"]
    at = 1 + number % (len(weeks) - 1)
    right = weeks[at]["from"]
    weeks[at]["from"] = right + timedelta(weeks=by or 1)
    (mistake,) = mistakes(written(tables_with(drawn)))
    assert mistake.path == f"{kind}[0].weeks[{at}].from"
    said = (
        f"no capacity is said for {right} to {weeks[at]['from']}" if (by or 1) > 0 else "it overlaps the period before"
    )
    assert said in mistake.found
    assert mistake.allowed.startswith(str(right))


@settings(max_examples=80, deadline=None)
@given(capacities(least=2, ramps=False), st.sampled_from(("plant", "limit")), st.integers(0, 9), st.integers(-12, 12))
def test_a_period_that_ends_elsewhere_is_a_mistake_where_it_shows(drawn: Raw, kind: str, number: int, by: int) -> None:
    weeks = drawn[kind][0]["weeks"]
    at = number % (len(weeks) - 1)
    weeks[at]["until"] += timedelta(weeks=by or -1)
    (mistake,) = mistakes(written(tables_with(drawn)))
    if weeks[at]["until"] <= weeks[at]["from"]:
        assert mistake.path == f"{kind}[0].weeks[{at}].until"
        assert mistake.allowed.startswith(f"a Monday after {weeks[at]['from']}")
    else:
        assert mistake.path == f"{kind}[0].weeks[{at + 1}].from"
        assert f"or {weeks[at + 1]['from']} as the end of the period before" in mistake.allowed or by > 0


@settings(max_examples=60, deadline=None)
@given(capacities(least=2), st.sampled_from(("from", "until")), st.integers(0, 9), st.integers(1, 6))
def test_a_boundary_that_is_no_monday_is_told_the_two_next_to_it(drawn: Raw, key: str, number: int, days: int) -> None:
    weeks = drawn["plant"][0]["weeks"]
    at = number % (len(weeks) - 1)
    monday = weeks[at][key]
    weeks[at][key] = monday + timedelta(days=days)
    (mistake,) = mistakes(written(tables_with(drawn)))
    assert mistake.path == f"plant[0].weeks[{at}].{key}"
    assert mistake.allowed == f"a Monday: {monday} or {monday + timedelta(days=7)}"


@given(st.permutations(range(4)), st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_closed_spans_are_refused_if_and_only_if_they_share_a_day(order: list[int], gaps: list[int]) -> None:
    spans: list[Raw] = []
    day = BASE
    for gap in gaps:
        spans.append({"name": "closed", "from": day, "until": day + timedelta(days=3)})
        day += timedelta(days=gap + 1)
    shuffled = [spans[number] for number in order]
    tables = tables_with({"plant": [plant(closed=shuffled)]})
    days = [span["from"] + timedelta(days=number) for span in spans for number in range(3)]
    if len(set(days)) == len(days):
        assert len(parse(written(tables), "it").plants[0].closed) == 4
    else:
        assert all(re.fullmatch(r"plant\[0\]\.closed\[[1-3]\]\.from", path) for path in paths(written(tables)))


def plant(**keys: Any) -> Raw:
    whole = {"id": "p", "name": "P", "models": ["console", "console-xl"], "weeks": [{"from": BASE, "capacity": 1}]}
    return {**whole, **keys}


# Contradictions.

MONDAY, WEEK = date(2025, 6, 30), timedelta(weeks=1)


def periods_of(*starts: date) -> list[Raw]:
    """Periods that follow each other, the last of them without an end."""
    ends: list[Raw] = [{"until": start} for start in starts[1:]]
    return [{"from": start, **end, "capacity": 1_000} for start, end in zip(starts, [*ends, {}], strict=True)]


def simple_yu7() -> Raw:
    """The shipped file with calendars of its own, so that these tests don't lean on how it is calibrated."""
    tables = tomllib.loads(YU7)
    starts = [MONDAY + weeks * WEEK for weeks in (0, 5, 9, 13, 26, 78)]
    tables["plant"][0]["weeks"] = periods_of(*starts)
    for each in tables["limit"]:
        each["weeks"] = periods_of(MONDAY)
    return tables


def changed(*changes: tuple[str, Any]) -> str:
    """That file with other values; ``plant.0.weeks.1.until`` is the way to one. ``...`` takes it away."""
    tables: Any = simple_yu7()
    for way, value in changes:
        *steps, last = [int(step) if step.isdigit() else step for step in way.split(".")]
        inner = tables
        for step in steps:
            inner = inner[step]
        if value is ...:
            del inner[last]
        else:
            inner[last] = value
    return written(tables)


def second_plant(*models: str) -> tuple[str, Any]:
    plants = simple_yu7()["plant"]
    return "plant", [
        *plants,
        {"id": "second", "name": "S", "models": list(models), "weeks": [{"from": MONDAY, "capacity": 1}]},
    ]


def limit(**keys: Any) -> tuple[str, Any]:
    return "limit.3", {"id": "l", "name": "L", "weeks": [{"from": MONDAY, "capacity": 1}], **keys}


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        (changed(("plant.0.models", ["yu7", "su7", "su8"])), "plant[0].models[2]", "the id of a model"),
        (changed(("plant.0.models", ["yu7", "su7", "su7"])), "plant[0].models[2]", "each model once"),
        (changed(second_plant("yu7")), "plant[1].models[0]", "one plant with the capacity of both"),
        (
            changed(("plant.0.models", ["yu7", "su7"]), ("limit.3.models", ["su7"])),
            "backlog[3].model",
            "of a plant: yu7, su7",
        ),
        (changed(("plant.0.models", ["yu7", "su7"]), ("backlog.3", ...)), "limit[3].models[1]", "of a plant: yu7, su7"),
        (changed(("plant.0.weeks.4.until", ...)), "plant[0].weeks[4].until", "like 2026-12-28"),
        (changed(("plant.0.weeks.5.ramp_to", 1)), "plant[0].weeks[5].ramp_to", "without an end"),
        (changed(("plant.0.weeks.0.capacity", 10**7 + 1)), "plant[0].weeks[0].capacity", "0 to 10^7"),
        (changed(("plant.0.weeks.0.shifts", 5)), "plant[0].weeks[0].shifts", "1 to 4"),
        (changed(("plant.0.weeks.0.shifts", 0)), "plant[0].weeks[0].shifts", "1 to 4"),
        (changed(("plant.0.weeks", [])), "plant[0].weeks", "1 to 200 tables [[plant.weeks]]"),
        (
            changed(
                (
                    "plant.0.weeks",
                    [{"from": MONDAY + n * WEEK, "until": MONDAY + (n + 1) * WEEK, "capacity": 1} for n in range(201)],
                )
            ),
            "plant[0].weeks",
            "1 to 200 tables [[plant.weeks]]",
        ),
        (
            changed(
                ("plant.0.weeks.0.until", MONDAY + WEEK),
                ("plant.0.weeks.1.from", MONDAY + WEEK),
                ("plant.0.weeks.0.ramp_to", 7_200),
            ),
            "plant[0].weeks[0].ramp_to",
            "a longer period",
        ),
        (changed(("plant.0.closed.0.until", date(2025, 10, 1))), "plant[0].closed[0].until", "a day after 2025-10-01"),
        (
            changed(("plant.0.closed.1.from", date(2025, 10, 8))),
            "plant[0].closed[1].from",
            "closed[0] has not (2025-10-01",
        ),
        (changed(("limit.0.id", "yizhuang")), "limit[0].id", "no other plant or limit has (plant[0].id"),
        (changed(("limit.1.id", "pack-standard")), "limit[1].id", "(limit[0].id has this one)"),
        (changed(limit()), "limit[3].models", "at least one of the three"),
        (changed(limit(models=["yu8"])), "limit[3].models[0]", "the id of a model"),
        (
            changed(limit(trims=["ultra", "plus"])),
            "limit[3].trims[1]",
            "a trim of any model: standard, pro, max, ultra",
        ),
        (
            changed(limit(models=["yu7"], trims=["ultra"])),
            "limit[3].trims[0]",
            "a trim of one of its models: standard, pro, max",
        ),
        (changed(limit(choices=["blue"])), "limit[3].choices[0]", "a choice of any model"),
        (changed(limit(models=["su7"], choices=["orange"])), "limit[3].choices[0]", "a choice of one of its models"),
        (changed(limit(choices=["orange", "orange"])), "limit[3].choices[1]", "each choice of any model once"),
        (
            changed(limit(trims=["standard"], choices=["matte-grey"])),
            "limit[3].choices",
            "a choice that standard can have; or trims that can have these: pro, max",
        ),
        (
            changed(limit(models=["yu7"], trims=["standard"], choices=["matte-grey", "wheels-21"])),
            "limit[3].choices",
            "trims that can have these: pro, max",
        ),
        (
            changed(("plant.0.models", ["yu7", "su7"]), ("backlog.3", ...), limit(trims=["ultra"])),
            "limit[3].trims",
            "a trim of a model that a plant builds: standard, pro, max",
        ),
        (changed(("backlog.0.model", "su8")), "backlog[0].model", "the id of a model"),
        (changed(("backlog.0.trim", "ultra")), "backlog[0].trim", "the id of a trim of this model: standard, pro, max"),
        (changed(("backlog.1.trim", "standard")), "backlog[1].trim", "once (backlog[0] has these)"),
        (changed(("backlog.1.orders", -1)), "backlog[1].orders", "0 to 10^7"),
        (changed(("cliff.0.models", ["yu7", "yu8"])), "cliff[0].models[1]", "the id of a model"),
        (changed(("cliff", 2 * tomllib.loads(YU7)["cliff"])), "cliff[1].id", "no other cliff has"),
        (changed(("region.0.lead_days", 367)), "region[0].lead_days", "0 to 366"),
        (changed(("promise.sure_percent", 79)), "promise.sure_percent", "at least kept_percent, 80"),
        (
            changed(("promise.kept_percent", 96), ("promise.sure_percent", ...)),
            "promise.sure_percent",
            "kept_percent, 96",
        ),
        (changed(("promise.kept_percent", 49)), "promise.kept_percent", "50 to 99"),
        (changed(("promise.width_weeks", 0)), "promise.width_weeks", "1 to 26"),
        (changed(("promise.frozen_weeks", 27)), "promise.frozen_weeks", "0 to 26"),
        (changed(("promise.policy", "fair")), "promise.policy", '"strict", "least-breakage"'),
        (changed(("promise.cancel_percent", [5])), "promise.cancel_percent", "two whole numbers, 0 to 90"),
        (changed(("promise.cancel_percent", [15, 5])), "promise.cancel_percent", "the second no smaller"),
        (changed(("promise.cancel_percent", [5, 91])), "promise.cancel_percent[1]", "two whole numbers, 0 to 90"),
        (
            changed(("promise.frozen_weeks", 4), ("promise.horizon_weeks", 4)),
            "promise.frozen_weeks",
            "horizon_weeks, 4",
        ),
        (changed(("plant", ...)), "plant", "since there is [promise], [[limit]], [[backlog]], [[cliff]]"),
        (
            changed(("plant", ...), ("promise", ...), ("limit", ...), ("backlog", ...)),
            "plant",
            "since there is [[cliff]]",
        ),
    ],
)
def test_a_contradiction_is_one_mistake_that_says_the_way_out(text: str, path: str, said: str) -> None:
    (mistake,) = mistakes(text)
    assert mistake.path == path
    assert said in mistake.allowed


@pytest.mark.parametrize("weeks", [156, 157])
@pytest.mark.parametrize("way", ["plant.1.weeks.0.from", "limit.2.weeks.0.from"])
def test_a_calendar_after_the_horizon_is_refused_and_one_within_it_is_not(weeks: int, way: str) -> None:
    models = second_plant("su7-ultra")[1]
    models[0]["models"] = ["yu7", "su7"]
    last = MONDAY + 155 * WEEK
    assert len(parse(changed(("plant", models), (way, last)), "it").plants) == 2
    (mistake,) = mistakes(changed(("plant", models), (way, MONDAY + weeks * WEEK)))
    assert mistake.path == re.sub(r"\.(\d)", r"[\1]", way)
    assert str(MONDAY + 156 * WEEK) in mistake.allowed


def test_a_limit_that_ends_before_the_first_plant_begins_is_refused() -> None:
    before = [{"from": MONDAY - 9 * WEEK, "until": MONDAY, "capacity": 1}]
    (mistake,) = mistakes(changed(limit(models=["su7"], weeks=before)))
    assert (mistake.path, mistake.found) == ("limit[3].weeks[0].until", str(MONDAY))
    before[0]["until"] = MONDAY + WEEK
    parse(changed(limit(models=["su7"], weeks=before)), "it")


def test_every_mistake_of_a_calendar_is_found_at_once() -> None:
    wrong = [
        {"from": BASE, "until": BASE + 4 * WEEK, "capacity": 1},
        {"from": BASE + 5 * WEEK, "until": BASE + 9 * WEEK, "capacity": 1},
        {"from": BASE + 8 * WEEK, "until": BASE + 8 * WEEK, "capacity": 1},
        {"from": BASE + 20 * WEEK, "capacity": 1},
        {"from": BASE + 1 * WEEK, "until": BASE, "capacity": "many"},
    ]
    assert sorted(paths(written(tables_with({"plant": [plant(weeks=wrong)]})))) == [
        "plant[0].weeks[1].from",
        "plant[0].weeks[2].from",
        "plant[0].weeks[2].until",
        "plant[0].weeks[3].until",
        "plant[0].weeks[4].capacity",
        "plant[0].weeks[4].until",
    ]


def test_a_calendar_in_no_order_of_time_is_told_so() -> None:
    weeks = [
        {"from": BASE + 4 * WEEK, "until": BASE + 8 * WEEK, "capacity": 1},
        {"from": BASE, "until": BASE + 4 * WEEK, "capacity": 1},
    ]
    (mistake,) = mistakes(written(tables_with({"plant": [plant(weeks=weeks)]})))
    assert mistake.path == "plant[0].weeks[1].from"
    assert "the periods being in the order of time" in mistake.allowed


def test_limits_that_fall_together_in_too_many_ways_are_refused() -> None:
    tables = tomllib.loads(HANDHELD)
    extras = [{"id": f"c{number}", "name": "C"} for number in range(40)]
    tables["model"][0]["option"] = [{"id": "extras", "name": "E", "many": True, "choice": extras}]
    tables["limit"] = [
        {"id": f"l{number}", "name": "L", "choices": [f"c{number}"], "weeks": [{"from": BASE, "capacity": 1}]}
        for number in range(40)
    ]
    assert paths(written(tables)) == ["limit"]
    tables["limit"] = tables["limit"][:7]
    assert len(parse(written(tables), "it").limits) == 7


# What is no mistake.


def test_a_launch_may_say_nothing_of_capacity() -> None:
    keys = ("promise", "plant", "limit", "backlog", "cliff")
    launch = parse(changed(*((key, ...) for key in keys)), "it")
    assert (launch.promise, launch.plants, launch.limits, launch.backlog, launch.cliffs) == (None, (), (), (), ())
    assert capacity_of(launch) is None


def test_a_model_that_no_plant_builds_may_be_sold() -> None:
    text = changed(("plant.0.models", ["yu7"]), ("limit.3", ...), ("backlog", ...))
    assert parse(text, "it").plants[0].models == ("yu7",)


def test_a_cliff_may_be_about_a_model_that_no_plant_builds() -> None:
    assert parse(
        changed(("plant.0.models", ["yu7"]), ("limit.3", ...), ("backlog", ...), ("cliff.0.models", ["su7"])), "it"
    )


def test_what_is_sure_may_be_no_surer_than_what_is_kept() -> None:
    assert parse(changed(("promise.kept_percent", 90), ("promise.sure_percent", 90)), "it").promise is not None


def test_an_empty_promise_is_the_defaults_of_the_page() -> None:
    assert parse(changed(("promise", {})), "it").promise == PromiseRules()
    rows = dict(re.findall(r"^\| `promise\.([a-z_]+)` \|.*\| `([^`]+)` \| `[^`]+` \|$", PAGE, re.MULTILINE))
    defaults = tomllib.loads("\n".join(f"{key} = {value}" for key, value in rows.items()))
    assert PromiseRules(**{**defaults, "cancel_percent": tuple(defaults["cancel_percent"])}) == PromiseRules()
    assert set(defaults) == set(PromiseRules.__struct_fields__)


@given(periods(BASE, least=2, ramps=False), st.data())
def test_what_could_not_be_read_of_a_period_is_one_mistake(weeks: list[Raw], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(weeks) - 1))
    key = data.draw(st.sampled_from(sorted(weeks[at])))
    weeks[at][key] = 1.5
    assert paths(written(tables_with({"plant": [plant(weeks=weeks)]}))) == [f"plant[0].weeks[{at}].{key}"]


# The shipped ones.


def test_yu7_promises_as_was_public() -> None:
    launch = parse(YU7, "it")
    assert launch.promise is not None
    assert launch.promise.width_weeks == 4
    (only,) = launch.plants
    assert set(only.models) == {model.id for model in launch.models}
    (cliff,) = launch.cliffs
    assert cliff.last_day == date(2025, 12, 31)
    assert {(one.model, one.trim) for one in launch.backlog} == {
        (model.id, trim.id) for model in launch.models if model.id != "yu7" for trim in model.trims
    }
    assert all(lead_weeks(launch, region.id) > 0 for region in launch.regions)


def test_yu7_stands_still_on_the_two_holidays() -> None:
    (only,) = parse(YU7, "it").plants
    assert [(one.from_day, one.until_day) for one in only.closed] == [
        (date(2025, 10, 1), date(2025, 10, 9)),
        (date(2026, 2, 16), date(2026, 2, 23)),
    ]
    assert isinstance(only.closed[0], Closed)


def test_handheld_builds_its_ten_thousand_in_eight_to_ten_weeks() -> None:
    launch = parse(HANDHELD, "it")
    capacity = capacity_of(launch)
    assert capacity is not None
    assert launch.cap == 10_000
    assert sum(capacity.weekly[-1][:8]) < launch.cap <= sum(capacity.weekly[-1][:10])
    assert capacity.base_week == week_of_day(date(2026, 4, 13))
