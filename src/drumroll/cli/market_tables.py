"""The market's report as tables, 80 wide; under each stands what its words mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from drumroll.cli.tables import means, title
from drumroll.market import wording
from drumroll.market.report_values import GroupStudy, Report

_COLOURS = {
    "agrees": "green",
    "does not agree": "red",
    "depends on its definition": "yellow",
    "not known": "dim",
}


def show(report: Report, console: Console) -> None:
    """Print the whole report."""
    figure, what = wording.headline(report)
    console.print(Text(f"{report.launch}: {figure} on {report.day.session} ({what})", style="bold"))
    console.print(Text(f"session: {report.day.why_session}", style="dim"))
    for part in (_day, _claims, _records, _limits, _studies, _holdings, _orders, _missing, _data):
        part(report, console)


def _table(
    console: Console, head: Sequence[str], rows: Iterable[Sequence[str | Text]], right: Sequence[int] = ()
) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for number, name in enumerate(head):
        table.add_column(name, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    console.print(Padding(table, (0, 0, 0, 2)))


def _day(report: Report, console: Console) -> None:
    day = report.day
    title(console, f"The day of {day.code}, against the previous close {day.prev_close} {day.currency}")
    rows = [
        (
            wording.SHORT.get(price.what, price.what),
            str(price.price),
            wording.change(price.percent),
            "" if price.market_value is None else wording.amount(price.market_value, day.currency),
            price.definition,
        )
        for price in day.prices
    ]
    _table(console, ("", "price", "change", "market value", "definition"), rows, right=(1, 2))
    shares = f" ({day.shares:,} shares, from {day.shares_from})" if day.shares is not None else ""
    words = report.definitions
    means(console, f"previous close: {words['prev_close']}", f"change: {words['change']}")
    means(console, f"market value: {words['market_value']}{shares}")


def _claims(report: Report, console: Console) -> None:
    if not report.claims:
        return
    title(console, "What was published")
    for row in report.claims:
        verdict = Text(row.verdict, style=_COLOURS[row.verdict])
        console.print(Text.assemble("  ", row.what, ": ", verdict))
        computed = f", computed {row.computed}" if row.computed else ""
        off = f", {wording.off_by(row)}" if row.off_by else ""
        _inner(console, f"published {row.published}{computed}{off}", row.definition, *row.notes)
    for each in report.consistency:
        console.print(Padding(Text(each), (0, 0, 0, 2)))
    means(console, f"agrees: {report.definitions['agrees']}")


def _inner(console: Console, *said: str) -> None:
    for each in said:
        console.print(Padding(Text(each, style="dim"), (0, 0, 0, 4)))


def _records(report: Report, console: Console) -> None:
    title(console, "Was it a record?")
    for row in report.records:
        former = "" if row.former is None else f", before it {row.former} on {row.former_on}"
        short = "" if row.reaches_back else "; the quotes do not reach back that far"
        console.print(Padding(Text(f"{row.outcome}: {row.price}{former}{short}"), (0, 0, 0, 2)))
        _inner(console, row.definition)
    for flag in report.record_flags:
        console.print(Padding(Text(f'"record" needs its definition: {flag}', style="yellow"), (0, 0, 0, 2)))
    means(console, f"record: {report.definitions['record']}")


def _limits(report: Report, console: Console) -> None:
    title(console, "The day, and the price limits")
    rows = [
        (
            row.code,
            row.role,
            wording.change(row.percent),
            "" if row.close is None else str(row.close),
            wording.limit(row),
            wording.held(row),
        )
        for row in report.limits
    ]
    _table(console, ("code", "", "change", "close", "limit", "state"), rows, right=(2, 3))
    words = ("limit", "touched", "sealed", "broken", "streak")
    means(console, *(f"{name}: {report.definitions[name]}" for name in words))


def _studies(report: Report, console: Console) -> None:
    for study in report.studies:
        title(console, f"Was it more than noise? {study.group.capitalize()} ({study.exchange})")
        for why in study.refused:
            console.print(Padding(Text(f"no event study: {why}"), (0, 0, 0, 2)))
        if study.firms:
            _study(study, console)
    words = ("abnormal_return", "car", "interval", "test")
    means(console, *(f"{name.replace('_', ' ')}: {report.definitions[name]}" for name in words))


def _study(study: GroupStudy, console: Console) -> None:
    means(console, wording.studied_how(study))
    tests = [
        (
            f"{row.test}{' (advised)' if row.advised else ''}",
            wording.window(row.first, row.last),
            wording.share_of(row.mean),
            wording.test_result(row),
        )
        for row in study.tests
        if row.statistic is not None
    ]
    _table(console, ("test", "window", "mean CAR", "statistic"), tests, right=(2,))
    firms = [
        (
            firm.code + (" (at a limit)" if firm.limited else ""),
            wording.window(car.first, car.last),
            wording.share_of(car.car),
            wording.interval(car),
            wording.p_value(car.p),
        )
        for firm in study.firms
        for car in firm.cars
    ]
    _table(console, ("code", "window", "CAR", "95 % interval", "p"), firms, right=(2,))
    means(console, *study.notes)


def _holdings(report: Report, console: Console) -> None:
    if not report.holdings:
        return
    title(console, "Holdings, at the session's close")
    rows = [
        (
            "none" if row.rank is None else str(row.rank),
            row.holder,
            wording.amount(row.value, row.currency),
            "; ".join([*row.missing, *(f"tied with {other}" for other in row.tied_with)]),
        )
        for row in report.holdings
    ]
    _table(console, ("rank", "holder", "value", ""), rows, right=(0,))
    means(console, f"holdings: {report.definitions['holdings']}")


def _orders(report: Report, console: Console) -> None:
    if not report.orders.points:
        return
    title(console, "Orders standing firm")
    most = max(firm for _, firm in report.orders.points)
    source = "counted from the log" if report.orders.source == "log" else "as published; no log was given"
    console.print(Padding(Text(f"up to {most:,}, {source}"), (0, 0, 0, 2)))
    means(console, f"orders: {report.definitions['orders']}")


def _missing(report: Report, console: Console) -> None:
    if report.missing:
        title(console, "What is missing")
        for each in report.missing:
            console.print(Padding(Text(each), (0, 0, 0, 2)))


def _data(report: Report, console: Console) -> None:
    title(console, "The quotes")
    console.print(Padding(Text(report.data.read), (0, 0, 0, 2)))
    means(console, *(wording.noticed(report.data) or ("nothing was noticed",)))
