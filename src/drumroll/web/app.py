"""The ASGI application: the plain routes of launch night, and the framework for all else."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from drumroll.web.api import STATIC, make_api
from drumroll.web.board_page import BoardPage
from drumroll.web.changes import ON_ORDERS, ON_WAITING, Action, Changes
from drumroll.web.context import WEB, Web
from drumroll.web.in_time import InTime
from drumroll.web.incoming import Receive, Scope, Send, answer, as_get
from drumroll.web.pages.store import Store
from drumroll.web.problems import Problem
from drumroll.web.quotes import Quotes
from drumroll.web.room import DRAW, ROOM, WaitingRooms, admitted
from drumroll.web.transparency import PREFIX

App = Callable[[Scope, Receive, Send], Awaitable[None]]
_ORDERS = "/v1/orders"
_PAYMENTS = "/v1/webhooks/payments"
_WAITING = "/v1/waiting-list"
_QUOTES = "/v1/quotes"
_BOARD, _BOARD_EVENTS = "/board", "/v1/board/events"
PATH_LIMIT = 1024
"""Characters of a path. All of ours are shorter; file systems fail on long ones, and on NUL."""

_NO_ROOM = "This launch has no waiting room: order without a ticket."

_log = logging.getLogger("drumroll")


def make_app(web: Web) -> App:
    """The application around the parts of a server."""
    place_order, payment_webhook = web.hot.place_order, web.hot.payment_webhook
    changes, reads = Changes(web.hot), _plain(web)
    framework: Any = make_api(sandbox=web.sandbox is not None, body_limit_bytes=web.body_limit_bytes)
    watch = InTime(web.body_timeout_s)
    web.hot.read_body, in_time = watch.read_body, watch.of

    def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # The two busiest routes are handed on as they are: one coroutine less for each request.
        path = scope.get("path")
        if path == _ORDERS and scope["method"] == "POST":
            return place_order(scope, receive, send)
        if path == _PAYMENTS and scope["method"] == "POST":
            return payment_webhook(scope, receive, send)
        return others(scope, receive if scope.get("method") == "GET" else in_time(receive), send)

    async def others(scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        scope, send = as_get(scope, send, endless=_BOARD_EVENTS)
        try:
            read = reads(path, scope.get("method", ""))
            if read is not None:
                return await read(scope, receive, send)
            if scope["type"] == "http" and scope["method"] == "POST":
                if path == _WAITING:
                    return await changes.join_waiting_list(scope, receive, send)
                found = _action(path)
                if found is not None:
                    return await changes.act(*found, scope, receive, send)
            scope[WEB] = web
            return await framework(_findable(scope), receive, send)  # type: ignore[no-any-return]
        except Exception:
            _log.exception("%s %r failed", scope.get("method"), scope.get("path"))
            raise

    return app


def _plain(web: Web) -> Callable[[str, str], App | None]:
    """What answers a plain route beside orders and payments, by path and method; ``None``: it is none."""
    quote, log, assets = Quotes(web.desk).quote, web.transparency, web.pages.assets
    front, rooms = Store(web, web.pages).front, WaitingRooms(web.room, web.hot) if web.room else None
    routes: dict[tuple[str, str], App] = {("GET", "/"): front, ("GET", _QUOTES): quote}
    texts = {language.tag: language.texts for language in web.launch.languages}
    board = BoardPage(STATIC, assets.url, web.pages.safety.raw_headers, texts).serve
    routes |= {("GET", _BOARD): board, ("GET", _BOARD_EVENTS): web.stream.events}
    if web.room is not None and rooms:
        web.hot.admitted = partial(admitted, web.room)
        routes |= {("POST", ROOM): rooms.join, ("GET", ROOM): rooms.look, ("GET", DRAW): rooms.draw}
    else:
        routes |= {("POST", ROOM): no_room, ("GET", ROOM): no_room, ("GET", DRAW): no_room}

    def found(path: str, method: str) -> App | None:
        route = routes.get((method, path))
        if route is not None:
            return route
        if assets.has(path) and method == "GET":
            return assets.serve
        return log.serve if log is not None and path.startswith(PREFIX) else None

    return found


async def no_room(scope: Scope, receive: Receive, send: Send) -> None:
    """What the waiting room's addresses answer where the launch has none."""
    await answer(send, *Problem("no_waiting_room", _NO_ROOM).answered(scope["headers"]))


def _action(path: str) -> tuple[Action, str, str] | None:
    """The action that a path names, its name, and the id that it is about: ``/v1/orders/{id}/<action>``."""
    parts = path.split("/")
    if len(parts) != 5 or not parts[3] or parts[1] != "v1":
        return None
    actions = ON_ORDERS if parts[2] == "orders" else ON_WAITING if parts[2] == "waiting-list" else {}
    action = actions.get(parts[4])
    return None if action is None else (action, parts[4], parts[3])


def _findable(scope: Scope) -> Scope:
    """A path that nothing can be at is one where nothing is."""
    path = scope.get("path", "")
    if len(path) > PATH_LIMIT or "\0" in path:
        return {**scope, "path": "/not-found", "raw_path": b"/not-found"}
    return scope
