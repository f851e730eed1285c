"""What every page of operations begins with: whose session it is, what their role may do, the frame around it."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler

from drumroll.access.roles import Operator, Permission, Role, may, operator_in
from drumroll.web.context import Web, web_of
from drumroll.web.operators import permit, standing_now
from drumroll.web.pages.pages import Html, page
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.visitor import SignInNeeded, Visitor, back_to, visitor_of
from drumroll.web.problems import Problem
from drumroll.words.problem_words import worded

SECTIONS: tuple[tuple[str, str, Permission], ...] = (
    ("/ops", worded("Overview"), Permission.SEE),
    ("/ops/orders", worded("Orders"), Permission.FIND_ORDERS),
    ("/ops/limits", worded("Limits and waiting list"), Permission.SEE),
    ("/ops/plan", worded("Plan"), Permission.SEE),
    ("/ops/refunds", worded("Refunds"), Permission.SEE_MONEY),
    ("/ops/ledger", worded("Ledger"), Permission.SEE_MONEY),
    ("/ops/outlook", worded("Outlook"), Permission.SEE_MONEY),
    ("/ops/market", worded("Market"), Permission.SEE_MONEY),
    ("/ops/webhooks", worded("Webhooks"), Permission.MANAGE_WEBHOOKS),
    ("/ops/trail", worded("Audit trail"), Permission.SEE),
    ("/ops/operators", worded("Operators"), Permission.MANAGE_OPERATORS),
    ("/ops/people", worded("People"), Permission.ERASE_PEOPLE),
)
"""The pages of operations: where, what they are called, and what one needs to see them."""

ROLE_NAMES: dict[Role, str] = {
    Role.VIEWER: worded("viewer"),
    Role.SUPPORT: worded("support"),
    Role.OPERATOR: worded("operator"),
    Role.FINANCE: worded("finance"),
    Role.ADMIN: worded("admin"),
}


class Seen(msgspec.Struct, frozen=True):
    """An operator who looks at a page, with the role that they have now."""

    visitor: Visitor
    operator: Operator

    def may(self, permission: str) -> bool:
        """Whether they may do that. Pages hide what one may not do; the route refuses it all the same."""
        return may(self.operator.role, Permission(permission))


def needs(permission: Permission, *, form: bool = False) -> dict[str, Any]:
    """How a page of operations is declared: what one needs for it. ``form``: it is one that is sent."""
    declared: dict[str, Any] = {
        "include_in_schema": False,
        "opt": {"page": True, "permission": permission},
        "guards": [only_permitted],
    }
    return declared | ({"status_code": 200} if form else {"sync_to_thread": False})


def only_permitted(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Turn away whoever may not, before their form is read. Raises ``SignInNeeded``, ``Problem``."""
    permit(operator_of_page(web_of(connection), connection), handler.opt["permission"])


def operator_of_page(web: Web, connection: Any) -> Operator:
    """Whose session the cookie is. Raises ``SignInNeeded`` if it is none, or no longer stands."""
    visitor = visitor_of(web, connection, operators=True)
    said = operator_in(visitor.session.subject) if visitor.session else None
    query = f"?{connection.url.query}" if connection.url.query else ""
    back = back_to(connection.url.path + query) if connection.scope.get("method") == "GET" else "/ops"
    if visitor.session is None or said is None:
        raise SignInNeeded(back, operators=True)
    try:
        return standing_now(web, visitor.session, said)
    except Problem as problem:
        if problem.code == "no_session":
            raise SignInNeeded(back, operators=True) from problem
        raise


def seen_by(web: Web, request: Asking) -> Seen:
    """Who looks. Raises ``SignInNeeded``."""
    return Seen(visitor_of(web, request, operators=True), operator_of_page(web, request))


def ops_page(
    web: Web, seen: Seen, template: str, here: str, *, status: int = 200, cookies: tuple[Cookie, ...] = (), **facts: Any
) -> Html:
    """A page of operations. ``here``: the path of its section."""
    words = seen.visitor.words
    sections = [(path, words.say(name), path == here) for path, name, needed in SECTIONS if seen.may(needed)]
    framed = {"seen": seen, "sections": sections, "role": words.say(ROLE_NAMES[seen.operator.role]), **facts}
    return page(web, seen.visitor, template, here=here, status=status, cookies=cookies, **framed)
