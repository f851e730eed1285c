"""Conversions at the edge: against deliveries and each other, in the window's last millisecond, to and fro."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from drumroll.desk.desk import Answer
from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.launch_file import parse
from drumroll.domain.refusal import Refusal
from drumroll.domain.states import State
from drumroll.domain.times import rfc3339
from tests.desk.evenings import BY, LATE, LAUNCH, OPENS, WINDOW_MS, Evening, row

YU7 = parse((Path(__file__).parents[2] / "launches" / "yu7.toml").read_text("utf-8"), "yu7.toml")


@pytest.fixture
def evening() -> Evening:
    return Evening()


def money(evening: Evening) -> tuple[int, int, int]:
    """Held, owed, forfeited; and all that came in is somewhere."""
    of = evening.desk.book.money
    assert of.received == of.held + of.owed + of.refunded + of.forfeited + of.applied
    return of.held, of.owed, of.forfeited


def test_a_conversion_before_the_delivery_in_one_batch_keeps_the_car_from_being_handed_over(evening: Evening) -> None:
    evening.bring("o1", State.IN_TRANSIT)
    convert = evening.confirmed(evening.asked(cmd.Convert, "o1", "ann", "sun", "only"))
    deliver = evening.moves("delivered", "o1")
    assert evening.together(convert, deliver) == ["OrderConverted", "invalid_moves"]
    assert (evening.state("o1"), evening.order("o1").offer.model) == ("locked", "sun")
    assert money(evening) == (500, 0, 0)


def test_a_delivery_before_the_conversion_in_one_batch_ends_it(evening: Evening) -> None:
    evening.bring("o1", State.IN_TRANSIT)
    convert = evening.confirmed(evening.asked(cmd.Convert, "o1", "ann", "sun", "only"))
    assert evening.together(evening.moves("delivered", "o1"), convert) == ["OrdersMoved", "wrong_state"]
    assert (evening.state("o1"), evening.desk.book.money.applied) == ("delivered", 500)


def test_two_conversions_of_one_order_in_one_batch_are_one(evening: Evening) -> None:
    evening.bring("o1", State.LOCKED)
    convert = evening.confirmed(evening.asked(cmd.Convert, "o1", "ann", "sun", "only"))
    other = replace(convert, key=b"another key 0001")
    assert evening.together(convert, convert, other) == ["OrderConverted", "again", "no_conversion"]
    assert evening.desk.book.live() == 1
    assert (evening.desk.book.queue_length("lamp"), evening.desk.book.queue_length("sun")) == (0, 1)


def test_two_orders_converted_in_one_batch_to_the_last_place_are_one() -> None:
    models = (LAUNCH.models[0], replace(LAUNCH.models[1], cap=1))
    evening = Evening(replace(LAUNCH, models=models))
    for order_id, customer in (("o1", "ann"), ("o2", "bob")):
        evening.bring(order_id, State.LOCKED, customer)
    both = [
        evening.confirmed(evening.asked(cmd.Convert, order_id, customer, "sun", "only"))
        for order_id, customer in (("o1", "ann"), ("o2", "bob"))
    ]
    assert evening.together(*both) == ["OrderConverted", "sold_out"]
    assert (evening.order("o2").offer.model, evening.state("o2")) == ("lamp", "locked")


def test_a_kept_place_is_the_very_place_among_equals(evening: Evening) -> None:
    rows = [row(f"r{number}", model="sun", trim="only") for number in range(3)]
    mine = row("mine", locked_at_ms=OPENS - 1_000)
    evening.desk.import_orders((rows[0], mine, *rows[1:]))
    convert = evening.asked(cmd.Convert, mine.order_id, "c-mine", "sun", "only")
    assert evening.alone(evening.confirmed(convert)) == "OrderConverted"
    assert evening.desk.book.place(evening.order(mine.order_id)) == 2


def through(evening: Evening, model: str, trim: str) -> str:
    """Take o1 to another model, in both steps."""
    return evening.alone(evening.confirmed(evening.asked(cmd.Convert, "o1", "ann", model, trim)))


def test_a_requeued_firm_order_takes_its_place_when_it_locks_and_not_before() -> None:
    anew = replace(LAUNCH.conversions[0], cooling_off="anew")
    on = replace(anew, id="on", from_models=("sun",), to_models=("lamp",), cooling_off="keep", place="requeue")
    evening = Evening(replace(LAUNCH, conversions=(anew, on)))
    evening.bring("o1", State.LOCKED)
    assert through(evening, "sun", "only") == "OrderConverted"
    evening.clock.at_ms += 1_000
    assert through(evening, "lamp", "small") == "OrderConverted"
    evening.bring("o2", State.LOCKED, "bob")
    evening.tick(LATE)
    assert [evening.desk.book.place(evening.order(one)) for one in ("o2", "o1")] == [1, 2]


def test_a_kept_place_waits_for_the_next_lock_and_outlives_its_undoing() -> None:
    evening = Evening(replace(LAUNCH, conversions=(replace(LAUNCH.conversions[0], cooling_off="anew"),)))
    evening.desk.import_orders((row("later", model="sun", trim="only", locked_at_ms=OPENS),))
    evening.bring("o1", State.LOCKED)
    kept = evening.order("o1").place
    assert through(evening, "sun", "only") == "OrderConverted"
    for _ in range(2):
        evening.clock.at_ms += 1_000
        assert evening.alone(evening.confirmed(evening.asked(cmd.Lock, "o1", "ann"))) == "OrderLocked"
        assert evening.order("o1").place == kept
        assert evening.alone(evening.asked(cmd.UndoLock, "o1", "ann")) == "LockUndone"


def test_the_way_back_gives_no_right_to_a_refund_that_was_over() -> None:
    evening = Evening(replace(LAUNCH, conversions=(replace(LAUNCH.conversions[0], irreversible=False),)))
    evening.bring("o1", State.FIRM)
    assert through(evening, "sun", "only") == "OrderConverted"
    evening.alone(evening.confirmed(evening.asked(cmd.Lock, "o1", "ann")))
    assert through(evening, "lamp", "small") == "OrderConverted"
    assert evening.state("o1") == "locked"


def test_the_window_that_takes_the_order_is_found_among_several_that_are_open() -> None:
    firm = replace(LAUNCH.conversions[0], states=("firm",))
    evening = Evening(replace(LAUNCH, conversions=(firm, replace(firm, id="locked", states=("locked",)))))
    evening.bring("o1", State.LOCKED)
    assert through(evening, "sun", "only") == "OrderConverted"


def test_a_confirmation_shown_with_one_cooling_off_does_not_bind_to_another() -> None:
    launch = replace(LAUNCH, conversions=(replace(LAUNCH.conversions[0], cooling_off="anew"),))
    evening = Evening(launch)
    evening.bring("o1", State.LOCKED)
    convert = evening.confirmed(evening.asked(cmd.Convert, "o1", "ann", "sun", "only"))
    assert evening.together(cmd.SetLaunch(replace(launch, cooling_off_s=60)), convert)[1] == "confirmation_required"


def test_who_waits_for_a_full_model_keeps_nobody_from_another() -> None:
    models = (LAUNCH.models[0], replace(LAUNCH.models[1], cap=1))
    evening = Evening(replace(LAUNCH, models=models, cap=3))
    evening.alone(evening.reserve("o1", "ann", "only", "sun"))
    for number in range(2):
        evening.alone(evening.asked(cmd.JoinWaiting, f"w{number}", f"c{number}", "sun", "only"))
    assert evening.alone(evening.reserve("o2", "bob")) == "OrderReserved"


def test_who_waits_is_let_go_when_a_changed_launch_file_has_no_waiting_list() -> None:
    evening = Evening()
    evening.together(evening.reserve("o1", trim="big"))
    evening.alone(evening.asked(cmd.JoinWaiting, "w1", "bob", "lamp", "big"))
    evening.alone(cmd.SetLaunch(replace(LAUNCH, waiting_offer_s=None)))
    assert evening.tick(OPENS) == [ev.WaitingLeft("w1")]


def test_a_window_moved_in_the_batch_of_a_conversion_holds_for_what_comes_after(evening: Evening) -> None:
    evening.bring("o1", State.LOCKED)
    convert = evening.confirmed(evening.asked(cmd.Convert, "o1", "ann", "sun", "only"))
    evening.clock.at_ms = OPENS + WINDOW_MS
    longer = evening.asked(cmd.MoveWindow, "up", OPENS + WINDOW_MS + 1, *BY)
    assert evening.together(convert, longer, convert) == ["conversion_closed", "WindowMoved", "OrderConverted"]


@pytest.mark.parametrize("state", ["locked", "scheduled", "in_production", "built", "in_transit"])
def test_the_real_window_works_in_its_last_millisecond_and_not_after_it(state: str) -> None:
    (window,) = YU7.conversions
    assert rfc3339(window.closes_at_ms, YU7.time_zone) == "2025-06-30T00:00:00.000+08:00"
    for at_ms, expected in (
        (window.opens_at_ms - 1, "conversion_not_open"),
        (window.opens_at_ms, "OrderConverted"),
        (window.closes_at_ms - 1, "OrderConverted"),
        (window.closes_at_ms, "conversion_closed"),
    ):
        evening, order_id = su7(state, at_ms)
        command = evening.asked(cmd.Convert, order_id, "c-su7", "yu7", "max")
        (reply,) = evening.replies(command)
        assert isinstance(reply, Refusal)
        if "confirmation" in reply.facts:
            (reply,) = evening.replies(replace(command, confirmation=reply.facts["confirmation"]))
        if isinstance(reply, Answer):
            assert expected == type(reply.events[-1]).__name__
        else:
            assert (expected, reply.code.value) == (reply.code.value, expected)
        if expected == "conversion_closed":
            assert isinstance(reply, Refusal)
            assert reply.facts["closed_at"] == "2025-06-30T00:00:00.000+08:00"
            assert "2025-06-30T00:00:00.000+08:00" in reply.message


def su7(state: str, at_ms: int) -> tuple[Evening, str]:
    """An order of the launch before, as it came over, and the clock at that time."""
    evening = Evening(YU7, at_ms)
    times = {"reserved_at_ms": at_ms - 10**9, "firm_at_ms": at_ms - 10**9, "locked_at_ms": at_ms - 10**8}
    old = row("su7", state, "su7", "pro", price_minor=24_590_000, deposit_minor=500_000, region="wuhan", **times)
    assert evening.desk.import_orders((old,)) == 1
    return evening, old.order_id


@pytest.mark.parametrize("state", ["firm", "delivered"])
def test_the_real_window_is_for_locked_undelivered_orders(state: str) -> None:
    evening, order_id = su7(state, YU7.conversions[0].opens_at_ms)
    assert evening.alone(evening.asked(cmd.Convert, order_id, "c-su7", "yu7", "max")) == "wrong_state"
