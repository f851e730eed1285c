"""Tickets of admission: ``<expires, epoch seconds>.<MAC>``, by keyed BLAKE2b (RFC 7693) of launch, time and customer.

A ticket is of one person and one launch, and says nothing of either. It is made the same however often it is asked for.
"""

from __future__ import annotations

from hashlib import blake2b
from hmac import compare_digest

LONGEST = 64
"""Characters of a ticket. Ours have 43."""


class Tickets:
    """Issues and checks tickets with one key of 32 to 64 bytes; ``launch_id`` keeps those of another launch out."""

    def __init__(self, key: bytes, launch_id: str = "") -> None:
        self._keyed = blake2b(launch_id.encode() + b"\0", key=key, digest_size=16, person=b"room ticket")

    def issue(self, customer: str, expires_s: int) -> str:
        """A ticket for a customer, valid before ``expires_s``."""
        return f"{expires_s}.{self._mac(b'%d' % expires_s, customer)}"

    def expires_s(self, ticket: bytes, customer: str) -> int | None:
        """When a ticket of that customer runs out, by itself; ``None`` if it is none of theirs, whatever else it is."""
        if len(ticket) > LONGEST:
            return None
        expires_s, _, mac = ticket.partition(b".")
        try:
            expected = self._mac(expires_s, customer).encode()
        except UnicodeEncodeError:
            return None
        return int(expires_s) if compare_digest(expected, mac) else None

    def admits(self, ticket: bytes, customer: str, now_s: float) -> bool:
        """Whether this is a ticket of that customer, and valid still by itself."""
        expires_s = self.expires_s(ticket, customer)
        return expires_s is not None and now_s < expires_s

    def _mac(self, expires_s: bytes, customer: str) -> str:
        keyed = self._keyed.copy()
        keyed.update(expires_s + b"." + customer.encode())
        return keyed.hexdigest()
