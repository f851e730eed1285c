"""decide and evolve against a naive desk, over random nights: every edge of an order in every order of events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.book import Book, Order, evolve
from drumroll.domain.decide import decide
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.refusal import Refusal
from drumroll.log.base import Block
from tests.domain.books import plain, replayed, through_bytes
from tests.domain.naive_desk import LIVE, NaiveDesk

OPENS = 1_750_946_400_000
HOUR = 3_600_000
CUSTOMERS = ("ann", "bob", "cho", "dee")
TRIMS = (("a", "x"), ("a", "y"), ("b", "z"), ("a", "nope"), ("nope", "x"))

LAUNCH = Launch(
    id="night",
    name="Night",
    time_zone="Asia/Shanghai",
    currency="CNY",
    opens_at_ms=OPENS,
    closes_at_ms=OPENS + HOUR,
    deposit_minor=500,
    hold_s=10,
    orders_per_customer=2,
    models=(
        Model("a", "A", OPENS, OPENS + HOUR, (Trim("x", "X", 9_000, cap=2), Trim("y", "Y", 8_000)), cap=3),
        Model("b", "B", OPENS + 15_000, OPENS + 40_000, (Trim("z", "Z", 7_000, cap=3),)),
    ),
    headline=("a",),
    milestones=(1, 2, 3),
    cap=5,
)
CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"cap": 1},
    {"cap": None, "orders_per_customer": 1},
    {"hold_s": 4, "deposit_minor": 700},
    {"headline": ("a", "b"), "milestones": (1, 5)},
    {"headline": ("b",), "milestones": ()},
    {"models": LAUNCH.models[:1]},
    {"models": (msgspec.structs.replace(LAUNCH.models[0], cap=None, trims=LAUNCH.models[0].trims[:1]),)},
)

customers = st.sampled_from(CUSTOMERS)
often = st.sampled_from((True, True, True, False))
whichever = st.integers(0, 1_000)


def pick(values: Sequence[Any], which: int) -> Any:
    return values[which % len(values)]


class LaunchNight(RuleBasedStateMachine):
    """One night: commands at rising times, each block written and read back as the log would."""

    def __init__(self) -> None:
        super().__init__()
        self.now = OPENS - 1
        self.book, self.shadow = Book(), Book()
        self.naive = NaiveDesk(LAUNCH)
        self.blocks: list[Block] = []
        self.numbers = iter(range(1_000_000))
        self.used_keys: list[bytes] = []
        self.order_ids: list[str] = []
        self.payment_ids: list[str] = []
        self.launch_changed = False

    @initialize(crowd=st.lists(st.tuples(customers, st.sampled_from(TRIMS[:2]), often), max_size=8))
    def begin(self, crowd: list[tuple[str, tuple[str, str], bool]]) -> None:
        assert self.ask(cmd.SetLaunch(LAUNCH)) == (ev.LaunchSet(LAUNCH),)
        for customer, of, opened in crowd:
            self.now = OPENS if opened else self.now
            self.reserve(customer, of, True, 0)

    # The machinery: decide, write, read back, fold.

    def ask(self, command: cmd.Command) -> tuple[ev.Event, ...] | Refusal:
        before = plain(self.book)
        decision = decide(self.book, command, self.now)
        assert plain(self.book) == before, "decide changed the book"
        if not isinstance(decision, Refusal) and decision:
            self.fold(decision)
        return decision

    def fold(self, events: tuple[ev.Event, ...]) -> None:
        block = through_bytes(len(self.blocks) + 1, self.now, events)
        self.blocks.append(block)
        for event in events:
            evolve(self.book, event, self.now)
        for event in block.events:
            evolve(self.shadow, event, self.now)

    def key(self, customer: str, fresh: bool, which: int) -> bytes:
        if not fresh and self.used_keys:
            return pick(self.used_keys, which)
        self.used_keys.append(f"{customer}:{next(self.numbers)}".encode())
        return self.used_keys[-1]

    def hold_against(self, expected: set[str], decision: tuple[ev.Event, ...] | Refusal, event: type) -> None:
        if expected == {"again"}:
            assert decision == ()
        elif expected:
            assert isinstance(decision, Refusal)
            assert decision.code.value in expected
        else:
            assert [type(one) for one in decision] == [event]

    # What people, the provider and the clock do.

    @rule(customer=customers, of=st.sampled_from(TRIMS[:3]), fresh=often, which=whichever)
    def reserve(self, customer: str, of: tuple[str, str], fresh: bool, which: int) -> None:
        model, trim = of
        order_id = f"o{next(self.numbers)}"
        key, body = self.key(customer, fresh, which), f"{model}/{trim}".encode()
        decision = self.ask(cmd.Reserve(order_id, customer, model, trim, key, body))
        expected = self.naive.reserve(order_id, customer, model, trim, key, body, self.now)
        self.hold_against(expected, decision, ev.OrderReserved)
        if not expected:
            self.order_ids.append(order_id)

    @rule(customer=customers, of=st.sampled_from(TRIMS[:3]), hold=st.sampled_from((9_999, 10_000, 14_000)))
    def everybody_waits_and_one_orders(self, customer: str, of: tuple[str, str], hold: int) -> None:
        self.now += hold if self.now + hold < OPENS + 50_000 else 1
        self.tick(100)
        self.reserve(customer, of, True, 0)

    @rule(customer=customers, of=st.sampled_from(TRIMS))
    def reserve_with_a_double_click(self, customer: str, of: tuple[str, str]) -> None:
        self.reserve(customer, of, True, 0)
        key = self.used_keys[-1]
        again = self.ask(cmd.Reserve("twin", customer, *of, key, f"{of[0]}/{of[1]}".encode()))
        assert again == () if key in self.naive.keys else isinstance(again, Refusal)

    @precondition(lambda self: self.order_ids)
    @rule(which=whichever, owner=often, customer=customers, fresh=often, known=often)
    def cancel(self, which: int, owner: bool, customer: str, fresh: bool, known: bool) -> None:
        order_id = pick(self.order_ids, which) if known and self.order_ids else "unknown"
        if owner and order_id in self.naive.orders:
            customer = self.naive.orders[order_id]["customer"]
        key = self.key(customer, fresh, which)
        decision = self.ask(cmd.Cancel(order_id, customer, key, order_id.encode()))
        expected = self.naive.cancel(order_id, customer, key, order_id.encode())
        self.hold_against(expected, decision, ev.OrderCancelled)

    @precondition(lambda self: self.order_ids)
    @rule(which=whichever, fresh=often, right=often, yuan=often, known=often)
    def pay(self, which: int, fresh: bool, right: bool, yuan: bool, known: bool) -> None:
        order_id = pick(self.order_ids, which) if known and self.order_ids else "unknown"
        deposit = self.naive.orders[order_id]["deposit"] if order_id in self.naive.orders else 500
        if fresh or not self.payment_ids:
            self.payment_ids.append(f"p{next(self.numbers)}")
        payment_id = self.payment_ids[-1] if fresh else pick(self.payment_ids, which)
        amount, currency = deposit if right else deposit + 1, "CNY" if yuan else "EUR"
        decision = self.ask(cmd.RecordPayment(order_id, payment_id, amount, currency))
        outcome = self.naive.pay(order_id, payment_id, amount, currency, self.now)
        kinds = {"firm": [ev.OrderFirmed], "owed": [ev.DepositOwedBack], "again": []}
        assert [type(event) for event in decision] == kinds[outcome]

    @precondition(lambda self: self.order_ids)
    @rule(which=whichever)
    def pay_a_waiting_order(self, which: int) -> None:
        waiting = [at for at, one in enumerate(self.order_ids) if self.naive.orders[one]["state"] != "firm"]
        if waiting:
            self.pay(pick(waiting, which), True, True, True, True)

    @precondition(lambda self: self.payment_ids)
    @rule(which=whichever, owed=often)
    def refund_is_paid(self, which: int, owed: bool) -> None:
        among = list(self.naive.refunds) if owed else self.payment_ids
        payment_id = pick(among, which) if among else "unknown"
        decision = self.ask(cmd.RecordRefund(payment_id))
        outcome = self.naive.refund_paid(payment_id)
        if outcome == "no_such_refund":
            assert isinstance(decision, Refusal)
        else:
            assert decision == ((ev.RefundPaid(payment_id),) if outcome == "paid" else ())

    @rule(limit=st.sampled_from((1, 2, 100)))
    def tick(self, limit: int) -> None:
        due = self.naive.due(self.now)
        decision = self.ask(cmd.Expire(limit))
        assert isinstance(decision, tuple)
        expired = [event.order_id for event in decision if isinstance(event, ev.OrderExpired)]
        assert len(expired) == len(decision) == min(limit, len(due))
        for order_id in expired:
            self.naive.expire(order_id, self.now)

    @rule(step=st.sampled_from((1, 999, 1_000, 3_999, 10_000, HOUR)))
    def time_passes(self, step: int) -> None:
        self.now += step if step < HOUR or self.now > OPENS + 20_000 else 1_000

    @rule(which=whichever, short=st.sampled_from((0, 0, 1)))
    def time_passes_to_an_edge(self, which: int, short: int) -> None:
        edges = {at for model in self.naive.launch.models for at in (model.opens_at_ms, model.closes_at_ms or 0)}
        edges |= {order["expires_at"] for order in self.naive.orders.values()}
        ahead = sorted(edge for edge in edges if self.now < edge - short <= OPENS + 60_000)
        if ahead:
            self.now = pick(ahead[:3], which) - short

    @rule(change=st.sampled_from(CHANGES), rarely=st.integers(0, 3))
    def the_launch_file_changes(self, change: dict[str, Any], rarely: int) -> None:
        if rarely:
            return
        launch = msgspec.structs.replace(LAUNCH, **change)
        decision = self.ask(cmd.SetLaunch(launch))
        assert decision == (() if launch == self.naive.launch else (ev.LaunchSet(launch),))
        self.launch_changed |= launch != self.naive.launch
        self.naive.launch = launch

    @precondition(lambda self: len(self.blocks) % 5 == 0)
    @rule()
    def the_desk_opens_again(self) -> None:
        self.fold((ev.DeskOpened("host:1"),))
        self.book = replayed(self.blocks)

    # What must be true whatever happened.

    @invariant()
    def a_replay_gives_the_same_book(self) -> None:
        assert plain(self.shadow) == plain(self.book)

    @invariant()
    def every_order_stands_where_it_should(self) -> None:
        assert {key: order.state.value for key, order in self.book.orders.items()} == {
            key: order["state"] for key, order in self.naive.orders.items()
        }
        for order_id, order in self.book.orders.items():
            ours = self.naive.orders[order_id]
            assert order.customer == ours["customer"]
            assert (order.offer.model, order.offer.trim) == (ours["model"], ours["trim"])
            assert (order.payment_id, order.expires_at_ms) == (ours["payment"], ours["expires_at"])
            assert (order.firm_at_ms is not None) == (ours["payment"] is not None)

    @invariant()
    def tallies_are_a_recount(self) -> None:
        for (model, trim), tally in self.book.tallies.items():
            for state in ("reserved", "firm", "expired", "cancelled"):
                assert getattr(tally, state) == self.naive.count(model, trim, state)
        counted = sum(t.reserved + t.firm + t.expired + t.cancelled for t in self.book.tallies.values())
        assert counted == len(self.naive.orders)
        assert self.book.live() == len(self.naive.live())

    @invariant()
    def caps_and_limits_hold(self) -> None:
        if self.launch_changed:  # a lowered cap takes nobody's place away
            return
        assert len(self.naive.live()) <= 5
        assert len(self.naive.live(model="a")) <= 3
        assert len(self.naive.live(model="a", trim="x")) <= 2
        assert len(self.naive.live(model="b")) <= 3
        assert all(sum(order.live for order in orders) <= 2 for orders in self.book.customers.values())

    @invariant()
    def money_in_is_deposits_of_firm_orders_and_refunds(self) -> None:
        firm = sum(order.offer.deposit_minor for order in self.book.orders.values() if order.state.value == "firm")
        back = sum(refund.amount_minor for refund in self.book.refunds.values() if refund.currency == "CNY")
        assert self.book.paid_in_minor == firm + back == sum(self.naive.payments.values())

    @invariant()
    def each_payment_is_counted_once(self) -> None:
        assert set(self.book.payments) == set(self.naive.payments)
        firm = [order.payment_id for order in self.book.orders.values() if order.state.value == "firm"]
        assert len(firm) == len(set(firm))
        assert set(firm).isdisjoint(self.book.refunds)
        assert set(firm) | set(self.book.refunds) == set(self.book.payments)

    @invariant()
    def refunds_are_those_owed(self) -> None:
        assert {key: (one.amount_minor, one.paid_at_ms is not None) for key, one in self.book.refunds.items()} == {
            key: (one["amount"], one["paid"]) for key, one in self.naive.refunds.items()
        }
        assert set(self.book.refunds_owed) == {key for key, one in self.naive.refunds.items() if not one["paid"]}

    @invariant()
    def indexes_hold_the_orders_themselves(self) -> None:
        indexed = [order for orders in self.book.customers.values() for order in orders]
        assert sorted(map(id, indexed)) == sorted(map(id, self.book.orders.values()))
        for known in self.book.keys.values():
            order = known if isinstance(known, Order) else known.order
            assert self.book.orders[order.id] is order
        assert set(self.book.keys) == set(self.naive.keys)

    @invariant()
    def what_is_due_is_found(self) -> None:
        for at in (self.now - 1, self.now, self.now + 4_000, self.now + 10_000):
            found = [order.id for order in self.book.due(at)]
            assert len(found) == len(set(found))
            assert set(found) == self.naive.due(at)

    @invariant()
    def the_curve_and_the_milestones_are_a_recount(self) -> None:
        self.naive.note(self.now)
        assert self.book.headline_firm == self.naive.headline_firm()
        for second in range(self.now // 1000 - 12, self.now // 1000 + 1):
            assert self.book.curve.at(second) == self.naive.firm_at_end_of(second)
        reached = [milestone.firm for milestone in self.book.milestones]
        assert reached == sorted(set(reached))
        if not self.launch_changed:
            ours = [(firm, self.naive.first_reached(firm)) for firm in LAUNCH.milestones]
            noted = [(one.firm, one.at_ms) for one in self.book.milestones]
            assert noted == [row for row in ours if row[1] is not None]

    def teardown(self) -> None:
        assert plain(replayed(self.blocks)) == plain(self.book)
        assert all(order["state"] in (*LIVE, "expired", "cancelled") for order in self.naive.orders.values())


TestLaunchNight = LaunchNight.TestCase
TestLaunchNight.settings = settings(
    max_examples=150, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
