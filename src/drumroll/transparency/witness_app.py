"""A witness over HTTP: a plain ASGI application. Bodies are bounded in bytes and in time, and so is their number."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from drumroll.transparency.witness import BODY_BYTES_MOST, Answer, Witness

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_S = 10.0
"""Seconds that a client may take to send its body."""

AT_ONCE = 256
"""Requests that are read at the same time; more are told to come again."""

_TOO_LARGE = Answer(413, f"a request may have {BODY_BYTES_MOST} bytes\n")
_TOO_SLOW = Answer(408, f"the body did not arrive within {BODY_S:g} s\n")
_TOO_MANY = Answer(503, "too many requests at once; try again\n")
_CUT_OFF = Answer(400, "the connection ended before the body did\n")


def make_app(witness: Witness) -> App:
    """The application. Whatever it does to the witness happens in one thread, one request after the other."""
    reading = 0

    async def add(scope: Scope, receive: Receive) -> Answer:
        nonlocal reading
        if reading >= AT_ONCE:
            return _TOO_MANY
        reading += 1
        try:
            async with asyncio.timeout(BODY_S):
                body = await _body(scope, receive)
        except TimeoutError:
            return _TOO_SLOW
        finally:
            reading -= 1
        return body if isinstance(body, Answer) else witness.add(body)

    async def answered(scope: Scope, receive: Receive) -> tuple[Answer, str]:
        path, method = scope["path"], scope["method"]
        if path == "/add-checkpoint":
            return (await add(scope, receive), "") if method == "POST" else (Answer(405, "use POST\n"), "POST")
        if path != "/":
            return Answer(404, "there is / and /add-checkpoint\n"), ""
        return (Answer(200, witness.page()), "") if method in {"GET", "HEAD"} else (Answer(405, "use GET\n"), "GET")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        answer, allow = await answered(scope, receive)
        await _send(send, answer, allow, scope["method"] == "HEAD")

    return app


async def _body(scope: Scope, receive: Receive) -> bytes | Answer:
    """The whole body, or what to answer instead: never more of it is held than a request may have."""
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    if not announced.isdigit() or len(announced) > 9 or int(announced) > BODY_BYTES_MOST:
        return _TOO_LARGE
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return _CUT_OFF
        body += message.get("body", b"")
        if len(body) > BODY_BYTES_MOST:
            return _TOO_LARGE
        if not message.get("more_body"):
            return body


async def _send(send: Send, answer: Answer, allow: str, without_body: bool) -> None:
    body = answer.body.encode("utf-8", "replace")
    headers = [(b"content-type", answer.kind.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
    headers += [(b"allow", allow.encode())] if allow else []
    # What is left of a body that was not read must not be taken for the next request.
    headers += [(b"connection", b"close")] if answer.status in {408, 413} else []
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if without_body else body})
