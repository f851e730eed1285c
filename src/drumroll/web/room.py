"""The waiting room over HTTP: plain ASGI routes, for everybody who waits asks again and again.

``POST /v1/waiting-room`` joins (one person, one place: it needs no key), ``GET`` says where one is, and once places are
drawn ``GET /v1/waiting-room/draw`` is the draw for anybody to check. ``admitted`` is what an order is asked first.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from drumroll.desk.desk import Desk
from drumroll.domain.times import rfc3339
from drumroll.errors import RoomFailed
from drumroll.room.place import Place, RoomState, State
from drumroll.room.rate import ASK_SOONEST_S, ask_again_before_s, ask_again_idle_s, ask_again_in_line_s
from drumroll.room.room import DRAW_ADDRESS, Room
from drumroll.room.sale import Sale
from drumroll.web.hot import HotPath
from drumroll.web.incoming import JSON, Headers, Receive, Scope, Send, answer
from drumroll.web.messages import SaleState
from drumroll.web.problems import Problem
from drumroll.web.sale import opens_at_ms, sale_view

ROOM = "/v1/waiting-room"
DRAW = DRAW_ADDRESS
ADMISSION = b"admission"
"""The header that carries the ticket of an order."""

_DRAW_AGAIN_S = 10
_NEVER_KEPT: Headers = [*JSON, (b"cache-control", b"no-store")]
DRAWS_AT_ONCE = 256
DRAWN_WITHIN_S = 120.0
"""The file has 11 MB on a launch night. Who does not read it holds some pieces of it in the server's memory: so pieces
are small, so many are sent at once, and each for so long."""
_CHUNK_BYTES = 32_768
_encode = msgspec.json.Encoder().encode
_log = logging.getLogger("drumroll")


class PlaceView(msgspec.Struct, frozen=True, gc=False):
    """A person's place: ``place`` 1 is let in next, ``of`` so many wait; ``position`` is that of the published draw.

    While the sale is paused, ``expected_at`` and ``ticket_expires_at`` are ``null``: nobody knows when it goes on.
    ``ticket_left_s`` is what the ticket has left then, and keeps; at other times it is ``null``.
    """

    entry_id: str
    state: State
    place: int | None
    of: int
    ahead: int
    position: int | None
    expected_at: str | None
    ticket: str | None
    ticket_expires_at: str | None
    ticket_left_s: int | None
    ask_again_s: int


class WaitingRoomView(msgspec.Struct, frozen=True, gc=False):
    """The waiting room, and in it the place of who asks. ``seed`` and ``draw`` are there once places are drawn.

    ``sale`` is the state of the sale behind it. People are let in while that is ``open`` or ``sold_out``.
    """

    state: RoomState
    opens_at: str
    sale_opens_at: str
    sale: SaleState
    commitment: str
    entrants: int
    drawn: int | None
    admitted: int
    waiting: int
    rate_per_s: int
    seed: str | None
    draw: str | None
    mine: PlaceView | None


class _Asked(NamedTuple):
    token: bytes | None
    etag: bytes | None


class WaitingRooms:
    """The routes, with the room and with what knows sessions."""

    def __init__(self, room: Room, hot: HotPath) -> None:
        self.room = room
        self.hot = hot
        self._draws = 0

    async def join(self, scope: Scope, receive: Receive, send: Send) -> None:
        """``POST /v1/waiting-room``; a body is not looked at."""
        try:
            customer = self.hot.customer_of(_asked(scope["headers"]).token)
            now_ms = self.hot.service.desk.clock_ms()
            place = await self.room.join(customer, now_ms)
            if place is None:
                raise _not_joined(self.room, now_ms)
            answered = 200, _NEVER_KEPT, _encode(self._place(place, now_ms))
        except RoomFailed as error:
            answered = _failed(error).answered(scope["headers"])
        except Problem as problem:
            answered = problem.answered(scope["headers"])
        await answer(send, *answered)

    async def look(self, scope: Scope, receive: Receive, send: Send) -> None:
        """``GET /v1/waiting-room``, with a session or without."""
        try:
            token = _asked(scope["headers"]).token
            customer = None if token is None else self.hot.customer_of(token)
            answered = 200, _NEVER_KEPT, _encode(self._view(customer, self.hot.service.desk.clock_ms()))
        except Problem as problem:
            answered = problem.answered(scope["headers"])
        await answer(send, *answered)

    async def draw(self, scope: Scope, receive: Receive, send: Send) -> None:
        """``GET /v1/waiting-room/draw``: the published file, in pieces; it never changes."""
        path = self.room.published()
        if path is None:
            problem = Problem("not_drawn_yet", "Places are drawn when the sale opens.", retry_after_s=ASK_SOONEST_S)
            return await answer(send, *problem.answered(scope["headers"]))
        etag = b'"' + self.room.commitment.encode() + b'"'
        headers = [*JSON, (b"etag", etag), (b"cache-control", b"public, max-age=3600")]
        headers.append((b"access-control-allow-origin", b"*"))
        if _asked(scope["headers"]).etag == etag:
            return await answer(send, 304, headers[1:], b"")
        if self._draws >= DRAWS_AT_ONCE:
            problem = Problem(
                "too_many_requests",
                f"{DRAWS_AT_ONCE} read the draw already; it never changes, so ask again later.",
                {"retry_after_s": _DRAW_AGAIN_S},
                _DRAW_AGAIN_S,
            )
            return await answer(send, *problem.answered(scope["headers"]))
        self._draws += 1
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(DRAWN_WITHIN_S):
                    await self._send_draw(path, headers, scope, send)
        finally:
            self._draws -= 1
        return None

    async def _send_draw(self, path: Path, headers: Headers, scope: Scope, send: Send) -> None:
        try:
            size, file = path.stat().st_size, await asyncio.to_thread(path.open, "rb")
        except OSError as error:
            problem = _failed(RoomFailed(f"the published draw can't be read ({error.strerror})"))
            return await answer(send, *problem.answered(scope["headers"]))
        with file:
            headers.append((b"content-length", b"%d" % size))
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            while piece := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        return None

    def _view(self, customer: str | None, now_ms: int) -> WaitingRoomView:
        view, zone = self.room.view(now_ms), self.hot.zone()
        place = None if customer is None else self.room.place_of(customer, now_ms)
        return WaitingRoomView(
            view.state,
            rfc3339(view.opens_at_ms, zone),
            rfc3339(view.sale_opens_ms, zone),
            view.sale,
            view.commitment,
            view.entrants,
            view.drawn,
            view.admitted,
            view.waiting,
            view.rate_per_s,
            view.seed,
            view.draw,
            None if place is None else self._place(place, now_ms),
        )

    def _place(self, place: Place, now_ms: int) -> PlaceView:
        zone = self.hot.zone()
        return PlaceView(
            place.entry_id,
            place.state,
            place.place,
            place.of,
            place.ahead,
            place.position,
            None if place.expected_at_ms is None else rfc3339(place.expected_at_ms, zone),
            place.ticket,
            None if place.ticket_expires_ms is None else rfc3339(place.ticket_expires_ms, zone),
            place.ticket_left_s,
            ask_again_s(self.room, place, now_ms),
        )


def sale_of(desk: Desk) -> Sale | None:
    """How the sale stands that the room follows; ``None`` while the log can't be read."""
    if not desk.readable or desk.book.launch is None:
        return None
    now_ms = max(desk.clock_ms(), desk.at_ms)
    return Sale(sale_view(desk.book, now_ms, 1.0).state, opens_at_ms(desk.book, now_ms))


def ask_again_s(room: Room, place: Place, now_ms: int) -> int:
    """After how many seconds this person should ask again."""
    if place.state is State.WAITING_FOR_THE_DRAW:
        left_s = max(0, room.sale_opens_ms - now_ms) / 1000
        return ask_again_before_s(left_s, place.of, int(place.entry_id[:8], 16) / 2**32)
    if room.held and place.state in (State.IN_LINE, State.ADMITTED):
        return ask_again_idle_s(room.entrants)
    if place.expected_at_ms is not None:
        return ask_again_in_line_s((place.expected_at_ms - now_ms) / 1000)
    return ASK_SOONEST_S


def admitted(room: Room, headers: Headers, customer: str, now_ms: int) -> None:
    """Let an order pass, as far as the room goes. Raises ``Problem`` ``not_admitted``, with when to ask again."""
    ticket = next((value for name, value in headers if name == ADMISSION), None)
    if room.admits(ticket, customer, now_ms):
        return
    place = room.place_of(customer, now_ms)
    state, again_s = (None, ASK_SOONEST_S) if place is None else (place.state, ask_again_s(room, place, now_ms))
    detail = f"Send your ticket of the waiting room as 'Admission: <ticket>'; POST {ROOM} says when you get one."
    raise Problem("not_admitted", detail, {"state": state}, retry_after_s=again_s)


def _asked(headers: Headers) -> _Asked:
    token = etag = None
    for name, value in headers:
        if name == b"authorization":
            token = value
        elif name == b"if-none-match":
            etag = value
    return _Asked(token, etag)


def _not_joined(room: Room, now_ms: int) -> Problem:
    left_ms = room.rules.opens_at_ms - now_ms
    if left_ms > 0:
        return Problem("room_not_open", "The waiting room is not open yet.", retry_after_s=-(-left_ms // 1000))
    return Problem("room_over", "The waiting room is over: order without a ticket.")


def _failed(error: RoomFailed) -> Problem:
    """Why it failed is for the operators' log; people only learn to ask again."""
    _log.error("%s", error)
    return Problem("room_failed", "The waiting room can't be read or written now; ask again.", retry_after_s=1)
