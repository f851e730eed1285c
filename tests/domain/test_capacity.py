"""Weekly capacity against a count day by day, and what an order needs against every configuration there is."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise, product
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from drumroll.domain import capacity as module
from drumroll.domain.capacity import UNLIMITED, Change, capacity_of, kinds_of, lead_weeks, needs
from drumroll.domain.launch import Choice, Launch, Model, Option, Region, Trim
from drumroll.domain.launch_capacity import Limit, Period, Plant
from drumroll.domain.launch_file import parse
from drumroll.domain.weeks import monday, week_of_day
from tests.domain.calendars import BASE, Raw, capacities, tables_with
from tests.launch_files import HANDHELD, written

# By the day.


def on(day: date, weeks: list[Raw]) -> int | None:
    """What the periods say of the week that a day is in; ``None`` if the day is in none of them."""
    for period in weeks:
        until = period.get("until", date.max)
        if period["from"] <= day < until:
            number, last = (day - period["from"]).days // 7, (until - period["from"]).days // 7 - 1
            rise: int = period.get("ramp_to", period["capacity"]) - period["capacity"]
            shifts: int = period.get("shifts", 1)
            first: int = period["capacity"]
            return floor(first + (Fraction(rise * number, last) if rise else 0)) * shifts
    return None


def built_in(first: date, plant: Raw) -> int:
    days = [first + timedelta(days=number) for number in range(7)]
    spans = plant.get("closed", [])
    open_days = [day for day in days if not any(span["from"] <= day < span["until"] for span in spans)]
    return floor(sum((Fraction(on(day, plant["weeks"]) or 0, 7) for day in open_days), Fraction(0)))


@settings(max_examples=60, deadline=None)
@given(capacities())
def test_the_capacity_of_a_calendar_is_that_of_its_days(drawn: Raw) -> None:
    capacity = capacity_of(parse(written(tables_with(drawn)), "it"))
    assert capacity is not None
    assert monday(capacity.base_week) == BASE
    assert [one.id for one in capacity.resources] == [one["id"] for one in (*drawn["limit"], *drawn["plant"])]
    mondays = [BASE + timedelta(weeks=number) for number in range(drawn["promise"]["horizon_weeks"])]
    for limit, row in zip(drawn["limit"], capacity.weekly, strict=False):
        said = [on(first, limit["weeks"]) for first in mondays]
        assert list(row) == [UNLIMITED if number is None else number for number in said]
    for plant, row in zip(drawn["plant"], capacity.weekly[len(drawn["limit"]) :], strict=True):
        assert list(row) == [built_in(first, plant) for first in mondays]


@given(st.integers(0, 5_000), st.integers(0, 5_000), st.integers(2, 40))
def test_a_ramp_begins_and_ends_at_what_it_says_and_never_turns(first: int, last: int, weeks: int) -> None:
    period = Period(BASE, BASE + timedelta(weeks=weeks), first, last)
    row = rows(limits=(), weeks=(period,))[0][:weeks]
    assert (row[0], row[-1]) == (first, last)
    assert row == tuple(sorted(row, reverse=last < first))
    steps = [after - before for before, after in pairwise(row)]
    assert max(steps) - min(steps) <= 1


def rows(
    limits: tuple[Limit, ...], weeks: tuple[Period, ...], changes: tuple[Change, ...] = ()
) -> list[tuple[int, ...]]:
    plants = (Plant("p", "P", ("console",), weeks),)
    launch = replace(parse(HANDHELD, "it"), promise=None, plants=plants, limits=limits, cliffs=())
    capacity = capacity_of(launch, changes)
    assert capacity is not None
    return list(capacity.weekly)


def test_a_launch_without_plants_has_no_capacity() -> None:
    assert capacity_of(replace(parse(HANDHELD, "it"), plants=())) is None


# What operators change.

CHANGES = st.lists(
    st.builds(
        lambda resource, first, weeks, percent, weekly: Change(
            resource, week_of_day(BASE) + first, week_of_day(BASE) + first + weeks, percent, weekly
        ),
        st.sampled_from(("", "p", "l", "gone")),
        st.integers(-5, 160),
        st.integers(0, 200),
        *(st.integers(0, 200), st.none()),
    )
    | st.builds(
        lambda resource, first, weekly: Change(resource, week_of_day(BASE) + first, 10**6, None, weekly),
        st.sampled_from(("", "p", "l", "gone")),
        st.integers(-5, 160),
        st.integers(0, 900),
    ),
    max_size=5,
)


@given(CHANGES)
def test_the_last_change_of_a_week_holds_and_a_percentage_is_of_the_calendar(changes: list[Change]) -> None:
    weeks = (Period(BASE, BASE + timedelta(weeks=70), 101), Period(BASE + timedelta(weeks=70), None, 7, shifts=3))
    limit = Limit("l", "L", (), ("clear",), (), (Period(BASE, BASE + timedelta(weeks=9), 33),))
    before = rows((limit,), weeks)
    after = rows((limit,), weeks, tuple(changes))
    for name, calendar, changed in zip("lp", before, after, strict=True):
        for at, said in enumerate(calendar):
            week = week_of_day(BASE) + at
            own = [one for one in changes if one.resource in ("", name) and one.from_week <= week < one.until_week]
            assert changed[at] == (expected(own[-1], said) if own else said)


def expected(change: Change, said: int) -> int:
    if change.weekly is not None:
        return change.weekly
    assert change.percent is not None
    return UNLIMITED if said == UNLIMITED else floor(Fraction(said * change.percent, 100))


# What an order needs.

FOREVER = (Period(BASE, None, 10),)
OPTIONS = (
    Option("paint", "Paint", (Choice("white", "W"), Choice("red", "R"), Choice("grey", "G", trims=("y",)))),
    Option(
        "extras", "Extras", (Choice("hook", "H"), Choice("rack", "K"), Choice("roof", "F", trims=("x",))), many=True
    ),
)
A = Model("a", "A", 0, None, (Trim("x", "X", 1), Trim("y", "Y", 1)), options=OPTIONS)
B = Model("b", "B", 0, None, (Trim("x", "X", 1),))


def sets(*ids: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(ids), unique=True, max_size=2).map(tuple)


LIMITS = st.lists(
    st.builds(
        Limit,
        st.just("l"),
        st.just("L"),
        sets("a", "b"),
        sets("x", "y"),
        sets("white", "red", "grey", "hook", "rack", "roof"),
        st.just(FOREVER),
    ),
    max_size=5,
).map(tuple)
LAUNCH = replace(parse(HANDHELD, "it"), models=(A, B), headline=("a",), conversions=(), promise=None, cliffs=())


def configurations(model: Model, trim: str) -> set[tuple[str, ...]]:
    """Everything that can be taken together, rules between choices aside."""
    if not model.options:
        return {()}
    paints = [choice.id for choice in OPTIONS[0].choices if not choice.trims or trim in choice.trims]
    extras = [choice.id for choice in OPTIONS[1].choices if not choice.trims or trim in choice.trims]
    chosen = product((False, True), repeat=len(extras))
    subsets = [tuple(one for one, taken in zip(extras, row, strict=True) if taken) for row in chosen]
    return {(paint, *subset) for paint in paints for subset in subsets}


def under(limit: Limit, model: str, trim: str, options: tuple[str, ...]) -> bool:
    named = ((limit.models, {model}), (limit.trims, {trim}), (limit.choices, set(options)))
    return all(not wanted or set(wanted) & had for wanted, had in named)


@given(LIMITS, st.sampled_from((("a",), ("a", "b"), ("b",))))
def test_an_order_needs_its_plant_and_every_limit_that_it_meets(
    limits: tuple[Limit, ...], built: tuple[str, ...]
) -> None:
    launch = replace(LAUNCH, limits=limits, plants=(Plant("p", "P", built, FOREVER),))
    kinds = set()
    for model in (A, B):
        for trim in model.trims:
            for options in configurations(model, trim.id):
                met = [at for at, limit in enumerate(limits) if under(limit, model.id, trim.id, options)]
                wanted = (*met, len(limits)) if model.id in built else ()
                assert needs(launch, model.id, trim.id, options) == wanted
                kinds |= {wanted} - {()}
    assert set(kinds_of(launch)) == kinds
    assert len(kinds_of(launch)) == len(kinds)


def test_kinds_beyond_count_are_refused_before_they_are_counted() -> None:
    many = Option("many", "M", tuple(Choice(f"c{number}", "C") for number in range(40)), many=True)
    limits = tuple(Limit(f"l{number}", "L", (), (), (f"c{number}",), FOREVER) for number in range(40))
    launch = replace(
        LAUNCH, limits=limits, models=(replace(B, options=(many,)),), plants=(Plant("p", "P", ("b",), FOREVER),)
    )
    with pytest.raises(ValueError, match=str(module.KINDS_MOST)):
        kinds_of(launch)
    assert len(kinds_of(replace(launch, limits=limits[:8]))) == 2**8


@given(st.integers(0, 366))
def test_the_lead_is_as_many_weeks_as_bring_a_sundays_order_there_in_time(days: int) -> None:
    launch: Launch = replace(LAUNCH, regions=(Region("here", "Here"), Region("there", "There", days)))
    sunday = BASE + timedelta(days=6)
    assert lead_weeks(launch, "there") == week_of_day(sunday + timedelta(days=days)) - week_of_day(sunday)
    assert lead_weeks(launch, "here") == lead_weeks(launch, "nowhere") == 0
