"""Mornings after a launch: a question with made-up codes, and quotes drawn for it."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from drumroll.market.claims import Claim, Published
from drumroll.market.question import Asked, AskedClaim, StudyAsk
from drumroll.market.report import report
from drumroll.market.report_values import ClaimRow, Data, Report
from drumroll.market.sessions import Sessions, sessions

ZONE = timezone(timedelta(hours=8))
EVENT = date(2025, 6, 27)
OPENING = datetime(2025, 6, 26, 22, 0, tzinfo=ZONE)
SHARE, RIVAL, INDEX = "00001", "00002", "IDX"
MAIN, CHINEXT, MAINLAND_INDEX = "000001", "300001", "999999"
NO_MINUTES = pl.DataFrame(
    schema={"time": pl.Datetime("ms", "Asia/Hong_Kong"), "code": pl.String(), "close": pl.Float64()}
)
NO_DATA = Data("0 rows", {}, {}, {})
NAMES = ("date", "code", "open", "high", "low", "close", "prev_close", "volume")


def asked(**changes: Any) -> Asked:
    usual: dict[str, Any] = {
        "launch": "A launch",
        "share": SHARE,
        "exchange": "XHKG",
        "currency": "HKD",
        "opens_at": OPENING,
        "benchmark": (INDEX, MAINLAND_INDEX),
        "suppliers": (MAIN, CHINEXT),
        "rivals": (RIVAL,),
        "study": StudyAsk(estimation=60, gap=5, window=(-2, 2), windows=((0, 0), (-1, 1), (0, 2))),
    }
    return Asked(**{**usual, **changes})


def calendar(exchange: str) -> Sessions:
    return sessions(exchange, date(2025, 1, 2), date(2025, 8, 29))


def drawn(
    seed: int = 1, last: date = date(2025, 7, 10), jump: float = 0.0, codes: tuple[str, ...] = ()
) -> pl.DataFrame:
    """Quotes of every code of ``asked()`` from February to ``last``; the firms jump on the event's session."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[Any, ...]] = []
    by_exchange = {"XHKG": (INDEX, SHARE, RIVAL), "XSHG": (MAINLAND_INDEX, MAIN, CHINEXT)}
    for exchange, named in by_exchange.items():
        days = calendar(exchange).between(date(2025, 2, 3), last)
        market = rng.normal(0, 0.01, len(days))
        for code in named:
            own = market if code in (INDEX, MAINLAND_INDEX) else market + rng.normal(0, 0.01, len(days))
            moved = own + np.array([jump * (day == EVENT and own is not market) for day in days])
            rows += walk(code, days, moved)
    frame = pl.DataFrame(rows, schema=list(NAMES), orient="row").sort("code", "date")
    return frame.filter(pl.col("code").is_in(list(codes))) if codes else frame


def walk(code: str, days: tuple[date, ...], returns: Any) -> list[tuple[Any, ...]]:
    """A price that takes these returns, rounded to 0.01."""
    price, rows = 40.0, []
    for day, change in zip(days, returns, strict=True):
        before, price = price, round(price * (1 + float(change)), 2)
        rows.append((day, code, before, max(before, price), min(before, price), price, before, 1000))
    return rows


def bar(code: str, prices: tuple[float, float, float, float], prev_close: float, day: date = EVENT) -> pl.DataFrame:
    """One day's quote: open, high, low, close."""
    return pl.DataFrame([(day, code, *prices, prev_close, 1)], schema=list(NAMES), orient="row")


def with_bar(daily: pl.DataFrame, row: pl.DataFrame) -> pl.DataFrame:
    """The quotes with that day's row in place of what was there."""
    return pl.concat([daily.join(row.select("date", "code"), on=["date", "code"], how="anti"), row]).sort(
        "code", "date"
    )


def told(question: Asked, daily: pl.DataFrame, minutes: pl.DataFrame = NO_MINUTES) -> Report:
    return report(question, daily, minutes, NO_DATA)


def claim(
    of: str, figure: str, *, code: str = SHARE, on: date | None = None, scale: int = 1, **more: Any
) -> AskedClaim:
    published = Published(figure, scale, more.pop("unit", ""))
    return AskedClaim(Claim(f"{of} {figure}", published, of, **more), of, code, on)


def verdict(daily: pl.DataFrame, each: AskedClaim, **changes: Any) -> ClaimRow:
    (row,) = told(asked(claims=(each,), **changes), daily).claims
    return row


def figures(row: ClaimRow) -> Decimal:
    """The first number of what was computed."""
    return Decimal(row.computed.split(" ")[0].replace(",", ""))
