"""The hot path: taking an order, cancelling one, and the payment webhook, as plain ASGI functions.

Everything here runs once an order. Decode, check the session, queue, await, encode: nothing else.
``api`` documents these routes for OpenAPI; what they do is here alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from hashlib import blake2b
from typing import Any

import msgspec

from drumroll.desk.desk import Answer, Reply
from drumroll.desk.service import Service
from drumroll.domain.book import Cancellation, Order
from drumroll.domain.commands import Cancel, RecordPayment, Reserve
from drumroll.domain.events import OrderFirmed
from drumroll.domain.refusal import Refusal
from drumroll.domain.times import rfc3339
from drumroll.errors import DeskClosed, DeskUnavailable, WebhookRejected
from drumroll.payments.base import PaymentProvider
from drumroll.web.messages import CancelledOrder, NewOrder, ReservedOrder, WebhookReceipt
from drumroll.web.problems import Problem, of_refusal, of_unavailable, of_webhook
from drumroll.web.sessions import Sessions

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

KEY_LIMIT = 255
"""Characters of an Idempotency-Key."""
WEBHOOK_LIMIT_BYTES = 65_536

_JSON = [(b"content-type", b"application/json")]
_JSON_REPLAYED = [*_JSON, (b"idempotent-replayed", b"true")]
_read_new_order = msgspec.json.Decoder(NewOrder).decode
_encode = msgspec.json.Encoder().encode


class HotPath:
    """The three hot routes, with what they need."""

    def __init__(
        self,
        service: Service,
        sessions: Sessions,
        provider: PaymentProvider,
        order_ids: Iterator[str],
        now_s: Callable[[], float],
        body_limit_bytes: int,
    ) -> None:
        self.service = service
        self.sessions = sessions
        self.provider = provider
        self.order_ids = order_ids
        self.now_s = now_s
        self.body_limit_bytes = body_limit_bytes

    async def place_order(self, scope: Scope, receive: Receive, send: Send) -> None:
        """``POST /v1/orders``."""
        try:
            token, key, length, media_type = _picked(scope["headers"])
            customer = self.customer_of(token)
            request = _key_digest(customer, key)
            body = await read_body(length, receive, self.body_limit_bytes)
            answer = _taken(await self._queued(self._reserve(customer, request, body, media_type)))
            order = self._done(request)
            assert isinstance(order, Order)
            headers = _headers_of_new(order, replayed=not answer.events)
            answered = 201, headers, _encode(self._reserved(order))
        except Problem as problem:
            answered = problem.status, problem.headers(), problem.body()
        await send({"type": "http.response.start", "status": answered[0], "headers": answered[1]})
        await send({"type": "http.response.body", "body": answered[2]})

    async def cancel_order(self, scope: Scope, receive: Receive, send: Send, order_id: str) -> None:
        """``POST /v1/orders/{order_id}/cancel``."""
        try:
            token, key, length, _ = _picked(scope["headers"])
            customer = self.customer_of(token)
            request = _key_digest(customer, key)
            body = await read_body(length, receive, self.body_limit_bytes)
            fingerprint = blake2b(order_id.encode() + b"\0" + body, digest_size=8, person=b"cancel").digest()
            answer = _taken(await self._queued(Cancel(order_id, customer, request, fingerprint)))
            done = self._done(request)
            assert isinstance(done, Cancellation)
            answered = 200, _JSON if answer.events else _JSON_REPLAYED, _encode(self._cancelled(done))
        except Problem as problem:
            answered = problem.status, problem.headers(), problem.body()
        await _answer(send, *answered)

    async def payment_webhook(self, scope: Scope, receive: Receive, send: Send) -> None:
        """``POST /v1/webhooks/payments``."""
        try:
            headers = dict(scope["headers"])
            body = await read_body(headers.get(b"content-length"), receive, WEBHOOK_LIMIT_BYTES)
            answered = 200, _JSON, _encode(WebhookReceipt(await self.take_payment(headers, body)))
        except Problem as problem:
            answered = problem.status, problem.headers(), problem.body()
        await send({"type": "http.response.start", "status": answered[0], "headers": answered[1]})
        await send({"type": "http.response.body", "body": answered[2]})

    async def take_payment(self, headers: dict[bytes, bytes], body: bytes) -> Any:
        """The outcome of a payment webhook. Raises ``Problem``."""
        try:
            payment = self.provider.read_webhook(headers, body, self.service.desk.clock_ms())
        except WebhookRejected as error:
            raise of_webhook(error) from error
        if payment is None:
            return "ignored"
        command = RecordPayment(payment.order_id, payment.payment_id, payment.amount_minor, payment.currency)
        answer = _taken(await self._queued(command))
        if not answer.events:
            return "already_counted"
        return "firm" if type(answer.events[0]) is OrderFirmed else "owed_back"

    def _reserve(self, customer: str, request: bytes, body: bytes, media_type: bytes) -> Reserve:
        wanted = _new_order(body, media_type)
        fingerprint = blake2b(body, digest_size=8, person=b"order").digest()
        return Reserve(next(self.order_ids), customer, wanted.model, wanted.trim, request, fingerprint)

    def customer_of(self, token: bytes | None) -> str:
        """Whose session an ``Authorization`` header carries. Raises ``Problem``."""
        if token is not None and token[:7].lower() == b"bearer ":
            customer = self.sessions.customer_of(token[7:], self.now_s())
            if customer is not None:
                return customer
        raise Problem("no_session", "Send a valid session as 'Authorization: Bearer <token>'.")

    def _queued(self, command: Reserve | Cancel | RecordPayment) -> Awaitable[Reply]:
        """The command in the desk's queue, to be awaited. Raises ``Problem`` if the desk does not take it."""
        try:
            return self.service.ask(command)
        except DeskUnavailable as error:
            raise of_unavailable(error) from error

    def _done(self, request: bytes) -> Order | Cancellation:
        """What a key stands for. It is in the book, unless the log failed after the answer and can't be read now."""
        done = self.service.desk.book.keys.get(request)
        if done is None:
            raise of_unavailable(DeskClosed("the log can't be read now"))
        return done

    def _reserved(self, order: Order) -> ReservedOrder:
        """The answer to the order, whatever became of the order since: a replay answers the same."""
        offer, zone = order.offer, self._zone()
        return ReservedOrder(
            order.id,
            "reserved",
            offer.model,
            offer.trim,
            offer.price_minor,
            offer.deposit_minor,
            offer.currency,
            rfc3339(order.reserved_at_ms, zone),
            rfc3339(order.expires_at_ms, zone),
            self.provider.pay_url(order.id),
        )

    def _cancelled(self, done: Cancellation) -> CancelledOrder:
        currency = done.order.offer.currency
        return CancelledOrder(
            done.order.id, "cancelled", done.refund_minor, currency, rfc3339(done.at_ms, self._zone())
        )

    def _zone(self) -> str:
        launch = self.service.desk.book.launch
        assert launch is not None
        return launch.time_zone


def _taken(reply: Reply) -> Answer:
    """The answer in a reply. Raises ``Problem`` if it is a refusal, or the desk failed."""
    if type(reply) is Answer:
        return reply
    if isinstance(reply, Refusal):
        raise of_refusal(reply)
    assert isinstance(reply, DeskUnavailable)
    raise of_unavailable(reply)


async def read_body(length: bytes | None, receive: Receive, limit_bytes: int) -> bytes:
    """The whole body of a request. Raises ``Problem`` if it is longer than allowed, before reading more than that.

    A client that goes away in the middle has asked for nothing, even if what came of the body can be read.
    """
    if length is not None and _announced(length) > limit_bytes:
        raise _too_large(limit_bytes)
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        if len(body) > limit_bytes:
            raise _too_large(limit_bytes)
        message = await receive()
        body += message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise Problem("malformed_body", "The connection ended before the body did.")
    if len(body) > limit_bytes:
        raise _too_large(limit_bytes)
    return body


def _announced(length: bytes) -> int:
    try:
        return int(length)
    except ValueError as error:
        raise Problem("malformed_body", "Content-Length is not a number of bytes.") from error


def _too_large(limit_bytes: int) -> Problem:
    return Problem("body_too_large", f"The body may have {limit_bytes} bytes.", {"limit_bytes": limit_bytes})


def _picked(headers: list[tuple[bytes, bytes]]) -> tuple[bytes | None, bytes, bytes | None, bytes]:
    """Authorization, Idempotency-Key (needed), Content-Length, Content-Type."""
    token = key = length = None
    media_type = b""
    for name, value in headers:
        if name == b"authorization":
            token = value
        elif name == b"idempotency-key":
            if key is not None:
                raise Problem("idempotency_key_invalid", "Send one Idempotency-Key, not several.")
            key = value
        elif name == b"content-length":
            length = value
        elif name == b"content-type":
            media_type = value
    if key is None:
        raise Problem("idempotency_key_missing", "Send an Idempotency-Key, a new one for each order you want.")
    return token, key, length, media_type


def _key_digest(customer: str, key: bytes) -> bytes:
    """What the log keeps of a customer's key; the key in quotes (as the draft has it) is the same as without them."""
    if key[:1] == b'"' == key[-1:] and len(key) > 1:
        key = key[1:-1].replace(b'\\"', b'"').replace(b"\\\\", b"\\")
    if not 1 <= len(key) <= KEY_LIMIT:
        raise Problem("idempotency_key_invalid", f"An Idempotency-Key has 1 to {KEY_LIMIT} characters.")
    return blake2b(customer.encode() + b"\0" + key, digest_size=16).digest()


def _new_order(body: bytes, media_type: bytes) -> NewOrder:
    if media_type != b"application/json" and media_type.partition(b";")[0].strip().lower() != b"application/json":
        raise Problem("unsupported_media_type", "Send the order as application/json.")
    try:
        return _read_new_order(body)
    except msgspec.ValidationError as error:
        raise Problem("invalid_body", f"{error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem("malformed_body", f"The body is not JSON: {error}.") from error


def _headers_of_new(order: Order, *, replayed: bool) -> list[tuple[bytes, bytes]]:
    location = (b"location", b"/v1/orders/" + order.id.encode())
    return [*(_JSON_REPLAYED if replayed else _JSON), location]


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
