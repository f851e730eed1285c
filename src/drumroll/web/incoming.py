"""What comes in with a request, for the plain ASGI routes: headers that matter, the body, the idempotency key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec

from drumroll.web.problems import Problem

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

KEY_LIMIT = 255
"""Characters of an Idempotency-Key."""

JSON: Headers = [(b"content-type", b"application/json")]
JSON_REPLAYED: Headers = [*JSON, (b"idempotent-replayed", b"true")]

Message = TypeVar("Message")


async def read_body(length: bytes | None, receive: Receive, limit_bytes: int) -> bytes:
    """The whole body of a request. Raises ``Problem`` if it is longer than allowed, before reading more than that."""
    check_length(length, limit_bytes)
    return await read_on(await receive(), receive, limit_bytes)


def check_length(length: bytes | None, limit_bytes: int) -> None:
    """Raises ``Problem`` if the body that a Content-Length announces is longer than allowed."""
    try:
        allowed = length is None or int(length) <= limit_bytes
    except ValueError as error:
        raise Problem("malformed_body", "Content-Length is not a number of bytes.") from error
    if not allowed:
        raise _too_large(limit_bytes)


async def read_on(message: dict[str, Any], receive: Receive, limit_bytes: int) -> bytes:
    """The whole body of which ``message`` is the beginning. Raises ``Problem`` as ``read_body`` does.

    A client that goes away in the middle has asked for nothing, even if what came of the body can be read.
    """
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


def _too_large(limit_bytes: int) -> Problem:
    return Problem("body_too_large", f"The body may have {limit_bytes} bytes.", {"limit_bytes": limit_bytes})


def as_get(scope: Scope, send: Send, endless: str) -> tuple[Scope, Send]:
    """``HEAD`` is ``GET`` of which only the head is sent (RFC 9110, section 9.3.2), on all routes but a stream's."""
    if scope.get("method") != "HEAD" or scope["path"] == endless:
        return scope, send

    async def head(message: dict[str, Any]) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return {**scope, "method": "GET"}, head


def picked(headers: Headers) -> tuple[bytes | None, bytes, bytes | None, bytes]:
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
        raise Problem("idempotency_key_missing", "Send an Idempotency-Key, a new one for each thing that you want.")
    return token, key, length, media_type


def key_digest(customer: str, key: bytes) -> bytes:
    """What the log keeps of a customer's key; the key in quotes (as the draft has it) is the same as without them."""
    if key[:1] == b'"' == key[-1:] and len(key) > 1:
        key = key[1:-1].replace(b'\\"', b'"').replace(b"\\\\", b"\\")
    if not 1 <= len(key) <= KEY_LIMIT:
        raise Problem("idempotency_key_invalid", f"An Idempotency-Key has 1 to {KEY_LIMIT} characters.")
    return blake2b(customer.encode() + b"\0" + key, digest_size=16).digest()


def parsed(read: Callable[[bytes], Message], body: bytes, media_type: bytes) -> Message:
    """The message in a JSON body. Raises ``Problem`` if it is no JSON, or not that message."""
    if media_type != b"application/json" and media_type.partition(b";")[0].strip().lower() != b"application/json":
        raise Problem("unsupported_media_type", "Send the body as application/json.")
    try:
        return read(body)
    except msgspec.ValidationError as error:
        raise Problem("invalid_body", f"{error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem("malformed_body", f"The body is not JSON: {error}.") from error


async def answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """Send a whole answer."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
