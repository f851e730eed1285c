"""Records, each with its definition: at the close or within the day, adjusted or not, and since when.

"A record" alone says none of this. So every definition is asked, and the word is flagged where they answer differently,
where the quotes do not reach back as far as the definition does, or where what is called the former record is not one.

A price is *adjusted* into the terms of the session asked about: times the factor of every later ex-rights day up to it,
the factor of a day being its ``prev_close`` over the close before (CRSP: factor to adjust prices; here for whatever the
exchange adjusts the previous close for).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec
import polars as pl

from drumroll.market.day import exact, quote_of
from drumroll.market.sessions import Sessions

Basis = Literal["intraday", "close"]
Outcome = Literal["record", "equalled", "no record", "not known"]
_SAME = 1e-6
"""Closes nearer than this are the same price."""

_COLUMN: dict[str, str] = {"intraday": "high", "close": "close"}


class Definition(msgspec.Struct, frozen=True):
    """What "record" means: highest of which prices, in whose terms, since when (``None``: the quotes' beginning)."""

    basis: Basis
    adjusted: bool
    since: date | None = None
    since_what: str = "the beginning of the quotes"

    def __str__(self) -> str:
        price = "highest trade within a day" if self.basis == "intraday" else "highest close"
        terms = "adjusted for splits and ex-rights days" if self.adjusted else "as printed on the day, unadjusted"
        since = f"{self.since_what} ({self.since})" if self.since else self.since_what
        return f"{price}, {terms}, since {since}"


class Answer(msgspec.Struct, frozen=True):
    """Whether a day was a record by one definition, and which price was the former one."""

    definition: Definition
    outcome: Outcome
    price: Decimal
    former: Decimal | None
    former_on: date | None
    reaches_back: bool
    """Whether the quotes begin as early as the definition does."""

    def __str__(self) -> str:
        former = f", before it {self.former} on {self.former_on}" if self.former is not None else ""
        short = "" if self.reaches_back else "; the quotes do not reach back that far"
        return f"{self.price}: {self.outcome}{former} ({self.definition}){short}"


class Records(msgspec.Struct, frozen=True):
    """The answers of all definitions; ``flags`` says why the word alone would be loose (empty: they all agree)."""

    code: str
    session: date
    answers: tuple[Answer, ...]
    flags: tuple[str, ...]

    @property
    def depends_on_definition(self) -> bool:
        """Whether "record" may not stand without its definition."""
        return bool(self.flags)


class FormerRecord(msgspec.Struct, frozen=True):
    """What is said to have been the record before: a price, and the day it is said to be of."""

    price: Decimal
    on: date


def adjusted(daily: pl.DataFrame, code: str, session: date, calendar: Sessions | None = None) -> pl.DataFrame:
    """A code's quotes up to a session by date, with ``factor`` (1 on most days) and prices in that session's terms.

    The columns ``high_adjusted`` and ``close_adjusted`` are rounded to a ten-thousandth. With a calendar, a difference
    after missing sessions is no factor (it may be what the share did on them): ``after_gap`` marks the day.
    """
    rows = daily.filter((pl.col("code") == code) & (pl.col("date") <= session)).sort("date")
    last = pl.col("close").shift(1)
    rows = rows.with_columns(after_gap=_after_gap(rows, calendar) & ((pl.col("prev_close") - last).abs() > _SAME))
    differs = ((pl.col("prev_close") - last).abs() > _SAME) & ~pl.col("after_gap")
    rows = rows.with_columns(factor=pl.when(differs).then(pl.col("prev_close") / last).otherwise(1.0))
    # A day's prices are multiplied by the factors of the days after it.
    later = pl.col("factor").cum_prod(reverse=True) / pl.col("factor")
    return rows.with_columns((pl.col("high", "close") * later).round(4).name.suffix("_adjusted"))


def _after_gap(rows: pl.DataFrame, calendar: Sessions | None) -> pl.Series:
    """Which rows have sessions without a quote right before them."""
    if calendar is None:
        return pl.Series([False] * rows.height, dtype=pl.Boolean)
    numbered = rows.select("date").join(calendar.numbered(), on="date", how="left", maintain_order="left")
    return (numbered["session"].forward_fill().diff() > 1).fill_null(False)


def record(
    daily: pl.DataFrame,
    code: str,
    session: date,
    definition: Definition,
    *,
    so_far: Decimal | None = None,
    calendar: Sessions | None = None,
) -> Answer:
    """Whether a session was a record by one definition.

    ``so_far`` stands for the day's price where the day isn't over. A definition without ``since`` reaches as far as the
    quotes do.

    Raises:
        UnknownCode, NoQuote: there are no quotes of the code, or none of it on that day.
    """
    today = quote_of(daily, code, session)
    column = _COLUMN[definition.basis]
    price = so_far if so_far is not None else exact(str(today[column]))
    rows = adjusted(daily, code, session, calendar)
    first = rows["date"][0]
    since = definition.since or first
    before = rows.filter((pl.col("date") < session) & (pl.col("date") >= since))
    name = f"{column}_adjusted" if definition.adjusted else column
    former, former_on = _highest(before, name)
    reaches = first <= since
    return Answer(definition, _outcome(price, former, reaches), price, former, former_on, reaches)


def _highest(rows: pl.DataFrame, column: str) -> tuple[Decimal | None, date | None]:
    """The highest price and the first day it was reached."""
    top = rows.drop_nulls(column).sort([column, "date"], descending=[True, False]).head(1)
    return (exact(top[column][0]), top["date"][0]) if top.height else (None, None)


def _outcome(price: Decimal, former: Decimal | None, reaches: bool) -> Outcome:
    if former is not None and price < former:
        return "no record"
    if former is None or not reaches:
        return "not known"
    return "equalled" if price == former else "record"


def definitions(listed: date | None = None, since: date | None = None) -> tuple[Definition, ...]:
    """The usual ones: both bases, adjusted and not; since the quotes begin, since the listing and a day (if given)."""
    begins = [(None, "the beginning of the quotes")]
    spans: list[tuple[date | None, str]] = [*begins]
    spans += [(listed, "the listing")] if listed else []
    spans += [(since, "a day that was chosen")] if since else []
    bases: tuple[Basis, ...] = ("intraday", "close")
    return tuple(
        Definition(basis, terms, day, what) for day, what in spans for basis in bases for terms in (True, False)
    )


def records(
    daily: pl.DataFrame,
    code: str,
    session: date,
    *,
    listed: date | None = None,
    since: date | None = None,
    claimed_former: FormerRecord | None = None,
    so_far: dict[Basis, Decimal] | None = None,
    calendar: Sessions | None = None,
) -> Records:
    """Ask every definition, and flag the word "record" where it would depend on one.

    Raises:
        UnknownCode, NoQuote: there are no quotes of the code, or none of it on that day.
    """
    answers = tuple(
        record(daily, code, session, each, so_far=(so_far or {}).get(each.basis), calendar=calendar)
        for each in definitions(listed, since)
    )
    flags = _flags(answers, listed)
    gaps = adjusted(daily, code, session, calendar).filter("after_gap")["date"].to_list()
    flags += tuple(f"quotes are missing before {day}: a factor of that time is not known" for day in gaps)
    if claimed_former is not None:
        flags += former_contradicted(daily, code, session, claimed_former)
    return Records(code, session, answers, flags)


def _flags(answers: tuple[Answer, ...], listed: date | None) -> tuple[str, ...]:
    flags = []
    outcomes = sorted({answer.outcome for answer in answers})
    if len(outcomes) > 1:
        flags.append(f"it depends on the definition: {', '.join(outcomes)}")
    if any(not answer.reaches_back for answer in answers):
        flags.append("the quotes begin later than a definition does")
    elif listed is None:
        flags.append("the day of the listing is not given, so nothing is known about before the quotes begin")
    if outcomes == ["not known"]:
        flags.append("no earlier quotes to hold it against")
    return tuple(flags)


def former_contradicted(daily: pl.DataFrame, code: str, session: date, former: FormerRecord) -> tuple[str, ...]:
    """Why a price can't have been the record until this session: every kind of price before it that was higher.

    The session's own ``prev_close`` counts: it is a close from before, even where the quotes begin with this day.

    Raises:
        UnknownCode, NoQuote: there are no quotes of the code, or none of it on that day.
    """
    previous = quote_of(daily, code, session)["prev_close"]
    said = f"{former.price} on {former.on} is called the record before"
    found = []
    if previous is not None and exact(str(previous)) > former.price:
        found.append(
            f"{said}, but the close before {session} was already {exact(str(previous))}: it needs a definition"
        )
    rows = adjusted(daily, code, session).filter(pl.col("date") < session)
    for column in ("high", "close", "high_adjusted", "close_adjusted"):
        top, on = _highest(rows, column)
        if top is not None and top > former.price:
            found.append(f"{said}, but {column.replace('_', ' ')} was {top} on {on}")
    return tuple(found)
