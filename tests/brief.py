"""Less of what is drawn at random or by seed, in CI: there fifteen minutes have to do for everything.

``make test`` plays all of it.
"""

from __future__ import annotations

import os

BRIEF = bool(os.environ.get("CI"))


def seeds(first: int, last: int) -> range:
    """From the first to below the last; in CI the first half."""
    return range(first, first + (last - first) // 2) if BRIEF else range(first, last)
