"""Tests of the null hypothesis that the events moved nothing, two-sided, on arrays whose last axis is the firm-events.

Leading axes are independent studies (windows, sessions, simulations). A missing figure is ``nan`` and is left out. A
statistic that can't be had (a single firm-event has no cross-section) is ``nan``, and so is its p-value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, stdtr

from drumroll.market.estimation import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Statistic:
    """A test's value, its two-sided p-value and the firm-events behind it; all of the leading shape."""

    value: FloatArray
    p: FloatArray
    events: IntArray


def normal(value: FloatArray, events: IntArray) -> Statistic:
    """A statistic that is standard normal under the null."""
    return Statistic(value, 2 * ndtr(-np.abs(value)), events)


def student(value: FloatArray, events: IntArray) -> Statistic:
    """A statistic that is Student's t with one degree of freedom less than its firm-events."""
    return Statistic(value, two_sided_t(value, np.maximum(events - 1, 1)), events)


def two_sided_t(value: FloatArray, degrees: IntArray) -> FloatArray:
    """Two-sided p-value of Student's t."""
    p: FloatArray = 2 * stdtr(degrees, -np.abs(value))
    return p


def t_of_mean(values: FloatArray) -> Statistic:
    """Mean over its standard error from the cross-section: nan for fewer than two values or without spread."""
    present = np.isfinite(values)
    events = present.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(present, values, 0.0).sum(axis=-1) / events
        squares = np.where(present, values - mean[..., None], 0.0) ** 2
        error = np.sqrt(squares.sum(axis=-1) / (events - 1) / events)
        value = np.where((events > 1) & (error > 0), mean / error, np.nan)
    return student(value, events)


def cross_sectional(car: FloatArray) -> Statistic:
    """Plain cross-sectional t of the CAARs: robust to event-induced variance, not to correlated or unlike firms.

    Brown and Warner (1980), "Measuring Security Price Performance", Journal of Financial Economics 8.
    """
    return t_of_mean(car)


def patell(scar: FloatArray, degrees: IntArray) -> Statistic:
    """Patell's standardised-residual test of ``scar`` (CAR over its prediction error's standard deviation).

    A standardised abnormal return is Student's t, of variance ``degrees / (degrees - 2)``: (T - 2)/(T - 4) in the
    market model. ``Z = sum(SCAR) / sqrt(sum(variance))``. It presumes independent firms and no event-induced variance.

    Patell (1976), "Corporate Forecasts of Earnings per Share and Stock Price Behavior", Journal of Accounting
    Research 14; for windows with the full prediction-error variance: Mikkelson and Partch (1988), "Withdrawn Security
    Offerings", Journal of Financial and Quantitative Analysis 23.
    """
    present = np.isfinite(scar)
    events = present.sum(axis=-1)
    variance = np.where(present, degrees / (degrees - 2), 0.0).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(present, scar, 0.0).sum(axis=-1) / np.sqrt(variance)
    return normal(np.where(events > 0, value, np.nan), events)


def bmp(scar: FloatArray) -> Statistic:
    """Standardised cross-sectional test: robust to event-induced variance, not to correlated firms.

    Boehmer, Musumeci and Poulsen (1991), "Event-study methodology under conditions of event-induced variance", Journal
    of Financial Economics 30. They take the normal; Student's t with N - 1 is held here, which is the same for many
    firms and keeps the size for few.
    """
    return t_of_mean(scar)


def kolari_pynnonen(scar: FloatArray, correlation: FloatArray | float) -> Statistic:
    """The BMP test adjusted for correlated firms: ``t sqrt((1 - r) / (1 + (N - 1) r))``.

    ``correlation`` is the average correlation r of the estimation residuals. It is nan where ``1 + (N - 1) r`` is not
    above nought: then the average of the firms has no variance to be measured by (a benchmark made of those firms).

    Kolari and Pynnönen (2010), "Event Study Testing with Cross-sectional Correlation of Abnormal Returns", Review of
    Financial Studies 23.
    """
    plain = bmp(scar)
    r = np.asarray(correlation, dtype=float)
    inflation = 1 + (plain.events - 1) * r
    usable = inflation > 1e-9
    factor = np.sqrt(np.where(usable, np.maximum(1 - r, 0.0) / np.where(usable, inflation, 1.0), np.nan))
    return student(plain.value * factor, plain.events)


def generalised_sign(car: FloatArray, share_positive: FloatArray) -> Statistic:
    """Cowan's test: whether more CARs are positive than abnormal returns were before the event.

    ``share_positive``: the share of each firm-event's estimation residuals above nought; its average is the expected
    share p. ``Z = (w - N p) / sqrt(N p (1 - p))`` for w positive CARs. The count makes steps: at few firms the true
    size is not 5 % (docs/event-study.md has the table).

    Cowan (1992), "Nonparametric Event Study Tests", Review of Quantitative Finance and Accounting 2.
    """
    present = np.isfinite(car)
    events = present.sum(axis=-1)
    positive = (present & (np.where(present, car, 0.0) > 0)).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(present, share_positive, 0.0).sum(axis=-1) / events
        value = (positive - events * expected) / np.sqrt(events * expected * (1 - expected))
    return normal(np.where(np.isfinite(value), value, np.nan), events)


def corrado(rank_sum: FloatArray, rank_count: IntArray, window: slice) -> Statistic:
    """Corrado's rank test over the sessions of ``window``, which index the last axis of both arguments.

    ``rank_sum``: the sum over the firm-events of ``U = rank / (1 + returns present) - 1/2`` at each session of the
    estimation and the event window together; ``rank_count`` how many were summed. With ``A_t = sum(U) / sqrt(count)``
    and ``S^2`` the mean of ``A_t^2`` over all sessions, ``Z = sum of A_t over the window / (sqrt(L) S)``. The scale
    comes from the sessions' sums, so firms that move together on a date are allowed for.

    Corrado (1989), "A nonparametric test for abnormal security-price performance in event studies", Journal of
    Financial Economics 23; with missing returns and several sessions as in Corrado and Zivney (1992), "The
    Specification and Power of the Sign Test in Event Study Hypothesis Tests Using Daily Stock Returns", Journal of
    Financial and Quantitative Analysis 27.
    """
    used: BoolArray = rank_count > 0
    daily = np.where(used, rank_sum / np.sqrt(np.maximum(rank_count, 1)), 0.0)
    deviation = np.sqrt((daily**2).sum(axis=-1) / np.maximum(used.sum(axis=-1), 1))
    length = used[..., window].sum(axis=-1)
    usable = (length == rank_count[..., window].shape[-1]) & (deviation > 0)
    scale = np.where(usable, np.sqrt(np.maximum(length, 1)) * deviation, np.nan)
    return normal(daily[..., window].sum(axis=-1) / scale, rank_count[..., window].min(axis=-1))


def scaled_ranks(values: FloatArray) -> FloatArray:
    """``rank / (1 + values present) - 1/2`` along each row of ``(n, D)``; ties share their mean rank; nan stays nan."""
    order = np.argsort(values, axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    ranks = np.empty_like(values)
    np.put_along_axis(ranks, order, np.arange(1.0, values.shape[1] + 1)[None, :], axis=1)
    for row in np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1)):
        ranks[row] = mean_ranks(values[row])
    present = np.isfinite(values)
    return np.where(present, ranks / (1 + present.sum(axis=1, keepdims=True)) - 0.5, np.nan)


def mean_ranks(values: FloatArray) -> FloatArray:
    """Ranks from 1 of one row, equal values sharing the mean of theirs."""
    _, group, size = np.unique(values, return_inverse=True, return_counts=True, equal_nan=False)
    last = np.cumsum(size)
    mean: FloatArray = (last - (size - 1) / 2)[group]
    return mean
