"""The journal: every transaction balances by itself, names an event that is there, and the books are its sum."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import pytest

from drumroll.domain import events as ev
from drumroll.domain.book import Book
from drumroll.domain.evolve import evolve
from drumroll.exchange.kinds import KINDS
from drumroll.outlook.accounts import ACCOUNTS, Account
from drumroll.outlook.journal import Transaction, kind_name
from drumroll.outlook.ledger import Ledger
from tests.outlook.ledger_lives import SEEDS, lived

A = Account
BOOKED: dict[str, set[tuple[tuple[Account, ...], tuple[Account, ...]]]] = {
    "order_firmed": {((A.PROVIDER,), (A.REFUND,))},
    "order_locked": {((A.REFUND,), (A.CONTRACT,))},
    "lock_undone": {((A.CONTRACT,), (A.REFUND,))},
    "order_cancelled": {((A.REFUND,), (A.PAYABLE,))},
    "order_forfeited": {((A.CONTRACT,), (A.FORFEITED,))},
    "order_withdrawn": {
        ((A.REFUND,), (A.PAYABLE,)),
        ((A.CONTRACT,), (A.PAYABLE,)),
        ((A.CONTRACT,), (A.FORFEITED,)),
    },
    "refund_granted": {((A.FORFEITED,), (A.PAYABLE,))},
    "deposit_owed_back": {((A.PROVIDER,), (A.PAYABLE,))},
    "refund_paid": {((A.PAYABLE,), (A.PROVIDER,)), ((A.PAYABLE,), (A.PAID_BY_HAND,))},
    "order_converted": {
        ((A.REFUND,), (A.PAYABLE,)),
        ((A.CONTRACT,), (A.PAYABLE,)),
        ((A.CONTRACT,), (A.REFUND,)),
        ((A.REFUND,), (A.CONTRACT,)),
    },
    "difference_paid": {((A.PROVIDER,), (A.REFUND,)), ((A.PROVIDER,), (A.CONTRACT,))},
    "order_imported": {
        ((A.TAKEN_OVER,), (A.REFUND,)),
        ((A.TAKEN_OVER,), (A.CONTRACT,)),
        ((A.TAKEN_OVER,), (A.RECOGNISED_BEFORE,)),
    },
    "orders_moved": {
        ((A.CONTRACT, A.RECEIVABLE), (A.REVENUE, A.VAT)),
        ((A.CONTRACT, A.RECEIVABLE), (A.REVENUE,)),
        ((A.RECEIVABLE,), (A.REVENUE, A.VAT)),
        ((A.RECEIVABLE,), (A.REVENUE,)),
    },
}
"""What each kind of event debits and credits: no tax at a rate of 0, and an imported order may have no deposit."""


def journal(seed: int) -> list[Transaction]:
    ledger = Ledger()
    return [transaction for block in lived(seed) for transaction in ledger.transactions(block)]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_transaction_balances_by_itself_and_names_an_event_that_is_there(seed: int) -> None:
    blocks = {block.position: block for block in lived(seed)}
    made = journal(seed)
    assert made == sorted(made, key=lambda transaction: (transaction.block, transaction.number))
    for transaction in made:
        block = blocks[transaction.block]
        event = block.events[transaction.number]
        assert (transaction.at_ms, transaction.kind) == (block.at_ms, kind_name(type(event)))
        assert transaction.event == f"{block.position}.{transaction.number}"
        named = getattr(event, "order_ids", None) or (getattr(event, "order_id", transaction.order_id),)
        assert transaction.order_id in named
        assert getattr(event, "refund_id", transaction.refund_id) == transaction.refund_id
        assert getattr(event, "payment_id", transaction.payment_id) == transaction.payment_id
        assert len({posting.currency for posting in transaction.postings}) == 1
        assert len({posting.account for posting in transaction.postings}) == len(transaction.postings) >= 2
        assert all(posting.amount_minor for posting in transaction.postings)
        assert sum(posting.amount_minor for posting in transaction.postings) == 0
        assert transaction.narration


@pytest.mark.parametrize("seed", range(SEEDS))
def test_folding_with_and_without_a_journal_keeps_the_same_books_which_are_the_sum_of_the_journal(seed: int) -> None:
    plain, written, mixed = Ledger(), Ledger(), Ledger()
    sums: defaultdict[tuple[Account, str], list[int]] = defaultdict(lambda: [0, 0])
    for block in lived(seed):
        plain.block(block)
        (mixed.block if block.position % 3 else mixed.transactions)(block)  # not one transaction of it is looked at
        for transaction in written.transactions(block):
            for posting in transaction.postings:
                sums[posting.account, posting.currency][posting.amount_minor < 0] += abs(posting.amount_minor)
        assert plain.balances() == written.balances() == mixed.balances()
        used = {key: [one.debit_minor, one.credit_minor] for key, one in plain.balances().items()}
        assert {key: sides for key, sides in used.items() if any(sides)} == sums
    assert plain.money() == written.money()


def test_revenue_and_tax_are_of_a_delivery_and_of_nothing_else() -> None:
    delivered = Counter[str]()
    for seed in range(SEEDS):
        moved = {block.position: block.events for block in lived(seed)}
        for transaction in journal(seed):
            if {posting.account for posting in transaction.postings} & {Account.REVENUE, Account.VAT}:
                event = moved[transaction.block][transaction.number]
                assert isinstance(event, ev.OrdersMoved)
                assert event.state == "delivered"
                delivered[f"{seed} {transaction.order_id}"] += 1
    assert len(delivered) > 20
    assert set(delivered.values()) == {1}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_refund_is_owed_once_and_paid_at_most_once_as_the_book_has_it(seed: int) -> None:
    book = Book()
    for block in lived(seed):
        for event in block.events:
            evolve(book, event, block.at_ms, block.position)
    owed: dict[str, tuple[str, str, int, str, int]] = {}
    paid: dict[str, int] = {}
    for one in journal(seed):
        for posting in one.postings:
            if posting.account is not Account.PAYABLE:
                continue
            what = (one.payment_id, one.order_id, -posting.amount_minor, posting.currency, one.at_ms)
            if posting.amount_minor < 0:
                assert owed.setdefault(one.refund_id, what) is what
            else:
                assert owed[one.refund_id][2] == posting.amount_minor
                assert paid.setdefault(one.refund_id, one.at_ms) is one.at_ms
    refunds = [refund for refund in book.refunds.values() if refund.amount_minor]  # nothing owed is nothing booked
    assert owed == {
        one.id: (one.payment_id, one.order_id, one.amount_minor, one.currency, one.owed_at_ms) for one in refunds
    }
    assert paid == {one.id: one.paid_at_ms for one in refunds if one.paid_at_ms is not None}


def test_every_kind_of_event_debits_and_credits_what_it_is_to_and_every_way_occurred() -> None:
    seen: dict[str, set[tuple[tuple[Account, ...], tuple[Account, ...]]]] = {}
    for one in (one for seed in range(SEEDS) for one in journal(seed)):
        debited = tuple(posting.account for posting in one.postings if posting.amount_minor > 0)
        credited = tuple(posting.account for posting in one.postings if posting.amount_minor < 0)
        seen.setdefault(one.kind, set()).add((debited, credited))
    assert seen == BOOKED


def test_some_refunds_of_one_event_are_several_and_some_payments_are_refunded_in_parts() -> None:
    """Else the lives would not reach what is hard about refunds."""
    made = [(seed, one) for seed in range(SEEDS) for one in journal(seed) if one.kind != "orders_moved"]
    assert max(Counter((seed, one.event) for seed, one in made if one.refund_id).values()) > 1
    assert any(one.refund_id != one.payment_id for _, one in made if one.refund_id)


def test_kinds_have_the_names_of_the_exported_history() -> None:
    assert {kind.event: kind.name for kind in KINDS} == {kind.event: kind_name(kind.event) for kind in KINDS}


def test_accounts_are_each_told_of_once_under_names_that_beancount_takes() -> None:
    assert [facts.account for facts in ACCOUNTS] == list(Account)
    roots = {"asset": "Assets", "liability": "Liabilities", "equity": "Equity", "income": "Income"}
    for facts in ACCOUNTS:
        assert re.fullmatch(rf"{roots[facts.kind]}(:[A-Z][A-Za-z0-9-]*)+", facts.account)
        assert facts.title
        assert facts.says.endswith(".")
