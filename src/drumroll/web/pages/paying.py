"""Pay an order's deposit in a sandbox: the page that a provider would show, and the money that is none."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.params import FromPath

from drumroll.domain.book import Order
from drumroll.domain.states import RESERVED
from drumroll.web.context import Parts, Web
from drumroll.web.pages.forms import form_of
from drumroll.web.pages.order_views import awaited_of, refundable_text, state_of
from drumroll.web.pages.orders import own, refused
from drumroll.web.pages.pages import ASYNC_PAGE, PAGE, page
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.visitor import visitor_of
from drumroll.web.pages.windows import name_of
from drumroll.web.problems import Problem
from drumroll.web.sandbox import pay as sandbox_pays


@get("/orders/{order_id:str}/pay", **PAGE)
def pay_page(web: Parts, request: Asking, order_id: FromPath[str]) -> Any:
    """What is to be paid. On a real server that is the provider's page, not ours."""
    visitor = visitor_of(web, request)
    order = own(web, visitor, order_id)
    awaited_minor = _awaited_minor(web, order)
    if not awaited_minor:
        return web.pages.see_other(f"/orders/{order.id}")
    if web.sandbox is None:
        return web.pages.see_other(web.provider.pay_url(order.id))
    words = visitor.words
    until = words.moment(order.expires_at_ms, web.launch.time_zone) if order.state is RESERVED else ""
    return page(
        web,
        visitor,
        "pay.html",
        here="orders",
        order=order,
        name=name_of(web.launch, order.offer.model, order.offer.trim, words),
        amount=words.money(awaited_minor, order.offer.currency),
        until=until,
        refundable=refundable_text(order, words) if order.state is RESERVED else "",
    )


@post("/orders/{order_id:str}/pay", **ASYNC_PAGE)
async def pay(web: Parts, request: Asking, order_id: FromPath[str]) -> Any:
    """The sandbox's provider sends its webhook. Whatever is sent twice is paid once: a payment has one id."""
    visitor = visitor_of(web, request)
    order = own(web, visitor, order_id)
    await form_of(web, request, visitor)
    if web.sandbox is None:
        return web.pages.see_other(web.provider.pay_url(order.id))
    if _awaited_minor(web, order):
        try:
            await sandbox_pays.fn(web, order.id)
        except Problem as problem:
            if problem.retry_after_s is not None:
                raise
            return refused(web, visitor, order, problem)
    return web.pages.see_other(f"/orders/{order.id}")


def _awaited_minor(web: Web, order: Order) -> int:
    return awaited_of(order, state_of(order, web.now_ms))


PAYING_PAGES = [pay_page, pay]
