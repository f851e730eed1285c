"""Calendars of plants and limits, drawn as a launch file has them, and the launches they are in."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.launch_files import HANDHELD_UNTRANSLATED

BASE = date(2026, 4, 13)
"""A Monday: the first plant's first."""

Raw = dict[str, Any]
"""A table as TOML has it."""


@st.composite
def periods(draw: st.DrawFn, first: date, least: int = 1, ramps: bool = True) -> list[Raw]:
    """Periods one after another from ``first`` on, the last of them now and then without an end."""
    lengths = draw(st.lists(st.integers(1, 9), min_size=least, max_size=5))
    found: list[Raw] = []
    for weeks in lengths:
        until = first + timedelta(weeks=weeks)
        period: Raw = {"from": first, "until": until, "capacity": draw(st.integers(0, 2_000))}
        if ramps and weeks > 1 and draw(st.booleans()):
            period["ramp_to"] = draw(st.integers(0, 2_000))
        if draw(st.booleans()):
            period["shifts"] = draw(st.integers(1, 4))
        found.append(period)
        first = until
    if draw(st.booleans()) or found[-1]["until"] <= BASE:
        found[-1].pop("until")
        found[-1].pop("ramp_to", None)
    return found


@st.composite
def closed_spans(draw: st.DrawFn) -> list[Raw]:
    """Spans that share no day, in any order; they may touch."""
    day, found = BASE - timedelta(days=10), []
    for gap, days in draw(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 20)), min_size=1, max_size=5)):
        day += timedelta(days=gap)
        found.append({"name": "closed", "from": day, "until": day + timedelta(days=days)})
        day += timedelta(days=days)
    return draw(st.permutations(found))


@st.composite
def capacities(draw: st.DrawFn, least: int = 1, ramps: bool = True) -> Raw:
    """The tables of a launch file with a plant for each of its two models (or one for both), and limits."""
    start = BASE + timedelta(weeks=draw(st.integers(0, 6)))
    plants = [{"id": "p0", "models": ["console"], "weeks": draw(periods(BASE, least, ramps))}]
    if draw(st.booleans()):
        plants.append({"id": "p1", "models": ["console-xl"], "weeks": draw(periods(start, least, ramps))})
    limits = [
        {"id": f"l{number}", **meant, "weeks": draw(periods(start - timedelta(weeks=number * 4), least, ramps))}
        for number, meant in enumerate(({"trims": ["clear"]}, {"models": ["console"]}, {"choices": ["sleeve"]}))
    ]
    for plant in plants:
        if draw(st.booleans()):
            plant["closed"] = draw(closed_spans())
    for one in (*plants, *limits):
        one["name"] = f"The {one['id']}"
    return {"promise": {"horizon_weeks": draw(st.integers(10, 80))}, "plant": plants, "limit": limits}


def tables_with(capacity: Raw) -> Raw:
    """The tables of a whole launch file with this capacity instead of its own."""
    tables = tomllib.loads(HANDHELD_UNTRANSLATED)
    for key in ("promise", "plant", "limit", "backlog", "cliff"):
        tables.pop(key, None)
    return {**tables, **capacity}
