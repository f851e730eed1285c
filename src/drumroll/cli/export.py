"""``drumroll export``: all orders and their history as files, beside a running server."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import Progress

from drumroll import bootstrap
from drumroll.cli.at_the_terminal import check_no_log
from drumroll.exchange.export import Exported
from drumroll.exchange.export import export as exported
from drumroll.settings import load


@click.command(short_help="Write all orders to CSV or Parquet files.")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--log", "log_path", help="The order log.  [default: data/orders.drumroll]")
@click.option("--history/--no-history", default=True, help="Write FILE-history too, a row an event.  [default: yes]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def export(file: str, log_path: str | None, history: bool, as_json: bool) -> None:
    """Write the present state of all orders to FILE (.csv or .parquet), and beside it the history.

    Orders go on meanwhile; both files are of one moment. The columns are described in docs/files.md.

    \b
    Example:
      drumroll export orders.parquet --log data/orders.drumroll
      drumroll export orders.csv --no-history
    """
    source = load(os.environ, log=log_path).log
    check_no_log(file)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=as_json or not console.is_terminal) as bar:
        reading = bar.add_task("Reading the log", total=None)
        made = exported(
            bootstrap.log_opener(source),
            Path(file),
            history=history,
            progress=lambda read, of: bar.update(reading, completed=read, total=of),
        )
    click.echo(msgspec.json.encode(made).decode() if as_json else _in_words(made))


def _in_words(made: Exported) -> str:
    lines = [f"{made.orders_file}: {made.orders:,} orders, as they stand after block {made.block:,}."]
    if made.history_file is not None:
        lines.append(f"{made.history_file}: {made.events:,} rows, all that happened until then.")
    return "\n".join(lines)
