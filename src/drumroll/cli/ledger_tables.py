"""The books as JSON, and as tables that are 80 wide."""

from __future__ import annotations

import msgspec
from rich.console import Console
from rich.text import Text

from drumroll.cli.tables import WIDTH, means, plain_console, printable, table
from drumroll.domain.launch import Launch
from drumroll.domain.money import EXPONENTS, format_minor
from drumroll.domain.times import rfc3339
from drumroll.outlook.journal import Transaction

_MEANS = {
    "received": "deposits and differences that ever came in, those taken over too",
    "held": "of orders that stand and are not delivered",
    "owed": "to be paid back, and not paid yet",
    "refunded": "paid back",
    "forfeited": "given up, and not granted back",
    "applied": "part of the price of delivered orders",
}


class Line(msgspec.Struct, frozen=True):
    """One account in one currency. ``balance_minor`` is its debits less its credits."""

    account: str
    title: str
    currency: str
    debit_minor: int
    credit_minor: int
    balance_minor: int


class Balances(msgspec.Struct, frozen=True):
    """All that the command says, as its JSON has it.

    ``debits_minor``, ``credits_minor`` and ``money`` are in the launch's currency. ``trial_balance`` is debits less
    credits by currency. ``vat_percent`` is ``None`` where the launch file has no [finance].
    """

    launch: str
    currency: str
    at: str
    based_on: int
    vat_percent: str | None
    accounts: tuple[Line, ...]
    debits_minor: int
    credits_minor: int
    trial_balance: dict[str, int]
    money: dict[str, int]
    notes: tuple[str, ...]


def amount(amount_minor: int, currency: str) -> str:
    """An amount without its currency, for a column of which the head names it; in minor units, if nobody knows it."""
    return format_minor(amount_minor, currency).partition(" ")[0] if currency in EXPONENTS else f"{amount_minor:,}"


def show_balances(found: Balances, launch: Launch) -> None:
    """Print the accounts of each currency, and where the money is."""
    console = plain_console()
    console.print(Text(f"{launch.name}: {_verdict(found)}", style="bold"))
    vat = "" if found.vat_percent is None else f", VAT {found.vat_percent} %"
    means(console, f"as of {found.at} (block {found.based_on:,}){vat}", *found.notes)
    for currency in found.trial_balance:
        _accounts(found, currency, console)
    console.print()
    console.print(Text(f"The money, in {found.currency}, to be held against `drumroll audit`", style="bold"))
    rows = [(name, amount(minor, found.currency), _MEANS.get(name, "")) for name, minor in found.money.items()]
    table(console, ("", "", ""), rows, right=(1,), words=(0, 2))
    means(console, "received = held + owed + refunded + forfeited + applied, to the minor unit")


def _verdict(found: Balances) -> str:
    wrong = [f"{amount(minor, currency)} {currency}" for currency, minor in found.trial_balance.items() if minor]
    if wrong:
        return f"the books do NOT balance: debits less credits are {', '.join(wrong)}"
    return "the books balance: debits less credits are zero"


def _accounts(found: Balances, currency: str, console: Console) -> None:
    """The accounts under the kind that they are of, so that amounts of any launch fit beside their names."""
    console.print()
    unit = currency if currency in EXPONENTS else f"{currency}, minor units"
    rows, kind, debits_minor, credits_minor = list[tuple[str, ...]](), "", 0, 0
    for line in found.accounts:
        if line.currency != currency:
            continue
        before, kind = kind, line.account.partition(":")[0]
        if kind != before:
            rows.append((kind, "", "", ""))
        three = (line.debit_minor, line.credit_minor, line.balance_minor)
        rows.append((f"  {line.account.partition(':')[2]}", *(amount(minor, currency) for minor in three)))
        debits_minor, credits_minor = debits_minor + line.debit_minor, credits_minor + line.credit_minor
    totals = (debits_minor, credits_minor, debits_minor - credits_minor)
    rows.append(("All", *(amount(minor, currency) for minor in totals)))
    table(console, (unit, "debit", "credit", "balance"), rows, right=(1, 2, 3))


def entry(transaction: Transaction, zone: str) -> str:
    """A transaction as some lines of a journal: debits to the left, credits to the right."""
    each = transaction
    named = (("order", each.order_id), ("payment", each.payment_id), ("refund", each.refund_id))
    about = [f"{name} {value}" for name, value in named if value]
    together = "  " + ", ".join(about)
    lines = [
        f"{rfc3339(each.at_ms, zone)}  {each.event}  {each.kind}",
        *([together] if len(together) <= WIDTH else [f"  {part}" for part in about]),
        f"  {each.narration}",
    ]
    for posting in each.postings:
        said = f"{amount(abs(posting.amount_minor), posting.currency)} {posting.currency}"
        debit, credit = (said, "") if posting.amount_minor > 0 else ("", said)
        lines.append(f"    {posting.account:<24}{debit:>25}{credit:>25}".rstrip())
    return "\n".join(map(printable, lines))
