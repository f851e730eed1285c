"""Letting in faster than the desk sustains, standing still for good, or everybody asking in the same second."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drumroll.room.rate import (
    ASK_LATEST_S,
    ASK_SOONEST_S,
    POLLS_PER_S,
    Rate,
    ask_again_before_s,
    ask_again_in_line_s,
    notice_s,
)

steps = st.lists(st.tuples(st.integers(-500, 4000), st.floats(0, 1), st.integers(0, 5000)), max_size=60)


@given(st.integers(1, 3000), steps)
def test_in_no_stretch_of_time_more_are_let_in_than_the_rate_allows(
    most_per_s: int, walk: list[tuple[int, float, int]]
) -> None:
    rate, now_ms, times, counts = Rate(most_per_s), 10_000, [10_000], [0]
    assert rate.admit(now_ms, 0.0, 5000) == 0
    for step_ms, share, waiting in walk:
        now_ms += step_ms
        counts.append(rate.admit(now_ms, share, waiting))
        times.append(max(now_ms, times[-1]))
        assert 0 <= counts[-1] <= waiting
    for first in range(len(times)):
        for last in range(first + 1, len(times)):
            assert sum(counts[first + 1 : last + 1]) <= most_per_s * (times[last] - times[first]) / 1000 + 1.001


def let_in(rate: Rate, from_ms: int, seconds: int, share: float) -> int:
    return sum(rate.admit(from_ms + 250 * step, share, 10**6) for step in range(1, 4 * seconds + 1))


def test_the_whole_rate_is_given_while_the_desk_keeps_up() -> None:
    rate = Rate(1000)
    rate.admit(0, 0.0, 10**6)
    assert let_in(rate, 0, 60, 0.5) == 60_000


def test_a_full_queue_halves_the_rate_each_second_and_it_comes_back_slowly() -> None:
    rate = Rate(1000)
    rate.admit(0, 0.0, 10**6)
    slowed = let_in(rate, 0, 10, 0.9)
    assert slowed < 1500
    assert rate.per_s == 10
    rate.admit(10_250, 0.1, 0)
    assert 10 < rate.per_s < 50
    let_in(rate, 10_250, 21, 0.1)
    assert rate.per_s == 1000


def test_a_server_that_hung_does_not_let_a_crowd_in_at_once() -> None:
    rate = Rate(1000)
    rate.admit(0, 0.0, 10**6)
    assert rate.admit(3_600_000, 0.0, 10**6) == 5000


@given(st.floats(0, 10**6), st.integers(0, 10**6), st.floats(0, 1))
def test_who_waits_is_told_to_ask_again_within_bounds(left_s: float, entrants: int, spread: float) -> None:
    assert 1 <= ask_again_in_line_s(left_s) <= ASK_LATEST_S
    latest_s = 2 * ASK_LATEST_S + ASK_SOONEST_S + entrants / POLLS_PER_S
    assert ASK_SOONEST_S <= ask_again_before_s(left_s, entrants, spread) <= latest_s


def test_after_the_draw_not_everybody_asks_in_the_same_second() -> None:
    asked = [30 + ask_again_before_s(90, 300_000, number / 1000) for number in range(1000)]
    busiest = max(asked.count(second) for second in set(asked))
    assert busiest * 300 <= POLLS_PER_S * 1.1
    # And the first are let in only when the last of them knows.
    assert max(asked) <= 120 + notice_s(300_000)
