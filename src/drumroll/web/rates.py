"""How often one person may ask for what is dear: pages, which are rendered, and what is read from the log.

The hot routes are not here: the launch's own limits hold there, and the queue of the desk. Nor is what is the same for
everybody (quotes, board, assets, the front page): it is made once and sent from memory.
"""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from drumroll.access.limits import refuse
from drumroll.web.context import Web, web_of
from drumroll.web.pages.errors import OPERATIONS
from drumroll.web.pages.visitor import OPERATOR_SESSION, SESSION

DEAR: dict[str, bool] = {"dear": True}
"""What a route of the API is declared with (``opt``) that costs as much as a page. Pages are dear, all of them."""

Connection = ASGIConnection[Any, Any, Any, Any]


def is_dear(handler: BaseRouteHandler) -> bool:
    """Whether a route counts."""
    return bool(handler.opt.get("page") or handler.opt.get("dear"))


def often_enough(connection: Connection, handler: BaseRouteHandler) -> None:
    """A guard of all routes: raises ``TooMany`` for whoever asks too often for what is dear.

    A valid session counts for its person, wherever they are; what has none counts for the address that it comes from.
    """
    if is_dear(handler):
        web = web_of(connection)
        address = web.pages.address_of(connection)
        refuse(web.pages.guard.admit(address, web.now_s(), subject=_subject(web, connection)))


def _subject(web: Web, connection: Connection) -> str:
    """Whose session comes along, as the route would find it; empty: nobody's."""
    header = connection.headers.get("authorization", "")
    token = header[7:] if header[:7].lower() == "bearer " else _of_cookie(web, connection)
    return web.sessions.customer_of(token.encode("latin-1", "replace"), web.now_s()) or "" if token else ""


def _of_cookie(web: Web, connection: Connection) -> str:
    name = OPERATOR_SESSION if connection.scope["path"].startswith(OPERATIONS) else SESSION
    return connection.cookies.get(web.pages.safety.cookie_name(name), "")
