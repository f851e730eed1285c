"""A customer's session: ``<customer>.<expires, epoch seconds>.<MAC>``, by keyed BLAKE2b (RFC 7693) of the rest."""

from __future__ import annotations

import hmac
from hashlib import blake2b


class Sessions:
    """Signs and checks sessions with one key of 32 to 64 bytes."""

    def __init__(self, key: bytes) -> None:
        self._keyed = blake2b(key=key, digest_size=16)

    def issue(self, customer: str, expires_s: int) -> str:
        """A token for a customer, valid before ``expires_s``."""
        signed = b"%s.%d" % (customer.encode(), expires_s)
        return f"{signed.decode()}.{self._mac(signed)}"

    def customer_of(self, token: bytes, now_s: float) -> str | None:
        """Whose token this is, or ``None`` if it is not ours or no longer valid."""
        signed, _, mac = token.rpartition(b".")
        if not hmac.compare_digest(self._mac(signed).encode(), mac):
            return None
        customer, _, expires_s = signed.rpartition(b".")
        return customer.decode() if now_s < int(expires_s) else None

    def _mac(self, signed: bytes) -> str:
        keyed = self._keyed.copy()
        keyed.update(signed)
        return keyed.hexdigest()
