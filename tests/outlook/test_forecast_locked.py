"""Locked orders and months: what is learned from a log, and what stays an assumption."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from drumroll.domain.launch_outlook import Diffusion
from drumroll.errors import CurveUnfit
from drumroll.outlook.fitting import fit
from drumroll.outlook.forecast_locked import (
    Became,
    LongRun,
    cancelling,
    locked,
    locked_draws,
    long_run_of,
    month_edges,
    monthly,
    monthly_draws,
)
from drumroll.outlook.observed import observed
from tests.outlook.launches_known import YU7, su7_prior

POSTERIOR = fit(observed([(0, 0), *YU7], "published"), su7_prior(), seed=1, draws=2000)


@settings(deadline=None, max_examples=40)
@given(st.floats(0.5, 40), st.floats(0.5, 40))
def test_the_prior_holds_ninety_percent_between_what_the_launch_file_says(low: float, width: float) -> None:
    found = cancelling(low, low + width)
    assert (100 * found.low, 100 * found.high) == pytest.approx((low, low + width), abs=0.2)
    assert found.prior_weight == pytest.approx(1.0)


def test_counts_of_orders_whose_fate_is_settled_update_the_beta_as_a_binomial_does() -> None:
    found = cancelling(5, 15, Became(cancelled=30, locked=170))
    first, second = _beta(0.05, 0.15)
    hand = beta(first + 30, second + 170)
    # Cancelled orders lived for half their cooling-off: the likelihood is that of a hazard, close to the binomial.
    assert found.median == pytest.approx(hand.median(), rel=0.05)
    assert found.prior_weight < 0.7


def _beta(low: float, high: float) -> tuple[float, float]:
    pairs = [(a, b) for a in np.linspace(2, 20, 181) for b in np.linspace(20, 200, 181)]
    cut = beta.cdf(np.array([[low], [high]]), *np.array(pairs).T)
    return pairs[int(np.argmin(np.abs(cut[0] - 0.05) + np.abs(cut[1] - 0.95)))]


def test_hundreds_of_thousands_of_orders_are_not_as_many_independent_ones() -> None:
    found = cancelling(5, 15, Became(cancelled=20_000, locked=180_000))
    assert found.independent == 400
    assert found.high - found.low > 0.03
    assert found.low < 0.1 < found.high


def test_cancellations_halfway_say_twice_as_much_as_at_the_end() -> None:
    halfway = cancelling(1, 40, Became(cancelled=5_000, cooling=(0, 95_000, 0)))
    ended = cancelling(1, 40, Became(cancelled=10_000, locked=90_000))
    assert halfway.median == pytest.approx(ended.median, rel=0.1)


def test_what_locked_has_locked() -> None:
    given_up = np.array([0.0, 0.1, 0.5])
    became = Became(cancelled=10, locked=100, cooling=(0, 50))
    found = locked_draws(np.array([160.0, 160.0, 260.0]), given_up, 160, became)
    assert found == pytest.approx([150, 100 + 50 * 0.9**0.25, 100 + 50 * 0.5**0.25 + 100 * 0.5])
    assert locked_draws(np.array([160.0]), np.array([0.1])) == pytest.approx([144])
    assert locked(found).intervals[50][0] <= locked(found).median


def test_months_are_the_launch_and_the_long_run() -> None:
    assumed = LongRun(600_000, 0.1, 0.4)
    launch, beside = monthly_draws(POSTERIOR, assumed, month_edges(), seed=1)
    assert launch.shape == beside.shape == (2000, 24)
    assert np.all(launch[:, 0] >= 289_000)
    share = 1 - np.exp(-0.5 * 2)
    two_years = share / (1 + 4 * np.exp(-0.5 * 2))
    assert np.median(beside.sum(axis=1)) == pytest.approx(600_000 * two_years, rel=0.05)
    months = monthly(POSTERIOR, assumed, seed=1)
    assert len(months) == 24
    assert months[0].long_run_share < 0.1 < 0.9 < months[12].long_run_share
    assert months[5].mean == pytest.approx(float((launch + beside)[:, 5].mean()))


@pytest.mark.parametrize(
    ("assumed", "field"),
    [
        (LongRun(0, 0.1, 0.4), "market"),
        (LongRun(1e5, 0.0, 0.4), "innovation"),
        (LongRun(1e5, 0.1, float("nan")), "imitation"),
        (LongRun(1e5, 0.1, -0.1), "imitation"),
        (LongRun(1e5, 0.1, 0.4, 0.5), "within_factor"),
    ],
)
def test_a_long_run_that_makes_no_sense_is_refused_by_name(assumed: LongRun, field: str) -> None:
    with pytest.raises(CurveUnfit, match=field):
        monthly(POSTERIOR, assumed, seed=1)


@pytest.mark.parametrize("imitation", ["0", "100"])
def test_a_long_run_that_a_launch_file_may_have_is_forecast(imitation: str) -> None:
    assumed = long_run_of(Diffusion(600_000, "0.1", imitation))
    months = monthly(POSTERIOR, assumed, seed=1)
    by_then = assumed.by_then(month_edges())
    if imitation == "0":
        assert by_then[-1] == pytest.approx(600_000 * (1 - np.exp(-0.2)), rel=1e-9)
    assert months[12].mean == pytest.approx(by_then[13] - by_then[12], rel=0.25, abs=500)


def test_a_range_that_is_none_is_refused() -> None:
    with pytest.raises(CurveUnfit, match="cancel_percent"):
        cancelling(15, 5)
