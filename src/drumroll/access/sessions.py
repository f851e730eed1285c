"""A session: ``<subject>.<sid>.<expires, epoch seconds>.<MAC>``, by keyed BLAKE2b (RFC 7693) of the rest.

``subject`` is a customer's id, or ``operator:<name>:<role>``. ``sid`` names the session, so that it can be ended
before its time; without one (a sandbox's, the load client's) it lasts until it expires.
"""

from __future__ import annotations

import hmac
import re
from hashlib import blake2b

import msgspec

from drumroll.errors import AccessFailed

TOKEN_LIMIT = 512
"""Bytes of a token. The longest that is issued has 256."""
_SUBJECT = re.compile(r"[A-Za-z0-9_:-]{1,160}")
_SID = re.compile(r"[A-Za-z0-9_-]{0,64}")


class Session(msgspec.Struct, frozen=True):
    """Whose session it is, and until when (epoch seconds)."""

    subject: str
    sid: str
    expires_s: int


class Sessions:
    """Signs and checks sessions with one key of 32 to 64 bytes.

    ``revoked`` are the sids of sessions that ended before their time; replace it as a whole.
    """

    def __init__(self, key: bytes) -> None:
        self._keyed = blake2b(key=key, digest_size=16)
        self.revoked: set[str] = set()

    def issue(self, subject: str, expires_s: int, sid: str = "") -> str:
        """A token for a subject, valid before ``expires_s``. Raises ``AccessFailed`` for what no token can carry."""
        if not _SUBJECT.fullmatch(subject) or not _SID.fullmatch(sid) or not 0 <= expires_s < 10**12:
            raise AccessFailed("a session's subject has 1 to 160 of A-Z, a-z, 0-9, _, - and :, its sid up to 64")
        signed = f"{subject}.{sid}.{expires_s}"
        return f"{signed}.{self._mac(signed.encode())}"

    def customer_of(self, token: bytes, now_s: float) -> str | None:
        """Whose token this is, or ``None`` if it is not ours or no longer valid. Every order comes by here."""
        if len(token) > TOKEN_LIMIT:
            return None
        signed, _, mac = token.rpartition(b".")
        keyed = self._keyed.copy()
        keyed.update(signed)
        if not hmac.compare_digest(keyed.hexdigest().encode(), mac):
            return None
        try:
            subject, sid, expires_s = signed.decode().split(".")
            return subject if now_s < int(expires_s) and sid not in self.revoked else None
        except ValueError:
            # Signed with our key, and still no session: the key signs something else too, which it should not.
            return None

    def read(self, token: bytes, now_s: float) -> Session | None:
        """All that a token says, or ``None`` as with ``customer_of``."""
        if self.customer_of(token, now_s) is None:
            return None
        subject, sid, expires_s, _ = token.decode().split(".")
        return Session(subject, sid, int(expires_s))

    def _mac(self, signed: bytes) -> str:
        keyed = self._keyed.copy()
        keyed.update(signed)
        return keyed.hexdigest()
