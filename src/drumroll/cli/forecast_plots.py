"""The pictures of a forecast, drawn as those of the market's page are: 360 wide, colours from CSS (``STYLE``).

``fan`` and ``sizes`` are for other pages too: these need ``STYLE`` beside the market's page style.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, floor, log1p, log10

import numpy as np

from drumroll.cli.forecast_words import percent, rounded, short_clock
from drumroll.market.plots import LEFT, RIGHT, WIDTH, Point, Scale, levels, nice_range, polyline, ring, rule, svg, text
from drumroll.outlook.forecast import LEVELS, Fan
from drumroll.outlook.forecast_locked import Month
from drumroll.outlook.observed import SOFTENING_S

STYLE = """
.band{fill:var(--accent)}.band.p95{opacity:.16}.band.p80{opacity:.24}.band.p50{opacity:.36}
.key.p95{background:var(--accent);opacity:.16}.key.p80{background:var(--accent);opacity:.38}
.key.p50{background:var(--accent);opacity:.65}
.line.median{stroke:var(--accent)}.line.known{stroke:var(--second);stroke-width:2.5}
.line.after{stroke:var(--second);stroke-width:1.5;stroke-dasharray:2 3}
.ring.came{stroke:var(--second)}.key.known{background:var(--second)}
.key.hollow{background:none;border:2px solid var(--second)}
.key.line{border-radius:0;height:2px;vertical-align:.25em;background:var(--accent)}
.bar.belief{fill:var(--soft)}.bar.belief.after{fill:var(--accent)}
.bar.p95{opacity:.25}.bar.p80{opacity:.4}.bar.p50{opacity:.75}
.key.ground{background:var(--rule)}
.bar.weight{fill:var(--accent)}.bar.ground{fill:var(--rule)}
.dot.middle{fill:var(--ink)}
"""
"""What these pictures need beside ``market.page_style.STYLE``."""

TOP, BOTTOM = 14, 222
TICKS_S = (
    *(60, 180, 600, 1800, 3600, 3 * 3600, 6 * 3600, 86_400, 3 * 86_400, 7 * 86_400, 30 * 86_400, 90 * 86_400),
    *(365 * 86_400, 730 * 86_400, 3650 * 86_400),
)
GRID = 90
MOST_POINTS = 400
FEW = 8
"""So many points are no curve yet."""


def along(seconds: float) -> float:
    """A place on the time axis: by the second in the first minute, from then on by its logarithm."""
    return log1p(seconds / SOFTENING_S)


def grid(from_s: float, to_s: float) -> tuple[float, ...]:
    """Moments for a fan's bands, evenly along the axis, from just after the last point to the end."""
    places = np.linspace(along(from_s), along(max(to_s, from_s * 1.01)), GRID + 1)[1:]
    return tuple(float(SOFTENING_S * np.expm1(place)) for place in places)


def fan(bands: Fan, known: Sequence[Point], later: Sequence[Point] = (), name: str = "Orders") -> str:
    """The curve so far, the median and 50, 80 and 95 % of what may come, and (rings, dashed) what came.

    ``known`` and ``later`` are points (second, cumulative orders); the bands begin at the last of ``known``.
    """
    now, last_s = known[-1], bands.seconds[-1]
    shown = [point for point in later if now[0] < point[0] <= last_s * 1.0001]
    highest = max(*bands.bands[LEVELS[-1]][1], now[1], *(orders for _, orders in shown), 1)
    ticks = nice_range(0, highest, 4)
    x = Scale((0.0, along(last_s)), (LEFT, WIDTH - RIGHT))
    y = Scale((0.0, ticks[-1]), (BOTTOM, TOP))
    parts = [levels(y, ticks, rounded), *_times(x, last_s)]
    parts += [_band(x, y, now, bands, level) for level in reversed(LEVELS)]
    middle = [(float(now[0]), float(now[1])), *zip(bands.seconds, map(float, bands.median), strict=True)]
    parts.append(polyline(x, y, _placed(middle), "median"))
    parts += _line(x, y, [(0.0, 0), *known], "known")
    if shown:
        parts += _line(x, y, [now, *shown], "after")
    parts.append(ring(x.at(along(now[0])), y.at(now[1]), "came"))
    parts.append(_label(x, y, now))
    return svg(f"{name}: so far, and what may come with 50, 80 and 95 % intervals", BOTTOM + 24, parts)


def _line(x: Scale, y: Scale, points: Sequence[Point], kind: str) -> list[str]:
    """A curve; of few points rings, and a dashed line that claims nothing between them."""
    few = len(points) <= FEW + 1
    parts = [polyline(x, y, _placed(_thinned(points)), "after" if few else kind)]
    if few:
        parts += [ring(x.at(along(at)), y.at(orders), "came") for at, orders in points[1:]]
    return parts


def _label(x: Scale, y: Scale, now: Point) -> str:
    """The orders now, beside their ring, on the side where there is room."""
    place = x.at(along(now[0]))
    left = place > WIDTH * 0.6
    return text(place + (-8 if left else 8), y.at(now[1]) + 14, f"{now[1]:,}", "end note" if left else "start note")


def _band(x: Scale, y: Scale, now: Point, bands: Fan, level: int) -> str:
    low, high = bands.bands[level]
    over = [now, *zip(bands.seconds, high, strict=True)]
    under = [now, *zip(bands.seconds, low, strict=True)]
    points = " ".join(f"{x.at(along(at)):.1f},{y.at(orders):.1f}" for at, orders in (*over, *reversed(under)))
    return f'<polygon class="band p{level}" points="{points}"/>'


def _times(x: Scale, last_s: float) -> list[str]:
    """Round times along the bottom, as many as there is room for; the end is always one."""
    parts, edge = [], x.last + 40.0
    for at in sorted({*(at for at in TICKS_S if at < last_s), last_s}, reverse=True):
        place = x.at(along(at))
        if edge - place < 40:
            continue
        edge = place
        kind, where = ("end", float(WIDTH)) if place > WIDTH - 20 else ("mid", place)
        parts += [rule(place, place, TOP, BOTTOM, "grid"), text(where, BOTTOM + 16, short_clock(at), kind)]
    return parts


def _placed(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(along(at), value) for at, value in points]


def _thinned(points: Sequence[Point]) -> list[tuple[float, float]]:
    """Of many points those that are apart on the axis, the first and the last too."""
    if len(points) <= MOST_POINTS:
        return [(at, float(orders)) for at, orders in points]
    step = along(points[-1][0]) / MOST_POINTS
    kept = [points[0]]
    for point in points[1:-1]:
        if along(point[0]) - along(kept[-1][0]) >= step:
            kept.append(point)
    return [(at, float(orders)) for at, orders in (*kept, points[-1])]


# What was believed, and what is


def sizes(rows: Sequence[tuple[str, str, Mapping[int, tuple[float, float]]]], said: str) -> str:
    """Intervals one below the other on one logarithmic axis: (name, class, intervals by percent; 0 is the median)."""
    ends = [end for _, _, intervals in rows for end in intervals[LEVELS[-1]]]
    low, high = log10(max(min(ends), 1.0)), log10(max(*ends, 2.0))
    x = Scale((low, high), (12, WIDTH - 14))
    height = 44 * len(rows) + 24
    parts = []
    for tick in _powers(low, high):
        place = x.at(log10(tick))
        parts += [rule(place, place, 6, height - 18, "grid"), text(place, height - 4, rounded(tick), "mid")]
    for number, (name, kind, intervals) in enumerate(rows):
        top = 8 + 44 * number
        parts.append(text(12, top + 10, f"{name}: {rounded(intervals[0][0])}", "start note"))
        for level in reversed(LEVELS):
            first, last = (x.at(log10(max(end, 1.0))) for end in intervals[level])
            parts.append(_bar(first, top + 16, max(last - first, 1.0), 14, f"bar belief {kind} p{level}"))
        middle = x.at(log10(max(intervals[0][0], 1.0)))
        parts.append(f'<circle class="dot middle" cx="{middle:.1f}" cy="{top + 23}" r="3"/>')
    return svg(said, height, parts)


def _powers(low: float, high: float) -> list[float]:
    """Round values of a logarithmic axis, at most about six."""
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [
            step * 10.0**power
            for power in range(floor(low), ceil(high) + 1)
            for step in steps
            if low <= log10(step * 10.0**power) <= high
        ]
        if len(found) <= 6:
            return found or [10**low]
    return found[:: ceil(len(found) / 6)]


def weights(rows: Sequence[tuple[str, float]]) -> str:
    """How likely each candidate is, as bars from 0 to 100 %."""
    height = 34 * len(rows) + 4
    parts = []
    for number, (name, weight) in enumerate(rows):
        top = 4 + 34 * number
        parts += [text(12, top + 10, name, "start note"), text(WIDTH - 14, top + 10, percent(weight), "end note")]
        parts.append(_bar(12, top + 15, WIDTH - 26, 9, "bar ground"))
        parts.append(_bar(12, top + 15, (WIDTH - 26) * weight, 9, "bar weight"))
    return svg("How likely each curve is after the orders so far", height, parts)


def _bar(x: float, y: float, width: float, height: float, kind: str) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


# Two years


def months(found: Sequence[Month]) -> str:
    """Orders by month: intervals as bars, the median as a dash, and what of the mean is long-run demand.

    A launch month can be ten times the others: the axis ends where the others fit, and what goes beyond is said.
    """
    highs = sorted(month.intervals[LEVELS[-1]][1] for month in found)
    top = min(highs[-1], 1.6 * highs[-2]) if len(highs) > 1 else highs[-1]
    ticks = nice_range(0, max(top, 1), 4)
    x, y = Scale((0.0, float(len(found))), (LEFT, WIDTH - RIGHT)), Scale((0.0, ticks[-1]), (176, TOP))
    wide = (x.at(1) - x.at(0)) * 0.7
    parts = [levels(y, ticks, rounded)]
    for number, month in enumerate(found):
        left = x.at(number + 0.5) - wide / 2
        parts += _month(y, month, left, wide, ticks[-1])
        if number % 3 == 2 or number == 0:
            parts.append(text(left + wide / 2, 192, str(number + 1), "mid"))
    return svg("Orders by month after the opening, with 50, 80 and 95 % intervals", 198, parts)


def _month(y: Scale, month: Month, left: float, wide: float, highest: float) -> list[str]:
    if month.median > highest:
        beyond = text(left + wide + 3, y.at(highest) + 9, f"{rounded(month.median)} in the first", "start note")
        return [_bar(left, y.at(highest), wide, y.at(0) - y.at(highest), "band p50"), beyond]
    long_run = min(month.mean * month.long_run_share, highest)
    parts = [_bar(left, y.at(long_run), wide, y.at(0) - y.at(long_run), "bar ground")]
    for level in reversed(LEVELS):
        low, high = (min(float(end), highest) for end in month.intervals[level])
        parts.append(_bar(left, y.at(high), wide, y.at(low) - y.at(high), f"band p{level}"))
    return [*parts, rule(left, left + wide, y.at(month.median), y.at(month.median), "line median")]
