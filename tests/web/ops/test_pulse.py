"""The desk's pulse: seconds forgotten too early or kept for ever, and figures that are not those of the meter."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from drumroll.desk.desk import Meter
from drumroll.web.ops.overview import spark
from drumroll.web.ops.pulse import KEPT_S, RATE_OVER_S, WORST_OF_S, Pulse

SECONDS = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(0, 50), st.integers(0, 50), st.integers(0, 20), st.integers(0, 10**9)),
    min_size=1,
    max_size=80,
)


def desk_of(meter: Meter) -> Any:
    return SimpleNamespace(meter=meter, queue=[1, 2, 3], clock_ms=lambda: 0)


@given(SECONDS, st.lists(st.floats(0, 2), min_size=80, max_size=80))
def test_figures_are_those_of_the_meter(seconds: list[tuple[int, ...]], late: list[float]) -> None:
    meter = Meter()
    pulse = Pulse(desk_of(meter))
    for (commands, refusals, full, turns, append_ns), late_s in zip(seconds, late, strict=False):
        meter.commands += commands
        meter.refusals += refusals
        meter.refused_full += full
        meter.turns += turns
        meter.append_ns += append_ns
        pulse.beat(late_s)
    figures, last, minute = pulse.figures(), seconds[-RATE_OVER_S:], seconds[-WORST_OF_S:]
    assert figures is not None
    assert abs(figures.answered_per_s - sum(one[0] for one in last) / len(last)) < 1e-9
    assert abs(figures.refused_per_s - sum(one[1] for one in last) / len(last)) < 1e-9
    assert abs(figures.turned_away_per_s - sum(one[2] for one in last) / len(last)) < 1e-9
    assert abs(figures.worst_write_ms - max(one[4] / one[3] / 1e6 if one[3] else 0 for one in minute)) < 1e-6
    assert figures.worst_late_ms == max(late[: len(seconds)][-WORST_OF_S:]) * 1000
    assert pulse.beats[-1].queue == 3


def test_ten_minutes_are_kept_and_no_more() -> None:
    meter = Meter()
    pulse = Pulse(desk_of(meter))
    assert pulse.figures() is None
    for number in range(KEPT_S + 10):
        meter.commands += number
        pulse.beat()
    assert len(pulse.beats) == KEPT_S
    assert pulse.answered()[-1] == KEPT_S + 10 - 3
    points = [tuple(map(float, point.split(","))) for point in spark(pulse.answered()).split()]
    assert (len(points), points[0][0], points[-1]) == (120, 0.0, (600.0, 2.0))
    assert all(0 <= x <= 600 and 0 <= y <= 80 for x, y in points)
