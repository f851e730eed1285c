"""The event study: whether the returns around an event were more than noise.

``study`` takes matrices and indices; ``panel.study_of`` takes codes and dates. Definitions, formulas and how to read
the result: docs/event-study.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from drumroll.errors import StudyRefused
from drumroll.market import statistics
from drumroll.market.estimation import BoolArray, Fit, FloatArray, IntArray, fit, mean_correlation
from drumroll.market.statistics import Statistic
from drumroll.market.study_checks import faults_in, warnings_of
from drumroll.market.study_result import Excluded, Measured, Row, StudyResult, StudySpec, column_means

CHUNK = 2048
"""Firm-events measured at once: what bounds the memory, whatever their number."""


def study(
    returns: FloatArray,
    benchmark: FloatArray | None,
    events: Sequence[tuple[int, int]] | IntArray,
    spec: StudySpec | None = None,
    at_limit: BoolArray | None = None,
) -> StudyResult:
    """Study ``events``, pairs of a firm (column) and a session (row) of ``returns`` ``(T, N)``, nan where missing.

    ``benchmark`` ``(T,)`` may be None for the mean-adjusted model. ``at_limit`` ``(T, N)`` marks closes at a price
    limit. Raises StudyRefused, with every fault at once, for windows that make no sense, events outside the data or
    given twice, an estimation window that does not fit or is too short, a benchmark with gaps, and where no firm-event
    can be estimated.
    """
    spec = spec or StudySpec()
    returns = np.asarray(returns, dtype=np.float64)
    pairs = np.asarray(events, dtype=np.int64).reshape(-1, 2)
    if faults := faults_in(returns, benchmark, pairs, spec, at_limit):
        raise StudyRefused(faults)
    unused = benchmark is None or spec.model == "mean"
    market = np.zeros(len(returns)) if unused else np.asarray(benchmark, dtype=np.float64)
    by_firm = np.ascontiguousarray(returns.T)
    parts = [measure(by_firm, market, pairs[i : i + CHUNK], spec) for i in range(0, len(pairs), CHUNK)]
    excluded = tuple(each for part in parts for each in part.excluded)
    measured = joined([part.measured for part in parts])
    if not len(measured.firm):
        raise StudyRefused(("no firm-event can be estimated", *reasons(excluded)))
    ranks = sum(part.rank_sum for part in parts), sum(part.rank_count for part in parts)
    return concluded(
        measured, (np.asarray(ranks[0]), np.asarray(ranks[1])), excluded, (by_firm, market), spec, at_limit
    )


def reasons(excluded: tuple[Excluded, ...], shown: int = 10) -> tuple[str, ...]:
    """The first exclusions as text."""
    return tuple(f"firm {each.firm}, session {each.day}: {each.reason}" for each in excluded[:shown])


class Part(NamedTuple):
    """A chunk of firm-events, measured."""

    measured: Measured
    rank_sum: FloatArray
    rank_count: IntArray
    excluded: tuple[Excluded, ...]


def windows_of(series: FloatArray, start: IntArray, length: int, firm: IntArray | None = None) -> FloatArray:
    """Copies ``(n, length)`` of the sessions from each ``start``, of one series or of the row ``firm`` of a matrix."""
    view = sliding_window_view(series, length, axis=-1)
    chosen: FloatArray = view[start] if firm is None else view[firm, start]
    return chosen


def measure(by_firm: FloatArray, market: FloatArray, pairs: IntArray, spec: StudySpec) -> Part:
    """Estimate and measure a chunk of firm-events ``(n, 2)``."""
    excluded, keep, model = estimated(by_firm, market, pairs, spec)
    if len(keep) < len(pairs):
        _, _, model = estimated(by_firm, market, pairs[keep], spec)
    firm, day = pairs[keep, 0], pairs[keep, 1]
    around = windows_of(market, day + spec.window[0], spec.sessions)
    ar = model.abnormal(windows_of(by_firm, day + spec.window[0], spec.sessions, firm), around)
    u = statistics.scaled_ranks(np.concatenate([model.residuals, ar], axis=1))
    spans = [spec.span(window) for window in spec.windows]
    measured = Measured(
        firm=firm,
        day=day,
        alpha=model.alpha,
        beta=model.beta,
        variance=model.variance,
        count=model.count,
        degrees=model.degrees,
        share_positive=(model.residuals > 0).sum(axis=1) / model.count,
        ar=ar,
        ar_variance=model.variance[:, None] * (1 + model.leverage(around)),
        car=np.stack([ar[:, span].sum(axis=1) for span in spans], axis=1),
        car_variance=np.stack([model.prediction_variance(around[:, span]) for span in spans], axis=1),
    )
    return Part(measured, np.nansum(u, axis=0), np.isfinite(u).sum(axis=0), excluded)


def estimated(
    by_firm: FloatArray, market: FloatArray, pairs: IntArray, spec: StudySpec
) -> tuple[tuple[Excluded, ...], IntArray, Fit]:
    """Fit the chunk; say which firm-events can't be used and why, and which rows stay."""
    start = spec.start(pairs[:, 1])
    own = windows_of(by_firm, start, spec.estimation, pairs[:, 0])
    model = fit(own, windows_of(market, start, spec.estimation), spec.model)
    least = least_returns(spec)
    thin = model.count < least
    spread = np.where(np.isfinite(own), np.abs(own), 0.0).max(axis=1)
    still = ~thin & ~(model.variance > (1e-12 * spread) ** 2)
    empty = ~np.isfinite(windows_of(by_firm, pairs[:, 1] + spec.window[0], spec.sessions, pairs[:, 0])).any(axis=1)
    why = {
        "no return in the event window": empty & ~thin & ~still,
        "its returns do not vary about the model in the estimation window": still,
    }
    excluded = [named(pairs[i], reason) for reason, rows in why.items() for i in np.flatnonzero(rows)]
    wanted = f"of {spec.estimation} returns in the estimation window, {least} needed"
    excluded += [named(pairs[i], f"{model.count[i]} {wanted}") for i in np.flatnonzero(thin)]
    return tuple(excluded), np.flatnonzero(~(thin | still | empty)), model


def named(pair: IntArray, reason: str) -> Excluded:
    """An exclusion of a (firm, session) pair."""
    return Excluded(int(pair[0]), int(pair[1]), reason)


def least_returns(spec: StudySpec) -> int:
    """How many returns of the estimation window a firm-event must have."""
    return int(np.ceil(spec.least_share * spec.estimation - 1e-9))


def joined(parts: list[Measured]) -> Measured:
    """The chunks' figures one after another."""
    return Measured(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Measured)})


def concluded(
    measured: Measured,
    ranks: tuple[FloatArray, IntArray],
    excluded: tuple[Excluded, ...],
    series: tuple[FloatArray, FloatArray],
    spec: StudySpec,
    at_limit: BoolArray | None,
) -> StudyResult:
    """Test what was measured, and say what to be wary of."""
    r = mean_correlation(groups_by_date(measured, *series, spec), len(measured.firm))
    clustered = len(np.unique(measured.day)) < len(measured.day)
    limited = limits_met(at_limit, measured, spec)
    scaled_ar = measured.ar / np.sqrt(measured.ar_variance)
    days = [(offset, offset) for offset in range(spec.window[0], spec.window[1] + 1)]
    tested = (measured, r, clustered, ranks)
    return StudyResult(
        **{f.name: getattr(measured, f.name) for f in fields(Measured)},
        spec=spec,
        limited=limited,
        rank_sum=ranks[0],
        rank_count=ranks[1],
        mean_correlation=r,
        excluded=excluded,
        warnings=warnings_of(measured.firm, measured.day, measured.ar, limited, r, len(excluded), spec),
        tests=rows(measured.car, measured.car / np.sqrt(measured.car_variance), spec.windows, spec, *tested),
        daily=rows(measured.ar, scaled_ar, days, spec, *tested),
    )


def groups_by_date(
    measured: Measured, by_firm: FloatArray, market: FloatArray, spec: StudySpec
) -> Iterator[FloatArray]:
    """Estimation residuals of the firm-events of each date that several share, one date at a time."""
    _, size = np.unique(measured.day, return_counts=True)
    order = np.argsort(measured.day, kind="stable")
    for events in np.split(order, np.cumsum(size)[:-1]):
        if len(events) > 1:
            yield residuals_of(events, measured, by_firm, market, spec)


def residuals_of(
    events: IntArray, measured: Measured, by_firm: FloatArray, market: FloatArray, spec: StudySpec
) -> FloatArray:
    """Estimation residuals of some firm-events, from what was estimated of them."""
    start = spec.start(measured.day[events])
    own = windows_of(by_firm, start, spec.estimation, measured.firm[events])
    normal = measured.beta[events, None] * windows_of(market, start, spec.estimation)
    residuals: FloatArray = own - normal - measured.alpha[events, None]
    return residuals


def limits_met(at_limit: BoolArray | None, measured: Measured, spec: StudySpec) -> BoolArray:
    """Whether a price stood at its limit within the event window of each firm-event."""
    if at_limit is None:
        return np.zeros(len(measured.firm), dtype=bool)
    offsets = np.arange(spec.window[0], spec.window[1] + 1)
    met: BoolArray = at_limit[measured.day[:, None] + offsets, measured.firm[:, None]].any(axis=1)
    return met


def rows(
    car: FloatArray,
    scar: FloatArray,
    windows: Sequence[tuple[int, int]],
    spec: StudySpec,
    measured: Measured,
    r: float,
    clustered: bool,
    ranks: tuple[FloatArray, IntArray],
) -> tuple[Row, ...]:
    """Every test of every window; ``car`` and ``scar`` are ``(n, K)``."""
    found = {
        "cross-sectional": statistics.cross_sectional(car.T),
        "patell": statistics.patell(scar.T, measured.degrees),
        "bmp": statistics.bmp(scar.T),
        "kolari-pynnonen": statistics.kolari_pynnonen(scar.T, r),
        "corrado-rank": over_windows(windows, ranks, spec),
        "generalised-sign": statistics.generalised_sign(car.T, measured.share_positive),
    }
    advised = "patell" if len(car) < 2 else "kolari-pynnonen" if clustered else "bmp"
    means = column_means(car)
    return tuple(
        Row(*window, test, int(s.events[k]), float(means[k]), float(s.value[k]), float(s.p[k]), test == advised)
        for k, window in enumerate(windows)
        for test, s in found.items()
    )


def over_windows(windows: Sequence[tuple[int, int]], ranks: tuple[FloatArray, IntArray], spec: StudySpec) -> Statistic:
    """The rank test of each window."""
    spans = [spec.span(window) for window in windows]
    each = [statistics.corrado(*ranks, slice(spec.estimation + s.start, spec.estimation + s.stop)) for s in spans]
    return Statistic(*(np.stack([getattr(one, f.name) for one in each]) for f in fields(Statistic)))
