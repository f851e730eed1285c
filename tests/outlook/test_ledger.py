"""The ledger over random lives: it balances after every block, and its money is that of the book and of the audit."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import floor
from typing import get_args

import msgspec
import pytest

from drumroll.domain import events as ev
from drumroll.domain.book import Book
from drumroll.domain.evolve import evolve
from drumroll.domain.states import DELIVERED, FIRM, UNDELIVERED
from drumroll.outlook.accounts import Account
from drumroll.outlook.ledger import Ledger
from drumroll.outlook.ledger_rules import RULES
from drumroll.rehearsal.recount import Recount
from tests.outlook.ledger_lives import SEEDS, lived

LIABILITIES_AND_INCOME = [account for account in Account if account.startswith(("Liabilities:", "Income:", "Equity:"))]


def as_the_book_has_it(ledger: Ledger, book: Book) -> None:
    """The money in all, and each kind of liability order by order."""
    assert ledger.money() == msgspec.structs.asdict(book.money)
    stands = {key: balance.balance_minor for key, balance in ledger.balances().items()}
    currency = ledger.launch.currency if ledger.launch else ""
    orders = book.orders.values()
    assert stands[Account.REFUND, currency] == -sum(order.held_minor for order in orders if order.state is FIRM)
    in_work = sum(order.held_minor for order in orders if order.state in UNDELIVERED)
    assert stands[Account.CONTRACT, currency] == -in_work
    assert stands[Account.FORFEITED, currency] == -sum(order.forfeited_minor for order in orders)
    owed = Counter[str]()
    for refund in book.refunds_owed.values():
        owed[refund.currency] += refund.amount_minor
    for one in {currency, *owed, *ledger.trial_balance()}:
        assert stands[Account.PAYABLE, one] == -owed[one]


def as_the_audit_has_it(ledger: Ledger, recount: Recount) -> None:
    """Money in by currency, and where it is, as the recount counts it."""
    paid_in = Counter[str]()
    for (account, currency), balance in ledger.balances().items():
        if account in (Account.PROVIDER, Account.TAKEN_OVER):
            paid_in[currency] += balance.debit_minor
    assert +paid_in == +recount.money_in
    money = ledger.money()
    assert {name: money[name] for name in ("held", "applied", "forfeited")} == recount.kept()
    for name, refunds in (("owed", recount.owed), ("refunded", recount.paid_back)):
        assert money[name] == sum(amount for _, amount, currency, _ in refunds.values() if currency == recount.currency)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_after_every_block_debits_are_credits_and_the_money_is_that_of_book_and_audit(seed: int) -> None:
    ledger, book, recount, blocks = Ledger(), Book(), Recount(), lived(seed)
    for block in blocks:
        for event in block.events:
            evolve(book, event, block.at_ms, block.position)
        recount.block(block)
        ledger.block(block)
        assert not any(ledger.trial_balance().values())
        as_the_book_has_it(ledger, book)
        as_the_audit_has_it(ledger, recount)
    assert (ledger.position, ledger.at_ms, ledger.launch) == (blocks[-1].position, blocks[-1].at_ms, book.filed)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_revenue_tax_and_receivable_are_those_of_the_orders_delivered_at_the_rate_of_their_day(
    seed: int,
) -> None:
    book, ledger = Book(), Ledger()
    revenue = vat = receivable = 0
    for block in lived(seed):
        for event in block.events:
            for order_id in event.order_ids if isinstance(event, ev.OrdersMoved) and event.state == DELIVERED else ():
                order, launch = book.orders[order_id], book.filed
                assert launch is not None
                rate = Fraction(launch.finance.vat_percent if launch.finance else 0)
                price = order.offer.price_minor
                tax = floor(price * rate / (100 + rate) + Fraction(1, 2))
                revenue, vat, receivable = revenue + price - tax, vat + tax, receivable + price - order.held_minor
            evolve(book, event, block.at_ms, block.position)
        ledger.block(block)
    stands = {account: ledger.balances()[account, "EUR"].balance_minor for account in Account}
    assert (stands[Account.REVENUE], stands[Account.VAT], stands[Account.RECEIVABLE]) == (-revenue, -vat, receivable)


def test_no_liability_and_no_income_is_ever_a_debit_balance() -> None:
    for seed in range(SEEDS):
        ledger = Ledger()
        for block in lived(seed):
            ledger.block(block)
            balances = ledger.balances()
            for account in LIABILITIES_AND_INCOME:
                assert balances[account, "EUR"].balance_minor <= 0, (block.position, account)


def test_every_kind_of_event_has_a_rule_and_occurred_and_every_account_was_used() -> None:
    kinds = set(get_args(ev.AnyEvent))
    assert RULES.keys() == kinds
    assert {type(event) for seed in range(SEEDS) for block in lived(seed) for event in block.events} == kinds
    debited, credited = set[Account](), set[Account]()
    currencies = set[str]()
    for seed in range(SEEDS):
        ledger = Ledger()
        for block in lived(seed):
            ledger.block(block)
        debited |= {account for (account, _), balance in ledger.balances().items() if balance.debit_minor}
        credited |= {account for (account, _), balance in ledger.balances().items() if balance.credit_minor}
        currencies |= ledger.trial_balance().keys()
    assert debited | credited == set(Account)
    assert {Account.FORFEITED, Account.CONTRACT, Account.REFUND, Account.PAYABLE} <= debited & credited
    assert currencies == {"EUR", "USD", "JPY"}


def test_a_ledger_of_nothing_has_no_money() -> None:
    ledger = Ledger()
    assert ledger.launch is None
    assert ledger.balances() == ledger.trial_balance() == {}
    assert not any(ledger.money().values())
