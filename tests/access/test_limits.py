"""Nobody asks more often than they may, nobody waits longer than that, and a shared address is not one person."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.access.limits import ADDRESS_WIDTH, UNKNOWN, Buckets, Guard, client_address, networks, refuse
from drumroll.errors import TooMany

Steps = list[tuple[str, int, int, bool]]
STEPS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 64), st.sampled_from([1, 2, 5]), st.booleans()), max_size=60
)


class Naive:
    """A bucket of tokens, counted in fractions."""

    def __init__(self, rate: Fraction, burst: int) -> None:
        self.rate, self.burst, self.tokens, self.at = rate, Fraction(burst), Fraction(burst), Fraction(0)

    def take(self, now: Fraction, amount: int) -> Fraction:
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens >= amount:
            self.tokens -= amount
            return Fraction(0)
        return (amount - self.tokens) / self.rate

    def give_back(self, now: Fraction, amount: int) -> None:
        # A bucket is refilled first, and holds no more than its burst.
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate + amount)
        self.at = now


@given(STEPS, st.sampled_from([Fraction(1, 8), Fraction(1, 2), Fraction(4)]), st.integers(5, 9))
def test_buckets_do_as_a_naive_simulation_does(steps: Steps, rate: Fraction, burst: int) -> None:
    buckets, naive, now = Buckets(float(rate), burst, 10), {key: Naive(rate, burst) for key in "abc"}, Fraction(0)
    for key, eighths, amount, back in steps:
        now += Fraction(eighths, 8)
        expected = naive[key].take(now, amount)
        assert buckets.take(key, float(now), amount) == pytest.approx(float(expected))
        if back and expected == 0:
            naive[key].give_back(now, amount)
            buckets.give_back(key, amount)


@given(STEPS)
def test_who_waits_as_long_as_was_said_gets_it(steps: Steps) -> None:
    buckets, now_s = Buckets(0.3, 5, 10), 1_777_629_630.0
    for key, eighths, amount, _ in steps:
        now_s += eighths / 8
        wait_s = buckets.take(key, now_s, amount)
        if wait_s:
            assert buckets.take(key, now_s + wait_s / 2, amount) > 0
            now_s += wait_s
            assert buckets.take(key, now_s, amount) == 0


@given(st.lists(st.tuples(st.integers(0, 1000), st.floats(0, 10)), max_size=200))
def test_memory_is_bounded_whoever_asks(asked: list[tuple[int, float]]) -> None:
    buckets = Buckets(0.01, 5, 20)
    for key, now_s in asked:
        buckets.take(str(key), now_s)
        assert len(buckets) <= 20


def test_full_buckets_are_forgotten_and_throttled_ones_kept() -> None:
    buckets = Buckets(1, 2, 100)
    for number in range(50):
        buckets.take(str(number), 0)
    buckets.take("busy", 100, 2)
    for number in range(20):
        buckets.take(f"new {number}", 100.5)
    assert len(buckets) == 21
    assert buckets.take("busy", 100.5, 2) > 0


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    buckets = Buckets(1, 2, 10)
    assert buckets.take("a", 1_000_000, 2) == 0
    assert buckets.take("a", 0, 2) == pytest.approx(2)


def test_what_no_bucket_holds_is_never_given() -> None:
    assert Buckets(1, 2, 10).take("a", 0, 3) == math.inf
    with pytest.raises(TooMany) as refused:
        refuse(math.inf)
    assert refused.value.retry_after_s == 86_400
    refuse(0.0)


def test_a_campus_of_thousands_orders_from_one_address() -> None:
    guard = Guard(1, 5)
    for number in range(5_000):
        assert guard.admit("203.0.113.9", 0, subject=f"student{number}") == 0
        assert guard.admit("203.0.113.9", 0, tried=f"student{number}") == 0
        guard.succeeded("203.0.113.9", tried=f"student{number}")


def test_somebody_with_a_session_is_stopped_alone() -> None:
    guard = Guard(1, 5)
    waits = [guard.admit("203.0.113.9", 0, subject="eager") for _ in range(7)]
    assert [wait > 0 for wait in waits] == [False] * 5 + [True] * 2
    assert guard.admit("203.0.113.9", 0, subject="other") == 0
    assert guard.admit("203.0.113.9", 0) == 0


def test_an_address_that_fails_and_fails_is_stopped_and_its_people_go_on() -> None:
    guard = Guard(1, 5)
    taken = sum(guard.admit("203.0.113.9", 0, tried=f"name{number}") == 0 for number in range(1_000))
    assert taken == 5 * ADDRESS_WIDTH
    assert guard.admit("203.0.113.9", 0, subject="signed-in") == 0
    assert guard.admit("198.51.100.1", 0, tried="ada") == 0


def test_strangers_who_try_a_name_take_nothing_from_whose_it_is() -> None:
    guard = Guard(1, 5)
    waits = [guard.admit(f"198.51.100.{number}", 0, tried="ada") for number in range(9)]
    assert sum(wait == 0 for wait in waits) == 5
    assert guard.admit("203.0.113.9", 0, subject="ada") == 0


def test_a_name_that_is_refused_costs_the_address_nothing() -> None:
    guard = Guard(1, 5)
    for _ in range(2_000):
        guard.admit("203.0.113.9", 0, tried="ada")
    assert guard.admit("203.0.113.9", 0, tried="bob") == 0


PROXIES = networks("10.0.0.0/8, fd00::/8")


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.2.3.4", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8:1:2:3::4]:4711", "2001:db8:1:2::/64"),
        ("fd00::1", "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3:4:5:6%eth0", None, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", None, "203.0.113.9"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "1.1.1.1, nonsense, 10.9.9.9", "10.9.9.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.2"),
        ("", "198.51.100.1", UNKNOWN),
        ("testclient", None, UNKNOWN),
        ("10.0.0.1", "1.1.1.1," * 5_000 + "198.51.100.1", "198.51.100.1"),
    ],
)
def test_an_address_is_the_rightmost_hop_that_is_not_ours(peer: str, forwarded: str | None, found: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == found


@given(st.text(max_size=60), st.text(max_size=200), st.ip_addresses(), st.booleans())
def test_what_a_client_writes_itself_never_counts(junk: str, more: str, address: object, ours: bool) -> None:
    client_address(junk, more, PROXIES)
    alone = client_address(str(address), None, PROXIES)
    if not any(address in network for network in PROXIES):  # type: ignore[operator]
        assert client_address(str(address), more, PROXIES) == alone
        assert client_address("10.0.0.1", f"{junk.replace(',', '')},{address}", PROXIES) == alone
