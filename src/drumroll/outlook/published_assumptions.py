"""What a published amount may have been reckoned from: each count of orders, each price, VAT in or out."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import Literal

import msgspec

from drumroll.domain.launch import Launch
from drumroll.domain.launch_finance import TIMED, PublishedFigure
from drumroll.domain.money import EXPONENTS
from drumroll.errors import FiguresRefused
from drumroll.outlook.figures import MOST_ORDERS, Figures, Potential, base_trim, finance_of, headline
from drumroll.outlook.figures_orders import Stood
from drumroll.outlook.published_reading import Fit, fit, number, value_of
from drumroll.outlook.vat import without_vat

Vat = Literal["with VAT", "without VAT", ""]
MOST_COMBINATIONS = 10_000
NAMES = {"orders": "orders", "locked": "locked orders"}


class Known(msgspec.Struct, frozen=True):
    """What published figures are held against: the launch, its figures, and what stood in the log at their moments."""

    launch: Launch
    figures: Figures
    stood: dict[int, Stood] = {}

    @property
    def has_log(self) -> bool:
        """Whether there is a log at all."""
        return self.figures.counted_from == "log"


class Count(msgspec.Struct, frozen=True):
    """A number of orders, and whose number it is. ``published``: it stands in the launch file."""

    orders: int
    words: str
    published: bool = False


class Combination(msgspec.Struct, frozen=True):
    """One set of assumptions, and what comes out: ``value`` in units of the currency, or in percent.

    ``price``: which price each order is taken at ("": none is). ``vat`` is "" where it makes no difference.
    """

    count: Count
    price: str
    vat: Vat
    value: Fraction
    fit: Fit

    @property
    def fits(self) -> bool:
        """Whether it gives the printed digits in some way."""
        return self.fit != "no"

    def __str__(self) -> str:
        return ", ".join(part for part in (self.count.words, self.price, self.vat) if part)


class _Amount(msgspec.Struct, frozen=True):
    count: Count
    price: str
    vat: Vat
    minor: int


def combinations(figure: PublishedFigure, known: Known) -> tuple[Combination, ...]:
    """Every way to reckon a figure of deposits, potential revenue or a share of a quarter; none if nothing is counted.

    Raises ``FiguresRefused`` if there are more than ``MOST_COMBINATIONS``.
    """
    every = _deposits(known) if figure.definition == "deposits" else _revenues(known)
    amounts = tuple(islice(every, MOST_COMBINATIONS + 1))
    if len(amounts) > MOST_COMBINATIONS:
        raise FiguresRefused(
            f"finance.published {figure.id}: found more than {MOST_COMBINATIONS:,} ways to reckon it, allowed: up to"
            " that; publish fewer counts, or check without it"
        )
    unit = _unit_minor(figure, known)
    return tuple(_combination(each, each.minor / unit, figure) for each in amounts)


def _combination(amount: _Amount, value: Fraction, figure: PublishedFigure) -> Combination:
    return Combination(amount.count, amount.price, amount.vat, value, fit(value, figure))


def of_published(tried: tuple[Combination, ...]) -> tuple[Combination, ...]:
    """Those reckoned from published counts, or all if there are none such.

    Whoever published a figure knew those; that a later count of the log gives the same digits tells nothing of it.
    """
    return tuple(one for one in tried if one.count.published) or tried


def counts(known: Known) -> tuple[Count, ...]:
    """Every number of orders that is known: the published ones, those of the log at their moments, all of the log."""
    found: dict[int, Count] = {}
    for count in _counts(known):
        found.setdefault(count.orders, count)
    return tuple(found.values())


def _counts(known: Known) -> Iterator[Count]:
    timed = [one for one in finance_of(known.launch).published if one.definition in TIMED]
    for one in timed:
        value = value_of(one)
        if one.relation in ("is", "about") and 0 < value <= MOST_ORDERS and value.denominator == 1:
            yield Count(int(value), f"{number(value)} {NAMES[one.definition]} ({one.id})", published=True)
    for one in timed:
        stood = known.stood.get(-1 if one.at_ms is None else one.at_ms)
        if stood is not None:
            orders = stood.orders if one.definition == "orders" else stood.locked
            yield Count(orders, f"{orders:,} {NAMES[one.definition]} in the log at the moment of {one.id}")
    if known.has_log:
        yield _of_log(known)
    elif known.figures.counted_from == "given":
        yield Count(known.figures.orders, f"{known.figures.orders:,} orders (as asked)")


def _of_log(known: Known) -> Count:
    return Count(known.figures.orders, f"{known.figures.orders:,} orders in the log")


def _unit_minor(figure: PublishedFigure, known: Known) -> Fraction:
    """How many minor units one of the figure's unit is: of the currency, or a percent of the quarter."""
    if figure.definition != "quarter_share":
        return Fraction(10 ** EXPONENTS[known.launch.currency])
    revenue = next(one.revenue_minor for one in finance_of(known.launch).quarters if one.id == figure.quarter)
    return Fraction(revenue, 100 if figure.unit == "%" else 1)


def _deposits(known: Known) -> Iterator[_Amount]:
    deposits = {known.launch.deposit_of(model): model.id for model in headline(known.launch)}
    for deposit, model in deposits.items():
        price = f"the deposit of a {model} each" if len(deposits) > 1 else ""
        for count in counts(known):
            yield _Amount(count, price, "", count.orders * deposit)
    if known.has_log:
        yield _Amount(_of_log(known), "what is held of them", "", known.figures.deposits_minor)


def _revenues(known: Known) -> Iterator[_Amount]:
    percent = finance_of(known.launch).vat_percent
    models = headline(known.launch)
    cheapest = base_trim(models)
    for model in models:
        for trim in model.trims:
            of = f"{model.id} {trim.id}"
            price = f"each at the base trim ({of})" if (model, trim) == cheapest else f"each a {of}"
            net = without_vat(trim.price_minor, percent)
            for count in counts(known):
                yield from _both(count, price, count.orders * trim.price_minor, count.orders * net)
    if known.figures.ordered is not None:
        yield from _whole(known, "as ordered", known.figures.ordered)
        if len(models) > 1:
            yield from _whole(known, "each at the base trim of its model", known.figures.base)


def _whole(known: Known, price: str, potential: Potential) -> Iterator[_Amount]:
    return _both(_of_log(known), price, potential.with_vat_minor, potential.without_vat_minor)


def _both(count: Count, price: str, gross_minor: int, net_minor: int) -> Iterator[_Amount]:
    if gross_minor == net_minor:
        yield _Amount(count, price, "", gross_minor)
        return
    yield _Amount(count, price, "with VAT", gross_minor)
    yield _Amount(count, price, "without VAT", net_minor)
