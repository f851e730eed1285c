"""Figures of a launch in money: deposits, potential revenue, shares of a quarter, what is still owed, gross margin.

All amounts are integer minor units of the launch's currency. VAT is taken out of each order's price by itself and
rounded there (``vat``), so N orders at one price are N times that, not the tax of the sum. Every figure is defined in
docs/figures.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec

from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.launch_finance import Finance, PublishedFigure, Quarter
from drumroll.errors import FiguresRefused
from drumroll.outlook.figures_orders import Ordered
from drumroll.outlook.published_reading import value_of
from drumroll.outlook.vat import without_vat

MOST_ORDERS = 10**9
MOST_MINOR = 2**63 - 1
"""More money than that is refused: it is a mistake, and JSON readers would round it."""

Source = Literal["log", "published", "given"]


class TrimRevenue(msgspec.Struct, frozen=True):
    """What the orders of a trim would bring, with VAT and without."""

    model: str
    trim: str
    orders: int
    with_vat_minor: int
    without_vat_minor: int


class Potential(msgspec.Struct, frozen=True):
    """What all standing orders would bring if each were delivered at its price; the sum of its trims."""

    with_vat_minor: int
    without_vat_minor: int
    trims: tuple[TrimRevenue, ...]


class Share(msgspec.Struct, frozen=True):
    """Potential revenue as percent of a quarter's revenue (which is without VAT); ``None`` as ordered: needs a log."""

    quarter: str
    name: str
    revenue_minor: int
    base_with_vat: Decimal
    base_without_vat: Decimal
    ordered_with_vat: Decimal | None = None
    ordered_without_vat: Decimal | None = None


class Obligation(msgspec.Struct, frozen=True):
    """What is to be recognised in a quarter ("": nothing was promised), without VAT, and how many orders that is.

    ``cooling_*`` are firm orders that can still be taken back: no contract yet, so no obligation yet.
    """

    quarter: str
    orders: int
    without_vat_minor: int
    cooling_orders: int
    cooling_without_vat_minor: int


class Margin(msgspec.Struct, frozen=True):
    """Gross margin of the orders whose trim has a unit cost, without VAT.

    ``at_list_minor`` is their revenue at their trims' prices, without options; ``revenue_minor`` has the options too,
    whose cost is not known, so ``margin_percent`` says the most it can be. ``without_cost``: trims ordered that no cost
    was given for, as "model trim".
    """

    orders: int
    revenue_minor: int
    at_list_minor: int
    cost_minor: int
    margin_percent: Decimal | None
    margin_at_list_percent: Decimal | None
    without_cost: tuple[str, ...]


class Figures(msgspec.Struct, frozen=True):
    """All of it. ``counted_from``: the log's blocks, a published figure (``published`` is its id), or a given number.

    ``ordered`` and ``obligations`` are ``None`` without a log.
    """

    launch: str
    name: str
    currency: str
    vat_percent: str
    counted_from: Source
    published: str | None
    at_ms: int | None
    orders: int
    others: int
    deposits_minor: int
    base: Potential
    ordered: Potential | None
    shares: tuple[Share, ...]
    obligations: tuple[Obligation, ...] | None
    margin: Margin | None
    notes: tuple[str, ...]


def finance_of(launch: Launch) -> Finance:
    """The launch's ``[finance]``. Raises ``FiguresRefused`` if it has none."""
    if launch.finance is None:
        raise FiguresRefused(
            f"launch {launch.id}: found no [finance], allowed: one with vat_percent, so that it is known what VAT the"
            " prices contain; add it to the launch file and name that file (docs/launch-file.md)"
        )
    return launch.finance


def figures_of_log(launch: Launch, ordered: Ordered, at_ms: int, quarter: str | None = None) -> Figures:
    """The figures of a log's orders. Raises ``FiguresRefused``: no ``[finance]``, or no such quarter."""
    finance = finance_of(launch)
    counts: Counter[tuple[str, str]] = Counter()
    by_model: Counter[str] = Counter()
    for kind, count in ordered.kinds.items():
        counts[kind.model, kind.trim] += count
        by_model[kind.model] += count
    base = _base(launch, by_model, finance.vat_percent)
    as_ordered = _as_ordered(launch, ordered, finance.vat_percent)
    return Figures(
        **_names(launch, finance),
        counted_from="log",
        published=None,
        at_ms=at_ms,
        orders=ordered.orders,
        others=ordered.others,
        deposits_minor=ordered.held_minor,
        base=base,
        ordered=as_ordered,
        shares=_shares(finance, quarter, base, as_ordered),
        obligations=_obligations(ordered, finance.vat_percent),
        margin=_margin(launch, finance, as_ordered),
        notes=(),
    )


def figures_without_log(launch: Launch, orders: int | None = None, quarter: str | None = None) -> Figures:
    """The figures of ``orders`` orders, or of as many as were published last, all at the cheapest trim of the launch.

    Raises ``FiguresRefused``: no ``[finance]``, no such quarter, or neither ``orders`` nor a published number.
    """
    finance = finance_of(launch)
    published = None if orders is not None else latest_orders(launch)
    count = int(value_of(published)) if published is not None else orders
    assert count is not None
    model, trim = base_trim(headline(launch))
    base = _base(launch, {model.id: count}, finance.vat_percent)
    several = f" and every order a {model.id} {trim.id}: which model was ordered" if len(headline(launch)) > 1 else ""
    return Figures(
        **_names(launch, finance),
        counted_from="given" if published is None else "published",
        published=None if published is None else published.id,
        at_ms=None if published is None else published.at_ms,
        orders=count,
        others=0,
        deposits_minor=_within("deposits", count * launch.deposit_of(model)),
        base=base,
        ordered=None,
        shares=_shares(finance, quarter, base, None),
        obligations=None,
        margin=_margin(launch, finance, base),
        notes=(f"assumed: one whole deposit an order{several or ', every order at the base trim'}",),
    )


def latest_orders(launch: Launch) -> PublishedFigure:
    """The published number of orders to reckon with: of those said plainly ("is"), the one of the latest moment.

    Of two for the same moment the first in the file. Raises ``FiguresRefused`` if there is none.
    """
    said = [one for one in finance_of(launch).published if one.definition == "orders" and one.relation == "is"]
    plain = [one for one in said if 0 < value_of(one) <= MOST_ORDERS]
    if not plain:
        raise FiguresRefused(
            f'launch {launch.id}: found no [[finance.published]] with definition = "orders" and relation = "is",'
            f" allowed: one, of 1 to {MOST_ORDERS:,}, or --orders N, or a log with --log"
        )
    return max(plain, key=lambda one: one.at_ms or 0)


def headline(launch: Launch) -> tuple[Model, ...]:
    """The models that the figures are about."""
    return tuple(model for model in launch.models if model.id in launch.headline)


def base_trim(models: Iterable[Model]) -> tuple[Model, Trim]:
    """The cheapest trim of those models (of two at one price, the first)."""
    return min(((model, trim) for model in models for trim in model.trims), key=lambda pair: pair[1].price_minor)


def percent(part: int, whole: int) -> Decimal | None:
    """Percent with two decimals, rounded half up; ``None`` of nothing.

    >>> percent(1, 3), percent(-1, 800), percent(1, 0)
    (Decimal('33.33'), Decimal('-0.12'), None)
    """
    if not whole:
        return None
    return Decimal((2 * 10_000 * part + whole) // (2 * whole)).scaleb(-2)


def _names(launch: Launch, finance: Finance) -> dict[str, str]:
    names = {"launch": launch.id, "name": launch.name, "currency": launch.currency}
    return {**names, "vat_percent": finance.vat_percent}


def _base(launch: Launch, by_model: dict[str, int], vat_percent: str) -> Potential:
    """Every order at the base trim of its model, at the price that holds now."""
    rows = []
    for model in headline(launch):
        if by_model.get(model.id):
            _, trim = base_trim((model,))
            rows.append(_row(model.id, trim.id, {trim.price_minor: by_model[model.id]}, vat_percent))
    return _potential(rows)


def _as_ordered(launch: Launch, ordered: Ordered, vat_percent: str) -> Potential:
    """By trim, each order at the price that it was made at, options included."""
    prices: dict[tuple[str, str], Counter[int]] = {
        (model.id, trim.id): Counter() for model in headline(launch) for trim in model.trims
    }
    for kind, count in ordered.kinds.items():
        prices.setdefault((kind.model, kind.trim), Counter())[kind.price_minor] += count
    return _potential([_row(*of, each, vat_percent) for of, each in prices.items() if each])


def _row(model: str, trim: str, prices: dict[int, int], vat_percent: str) -> TrimRevenue:
    """``prices``: how many orders at each price."""
    gross = sum(count * price for price, count in prices.items())
    net = sum(count * without_vat(price, vat_percent) for price, count in prices.items())
    return TrimRevenue(model, trim, sum(prices.values()), gross, net)


def _potential(rows: list[TrimRevenue]) -> Potential:
    gross = _within("potential revenue", sum(row.with_vat_minor for row in rows))
    return Potential(gross, sum(row.without_vat_minor for row in rows), tuple(rows))


def _within(what: str, amount_minor: int) -> int:
    if amount_minor > MOST_MINOR:
        raise FiguresRefused(
            f"{what}: found {amount_minor:,} minor units, allowed: up to {MOST_MINOR:,}; look at the number of orders"
            " and at prices and costs"
        )
    return amount_minor


def _shares(finance: Finance, quarter: str | None, base: Potential, ordered: Potential | None) -> tuple[Share, ...]:
    quarters = [one for one in finance.quarters if quarter in (None, one.id)]
    if quarter is not None and not quarters:
        known = ", ".join(one.id for one in finance.quarters) or "none, so add a [[finance.quarter]]"
        raise FiguresRefused(f"--quarter: found {quarter!r}, allowed: the id of a quarter of [finance]: {known}")
    return tuple(_share(one, base, ordered) for one in quarters)


def _share(quarter: Quarter, base: Potential, ordered: Potential | None) -> Share:
    def of(amount_minor: int) -> Decimal:
        found = percent(amount_minor, quarter.revenue_minor)
        assert found is not None, "the launch file allows no quarter without revenue"
        return found

    return Share(
        quarter.id,
        quarter.name,
        quarter.revenue_minor,
        of(base.with_vat_minor),
        of(base.without_vat_minor),
        None if ordered is None else of(ordered.with_vat_minor),
        None if ordered is None else of(ordered.without_vat_minor),
    )


def _obligations(ordered: Ordered, vat_percent: str) -> tuple[Obligation, ...]:
    """By quarter, those that were promised nothing last. IFRS 15.120: a contract not yet performed, at its price."""
    sums: dict[str, list[int]] = {}
    for kind, count in ordered.kinds.items():
        if kind.stage != "delivered":
            row = sums.setdefault(kind.quarter, [0, 0, 0, 0])
            at = 2 if kind.stage == "cooling" else 0
            row[at] += count
            row[at + 1] += count * without_vat(kind.price_minor, vat_percent)
    return tuple(Obligation(quarter, *sums[quarter]) for quarter in sorted(sums, key=lambda one: (not one, one)))


def _margin(launch: Launch, finance: Finance, potential: Potential) -> Margin | None:
    """Of the rows whose trim has a cost; ``None`` if the launch gives no cost at all."""
    if not finance.costs:
        return None
    costs = {(cost.model, cost.trim): cost.cost_minor for cost in finance.costs}
    lists = {(model.id, trim.id): trim.price_minor for model in launch.models for trim in model.trims}
    rows = [row for row in potential.trims if (row.model, row.trim) in costs and (row.model, row.trim) in lists]
    revenue = sum(row.without_vat_minor for row in rows)
    at_list = sum(row.orders * without_vat(lists[row.model, row.trim], finance.vat_percent) for row in rows)
    cost = _within("costs", sum(row.orders * costs[row.model, row.trim] for row in rows))
    return Margin(
        sum(row.orders for row in rows),
        revenue,
        at_list,
        cost,
        percent(revenue - cost, revenue),
        percent(at_list - cost, at_list),
        tuple(f"{row.model} {row.trim}" for row in potential.trims if row not in rows),
    )
