"""How the keys of a launch file are described: each by its name, its reader, and what it allows in words."""

from __future__ import annotations

import re

import msgspec

from drumroll.domain.launch_values import (
    Reader,
    decimal_text,
    identifier,
    list_of,
    name,
    one_of,
    shown,
    true_or_false,
    whole_number,
)

MONEY_MINOR = 10**15
PLACES = 10**9

ID_ALLOWED = "1 to 32 of a-z, 0-9 and -, the first no -"
NAME_ALLOWED = "a text of 1 to 80 printable characters"
MOMENT_ALLOWED = '2025-06-26T22:00:00 (in time_zone), 2025-06-26T22:00:00+08:00, or "2025-06-26 24:00"'
MONEY_ALLOWED = "a whole number of minor units, 1 to 10^15"
COST_ALLOWED = "a whole number of minor units, 0 to 10^15"
PLACES_ALLOWED = "a whole number of orders, 0 to 10^9"
DAY_ALLOWED = "a day from 1900 to 2199, like 2025-06-27"


class Key(msgspec.Struct, frozen=True):
    """One key: its name, what it allows (in words and as a reader), and whether the file must have it.

    ``default`` stands in for a key that is not there.
    """

    name: str
    read: Reader
    allowed: str
    required: bool = True
    default: object = None


class Table(msgspec.Struct, frozen=True):
    """The keys of one table, and the tables in it."""

    keys: tuple[Key, ...]
    tables: tuple[Nested, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every key that may stand in it."""
        return (*(key.name for key in self.keys), *(nested.name for nested in self.tables))


class Nested(msgspec.Struct, frozen=True):
    """A table in a table: ``[sales]`` (``most`` is 0), or 1 to ``most`` of ``[[model]]``."""

    name: str
    table: Table
    most: int = 0
    required: bool = True


def seconds(name: str, low_s: int, high_s: int, in_days: str, required: bool = False, default: object = None) -> Key:
    """A whole number of seconds; ``in_days`` says the longest in words."""
    allowed = f"a whole number of seconds, {low_s} to {high_s} ({in_days})"
    return Key(name, whole_number(low_s, high_s), allowed, required, default)


def switch(name: str, default: bool) -> Key:
    """True or false; may be left out."""
    return Key(name, true_or_false, "true or false", required=False, default=default)


def one_word(name: str, *words: str) -> Key:
    """One of these words; left out it is the first."""
    return Key(name, one_of(*words), ", ".join(f'"{word}"' for word in words), required=False, default=words[0])


def ids(name: str, most: int, allowed: str) -> Key:
    """A list of ids that may be left out."""
    return Key(name, list_of(identifier, most), allowed, required=False, default=())


def required(key: Key) -> Key:
    """The same key, but one that must be there."""
    return msgspec.structs.replace(key, required=True, default=None)


def number(name: str, low: int, high: int, unit: str = "", default: object = None) -> Key:
    """A whole number that may be left out."""
    return Key(name, whole_number(low, high), f"a whole number{unit}, {low} to {high}", required=False, default=default)


def decimal(name: str, low: str, high: str, unit: str = "", default: str | None = None) -> Key:
    """A number as text, whose digits are kept, from ``low`` to ``high``; required where it has no default."""
    allowed = f'a number as text{unit}, "{low}" to "{high}", with at most 9 decimals'
    return Key(name, decimal_text(low, high), allowed, required=default is None, default=default)


def spelled(name: str) -> str:
    """A key as TOML spells it, cut to a readable length."""
    return name if _BARE_KEY.fullmatch(name) else shown(name)


_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")

ID_KEY = Key("id", identifier, ID_ALLOWED)
NAME_KEY = Key("name", name, NAME_ALLOWED)
