"""The books of a rehearsal: what its own statement and the audit do not bear out is a reason for no-go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drumroll.domain import events as ev
from drumroll.domain.launch_file import parse
from drumroll.log.base import Block
from drumroll.log.sqlite import SqliteLog
from drumroll.rehearsal.books import Taken, booked, out_of_balance, write_statement
from tests.launch_files import YU7

OPENS = 1_750_946_400_000
TAKEN: tuple[Taken, ...] = tuple((b"p%d" % n, b"ord_%d" % n, 500_000, b"CNY", OPENS + 1000 * n) for n in range(3))
COUNTED = {
    "money_in_minor": 1_500_000,
    "held_minor": 1_500_000,
    "applied_minor": 0,
    "forfeited_minor": 0,
    "refunds_owed_minor": 0,
    "refunds_paid_minor": 0,
}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("books") / "orders.log"
    events: list[ev.AnyEvent] = []
    for number in range(3):
        order_id = f"ord_{number}"
        events += [
            ev.OrderReserved(order_id, f"c{number}", "yu7", "max", 32_990_000, 500_000, 900, b"", b""),
            ev.OrderFirmed(order_id, f"p{number}"),
        ]
    log = SqliteLog(path)
    log.append_all([Block(1, OPENS, (ev.LaunchSet(parse(YU7, "yu7")),)), Block(2, OPENS + 1, tuple(events))])
    log.close()
    return path


def held(log: Path, taken: tuple[Taken, ...], **counted: int) -> Any:
    statement = log.parent / "statement.csv"
    write_statement(statement, taken)
    return booked(log, statement, {**COUNTED, **counted})


def test_books_that_agree_are_no_reason_for_no_go(log: Path) -> None:
    found = held(log, TAKEN)
    assert found.faults == []
    assert (found.debits_minor, found.credits_minor, found.matched) == (1_500_000, 1_500_000, 3)


def test_a_payment_that_only_one_side_has_is_a_fault(log: Path) -> None:
    assert any("statement differs" in fault for fault in held(log, TAKEN[:2]).faults)
    stranger = (b"p9", b"ord_9", 500_000, b"CNY", OPENS)
    assert any("statement differs" in fault for fault in held(log, (*TAKEN, stranger)).faults)


def test_a_trial_balance_that_is_not_zero_is_a_fault_in_its_currency() -> None:
    (fault,) = out_of_balance({"trial_balance": {"CNY": 0, "EUR": -1}})
    assert fault == "the trial balance is -1 in EUR, not zero"


def test_money_that_the_audit_counts_otherwise_is_a_fault(log: Path) -> None:
    found = held(log, TAKEN, held_minor=1_000_000, refunds_owed_minor=500_000)
    assert [fault.partition(" minor units are ")[2].split()[0] for fault in found.faults] == ["held", "owed"]
