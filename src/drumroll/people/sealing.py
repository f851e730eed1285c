"""What makes a row unreadable, and a contact findable all the same: keys, sealing, blind look-up.

One key of 32 bytes gives three (HKDF-SHA-256, RFC 5869), each for one purpose. A row is sealed with AES-256-GCM (NIST
SP 800-38D) under a random nonce of 96 bits: far fewer than the 2^32 seals that one key allows. All that stands in
clear beside it is authenticated with it, so no row can be moved, exchanged or altered. A contact is looked up by its
BLAKE2b-256 under a key (RFC 7693): who has the file but no key can't even try contacts.
"""

from __future__ import annotations

import os
from hashlib import blake2b

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from drumroll.errors import PeopleFailed
from drumroll.people.person import Contact, Kind, Person

KEY_BYTES = 32
VERSION = 1
_NONCE_BYTES = 12
_PAD_BYTES = 128
"""What is sealed is filled up to a multiple of this, so that its length says next to nothing of a name."""


class _Sealed(msgspec.Struct, frozen=True):
    kind: Kind
    contact: str
    name: str | None
    language: str


class Row(msgspec.Struct, frozen=True):
    """A person as the file has them."""

    id: str
    lookup: bytes
    sealed: bytes
    made_ms: int


class Sealer:
    """Seals and opens rows under one key. Raises ``PeopleFailed`` if the key is not of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise PeopleFailed(f"the key of names and contacts: found {len(key)} bytes, allowed: {KEY_BYTES}")
        self._lookup_key = _derived(key, b"lookup")
        self._aead = AESGCM(_derived(key, b"seal"))
        self.mark = _derived(key, b"mark")
        """What the file keeps to know its key again; neither the key nor the other two follow from it."""

    def lookup(self, contact: Contact) -> bytes:
        """Under what a contact is found: the same for the same normal form."""
        content = f"{contact.kind}\0{contact.value}".encode()
        return blake2b(content, key=self._lookup_key, digest_size=32, person=b"drumroll people").digest()

    def seal(self, person: Person) -> Row:
        """The row of a person, under a fresh nonce."""
        lookup, nonce = self.lookup(person.reached_by), os.urandom(_NONCE_BYTES)
        text = msgspec.json.encode(_Sealed(person.kind, person.contact, person.name, person.language))
        padded = text + b" " * (-len(text) % _PAD_BYTES)
        sealed = nonce + self._aead.encrypt(nonce, padded, _beside(person.id, lookup, person.made_ms))
        return Row(person.id, lookup, sealed, person.made_ms)

    def open(self, row: Row) -> Person:
        """The person of a row. Raises ``PeopleFailed`` if it is not as it was sealed, of another row or key."""
        found = self._opened(row)
        if found is None:
            raise PeopleFailed(
                f"the row of person {row.id} is not as it was written (a damaged disk, a row of another person, or "
                "another key); nothing of it was used. Restore a backup of the file"
            )
        return Person(row.id, found.contact, found.kind, found.name, found.language, row.made_ms)

    def _opened(self, row: Row) -> _Sealed | None:
        beside = _beside(row.id, row.lookup, row.made_ms)
        try:
            text = self._aead.decrypt(row.sealed[:_NONCE_BYTES], row.sealed[_NONCE_BYTES:], beside)
            return msgspec.json.decode(text, type=_Sealed)
        except (InvalidTag, ValueError, msgspec.MsgspecError):
            return None


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"drumroll people 1 " + purpose).derive(key)


def _beside(person: str, lookup: bytes, made_ms: int) -> bytes:
    """What is authenticated with a sealed row: format version, and all that stands in clear; the id, last, varies."""
    return b"drumroll person" + bytes([VERSION]) + made_ms.to_bytes(8, "big", signed=True) + lookup + person.encode()
