"""Normal returns: what a share would have done without the event, and how well that is known.

Rows are firm-events, columns are sessions. A missing return is ``nan``. Sources: MacKinlay (1997), "Event Studies in
Economics and Finance", Journal of Economic Literature 35, sections 4 and 5; Campbell, Lo and MacKinlay (1997), "The
Econometrics of Financial Markets", chapter 4 (section 4.4: the full covariance of the prediction errors).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Model = Literal["market", "mean", "market-adjusted"]

PARAMETERS: dict[Model, int] = {"market": 2, "mean": 1, "market-adjusted": 0}
"""How many parameters a model estimates for each firm-event: alpha and beta; the mean; none."""


@dataclass(frozen=True)
class Fit:
    """Normal-return models of ``n`` firm-events over ``T`` sessions of their estimation windows.

    ``alpha``, ``beta``, ``variance`` (of the residuals, unbiased: the sum of squares over ``degrees``), ``count`` (the
    returns that were there) and ``degrees`` (count less the parameters) are ``(n,)``; ``residuals`` is ``(n, T)``, nan
    where the return is missing. ``per_mean`` is 1/count, ``per_slope`` 1/sum((Rm - mean)^2), both 0 where the model
    does not estimate that parameter: with them one formula serves all models.
    """

    alpha: FloatArray
    beta: FloatArray
    variance: FloatArray
    count: IntArray
    degrees: IntArray
    mean_benchmark: FloatArray
    per_mean: FloatArray
    per_slope: FloatArray
    residuals: FloatArray

    def abnormal(self, returns: FloatArray, benchmark: FloatArray) -> FloatArray:
        """Abnormal returns ``(n, W)``: the returns less ``alpha + beta * benchmark``, both ``(n, W)``."""
        return returns - (self.alpha[:, None] + self.beta[:, None] * benchmark)

    def leverage(self, benchmark: FloatArray) -> FloatArray:
        """Share of the residual variance that the estimated parameters add to a session: ``(n, W)``."""
        deviation = benchmark - self.mean_benchmark[:, None]
        share: FloatArray = self.per_mean[:, None] + deviation**2 * self.per_slope[:, None]
        return share

    def prediction_variance(self, benchmark: FloatArray) -> FloatArray:
        """Variance of the *sum* of the prediction errors over the sessions of ``benchmark`` ``(n, L)``: ``(n,)``.

        ``s^2 (L + L^2/T + (sum(Rm - mean))^2 / SSX)``: the sum of all entries of the prediction errors' covariance
        ``s^2 (I + 1/T + dd'/SSX)``, off the diagonal too, since all sessions share one alpha and one beta. For one
        session it is Patell's ``s^2 (1 + 1/T + (Rm - mean)^2/SSX)``.
        """
        length = benchmark.shape[1]
        drift = (benchmark - self.mean_benchmark[:, None]).sum(axis=1)
        variance: FloatArray = self.variance * (length + length**2 * self.per_mean + drift**2 * self.per_slope)
        return variance


def fit(returns: FloatArray, benchmark: FloatArray, model: Model) -> Fit:
    """Estimate the model on windows ``(n, T)`` of returns and of the benchmark.

    Where a window can't bear the model (too few returns, a benchmark that stands still) the row's figures are nan or
    infinite; the study leaves such rows out.
    """
    present = np.isfinite(returns)
    count = present.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_return, deviation_return = centred(returns, present, count)
        mean_benchmark, deviation = centred(benchmark, present, count)
        squares = np.einsum("ij,ij->i", deviation, deviation)
        alpha, beta = parameters(model, mean_return, mean_benchmark, deviation, deviation_return, squares)
        residuals = returns - (alpha[:, None] + beta[:, None] * benchmark)
        degrees = count - PARAMETERS[model]
        filled = np.where(present, residuals, 0.0)
        variance = np.einsum("ij,ij->i", filled, filled) / np.where(degrees > 0, degrees, 0)
        per_mean = 1 / count if PARAMETERS[model] >= 1 else np.zeros(len(count))
        per_slope = 1 / squares if PARAMETERS[model] == 2 else np.zeros(len(count))
    return Fit(alpha, beta, variance, count, degrees, mean_benchmark, per_mean, per_slope, residuals)


def centred(values: FloatArray, present: BoolArray, count: IntArray) -> tuple[FloatArray, FloatArray]:
    """The mean of each row over its present sessions, and the deviations from it, 0 where missing."""
    mean = np.where(present, values, 0.0).sum(axis=1) / count
    return mean, np.where(present, values - mean[:, None], 0.0)


def parameters(
    model: Model,
    mean_return: FloatArray,
    mean_benchmark: FloatArray,
    deviation: FloatArray,
    deviation_return: FloatArray,
    squares: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Alpha and beta of each row: ordinary least squares, the mean, or 0 and 1."""
    if model == "market-adjusted":
        return np.zeros_like(mean_return), np.ones_like(mean_return)
    if model == "mean":
        return mean_return, np.zeros_like(mean_return)
    beta = np.einsum("ij,ij->i", deviation, deviation_return) / squares
    return mean_return - beta * mean_benchmark, beta


def mean_correlation(groups: Iterable[FloatArray], events: int) -> float:
    """Average correlation of the estimation residuals over all pairs of ``events`` firm-events.

    A group ``(k, T)`` holds the residuals of the firm-events of one date. Pairs of different dates count as
    uncorrelated (Kolari, Pape and Pynnönen, 2018, treat windows that overlap in part; here they are not credited).
    """
    pairs = events * (events - 1)
    return sum(len(group) * (len(group) - 1) * group_correlation(group) for group in groups) / max(pairs, 1)


def group_correlation(residuals: FloatArray) -> float:
    """Average Pearson correlation over the pairs of rows of ``(k, T)``, each pair weighed by the sessions both have.

    With rows scaled to mean 0 and variance 1, the products of all pairs on a session add up to
    ``((sum of z)^2 - sum of z^2) / 2``: no pair is ever formed, so it is linear in the rows. Without gaps it is the
    plain average of the correlation coefficients.
    """
    present = np.isfinite(residuals)
    _, deviation = centred(residuals, present, present.sum(axis=1))
    z = deviation / np.sqrt((deviation**2).sum(axis=1) / present.sum(axis=1))[:, None]
    there = present.sum(axis=0)
    products = z.sum(axis=0) ** 2 - (z**2).sum(axis=0)
    return float(products.sum() / max((there * (there - 1)).sum(), 1))
