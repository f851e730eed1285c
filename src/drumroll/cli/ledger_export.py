"""``drumroll ledger export``: the whole journal as a file."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec

from drumroll.cli.at_the_terminal import check_no_log
from drumroll.cli.reading import blocks_of, moment
from drumroll.errors import LedgerError
from drumroll.outlook.ledger import Ledger
from drumroll.settings import load


@click.command(short_help="Write the journal for Beancount, as CSV or Parquet.")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--log", "log_path", help="The order log.  [default: data/orders.drumroll]")
@click.option("--at", "at_ms", metavar="TIME", callback=moment, help="Up to then.  [default: the last block]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def export(file: str, log_path: str | None, at_ms: int | None, as_json: bool) -> None:
    """Write the journal to FILE: .beancount (or .bean), .csv or .parquet, a row a posting.

    Orders go on meanwhile. A file that is there is replaced when the new one is whole. The columns, and how to open
    the Beancount file: docs/ledger.md.

    \b
    Example:
      drumroll ledger export books.beancount --log data/orders.drumroll
      drumroll ledger export postings.parquet --at 2025-06-30T23:59:59.999+08:00
    """
    # Imported here, for the other commands of the ledger need no tables of a million rows.
    from drumroll.exchange.ledger_files import check_name, write_ledger

    path, source = Path(file), load(os.environ, log=log_path).log
    check_name(path)
    check_no_log(file)
    try:
        made = write_ledger(path, blocks_of(source, at_ms), Ledger())
    except LedgerError as error:
        raise LedgerError(f"{source}: {error}") from error
    if as_json:
        click.echo(msgspec.json.encode(made).decode())
        return
    click.echo(
        f"{made.file}: {made.postings:,} postings of {made.transactions:,} transactions, up to block {made.block:,}."
    )
