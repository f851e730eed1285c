"""The board's stream: one event is made a second, however many watch, and only while somebody does.

A viewer's coroutine sends the board once and then sleeps until the viewer has gone: events are handed to the
connections by one loop over all of them, in slices spread over the second. No coroutine is woken, and an order waits
for a few dozen viewers at most, never for all. An event takes about 8 µs of this loop, and 18 more of the server's own
thread, which writes it to the socket. Compressed, an event would be half as long, and one packet as before.

The server (granian) keeps what a viewer does not read, and does not say so. What bounds that memory is the length of a
stream: it ends after some minutes, and a browser opens the next by itself. Another server may let who sends wait: then
that viewer gets no more events, and its page, hearing nothing, asks anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from drumroll.web.board_events import OPENS, UNREADABLE, board_event, change_event
from drumroll.web.incoming import Headers, Receive, Scope, Send, answer
from drumroll.web.messages import BoardView
from drumroll.web.problems import Problem

EVERY_S = 1.0
SLICES = 50
"""Parts of the second over which viewers are spread: of 2,000, an order waits for 40."""

EVENTS_LEAST, EVENTS_SPREAD = 120, 120
"""Events of a stream. One has about 450 bytes with three trims, so who reads nothing holds 100 kB at most. Streams are
not all equally long, so that a crowd that came at once does not come back at once."""

_HEADERS: Headers = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
_START = {"type": "http.response.start", "status": 200, "headers": _HEADERS}


class _Viewer:
    """One stream: where its events go, and how many are left of it."""

    __slots__ = ("left", "send")

    def __init__(self, send: Send, left: int) -> None:
        self.send = send
        self.left = left


class BoardStream:
    """Server-sent events of the board (see ``board_events``), for at most ``viewers_limit`` viewers."""

    def __init__(self, view: Callable[[], BoardView | None], viewers_limit: int) -> None:
        """``view`` gives ``None`` while nothing can be shown."""
        self._view = view
        self._viewers_limit = viewers_limit
        self._slices: list[set[_Viewer]] = [set() for _ in range(SLICES)]
        self._told: BoardView | None = None
        self._event = self._board = b""
        self._admitted = 0
        self._closed = False
        self.viewers = 0

    async def events(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer ``GET /v1/board/events``."""
        try:
            self._admit()
        except Problem as problem:
            return await answer(send, *problem.answered(scope["headers"]))
        self.viewers += 1
        self._admitted += 1
        viewer = _Viewer(send, EVENTS_LEAST + self._admitted * 7 % EVENTS_SPREAD)
        place = min(self._slices, key=len)
        try:
            await send(_START)
            told = b""
            while told is not self._all():  # should a server let us wait here, what is new meanwhile is not lost
                told = self._all()
                await send(_body(told, more=True))
            place.add(viewer)
            while (await receive())["type"] != "http.disconnect":
                pass  # the request; what comes after it is that the viewer has gone, or that the stream has ended
        finally:
            place.discard(viewer)
            self.viewers -= 1
        return None

    async def run(self) -> None:
        """Make an event a second and send it to all, until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + EVERY_S, loop.time())
            await asyncio.sleep(due - loop.time())
            if self.viewers:
                self._make()
                await self._tell_all(due)

    async def close(self) -> None:
        """End every stream."""
        self._closed = True
        for viewers in self._slices:
            _tell(viewers, b"", ends=True)

    def _admit(self) -> None:
        """See that there is something to show. Raises ``Problem`` if there is not, or no place for one viewer more."""
        if self.viewers >= self._viewers_limit:
            detail = f"{self._viewers_limit} viewers watch already; /v1/board has the same figures."
            raise Problem("too_many_viewers", detail, retry_after_s=5)
        if self._closed:
            raise Problem("desk_closed", "The server is stopping.", retry_after_s=5)
        if not self.viewers:  # what was told last may be old
            self._told = None
            self._make()
        if self._told is None:
            raise Problem("desk_closed", "The log can't be read now; the board is back when it can.", retry_after_s=1)

    def _all(self) -> bytes:
        """The whole board as of this second; encoded once in it, and only if somebody comes."""
        if not self._board:
            self._board = OPENS + (UNREADABLE if self._told is None else board_event(self._told))
        return self._board

    def _make(self) -> None:
        """The event of this second. After a second in which nothing could be shown, it says all."""
        before, now = self._told, self._view()
        if now is None:
            self._event = UNREADABLE
        else:
            self._event = board_event(now) if before is None else change_event(before, now)
        self._told, self._board = now, b""

    async def _tell_all(self, since: float) -> None:
        """Slice after slice, over a second from ``since`` on."""
        loop = asyncio.get_running_loop()
        for number, viewers in enumerate(self._slices):
            if viewers:
                await asyncio.sleep(max(0.0, since + number * EVERY_S / SLICES - loop.time()))
                _tell(viewers, self._event)


def _tell(viewers: set[_Viewer], event: bytes, *, ends: bool = False) -> None:
    """Hand the event to each; who can't take it, or whose stream ends with it, gets no more."""
    going_on, last = _body(event, more=True), _body(event, more=False)
    done = []
    for viewer in viewers:
        viewer.left -= 1
        over = ends or viewer.left <= 0
        if not _handed_over(viewer.send, last if over else going_on) or over:
            done.append(viewer)
    viewers.difference_update(done)


def _handed_over(send: Send, message: dict[str, object]) -> bool:
    """Send without waiting. False: it would have to wait, or the viewer is not there any more."""
    try:
        next(send(message).__await__())
    except StopIteration:
        return True
    except (RuntimeError, OSError):  # the first is what granian says of a connection that has been closed
        return False
    return False


def _body(event: bytes, *, more: bool) -> dict[str, object]:
    return {"type": "http.response.body", "body": event, "more_body": more}
