"""The ledger: double entry, in whole minor units, folded from the blocks of the log and never edited.

It shares nothing with ``domain.book``: the money of both must come out the same, and a test and the audit hold it so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from drumroll.domain.events import Event
from drumroll.domain.launch import Launch
from drumroll.errors import LedgerError
from drumroll.outlook.accounts import Account
from drumroll.outlook.journal import Posting, Transaction, kind_name
from drumroll.outlook.ledger_daybook import Daybook, Noted
from drumroll.outlook.ledger_events import ALL_RULES


class Events(Protocol):
    """A block: the events of one group commit, with its position in the log and its time."""

    @property
    def position(self) -> int:
        """Its number in the log, from 1."""

    @property
    def at_ms(self) -> int:
        """When it was committed, in milliseconds since 1970 UTC."""

    @property
    def events(self) -> Sequence[Event]:
        """What happened, in order."""


class Balance(msgspec.Struct, frozen=True):
    """What an account was debited and credited in all, in minor units of one currency."""

    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        """Debits less credits: below 0 for a liability, for income, and for what is to be settled."""
        return self.debit_minor - self.credit_minor


class Ledger:
    """The books after block ``position`` of time ``at_ms``: feed it all blocks of a log, once and in order.

    Either way of feeding it keeps the same books. Both raise ``LedgerError`` if the block is of another launch, does
    not follow the one before, or names an order or a refund that was never there: drop the ledger then.
    """

    def __init__(self) -> None:
        self.position = 0
        self.at_ms = 0
        self._daybook = Daybook()

    @property
    def launch(self) -> Launch | None:
        """The launch as the last of its files has it; ``None`` while none is set."""
        return self._daybook.launch

    def block(self, block: Events) -> None:
        """Book one block more."""
        self._follows(block)
        daybook, rules = self._daybook, ALL_RULES
        try:
            for event in block.events:
                rules[type(event)](daybook, event)
        except KeyError as error:
            raise _never_there(block, error) from error

    def transactions(self, block: Events) -> Iterator[Transaction]:
        """Book one block more, all of it at once, and give the transactions that it made."""
        self._follows(block)
        daybook, made = self._daybook, list[Transaction]()
        try:
            for number, event in enumerate(block.events):
                daybook.noted = []
                ALL_RULES[type(event)](daybook, event)
                made += [_transaction(block, number, event, noted) for noted in daybook.noted]
        except KeyError as error:
            raise _never_there(block, error) from error
        finally:
            daybook.noted = None
        return iter(made)

    def balances(self) -> dict[tuple[Account, str], Balance]:
        """By account and currency: every account in the launch's, those that were ever used in others."""
        return {
            (account, currency): Balance(totals.debits[account], totals.credits[account])
            for currency, totals in self._daybook.totals.items()
            for account in Account
            if currency == self._daybook.currency or totals.debits[account] or totals.credits[account]
        }

    def trial_balance(self) -> dict[str, int]:
        """Debits less credits over all accounts, by currency: 0 after every block, or the ledger is wrong."""
        return {
            currency: sum(totals.debits.values()) - sum(totals.credits.values())
            for currency, totals in self._daybook.totals.items()
        }

    def money(self) -> dict[str, int]:
        """Where the money is as ``domain.book.Money`` has it, in minor units of the launch's currency.

        ``received`` is what both kinds of cash were debited; ``applied`` is what is not receivable of the price of
        delivered orders, with the deposits of those that were delivered before they were imported.
        """
        debited, credited = self._daybook.home.debits, self._daybook.home.credits
        stands = {account: debited[account] - credited[account] for account in Account}
        delivered = (Account.REVENUE, Account.VAT, Account.RECEIVABLE, Account.RECOGNISED_BEFORE)
        return {
            "received": debited[Account.PROVIDER] + debited[Account.TAKEN_OVER],
            "held": -stands[Account.REFUND] - stands[Account.CONTRACT],
            "owed": -stands[Account.PAYABLE],
            "refunded": credited[Account.PROVIDER] + credited[Account.PAID_BY_HAND],
            "forfeited": -stands[Account.FORFEITED],
            "applied": -sum(stands[account] for account in delivered),
        }

    def _follows(self, block: Events) -> None:
        if block.position != self.position + 1:
            raise LedgerError(
                f"block {block.position} follows block {self.position}; a ledger takes every block of a log once, in "
                "order: begin a new one, from block 1"
            )
        self.position, self.at_ms = block.position, block.at_ms


def _transaction(block: Events, number: int, event: Event, noted: Noted) -> Transaction:
    return Transaction(
        block.position,
        number,
        block.at_ms,
        kind_name(type(event)),
        noted.order_id,
        noted.payment_id,
        noted.refund_id,
        tuple(Posting(account, amount_minor, noted.currency) for account, amount_minor in noted.legs),
        noted.why,
    )


def _never_there(block: Events, error: KeyError) -> LedgerError:
    return LedgerError(
        f"block {block.position} names {error.args[0]!r}: no such order was made, or no such refund is owed; "
        "look at the log with drumroll audit"
    )
