"""The report on a launch's day in the market, put together from quotes: every part, or what it lacks."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import cache

import msgspec
import polars as pl

from drumroll.errors import MarketError, NotASession, OutsideCalendar
from drumroll.market import holdings, report_claims
from drumroll.market.day import DEFINITIONS, MOMENTS, Change, Day, day_of, exact, market_value, quote_of
from drumroll.market.question import Asked, calendar_for, session_for
from drumroll.market.records import FormerRecord, Records, records
from drumroll.market.report_limits import limit_rows
from drumroll.market.report_study import studies
from drumroll.market.report_values import (
    Data,
    HoldingRow,
    LimitRow,
    Price,
    RecordRow,
    Report,
    ShareDay,
    TimeAxis,
    Valued,
)
from drumroll.market.sessions import ZONES, Sessions

SESSIONS_SHOWN = 250
"""How many sessions of market value are told, up to the last one: a year."""

DEFINED: dict[str, str] = {
    **DEFINITIONS,
    "record": "higher than every price before; each definition says which prices, in whose terms, and since when",
    "agrees": "the computed figure lies within half a unit of the last digit that was published",
    "limit": "previous close x (1 +- the board's limit), rounded half-up to the fen; a share under risk warning (ST) "
    "can't be told from quotes and is taken for none",
    "touched": "the day's high (low) reached the limit",
    "sealed": "the close is at the limit",
    "broken": "the limit was touched, and the close is not there",
    "streak": "sessions with a quote that were sealed, one after the other, up to this one",
    "abnormal_return": "close over previous close less 1, less what the model expects from the benchmark",
    "car": "abnormal returns added up over the sessions of a window; the event's session is 0",
    "interval": "95 %, of the prediction error: Student's t with the degrees of freedom of the estimation",
    "test": "two-sided, of the null that the average CAR is nought; read the advised one (docs/event-study.md)",
    "holdings": holdings.DEFINITION,
    "orders": "orders whose deposit is paid and stands, of the models that the board counts",
}
"""What every statement of a report means."""


def report(asked: Asked, daily: pl.DataFrame, minutes: pl.DataFrame, data: Data) -> Report:
    """Put the report together from daily quotes; ``minutes`` are those of the share on the event's session, if any.

    Raises:
        UnknownCode, NoQuote: the share itself has no quotes, or none on the session.
        NotASession, OutsideCalendar: the share's exchange was closed on the event's day, or its calendar ends before.
    """
    calendars, sessions, refused = event_sessions(asked, daily)
    limits = limit_rows(asked, daily, sessions)
    known = _known(asked, daily, minutes, calendars, sessions)._replace(limits={row.code: row for row in limits})
    day = known.day(asked.share)
    found = known.records(asked.share)
    studied = studies(asked, daily, calendars, sessions)
    ranked, unranked = _holdings(asked, daily, sessions)
    shown = _share_day(asked, day, calendars[asked.exchange_of(asked.share)])
    lacking = (
        *refused,
        *(f"{what.replace('midday', 'mid-day').replace('_', ' ')}: {why}" for what, why in day.unknown.items()),
        *_without_quotes(limits),
        *(f"event study, {each.group} ({each.exchange}): {why}" for each in studied for why in each.refused),
        *unranked,
        *(() if asked.orders.points else ("orders: no log and no published points",)),
    )
    return Report(
        launch=asked.launch,
        day=shown,
        values=_values(asked, daily),
        claims=tuple(report_claims.hold(each, known) for each in asked.claims),
        consistency=report_claims.consistency(asked.claims, known),
        records=_records(found),
        record_flags=found.flags,
        limits=limits,
        studies=studied,
        holdings=ranked,
        orders=asked.orders,
        axis=_axis(asked, day, daily, minutes, calendars[asked.exchange_of(asked.share)]),
        missing=tuple(dict.fromkeys(lacking)),
        data=data,
        definitions=DEFINED,
    )


def _without_quotes(limits: tuple[LimitRow, ...]) -> tuple[str, ...]:
    """Codes that lack the same, together."""
    by_lack: dict[str, list[str]] = {}
    for row in limits:
        if row.missing:
            by_lack.setdefault(row.missing, []).append(row.code)
    return tuple(f"{lack}: {', '.join(codes)}" for lack, codes in by_lack.items())


def event_sessions(asked: Asked, daily: pl.DataFrame) -> tuple[dict[str, Sessions], dict[str, date], tuple[str, ...]]:
    """The calendar and the event's session of each exchange; an exchange other than the share's may be refused.

    Raises:
        NotASession, OutsideCalendar: the share's exchange has no session for the event.
    """
    calendars: dict[str, Sessions] = {}
    found: dict[str, date] = {}
    refused: list[str] = []
    for exchange in dict.fromkeys(asked.exchange_of(code) for code in asked.roles):
        try:
            calendars[exchange] = calendar_for(asked, exchange, daily)
            found[exchange] = session_for(asked, calendars[exchange])
        except (NotASession, OutsideCalendar) as error:
            if exchange == asked.exchange_of(asked.share):
                raise
            refused.append(str(error))
    return calendars, found, tuple(refused)


def _known(
    asked: Asked,
    daily: pl.DataFrame,
    minutes: pl.DataFrame,
    calendars: dict[str, Sessions],
    sessions: dict[str, date],
) -> report_claims.Known:
    """Days and records of codes as they are asked for, each once."""

    def session(code: str) -> date:
        exchange = asked.exchange_of(code)
        if exchange not in sessions:
            raise MarketError(f"{exchange} has no session for the event")
        return sessions[exchange]

    @cache
    def day(code: str) -> Day:
        own = minutes if code == asked.share else None
        row = quote_of(daily, code, session(code))
        shares = asked.shares if code == asked.share and row.get("shares") is None else None
        return day_of(daily, code, session(code), minutes=own, shares=shares)

    @cache
    def records_of(code: str) -> Records:
        own = code == asked.share
        claimed = _former_claimed(asked, code)
        listed, since = (asked.listed, asked.since) if own else (None, None)
        calendar = calendars.get(asked.exchange_of(code))
        return records(
            daily, code, session(code), listed=listed, since=since, claimed_former=claimed, calendar=calendar
        )

    return report_claims.Known(day, records_of, session, daily, {})


def _former_claimed(asked: Asked, code: str) -> FormerRecord | None:
    for each in asked.claims:
        if each.of == "former_record" and each.code == code and each.on is not None:
            return FormerRecord(Decimal(each.claim.published.text) * each.claim.published.scale, each.on)
    return None


def _share_day(asked: Asked, day: Day, calendar: Sessions) -> ShareDay:
    changes = [day.changes[what] for what in MOMENTS if what in day.changes]
    given = day.shares is not None and day.shares == asked.shares
    return ShareDay(
        code=day.code,
        session=day.session,
        exchange=calendar.exchange,
        currency=asked.currency,
        prev_close=day.prev_close,
        prices=tuple(_price(change) for change in changes),
        unknown=day.unknown,
        shares=day.shares,
        shares_from="" if day.shares is None else "the launch file" if given else "the quotes",
        why_session=_why(asked, day.session, calendar),
    )


def _price(change: Change) -> Price:
    definition = DEFINITIONS[change.what]
    return Price(change.what, change.price, change.percent(), change.market_value, change.at, definition)


def _why(asked: Asked, session: date, calendar: Sessions) -> str:
    if asked.event is None:
        opening = asked.opens_at.isoformat(timespec="minutes")
        return f"the first session of {calendar.exchange} that closes after the opening, {opening}"
    if asked.event == session:
        return f"as asked, a session of {calendar.exchange}"
    return f"{asked.event} is no session of {calendar.exchange}: moved to the {asked.moved} one, as asked"


def _values(asked: Asked, daily: pl.DataFrame) -> tuple[Valued, ...]:
    own = daily.filter(pl.col("code") == asked.share).sort("date").tail(SESSIONS_SHOWN)
    if "shares" in own.columns:
        own = own.with_columns(pl.col("shares").fill_null(asked.shares))
        valued = market_value(own)
    else:
        valued = market_value(own, asked.shares)
    return tuple(Valued(*row) for row in valued.select("date", "close", "market_value").iter_rows())


def _records(found: Records) -> tuple[RecordRow, ...]:
    return tuple(
        RecordRow(str(each.definition), each.outcome, each.price, each.former, each.former_on, each.reaches_back)
        for each in found.answers
    )


def _holdings(
    asked: Asked, daily: pl.DataFrame, sessions: dict[str, date]
) -> tuple[tuple[HoldingRow, ...], tuple[str, ...]]:
    """The holders ranked by the closes of the event's session, and what is missing for some."""
    prices: dict[str, Decimal | float | None] = {}
    for code in {each.code for each in asked.holdings}:
        session = sessions.get(asked.exchange_of(code))
        row = daily.filter(pl.col("code") == code, pl.col("date").is_in([session]))
        prices[code] = exact(row["close"][0]) if row.height else None
    ranked = holdings.rank_holdings(asked.holdings, prices, asked.currency, dict(asked.rates))
    rows = tuple(HoldingRow(*msgspec.structs.astuple(each)) for each in ranked)
    return rows, tuple(f"{each.holder}: {what}, so no rank" for each in rows for what in each.missing)


# The time axis.


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _axis(asked: Asked, day: Day, daily: pl.DataFrame, minutes: pl.DataFrame, calendar: Sessions) -> TimeAxis:
    """From the opening, or the close before the session if that was earlier, to the session's close."""
    session = day.session
    hours = calendar.hours[session]
    earlier = [each for each in calendar.dates if each < session]
    before = calendar.hours[earlier[-1]].closes if earlier else hours.opens
    begins = min(before, asked.opens_at) if asked.opens_at < hours.closes else before
    priced = [*_closes(daily, day, calendar, (begins, before)), (_ms(before), float(day.prev_close))]
    if minutes.height:
        priced += [(_ms(at), price) for at, price in minutes.sort("time").select("time", "close").iter_rows()]
    else:
        priced += _moments(day, hours.opens, hours.break_starts, hours.closes)
    untimed = (
        ()
        if minutes.height
        else tuple(
            (what, float(change.price)) for what in ("high", "low") if (change := day.changes.get(what)) is not None
        )
    )
    return TimeAxis(
        from_ms=_ms(begins),
        to_ms=_ms(hours.closes),
        zone=ZONES[calendar.exchange],
        opening_ms=_ms(asked.opens_at),
        session=(_ms(hours.opens), _ms(hours.closes)),
        prices=tuple(priced),
        level=untimed,
        by_the_minute=bool(minutes.height),
    )


def _closes(
    daily: pl.DataFrame, day: Day, calendar: Sessions, between: tuple[datetime, datetime]
) -> list[tuple[int, float]]:
    """The closes of the sessions that ended from one time on and before another."""
    begins, ends = between
    own = daily.filter(pl.col("code") == day.code, pl.col("date").is_between(begins.date(), day.session, closed="left"))
    closed = [
        (calendar.hours[on].closes, close) for on, close in own.select("date", "close").iter_rows() if on in calendar
    ]
    return [(_ms(at), close) for at, close in sorted(closed) if begins <= at < ends]


def _moments(day: Day, opens: datetime, noon: datetime | None, closes: datetime) -> list[tuple[int, float]]:
    """Without minutes: the prices of the day whose time is known from the session's hours."""
    at = {"open": opens, "midday": noon, "close": closes}
    timed = [(when, day.changes.get(what)) for what, when in at.items()]
    return [(_ms(when), float(change.price)) for when, change in timed if when is not None and change is not None]
