"""What customers do with an order after they made it, and the waiting list: plain ASGI routes, for launch night too.

The pages' forms go the same way: ``ON_ORDERS`` makes the command, ``first_step`` and ``carried_out`` do the rest.

Each action is a command that the desk decides. Where it takes two steps, the first is answered from the book as it is
(between two turns that is exactly the durable log) and never waits for the desk.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import msgspec

from drumroll.domain import commands as cmd
from drumroll.domain.book import Done
from drumroll.domain.decide import decide
from drumroll.domain.refusal import Refusal
from drumroll.errors import DeskClosed
from drumroll.web.answers import answer_to
from drumroll.web.hot import HotPath, taken
from drumroll.web.incoming import (
    JSON,
    JSON_REPLAYED,
    Headers,
    Receive,
    Scope,
    Send,
    answer,
    key_digest,
    parsed,
    picked,
    read_body,
)
from drumroll.web.messages_orders import Confirmed, Nothing, WantedChange, WantedConversion, WantedPlace
from drumroll.web.problems import Problem, of_refusal, of_unavailable

_encode = msgspec.json.Encoder().encode


class Asked(msgspec.Struct, frozen=True):
    """Who asks what about which order: what every command begins with."""

    order_id: str
    customer: str
    key: bytes
    fingerprint: bytes


def _cancel(asked: Asked, wanted: Confirmed) -> cmd.Command:
    return cmd.Cancel(*_of(asked), wanted.confirmation)


def _lock(asked: Asked, wanted: Confirmed) -> cmd.Command:
    return cmd.Lock(*_of(asked), wanted.confirmation)


def _undo_lock(asked: Asked, wanted: Nothing) -> cmd.Command:
    return cmd.UndoLock(*_of(asked))


def _change(asked: Asked, wanted: WantedChange) -> cmd.Command:
    options = None if wanted.options is None else tuple(wanted.options)
    return cmd.Change(*_of(asked), wanted.trim, options, wanted.region, wanted.confirmation)


def _convert(asked: Asked, wanted: WantedConversion) -> cmd.Command:
    return cmd.Convert(
        asked.order_id,
        asked.customer,
        wanted.model,
        wanted.trim,
        asked.key,
        asked.fingerprint,
        tuple(wanted.options),
        wanted.region,
        wanted.confirmation,
    )


def _leave(asked: Asked, wanted: Nothing) -> cmd.Command:
    return cmd.LeaveWaiting(*_of(asked))


def _of(asked: Asked) -> tuple[str, str, bytes, bytes]:
    return asked.order_id, asked.customer, asked.key, asked.fingerprint


class Action(msgspec.Struct, frozen=True):
    """One action: what its body says, and the command that it is; ``empty`` is what no body says, if it may be none."""

    read: Callable[[bytes], Any]
    command: Callable[[Asked, Any], cmd.Command]
    empty: Confirmed | Nothing | None = None


def _reader(message: Any) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(message).decode


ON_ORDERS = {
    "cancel": Action(_reader(Confirmed | None), _cancel, Confirmed()),
    "lock": Action(_reader(Confirmed | None), _lock, Confirmed()),
    "undo-lock": Action(_reader(Nothing | None), _undo_lock, Nothing()),
    "change": Action(_reader(WantedChange), _change),
    "convert": Action(_reader(WantedConversion), _convert),
}
"""``POST /v1/orders/{order_id}/<action>``."""

ON_WAITING = {"leave": Action(_reader(Nothing | None), _leave, Nothing())}
"""``POST /v1/waiting-list/{id}/<action>``."""

_read_place = _reader(WantedPlace)


class Changes:
    """These routes, beside the hot ones."""

    def __init__(self, hot: HotPath) -> None:
        self.hot = hot

    async def act(self, action: Action, name: str, order_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        """One action on one order, or on one place in the waiting list."""
        try:
            token, key, length, media_type = picked(scope["headers"])
            customer = self.hot.customer_of(token)
            request = key_digest(customer, key)
            body = await read_body(length, receive, self.hot.body_limit_bytes)
            said = parsed(action.read, body, media_type) if body or action.empty is None else None
            wanted = action.empty if said is None else said
            asked = Asked(order_id, customer, request, fingerprint(name, order_id, body))
            answered = await self._answered(action.command(asked, wanted), request, 200)
        except Problem as problem:
            answered = problem.answered(scope["headers"])
        await answer(send, *answered)

    async def join_waiting_list(self, scope: Scope, receive: Receive, send: Send) -> None:
        """``POST /v1/waiting-list``."""
        try:
            token, key, length, media_type = picked(scope["headers"])
            customer = self.hot.customer_of(token)
            request = key_digest(customer, key)
            body = await read_body(length, receive, self.hot.body_limit_bytes)
            wanted = parsed(_read_place, body, media_type)
            command = cmd.JoinWaiting(
                next(self.hot.order_ids),
                customer,
                wanted.model,
                wanted.trim,
                request,
                fingerprint("join", "", body),
                tuple(wanted.options),
                wanted.region,
            )
            answered = await self._answered(command, request, 201)
        except Problem as problem:
            answered = problem.answered(scope["headers"])
        await answer(send, *answered)

    async def _answered(self, command: cmd.Command, request: bytes, status: int) -> tuple[int, Headers, bytes]:
        done, replayed = await carried_out(self.hot, command, request)
        view = answer_to(done, self.hot.service.desk.book, self.hot.provider)
        return status, JSON_REPLAYED if replayed else JSON, _encode(view)


async def carried_out(hot: HotPath, command: cmd.Command, request: bytes) -> tuple[Done, bool]:
    """What was done, and whether it had been done before. Raises ``Problem``: a refusal, or the first of two steps."""
    if getattr(command, "confirmation", "") is None:
        first_step(hot, command)
    reply = taken(await hot.queued(command))
    done = hot.done(request)
    assert isinstance(done, Done)
    return done, not reply.events


def first_step(hot: HotPath, command: cmd.Command) -> None:
    """Raises ``Problem`` with the terms (or another refusal) at once; returns if there is nothing to confirm."""
    desk = hot.service.desk
    if desk.closed_because is not None or not desk.readable:
        raise of_unavailable(DeskClosed(f"no orders are taken now: {desk.closed_because}"))
    decision = decide(desk.book, command, max(desk.clock_ms(), desk.at_ms))
    if isinstance(decision, Refusal):
        raise of_refusal(decision)


def fingerprint(action: str, order_id: str, body: bytes) -> bytes:
    """What is asked for: the same key may ask for it again, and for nothing else. The two steps are two requests."""
    return blake2b(order_id.encode() + b"\0" + body, digest_size=8, person=action.encode()).digest()
