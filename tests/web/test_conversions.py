"""Conversions over HTTP: the window's edges on the reference launch, differences due and owed, the way back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.web.lives import HOUR_S, Life

YU7 = Path("launches/yu7.toml").read_text()
CLOSES = "2025-06-30T00:00:00.000+08:00"
CLOSES_MS = int(datetime.fromisoformat(CLOSES).timestamp() * 1000)
TO_YU7 = {"model": "yu7", "trim": "pro"}
BALLOON, WING = {"model": "balloon", "trim": "round"}, {"model": "wing", "trim": "grey"}


@pytest.fixture
def life() -> Iterator[Life]:
    with Life() as life:
        yield life


@pytest.fixture
def yu7() -> Iterator[Life]:
    with Life(launch=YU7, clock="2025-06-26T21:00:00+08:00@0") as life:
        yield life


def su7(life: Life, customer: str, state: str = "locked") -> str:
    return life.imported(customer, "su7", "max", state, CLOSES_MS - 90 * 86_400_000, deposit_minor=500_000)


def confirmed(life: Life, customer: str, order_id: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return {**wanted, "confirmation": life.act(customer, order_id, "convert", wanted).json()["confirmation"]}


def test_the_reference_window_takes_its_last_millisecond_and_refuses_the_next(yu7: Life) -> None:
    ids = {name: su7(yu7, name) for name in ("ada", "bob", "eve")}
    early = yu7.act("eve", ids["eve"], "convert", TO_YU7)
    assert (early.status, early.code, early.json()["opens_at"]) == (
        409,
        "conversion_not_open",
        "2025-06-26T22:00:00.000+08:00",
    )
    yu7.to_ms(CLOSES_MS - 1)
    wanted = {name: confirmed(yu7, name, ids[name], TO_YU7) for name in ("ada", "bob")}
    done = yu7.act("ada", ids["ada"], "convert", wanted["ada"], key="k")
    assert (done.status, done.json()["converted_at"]) == (200, "2025-06-29T23:59:59.999+08:00")
    yu7.to_ms(CLOSES_MS)
    for content in (wanted["bob"], TO_YU7):
        late = yu7.act("bob", ids["bob"], "convert", content)
        assert (late.status, late.code, late.json()["closed_at"]) == (409, "conversion_closed", CLOSES)
    assert [yu7.order_of(name, ids[name])["model"] for name in ("ada", "bob")] == ["yu7", "su7"]
    again = yu7.act("ada", ids["ada"], "convert", wanted["ada"], key="k")
    assert (again.body, again.headers["idempotent-replayed"]) == (done.body, "true"), "a replay has no closing time"


def test_a_converted_order_is_the_same_order_with_its_deposit_and_its_place(yu7: Life) -> None:
    first, second = su7(yu7, "ada"), su7(yu7, "bob")
    yu7.to_ms(CLOSES_MS - HOUR_S * 1000)
    assert yu7.order_of("bob", second)["queue"]["place"] == 2
    before = yu7.order_of("ada", first)
    quote = yu7.act("ada", first, "convert", TO_YU7).json()
    done = yu7.both_steps("ada", first, "convert", TO_YU7).json()
    order = yu7.order_of("ada", first)
    assert (order["id"], order["state"], order["model"], order["converted_from"]) == (first, "locked", "yu7", "su7")
    assert (order["held_minor"], order["due_minor"], order["deposit_minor"]) == (500_000, 0, 500_000)
    assert order["locked_at"] == before["locked_at"] == done["queued_at"] == quote["queued_at"]
    assert (quote["price_minor"], order["price_minor"]) == (27_990_000, 27_990_000)
    assert (quote["place"], order["queue"]["place"]) == (1, 1)
    assert yu7.order_of("bob", second)["queue"]["place"] == 1, "one place in one queue"
    assert [one["id"] for one in yu7.get("/v1/orders", yu7.token("ada")).json()["orders"]] == [first]
    assert yu7.get("/v1/board").json()["totals"]["converted"] == 1
    again = yu7.act("ada", first, "convert", {"model": "su7", "trim": "max"})
    assert again.code == "no_conversion"


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("firm", "wrong_state"),
        ("locked", "confirmation_required"),
        ("in_transit", "confirmation_required"),
        ("delivered", "wrong_state"),
    ],
)
def test_only_locked_and_undelivered_orders_may_move_to_the_yu7(yu7: Life, state: str, code: str) -> None:
    order_id = su7(yu7, "ada", state)
    yu7.to_ms(CLOSES_MS - HOUR_S * 1000)
    answer = yu7.act("ada", order_id, "convert", TO_YU7)
    assert (answer.status, answer.code) == (409, code)
    if code == "wrong_state":
        assert answer.json()["state"] == state


def test_a_delivery_between_the_two_steps_stops_the_conversion(yu7: Life) -> None:
    order_id = su7(yu7, "ada", "in_transit")
    yu7.to_ms(CLOSES_MS - HOUR_S * 1000)
    wanted = confirmed(yu7, "ada", order_id, TO_YU7)
    yu7.moved(order_id, "delivered")
    assert yu7.act("ada", order_id, "convert", wanted).code == "wrong_state"


def test_of_two_conversions_at_once_one_is_done(yu7: Life) -> None:
    order_id = su7(yu7, "ada")
    yu7.to_ms(CLOSES_MS - HOUR_S * 1000)
    wanted = [confirmed(yu7, "ada", order_id, {"model": "yu7", "trim": trim}) for trim in ("pro", "max")]
    answers = yu7.all(_asking(yu7, order_id, one) for one in wanted)
    assert [answer.status for answer in answers] == [200, 409]
    assert yu7.order_of("ada", order_id)["trim"] == "pro"


async def _asking(life: Life, order_id: str, content: dict[str, Any]) -> Any:
    import json

    from tests.web.house import order_headers

    headers = order_headers(life.token("ada"), f"k-{content['trim']}")
    return await life.ask("POST", f"/v1/orders/{order_id}/convert", headers, json.dumps(content).encode())


@pytest.mark.parametrize("way", ["sandbox", "webhook"])
def test_a_difference_that_is_due_is_asked_for_and_counted_once(life: Life, way: str) -> None:
    order_id = life.firm()
    quote = life.act("ada", order_id, "convert", BALLOON).json()
    done = life.both_steps("ada", order_id, "convert", BALLOON).json()
    for said in (quote, done):
        assert (said["deposit_minor"], said["due_minor"], said["refund_minor"]) == (5_000, 3_000, 0)
    order = life.order_of("ada", order_id)
    assert (order["state"], order["due_minor"], order["held_minor"]) == ("firm", 3_000, 2_000)
    assert order["pay_url"] == done["pay_url"] == f"/sandbox/pay/{order_id}"
    assert order["actions"][0] == {"action": "pay", "amount_minor": 3_000}
    if way == "sandbox":
        outcomes = [life.paid(order_id), life.paid(order_id)]
    else:
        outcomes = [life.pay(order_id, "p2", 3_000).json()["outcome"] for _ in range(2)]
    assert outcomes == ["difference_paid", "already_counted"]
    order = life.order_of("ada", order_id)
    assert (order["due_minor"], order["held_minor"], order["pay_url"]) == (0, 5_000, None)
    assert "pay" not in [one["action"] for one in order["actions"]]
    cancelled = life.act("ada", order_id, "cancel").json()
    assert cancelled["refund_minor"] == 5_000
    refunds = life.order_of("ada", order_id)["refunds"]
    assert sorted(one["amount_minor"] for one in refunds) == [2_000, 3_000]
    assert len({one["id"] for one in refunds}) == 2


def test_money_that_is_not_the_difference_comes_back(life: Life) -> None:
    order_id = life.firm()
    life.both_steps("ada", order_id, "convert", BALLOON)
    assert life.pay(order_id, "p2", 2_999).json()["outcome"] == "owed_back"
    assert life.pay(order_id, "p3", 3_000, "USD").json()["outcome"] == "owed_back"
    order = life.order_of("ada", order_id)
    assert (order["due_minor"], {one["reason"] for one in order["refunds"]}) == (3_000, {"wrong_amount"})


def test_an_order_with_a_difference_due_is_not_scheduled(life: Life) -> None:
    order_id = life.locked()
    life.both_steps("ada", order_id, "convert", BALLOON)
    life.both_steps("ada", order_id, "lock")
    refused = life.does("moves", {"moves": [{"order_id": order_id, "state": "scheduled"}]})
    assert (refused.status, refused.code) == (409, "invalid_moves")
    assert "3000" in refused.json()["faults"][0]["reason"]
    life.paid(order_id)
    life.moved(order_id, "scheduled")


def test_a_difference_that_is_owed_comes_back(life: Life) -> None:
    order_id = life.firm()
    done = life.both_steps("ada", order_id, "convert", WING).json()
    assert (done["due_minor"], done["refund_minor"], done["pay_url"]) == (0, 1_000, None)
    order = life.order_of("ada", order_id)
    assert (order["held_minor"], order["refunds"][0]["amount_minor"], order["refunds"][0]["reason"]) == (
        1_000,
        1_000,
        "conversion",
    )
    assert life.act("ada", order_id, "cancel").json()["refund_minor"] == 1_000
    assert [(one["id"], one["amount_minor"]) for one in life.order_of("ada", order_id)["refunds"]] == [
        (f"pay_{order_id}", 1_000),
        (f"pay_{order_id}.2", 1_000),
    ]


def test_the_way_back_restores_what_was_and_is_the_last(life: Life) -> None:
    order_id = life.locked(options=["blue", "tail"], region="south")
    was = life.order_of("ada", order_id)
    life.pass_s(HOUR_S)
    life.both_steps("ada", order_id, "convert", BALLOON)
    life.paid(order_id)
    kite = {"model": "kite", "trim": "plain"}
    quote = life.act("ada", order_id, "convert", kite).json()
    assert (quote["reverts"], quote["refund_minor"], quote["options"]) == (True, 3_000, ["blue", "tail"])
    back = life.both_steps("ada", order_id, "convert", kite).json()
    assert (back["reverts"], back["price_minor"]) == (True, was["price_minor"])
    now = life.order_of("ada", order_id)
    for name in ("state", "model", "trim", "options", "region", "price_minor", "held_minor", "locked_at", "queue"):
        assert now[name] == was[name], name
    assert life.act("ada", order_id, "convert", BALLOON).code == "already_converted"


def test_no_order_takes_a_place_by_conversion_that_is_sold_or_paused(life: Life) -> None:
    order_id = life.firm()
    life.done("sales", {"action": "pause", "model": "balloon"})
    assert life.act("ada", order_id, "convert", BALLOON).code == "paused"
    life.done("sales", {"action": "resume", "model": "balloon"})
    life.done("caps", {"model": "balloon", "cap": 0})
    assert life.act("ada", order_id, "convert", BALLOON).code == "sold_out"
    life.done("caps", {"model": "balloon", "cap": 1})
    wanted = confirmed(life, "ada", order_id, BALLOON)
    life.firm("bob", "balloon", "round")
    assert life.act("ada", order_id, "convert", wanted).code == "sold_out", "the place went between the two steps"
