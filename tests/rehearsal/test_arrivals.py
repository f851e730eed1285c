from __future__ import annotations

from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.rehearsal.arrivals import REFERENCE_ORDERS, REFERENCE_POINTS, firm_seconds, second_of, share_by


def test_the_curve_meets_both_reported_points() -> None:
    seconds = firm_seconds(REFERENCE_ORDERS)
    for at_s, firm in REFERENCE_POINTS:
        assert bisect_right(seconds, at_s) == firm


@given(st.integers(100, 20_000), st.integers(0, 30))
def test_every_size_of_launch_has_the_reference_share_by_minute_three(orders: int, later: int) -> None:
    seconds = firm_seconds(orders, later)
    assert len(seconds) == orders - later
    assert seconds == sorted(seconds)
    assert bisect_right(seconds, 180.0) == round(orders * 200_000 / 289_000)


@given(st.floats(0, 0.9999))
def test_second_and_share_are_each_others_inverse(share: float) -> None:
    assert share_by(second_of(share)) == pytest.approx(share, abs=1e-9)


def test_the_rate_has_no_step_at_minute_three() -> None:
    before, after = share_by(180) - share_by(179), share_by(181) - share_by(180)
    assert before == pytest.approx(after, rel=0.05)
