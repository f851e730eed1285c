"""The keys of a launch file, in tables: what each may hold, and whether it must be there.

``docs/launch-file.md`` explains them to the people who write one.
"""

from __future__ import annotations

import msgspec

from drumroll.domain.launch_values import (
    Reader,
    currency,
    identifier,
    list_of,
    moment,
    name,
    time_zone,
    whole_number,
)

FORMAT = 1
MONEY_MINOR = 10**15
PLACES = 10**9
HOLD_S = 30 * 24 * 3600
ORDERS_PER_CUSTOMER = 100
MODELS = 50
TRIMS = 50
MILESTONES = 50

_ID = "1 to 32 of a-z, 0-9 and -, the first no -"
_NAME = "a text of 1 to 80 printable characters"
_MOMENT = '2025-06-26T22:00:00 (in time_zone), 2025-06-26T22:00:00+08:00, or "2025-06-26 24:00"'
_MONEY = "a whole number of minor units, 1 to 10^15"
_PLACES = "a whole number of orders, 0 to 10^9"


class Key(msgspec.Struct, frozen=True):
    """One key: its name, what it allows (in words and as a reader), and whether the file must have it."""

    name: str
    read: Reader
    allowed: str
    required: bool = True


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


_id = Key("id", identifier, _ID)
_name = Key("name", name, _NAME)
_cap = Key("cap", whole_number(0, PLACES), _PLACES, required=False)
_opens = Key("opens", moment, _MOMENT)
_closes = Key("closes", moment, _MOMENT, required=False)

TRIM = Table((_id, _name, Key("price_minor", whole_number(1, MONEY_MINOR), _MONEY), _cap))

MODEL = Table(
    (_id, _name, Key("opens", moment, _MOMENT, required=False), _closes, _cap),
    (Nested("trim", TRIM, most=TRIMS),),
)

SALES = Table(
    (
        _opens,
        _closes,
        Key("deposit_minor", whole_number(1, MONEY_MINOR), _MONEY),
        Key("hold_s", whole_number(1, HOLD_S), "a whole number of seconds, 1 to 2592000 (30 days)"),
        Key("orders_per_customer", whole_number(1, ORDERS_PER_CUSTOMER), "a whole number, 1 to 100"),
        _cap,
    )
)

BOARD = Table(
    (
        Key("models", list_of(identifier, MODELS), "a list of 1 to 50 ids of models (a-z, 0-9 and -)", required=False),
        Key(
            "milestones",
            list_of(whole_number(1, PLACES), MILESTONES),
            "a rising list of 1 to 50 whole numbers of firm orders, 1 to 10^9",
            required=False,
        ),
    )
)

ROOT = Table(
    (
        Key("format", whole_number(FORMAT, FORMAT), f"{FORMAT}, the format that this drumroll reads"),
        _id,
        _name,
        Key("time_zone", time_zone, "a time zone of the IANA database, like Asia/Shanghai"),
        Key("currency", currency, "the ISO 4217 code of a currency in use, like CNY"),
    ),
    (
        Nested("sales", SALES),
        Nested("board", BOARD, required=False),
        Nested("model", MODEL, most=MODELS),
    ),
)
