"""The event study once more, in plain loops over Python floats, written from the papers: the oracle of the tests."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import stats

Series = Sequence[float]


def missing(value: float) -> bool:
    return value != value


def normal_return(own: Series, market: Series, model: str) -> tuple[float, float, float, int]:
    """alpha, beta, residual variance and degrees of freedom of one firm's estimation window."""
    pairs = [(y, x) for y, x in zip(own, market, strict=True) if not missing(y)]
    n = len(pairs)
    mean_y, mean_x = math.fsum(y for y, _ in pairs) / n, math.fsum(x for _, x in pairs) / n
    if model == "market":
        beta = math.fsum((x - mean_x) * (y - mean_y) for y, x in pairs) / math.fsum((x - mean_x) ** 2 for _, x in pairs)
        alpha, degrees = mean_y - beta * mean_x, n - 2
    elif model == "mean":
        alpha, beta, degrees = mean_y, 0.0, n - 1
    else:
        alpha, beta, degrees = 0.0, 1.0, n
    squares = math.fsum((y - alpha - beta * x) ** 2 for y, x in pairs)
    return alpha, beta, squares / degrees, degrees


def covariance(own: Series, market: Series, around: Series, model: str) -> list[list[float]]:
    """The prediction errors' covariance over the event window, over the residual variance."""
    x = [m for y, m in zip(own, market, strict=True) if not missing(y)]
    mean = math.fsum(x) / len(x)
    squares = math.fsum((m - mean) ** 2 for m in x)
    shared = {"market": 1, "mean": 1, "market-adjusted": 0}[model]
    slope = 1 if model == "market" else 0
    return [
        [
            (a is b and i == j) + shared / len(x) + slope * (a - mean) * (b - mean) / squares
            for j, b in enumerate(around)
        ]
        for i, a in enumerate(around)
    ]


def t_of_mean(values: Series) -> float:
    there = [v for v in values if not missing(v)]
    return float(stats.ttest_1samp(there, 0.0).statistic)


def patell(scars: Series, degrees: Sequence[int]) -> float:
    there = [(s, d) for s, d in zip(scars, degrees, strict=True) if not missing(s)]
    return sum(s for s, _ in there) / math.sqrt(sum(d / (d - 2) for _, d in there))


def average_correlation(residuals: Sequence[Series], days: Sequence[int]) -> float:
    """Over all pairs; those of different days are 0. Each day's pairs are weighed by the sessions they share."""
    firms = range(len(residuals))
    total = 0.0
    for day in set(days):
        group = [i for i in firms if days[i] == day]
        products, sessions = 0.0, 0
        for i in group:
            for j in group:
                if i != j:
                    zi, zj = scaled(residuals[i]), scaled(residuals[j])
                    both = [a * b for a, b in zip(zi, zj, strict=True) if not missing(a) and not missing(b)]
                    products, sessions = products + sum(both), sessions + len(both)
        if sessions:
            total += len(group) * (len(group) - 1) * products / sessions
    return total / (len(residuals) * (len(residuals) - 1))


def scaled(values: Series) -> list[float]:
    there = [v for v in values if not missing(v)]
    mean = sum(there) / len(there)
    deviation = math.sqrt(sum((v - mean) ** 2 for v in there) / len(there))
    return [(v - mean) / deviation for v in values]


def kolari_pynnonen(scars: Series, r: float) -> float:
    n = sum(not missing(s) for s in scars)
    return t_of_mean(scars) * math.sqrt((1 - r) / (1 + (n - 1) * r))


def generalised_sign(cars: Series, residuals: Sequence[Series]) -> float:
    used = [(c, e) for c, e in zip(cars, residuals, strict=True) if not missing(c)]
    shares = []
    for _, e in used:
        there = [v for v in e if not missing(v)]
        shares.append(sum(v > 0 for v in there) / len(there))
    p, n = sum(shares) / len(shares), len(used)
    return (sum(c > 0 for c, _ in used) - n * p) / math.sqrt(n * p * (1 - p))


def corrado(series: Sequence[Series], first: int, last: int) -> float:
    """``series``: each firm-event's residuals and abnormal returns in a row; the window is [first, last] of it."""
    u = []
    for values in series:
        there = sorted(v for v in values if not missing(v))
        rank = {v: (there.index(v) + 1 + len(there) - there[::-1].index(v)) / 2 for v in there}
        u.append([math.nan if missing(v) else rank[v] / (len(there) + 1) - 0.5 for v in values])
    sums = []
    for t in range(len(series[0])):
        there = [row[t] for row in u if not missing(row[t])]
        sums.append(sum(there) / math.sqrt(len(there)))
    deviation = math.sqrt(sum(s * s for s in sums) / len(sums))
    return sum(sums[first : last + 1]) / (math.sqrt(last - first + 1) * deviation)


def normal_p(z: float) -> float:
    return math.erfc(abs(z) / math.sqrt(2))


def student_p(t: float, degrees: int) -> float:
    return 2 * float(stats.t.sf(abs(t), degrees))
