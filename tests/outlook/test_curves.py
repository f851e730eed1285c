"""The candidate curves: each against its definition, and calm wherever it is asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.stats import weibull_min

from drumroll.outlook.curves import Bass, Curve, Impulse, Mixture, Name, curve_of, positions_of, shares

pace = st.floats(-14.0, 0.0).map(np.exp)
bass = st.builds(Bass, pace, pace)
impulse = st.builds(Impulse, st.floats(0.0, 14.0).map(np.exp), st.floats(0.1, 0.98))
mixture = st.builds(Mixture, st.floats(0.01, 0.99), impulse, bass)
curves: st.SearchStrategy[Curve] = st.one_of(bass, impulse, mixture)
NAMES: dict[type, Name] = {Bass: "bass", Impulse: "impulse", Mixture: "mixture"}


@settings(deadline=None)
@given(curves, st.floats(0.0, 15.0).map(np.exp))
def test_the_rate_is_the_derivative_of_the_share(curve: Curve, at: float) -> None:
    assume(1e-9 < curve.share(at) < 0.999)
    step = at * 1e-3
    two_before, before, after, two_after = curve.share(at + step * np.array([-2.0, -1.0, 1.0, 2.0]))
    slope = (two_before - 8 * before + 8 * after - two_after) / (12 * step)
    assert float(curve.rate(at)) == pytest.approx(slope, rel=1e-6)


@settings(deadline=None)
@given(curves)
def test_a_share_rises_from_none_to_all(curve: Curve) -> None:
    share = curve.share(np.concatenate([[0.0], np.geomspace(1e-6, 1e22, 300)]))
    assert share[0] == pytest.approx(0.0, abs=1e-12)
    assert np.all(np.diff(share) >= -1e-15), "but for the last digit"
    assert np.all((share >= 0) & (share <= 1))
    assert share[-1] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("at", [0.0, 1e-300, 1.0, 1e300])
@pytest.mark.parametrize("size", [1e-300, 1e-9, 1.0, 1e9, 1e300])
def test_no_parameter_and_no_time_is_too_small_or_too_large(at: float, size: float) -> None:
    for curve in (Bass(size, 0.0), Bass(size, 1.0), Bass(1e-9, size), Impulse(size, 0.01), Impulse(size, 1.0)):
        mixed = Mixture(0.5, Impulse(1.0, 0.5), curve) if isinstance(curve, Bass) else curve
        for each in (curve, mixed):
            assert 0 <= float(each.share(at)) <= 1
            assert float(each.rate(at)) >= 0


@pytest.mark.parametrize("extreme", [-1e9, -60.0, 60.0, 1e9])
@pytest.mark.parametrize("name", ["bass", "impulse", "mixture"])
def test_a_fit_may_wander_anywhere(name: Name, extreme: float) -> None:
    many = len(positions_of(curve_of(name, np.zeros(5)[: {"bass": 2, "impulse": 2, "mixture": 5}[name]])))
    found = shares(name, np.full((1, many), extreme), np.array([0.0, 1.0, 1e6, 1e12]))
    assert np.all((found >= 0) & (found <= 1))


@settings(deadline=None)
@given(curves)
def test_many_curves_at_once_are_each_what_they_are_alone(curve: Curve) -> None:
    seconds = np.array([0.0, 3.0, 180.0, 3600.0, 604_800.0])
    positions = positions_of(curve)
    together = shares(NAMES[type(curve)], np.array([positions, positions]), seconds)
    assert together[1] == pytest.approx(curve.share(seconds), rel=1e-9, abs=1e-15)
    again = curve_of(NAMES[type(curve)], positions)
    assert again.share(seconds) == pytest.approx(curve.share(seconds), rel=1e-9, abs=1e-15)


def test_bass_solves_the_equation_that_defines_it() -> None:
    curve, seconds = Bass(0.0004, 0.003), np.linspace(1.0, 4000.0, 40)
    solved = solve_ivp(
        lambda _, share: (0.0004 + 0.003 * share) * (1 - share),
        (0, 4000),
        [0.0],
        t_eval=seconds,
        rtol=1e-10,
        atol=1e-12,
    )
    assert curve.share(seconds) == pytest.approx(solved.y[0], rel=1e-7)


@settings(deadline=None)
@given(impulse, st.floats(0.0, 15.0).map(np.exp))
def test_the_impulse_is_a_weibull_whose_rate_falls(curve: Impulse, at: float) -> None:
    assert float(curve.share(at)) == pytest.approx(weibull_min.cdf(at, curve.shape, scale=curve.scale_s), rel=1e-9)
    assert float(curve.rate(at)) >= float(curve.rate(2 * at))
