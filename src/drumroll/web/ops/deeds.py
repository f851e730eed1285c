"""What operators do on pages, all in one way: a page that says what will happen, then the form that does it.

Each deed has an address of its own. ``GET`` shows the page: what will happen, fields, a reason. ``POST`` does it, once
for each page that was shown (its key), and goes on with 303. What can't be undone needs a tick more. What is refused
is said on the page itself, with what was typed.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from hashlib import blake2b
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec
from litestar import get, post

from drumroll.access.roles import OPERATOR, Permission
from drumroll.domain.commands import Command
from drumroll.web.context import Parts, Web
from drumroll.web.hot import taken
from drumroll.web.incoming import key_digest
from drumroll.web.ops.base import Seen, needs, ops_page, seen_by
from drumroll.web.ops.noted import note
from drumroll.web.pages.forms import TOKEN_FIELD, Form, form_of
from drumroll.web.pages.pages import Html
from drumroll.web.pages.safety import Asking
from drumroll.web.problems import Problem
from drumroll.words.catalog import Words
from drumroll.words.problem_words import worded

REASON_LEAST, REASON_MOST = 3, 500
UNPROCESSABLE = 422

DONE: dict[str, str] = {
    "opened": worded("Sales are open."),
    "closed": worded("Sales are closed."),
    "paused": worded("Sales are paused."),
    "resumed": worded("Sales go on."),
    "cap": worded("The cap is changed."),
    "window": worded("The window's closing is moved."),
    "cancelled": worded("The order is cancelled."),
    "corrected": worded("The order is corrected."),
    "pinned": worded("The order has its week."),
    "unpinned": worded("The order's week can be planned again."),
    "granted": worded("The refund is granted; it is owed now."),
    "moved": worded("The order is moved."),
    "paid": worded("The refund is recorded as paid."),
    "endpoint-off": worded("The endpoint is disabled. It keeps its place."),
    "endpoint-on": worded("The endpoint is active again."),
    "endpoint-gone": worded("The endpoint is removed."),
    "retried": worded("What was given up is tried again."),
    "account": worded("The account is made."),
    "role": worded("The role is changed. Open sessions have ended."),
    "disabled": worded("The account is disabled. Open sessions have ended."),
    "enabled": worded("The account is enabled."),
    "ended": worded("The session has ended."),
    "erased": worded("Name and contact are erased."),
}
"""What was done, by the code that the address carries."""


class Declined(Exception):
    """What was typed can't be taken; the text is in the reader's language."""

    def __init__(self, text: str, status: int = UNPROCESSABLE) -> None:
        self.text, self.status = text, status
        super().__init__(text)


class Choice(msgspec.Struct, frozen=True):
    """One of the values of a field."""

    value: str
    name: str


class Field(msgspec.Struct, frozen=True):
    """A field. Of ``select`` one of the ``choices`` is taken, of ``many`` any number: ``value`` or ``values`` hold."""

    name: str
    label: str
    kind: Literal["text", "number", "amount", "select", "many", "moment", "day", "password"] = "text"
    value: str = ""
    values: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    hint: str = ""
    needed: bool = True
    most: int = 200


class Sheet(msgspec.Struct, frozen=True):
    """The page before a deed. ``sure``: the words of the tick that it takes; ``facts``: what it is about."""

    title: str
    says: list[str]
    button: str
    back: str
    fields: tuple[Field, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    sure: str = ""
    danger: bool = False


class Given(msgspec.Struct, frozen=True):
    """What was sent: by whom, why, and what identifies it."""

    form: Form
    asked: Mapping[str, str]
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


def always(form: Form) -> bool:
    """The tick is needed, whatever else was sent."""
    return True


def never(form: Form) -> bool:
    """No tick is needed."""
    return False


class Deed(msgspec.Struct, frozen=True):
    """Something to do: its address, who may, the page before it, and what it does (answering where to go on).

    ``sure`` says of a form whether its tick is needed; ``reason`` is false where none is asked for. ``about`` is the
    field that says what it is about, of a deed that the order log has nothing of: such a one is noted for the trail.
    """

    path: str
    here: str
    permission: Permission
    sheet: Callable[[Web, Seen, Mapping[str, str]], Awaitable[Sheet]]
    do: Callable[[Web, Seen, Given], Awaitable[Any]]
    sure: Callable[[Form], bool] = never
    reason: bool = True
    about: str = ""


def routes_of(deed: Deed) -> list[Any]:
    """The two routes of a deed: the page, and the form that it sends."""

    @get(deed.path, **needs(deed.permission, form=True))
    async def look(web: Parts, request: Asking) -> Html:
        seen = seen_by(web, request)
        _ = web.launch
        return _sheet_page(web, seen, deed, await deed.sheet(web, seen, asked_in(request)))

    @post(deed.path, **needs(deed.permission, form=True))
    async def send(web: Parts, request: Asking) -> Any:
        seen = seen_by(web, request)
        form = await form_of(web, request, seen.visitor)
        words, asked = seen.visitor.words, asked_in(request)
        _ = web.launch
        try:
            given = _given(deed, seen, request, form, asked)
            answered = await deed.do(web, seen, given)
            if deed.about:
                await note(web, seen, _what(deed), asked.get(deed.about) or form.one(deed.about, ""), given.reason)
            return answered
        except Problem as problem:
            refused, cause = (
                Declined(words.problem(problem.code, problem.facts, problem.detail), problem.status),
                problem,
            )
        except Declined as declined:
            refused, cause = declined, None
        try:
            sheet = await deed.sheet(web, seen, asked)
        except Problem as problem:
            # What the page would be about is no more: then the page of the error says why nothing was done.
            raise (cause or problem) from None
        # The same key again: should it have been done all the same, it is not done twice. One that is used up is not.
        key = "" if cause is not None and cause.code.startswith("idempotency_key") else form.one("key", "")
        return _sheet_page(web, seen, deed, _typed(sheet, form), refused, key, form.one("reason", ""))

    return [look, send]


def _what(deed: Deed) -> str:
    """The deed's address without what it is about: what it is noted as."""
    return "/".join(part for part in deed.path.split("/") if not part.startswith("{"))


async def decided(web: Web, command: Command) -> None:
    """Have the desk decide it. Raises ``Problem``. Said again with the same key, nothing more happens."""
    taken(await web.hot.queued(command))


def on_to(web: Web, path: str, done: str, **more: str) -> Any:
    """On to a page that says what was done."""
    return web.pages.see_other(f"{path}?{urlencode({**more, 'done': done})}")


def done_in(request: Asking, words: Words) -> str:
    """What was done, as the address says; empty: nothing."""
    code = request.query_params.get("done", "")
    return words.say(DONE[code]) if code in DONE else ""


def asked_in(request: Asking) -> dict[str, str]:
    """What the address names: its query, and over it the parts of its path."""
    return {**dict(request.query_params), **{name: str(value) for name, value in request.path_params.items()}}


def _given(deed: Deed, seen: Seen, request: Asking, form: Form, asked: Mapping[str, str]) -> Given:
    """Raises ``Declined``, ``Problem``."""
    words, reason = seen.visitor.words, " ".join(form.one("reason", "").split())
    key = key_digest(OPERATOR + seen.operator.name, b"page-" + form.one("key", "").encode())
    if deed.reason and not REASON_LEAST <= len(reason) <= REASON_MOST:
        raise Declined(words.say("Give a reason of 3 to 500 characters."))
    if deed.sure(form) and form.one("sure", "") != "yes":
        raise Declined(words.say("Tick the box to say that you are sure. Nothing was done."))
    said = [(name, values) for name, values in sorted(form.fields.items()) if name not in (TOKEN_FIELD, "key")]
    body = f"{request.url.path}?{request.url.query}\0".encode() + msgspec.json.encode(said)
    fingerprint = blake2b(body, digest_size=8, person=b"page deed").digest()
    return Given(form, asked, seen.operator.name, reason, key, fingerprint)


def _typed(sheet: Sheet, form: Form) -> Sheet:
    """The page with what was typed; never a password."""
    fields = []
    for field in sheet.fields:
        if field.kind == "many":
            fields.append(msgspec.structs.replace(field, values=tuple(form.many(field.name))))
        elif field.kind == "password":
            fields.append(field)
        else:
            fields.append(msgspec.structs.replace(field, value=form.one(field.name, field.value)))
    return msgspec.structs.replace(sheet, fields=tuple(fields))


def _sheet_page(
    web: Web, seen: Seen, deed: Deed, sheet: Sheet, refused: Declined | None = None, key: str = "", reason: str = ""
) -> Html:
    return ops_page(
        web,
        seen,
        "ops_deed.html",
        deed.here,
        status=refused.status if refused else 200,
        sheet=sheet,
        refused=refused.text if refused else "",
        asks_reason=deed.reason,
        typed_reason=reason[:REASON_MOST],
        key=key or secrets.token_hex(8),
    )
