"""decide and evolve against a naive desk, over random nights; ``python -m tests.domain.many_steps`` runs many more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.launch import Launch
from tests.domain import agreement
from tests.domain.naive_desk import PRODUCTION, UNDELIVERED
from tests.domain.nights import pick
from tests.domain.plant_launches import with_plants
from tests.domain.plant_rules import PlantNight
from tests.domain.small_launches import CHANGES, HOUR, OPENS, changed, launches

CUSTOMERS = ("ann", "bob", "cho", "dee")
WHAT = (("a", "x"), ("a", "y"), ("b", "z"), ("c", "v"), ("a", "nope"), ("nope", "x"))
OPTIONS = {
    "a": ((), ("red",), ("grey",), ("rack", "hook"), ("hook",), (), ("rack",), ("red", "grey"), ("roof",), ("no",)),
    "b": ((), ("leather",), ("cloth",), ("no",)),
}
TRIMS = {"a": ("x", "y", "y", "x", "y", None, "z"), "b": ("z", None, "x"), "c": ("v", None)}
BY = ("olga", "because")

customers = st.sampled_from(CUSTOMERS)
whats = st.sampled_from(WHAT[:4] * 5 + WHAT)
regions = st.sampled_from((None, None, None, None, None, "n", "s", "x"))
often = st.integers(0, 19).map(bool)
which = st.integers(0, 1_000)
hows = st.sampled_from(("right", "right", "right", "none", "any"))


def choices_of(model: str, number: int) -> tuple[str, ...]:
    """Some choices, mostly ones that the model has; mostly none."""
    return pick(OPTIONS.get(model, ((),)), number // 3) if number % 3 == 0 else ()


def body(*parts: Any) -> bytes:
    return repr(parts).encode()


class LaunchNight(PlantNight):
    """One night: commands, the clock and crashes."""

    @initialize(
        launch=st.one_of(launches(), *[launches().flatmap(with_plants)] * 3),
        crowd=st.lists(st.tuples(customers, whats, st.integers(0, 19)), min_size=3, max_size=8),
    )
    def begin(self, launch: Launch, crowd: list[tuple[str, tuple[str, str], int]]) -> None:
        self.start(launch)
        self.clock = OPENS
        for customer, what, how in crowd:
            if how < 10:
                self.reserve(customer, what, None, True, 1)
                self.pay_what_is_wanted(how)
            else:
                self.orders_come_in([(how, customer, what)], 5_000)
        self.taken = agreement.places(self.naive)

    # Customers.

    @rule(customer=customers, what=whats, region=regions, fresh=often, number=which)
    def reserve(self, customer: str, what: tuple[str, str], region: str | None, fresh: bool, number: int) -> None:
        order_id, key, choices = f"o{next(self.numbers)}", self.key(fresh, number), choices_of(what[0], number)
        asked = (customer, *what, choices, region)
        command = cmd.Reserve(order_id, customer, *what, key, body(asked), choices, region)
        self.hold(command, lambda: self.naive.reserve(order_id, *asked, key, body(asked)))

    @rule(number=which, itself=often, customer=customers, how=hows, fresh=often)
    def cancel(self, number: int, itself: bool, customer: str, how: str, fresh: bool) -> None:
        order_id, key = self.order(number, "reserved", "firm", "locked", "scheduled"), self.key(fresh, number)
        asked = (order_id, self.owner(order_id, itself, customer))
        self.two_steps(
            lambda token: cmd.Cancel(*asked, key, body(asked), token),
            lambda token: self.naive.cancel(*asked, token, key, body(asked)),
            how,
            number,
        )

    @rule(number=which, itself=often, customer=customers, how=hows, fresh=often)
    def lock(self, number: int, itself: bool, customer: str, how: str, fresh: bool) -> None:
        self.lock_it(self.order(number, "firm"), number, itself, customer, how, fresh)

    def lock_it(
        self, order_id: str, number: int, itself: bool = True, other: str = "", how: str = "right", fresh: bool = True
    ) -> None:
        key, asked = self.key(fresh, number), (order_id, self.owner(order_id, itself, other))
        self.two_steps(
            lambda token: cmd.Lock(*asked, key, body(asked), token),
            lambda token: self.naive.lock_early(*asked, token, key, body(asked)),
            how,
            number,
        )

    @rule(number=which, itself=often, customer=customers, fresh=often, among=often)
    def undo_lock(self, number: int, itself: bool, customer: str, fresh: bool, among: bool) -> None:
        early = [key for key in self.in_state("locked") if self.naive.orders[key]["undo_until"]]
        order_id, key = pick(early, number) if among and early else self.order(number), self.key(fresh, number)
        asked = (order_id, self.owner(order_id, itself, customer))
        self.hold(cmd.UndoLock(*asked, key, body(asked)), lambda: self.naive.undo_lock(*asked, key, body(asked)))

    def wanted(self, order_id: str, number: int) -> tuple[str | None, tuple[str, ...] | None, str | None]:
        """Another trim, other options, another region; mostly such that there are."""
        model = self.naive.orders[order_id]["model"] if order_id in self.naive.orders else "a"
        choices = choices_of(model, number)
        regions = (None, None, "n", "s", None, "x") if self.naive.launch.regions else (None,) * 5 + ("n",)
        return pick(TRIMS[model], number // 8), choices if number % 3 == 0 else None, pick(regions, number // 2)

    @rule(number=which, wait=st.sampled_from((0, 1, 2_999, 3_000)))
    def lock_and_undo(self, number: int, wait: int) -> None:
        self.lock(number, True, "ann", "right", True)
        self.clock += wait
        self.undo_lock(number, True, "ann", True, True)

    @rule(number=which)
    def somebody_makes_room_for_who_waits(self, number: int) -> None:
        waited_for = {entry["model"] for entry in self.naive.waits()}
        among = [key for key, order in self.naive.orders.items() if order["model"] in waited_for]
        among = [key for key in among if self.naive.state(self.naive.orders[key]) in ("reserved", "firm")]
        if among:
            asked, key = (pick(among, number), self.owner(pick(among, number), True, "")), self.key(True, 0)
            self.hold(cmd.Cancel(*asked, key, body(asked)), lambda: self.naive.cancel(*asked, None, key, body(asked)))
        self.let_time_pass(100)

    @rule(number=which, itself=often, how=hows, fresh=often)
    def change(self, number: int, itself: bool, how: str, fresh: bool) -> None:
        order_id, key = self.order(number, "reserved", "firm"), self.key(fresh, number)
        wanted = self.wanted(order_id, number)
        asked = (order_id, self.owner(order_id, itself, "ann"), *wanted)
        self.two_steps(
            lambda token: cmd.Change(*asked[:2], key, body(asked), *wanted, token),
            lambda token: self.naive.change(*asked, token, key, body(asked)),
            how,
            number,
        )

    @rule(number=which, itself=often, what=whats, region=regions, how=hows, fresh=often)
    def convert(
        self, number: int, itself: bool, what: tuple[str, str], region: str | None, how: str, fresh: bool
    ) -> None:
        order_id = self.order(number, "firm", *UNDELIVERED)
        self.convert_to(order_id, (*what, choices_of(what[0], number), region), number, itself, how, fresh)

    @rule(number=which, how=hows, region=regions)
    def convert_through_a_window(self, number: int, how: str, region: str | None, only: str | None = None) -> None:
        states = ("firm", *UNDELIVERED)
        ways = [
            (key, model)
            for key, order in self.naive.orders.items()
            for one in self.naive.launch.conversions
            if order["model"] in one.from_models and order["state"] in states and only in (None, key)
            for model in one.to_models
        ]
        if ways:
            order_id, model = pick(ways, number)
            trim = {"a": "xy"[number % 2], "b": "z", "c": "v"}[model]
            self.convert_to(order_id, (model, trim, choices_of(model, number), region), number, True, how, True)

    @rule(number=which, how=hows)
    def go_back(self, number: int, how: str, only: str | None = None) -> None:
        ways = [key for key, order in self.naive.orders.items() if order["path"] and only in (None, key)]
        if ways:
            order_id = pick(ways, number)
            was = self.naive.orders[order_id]["path"][-1]
            exactly = (was["options"], was["region"] or None) if number % 3 else ((), None)
            self.convert_to(order_id, (was["model"], was["trim"], *exactly), number, True, how, True)

    @rule(numbers=st.lists(which, min_size=3, max_size=7), step=st.sampled_from((0, 0, 1, 2_000)))
    def conversion_upon_conversion(self, numbers: list[int], step: int) -> None:
        """One order through many windows, now and then locked between."""
        only = self.order(numbers[0], "firm", "locked")
        for number in numbers:
            if number % 4 > 1:
                self.convert_through_a_window(number, "right", None, only)
            elif number % 4:
                self.go_back(number // 4, "right", only)
            else:
                self.lock_it(only, number)
            self.everything_holds()
            self.clock += step

    def convert_to(self, order_id: str, wanted: Any, number: int, itself: bool, how: str, fresh: bool) -> None:
        key, (model, trim, choices, region) = self.key(fresh, number), wanted
        asked = (order_id, self.owner(order_id, itself, "bob"), model, trim)
        self.two_steps(
            lambda token: cmd.Convert(*asked, key, body(asked, choices, region), choices, region, token),
            lambda token: self.naive.convert(*asked, choices, region, token, key, body(asked, choices, region)),
            how,
            number,
        )

    @rule(customer=customers, what=whats, fresh=often, number=which)
    def join_waiting(self, customer: str, what: tuple[str, str], fresh: bool, number: int) -> None:
        order_id, key = f"o{next(self.numbers)}", self.key(fresh, number)
        full = [of for of in WHAT[:4] if not self.naive.offer.unknown(*of) and self.naive.sold_out(*of)]
        what = pick(full, number) if full and number % 8 else what
        choices = choices_of(what[0], number)
        asked = (customer, *what, choices, None)
        command = cmd.JoinWaiting(order_id, customer, *what, key, body(asked), choices)
        self.hold(command, lambda: self.naive.join(order_id, *asked, key, body(asked)))

    @precondition(lambda self: self.naive.waiting)
    @rule(number=which, itself=often, customer=customers, fresh=often, known=often)
    def leave_waiting(self, number: int, itself: bool, customer: str, fresh: bool, known: bool) -> None:
        order_id = pick(list(self.naive.waiting), number) if known else "unknown"
        asked, key = (order_id, self.owner(order_id, itself, customer)), self.key(fresh, number)
        self.hold(cmd.LeaveWaiting(*asked, key, body(asked)), lambda: self.naive.leave(*asked, key, body(asked)))

    # Money.

    @rule(number=which, fresh=often, right=often, yuan=often)
    def pay(self, number: int, fresh: bool, right: bool, yuan: bool) -> None:
        self.pay_for(self.order(number, "reserved"), number, fresh, right, yuan)

    def pay_for(
        self, order_id: str, number: int = 0, fresh: bool = True, right: bool = True, yuan: bool = True
    ) -> None:
        order = self.naive.orders.get(order_id, {"due": 0, "deposit": 500})
        amount = (order["due"] or order["deposit"]) + (0 if right else 1)
        paid = list(self.naive.payments)
        payment_id = f"p{next(self.numbers)}" if fresh or not paid else pick(paid, number)
        asked = (order_id, payment_id, amount, "CNY" if yuan else "EUR")
        decision = self.ask(cmd.RecordPayment(*asked))
        kinds = {"firm": ev.OrderFirmed, "difference": ev.DifferencePaid, "owed": ev.DepositOwedBack}
        outcome = self.naive.pay(*asked)
        assert [type(event) for event in decision] == ([kinds[outcome]] if outcome in kinds else [])

    @rule(number=which)
    def pay_what_is_wanted(self, number: int) -> None:
        due = [key for key, order in self.naive.orders.items() if order["due"]]
        unpaid = due if due and number % 2 else self.in_state("reserved", "expired")
        if unpaid:
            self.pay_for(pick(unpaid, number))

    @rule(number=which, owed=often)
    def refund_is_paid(self, number: int, owed: bool) -> None:
        among = [*self.naive.refunds] if owed else [*self.naive.payments]
        refund_id = pick(among, number) if among else "unknown"
        decision = self.ask(cmd.RecordRefund(refund_id, *BY))
        outcome = self.naive.refund_paid(refund_id)
        assert isinstance(decision, tuple) == (outcome != "no_such_refund")
        if outcome != "no_such_refund":
            assert decision == ((ev.RefundPaid(refund_id, *BY),) if outcome == "paid" else ())

    # Operators.

    @rule(action=st.sampled_from(("open", "close", "pause", "resume", "resume", "open")), number=which, fresh=often)
    def set_sales(self, action: Any, number: int, fresh: bool) -> None:
        if number % 3:  # seldom
            return
        model, key = pick(("", "a", "b", "a", "nope"), number // 3), self.key(fresh, number)
        command = cmd.SetSales(action, model, *BY, key, body(action, model))
        self.hold(command, lambda: self.naive.set_sales(action, model, key, body(action, model)))

    @rule(number=which, cap=st.sampled_from((None, None, 0, 1, 2, 3)), fresh=often)
    def set_cap(self, number: int, cap: int | None, fresh: bool) -> None:
        if number % 3:  # seldom
            return
        of = pick(
            (("a", "x"), ("a", "y"), ("b", "z"), ("a", ""), ("b", ""), ("", ""), ("", "x"), ("a", "nope")), number
        )
        key = self.key(fresh, number)
        command = cmd.SetCap(*of, cap, *BY, key, body(of, cap))
        self.hold(command, lambda: self.naive.set_cap(*of, cap, key, body(of, cap)))

    @rule(number=which, ahead=st.sampled_from((-1, 0, 1, 5_000, HOUR)), fresh=often)
    def move_window(self, number: int, ahead: int, fresh: bool) -> None:
        if number % 3:  # seldom
            return
        window, closes, key = pick(("w0", "w1", "w2"), number), self.at + ahead, self.key(fresh, number)
        command = cmd.MoveWindow(window, closes, *BY, key, body(window, closes))
        self.hold(command, lambda: self.naive.move_window(window, closes, key, body(window, closes)))

    @rule(number=which, fresh=often)
    def correct(self, number: int, fresh: bool) -> None:
        order_id, key = self.order(number, "reserved", "firm", "locked", "scheduled"), self.key(fresh, number)
        wanted = self.wanted(order_id, number)
        command = cmd.Correct(order_id, *BY, key, body(order_id, wanted), *wanted)
        self.hold(command, lambda: self.naive.correct(order_id, *wanted, key, body(order_id, wanted)))

    @rule(number=which, refund=st.booleans(), fresh=often)
    def withdraw(self, number: int, refund: bool, fresh: bool) -> None:
        if number % 3:  # seldom
            return
        order_id, key = self.order(number, "firm", *UNDELIVERED), self.key(fresh, number)
        command = cmd.Withdraw(order_id, refund, *BY, key, body(order_id, refund))
        self.hold(command, lambda: self.naive.withdraw(order_id, refund, key, body(order_id, refund)))

    @rule(number=which, amount=st.sampled_from((0, 1, 100, 500, 501)), fresh=often)
    def grant_refund(self, number: int, amount: int, fresh: bool) -> None:
        order_id, key = self.order(number, "forfeited"), self.key(fresh, number)
        command = cmd.GrantRefund(order_id, amount, *BY, key, body(order_id, amount))
        self.hold(command, lambda: self.naive.grant(order_id, amount, key, body(order_id, amount)))

    @rule(
        number=which,
        many=st.lists(st.tuples(which, st.sampled_from((1, 1, 1, 1, 1, -1, -1, 2))), max_size=3),
        fresh=often,
    )
    def move_orders(self, number: int, many: list[tuple[int, int]], fresh: bool) -> None:
        key, moves = self.key(fresh, number), []
        for one, steps in many:
            order_id = self.order(one, *UNDELIVERED)
            state = self.naive.orders[order_id]["state"] if order_id in self.naive.orders else "locked"
            at = PRODUCTION.index(state) + steps if state in PRODUCTION else 1
            moves.append((order_id, PRODUCTION[at] if 0 <= at < len(PRODUCTION) else "firm"))
        moves = list(dict(moves).items()) if number > 100 else moves
        command = cmd.MoveOrders(tuple(moves), *BY, key, body(moves))
        self.hold(command, lambda: self.naive.move(moves, key, body(moves)))

    @rule(
        rows=st.lists(st.tuples(st.integers(0, 200), customers, whats), min_size=1, max_size=2),
        ago=st.sampled_from((0, 3_000, HOUR)),
    )
    def orders_come_in(self, rows: list[tuple[int, str, tuple[str, str]]], ago: int) -> None:
        made = tuple(self.row(*row, self.at - ago) for row in rows)
        self.hold(cmd.ImportOrders(made), lambda: self.naive.import_orders(made))
        self.taken = agreement.places(self.naive)  # caps and limits do not hold orders from elsewhere back

    # The clock, the launch file, crashes.

    @rule(limit=st.sampled_from((1, 2, 100, 100)))
    def tick(self, limit: int) -> None:
        self.let_time_pass(limit)

    @rule(step=st.sampled_from((1, 999, 1_000, 3_999, 10_000, -1, -5_000)))
    def the_clock_runs_or_steps_back(self, step: int) -> None:
        self.clock += step

    @rule(number=which, short=st.sampled_from((0, 0, 1)), ticks=often)
    def time_passes_to_an_edge(self, number: int, short: int, ticks: bool) -> None:
        ahead = sorted(edge for edge in self.edges() if self.at < edge - short <= OPENS + 90_000)
        if ahead:
            self.clock = pick(ahead[:4], number) - short
        if ticks:
            self.let_time_pass(100)

    @rule(change=st.sampled_from(CHANGES), rarely=st.integers(1, 9))
    def the_launch_file_changes(self, change: str, rarely: int) -> None:
        if rarely != 7:
            return
        before = self.book.filed
        assert before is not None
        launch = changed(self.first, change)
        assert self.ask(cmd.SetLaunch(launch)) == (() if launch == before else (ev.LaunchSet(launch),))
        self.milestones = self.milestones if launch == before else None
        if launch != before:
            self.naive.set_launch(launch)
            self.weeks_are_sure_again()

    @rule(commands=st.integers(2, 6))
    def the_next_commands_share_a_block(self, commands: int) -> None:
        self.share = commands

    @rule()
    def the_desk_opens_again(self) -> None:
        self.fold((ev.DeskOpened("host:1"),))
        self.crash()

    @invariant()
    def all_holds(self) -> None:
        if self.blocks:
            self.everything_holds()

    def teardown(self) -> None:
        if self.blocks:
            self.end()


TestLaunchNight = pytest.mark.slow(LaunchNight.TestCase)
TestLaunchNight.settings = settings(
    max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
