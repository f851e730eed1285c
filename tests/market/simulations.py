"""Event studies simulated under a null that is known, all at once, through the estimation and the tests of the house.

A simulated study is ``firms`` firm-events of one session, each with ``length`` sessions of estimation before it.
"""

from __future__ import annotations

import numpy as np

from drumroll.market import statistics
from drumroll.market.estimation import FloatArray, fit, group_correlation

FIRMS = 30
NULLS = {
    "normal": "independent firms, normal abnormal returns",
    "event-induced": "independent firms, the event doubles to quadruples the variance, by firm",
    "correlated": "one date for all firms, abnormal returns correlated by 0.1",
    "skewed": "independent firms, abnormal returns of a shifted lognormal (skewness 2.3)",
}
MADE_FOR = {
    "cross-sectional": "normal",
    "patell": "normal",
    "bmp": "event-induced",
    "kolari-pynnonen": "correlated",
    "corrado-rank": "normal",
    "generalised-sign": "normal",
}
TESTS = tuple(MADE_FOR)


def shocks(rng: np.random.Generator, null: str, studies: int, firms: int, sessions: int) -> FloatArray:
    """Abnormal returns ``(studies, firms, sessions)`` of mean 0 and variance 1 before the event, the last session."""
    noise = rng.standard_normal((studies, firms, sessions))
    if null == "correlated":
        return np.sqrt(0.9) * noise + np.sqrt(0.1) * rng.standard_normal((studies, 1, sessions))
    if null == "skewed":
        grown = np.exp(0.6 * noise)
        return (grown - np.exp(0.18)) / np.sqrt((np.exp(0.36) - 1) * np.exp(0.36))
    if null == "event-induced":
        noise[:, :, -1] *= np.sqrt(rng.uniform(2, 4, (studies, firms)))
    return noise


def p_values(
    rng: np.random.Generator, null: str, studies: int, length: int, effect: float, tests: tuple[str, ...]
) -> dict[str, FloatArray]:
    """The p-values ``(studies,)`` of ``tests``; ``effect``: the abnormal return added to the event, in deviations."""
    shape = (studies, 1 if null == "correlated" else FIRMS, length + 1)
    market = np.broadcast_to(rng.standard_normal(shape), (studies, FIRMS, length + 1)).reshape(-1, length + 1)
    abnormal = shocks(rng, null, studies, FIRMS, length + 1)
    abnormal[:, :, -1] += effect
    beta, scale = rng.uniform(0.5, 1.5, (studies * FIRMS, 1)), rng.uniform(1, 3, (studies * FIRMS, 1))
    returns = beta * market + scale * abnormal.reshape(-1, length + 1)
    before, event = market[:, :-1], market[:, -1:]
    model = fit(returns[:, :-1], before, "market")
    ar = model.abnormal(returns[:, -1:], event)
    car = ar.reshape(studies, FIRMS)
    scar = car / np.sqrt(model.prediction_variance(event)).reshape(studies, FIRMS)
    possible = {
        "cross-sectional": lambda: statistics.cross_sectional(car),
        "patell": lambda: statistics.patell(scar, np.full(scar.shape, length - 2)),
        "bmp": lambda: statistics.bmp(scar),
        "kolari-pynnonen": lambda: adjusted(scar, model.residuals, null),
        "corrado-rank": lambda: ranked(model.residuals, ar, studies),
        "generalised-sign": lambda: statistics.generalised_sign(
            car, (model.residuals > 0).mean(axis=1).reshape(car.shape)
        ),
    }
    return {test: possible[test]().p for test in tests}


def adjusted(scar: FloatArray, residuals: FloatArray, null: str) -> statistics.Statistic:
    """Kolari and Pynnönen's test; firms of different dates are taken for uncorrelated, as in a study."""
    each = residuals.reshape(*scar.shape, -1)
    r = np.array([group_correlation(one) for one in each]) if null == "correlated" else np.zeros(len(scar))
    return statistics.kolari_pynnonen(scar, r)


def ranked(residuals: FloatArray, ar: FloatArray, studies: int) -> statistics.Statistic:
    """Corrado's test of the event, the last session."""
    u = statistics.scaled_ranks(np.concatenate([residuals, ar], axis=1))
    rank_sum = u.reshape(studies, FIRMS, -1).sum(axis=1)
    last = rank_sum.shape[1] - 1
    return statistics.corrado(rank_sum, np.full(rank_sum.shape, FIRMS), slice(last, last + 1))


def rejections(
    seed: int, null: str, length: int, studies: int = 10_000, effect: float = 0.0, tests: tuple[str, ...] = TESTS
) -> dict[str, float]:
    """The share of simulated studies that each test rejects at 5 %: its size, or with an effect its power."""
    rng = np.random.default_rng(seed)
    block = max(1, 1_000_000 // (FIRMS * length))
    counts = dict.fromkeys(tests, 0)
    for start in range(0, studies, block):
        for test, p in p_values(rng, null, min(block, studies - start), length, effect, tests).items():
            counts[test] += int((p < 0.05).sum())
    return {test: count / studies for test, count in counts.items()}
