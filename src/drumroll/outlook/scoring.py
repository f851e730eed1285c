"""How good was a forecast that said how sure it was? Proper scores: nobody gains by saying what they don't think.

Gneiting and Raftery (2007), "Strictly Proper Scoring Rules, Prediction, and Estimation", Journal of the American
Statistical Association 102. All scores are in the unit of what is forecast; less is better.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from drumroll.outlook.curves import Floats


def crps_of_samples(samples: ArrayLike, observed: ArrayLike) -> Floats:
    """The continuous ranked probability score of samples (last axis) against what came: ``E|X - y| - E|X - X'| / 2``.

    The fair estimator (Ferro 2014, Quarterly Journal of the Royal Meteorological Society 140): the second expectation
    is over different samples, by probability-weighted moments, so that few samples are not taken for a narrow
    forecast. A single sample is a point forecast: its score is the absolute error.
    """
    ordered = np.sort(np.asarray(samples, dtype=np.float64), axis=-1)
    count = ordered.shape[-1]
    error = np.abs(ordered - np.asarray(observed, dtype=np.float64)[..., None]).mean(axis=-1)
    if count == 1:
        return np.asarray(error)
    weights = 2 * np.arange(1, count + 1) - count - 1
    spread = (ordered * weights).sum(axis=-1) / (count * (count - 1))
    return np.asarray(error - spread)


def crps_normal(mean: ArrayLike, sd: ArrayLike, observed: ArrayLike) -> Floats:
    """The same score of a normal forecast, in closed form. Of N(0, 1) at 0 it is (sqrt 2 - 1) / sqrt pi = 0.2337."""
    width = np.asarray(sd, dtype=np.float64)
    away = (np.asarray(observed, dtype=np.float64) - np.asarray(mean)) / width
    density = np.exp(-0.5 * np.square(away)) / np.sqrt(2 * np.pi)
    return np.asarray(width * (away * (2 * ndtr(away) - 1) + 2 * density - 1 / np.sqrt(np.pi)))


def covered(low: ArrayLike, high: ArrayLike, observed: ArrayLike) -> Floats:
    """The share (0 to 1) of what came that lies within its interval, the ends included."""
    came = np.asarray(observed)
    return np.asarray(np.mean((np.asarray(low) <= came) & (came <= np.asarray(high))))


def interval_score(low: ArrayLike, high: ArrayLike, observed: ArrayLike, percent: float) -> Floats:
    """Winkler's score of a central interval: its width, plus 2 / (1 - percent/100) times how far outside it came.

    Winkler (1972), "A Decision-Theoretic Approach to Interval Estimation", JASA 67.
    """
    below, above, came = (np.asarray(value, dtype=np.float64) for value in (low, high, observed))
    outside = np.maximum(below - came, 0.0) + np.maximum(came - above, 0.0)
    return np.asarray(above - below + 2 / (1 - percent / 100) * outside)


def pinball(quantile: ArrayLike, observed: ArrayLike, level: ArrayLike) -> Floats:
    """The score of a quantile forecast at ``level`` (0 to 1): of all levels together it makes half the CRPS."""
    away = np.asarray(observed, dtype=np.float64) - np.asarray(quantile)
    return np.asarray(np.maximum(np.asarray(level) * away, (np.asarray(level) - 1) * away))
