"""Cells that several tables have: amounts, times, states. What is exported of them is plain: numbers, RFC 3339."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from drumroll.domain.money import EXPONENTS
from drumroll.domain.states import DELIVERED, FIRM, RESERVED, State
from drumroll.domain.times import rfc3339, to_ms
from drumroll.web.ops.tables import Cell
from drumroll.web.pages.order_views import state_name
from drumroll.words.catalog import TEXTS_KEPT, Words

AMOUNT_DIGITS = 15


def amount_cell(minor: int, currency: str, words: Words) -> Cell:
    """Money; exported as units of the currency."""
    units, rest = divmod(minor, 10 ** EXPONENTS[currency])
    return Cell(words.money(minor, currency), units if not rest else minor / 10 ** EXPONENTS[currency])


def moment_cell(at_ms: int | None, zone: str, words: Words) -> Cell:
    """A time in the launch's zone, to the second; exported as RFC 3339."""
    if at_ms is None:
        return Cell("", "")
    return Cell(_moment(at_ms // 1000, zone, words), rfc3339(at_ms, zone))


@lru_cache(maxsize=TEXTS_KEPT)
def _moment(at_s: int, zone: str, words: Words) -> str:
    """In one line: its spaces do not break."""
    return words.moment(at_s * 1000, zone, "second", named=False).replace(" ", "\u00a0")


def said_cell(at: str, zone: str, words: Words) -> Cell:
    """The same, of a time as the API says it."""
    return moment_cell(to_ms(datetime.fromisoformat(at)), zone, words)


def state_cell(state: State, words: Words) -> Cell:
    """The state of an order, as a badge."""
    badge: Literal["good", "warn", "plain"] = "good" if state in (FIRM, DELIVERED) else "plain"
    return Cell(state_name(state, words), state.value, badge="warn" if state is RESERVED else badge)


def count_cell(count: int, words: Words, link: str | None = None) -> Cell:
    """A number."""
    return Cell(words.number(count), count, link)


def moment_in(text: str, zone: str) -> int | None:
    """A time as ``datetime-local`` sends it, in a zone, in milliseconds; ``None``: it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return to_ms(moment) if 2000 <= moment.year <= 2199 else None


def field_moment(at_ms: int, zone: str) -> str:
    """A time as a ``datetime-local`` field holds it: to the minute, in the zone, without an offset."""
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def minor_in(text: str, currency: str) -> int | None:
    """An amount that was typed, such as 1,250.50, in minor units; ``None``: it is none of that currency."""
    plain = text.replace(",", "").replace(" ", "")
    if not plain.isascii() or len(plain) > AMOUNT_DIGITS or not plain.replace(".", "", 1).isdigit():
        return None
    minor = Decimal(plain).scaleb(EXPONENTS[currency])
    return int(minor) if minor == minor.to_integral_value() else None


def field_amount(minor: int, currency: str) -> str:
    """An amount as a field holds it: without the currency."""
    return str(Decimal(minor).scaleb(-EXPONENTS[currency]))
