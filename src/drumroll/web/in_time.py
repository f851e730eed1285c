"""Who takes too long over a body is cut off: each holds a connection, and of those there are only so many.

An order must not pay for it, and a timer for each would cost a tenth of one. So one clock ticks for all while any body
is awaited, once in the time that a body may take: who was there two ticks ago has had that time, and at most twice.

What is cancelled is the future that ``receive`` gave, and not the task that awaits it. The server (granian) gives one
that begins to read once it is awaited: no body is there at once, so there is none that need not be watched.
"""

from __future__ import annotations

import asyncio
from typing import Any

from drumroll.web.incoming import Receive, check_length, read_on
from drumroll.web.problems import Problem

_HAD_ITS_TIME = 2
"""Ticks."""
_CUT_OFF = -1
"""Stands for the tick at which a body began, of one that had its time."""


class InTime:
    """Ends requests whose bodies take longer than ``limit_s``. It has one event loop."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._ticks = 0
        self._awaited: dict[asyncio.Future[dict[str, Any]], int] = {}
        self._ticking = False

    def __len__(self) -> int:
        """How many bodies are awaited."""
        return len(self._awaited)

    async def read_body(self, length: bytes | None, receive: Receive, limit_bytes: int) -> bytes:
        """As ``incoming.read_body``; raises ``Problem`` too if that takes too long."""
        if length is not None:
            check_length(length, limit_bytes)
        # As in _next, written out: every order comes by here, and a coroutine more is a hundredth of one.
        began, awaited = self._ticks, self._begin(receive(), self._ticks)
        try:
            message = await awaited
        except asyncio.CancelledError:
            self._check(awaited)
            raise
        finally:
            del self._awaited[awaited]
        body: bytes = message.get("body", b"")
        if not message.get("more_body") and len(body) <= limit_bytes and message["type"] == "http.request":
            return body
        return await read_on(message, self.of(receive, began), limit_bytes)

    def of(self, receive: Receive, began: int | None = None) -> Receive:
        """The same ``receive``; until the body is whole it raises ``Problem`` if that takes too long."""
        since, whole = self._ticks if began is None else began, False

        async def received() -> dict[str, Any]:
            nonlocal whole
            if whole:
                return await receive()
            if self._ticks - since >= _HAD_ITS_TIME:
                raise self._too_late()
            message = await self._next(receive, since)
            whole = not message.get("more_body")
            return message

        return received

    async def _next(self, receive: Receive, began: int) -> dict[str, Any]:
        awaited = self._begin(receive(), began)
        try:
            return await awaited
        except asyncio.CancelledError:
            self._check(awaited)
            raise
        finally:
            del self._awaited[awaited]

    def _begin(self, awaited: Any, began: int) -> asyncio.Future[dict[str, Any]]:
        """Watch what ``receive`` gave: as a rule a future, of some servers a coroutine."""
        future = awaited if hasattr(awaited, "cancel") else asyncio.ensure_future(awaited)
        self._awaited[future] = began
        if not self._ticking:
            self._tick_later()
        return future  # type: ignore[no-any-return]

    def _check(self, awaited: asyncio.Future[dict[str, Any]]) -> None:
        """Of what was cancelled: raise ``Problem`` if it was by this watch, and not by whoever ends the task."""
        task = asyncio.current_task()
        if self._awaited[awaited] == _CUT_OFF and not (task and task.cancelling()):
            raise self._too_late() from None

    def _tick_later(self) -> None:
        self._ticking = True
        asyncio.get_running_loop().call_later(self._limit_s, self._tick)

    def _tick(self) -> None:
        self._ticks += 1
        for awaited, began in list(self._awaited.items()):
            if self._ticks - began >= _HAD_ITS_TIME:
                self._awaited[awaited] = _CUT_OFF
                awaited.cancel()
        self._ticking = False
        if self._awaited:
            self._tick_later()

    def _too_late(self) -> Problem:
        return Problem("malformed_body", f"The body did not come within {self._limit_s:g} s.")
