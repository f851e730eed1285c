"""Options and regions over HTTP: an order is for what was chosen, defaults included, at its price; or it is a 422."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.lives import HOUR_S, Life


@pytest.fixture(scope="module")
def life() -> Iterator[Life]:
    """One for all: each test has customers of its own."""
    with Life() as life:
        yield life


@pytest.mark.parametrize(
    ("number", "more", "options", "price_minor", "region"),
    [
        (1, {}, ["red"], 9_900, "north"),
        (2, {"options": []}, ["red"], 9_900, "north"),
        (3, {"options": ["red"], "region": "south"}, ["red"], 9_900, "south"),
        (4, {"options": ["tail", "blue"]}, ["blue", "tail"], 10_700, "north"),
        (5, {"options": ["long-tail", "bag", "tail"]}, ["red", "tail", "long-tail", "bag"], 11_100, "north"),
    ],
)
def test_an_order_is_for_what_was_chosen_and_the_defaults_of_the_rest(
    life: Life, number: int, more: dict[str, Any], options: list[str], price_minor: int, region: str
) -> None:
    customer = f"chooser{number}"
    answer = life.send(life.token(customer), "/v1/orders", {"model": "kite", "trim": "plain", **more})
    assert (answer.status, answer.json()["price_minor"]) == (201, price_minor)
    order = life.order_of(customer, answer.json()["id"])
    assert (order["options"], order["price_minor"], order["region"]) == (options, price_minor, region)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"options": ["green"]}, "unknown_option"),
        ({"options": ["\u0000"]}, "unknown_option"),
        ({"options": ["red", "blue"]}, "invalid_options"),
        ({"options": ["tail", "tail"]}, "invalid_options"),
        ({"options": ["gold"]}, "invalid_options"),
        ({"options": ["long-tail"]}, "invalid_options"),
        ({"options": ["blue", "bag"]}, "invalid_options"),
        ({"region": "west"}, "unknown_region"),
        ({"region": "\u0000"}, "unknown_region"),
        ({"region": ""}, "invalid_body"),
        ({"options": None}, "invalid_body"),
        ({"options": "red"}, "invalid_body"),
        ({"options": {"red": 1}}, "invalid_body"),
        ({"options": [""]}, "invalid_body"),
        ({"options": ["x" * 33]}, "invalid_body"),
        ({"options": ["tail"] * 101}, "invalid_body"),
        ({"options": [["red"]]}, "invalid_body"),
        ({"colour": "red"}, "invalid_body"),
    ],
)
@pytest.mark.parametrize("path", ["orders", "change", "waiting-list", "convert"])
def test_what_does_not_go_together_is_a_422_and_no_order(
    life: Life, path: str, more: dict[str, Any], code: str
) -> None:
    token, content = life.token("refused"), {"model": "kite", "trim": "plain", **more}
    if path == "convert":
        content = {"model": "balloon", "trim": "round", **more}
        code = code if code in ("unknown_region", "invalid_body") else "unknown_option"
    if path == "change":
        content = more
        if more == {"options": None}:
            return
    if path in ("change", "convert") and not life.desk.book.customers.get("refused"):
        life.firm("refused")
    orders = [order.id for order in life.desk.book.customers.get("refused", ())]
    steady = life.desk.position
    url = f"/v1/orders/{orders[0]}/{path}" if path in ("change", "convert") else f"/v1/{path}"
    answer = life.send(token, url, content)
    assert (answer.status, answer.code) == (422, code)
    assert (life.desk.position, len(life.desk.book.entries)) == (steady, 0)


def test_a_change_to_what_it_is_changes_nothing(life: Life) -> None:
    order_id = life.reserved("same", options=["blue", "tail"])
    for content in ({}, {"trim": "plain"}, {"options": ["tail", "blue"]}, {"region": "north"}):
        answer = life.act("same", order_id, "change", content)
        assert (answer.status, answer.code) == (409, "nothing_to_change")


def test_a_change_of_trim_keeps_the_options_that_the_new_trim_has(life: Life) -> None:
    order_id = life.reserved("keeps", options=["blue", "tail"])
    changed = life.both_steps("keeps", order_id, "change", {"trim": "rare"}).json()
    assert changed["options"] == ["blue", "tail"]
    back = life.both_steps("keeps", order_id, "change", {"trim": "plain", "options": []}).json()
    assert back["options"] == ["red"]


@pytest.mark.parametrize("change", ["change", "convert", "correct", "correct and change"])
def test_a_replayed_order_is_answered_as_at_first_after_it_became_another(life: Life, change: str) -> None:
    customer = change.replace(" ", "-")
    content = {"model": "kite", "trim": "plain", "options": ["blue"], "region": "south"}
    first = life.send(life.token(customer), "/v1/orders", content, key="k")
    order_id = first.json()["id"]
    life.paid(order_id)
    life.pass_s(HOUR_S)
    if "correct" in change:
        life.done(f"orders/{order_id}/correct", {"region": "north"})
    if "change" in change:
        life.both_steps(customer, order_id, "change", {"options": ["red", "tail"]})
    if change == "convert":
        life.both_steps(customer, order_id, "convert", {"model": "balloon", "trim": "round"})
    life.pass_s(HOUR_S)
    again = life.send(life.token(customer), "/v1/orders", content, key="k")
    assert (again.status, again.body, again.headers["idempotent-replayed"]) == (201, first.body, "true")
    assert again.headers["location"] == first.headers["location"]
    assert life.send(life.token(customer), "/v1/orders", {"model": "kite", "trim": "plain"}, key="k").status == 422


def test_the_launch_says_all_that_can_be_chosen(life: Life) -> None:
    launch = life.get("/v1/launch").json()
    kite = launch["models"][0]
    assert [(one["id"], one["many"], [choice["id"] for choice in one["choices"]]) for one in kite["options"]] == [
        ("colour", False, ["red", "blue", "gold"]),
        ("extras", True, ["tail", "long-tail", "bag"]),
    ]
    assert kite["options"][0]["choices"][2]["trims"] == ["rare"]
    assert kite["options"][1]["choices"][1]["requires"] == ["tail"]
    assert kite["options"][1]["choices"][2]["excludes"] == ["blue"]
    assert [one["id"] for one in launch["regions"]] == ["north", "south"]
    assert [(one["id"], one["closes_at"]) for one in launch["conversions"]] == [
        ("up", "2026-05-04T00:00:00.000+02:00"),
        ("down", "2026-05-04T00:00:00.000+02:00"),
    ]
    assert [model["deposit_minor"] for model in launch["models"]] == [2_000, 5_000, 1_000]
