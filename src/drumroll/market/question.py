"""What is asked about a launch's day in the market, and which session answers it on each exchange."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

import msgspec
import polars as pl

from drumroll.errors import OutsideCalendar
from drumroll.market.claims import Claim
from drumroll.market.estimation import Model
from drumroll.market.holdings import Holding
from drumroll.market.sessions import Moved, Sessions, reach, sessions

Role = Literal["share", "supplier", "rival"]
_HONG_KONG = re.compile(r"\d{1,5}(\.HK)?")
_MAINLAND = re.compile(r"\d{6}(\.(SH|SS|SZ|BJ))?")
_AROUND = timedelta(days=31)


class AskedClaim(msgspec.Struct, frozen=True):
    """A published claim, what it is held against (``change.open``, ``record``, ...), and of which code."""

    claim: Claim
    of: str
    code: str
    on: date | None = None


class OrderCurve(msgspec.Struct, frozen=True):
    """Orders standing firm over time: ``points`` are (milliseconds since the epoch, orders), by time."""

    points: tuple[tuple[int, int], ...] = ()
    source: Literal["log", "published", "none"] = "none"


class StudyAsk(msgspec.Struct, frozen=True):
    """The event study that is wanted; offsets are sessions from the event's, 0. ``windows``: the CARs to test."""

    model: Model = "market"
    estimation: int = 120
    gap: int = 10
    window: tuple[int, int] = (-5, 5)
    windows: tuple[tuple[int, int], ...] = ((0, 0), (-1, 1), (0, 5))


class Asked(msgspec.Struct, frozen=True):
    """The whole question. ``event`` is ``None`` for the first session that closes after the opening."""

    launch: str
    share: str
    exchange: str
    currency: str
    opens_at: datetime
    benchmark: tuple[str, ...] = ()
    suppliers: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    shares: int | None = None
    listed: date | None = None
    since: date | None = None
    holdings: tuple[Holding, ...] = ()
    rates: dict[str, Decimal] = {}
    claims: tuple[AskedClaim, ...] = ()
    orders: OrderCurve = OrderCurve()
    event: date | None = None
    moved: Moved = "refuse"
    study: StudyAsk = StudyAsk()

    @property
    def roles(self) -> dict[str, Role]:
        """Every code that is looked at, once, with its part: the share first, then suppliers, then rivals."""
        named: tuple[tuple[Role, tuple[str, ...]], ...] = (
            ("share", (self.share,)),
            ("supplier", self.suppliers),
            ("rival", self.rivals),
        )
        found: dict[str, Role] = {}
        for role, codes in named:
            for code in codes:
                found.setdefault(code, role)
        return found

    def exchange_of(self, code: str) -> str:
        """The exchange that a code shows, else the share's (as ``market.quotes.exchange_column``)."""
        if _HONG_KONG.fullmatch(code):
            return "XHKG"
        return "XSHG" if _MAINLAND.fullmatch(code) else self.exchange

    def benchmark_of(self, exchange: str) -> str | None:
        """The first benchmark of an exchange."""
        return next((code for code in self.benchmark if self.exchange_of(code) == exchange), None)


def calendar_for(asked: Asked, exchange: str, daily: pl.DataFrame) -> Sessions:
    """The sessions of an exchange from a month before the quotes and the event to a month after them.

    Raises:
        OutsideCalendar: the exchange's calendar does not reach the event.
    """
    opening = asked.event or asked.opens_at.date()
    days = [opening, *(each for each in (daily["date"].min(), daily["date"].max()) if isinstance(each, date))]
    begins, ends = reach(exchange)
    if not begins <= opening <= ends:
        raise OutsideCalendar(f"the calendar of {exchange} is from {begins} to {ends}, the event is on {opening}")
    return sessions(exchange, max(begins, min(days) - _AROUND), min(ends, max(days) + _AROUND))


def session_for(asked: Asked, calendar: Sessions) -> date:
    """The session of an exchange that answers the launch.

    An event asked for by its date is that session, or refused or moved, as asked. Without one it is the first session
    that closes after the opening: a launch at 22:00 is answered on the next session.

    Raises:
        NotASession, OutsideCalendar: as ``Sessions.session_of``.
    """
    if asked.event is not None:
        return calendar.session_of(asked.event, asked.moved)
    for day in calendar.dates:
        if calendar.hours[day].closes > asked.opens_at:
            return day
    raise OutsideCalendar(f"{calendar.exchange}: no session after the opening, {asked.opens_at.isoformat()}")
