"""One-time codes: sent to an e-mail address or a phone, and answered once. Pure: time and randomness are arguments.

Nothing here depends on whether anybody knows the contact, so there is nothing to enumerate. A code is kept only as a
keyed MAC, in memory: a server that starts anew asks people for another one (NIST SP 800-63B, 5.1.3, out-of-band).
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import msgspec

from drumroll.errors import AccessFailed, NotSignedIn, TooMany

CODE_DIGITS = 8
VALID_S = 600
TRIES_A_CODE = 5
ASKED_AN_HOUR = 5
"""Codes that a contact may be sent within an hour."""
TRIES_AN_HOUR = 25
"""Answers about a contact within an hour, right or wrong."""
HOUR_S = 3600
CHALLENGES_LIMIT = 500_000
CODE_TEXT_LIMIT = 32
NOT_THIS = "this code does not fit, or no longer; ask for another one"

_CODES = 10**CODE_DIGITS
_FAIR = 2**64 - 2**64 % _CODES
_DRAWS_LIMIT = 64


class Challenge(msgspec.Struct, frozen=True):
    """A code that was asked for: ``id`` goes to the browser, ``code`` to the contact and nowhere else."""

    id: str
    code: str


class _Open(msgspec.Struct, gc=False):
    """A code that can still be answered."""

    contact: str
    mac: bytes
    expires_s: float
    tries: int = 0


class _Seen(msgspec.Struct, gc=False):
    """What happened with a contact within the hour: times, and the id of the code that counts."""

    current: str = ""
    asked_s: tuple[float, ...] = ()
    tried_s: tuple[float, ...] = ()


class Challenges:
    """All open codes. ``key`` has 32 bytes or more; ``random_bytes(n)`` gives n bytes that nobody can guess."""

    def __init__(self, key: bytes, random_bytes: Callable[[int], bytes], limit: int = CHALLENGES_LIMIT) -> None:
        self._keyed = blake2b(key=key[:64], digest_size=16, person=b"one-time code")
        self._random_bytes = random_bytes
        self._limit = limit
        self._open: dict[str, _Open] = {}
        self._seen: dict[str, _Seen] = {}

    def __len__(self) -> int:
        return len(self._open)

    def ask(self, contact: str, now_s: float) -> Challenge:
        """A new code for a contact, which ends the older one. Raises ``TooMany``."""
        seen = self._seen.pop(contact, None) or _Seen()
        self._seen[contact] = seen
        seen.asked_s = _within(seen.asked_s, now_s, ASKED_AN_HOUR)
        self._open.pop(seen.current, None)
        seen.current = self._random_bytes(16).hex()
        code = self._code()
        self._open[seen.current] = _Open(contact, self._mac(seen.current, code), now_s + VALID_S)
        self._sweep(now_s)
        return Challenge(seen.current, code)

    def answer(self, challenge: str, code: str, now_s: float) -> str:
        """The contact, if the code is right; it works once.

        Raises:
            NotSignedIn: it is wrong, used, too old, or there is none of that id: which of these is not said.
            TooMany: too many answers about this contact within the hour.
        """
        found = self._open.get(challenge)
        if found is None:
            raise NotSignedIn(NOT_THIS)
        seen = self._seen.get(found.contact)
        if seen is not None:
            seen.tried_s = _within(seen.tried_s, now_s, TRIES_AN_HOUR)
        found.tries += 1
        right = hmac.compare_digest(self._mac(challenge, _typed(code)), found.mac)
        expired = now_s >= found.expires_s
        if right or expired or found.tries >= TRIES_A_CODE:
            del self._open[challenge]
        if not right or expired:
            raise NotSignedIn(NOT_THIS)
        return found.contact

    def _code(self) -> str:
        """Eight digits, each code as likely as any other: what would favour some of them is drawn again."""
        for _ in range(_DRAWS_LIMIT):
            drawn = int.from_bytes(self._random_bytes(8))
            if drawn < _FAIR:
                return f"{drawn % _CODES:0{CODE_DIGITS}d}"
        raise AccessFailed("the source of randomness gives the same over and over; no code was made")

    def _mac(self, challenge: str, code: str) -> bytes:
        keyed = self._keyed.copy()
        keyed.update(challenge.encode("utf-8", "replace") + b"\0" + code.encode("utf-8", "replace"))
        return keyed.digest()

    def _sweep(self, now_s: float) -> None:
        """Two that are over for each new one, from the oldest on; and all beyond the limit."""
        _drop(self._open, self._limit, lambda one: now_s >= one.expires_s)
        _drop(self._seen, self._limit, lambda one: now_s >= max(one.asked_s + one.tried_s) + HOUR_S)


def _drop(kept: dict[str, Any], limit: int, over: Callable[[Any], bool]) -> None:
    for _ in range(2):
        oldest = next(iter(kept), None)
        if oldest is None or (len(kept) <= limit and not over(kept[oldest])):
            return
        del kept[oldest]


def _within(times_s: tuple[float, ...], now_s: float, most: int) -> tuple[float, ...]:
    """The times of the hour up to now, with now. Raises ``TooMany`` if that is more than may be."""
    recent = tuple(at_s for at_s in times_s if at_s > now_s - HOUR_S)
    if len(recent) >= most:
        seconds = max(1, int(recent[0] + HOUR_S - now_s) + 1)
        raise TooMany(f"asked too often; ask again in {seconds} s", seconds)
    return (*recent, now_s)


def _typed(code: str) -> str:
    """A code as people type it: with spaces or dashes, or in the wide digits of a Chinese keyboard."""
    wide = unicodedata.normalize("NFKC", code[:CODE_TEXT_LIMIT])
    return "".join(sign for sign in wide if not sign.isspace() and sign != "-")
