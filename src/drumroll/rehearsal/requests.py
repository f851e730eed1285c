"""The requests of the rehearsal as bytes, put together from pieces that were encoded once."""

from __future__ import annotations

from binascii import b2a_base64
from hmac import digest

import msgspec

from drumroll.domain.times import rfc3339
from drumroll.payments.standard_webhooks import secret_bytes
from drumroll.rehearsal.wire import encoded

_ORDER = b"POST /v1/orders HTTP/1.1\r\nhost: drumroll\r\nauthorization: Bearer "
_KEY = b"\r\nidempotency-key: "
_CANCEL = b"POST /v1/orders/%s/cancel HTTP/1.1\r\nhost: drumroll\r\nauthorization: Bearer %s\r\n"
_CANCEL_ENDS = b"idempotency-key: %s\r\ncontent-length: 0\r\n\r\n"
_LOOK = b"GET /v1/orders/%s HTTP/1.1\r\nhost: drumroll\r\nauthorization: Bearer %s\r\n\r\n"
_ACT = (
    b"POST /v1/orders/%s/%s HTTP/1.1\r\nhost: drumroll\r\nauthorization: Bearer %s\r\nidempotency-key: %s\r\n"
    b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
)
_WAIT = b"GET /v1/waiting-list/%s HTTP/1.1\r\nhost: drumroll\r\nauthorization: Bearer %s\r\n\r\n"
_JOIN = b"POST /v1/waiting-list HTTP/1.1\r\nhost: drumroll\r\nauthorization: Bearer "
_MINE = b"GET /v1/orders HTTP/1.1\r\nhost: drumroll\r\nauthorization: Bearer %s\r\n\r\n"
_HISTORY = b"GET /v1/orders/%s/history HTTP/1.1\r\nhost: drumroll\r\nauthorization: Bearer %s\r\n\r\n"
_QUOTE = b"GET /v1/quotes?model=%s&trim=%s HTTP/1.1\r\nhost: drumroll\r\n\r\n"
_WEBHOOK = (
    b"POST /v1/webhooks/payments HTTP/1.1\r\nhost: drumroll\r\ncontent-type: application/json\r\n"
    b"webhook-id: %s\r\nwebhook-timestamp: %d\r\nwebhook-signature: v1,%s\r\ncontent-length: %d\r\n\r\n%s"
)
_PAYMENT = (
    b'{"type":"payment.succeeded","timestamp":"%s","data":'
    b'{"payment_id":"%s","order_id":"%s","amount_minor":%d,"currency":"%s"}}'
)

_FORGED = b"-forged"


def order_tail(model: str, trim: str) -> bytes:
    """What follows the idempotency key in every order of this trim."""
    body = msgspec.json.encode({"model": model, "trim": trim})
    return b"\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


def order(token: bytes, key: bytes, tail: bytes) -> bytes:
    """``POST /v1/orders``."""
    return b"".join((_ORDER, token, _KEY, key, tail))


def quote(model: str, trim: str) -> bytes:
    """``GET /v1/quotes``: of a trim as it is without any choice, in the first region."""
    return _QUOTE % (model.encode(), trim.encode())


def cancel(token: bytes, order_id: bytes, key: bytes) -> bytes:
    """``POST /v1/orders/{id}/cancel``."""
    return (_CANCEL % (order_id, token)) + (_CANCEL_ENDS % key)


def look(token: bytes, order_id: bytes) -> bytes:
    """``GET /v1/orders/{id}``."""
    return _LOOK % (order_id, token)


def act(token: bytes, order_id: bytes, action: bytes, key: bytes, body: bytes = b"{}") -> bytes:
    """``POST /v1/orders/{id}/<action>``."""
    return _ACT % (order_id, action, token, key, len(body), body)


def confirmed(confirmation: bytes, fields: bytes = b"") -> bytes:
    """The body of a second step; ``fields`` are those of the first, each with a comma after it."""
    return b'{%s"confirmation":"%s"}' % (fields, confirmation)


def fields_of(content: dict[str, object]) -> bytes:
    """What ``confirmed`` takes as ``fields``."""
    inner = msgspec.json.encode(content)[1:-1]
    return inner + b"," if inner else b""


def join(token: bytes, key: bytes, tail: bytes) -> bytes:
    """``POST /v1/waiting-list``; ``tail`` as for an order."""
    return b"".join((_JOIN, token, _KEY, key, tail))


def waiting(token: bytes, entry_id: bytes) -> bytes:
    """``GET /v1/waiting-list/{id}``."""
    return _WAIT % (entry_id, token)


def mine(token: bytes) -> bytes:
    """``GET /v1/orders``."""
    return _MINE % token


def history(token: bytes, order_id: bytes) -> bytes:
    """``GET /v1/orders/{id}/history``."""
    return _HISTORY % (order_id, token)


def sessions(customers: list[str]) -> bytes:
    """``POST /sandbox/sessions``."""
    return _json("/sandbox/sessions", {"customers": customers})


def clock(now_ms: int) -> bytes:
    """``POST /sandbox/clock``."""
    return _json("/sandbox/clock", {"now": rfc3339(now_ms)})


def _json(path: str, content: object) -> bytes:
    return encoded("POST", path, "drumroll", {"content-type": "application/json"}, msgspec.json.encode(content))


class Provider:
    """The payment provider's part: webhooks, signed as in Standard Webhooks."""

    def __init__(self, secret: str, currency: str) -> None:
        self._key = secret_bytes(secret)
        self._currency = currency.encode()
        self._at_s = 0
        self._at = b""

    def webhook(self, payment_id: bytes, order_id: bytes, amount_minor: int, now_s: int) -> bytes:
        """A webhook that says: this payment for this order has arrived. Its id is the payment's."""
        if now_s != self._at_s:
            self._at_s, self._at = now_s, rfc3339(now_s * 1000).encode()
        body = _PAYMENT % (self._at, payment_id, order_id, amount_minor, self._currency)
        return self._signed(payment_id, now_s, body)

    def signed_again(self, request: bytes, now_s: int) -> bytes:
        """The same webhook with the time and the signature of a later attempt; a forged one stays as it is."""
        head, _, body = request.partition(b"\r\n\r\n")
        webhook_id = head.split(b"webhook-id: ", 1)[1].split(b"\r\n", 1)[0]
        return request if webhook_id.endswith(_FORGED) else self._signed(webhook_id, now_s, body)

    def forged(self, payment_id: bytes, order_id: bytes, amount_minor: int, now_s: int) -> bytes:
        """A webhook whose signature is not ours."""
        request = self.webhook(payment_id + _FORGED, order_id, amount_minor, now_s)
        head, name, rest = request.partition(b"webhook-signature: v1,")
        return head + name + (b"BBBB" if rest.startswith(b"AAAA") else b"AAAA") + rest[4:]

    def _signed(self, webhook_id: bytes, now_s: int, body: bytes) -> bytes:
        mac = digest(self._key, b"%s.%d.%s" % (webhook_id, now_s, body), "sha256")
        return _WEBHOOK % (webhook_id, now_s, b2a_base64(mac, newline=False), len(body), body)
