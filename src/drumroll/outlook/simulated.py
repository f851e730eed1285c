"""Launches that never were, to hold the forecast against: drawn from what a prior assumes, with the noise it assumes.

The size, the curve and the noise of each are drawn by a seed; orders are drawn cell by cell, of which there are more
than the fit looks at. It evaluates curves one by one, as ``curves`` defines them, and shares no code with the
likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

import msgspec
import numpy as np
from numpy.random import Generator, default_rng

from drumroll.errors import CurveUnfit
from drumroll.outlook.curves import Floats, curve_of
from drumroll.outlook.likelihood import LEAST_PHI
from drumroll.outlook.observed import SOFTENING_S, Observed, observed
from drumroll.outlook.prior import CandidatePrior, Prior

CELLS = 160
MOST_LAUNCHES = 100_000
MOST_SIZE = 1e10


class Launch(msgspec.Struct, frozen=True):
    """A whole curve to test a forecast on, simulated or published; ``drawn_from`` names the candidate, if known."""

    name: str
    curve: Observed
    drawn_from: str = ""


def simulate(prior: Prior, count: int, *, seed: int, marks_s: Sequence[float]) -> tuple[Launch, ...]:
    """``count`` launches of the prior, each known at all of ``marks_s`` (rising, the last is the end) and between.

    The first is of the first candidate, the next of the next: all candidates are equally frequent.
    """
    if not 1 <= count <= MOST_LAUNCHES:
        raise CurveUnfit(f"{count} launches are to be simulated; allowed are 1 to {MOST_LAUNCHES:,}")
    rng, edges = default_rng(seed), _edges(marks_s)
    many = len(prior.candidates)
    return tuple(_launch(number, prior.candidates[number % many], edges, rng) for number in range(count))


def published(name: str, points: Sequence[tuple[float, int]]) -> Launch:
    """A launch that was: two points are enough to test on, one to forecast from and one to forecast."""
    return Launch(name, observed(points, "published", least=2))


def _edges(marks_s: Sequence[float]) -> Floats:
    """Cells of equal width in logarithmic time, and the marks among them."""
    last = marks_s[-1]
    even = SOFTENING_S * (np.power(1 + last / SOFTENING_S, np.arange(CELLS + 1) / CELLS) - 1)
    return np.unique(np.concatenate([even[:-1], np.array(marks_s, dtype=np.float64)]))


def _launch(number: int, own: CandidatePrior, edges: Floats, rng: Generator) -> Launch:
    drawn = rng.normal(own.mean, own.sd)
    orders = min(exp(drawn[0]), MOST_SIZE)
    noise = LEAST_PHI + exp(drawn[-1])
    mean = orders * np.diff(curve_of(own.name, drawn[1:-1]).share(edges))
    widths = np.log((edges[1:] + SOFTENING_S) / (edges[:-1] + SOFTENING_S))
    rate = rng.gamma(widths / noise**2, noise**2 / widths)
    counts = rng.poisson(np.maximum(mean, 0.0) * rate).cumsum()
    points = [(float(at), int(total)) for at, total in zip(edges[1:], counts, strict=True)]
    return Launch(f"simulated {number + 1}", observed(points, "curve"), own.name)
