"""Order numbers: ``ord_`` and 16 characters of base32, 80 random bits. They tell nobody how many orders there are."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable, Iterator
from itertools import count

_AT_ONCE = 512


def order_ids(random_bytes: Callable[[int], bytes]) -> Iterator[str]:
    """Order numbers without end; randomness is drawn for many at once."""
    for _ in count():
        text = b32encode(random_bytes(10 * _AT_ONCE)).decode().lower()
        for start in range(0, 16 * _AT_ONCE, 16):
            yield "ord_" + text[start : start + 16]
