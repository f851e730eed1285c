"""The values of a launch file: how each kind is read, and how what was found is shown.

A reader takes what TOML gave and returns what drumroll uses, or raises ``Unfit``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from drumroll.domain.money import EXPONENTS
from drumroll.domain.times import to_ms

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
ZONE = re.compile(r"[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")
"""A zone's name begins with a capital: that keeps out ``localtime`` (the machine's own), ``right/`` (leap seconds)."""
WALL_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2})(:[0-9]{2})?")
CODE = re.compile(r"[A-Za-z0-9^][A-Za-z0-9.^_-]{0,15}")
FIGURE = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NAME_CHARACTERS = 80
YEARS = range(2000, 2200)
SHOWN_CHARACTERS = 60


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong with a value; ``at`` is the place inside it, like ``[2]``, or nothing."""

    found: str
    allowed: str | None = None
    at: str = ""


class Unfit(Exception):
    """A value can't be used: its faults. A fault without ``allowed`` means what its key allows."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults


Reader = Callable[[object, ZoneInfo], object]


def shown(value: object) -> str:
    """What was found, in the spelling of TOML, cut to a readable length."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value.bit_length() < 128 else f"a whole number of {value.bit_length()} bits"
    if isinstance(value, str):
        cut = value if len(value) <= SHOWN_CHARACTERS else value[:SHOWN_CHARACTERS] + "…"
        return json.dumps(cut, ensure_ascii=not cut.isprintable())
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "a table" if isinstance(value, dict) else str(value)


def unfit(value: object, allowed: str | None = None) -> Unfit:
    """The exception for a value that is wrong as a whole."""
    return Unfit(Fault(shown(value), allowed))


def whole_number(low: int, high: int) -> Reader:
    """A reader of whole numbers from ``low`` to ``high``, both allowed. True and 1.0 are none."""

    def read(value: object, zone: ZoneInfo) -> int:
        if type(value) is not int or not low <= value <= high:
            raise unfit(value)
        return value

    return read


def list_of(item: Reader, most: int) -> Reader:
    """A reader of lists of 1 to ``most`` items; every unfit item is a fault of its own."""

    def read(value: object, zone: ZoneInfo) -> tuple[object, ...]:
        if not isinstance(value, list):
            raise unfit(value)
        if not 1 <= len(value) <= most:
            raise unfit(value, f"a list of 1 to {most}")
        items, faults = [], []
        for index, one in enumerate(value):
            try:
                items.append(item(one, zone))
            except Unfit as error:
                faults += [Fault(fault.found, fault.allowed, f"[{index}]{fault.at}") for fault in error.faults]
        if faults:
            raise Unfit(*faults)
        return tuple(items)

    return read


def one_of(*words: str) -> Reader:
    """A reader of one of these texts."""

    def read(value: object, zone: ZoneInfo) -> str:
        if not isinstance(value, str) or value not in words:
            raise unfit(value)
        return value

    return read


def true_or_false(value: object, zone: ZoneInfo) -> bool:
    """A boolean. 0 and 1 are none."""
    if not isinstance(value, bool):
        raise unfit(value)
    return value


def identifier(value: object, zone: ZoneInfo) -> str:
    """An id, which also stands in addresses and file names."""
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise unfit(value)
    return value


def code(value: object, zone: ZoneInfo) -> str:
    """A code of an exchange, as text: a number would lose its leading noughts."""
    if not isinstance(value, str) or not CODE.fullmatch(value):
        raise unfit(value)
    return value


def figure(value: object, zone: ZoneInfo) -> str:
    """A figure as it was published, as text: its digits say how it was rounded, and a number would lose them."""
    if not isinstance(value, str) or not FIGURE.fullmatch(value):
        raise unfit(value)
    return value


def decimal_text(low: str, high: str) -> Reader:
    """A reader of numbers as text, from ``low`` to ``high``, both allowed; the text is what is kept."""

    def read(value: object, zone: ZoneInfo) -> str:
        text = figure(value, zone)
        assert isinstance(text, str)
        if not Decimal(low) <= Decimal(text) <= Decimal(high):
            raise unfit(value)
        return text

    return read


def day(value: object, zone: ZoneInfo) -> date:
    """A day, as TOML has it or as text."""
    try:
        at = date.fromisoformat(value) if isinstance(value, str) and DAY.fullmatch(value) else value
    except ValueError:
        raise unfit(value, "a day that exists") from None
    if not isinstance(at, date) or isinstance(at, datetime) or not 1900 <= at.year <= YEARS.stop - 1:
        raise unfit(value)
    return at


def name(value: object, zone: ZoneInfo) -> str:
    """A name for people: printable, not empty, no space around it."""
    if not isinstance(value, str) or not 1 <= len(value) <= NAME_CHARACTERS:
        raise unfit(value)
    if not value.isprintable():
        raise unfit(value, "printable characters only (no control characters, no line breaks)")
    if value.strip() != value:
        raise unfit(value, "a name without a space before or after it")
    return value


def currency(value: object, zone: ZoneInfo) -> str:
    """The code of an active currency."""
    if not isinstance(value, str) or value not in EXPONENTS:
        raise unfit(value)
    return value


def time_zone(value: object, zone: ZoneInfo) -> str:
    """The name of a zone that this machine's (or the tzdata package's) rules know."""
    if not isinstance(value, str) or find_zone(value) is None:
        raise unfit(value, _zone_allowed(value))
    return value


def find_zone(value: object) -> ZoneInfo | None:
    """The zone of that name, or ``None``."""
    if not isinstance(value, str) or not ZONE.fullmatch(value):
        return None
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # OSError: "America" is a folder
        return None


def _zone_allowed(value: object) -> str | None:
    near = get_close_matches(value[:64], available_timezones(), n=1) if isinstance(value, str) else []
    return f"a time zone of the IANA database; perhaps {near[0]}" if near else None


def moment(value: object, zone: ZoneInfo) -> int:
    """A time, as milliseconds since the epoch: with an offset as it is, without one in the launch's zone."""
    at = _parse_wall_time(value) if isinstance(value, str) else value
    if not isinstance(at, datetime):
        raise unfit(value)
    if at.year not in YEARS:
        raise unfit(value, f"a year from {YEARS.start} to {YEARS.stop - 1}")
    if at.microsecond % 1000:
        raise unfit(value, "whole milliseconds, nothing finer")
    return to_ms(at if at.tzinfo is not None else _in_zone(at, zone))


def _parse_wall_time(text: str) -> datetime:
    """``2025-06-26 22:00``, with or without seconds. 24:00 is the next day's 00:00."""
    parts = WALL_TIME.fullmatch(text)
    if parts is None:
        raise unfit(text)
    day, clock, seconds = parts.groups(default=":00")
    at_midnight = clock + seconds == "24:00:00"
    try:
        at = datetime.fromisoformat(f"{day} {'00:00:00' if at_midnight else clock + seconds}")
        return at + timedelta(days=1) if at_midnight else at
    except (ValueError, OverflowError):
        raise unfit(text, "a day and a time that exist") from None


def _in_zone(at: datetime, zone: ZoneInfo) -> datetime:
    """That time on the zone's clocks, which must show it once: not skipped in spring, not twice in autumn."""
    first, second = at.replace(tzinfo=zone, fold=0), at.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None
    assert after is not None
    if before < after:
        later = first.astimezone(UTC).astimezone(zone).isoformat()
        raise unfit(at, f"a time that exists in {zone.key}: its clocks skip this one; perhaps {later}")
    if before > after:
        both = f"{first.isoformat()} or {second.isoformat()}"
        raise unfit(at, f"which of the two is meant, since {zone.key} has this time twice: {both}")
    return first
