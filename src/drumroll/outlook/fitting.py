"""From counts and a prior to what is known of the curve: draws of each candidate, and how likely each candidate is.

The posterior is sampled by importance: from a Student t around its mode (Laplace's covariance), from a part of the
prior, so that nothing likely is out of reach, and where that was poor once more from what was found. All draws are
weighted by the whole of what they were drawn from (Veach and Guibas 1995, "Optimally Combining Sampling Techniques";
Cornuet, Marin, Mira and Robert 2012, "Adaptive Multiple Importance Sampling"). The mean of the weights is the
candidate's evidence.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray
from scipy.special import gammaln

from drumroll.errors import CurveUnfit
from drumroll.outlook.curves import Curve, Floats, Name, curve_of
from drumroll.outlook.likelihood import Mode, Target, log_posterior, log_prior, mode
from drumroll.outlook.observed import Observed
from drumroll.outlook.prior import Prior, targets

DEGREES = 5.0
"""Of the Student t that is drawn from: heavier tails than the posterior's, so that no weight is huge."""

PRIOR_PART = 0.1
STARTS = 128
ROUND = 300
MOST_ROUNDS = 4
ENOUGH = 250
"""Effective draws of a candidate after which no further round is made."""

LEAST_DRAWS, MOST_DRAWS = 100, 100_000


class Fitted(msgspec.Struct, frozen=True):
    """A candidate after the counts: its ``weight`` (0 to 1) among the candidates, its mode, and draws of its places."""

    name: Name
    weight: float
    log_evidence: float
    effective: float
    mode: Floats
    draws: Floats

    @property
    def curve(self) -> Curve:
        """The most likely curve of this candidate."""
        return curve_of(self.name, self.mode[1:-1])


class Posterior(msgspec.Struct, frozen=True):
    """What is known of the curve by the last point: draws of all candidates together, by their weights."""

    known: Observed
    prior: Prior
    fitted: tuple[Fitted, ...]


def log_mean_exp(logs: Floats) -> float:
    """The logarithm of the mean of what these are logarithms of."""
    top = float(logs.max())
    return top + float(np.log(np.exp(logs - top).mean())) if np.isfinite(top) else -np.inf


class _Student(msgspec.Struct, frozen=True):
    """A multivariate Student t that can be drawn from."""

    middle: Floats
    root: Floats

    def draw(self, rng: Generator, count: int) -> Floats:
        normal = rng.standard_normal((count, len(self.middle))) @ self.root.T
        wide = np.sqrt(DEGREES / rng.chisquare(DEGREES, count))
        drawn: Floats = self.middle + normal * wide[:, None]
        return drawn

    def log_density(self, places: Floats) -> Floats:
        many = len(self.middle)
        away = (places - self.middle) @ np.linalg.inv(self.root).T
        constant = gammaln((DEGREES + many) / 2) - gammaln(DEGREES / 2) - 0.5 * many * np.log(DEGREES * np.pi)
        constant -= np.log(np.diag(self.root)).sum()
        density: Floats = constant - 0.5 * (DEGREES + many) * np.log1p(np.square(away).sum(axis=1) / DEGREES)
        return density


class _Weighted(msgspec.Struct, frozen=True):
    places: Floats
    logs: Floats

    @property
    def shares(self) -> Floats:
        weights = np.exp(self.logs - self.logs.max())
        shares: Floats = weights / weights.sum()
        return shares

    @property
    def effective(self) -> float:
        return float(1.0 / np.square(self.shares).sum())

    @property
    def log_evidence(self) -> float:
        return log_mean_exp(self.logs)


def fit(known: Observed, prior: Prior, *, seed: int, draws: int = 3000) -> Posterior:
    """Draws (``draws`` in all) of what the curve may be, the same for the same ``seed``. Raises CurveUnfit."""
    if not LEAST_DRAWS <= draws <= MOST_DRAWS:
        raise CurveUnfit(f"draws is {draws}; allowed are {LEAST_DRAWS} to {MOST_DRAWS:,}. 3,000 is usual")
    rng = default_rng(seed)
    own = targets(prior, known)
    found = [(most_likely(target, rng), target) for target in own]
    weighted = [_sampled(target, start, rng) for start, target in found]
    logs = np.array([each.log_evidence for each in weighted])
    if not np.isfinite(logs).any():
        raise CurveUnfit(
            "no candidate curve gives these counts any probability; look at the points, or widen the prior"
        )
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    counts = _shared_out(weights, draws)
    fitted = tuple(
        Fitted(target.name, float(weight), each.log_evidence, each.effective, start.at, _resampled(each, count, rng))
        for (start, target), each, weight, count in zip(found, weighted, weights, counts, strict=True)
    )
    return Posterior(known, prior, fitted)


def most_likely(target: Target, rng: Generator) -> Mode:
    """The mode of the posterior, uphill from the likeliest of some draws of the prior."""
    drawn = target.mean + target.sd * rng.standard_normal((STARTS, len(target.mean)))
    drawn[0] = target.mean
    return mode(target, drawn[int(np.argmax(log_posterior(target, drawn)))])


def _sampled(target: Target, found: Mode, rng: Generator) -> _Weighted:
    """Weighted draws in rounds, each from what the rounds before have shown, until they are worth enough."""
    sources = [_Student(found.at, _root(found.covariance))]
    places = _drawn(target, sources[0], rng)
    values = log_posterior(target, places)
    weighted = _weighted(target, sources, places, values)
    while len(sources) < MOST_ROUNDS and weighted.effective < ENOUGH:
        sources.append(_student_of(weighted, found))
        further = _drawn(target, sources[-1], rng)
        places, values = np.concatenate([places, further]), np.append(values, log_posterior(target, further))
        weighted = _weighted(target, sources, places, values)
    return weighted


def _drawn(target: Target, source: _Student, rng: Generator) -> Floats:
    of_prior = int(ROUND * PRIOR_PART)
    assumed = target.mean + target.sd * rng.standard_normal((of_prior, len(target.mean)))
    return np.concatenate([source.draw(rng, ROUND - of_prior), assumed])


def _weighted(target: Target, sources: list[_Student], places: Floats, values: Floats) -> _Weighted:
    """Each draw against the mixture of all that was drawn from."""
    part = np.log((1.0 - PRIOR_PART) / len(sources))
    densities = [source.log_density(places) + part for source in sources]
    densities.append(log_prior(target, places) + np.log(PRIOR_PART))
    return _Weighted(places, values - np.logaddexp.reduce(densities))


def _student_of(weighted: _Weighted, found: Mode) -> _Student:
    """A Student t like the draws so far; a little of Laplace's covariance keeps it from collapsing onto one draw."""
    shares, places = weighted.shares, weighted.places
    middle = shares @ places
    away = places - middle
    covariance = (away * shares[:, None]).T @ away
    return _Student(middle, _root(covariance + found.covariance * (0.1 + 1.0 / weighted.effective)))


def _root(covariance: Floats) -> Floats:
    even = (covariance + covariance.T) / 2
    return np.asarray(np.linalg.cholesky(even + np.diag(1e-12 * (1.0 + np.diag(even)))), dtype=np.float64)


def _shared_out(weights: Floats, draws: int) -> NDArray[np.int64]:
    """Whole numbers of draws in proportion to the weights, ``draws`` in all."""
    return np.asarray(np.diff(np.rint(np.concatenate([[0.0], np.cumsum(weights)]) * draws).astype(np.int64)))


def _resampled(weighted: _Weighted, count: int, rng: Generator) -> Floats:
    """``count`` draws of equal weight: systematic resampling."""
    at = (rng.random() + np.arange(count)) / max(count, 1)
    chosen = np.searchsorted(np.cumsum(weighted.shares), at)
    return weighted.places[np.minimum(chosen, len(weighted.places) - 1)]
