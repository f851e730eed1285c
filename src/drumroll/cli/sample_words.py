"""What ``drumroll sample`` says: for an auditor who is no programmer."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from textwrap import fill

from rich.console import Console
from rich.table import Table
from rich.text import Text

from drumroll.proof.chances import chance_to_miss, fewer_than, needed, share_of
from drumroll.proof.moments import utc
from drumroll.proof.sample import Checked, Row, Sample

WIDTH = 80
SHARES_PER_MILLE = (1, 5, 10, 20, 50)
LISTED = 12
"""Entries that are listed one by one; the file and --json have all."""

INDICES_LISTED = 120

STEPS = (
    "See that nobody knew the random value when the checkpoint was signed. When that was, believe the witnesses that "
    "cosigned it, or whoever else you had it from; not the operator, and not the times in the log.",
    "Ask the operator to open these entries: with the command below, which draws the same ones.",
    "Check the file you get: drumroll verify FILE --log ... --key ... (the key from elsewhere than the log).",
    "Get the payments from the payment provider itself, and look for each reference: is it there, of that amount and "
    "that day, was it paid back, and is it there once? One that fails is not to be explained away or drawn anew.",
)
LIMITS = (
    "that a customer paid: payments for orders of one's own are real payments. Ask the provider who paid, and look at "
    "accounts that paid for many.",
    "that nothing is missing: a sample finds what is there and should not be, never what is not there.",
    "anything, if somebody could choose the value, or try out several before the checkpoint was signed.",
    "what came after the checkpoint: cancellations, refunds.",
)


def show(
    console: Console,
    sample: Sample,
    checked: Checked,
    population: int,
    output: str | None,
    where: str | None,
    csv: str | None,
) -> None:
    """All of it, 80 wide."""
    _head(console, sample, population)
    if sample.opened:
        _opened(console, sample, checked)
    else:
        _asked(console, checked)
    show_chances(console, population, sample.n)
    if not sample.opened:
        _list(console, "What to do now", STEPS, numbered=True)
        _command(console, sample, where)
    _list(console, "What a sample does not prove", LIMITS)
    _files(console, sample, output, csv)


def _head(console: Console, sample: Sample, population: int) -> None:
    of = "entries" if sample.kind == "all" else f"entries that say {sample.kind!r}"
    console.print(Text(f"{sample.n:,} of {population:,} {of}, drawn at random", style="bold"))
    console.print(f"  log: {sample.origin}, the first {sample.size:,} entries", soft_wrap=True)
    console.print(f"  root of the checkpoint: {sample.root}", soft_wrap=True)
    console.print(f"  random value: {sample.random}", soft_wrap=True)


def _asked(console: Console, checked: Checked) -> None:
    indices = [row.index for row in checked.rows]
    _title(console, "Entries to ask for (their numbers in the log, from 0)")
    width = max(len(f"{index:,}") for index in indices)
    a_line = (WIDTH - 2) // (width + 2)
    for first in range(0, min(len(indices), INDICES_LISTED), a_line):
        part = indices[first : min(first + a_line, INDICES_LISTED)]
        console.print("  " + "  ".join(f"{index:>{width},}" for index in part), soft_wrap=True)
    if len(indices) > INDICES_LISTED:
        console.print(f"  and {len(indices) - INDICES_LISTED:,} more: --output FILE or --json has all of them")
    times = [row.at_ms for row in checked.rows]
    console.print(f"  They are of {utc(min(times))} to {utc(max(times))}.", soft_wrap=True)


def _opened(console: Console, sample: Sample, checked: Checked) -> None:
    _title(console, "What they show")
    _rows(console, checked.rows)
    if not checked.faults:
        what = "each is in the log, none was picked by hand, no payment is there twice"
        _paragraph(console, f"All {sample.n:,} fit: {what}.")
        return
    console.print(Text(f"  {len(checked.faults):,} do not fit:", style="bold red"))
    for fault in checked.faults[:LISTED]:
        console.print(f"  {fault}", soft_wrap=True)
    if len(checked.faults) > LISTED:
        console.print(f"  and {len(checked.faults) - LISTED:,} more")


def _rows(console: Console, rows: Iterable[Row]) -> None:
    listed = list(rows)
    table = _table(("entry", "order", "payment"), right=(0,))
    for row in listed[:LISTED]:
        table.add_row(*map(Text, (f"{row.index:,}", row.order, row.payment)))
    console.print(table)
    if len(listed) > LISTED:
        console.print(f"  and {len(listed) - LISTED:,} more: the file and --csv have all of them, with times")


def show_chances(console: Console, population: int, n: int) -> None:
    """How sure a sample makes: exact, for shares of the population that might be invented."""
    _title(console, "How sure does that make you?")
    table = _table(("if invented were", "that is", "chance to miss them all", "95 % sure with"), right=(0, 1, 2, 3))
    for per_mille in SHARES_PER_MILLE:
        invented = share_of(population, per_mille)
        chance = chance_to_miss(population, invented, n)
        table.add_row(f"{per_mille / 10:g} %", f"{invented:,}", _percent(chance), f"{needed(population, invented):,}")
    console.print(table)
    most = fewer_than(population, n)
    _paragraph(
        console,
        f"If every one of the {n:,} turns out to be real, then with 95 % confidence fewer than {most:,} of the "
        f"{population:,} ({_percent(most / population)}) are invented.",
    )


def _command(console: Console, sample: Sample, where: str | None) -> None:
    console.print(f"\n  drumroll sample --random {shlex.quote(sample.random)} \\", soft_wrap=True)
    if where:
        console.print(f"    --log {shlex.quote(where)} \\", soft_wrap=True)
    console.print(f"    --kind {sample.kind} -n {sample.n} --size {sample.size} --open", soft_wrap=True)


def _files(console: Console, sample: Sample, output: str | None, csv: str | None) -> None:
    if output is not None and sample.opened:
        console.print(f"\nWritten: {output}. It has order numbers and payment references:", soft_wrap=True)
        console.print("for the auditor, not for the public. The auditor checks it with:")
        console.print(f"  drumroll verify {shlex.quote(output)} --log ... --key ...", soft_wrap=True)
    elif output is not None:
        console.print(f"\nWritten: {output}, which asks for these entries.", soft_wrap=True)
    if csv is not None:
        console.print(f"Written: {csv}, the same as a table.", soft_wrap=True)


def _title(console: Console, words: str) -> None:
    console.print()
    console.print(Text(words, style="bold"))


def _list(console: Console, title: str, parts: Iterable[str], *, numbered: bool = False) -> None:
    _title(console, title)
    for number, part in enumerate(parts, 1):
        begins = f"  {number}. " if numbered else "  - "
        console.print(fill(part, WIDTH, initial_indent=begins, subsequent_indent=" " * len(begins)))


def _paragraph(console: Console, words: str) -> None:
    console.print(fill(words, WIDTH, initial_indent="  ", subsequent_indent="  "))


def _table(head: tuple[str, ...], right: tuple[int, ...]) -> Table:
    made = Table(box=None, padding=(0, 0, 0, 2), header_style="dim")
    for at, name in enumerate(head):
        made.add_column(name, justify="right" if at in right else "left", overflow="fold", no_wrap=at == 0)
    return made


def _percent(share: float) -> str:
    """A share that is never rounded to nothing or to all."""
    if 0 < share < 0.0001:
        return "under 0.01 %"
    if 0.9999 < share < 1:
        return "over 99.99 %"
    return f"{share:.2%}".replace("%", " %") if share < 0.1 else f"{share:.1%}".replace("%", " %")


def values(sample: Sample, checked: Checked, population: int, output: str | None) -> dict[str, object]:
    """The same as values, for ``--json``."""
    invented = {per_mille: share_of(population, per_mille) for per_mille in SHARES_PER_MILLE}
    chances = [
        {
            "share": per_mille / 1000,
            "invented": count,
            "chance_to_miss_all": chance_to_miss(population, count, sample.n),
            "needed_for_95_percent": needed(population, count),
        }
        for per_mille, count in invented.items()
    ]
    return {
        "origin": sample.origin,
        "size": sample.size,
        "root": sample.root,
        "random": sample.random,
        "kind": sample.kind,
        "n": sample.n,
        "population": population,
        "indices": [drawn.index for drawn in sample.entries],
        "opened": sample.opened,
        "chances": chances,
        "fewer_than_with_95_percent": fewer_than(population, sample.n),
        "faults": [{"index": fault.index, "what": fault.what} for fault in checked.faults],
        "file": output,
    }
