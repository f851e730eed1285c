"""A true night audits clean; every lie that is planted in it is found under the rule that it breaks."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from drumroll.domain import events as ev
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.times import rfc3339
from drumroll.errors import DamagedLog
from drumroll.log.base import Block
from drumroll.rehearsal import audit as audits
from drumroll.rehearsal import audit_rules as rules
from drumroll.rehearsal import told as ledger
from drumroll.rehearsal.told import Told, ToldInvalid, ToldOrder, ToldPayment

OPENS = 1_000_000_000
HOLD_S = 60
TRIMS = (Trim("base", "Base", 1000, cap=3), Trim("top", "Top", 2000))
LAUNCH = Launch(
    id="kettle",
    name="Kettle",
    time_zone="UTC",
    currency="EUR",
    opens_at_ms=OPENS,
    closes_at_ms=OPENS + 900_000,
    deposit_minor=100,
    hold_s=HOLD_S,
    orders_per_customer=2,
    models=(Model("kettle", "Kettle", OPENS, OPENS + 900_000, TRIMS),),
    headline=("kettle",),
    milestones=(2,),
)

Blocks = list[Block]


def reserved(order_id: str, customer: str, trim: str = "base") -> ev.OrderReserved:
    price = {"base": 1000, "top": 2000}.get(trim, 1)
    return ev.OrderReserved(order_id, customer, "kettle", trim, price, 100, HOLD_S, b"k" + order_id.encode(), b"f")


def night() -> Blocks:
    """Six orders: a and b firm, c cancelled after paying, d ran out and was revived, e ran out, f cancelled unpaid."""
    steps: list[tuple[int, list[ev.Event]]] = [
        (-5_000, [ev.DeskOpened("here"), ev.LaunchSet(LAUNCH)]),
        (0, [reserved("a", "ann"), reserved("b", "bob"), reserved("c", "cem", "top")]),
        (1_000, [reserved("d", "ann", "top"), reserved("e", "eve"), reserved("f", "fay", "top")]),
        (2_000, [ev.OrderFirmed("a", "pa"), ev.OrderFirmed("b", "pb")]),
        (4_000, [ev.OrderFirmed("c", "pc"), ev.DepositOwedBack("a", "pa2", 100, "EUR", "second_deposit")]),
        (5_000, [ev.OrderCancelled("c", 100, b"kxc", b"f"), ev.OrderCancelled("f", 0, b"kxf", b"f")]),
        (61_000, [ev.OrderExpired("d"), ev.OrderExpired("e")]),
        (70_000, [ev.OrderFirmed("d", "pd")]),
        (80_000, [ev.RefundPaid("pc")]),
    ]
    return [Block(number, OPENS + at_ms, tuple(events)) for number, (at_ms, events) in enumerate(steps, 1)]


def board() -> dict[str, Any]:
    def trim(name: str, firm: int, expired: int, cancelled: int) -> dict[str, Any]:
        counts = {"reserved": 0, "firm": firm, "expired": expired, "cancelled": cancelled}
        return {"model": "kettle", "trim": name, **counts}

    return {
        "position": 9,
        "totals": {"reserved": 0, "firm": 3, "expired": 1, "cancelled": 2},
        "trims": [trim("base", 2, 1, 0), trim("top", 1, 0, 2)],
        "milestones": [{"firm": 2, "at": rfc3339(OPENS + 2_000), "after_s": 2.0}],
        "curve": [[2, 2], [4, 3], [5, 2], [70, 3]],
    }


def told() -> Told:
    customers = {"a": "ann", "b": "bob", "c": "cem", "d": "ann", "e": "eve", "f": "fay"}
    tops = ("c", "d", "f")
    payments = [("pa", "a"), ("pb", "b"), ("pc", "c"), ("pd", "d")]
    return Told(
        orders=[
            ToldOrder(name, customer, "kettle", "top" if name in tops else "base", 2000 if name in tops else 1000, name)
            for name, customer in customers.items()
        ],
        payments=[
            *(ToldPayment(payment, order, 100, "EUR", "firm") for payment, order in payments),
            ToldPayment("pa2", "a", 100, "EUR", "owed_back"),
            ToldPayment("pa", "a", 100, "EUR", "already_counted"),
        ],
        cancelled={"c": 100, "f": 0},
        board=board(),
    )


def put(blocks: Blocks, number: int, *events: ev.Event, at_ms: int | None = None) -> None:
    """Replace the events (and the time after the opening) of a block."""
    block = blocks[number - 1]
    blocks[number - 1] = Block(block.position, block.at_ms if at_ms is None else OPENS + at_ms, events)


def add(blocks: Blocks, number: int, *events: ev.Event) -> None:
    put(blocks, number, *blocks[number - 1].events, *events)


def drop(blocks: Blocks, number: int, event: int) -> None:
    events = list(blocks[number - 1].events)
    del events[event]
    put(blocks, number, *events)


def with_launch(blocks: Blocks, **changes: Any) -> None:
    put(blocks, 1, ev.LaunchSet(msgspec.structs.replace(LAUNCH, **changes)))


LIES_IN_THE_LOG: dict[str, tuple[str, Callable[[Blocks], None]]] = {
    "a block is missing": (rules.ONE_LOG, lambda log: log.pop(8 - 1) and None),
    "time goes back": (rules.ONE_LOG, lambda log: put(log, 9, *log[8].events, at_ms=69_999)),
    "no launch": (rules.LAUNCH_FIRST, lambda log: put(log, 1, ev.DeskOpened("here"))),
    "an order made twice": (rules.ORDER_ONCE, lambda log: add(log, 3, reserved("a", "ann"))),
    "a key that makes two orders": (
        rules.KEY_ONCE,
        lambda log: add(log, 3, msgspec.structs.replace(reserved("g", "gus", "top"), key=b"ka")),
    ),
    "another price": (
        rules.AS_OFFERED,
        lambda log: add(log, 3, msgspec.structs.replace(reserved("g", "gus"), price_minor=999)),
    ),
    "an unknown trim": (rules.AS_OFFERED, lambda log: add(log, 3, reserved("g", "gus", "gold"))),
    "an order before the opening": (rules.ON_SALE, lambda log: put(log, 2, *log[1].events, at_ms=-1)),
    "an order after the closing": (
        rules.ON_SALE,
        lambda log: log.append(Block(10, OPENS + 900_000, (reserved("g", "gus", "top"),))),
    ),
    "an order paid that was never made": (rules.LEGAL, lambda log: add(log, 4, ev.OrderFirmed("nobody", "px"))),
    "a firm order that runs out": (rules.LEGAL, lambda log: add(log, 7, ev.OrderExpired("a"))),
    "a cancelled order that becomes firm": (rules.LEGAL, lambda log: add(log, 8, ev.OrderFirmed("c", "px"))),
    "a reservation that ran out too early": (rules.NOT_EARLY, lambda log: put(log, 7, *log[6].events, at_ms=60_999)),
    "a cap broken for a moment": (rules.CAPS, lambda log: put(log, 3, *log[2].events, reserved("g", "gus"))),
    "a cap broken by a revival": (
        rules.CAPS,
        lambda log: put(log, 8, reserved("g", "gus"), ev.OrderFirmed("e", "pe"), *log[7].events),
    ),
    "a customer who holds too many": (rules.LIMIT, lambda log: add(log, 3, reserved("g", "ann", "top"))),
    "a payment counted twice": (rules.PAID_ONCE, lambda log: add(log, 8, ev.OrderFirmed("e", "pa"))),
    "a refund forgotten": (
        rules.OWED_RIGHTLY,
        lambda log: put(log, 6, ev.OrderCancelled("c", 0, b"kxc", b"f"), log[5].events[1]),
    ),
    "a refund for nothing": (
        rules.OWED_RIGHTLY,
        lambda log: put(log, 6, log[5].events[0], ev.OrderCancelled("f", 100, b"kxf", b"f")),
    ),
    "a refund paid twice": (rules.OWED_RIGHTLY, lambda log: add(log, 9, ev.RefundPaid("pc"))),
    "a good deposit turned away": (
        rules.OWED_RIGHTLY,
        lambda log: put(log, 4, log[3].events[0], ev.DepositOwedBack("b", "pb", 100, "EUR", "second_deposit")),
    ),
    "money that vanished": (
        rules.MONEY,
        lambda log: put(log, 6, ev.OrderCancelled("c", 0, b"kxc", b"f"), log[5].events[1]),
    ),
}

LIES_TO_CUSTOMERS: dict[str, tuple[str, Callable[[Blocks, Told], None]]] = {
    "an acknowledged order is not in the log": (
        rules.NOT_LOST,
        lambda log, said: said.orders.append(ToldOrder("g", "gus", "kettle", "top", 2000, "g")),
    ),
    "an order that belongs to somebody else": (
        rules.NOT_LOST,
        lambda log, said: said.orders.__setitem__(0, msgspec.structs.replace(said.orders[0], customer="bob")),
    ),
    "an order at another price": (
        rules.NOT_LOST,
        lambda log, said: said.orders.__setitem__(0, msgspec.structs.replace(said.orders[0], price_minor=1)),
    ),
    "an order that nobody was told of": (rules.NOT_DOUBLED, lambda log, said: said.orders.pop() and None),
    "one key answered with two orders": (
        rules.NOT_DOUBLED,
        lambda log, said: said.orders.__setitem__(3, msgspec.structs.replace(said.orders[3], key="a")),
    ),
    "a deposit told as firm that is owed back": (
        rules.PAYMENTS_TOLD,
        lambda log, said: said.payments.__setitem__(4, ToldPayment("pa2", "a", 100, "EUR", "firm")),
    ),
    "a deposit that is not in the log": (
        rules.PAYMENTS_TOLD,
        lambda log, said: said.payments.append(ToldPayment("px", "a", 100, "EUR", "owed_back")),
    ),
    "a deposit that nobody was told of": (
        rules.PAYMENTS_TOLD,
        lambda log, said: said.payments.__delitem__(3),
    ),
    "a promised refund that is not owed": (
        rules.REFUNDS_TOLD,
        lambda log, said: said.payments.append(ToldPayment("pb", "b", 100, "EUR", "owed_back")),
    ),
    "a refund that nobody was told of": (rules.REFUNDS_TOLD, lambda log, said: said.cancelled.pop("c") and None),
    "a refund smaller than promised": (rules.REFUNDS_TOLD, lambda log, said: said.cancelled.update(c=101)),
    "a cancellation that did not happen": (rules.REFUNDS_TOLD, lambda log, said: said.cancelled.update(b=0)),
}

LIES_OF_THE_BOARD: dict[str, Callable[[dict[str, Any]], None]] = {
    "one order too many": lambda shown: shown["totals"].update(firm=4),
    "a trim off by one": lambda shown: shown["trims"][0].update(expired=0),
    "a trim missing": lambda shown: shown["trims"].pop(),
    "a milestone too early": lambda shown: shown["milestones"][0].update(at=rfc3339(OPENS + 1_999)),
    "a milestone missing": lambda shown: shown["milestones"].clear(),
    "a point of the curve off by one": lambda shown: shown["curve"].__setitem__(1, [4, 2]),
    "a block that is not in the log": lambda shown: shown.update(position=10),
}


def broken(blocks: Blocks, said: Told | None = None) -> set[str]:
    outcome = audits.audit(blocks, said)
    assert outcome.go == (not outcome.reasons)
    return {check.rule for check in outcome.checks if not check.ok}


def test_a_true_night_is_go_and_its_figures_are_right() -> None:
    outcome = audits.audit(night(), told())
    assert (outcome.go, outcome.reasons) == (True, [])
    figures = outcome.figures
    assert (figures["firm"], figures["expired"], figures["cancelled"], figures["revived"]) == (3, 1, 2, 1)
    assert (figures["money_in_minor"], figures["held_minor"], figures["refunds_owed_minor"]) == (500, 300, 200)
    assert outcome.milestones == [(2, 2.0)]
    assert dict(outcome.curve)[4] == 3


@pytest.mark.parametrize("lie", LIES_IN_THE_LOG)
def test_a_lie_in_the_log_is_found(lie: str) -> None:
    rule, plant = LIES_IN_THE_LOG[lie]
    blocks = night()
    plant(blocks)
    assert rule in broken(blocks)


@pytest.mark.parametrize("lie", LIES_TO_CUSTOMERS)
def test_a_lie_to_a_customer_is_found(lie: str) -> None:
    rule, plant = LIES_TO_CUSTOMERS[lie]
    blocks, said = night(), copy.deepcopy(told())
    plant(blocks, said)
    assert rule in broken(blocks, said)


@pytest.mark.parametrize("lie", LIES_OF_THE_BOARD)
def test_a_board_that_shows_something_else_is_found(lie: str) -> None:
    said = told()
    assert said.board is not None
    LIES_OF_THE_BOARD[lie](said.board)
    assert broken(night(), said) == {rules.BOARD}


def test_a_damaged_block_is_no_go_and_named() -> None:
    def blocks() -> Iterator[Block]:
        yield from night()[:5]
        raise DamagedLog("block 6", "its checksum does not match")

    outcome = audits.audit(blocks())
    assert not outcome.go
    assert "block 6" in outcome.reasons[0]


def test_lost_and_doubled_are_counted() -> None:
    said = told()
    said.orders.append(ToldOrder("g", "gus", "kettle", "top", 2000, "g"))
    said.orders.pop(0)
    outcome = audits.audit(night(), said)
    assert (outcome.lost, outcome.doubled) == (1, 1)


def test_what_was_told_survives_the_file(tmp_path: Path) -> None:
    lines = [
        b"order\to1\tc1\tkettle\ttop\t2000\tk1\t-\t2025-08-03",
        b"payment\tp1\to1\t100\tEUR\tfirm",
        b"cancelled\to1\t100",
    ]
    ledger.write(tmp_path / "told.tsv", lines, b'{"position":3}')
    said = ledger.read(tmp_path / "told.tsv")
    assert said.orders == [ToldOrder("o1", "c1", "kettle", "top", 2000, "k1", ("-", "2025-08-03"))]
    assert said.payments == [ToldPayment("p1", "o1", 100, "EUR", "firm")]
    assert (said.cancelled, said.board) == ({"o1": 100}, {"position": 3})


@pytest.mark.parametrize("line", ["order\tonly", "rumour\tx", "cancelled\to1\tmuch", "board\t{"])
def test_a_line_that_is_not_of_the_ledger_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "told.tsv"
    path.write_text(f"cancelled\to1\t1\n{line}\n", "utf-8")
    with pytest.raises(ToldInvalid, match=":2"):
        ledger.read(path)
