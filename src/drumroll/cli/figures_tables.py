"""The figures of a launch as tables, 80 wide, and the check of published ones as text."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from drumroll.cli.tables import means, said, table, title
from drumroll.domain.money import format_minor
from drumroll.outlook.figures import Figures, Margin, Potential
from drumroll.outlook.published import Check
from drumroll.outlook.published_verdicts import Checked, Way

WAYS = 4
"""So many ways in which a figure comes out are printed; all are in the JSON."""

_COLOURS = {"comes out": "green", "comes out only if": "yellow", "does not come out": "red"}
_FITS = {"as printed": "", "cut": ", cut off, not rounded", "rounded further": ", rounded to its noughts", "no": ""}


def show(found: Figures, when: str, checked: Check | None, console: Console) -> None:
    """Print all of it."""
    console.print(Text(f"{found.name}: {found.orders:,} orders", style="bold"))
    beside = f"{found.others:,} standing orders of other models are in no figure" if found.others else ""
    means(console, f"{when}; each figure is defined in docs/figures.md", *found.notes, beside)
    deposits = format_minor(found.deposits_minor, found.currency)
    title(console, f"Deposits held: {deposits}")
    _potential(found, console)
    _shares(found, console)
    _obligations(found, console)
    _margin(found, console)
    if checked is not None:
        _check(checked, console)


def _amount(amount_minor: int, currency: str) -> str:
    return format_minor(amount_minor, currency).removesuffix(f" {currency}")


# Figures


def _potential(found: Figures, console: Console) -> None:
    title(console, f"Potential revenue, {found.currency}")
    rows = [*_trims("at the base trim", found.base, found.currency)]
    if found.ordered is not None:
        rows += _trims("as ordered, with options", found.ordered, found.currency)
    table(console, ("", "orders", "with VAT", f"without ({found.vat_percent} %)"), rows, right=(1, 2, 3))
    if found.ordered is None:
        means(console, "as ordered: needs a log (--log)")


def _trims(how: str, of: Potential, currency: str) -> Iterable[tuple[str, ...]]:
    orders = sum(row.orders for row in of.trims)
    yield how, f"{orders:,}", _amount(of.with_vat_minor, currency), _amount(of.without_vat_minor, currency)
    for row in of.trims:
        amounts = (_amount(minor, currency) for minor in (row.with_vat_minor, row.without_vat_minor))
        yield f"  {row.model} {row.trim}", f"{row.orders:,}", *amounts


def _shares(found: Figures, console: Console) -> None:
    title(console, "Share of a quarter's revenue")
    if not found.shares:
        means(console, "needs the quarter's revenue: a [[finance.quarter]] in the launch file")
        return
    rows: list[tuple[str, ...]] = []
    for share in found.shares:
        rows.append((f"{share.name}, {_amount(share.revenue_minor, found.currency)}", "", ""))
        rows.append(("  at the base trim", _percent(share.base_with_vat), _percent(share.base_without_vat)))
        if found.ordered is not None:
            rows.append(("  as ordered", _percent(share.ordered_with_vat), _percent(share.ordered_without_vat)))
    table(console, ("", "with VAT", "without"), rows, right=(1, 2))
    means(console, "a quarter's revenue has no VAT in it: like is held against like without")


def _percent(share: Decimal | None) -> str:
    return "" if share is None else f"{share:,} %"


def _obligations(found: Figures, console: Console) -> None:
    title(console, f"Remaining performance obligations, {found.currency} without VAT (IFRS 15.120)")
    if found.obligations is None:
        means(console, "by the quarter of promised delivery: needs a log (--log)")
        return
    rows = [
        (
            each.quarter or "promised nothing",
            f"{each.orders:,}",
            _amount(each.without_vat_minor, found.currency),
            f"{each.cooling_orders:,}",
            _amount(each.cooling_without_vat_minor, found.currency),
        )
        for each in found.obligations
    ]
    head = ("last promised week in", "locked", "obligation", "cooling-off", "not yet one")
    table(console, head, [*rows, *_all_obligations(found)], right=(1, 2, 3, 4))


def _all_obligations(found: Figures) -> Iterable[tuple[str, ...]]:
    every = found.obligations or ()
    locked, cooling = sum(one.orders for one in every), sum(one.cooling_orders for one in every)
    owed = sum(one.without_vat_minor for one in every)
    not_yet = sum(one.cooling_without_vat_minor for one in every)
    yield "in all", f"{locked:,}", _amount(owed, found.currency), f"{cooling:,}", _amount(not_yet, found.currency)


def _margin(found: Figures, console: Console) -> None:
    title(console, f"Gross margin at the given unit costs, {found.currency} without VAT")
    margin = found.margin
    if margin is None:
        means(console, "needs unit costs: [[finance.cost]] in the launch file")
        return
    rows = [
        ("at the trims' prices", *_margin_cells(margin.at_list_minor, margin.margin_at_list_percent, margin, found)),
        ("with options, at most", *_margin_cells(margin.revenue_minor, margin.margin_percent, margin, found)),
    ]
    wanted = rows if found.ordered is not None else rows[:1]
    table(console, ("", "orders", "revenue", "cost", "margin"), wanted, right=(1, 2, 3, 4))
    if found.ordered is not None:
        means(console, "what options cost is not known, so they count as revenue without cost")
    if margin.without_cost:
        means(console, f"left out, for no unit cost is given: {', '.join(margin.without_cost)}")


def _margin_cells(revenue_minor: int, percent: Decimal | None, margin: Margin, found: Figures) -> tuple[str, ...]:
    amounts = (_amount(minor, found.currency) for minor in (revenue_minor, margin.cost_minor))
    return f"{margin.orders:,}", *amounts, _percent(percent)


# The check


def _check(checked: Check, console: Console) -> None:
    title(console, "What was published")
    if not checked.figures:
        means(console, "nothing: the launch file has no [[finance.published]]")
    for each in checked.figures:
        _figure(each, console)
    title(console, "What contradicts what")
    if not checked.contradictions:
        means(console, "nothing, by the rules of docs/figures.md")
    for found in checked.contradictions:
        console.print(Padding(Text.assemble((found.rule, "yellow"), f": {', '.join(found.figures)}"), (0, 0, 0, 2)))
        said(console, found.says, left=4)
    if checked.remarks:
        title(console, "What else to know")
    for remark in checked.remarks:
        said(console, ", ".join(remark.figures))
        means(console, remark.says, left=4)


def _figure(each: Checked, console: Console) -> None:
    verdict = Text(each.verdict, style=_COLOURS.get(each.verdict, "dim"))
    console.print(Padding(Text.assemble(f"{each.what}: ", verdict, f": {each.why}" if each.why else ""), (0, 0, 0, 2)))
    if each.verdict in ("given", "not known"):
        return
    if each.computed:
        said(console, each.computed, left=4)
    for way in each.ways[:WAYS]:
        said(console, f"{way.assumed}: {way.computed}{_FITS[way.fit]}", left=4)
    if len(each.ways) > WAYS:
        said(console, f"and {len(each.ways) - WAYS} other ways", left=4)
    means(console, *(f"wrong in itself: {flaw}" for flaw in each.flaws), _near(each.nearest, each), left=4)


def _near(nearest: tuple[Way, ...], each: Checked) -> str:
    if not nearest:
        return ""
    near = "; ".join(f"{way.assumed}: {way.computed}" for way in nearest)
    return f"not: {near} (the nearest of {each.tried - len(each.ways)})"
