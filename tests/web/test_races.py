"""Requests that meet in one batch: each is answered, and what can be done once is done once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.house import Answer, order_headers
from tests.web.lives import DAY_S, Life

BALLOON = {"model": "balloon", "trim": "round"}
ACTIONS: list[tuple[str, Any]] = [("lock", {}), ("change", {"region": "south"}), ("convert", BALLOON)]


@pytest.fixture
def life() -> Iterator[Life]:
    with Life() as life:
        yield life


async def asking(life: Life, order_id: str, action: str, content: Any, key: str, customer: str = "ada") -> Answer:
    body = json.dumps(content).encode()
    return await life.ask("POST", f"/v1/orders/{order_id}/{action}", order_headers(life.token(customer), key), body)


def confirmed(life: Life, order_id: str, action: str, content: Any) -> Any:
    return {**content, "confirmation": life.act("ada", order_id, action, content).json()["confirmation"]}


@pytest.mark.parametrize(("action", "content"), ACTIONS)
def test_a_double_click_on_a_second_step_is_done_once(life: Life, action: str, content: Any) -> None:
    order_id = life.firm()
    body, position = confirmed(life, order_id, action, content), life.desk.position
    answers = life.all(asking(life, order_id, action, body, "k") for _ in range(4))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 3
    (block,) = life.log.read(position + 1)
    assert len(block.events) == 1


@pytest.mark.parametrize(("action", "content"), ACTIONS)
def test_with_two_keys_a_second_step_is_done_once_and_refused_once(life: Life, action: str, content: Any) -> None:
    order_id = life.firm()
    body = confirmed(life, order_id, action, content)
    answers = life.all(asking(life, order_id, action, body, f"k{number}") for number in range(2))
    assert [answer.status for answer in answers] == [200, 409]


@pytest.mark.parametrize("first", ["lock", "cancel"])
def test_lock_and_cancel_in_one_batch_never_forfeit_by_surprise(life: Life, first: str) -> None:
    order_id = life.firm()
    lock = confirmed(life, order_id, "lock", {})
    asked = {"lock": asking(life, order_id, "lock", lock, "l"), "cancel": asking(life, order_id, "cancel", {}, "c")}
    order = ["lock", "cancel"] if first == "lock" else ["cancel", "lock"]
    answers = dict(zip(order, life.all(asked[name] for name in order), strict=True))
    assert answers[first].status == 200
    second = answers[order[1]]
    assert (second.status, second.code) == (409, "confirmation_required" if first == "lock" else "wrong_state")
    assert life.desk.book.money.forfeited == 0
    assert life.order_of("ada", order_id)["state"] == ("locked" if first == "lock" else "cancelled")


@pytest.mark.parametrize("action", ["lock", "convert"])
def test_a_second_step_and_the_end_of_the_cooling_off_in_one_batch(life: Life, action: str) -> None:
    order_id = life.firm()
    content = BALLOON if action == "convert" else {}
    body = confirmed(life, order_id, action, content)
    assert life.clock is not None
    life.clock.move_to(life.clock() + DAY_S * 1000)
    answer = life.act("ada", order_id, action, body)
    assert (answer.status, answer.code) == (
        409,
        "confirmation_required" if action == "convert" else "wrong_state",
    )
    assert (life.order_of("ada", order_id)["state"], life.order_of("ada", order_id)["model"]) == ("locked", "kite")


def test_the_last_place_is_taken_once_by_order_change_and_waiting(life: Life) -> None:
    order_id = life.firm()
    change = confirmed(life, order_id, "change", {"trim": "rare"})
    rare = json.dumps({"model": "kite", "trim": "rare"}).encode()
    order = life.ask("POST", "/v1/orders", order_headers(life.token("bob"), "o"), rare)
    waiting = life.ask("POST", "/v1/waiting-list", order_headers(life.token("cyd"), "w"), rare)
    answers = life.all([asking(life, order_id, "change", change, "k"), order, waiting])
    assert [answer.status for answer in answers] == [200, 409, 201]
    assert answers[1].code == "sold_out"
    assert life.desk.book.tally("kite", "rare").live == 1
