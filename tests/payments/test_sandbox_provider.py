"""The sandbox's provider keeps the contract of the port: what it sends, it reads."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.errors import WebhookRejected
from drumroll.payments.base import Payment, PaymentWebhook
from drumroll.payments.sandbox import SandboxProvider

KEY = bytes(range(24))
NOW_MS = 1_777_629_630_123
PAYMENT = Payment("pay_1", "ord_1", 500_000, "CNY")
references = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=64)


@given(references, references, st.integers(1, 10**15), st.sampled_from(["CNY", "EUR", "JPY"]))
def test_what_it_sends_it_reads(payment_id: str, order_id: str, amount_minor: int, currency: str) -> None:
    provider = SandboxProvider(KEY)
    payment = Payment(payment_id, order_id, amount_minor, currency)
    webhook = provider.payment_webhook(payment, NOW_MS)
    assert provider.read_webhook(webhook.headers, webhook.body, NOW_MS) == payment


def test_its_webhook_is_in_the_standard_form() -> None:
    webhook = SandboxProvider(KEY).payment_webhook(PAYMENT, NOW_MS)
    assert webhook.headers[b"webhook-timestamp"] == b"1777629630"
    assert webhook.headers[b"webhook-id"]
    assert webhook.headers[b"webhook-signature"].startswith(b"v1,")
    body = msgspec.json.decode(webhook.body, type=PaymentWebhook)
    assert (body.type, body.timestamp) == ("payment.succeeded", "2026-05-01T10:00:30.123+00:00")


def test_a_webhook_of_another_key_is_refused() -> None:
    webhook = SandboxProvider(KEY).payment_webhook(PAYMENT, NOW_MS)
    with pytest.raises(WebhookRejected) as error:
        SandboxProvider(KEY[::-1]).read_webhook(webhook.headers, webhook.body, NOW_MS)
    assert error.value.code == "webhook_signature"


@pytest.mark.parametrize("header", [b"webhook-id", b"webhook-timestamp", b"webhook-signature"])
@pytest.mark.parametrize("value", [None, b"", b"\xff", "\u00e9".encode()])
def test_a_header_missing_empty_or_not_ascii_is_refused(header: bytes, value: bytes | None) -> None:
    webhook = SandboxProvider(KEY).payment_webhook(PAYMENT, NOW_MS)
    headers = {name: one for name, one in webhook.headers.items() if name != header}
    if value is not None:
        headers[header] = value
    with pytest.raises(WebhookRejected):
        SandboxProvider(KEY).read_webhook(headers, webhook.body, NOW_MS)


def test_a_refund_can_be_asked_for_twice() -> None:
    provider = SandboxProvider(KEY)
    for _ in range(2):
        asyncio.run(provider.refund("pay_1.2", "pay_1", 500_000, "CNY"))
