"""What customers do with an order, as forms: the terms first, in words, then the deed, by the desk's own two steps.

The rules are the desk's (``web/changes.py``); a page adds only that nobody cancels or leaves by one slip, and that
whoever gives something up for good has ticked that they understand it. The key of a form is that of its page: sent
twice, by a double click or by going back, it does what it does once.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import get, post
from litestar.params import FromPath

from drumroll.domain.book import Entry, Order
from drumroll.domain.commands import Command
from drumroll.web.changes import ON_ORDERS, ON_WAITING, Action, Asked, carried_out, fingerprint, first_step
from drumroll.web.context import Parts, Web
from drumroll.web.incoming import key_digest
from drumroll.web.messages_orders import Confirmed, Nothing, WantedChange, WantedConversion
from drumroll.web.pages.forms import Form, form_of
from drumroll.web.pages.order_terms import OF_ACTION, Terms, cancel_terms, leave_terms
from drumroll.web.pages.orders import own, page_key, refused
from drumroll.web.pages.pages import ASYNC_PAGE, PAGE, Html, page
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.visitor import Visitor, visitor_of
from drumroll.web.problems import Problem
from drumroll.words.catalog import Words

Said = Confirmed | Nothing | WantedChange | WantedConversion

_ANEW = ("confirmation_required", "idempotency_key_reused")
"""Answers to a second step that make it a first one again: the terms are others now, or the page is an old one."""


@get(["/orders/{order_id:str}/cancel", "/orders/{order_id:str}/lock"], **PAGE)
def first_page(web: Parts, request: Asking, order_id: FromPath[str]) -> Html:
    """The terms of cancelling, or of locking early."""
    visitor = visitor_of(web, request)
    order = own(web, visitor, order_id)
    return first_or_refused(web, visitor, order, action_in(request), Confirmed())


@get("/orders/{order_id:str}/undo-lock", **PAGE)
def undo_page(web: Parts, request: Asking, order_id: FromPath[str]) -> Any:
    """Where somebody comes back to who had to sign in again: the order, with the button on it."""
    return web.pages.see_other(f"/orders/{own(web, visitor_of(web, request), order_id).id}")


@post([f"/orders/{{order_id:str}}/{name}" for name in ON_ORDERS], **ASYNC_PAGE)
async def act(web: Parts, request: Asking, order_id: FromPath[str]) -> Any:
    """One action: without a confirmation its terms, with it the deed and then the order."""
    visitor, action = visitor_of(web, request), action_in(request)
    order, form = own(web, visitor, order_id), await form_of(web, request, visitor)
    said = said_in(action, form)
    first = replaced(said, None)
    if not is_second(action, form):
        return first_or_refused(web, visitor, order, action, first)
    key = key_digest(visitor.customer, form.one("key").encode())
    if form.maybe("confirmation") and form.maybe("understood") is None and key not in web.desk.book.keys:
        unread = _not_understood(web, visitor, order, action, first)
        if unread is not None:
            return unread
    try:
        await carried_out(web.hot, _command(ON_ORDERS[action], action, order.id, visitor, key, said), key)
    except Problem as problem:
        return _answered(web, visitor, order, action, first, problem)
    return web.pages.see_other(f"/orders/{order.id}")


def _not_understood(web: Web, visitor: Visitor, order: Order, action: str, first: Said) -> Html | None:
    """The terms once more, if they ask for a tick that is not there."""
    try:
        terms = terms_of(web, visitor, order, action, first)
    except Problem as problem:
        return refused(web, visitor, order, problem)
    if not terms.understood:
        return None
    return terms_page(web, visitor, order, action, first, terms, trouble=_tick_first(visitor.words), status=422)


def _answered(web: Web, visitor: Visitor, order: Order, action: str, first: Said, problem: Problem) -> Html:
    """What a second step that did nothing is answered with."""
    if problem.code in _ANEW:
        return first_or_refused(web, visitor, order, action, first, changed=True)
    if problem.retry_after_s is not None:
        raise problem
    return refused(web, visitor, order, problem)


def action_in(request: Asking) -> str:
    """The action that the address of a request names."""
    return request.url.path.rpartition("/")[2]


def said_in(action: str, form: Form) -> Said:
    """What a form asks for. Raises ``Problem``."""
    fields: dict[str, Any] = {"confirmation": form.maybe("confirmation")}
    kinds: dict[str, Any] = {"undo-lock": Nothing, "change": WantedChange, "convert": WantedConversion}
    if action == "undo-lock":
        fields = {}
    if action in ("change", "convert"):
        fields |= {"trim": form.one("trim"), "options": form.many("options"), "region": form.maybe("region")}
    if action == "convert":
        fields["model"] = form.one("model")
    try:
        said: Said = msgspec.convert(fields, kinds.get(action, Confirmed))
    except msgspec.ValidationError as error:
        raise Problem("invalid_body", f"{error}.") from error
    return said


def replaced(said: Said, confirmation: str | None) -> Said:
    """The same, with another confirmation."""
    return said if isinstance(said, Nothing) else msgspec.structs.replace(said, confirmation=confirmation)


def is_second(action: str, form: Form) -> bool:
    """Whether a form is the second of two steps, or of what has but one."""
    return action == "undo-lock" or form.maybe("confirmation") is not None or form.maybe("sure") == "yes"


def first_or_refused(
    web: Web, visitor: Visitor, order: Order, action: str, first: Said, *, changed: bool = False
) -> Html:
    """The terms of an action as they are now; or the order, and why that can't be done with it.

    ``changed``: they were shown before, and are others now.
    """
    try:
        terms = terms_of(web, visitor, order, action, first)
    except Problem as problem:
        return refused(web, visitor, order, problem)
    trouble, status = (_look_again(visitor.words), 409) if changed else ("", 200)
    return terms_page(web, visitor, order, action, first, terms, trouble=trouble, status=status)


def _tick_first(words: Words) -> str:
    return words.say("Nothing was done: tick first that you understand what you give up.")


def _look_again(words: Words) -> str:
    return words.say("Nothing was done yet: the order or its terms changed in between. Please look again.")


def terms_of(web: Web, visitor: Visitor, order: Order, action: str, first: Said) -> Terms:
    """The first of two steps in words. Raises ``Problem``: it can't be done."""
    key = key_digest(visitor.customer, page_key(action, order).encode())
    try:
        first_step(web.hot, _command(ON_ORDERS[action], action, order.id, visitor, key, first))
    except Problem as problem:
        if problem.code != "confirmation_required":
            raise
        return OF_ACTION[problem.facts["action"]](web.desk.book, order, dict(problem.facts), visitor.words)
    if action != "cancel":
        raise Problem("idempotency_key_reused", "This was done before.")
    return cancel_terms(web.desk.book, order, visitor.words)


def terms_page(
    web: Web,
    visitor: Visitor,
    order: Order,
    action: str,
    first: Said,
    terms: Terms,
    *,
    trouble: str = "",
    status: int = 200,
) -> Html:
    """The terms, with the form of the second step."""
    fields = [("key", page_key(action, order)), *_fields(first)]
    fields.append(("confirmation", terms.confirmation) if terms.confirmation else ("sure", "yes"))
    return page(
        web,
        visitor,
        "act.html",
        here="orders",
        status=status,
        terms=terms,
        trouble_text=trouble,
        fields=fields,
        action=f"/orders/{order.id}/{action}",
        back=f"/orders/{order.id}",
    )


def _fields(first: Said) -> list[tuple[str, str]]:
    """What the second step asks for, as fields."""
    found = []
    for name in ("model", "trim", "region"):
        value = getattr(first, name, None)
        if value:
            found.append((name, value))
    return [*found, *(("options", one) for one in getattr(first, "options", None) or ())]


def _command(kind: Action, name: str, about: str, visitor: Visitor, key: bytes, said: Said) -> Command:
    asked = Asked(about, visitor.customer, key, fingerprint(f"page-{name}", about, msgspec.json.encode(said)))
    return kind.command(asked, said)


@get("/waiting-list/{order_id:str}/leave", **PAGE)
def leave_page(web: Parts, request: Asking, order_id: FromPath[str]) -> Any:
    """What leaving the waiting list gives up."""
    visitor = visitor_of(web, request)
    return _leaving(web, visitor, _own_entry(web, visitor, order_id))


@post("/waiting-list/{order_id:str}/leave", **ASYNC_PAGE)
async def leave(web: Parts, request: Asking, order_id: FromPath[str]) -> Any:
    """Out of the waiting list, in two steps too: whoever joins again comes after all others."""
    visitor = visitor_of(web, request)
    entry, form = _own_entry(web, visitor, order_id), await form_of(web, request, visitor)
    if form.maybe("sure") != "yes":
        return _leaving(web, visitor, entry)
    key = key_digest(visitor.customer, f"page-leave-{entry.order_id}".encode())
    command = _command(ON_WAITING["leave"], "leave", entry.order_id, visitor, key, Nothing())
    await carried_out(web.hot, command, key)
    return web.pages.see_other("/orders")


def _leaving(web: Web, visitor: Visitor, entry: Entry) -> Any:
    if entry.state != "waiting":
        # A place was offered since, or they left before: what is so now is in the list of all.
        return web.pages.see_other("/orders")
    return page(
        web,
        visitor,
        "act.html",
        here="orders",
        terms=leave_terms(web.desk.book, entry, visitor.words),
        trouble_text="",
        fields=[("sure", "yes")],
        action=f"/waiting-list/{entry.order_id}/leave",
        back="/orders",
    )


def _own_entry(web: Web, visitor: Visitor, order_id: str) -> Entry:
    customer, _ = visitor.customer, web.launch
    entry = web.desk.book.entries.get(order_id)
    if entry is None or entry.customer != customer:
        raise Problem("no_such_order", f"Nobody waits as {order_id[:64]}.")
    return entry


ACTING_PAGES = [first_page, undo_page, act, leave_page, leave]
