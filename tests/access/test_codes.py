"""A code can't be guessed, used twice, or used to find out whom we know."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.access.codes import (
    ASKED_AN_HOUR,
    CODE_DIGITS,
    HOUR_S,
    TRIES_A_CODE,
    TRIES_AN_HOUR,
    VALID_S,
    Challenges,
)
from drumroll.errors import AccessFailed, NotSignedIn, TooMany

KEY = bytes(range(32))
NOW_S = 1_777_629_630.0
ADA = "ada@example.com"


def challenges(limit: int = 1_000, seed: int = 1) -> Challenges:
    return Challenges(KEY, random.Random(seed).randbytes, limit)


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**CODE_DIGITS:08d}"


def test_a_code_lets_in_once() -> None:
    kept = challenges()
    asked = kept.ask(ADA, NOW_S)
    assert len(asked.code) == CODE_DIGITS
    assert len(bytes.fromhex(asked.id)) == 16
    assert kept.answer(asked.id, asked.code, NOW_S + VALID_S - 1) == ADA
    with pytest.raises(NotSignedIn):
        kept.answer(asked.id, asked.code, NOW_S + VALID_S - 1)


@pytest.mark.parametrize("typed", ["{0} {1}", " {0}-{1} ", "{0}{1}\n"])
def test_a_code_may_be_typed_with_spaces_and_dashes(typed: str) -> None:
    kept = challenges()
    asked = kept.ask(ADA, NOW_S)
    assert kept.answer(asked.id, typed.format(asked.code[:4], asked.code[4:]), NOW_S) == ADA


def test_a_code_may_be_typed_in_wide_digits() -> None:
    kept = challenges()
    asked = kept.ask(ADA, NOW_S)
    assert kept.answer(asked.id, asked.code.translate({48 + n: 0xFF10 + n for n in range(10)}), NOW_S) == ADA


def test_a_code_ends_after_ten_minutes() -> None:
    kept = challenges()
    asked = kept.ask(ADA, NOW_S)
    with pytest.raises(NotSignedIn):
        kept.answer(asked.id, asked.code, NOW_S + VALID_S)
    with pytest.raises(NotSignedIn):
        kept.answer(asked.id, asked.code, NOW_S)


def test_after_five_wrong_answers_the_right_one_is_wrong_too() -> None:
    kept = challenges()
    asked = kept.ask(ADA, NOW_S)
    for _ in range(TRIES_A_CODE):
        with pytest.raises(NotSignedIn):
            kept.answer(asked.id, other(asked.code), NOW_S)
    with pytest.raises(NotSignedIn):
        kept.answer(asked.id, asked.code, NOW_S)


def test_a_new_code_ends_the_older_one() -> None:
    kept = challenges()
    first, second = kept.ask(ADA, NOW_S), kept.ask(ADA, NOW_S)
    with pytest.raises(NotSignedIn):
        kept.answer(first.id, first.code, NOW_S)
    assert kept.answer(second.id, second.code, NOW_S) == ADA


def test_a_code_answers_its_own_challenge_only() -> None:
    kept = challenges()
    ada, bob = kept.ask(ADA, NOW_S), kept.ask("bob@example.com", NOW_S)
    with pytest.raises(NotSignedIn):
        kept.answer(ada.id, bob.code, NOW_S)
    assert kept.answer(bob.id, bob.code, NOW_S) == "bob@example.com"


def test_a_contact_is_sent_five_codes_an_hour_and_not_more() -> None:
    kept = challenges()
    for number in range(ASKED_AN_HOUR):
        kept.ask(ADA, NOW_S + number)
    with pytest.raises(TooMany) as refused:
        kept.ask(ADA, NOW_S + 10)
    assert refused.value.retry_after_s >= HOUR_S - 10
    kept.ask("bob@example.com", NOW_S + 10)
    kept.ask(ADA, NOW_S + 10 + refused.value.retry_after_s)


def test_a_refusal_leaves_the_code_that_was_sent_good() -> None:
    kept = challenges()
    asked = [kept.ask(ADA, NOW_S) for _ in range(ASKED_AN_HOUR)]
    with pytest.raises(TooMany):
        kept.ask(ADA, NOW_S)
    assert kept.answer(asked[-1].id, asked[-1].code, NOW_S) == ADA


def test_a_contact_is_guessed_at_25_times_an_hour_and_not_more() -> None:
    kept, tried = challenges(), 0
    for number in range(ASKED_AN_HOUR):
        asked = kept.ask(ADA, NOW_S + number * 600)
        for _ in range(TRIES_A_CODE):
            with pytest.raises(NotSignedIn):
                kept.answer(asked.id, other(asked.code), NOW_S + number * 600 + 590)
            tried += 1
    assert tried == TRIES_AN_HOUR
    asked = kept.ask(ADA, NOW_S + HOUR_S)
    with pytest.raises(TooMany) as refused:
        kept.answer(asked.id, asked.code, NOW_S + HOUR_S)
    assert refused.value.retry_after_s >= 590
    # What was refused was not looked at, so it cost the code nothing.
    assert kept.answer(asked.id, asked.code, NOW_S + HOUR_S + refused.value.retry_after_s) == ADA


@given(st.text(max_size=80), st.text(max_size=80))
def test_noise_is_no_code_and_no_error(challenge: str, code: str) -> None:
    kept = challenges()
    asked = kept.ask(ADA, NOW_S)
    with pytest.raises(NotSignedIn):
        kept.answer(challenge, asked.code, NOW_S)
    if code.strip() != asked.code:
        with pytest.raises(NotSignedIn):
            kept.answer(asked.id, code, NOW_S)


def test_every_refusal_says_the_same() -> None:
    kept = challenges()
    asked, old = kept.ask(ADA, NOW_S), kept.ask("bob@example.com", NOW_S - VALID_S)
    told = set()
    for challenge, code in ((asked.id, other(asked.code)), (old.id, old.code), ("0" * 32, "0" * 8), ("", "")):
        with pytest.raises(NotSignedIn) as refused:
            kept.answer(challenge, code, NOW_S)
        told.add(str(refused.value))
    assert len(told) == 1


def test_no_code_and_no_key_stands_in_memory() -> None:
    kept = challenges()
    asked = kept.ask(ADA, NOW_S)
    held = repr([(one.contact, one.mac, one.expires_s) for one in kept._open.values()])
    assert asked.code not in held
    assert blake2b(asked.code.encode(), digest_size=16).digest() not in {one.mac for one in kept._open.values()}


def test_memory_is_bounded_and_the_oldest_go_first() -> None:
    kept = challenges(limit=10)
    asked = [kept.ask(f"{number}@example.com", NOW_S + number) for number in range(30)]
    assert len(kept) == len(kept._seen) == 10
    with pytest.raises(NotSignedIn):
        kept.answer(asked[19].id, asked[19].code, NOW_S + 30)
    assert kept.answer(asked[20].id, asked[20].code, NOW_S + 30) == "20@example.com"


def test_what_is_over_is_forgotten_as_others_ask() -> None:
    kept = challenges()
    for number in range(100):
        kept.ask(f"{number}@example.com", NOW_S)
    for number in range(100):
        kept.ask(f"later{number}@example.com", NOW_S + HOUR_S)
    assert len(kept) == len(kept._seen) == 100


def test_codes_are_as_likely_as_each_other() -> None:
    made = random.Random(7)
    digits = [Counter[str]() for _ in range(CODE_DIGITS)]
    for number in range(10_000):
        for place, digit in enumerate(Challenges(KEY, made.randbytes).ask(str(number), NOW_S).code):
            digits[place][digit] += 1
    for counted in digits:
        chi_square = sum((counted[str(digit)] - 1_000) ** 2 / 1_000 for digit in range(10))
        assert chi_square < 33.7, "9 degrees of freedom: one in 10,000"


def draws(*numbers: int) -> Callable[[int], bytes]:
    """Randomness of which the ids get zeros and the codes these numbers, in this order."""
    ahead = iter(numbers)
    return lambda size: bytes(16) if size == 16 else next(ahead).to_bytes(size)


def test_a_draw_that_would_favour_some_codes_is_drawn_again() -> None:
    unfair = 2**64 - 2**64 % 10**8
    assert Challenges(KEY, draws(unfair, 2**64 - 1, 42)).ask(ADA, NOW_S).code == "00000042"
    assert Challenges(KEY, draws(unfair - 1)).ask(ADA, NOW_S).code == "99999999"


def test_randomness_that_is_stuck_is_an_error_and_no_loop() -> None:
    with pytest.raises(AccessFailed):
        Challenges(KEY, lambda size: b"\xff" * size).ask(ADA, NOW_S)
