"""The edges of an order, each by its name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.book import Book, OwedBecause, State
from drumroll.domain.decide import decide
from drumroll.domain.decided import Decision
from drumroll.domain.evolve import evolve
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.places import ORDERS_EVER_A_CUSTOMER
from drumroll.domain.refusal import Code, Refusal
from tests.domain.books import plain, replayed, through_bytes

OPENS, CLOSES = 1_750_946_400_000, 1_750_950_000_000
HOLD_MS = 900_000
LAUNCH = Launch(
    id="night",
    name="Night",
    time_zone="Asia/Shanghai",
    currency="CNY",
    opens_at_ms=OPENS,
    closes_at_ms=CLOSES,
    deposit_minor=500_000,
    hold_s=900,
    orders_per_customer=2,
    models=(
        Model("car", "Car", OPENS, CLOSES, (Trim("one", "One", 25_000_000, cap=1), Trim("many", "Many", 9_000_000))),
    ),
    headline=("car",),
    milestones=(1, 2),
)


class Night:
    """A book and the commands to it; every event goes into the blocks as well."""

    def __init__(self, launch: Launch = LAUNCH) -> None:
        self.book = Book()
        self.blocks: list[Any] = []
        self.keys = iter(range(10_000))
        self.do(cmd.SetLaunch(launch), OPENS - 1)

    def do(self, command: cmd.Command, at_ms: int = OPENS) -> Decision:
        decision = decide(self.book, command, at_ms)
        if not isinstance(decision, Refusal):
            self.blocks.append(through_bytes(len(self.blocks) + 1, at_ms, decision))
            for event in decision:
                evolve(self.book, event, at_ms, self.blocks[-1].position)
        return decision

    def reserve(self, order_id: str, customer: str = "ann", trim: str = "many", at_ms: int = OPENS) -> Decision:
        return self.do(cmd.Reserve(order_id, customer, "car", trim, b"key%d" % next(self.keys), b"body"), at_ms)

    def pay(self, order_id: str, at_ms: int = OPENS, payment_id: str | None = None, **other: Any) -> Decision:
        amount_minor, currency = other.get("amount_minor", 500_000), other.get("currency", "CNY")
        return self.do(cmd.RecordPayment(order_id, payment_id or f"pay-{order_id}", amount_minor, currency), at_ms)

    def cancel(self, order_id: str, customer: str = "ann", at_ms: int = OPENS) -> Decision:
        return self.do(cmd.Cancel(order_id, customer, b"key%d" % next(self.keys), b"body"), at_ms)

    def expire(self, at_ms: int, limit: int = 100) -> Decision:
        return self.do(cmd.Expire(limit), at_ms)

    def owed(self, payment_id: str) -> str:
        return self.book.refunds_owed[payment_id].reason


def code(decision: Decision) -> Code | None:
    return decision.code if isinstance(decision, Refusal) else None


def test_the_last_place_is_not_sold_twice_in_one_instant() -> None:
    night = Night()
    assert code(night.reserve("o1", "ann", "one")) is None
    assert code(night.reserve("o2", "bob", "one")) is Code.SOLD_OUT
    assert code(night.reserve("o3", "bob", "many")) is None


def test_a_deposit_before_the_expiry_of_the_same_instant_makes_it_firm() -> None:
    night = Night()
    night.reserve("o1")
    assert night.pay("o1", OPENS + HOLD_MS) == (ev.OrderFirmed("o1", "pay-o1"),)
    assert night.expire(OPENS + HOLD_MS) == ()


def test_a_deposit_after_the_expiry_of_the_same_instant_revives_it() -> None:
    night = Night()
    night.reserve("o1", trim="one")
    assert night.expire(OPENS + HOLD_MS) == (ev.OrderExpired("o1"),)
    assert night.pay("o1", OPENS + HOLD_MS) == (ev.OrderFirmed("o1", "pay-o1"),)
    assert code(night.reserve("o2", "bob", "one", OPENS + HOLD_MS)) is Code.SOLD_OUT
    assert night.book.headline_firm == 1


def test_a_reservation_is_held_to_the_last_millisecond_and_not_longer() -> None:
    night = Night()
    night.reserve("o1")
    assert night.expire(OPENS + HOLD_MS - 1) == ()
    assert night.expire(OPENS + HOLD_MS) == (ev.OrderExpired("o1"),)


def test_expiry_takes_no_more_than_its_limit_and_goes_on_where_it_stopped() -> None:
    night = Night()
    for number in range(5):
        night.reserve(f"o{number}", f"c{number}")
    night.pay("o1")
    late = OPENS + HOLD_MS
    assert night.expire(late, 2) == (ev.OrderExpired("o0"), ev.OrderExpired("o2"))
    assert night.expire(late, 9) == (ev.OrderExpired("o3"), ev.OrderExpired("o4"))
    assert night.expire(late, 9) == ()
    assert next(night.book.holds.due(late + 1_000_000_000), None) is None


def sold_out(night: Night) -> int:
    night.reserve("other", "bob", "one", OPENS + HOLD_MS)
    return OPENS + HOLD_MS


def closed(night: Night) -> int:
    return CLOSES


def customer_at_limit(night: Night) -> int:
    night.reserve("second", at_ms=OPENS + HOLD_MS)
    night.reserve("third", at_ms=OPENS + HOLD_MS)
    return OPENS + HOLD_MS


def no_longer_offered(night: Night) -> int:
    model = msgspec.structs.replace(LAUNCH.models[0], trims=LAUNCH.models[0].trims[1:])
    night.do(cmd.SetLaunch(msgspec.structs.replace(LAUNCH, models=(model,))), OPENS + HOLD_MS)
    return OPENS + HOLD_MS


@pytest.mark.parametrize("happens", [sold_out, closed, customer_at_limit, no_longer_offered])
def test_a_late_deposit_is_owed_back_when_the_place_can_not_be_had(happens: Any) -> None:
    night = Night()
    night.reserve("o1", trim="one")
    night.expire(OPENS + HOLD_MS)
    at_ms = happens(night)
    night.pay("o1", at_ms)
    assert night.owed("pay-o1") == OwedBecause.NOT_TO_BE_HAD
    assert night.book.orders["o1"].state is State.EXPIRED
    assert night.book.money.received == 500_000


def test_a_reservation_made_in_time_may_be_paid_after_closing() -> None:
    night = Night()
    night.reserve("o1", at_ms=CLOSES - 1)
    assert night.pay("o1", CLOSES + HOLD_MS - 1) == (ev.OrderFirmed("o1", "pay-o1"),)


def test_an_order_revives_though_its_customer_has_made_all_the_orders_allowed_ever() -> None:
    night = Night()
    for number in range(ORDERS_EVER_A_CUSTOMER - 1):
        night.reserve(f"o{number}")
        night.cancel(f"o{number}")
    night.reserve("last")
    assert code(night.reserve("over")) is Code.TOO_MANY_ORDERS
    night.expire(OPENS + HOLD_MS)
    assert code(night.reserve("over", at_ms=OPENS + HOLD_MS)) is Code.TOO_MANY_ORDERS
    assert night.pay("last", OPENS + HOLD_MS) == (ev.OrderFirmed("last", "pay-last"),)


@pytest.mark.parametrize("paid", [False, True])
def test_cancelling_frees_the_place_and_owes_back_what_was_paid(paid: bool) -> None:
    night = Night()
    night.reserve("o1", trim="one")
    if paid:
        night.pay("o1")
    assert code(night.reserve("o2", "bob", "one")) is Code.SOLD_OUT
    night.cancel("o1")
    assert code(night.reserve("o3", "bob", "one")) is None
    assert {refund.amount_minor for refund in night.book.refunds_owed.values()} == ({500_000} if paid else set())
    assert night.book.headline_firm == 0


def test_a_deposit_for_a_cancelled_order_is_owed_back() -> None:
    night = Night()
    night.reserve("o1")
    night.cancel("o1")
    night.pay("o1")
    assert night.owed("pay-o1") == OwedBecause.ORDER_CANCELLED


def test_a_second_deposit_is_owed_back_and_the_first_stays() -> None:
    night = Night()
    night.reserve("o1")
    night.pay("o1", payment_id="first")
    night.pay("o1", payment_id="second")
    assert night.owed("second") == OwedBecause.SECOND_DEPOSIT
    assert night.book.orders["o1"].payment_id == "first"


def test_a_webhook_seen_again_counts_once_even_for_another_order() -> None:
    night = Night()
    night.reserve("o1")
    night.reserve("o2")
    night.pay("o1", payment_id="p")
    assert night.pay("o1", payment_id="p") == ()
    assert night.pay("o2", payment_id="p") == ()
    assert night.book.orders["o2"].state is State.RESERVED
    assert night.book.money.received == 500_000


@pytest.mark.parametrize("wrong", [{"amount_minor": 499_999}, {"amount_minor": 500_001}, {"currency": "EUR"}])
def test_another_sum_than_the_deposit_is_owed_back_and_the_order_waits_on(wrong: dict[str, Any]) -> None:
    night = Night()
    night.reserve("o1")
    night.pay("o1", payment_id="wrong", **wrong)
    assert night.owed("wrong") == OwedBecause.WRONG_AMOUNT
    assert night.pay("o1", payment_id="right") == (ev.OrderFirmed("o1", "right"),)


def test_money_for_an_order_nobody_knows_is_owed_back() -> None:
    night = Night()
    night.pay("never-made")
    assert night.owed("pay-never-made") == OwedBecause.UNKNOWN_ORDER


def test_a_refund_is_paid_once() -> None:
    night = Night()
    night.pay("never-made")
    assert night.do(cmd.RecordRefund("pay-never-made"), OPENS + 5) == (ev.RefundPaid("pay-never-made"),)
    assert night.do(cmd.RecordRefund("pay-never-made"), OPENS + 6) == ()
    assert night.book.refunds["pay-never-made"].paid_at_ms == OPENS + 5
    assert not night.book.refunds_owed
    assert code(night.do(cmd.RecordRefund("nothing"))) is Code.NO_SUCH_REFUND


def test_a_key_used_for_one_kind_of_request_is_refused_for_another() -> None:
    night = Night()
    assert isinstance(night.do(cmd.Reserve("o1", "ann", "car", "many", b"k", b"same")), tuple)
    assert code(night.do(cmd.Cancel("o1", "ann", b"k", b"same"))) is Code.KEY_REUSED
    assert isinstance(night.do(cmd.Cancel("o1", "ann", b"c", b"same")), tuple)
    assert code(night.do(cmd.Reserve("o2", "ann", "car", "many", b"c", b"same"))) is Code.KEY_REUSED


def test_a_key_answers_as_before_whatever_happened_since() -> None:
    night = Night()
    first = cmd.Reserve("o1", "ann", "car", "many", b"k", b"body")
    cancel = cmd.Cancel("o1", "ann", b"c", b"body")
    night.do(first)
    night.do(cancel)
    assert night.do(first, CLOSES) == ()
    assert night.do(cancel, CLOSES) == ()
    assert code(night.do(cmd.Reserve("o2", "ann", "car", "one", b"k", b"else"))) is Code.KEY_REUSED


@pytest.mark.parametrize(
    ("at_ms", "expected"),
    [(OPENS - 1, Code.NOT_OPEN_YET), (OPENS, None), (CLOSES - 1, None), (CLOSES, Code.CLOSED)],
)
def test_sales_open_and_close_to_the_millisecond(at_ms: int, expected: Code | None) -> None:
    assert code(Night().reserve("o1", at_ms=at_ms)) is expected


def test_the_refusal_before_opening_says_when_it_opens() -> None:
    refusal = Night().reserve("o1", at_ms=OPENS - 1)
    assert isinstance(refusal, Refusal)
    assert refusal.facts == {"opens_at": "2025-06-26T22:00:00.000+08:00"}


def test_a_third_order_is_refused_until_one_is_given_up() -> None:
    night = Night()
    night.reserve("o1")
    night.pay("o1")
    night.reserve("o2")
    assert code(night.reserve("o3")) is Code.TOO_MANY_ORDERS
    assert code(night.reserve("o3", "bob")) is None
    night.expire(OPENS + HOLD_MS)
    assert code(night.reserve("o4", at_ms=OPENS + HOLD_MS)) is None


@pytest.mark.parametrize(("customer", "expected"), [("bob", Code.NOT_YOURS), ("ann", Code.WRONG_STATE)])
def test_what_may_not_be_cancelled_changes_nothing(customer: str, expected: Code) -> None:
    night = Night()
    night.reserve("o1")
    if customer == "ann":
        night.cancel("o1")
    assert code(night.cancel("o1", customer)) is expected
    assert code(night.cancel("never-made")) is Code.NO_SUCH_ORDER


def test_caps_of_model_and_launch_count_over_all_their_trims() -> None:
    car = msgspec.structs.replace(LAUNCH.models[0], cap=2)
    other = Model("bus", "Bus", OPENS, None, (Trim("only", "Only", 1_000_000),))
    night = Night(msgspec.structs.replace(LAUNCH, models=(car, other), cap=3))
    night.reserve("o1", "a", "one")
    night.reserve("o2", "b", "many")
    assert code(night.reserve("o3", "c", "many")) is Code.SOLD_OUT
    bus = [cmd.Reserve(f"b{n}", f"c{n}", "bus", "only", b"bus%d" % n, b"") for n in (1, 2)]
    assert code(night.do(bus[0])) is None
    assert code(night.do(bus[1])) is Code.SOLD_OUT


def test_a_changed_launch_file_holds_for_new_orders_and_old_ones_keep_their_terms() -> None:
    night = Night()
    night.reserve("old")
    night.do(cmd.SetLaunch(msgspec.structs.replace(LAUNCH, deposit_minor=700_000, hold_s=60)))
    night.reserve("new")
    assert night.expire(OPENS + 60_000) == (ev.OrderExpired("new"),)
    assert night.pay("old", OPENS + 60_000) == (ev.OrderFirmed("old", "pay-old"),)
    assert night.book.refunds_owed == {}


def test_the_same_launch_file_again_is_no_event_and_another_launch_is_refused() -> None:
    night = Night()
    assert night.do(cmd.SetLaunch(LAUNCH)) == ()
    for other in ({"id": "morning"}, {"currency": "EUR"}):
        assert code(night.do(cmd.SetLaunch(msgspec.structs.replace(LAUNCH, **other)))) is Code.WRONG_LAUNCH


def test_a_lowered_cap_takes_nobodys_place_and_sells_no_more() -> None:
    night = Night()
    night.reserve("o1", "ann")
    night.reserve("o2", "bob")
    night.do(cmd.SetLaunch(msgspec.structs.replace(LAUNCH, cap=1)))
    assert code(night.reserve("o3", "cho")) is Code.SOLD_OUT
    assert night.pay("o2") == (ev.OrderFirmed("o2", "pay-o2"),)


def firm(night: Night, *order_ids: str) -> None:
    for order_id in order_ids:
        night.reserve(order_id, f"c-{order_id}")
        night.pay(order_id)


def test_a_milestone_is_reached_once_however_often_the_count_comes_by() -> None:
    night = Night()
    firm(night, "o1")
    night.cancel("o1", "c-o1")
    firm(night, "o2", "o3")
    assert [one.firm for one in night.book.milestones] == [1, 2]


def test_a_changed_list_of_milestones_repeats_none_and_invents_no_time_for_the_past() -> None:
    night = Night()
    firm(night, "o1", "o2", "o3")
    night.do(cmd.SetLaunch(msgspec.structs.replace(LAUNCH, milestones=(1, 2, 3, 4))))
    firm(night, "o4", "o5")
    assert [one.firm for one in night.book.milestones] == [1, 2, 4]


def test_other_headline_models_are_counted_from_what_stands() -> None:
    night = Night()
    bus = Model("bus", "Bus", OPENS, None, (Trim("only", "Only", 1_000_000),))
    firm(night, "o1", "o2")
    night.do(
        cmd.SetLaunch(msgspec.structs.replace(LAUNCH, models=(*LAUNCH.models, bus), headline=("bus",))), OPENS + 1_000
    )
    assert night.book.headline_firm == 0
    assert night.book.curve.at(OPENS // 1000) == 2
    assert night.book.curve.at(OPENS // 1000 + 1) == 0


def test_deciding_never_changes_the_book() -> None:
    night = Night()
    firm(night, "o1")
    night.reserve("o2")
    commands = (
        cmd.SetLaunch(msgspec.structs.replace(LAUNCH, cap=9)),
        cmd.Reserve("o3", "bob", "car", "one", b"new", b""),
        cmd.Cancel("o1", "c-o1", b"new", b""),
        cmd.RecordPayment("o2", "p2", 500_000, "CNY"),
        cmd.RecordPayment("o1", "p3", 500_000, "CNY"),
        cmd.RecordRefund("none"),
        cmd.Expire(10),
    )
    before = plain(night.book)
    for command in commands:
        decide(night.book, command, OPENS + HOLD_MS)
        assert plain(night.book) == before


def test_a_replay_from_bytes_gives_the_same_book() -> None:
    night = Night()
    firm(night, "o1", "o2")
    night.reserve("o3")
    night.cancel("o1", "c-o1")
    night.pay("o2", payment_id="again")
    night.do(cmd.RecordRefund("again"))
    night.expire(OPENS + HOLD_MS)
    assert plain(replayed(night.blocks)) == plain(night.book)


def test_orders_of_one_offer_share_it() -> None:
    night = Night()
    night.reserve("o1", "ann")
    night.reserve("o2", "bob")
    assert night.book.orders["o1"].offer is night.book.orders["o2"].offer
