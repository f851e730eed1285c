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
