"""The reference launch's day as quotes: the published prices, and filler where nothing was published."""

from __future__ import annotations

from datetime import date

import polars as pl

SESSION = date(2025, 6, 27)
SHARE = "01810"


def quotes(*rows: tuple[object, ...]) -> pl.DataFrame:
    """Daily quotes from rows of date, code, open, high, low, close, prev_close."""
    names = ("date", "code", "open", "high", "low", "close", "prev_close")
    schema = {"date": pl.Date(), "code": pl.String(), **{name: pl.Float64() for name in names[2:]}}
    return pl.DataFrame(list(rows), schema=schema, orient="row").with_columns(volume=pl.lit(1, pl.Int64))


def launch_day() -> pl.DataFrame:
    """01810 on 27 June 2025: +8 % at the open, high 61.45, mid-day 59.4, +3.6 % at the close; previous close 56.90."""
    return quotes((SESSION, SHARE, 61.45, 61.45, 58.70, 58.95, 56.90)).with_columns(midday=pl.lit(59.4))
