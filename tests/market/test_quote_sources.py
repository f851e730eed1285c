"""Sources of quotes, with packages made up for the test: a snapshot is what was fetched, and is read like any file."""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from drumroll.errors import QuoteSourceUnavailable
from drumroll.exchange.quote_sources import take_snapshot
from drumroll.exchange.quotes import read_quotes

FIRST, LAST = date(2025, 6, 26), date(2025, 6, 27)
NOW = datetime(2025, 6, 28, 1, 2, 3, tzinfo=UTC)


class Table:
    """As much of a data frame as the adapters use."""

    def __init__(self, rows: list[dict[str, Any]], index: list[Any] | None = None) -> None:
        self.rows = rows
        self.index = index or list(range(len(rows)))

    def to_dict(self, orient: str) -> list[dict[str, Any]]:
        assert orient == "records"
        return self.rows


def akshare_row(day: str, close: float, change: float) -> dict[str, Any]:
    return {"日期": day, "开盘": close, "收盘": close, "最高": close, "最低": close, "成交量": 12, "涨跌额": change}


@pytest.fixture
def akshare(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    asked: list[dict[str, Any]] = []

    def history(**parameters: Any) -> Table:
        asked.append(parameters)
        return Table([akshare_row("2025-06-26", 56.90, 0.10), akshare_row("2025-06-27", 58.95, 2.05)])

    module = ModuleType("akshare")
    module.__dict__.update(stock_hk_hist=history, stock_zh_a_hist=history, __version__="1.0")
    monkeypatch.setitem(sys.modules, "akshare", module)
    return asked


def test_a_snapshot_of_akshare_is_read_back_with_the_exchanges_previous_close(
    akshare: list[dict[str, Any]], tmp_path: Path
) -> None:
    snapshot = take_snapshot("akshare", ["01810", "600001"], FIRST, LAST, tmp_path / "quotes", NOW)
    assert [each["symbol"] for each in akshare] == ["01810", "600001"]
    assert akshare[0]["adjust"] == ""
    assert (akshare[0]["start_date"], akshare[0]["end_date"]) == ("20250626", "20250627")
    found = read_quotes(tmp_path / "quotes")
    assert found.report.clean
    assert found.daily["prev_close"].to_list() == [56.80, 56.90] * 2
    assert found.daily["volume"].to_list() == [12, 12, 1200, 1200]
    said = json.loads(snapshot.path.with_suffix(".json").read_text())
    assert said["sha256"] == hashlib.sha256(snapshot.path.read_bytes()).hexdigest()
    assert {name: said[name] for name in ("source", "version", "taken_at", "codes", "rows")} == {
        "source": "akshare",
        "version": "1.0",
        "taken_at": "2025-06-28T01:02:03+00:00",
        "codes": ["01810", "600001"],
        "rows": 4,
    }


def test_a_snapshot_of_yahoo_takes_the_close_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[Any] = []

    def ticker(symbol: str) -> SimpleNamespace:
        def history(**parameters: Any) -> Table:
            asked.append((symbol, parameters))
            rows = [dict.fromkeys(("Open", "High", "Low", "Close"), price) | {"Volume": 5} for price in (56.9, 58.95)]
            return Table(rows, ["2025-06-26 00:00:00+08:00", "2025-06-27 00:00:00+08:00"])

        return SimpleNamespace(history=history)

    module = ModuleType("yfinance")
    module.__dict__.update(Ticker=ticker)
    monkeypatch.setitem(sys.modules, "yfinance", module)
    take_snapshot("yfinance", ["01810"], FIRST, LAST, tmp_path, NOW)
    assert asked[0][0] == "1810.HK"
    assert asked[0][1]["auto_adjust"] is False
    assert asked[0][1]["end"] == "2025-06-28"
    found = read_quotes(tmp_path)
    assert found.report.clean
    assert found.daily["prev_close"].to_list() == [None, 56.9]


def test_a_missing_package_is_said_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "akshare", None)
    with pytest.raises(QuoteSourceUnavailable, match=r"pip install 'drumroll\[akshare\]'"):
        take_snapshot("akshare", ["01810"], FIRST, LAST, tmp_path, NOW)
    with pytest.raises(QuoteSourceUnavailable, match="akshare, yfinance"):
        take_snapshot("elsewhere", ["01810"], FIRST, LAST, tmp_path, NOW)


@pytest.mark.parametrize("failure", [ValueError("no page"), None])
def test_a_source_that_fails_or_is_empty_leaves_no_snapshot(
    failure: Exception | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def history(**_: Any) -> Table:
        if failure is not None:
            raise failure
        return Table([])

    module = ModuleType("akshare")
    module.__dict__.update(stock_hk_hist=history)
    monkeypatch.setitem(sys.modules, "akshare", module)
    with pytest.raises(QuoteSourceUnavailable, match="01810"):
        take_snapshot("akshare", ["01810"], FIRST, LAST, tmp_path, NOW)
    assert list(tmp_path.iterdir()) == []
