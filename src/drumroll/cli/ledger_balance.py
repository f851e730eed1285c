"""``drumroll ledger balance``: what stands on every account, and whether debits and credits are equal."""

from __future__ import annotations

import os

import click

from drumroll.cli.at_the_terminal import give_json, json_option
from drumroll.cli.ledger_book import Books, read_books
from drumroll.cli.ledger_tables import Balances, Line, show_balances
from drumroll.cli.reading import moment
from drumroll.domain.times import rfc3339
from drumroll.outlook.accounts import ACCOUNTS
from drumroll.settings import load

NO_RATE = "no [finance] vat_percent in the launch file: VAT is taken as 0"


@click.command(short_help="What stands on every account.")
@click.argument("log", required=False, type=click.Path(dir_okay=False))
@click.option("--at", "at_ms", metavar="TIME", callback=moment, help="As of then.  [default: the last block]")
@json_option("Write all figures here; - prints them.")
def balance(log: str | None, at_ms: int | None, json_file: str | None) -> None:
    """Show debits, credits and balance of every account of LOG, and the trial balance, which must be zero.

    LOG is the log of the settings if it is not named; a server may be writing it. Below the accounts stands the
    money as `drumroll audit` counts it, on a way of its own. docs/ledger.md explains each account.

    \b
    Example:
      drumroll ledger balance data/orders.drumroll
      drumroll ledger balance a.log --at 2025-06-30T23:59:59.999+08:00 --json -
    """
    books = read_books(load(os.environ, log=log).log, at_ms)
    found = balances_of(books)
    if not give_json(lambda: found, json_file):
        show_balances(found, books.launch)


def balances_of(books: Books) -> Balances:
    """The figures of the books."""
    ledger, launch = books.ledger, books.launch
    stands = ledger.balances()
    titles = {facts.account: facts.title for facts in ACCOUNTS}
    lines = tuple(
        Line(account.value, titles[account], currency, each.debit_minor, each.credit_minor, each.balance_minor)
        for (account, currency), each in stands.items()
    )
    own = [line for line in lines if line.currency == launch.currency]
    return Balances(
        launch=launch.id,
        currency=launch.currency,
        at=rfc3339(books.at_ms, launch.time_zone),
        based_on=ledger.position,
        vat_percent=launch.finance.vat_percent if launch.finance else None,
        accounts=lines,
        debits_minor=sum(line.debit_minor for line in own),
        credits_minor=sum(line.credit_minor for line in own),
        trial_balance=ledger.trial_balance(),
        money=ledger.money(),
        notes=() if launch.finance else (NO_RATE,),
    )
