"""All routes of the application, found by walking it: what tests of roles, of pages and of the document go through."""

from __future__ import annotations

from typing import Any

import msgspec

from drumroll.access.roles import Permission
from drumroll.web import documented
from drumroll.web.api import make_api
from drumroll.web.changes import ON_ORDERS, ON_WAITING
from tests.web.house import House

PLAIN = {
    "GET /",
    "GET /v1/quotes",
    "GET /board",
    "GET /v1/board/events",
    "POST /v1/orders",
    "POST /v1/webhooks/payments",
    "POST /v1/waiting-list",
    "POST /v1/waiting-room",
    "GET /v1/waiting-room",
    "GET /v1/waiting-room/draw",
    *(f"POST /v1/orders/{{order_id}}/{action}" for action in ON_ORDERS),
    *(f"POST /v1/waiting-list/{{order_id}}/{action}" for action in ON_WAITING),
}
"""What ``web/app.py`` serves before the framework sees it, but for two folders of files."""
FOLDERS = {"/static/": "assets", "/log/": "the published log"}


class Route(msgspec.Struct, frozen=True):
    """A route: ``path`` as the document has it. ``permission``: what operators need for it, if it is one of theirs.

    ``twin``: the framework has it for the document alone.
    """

    method: str
    path: str
    page: bool = False
    permission: Permission | None = None
    twin: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def at(self, value: str) -> str:
        """Its address, with the same value for everything that its path leaves open."""
        parts = (value if part.startswith("{") else part for part in self.path.split("/"))
        return "/".join(parts)


def routes_of(house: House) -> list[Route]:
    """Every route that the framework serves, and the plain ones that have no twin there."""
    found: dict[str, Route] = {}
    for route in make_api(sandbox=True, body_limit_bytes=131_072).routes:
        handlers: dict[str, Any] = getattr(route, "route_handler_map", {})
        for method, handler in handlers.items():
            if method != "OPTIONS":
                one = _route(method, route.path_format, handler[0] if isinstance(handler, tuple) else handler)
                found[str(one)] = one
    for name in PLAIN - found.keys():
        method, _, path = name.partition(" ")
        found[name] = Route(method, path)
    return sorted(found.values(), key=str)


def _route(method: str, path: str, handler: Any) -> Route:
    function = getattr(handler, "fn", None)
    twin = getattr(function, "__module__", "") == documented.__name__
    return Route(method, path, bool(handler.opt.get("page")), handler.opt.get("permission"), twin)
