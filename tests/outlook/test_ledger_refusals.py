"""What can't be booked is refused by name, not booked somehow."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from drumroll.domain import events as ev
from drumroll.domain.launch_finance import Finance
from drumroll.errors import LedgerError
from drumroll.log.base import Block
from drumroll.outlook.accounts import Account
from drumroll.outlook.ledger import Ledger
from tests.rehearsal.lives import LAUNCH

KEY = (b"k" * 16, b"f" * 8)
MADE = (
    ev.LaunchSet(replace(LAUNCH, finance=Finance("13"))),
    ev.OrderReserved("ord_1", "c1", "new", "base", 113, 60, 900, *KEY),
    ev.OrderFirmed("ord_1", "pay_1"),
)


def ledger_of(*events: ev.Event) -> Ledger:
    ledger = Ledger()
    ledger.block(Block(1, 5, events))
    return ledger


def balances(ledger: Ledger) -> dict[Account, int]:
    found = {key[0]: balance.balance_minor for key, balance in ledger.balances().items()}
    return {account: amount for account, amount in found.items() if amount}


@pytest.mark.parametrize("other", [{"id": "another"}, {"currency": "CNY"}])
def test_two_launches_in_one_log_are_refused(other: dict[str, str]) -> None:
    ledger = ledger_of(*MADE)
    ledger.block(Block(2, 5, (ev.LaunchSet(replace(LAUNCH, name="Another name")),)))
    with pytest.raises(LedgerError, match=f"two launches mixed.*{'another' if 'id' in other else 'CNY'}"):
        ledger.block(Block(3, 5, (ev.LaunchSet(replace(LAUNCH, **other)),)))


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (ev.OrderFirmed("ord_2", "pay_2"), "block 2 names 'ord_2'"),
        (ev.OrderLocked("ord_2", False), "block 2 names 'ord_2'"),
        (ev.OrdersMoved("delivered", ("ord_1", "ord_2"), "olga", "because", *KEY), "block 2 names 'ord_2'"),
        (ev.RefundPaid("pay_1"), "block 2 names 'pay_1'.*no such refund is owed"),
        (ev.OrderCancelled("ord_1", 61, *KEY), "ord_1 is to have back 61; it can have up to 60"),
        (ev.OrderCancelled("ord_1", -1, *KEY), "ord_1 is to have back -1"),
        (ev.RefundGranted("ord_1", 61, "olga", "because", *KEY), "ord_1 is to have back 61"),
        (ev.OrderForfeited("ord_1", 59, *KEY), "ord_1 forfeits 59; all that is held for it is 60"),
        (ev.LaunchSet(replace(LAUNCH, finance=Finance("13 %"))), "vat_percent is '13 %'"),
    ],
)
def test_what_was_never_there_is_refused(event: ev.Event, says: str) -> None:
    for fold in ("block", "transactions"):
        ledger = ledger_of(*MADE)
        with pytest.raises(LedgerError, match=says):
            getattr(ledger, fold)(Block(2, 6, (event,)))


def test_a_refund_is_not_paid_twice() -> None:
    ledger = ledger_of(*MADE, ev.OrderCancelled("ord_1", 60, *KEY), ev.RefundPaid("pay_1"))
    assert balances(ledger) == {}
    with pytest.raises(LedgerError, match="no such refund is owed"):
        ledger.block(Block(2, 6, (ev.RefundPaid("pay_1"),)))


@pytest.mark.parametrize("position", [1, 3])
def test_a_block_that_is_missing_or_comes_again_is_refused(position: int) -> None:
    with pytest.raises(LedgerError, match=f"block {position} follows block 1"):
        ledger_of(*MADE).block(Block(position, 6, ()))


def moves(*states: str) -> Iterable[ev.Event]:
    return (ev.OrdersMoved(state, ("ord_1",), "olga", "because", *KEY) for state in states)


def test_a_delivery_books_price_tax_deposit_and_the_rest() -> None:
    ledger = ledger_of(*MADE, ev.OrderLocked("ord_1", False), *moves("scheduled", "in_production", "built"))
    assert balances(ledger) == {Account.PROVIDER: 60, Account.CONTRACT: -60}
    (made,) = ledger.transactions(Block(2, 9, (*moves("in_transit", "delivered"),)))
    assert (made.event, made.kind, made.order_id, made.at_ms) == ("2.1", "orders_moved", "ord_1", 9)
    assert {posting.account: posting.amount_minor for posting in made.postings} == {
        Account.CONTRACT: 60,
        Account.RECEIVABLE: 53,
        Account.REVENUE: -100,
        Account.VAT: -13,
    }
    assert ledger.money()["applied"] == 60


def test_a_deposit_above_the_price_is_owed_to_the_customer_not_lost() -> None:
    """A conversion may carry a deposit over to a cheaper model."""
    cheaper = ev.OrderChanged("ord_1", "base", (), "", 50, *KEY)
    ledger = ledger_of(*MADE, cheaper, ev.OrderLocked("ord_1", False), *moves("delivered"))
    assert balances(ledger)[Account.RECEIVABLE] == -10
    assert ledger.trial_balance() == {"EUR": 0}
    assert ledger.money()["applied"] == 60


def test_a_delivered_order_has_nothing_to_give_back() -> None:
    delivered = ledger_of(*MADE, ev.OrderLocked("ord_1", False), *moves("delivered"))
    before = ledger_of(MADE[0], imported("delivered"))
    for ledger in (delivered, before):
        with pytest.raises(LedgerError, match="ord_1 is to have back 60; it can have up to 0"):
            ledger.block(Block(2, 6, (ev.OrderWithdrawn("ord_1", 60, 0, "olga", "because", *KEY),)))


def imported(state: str) -> ev.OrderImported:
    of = ("ord_1", "r1", "c1", "old", "base", (), "", 113, 60, "imported-1")
    return ev.OrderImported(*of, state, 1, 1, 1, None, b"d" * 16)


def test_refunds_are_of_the_latest_payment_first_one_for_each() -> None:
    def converted(deposit_minor: int, due_minor: int, refund_minor: int) -> ev.OrderConverted:
        of = ("ord_1", "first", "new", "base", (), "", 113, deposit_minor, due_minor, refund_minor)
        return ev.OrderConverted(*of, None, 5, "firm", None, False, *KEY)

    paid = (
        *(converted(70, 10, 0), ev.DifferencePaid("ord_1", "pay_2", 10)),
        *(converted(90, 20, 0), ev.DifferencePaid("ord_1", "pay_3", 20)),
    )
    ledger = ledger_of(*MADE, *paid)
    made = ledger.transactions(Block(2, 6, (converted(65, 0, 25), ev.OrderCancelled("ord_1", 65, *KEY))))
    assert [(one.event, one.refund_id, one.payment_id, one.postings[0].amount_minor) for one in made] == [
        ("2.0", "pay_3", "pay_3", 20),
        ("2.0", "pay_2", "pay_2", 5),
        ("2.1", "pay_2.2", "pay_2", 5),
        ("2.1", "pay_1", "pay_1", 60),
    ]
    ledger.block(Block(3, 7, tuple(map(ev.RefundPaid, ("pay_2.2", "pay_1", "pay_3", "pay_2")))))
    assert balances(ledger) == {}
