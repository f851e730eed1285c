"""The draw of places among those who came early. Pure; ``docs/waiting-room.md`` says to the byte how to check one.

Commit, then reveal: SHA-256 of the seed is published before the room opens, the seed after the list is closed. Each
entrant's lot is HMAC-SHA256 (RFC 2104) under the seed of the whole list's digest and the entrant; the lowest lot is
first. The digest binds the list in: who is on it must be settled before any lot can be known, even by who has the seed.
"""

from __future__ import annotations

import hmac
import re
from array import array
from collections.abc import Iterable, Sequence
from hashlib import blake2b, sha256

import msgspec

from drumroll.errors import DrawInvalid

FORMAT = "drumroll-waiting-room-draw/1"
SEED_BYTES = 32
ENTRANTS_LIMIT = 5_000_000
ENTRY_BYTES = 16
PUBLISHED_LIMIT_BYTES = ENTRANTS_LIMIT * (2 * ENTRY_BYTES + 3) + 4096
"""Bytes of the longest published draw: hex, two quotes and a comma for each entrant."""

_COMMITTED = b"drumroll waiting room seed/1\n"
_ENTRY = re.compile(r"[0-9a-f]{32}")
_HEX_32 = re.compile(r"[0-9a-f]{64}")


class Draw(msgspec.Struct, frozen=True):
    """A published draw. ``entrants`` are in order of arrival; ``seed`` and ``commitment`` are hex."""

    format: str
    launch: str
    drawn_at: str
    commitment: str
    seed: str
    entrants: list[str]


def commitment(seed: bytes) -> str:
    """What is published of a seed beforehand: SHA-256 of a prefix and the seed, in hex."""
    return sha256(_COMMITTED + seed).hexdigest()


def entry_id(key: bytes, launch_id: str, customer: str) -> str:
    """An entrant's public name: keyed BLAKE2b (RFC 7693), 16 bytes in hex. Without the key it says nothing of whom."""
    return entry_hash(key, launch_id, customer.encode()).hexdigest()


def entry_hash(key: bytes, launch_id: str, customer: bytes = b"") -> blake2b:
    """The hash of ``entry_id``; without a customer, to be copied and gone on with."""
    return blake2b(launch_id.encode() + b"\0" + customer, key=key, digest_size=ENTRY_BYTES, person=b"room entry")


def places(seed: bytes, entrants: Iterable[str]) -> list[str]:
    """The entrants in the order that the seed gives them, whatever order they are given in."""
    listed = list(entrants)
    lots = _lots(seed, listed)
    return [listed[at] for at in sorted(range(len(listed)), key=lots.__getitem__)]


def positions(seed: bytes, entrants: Sequence[str]) -> array[int]:
    """The place of each entrant (1 is first), in the order in which they are given: four bytes each."""
    lots = _lots(seed, entrants)
    found = array("I", bytes(4 * len(entrants)))
    for place, at in enumerate(sorted(range(len(entrants)), key=lots.__getitem__), 1):
        found[at] = place
    return found


def _lots(seed: bytes, entrants: Sequence[str]) -> list[bytes]:
    listed = sha256("".join(f"{one}\n" for one in sorted(entrants)).encode()).digest()
    return [hmac.digest(seed, listed + one.encode(), "sha256") for one in entrants]


def read(data: bytes) -> Draw:
    """A published draw from its bytes. Raises ``DrawInvalid`` if they are none; ``check`` says if it holds."""
    if len(data) > PUBLISHED_LIMIT_BYTES:
        raise DrawInvalid(f"the draw has {len(data):,} bytes; allowed: {PUBLISHED_LIMIT_BYTES:,}")
    try:
        return msgspec.json.decode(data, type=Draw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DrawInvalid(f"this is no published draw ({error}); get the file of /v1/waiting-room/draw anew") from error


def check(draw: Draw, committed: str | None = None) -> None:
    """Raise ``DrawInvalid`` unless the draw holds; ``committed`` is what was noted before, from elsewhere."""
    if draw.format != FORMAT:
        raise DrawInvalid(f"format: found {draw.format[:64]!r}, allowed: {FORMAT!r}; another version may read it")
    for name, text in (("seed", draw.seed), ("commitment", draw.commitment)):
        if not _HEX_32.fullmatch(text):
            raise DrawInvalid(f"{name}: found {text[:80]!r}, allowed: {SEED_BYTES} bytes in lower-case hex")
    made = commitment(bytes.fromhex(draw.seed))
    if made != draw.commitment:
        raise DrawInvalid(
            f"seed: the commitment of this seed is {made}, not {draw.commitment}: it is not what was promised"
        )
    if committed is not None and committed.strip().lower() != made:
        raise DrawInvalid(f"commitment: found {made}, but {committed[:80]!r} was noted before the draw")
    _check_entrants(draw.entrants)


def _check_entrants(entrants: list[str]) -> None:
    if len(entrants) > ENTRANTS_LIMIT:
        raise DrawInvalid(f"entrants: found {len(entrants):,}, allowed: {ENTRANTS_LIMIT:,}")
    seen: set[str] = set()
    for number, one in enumerate(entrants, 1):
        if not _ENTRY.fullmatch(one):
            raise DrawInvalid(f"entrants: number {number:,} is {one[:80]!r}, allowed: {ENTRY_BYTES} bytes in hex")
        if one in seen:
            raise DrawInvalid(f"entrants: number {number:,} is {one}, who is there already: one person has one place")
        seen.add(one)


def place_in(draw: Draw, entry: str) -> int:
    """The place that an entrant drew; 1 is first. Raises ``DrawInvalid`` if it was not in the draw."""
    wanted = entry.strip().lower()
    if wanted not in draw.entrants:
        raise DrawInvalid(f"{entry[:80]!r} is not among the {len(draw.entrants):,} entrants of this draw")
    return places(bytes.fromhex(draw.seed), draw.entrants).index(wanted) + 1
