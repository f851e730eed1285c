"""Customers sign in: by a code that is sent to their e-mail address or phone, or by a sign-in service they use already.

Until a code is answered nothing asks whether its contact is known: the pages, and the time that they take, are the same
for both (OWASP Authentication Cheat Sheet). The contact and the number of the challenge are in a sealed cookie, never
in an address.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import get, post

from drumroll.access.codes import CODE_DIGITS, VALID_S, Challenge
from drumroll.access.limits import refuse
from drumroll.access.oidc import Begun, Oidc
from drumroll.errors import NotDelivered, NotSignedIn, TooMany
from drumroll.people.person import Contact, Kind, oidc_contact, parse_contact
from drumroll.web.context import Parts, Web
from drumroll.web.pages.errors import of_error
from drumroll.web.pages.forms import Form, form_of
from drumroll.web.pages.pages import ASYNC_PAGE, PAGE, Html, page
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.sessions import available, begin, end, forgotten, host_of, sealed, unsealed
from drumroll.web.pages.visitor import SESSION, Visitor, back_to, visitor_of
from drumroll.web.problems import Problem
from drumroll.words.catalog import Words

CHALLENGE, AWAY = "challenge", "away"
"""The names of the cookies that a sign-in has while it is under way."""
CODE_PAGE = "/sign-in/code"


class Pending(msgspec.Struct, frozen=True):
    """A code was sent: which challenge, to whom, and where they go once they are in. ``again``: it is not the first."""

    challenge: str
    kind: Kind
    contact: str
    back: str
    again: bool = False


class Away(msgspec.Struct, frozen=True):
    """Somebody is at the sign-in service: what it was asked, and where they go once they are in."""

    state: str
    nonce: str
    verifier: str
    back: str


@get("/sign-in", **PAGE)
def sign_in_page(web: Parts, request: Asking) -> Any:
    """One field, no password."""
    visitor, back = visitor_of(web, request), back_to(request.query_params.get("back", "/"))
    return web.pages.see_other(back) if is_in(visitor) else _first_page(web, visitor, back)


@post("/sign-in", **ASYNC_PAGE)
async def ask_code(web: Parts, request: Asking) -> Any:
    """Send a code; then on to where it is typed."""
    visitor = visitor_of(web, request)
    if is_in(visitor):
        return web.pages.see_other("/")
    form = await form_of(web, request, visitor)
    back, typed = back_to(form.one("back", "/")), form.one("contact", "")
    contact = parse_contact(typed)
    if contact is None:
        refused = visitor.words.say("This is neither an e-mail address nor a phone number. Please check it.")
        return _first_page(web, visitor, back, refused, typed, 422)
    try:
        pending = await _sent(web, visitor, contact, back)
    except (TooMany, NotDelivered) as error:
        problem = of_error(error)
        return _with_wait(
            _first_page(web, visitor, back, _told(visitor.words, problem), typed, problem.status), problem
        )
    return web.pages.see_other(CODE_PAGE, [sealed(web, CHALLENGE, pending)])


@get(CODE_PAGE, **PAGE)
def code_page(web: Parts, request: Asking) -> Any:
    """Where the code is typed."""
    visitor, pending = visitor_of(web, request), unsealed(web, request, CHALLENGE, Pending)
    if is_in(visitor):
        return web.pages.see_other(pending.back if pending else "/")
    return _second_page(web, visitor, pending) if pending else web.pages.see_other("/sign-in")


@post(CODE_PAGE, **ASYNC_PAGE)
async def answer_code(web: Parts, request: Asking) -> Any:
    """The code; then back to where they came from, signed in."""
    visitor, pending = visitor_of(web, request), unsealed(web, request, CHALLENGE, Pending)
    if is_in(visitor) or pending is None:
        return web.pages.see_other("/" if is_in(visitor) else "/sign-in")
    form = await form_of(web, request, visitor)
    try:
        contact = _answered(web, visitor, pending, form)
    except (TooMany, NotSignedIn) as error:
        return _refused(web, visitor, pending, of_error(error))
    cookie = await _begun(web, request, visitor, contact)
    return web.pages.see_other(pending.back, [cookie, forgotten(web, CHALLENGE)])


@post("/sign-in/again", **ASYNC_PAGE)
async def ask_again(web: Parts, request: Asking) -> Any:
    """Another code, to the same contact."""
    visitor, pending = visitor_of(web, request), unsealed(web, request, CHALLENGE, Pending)
    if is_in(visitor) or pending is None:
        return web.pages.see_other("/" if is_in(visitor) else "/sign-in")
    await form_of(web, request, visitor)
    try:
        anew = await _sent(web, visitor, Contact(pending.kind, pending.contact), pending.back)
    except (TooMany, NotDelivered) as error:
        return _refused(web, visitor, pending, of_error(error))
    return web.pages.see_other(CODE_PAGE, [sealed(web, CHALLENGE, msgspec.structs.replace(anew, again=True))])


@get("/sign-in/oidc", **ASYNC_PAGE)
async def to_service(web: Parts, request: Asking) -> Any:
    """To the sign-in service. Lax, for it sends people back from another site."""
    visitor, back = visitor_of(web, request), back_to(request.query_params.get("back", "/"))
    return web.pages.see_other(back) if is_in(visitor) else await sent_away(web, visitor, web.entrance.oidc, back)


@get("/sign-in/oidc/done", **ASYNC_PAGE)
async def from_service(web: Parts, request: Asking) -> Any:
    """Back from the sign-in service.

    The answer is a page that goes on by itself: a strict cookie does not come along on a redirect that began at
    another site (RFC 6265bis, section 5.2).
    """
    visitor = visitor_of(web, request)
    identity, back = await came_back(web, request, web.entrance.oidc)
    contact = oidc_contact(identity.issuer, identity.subject)
    if contact is None:
        raise NotSignedIn("the sign-in service names somebody in a way that can't be kept")
    cookie = await _begun(web, request, visitor, contact)
    web.entrance.guard.succeeded(visitor.address)
    return page(web, visitor, "again.html", address=back, cookies=[cookie, forgotten(web, AWAY)])


@post("/sign-out", **ASYNC_PAGE)
async def sign_out(web: Parts, request: Asking) -> Any:
    """The session ends, here and in any copy of its cookie."""
    visitor = visitor_of(web, request)
    await form_of(web, request, visitor)
    await end(web, visitor.session)
    return web.pages.see_other("/", [forgotten(web, SESSION)])


def is_in(visitor: Visitor) -> bool:
    """Whether a customer is signed in."""
    return visitor.session is not None and not visitor.session.subject.startswith("operator:")


async def sent_away(web: Web, visitor: Visitor, service: Oidc | None, back: str) -> Any:
    """To a sign-in service; what it was asked stays here, sealed. Raises ``Problem``: there is none, or it is down."""
    if service is None:
        raise Problem("not_found", "There is no sign-in service.")
    refuse(web.entrance.guard.admit(visitor.address, web.now_s()))
    with available():
        begun = await service.begin()
    away = Away(begun.state, begun.nonce, begun.verifier, back)
    return web.pages.see_other(begun.url, [sealed(web, AWAY, away, "lax")])


async def came_back(web: Web, request: Asking, service: Oidc | None) -> tuple[Any, str]:
    """Who came back, and where they wanted to go. Raises ``NotSignedIn``, ``Problem``."""
    away = unsealed(web, request, AWAY, Away)
    if service is None or away is None:
        raise NotSignedIn("this sign-in was not begun here, or too long ago; begin again")
    said = request.query_params
    begun = Begun("", away.state, away.nonce, away.verifier)
    with available():
        found = await service.finish(said.get("code", ""), said.get("state", ""), begun, said.get("iss"))
    return found, away.back


async def _sent(web: Web, visitor: Visitor, contact: Contact, back: str) -> Pending:
    """Make a code and send it. Raises ``TooMany``, ``NotDelivered``."""
    entrance, now_s, whom = web.entrance, web.now_s(), _whom(contact)
    refuse(entrance.guard.admit(visitor.address, now_s, tried=whom))
    challenge = entrance.challenges.ask(whom, now_s)
    await entrance.delivery.send(contact, *_message(web, visitor.words, contact, challenge))
    return Pending(challenge.id, contact.kind, contact.value, back)


def _answered(web: Web, visitor: Visitor, pending: Pending, form: Form) -> Contact:
    """Whose code it was. Raises ``NotSignedIn``, ``TooMany``."""
    contact, entrance, now_s = Contact(pending.kind, pending.contact), web.entrance, web.now_s()
    whom = _whom(contact)
    refuse(entrance.guard.admit(visitor.address, now_s, tried=whom))
    if entrance.challenges.answer(pending.challenge, form.one("code", ""), now_s) != whom:
        raise NotSignedIn("the code was sent to another contact")
    # What asking took, too: a campus that signs in pays for nothing.
    entrance.guard.succeeded(visitor.address, tried=whom, amount=2.0)
    return contact


async def _begun(web: Web, request: Asking, visitor: Visitor, contact: Contact) -> Any:
    """A session for whoever is reached by the contact, who may be new."""
    new_id, at_ms = f"cus_{secrets.token_hex(10)}", int(web.now_s() * 1000)
    with available():
        found = await asyncio.to_thread(web.entrance.people.find_or_make, contact, visitor.words.tag, new_id, at_ms)
    return await begin(web, request, found.id, web.session_s)


def _whom(contact: Contact) -> str:
    return f"{contact.kind}:{contact.value}"


def _message(web: Web, words: Words, contact: Contact, challenge: Challenge) -> tuple[str, str]:
    """Subject and text. The code is not in the subject, which is shown on locked screens."""
    half = CODE_DIGITS // 2
    facts = {
        "code": f"{challenge.code[:half]} {challenge.code[half:]}",
        "launch": words.text(web.launch, web.launch.name),
        "span": words.span(VALID_S),
    }
    subject = words.say("Your code to sign in to %(launch)s", **facts)
    if contact.kind == "phone":
        return subject, words.say(
            "%(code)s is your code to sign in to %(launch)s, valid for %(span)s. Give it to nobody: none of us will "
            "ask you for it.",
            **facts,
        )
    text = [
        words.say("Your code to sign in to %(launch)s is:", **facts),
        facts["code"],
        words.say("Type it on the page where you asked for it. It is valid for %(span)s and works once.", **facts),
        words.say(
            "Give it to nobody: none of us will ever ask you for it. If you did not ask for a code, ignore this."
        ),
    ]
    return subject, "\n\n".join(text)


def masked(contact: Contact) -> str:
    """A contact as its owner recognises it, and nobody else reads it."""
    if contact.kind == "email":
        local, _, domain = contact.value.partition("@")
        return f"{local[:1]}***@{domain}"
    if contact.kind == "phone":
        return f"{contact.value[:-8]}****{contact.value[-4:]}"
    return host_of(contact.value.partition("|")[0])


def _first_page(web: Web, visitor: Visitor, back: str, refused: str = "", typed: str = "", status: int = 200) -> Html:
    service = web.entrance.oidc
    return page(
        web,
        visitor,
        "sign_in.html",
        status=status,
        back=back,
        refused=refused,
        typed=typed,
        service=host_of(service.issuer) if service else "",
        service_url=f"/sign-in/oidc?back={quote(back, safe='')}",
        outbox=web.entrance.outbox is not None,
    )


def _second_page(web: Web, visitor: Visitor, pending: Pending, refused: str = "", status: int = 200) -> Html:
    return page(
        web,
        visitor,
        "code.html",
        status=status,
        contact=masked(Contact(pending.kind, pending.contact)),
        again=pending.again and not refused,
        refused=refused,
        digits=CODE_DIGITS,
        valid_s=VALID_S,
        outbox=web.entrance.outbox is not None,
    )


def _refused(web: Web, visitor: Visitor, pending: Pending, problem: Problem) -> Html:
    return _with_wait(_second_page(web, visitor, pending, _told(visitor.words, problem), problem.status), problem)


def _told(words: Words, problem: Problem) -> str:
    return words.problem(problem.code, problem.facts, problem.detail)


def _with_wait(found: Html, problem: Problem) -> Html:
    """The answer, with when to come back."""
    if problem.retry_after_s is not None:
        found.headers["retry-after"] = str(problem.retry_after_s)
    return found


SIGN_IN_PAGES = [
    sign_in_page,
    ask_code,
    code_page,
    answer_code,
    ask_again,
    to_service,
    from_service,
    sign_out,
]
