"""``drumroll ledger journal``: one entry a transaction, in the order of the log."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from typing import Any

import click
import msgspec

from drumroll.cli.at_the_terminal import give_json, json_option
from drumroll.cli.ledger_book import launch_of, read_journal
from drumroll.cli.ledger_tables import entry
from drumroll.cli.reading import moment
from drumroll.domain.times import rfc3339
from drumroll.outlook.accounts import Account
from drumroll.outlook.journal import Transaction
from drumroll.outlook.ledger import Ledger
from drumroll.settings import load

MOST = 1_000_000


class Wanted(msgspec.Struct, frozen=True):
    """Which transactions are asked for. Empty: any."""

    order_id: str
    account: str

    def fits(self, transaction: Transaction) -> bool:
        """Whether it is of the order, and touches the account or one below it."""
        if self.order_id and transaction.order_id != self.order_id:
            return False
        return not self.account or any(_within(posting.account, self.account) for posting in transaction.postings)

    def __str__(self) -> str:
        """The filter in words."""
        said = (("of order", self.order_id), ("on", self.account))
        return "".join(f" {what} {name}" for what, name in said if name)


def _within(account: str, above: str) -> bool:
    return account == above or account.startswith(f"{above}:")


def _account(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """An account's name, or the beginning of some (``Assets:Cash``)."""
    if value is not None and not any(_within(account, value) for account in Account):
        raise click.BadParameter(f"found {value!r}, allowed: {', '.join(Account)}, or where some of them begin")
    return value


@click.command(short_help="What was booked, an entry a transaction.")
@click.argument("log", required=False, type=click.Path(dir_okay=False))
@click.option("--order", "order_id", metavar="ORDER_ID", help="Only what is about this order.")
@click.option("--account", metavar="NAME", callback=_account, help="Only what touches it: Assets:Cash, Income:Revenue.")
@click.option("--from", "from_ms", metavar="TIME", callback=moment, help="From then on.")
@click.option("--until", "until_ms", metavar="TIME", callback=moment, help="Before then.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, MOST), help="The first so many.")
@json_option("Write them here, an array; - prints it.")
def journal(log: str | None, json_file: str | None, **given: Any) -> None:
    """Show what was booked in LOG, in its order: when, by which event, for which order, on which accounts.

    LOG is the log of the settings if it is not named; a server may be writing it. An event is named by its block and
    its number within the block, from 0: `12.3`. For all of a large log use `drumroll ledger export`.

    \b
    Example:
      drumroll ledger journal orders.log --order ord_0000000000000000000a --json -
      drumroll ledger journal --account Income:ForfeitedDeposits --limit 500
      drumroll ledger journal --from 2025-06-26T22:00:00+08:00 --limit 5
    """
    path = load(os.environ, log=log).log
    wanted, ledger = Wanted(given["order_id"] or "", given["account"] or ""), Ledger()
    every = read_journal(path, ledger, given["from_ms"], given["until_ms"])
    fitting = filter(wanted.fits, every)
    shown = list(islice(fitting, given["limit"]))
    more = next(fitting, None) is not None
    zone = launch_of(path, ledger, given["until_ms"]).time_zone
    if give_json(lambda: [as_values(each, zone) for each in shown], json_file):
        return
    for line in _lines(shown, zone):
        click.echo(line)
    click.echo(_last(len(shown), more, wanted))


def as_values(transaction: Transaction, zone: str) -> dict[str, Any]:
    """A transaction for JSON: its event by name, its time in the launch's zone, ids that there are not as ``None``."""
    values = msgspec.to_builtins(transaction)
    named = {name: values[name] or None for name in ("order_id", "payment_id", "refund_id")}
    at = rfc3339(values.pop("at_ms"), zone)
    return {"event": transaction.event, "at": at, **values, **named}


def _lines(shown: list[Transaction], zone: str) -> Iterator[str]:
    for each in shown:
        yield entry(each, zone)
        yield ""


def _last(count: int, more: bool, wanted: Wanted) -> str:
    if not count:
        return f"Nothing was booked{wanted} in that time."
    if more:
        return f"The first {count:,}{wanted}; --limit shows more, --from begins later."
    return f"{count:,} in all{wanted}."
