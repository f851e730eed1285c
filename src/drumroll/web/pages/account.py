"""Somebody's own account: who we know them as, where they are signed in, and all that is kept of them, to take away."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Response, get, post

from drumroll.access.limits import refuse
from drumroll.access.store import OpenSession
from drumroll.domain.times import rfc3339
from drumroll.people.person import NAME_LIMIT, Person, parse_name
from drumroll.web.context import Parts, Web
from drumroll.web.order_views import waiting_view
from drumroll.web.pages.forms import form_of
from drumroll.web.pages.pages import ASYNC_PAGE, Html, page
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.sessions import available, end_others, label_in_words
from drumroll.web.pages.sign_in import masked
from drumroll.web.pages.visitor import Visitor, visitor_of
from drumroll.words.catalog import Words

FILE = "my-data.json"
_NOT_KEPT = ("actions", "pay_url")
"""What a view of an order adds for whoever is about to do something with it."""


class SessionRow(msgspec.Struct, frozen=True):
    """A session in the list. ``this``: the one that looks at it."""

    sid: str
    label: str
    since_ms: int
    until_ms: int
    this: bool


@get("/me", **ASYNC_PAGE)
async def account_page(web: Parts, request: Asking) -> Html:
    """Who they are to us, and where they are signed in."""
    return await _page(web, visitor_of(web, request))


@post("/me/name", **ASYNC_PAGE)
async def rename(web: Parts, request: Asking) -> Any:
    """Say how they are called."""
    visitor = visitor_of(web, request)
    form = await form_of(web, request, visitor)
    name = parse_name(form.one("name", ""))
    if name is None:
        refused = visitor.words.say("A name has 1 to %(most)s letters or other signs.", most=NAME_LIMIT)
        return await _page(web, visitor, refused, 422)
    refuse(web.entrance.guard.admit(visitor.address, web.now_s(), subject=visitor.customer))
    with available():
        known = await asyncio.to_thread(web.entrance.people.read, visitor.customer)
        if known is None:
            return await _page(web, visitor, visitor.words.say("No account belongs to this session."), 409)
        await asyncio.to_thread(web.entrance.people.rename, visitor.customer, name)
    return web.pages.see_other("/me")


@post("/me/sessions/end", **ASYNC_PAGE)
async def end_one(web: Parts, request: Asking) -> Any:
    """End one session of theirs; of anybody else's nothing happens."""
    visitor = visitor_of(web, request)
    form = await form_of(web, request, visitor)
    customer, sid, access = visitor.customer, form.one("sid"), web.entrance.access
    with available():
        own = await asyncio.to_thread(access.sessions_of, customer, web.now_s())
        if any(session.sid == sid for session in own):
            await asyncio.to_thread(access.revoke, sid)
            web.sessions.revoked.add(sid)
    return web.pages.see_other("/me")


@post("/me/sessions/end-others", **ASYNC_PAGE)
async def end_all_others(web: Parts, request: Asking) -> Any:
    """End all sessions of theirs but this one."""
    visitor = visitor_of(web, request)
    await form_of(web, request, visitor)
    _ = visitor.customer
    assert visitor.session is not None
    await end_others(web, visitor.session)
    return web.pages.see_other("/me")


@get("/me/data", **ASYNC_PAGE)
async def download(web: Parts, request: Asking) -> Response[bytes]:
    """All that is kept of them, as a file (GDPR, article 20: in a form that machines read)."""
    visitor = visitor_of(web, request)
    customer = visitor.customer
    refuse(web.entrance.guard.admit(visitor.address, web.now_s(), subject=customer))
    person, sessions = await _known(web, customer)
    values = {"id": customer, "identity": _identity(person), "sessions": _listed(sessions), **_in_log(web, customer)}
    return Response(
        msgspec.json.format(msgspec.json.encode(values)) + b"\n",
        media_type="application/json",
        headers=web.pages.safety.headers
        | {"cache-control": "no-store", "content-disposition": f'attachment; filename="{FILE}"'},
    )


async def _page(web: Web, visitor: Visitor, refused: str = "", status: int = 200) -> Html:
    person, sessions = await _known(web, visitor.customer)
    assert visitor.session is not None
    rows = [_row(one, visitor.session.sid, visitor.words) for one in sessions]
    return page(
        web,
        visitor,
        "me.html",
        here="me",
        status=status,
        refused=refused,
        contact=masked(person.reached_by) if person else "",
        kind=person.kind if person else "",
        name=(person.name if person else None) or "",
        name_limit=NAME_LIMIT,
        known=person is not None,
        since_ms=person.made_ms if person else 0,
        sessions=rows,
        listed=any(row.this for row in rows),
        until_ms=visitor.session.expires_s * 1000,
    )


async def _known(web: Web, customer: str) -> tuple[Person | None, list[OpenSession]]:
    """Who it is, and their sessions; read in a thread, for either file may be held by whoever writes it."""
    with available():
        return await asyncio.to_thread(
            lambda: (
                web.entrance.people.read(customer),
                web.entrance.access.sessions_of(customer, web.now_s()),
            )
        )


def _row(one: OpenSession, sid: str, words: Words) -> SessionRow:
    label = label_in_words(one.label, words)
    return SessionRow(one.sid, label, one.made_s * 1000, one.expires_s * 1000, this=one.sid == sid)


def _identity(person: Person | None) -> dict[str, Any] | None:
    if person is None:
        return None
    return {
        "contact": person.contact,
        "kind": person.kind,
        "name": person.name,
        "language": person.language,
        "known_since": rfc3339(person.made_ms),
    }


def _listed(sessions: list[OpenSession]) -> list[dict[str, Any]]:
    return [
        {"where": one.label, "since": rfc3339(one.made_s * 1000), "until": rfc3339(one.expires_s * 1000)}
        for one in sessions
    ]


def _in_log(web: Web, customer: str) -> dict[str, Any]:
    """Their orders with all that happened to them, and their places in waiting lists."""
    launch, book = web.launch, web.desk.book
    orders = []
    for order in book.customers.get(customer, ()):
        view = msgspec.to_builtins(web.shown(order))
        happened = msgspec.to_builtins(web.history(order, for_operators=False).events)
        orders.append({**{name: value for name, value in view.items() if name not in _NOT_KEPT}, "history": happened})
    waiting = [msgspec.to_builtins(waiting_view(book, entry)) for entry in book.waiting_of.get(customer, ())]
    at = rfc3339(web.now_ms, launch.time_zone)
    return {"launch": launch.id, "based_on": web.desk.position, "at": at, "orders": orders, "waiting": waiting}


ACCOUNT_PAGES = [account_page, rename, end_one, end_all_others, download]
