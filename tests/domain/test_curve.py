"""The order curve, and what is shown of a long one."""

from __future__ import annotations

import pytest

from drumroll.domain.curve import Curve


@pytest.mark.parametrize("rows", [0, 1, 2, 239, 240, 241, 5_000])
def test_a_sampled_curve_keeps_its_first_and_last_row(rows: int) -> None:
    curve = Curve()
    for second in range(rows):
        curve.note(second * 1000 + 999, second)
    sampled = curve.sampled(240)
    assert min(rows, 120) <= len(sampled) <= 240
    assert sampled == sorted(set(sampled))
    assert rows == 0 or (sampled[0], sampled[-1]) == ((0, 0), (rows - 1, rows - 1))
