"""Simulated time waits for those who have not been answered yet: what they do next may come before the next step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drumroll.rehearsal.timeline import Timeline


def step(visit: int) -> None:
    """Nothing: only when it comes matters."""


@given(st.integers(6, 100_000), st.integers(1, 30))
def test_time_does_not_leap_over_what_an_unanswered_customer_may_do_next(gap_s: int, in_flight: int) -> None:
    timeline = Timeline(0, 0, 0.0)
    timeline.at(gap_s, step, 1)
    assert not timeline.advance(10**6, in_flight)
    assert timeline.second == 0
    assert timeline.advance(10**6, 0)
    assert timeline.second == gap_s


@given(st.integers(1, 5), st.integers(0, 30))
def test_in_the_rush_time_goes_on_while_answers_are_on_their_way(gap_s: int, in_flight: int) -> None:
    timeline = Timeline(0, 0, 0.0)
    timeline.at(gap_s, step, 1)
    assert timeline.advance(10**6, in_flight)
