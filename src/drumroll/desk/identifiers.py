"""Order numbers: ``ord_`` and 20 hexadecimal digits, 80 random bits. They tell nobody how many orders there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

_AT_ONCE = 512


def order_ids(random_bytes: Callable[[int], bytes]) -> Iterator[str]:
    """Order numbers without end; randomness is drawn for many at once."""
    for _ in count():
        text = random_bytes(10 * _AT_ONCE).hex()
        for start in range(0, 20 * _AT_ONCE, 20):
            yield "ord_" + text[start : start + 20]
