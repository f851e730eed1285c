"""Times at the edges: milliseconds since the epoch inside, RFC 3339 in the launch's zone outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=4096)
def rfc3339(at_ms: int, time_zone: str = "UTC") -> str:
    """``at_ms`` as RFC 3339 with milliseconds and the offset of that zone at that time.

    >>> rfc3339(1750946400000, "Asia/Shanghai")
    '2025-06-26T22:00:00.000+08:00'
    """
    return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(time_zone)).isoformat(timespec="milliseconds")


def to_ms(moment: datetime) -> int:
    """A datetime with a zone as milliseconds since the epoch (what is finer is cut off)."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)
