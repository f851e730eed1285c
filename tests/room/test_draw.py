"""A draw that is not a permutation, favours anybody, or passes although it was tampered with."""

from __future__ import annotations

import hashlib
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from drumroll.errors import DrawInvalid
from drumroll.room import draw
from drumroll.room.draw import FORMAT, Draw, check, commitment, entry_id, place_in, places, positions, read

SEED = bytes(range(32))
KEY = b"k" * 32
ENTRANTS = [entry_id(KEY, "kite", f"customer-{number}") for number in range(40)]
seeds = st.binary(min_size=32, max_size=32)
lists = st.lists(st.integers(0, 2**128 - 1), unique=True, max_size=60).map(lambda all_: [f"{one:032x}" for one in all_])


def published(**changed: object) -> Draw:
    whole = Draw(FORMAT, "kite", "2026-05-01T10:00:00.000Z", commitment(SEED), SEED.hex(), list(ENTRANTS))
    return msgspec.structs.replace(whole, **changed)


def by_hand(seed: bytes, entrants: list[str]) -> list[str]:
    """HMAC as RFC 2104 writes it, and a selection instead of a sort: shares nothing with the code."""
    whole = hashlib.sha256()
    for one in sorted(entrants):
        whole.update(one.encode("ascii"))
        whole.update(b"\x0a")
    padded = seed.ljust(64, b"\0")
    inner, outer = bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)
    left = {}
    for one in entrants:
        message = whole.digest() + one.encode("ascii")
        left[one] = int(hashlib.sha256(outer + hashlib.sha256(inner + message).digest()).hexdigest(), 16)
    order = []
    while left:
        first = min(left, key=lambda one: left[one])
        order.append(first)
        del left[first]
    return order


@given(seeds, lists)
def test_everybody_gets_exactly_one_place(seed: bytes, entrants: list[str]) -> None:
    drawn = places(seed, entrants)
    assert sorted(drawn) == sorted(entrants)
    assert [drawn[place - 1] for place in positions(seed, entrants)] == entrants


@given(seeds, lists)
def test_the_order_is_what_is_documented(seed: bytes, entrants: list[str]) -> None:
    assert places(seed, entrants) == by_hand(seed, entrants)


@given(seeds, lists, st.randoms())
def test_who_came_first_makes_no_difference(seed: bytes, entrants: list[str], shuffler: object) -> None:
    shuffled = list(entrants)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    assert places(seed, shuffled) == places(seed, entrants)


def test_one_entrant_more_draws_all_lots_anew() -> None:
    # So nobody who knows the seed can look for a name that will be early before the list is closed.
    before = places(SEED, ENTRANTS)
    after = [one for one in places(SEED, [*ENTRANTS, "f" * 32]) if one in ENTRANTS]
    assert before != after


def test_every_entrant_is_as_likely_to_get_every_place() -> None:
    rounds, entrants = 4_000, ENTRANTS[:8]
    counts = [[0] * 8 for _ in entrants]
    pairs: Counter[tuple[int, int]] = Counter()
    for number in range(rounds):
        found = positions(hashlib.sha256(b"%d" % number).digest(), entrants)
        for one, place in enumerate(found):
            counts[one][place - 1] += 1
        pairs[found[0], found[1]] += 1
    # Fixed seeds: these are the same figures at each run.
    assert stats.chisquare([each for row in counts for each in row], ddof=14).pvalue > 0.001
    assert stats.chisquare([pairs[a, b] for a in range(1, 9) for b in range(1, 9) if a != b]).pvalue > 0.001


def test_the_commitment_stays_what_was_published() -> None:
    assert commitment(SEED) == hashlib.sha256(b"drumroll waiting room seed/1\n" + SEED).hexdigest()
    assert commitment(SEED) != hashlib.sha256(SEED).hexdigest()


def test_a_public_name_says_nothing_without_the_key_and_differs_by_launch() -> None:
    assert len(ENTRANTS[0]) == 32
    assert len({entry_id(KEY, "kite", "ada"), entry_id(KEY, "kit", "eada"), entry_id(b"o" * 32, "kite", "ada")}) == 3


def test_a_draw_as_published_holds() -> None:
    check(published())
    check(published(), commitment(SEED).upper() + "\n")
    check(published(entrants=[]))
    assert [place_in(published(), one) for one in places(SEED, ENTRANTS)[:3]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"format": "other/1"}, "format"),
        ({"seed": "00" * 32}, "seed: the commitment"),
        ({"seed": "zz" * 32}, "seed: found"),
        ({"seed": "00" * 31}, "seed: found"),
        ({"commitment": "0" * 64}, "not what was promised"),
        ({"commitment": "1"}, "commitment: found"),
        ({"entrants": [*ENTRANTS, ENTRANTS[3]]}, "number 41 is"),
        ({"entrants": ["x", *ENTRANTS]}, "number 1 is 'x'"),
        ({"entrants": [ENTRANTS[0].upper()]}, "number 1 is"),
    ],
)
def test_a_draw_that_was_tampered_with_is_found_and_named(changed: dict[str, object], named: str) -> None:
    with pytest.raises(DrawInvalid, match=named):
        check(published(**changed))


def test_another_seed_than_the_one_noted_is_found() -> None:
    other = b"o" * 32
    with pytest.raises(DrawInvalid, match="was noted"):
        check(published(seed=other.hex(), commitment=commitment(other)), commitment(SEED))


def test_who_was_not_in_the_draw_has_no_place() -> None:
    with pytest.raises(DrawInvalid, match="not among the 40"):
        place_in(published(), "0" * 32)


@given(st.binary(max_size=300))
def test_noise_is_no_draw(noise: bytes) -> None:
    with pytest.raises(DrawInvalid):
        read(noise)


def test_too_many_bytes_or_entrants_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "ENTRANTS_LIMIT", 39)
    with pytest.raises(DrawInvalid, match="allowed: 39"):
        check(published())
    monkeypatch.setattr(draw, "PUBLISHED_LIMIT_BYTES", 10)
    with pytest.raises(DrawInvalid, match="allowed: 10"):
        read(b" " * 11)
