"""Fits find curves that are known, know how little they know, and refuse what is no curve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import nbinom, norm

from drumroll.errors import CurveUnfit
from drumroll.outlook.curves import Bass, Curve, Impulse, Mixture, Name, curve_of
from drumroll.outlook.fitting import _sampled, fit, most_likely
from drumroll.outlook.likelihood import Target, log_likelihood, mode
from drumroll.outlook.observed import MOST_INTERVALS, intervals, observed, spans, until
from drumroll.outlook.prior import Earlier, prior_of, targets, vague
from tests.outlook.launches_known import SU7, YU7, su7_prior

KNOWN: list[tuple[Name, Curve, float]] = [
    ("bass", Bass(0.0004, 0.003), 3000.0),
    ("impulse", Impulse(900.0, 0.55), 20_000.0),
    ("mixture", Mixture(0.6, Impulse(120.0, 0.7), Bass(2e-5, 1.2e-4)), 60_000.0),
]
MANY = 10**11
"""So many that rounding to whole orders is no noise; each curve is looked at until few are left to come."""


@pytest.mark.parametrize(("name", "curve", "until_s"), KNOWN, ids=[name for name, _, _ in KNOWN])
def test_a_known_curve_is_found_exactly_from_counts_without_noise(name: Name, curve: Curve, until_s: float) -> None:
    seconds = np.geomspace(20.0, until_s, 36)
    points = [(float(at), round(MANY * float(curve.share(at)))) for at in seconds]
    assumed = next(own for own in targets(vague(3e10), observed(points, "curve")) if own.name == name)
    flat = Target(name, assumed.data, assumed.mean, np.append(np.full(len(assumed.sd) - 1, 1e5), assumed.sd[-1]))
    near = (most_likely(assumed, np.random.default_rng(seed)).at for seed in range(3))
    best = max((mode(flat, at).at for at in near), key=lambda at: float(log_likelihood(flat, at[None, :])[0]))
    found = curve_of(name, best[1:-1])
    assert np.exp(best[0]) == pytest.approx(MANY, rel=1e-4)
    assert np.exp(best[0]) * found.share(seconds) == pytest.approx(MANY * curve.share(seconds), rel=1e-4)
    assert _numbers(found) == pytest.approx(_numbers(curve), rel=1e-4)


def _numbers(curve: Curve) -> list[float]:
    match curve:
        case Bass():
            return [curve.innovation, curve.imitation]
        case Impulse():
            return [curve.scale_s, curve.shape]
        case Mixture():
            return [curve.impulse_share, *_numbers(curve.impulse), *_numbers(curve.bass)]


def test_counts_are_negative_binomial() -> None:
    known = observed([(60, 900), (300, 2500), (301, 2500), (3600, 7000)], "curve")
    target = targets(vague(), known)[1]
    rows = np.array([[9.0, 6.0, 0.3, -2.0], [9.5, 7.0, -0.5, -1.0], [7.0, 3.0, 1.0, -3.0]])
    found, data = log_likelihood(target, rows), intervals(known)
    expected = []
    for log_size, log_scale, shape, log_noise in rows:
        curve = Impulse(np.exp(log_scale), 1 / (1 + np.exp(-shape)))
        mean = np.exp(log_size) * np.diff(curve.share(data.edges))
        r = np.diff(np.log(data.edges + 60)) / (0.1 + np.exp(log_noise)) ** 2
        expected.append(nbinom.logpmf(data.counts, r, r / (r + mean)).sum())
    assert found - found[0] == pytest.approx(np.array(expected) - expected[0], rel=1e-9)


def test_draws_and_evidence_agree_with_a_grid() -> None:
    """Two places free, the others held: then a grid is an oracle for the posterior and for the evidence."""
    data = intervals(observed([(180, 20_000), (600, 41_000), (1800, 60_000)], "published"))
    sd = np.array([0.5, 0.9, 1e-5, 1e-5])
    target = Target("impulse", data, np.array([11.0, 6.5, 0.2, -2.0]), sd)
    sizes, scales = np.meshgrid(np.linspace(9.0, 13.5, 500), np.linspace(3.0, 10.0, 500))
    rows = np.column_stack([sizes.ravel(), scales.ravel(), np.full((250_000, 2), [0.2, -2.0])])
    logs = np.concatenate([log_likelihood(target, part) for part in np.array_split(rows, 25)])
    logs += norm.logpdf(rows[:, 0], 11.0, 0.5) + norm.logpdf(rows[:, 1], 6.5, 0.9)
    evidence = logsumexp(logs) + np.log(4.5 / 499 * 7.0 / 499)
    weights = np.exp(logs - logsumexp(logs))
    rng = np.random.default_rng(4)
    found = _sampled(target, mode(target, target.mean), rng)
    assert found.log_evidence == pytest.approx(evidence, abs=0.15)
    for place in (0, 1):
        middle = weights @ rows[:, place]
        spread = np.sqrt(weights @ (rows[:, place] - middle) ** 2)
        assert found.shares @ found.places[:, place] == pytest.approx(middle, abs=0.25 * spread)


def test_the_same_seed_draws_the_same() -> None:
    known, prior = observed(YU7, "published", least=2), su7_prior()
    first, again = (fit(known, prior, seed=5, draws=300) for _ in range(2))
    assert all(np.array_equal(a.draws, b.draws) for a, b in zip(first.fitted, again.fitted, strict=True))
    assert sum(each.weight for each in first.fitted) == pytest.approx(1.0)
    assert sum(len(each.draws) for each in first.fitted) == 300


def test_a_prior_says_what_it_assumes() -> None:
    prior = su7_prior(within=2.0, pace_within=30.0)
    for part in ("SU7", "88,898", "3 times", "factor of 2 (95 %)", "factor of 30 (95 %)"):
        assert part in prior.says
    size = next(own for own in prior.candidates if own.name == "mixture")
    assert np.exp(size.mean[0] - 1.96 * size.sd[0]) == pytest.approx(np.exp(size.mean[0]) / 2, rel=1e-4)
    assert 3 * 80_000 < np.exp(size.mean[0]) < 3 * 120_000


def test_the_middle_of_the_prior_is_near_the_earlier_launch() -> None:
    prior = prior_of(Earlier("SU7", SU7))
    for own in prior.candidates:
        by_then = np.exp(own.mean[0]) * own.middle.share([at for at, _ in SU7])
        assert by_then == pytest.approx([orders for _, orders in SU7], rel=0.35)


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ([(180, 5), (240, 7)], "at least 3 points; found 2: (180 s, 5), (240 s, 7)"),
        ([], "found 0: none"),
        ([(0, 0), (180, 5), (240, 4)], "5 orders at second 180, then 4 at 240"),
        ([(0, 0), (240, 5), (180, 7)], "times must rise: point 3 is at second 180"),
        ([(0, 0), (240, 5), (240, 7)], "times must rise"),
        ([(-60, 0), (240, 5), (340, 7)], "60 s before the opening"),
        ([(0, 0), (float("nan"), 5), (340, 7)], "not finite"),
        ([(0, 3), (240, 5), (340, 7)], "3 orders at second 0"),
        ([(1, -3), (240, 5), (340, 7)], "-3 orders"),
        ([(1, 1), (240, 5), (1e12, 7)], "ten years"),
        ([(at, at) for at in range(100_001)], "at most 100,000 points; found 100,001"),
    ],
)
def test_what_is_no_curve_is_refused_by_name(points: list[tuple[float, int]], says: str) -> None:
    with pytest.raises(CurveUnfit) as refused:
        observed(points, "curve")
    assert says in str(refused.value)


def test_the_opening_counts_as_a_point() -> None:
    known = observed([(0, 0), (180, 5), (240, 5)], "curve")
    assert known.seconds == (180.0, 240.0)
    assert until(known, 200).orders == (5,)
    with pytest.raises(CurveUnfit, match="nothing is known by second 100"):
        until(known, 100)


@settings(deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=3000), st.integers(0, 3600))
def test_thinning_loses_no_order_and_no_time(counts: list[int], start: int) -> None:
    points = [(float(start + place + 1), int(total)) for place, total in enumerate(np.cumsum(counts))]
    known = observed(points, "log", least=1)
    found = intervals(known)
    assert len(found.counts) <= MOST_INTERVALS
    assert found.counts.sum() == sum(counts)
    assert found.edges[0] == 0
    assert found.edges[-1] == known.from_s
    assert found.spans.sum() == pytest.approx(spans(np.array([0.0, known.from_s]))[0])
    assert np.all(np.diff(found.edges) > 0)


@pytest.mark.parametrize("factor", ["times", "within_factor", "pace_within_factor"])
@pytest.mark.parametrize("value", [0.0, -2.0, float("nan"), float("inf")])
def test_a_prior_that_makes_no_sense_is_refused_by_name(factor: str, value: float) -> None:
    with pytest.raises(CurveUnfit, match=factor):
        prior_of(Earlier("SU7", SU7, **{factor: value}))
