"""The hot path: taking an order, and the payment webhook, as plain ASGI functions.

Everything here runs once an order. Decode, check the session, queue, await, encode: nothing else.
``documented`` describes these routes for OpenAPI; what they do is here alone.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from hashlib import blake2b
from typing import Any

import msgspec

from drumroll.access.sessions import Sessions
from drumroll.desk.desk import Answer, Reply
from drumroll.desk.service import Service
from drumroll.domain.book import Done, Order
from drumroll.domain.commands import Command, RecordPayment, Reserve
from drumroll.domain.events import DifferencePaid, OrderFirmed, OrderReserved
from drumroll.domain.launch import Launch
from drumroll.domain.promise import Promise
from drumroll.domain.refusal import Refusal
from drumroll.domain.times import rfc3339
from drumroll.errors import DeskClosed, DeskUnavailable, WebhookRejected
from drumroll.payments.base import PaymentProvider
from drumroll.web.incoming import (
    JSON,
    JSON_REPLAYED,
    Headers,
    Receive,
    Scope,
    Send,
    key_digest,
    parsed,
    picked,
    read_body,
)
from drumroll.web.messages import NewOrder, ReservedOrder, WebhookReceipt
from drumroll.web.problems import Problem, of_refusal, of_unavailable, of_webhook
from drumroll.web.promises import UNPROMISED, delivery_of

WEBHOOK_LIMIT_BYTES = 65_536
BODIES_KEPT, KEPT_BODY_BYTES = 4096, 1024
DELIVERIES_KEPT = 4096
QUARTER_MS = 15 * 60 * 1000
"""A week begins at a quarter of an hour in every zone, so what is said of weeks holds for the whole of one."""

_log = logging.getLogger("drumroll")
_read_new_order = msgspec.json.Decoder(NewOrder).decode
_encode = msgspec.json.Encoder().encode


class HotPath:
    """The hot routes, with what they need."""

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
        self.admitted: Callable[[Headers, str, int], None] | None = None
        """Where there is a waiting room: raises ``Problem`` for whoever was not let in yet."""
        self.read_body: Callable[[bytes | None, Receive, int], Awaitable[bytes]] = read_body
        """What reads an order's body and a payment's; ``make_app`` puts one there that watches how long that takes."""
        self._bodies: dict[bytes, tuple[NewOrder, bytes]] = {}
        self._promised_by: Launch | None = None
        self._deliveries: dict[int, tuple[Promise, str, int, msgspec.Raw]] = {}

    async def place_order(self, scope: Scope, receive: Receive, send: Send) -> None:
        """``POST /v1/orders``."""
        try:
            token, key, length, media_type = picked(scope["headers"])
            customer = self.customer_of(token)
            request = key_digest(customer, key)
            if self.admitted is not None and request not in self.service.desk.book.keys:
                self.admitted(scope["headers"], customer, self.service.desk.clock_ms())
            body = await self.read_body(length, receive, self.body_limit_bytes)
            reply = taken(await self.queued(self._reserve(customer, request, body, media_type)))
            reserved = self._reserved(self.done(request))
            headers = _headers_of_new(reserved.id, replayed=not reply.events)
            answered = 201, headers, _encode(reserved)
        except Problem as problem:
            answered = problem.answered(scope["headers"])
        except Exception:
            _log.exception("%s failed", scope["path"])
            raise
        await send({"type": "http.response.start", "status": answered[0], "headers": answered[1]})
        await send({"type": "http.response.body", "body": answered[2]})

    async def payment_webhook(self, scope: Scope, receive: Receive, send: Send) -> None:
        """``POST /v1/webhooks/payments``."""
        try:
            headers = dict(scope["headers"])
            body = await self.read_body(headers.get(b"content-length"), receive, WEBHOOK_LIMIT_BYTES)
            answered = 200, JSON, _encode(WebhookReceipt(await self.take_payment(headers, body)))
        except Problem as problem:
            answered = problem.answered(scope["headers"])
        except Exception:
            _log.exception("%s failed", scope["path"])
            raise
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
        reply = taken(await self.queued(command))
        if not reply.events:
            return "already_counted"
        kind = type(reply.events[0])
        return "firm" if kind is OrderFirmed else "difference_paid" if kind is DifferencePaid else "owed_back"

    def _reserve(self, customer: str, request: bytes, body: bytes, media_type: bytes) -> Reserve:
        read = self._bodies.get(body) if media_type == b"application/json" else None
        if read is None:
            read = self._read(body, media_type)
        wanted, fingerprint = read
        order_id = next(self.order_ids)
        return Reserve(
            order_id, customer, wanted.model, wanted.trim, request, fingerprint, wanted.options, wanted.region
        )

    def _read(self, body: bytes, media_type: bytes) -> tuple[NewOrder, bytes]:
        """What a body says, and its fingerprint. Launch night sends the same few bodies over and over."""
        read = parsed(_read_new_order, body, media_type), blake2b(body, digest_size=8, person=b"order").digest()
        if len(self._bodies) >= BODIES_KEPT:
            self._bodies.clear()
        if len(body) <= KEPT_BODY_BYTES:
            self._bodies[body] = read
        return read

    def customer_of(self, token: bytes | None) -> str:
        """Whose session an ``Authorization`` header carries. Raises ``Problem``."""
        if token is not None and token[:7].lower() == b"bearer ":
            customer = self.sessions.customer_of(token[7:], self.now_s())
            if customer is not None and ":" not in customer:
                return customer
        raise Problem("no_session", "Send a valid session as 'Authorization: Bearer <token>'.")

    def queued(self, command: Command) -> Awaitable[Reply]:
        """The command in the desk's queue, to be awaited. Raises ``Problem`` if the desk does not take it."""
        try:
            return self.service.ask(command)
        except DeskUnavailable as error:
            raise of_unavailable(error) from error

    def done(self, request: bytes) -> Order | Done:
        """What a key stands for. It is in the book, unless the log failed after the answer and can't be read now."""
        done = self.service.desk.book.keys.get(request)
        if done is None:
            raise of_unavailable(DeskClosed("the log can't be read now"))
        return done

    def _reserved(self, done: Order | Done) -> ReservedOrder:
        """The answer to the order, whatever became of the order since: a replay answers the same."""
        if isinstance(done, Done):
            return self._reserved_once(done)
        offer, zone = done.offer, self.zone()
        return ReservedOrder(
            done.id,
            "reserved",
            offer.model,
            offer.trim,
            offer.price_minor,
            offer.deposit_minor,
            offer.currency,
            rfc3339(done.reserved_at_ms, zone),
            rfc3339(done.expires_at_ms, zone),
            self.provider.pay_url(done.id),
            self._delivery(offer.model, done.promised, done.reserved_at_ms, done.blocks[0]),
            self._unpromised(done.promised, done.blocks[0]),
        )

    def _unpromised(self, promise: Promise | None, position: int) -> str | None:
        """Words for who was promised nothing by a launch that promises."""
        launch = None if promise is not None else self.service.desk.book.launch_in(position)
        return UNPROMISED if launch is not None and launch.plants else None

    def _delivery(self, model: str, promise: Promise | None, at_ms: int, position: int) -> Any:
        """What was promised, as JSON. Thousands in a row are promised the same."""
        if promise is None:
            return None
        book = self.service.desk.book
        launch = book.launch if len(book.launches) == 1 else book.launch_in(position)
        if launch is not self._promised_by or len(self._deliveries) >= DELIVERIES_KEPT:
            self._promised_by, self._deliveries = launch, {}
        # By identity: the book keeps each promise once. Working out its hash would cost more than the rest.
        known = self._deliveries.get(id(promise))
        if known is None or known[0] is not promise or known[1] != model or known[2] != at_ms // QUARTER_MS:
            told = msgspec.Raw(_encode(delivery_of(book, model, promise, at_ms, position)))
            known = self._deliveries[id(promise)] = (promise, model, at_ms // QUARTER_MS, told)
        return known[3]

    def _reserved_once(self, done: Done) -> ReservedOrder:
        """As ``_reserved``, of an order that has become another since."""
        event, zone = done.event, self.zone()
        assert isinstance(event, OrderReserved)
        assert done.order is not None
        return ReservedOrder(
            event.order_id,
            "reserved",
            event.model,
            event.trim,
            event.price_minor,
            event.deposit_minor,
            done.order.offer.currency,
            rfc3339(done.at_ms, zone),
            rfc3339(done.at_ms + event.hold_s * 1000, zone),
            self.provider.pay_url(event.order_id),
            self._delivery(event.model, event.promise, done.at_ms, done.order.blocks[0]),
            self._unpromised(event.promise, done.order.blocks[0]),
        )

    def zone(self) -> str:
        """The launch's time zone."""
        launch = self.service.desk.book.launch
        assert launch is not None
        return launch.time_zone


def taken(reply: Reply) -> Answer:
    """The answer in a reply. Raises ``Problem`` if it is a refusal, or the desk failed."""
    if type(reply) is Answer:
        return reply
    if isinstance(reply, Refusal):
        raise of_refusal(reply)
    assert isinstance(reply, DeskUnavailable)
    raise of_unavailable(reply)


def _headers_of_new(order_id: str, *, replayed: bool) -> Headers:
    return [*(JSON_REPLAYED if replayed else JSON), (b"location", b"/v1/orders/" + order_id.encode())]
