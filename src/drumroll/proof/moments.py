"""Times as claims and findings write them: RFC 3339, to the millisecond, in UTC and in the launch's zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from drumroll.errors import ClaimInvalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def read_moment(text: str) -> int:
    """A time of RFC 3339 with any offset, as milliseconds since 1970. Raises ``ClaimInvalid``."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise _no_moment(text)
    day, clock, fraction, offset = found.groups()
    if fraction and len(fraction.rstrip("0")) > 4:
        raise ClaimInvalid(f"the time {text!r} is finer than a millisecond: nothing here is; leave out what is finer")
    try:
        at = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if offset in 'Zz' else offset}")
        at_ms = (at - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        raise _no_moment(text) from None
    if not 0 <= at_ms < 253_402_300_800_000 or clock.startswith("24"):
        raise _no_moment(text)
    return at_ms + (int(f"{fraction[1:4]:0<3}") if fraction else 0)


def _no_moment(text: str) -> ClaimInvalid:
    return ClaimInvalid(
        f"found {text[:60]!r} where a time is needed; allowed: RFC 3339, like 2025-06-26T22:00:00+08:00"
    )


def utc(at_ms: int) -> str:
    """A time in UTC, with milliseconds only where there are any: what ``read_moment`` reads back as the same."""
    return _written(at_ms, None).replace("+00:00", "Z")


def local(at_ms: int, time_zone: str) -> str:
    """A time in that zone, with its offset; in UTC if there is no such zone."""
    try:
        return _written(at_ms, ZoneInfo(time_zone)).replace("+00:00", "Z")
    except (ValueError, OSError, KeyError):
        return utc(at_ms)


def _written(at_ms: int, zone: ZoneInfo | None) -> str:
    """A time that no calendar has (an entry may say anything) is written as its milliseconds."""
    try:
        at = (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone or UTC)
    except OverflowError:
        return f"{at_ms} ms"
    return at.isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds")
