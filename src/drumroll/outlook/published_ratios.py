"""Ratios of two published figures: whether the parts give them, and whether like is held against like."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import msgspec

from drumroll.domain.launch import Launch
from drumroll.domain.launch_finance import TIMED, PublishedFigure
from drumroll.outlook.figures import finance_of
from drumroll.outlook.published_reading import (
    Fit,
    Interval,
    can_be,
    fit,
    number,
    printed,
    shown,
    shown_interval,
    stands_for,
    value_of,
)

ONE_SIDED = ("more than", "at least", "less than")


class Ratio(msgspec.Struct, frozen=True):
    """A ratio worked out: of the figures as they stand (``None``: of nothing), how that fits, and of all their values.

    ``within``: some values that the parts can stand for give what was printed. ``bounds``: a part is only a bound.
    """

    value: Fraction | None
    fit: Fit
    parts: Interval | None
    within: bool
    bounds: bool


class Stage(msgspec.Struct, frozen=True):
    """How long after an opening a number of orders was true: of this launch, or of the earlier one."""

    of: Literal["this", "earlier"]
    after_ms: int


def ratio_of(figure: PublishedFigure, launch: Launch) -> Ratio:
    """Divide the two published figures that a ratio is of."""
    above, below = parts_of(figure, launch)
    factor = 100 if figure.unit == "%" else 1
    possible = stands_for(above).over(stands_for(below))
    possible = None if possible is None else possible.times(factor)
    within = possible is not None and can_be(possible, figure)
    bounds = any(part.relation in ONE_SIDED for part in (above, below))
    if not value_of(below):
        return Ratio(None, "no", None, within=False, bounds=bounds)
    value = value_of(above) / value_of(below) * factor
    return Ratio(value, fit(value, figure), possible, within, bounds)


def parts_of(figure: PublishedFigure, launch: Launch) -> tuple[PublishedFigure, PublishedFigure]:
    """The two figures that a ratio is of."""
    named = {one.id: one for one in finance_of(launch).published}
    above, below = (named[one] for one in figure.of)
    return above, below


def within_rounding(figure: PublishedFigure, ratio: Ratio, launch: Launch) -> str:
    """Why a ratio that the parts don't give as they stand can be right all the same."""
    assert ratio.parts is not None
    spans = " and ".join(f"{printed(one)} ({shown_interval(stands_for(one), one)})" for one in parts_of(figure, launch))
    return f"the rounding of its parts explains it: {spans} give {shown_interval(ratio.parts, figure)}"


# Stages


def stage_of(figure: PublishedFigure, launch: Launch) -> Stage | None:
    """At which stage a number of orders was true, where the launch file says so.

    A figure given for itself is of the launch before if it is one of that launch's points.
    """
    if figure.definition in TIMED and figure.at_ms is not None:
        return Stage("this", figure.at_ms - launch.opens_at_ms)
    if figure.definition != "given" or launch.outlook is None or launch.outlook.earlier is None:
        return None
    for point in launch.outlook.earlier.points:
        if point.orders == value_of(figure):
            return Stage("earlier", point.after_s * 1000)
    return None


def stages_differ(figure: PublishedFigure, launch: Launch) -> str | None:
    """What a ratio of two launches compares, if at different stages, and what the same stage gives."""
    above, below = parts_of(figure, launch)
    one, other = stage_of(above, launch), stage_of(below, launch)
    if one is None or other is None or one.of == other.of or one.after_ms == other.after_ms:
        return None
    said = f"{printed(above)} after {duration(one.after_ms)} is held against {printed(below)} after"
    same = "; ".join(_same_stages(launch, above.definition if one.of == "this" else below.definition))
    return f"{said} {duration(other.after_ms)}" + (f"; at the same stage: {same}" if same else "")


def _same_stages(launch: Launch, definition: str) -> list[str]:
    """By how much this launch beats the earlier one, at each moment that this one has a published number for."""
    said: dict[int, str] = {}
    for figure in finance_of(launch).published:
        stage = stage_of(figure, launch)
        if figure.definition != definition or stage is None or figure.relation in ("about", "less than"):
            continue
        said.setdefault(stage.after_ms, _same_stage(launch, figure, stage))
    return [said[after] for after in sorted(said) if said[after]]


def _same_stage(launch: Launch, figure: PublishedFigure, stage: Stage) -> str:
    earlier = earlier_at(launch, stage.after_ms)
    times = Interval(value_of(figure), value_of(figure)).over(earlier)
    if times is None or times.low is None or value_of(figure) <= 0:
        return ""
    if figure.relation != "is":
        said = f"{figure.relation} {number(times.low)} times"
    elif times.high is None:
        said = f"at least {number(times.low)} times"
    else:
        said = " to ".join(dict.fromkeys((number(times.low), number(times.high)))) + " times"
    return f"after {duration(stage.after_ms)} {printed(figure)} against {_spoken(earlier)}, {said}"


def earlier_at(launch: Launch, after_ms: int) -> Interval:
    """Between which numbers the earlier launch had orders at that stage: its orders add up from point to point."""
    assert launch.outlook is not None
    assert launch.outlook.earlier is not None
    points = launch.outlook.earlier.points
    low = max((point.orders for point in points if point.after_s * 1000 <= after_ms), default=0)
    high = min((point.orders for point in points if point.after_s * 1000 >= after_ms), default=None)
    return Interval(Fraction(low), None if high is None else Fraction(high))


def _spoken(of: Interval) -> str:
    assert of.low is not None
    if of.high is None:
        return f"{number(of.low)} or more"
    if of.low == of.high:
        return number(of.low)
    return f"{number(of.low)} to {number(of.high)}" if of.low else f"at most {number(of.high)}"


def duration(after_ms: int) -> str:
    """How long after the opening.

    >>> duration(180_000), duration(5_400_000), duration(86_400_000), duration(-1_000)
    ('3 min', '1 h 30 min', '24 h', '1 s before')
    """
    seconds = abs(after_ms) // 1000
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    said = " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"
    return f"{said} before" if after_ms < 0 else said


def parts_words(figure: PublishedFigure, launch: Launch) -> str:
    """What is divided by what."""
    above, below = parts_of(figure, launch)
    return f"{above.id} by {below.id}: {printed(above)} / {printed(below)}"


def shown_ratio(ratio: Ratio, figure: PublishedFigure) -> str | None:
    """The ratio as the figures give it."""
    return None if ratio.value is None else shown(ratio.value, figure)
