"""What is known of a launch's orders so far: points of the cumulative curve, checked, and thinned into intervals.

A curve may come from a log (a point a second), from an exported curve or from the press (a point when something was
said).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import isfinite, log1p
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from drumroll.errors import CurveUnfit

Source = Literal["log", "curve", "published"]
Point = tuple[float, int]

FIRST_S = 180
"""A forecast is made from minute 3 on: before that a curve has no shape yet."""

MOST_POINTS = 100_000
MOST_ORDERS = 10**12
MOST_SECONDS = 10.0 * 366 * 86_400
"""Ten years: a point beyond is a mistake in the unit of time."""

MOST_INTERVALS = 40
"""More points are thinned to so many intervals; they would say no more, since noise is by time (``spans``)."""

LEAST_SPAN = 0.05
"""A thinned interval is at least so wide, in the unit of ``spans``."""

SOFTENING_S = 60.0
"""In the first minute time counts by the second, from then on ever more as its logarithm (``spans``)."""


class Observed(msgspec.Struct, frozen=True):
    """Cumulative firm orders at ``seconds`` since the opening, both rising; that it opened with none is implied."""

    seconds: tuple[float, ...]
    orders: tuple[int, ...]
    source: Source

    @property
    def from_s(self) -> float:
        """The second of the last point: a forecast starts there."""
        return self.seconds[-1]

    @property
    def orders_now(self) -> int:
        """Orders at the last point."""
        return self.orders[-1]


class Intervals(msgspec.Struct, frozen=True):
    """Interval counts: ``edges`` in seconds (0 first), the orders between, and each interval's width in ``spans``."""

    edges: NDArray[np.float64]
    counts: NDArray[np.float64]
    spans: NDArray[np.float64]


def observed(points: Sequence[Point], source: Source, *, least: int = 3) -> Observed:
    """Points (second, cumulative orders) as a curve. A first point (0, 0) counts as one, and is then implied.

    Raises CurveUnfit, with the point and the rule, if there are fewer than ``least`` points or more than 100,000, if
    times do not rise or lie before the opening, or if the count falls, is negative or not finite.
    """
    if not least <= len(points) <= MOST_POINTS:
        raise CurveUnfit(_too_few(points, least) if len(points) < least else _too_many(points))
    for number, point in enumerate(points, 1):
        _check_point(number, point)
    for number, (before, after) in enumerate(pairwise(points), 2):
        _check_pair(number, before, after)
    if points[0][0] == 0 and points[0][1] != 0:
        raise CurveUnfit(
            f"point 1 has {points[0][1]:,} orders at second 0: at the opening there are none. "
            "Leave orders from before the opening out, or give the second by which these stood firm"
        )
    kept = [point for point in points if point[0] > 0]
    if not kept:
        raise CurveUnfit("the only point is the opening: there is nothing to forecast from. Wait for a later one")
    return Observed(tuple(float(at) for at, _ in kept), tuple(int(orders) for _, orders in kept), source)


def until(known: Observed, second: float) -> Observed:
    """Only what was known by ``second``. Raises CurveUnfit if that was nothing."""
    count = bisect_right(known.seconds, second)
    if count == 0:
        raise CurveUnfit(f"nothing is known by second {second:g}: the first point is at second {known.seconds[0]:g}")
    return Observed(known.seconds[:count], known.orders[:count], known.source)


def orders_at(known: Observed, second: float) -> int:
    """Orders by ``second``, along a line between points. ``second`` lies within the curve."""
    return round(float(np.interp(second, (0.0, *known.seconds), (0, *known.orders))))


def spans(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """How wide each interval between ``edges`` is for noise: ``ln((b + 60) / (a + 60))``.

    A launch's first ten minutes hold as much surprise as its first ten hours after the tenth: so noise is by the
    logarithm of time. Widths add up: cutting an interval in two changes nothing.
    """
    widths: NDArray[np.float64] = np.diff(np.log1p(edges / SOFTENING_S))
    return widths


def intervals(known: Observed) -> Intervals:
    """The counts between points; many points are thinned to at most 40 intervals, fine early and coarse late."""
    kept = _kept(known)
    edges = np.array([0.0, *(known.seconds[place] for place in kept)])
    totals = np.array([0.0, *(float(known.orders[place]) for place in kept)])
    return Intervals(edges, np.diff(totals), spans(edges))


def _kept(known: Observed) -> Iterable[int]:
    """The places of the points that end an interval; the last always does."""
    count = len(known.seconds)
    if count <= MOST_INTERVALS:
        return range(count)
    whole = log1p(known.from_s / SOFTENING_S)
    wanted = max(1, min(MOST_INTERVALS, int(whole / LEAST_SPAN)))
    ends = np.expm1(np.linspace(0.0, whole, wanted + 1)[1:]) * SOFTENING_S
    places = np.searchsorted(np.array(known.seconds), ends * (1 + 1e-12), side="right") - 1
    return sorted({int(place) for place in places if place >= 0} | {count - 1})


def _too_few(points: Sequence[Point], least: int) -> str:
    found = ", ".join(f"({at:g} s, {orders:,})" for at, orders in points) or "none"
    return (
        f"a curve needs at least {least} points; found {len(points)}: {found}. Wait for more, or add the opening (0, 0)"
    )


def _too_many(points: Sequence[Point]) -> str:
    return f"a curve has at most {MOST_POINTS:,} points; found {len(points):,}. Keep every tenth: it says as much"


def _check_point(number: int, point: Point) -> None:
    at, orders = point
    if not isfinite(at) or not isfinite(orders):
        raise CurveUnfit(f"point {number} ({at:g} s, {orders:g}) is not finite; give seconds and orders as numbers")
    if at < 0:
        raise CurveUnfit(f"point {number} is {-at:g} s before the opening; seconds count from the opening, from 0 on")
    if at > MOST_SECONDS:
        raise CurveUnfit(f"point {number} is at second {at:g}: at most {MOST_SECONDS:.0f} (ten years). Give seconds")
    if not 0 <= orders <= MOST_ORDERS or orders != int(orders):
        raise CurveUnfit(f"point {number} has {orders:,} orders; allowed are whole numbers from 0 to {MOST_ORDERS:,}")


def _check_pair(number: int, before: Point, after: Point) -> None:
    if after[0] <= before[0]:
        raise CurveUnfit(
            f"times must rise: point {number} is at second {after[0]:g}, the one before at {before[0]:g}. "
            "Sort the points, and give each second once"
        )
    if after[1] < before[1]:
        raise CurveUnfit(
            f"a cumulative curve never falls: {before[1]:,} orders at second {before[0]:g}, then {after[1]:,} at "
            f"{after[0]:g} (point {number}). Give all orders that ever stood firm, cancelled ones too"
        )
