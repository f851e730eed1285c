"""Published claims held against the report's own figures: agrees, does not, depends on a definition, not known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

import msgspec
import polars as pl

from drumroll.errors import MarketError
from drumroll.market.claims import Published, check_claim, values_agree
from drumroll.market.day import DEFINITIONS, Day, rounded
from drumroll.market.limits import board_of, rule_of
from drumroll.market.question import AskedClaim
from drumroll.market.records import FormerRecord, Records, former_contradicted
from drumroll.market.report_values import ClaimRow, LimitRow, Verdict

PLACES = 6
"""Decimal places of a percentage that a claim is held against: finer than anybody publishes."""


class Known(NamedTuple):
    """What claims are held against: the days and records of codes, and the session of each."""

    day: Callable[[str], Day]
    records: Callable[[str], Records]
    session: Callable[[str], date]
    daily: pl.DataFrame
    limits: dict[str, LimitRow]


def hold(asked: AskedClaim, known: Known) -> ClaimRow:
    """Hold one claim against what is known; what is missing for it is said."""
    try:
        return _HELD.get(asked.of, _figure)(asked, known)
    except MarketError as error:
        return _unknown(asked, str(error))


def _row(asked: AskedClaim, verdict: Verdict, computed: str, definition: str, *notes: str) -> ClaimRow:
    published = str(asked.claim.published)
    return ClaimRow(asked.claim.what, published, computed, verdict, "", None, definition, notes)


def _unknown(asked: AskedClaim, why: str) -> ClaimRow:
    return _row(asked, "not known", "", definition_of(asked.of), why)


def definition_of(of: str) -> str:
    """What a claim of this kind is held against, in words."""
    kind, _, moment = of.partition(".")
    if kind == "price":
        return DEFINITIONS[moment]
    if moment:
        return f"{DEFINITIONS[kind]}, at the {moment.replace('midday', 'mid-day')}: {DEFINITIONS[moment]}"
    return {
        "prev_close": DEFINITIONS["prev_close"],
        "limit_percent": "the daily price limit of the code's board on that day, and that the price reached it",
        "record": "higher than every price before; which prices, in whose terms and since when must be said",
        "former_record": "the highest price before the session, and first reached on the day named",
    }[of]


def _figure(asked: AskedClaim, known: Known) -> ClaimRow:
    kind, _, moment = asked.of.partition(".")
    day = known.day(asked.code)
    if not moment:
        return _compared(asked, day.prev_close)
    change = day.changes.get(moment)
    if change is None:
        return _unknown(asked, f"{asked.code}, {moment}: {day.unknown.get(moment, 'the quotes do not have it')}")
    if kind == "change":
        return _compared(asked, change.percent(PLACES))
    if kind == "price":
        return _compared(asked, change.price)
    if change.market_value is None:
        return _unknown(asked, day.unknown.get("market_value", "no market value"))
    return _compared(asked, change.market_value)


def _compared(asked: AskedClaim, value: Decimal, *notes: str) -> ClaimRow:
    verdict = check_claim(asked.claim, value)
    published = asked.claim.published
    relative = asked.of.startswith("change.") or asked.of == "limit_percent"
    own = max(0, -int(value.normalize().as_tuple().exponent)) if published.scale == 1 and not relative else 0
    places = max(own, published.places + (2 if published.scale > 1 or asked.of.startswith("change.") else 0))
    computed = _as_published(value, published, places)
    off = "" if verdict.agrees else _as_published(verdict.difference, published, places, sign="+")
    percent = None if verdict.agrees or relative else verdict.percent
    off = off.replace("%", "points") if relative else off
    word: Verdict = "agrees" if verdict.agrees else "does not agree"
    row = _row(asked, word, computed, definition_of(asked.of), *notes)
    return msgspec.structs.replace(row, off_by=off, off_by_percent=percent)


def _as_published(value: Decimal, published: Published, places: int, sign: str = "") -> str:
    """A value in the scale that the published figure has."""
    scaled = rounded(Fraction(value) / published.scale, places)
    words = str(Published("0", published.scale, published.unit)).removeprefix("0")
    return f"{scaled:{sign},}{words}"


def _limit(asked: AskedClaim, known: Known) -> ClaimRow:
    """The limit itself is a rule, so it is known without quotes; whether the price reached it is not."""
    rule = rule_of(board_of(asked.code), known.session(asked.code))
    if rule.up_percent is None:
        return _unknown(asked, rule.why)
    row = known.limits.get(asked.code)
    if row is None or row.missing or row.limit_up is None:
        return _compared(
            asked, Decimal(rule.up_percent), rule.why, "no quotes: whether the price reached it is not known"
        )
    held = _compared(asked, Decimal(rule.up_percent), rule.why, f"limits {row.limit_down} and {row.limit_up}")
    reached = row.state or "the price reached neither"
    verdict = held.verdict if row.state else "does not agree"
    return msgspec.structs.replace(held, verdict=verdict, notes=(*held.notes, reached))


def _record(asked: AskedClaim, known: Known) -> ClaimRow:
    """Whether the figure was the day's highest price, and whether that was a record by every definition."""
    found = known.records(asked.code)
    prices = {answer.definition.basis: answer.price for answer in found.answers}
    low, high = asked.claim.published.bounds
    computed = ", ".join(f"{price} ({basis})" for basis, price in prices.items())
    meant = [basis for basis, price in prices.items() if low <= Fraction(price) <= high]
    definition = definition_of(asked.of)
    if not meant:
        return _row(asked, "does not agree", computed, definition, "neither the day's highest price nor its close")
    answers = [answer for answer in found.answers if answer.definition.basis in meant]
    outcomes = {answer.outcome for answer in answers}
    if outcomes == {"no record"}:
        return _row(asked, "does not agree", computed, definition, *(str(answer) for answer in answers))
    if found.flags:
        return _row(asked, "depends on its definition", computed, definition, *found.flags)
    return _row(asked, "agrees" if outcomes == {"record"} else "does not agree", computed, definition)


def _former(asked: AskedClaim, known: Known) -> ClaimRow:
    """Whether the figure can have been the highest price until the session."""
    session = known.session(asked.code)
    definition = definition_of(asked.of)
    price = rounded(asked.claim.published.value, asked.claim.published.places)
    assert asked.on is not None, "the launch file has a day for every former record"
    former = FormerRecord(price, asked.on)
    tops = [answer for answer in known.records(asked.code).answers if answer.former is not None]
    computed = "; ".join(dict.fromkeys(f"{answer.former} on {answer.former_on}" for answer in tops))
    if against := former_contradicted(known.daily, asked.code, session, former):
        previous = f"previous close {known.day(asked.code).prev_close}"
        return _row(asked, "does not agree", computed or previous, definition, *against)
    if any(answer.former == price and answer.former_on == asked.on for answer in tops):
        return _row(asked, "agrees", computed, definition)
    first = known.daily.filter(pl.col("code") == asked.code)["date"].min()
    if isinstance(first, date) and first <= asked.on:
        return _row(asked, "does not agree", computed, definition, "no price of that day was the highest until then")
    return _row(asked, "not known", computed, definition, f"the quotes begin on {first!s}")


_HELD: dict[str, Callable[[AskedClaim, Known], ClaimRow]] = {
    "limit_percent": _limit,
    "record": _record,
    "former_record": _former,
}


def consistency(claims: tuple[AskedClaim, ...], known: Known) -> tuple[str, ...]:
    """Every two published market values of a code that no one number of shares allows, whatever the shares are."""
    valued = [each for each in claims if each.of.startswith("market_value.") and each.claim.relation == "is"]
    found = []
    for one, other in combinations(valued, 2):
        prices = [_price(each, known) for each in (one, other)]
        if one.code != other.code or prices[0] is None or prices[1] is None:
            continue
        agreement = values_agree(one.claim.published, prices[0], other.claim.published, prices[1])
        verdict = "agree with each other" if agreement.agrees else "do not agree with each other"
        ranges = [
            f"{low / 1e9:,.2f} to {high / 1e9:,.2f} bn"
            for low, high in (agreement.first_shares, agreement.second_shares)
        ]
        found.append(
            f"{one.claim.published} at {prices[0]} and {other.claim.published} at {prices[1]} {verdict}: the first "
            f"allows {ranges[0]} shares, the second {ranges[1]}; with {agreement.shares / 1e9:,.2f} bn shares the "
            f"second would be {agreement.expected / 10**12:,.3f} trillion"
        )
    return tuple(found)


def _price(asked: AskedClaim, known: Known) -> str | None:
    try:
        change = known.day(asked.code).changes.get(asked.of.partition(".")[2])
    except MarketError:
        return None
    return None if change is None else str(change.price)
