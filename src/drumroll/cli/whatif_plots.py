"""The pictures of "what if", drawn as those of the market's page are: 360 wide, colours from CSS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil

import msgspec
import numpy as np

from drumroll.cli.whatif_tables import trims_of
from drumroll.cli.whatif_words import SAID
from drumroll.domain.weeks import monday
from drumroll.market.plots import LEFT, RIGHT, ROW, WIDTH, Scale, levels, nice_range, rule, short, svg, text
from drumroll.plan.difference import Difference
from drumroll.plan.problem import Counts
from drumroll.plan.waiting import Situation
from drumroll.plan.whatif import POLICIES, Answer, Planned, Wait

TONES = 5
"""How many colours trims have; the sixth begins anew."""


class Layer(msgspec.Struct, frozen=True):
    """Orders of one colour: a trim of a model that the launch is about, or another model as a whole."""

    name: str
    tone: str
    built: Counts


def layers(situation: Situation, planned: Planned, models: Sequence[str]) -> list[Layer]:
    """What is built of ``models`` by week: the launch's trims each, its other models as one."""
    ours: list[Layer] = []
    others: dict[str, Counts] = {}
    for (model, trim), built in zip(situation.waiting.trims, planned.built, strict=True):
        if model in models and model in situation.launch.headline:
            ours.append(Layer(f"{model} {trim}", f"tone{len(ours) % TONES}", built))
        elif model in models:
            others[model] = others.get(model, 0) + built
    if others:
        ours.append(Layer(", ".join(others), "other", np.sum(list(others.values()), axis=0)))
    return ours


def load(answer: Answer, policy: str, when: str, plant: int) -> str:
    """What a plant builds by week, and its capacity: as it is (thin) and as it would be."""
    planned = (answer.before if when == "before" else answer.after)[policy]
    situation = answer.situation if when == "before" else answer.changed.situation
    models = situation.launch.plants[plant].models
    resource = len(situation.launch.limits) + plant
    weeks = last_week(answer, models)
    skipped = situation.first_week - situation.capacity.base_week
    capacities = [
        np.array(one.capacity.weekly[resource][skipped : skipped + weeks])
        for one in (answer.situation, answer.changed.situation)
    ]
    ticks = nice_range(0, max(1, *(int(each.max(initial=1)) for each in capacities)), 3)
    x, y = Scale((0, weeks), (LEFT, WIDTH - RIGHT)), Scale((0, ticks[-1]), (176, 12))
    parts = [levels(y, ticks, short)]
    below = np.zeros(weeks, np.int64)
    for layer in layers(situation, planned, models):
        above = below + layer.built[:weeks]
        parts.append(_area(x, y, below, above, layer.tone))
        below = above
    parts.append(_steps(x, y, capacities[0], "was"))
    if when != "before":
        parts.append(_steps(x, y, capacities[1], "capacity"))
    said = f"Built by week at {situation.launch.plants[plant].name}, {SAID[policy]}, {when}"
    return svg(said, 200, [*parts, *_dates(x, situation.first_week, weeks, 192)])


def last_week(answer: Answer, models: Sequence[str]) -> int:
    """How many weeks the pictures of a plant show: until nothing of those models is built any more in any plan."""
    shown = 4
    sides = ((answer.situation, answer.before), (answer.changed.situation, answer.after))
    for situation, planned in sides:
        for policy in POLICIES:
            total = np.sum([layer.built for layer in layers(situation, planned[policy], models)], axis=0)
            shown = max(shown, int(np.flatnonzero(total).max(initial=0)) + 2)
    return min(shown, answer.situation.end_week - answer.situation.first_week)


def _area(x: Scale, y: Scale, below: Counts, above: Counts, tone: str) -> str:
    """What lies between two step lines."""
    there = [f"{x.at(at + side):.1f},{y.at(int(value)):.1f}" for at, value in enumerate(above) for side in (0, 1)]
    back = [f"{x.at(at + side):.1f},{y.at(int(value)):.1f}" for at, value in enumerate(below) for side in (0, 1)]
    return f'<polygon class="layer {tone}" points="{" ".join([*there, *reversed(back)])}"/>'


def _steps(x: Scale, y: Scale, values: Counts, kind: str) -> str:
    points = [f"{x.at(at + side):.1f},{y.at(int(value)):.1f}" for at, value in enumerate(values) for side in (0, 1)]
    return f'<polyline class="line {kind}" points="{" ".join(points)}"/>'


def _dates(x: Scale, first_week: int, weeks: int, y: float) -> list[str]:
    """About five Mondays along the bottom."""
    places = [(x.at(at), monday(first_week + at)) for at in range(0, weeks, max(1, ceil(weeks / 5)))]
    return [text(place, y, f"{day:%d %b %y}", "mid") for place, day in places if place <= WIDTH - 26]


# Promises


def broken(answer: Answer) -> str:
    """By the last promised week: how many were promised (outline) and broken, strict upwards, the other downwards."""
    rows = {policy: answer.after[policy].difference.by_week for policy in POLICIES}
    weeks = [(one.week, one.part.promised) for one in rows["strict"]]
    if not weeks:
        return "<p>Nothing was promised.</p>"
    counts = [[(one.week, one.part.promised, one.part.broken) for one in rows[policy]] for policy in POLICIES]
    first, last = weeks[0][0], weeks[-1][0] + 1
    return _mirrored(
        "Promises broken by the last promised week",
        Scale((first, max(last, first + 4)), (LEFT, WIDTH - RIGHT)),
        counts,
        lambda x: _dates(Scale((0, x.high - x.low), (x.first, x.last)), first, int(x.high - x.low), 216),
    )


def moved(answer: Answer) -> str:
    """By how many weeks orders are moved, strict upwards, the other downwards."""
    counts = [
        [(weeks, 0, orders) for weeks, orders in _by_weeks(answer.after[policy].difference)] for policy in POLICIES
    ]
    every = [weeks for rows in counts for weeks, _, _ in rows]
    if not every:
        return "<p>Nobody is moved.</p>"
    low, high = min(*every, 0), max(*every, 0) + 1
    step = next((weeks for weeks in (1, 2, 4, 13, 26, 52) if (high - low) / weeks <= 8), 104)

    def along(x: Scale) -> list[str]:
        ticks = [at for at in range(low, high) if at % step == 0]
        return [text(x.at(at + 0.5), 216, f"{at:+d}" if at else "0", "mid") for at in ticks]

    return _mirrored(
        "By how many weeks orders are moved", Scale((low, max(high, low + 4)), (LEFT, WIDTH - RIGHT)), counts, along
    )


def _by_weeks(found: Difference) -> list[tuple[int, int]]:
    return [(weeks, orders) for weeks, orders in found.moves if weeks]


Bar = tuple[int, int, int]
"""Where a bar begins (it is one wide), and two heights: the outline, and what is filled."""


def _mirrored(said: str, x: Scale, sides: Sequence[Sequence[Bar]], along: Callable[[Scale], list[str]]) -> str:
    """Bars of the strict policy above the line, of the other below it, on one scale."""
    highest = max((max(outline, filled) for side in sides for _, outline, filled in side), default=1)
    ticks = nice_range(0, max(1, highest), 2)
    up, down = Scale((0, ticks[-1]), (104, 16)), Scale((0, ticks[-1]), (104, 192))
    parts = [levels(up, ticks, short), levels(down, ticks[1:], short)]
    for policy, y, side in zip(POLICIES, (up, down), sides, strict=True):
        parts += [_bar(x, y, at, outline, "outline") for at, outline, _ in side if outline]
        parts += [_bar(x, y, at, filled, f"bar {policy}") for at, _, filled in side if filled]
    parts += [text(LEFT, 11, SAID[POLICIES[0]], "start note"), text(LEFT, 201, SAID[POLICIES[1]], "start note")]
    return svg(said, 224, [*parts, *along(x)])


def _bar(x: Scale, y: Scale, at: int, value: int, kind: str) -> str:
    ends = sorted((y.at(0), y.at(value)))
    width = x.at(at + 1) - x.at(at)
    return (
        f'<rect class="{kind}" x="{x.at(at):.1f}" y="{ends[0]:.1f}" width="{width * 0.86:.1f}" '
        f'height="{ends[1] - ends[0]:.1f}"/>'
    )


# Waits


def waits(answer: Answer) -> str:
    """For each trim the weeks from now to delivery, median to ninth decile: before, and by both policies."""
    rows = list(trims_of(answer))
    shown = [
        (f"{model} {trim}", [("before", before), ("strict", strict), ("least", least)])
        for model, trim, (strict, before, least, _) in rows
    ]
    most = max((wait.p90 for _, each in shown for _, wait in each if wait is not None), default=1)
    ticks = nice_range(0, most, 5)
    height = 8 + (3 * 9 + ROW) * len(shown) + 22
    x = Scale((0, ticks[-1]), (12, WIDTH - 14))
    parts = [rule(x.at(tick), x.at(tick), 6, height - 20, "grid") for tick in ticks]
    parts += [text(x.at(tick), height - 6, f"{tick:g}", "mid") for tick in ticks]
    for number, (name, each) in enumerate(shown):
        top = 8 + (3 * 9 + ROW) * number
        parts.append(text(12, top + 11, name, "start note"))
        parts += [_wait(x, top + 20 + 9 * at, kind, wait) for at, (kind, wait) in enumerate(each) if wait is not None]
    return svg("Weeks from now to delivery by trim: median to ninth decile", height, parts)


def _wait(x: Scale, y: float, kind: str, wait: Wait) -> str:
    dot = f'<circle class="dot {kind}" cx="{x.at(wait.median):.1f}" cy="{y:.1f}" r="3.5"/>'
    return rule(x.at(wait.median), x.at(wait.p90), y, y, f"span {kind}") + dot
