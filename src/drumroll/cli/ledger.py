"""``drumroll ledger``: the books of a launch, folded from its log, as balances, a journal, and files."""

from __future__ import annotations

import click

from drumroll.cli.ledger_balance import balance
from drumroll.cli.ledger_export import export
from drumroll.cli.ledger_journal import journal
from drumroll.cli.ledger_reconcile import reconcile


@click.group(short_help="The books of a launch: double entry, from the log.")
def ledger() -> None:
    """Keep the books of a launch: double entry in whole minor units, folded from the log and never edited.

    What is posted when, by which paragraph of IFRS 15, and what is not in these books: docs/ledger.md.

    \b
    Example:
      drumroll ledger balance data/orders.drumroll
      drumroll ledger journal data/orders.drumroll --account Income
      drumroll ledger export books.beancount
      drumroll ledger reconcile statement.csv data/orders.drumroll
    """


for command in (balance, journal, export, reconcile):
    ledger.add_command(command)
