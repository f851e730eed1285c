"""The normal-return models against statsmodels, on drawn and on real series, and against published figures."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from drumroll.market import statistics
from drumroll.market.estimation import FloatArray, fit
from drumroll.market.panel import returns_of
from drumroll.market.study import study
from drumroll.market.study_result import StudySpec

statsmodels = pytest.importorskip("statsmodels.api")
matplotlib = pytest.importorskip("matplotlib")


def close(found: object, expected: object) -> bool:
    """Equal to 1e-10, relative to the expected figure."""
    return bool(np.allclose(np.asarray(found), np.asarray(expected), rtol=1e-10, atol=1e-15))


def agree(own: FloatArray, before: FloatArray, around: FloatArray) -> None:
    """Hold alpha, beta, both variances and the windows' variance of one firm-event against statsmodels."""
    model = fit(own[None], before[None], "market")
    there = np.isfinite(own)
    oracle = statsmodels.OLS(own[there], statsmodels.add_constant(before[there])).fit()
    assert close([model.alpha[0], model.beta[0]], oracle.params)
    assert close(model.variance[0], oracle.mse_resid)
    assert model.degrees[0] == oracle.df_resid
    x = statsmodels.add_constant(around, has_constant="add")
    prediction = oracle.get_prediction(x)
    assert close(model.variance * (1 + model.leverage(around[None])[0]), prediction.se_obs**2)
    covariance = oracle.mse_resid * np.eye(len(around)) + x @ oracle.cov_params() @ x.T
    assert close(model.prediction_variance(around[None])[0], covariance.sum())


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    sessions=st.sampled_from([30, 120, 250]),
    length=st.integers(1, 21),
    gaps=st.sampled_from([0.0, 0.25]),
)
def test_market_model_is_statsmodels_ols_with_its_prediction_errors(
    seed: int, sessions: int, length: int, gaps: float
) -> None:
    rng = np.random.default_rng(seed)
    before, around = rng.standard_t(3, sessions) * 0.01, rng.standard_t(3, length) * 0.01
    own = rng.normal(0, 0.01) + rng.normal(1, 1) * before + rng.normal(0, 0.03, sessions)
    own[rng.random(sessions) < gaps] = np.nan
    agree(own, before, around)


def real_series() -> tuple[list[str], FloatArray]:
    """Monthly log returns of nine shares and two indices from 1990 on, as matplotlib ships them (Stocks.csv)."""
    path = Path(matplotlib.get_data_path()) / "sample_data" / "Stocks.csv"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    header, *rows = csv.reader(lines)
    price = np.array([[float(cell) if cell else np.nan for cell in row[1:]] for row in rows])
    price = price[np.isfinite(price[:, header.index("^GSPC") - 1])]
    return header[1:], returns_of(price[1:], price[:-1], "log")


def test_market_model_of_real_shares_is_statsmodels_ols() -> None:
    codes, returns = real_series()
    market = returns[:, codes.index("^GSPC")]
    firms = [i for i, code in enumerate(codes) if not code.startswith("^")]
    checked = 0
    for firm in firms:
        for start in range(0, len(returns) - 132, 24):
            own = returns[start : start + 120, firm]
            if np.isfinite(own).sum() >= 84:
                agree(own, market[start : start + 120], market[start + 125 : start + 132])
                checked += 1
    assert checked >= 40


def test_study_of_real_shares_leaves_out_those_not_yet_listed() -> None:
    codes, returns = real_series()
    market = returns[:, codes.index("^GSPC")]
    firms = [i for i, code in enumerate(codes) if not code.startswith("^")]
    spec = StudySpec("market", 60, 1, (-2, 2), ((0, 0), (-1, 1)))
    result = study(returns, market, [(firm, 80) for firm in firms], spec)
    listed = [firm for firm in firms if np.isfinite(returns[17:77, firm]).sum() >= 42]
    assert result.firm.tolist() == listed
    assert {each.firm for each in result.excluded} == set(firms) - set(listed)
    for i, firm in enumerate(result.firm):
        oracle = statsmodels.OLS(returns[17:77, firm], statsmodels.add_constant(market[17:77]), missing="drop").fit()
        x = statsmodels.add_constant(market[79:82], has_constant="add")
        assert close(result.car[i, 1], (returns[79:82, firm] - oracle.predict(x)).sum())


NORRIS = """0.1 0.2 338.8 337.4 118.1 118.2 888.0 884.6 9.2 10.1 228.1 226.5 668.5 666.3 998.5 996.3 449.1 448.6
778.9 777.0 559.2 558.2 0.3 0.4 0.1 0.6 778.1 775.5 668.8 666.9 339.3 338.0 448.9 447.5 10.8 11.6 557.7 556.0
228.3 228.1 998.0 995.8 888.8 887.6 119.6 120.2 0.3 0.3 0.6 0.3 557.6 556.8 339.3 339.1 888.0 887.2 998.5 999.0
778.9 779.0 10.2 11.1 117.6 118.3 228.9 229.2 668.4 669.1 449.2 448.9 0.2 0.5"""


def test_market_model_has_the_certified_values_of_nists_norris_data() -> None:
    """NIST Statistical Reference Datasets, linear regression, "Norris": the published certified values."""
    data = np.array(NORRIS.split(), dtype=float).reshape(-1, 2)
    model = fit(data[None, :, 0], data[None, :, 1], "market")
    assert model.count[0] == 36
    assert model.alpha[0] == pytest.approx(-0.262323073774029, rel=1e-10)
    assert model.beta[0] == pytest.approx(1.00211681802045, rel=1e-12)
    assert np.sqrt(model.variance[0]) == pytest.approx(0.884796396144373, rel=1e-10)


# "Suspension of insurers' dividends as a response to the COVID-19 crisis: evidence from equity market", The Geneva
# Papers 47 (2021), doi 10.1057/s41288-021-00243-5, tables 5 and 6: for windows that end on seven days, the BMP
# statistic, its value of the cumulative normal in percent, and the Kolari-Pynnönen statistic.
PUBLISHED = {
    "full sample": (
        (1.4823, -3.1984, -1.9120, 0.5834, -0.4397, 0.4561, -0.8670),
        (93.0871, 0.0691, 2.7941, 72.0200, 33.0082, 67.5850, 19.2972),
        (1.4635, -3.1579, -1.8877, 0.5760, -0.4341, 0.4503, -0.8560),
    ),
    "reduced sample": (
        (6.7102, 0.1480, -0.4972, 1.1163, 0.5777, 1.3273, -0.2240),
        (100.0, 55.8815, 30.9510, 86.7863, 71.8271, 90.7803, 41.1391),
        (6.2718, 0.1383, -0.4648, 1.0434, 0.5400, 1.2406, -0.2093),
    ),
    "residual sample": (
        (-0.7520, -4.2358, -2.2975, 0.3147, -0.8055, 0.0640, -1.0424),
        (22.6034, 0.0011, 1.0794, 62.3522, 21.0252, 52.5509, 14.8602),
        (-0.7373, -4.1529, -2.2526, 0.3086, -0.7898, 0.0627, -1.0220),
    ),
}


@pytest.mark.parametrize("sample", PUBLISHED)
def test_kolari_pynnonen_adjusts_as_in_the_published_tables(sample: str) -> None:
    """The paper's r and N are one factor: it is taken from the largest statistic, the other six must follow."""
    plain, _, adjusted = PUBLISHED[sample]
    largest = int(np.argmax(np.abs(plain)))
    squared = (adjusted[largest] / plain[largest]) ** 2
    firms = 30
    r = (1 - squared) / (1 + (firms - 1) * squared)
    pattern = np.linspace(-1, 1, firms) / np.linspace(-1, 1, firms).std(ddof=1)
    for t, expected in zip(plain, adjusted, strict=True):
        scar = pattern + t / np.sqrt(firms)
        assert statistics.bmp(scar).value == pytest.approx(t, rel=1e-12)
        assert statistics.kolari_pynnonen(scar, r).value == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("sample", PUBLISHED)
def test_normal_p_values_are_those_of_the_published_tables(sample: str) -> None:
    values, percent, _ = PUBLISHED[sample]
    found = statistics.normal(np.array(values), np.full(7, 30)).p
    expected = [2 * min(each, 100 - each) / 100 for each in percent]
    # The tables give the statistic to four decimals: half a unit there, times twice the density, and their rounding.
    slack = 2 * stats.norm.pdf(values) * 5e-5 + 1e-6
    assert (np.abs(found - expected) <= slack).all()
