"""Quotes as tables: their schema, what can be wrong with a row, and the day made of its minutes.

A frame that comes in here has been read (``exchange.quotes``): its columns have the types below, what could not be read
is null, ``row`` numbers the rows of its file, and minute quotes have ``ms``, the time in milliseconds since the epoch.
The checks are expressions, so that ten million minutes are looked at in the same pass that makes days of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
import numpy as np
import polars as pl

from drumroll.market.sessions import UTC_OFFSET_S
from drumroll.market.ticks import MOST_UNITS, UNITS, off_hong_kong_steps, whole_units

PRICES = ("open", "high", "low", "close")
REQUIRED = ("code", *PRICES, "prev_close", "volume")
OPTIONAL = ("limit_up", "limit_down", "shares")
WHOLE = ("volume", "shares")
DAILY_ONLY = ("midday",)
"""Optional in daily quotes: the last price of the morning session. Minutes give it by themselves."""

_MAY_BE_EMPTY = ("prev_close", *OPTIONAL, *DAILY_ONLY)
EMPTY_IN_A_DAY = ("open", "high", "low", "volume")
TEXT = " text"
"""A frame of CSV quotes has, beside a number that may be empty, its text: what is no number is not nothing."""

NUMBERS = (*PRICES, "prev_close", "volume", *OPTIONAL, *DAILY_ONLY)

DAILY: dict[str, pl.DataType] = {
    "date": pl.Date(),
    "code": pl.String(),
    **{name: pl.Float64() for name in (*PRICES, "prev_close")},
    "volume": pl.Int64(),
    "limit_up": pl.Float64(),
    "limit_down": pl.Float64(),
    "shares": pl.Int64(),
}
"""Daily quotes as everything else takes them, sorted by code and date, one row a code and session."""

MIDDAY: dict[str, pl.DataType] = {"midday": pl.Float64(), "high_at": pl.Int64(), "low_at": pl.Int64()}
"""What a day made of minutes has besides: the morning's last price, and when high and low were first traded (ms)."""

EARLIEST_MS = 694_224_000_000
"""1992-01-01: since then both zones are UTC+8 without summer time, so a day can be reckoned without a time zone."""

DAY_MS = 86_400_000
AFTERNOON_MS = 13 * 3_600_000
"""The afternoon begins at 13:00 on both exchanges (Hong Kong: since 5 March 2012)."""

JUMP = 0.4


class Kind(msgspec.Struct, frozen=True):
    """A kind of finding: what it means, and whether the rows it is about are left out of what is computed."""

    meaning: str
    left_out: bool


KINDS: dict[str, Kind] = {
    "unknown_column": Kind("a column that the schema does not have; it is not read", True),
    "unreadable": Kind("a value that is missing or can't be read", True),
    "not_positive": Kind("a price that is not a positive number, or a volume below zero", True),
    "outside_range": Kind("open or close outside the day's (or the minute's) low to high", False),
    "off_tick": Kind("a price that can't be traded: not on the exchange's price steps", False),
    "outside_limits": Kind("a high above the upper limit, or a low below the lower one", False),
    "duplicate": Kind("another row of the same code and time; the first one counts", True),
    "not_a_session": Kind("a day on which the exchange was closed", False),
    "outside_calendar": Kind("a day that the exchange's calendar does not reach; gaps are not known there", False),
    "gap": Kind("sessions of the exchange without a quote, between two that have one (a halt, or missing data)", False),
    "ex_rights": Kind("the previous close is not the last close: a split or an ex-rights day, with its factor", False),
    "jump": Kind("an open over 40 % away from the previous close: perhaps a split that it was not adjusted for", False),
    "prev_close_differs": Kind("more than one previous close within a day; the first one counts", False),
    "no_exchange": Kind("a code of no exchange known here: its sessions and price steps are not checked", False),
}


class Check(msgspec.Struct, frozen=True):
    """A check of single rows: where it holds, the row has a finding of this kind at this field."""

    kind: str
    field: str
    holds: pl.Expr
    allowed: str

    @property
    def name(self) -> str:
        """The name of its count among the columns of a table."""
        return f"{self.kind}|{self.field}"


_PRICED = (*PRICES, "prev_close", "limit_up", "limit_down", "midday")


def may_be_empty(*, minutes: bool) -> tuple[str, ...]:
    """What a row may leave out: of a day whose every price was not published, what is known can still be said."""
    return _MAY_BE_EMPTY if minutes else (*_MAY_BE_EMPTY, *EMPTY_IN_A_DAY)


def row_checks(columns: list[str], phase_two: date | None = None) -> list[Check]:
    """The checks of a row by itself, for a frame with these columns.

    Price steps are checked by two checks, one an exchange; which of them counts depends on the code.
    """
    when = "date" if "date" in columns else "ms"
    empty = may_be_empty(minutes=when == "ms")
    needed = [when, *(name for name in REQUIRED if name not in empty)]
    checks = [Check("unreadable", name, _unreadable(name, when), _ALLOWED.get(name, "a number")) for name in needed]
    texts = [name for name in empty if name + TEXT in columns and name != "volume"]
    checks += [Check("unreadable", name, _no_number(name), "a number, or nothing") for name in texts]
    if "volume" in empty:
        no_number = _no_number("volume") if "volume" + TEXT in columns else pl.lit(False)
        checks.append(Check("unreadable", "volume", no_number | _not_whole(), _ALLOWED["volume"]))
    priced = [name for name in _PRICED if name in columns]
    checks += [Check("not_positive", name, ~_is_price(name), "a price above 0, up to 100,000,000") for name in priced]
    checks.append(Check("not_positive", "volume", pl.col("volume") < 0, "0 or more"))
    if "shares" in columns:
        checks.append(Check("not_positive", "shares", pl.col("shares") <= 0, "1 or more"))
    low, high = pl.col("low"), pl.col("high")
    checks.append(Check("outside_range", "low", low > pl.min_horizontal("open", "close", "high"), "low <= open, close"))
    checks.append(Check("outside_range", "high", high < pl.max_horizontal("open", "close"), "open, close <= high"))
    if "limit_up" in columns:
        checks.append(Check("outside_limits", "high", high > pl.col("limit_up"), "up to limit_up"))
    if "limit_down" in columns:
        checks.append(Check("outside_limits", "low", low < pl.col("limit_down"), "limit_down or more"))
    return [*checks, *_tick_checks(when, phase_two)]


_ALLOWED = {
    "date": "a day as YYYY-MM-DD",
    "ms": "a time in the form of the file's first row (RFC 3339), from 1992 on",
    "code": "a code as text",
    "volume": "a whole number of shares",
    "prev_close": "a price; nothing only in the first row of a code",
}


def _unreadable(name: str, when: str) -> pl.Expr:
    missing = pl.col(name).is_null()
    if name == "ms":
        return missing | (pl.col(name) < EARLIEST_MS)
    return missing | _not_whole() if name == "volume" else missing


def _not_whole() -> pl.Expr:
    return pl.col("volume") != pl.col("volume").floor()


def _no_number(name: str) -> pl.Expr:
    """An empty previous close is looked at between the rows of a code: see ``daily_findings``."""
    return pl.col(name + TEXT).is_not_null() & pl.col(name).is_null()


def _is_price(name: str) -> pl.Expr:
    return (pl.col(name) > 0) & (pl.col(name) <= MOST_UNITS // UNITS)


def _tick_checks(when: str, phase_two: date | None) -> list[Check]:
    day = pl.col("date").cast(pl.Int32) if when == "date" else (pl.col("ms") + UTC_OFFSET_S * 1000) // DAY_MS

    def off_hong_kong(columns: Sequence[pl.Series]) -> pl.Series:
        prices = np.stack([column.to_numpy() for column in columns[:-1]])
        return pl.Series(off_hong_kong_steps(prices, columns[-1].fill_null(0).to_numpy(), phase_two))

    hong_kong = pl.map_batches([*PRICES, day], off_hong_kong, return_dtype=pl.Boolean, is_elementwise=True)
    fen = pl.any_horizontal(_off_fen(name) for name in PRICES)
    return [
        Check("off_tick", "XHKG", hong_kong, "a multiple of the price's step (Hong Kong's spread table of the day)"),
        Check("off_tick", "XSHG", fen, "a multiple of 0.01"),
    ]


def _off_fen(name: str) -> pl.Expr:
    """Whether a price is further from a whole number of fen than a double can be by itself."""
    fen = pl.col(name) * 100
    return (fen - fen.round()).abs() > 1e-5


def unusable(checks: list[Check]) -> pl.Expr:
    """Which rows are left out because of what they say themselves."""
    return pl.any_horizontal(check.holds.fill_null(False) for check in checks if KINDS[check.kind].left_out)


def local_day(ms: pl.Expr) -> pl.Expr:
    """The exchange's day of a time in milliseconds."""
    return ((ms + UTC_OFFSET_S * 1000) // DAY_MS).cast(pl.Int32).cast(pl.Date)


def days_of_minutes(minutes: pl.LazyFrame, columns: list[str], checks: list[Check]) -> pl.LazyFrame:
    """A row for each code and day of minute quotes: the day's prices, and how many rows have which finding.

    ``rows`` counts the minutes, ``times`` the different ones among them; ``row`` is the first in the file.
    """
    ms = pl.col("ms")
    morning = (ms + UTC_OFFSET_S * 1000) % DAY_MS < AFTERNOON_MS
    optional = [pl.col(name).max_by("ms") for name in OPTIONAL if name in columns]
    previous = pl.col("prev_close")
    return (
        minutes.with_columns(**{check.name: check.holds for check in checks}, day=(ms + UTC_OFFSET_S * 1000) // DAY_MS)
        .group_by("code", "day")
        .agg(
            pl.col("open").min_by("ms"),
            pl.col("high").max(),
            pl.col("low").min(),
            pl.col("close").max_by("ms"),
            pl.coalesce(previous.min_by("ms"), previous.min()),
            pl.col("volume").sum(),
            *optional,
            midday=pl.col("close").filter(morning).max_by(ms.filter(morning)),
            high_at=ms.filter(pl.col("high") == pl.col("high").max()).min(),
            low_at=ms.filter(pl.col("low") == pl.col("low").min()).min(),
            rows=pl.len(),
            times=ms.n_unique(),
            row=pl.col("row").min(),
            prev_close_differs=previous.min() != previous.max(),
            **{check.name: pl.col(check.name).sum() for check in checks},
        )
        .with_columns(date=pl.col("day").cast(pl.Int32).cast(pl.Date))
        .drop("day")
    )


def exchange_column(default: str | None = None, code: str = "code") -> pl.Expr:
    """The exchange of each code: up to five digits Hong Kong, six digits the mainland; else ``default``.

    A market after a point decides (``.HK``, ``.SH``, ``.SS``, ``.SZ``, ``.BJ``).
    """
    text = pl.col(code)
    return (
        pl.when(text.str.contains(r"^\d{1,5}(\.HK)?$"))
        .then(pl.lit("XHKG"))
        .when(text.str.contains(r"^\d{6}(\.(SH|SS|SZ|BJ))?$"))
        .then(pl.lit("XSHG"))
        .otherwise(pl.lit(default, pl.String))
    )


def daily_findings(daily: pl.DataFrame, numbered: pl.DataFrame, reach: pl.DataFrame) -> pl.DataFrame:
    """What is noticed between the rows of daily quotes (sorted by code and date, none twice).

    ``daily`` has ``exchange``, ``file`` and ``row`` besides; ``numbered`` the ``session`` number of each ``exchange``
    and ``date``; ``reach`` the ``first`` and ``last`` day of each exchange's calendar. Gives rows of ``file``, ``row``,
    ``code``, ``date``, ``kind``, ``field``, ``found`` and ``allowed``.
    """
    table = daily.join(numbered, on=["exchange", "date"], how="left", maintain_order="left")
    table = table.join(reach, on="exchange", how="left", maintain_order="left").with_columns(
        last_close=pl.col("close").shift(1).over("code"),
        last_date=pl.col("date").shift(1).over("code"),
        # A day that is no session doesn't count as one, and doesn't hide a gap either.
        last_session=pl.col("session").forward_fill().shift(1).over("code"),
    )
    return pl.concat([table.filter(holds).select(*_WHERE, **said) for holds, said in _between_rows()])


_WHERE = ("file", "row", "code", "date")


def _said(kind: str, field: str, found: pl.Expr, allowed: pl.Expr) -> dict[str, pl.Expr]:
    return {"kind": pl.lit(kind), "field": pl.lit(field), "found": found, "allowed": allowed}


def _between_rows() -> list[tuple[pl.Expr, dict[str, pl.Expr]]]:
    """Where each finding holds, and what it says."""
    inside = pl.col("date").is_between("first", "last")
    session, missing = pl.col("session"), pl.col("session") - pl.col("last_session") - 1
    previous, last, first = pl.col("prev_close"), pl.col("last_close"), pl.col("open")
    day, reach = pl.col("date").cast(pl.String), pl.format("{} to {}", pl.col("first"), pl.col("last"))
    after = pl.format("{}, and before it {}", day, pl.col("last_date"))
    lack = (
        pl.when(missing > 0).then(pl.lit(", or the quotes of the sessions between are missing")).otherwise(pl.lit(""))
    )
    factor = pl.format("{} (factor {}{})", previous, (previous / last).round(6), lack)
    jumped = (first / previous - 1 > JUMP) | (first / previous < 1 - JUMP)
    alone = pl.col("exchange").is_null() & last.is_null()
    near = pl.format("within 40 % of the previous close, {}", previous)
    return [
        (inside & session.is_null(), _said("not_a_session", "date", day, pl.lit("a session of its exchange"))),
        (~inside, _said("outside_calendar", "date", day, reach)),
        (missing > 0, _said("gap", "date", after, pl.format("a quote for each of the {} session(s) between", missing))),
        (
            whole_units(previous) != whole_units(last),
            _said("ex_rights", "prev_close", factor, pl.format("the last close, {}", last)),
        ),
        (jumped, _said("jump", "open", pl.format("{}", first), near)),
        (
            previous.is_null() & last.is_not_null(),
            _said("unreadable", "prev_close", pl.lit("nothing"), pl.lit(_ALLOWED["prev_close"])),
        ),
        (alone, _said("no_exchange", "code", pl.col("code"), pl.lit(_CODES))),
    ]


_CODES = "up to five digits (Hong Kong), six digits (mainland), or an exchange given for other codes"
