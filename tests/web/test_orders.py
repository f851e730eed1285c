"""The way of an order over HTTP, without a socket: what is answered, and what is kept."""

from __future__ import annotations

import json

import pytest

from drumroll.domain.refusal import Code
from drumroll.log.memory import MemoryLog
from drumroll.web.problems import STATUS
from tests.web.house import DEPOSIT_MINOR, HOLD_S, House, order_headers, session


def test_an_order_says_all_that_the_customer_needs_to_pay(house: House) -> None:
    answer = house.order(house.session("ada"), "k")
    assert answer.status == 201
    order = answer.json()
    assert answer.headers["location"] == f"/v1/orders/{order['id']}"
    assert order == {
        "id": order["id"],
        "state": "reserved",
        "model": "kite",
        "trim": "plain",
        "price_minor": 9_900,
        "deposit_minor": DEPOSIT_MINOR,
        "currency": "EUR",
        "reserved_at": "2026-05-01T12:00:30.000+02:00",
        "expires_at": "2026-05-01T12:10:30.000+02:00",
        "pay_url": f"/sandbox/pay/{order['id']}",
        "delivery": None,
        "unpromised": None,
    }


def test_an_order_is_read_by_its_customer_as_it_stands(house: House) -> None:
    token = house.session("ada")
    order_id = house.order(token, "k").json()["id"]
    assert house.get(f"/v1/orders/{order_id}", token).json()["state"] == "reserved"
    assert house.pay(order_id, "p1").json() == {"outcome": "firm"}
    order = house.get(f"/v1/orders/{order_id}", token).json()
    assert (order["state"], order["firm_at"], order["pay_url"], order["refunds"]) == (
        "firm",
        "2026-05-01T12:00:30.000+02:00",
        None,
        [],
    )


@pytest.mark.parametrize(
    ("model", "trim", "code", "fact"),
    [
        ("balloon", "red", "not_open_yet", ("opens_at", "2026-05-02T12:00:00.000+02:00")),
        ("wing", "grey", "closed", ("closed_at", "2026-04-30T12:00:00.000+02:00")),
        ("boat", "plain", "unknown_model", ("models", ["kite", "balloon", "wing"])),
        ("kite", "golden", "unknown_trim", ("trims", ["plain", "rare"])),
    ],
)
def test_a_refusal_names_the_fact_that_it_rests_on(
    house: House, model: str, trim: str, code: str, fact: tuple[str, object]
) -> None:
    answer = house.order(house.session("ada"), "k", model, trim)
    assert (answer.code, answer.status) == (code, STATUS[code])
    assert answer.json()[fact[0]] == fact[1]


def test_the_last_piece_is_sold_once(house: House) -> None:
    tokens = [house.session(name) for name in ("ada", "bob", "cyd")]
    answers = house.all(house.ordering(token, "k", trim="rare") for token in tokens)
    assert [answer.status for answer in answers] == [201, 409, 409]
    assert {answer.code for answer in answers[1:]} == {"sold_out"}


def test_a_third_order_of_one_customer_is_refused_also_when_all_come_at_once(house: House) -> None:
    token = house.session("ada")
    answers = house.all(house.ordering(token, f"k{number}") for number in range(5))
    assert [answer.status for answer in answers] == [201, 201, 409, 409, 409]
    assert answers[2].code == "too_many_orders"
    assert answers[2].json()["limit"] == 2


def test_a_cancelled_order_gives_its_place_back_and_the_deposit_is_owed_and_paid(house: House) -> None:
    token = house.session("ada")
    order_id = house.order(token, "k", trim="rare").json()["id"]
    house.pay(order_id, "p1")
    cancelled = house.cancel(token, order_id, "c")
    assert cancelled.status == 200
    assert cancelled.json() == {
        "id": order_id,
        "state": "cancelled",
        "refund_minor": DEPOSIT_MINOR,
        "forfeited_minor": 0,
        "currency": "EUR",
        "cancelled_at": "2026-05-01T12:00:30.000+02:00",
    }
    assert house.order(house.session("bob"), "k", trim="rare").status == 201
    (owed,) = house.get(f"/v1/orders/{order_id}", token).json()["refunds"]
    assert (owed["id"], owed["payment_id"], owed["amount_minor"], owed["reason"], owed["paid_at"]) == (
        "p1",
        "p1",
        DEPOSIT_MINOR,
        "order_cancelled",
        None,
    )


def test_a_reserved_order_is_cancelled_with_nothing_owed(house: House) -> None:
    token = house.session("ada")
    order_id = house.order(token, "k").json()["id"]
    assert house.cancel(token, order_id, "c").json()["refund_minor"] == 0


def test_an_order_that_is_over_cannot_be_cancelled_again(house: House) -> None:
    token = house.session("ada")
    order_id = house.order(token, "k").json()["id"]
    house.cancel(token, order_id, "c")
    again = house.cancel(token, order_id, "c2")
    assert (again.status, again.code, again.json()["state"]) == (409, "wrong_state", "cancelled")
    expired_id = house.order(token, "k2").json()["id"]
    house.pass_s(HOLD_S)
    assert house.cancel(token, expired_id, "c3").json()["state"] == "expired"


def test_the_order_of_another_customer_is_told_from_a_missing_one_by_nothing(house: House) -> None:
    ada, eve = house.session("ada"), house.session("eve")
    order_id = house.order(ada, "k").json()["id"]
    missing_id = "ord_" + "0" * 20

    def leveled(answer_body: bytes) -> bytes:
        return answer_body.replace(order_id.encode(), missing_id.encode())

    read, read_missing = (house.get(f"/v1/orders/{one}", eve) for one in (order_id, missing_id))
    assert read.status == 404
    assert (read.status, read.headers, leveled(read.body)) == (404, read_missing.headers, read_missing.body)
    taken, taken_missing = (house.cancel(eve, one, f"c-{one}") for one in (order_id, missing_id))
    assert taken.code == "no_such_order"
    assert (taken.status, taken.headers, leveled(taken.body)) == (404, taken_missing.headers, taken_missing.body)
    assert house.get(f"/v1/orders/{order_id}", ada).json()["state"] == "reserved"


@pytest.mark.parametrize("again", ["double-click", '"double-click"'])
@pytest.mark.parametrize("first", ["double-click", '"double-click"'])
def test_a_replay_answers_the_same_with_a_bare_or_a_quoted_key(house: House, first: str, again: str) -> None:
    token = house.session("ada")
    order, replay = house.order(token, first), house.order(token, again)
    assert "idempotent-replayed" not in order.headers
    assert replay.headers["idempotent-replayed"] == "true"
    assert (replay.status, replay.body) == (201, order.body)
    assert len(house.desk.book.orders) == 1


def test_a_replay_answers_the_same_whatever_became_of_the_order(house: House) -> None:
    token = house.session("ada")
    order = house.order(token, "k")
    house.pay(order.json()["id"], "p")
    assert house.order(token, "k").body == order.body
    cancelled = house.cancel(token, order.json()["id"], "c")
    again = house.cancel(token, order.json()["id"], "c")
    assert (again.status, again.body, again.headers["idempotent-replayed"]) == (200, cancelled.body, "true")
    assert house.order(token, "k").body == order.body


def test_a_double_click_in_one_batch_makes_one_order(house: House) -> None:
    token = house.session("ada")
    answers = house.all(house.ordering(token, "k") for _ in range(8))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 7


def test_a_key_used_for_another_order_is_refused(house: House) -> None:
    token = house.session("ada")
    order = house.order(token, "k")
    reused = house.order(token, "k", trim="rare")
    assert (reused.status, reused.code) == (422, "idempotency_key_reused")
    assert len(house.desk.book.orders) == 1
    assert house.order(token, "k").body == order.body


def test_a_key_used_on_another_route_is_refused(house: House) -> None:
    token = house.session("ada")
    order_id = house.order(token, "k").json()["id"]
    assert house.cancel(token, order_id, "k").code == "idempotency_key_reused"
    house.cancel(token, order_id, "c")
    assert house.order(token, "c").code == "idempotency_key_reused"
    other_id = house.order(token, "k2").json()["id"]
    assert house.cancel(token, other_id, "c").code == "idempotency_key_reused"


def test_a_key_belongs_to_its_customer(house: House) -> None:
    orders = [house.order(house.session(name), "same").json()["id"] for name in ("ada", "bob")]
    assert len(set(orders)) == 2


def test_a_refused_order_leaves_its_key_free(house: House) -> None:
    token = house.session("ada")
    assert house.order(token, "k", "boat").code == "unknown_model"
    assert house.order(token, "k").status == 201


@pytest.mark.parametrize("path", ["/v1/orders", "/v1/orders/ord_0/cancel"])
@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ([], "idempotency_key_missing"),
        ([""], "idempotency_key_invalid"),
        (['""'], "idempotency_key_invalid"),
        (["k" * 256], "idempotency_key_invalid"),
        (["a", "b"], "idempotency_key_invalid"),
        (["a", "a"], "idempotency_key_invalid"),
    ],
)
def test_an_unfit_key_is_a_400(house: House, path: str, keys: list[str], code: str) -> None:
    headers = [*session(house.session("ada")), ("content-type", "application/json")]
    headers += [("idempotency-key", key) for key in keys]
    answer = house.call("POST", path, headers, b'{"model":"kite","trim":"plain"}')
    assert (answer.status, answer.code) == (400, code)
    assert not house.desk.book.orders


def test_the_longest_key_is_taken(house: House) -> None:
    assert house.order(house.session("ada"), "k" * 255).status == 201


def test_a_replay_outlives_the_server(house: House) -> None:
    token_of = {"secret": "11" * 32}
    bodies: list[bytes] = []
    with House(MemoryLog(bodies), **token_of) as first:
        token = first.session("ada")
        order = first.order(token, "k")
        cancelled = first.cancel(token, order.json()["id"], "c")
    with House(MemoryLog(bodies), clock="2026-05-01T13:00:00+02:00@0", **token_of) as second:
        assert second.order(token, "k").body == order.body
        assert second.cancel(token, order.json()["id"], "c").body == cancelled.body
        assert second.order(token, "k", trim="rare").code == "idempotency_key_reused"


def test_the_sandbox_pays_what_is_owed(house: House) -> None:
    token = house.session("ada")
    order_id = house.order(token, "k").json()["id"]
    house.pay(order_id, "p")
    house.cancel(token, order_id, "c")
    paying = house.loop.create_task(house.server.service.pay_refunds(house.server.web.provider))
    for _ in range(50):
        house.run(_soon())
    paying.cancel()
    (refund,) = house.get(f"/v1/orders/{order_id}", token).json()["refunds"]
    assert refund["paid_at"] == "2026-05-01T12:00:30.000+02:00"
    assert not house.desk.book.refunds_owed


async def _soon() -> None:
    """One turn of the loop."""


def test_the_body_of_a_cancellation_counts_as_part_of_the_request(house: House) -> None:
    token = house.session("ada")
    order_id = house.order(token, "k").json()["id"]
    house.cancel(token, order_id, "c")
    path = f"/v1/orders/{order_id}/cancel"
    other = house.call("POST", path, order_headers(token, "c"), json.dumps({"confirmation": "colour"}).encode())
    assert other.code == "idempotency_key_reused"
    unfit = house.call("POST", path, order_headers(token, "c2"), json.dumps({"why": "colour"}).encode())
    assert (unfit.status, unfit.code) == (422, "invalid_body")


def test_every_code_that_the_domain_refuses_with_has_a_status() -> None:
    inside_only = {Code.NOT_YOURS, Code.INVALID_IMPORT, Code.WRONG_LAUNCH}
    assert {code.value for code in Code} - {code.value for code in inside_only} <= STATUS.keys()
