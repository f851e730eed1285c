"""``drumroll import``: take over orders that were made elsewhere, all of them or none."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from drumroll import bootstrap
from drumroll.cli.at_the_terminal import json_option, write
from drumroll.desk.clock import SandboxClock, system_ms
from drumroll.domain.launch import Launch
from drumroll.errors import FileMistakes, ImportRefused, LogHeld
from drumroll.exchange.faults import SHOWN, Fault, shown
from drumroll.exchange.incoming import Incoming, read_orders
from drumroll.settings import Settings, load

WIDTH = 80


@click.command("import", short_help="Take over orders made elsewhere, from a file.")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--launch", help="The launch file.  [default: launches/yu7.toml]")
@click.option("--log", "log_path", help="The order log.  [default: data/orders.drumroll]")
@click.option("--dry-run", is_flag=True, help="Only check the file against the launch; write nothing.")
@json_option("Write the outcome here too; - prints it.")
def import_(file: str, launch: str | None, log_path: str | None, dry_run: bool, json_file: str | None) -> None:
    """Take over the orders of FILE (.csv or .parquet) that were made elsewhere: all of them, or none.

    Every mistake is listed with its line, and then nothing was imported. Rows imported before are passed over, so it
    is safe to run twice. No server may write the log meanwhile. The columns are described in docs/files.md.

    \b
    Example:
      drumroll import su7-orders.csv --dry-run
      drumroll import su7-orders.parquet --log data/orders.drumroll
    """
    settings = load(os.environ, launch=launch, log=log_path)
    try:
        outcome = _imported(Path(file), settings, dry_run=dry_run)
    except FileMistakes as error:
        if json_file:
            _write(json_file, {"ok": False, "mistakes": error.count, "faults": list(error.faults)})
        raise
    if json_file:
        _write(json_file, outcome)
    if json_file != "-":
        _show(outcome, file)


def _imported(path: Path, settings: Settings, *, dry_run: bool) -> dict[str, Any]:
    offer, clock = bootstrap.read_launch(settings.launch), bootstrap.make_clock(settings)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        reading = bar.add_task("Reading rows", total=None)
        incoming = read_orders(path, offer, (clock or system_ms)(), lambda count: bar.update(reading, completed=count))
        bar.add_task("Into the log", total=None, visible=not dry_run)
        new = None if dry_run else _take_over(incoming, path, settings, offer, clock)
    states = Counter(row.state for row in incoming.rows)
    deposits_minor = sum(row.deposit_minor for row in incoming.rows)
    return {
        "ok": True,
        "rows": len(incoming.rows),
        "imported": new,
        "passed_over": None if new is None else len(incoming.rows) - new,
        "states": dict(states),
        "deposits_minor": deposits_minor,
    }


def _take_over(incoming: Incoming, path: Path, settings: Settings, offer: Launch, clock: SandboxClock | None) -> int:
    """Hand the orders to the desk; says how many were new."""
    try:
        desk = bootstrap.open_desk(settings, offer, clock)
    except LogHeld as error:
        raise LogHeld(f"{error}: stop the server first, import, and start it again") from error
    try:
        return desk.import_orders(incoming.rows)
    except ImportRefused as error:
        _refuse(error, incoming, path)
    finally:
        desk.close()


def _refuse(error: ImportRefused, incoming: Incoming, path: Path) -> NoReturn:
    """What contradicts the log, by the lines of the file."""
    faults = []
    for fault in error.faults[:SHOWN]:
        found, words = shown(fault["found"]), {name: str(fault[name]) for name in ("field", "allowed", "reason")}
        faults.append(Fault(incoming.lines[int(str(fault["index"]))], found=found, **words))
    count = len(error.faults)
    with suppress(ValueError):  # the message begins with their number, of which not all may be listed
        count = max(count, int(str(error).partition(" ")[0]))
    raise FileMistakes(str(path), tuple(faults), count) from error


def _write(json_file: str, outcome: dict[str, Any]) -> None:
    encoded = msgspec.json.format(msgspec.json.encode(outcome))
    if json_file == "-":
        click.echo(encoded)
    else:
        write(json_file, encoded)


def _show(outcome: dict[str, Any], file: str) -> None:
    click.echo(f"Import of {file}")
    table = Table(box=None, pad_edge=False)
    table.add_column("state")
    table.add_column("orders", justify="right")
    for state, count in outcome["states"].items():
        table.add_row(state.replace("_", " "), f"{count:,}")
    Console(width=WIDTH, highlight=False).print(table)
    if outcome["imported"] is None:
        click.echo(f"{outcome['rows']:,} rows are fit for this launch. Nothing was written.")
    else:
        click.echo(f"{outcome['imported']:,} orders imported, {outcome['passed_over']:,} were there before.")
