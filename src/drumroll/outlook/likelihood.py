"""How likely interval counts are under a curve, and the most likely curve.

A count is negative binomial with mean ``mu = size * (F(b) - F(a))``: the rate is what the curve says times a noise
that is gamma with mean 1 and variance ``phi^2 / span``, the span of the interval being in logarithmic time
(``observed.spans``). So ``phi`` is the relative error over one unit of it, and adding intervals up leaves the noise
of the sum as it would be had it been counted at once. At least ``LEAST_PHI`` is always taken: no launch follows a
formula exactly, however smooth its curve.

All works on rows of *places*: log size, the curve's positions (``curves``), log of ``phi - LEAST_PHI``.
"""

from __future__ import annotations

import msgspec
import numpy as np

from drumroll.outlook.curves import Floats, Name, shares
from drumroll.outlook.observed import Intervals

LEAST_PHI = 0.1
"""Ten percent over a unit of logarithmic time: docs/forecast.md says what less of it would have said of the YU7."""
LEAST_EXPECTED = 1e-9
MOST_LOG_SIZE = 32.0
"""e^32 orders, eighty trillion."""

STEP = 1e-5
NOISE_STEP = 1e-3
FREE = 1e-7
"""Damping under which a step is as long as it should be, in directions too of which the counts say little."""

MOST_STEPS = 80
CLOSE = 3e-4
"""A step shorter than this ends the climb; where counts follow the curve, steps shrink quadratically."""
_STIRLING_FROM = 8


class Target(msgspec.Struct, frozen=True):
    """A candidate, the counts, and its prior: normal in each place, independent, with ``mean`` and ``sd``."""

    name: Name
    data: Intervals
    mean: Floats
    sd: Floats


class Mode(msgspec.Struct, frozen=True):
    """The most likely places, and the inverse of their information: the covariance close by (Laplace)."""

    at: Floats
    covariance: Floats


def phi(places: Floats) -> Floats:
    """Relative noise over one unit of logarithmic time, of each row."""
    noise: Floats = LEAST_PHI + np.exp(np.clip(places[:, -1], -50.0, 3.0))
    return noise


def size(places: Floats) -> Floats:
    """Orders there will ever be, of each row."""
    sizes: Floats = np.exp(np.clip(places[:, 0], -MOST_LOG_SIZE, MOST_LOG_SIZE))
    return sizes


def expected(name: Name, places: Floats, seconds: Floats) -> Floats:
    """Orders by each of ``seconds``, rows x seconds."""
    orders: Floats = size(places)[:, None] * shares(name, places[:, 1:-1], seconds)
    return orders


def log_prior(target: Target, places: Floats) -> Floats:
    """The logarithm of the prior's density, of each row."""
    away = (places - target.mean) / target.sd
    constant = np.log(target.sd).sum() + 0.5 * len(target.mean) * np.log(2 * np.pi)
    return np.asarray(-0.5 * np.square(away).sum(axis=1) - constant)


def log_likelihood(target: Target, places: Floats) -> Floats:
    """The logarithm of the probability of the counts, of each row, less what depends on the counts alone."""
    return np.asarray(_log_counts(_means(target, places), target.data.counts, _shapes(target, places)).sum(axis=1))


def log_posterior(target: Target, places: Floats) -> Floats:
    """Likelihood times prior, not normalised, as a logarithm."""
    return log_likelihood(target, places) + log_prior(target, places)


def _means(target: Target, places: Floats) -> Floats:
    return np.maximum(np.diff(expected(target.name, places, target.data.edges), axis=1), LEAST_EXPECTED)


def _shapes(target: Target, places: Floats) -> Floats:
    shapes: Floats = target.data.spans / np.square(phi(places))[:, None]
    return shapes


def _log_counts(mean: Floats, count: Floats, shape: Floats) -> Floats:
    """The negative binomial, without what the count alone gives; nothing cancels where ``mean`` is near ``count``."""
    positive = np.maximum(count, 1.0)
    away = np.maximum((mean - count) / (shape + count), -1.0 + 1e-15)
    near: Floats = count * np.log(mean / positive) - (count + shape) * np.log1p(away)
    return near + np.where(count > 0, _remainder(positive + shape) - _remainder(shape), 0.0)


def _remainder(x: Floats) -> Floats:
    """``ln Gamma(x) - x ln x + x``, from Stirling's series: the difference itself would cancel where ``x`` is large."""
    large = _series(np.maximum(x, _STIRLING_FROM))
    small = x < _STIRLING_FROM
    if small.any():
        few = np.maximum(x[small], 1e-12)
        far = few + _STIRLING_FROM
        rising = few * (few + 1) * (few + 2) * (few + 3) * (few + 4) * (few + 5) * (few + 6) * (few + 7)
        large[small] = _series(far) + far * np.log(far) - _STIRLING_FROM - np.log(rising) - few * np.log(few)
    return large


def _series(x: Floats) -> Floats:
    inverse = 1.0 / x
    squared = inverse * inverse
    series: Floats = 0.5 * np.log(2 * np.pi * inverse) + inverse * (1 / 12 - squared * (1 / 360 - squared / 1260))
    return series


class _Slope(msgspec.Struct, frozen=True):
    """The log posterior at some places (one row), its gradient, and its information.

    The information is that expected for the curve, that observed for the noise.
    """

    value: float
    gradient: Floats
    information: Floats


def mode(target: Target, start: Floats) -> Mode:
    """The most likely places, uphill from ``start`` (one row): Fisher scoring with Levenberg's damping."""
    at, here, damping = start, _slope(target, start), 1e-3
    for _ in range(MOST_STEPS):
        step = np.linalg.solve(here.information + damping * np.diag(np.diag(here.information)), here.gradient)
        length = float(np.abs(step).max())
        tried = at + step * min(1.0, 3.0 / max(length, 1e-9))
        there = _slope(target, tried)
        if there.value >= here.value:
            at, here, damping = tried, there, max(damping / 30, 1e-12)
        elif length < CLOSE or damping > 1e8:
            break
        else:
            damping *= 10
        if length < CLOSE and damping < FREE:
            break
    return Mode(at, np.asarray(np.linalg.inv(here.information), dtype=np.float64))


def _slope(target: Target, at: Floats) -> _Slope:
    count = len(at)
    around = np.repeat(at[None, :], 2 * count + 1, axis=0)
    steps = np.append(np.full(count - 1, STEP), NOISE_STEP)
    around[1 : count + 1] += np.diag(steps)
    around[count + 1 :] -= np.diag(steps)
    means, orders = _means(target, around), target.data.counts
    logs = np.log(means)
    by_place = (logs[1 : count + 1] - logs[count + 1 :]) / (2 * steps[:, None])
    mean, shape = means[0], _shapes(target, at[None, :])[0]
    gradient = by_place @ (shape * (orders - mean) / (shape + mean))
    information = (by_place * (shape * mean / (shape + mean))) @ by_place.T
    likelihood = _add_noise(target, around[[0, count, -1]], means[[0]], gradient, information)
    gradient -= (at - target.mean) / np.square(target.sd)
    value = likelihood + float(log_prior(target, at[None, :])[0])
    return _Slope(value, gradient, information + np.diag(1.0 / np.square(target.sd)))


def _add_noise(target: Target, rows: Floats, means: Floats, gradient: Floats, information: Floats) -> float:
    """What the last place, the noise, adds: by differences, since digamma functions would say no more.

    ``rows`` are the places themselves and those a step of the noise above and below; gives the log likelihood of the
    first, which comes with them.
    """
    here, above, below = _log_counts(means, target.data.counts, _shapes(target, rows)).sum(axis=1)
    gradient[-1] = (above - below) / (2 * NOISE_STEP)
    information[-1, -1] = max(0.0, -(above - 2 * here + below) / NOISE_STEP**2)
    return float(here)
