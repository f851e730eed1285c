"""``drumroll ledger reconcile``: the payment provider's statement against the ledger."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from drumroll.cli.at_the_terminal import give_json, json_option, progress
from drumroll.cli.ledger_book import launch_of, read_journal
from drumroll.cli.reading import moment, quickly
from drumroll.outlook.ledger import Ledger
from drumroll.settings import load

if TYPE_CHECKING:
    from drumroll.outlook.reconciliation_values import Reconciliation, Statement, Type

LISTED = 1_000_000
"""Differences of one kind that JSON lists at most; all are counted and summed up."""

ONLY: dict[str, Type] = {"payments": "payment", "refunds": "refund"}


@click.command(short_help="The provider's statement against the ledger.")
@click.argument("statement", type=click.Path(dir_okay=False))
@click.argument("log", required=False, type=click.Path(dir_okay=False))
@click.option("--at", "at_ms", metavar="TIME", callback=moment, help="Read LOG up to then.  [default: the last block]")
@click.option("--only", type=click.Choice(list(ONLY)), help="Where the provider has a statement of each.")
@click.option(
    "--limit", default=10, show_default=True, type=click.IntRange(0, LISTED), help="Show so many differences of a kind."
)
@json_option("Write all of it here; - prints it.")
def reconcile(statement: str, log: str | None, **given: Any) -> None:
    """Hold STATEMENT, the payment provider's CSV, against the cash at the provider in the ledger of LOG.

    Says what matches, what is missing here or there, where amounts, currencies or orders differ, and what comes twice;
    nothing is changed anywhere. Exits with 0 if everything matches and with 1 if anything differs. A statement with
    mistakes is refused with all of them, and with 1 too. LOG is the log of the settings if it is not named. The columns
    are described in docs/reconciliation.md.

    \b
    Example:
      drumroll ledger reconcile statement.csv data/orders.drumroll
      drumroll ledger reconcile refunds.csv --only refunds --json -
      drumroll ledger reconcile june.csv a.log --at 2025-06-30T23:59:59.999+08:00
    """
    # Tables take a while to import: the other commands of the ledger must not wait for them.
    from drumroll.cli.ledger_reconcile_tables import as_values, show
    from drumroll.exchange.statements import read_statement

    with quickly(), progress("Reading the statement") as say:
        said = read_statement(Path(statement), say)
    found, zone, name = _reconciled(said, load(os.environ, log=log).log, given)
    if not give_json(lambda: as_values(found, statement, zone), given["json_file"]):
        show(found, statement, zone, name, given["limit"])
    if found.differ:
        sys.exit(1)


def _reconciled(said: Statement, path: str, given: dict[str, Any]) -> tuple[Reconciliation, str, str]:
    """What came of it, the launch's time zone and its name."""
    from drumroll.outlook.reconciliation import Cash, reconcile

    ledger, cash = Ledger(), Cash()
    until_ms = None if given["at_ms"] is None else given["at_ms"] + 1
    for transaction in read_journal(path, ledger, None, until_ms):
        cash.add(transaction)
    launch = launch_of(path, ledger, given["at_ms"])
    only = ONLY.get(given["only"])
    most = LISTED if given["json_file"] else given["limit"]
    return reconcile(ledger, cash, said, only=only, most=most), launch.time_zone, launch.name
