"""How many firm orders will lock, and what two years bring by month: what lies beyond the launch's own curve.

**Locked.** An order is given up within its cooling-off with probability ``c``, at a constant hazard: by the share
``x`` of it, ``1 - (1 - c)^x`` are. ``c`` has a Beta prior whose central 90 % the launch file gives, and is updated by
what became of the orders so far. These count as at most ``MOST_INDEPENDENT`` independent ones: people give up for
shared reasons (a wait that was quoted, a rival's price), so that 289,000 orders do not tell next week's share to a
tenth of a percent.

**Months.** What the launch curve still brings, and beside it a long-run diffusion (Bass 1969) that is assumed in the
launch file and that nothing in the first days can tell: there the weight of the prior is 100 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite, log

import msgspec
import numpy as np
from numpy.random import default_rng
from scipy.optimize import root
from scipy.special import betaincinv, xlogy

from drumroll.domain.launch_outlook import Diffusion
from drumroll.errors import CurveUnfit
from drumroll.outlook.curves import Floats, bass_share
from drumroll.outlook.fitting import Posterior
from drumroll.outlook.forecast import LEVELS, Counts, draws_of, interval
from drumroll.outlook.prior import Z95

MOST_INDEPENDENT = 400.0
"""With 10 % given up, so many independent orders leave 1.5 points (a standard deviation) to shared reasons."""

LEAST_PERCENT, LEAST_WIDTH = 0.1, 0.2
GRID = 4000
YEAR_S = 365.25 * 86_400
MOST_MONTHS = 120
MONTH_NOISE = 0.1
"""Standard deviation of a month's orders about a long-run curve, as a share: our choice."""


class Cancelling(msgspec.Struct, frozen=True):
    """What is known of the share that is given up: its density on a grid. ``independent``: orders that it learned from.

    ``prior_weight``: the variance that is left, over that of the prior (1: nothing was learned).
    """

    shares: Floats
    weights: Floats
    median: float
    low: float
    high: float
    independent: float
    prior_weight: float

    def draws(self, count: int, *, seed: int) -> Floats:
        """``count`` draws of the share (0 to 1)."""
        at = default_rng((seed, 3)).random(count)
        return np.interp(at, np.cumsum(self.weights), self.shares)


class Became(msgspec.Struct, frozen=True):
    """What became of the firm orders so far. ``cooling[k]`` are in part ``k`` of their cooling-off, of equal parts."""

    cancelled: int = 0
    locked: int = 0
    cooling: tuple[int, ...] = ()

    @property
    def shares_passed(self) -> Floats:
        """The share of the cooling-off that has passed at the middle of each part."""
        return (np.arange(len(self.cooling)) + 0.5) / max(len(self.cooling), 1)


class Locked(msgspec.Struct, frozen=True):
    """Orders that will lock in the end, of those that stand firm by a moment; intervals by percent."""

    median: int
    mean: float
    intervals: dict[int, tuple[int, int]]


class LongRun(msgspec.Struct, frozen=True):
    """Demand after the launch: ``market`` people, ``innovation`` and ``imitation`` a year (Bass).

    The market is right within ``within_factor`` either way in 95 of 100 cases, its pace within ``pace_within_factor``.
    """

    market: float
    innovation: float
    imitation: float
    within_factor: float = 2.0
    pace_within_factor: float = 1.5

    def by_then(self, edges_s: Sequence[float]) -> Floats:
        """Orders by each of ``edges_s``, as assumed, without noise."""
        shares = bass_share(np.array(edges_s), self.innovation / YEAR_S, self.imitation / YEAR_S)
        return np.asarray(self.market * shares)


class Month(msgspec.Struct, frozen=True):
    """Orders from ``from_s`` to ``to_s`` after the opening; ``long_run_share`` (0 to 1) of the mean is long-run."""

    from_s: float
    to_s: float
    median: int
    mean: float
    intervals: dict[int, tuple[int, int]]
    long_run_share: float


def cancelling(low_percent: float, high_percent: float, became: Became | None = None) -> Cancelling:
    """What share is given up: a Beta prior with central 90 % from ``low_percent`` to ``high_percent``, and the counts.

    A range narrower than 0.2 points, or from 0, is widened to what a Beta can be. Raises CurveUnfit.
    """
    if not 0 <= low_percent <= high_percent <= 99:
        raise CurveUnfit(
            f"cancel_percent is ({low_percent:g}, {high_percent:g}); it is a range (low, high) within 0 to 99"
        )
    low = max(low_percent, LEAST_PERCENT) / 100
    high = max(high_percent / 100, low + LEAST_WIDTH / 100)
    shares = (np.arange(GRID) + 0.5) / GRID
    before = _beta_weights(shares, *_beta_of(low, high))
    seen = became or Became()
    independent = min(float(seen.cancelled + seen.locked + sum(seen.cooling)), MOST_INDEPENDENT)
    after = _normal_weights(np.log(np.maximum(before, 1e-300)) + _log_likelihood(shares, seen))
    low_c, median, high_c = np.interp([0.05, 0.5, 0.95], np.cumsum(after), shares)
    ratio = _variance(shares, after) / _variance(shares, before)
    return Cancelling(shares, after, float(median), float(low_c), float(high_c), independent, float(min(1.0, ratio)))


def locked_draws(
    orders: Counts | Floats, given_up: Floats, orders_now: int = 0, became: Became | None = None
) -> Floats:
    """Orders that lock in the end, of ``orders`` (draws of firm orders by a moment), one draw of ``given_up`` for each.

    With ``became``, what already happened to the first ``orders_now`` of them is taken as it is.
    """
    left = 1.0 - given_up
    if became is None:
        return np.asarray(orders * left)
    cooling, passed = np.array(became.cooling, dtype=np.float64), became.shares_passed
    surviving = np.power(left[:, None], 1.0 - passed) @ cooling
    return np.asarray(became.locked + surviving + np.maximum(orders - orders_now, 0) * left)


def locked(draws: Floats) -> Locked:
    """Median, mean and intervals of such draws."""
    return Locked(
        round(float(np.median(draws))), float(draws.mean()), {level: interval(draws, level) for level in LEVELS}
    )


def month_edges(months: int = 24) -> tuple[float, ...]:
    """The ends of so many months (twelfths of a year) after the opening, in seconds; the opening comes first."""
    if not 1 <= months <= MOST_MONTHS:
        raise CurveUnfit(f"{months} months are asked for; allowed are 1 to {MOST_MONTHS}")
    return tuple(month * YEAR_S / 12 for month in range(months + 1))


def long_run_of(assumed: Diffusion) -> LongRun:
    """The long run that a launch file assumes; its pace varies as ``LongRun`` has it."""
    return LongRun(
        float(assumed.market), float(assumed.innovation), float(assumed.imitation), float(assumed.within_factor)
    )


def monthly_draws(
    posterior: Posterior, long_run: LongRun | None, edges_s: Sequence[float], *, seed: int
) -> tuple[Floats, Floats]:
    """Orders between ``edges_s`` (rising, 0 first), draws x months: of the launch curve, and of the long run."""
    by_then = draws_of(posterior, edges_s[1:], seed=seed).astype(np.float64)
    launch = np.diff(by_then, axis=1, prepend=0.0)
    if long_run is None:
        return launch, np.zeros_like(launch)
    _check(long_run)
    return launch, _long_run(long_run, np.array(edges_s), len(launch), seed)


def monthly(posterior: Posterior, long_run: LongRun, *, seed: int, edges_s: Sequence[float] = ()) -> tuple[Month, ...]:
    """Orders by month, 24 months unless ``edges_s`` says which: uncapped demand, whatever the plant can build."""
    edges = edges_s or month_edges()
    launch, beside = monthly_draws(posterior, long_run, edges, seed=seed)
    both = launch + beside
    return tuple(
        _month(first, last, both[:, place], beside[:, place]) for place, (first, last) in enumerate(pairwise(edges))
    )


def _month(first: float, last: float, orders: Floats, beside: Floats) -> Month:
    mean = float(orders.mean())
    share = float(beside.mean()) / mean if mean > 0 else 0.0
    bands = {level: interval(orders, level) for level in LEVELS}
    return Month(first, last, round(float(np.median(orders))), mean, bands, share)


def _long_run(assumed: LongRun, edges: Floats, count: int, seed: int) -> Floats:
    """Each draw has a market and a pace of its own, and each month a noise of its own about that curve."""
    rng = default_rng((seed, 4))
    market = assumed.market * np.exp(log(assumed.within_factor) / Z95 * rng.standard_normal((count, 1)))
    pace = np.exp(log(assumed.pace_within_factor) / Z95 * rng.standard_normal((count, 1))) / YEAR_S
    shares = bass_share(edges, assumed.innovation * pace, assumed.imitation * pace)
    noise = rng.gamma(MONTH_NOISE**-2, MONTH_NOISE**2, (count, len(edges) - 1))
    return np.asarray(market * np.diff(shares, axis=1) * noise)


def _check(assumed: LongRun) -> None:
    for field, most in (("market", 1e10), ("innovation", 10.0), ("imitation", 100.0)):
        value = getattr(assumed, field)
        if not isfinite(value) or not 0.0 <= value <= most or (value == 0.0 and field != "imitation"):
            least = "from 0" if field == "imitation" else "above 0"
            raise CurveUnfit(f"{field} is {value!r}; it is {least} and at most {most:g} (a year, for a rate)")
    for field in ("within_factor", "pace_within_factor"):
        if not 1.0 <= getattr(assumed, field) <= 1e3:
            raise CurveUnfit(f"{field} is {getattr(assumed, field)!r}; it is from 1 (certain) to 1,000")


def _beta_of(low: float, high: float) -> tuple[float, float]:
    """The Beta distribution with 5 % below ``low`` and 5 % above ``high``."""
    mean, spread = (low + high) / 2, (high - low) / 3.29
    strength = max(mean * (1 - mean) / spread**2 - 1, 2.0)
    start = np.log([mean * strength, (1 - mean) * strength])

    def off(logs: Floats) -> Floats:
        first, second = np.exp(np.clip(logs, -10.0, 20.0))
        return np.log(np.maximum(betaincinv(first, second, [0.05, 0.95]), 1e-300)) - np.log([low, high])

    found = np.exp(np.clip(root(off, start).x, -10.0, 20.0))
    return float(found[0]), float(found[1])


def _beta_weights(shares: Floats, first: float, second: float) -> Floats:
    return _normal_weights((first - 1) * np.log(shares) + (second - 1) * np.log1p(-shares))


def _normal_weights(logs: Floats) -> Floats:
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())


def _log_likelihood(shares: Floats, seen: Became) -> Floats:
    """Of a constant hazard with ends that are not seen yet, flattened to so many independent orders.

    When the cancelled were given up is not among the counts: half of what has passed for the others is taken.
    """
    hazard = -np.log1p(-shares)
    others = seen.locked + sum(seen.cooling)
    passed = seen.locked + float(np.array(seen.cooling, dtype=np.float64) @ seen.shares_passed)
    lived = passed + 0.5 * seen.cancelled * (passed / others if others else 1.0)
    whole = float(seen.cancelled + others)
    flattened = min(1.0, MOST_INDEPENDENT / whole) if whole else 0.0
    return np.asarray(flattened * (xlogy(seen.cancelled, hazard) - hazard * lived))


def _variance(shares: Floats, weights: Floats) -> float:
    mean = float(shares @ weights)
    return float(np.square(shares - mean) @ weights)
