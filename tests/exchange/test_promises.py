"""What was promised to an order, as it is exported: over short lives of few orders in which it changes often."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.book import Order
from drumroll.domain.promise import Planned, Promise
from drumroll.domain.refusal import Refusal
from drumroll.domain.states import AWAITED
from tests.domain.books import through_bytes
from tests.domain.small_plants import BASE, BY, WEEK_MS, Desk, launch
from tests.exchange.test_export import exported, promised_to

STEPS = ("reserve", "pay", "pay", "run_out", "change", "convert", "pin", "let_go", "plan", "cut", "cancel", "week")
steps = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 9), st.integers(0, 7)), max_size=14)


class Told(Desk):
    """A desk that keeps its blocks, and takes a refusal for an answer."""

    def __init__(self) -> None:
        self.blocks: list[Any] = []
        super().__init__(launch([9] * 8, [9] * 8, horizon_weeks=8))
        for step in ("reserve", "reserve"):
            getattr(self, step)()

    def ask(self, command: Any) -> tuple[ev.Event, ...] | Refusal:
        decision = super().ask(command)
        if not isinstance(decision, Refusal):
            self.blocks.append(through_bytes(self.position, self.at, decision))
        return decision

    def tried(self, kind: Any, *arguments: Any, **more: Any) -> None:
        command = kind(*arguments, **more, key=b"%d" % next(self.numbers), fingerprint=b"")
        decision = self.ask(command)
        if isinstance(decision, Refusal) and "confirmation" in decision.facts:
            self.ask(replace(command, confirmation=decision.facts["confirmation"]))

    def step(self, name: str, which: int, week: int) -> None:
        order = self.book.sequence[which % len(self.book.sequence)]
        if name == "reserve":
            self.reserve()
        elif name == "pay":
            self.ask(cmd.RecordPayment(order.id, f"p-{order.id}", 500, "CNY"))
        elif name == "run_out":
            self.at += 11_000
            self.ask(cmd.Expire(9))
        elif name == "week":
            self.at += WEEK_MS
        elif name == "cut":
            self.tried(cmd.SetCapacity, "works", BASE + week, BASE + week + 1, None, 1, *BY)
        elif name in ("pin", "let_go"):
            self.tried(cmd.PinOrder, order.id, BASE + week if name == "pin" else None, *BY)
        elif name == "plan":
            self.plan(week)
        else:
            self.become(name, order, week)

    def become(self, name: str, order: Order, number: int) -> None:
        if name == "change":
            self.tried(cmd.Change, order.id, order.customer, region="ns"[number % 2], trim="xy"[number % 2])
        elif name == "convert":
            self.tried(cmd.Convert, order.id, order.customer, *(("b", "z") if number % 2 else ("a", "x")))
        else:
            self.tried(cmd.Cancel, order.id, order.customer)

    def plan(self, week: int) -> None:
        """All that wait, in two groups."""
        ids = [order.id for order in self.book.sequence if order.state in AWAITED]
        groups = (Planned(self.weeks(week), tuple(ids[1:])), Planned(self.weeks(week + 1), tuple(ids[:1])))
        self.tried(cmd.AcceptPlan, f"{week:08}", "strict", self.position, groups, *BY)

    def weeks(self, week: int) -> Promise:
        return Promise(BASE + week, BASE + week + 1, BASE + week + 3, BASE + week + 4, ("", "works")[week % 2])


def agree(told: Told) -> None:
    """What is exported of each order is what the book says of it."""
    rows, history = exported(told.blocks)
    assert [
        {name: row[name] for name in promised_to(order)} for row, order in zip(rows, told.book.sequence, strict=True)
    ] == [promised_to(order) for order in told.book.sequence]
    named = {event.order_id for block in told.blocks for event in block.events if hasattr(event, "order_id")}
    assert set(history["order_id"].drop_nulls()) == named


@settings(max_examples=150, deadline=None)
@given(steps)
def test_what_is_promised_is_what_the_book_says(todo: list[tuple[str, int, int]]) -> None:
    told = Told()
    for step in todo:
        told.step(*step)
    agree(told)


LATE = [("run_out", 0, 0), ("pay", 0, 0)]
PIN = [("pay", 0, 0), ("pin", 0, 3)]


@pytest.mark.parametrize(
    ("todo", "pinned", "told_anew"),
    [
        ([("plan", 0, 4)], False, False),
        (PIN, True, False),
        ([*PIN, ("let_go", 0, 0)], False, False),
        ([*PIN, ("change", 0, 1)], False, True),
        ([("plan", 0, 4), *LATE], False, True),
        ([("cut", 0, 0), *LATE], False, True),
        ([("plan", 0, 4), ("pay", 0, 0)], False, False),
    ],
)
def test_the_promise_of_an_order_through(todo: list[Any], pinned: bool, told_anew: bool) -> None:
    told = Told()
    order = told.book.sequence[0]
    before = order.promised
    for step in todo:
        told.step(*step)
    assert order.pinned == pinned
    assert (order.promise == order.promised) == told_anew, "the case is not the one it is meant to be"
    assert before is not None
    agree(told)
