"""From a launch, its quotes and its log to what ``drumroll market`` asks and reports."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from drumroll.bootstrap import open_log_for_reading
from drumroll.domain.book import Book
from drumroll.domain.evolve import evolve
from drumroll.domain.launch import Launch
from drumroll.domain.launch_market import SCALES, Market, MarketClaim
from drumroll.errors import MarketError, WrongLaunch
from drumroll.exchange.quotes import Quotes, read_quotes
from drumroll.market.claims import Claim, Published
from drumroll.market.holdings import Holding
from drumroll.market.question import Asked, AskedClaim, OrderCurve, StudyAsk
from drumroll.market.quotes import KINDS
from drumroll.market.report import event_sessions, report
from drumroll.market.report_values import Data, Report

CURVE_POINTS = 4000


def reported(launch: Launch, quotes_path: Path, log: str | None, options: dict[str, Any]) -> Report:
    """Read quotes and log, and report on the launch's day.

    Raises:
        MarketError: the launch names no share, or as ``market.report.report`` and ``read_quotes``.
        LogError, WrongLaunch: the log can't be read, or is another launch's.
    """
    if launch.market is None:
        raise MarketError(f"the launch {launch.id} has no table [market]: see docs/launch-file.md")
    curve = curve_of(log, launch) if log else _published(launch.market)
    asked = _asked(launch, launch.market, curve, options)
    quotes = read_quotes(quotes_path, exchange=asked.exchange, indices=asked.benchmark)
    _, sessions, _ = event_sessions(asked, quotes.daily)
    minutes = quotes.minutes([asked.share], sessions[asked.exchange_of(asked.share)])
    return report(asked, quotes.daily, minutes, _data(quotes))


def curve_of(log: str, launch: Launch) -> OrderCurve:
    """How many orders stood firm over time, folded from a log. Raises ``LogError`` or ``WrongLaunch``."""
    book = Book()
    with closing(open_log_for_reading(log)) as reader:
        for block in reader.read(1):
            for event in block.events:
                evolve(book, event, block.at_ms, block.position)
    if book.launch is None or book.launch.id != launch.id:
        found = "no launch" if book.launch is None else book.launch.id
        raise WrongLaunch(f"{log} is the log of {found}, asked about {launch.id}")
    points = (
        tuple((second * 1000, firm) for second, firm in book.curve.sampled(CURVE_POINTS))
        if len(book.curve.seconds)
        else ()
    )
    return OrderCurve(points, "log")


def _published(market: Market) -> OrderCurve:
    points = tuple(sorted((each.at_ms, each.firm) for each in market.orders))
    return OrderCurve(points, "published" if points else "none")


def _asked(launch: Launch, market: Market, curve: OrderCurve, options: dict[str, Any]) -> Asked:
    return Asked(
        launch=launch.name,
        share=market.share,
        exchange=market.exchange,
        currency=market.currency,
        opens_at=datetime.fromtimestamp(launch.opens_at_ms / 1000, ZoneInfo(launch.time_zone)),
        benchmark=market.benchmark,
        suppliers=market.suppliers,
        rivals=market.rivals,
        shares=market.shares,
        listed=market.listed,
        since=options["since"],
        holdings=tuple(
            Holding(each.holder, each.code, each.shares, each.currency or market.currency) for each in market.holdings
        ),
        rates=options["rates"],
        claims=tuple(_claim(each, market) for each in market.claims),
        orders=curve,
        event=options["event_date"],
        moved=options["moved"],
        study=StudyAsk(options["model"], options["estimation"], options["gap"], options["window"], options["windows"]),
    )


def _claim(claim: MarketClaim, market: Market) -> AskedClaim:
    published = Published(claim.figure, SCALES[claim.scale], claim.unit or "")
    held = Claim(claim.what, published, claim.definition, claim.relation)
    return AskedClaim(held, claim.definition, claim.code or market.share, claim.on)


def _data(quotes: Quotes) -> Data:
    noticed = quotes.report
    return Data(
        read=noticed.lines()[0],
        counts=noticed.counts,
        meanings={kind: KINDS[kind].meaning for kind in noticed.counts},
        findings={kind: tuple(str(each) for each in noticed.of(kind)) for kind in noticed.counts},
    )
