"""My orders: all of them, and each with its state, its delivery, its money, its history, and what one may do."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from drumroll.domain.book import Order
from drumroll.domain.states import GONE, RESERVED
from drumroll.web.context import Parts, Web
from drumroll.web.pages import order_views as views
from drumroll.web.pages.order_history import lines_of
from drumroll.web.pages.order_rights import actions_of
from drumroll.web.pages.pages import PAGE, Html, page
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.visitor import Visitor, visitor_of
from drumroll.web.pages.windows import chosen_of, name_of
from drumroll.web.problems import Problem

SHOWN_LIMIT = 100
"""Orders on one page, the newest: nobody may have that many at once."""


@get("/orders", **PAGE)
def orders_page(web: Parts, request: Asking) -> Html:
    """All orders of the customer, the newest first, and what they wait for."""
    visitor = visitor_of(web, request)
    customer, words = visitor.customer, visitor.words
    _, book, now_ms = web.launch, web.desk.book, web.now_ms
    orders = book.customers.get(customer, ())[::-1][:SHOWN_LIMIT]
    waiting = [entry for entry in book.waiting_of.get(customer, ()) if entry.state == "waiting"]
    return page(
        web,
        visitor,
        "orders.html",
        here="orders",
        orders=[views.card_of(book, order, now_ms, words) for order in orders],
        waiting=[views.waits_of(book, entry, words) for entry in waiting],
    )


@get("/orders/{order_id:str}", **PAGE)
def order_page(web: Parts, request: Asking, order_id: FromPath[str]) -> Html:
    """One order."""
    visitor = visitor_of(web, request)
    return shown(web, visitor, own(web, visitor, order_id))


@get("/orders/{order_id:str}/receipt", include_in_schema=False, sync_to_thread=False, opt={"page": True})
def receipt_file(web: Parts, request: Asking, order_id: FromPath[str]) -> Response[Any]:
    """The receipt of its last event, as the API gives it; a page with the reason where there is none yet."""
    visitor = visitor_of(web, request)
    order = own(web, visitor, order_id)
    try:
        receipt = web.receipt(order, "")
    except Problem as problem:
        return refused(web, visitor, order, problem)
    named = {"content-disposition": f'attachment; filename="{order.id}.tlog-proof"', "cache-control": "no-store"}
    return Response(receipt, media_type="text/plain", headers=web.pages.safety.headers | named)


def own(web: Web, visitor: Visitor, order_id: str) -> Order:
    """An order of the visitor. Raises ``SignInNeeded``, or ``Problem``: anybody else's is one that there is not."""
    customer, _ = visitor.customer, web.launch
    order = web.desk.book.orders.get(order_id)
    if order is None or order.customer != customer:
        raise Problem("no_such_order", f"There is no order {order_id[:64]}.")
    return order


def refused(web: Web, visitor: Visitor, order: Order, problem: Problem) -> Html:
    """The order as it is now, and above it why something could not be done."""
    told = visitor.words.problem(problem.code, problem.facts, problem.detail)
    found = shown(web, visitor, order, told, problem.status)
    if problem.retry_after_s is not None:
        found.headers["retry-after"] = str(problem.retry_after_s)
    return found


def shown(web: Web, visitor: Visitor, order: Order, trouble: str = "", status: int = 200) -> Html:
    """The page of an order."""
    words, launch, book, now_ms = visitor.words, web.launch, web.desk.book, web.now_ms
    state, view = views.state_of(order, now_ms), web.shown(order)
    events = web.history(order, for_operators=False).events
    model, awaited_minor = launch.model(order.offer.model), views.awaited_of(order, state)
    return page(
        web,
        visitor,
        "order.html",
        here="orders",
        status=status,
        refused=trouble,
        order=order,
        name=name_of(launch, order.offer.model, order.offer.trim, words),
        state=views.state_name(state, words),
        badge=views.badge_of(state),
        means=views.means(book, order, now_ms, words),
        to_pay=words.money(awaited_minor, order.offer.currency) if awaited_minor else "",
        refundable=views.refundable_text(order, words) if state is RESERVED else "",
        pay_until=words.moment(order.expires_at_ms, launch.time_zone) if state is RESERVED else "",
        pay_url=f"/orders/{order.id}/pay" if web.sandbox is not None else web.provider.pay_url(order.id),
        steps=views.steps_of(launch, order, events, now_ms, words),
        promised=views.promised_of(launch, view, events, words),
        was_promised=views.was_promised(launch, view, words),
        unpromised=views.unpromised_text(view, words),
        place=views.place_text(view, words),
        chosen=[] if model is None else chosen_of(launch, model, order.offer.options, words),
        region=views.region_of(launch, order, words),
        money=views.money_of(launch, view, words),
        over=state in GONE,
        actions=actions_of(book, order, now_ms, words),
        key=page_key("undo-lock", order),
        lines=lines_of(launch, events, words),
        receipts=web.transparency is not None,
    )


def page_key(action: str, order: Order) -> str:
    """The idempotency key of a form: the same for the same page, another one once anything happened to the order."""
    return f"page-{action}-{len(order.blocks)}"


ORDER_PAGES = [orders_page, order_page, receipt_file]
