"""Who takes too long over a body is cut off: each holds a connection, and of those there are only so many.

An order must not pay for it, and a timer for each would cost a tenth of one. So one clock ticks for all while any body
is awaited, once in the time that a body may take: who was there two ticks ago has had that time, and at most twice.
"""

from __future__ import annotations

import asyncio
from typing import Any

from drumroll.web.incoming import Receive
from drumroll.web.problems import Problem

_HAD_ITS_TIME = 2
"""Ticks."""


class InTime:
    """Ends requests whose bodies take longer than ``limit_s``. It has one event loop."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._ticks = 0
        self._awaiting: dict[asyncio.Task[Any], int] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._ticking = False

    def __len__(self) -> int:
        """How many bodies are awaited."""
        return len(self._awaiting)

    def of(self, receive: Receive) -> Receive:
        """The same ``receive``; until the body is whole it raises ``Problem`` if that takes too long."""
        began, whole = self._ticks, False

        # One coroutine, and not one that awaits another: every order comes by here.
        async def received() -> dict[str, Any]:
            nonlocal whole
            if whole:
                return await receive()
            task = asyncio.current_task()
            assert task is not None
            self._begin(task, began)
            try:
                message = await receive()
            except asyncio.CancelledError:
                if task not in self._late:
                    raise
                task.uncancel()
                raise self._too_late() from None
            finally:
                self._awaiting.pop(task, None)
                self._late.discard(task)
            whole = not message.get("more_body")
            return message

        return received

    def _begin(self, task: asyncio.Task[Any], began: int) -> None:
        if self._ticks - began >= _HAD_ITS_TIME:
            raise self._too_late()
        self._awaiting[task] = began
        if not self._ticking:
            self._tick_later()

    def _tick_later(self) -> None:
        self._ticking = True
        asyncio.get_running_loop().call_later(self._limit_s, self._tick)

    def _tick(self) -> None:
        self._ticks += 1
        for task, began in self._awaiting.items():
            if self._ticks - began >= _HAD_ITS_TIME:
                self._late.add(task)
                task.cancel()
        self._ticking = False
        if self._awaiting:
            self._tick_later()

    def _too_late(self) -> Problem:
        return Problem("malformed_body", f"The body did not come within {self._limit_s:g} s.")
