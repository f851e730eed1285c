"""What only a sandbox offers: sessions for the asking, payments by a request, a clock that can be moved on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, Parameter

from drumroll.domain.times import rfc3339, to_ms
from drumroll.payments.base import Payment
from drumroll.web.context import Parts, Sandbox, Web
from drumroll.web.documented import problems
from drumroll.web.messages import ClockView, NewSessions, SessionsView, SessionView, WebhookReceipt
from drumroll.web.problems import Problem

OrderId = Annotated[str, Parameter(description="The order to pay for.", max_length=64)]


@post(
    "/sandbox/sessions",
    summary="Sessions for the asking",
    responses=problems(400, 413),
    tags=["sandbox"],
    sync_to_thread=False,
)
def issue_sessions(web: Parts, data: JSONBody[NewSessions]) -> SessionsView:
    """Sessions for anybody, up to 1,000 at once. On a real server there is no such route."""
    expires_s = int(web.now_s()) + web.session_s
    expires_at = rfc3339(expires_s * 1000)
    issue = web.sessions.issue
    return SessionsView([SessionView(customer, issue(customer, expires_s), expires_at) for customer in data.customers])


@post(
    "/sandbox/pay/{order_id:str}",
    summary="Pay a deposit",
    status_code=200,
    responses=problems(400, 404, 503),
    tags=["sandbox"],
)
async def pay(web: Parts, order_id: OrderId) -> WebhookReceipt:
    """Pay an order's deposit: the sandbox's provider sends the webhook that a real one would send."""
    order = web.desk.book.orders.get(order_id)
    if order is None:
        raise Problem("no_such_order", f"There is no order {order_id}.")
    offer = order.offer
    payment = Payment(f"pay_{order.id}", order.id, offer.deposit_minor, offer.currency)
    webhook = _sandbox(web).provider.payment_webhook(payment, web.desk.clock_ms())
    return WebhookReceipt(await web.hot.take_payment(webhook.headers, webhook.body))


@get("/sandbox/clock", summary="Read the clock", responses=problems(503), tags=["sandbox"], sync_to_thread=False)
def read_clock(web: Parts) -> ClockView:
    """The sandbox's time."""
    return ClockView(rfc3339(web.desk.clock_ms(), web.launch.time_zone))


@post(
    "/sandbox/clock",
    summary="Move the clock on",
    status_code=200,
    responses=problems(400, 409, 413, 422, 503),
    tags=["sandbox"],
    sync_to_thread=False,
)
def move_clock(web: Parts, data: JSONBody[ClockView]) -> ClockView:
    """Move the sandbox's clock on; a time that has passed leaves it where it is."""
    clock = _sandbox(web).clock
    if clock is None:
        raise Problem("clock_not_steerable", "This sandbox runs on the real time; start it with --clock to steer it.")
    clock.move_to(_moment_ms(data.now))
    return ClockView(rfc3339(clock(), web.launch.time_zone))


def _sandbox(web: Web) -> Sandbox:
    assert web.sandbox is not None, "these routes exist in a sandbox only"
    return web.sandbox


def _moment_ms(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Problem("invalid_body", f"now: found {text!r}, allowed: a time as in RFC 3339.") from error
    if moment.tzinfo is None or not 2000 <= moment.year <= 2100:
        raise Problem("invalid_body", "now: give an offset (Z or +08:00) and a year from 2000 to 2100.")
    return to_ms(moment)


SANDBOX_ROUTES = [issue_sessions, pay, read_clock, move_clock]
