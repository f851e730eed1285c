"""Attempts come when the specification's published schedule says, a little later by chance, never earlier."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drumroll.webhooks.schedule import DELAYS_S, JITTER, RETRY_AFTER_LIMIT_S, due_ms

# "Time since start" of the ten attempts, as the Standard Webhooks specification 1.0.0 prints it.
PUBLISHED = (
    "00:00:00 00:00:05 00:05:05 00:35:05 02:35:05 07:35:05 17:35:05 31:35:05 51:35:05 75:35:05".split()  # noqa: SIM905
)
TIMES_S = [sum(int(part) * 60**power for power, part in enumerate(reversed(time.split(":")))) for time in PUBLISHED]


def test_attempts_fall_on_the_published_times_when_chance_adds_nothing() -> None:
    at_ms: int | None = 0
    made = []
    while at_ms is not None:
        made.append(at_ms // 1000)
        at_ms = due_ms(len(made), at_ms, lambda: 0.0)
    assert made == TIMES_S


@given(attempts=st.integers(1, 9), at_ms=st.integers(0, 2**45), chance=st.floats(0, 1, exclude_max=True))
def test_chance_makes_an_attempt_later_by_a_tenth_at_most_and_never_earlier(
    attempts: int, at_ms: int, chance: float
) -> None:
    due = due_ms(attempts, at_ms, lambda: chance)
    assert due is not None
    delay_ms = (TIMES_S[attempts] - TIMES_S[attempts - 1]) * 1000
    assert delay_ms <= due - at_ms <= delay_ms * (1 + JITTER)


@given(attempts=st.integers(1, 9), asked_s=st.integers(0, 10**7))
def test_a_receiver_can_ask_for_a_longer_wait_of_a_day_at_most_but_not_for_a_shorter(
    attempts: int, asked_s: int
) -> None:
    due = due_ms(attempts, 0, lambda: 0.0, asked_s)
    assert due == max(DELAYS_S[attempts], min(asked_s, RETRY_AFTER_LIMIT_S)) * 1000
