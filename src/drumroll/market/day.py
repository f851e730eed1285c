"""The day of the launch in the market: a share's changes, its market value, and what was claimed about them.

All arithmetic is exact, on decimals as the quotes print them; a figure is rounded once, half-up (away from zero), to
the places it is shown with. ``claims`` holds published figures against these.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import msgspec
import polars as pl

from drumroll.errors import NoQuote, UnknownCode
from drumroll.market.sessions import Sessions
from drumroll.market.ticks import units_of

DEFINITIONS: dict[str, str] = {
    "prev_close": "the close of the session before, as the exchange gives it for this day (ex-rights days: adjusted)",
    "open": "the first trade of the session",
    "midday": "the last trade of the morning session; none on a half day",
    "close": "the last price of the session (the closing auction's, where there is one)",
    "high": "the highest trade of the session",
    "low": "the lowest trade of the session",
    "change": "price / prev_close - 1, in percent",
    "market_value": "price x shares outstanding, all classes as one",
}
"""What every statement about a day means; shown with it."""

Moment = Literal["open", "midday", "close", "high", "low"]
MOMENTS: tuple[Moment, ...] = ("open", "midday", "close", "high", "low")


def exact(value: float | int | str | Decimal) -> Decimal:
    """A number as its shortest text says it: 61.45 is 61.45, not the double nearest to it."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def rounded(value: Fraction, places: int) -> Decimal:
    """A value with so many decimal places, half-up: 0.005 becomes 0.01, and -0.005 becomes -0.01."""
    scale = 10**places
    whole = (abs(value) * scale + Fraction(1, 2)).__floor__()
    text = Decimal(-whole if value < 0 else whole).scaleb(-places)
    return text + 0 if text else abs(text)


class Change(msgspec.Struct, frozen=True):
    """A price of the day against the previous close, and (where shares are known) the market value at it."""

    what: str
    price: Decimal
    prev_close: Decimal
    market_value: Decimal | None = None
    at: datetime | None = None

    @property
    def fraction(self) -> Fraction:
        """The exact price / prev_close - 1."""
        return Fraction(self.price) / Fraction(self.prev_close) - 1

    def percent(self, places: int = 2) -> Decimal:
        """The change in percent, rounded half-up.

        >>> Change("midday", Decimal("59.4"), Decimal("56.9")).percent()
        Decimal('4.39')
        """
        return rounded(self.fraction * 100, places)

    def __str__(self) -> str:
        return f"{self.what} {self.price} ({self.percent():+} %)"


class Day(msgspec.Struct, frozen=True):
    """A share's day. What is not known (``midday`` without quotes by the minute, say) is in ``unknown``, with why."""

    code: str
    session: date
    prev_close: Decimal
    shares: int | None
    changes: dict[str, Change]
    unknown: dict[str, str]

    def change(self, what: Moment) -> Change | None:
        """One of its changes."""
        return self.changes.get(what)


def day_of(
    daily: pl.DataFrame, code: str, session: date, *, minutes: pl.DataFrame | None = None, shares: int | None = None
) -> Day:
    """A share's day from daily quotes; a ``midday`` column, or minute quotes of the day, give mid-day and the times.

    ``minutes`` are the quotes of that code and day by the minute; ``shares`` replaces the quotes' own.

    Raises:
        UnknownCode, NoQuote: there are no quotes of the code, or none of it on that day.
    """
    row = quote_of(daily, code, session)
    previous = row.get("prev_close")
    if previous is None:
        raise NoQuote(f"{code} has no previous close on {session}: nothing to hold its prices against")
    shares = shares if shares is not None else row.get("shares")
    prices = {what: row.get(what) for what in MOMENTS}
    times = _times(minutes, row) if minutes is not None and minutes.height else {}
    changes: dict[str, Change] = {
        what: Change(
            what, exact(price), exact(previous), _value(exact(price), shares), times.get(what, row.get(f"{what}_at"))
        )
        for what, price in prices.items()
        if price is not None
    }
    return Day(code, session, exact(previous), shares, changes, _unknown(changes, shares))


def quote_of(daily: pl.DataFrame, code: str, session: date) -> dict[str, Any]:
    """The row of a code and a session as a dictionary.

    Raises:
        UnknownCode, NoQuote: as ``day_of``.
    """
    rows = daily.filter(pl.col("code") == code)
    if rows.is_empty():
        known = daily["code"].unique().sort()
        some = ", ".join(known.head(8)) + (f" and {len(known) - 8:,} more" if len(known) > 8 else "")
        raise UnknownCode(f"no quotes of {code!r}; there are quotes of {some or 'nothing'}")
    found = rows.filter(pl.col("date") == session)
    if found.is_empty():
        days = rows["date"].sort()
        raise NoQuote(f"{code} has no quote on {session}; it has {rows.height:,} from {days[0]} to {days[-1]}")
    return found.row(0, named=True)


def midday_of(minutes: pl.DataFrame, session: date, calendar: Sessions) -> float | None:
    """The last trade of the morning session, from one code's quotes by the minute; ``None`` on a half day."""
    ends = calendar.hours[calendar.session_of(session)].break_ends
    if ends is None:
        return None
    morning = minutes.filter((pl.col("time") < ends) & (pl.col("time").dt.date() == session)).sort("time")
    return None if morning.is_empty() else float(morning["close"][-1])


def _times(minutes: pl.DataFrame, row: dict[str, Any]) -> dict[str, datetime]:
    """When the day's high and low were first traded."""
    ordered = minutes.sort("time")
    high, low = ordered.filter(pl.col("high") == row["high"]), ordered.filter(pl.col("low") == row["low"])
    return {what: rows["time"][0] for what, rows in (("high", high), ("low", low)) if rows.height}


def _value(price: Decimal, shares: int | None) -> Decimal | None:
    return None if shares is None else price * shares


def _unknown(changes: dict[str, Change], shares: int | None) -> dict[str, str]:
    missing: dict[str, str] = {what: "the quotes do not have it" for what in MOMENTS if what not in changes}
    if "midday" in missing:
        missing["midday"] = "a half day, or no quotes by the minute and no midday column"
    if shares is None:
        missing["market_value"] = "the number of shares outstanding is not given"
    return missing


def market_value(quotes: pl.DataFrame, shares: int | None = None) -> pl.DataFrame:
    """Quotes (daily or by the minute) with ``market_value``: ``close`` x shares, to the nearest whole unit (``Int64``).

    ``shares`` replaces the column of that name; without either it is null.
    """
    count = pl.lit(shares, pl.Int64) if shares is not None or "shares" not in quotes.columns else pl.col("shares")
    units = (pl.col("close") * 10_000).round().cast(pl.Int128)
    return quotes.with_columns(market_value=((units * count.cast(pl.Int128) + 5_000) // 10_000).cast(pl.Int64))


def implied_prev_close(price: str, percent: str, step: str) -> tuple[Decimal, ...]:
    """Every tradable previous close for which this price is a change that rounds (half-up) to this percentage.

    >>> implied_prev_close("59.4", "4.39", "0.05")
    (Decimal('56.90'),)
    """
    units, step_units = units_of(price), units_of(step)
    places = max(0, -int(Decimal(percent).as_tuple().exponent))
    half = Fraction(1, 2 * 10**places)
    edges = sorted(Fraction(units) / (1 + (Fraction(percent) + sign * half) / 100) for sign in (-1, 1))
    candidates = range(-(-edges[0].__floor__() // step_units) * step_units, edges[1].__ceil__() + 1, step_units)
    fit = [
        each
        for each in candidates
        if each > 0 and rounded((Fraction(units, each) - 1) * 100, places) == Decimal(percent)
    ]
    return tuple((Decimal(each) / 10_000).quantize(Decimal(step)) for each in fit)
