"""Deadlines against a plain dictionary: whatever is given up, holds again or is moved, what is due is found once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from drumroll.domain.deadlines import Deadlines

lengths = st.sampled_from((0, 5, 5, 20))
which = st.integers(0, 1_000)


class DeadlinesAndDictionary(RuleBasedStateMachine):
    """Orders with a deadline that is ``due_ms``, or none; ``length_ms`` is that of its line."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = 100
        self.orders: list[Any] = []
        self.deadlines = Deadlines(lambda order: order.due_ms)  # type: ignore[attr-defined]

    def pick(self, number: int) -> Any:
        return self.orders[number % len(self.orders)] if self.orders else None

    @rule(count=st.integers(1, 3), length_ms=lengths)
    def new_ones(self, count: int, length_ms: int) -> None:
        for _ in range(count):
            order: Any = SimpleNamespace(id=f"o{len(self.orders)}", due_ms=self.now_ms + length_ms, length_ms=length_ms)
            self.orders.append(order)
            self.deadlines.add(order, order.due_ms, length_ms)

    @rule(number=which)
    def one_is_settled(self, number: int) -> None:
        order = self.pick(number)
        if order is not None and order.due_ms is not None:
            order.due_ms = None
            self.deadlines.settled(order, order.length_ms)

    @rule(number=which, length_ms=lengths, ago_ms=st.sampled_from((0, 1, 3, 5, 30)))
    def one_holds_again_or_is_moved(self, number: int, length_ms: int, ago_ms: int) -> None:
        order, due_ms = self.pick(number), self.now_ms - ago_ms + length_ms
        # The one thing that stays: what goes to another line and is due at the very same moment.
        if order is not None and due_ms != order.due_ms:
            before_ms, order.due_ms, order.length_ms = order.length_ms, due_ms, length_ms
            self.deadlines.settled(order, before_ms)
            self.deadlines.add_again(order, order.due_ms, length_ms)

    @rule(number=which)
    def one_holds_again_as_it_was(self, number: int) -> None:
        order = self.pick(number)
        if order is not None and order.due_ms is not None:
            due_ms, order.due_ms = order.due_ms, None
            self.deadlines.settled(order, order.length_ms)
            order.due_ms = due_ms
            self.deadlines.add_again(order, due_ms, order.length_ms)

    @rule(step_ms=st.sampled_from((0, 1, 4, 5, 20)))
    def time_passes(self, step_ms: int) -> None:
        self.now_ms += step_ms

    @invariant()
    def what_is_due_is_found_once(self) -> None:
        for at_ms in (self.now_ms - 30, *range(self.now_ms - 6, self.now_ms + 7), self.now_ms + 20):
            found = [order.id for order in self.deadlines.due(at_ms)]
            right = [order.id for order in self.orders if order.due_ms is not None and order.due_ms <= at_ms]
            assert sorted(found) == sorted(right)

    @invariant()
    def what_is_settled_does_not_pile_up_at_the_front(self) -> None:
        """``due`` looks at every entry up to the first that holds: there is one at once, or nothing is left."""
        for line in self.deadlines._lines.values():
            if line:
                due_ms, orders = line[0]
                assert any(order.due_ms == due_ms for order in orders)


TestDeadlinesAndDictionary = DeadlinesAndDictionary.TestCase
TestDeadlinesAndDictionary.settings = settings(max_examples=50, deadline=None)
