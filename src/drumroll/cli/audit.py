"""``drumroll audit``: recount a log, by itself or against what the customers of a rehearsal were told."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from drumroll.bootstrap import open_log_for_reading
from drumroll.cli.at_the_terminal import json_option, write
from drumroll.errors import DamagedLog
from drumroll.rehearsal import told as ledger
from drumroll.rehearsal.audit import Audit, Check
from drumroll.rehearsal.audit import audit as recounted
from drumroll.rehearsal.audit_rules import READABLE

WIDTH = 80


@click.command(short_help="Recount a log: go or no-go, with the reasons.")
@click.argument("log", type=click.Path(dir_okay=False))
@click.option("--told", "told_file", type=click.Path(exists=True, dir_okay=False), help="What the customers were told.")
@json_option("Write the outcome here too; - prints it.")
def audit(log: str, told_file: str | None, json_file: str | None) -> None:
    r"""Recount a LOG by itself and say go or no-go, with the reasons. Exits with 1 on no-go.

    The count shares no code with the desk. With --told (the file that a rehearsal keeps) it is also held against what
    every customer was told, and against the last board.

    \b
    Example:
      drumroll audit orders.log
      drumroll audit kept/orders.log --told kept/told.tsv --json audit.json
    """
    gc.disable()  # everything that is read lives to the end of this short process
    told = ledger.read(Path(told_file)) if told_file else None
    outcome = _outcome(log, told)
    if json_file and json_file != "-":
        write(json_file, msgspec.json.encode(outcome))
    if json_file == "-":
        click.echo(msgspec.json.format(msgspec.json.encode(outcome)))
    else:
        show(outcome, Console(width=WIDTH, highlight=False))
    if not outcome.go:
        sys.exit(1)


def _outcome(log: str, told: ledger.Told | None) -> Audit:
    try:
        opened = open_log_for_reading(log)
    except DamagedLog as error:
        return damaged(str(error))
    try:
        return recounted(opened.read(1), told)
    finally:
        opened.close()


def damaged(why: str) -> Audit:
    """The outcome for a log that can't even be opened."""
    check = Check(READABLE, ok=False, faults=1, examples=[why])
    return Audit(
        go=False,
        reasons=[f"not so: {READABLE}; {why}"],
        checks=[check],
        figures={},
        states={},
        lost=0,
        doubled=0,
        curve=[],
        milestones=[],
        launch="",
    )


def show(outcome: Audit, console: Console) -> None:
    """The outcome as tables, then the verdict."""
    console.print(_checks_table(outcome))
    if outcome.figures:
        console.print(_figures_table(outcome))
    for reason in outcome.reasons:
        console.print(f"[red]•[/] {reason}", soft_wrap=True)
    console.print("[bold green]go[/]" if outcome.go else "[bold red]no-go[/]")


def _checks_table(outcome: Audit) -> Table:
    table = Table(title=f"Audit of {outcome.launch or 'a log'}", box=None, title_justify="left", pad_edge=False)
    table.add_column("what must hold")
    table.add_column("", justify="right")
    for check in outcome.checks:
        table.add_row(check.rule, "[green]yes[/]" if check.ok else f"[red]no, {check.faults}[/]")
    return table


def _figures_table(outcome: Audit) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("counted from the log")
    table.add_column("", justify="right")
    for name, figure in outcome.figures.items():
        table.add_row(name.replace("_", " "), f"{figure:,}")
    return table
