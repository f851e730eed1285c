"""Order from a page: two clicks make one order, and so do the back button and a connection that broke.

The idempotency key of the form is how many orders its customer had when the page was made. The same page sent twice,
in whatever way, is the same order; a page that was made after the order asks whether another one is wanted.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec
from litestar import get, post

from drumroll.domain.commands import JoinWaiting, Reserve
from drumroll.web.context import Parts, Web
from drumroll.web.hot import taken
from drumroll.web.incoming import key_digest
from drumroll.web.messages import SaleState
from drumroll.web.messages_promise import QuoteView
from drumroll.web.pages.configure import CHOICES_LIMIT, address_of, ids_of, quote_panel, review_address, wanted_in
from drumroll.web.pages.forms import Form, form_of
from drumroll.web.pages.pages import ASYNC_PAGE, PAGE, Html, page
from drumroll.web.pages.room import room_for
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.visitor import Visitor, visitor_of
from drumroll.web.pages.windows import chosen_of
from drumroll.web.problems import Problem
from drumroll.web.quotes import Wanted, quote
from drumroll.words.catalog import Words


@get("/order", **PAGE)
def review_page(web: Parts, request: Asking) -> Html:
    """All of it once more, before anything is ordered."""
    visitor = visitor_of(web, request)
    _ = visitor.customer
    model = web.launch.model(request.query_params.get("model", ""))
    if model is None:
        raise Problem("unknown_model", "Choose a model first.")
    return _review(web, visitor, wanted_in(model, request))


def _review(web: Web, visitor: Visitor, wanted: Wanted, refused: str = "", status: int = 200) -> Html:
    model = web.launch.model(wanted.model)
    if model is None:
        raise Problem("unknown_model", f"There is no model {wanted.model[:32]!r}.")
    orders, panel = ids_of(web, visitor), quote_panel(web.desk.book, wanted, web.now_ms, visitor.words)
    return page(
        web,
        visitor,
        "review.html",
        here="store",
        status=status,
        refused=refused,
        quote=panel,
        waits_already=_waits_already(web, visitor.customer, wanted),
        waiting_list=web.launch.waiting_offer_s,
        chosen=chosen_of(web.launch, model, wanted.options, visitor.words),
        wanted=wanted,
        held=sum(order.live for order in orders),
        key=f"page-{_made_before(web, visitor.customer, panel.state)}",
        back=address_of(wanted),
    )


@post("/order", **ASYNC_PAGE)
async def order(web: Parts, request: Asking) -> Any:
    """The order itself; then on to its page, where the deposit is paid."""
    visitor = visitor_of(web, request)
    form = await form_of(web, request, visitor)
    wanted, key = _wanted(form), key_digest(visitor.customer, form.one("key").encode())
    if _is_another(web, visitor, form, key):
        return _review(web, visitor, wanted, _ask_again(visitor.words), 409)
    if not may_order(web, visitor.customer):
        return web.pages.see_other(room_for(review_address(wanted)))
    order_id = next(web.hot.order_ids)
    command = Reserve(
        order_id,
        visitor.customer,
        wanted.model,
        wanted.trim,
        key,
        fingerprint(b"order", wanted),
        wanted.options,
        wanted.region,
    )
    try:
        taken(await web.hot.queued(command))
    except Problem as problem:
        return _refused(web, visitor, wanted, problem)
    done: Any = web.hot.done(key)
    made = done if hasattr(done, "offer") else done.order
    return web.pages.see_other(f"/orders/{made.id}")


@post("/waiting-list", **ASYNC_PAGE)
async def join_waiting_list(web: Parts, request: Asking) -> Any:
    """A place in the waiting list; then on to all that they have."""
    visitor = visitor_of(web, request)
    form = await form_of(web, request, visitor)
    wanted, key = _wanted(form), key_digest(visitor.customer, b"wait-" + form.one("key").encode())
    if _waits_already(web, visitor.customer, wanted):
        return web.pages.see_other("/orders")
    command = JoinWaiting(
        next(web.hot.order_ids),
        visitor.customer,
        wanted.model,
        wanted.trim,
        key,
        fingerprint(b"wait", wanted),
        wanted.options,
        wanted.region,
    )
    try:
        taken(await web.hot.queued(command))
    except Problem as problem:
        return _refused(web, visitor, wanted, problem)
    return web.pages.see_other("/orders")


def may_order(web: Web, customer: str) -> bool:
    """Whether the waiting room, if there is one, has let this customer in. On a page they need to carry no ticket."""
    if web.room is None or web.room.admits(None, customer, web.now_ms):
        return True
    place = web.room.place_of(customer, web.now_ms)
    return place is not None and place.ticket is not None


def fingerprint(what: bytes, wanted: msgspec.Struct) -> bytes:
    """What a form asks for: the same key may ask for it again, and for nothing else."""
    return blake2b(msgspec.json.encode(wanted), digest_size=8, person=what).digest()


def _wanted(form: Form) -> Wanted:
    options = tuple(form.many("options"))
    if len(options) > CHOICES_LIMIT:
        raise Problem("invalid_request", f"options: {len(options)} choices; allowed: {CHOICES_LIMIT}.")
    return Wanted(form.one("model"), form.one("trim"), options, form.maybe("region"))


def _made_before(web: Web, customer: str, state: SaleState) -> int:
    """How often they ordered, or joined a waiting list: a form of the same number does the same thing, once."""
    book = web.desk.book
    return book.joined_ever.get(customer, 0) if state == "sold_out" else len(book.customers.get(customer, ()))


def _waits_already(web: Web, customer: str, wanted: Wanted) -> bool:
    """Whether they wait for just this: the back button is no wish for a second place."""
    quoted, waiting = None, web.desk.book.waiting_of.get(customer, ())
    if waiting:
        quoted = quote(web.desk.book, wanted, web.now_ms)
    if not isinstance(quoted, QuoteView):
        return False
    asked = (quoted.model, quoted.trim, quoted.options, quoted.region)
    return asked in [(one.model, one.trim, one.options, one.region) for one in waiting]


def _is_another(web: Web, visitor: Visitor, form: Form, key: bytes) -> bool:
    """Whether this would be one order more than they have, and they did not say that they want that."""
    if form.maybe("another") == "yes" or key in web.desk.book.keys:
        return False
    return any(order.live for order in ids_of(web, visitor))


def _ask_again(words: Words) -> str:
    return words.say("You have an order already. If you want one more, say so below.")


def _refused(web: Web, visitor: Visitor, wanted: Wanted, problem: Problem) -> Html:
    told = visitor.words.problem(problem.code, problem.facts, problem.detail)
    return _review(web, visitor, wanted, told, problem.status)


ORDERING_PAGES = [review_page, order, join_waiting_list]
