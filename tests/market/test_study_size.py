"""Every test of the event study keeps its size under the null it is made for, and finds what is there."""

from __future__ import annotations

import math

import pytest

from tests.market.simulations import MADE_FOR, rejections

SEED = 20250627
LENGTHS = (30, 120, 250)
NULLS = sorted(set(MADE_FOR.values()))


@pytest.mark.slow
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("null", NULLS)
def test_size_is_between_4_and_6_percent_under_the_null_a_test_is_made_for(null: str, length: int) -> None:
    tests = tuple(test for test, made_for in MADE_FOR.items() if made_for == null)
    sizes = rejections(SEED, null, length, tests=tests)
    for test, size in sizes.items():
        assert 0.04 < size < 0.06, f"{test}, {null}, {length} sessions, seed {SEED}: {size:.2%}"


@pytest.mark.slow
def test_tests_reject_too_often_under_the_null_they_are_not_made_for() -> None:
    """What the advice rests on: the simulation can tell a robust test from one that is not."""
    induced = rejections(SEED, "event-induced", 120, 2_000, tests=("patell", "bmp"))
    together = rejections(SEED, "correlated", 120, 2_000, tests=("patell", "bmp", "kolari-pynnonen"))
    assert induced["patell"] > 0.15, induced
    assert together["patell"] > 0.2, together
    assert together["bmp"] > 0.2, together
    assert together["kolari-pynnonen"] < 0.07, together


@pytest.mark.slow
@pytest.mark.parametrize("effect", [0.25, 0.5, 0.75])
def test_power_is_that_of_the_normal_shift(effect: float) -> None:
    """MacKinlay (1997), section 8: power = Phi(d - 1.96) + Phi(-d - 1.96) with d = effect * sqrt(N) / deviation."""
    shift = effect * math.sqrt(30)
    expected = sum(0.5 * math.erfc((1.959964 - sign * shift) / math.sqrt(2)) for sign in (1, -1))
    found = rejections(SEED, "normal", 250, 2_000, effect=effect, tests=("patell", "bmp"))
    assert found["patell"] == pytest.approx(expected, abs=0.04), f"seed {SEED}"
    assert expected - 0.06 < found["bmp"] < expected + 0.04, f"seed {SEED}"
