"""A reconciliation as tables that are 80 wide, and as values for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from drumroll.cli.ledger_tables import amount
from drumroll.cli.tables import means, plain_console, printable, table
from drumroll.domain.times import rfc3339
from drumroll.outlook.reconciliation_values import (
    KINDS,
    Booked,
    Difference,
    Kind,
    Reconciliation,
    Said,
    Total,
)

WORDS: dict[Kind, str] = {
    "missing_here": "missing here: at the provider, not in the log",
    "missing_there": "missing there: in the log, not at the provider",
    "amount_differs": "the amount differs",
    "currency_differs": "the currency differs",
    "reference_differs": "another order or payment is named",
    "duplicate": "in the statement once more",
    "elsewhere": "known here, but not as this provider's",
}


def as_values(found: Reconciliation, statement: str, zone: str) -> dict[str, Any]:
    """All of it, with times in the launch's zone."""
    values = msgspec.to_builtins(found)
    for name in ("launch", "position", "at_ms", "totals", "differences"):
        del values[name]
    head = {"launch": found.launch, "at": rfc3339(found.at_ms, zone), "based_on": found.position}
    return {
        **head,
        "statement": statement,
        "matches": not found.differ,
        **values,
        "differ": found.differ,
        "totals": [_total(total) for total in found.totals],
        "differences": [_listed(each, zone) for each in found.differences],
    }


def _total(total: Total) -> dict[str, Any]:
    values = msgspec.to_builtins(total)
    for name in ("statement", "ledger", "matched"):
        values[name]["net_minor"] = getattr(total, name).net_minor
    return {
        **values,
        "difference_minor": total.difference_minor,
        "unexplained_minor": total.unexplained_minor,
    }


def _listed(each: Difference, zone: str) -> dict[str, Any]:
    values = msgspec.to_builtins(each)
    for side in ("statement", "ledger"):
        if values[side] is not None:
            values[side]["at"] = rfc3339(values[side].pop("at_ms"), zone)
    return dict(values)


def show(found: Reconciliation, statement: str, zone: str, name: str, limit: int) -> None:
    """Print what matches, the sums of both sides, and the first ``limit`` differences of each kind."""
    console = plain_console()
    console.print(Text(f"{name}: {_verdict(found)}", style="bold"))
    means(
        console,
        f"{printable(statement)} against the ledger as of {rfc3339(found.at_ms, zone)} (block {found.position:,})",
    )
    means(console, *map(printable, _notes(found)))
    for total in found.totals:
        console.print()
        unit, rows = total.currency, [*_sides(total, found.only)]
        table(console, (unit, "statement", "ledger", "difference"), rows, right=(1, 2, 3))
    _kinds(found, console)
    for kind in KINDS:
        _differences(found, kind, zone, limit, console)


def _verdict(found: Reconciliation) -> str:
    if not found.differ:
        return f"everything matches ({found.matched:,} of {found.rows:,} rows)"
    return f"{found.differ:,} difference(s); {found.matched:,} of {found.rows:,} rows match"


def _notes(found: Reconciliation) -> Iterator[str]:
    if found.only is not None:
        yield f"{found.only}s alone: {found.passed_over:,} other rows of the statement were passed over"
    if found.ignored_columns:
        yield f"columns that are not of the schema were ignored: {', '.join(found.ignored_columns)}"


def _sides(total: Total, only: str | None) -> Iterable[tuple[str, ...]]:
    said, booked = total.statement, total.ledger
    if only != "refund":
        yield "payments", *_three(said.payments_minor, booked.payments_minor, total.currency)
    if only != "payment":
        yield "refunds", *_three(said.refunds_minor, booked.refunds_minor, total.currency)
    if only is None:
        yield "payments less refunds", *_three(said.net_minor, booked.net_minor, total.currency)


def _three(said_minor: int, booked_minor: int, currency: str) -> list[str]:
    return [amount(minor, currency) for minor in (said_minor, booked_minor, said_minor - booked_minor)]


def _kinds(found: Reconciliation, console: Console) -> None:
    """How many rows there are of each kind, and what they add to the difference of the net sums, by currency."""
    console.print()
    matched = {total.currency: total.matched.net_minor for total in found.totals}
    rows = [("matched", f"{found.matched:,}", _amounts(matched))]
    for kind in KINDS:
        if found.counts[kind]:
            adds = {total.currency: total.by_kind[kind] for total in found.totals}
            rows.append((WORDS[kind], f"{found.counts[kind]:,}", _amounts(adds)))
    table(console, ("", "rows", "payments less refunds"), rows, right=(1, 2))
    apart = _amounts({total.currency: total.unexplained_minor for total in found.totals}, ", ")
    if apart:
        means(console, f"the kinds do NOT add up to the difference: {apart} are left; report it")
    elif found.differ:
        means(console, "the differences add up to that of the sums, to the minor unit")


def _amounts(by_currency: dict[str, int], between: str = "\n") -> str:
    return between.join(f"{amount(minor, currency)} {currency}" for currency, minor in by_currency.items() if minor)


def _differences(found: Reconciliation, kind: Kind, zone: str, limit: int, console: Console) -> None:
    if not found.counts[kind]:
        return
    console.print()
    console.print(Text(WORDS[kind].capitalize(), style="bold"))
    if kind == "missing_here" and found.later:
        means(console, f"of a time after the last block that was read: {found.later:,}")
    first = [each for each in found.differences if each.kind == kind][:limit]
    for each in first:
        for line in _lines(each, zone):
            console.print(Text(line))
    if found.counts[kind] > len(first):
        means(console, f"and {found.counts[kind] - len(first):,} more; --limit shows more, --json has all")


def _lines(each: Difference, zone: str) -> Iterator[str]:
    where = "" if each.line is None else f"line {each.line:,}: "
    yield f"  {where}{each.type} {printable(each.id)}"
    yield f"    {'orders' if len(each.orders) > 1 else 'order'}  {', '.join(map(printable, each.orders)) or 'unknown'}"
    if each.statement is not None:
        yield f"    statement  {_side(each.statement, zone)}"
        yield from _named(each.kind, each.statement)
    if each.ledger is not None:
        yield f"    ledger     {_side(each.ledger, zone)}, event {each.ledger.event}{_place(each)}"
        yield from _named(each.kind, each.ledger)


def _named(kind: Kind, side: Said | Booked) -> Iterator[str]:
    """Which order and payment a side names, where that is what differs."""
    if kind == "reference_differs":
        named = {"order": side.order_id, "payment": side.payment_id}
        yield f"      names {', '.join(f'{what} {printable(each)}' for what, each in named.items() if each)}"


def _side(side: Said | Booked, zone: str) -> str:
    return f"{amount(side.amount_minor, side.currency)} {side.currency}  {rfc3339(side.at_ms, zone)}"


def _place(each: Difference) -> str:
    """What the ledger has that is no cash at the provider."""
    assert each.ledger is not None
    if each.ledger.place == "owed":
        return "; owed, and not recorded as paid"
    if each.ledger.place == "elsewhere":
        return "; taken over with an import" if each.type == "payment" else "; paid by hand"
    return ""
