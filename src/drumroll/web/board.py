"""The board's stream: one view is made a second, however many watch, and only while somebody does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import msgspec

from drumroll.web.messages import BoardView
from drumroll.web.problems import Problem

EVERY_S = 1.0


class BoardStream:
    """Server-sent events (WHATWG HTML, section 9.2) of the board, for at most ``viewers_limit`` viewers."""

    def __init__(self, view: Callable[[], BoardView | None], viewers_limit: int) -> None:
        """``view`` gives ``None`` while nothing can be shown."""
        self._view = view
        self._viewers_limit = viewers_limit
        self._changed = asyncio.Condition()
        self._latest = b""
        self._closed = False
        self.viewers = 0

    def admit(self) -> AsyncIterator[bytes]:
        """The events for one more viewer. Raises ``Problem`` when there is no place."""
        if self.viewers >= self._viewers_limit:
            detail = f"{self._viewers_limit} viewers watch already; /v1/board has the same figures."
            raise Problem("too_many_viewers", detail, retry_after_s=5)
        return self._events()

    async def run(self) -> None:
        """Make a view a second, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            if self.viewers:
                await self._publish()

    async def close(self) -> None:
        """End every stream."""
        self._closed = True
        async with self._changed:
            self._changed.notify_all()

    async def _publish(self) -> None:
        self._latest = self._event()
        async with self._changed:
            self._changed.notify_all()

    async def _events(self) -> AsyncIterator[bytes]:
        self.viewers += 1
        try:
            yield b"retry: 2000\n" + self._event()
            while not self._closed:
                async with self._changed:
                    await self._changed.wait()
                if not self._closed:
                    yield self._latest
        finally:
            self.viewers -= 1

    def _event(self) -> bytes:
        view = self._view()
        if view is None:
            return b": the log can't be read now\n\n"
        return b"event: board\ndata: " + msgspec.json.encode(view) + b"\n\n"
