"""The waiting list over HTTP: who came first is offered a freed place first, for a time, and nobody gets past them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from drumroll.domain.places import ORDERS_EVER_A_CUSTOMER
from tests.web.lives import HOUR_S, Life

RARE = {"model": "kite", "trim": "rare"}


@pytest.fixture
def life() -> Iterator[Life]:
    with Life() as life:
        yield life


def sold_out_to(life: Life, *waiting: str) -> tuple[str, list[str]]:
    """The order that has the only place, and the places in the list of those who wait for it."""
    return life.firm("owner", **RARE), [life.join(customer) for customer in waiting]


def test_who_waits_sees_where_they_stand_and_moves_up(life: Life) -> None:
    _, (ada, bob, cyd) = sold_out_to(life, "ada", "bob", "cyd")
    assert [life.waiting(*who)["position"] for who in (("ada", ada), ("bob", bob), ("cyd", cyd))] == [1, 2, 3]
    left = life.send(life.token("ada"), f"/v1/waiting-list/{ada}/leave")
    assert (left.status, left.json()) == (200, {"id": ada, "state": "left", "left_at": "2026-05-01T12:00:30.000+02:00"})
    assert [life.waiting(*who)["position"] for who in (("ada", ada), ("bob", bob), ("cyd", cyd))] == [None, 1, 2]
    assert life.waiting("ada", ada)["state"] == "left"
    mine = life.get("/v1/orders", life.token("bob")).json()
    assert (mine["orders"], [one["id"] for one in mine["waiting"]]) == ([], [bob])


def test_a_freed_place_is_offered_lapses_goes_to_the_next_and_becomes_an_order(life: Life) -> None:
    owner, (ada, bob) = sold_out_to(life, "ada", "bob")
    life.act("owner", owner, "cancel")
    life.pass_s(0)
    assert [life.waiting("ada", ada)["state"], life.waiting("bob", bob)["state"]] == ["offered", "waiting"]
    offered = life.order_of("ada", ada)
    assert (offered["state"], offered["trim"], offered["expires_at"]) == (
        "reserved",
        "rare",
        "2026-05-01T13:00:30.000+02:00",
    )
    life.pass_s(HOUR_S - 0.001)
    assert life.order_of("ada", ada)["state"] == "reserved", "the last millisecond is still theirs"
    life.pass_s(0.001)
    assert life.order_of("ada", ada)["state"] == "expired"
    assert life.paid(bob) == "firm"
    assert life.order_of("bob", bob)["state"] == "firm"
    assert life.paid(ada) == "owed_back", "the place is the next one's now"


def test_joining_and_leaving_can_not_go_on_for_ever(life: Life) -> None:
    sold_out_to(life)
    for _ in range(ORDERS_EVER_A_CUSTOMER):
        entry = life.join("ada")
        assert life.send(life.token("ada"), f"/v1/waiting-list/{entry}/leave").status == 200
    refused = life.send(life.token("ada"), "/v1/waiting-list", RARE)
    assert refused.code == "too_many_orders"
    assert refused.json()["limit"] == ORDERS_EVER_A_CUSTOMER


def test_nobody_gets_past_those_who_wait(life: Life) -> None:
    owner, (ada,) = sold_out_to(life, "ada")
    life.act("owner", owner, "cancel")
    for customer in ("eve", "owner"):
        refused = life.send(life.token(customer), "/v1/orders", RARE)
        assert (refused.code, refused.json()["waiting_list"]) == ("sold_out", True)
    other = life.firm("fay")
    assert life.act("fay", other, "change", {"trim": "rare"}).code == "sold_out"
    assert life.order_of("ada", ada)["state"] == "reserved"


def test_an_offer_declined_goes_to_the_next(life: Life) -> None:
    owner, (ada, bob) = sold_out_to(life, "ada", "bob")
    life.act("owner", owner, "cancel")
    life.pass_s(0)
    assert life.act("ada", ada, "cancel").json()["refund_minor"] == 0
    life.pass_s(0)
    assert life.order_of("bob", bob)["state"] == "reserved"


def test_who_left_is_offered_nothing(life: Life) -> None:
    owner, (ada, bob) = sold_out_to(life, "ada", "bob")
    life.send(life.token("ada"), f"/v1/waiting-list/{ada}/leave")
    life.act("owner", owner, "cancel")
    life.pass_s(0)
    assert life.get(f"/v1/orders/{ada}", life.token("ada")).status == 404
    assert life.order_of("bob", bob)["state"] == "reserved"


def test_joining_and_leaving_again_with_the_same_key_is_answered_the_same(life: Life) -> None:
    sold_out_to(life)
    token = life.token("ada")
    joined = life.send(token, "/v1/waiting-list", RARE, key="j")
    ada = joined.json()["id"]
    left = life.send(token, f"/v1/waiting-list/{ada}/leave", key="l")
    again = [
        life.send(token, "/v1/waiting-list", RARE, key="j"),
        life.send(token, f"/v1/waiting-list/{ada}/leave", key="l"),
    ]
    assert [(one.status, one.body) for one in again] == [(201, joined.body), (200, left.body)]
    assert {one.headers["idempotent-replayed"] for one in again} == {"true"}
    assert life.waiting("ada", ada)["state"] == "left"
    assert life.send(token, "/v1/waiting-list", {**RARE, "region": "south"}, key="j").code == "idempotency_key_reused"
    assert life.send(token, "/v1/orders", RARE, key="j").code == "idempotency_key_reused"
    assert life.send(token, f"/v1/waiting-list/{ada}/leave", key="j").code == "idempotency_key_reused"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        ({"model": "kite", "trim": "plain"}, 409, "not_sold_out"),
        ({"model": "boat", "trim": "plain"}, 422, "unknown_model"),
        ({"model": "kite", "trim": "golden"}, 422, "unknown_trim"),
        ({"model": "kite"}, 422, "invalid_body"),
        ({**RARE, "options": ["gold", "red"]}, 422, "invalid_options"),
        ({**RARE, "region": "west"}, 422, "unknown_region"),
    ],
)
def test_what_cannot_be_waited_for(life: Life, content: Any, status: int, code: str) -> None:
    sold_out_to(life)
    answer = life.send(life.token("ada"), "/v1/waiting-list", content)
    assert (answer.status, answer.code) == (status, code)
    assert not life.desk.book.entries


def test_waiting_counts_as_holding(life: Life) -> None:
    sold_out_to(life, "ada", "ada", "ada")
    assert life.send(life.token("ada"), "/v1/waiting-list", RARE).code == "too_many_orders"
    assert life.send(life.token("ada"), "/v1/orders", {"model": "kite", "trim": "plain"}).code == "too_many_orders"


def test_the_place_of_another_customer_is_told_from_a_missing_one_by_nothing(life: Life) -> None:
    _, (ada,) = sold_out_to(life, "ada")
    missing = "ord_" + "0" * 20
    for ask in (
        lambda one: life.get(f"/v1/waiting-list/{one}", life.token("eve")),
        lambda one: life.send(life.token("eve"), f"/v1/waiting-list/{one}/leave"),
    ):
        theirs, none = ask(ada), ask(missing)
        assert theirs.code == "no_such_order"
        assert (theirs.status, theirs.headers, theirs.body.replace(ada.encode(), missing.encode())) == (
            none.status,
            none.headers,
            none.body,
        )
    assert life.waiting("ada", ada)["state"] == "waiting"


def test_who_has_the_place_offered_or_left_does_not_wait(life: Life) -> None:
    owner, (ada, bob) = sold_out_to(life, "ada", "bob")
    life.act("owner", owner, "cancel")
    life.pass_s(0)
    life.send(life.token("bob"), f"/v1/waiting-list/{bob}/leave")
    for customer, entry, state in (("ada", ada, "offered"), ("bob", bob, "left")):
        refused = life.send(life.token(customer), f"/v1/waiting-list/{entry}/leave")
        assert (refused.status, refused.code, refused.json()["state"]) == (409, "wrong_state", state)


def test_a_pause_holds_offers_back_and_its_end_makes_them(life: Life) -> None:
    owner, (ada,) = sold_out_to(life, "ada")
    life.done("sales", {"action": "pause"})
    life.act("owner", owner, "cancel")
    life.pass_s(1)
    assert life.waiting("ada", ada)["state"] == "waiting"
    life.done("sales", {"action": "resume"})
    life.pass_s(1)
    assert life.waiting("ada", ada)["state"] == "offered"


def test_a_raised_cap_lets_those_in_who_wait_in_their_order(life: Life) -> None:
    _, (ada, bob, cyd) = sold_out_to(life, "ada", "bob", "cyd")
    life.done("caps", {"model": "kite", "trim": "rare", "cap": 3})
    life.pass_s(0)
    assert [life.waiting(*who)["state"] for who in (("ada", ada), ("bob", bob), ("cyd", cyd))] == [
        "offered",
        "offered",
        "waiting",
    ]
    assert life.waiting("cyd", cyd)["position"] == 1


def test_a_launch_without_a_waiting_list_says_so() -> None:
    from tests.web.lives import LIVES

    with Life(launch=LIVES.replace("waiting_offer_s = 3_600\n", "")) as life:
        life.firm("owner", **RARE)
        answer = life.send(life.token("ada"), "/v1/waiting-list", RARE)
        assert (answer.status, answer.code) == (409, "no_waiting_list")
        assert life.send(life.token("ada"), "/v1/orders", RARE).json()["waiting_list"] is False
