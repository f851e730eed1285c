"""Races at the edge: two things in one instant, in either order, have one outcome that anybody can explain."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.states import State
from tests.desk.evenings import BY, COOLING_MS, HOLD_MS, LATE, LAUNCH, OFFER_MS, OPENS, UNDO_MS, WINDOW_MS, Evening, row


@pytest.fixture
def evening() -> Evening:
    return Evening()


def money(evening: Evening) -> tuple[int, int, int]:
    """Held, owed, forfeited; and all that came in is somewhere."""
    of = evening.desk.book.money
    assert of.received == of.held + of.owed + of.refunded + of.forfeited + of.applied
    return of.held, of.owed, of.forfeited


# Lock and cancel


def test_a_lock_before_a_cancellation_in_one_batch_does_not_cost_the_deposit(evening: Evening) -> None:
    evening.bring("o1", State.FIRM)
    lock = evening.confirmed(evening.asked(cmd.Lock, "o1", "ann"))
    cancel = evening.asked(cmd.Cancel, "o1", "ann")
    assert evening.together(lock, cancel) == ["OrderLocked", "confirmation_required"]
    assert (evening.state("o1"), money(evening)) == ("locked", (500, 0, 0))


def test_a_cancellation_before_a_lock_in_one_batch_gives_the_deposit_back(evening: Evening) -> None:
    evening.bring("o1", State.FIRM)
    lock = evening.confirmed(evening.asked(cmd.Lock, "o1", "ann"))
    assert evening.together(evening.asked(cmd.Cancel, "o1", "ann"), lock) == ["OrderCancelled", "wrong_state"]
    assert (evening.state("o1"), money(evening)) == ("cancelled", (0, 500, 0))


@pytest.mark.parametrize(("early_ms", "expected"), [(1, "OrderCancelled"), (0, "confirmation_required")])
def test_the_deposit_can_be_had_back_to_the_last_millisecond_of_the_cooling_off(early_ms: int, expected: str) -> None:
    evening = Evening()
    evening.bring("o1", State.FIRM)
    evening.clock.at_ms = LATE - early_ms
    assert evening.alone(evening.asked(cmd.Cancel, "o1", "ann")) == expected


def test_an_order_locks_at_the_end_of_its_cooling_off_however_late_the_desk_comes_to_it(evening: Evening) -> None:
    evening.bring("o1", State.FIRM)
    assert evening.tick(LATE - 1) == []
    assert evening.tick(LATE + 5_000) == [ev.OrderLocked("o1", early=False)]
    evening.bring("o2", State.LOCKED, "bob")
    evening.bring("o3", State.FIRM, "bob")
    assert [evening.desk.book.place(evening.order(one)) for one in ("o1", "o2")] == [1, 2]


def test_the_undoing_of_a_lock_ends_with_its_time_and_with_the_cooling_off() -> None:
    for late_ms, until_ms in ((0, UNDO_MS), (COOLING_MS - 1_000, 1_000)):
        for early_ms, expected in ((1, "LockUndone"), (0, "too_late")):
            evening = Evening()
            evening.bring("o1", State.FIRM)
            evening.clock.at_ms += late_ms
            assert evening.alone(evening.confirmed(evening.asked(cmd.Lock, "o1", "ann"))) == "OrderLocked"
            evening.clock.at_ms += until_ms - early_ms
            assert evening.alone(evening.asked(cmd.UndoLock, "o1", "ann")) == expected


def test_an_order_that_was_locked_undone_and_left_alone_locks_once(evening: Evening) -> None:
    together = [evening.reserve(one, one) for one in ("o1", "o2", "o3")]
    evening.together(*together)
    evening.together(*(evening.pay(one) for one in ("o1", "o2", "o3")))
    evening.alone(evening.confirmed(evening.asked(cmd.Lock, "o2", "o2")))
    assert evening.alone(evening.asked(cmd.UndoLock, "o2", "o2")) == "LockUndone"
    locked = [event.order_id for event in evening.tick(LATE) if isinstance(event, ev.OrderLocked)]
    assert sorted(locked) == ["o1", "o2", "o3"]
    assert evening.desk.book.queue_length("lamp") == 3


def test_a_firm_order_that_was_converted_and_left_alone_locks_once(evening: Evening) -> None:
    evening.bring("o1", State.FIRM)
    convert = evening.asked(cmd.Convert, "o1", "ann", "sun", "only")
    assert evening.alone(evening.confirmed(convert)) == "OrderConverted"
    assert evening.tick(LATE) == [ev.OrderLocked("o1", early=False)]
    assert (evening.desk.book.queue_length("lamp"), evening.desk.book.queue_length("sun")) == (0, 1)


def test_two_locks_with_one_confirmation_in_one_batch_are_one(evening: Evening) -> None:
    evening.bring("o1", State.FIRM)
    lock = evening.confirmed(evening.asked(cmd.Lock, "o1", "ann"))
    other = replace(lock, key=b"another key 0001")
    assert evening.together(lock, lock, other) == ["OrderLocked", "again", "wrong_state"]


def test_a_confirmation_of_a_lock_that_was_undone_does_not_lock_again(evening: Evening) -> None:
    evening.bring("o1", State.FIRM)
    lock = evening.confirmed(evening.asked(cmd.Lock, "o1", "ann"))
    undo = evening.asked(cmd.UndoLock, "o1", "ann")
    again = replace(lock, key=b"another key 0001")
    assert evening.together(lock, undo, again) == ["OrderLocked", "LockUndone", "confirmation_required"]
    assert evening.alone(replace(lock, key=b"another key 0002")) == "confirmation_required"


# Deposit and expiry


def test_a_deposit_in_the_instant_of_the_expiry_takes_the_place_again(evening: Evening) -> None:
    evening.together(evening.reserve("o1", trim="big"))
    evening.clock.at_ms += HOLD_MS
    assert evening.together(evening.pay("o1"), evening.reserve("o2", "bob", "big")) == ["OrderFirmed", "sold_out"]
    assert [type(event) for event in list(evening.log.read())[-1].events] == [ev.OrderExpired, ev.OrderFirmed]


def test_a_deposit_behind_the_one_who_took_the_place_of_that_instant_is_owed_back(evening: Evening) -> None:
    evening.together(evening.reserve("o1", trim="big"))
    evening.clock.at_ms += HOLD_MS
    other = evening.reserve("o2", "bob", "big")
    assert evening.together(other, evening.pay("o1")) == ["OrderReserved", "DepositOwedBack"]
    assert (evening.state("o1"), money(evening)) == ("expired", (0, 500, 0))


def test_a_deposit_in_the_instant_of_the_expiry_does_not_get_past_who_waits(evening: Evening) -> None:
    evening.together(evening.reserve("o1", trim="big"))
    evening.alone(evening.asked(cmd.JoinWaiting, "w1", "bob", "lamp", "big"))
    evening.clock.at_ms += HOLD_MS
    assert evening.alone(evening.pay("o1")) == "DepositOwedBack"
    assert evening.state("w1") == "reserved"


# The last place


def test_the_last_place_goes_to_the_first_of_two_customers_in_one_batch(evening: Evening) -> None:
    both = [evening.reserve(f"o-{who}", who, "big") for who in ("ann", "bob")]
    assert evening.together(*both) == ["OrderReserved", "sold_out"]
    assert evening.desk.book.tally("lamp", "big").live == 1


def test_a_freed_place_goes_to_who_waits_and_not_to_a_customer_of_the_same_batch(evening: Evening) -> None:
    evening.together(evening.reserve("o1", trim="big"))
    evening.alone(evening.asked(cmd.JoinWaiting, "w1", "bob", "lamp", "big"))
    cancel, quick = evening.asked(cmd.Cancel, "o1", "ann"), evening.reserve("o2", "cho", "big")
    assert evening.together(cancel, quick) == ["OrderCancelled", "sold_out"]
    (offered,) = evening.tick(evening.clock.at_ms)
    assert (offered.order_id, offered.hold_s * 1000) == ("w1", OFFER_MS)  # type: ignore[attr-defined]
    assert evening.desk.book.tally("lamp", "big").live == 1


def test_an_offer_that_lapses_goes_to_the_next_in_that_very_turn(evening: Evening) -> None:
    evening.together(evening.reserve("o1", trim="big"))
    for order_id, customer in (("w1", "bob"), ("w2", "cho")):
        evening.alone(evening.asked(cmd.JoinWaiting, order_id, customer, "lamp", "big"))
    evening.alone(evening.asked(cmd.Cancel, "o1", "ann"))
    evening.tick(OPENS)
    assert evening.tick(OPENS + OFFER_MS - 1) == []
    assert [type(one) for one in evening.tick(OPENS + OFFER_MS)] == [ev.OrderExpired, ev.PlaceOffered]
    assert (evening.state("w1"), evening.state("w2")) == ("expired", "reserved")


def test_a_change_of_trim_takes_the_last_place_once(evening: Evening) -> None:
    for order_id, customer in (("o1", "ann"), ("o2", "bob")):
        evening.bring(order_id, State.FIRM, customer)
    both = [
        evening.confirmed(evening.asked(cmd.Change, order_id, customer, trim="big"))
        for order_id, customer in (("o1", "ann"), ("o2", "bob"))
    ]
    assert evening.together(*both) == ["OrderChanged", "sold_out"]


def test_a_pause_in_a_batch_refuses_what_comes_after_it(evening: Evening) -> None:
    evening.bring("o1", State.LOCKED, "dee")
    convert = evening.confirmed(evening.asked(cmd.Convert, "o1", "dee", "sun", "only"))
    pause = evening.asked(cmd.SetSales, "pause", "", *BY)
    before, after = evening.reserve("o2"), evening.reserve("o3", "bob")
    assert evening.together(before, pause, after, convert) == ["OrderReserved", "SalesSet", "paused", "paused"]


def test_a_third_order_in_one_batch_is_one_too_many_whatever_channel_the_others_came_by(evening: Evening) -> None:
    evening.desk.import_orders((row("r1", customer="ann"),))
    first, second = evening.reserve("o1"), evening.reserve("o2")
    assert evening.together(first, second) == ["OrderReserved", "too_many_orders"]


# A clock that steps back


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from((-5_000, -1, 0, 1, 700, HOLD_MS, -HOLD_MS, UNDO_MS, -COOLING_MS, COOLING_MS)), max_size=12)
)
def test_a_clock_that_steps_back_frees_no_place_twice_and_turns_back_no_deadline(steps: list[int]) -> None:
    evening = Evening()
    evening.bring("o1", State.FIRM)
    for number, step in enumerate(steps):
        evening.clock.at_ms += step
        evening.alone(evening.reserve(f"n{number}", f"c{number}", "big"))
    times = [block.at_ms for block in evening.log.read()]
    assert times == sorted(times)
    events = [(block.at_ms, event) for block in evening.log.read() for event in block.events]
    reserved = {event.order_id: at for at, event in events if isinstance(event, ev.OrderReserved)}
    for at, event in events:
        if isinstance(event, ev.OrderExpired):
            assert at >= reserved[event.order_id] + HOLD_MS
        if isinstance(event, ev.OrderLocked):
            assert at >= LATE
    assert evening.desk.book.tally("lamp", "big").live <= 1


def test_a_clock_that_steps_back_does_not_open_a_window_again(evening: Evening) -> None:
    evening.bring("o1", State.LOCKED)
    convert: Any = evening.confirmed(evening.asked(cmd.Convert, "o1", "ann", "sun", "only"))
    evening.clock.at_ms = OPENS + WINDOW_MS
    evening.alone(evening.reserve("o2", "bob"))
    evening.clock.at_ms = OPENS
    assert evening.alone(convert) == "conversion_closed"


def test_time_is_due_by_the_logs_time_when_the_clock_steps_back() -> None:
    closes = OPENS + 10 * HOLD_MS
    models = tuple(replace(model, closes_at_ms=closes) for model in LAUNCH.models)
    evening = Evening(replace(LAUNCH, models=models, closes_at_ms=closes))
    evening.bring("o1", State.FIRM)
    assert evening.alone(evening.confirmed(evening.asked(cmd.Change, "o1", "ann", trim="big"))) == "OrderChanged"
    evening.alone(evening.asked(cmd.JoinWaiting, "w1", "bob", "lamp", "big"))
    evening.clock.at_ms = closes
    evening.alone(evening.asked(cmd.Cancel, "o1", "ann"))
    evening.clock.at_ms = OPENS
    assert not evening.desk.time_is_due(), "a turn would do nothing, and the service would turn for ever"
