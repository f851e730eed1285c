"""Plants, limits, backlog and promise rules for small launches, drawn: capacity runs out within a few weeks."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st
from msgspec.structs import replace

from drumroll.domain.launch import Launch, Region
from drumroll.domain.launch_capacity import Backlog, Cliff, Closed, Limit, Period, Plant, PromiseRules
from drumroll.domain.weeks import monday
from tests.domain.naive_weeks import week_of

OPENS = 1_750_946_400_000
WEEK_MS = 7 * 86_400_000
NUMBERS = st.sampled_from((1, 1, 2, 3, 0, 5))
LIMITS = (
    ("pack", ("a",), ("y",), ()),
    ("red", (), (), ("red", "leather")),
    ("extras", ("a",), (), ("hook", "rack")),
    ("all-a", ("a",), (), ()),
    ("all", (), (), ()),
)
"""Ids, models, trims and choices; they overlap."""


@st.composite
def periods(draw: st.DrawFn, base: int, *, whole: bool) -> tuple[Period, ...]:
    """A few weeks in a row; ``whole`` calendars have no end."""
    lengths = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    found, week = [], base
    for length in lengths:
        shifts = draw(st.sampled_from((1, 1, 1, 2)))
        found.append(Period(monday(week), monday(week + length), draw(NUMBERS), shifts=shifts))
        week += length
    if whole or draw(st.booleans()):
        found[-1] = replace(found[-1], until_day=None)
    return tuple(found)


@st.composite
def with_plants(draw: st.DrawFn, launch: Launch) -> Launch:
    """The launch with plants; now and then nobody builds one of its models."""
    base = week_of(OPENS, launch.time_zone) + draw(st.sampled_from((0, 0, 1, -1, -3)))
    models = draw(st.sampled_from(((("a", "c"), ("b",)), (("a", "b", "c"),), (("a",), ("b",)), (("a", "b"),))))
    closed = (Closed("Holiday", monday(base + 1), date.fromordinal(monday(base + 1).toordinal() + 3)),)
    plants = tuple(
        Plant(
            f"plant-{at}", f"Plant {at}", of, draw(periods(base + at, whole=True)), draw(st.sampled_from(((), closed)))
        )
        for at, of in enumerate(models)
    )
    chosen = draw(st.lists(st.sampled_from(LIMITS), max_size=3, unique=True))
    limits = tuple(
        Limit(name, name.title(), *of, draw(periods(base + draw(st.integers(0, 2)), whole=False)))
        for name, *of in chosen
    )
    width, frozen = draw(st.integers(1, 4)), draw(st.sampled_from((0, 1, 2, 0)))
    rules = PromiseRules(
        width, frozen, draw(st.integers(3, 8)), refuse_unpromised=draw(st.sampled_from((False, False, True)))
    )
    backlog = draw(st.lists(st.sampled_from((("a", "x"), ("a", "y"), ("b", "z"))), max_size=2, unique=True))
    regions = draw(st.sampled_from(((), (Region("n", "North", 3), Region("s", "South", 15)))))
    return replace(
        launch,
        promise=draw(st.sampled_from((rules, rules, rules, None))),
        plants=plants,
        limits=limits,
        backlog=tuple(Backlog(*of, draw(st.integers(1, 4))) for of in backlog),
        cliffs=draw(st.sampled_from(((), (Cliff("tax", "Tax", monday(base + 2)),)))),
        regions=regions,
    )


@st.composite
def lateness(draw: st.DrawFn, names: list[str], horizon: int) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    """How late the weeks may be, for some kinds."""
    found = {}
    for name in draw(st.lists(st.sampled_from(names), unique=True, max_size=4)) if names else ():
        late = tuple(draw(st.lists(st.integers(0, 3), min_size=horizon, max_size=horizon)))
        found[name] = (late, tuple(one + draw(st.integers(0, 2)) for one in late))
    return found
