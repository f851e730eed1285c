"""What is kept beside the log and must not be read there: sealed by AES-256-GCM, with keys derived from one secret."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from drumroll.errors import AccessFailed

_NONCE_BYTES = 12
_TAG_BYTES = 16


def derived_key(secret: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose (HKDF, RFC 5869): what one key signs, no other can be used for."""
    return HKDF(SHA256(), 32, salt=None, info=f"drumroll/{purpose}".encode()).derive(secret)


class Seal:
    """Seals and opens with one key of 32 bytes. Nonces are random: a key is good for 2^32 of them."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, content: bytes, whose: str) -> bytes:
        """The content, readable with the key and for ``whose`` alone."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, whose.encode())

    def open(self, sealed: bytes, whose: str) -> bytes:
        """The content. Raises ``AccessFailed`` if it was sealed with another key, for another, or was changed."""
        try:
            if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
                raise InvalidTag
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], whose.encode())
        except InvalidTag as error:
            raise AccessFailed("what was sealed can't be opened: another secret, or it was changed") from error
