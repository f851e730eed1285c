"""What operators' deeds do: sales, caps, windows, and other people's orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.lives import DAY_S, HOUR_S, Life

PLAIN = {"model": "kite", "trim": "plain"}
BALLOON = {"model": "balloon", "trim": "round"}


@pytest.fixture
def life() -> Iterator[Life]:
    with Life() as life:
        yield life


def ordering(life: Life, content: Any = None, customer: str = "fay") -> tuple[int, str]:
    """What a new order is answered."""
    answer = life.send(life.token(customer), "/v1/orders", PLAIN if content is None else content)
    return answer.status, "" if answer.status == 201 else answer.code


@pytest.mark.parametrize("model", ["kite", None])
def test_a_pause_refuses_what_is_new_and_lets_the_rest_go_on(life: Life, model: str | None) -> None:
    mine = life.reserved()
    of = {} if model is None else {"model": model}
    life.done("sales", {"action": "pause", **of})
    assert ordering(life) == (409, "paused")
    assert ordering(life, {"model": "wing", "trim": "grey"}) == ((409, "paused") if model is None else (201, ""))
    assert [one["paused"] for one in life.get("/v1/launch").json()["models"]] == [True, model is None, model is None]
    assert life.paid(mine) == "firm"
    assert life.both_steps("ada", mine, "change", {"region": "south"}).status == 200
    assert life.act("ada", mine, "cancel").status == 200
    life.done("sales", {"action": "resume", **of})
    assert ordering(life)[0] == 201


def test_a_close_ends_a_sale_and_an_open_begins_it_for_good(life: Life) -> None:
    life.done("sales", {"action": "close", "model": "kite"})
    assert ordering(life) == (409, "closed")
    assert ordering(life, {"model": "wing", "trim": "grey"})[0] == 201
    assert life.get("/v1/launch").json()["models"][0]["closes_at"] == "2026-05-01T12:00:30.000+02:00"
    life.pass_s(HOUR_S)
    life.done("sales", {"action": "open", "model": "kite"})
    assert ordering(life)[0] == 201
    assert life.get("/v1/launch").json()["models"][0]["closes_at"] is None


def test_an_opening_before_its_time_takes_orders_at_once() -> None:
    with Life(clock="2026-05-01T11:00:00+02:00@0") as life:
        assert ordering(life) == (409, "not_open_yet")
        life.done("sales", {"action": "open"})
        assert ordering(life)[0] == 201
        assert life.get("/v1/board").json()["opens_at"] == "2026-05-01T11:00:00.000+02:00"


@pytest.mark.parametrize(
    ("path", "content", "status", "code"),
    [
        ("sales", {"action": "pause", "model": "boat"}, 422, "unknown_model"),
        ("sales", {"action": "stop"}, 400, "invalid_request"),
        ("caps", {"model": "boat", "cap": 1}, 422, "unknown_model"),
        ("caps", {"model": "kite", "trim": "golden", "cap": 1}, 422, "unknown_trim"),
        ("caps", {"trim": "plain", "cap": 1}, 422, "unknown_model"),
        ("caps", {"cap": -1}, 400, "invalid_request"),
        ("caps", {"cap": 10**30}, 400, "invalid_request"),
        ("caps", {"cap": 1.5}, 400, "invalid_request"),
        ("caps", {"model": "kite"}, 400, "invalid_request"),
        ("windows/sideways", {"closes_at": "2026-05-09T00:00:00Z"}, 404, "unknown_window"),
        ("windows/up", {"closes_at": "2026-05-09T00:00:00"}, 422, "invalid_body"),
        ("windows/up", {"closes_at": "tomorrow, noon"}, 422, "invalid_body"),
        ("windows/up", {"closes_at": "9999-12-31T23:59:59-23:59"}, 422, "invalid_body"),
        ("windows/up", {"closes_at": "2026-05-01T12:00:30+02:00"}, 422, "invalid_time"),
        ("windows/up", {"closes_at": "2026-05-01T11:00:00+02:00"}, 422, "invalid_time"),
        ("orders/ord_0/cancel", {"refund": True}, 404, "no_such_order"),
        ("orders/ord_0/refund", {"amount_minor": 1}, 404, "no_such_order"),
        ("orders/ord_0/correct", {"region": "south"}, 404, "no_such_order"),
        ("orders/ord_0/refund", {"amount_minor": 0}, 400, "invalid_request"),
        ("refunds/pay_0/paid", {}, 404, "no_such_refund"),
        ("moves", {"moves": []}, 400, "invalid_request"),
    ],
)
def test_a_deed_that_cannot_be_done_is_refused_with_its_reason(
    life: Life, path: str, content: Any, status: int, code: str
) -> None:
    position = life.desk.position
    answer = life.does(path, content)
    assert (answer.status, answer.code) == (status, code)
    assert life.desk.position == position


def test_a_cap_below_what_is_taken_takes_nothing_more_and_nothing_away(life: Life) -> None:
    mine = [life.firm("ada"), life.firm("bob")]
    life.done("caps", {"model": "kite", "cap": 1})
    assert ordering(life) == (409, "sold_out")
    assert [life.order_of(*who)["state"] for who in zip(("ada", "bob"), mine, strict=True)] == ["firm", "firm"]
    life.act("ada", mine[0], "cancel")
    assert ordering(life) == (409, "sold_out")
    life.act("bob", mine[1], "cancel")
    assert ordering(life)[0] == 201
    life.done("caps", {"model": "kite", "cap": None})
    assert ordering(life)[0] == 201


def test_a_cap_of_the_launch_holds_over_all_models(life: Life) -> None:
    life.done("caps", {"cap": 1})
    assert ordering(life)[0] == 201
    assert ordering(life, {"model": "wing", "trim": "grey"}) == (409, "sold_out")


def test_a_window_moved_earlier_or_later_holds_to_its_millisecond(life: Life) -> None:
    order_id = life.firm()
    life.done("windows/up", {"closes_at": "2026-05-01T13:00:00+02:00"})
    assert life.get("/v1/launch").json()["conversions"][0]["closes_at"] == "2026-05-01T13:00:00.000+02:00"
    life.pass_s(HOUR_S - 30 - 0.001)
    assert life.act("ada", order_id, "convert", BALLOON).code == "confirmation_required"
    life.pass_s(0.001)
    assert life.act("ada", order_id, "convert", BALLOON).code == "conversion_closed"
    life.done("windows/up", {"closes_at": "2026-05-01T12:30:00Z"})
    assert life.act("ada", order_id, "convert", BALLOON).json()["closes_at"] == "2026-05-01T14:30:00.000+02:00"


def test_what_operators_set_holds_after_a_restart() -> None:
    from drumroll.log.memory import MemoryLog

    bodies: list[bytes] = []
    with Life(MemoryLog(bodies)) as life:
        life.done("caps", {"model": "kite", "trim": "rare", "cap": 7})
        life.done("windows/up", {"closes_at": "2026-05-09T00:00:00+02:00"})
        life.done("sales", {"action": "pause", "model": "wing"})
        launch = life.get("/v1/launch").json()
    with Life(MemoryLog(bodies)) as life:
        assert life.get("/v1/launch").json() == launch
        assert ordering(life, {"model": "wing", "trim": "grey"}) == (409, "paused")


def test_an_operator_cancels_with_the_money_back_or_after_the_lock_without(life: Life) -> None:
    firm, kept, given = life.firm("ada"), life.locked("bob"), life.locked("cyd")
    refused = life.does(f"orders/{firm}/cancel", {"refund": False})
    assert (refused.code, refused.json()["state"]) == ("wrong_state", "firm")
    for order_id, refund in ((firm, True), (kept, False), (given, True)):
        life.done(f"orders/{order_id}/cancel", {"refund": refund})
    states = [life.order_of(*who) for who in (("ada", firm), ("bob", kept), ("cyd", given))]
    assert [(one["state"], one["forfeited_minor"], [r["amount_minor"] for r in one["refunds"]]) for one in states] == [
        ("cancelled", 0, [2_000]),
        ("forfeited", 2_000, []),
        ("cancelled", 0, [2_000]),
    ]
    assert life.does(f"orders/{firm}/cancel", {"refund": True}).code == "wrong_state"
    totals = life.get("/v1/board").json()["totals"]
    assert (totals["firm"], totals["cancelled"], totals["forfeited"]) == (0, 2, 1)


def test_a_forfeited_deposit_is_given_back_in_parts_and_never_more_than_it(life: Life) -> None:
    order_id = life.locked()
    assert life.does(f"orders/{order_id}/refund", {"amount_minor": 1}).code == "invalid_amount"
    life.both_steps("ada", order_id, "cancel")
    over = life.does(f"orders/{order_id}/refund", {"amount_minor": 2_001})
    assert (over.status, over.code, over.json()["forfeited_minor"]) == (422, "invalid_amount", 2_000)
    for amount_minor in (500, 1_200):
        life.done(f"orders/{order_id}/refund", {"amount_minor": amount_minor})
    over = life.does(f"orders/{order_id}/refund", {"amount_minor": 301})
    assert (over.code, over.json()["forfeited_minor"]) == ("invalid_amount", 300)
    life.done(f"orders/{order_id}/refund", {"amount_minor": 300})
    order = life.order_of("ada", order_id)
    assert [(one["id"], one["amount_minor"], one["reason"]) for one in order["refunds"]] == [
        (f"pay_{order_id}", 500, "granted_by_operator"),
        (f"pay_{order_id}.2", 1_200, "granted_by_operator"),
        (f"pay_{order_id}.3", 300, "granted_by_operator"),
    ]
    assert (order["state"], order["forfeited_minor"]) == ("forfeited", 0)


def test_a_refund_said_to_be_paid_by_hand_is_paid_once(life: Life) -> None:
    order_id = life.firm()
    life.act("ada", order_id, "cancel")
    said = life.done(f"refunds/pay_{order_id}/paid", {})
    life.pass_s(HOUR_S)
    again = life.done(f"refunds/pay_{order_id}/paid", {})
    assert (again.body, again.headers["idempotent-replayed"]) == (said.body, "true")
    (refund,) = life.order_of("ada", order_id)["refunds"]
    assert refund["paid_at"] == said.json()["at"] == "2026-05-01T12:00:30.000+02:00"
    assert (life.desk.book.money.refunded, life.desk.book.money.owed) == (2_000, 0)


def test_a_correction_is_possible_until_production_begins(life: Life) -> None:
    order_id = life.locked()
    queue = life.order_of("ada", order_id)["queue"]
    life.moved(order_id, "scheduled")
    life.done(f"orders/{order_id}/correct", {"options": ["blue"], "trim": "rare"})
    order = life.order_of("ada", order_id)
    assert (order["state"], order["trim"], order["options"], order["price_minor"], order["queue"]) == (
        "scheduled",
        "rare",
        ["blue"],
        50_400,
        queue,
    )
    life.moved(order_id, "in_production")
    refused = life.does(f"orders/{order_id}/correct", {"options": []})
    assert (refused.code, refused.json()["allowed_states"]) == (
        "wrong_state",
        ["reserved", "firm", "locked", "scheduled"],
    )


def test_moves_are_all_made_or_none_and_every_fault_is_named(life: Life) -> None:
    good = [life.locked(customer) for customer in ("ada", "bob")]
    firm, gone = life.firm("cyd"), life.reserved("dan")
    life.act("dan", gone, "cancel")
    moves = [
        (good[0], "scheduled"),
        (good[1], "in_production"),
        (good[0], "scheduled"),
        (firm, "scheduled"),
        (gone, "scheduled"),
        ("ord_none", "scheduled"),
        (firm, "polished"),
        (good[1], "delivered"),
    ]
    position = life.desk.position
    content = {"moves": [{"order_id": order_id, "state": state} for order_id, state in moves]}
    refused = life.does("moves", content)
    assert (refused.status, refused.code, refused.json()["fault_count"]) == (409, "invalid_moves", 7)
    assert [fault["row"] for fault in refused.json()["faults"]] == [2, 3, 4, 5, 6, 7, 8]
    assert all(fault["reason"] for fault in refused.json()["faults"])
    assert life.desk.position == position
    life.done("moves", {"moves": [{"order_id": order_id, "state": "scheduled"} for order_id in good]})
    mixed = [{"order_id": good[0], "state": "in_production"}, {"order_id": good[1], "state": "locked"}]
    life.done("moves", {"moves": mixed})
    assert [life.order_of(*who)["state"] for who in (("ada", good[0]), ("bob", good[1]))] == ["in_production", "locked"]
    assert [event["what"] for event in life.history("bob", good[1])][-2:] == ["scheduled", "locked"]


def test_an_order_whose_cooling_off_has_just_ended_can_be_moved(life: Life) -> None:
    order_id = life.firm()
    assert life.clock is not None
    life.clock.move_to(life.clock() + DAY_S * 1000)
    life.moved(order_id, "scheduled")
    assert [event["what"] for event in life.history("ada", order_id)][-2:] == ["locked", "scheduled"]


def test_delivered_money_is_applied_to_the_price(life: Life) -> None:
    order_id = life.locked()
    life.moved(order_id, "scheduled", "in_production", "built", "in_transit", "delivered")
    order = life.order_of("ada", order_id)
    assert (order["state"], order["held_minor"], order["queue"]) == ("delivered", 0, None)
    assert life.desk.book.money.applied == 2_000
    assert life.does(f"orders/{order_id}/cancel", {"refund": True}).code == "wrong_state"


def test_moves_are_bounded_by_number_and_by_bytes(life: Life) -> None:
    many = [{"order_id": f"ord_{number:020d}", "state": "scheduled"} for number in range(50_001)]
    over = life.does("moves", {"moves": many})
    assert (over.status, over.code) == (400, "invalid_request")
    refused = life.does("moves", {"moves": many[:50_000]})
    assert (refused.code, refused.json()["fault_count"], len(refused.json()["faults"])) == (
        "invalid_moves",
        50_000,
        1_000,
    )
    huge = life.does("moves", {"moves": many, "reason": "x" * 8 * 1024 * 1024})
    assert (huge.status, huge.code) == (413, "body_too_large")
    for path in ("sales", "caps", "orders/x/cancel"):
        assert life.does(path, {"reason": "x" * 200_000}).status == 413, path
