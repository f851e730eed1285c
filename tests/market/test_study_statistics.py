"""The event study against plain loops over Python floats, on drawn returns with gaps, events and windows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from drumroll.market import statistics
from drumroll.market.estimation import group_correlation
from drumroll.market.study import study
from drumroll.market.study_result import StudySpec
from tests.market import brute_force as plain

EVENTS = [(0, 45), (1, 45), (2, 45), (3, 50), (4, 50), (5, 56)]
NEAR: dict[str, Any] = {"rel": 1e-8, "abs": 1e-10}


def drawn(seed: int, gaps: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    market = rng.normal(0.001, 0.01, 64)
    together = rng.normal(0, 0.01, (64, 1))
    returns = market[:, None] * rng.uniform(0.3, 1.7, 6) + together + rng.standard_t(4, (64, 6)) * 0.02
    returns[rng.random(returns.shape) < gaps] = np.nan
    returns[[45, 45, 45, 50, 50, 56], range(6)] = 0.01 * rng.standard_normal(6)
    return returns, market


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    gaps=st.sampled_from([0.0, 0.1]),
    model=st.sampled_from(["market", "mean", "market-adjusted"]),
    window=st.sampled_from([(0, 0), (-1, 1), (0, 3), (-2, 2)]),
)
def test_every_figure_is_that_of_the_plain_loops(seed: int, gaps: float, model: Any, window: tuple[int, int]) -> None:
    returns, market = drawn(seed, gaps)
    spec = StudySpec(model, 30, 5, (-3, 4), (window,), 0.5)
    result = study(returns, market, EVENTS, spec)
    assert not result.excluded
    residuals, rows, cars, scars, degrees = [], [], [], [], []
    for i, (firm, day) in enumerate(EVENTS):
        before, around = slice(day - 38, day - 8), slice(day - 3, day + 5)
        own, x, x_around = returns[before, firm].tolist(), market[before].tolist(), market[around].tolist()
        alpha, beta, variance, freedom = plain.normal_return(own, x, model)
        matrix = plain.covariance(own, x, x_around, model)
        ar = [y - alpha - beta * m for y, m in zip(returns[around, firm].tolist(), x_around, strict=True)]
        chosen = range(window[0] + 3, window[1] + 4)
        car, car_variance = sum(ar[t] for t in chosen), variance * sum(matrix[s][t] for s in chosen for t in chosen)
        assert [result.alpha[i], result.beta[i], result.variance[i]] == pytest.approx([alpha, beta, variance], **NEAR)
        assert result.degrees[i] == freedom
        assert result.ar[i] == pytest.approx(ar, nan_ok=True, **NEAR)
        assert result.ar_variance[i] == pytest.approx([variance * matrix[t][t] for t in range(8)], rel=1e-9, abs=0)
        assert result.car[i, 0] == pytest.approx(car, nan_ok=True, **NEAR)
        assert result.car_variance[i, 0] == pytest.approx(car_variance, rel=1e-9, abs=0)
        e = [y - alpha - beta * m for y, m in zip(own, x, strict=True)]
        residuals.append(e)
        rows.append(e + ar)
        cars.append(car)
        scars.append(car / math.sqrt(car_variance))
        degrees.append(freedom)
    r = plain.average_correlation(residuals, [day for _, day in EVENTS])
    assert result.mean_correlation == pytest.approx(r, **NEAR)
    n = sum(not math.isnan(car) for car in cars)
    if n < 2:
        return
    expected = {
        "cross-sectional": (t := plain.t_of_mean(cars), plain.student_p(t, n - 1)),
        "patell": (z := plain.patell(scars, degrees), plain.normal_p(z)),
        "bmp": (t := plain.t_of_mean(scars), plain.student_p(t, n - 1)),
        "kolari-pynnonen": (t := plain.kolari_pynnonen(scars, r), plain.student_p(t, n - 1)),
        "corrado-rank": (z := plain.corrado(rows, 33 + window[0], 33 + window[1]), plain.normal_p(z)),
        "generalised-sign": (z := plain.generalised_sign(cars, residuals), plain.normal_p(z)),
    }
    found = {row.test: (row.statistic, row.p) for row in result.tests}
    assert found.keys() == expected.keys()
    for test, figures in expected.items():
        assert found[test] == pytest.approx(figures, rel=1e-6, abs=1e-9), test
    assert result.caar[0] == pytest.approx(float(np.nanmean(cars)), **NEAR)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_daily_rows_are_the_windows_of_one_session(seed: int) -> None:
    returns, market = drawn(seed, 0.05)
    days = [(t, t) for t in range(-3, 5)]
    result = study(returns, market, EVENTS, StudySpec("market", 30, 5, (-3, 4), tuple(days), 0.5))
    assert len(result.daily) == 6 * len(days)
    for one, other in zip(result.daily, result.tests, strict=True):
        assert one[:3] == other[:3]
        assert one[3:] == pytest.approx(other[3:], nan_ok=True, rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), ties=st.booleans(), gaps=st.sampled_from([0.0, 0.2]))
def test_ranks_are_scipys(seed: int, ties: bool, gaps: float) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 6, (7, 12)).astype(float) if ties else rng.standard_normal((7, 12))
    values[rng.random(values.shape) < gaps] = np.nan
    ranks = stats.rankdata(values, axis=1, nan_policy="omit")
    expected = ranks / (1 + np.isfinite(values).sum(axis=1, keepdims=True)) - 0.5
    assert statistics.scaled_ranks(values) == pytest.approx(expected, nan_ok=True)


@given(seed=st.integers(0, 10**6), firms=st.integers(2, 12))
def test_correlation_without_gaps_is_the_average_of_numpys_coefficients(seed: int, firms: int) -> None:
    rng = np.random.default_rng(seed)
    residuals = rng.standard_normal((firms, 40)) + rng.standard_normal(40)
    matrix = np.corrcoef(residuals)
    assert group_correlation(residuals) == pytest.approx(matrix[~np.eye(firms, dtype=bool)].mean(), **NEAR)


def test_corrado_without_gaps_is_the_statistic_of_1989() -> None:
    """There the ranks are not divided: mean of (K - (M + 1)/2) over the firms, over its deviation in time."""
    rng = np.random.default_rng(3)
    values = rng.standard_normal((9, 41))
    k = stats.rankdata(values, axis=1) - 21
    mean = k.mean(axis=0)
    expected = mean[40] / np.sqrt((mean**2).mean())
    u = statistics.scaled_ranks(values)
    found = statistics.corrado(u.sum(axis=0), np.full(41, 9), slice(40, 41))
    assert found.value == pytest.approx(expected, rel=1e-12)


@given(seed=st.integers(0, 10**6), factor=st.floats(0.01, 100))
def test_p_values_do_not_depend_on_the_unit_of_returns(seed: int, factor: float) -> None:
    returns, market = drawn(seed, 0.0)
    spec = StudySpec("market", 30, 5, (-3, 4), ((0, 1),))
    one, other = study(returns, market, EVENTS, spec), study(returns * factor, market * factor, EVENTS, spec)
    assert [row.p for row in one.tests] == pytest.approx([row.p for row in other.tests], rel=1e-6, abs=1e-9)


def test_without_correlation_kolari_pynnonen_is_bmp_and_with_it_is_less() -> None:
    scar = np.random.default_rng(1).normal(0.8, 1, 20)
    plain_t = statistics.bmp(scar).value
    assert statistics.kolari_pynnonen(scar, 0.0).value == pytest.approx(plain_t)
    values = [float(statistics.kolari_pynnonen(scar, r).value) for r in (0.0, 0.05, 0.1, 0.5)]
    assert values == sorted(values, reverse=True)


def test_firms_that_cancel_out_have_no_kolari_pynnonen_statistic() -> None:
    assert math.isnan(float(statistics.kolari_pynnonen(np.array([1.0, 2.0]), -1.0).value))


def test_a_single_firm_event_has_no_cross_section_but_its_own_t() -> None:
    returns, market = drawn(5, 0.0)
    result = study(returns, market, EVENTS[:1], StudySpec("market", 30, 5, (-3, 4), ((0, 1),)))
    found = {row.test: row for row in result.tests}
    assert math.isnan(found["bmp"].statistic)
    assert math.isnan(found["cross-sectional"].p)
    assert found["patell"].advised
    assert result.car_p[0, 0] == pytest.approx(plain.student_p(float(result.car_t[0, 0]), 28))
