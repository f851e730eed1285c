"""The books of a rehearsal: what it paid as the provider, held against the ledger of the log by other processes.

The rehearsal plays the provider, so it has the provider's statement: of payments, that is; refunds the sandbox pays by
itself. The ledger's balance is held against the audit's own count of the money.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec

from drumroll.domain.times import rfc3339
from drumroll.rehearsal.another_process import output_of, run

Taken = tuple[bytes, bytes, int, bytes, int]
"""A payment as the provider took it in: its id, the order's, minor units, currency, when."""

_HEAD = b"type,id,order_id,amount_minor,currency,at\n"


class Booked(msgspec.Struct, frozen=True):
    """What came of it: the ledger's sums, what of the statement matched, and what differs (``faults``)."""

    debits_minor: int
    credits_minor: int
    money: dict[str, int]
    matched: int
    faults: list[str]
    balance_s: float


def write_statement(path: Path, taken: Iterable[Taken]) -> None:
    """The provider's statement, as ``drumroll ledger reconcile`` reads it."""
    with path.open("wb") as file:
        file.write(_HEAD)
        for payment_id, order_id, amount_minor, currency, at_ms in taken:
            words = (b"payment", payment_id, order_id, b"%d" % amount_minor, currency, rfc3339(at_ms).encode())
            file.write(b",".join(words) + b"\n")


def booked(log: Path, statement: Path, counted: dict[str, Any]) -> Booked:
    """The balance of the log, and the statement held against it. ``counted``: the audit's figures.

    Raises:
        RehearsalFailed: there is no balance.
    """
    began = monotonic()
    balance = output_of("ledger", "balance", str(log), "--json", "-")
    balance_s = monotonic() - began
    money = balance["money"]
    found = run("ledger", "reconcile", str(statement), str(log), "--only", "payments", "--json", "-")
    matched = 0
    faults = out_of_balance(balance) + _counted_otherwise(money, counted)
    if found.stdout.strip():
        matched = msgspec.json.decode(found.stdout)["matched"]
    if found.returncode:
        faults.append(f"the provider's statement differs from the ledger: {(found.stderr or found.stdout)[:300]}")
    return Booked(balance["debits_minor"], balance["credits_minor"], money, matched, faults, round(balance_s, 3))


def out_of_balance(balance: dict[str, Any]) -> list[str]:
    """The currencies in which what the ledger prints does not balance, in words."""
    return [
        f"the trial balance is {difference_minor} in {currency}, not zero"
        for currency, difference_minor in balance["trial_balance"].items()
        if difference_minor
    ]


def _counted_otherwise(money: dict[str, int], counted: dict[str, Any]) -> list[str]:
    """The audit counts refunds as owed for good; the ledger no more once they are paid."""
    same = {
        "received": counted["money_in_minor"],
        "held": counted["held_minor"],
        "applied": counted["applied_minor"],
        "forfeited": counted["forfeited_minor"],
        "refunded": counted["refunds_paid_minor"],
        "owed": counted["refunds_owed_minor"] - counted["refunds_paid_minor"],
    }
    return [
        f"{money[name]} minor units are {name} in the ledger; the audit counts {minor}"
        for name, minor in same.items()
        if money[name] != minor
    ]
