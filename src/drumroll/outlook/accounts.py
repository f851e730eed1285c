"""The accounts of a launch: their names as Beancount writes them, and what each says in the words of IFRS 15.

The numbers in brackets are paragraphs of IFRS 15, Revenue from Contracts with Customers; those with a B are of its
application guidance.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

Kind = Literal["asset", "liability", "equity", "income"]


class Account(StrEnum):
    """An account, by the name that it has in every journal."""

    PROVIDER = "Assets:Cash:Provider"
    TAKEN_OVER = "Assets:Cash:TakenOver"
    PAID_BY_HAND = "Assets:Cash:PaidByHand"
    RECEIVABLE = "Assets:Receivable"
    REFUND = "Liabilities:Refund"
    CONTRACT = "Liabilities:Contract"
    PAYABLE = "Liabilities:RefundsPayable"
    VAT = "Liabilities:VAT"
    RECOGNISED_BEFORE = "Equity:TakenOver"
    REVENUE = "Income:Revenue"
    FORFEITED = "Income:ForfeitedDeposits"


class AccountFacts(msgspec.Struct, frozen=True):
    """One account as a reader is told of it: ``says`` names the paragraphs that it follows."""

    account: Account
    title: str
    kind: Kind
    says: str


ACCOUNTS: tuple[AccountFacts, ...] = (
    AccountFacts(
        Account.PROVIDER,
        "Cash at the payment provider",
        "asset",
        "Deposits that the payment provider took in, less the refunds that it paid.",
    ),
    AccountFacts(
        Account.TAKEN_OVER,
        "Cash taken over",
        "asset",
        "Deposits of imported orders: they were paid elsewhere, before the order came into this log.",
    ),
    AccountFacts(
        Account.PAID_BY_HAND,
        "Refunds paid by hand",
        "asset",
        "Refunds that an operator says were paid outside the provider: a credit balance, to be settled with the bank.",
    ),
    AccountFacts(
        Account.RECEIVABLE,
        "Receivable",
        "asset",
        "The price of delivered orders less the deposits applied to it: the right to it is unconditional from delivery "
        "on (IFRS 15.105, 108). What a conversion leaves due is none before.",
    ),
    AccountFacts(
        Account.REFUND,
        "Refund liability",
        "liability",
        "Deposits of firm orders in their cooling-off, which customers can still have back (IFRS 15.55, by analogy "
        "B20-B27).",
    ),
    AccountFacts(
        Account.CONTRACT,
        "Contract liability",
        "liability",
        "Deposits of locked orders, from the lock to the delivery: paid in advance, performance is still owed (IFRS "
        "15.105-106).",
    ),
    AccountFacts(
        Account.PAYABLE,
        "Refunds payable",
        "liability",
        "Money that is owed back, and not paid back yet.",
    ),
    AccountFacts(
        Account.VAT,
        "Output VAT",
        "liability",
        "The tax in the price of delivered orders: collected for a third party, so no part of the transaction price "
        "(IFRS 15.47).",
    ),
    AccountFacts(
        Account.RECOGNISED_BEFORE,
        "Delivered before it was imported",
        "equity",
        "Deposits of orders that were delivered already when they were imported: their revenue was recognised where "
        "they were made.",
    ),
    AccountFacts(
        Account.REVENUE,
        "Revenue",
        "income",
        "The price without VAT, at delivery: control passes to the customer (IFRS 15.31, 38). A deposit is no revenue.",
    ),
    AccountFacts(
        Account.FORFEITED,
        "Forfeited deposits",
        "income",
        "Deposits that were given up when a contract ended, as nothing is owed for them any more (IFRS 15.15-16, "
        "B44-B47). What an operator grants back later is debited here.",
    ),
)
"""Every account, in the order of a balance sheet, income last."""
