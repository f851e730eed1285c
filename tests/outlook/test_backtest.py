"""The forecast against launches whose end is known, and against rules on the back of an envelope."""

from __future__ import annotations

import numpy as np
import pytest

from drumroll.outlook.backtest import HORIZONS_S, MOMENTS_S, Case, backtest, in_words, summed_up
from drumroll.outlook.naive import RATE_KEPT, SCALED, THROUGH_NOW, naive
from drumroll.outlook.observed import observed
from drumroll.outlook.prior import Earlier, vague
from drumroll.outlook.simulated import published, simulate
from tests.outlook.launches_known import SU7, YU7, su7_prior

MARKS = sorted({*MOMENTS_S, *HORIZONS_S})


@pytest.mark.slow
def test_intervals_hold_what_they_say_over_500_simulated_launches() -> None:
    prior = su7_prior()
    launches = simulate(prior, 500, seed=7, marks_s=MARKS)
    found = backtest(launches, prior, in_turn=True)
    assert found.launches == 500
    assert 0.75 <= found.coverage[80] <= 0.85
    assert 0.44 <= found.coverage[50] <= 0.56
    assert 0.92 <= found.coverage[95] <= 0.98
    assert len(found.cells) == 13
    for cell in found.cells:
        assert 0.70 <= cell.coverage[80] <= 0.90, cell
    assert not found.loses_to, "launches like the prior's are where a forecast must not lose"


def test_simulated_launches_are_as_their_prior_says() -> None:
    prior = su7_prior()
    launches = simulate(prior, 450, seed=3, marks_s=MARKS)
    assert launches == simulate(prior, 450, seed=3, marks_s=MARKS)
    for own in prior.candidates:
        ends = [launch.curve.orders_now for launch in launches if launch.drawn_from == own.name]
        assert len(ends) == 150
        if own.name != "mixture":  # its late part is not over in a week
            assert np.median(ends) == pytest.approx(np.exp(own.mean[0]), rel=0.15)
    assert all(set(MARKS) <= set(launch.curve.seconds) for launch in launches[:5])


def test_simulated_counts_scatter_as_much_as_is_said_however_they_are_added_up() -> None:
    prior = vague(1e7, within_factor=1.0001, pace_within_factor=1.0001, flat=1.0)
    launches = simulate(prior, 600, seed=3, marks_s=(600.0, 6000.0))
    impulse = [dict(zip(each.curve.seconds, each.curve.orders, strict=True)) for each in launches[1::3]]
    first = np.log([orders[600.0] for orders in impulse])
    assert 0.1 / np.log(11) ** 0.5 < first.std() < 0.45


def test_a_naive_rule_that_is_better_is_named() -> None:
    def case(launch: str, moment_s: int, crps: float, kept: float) -> Case:
        return Case(launch, moment_s, 3600, 1000, 900.0, {50: True, 80: True, 95: True}, crps, 0.1, {RATE_KEPT: kept})

    found = summed_up([case("a", 180, 0.10, 0.20), case("b", 180, 0.14, 0.00), case("a", 600, 0.10, 0.20)], 2)
    assert found.loses_to == (
        "At 3 minutes, for 1 hour: loses to last rate kept: CRPS 0.120 against 0.100 (2 launches)",
    )
    assert found.error_by_hour(180) == {1.0: pytest.approx(0.1)}


def test_naive_rules_do_what_their_names_say() -> None:
    earlier = Earlier("SU7", SU7, times=3.0)
    known = observed([(0, 0), (100, 1000), (200, 3000)], "curve")
    said = naive(known, earlier, 86_400.0)
    assert said[RATE_KEPT] == pytest.approx(3000 + 20 * 86_200)
    assert said[SCALED] == pytest.approx(3 * 88_898)
    through = naive(observed([(0, 0), (240, 1000)], "curve", least=2), earlier, 1620.0)
    assert through[THROUGH_NOW] == pytest.approx(5000)
    assert naive(known, None, 3600.0).keys() == {RATE_KEPT}


def test_the_reference_launches_are_forecast_where_something_was_published() -> None:
    found = backtest([published("YU7", YU7)], su7_prior(), moments_s=(180, 600), draws=2000)
    assert [(cell.moment_s, cell.at_s) for cell in found.cells] == [(180, 3600)]
    assert found.coverage[95] == 1.0
    assert not found.loses_to
    su7 = backtest([published("SU7", SU7)], vague(), moments_s=(240, 420, 1620), horizons_s=(420, 1620, 86_400))
    assert [(cell.moment_s, cell.at_s) for cell in su7.cells] == [
        *((240, at) for at in (420, 1620, 86_400)),
        *((420, at) for at in (1620, 86_400)),
        (1620, 86_400),
    ]
    assert [line.split(": CRPS")[0] for line in su7.loses_to] == [
        "At 4 minutes, for 7 minutes: loses to last rate kept"
    ], "docs/forecast.md says so"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(45, "45 seconds"), (180, "3 minutes"), (3600, "1 hour"), (86_400, "24 hours"), (604_800, "7 days")],
)
def test_moments_are_said_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words
