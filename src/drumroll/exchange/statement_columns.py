"""The columns of a provider's statement: how each is read, a whole column at once, and what is allowed in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import msgspec
import polars as pl

from drumroll.domain.money import EXPONENTS
from drumroll.outlook.reconciliation_values import Type

MOST_MONEY_MINOR = 10**15
YEARS = range(2000, 2200)

REQUIRED = ("type", "id", "currency", "at")
EITHER = ("amount", "amount_minor")
OPTIONAL = ("payment_id", "order_id", "launch")
COLUMNS = (*REQUIRED, *EITHER, *OPTIONAL)

VALUE = "="
"""What a column's name ends in once it is read."""

_TYPES = get_args(Type)
_DIGITS = len(str(MOST_MONEY_MINOR))
_AMOUNT = rf"^[0-9]{{1,{_DIGITS}}}(\.[0-9]{{1,3}})?$"
_OFFSET = "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_TIME = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt ][0-9]{{2}}:[0-9]{{2}}:[0-5][0-9](\.[0-9]{{1,9}})?{_OFFSET}$"
_MOMENT = f"RFC 3339 with an offset, like 2025-06-26T22:00:07+08:00, years {YEARS.start} to {YEARS.stop - 1}"
_MOST = f"up to {MOST_MONEY_MINOR} minor units"


class Field(msgspec.Struct, frozen=True):
    """One column: its value (null: there is none, or it can't be read), and whether that is a mistake."""

    name: str
    value: pl.Expr
    allowed: str
    required: bool = True

    @property
    def wrong(self) -> pl.Expr:
        """Of a table that has the values too: whether a row is mistaken in this column."""
        given, unread = pl.col(self.name).is_not_null(), pl.col(self.name + VALUE).is_null()
        if self.name == "amount":  # in a currency that is none, only its form can be judged
            known = pl.col("currency" + VALUE).is_not_null()
            return ~given | ~pl.col("amount").str.contains(_AMOUNT) | (known & unread)
        return unread if self.required else given & unread


def fields(amount: str) -> tuple[Field, ...]:
    """All columns of a statement that has ``amount`` or ``amount_minor``; the name of each value ends in ``VALUE``."""
    decimal = amount == "amount"
    currency = "an ISO 4217 code in capitals" if decimal else "a code of 3 characters, as ISO 4217 has it"
    return (
        Field("type", _when("type", pl.col("type").is_in(_TYPES)), " or ".join(_TYPES)),
        Field("id", _matching("id", 160), "1 to 160 printable ASCII characters"),
        Field("currency", _iso() if decimal else _matching("currency", 3, 3), currency),
        Field("at", _at(), _MOMENT),
        _in_units() if decimal else Field("amount_minor", _minor(), f"a whole number above 0, {_MOST}"),
        *(Field(name, _matching(name, 160), "up to 160 printable ASCII characters", False) for name in OPTIONAL),
    )


def _when(name: str, condition: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(pl.col(name)).alias(name + VALUE)


def _matching(name: str, most: int, least: int = 1) -> pl.Expr:
    return _when(name, pl.col(name).str.contains(f"^[ -~]{{{least},{most}}}$"))


def _iso() -> pl.Expr:
    return _when("currency", pl.col("currency").is_in(list(EXPONENTS)))


def _minor() -> pl.Expr:
    matching = pl.col("amount_minor").str.contains(f"^[0-9]{{1,{_DIGITS}}}$")
    amount_minor = _when("amount_minor", matching).cast(pl.Int64)
    return pl.when(amount_minor.is_between(1, MOST_MONEY_MINOR)).then(amount_minor).alias("amount_minor" + VALUE)


def _in_units() -> Field:
    """An amount in units as minor units; the decimals are those of its row's currency."""
    together = pl.concat_str(_when("amount", pl.col("amount").str.contains(_AMOUNT)), "currency", separator=" ")
    allowed = f"a number above 0 in units like 5000.00, with no more decimals than its currency has, {_MOST}"
    return Field("amount", _each_once(together, _minor_of).alias("amount" + VALUE), allowed)


def _minor_of(amount: str) -> int | None:
    """``"5000.00 CNY"`` as 500000; ``None`` if the currency has fewer decimals, or it is too little or too much."""
    number, _, currency = amount.partition(" ")
    units, _, decimals = number.partition(".")
    exponent = EXPONENTS.get(currency, -1)
    if len(decimals) > exponent:
        return None
    amount_minor = int(units + decimals.ljust(exponent, "0"))
    return amount_minor if 1 <= amount_minor <= MOST_MONEY_MINOR else None


def _at() -> pl.Expr:
    """Milliseconds since the epoch (what is finer is cut off)."""
    text = _when("at", pl.col("at").str.contains(_TIME))
    seconds = pl.concat_str(text.str.slice(0, 10), text.str.slice(11, 8))
    local = seconds.str.to_datetime("%Y-%m-%d%H:%M:%S", strict=False, time_unit="ms")
    within = local.dt.year().is_between(YEARS.start, YEARS.stop - 1)
    at_ms = local.dt.timestamp("ms") + _each_once(text.str.slice(19), _beyond_ms)
    return pl.when(within).then(at_ms).alias("at" + VALUE)


def _beyond_ms(ending: str) -> int:
    """What the end of a time adds to its whole seconds, to have it in UTC: ``".25+08:00"`` is 250 ms less 8 hours."""
    fraction, _, offset = ending.replace("-", "+-").partition("+")
    digits = fraction.strip(".Zz")[:3].ljust(3, "0")
    hours, minutes = (offset or "00:00").lstrip("-").split(":")
    offset_ms = (int(hours) * 60 + int(minutes)) * 60_000
    return int(digits) + (offset_ms if offset.startswith("-") else -offset_ms)


def _each_once(column: pl.Expr, read: Callable[[str], int | None]) -> pl.Expr:
    """Read a column of texts of which many are the same: each text once."""

    def read_all(texts: pl.Series) -> pl.Series:
        different = texts.drop_nulls().unique()
        values = pl.Series([read(text) for text in different], dtype=pl.Int64())
        return texts.replace_strict(different, values, default=None, return_dtype=pl.Int64())

    return column.map_batches(read_all, return_dtype=pl.Int64())
