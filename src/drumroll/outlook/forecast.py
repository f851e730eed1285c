"""From the curve of firm orders so far to what will stand at later moments, with intervals.

Orders are forecast uncapped: as many as would come if nothing sold out. A forecast never lies below the orders there
are: what is still to come is drawn from the fitted curves (``fitting``) with the noise of counts on top, noise that
is shared by all moments after it. See docs/forecast.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from drumroll.errors import CurveUnfit
from drumroll.outlook.curves import Curve, Floats
from drumroll.outlook.fitting import Fitted, Posterior, fit
from drumroll.outlook.likelihood import expected, phi, size
from drumroll.outlook.observed import MOST_SECONDS, Observed, orders_at, spans
from drumroll.outlook.prior import Prior

Counts = NDArray[np.int64]

LEVELS = (50, 80, 95)
"""Percent of cases that an interval is to hold; as much is left out above as below."""

MOST_MOMENTS = 2000
PRIOR_DRAWS = 2000
MOST_MEAN = 1e15


class Horizon(msgspec.Struct, frozen=True):
    """Orders that will stand ``at_s`` seconds after the opening; intervals (low, high) by percent.

    ``prior_weight``: how much of the uncertainty of the prior is left, as a variance of the logarithm (0: the counts
    say all, 1: they say nothing yet). A moment that is past is ``known``: no width, no weight.
    """

    at_s: int
    median: int
    mean: float
    intervals: dict[int, tuple[int, int]]
    prior_weight: float
    known: bool = False


class CandidateSays(msgspec.Struct, frozen=True):
    """A candidate after the counts: its weight (0 to 1), its most likely curve, size and noise, its own medians."""

    name: str
    weight: float
    curve: Curve
    size: int
    phi: float
    medians: tuple[int, ...]


class Forecast(msgspec.Struct, frozen=True):
    """What is said at second ``from_s``, when ``orders_now`` stood. ``size``: intervals of all orders there will be.

    ``prior_weight`` is that of the size; ``prior_says`` what was assumed; ``effective_draws`` how good the sampling is.
    """

    from_s: float
    orders_now: int
    horizons: tuple[Horizon, ...]
    models: tuple[CandidateSays, ...]
    size_median: int
    size: dict[int, tuple[int, int]]
    prior_weight: float
    prior_says: str
    source: str
    effective_draws: int


class Fan(msgspec.Struct, frozen=True):
    """Quantiles of the cumulative curve at ``seconds``: the median, and (low, high) by percent. Counts with noise."""

    seconds: tuple[float, ...]
    median: tuple[int, ...]
    bands: dict[int, tuple[tuple[int, ...], tuple[int, ...]]]


def forecast(known: Observed, prior: Prior, horizons_s: Sequence[int], *, seed: int, draws: int = 3000) -> Forecast:
    """The forecast from ``known`` for ``horizons_s``, seconds since the opening, rising.

    Deterministic by ``seed``. A horizon that is past is answered with what was observed. Raises CurveUnfit.
    """
    return forecast_of(fit(known, prior, seed=seed, draws=draws), horizons_s, seed=seed)


def forecast_of(posterior: Posterior, horizons_s: Sequence[int], *, seed: int) -> Forecast:
    """The same from a posterior that is there already."""
    _check_moments(horizons_s)
    known, sizes = posterior.known, _sizes(posterior)
    drawn = draws_of(posterior, horizons_s, seed=seed)
    median, intervals = _quantiles(sizes)
    return Forecast(
        from_s=known.from_s,
        orders_now=known.orders_now,
        horizons=_horizons(posterior, horizons_s, drawn, seed),
        models=_models(posterior, horizons_s, drawn),
        size_median=median,
        size=intervals,
        prior_weight=_ratio(np.log(sizes), _prior_log_sizes(posterior.prior, seed)),
        prior_says=posterior.prior.says,
        source=known.source,
        effective_draws=round(sum(each.weight * each.effective for each in posterior.fitted)),
    )


def draws_of(posterior: Posterior, seconds: Sequence[float], *, seed: int) -> Counts:
    """Cumulative orders at ``seconds`` (rising) in each draw: draws x seconds, the candidates' draws in their order."""
    _check_moments(seconds)
    known, rng = posterior.known, default_rng((seed, 1))
    at = np.array(seconds, dtype=np.float64)
    edges = np.concatenate([[known.from_s], np.maximum(at, known.from_s)])
    widths = np.maximum(spans(edges), 1e-12)
    parts = []
    for each in posterior.fitted:
        mean = np.clip(np.diff(expected(each.name, each.draws, edges), axis=1), 0.0, MOST_MEAN)
        shape = widths / np.square(phi(each.draws))[:, None]
        parts.append(rng.poisson(np.minimum(mean * rng.standard_gamma(shape) / shape, 10 * MOST_MEAN)))
    drawn: Counts = known.orders_now + np.concatenate(parts).cumsum(axis=1)
    for place in np.flatnonzero(at <= known.from_s):
        drawn[:, place] = orders_at(known, float(at[place]))
    return drawn


def fan(posterior: Posterior, grid_s: Sequence[float], *, seed: int) -> Fan:
    """Bands of the cumulative curve over a rising grid of seconds, for a chart."""
    drawn = draws_of(posterior, grid_s, seed=seed)
    bands = {}
    for level in LEVELS:
        low, high = np.quantile(drawn, _tails(level), axis=0)
        bands[level] = (_whole(low), _whole(high))
    return Fan(tuple(float(at) for at in grid_s), _whole(np.median(drawn, axis=0)), bands)


def interval(drawn: NDArray[np.float64] | Counts, level: int) -> tuple[int, int]:
    """The central interval that holds ``level`` percent of the draws, in whole orders."""
    low, high = np.quantile(drawn, _tails(level))
    return int(np.floor(low)), int(np.ceil(high))


def _tails(level: int) -> tuple[float, float]:
    return (0.5 - level / 200, 0.5 + level / 200)


def _whole(values: Floats) -> tuple[int, ...]:
    return tuple(round(float(value)) for value in values)


def _quantiles(drawn: NDArray[np.float64] | Counts) -> tuple[int, dict[int, tuple[int, int]]]:
    return round(float(np.median(drawn))), {level: interval(drawn, level) for level in LEVELS}


def _horizons(posterior: Posterior, horizons_s: Sequence[int], drawn: Counts, seed: int) -> tuple[Horizon, ...]:
    weights = _prior_weights(posterior, horizons_s, seed)
    said = []
    for place, at_s in enumerate(horizons_s):
        median, intervals = _quantiles(drawn[:, place])
        past = at_s <= posterior.known.from_s
        said.append(Horizon(at_s, median, float(drawn[:, place].mean()), intervals, weights[place], past))
    return tuple(said)


def _models(posterior: Posterior, horizons_s: Sequence[int], drawn: Counts) -> tuple[CandidateSays, ...]:
    said, first = [], 0
    for each in posterior.fitted:
        own = drawn[first : first + len(each.draws)]
        first += len(each.draws)
        medians = _whole(np.median(own, axis=0)) if len(own) else _by_mode(each, posterior.known, horizons_s)
        top = each.mode[None, :]
        said.append(
            CandidateSays(each.name, each.weight, each.curve, round(float(size(top)[0])), float(phi(top)[0]), medians)
        )
    return tuple(said)


def _by_mode(each: Fitted, known: Observed, horizons_s: Sequence[int]) -> tuple[int, ...]:
    """Of a candidate too unlikely to have draws: what its most likely curve would add."""
    edges = np.maximum(np.array([known.from_s, *horizons_s]), known.from_s)
    by_then = expected(each.name, each.mode[None, :], edges)[0]
    return _whole(known.orders_now + by_then[1:] - by_then[0])


def _sizes(posterior: Posterior) -> Floats:
    """All orders there will ever be: those there are and those a curve still has, without noise."""
    edge = np.array([posterior.known.from_s])
    left = [size(each.draws) - expected(each.name, each.draws, edge)[:, 0] for each in posterior.fitted]
    return posterior.known.orders_now + np.maximum(np.concatenate(left), 0.0) + 0.5


def _prior_rows(prior: Prior, seed: int) -> list[tuple[str, Floats]]:
    rng = default_rng((seed, 2))
    each = PRIOR_DRAWS // len(prior.candidates)
    return [
        (own.name, np.array(own.mean) + np.array(own.sd) * rng.standard_normal((each, len(own.mean))))
        for own in prior.candidates
    ]


def _prior_log_sizes(prior: Prior, seed: int) -> Floats:
    return np.concatenate([rows[:, 0] for _, rows in _prior_rows(prior, seed)])


def _prior_weights(posterior: Posterior, horizons_s: Sequence[int], seed: int) -> list[float]:
    """At each horizon, the variance of the log of expected orders after the counts over that before them."""
    known = posterior.known
    edges = np.array([known.from_s, *np.maximum(horizons_s, known.from_s)], dtype=np.float64)
    after = np.concatenate([expected(each.name, each.draws, edges) for each in posterior.fitted])
    still = np.log(known.orders_now + np.maximum(after[:, 1:] - after[:, :1], 0.0) + 0.5)
    rows = [
        expected(own.name, places, edges[1:])
        for own, (_, places) in zip(posterior.prior.candidates, _prior_rows(posterior.prior, seed), strict=True)
    ]
    before = np.log(np.concatenate(rows) + 0.5)
    return [_ratio(still[:, place], before[:, place]) for place in range(len(horizons_s))]


def _ratio(after: Floats, before: Floats) -> float:
    spread = float(before.var())
    return min(1.0, float(after.var()) / spread) if spread > 0 else 1.0


def _check_moments(seconds: Sequence[float]) -> None:
    if not 1 <= len(seconds) <= MOST_MOMENTS:
        raise CurveUnfit(f"{len(seconds)} moments are asked for; allowed are 1 to {MOST_MOMENTS:,}")
    rising = all(before < after for before, after in pairwise([0.0, *seconds]))
    if not rising or not seconds[-1] <= MOST_SECONDS:
        raise CurveUnfit(
            f"moments are {', '.join(f'{at:g}' for at in seconds[:10])}; they are seconds after the opening, above 0, "
            f"rising, at most {MOST_SECONDS:.0f} (ten years)"
        )
