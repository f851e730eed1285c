"""How a forecast is said, in a terminal and on a page alike."""

from __future__ import annotations

import numpy as np

from drumroll.outlook.curves import Bass, Curve, Impulse, Mixture
from drumroll.outlook.forecast import LEVELS, Horizon

DAY_S, HOUR_S, MINUTE_S = 86_400, 3600, 60

NAMES = {
    "bass": "Bass",
    "impulse": "impulse that decays",
    "mixture": "impulse and Bass",
}
MEANS = (
    "50, 80, 95 %: in so many of 100 such cases the orders lie within the interval, if what is assumed holds.",
    "Prior: how much of the uncertainty of what was assumed beforehand is left. 100 %: the orders say nothing yet of"
    " this figure, it is the prior's; 0 %: they say all.",
    "Orders are forecast uncapped: as many as would come if nothing sold out. Gross: one cancelled later counts.",
    "Locked: those that are not cancelled within their cooling-off.",
)


def clock(seconds: float) -> str:
    """A time since the opening as people say it, exact where it is round.

    >>> clock(180), clock(86_400), clock(604_800), clock(5400)
    ('3 minutes', '24 hours', '7 days', '1.5 hours')
    """
    for unit_s, name, least in ((DAY_S, "day", 2), (HOUR_S, "hour", 1), (MINUTE_S, "minute", 1), (1, "second", 0)):
        if seconds >= unit_s * least:
            many = _three_digits(seconds / unit_s)
            return f"{many} {name}" if many == "1" else f"{many} {name}s"
    return f"{seconds:g} seconds"


def short_clock(seconds: float) -> str:
    """The same for an axis or a narrow column: 3 min, 24 h, 7 d."""
    for unit_s, name, least in ((DAY_S, "d", 2), (HOUR_S, "h", 1), (MINUTE_S, "min", 1)):
        if seconds >= unit_s * least:
            return f"{_three_digits(seconds / unit_s)} {name}"
    return f"{seconds:.3g} s"


def rounded(value: float) -> str:
    """A number to three digits, as an interval needs it.

    >>> rounded(271_400), rounded(1_234_567), rounded(950), rounded(99_960)
    ('271k', '1.23M', '950', '100k')
    """
    digits = float(f"{value:.3g}")
    for unit, name in ((1e12, "trn"), (1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(digits) >= unit:
            return f"{_three_digits(digits / unit)}{name}"
    return f"{value:.0f}"


def _three_digits(value: float) -> str:
    """Three digits, or all before the point; never with an exponent (1e+03)."""
    return f"{value:.3g}" if abs(value) < 999.5 else f"{value:,.0f}"


def span(interval: tuple[float, float]) -> str:
    """An interval, rounded; one that is narrower than three digits can say stands as it is."""
    low, high = interval
    if 0 <= high - low < 0.02 * high:
        return f"{low:,.0f}-{high:,.0f}"
    return f"{rounded(low)}-{rounded(high)}"


def percent(share: float) -> str:
    """A share in whole percent; what is little but not nothing is not called 0."""
    return "under 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def verdict(horizon: Horizon, came: int) -> str:
    """Where what came lies: in the narrowest interval that holds it, or outside them all."""
    for level in LEVELS:
        low, high = horizon.intervals[level]
        if low <= came <= high:
            return f"inside the {level} % interval"
    low, _ = horizon.intervals[LEVELS[-1]]
    return f"outside the {LEVELS[-1]} % interval, {'below' if came < low else 'above'} it"


def parameters(curve: Curve) -> str:
    """The parameters of a curve in words."""
    match curve:
        case Bass():
            return f"innovation {_rate(curve.innovation)}, imitation {_rate(curve.imitation)}"
        case Impulse():
            return f"63 % by {short_clock(curve.scale_s)}, shape {curve.shape:.2f}"
        case Mixture():
            return (
                f"{percent(curve.impulse_share)} with the impulse ({parameters(curve.impulse)}), "
                f"the others: {parameters(curve.bass)}"
            )


def _rate(a_second: float) -> str:
    """A rate in percent of those who are left, by the unit in which it is about whole percents."""
    for unit_s, article, name in (
        (1, "a", "second"),
        (MINUTE_S, "a", "minute"),
        (HOUR_S, "an", "hour"),
        (DAY_S, "a", "day"),
    ):
        if a_second * unit_s >= 0.01 or unit_s == DAY_S:
            return f"{_three_digits(100 * a_second * unit_s)} % {article} {name}"
    raise AssertionError("the last unit is taken in any case")


def share_reached(curve: Curve, share: float) -> float:
    """The second by which a share (0 to 1) of all orders stands; at most ten years."""
    grid = np.geomspace(1e-3, 3.2e8, 4000)
    return float(grid[min(int(np.searchsorted(curve.share(grid), share)), len(grid) - 1)])
