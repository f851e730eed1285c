"""A launch with one plant and one limit, and a book of it that is asked directly: for examples of promises."""

from __future__ import annotations

from itertools import count
from typing import Any

from msgspec.structs import replace

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.book import Book, Order
from drumroll.domain.decide import decide
from drumroll.domain.evolve import evolve
from drumroll.domain.launch import Conversion, Launch, Model, Region, Trim
from drumroll.domain.launch_capacity import Limit, Period, Plant, PromiseRules
from drumroll.domain.promise import Promise
from drumroll.domain.refusal import Refusal
from drumroll.domain.weeks import monday, week_of, week_starts_ms

ZONE = "Asia/Shanghai"
OPENS = 1_750_946_400_000
BASE = week_of(OPENS, ZONE)
WEEK_MS = 7 * 86_400_000
BY = ("olga", "because")
STATES = ("firm", "locked", "scheduled", "in_production", "built", "in_transit")
ALL = tuple(Conversion(f"to-{one}", ("a", "b"), STATES, (one,), OPENS, 10**14, times=9) for one in ("a", "b"))


def calendar(numbers: list[int]) -> tuple[Period, ...]:
    """A week of each number."""
    return tuple(Period(monday(BASE + at), monday(BASE + at + 1), number) for at, number in enumerate(numbers))


def launch(works: list[int], pack: list[int] | None = None, **rules: Any) -> Launch:
    """Models a (trims x and y) and b (trim z) are built at ``works``; a y needs a ``pack`` too. Nothing is frozen."""
    limits = () if pack is None else (Limit("pack", "Pack", ("a",), ("y",), (), calendar(pack)),)
    terms = {"width_weeks": 2, "frozen_weeks": 0, "horizon_weeks": len(works), **rules}
    return Launch(
        id="night",
        name="Night",
        time_zone=ZONE,
        currency="CNY",
        opens_at_ms=OPENS,
        closes_at_ms=None,
        deposit_minor=500,
        hold_s=10,
        orders_per_customer=99,
        models=(
            Model("a", "A", OPENS, None, (Trim("x", "X", 9_000), Trim("y", "Y", 8_000))),
            Model("b", "B", OPENS, None, (Trim("z", "Z", 7_000),)),
        ),
        headline=("a",),
        cooling_off_s=WEEK_MS,
        regions=(Region("n", "North"), Region("s", "South", 14)),
        conversions=ALL,
        promise=PromiseRules(**terms),
        plants=(Plant("works", "Works", ("a", "b"), calendar(works)),),
        limits=limits,
    )


class Desk:
    """Asks and folds, one command a block."""

    def __init__(self, first: Launch) -> None:
        self.book, self.at, self.position = Book(), OPENS, 0
        self.numbers = count(1)
        self.ask(cmd.SetLaunch(first))

    def ask(self, command: Any) -> tuple[ev.Event, ...] | Refusal:
        decision = decide(self.book, command, self.at)
        if not isinstance(decision, Refusal):
            self.position += 1
            for event in decision:
                evolve(self.book, event, self.at, self.position)
        return decision

    def do(self, kind: Any, *arguments: Any, **more: Any) -> Any:
        """A command with a key of its own, and its second step if it has one; it must be taken."""
        command = kind(*arguments, **more, key=b"%d" % next(self.numbers), fingerprint=b"")
        decision = self.ask(command)
        if isinstance(decision, Refusal) and "confirmation" in decision.facts:
            decision = self.ask(replace(command, confirmation=decision.facts["confirmation"]))
        assert not isinstance(decision, Refusal), decision
        return decision[-1]

    def refused(self, kind: Any, *arguments: Any) -> str:
        decision = self.ask(kind(*arguments, key=b"%d" % next(self.numbers), fingerprint=b""))
        assert isinstance(decision, Refusal), decision
        return decision.code.value

    def reserve(self, model: str = "a", trim: str = "x", region: str = "n") -> Order:
        order_id = f"o{next(self.numbers)}"
        self.do(cmd.Reserve, order_id, f"c-{order_id}", model, trim, region=region)
        return self.book.orders[order_id]

    def firm(self, *what: str) -> Order:
        order = self.reserve(*what)
        self.ask(cmd.RecordPayment(order.id, f"p-{order.id}", 500, "CNY"))
        return order

    def bring(self, order: Order, *states: str) -> None:
        """Lock it, and take it through those states."""
        if order.state.value == "firm":
            self.do(cmd.Lock, order.id, order.customer)
        for state in states:
            self.do(cmd.MoveOrders, ((order.id, state),), *BY)

    def cancel(self, order: Order) -> None:
        self.do(cmd.Cancel, order.id, order.customer)

    def nothing_happens(self) -> None:
        """A capacity is set to what it is: the weeks are reckoned anew, and should come out as before."""
        self.do(cmd.SetCapacity, "works", self.week, self.week + 1, 100, None, *BY)

    @property
    def week(self) -> int:
        return week_of(self.at, ZONE)

    def to_week(self, number: int) -> None:
        self.at = week_starts_ms(BASE + number, ZONE)

    def slots(self, model: str = "a", trim: str = "x") -> list[int]:
        """In which columns its kind has slots, each as often as it has."""
        availability = self.book.availability
        assert availability is not None
        kind = availability.kind(model, trim, ())
        return [column for column, number in enumerate(kind.slots) for _ in range(number)]


def column(order: Order) -> int | None:
    """In which column it is to be built."""
    return None if order.promise is None else order.promise.build_week - BASE


def promised(promise: Promise | None) -> int | None:
    return None if promise is None else promise.build_week - BASE
