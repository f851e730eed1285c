"""Scores against their definitions, integrated numerically, and against closed forms."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from drumroll.outlook.scoring import crps_normal, crps_of_samples


def test_the_score_of_a_standard_normal_at_its_middle_is_known() -> None:
    assert float(crps_normal(0.0, 1.0, 0.0)) == pytest.approx((sqrt(2) - 1) / sqrt(pi), rel=1e-14)
    assert round(float(crps_normal(0.0, 1.0, 0.0)), 4) == 0.2337


@settings(deadline=None, max_examples=30)
@given(st.floats(-3, 3), st.floats(0.2, 4), st.floats(-6, 6))
def test_the_normals_score_is_the_integral_that_defines_it(mean: float, sd: float, came: float) -> None:
    below = quad(lambda x: norm.cdf(x, mean, sd) ** 2, mean - 12 * sd - 6, came)[0]
    above = quad(lambda x: norm.sf(x, mean, sd) ** 2, came, mean + 12 * sd + 6)[0]
    assert float(crps_normal(mean, sd, came)) == pytest.approx(below + above, rel=1e-5, abs=1e-7)


@settings(deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=2, max_size=12), st.integers(-60, 60))
def test_samples_are_scored_by_all_their_pairs(samples: list[int], came: int) -> None:
    pairs = [abs(a - b) for place, a in enumerate(samples) for other, b in enumerate(samples) if place != other]
    expected = np.mean([abs(a - came) for a in samples]) - 0.5 * np.mean(pairs)
    assert float(crps_of_samples(samples, came)) == pytest.approx(expected, abs=1e-9)


def test_few_samples_of_a_forecast_score_as_many_do_on_average() -> None:
    drawn = np.random.default_rng(1).standard_normal((200_000, 3))
    assert crps_of_samples(drawn, np.full(200_000, 0.7)).mean() == pytest.approx(
        float(crps_normal(0, 1, 0.7)), abs=4e-3
    )


def test_a_single_sample_is_a_point_forecast() -> None:
    assert float(crps_of_samples([7.0], 4.0)) == 3.0
