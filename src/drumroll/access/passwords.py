"""Operators' passwords: Argon2id (RFC 9106), in its second recommended profile (64 MiB, three passes)."""

from __future__ import annotations

import os
import unicodedata
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import ARGON2_VERSION

from drumroll.errors import AccessFailed

LENGTH_LEAST, LENGTH_MOST = 12, 128
OBVIOUS = (
    "password",
    "passw0rd",
    "drumroll",
    "qwerty",
    "letmein",
    "operator",
    "123456",
    "abcdef",
    "iloveyou",
    "woaini",
)
"""What the letters of a password may not consist of, once or repeated. Long lists are for an identity provider."""


class Passwords:
    """Hashes and checks. One check takes about 50 ms and 64 MiB: never call it on the event loop."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobodys = _nobodys(self._hasher)

    def hash(self, password: str) -> str:
        """What is kept of a password."""
        return self._hasher.hash(_plain(password).encode())

    def fits(self, password_hash: str, password: str) -> bool:
        """Whether it is that password. An empty hash (an account without a password) fits none, in the same time."""
        try:
            fits = self._hasher.verify(password_hash or self._nobodys, _plain(password).encode())
        except (Argon2Error, InvalidHashError):
            return False
        return fits and bool(password_hash) and len(password) <= LENGTH_MOST

    def is_old(self, password_hash: str) -> bool:
        """Whether it was hashed with other parameters than those of now: hash the password anew."""
        return self._hasher.check_needs_rehash(password_hash)


def _nobodys(hasher: PasswordHasher) -> str:
    """A hash that no password has, and whose check takes as long as any other."""
    drawn = [b64encode(os.urandom(length)).rstrip(b"=").decode() for length in (hasher.salt_len, hasher.hash_len)]
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${'$'.join(drawn)}"


def check_password(password: str, name: str) -> None:
    """Raises ``AccessFailed`` with what is allowed, if it is none for that name (NIST SP 800-63B, 5.1.1)."""
    plain = _plain(password)
    if not LENGTH_LEAST <= len(plain) <= LENGTH_MOST:
        allowed = f"{LENGTH_LEAST} to {LENGTH_MOST}"
        raise AccessFailed(f"a password: found {len(plain)} characters, allowed: {allowed}; several words do well")
    bare = "".join(sign for sign in plain.casefold() if sign.isalpha())
    if len(set(plain)) < 5 or any(not bare.replace(word, "") for word in _obvious(name)):
        raise AccessFailed("a password: found one that is tried first, allowed: anything else, such as several words")


def _obvious(name: str) -> list[str]:
    own = "".join(sign for sign in name.casefold() if sign.isalpha())
    return [own, *OBVIOUS] if own else list(OBVIOUS)


def _plain(password: str) -> str:
    """The same on every keyboard (RFC 8265 has NFC; NIST asks for one of NFKC and NFKD), and bounded."""
    whole = password[: LENGTH_MOST + 1].encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFKC", whole)
