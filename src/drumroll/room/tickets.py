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

    def admits(self, ticket: bytes, customer: str, now_s: float) -> bool:
        """Whether this is a ticket of that customer, and valid still. Whatever else it is, it does not admit."""
        if len(ticket) > LONGEST:
            return False
        expires_s, _, mac = ticket.partition(b".")
        try:
            expected = self._mac(expires_s, customer).encode()
        except UnicodeEncodeError:
            return False
        return compare_digest(expected, mac) and now_s < int(expires_s)

    def _mac(self, expires_s: bytes, customer: str) -> str:
        keyed = self._keyed.copy()
        keyed.update(expires_s + b"." + customer.encode())
        return keyed.hexdigest()
