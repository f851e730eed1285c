"""Clocks and order numbers."""

from __future__ import annotations

import os
import time
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.desk import clock as module
from drumroll.desk.clock import SandboxClock, system_ms
from drumroll.desk.identifiers import order_ids


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The real monotonic time, in nanoseconds, for tests to move."""
    now = [5_000_000_000]
    monkeypatch.setattr(module.time, "monotonic_ns", lambda: now[0])
    return now


def test_the_system_clock_is_in_milliseconds() -> None:
    assert abs(system_ms() - time.time() * 1000) < 2_000


@pytest.mark.parametrize(("rate", "passed_ms"), [(0, 0), (1, 1_500), (60, 90_000), (0.5, 750)])
def test_a_clock_runs_at_its_rate(real: list[int], rate: float, passed_ms: int) -> None:
    clock = SandboxClock(1_000, rate)
    assert clock() == 1_000
    real[0] += 1_500_000_000
    assert clock() == 1_000 + passed_ms


def test_a_clock_that_was_moved_runs_on_from_there(real: list[int]) -> None:
    clock = SandboxClock(1_000, 2)
    real[0] += 1_000_000_000
    clock.move_to(10_000)
    assert clock() == 10_000
    real[0] += 1_000_000_000
    assert clock() == 12_000


@given(
    st.lists(st.one_of(st.integers(-(10**9), 10**12), st.floats(0, 1)), max_size=20), st.sampled_from([0, 1, 60, 0.1])
)
def test_no_clock_ever_goes_back(steps: list[float], rate: float) -> None:
    now = [0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.time, "monotonic_ns", lambda: now[0])
        clock = SandboxClock(0, rate)
        seen = [clock()]
        for step in steps:
            if isinstance(step, float):
                now[0] += int(step * 10**9)
            else:
                clock.move_to(step)
                assert clock() >= step
            seen.append(clock())
    assert seen == sorted(seen)


def test_order_numbers_are_random_bits_and_nothing_else() -> None:
    drawn: list[bytes] = []

    def random_bytes(count: int) -> bytes:
        drawn.append(os.urandom(count))
        return drawn[-1]

    numbers = list(islice(order_ids(random_bytes), 1_500))
    assert "".join(number.removeprefix("ord_") for number in numbers) == b"".join(drawn).hex()[: 1_500 * 20]
    assert len(set(numbers)) == 1_500
    assert {len(number) for number in numbers} == {24}
