"""Operators sign in: by name, password and a code of their authenticator, or by the operators' OpenID provider.

Whatever is wrong, the page says the same. A sandbox without any account lets anybody in, as its API does.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import get, post

from drumroll.access.limits import refuse
from drumroll.access.roles import Operator, Role, operator_in, subject_of
from drumroll.errors import NotSignedIn, TooMany
from drumroll.web.context import Parts, Web
from drumroll.web.operators import standing_now
from drumroll.web.pages.errors import OPERATIONS, of_error
from drumroll.web.pages.forms import Form, form_of
from drumroll.web.pages.outbox import only_in_sandbox
from drumroll.web.pages.pages import ASYNC_PAGE, PAGE, Html, page
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.sessions import available, begin, end, forgotten, host_of
from drumroll.web.pages.sign_in import AWAY, came_back, sent_away
from drumroll.web.pages.visitor import OPERATOR_SESSION, Visitor, back_to, visitor_of
from drumroll.web.problems import Problem
from drumroll.words.catalog import Words

SANDBOX_ADMIN = "sandbox"
"""The name of a sandbox's admin, as it stands in the audit trail."""


@get("/ops/sign-in", **PAGE)
def operators_page(web: Parts, request: Asking) -> Any:
    """Name, password and code; whoever is in already goes straight back."""
    visitor, asked = visitor_of(web, request, operators=True), request.query_params.get("back", "")
    if asked and _who(web, visitor) is not None:
        return web.pages.see_other(_back(asked))
    return _page(web, visitor, _back(asked))


@post("/ops/sign-in", **ASYNC_PAGE)
async def sign_operator_in(web: Parts, request: Asking) -> Any:
    """Check all three; then on to operations."""
    visitor = visitor_of(web, request, operators=True)
    form = await form_of(web, request, visitor)
    back = _back(form.one("back", ""))
    try:
        found = await _checked(web, visitor, form)
    except (NotSignedIn, TooMany) as error:
        return _refused(web, visitor, back, of_error(error))
    return web.pages.see_other(back, [await _begun(web, request, visitor, found)])


@get("/ops/sign-in/oidc", **ASYNC_PAGE)
async def to_operators_service(web: Parts, request: Asking) -> Any:
    """To the operators' provider."""
    visitor = visitor_of(web, request, operators=True)
    return await sent_away(web, visitor, web.entrance.operators_oidc, _back(request.query_params.get("back", "")))


@get("/ops/sign-in/oidc/done", **ASYNC_PAGE)
async def from_operators_service(web: Parts, request: Asking) -> Any:
    """Back from the operators' provider, which vouches for who has an account here."""
    visitor = visitor_of(web, request, operators=True)
    identity, back = await came_back(web, request, web.entrance.operators_oidc)
    with available():
        found = await web.entrance.accounts.signed_in_by(identity.subject)
    cookie = await _begun(web, request, visitor, found)
    web.entrance.guard.succeeded(visitor.address)
    return page(web, visitor, "again.html", address=back, cookies=[cookie, forgotten(web, AWAY)])


@post("/ops/sign-out", **ASYNC_PAGE)
async def sign_operator_out(web: Parts, request: Asking) -> Any:
    """The session ends, here and in any copy of its cookie."""
    visitor = visitor_of(web, request, operators=True)
    await form_of(web, request, visitor)
    await end(web, visitor.session)
    return web.pages.see_other("/ops/sign-in", [forgotten(web, OPERATOR_SESSION)])


@post("/sandbox/ops-session", guards=[only_in_sandbox], **ASYNC_PAGE)
async def sandbox_admin(web: Parts, request: Asking) -> Any:
    """Sign in as an admin, while there is no account at all: a sandbox is for trying things out."""
    visitor = visitor_of(web, request, operators=True)
    form = await form_of(web, request, visitor)
    if not _anybody(web):
        raise Problem("not_found", "This sandbox has operators' accounts: sign in with one.")
    back = _back(form.one("back", ""))
    admin = Operator(SANDBOX_ADMIN, Role.ADMIN)
    return web.pages.see_other(back, [await _begun(web, request, visitor, admin)])


async def _checked(web: Web, visitor: Visitor, form: Form) -> Operator:
    """Who it is. Raises ``NotSignedIn``, ``TooMany``; ``Problem`` if the accounts can't be read."""
    guard, now_s = web.entrance.guard, web.now_s()
    refuse(guard.admit(visitor.address, now_s))
    name, code = form.one("name", ""), form.one("code", "")
    password = form.as_typed("password")
    with available():
        found = await web.entrance.accounts.sign_in(name, password, code, now_s)
    guard.succeeded(visitor.address)
    return found


async def _begun(web: Web, request: Asking, visitor: Visitor, operator: Operator) -> Any:
    """A new session; the one that this browser had ends."""
    await end(web, visitor.session)
    subject = subject_of(operator.name, operator.role)
    return await begin(web, request, subject, web.entrance.operator_session_s, OPERATOR_SESSION)


def _who(web: Web, visitor: Visitor) -> Operator | None:
    """Who is signed in, if their session and their account still stand."""
    said = operator_in(visitor.session.subject) if visitor.session else None
    if visitor.session is None or said is None:
        return None
    try:
        return standing_now(web, visitor.session, said)
    except Problem:
        return None


def _anybody(web: Web) -> bool:
    """Whether anybody may come in: a sandbox in which no account was made."""
    with available():
        return web.sandbox is not None and not web.entrance.access.operators()


def _back(asked: str) -> str:
    """Where to go once in: a page of operations."""
    back = back_to(asked)
    return back if back == OPERATIONS or back.startswith((f"{OPERATIONS}/", f"{OPERATIONS}?")) else OPERATIONS


def _page(web: Web, visitor: Visitor, back: str, refused: str = "", status: int = 200) -> Html:
    service, who = web.entrance.operators_oidc, _who(web, visitor)
    return page(
        web,
        visitor,
        "ops_sign_in.html",
        status=status,
        back=back,
        refused=refused,
        who=who.name if who else "",
        anybody=_anybody(web),
        service=host_of(service.issuer) if service else "",
        service_url=f"/ops/sign-in/oidc?back={quote(back, safe='')}",
    )


def _refused(web: Web, visitor: Visitor, back: str, problem: Problem) -> Html:
    found = _page(web, visitor, back, _told(visitor.words, problem), problem.status)
    if problem.retry_after_s is not None:
        found.headers["retry-after"] = str(problem.retry_after_s)
    return found


def _told(words: Words, problem: Problem) -> str:
    if problem.code == "not_signed_in":
        return words.say("Name, password or code do not fit. A code works once: wait for the next one.")
    return words.problem(problem.code, problem.facts, problem.detail)


OPERATORS_SIGN_IN_PAGES = [
    operators_page,
    sign_operator_in,
    to_operators_service,
    from_operators_service,
    sign_operator_out,
    sandbox_admin,
]
