"""The payment webhook: money that arrives is never lost, and never counted twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drumroll.payments.base import Payment
from tests.web.house import DEPOSIT_MINOR, HOLD_S, House


def ordered(house: House, customer: str = "ada", trim: str = "plain") -> tuple[str, str]:
    token = house.session(customer)
    return token, house.order(token, "k", trim=trim).json()["id"]


def owed(house: House) -> dict[str, tuple[int, str, str]]:
    return {
        refund.payment_id: (refund.amount_minor, refund.currency, refund.reason)
        for refund in house.desk.book.refunds_owed.values()
    }


def test_the_same_webhook_twice_counts_once(house: House) -> None:
    _, order_id = ordered(house)
    outcomes = [house.pay(order_id, "p").json()["outcome"] for _ in range(3)]
    assert outcomes == ["firm", "already_counted", "already_counted"]
    assert house.desk.book.money.received == DEPOSIT_MINOR


def test_the_same_payment_in_another_webhook_counts_once(house: House) -> None:
    _, order_id = ordered(house)
    house.pay(order_id, "p")
    house.pass_s(60)
    assert house.pay(order_id, "p").json() == {"outcome": "already_counted"}
    assert not house.desk.book.refunds_owed


def test_a_second_deposit_is_owed_back(house: House) -> None:
    _, order_id = ordered(house)
    house.pay(order_id, "p1")
    assert house.pay(order_id, "p2").json() == {"outcome": "owed_back"}
    assert owed(house) == {"p2": (DEPOSIT_MINOR, "EUR", "second_deposit")}


def test_a_late_deposit_revives_the_order_while_it_can_be_had(house: House) -> None:
    token, order_id = ordered(house)
    house.pass_s(HOLD_S)
    assert house.get(f"/v1/orders/{order_id}", token).json()["state"] == "expired"
    assert house.pay(order_id, "p").json() == {"outcome": "firm"}
    assert house.get(f"/v1/orders/{order_id}", token).json()["state"] == "firm"


def test_a_late_deposit_for_what_is_gone_is_owed_back(house: House) -> None:
    _, order_id = ordered(house, trim="rare")
    house.pass_s(HOLD_S)
    ordered(house, "bob", trim="rare")
    assert house.pay(order_id, "p").json() == {"outcome": "owed_back"}
    assert owed(house) == {"p": (DEPOSIT_MINOR, "EUR", "expired_and_no_longer_to_be_had")}


@pytest.mark.parametrize(("amount_minor", "currency"), [(1_999, "EUR"), (2_001, "EUR"), (2_000, "USD")])
def test_another_amount_or_currency_is_owed_back_as_it_came(house: House, amount_minor: int, currency: str) -> None:
    token, order_id = ordered(house)
    assert house.pay(order_id, "p", amount_minor, currency).json() == {"outcome": "owed_back"}
    assert owed(house) == {"p": (amount_minor, currency, "wrong_amount")}
    assert house.get(f"/v1/orders/{order_id}", token).json()["state"] == "reserved"


def test_money_for_an_order_that_nobody_knows_is_owed_back(house: House) -> None:
    assert house.pay("ord_unknown", "p").json() == {"outcome": "owed_back"}
    assert owed(house) == {"p": (DEPOSIT_MINOR, "EUR", "unknown_order")}


def test_money_for_a_cancelled_order_is_owed_back(house: House) -> None:
    token, order_id = ordered(house)
    house.cancel(token, order_id, "c")
    assert house.pay(order_id, "p").json() == {"outcome": "owed_back"}
    assert owed(house)["p"][2] == "paid_after_cancellation"


def test_payments_of_one_order_at_once_make_it_firm_once(house: House) -> None:
    _, order_id = ordered(house)
    answers = house.all(paying(house, order_id, f"p{number}") for number in range(4))
    assert sorted(answer.json()["outcome"] for answer in answers) == ["firm", "owed_back", "owed_back", "owed_back"]
    assert len(owed(house)) == 3


def signed(house: House, content: Any) -> tuple[list[tuple[str, str | bytes]], bytes]:
    """Any body, signed as the provider would."""
    from drumroll.payments.standard_webhooks import sign

    provider: Any = house.server.web.provider
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    at_s = house.desk.clock_ms() // 1000
    return [
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", str(at_s)),
        ("webhook-signature", sign(provider._key, "msg_1", at_s, body)),
    ], body


def paying(house: House, order_id: str, payment_id: str) -> Any:
    data = {"payment_id": payment_id, "order_id": order_id, "amount_minor": DEPOSIT_MINOR, "currency": "EUR"}
    headers, body = signed(house, {"type": "payment.succeeded", "timestamp": "2026-05-01T10:00:30Z", "data": data})
    return house.ask("POST", "/v1/webhooks/payments", headers, body)


def test_other_news_is_acknowledged_and_ignored(house: House) -> None:
    headers, body = signed(house, {"type": "payment.failed", "timestamp": "t", "data": {"why": "no money"}})
    answer = house.call("POST", "/v1/webhooks/payments", headers, body)
    assert (answer.status, answer.json()) == (200, {"outcome": "ignored"})


GOOD = {"payment_id": "p", "order_id": "o", "amount_minor": 2_000, "currency": "EUR"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"\xff\xfe",
        b'{"x":' + b"[" * 20_000,
        b'{"x":' + b"[" * 20_000 + b"]" * 20_000 + b',"type":"payment.succeeded"}',
        [],
        {},
        {"type": 5},
        {"type": "payment.succeeded"},
        {"type": "payment.succeeded", "timestamp": "t", "data": []},
        *(
            {"type": "payment.succeeded", "timestamp": "t", "data": GOOD | unfit}
            for unfit in (
                {"payment_id": ""},
                {"payment_id": "p" * 65},
                {"order_id": "o" * 65},
                {"order_id": "ord\nname"},
                {"order_id": "\u00e9"},
                {"amount_minor": 0},
                {"amount_minor": -5},
                {"amount_minor": 1.5},
                {"amount_minor": "2000"},
                {"amount_minor": 10**15 + 1},
                {"amount_minor": 10**400},
                {"currency": "EURO"},
                {"currency": "E\x00R"},
            )
        ),
    ],
)
def test_an_authentic_webhook_that_makes_no_sense_is_a_400_and_changes_nothing(house: House, content: Any) -> None:
    position = house.desk.position
    headers, body = signed(house, content)
    answer = house.call("POST", "/v1/webhooks/payments", headers, body)
    assert (answer.status, answer.code) == (400, "webhook_malformed")
    assert house.desk.position == position


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_webhook_without_one_of_its_headers_is_a_400(house: House, missing: str) -> None:
    headers, body = signed(house, {"type": "payment.failed"})
    answer = house.call("POST", "/v1/webhooks/payments", [one for one in headers if one[0] != missing], body)
    assert answer.code == "webhook_malformed"


def test_a_webhook_with_another_signature_is_a_401(house: House) -> None:
    headers, body = signed(house, {"type": "payment.succeeded"})
    answer = house.call("POST", "/v1/webhooks/payments", headers, body + b" ")
    assert (answer.status, answer.code) == (401, "webhook_signature")
    assert "www-authenticate" not in answer.headers


def test_an_old_webhook_is_a_400_by_the_clock_of_the_server(house: House) -> None:
    _, order_id = ordered(house)
    provider: Any = house.server.web.provider
    webhook = provider.payment_webhook(Payment("p", order_id, DEPOSIT_MINOR, "EUR"), house.desk.clock_ms())
    headers = [(name.decode(), value.decode()) for name, value in webhook.headers.items()]
    house.pass_s(301)
    answer = house.call("POST", "/v1/webhooks/payments", headers, webhook.body)
    assert (answer.status, answer.code) == (400, "webhook_too_old")
    assert house.desk.book.money.received == 0


def test_paying_in_the_sandbox_by_a_click(house: House) -> None:
    token, order_id = ordered(house)
    assert house.call("POST", f"/sandbox/pay/{order_id}").json() == {"outcome": "firm"}
    assert house.call("POST", f"/sandbox/pay/{order_id}").json() == {"outcome": "already_counted"}
    assert house.get(f"/v1/orders/{order_id}", token).json()["state"] == "firm"
    assert house.call("POST", "/sandbox/pay/ord_0").code == "no_such_order"
