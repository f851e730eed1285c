"""The page of the waiting room: when it opens, the place in it, and how anybody checks the draw."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from litestar import get, post

from drumroll.errors import RoomFailed
from drumroll.room.place import Place
from drumroll.room.rate import ASK_LATEST_S, ASK_SOONEST_S
from drumroll.room.room import Room
from drumroll.web.context import Parts, Web
from drumroll.web.pages.forms import form_of
from drumroll.web.pages.pages import ASYNC_PAGE, PAGE, Html, page
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.sign_in import is_in
from drumroll.web.pages.visitor import Visitor, back_to, visitor_of
from drumroll.web.problems import Problem
from drumroll.web.room import ask_again_s

ROOM_PAGE = "/room"
_log = logging.getLogger("drumroll")


class Line(msgspec.Struct, frozen=True):
    """A place in line, as it is shown. ``gone`` of ``whole``: how much of the way is behind them.

    When the turn comes is ``None`` while the sale stands still.
    """

    place: int
    ahead: int
    expected_at_ms: int | None
    wait_s: float | None
    gone: int
    whole: int


def room_for(to: str) -> str:
    """The page for who wants to go on from there to ``to``, a path of ours; ``/``: to nothing in particular."""
    return ROOM_PAGE if to == "/" else f"{ROOM_PAGE}?{urlencode({'to': to})}"


@get(ROOM_PAGE, **PAGE)
def room_page(web: Parts, request: Asking) -> Html:
    """The same in all tabs: one person has one place."""
    visitor = visitor_of(web, request)
    if web.room is None:
        return page(web, visitor, "room.html", here="room", room=None)
    try:
        return _page(web, web.room, visitor, back_to(request.query_params.get("to", "/")))
    except RoomFailed as error:
        raise _unavailable(error) from error


@post(ROOM_PAGE, **ASYNC_PAGE)
async def join(web: Parts, request: Asking) -> Any:
    """Take a place, or find the one that they have."""
    visitor = visitor_of(web, request)
    customer = visitor.customer
    form = await form_of(web, request, visitor)
    if web.room is not None:
        try:
            await web.room.join(customer, web.now_ms)
        except RoomFailed as error:
            raise _unavailable(error) from error
    return web.pages.see_other(room_for(back_to(form.one("to", "/"))))


def _page(web: Web, room: Room, visitor: Visitor, to: str) -> Html:
    now_ms = web.now_ms
    place = room.place_of(visitor.customer, now_ms) if is_in(visitor) else None
    return page(
        web,
        visitor,
        "room.html",
        here="room",
        room=room.view(now_ms),
        place=place,
        line=_line(place, now_ms),
        signed_in=is_in(visitor),
        again_s=_again_s(room, place, now_ms),
        ticket_s=room.rules.ticket_s,
        to=to,
        sign_in=f"/sign-in?back={quote(room_for(to), safe='')}",
    )


def _line(place: Place | None, now_ms: int) -> Line | None:
    if place is None or place.place is None:
        return None
    whole = place.position or place.place
    wait_s = None if place.expected_at_ms is None else max(0, place.expected_at_ms - now_ms) / 1000
    return Line(place.place, place.ahead, place.expected_at_ms, wait_s, whole - place.place, whole)


def _again_s(room: Room, place: Place | None, now_ms: int) -> int:
    """How often the page looks again: as the room asks who waits; else by how far off the opening is."""
    if place is not None:
        return ask_again_s(room, place, now_ms)
    left_s = (room.rules.opens_at_ms - now_ms) / 1000
    return min(ASK_LATEST_S, max(ASK_SOONEST_S, int(left_s))) if left_s > 0 else ASK_LATEST_S


def _unavailable(error: RoomFailed) -> Problem:
    _log.error("%s", error)
    return Problem("room_failed", "The waiting room can't be read or written now; ask again.", retry_after_s=1)


ROOM_PAGES = [room_page, join]
