"""Quotes from elsewhere, once: a snapshot is fetched and stored, and everything is then computed from the snapshot.

The packages are optional (``drumroll[akshare]``, ``drumroll[yfinance]``) and imported when asked for. A snapshot is a
Parquet file with the schema of docs/market.md and, beside it, a JSON file: source, version, time, parameters, digest.

What the sources do not say: akshare gives the day's change, from which the exchange's own previous close follows
(ex-rights days included); Yahoo gives neither, and its prices are adjusted for splits already, so there it is the
last close.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from drumroll.errors import FileUnfit, QuoteSourceUnavailable
from drumroll.market.quotes import DAILY

LOT = 100
"""akshare counts the volume of A-shares in lots of 100 shares, that of Hong Kong in shares."""

COLUMNS = ("date", "code", "open", "high", "low", "close", "prev_close", "volume")

_AKSHARE = {"open": "开盘", "high": "最高", "low": "最低", "close": "收盘"}
_YAHOO = {"open": "Open", "high": "High", "low": "Low", "close": "Close"}

Fetch = Callable[[Any, str, date, date], list[dict[str, object]]]


class Snapshot(msgspec.Struct, frozen=True):
    """A stored snapshot: where it is, and what the JSON file beside it says."""

    path: Path
    source: str
    version: str
    taken_at: str
    first: str
    last: str
    codes: tuple[str, ...]
    rows: int
    sha256: str


def take_snapshot(
    source: str, codes: Sequence[str], first: date, last: date, folder: Path, taken_at: datetime
) -> Snapshot:
    """Fetch daily quotes from ``akshare`` or ``yfinance``, and store them in a folder as ``SOURCE-FIRST-LAST.parquet``.

    Raises:
        QuoteSourceUnavailable: no such source, its package is not installed, or it failed or gave nothing for a code.
        FileUnfit: the snapshot can't be written.
    """
    if source not in _SOURCES:
        raise QuoteSourceUnavailable(f"found source {source!r}, allowed: {', '.join(_SOURCES)}")
    package = _package(source)
    rows = [row for code in codes for row in _fetched(source, package, code, first, last)]
    table = pl.DataFrame(rows, schema={name: DAILY[name] for name in COLUMNS}).sort("code", "date")
    path = folder / f"{source}-{first}-{last}.parquet"
    _store(path, table)
    snapshot = Snapshot(
        path=path,
        source=source,
        version=str(getattr(package, "__version__", "unknown")),
        taken_at=taken_at.isoformat(),
        first=str(first),
        last=str(last),
        codes=tuple(codes),
        rows=table.height,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    said = {**msgspec.to_builtins(snapshot, enc_hook=str), "path": path.name}
    path.with_suffix(".json").write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return snapshot


def _store(path: Path, table: pl.DataFrame) -> None:
    """Write to a file beside it, then give that one the name: a snapshot is there as a whole or not at all."""
    beside = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        table.write_parquet(beside)
        beside.replace(path)
    except OSError as error:
        raise FileUnfit(f"{path} could not be written ({error.strerror or error})") from error
    finally:
        beside.unlink(missing_ok=True)


def _package(source: str) -> Any:
    try:
        return import_module(source)
    except ImportError as error:
        raise QuoteSourceUnavailable(
            f"{source} is not installed: pip install 'drumroll[{source}]', or give quotes as CSV or Parquet"
        ) from error


def _fetched(source: str, package: Any, code: str, first: date, last: date) -> list[dict[str, object]]:
    try:
        rows = _SOURCES[source](package, code, first, last)
    except QuoteSourceUnavailable:
        raise
    except Exception as error:
        # Whatever a package that reads web pages raises: its errors are of no common kind.
        raise QuoteSourceUnavailable(f"{source} failed for {code}: {type(error).__name__}: {error}") from error
    if not rows:
        raise QuoteSourceUnavailable(f"{source} gave no quotes of {code} from {first} to {last}")
    return rows


def _akshare(package: Any, code: str, first: date, last: date) -> list[dict[str, object]]:
    """``stock_hk_hist`` or ``stock_zh_a_hist``, unadjusted."""
    digits, _, market = code.partition(".")
    hong_kong = len(digits) <= 5 or market == "HK"
    fetch = package.stock_hk_hist if hong_kong else package.stock_zh_a_hist
    frame = fetch(symbol=digits, period="daily", start_date=f"{first:%Y%m%d}", end_date=f"{last:%Y%m%d}", adjust="")
    rows = []
    for row in frame.to_dict("records"):
        prices = {name: float(row[column]) for name, column in _AKSHARE.items()}
        previous = round(prices["close"] - float(row["涨跌额"]), 4)
        volume = int(row["成交量"]) * (1 if hong_kong else LOT)
        day = _day(row["日期"])
        rows.append({"date": day, "code": code, **prices, "prev_close": previous, "volume": volume})
    return rows


def _yfinance(package: Any, code: str, first: date, last: date) -> list[dict[str, object]]:
    """``Ticker.history`` without dividends adjusted; ``end`` is the first day that it leaves out."""
    end = last + timedelta(days=1)
    frame = package.Ticker(yahoo_symbol(code)).history(start=str(first), end=str(end), interval="1d", auto_adjust=False)
    rows: list[dict[str, object]] = []
    previous: float | None = None
    for day, row in zip(frame.index, frame.to_dict("records"), strict=True):
        prices = {name: round(float(row[column]), 4) for name, column in _YAHOO.items()}
        rows.append({"date": _day(day), "code": code, **prices, "prev_close": previous, "volume": int(row["Volume"])})
        previous = prices["close"]
    return rows


def _day(value: Any) -> date:
    """A day from what a package says: a text, a date, or a time in the exchange's zone."""
    return date.fromisoformat(str(value)[:10])


def yahoo_symbol(code: str) -> str:
    """Yahoo's name of a code: ``1810.HK``, ``600000.SS``, ``300697.SZ``; others as they are.

    >>> yahoo_symbol("01810"), yahoo_symbol("300697"), yahoo_symbol("^HSI")
    ('1810.HK', '300697.SZ', '^HSI')
    """
    digits, _, market = code.partition(".")
    if not digits.isdigit() or len(digits) > 6 or (market and market not in {"HK", "SH", "SS", "SZ"}):
        return code
    if len(digits) <= 5:
        return f"{int(digits):04}.HK"
    return f"{digits}.{'SS' if digits[0] in '69' else 'SZ'}"


_SOURCES: dict[str, Fetch] = {"akshare": _akshare, "yfinance": _yfinance}
