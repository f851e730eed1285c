"""What a forecast says: never less than there is, unsure where it must be, open about what it assumed."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.errors import CurveUnfit
from drumroll.outlook.fitting import fit
from drumroll.outlook.forecast import Forecast, draws_of, fan, forecast
from drumroll.outlook.observed import observed, until
from drumroll.outlook.prior import vague
from tests.outlook.launches_known import SU7, YU7, su7_prior

HORIZONS = (3600, 86_400, 604_800)
PRIOR = su7_prior()
FIRST = observed([(0, 0), YU7[0]], "published", least=2)


@settings(deadline=None, max_examples=10)
@given(st.lists(st.tuples(st.integers(1, 4000), st.integers(0, 400_000)), min_size=1, max_size=30), st.booleans())
def test_nothing_is_forecast_below_what_there_is(steps: list[tuple[int, int]], lean: bool) -> None:
    seconds, orders = np.cumsum([step[0] for step in steps]), np.cumsum([step[1] for step in steps])
    known = observed([(int(at), int(many)) for at, many in zip(seconds, orders, strict=True)], "curve", least=1)
    said = forecast(known, PRIOR if lean else vague(), (200_000, 604_800), seed=1, draws=100)
    for horizon in said.horizons:
        bands = [known.orders_now, *(horizon.intervals[level][0] for level in (95, 80, 50)), horizon.median]
        bands += [horizon.intervals[level][1] for level in (50, 80, 95)]
        assert bands == sorted(bands)
        assert 0 <= horizon.prior_weight <= 1
    assert all(before.median <= after.median for before, after in pairwise(said.horizons))
    assert 0 <= said.prior_weight <= 1


def test_after_three_minutes_nobody_is_sure() -> None:
    hour = forecast(FIRST, PRIOR, HORIZONS, seed=1).horizons[0]
    low, high = hour.intervals[95]
    assert high - low > 0.5 * hour.median


def test_no_smooth_curve_makes_a_forecast_certain_after_three_minutes() -> None:
    points = [(at, round(300_000 * (1 - np.exp(-((at / 150) ** 0.6))))) for at in range(1, 181)]
    hour = forecast(observed(points, "log"), PRIOR, HORIZONS, seed=1).horizons[0]
    low, high = hour.intervals[95]
    assert high - low > 0.1 * hour.median


def test_the_prior_weighs_less_the_more_is_known() -> None:
    points = [(at, round(200_000 * (1 - np.exp(-((at / 900) ** 0.6))))) for at in range(20, 86_401, 20)]
    known = observed(points, "log")
    said = [forecast(until(known, at), PRIOR, (604_800,), seed=1, draws=1000) for at in (60, 600, 6000, 60_000)]
    weights = [each.prior_weight for each in said]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] > 0.5
    assert weights[-1] < 0.25


def test_a_size_that_is_assumed_narrowly_stays_so_before_the_counts_can_tell() -> None:
    narrow = forecast(FIRST, su7_prior(within=1.1), HORIZONS, seed=1)
    wide = forecast(FIRST, su7_prior(within=4.0), HORIZONS, seed=1)
    assert narrow.prior_weight > 0.8 > wide.prior_weight
    assert narrow.size[80][1] - narrow.size[80][0] < (wide.size[80][1] - wide.size[80][0]) / 3


def test_what_is_past_is_answered_with_what_was() -> None:
    said = forecast(observed(SU7, "published"), PRIOR, (420, 1000, 86_400, 604_800), seed=1)
    assert [horizon.known for horizon in said.horizons] == [True, True, True, False]
    assert said.horizons[0].intervals[95] == (20_000, 20_000)
    assert said.horizons[1].median == round(20_000 + 30_000 * 580 / 1200)
    assert said.horizons[2].median == said.orders_now == 88_898


def test_a_forecast_can_be_written_and_read_again() -> None:
    said = forecast(FIRST, PRIOR, HORIZONS, seed=1, draws=200)
    assert msgspec.json.decode(msgspec.json.encode(said), type=Forecast) == said
    assert said == forecast(FIRST, PRIOR, HORIZONS, seed=1, draws=200), "the same seed says the same"


def test_a_fans_bands_are_those_of_the_draws() -> None:
    posterior = fit(FIRST, PRIOR, seed=2, draws=500)
    grid = (100.0, 180.0, 200.0, 3600.0, 86_400.0)
    found, drawn = fan(posterior, grid, seed=2), draws_of(posterior, grid, seed=2)
    assert drawn.shape == (500, 5)
    assert np.all(np.diff(drawn, axis=1) >= 0)
    low, high = found.bands[80]
    inside = (np.array(low) <= drawn) & (drawn <= np.array(high))
    assert np.all(inside.mean(axis=0) >= 0.79)
    assert found.median[1] == 200_000


@pytest.mark.parametrize("horizons", [(), (0,), (3600, 3600), (86_400, 3600), (10**10,)])
def test_moments_that_make_no_sense_are_refused(horizons: tuple[int, ...]) -> None:
    with pytest.raises(CurveUnfit, match="moments"):
        forecast(FIRST, PRIOR, horizons, seed=1, draws=100)


def test_the_first_hour_as_the_document_says_it() -> None:
    """From three minutes alone, next to 289,000: whatever comes out stands in docs/forecast.md."""
    text = (Path(__file__).parents[2] / "docs" / "forecast.md").read_text()
    rows = re.findall(r"^\| (\d+) \| (\d+) \| ([\d,]+) \| ([\d,]+) to ([\d,]+) \| ([\d,]+) to ([\d,]+) \|", text, re.M)
    assert len(rows) >= 4
    for within, pace_within, *figures in rows:
        said = [int(figure.replace(",", "")) for figure in figures]
        hour = forecast(FIRST, su7_prior(float(within), float(pace_within)), (3600,), seed=1).horizons[0]
        assert said == pytest.approx([hour.median, *hour.intervals[80], *hour.intervals[95]], rel=0.05)
