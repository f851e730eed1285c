"""Rules that anybody could follow on the back of an envelope: a forecast has to be better, or say that it is not.

Each gives one figure and no interval, so its score is its absolute error.
"""

from __future__ import annotations

from math import log1p

import numpy as np

from drumroll.outlook.observed import SOFTENING_S, Observed
from drumroll.outlook.prior import Earlier

SCALED = "last launch scaled"
THROUGH_NOW = "last launch scaled to the orders now"
RATE_KEPT = "last rate kept"

LAST_PART = 0.1
"""The last rate is that of the last tenth of the time so far: that of the last second would be noise."""


def naive(known: Observed, earlier: Earlier | None, at_s: float) -> dict[str, float]:
    """What each rule says will stand by second ``at_s``; those that need an earlier launch only if there is one."""
    said = {RATE_KEPT: last_rate_kept(known, at_s)}
    if earlier is not None:
        said[SCALED] = max(float(known.orders_now), earlier.times * earlier_orders(earlier, at_s))
        said[THROUGH_NOW] = through_now(known, earlier, at_s)
    return said


def last_rate_kept(known: Observed, at_s: float) -> float:
    """Orders go on coming as they did in the last tenth of the time so far."""
    seconds, orders = (0.0, *known.seconds), (0, *known.orders)
    before_s = known.from_s * (1 - LAST_PART)
    rate = (known.orders_now - float(np.interp(before_s, seconds, orders))) / (known.from_s - before_s)
    return known.orders_now + rate * max(0.0, at_s - known.from_s)


def through_now(known: Observed, earlier: Earlier, at_s: float) -> float:
    """The earlier launch's curve, multiplied so that it passes through the orders now."""
    then = earlier_orders(earlier, known.from_s)
    return known.orders_now * earlier_orders(earlier, at_s) / then if then > 0 else float(known.orders_now)


def earlier_orders(earlier: Earlier, at_s: float) -> float:
    """The earlier launch's orders by then: along logarithmic time between its points, constant after the last."""
    clock = [0.0, *(log1p(second / SOFTENING_S) for second, _ in earlier.points if second > 0)]
    orders = [0, *(orders for second, orders in earlier.points if second > 0)]
    return float(np.interp(log1p(at_s / SOFTENING_S), clock, orders))
