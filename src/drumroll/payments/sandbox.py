"""The sandbox's provider: no real money, real webhooks. They are signed as in Standard Webhooks."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from drumroll.domain.times import rfc3339
from drumroll.errors import WebhookRejected
from drumroll.payments.base import Payment, PaymentData, PaymentProvider, PaymentWebhook
from drumroll.payments.standard_webhooks import sign, verify


class _AnyWebhook(msgspec.Struct, frozen=True, gc=False):
    type: str


_read_type = msgspec.json.Decoder(_AnyWebhook)
_read_payment = msgspec.json.Decoder(PaymentWebhook)
SUCCEEDED = "payment.succeeded"


class SignedWebhook(msgspec.Struct, frozen=True):
    """A webhook ready to be sent."""

    headers: dict[bytes, bytes]
    body: bytes


class SandboxProvider(PaymentProvider):
    """Takes and pays back money that isn't there. ``key`` signs its webhooks."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def pay_url(self, order_id: str) -> str:
        """The sandbox's own page for it."""
        return f"/sandbox/pay/{order_id}"

    def read_webhook(self, headers: Mapping[bytes, bytes], body: bytes, now_ms: int) -> Payment | None:
        """See ``PaymentProvider``."""
        try:
            webhook_id = headers[b"webhook-id"].decode("ascii")
            timestamp = headers[b"webhook-timestamp"].decode("ascii")
            signature = headers[b"webhook-signature"].decode("ascii")
        except (KeyError, UnicodeDecodeError) as error:
            message = "webhook-id, webhook-timestamp and webhook-signature are needed, in ASCII"
            raise WebhookRejected("webhook_malformed", message) from error
        verify(self._key, webhook_id, timestamp, signature, body, now_ms // 1000)
        return _payment_in(body)

    async def refund(self, refund_id: str, payment_id: str, amount_minor: int, currency: str) -> None:
        """There is no money, so it is back at once."""

    def payment_webhook(self, payment: Payment, now_ms: int) -> SignedWebhook:
        """The webhook with which this provider tells of a payment."""
        data = PaymentData(payment.payment_id, payment.order_id, payment.amount_minor, payment.currency)
        body = msgspec.json.encode(PaymentWebhook(SUCCEEDED, rfc3339(now_ms), data))
        webhook_id, timestamp_s = f"msg_{payment.payment_id}", now_ms // 1000
        signature = sign(self._key, webhook_id, timestamp_s, body)
        return SignedWebhook(
            {
                b"webhook-id": webhook_id.encode(),
                b"webhook-timestamp": b"%d" % timestamp_s,
                b"webhook-signature": signature.encode(),
            },
            body,
        )


def _payment_in(body: bytes) -> Payment | None:
    try:
        webhook = _read_payment.decode(body)
        if webhook.type == SUCCEEDED:
            return _payment_of(webhook.data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        if _type_of(body) in (None, SUCCEEDED):
            raise WebhookRejected("webhook_malformed", f"the webhook's body can't be read: {error}") from error
    return None


def _payment_of(data: PaymentData) -> Payment:
    for reference in (data.payment_id, data.order_id, data.currency):
        if not (reference.isascii() and reference.isprintable()):
            raise WebhookRejected("webhook_malformed", "payment_id, order_id and currency are printable ASCII")
    return Payment(data.payment_id, data.order_id, data.amount_minor, data.currency)


def _type_of(body: bytes) -> str | None:
    try:
        return _read_type.decode(body).type
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
