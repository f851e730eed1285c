"""Holdings, valued at a price and ranked: "the rise made him the richest" as a table that says what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from drumroll.errors import MarketError
from drumroll.market.day import exact

DEFINITION = (
    "shares held x price, converted at the rate given, summed over the holdings named; nothing else that a holder "
    "owns or owes is counted; equal values share a rank and the next one is skipped (1, 2, 2, 4)"
)


class Holding(msgspec.Struct, frozen=True):
    """So many shares of a code, held by somebody; the price is in ``currency``."""

    holder: str
    code: str
    shares: int
    currency: str


class Ranked(msgspec.Struct, frozen=True):
    """A holder's place. Without a price (or rate) for a part there is no rank: ``value`` is then that of the rest."""

    holder: str
    rank: int | None
    value: Decimal
    currency: str
    tied_with: tuple[str, ...]
    missing: tuple[str, ...]


def rank_holdings(
    holdings: Iterable[Holding],
    prices: Mapping[str, Decimal | float | None],
    currency: str,
    rates: Mapping[str, Decimal | float | None] | None = None,
) -> tuple[Ranked, ...]:
    """Holders by the value of what they hold in ``currency``, highest first; those with missing prices at the end.

    ``rates``: how much of ``currency`` one unit of another currency is worth.

    Raises:
        MarketError: a holding of no or fewer shares, or a price or rate that is not positive.
    """
    rates = {**(rates or {}), currency: 1}
    totals: dict[str, Decimal] = {}
    missing: dict[str, list[str]] = {}
    for each in holdings:
        value, lacks = _value(each, prices, rates)
        totals[each.holder] = totals.get(each.holder, Decimal(0)) + value
        missing.setdefault(each.holder, []).extend(lacks)
    complete = {holder: value for holder, value in totals.items() if not missing[holder]}
    ranked = [_ranked(holder, value, complete, currency) for holder, value in complete.items()]
    partial = [
        Ranked(holder, None, value, currency, (), tuple(missing[holder]))
        for holder, value in totals.items()
        if missing[holder]
    ]
    return (*sorted(ranked, key=_order), *sorted(partial, key=_order))


def _order(row: Ranked) -> tuple[Decimal, str]:
    return -row.value, row.holder


def _ranked(holder: str, value: Decimal, complete: dict[str, Decimal], currency: str) -> Ranked:
    ties = tuple(sorted(other for other, worth in complete.items() if worth == value and other != holder))
    rank = 1 + sum(worth > value for worth in complete.values())
    return Ranked(holder, rank, value, currency, ties, ())


def _value(
    holding: Holding, prices: Mapping[str, Decimal | float | None], rates: Mapping[str, Decimal | float | None]
) -> tuple[Decimal, list[str]]:
    """The value of a holding, or 0 and what is missing for it."""
    if holding.shares <= 0:
        raise MarketError(f"{holding.holder}, {holding.code}: found {holding.shares} shares, allowed: 1 or more")
    price, rate = prices.get(holding.code), rates.get(holding.currency)
    lacks = [f"price of {holding.code}"] if price is None else []
    lacks += [f"rate of {holding.currency}"] if rate is None else []
    if price is None or rate is None:
        return Decimal(0), lacks
    for name, figure in ((f"price of {holding.code}", price), (f"rate of {holding.currency}", rate)):
        if not exact(figure).is_finite() or exact(figure) <= 0:
            raise MarketError(f"{name}: found {figure}, allowed: a positive number")
    return exact(price) * exact(rate) * holding.shares, []
