"""What only a sandbox offers: sessions for the asking, payments by a request, a clock that can be moved on."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, Parameter

from drumroll.access.roles import subject_of
from drumroll.domain.times import rfc3339
from drumroll.payments.base import Payment
from drumroll.web.context import Parts, Sandbox, Web
from drumroll.web.documented import problems
from drumroll.web.messages import ClockView, NewSessions, SessionsView, SessionView, WebhookReceipt
from drumroll.web.messages_operator import NewOperators, OperatorSession, OperatorSessions
from drumroll.web.operators import moment_ms
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
    "/sandbox/operators",
    summary="Operators' sessions for the asking",
    responses=problems(400, 413),
    tags=["sandbox"],
    sync_to_thread=False,
)
def issue_operators(web: Parts, data: JSONBody[NewOperators]) -> OperatorSessions:
    """Operators' sessions for anybody. On a real server there is no such route: see `drumroll operator token`."""
    expires_s = int(web.now_s()) + web.entrance.operator_session_s
    expires_at = rfc3339(expires_s * 1000)
    issue = web.sessions.issue
    subjects = [(name, subject_of(name, data.role)) for name in data.operators]
    return OperatorSessions(
        [OperatorSession(name, issue(subject, expires_s), expires_at) for name, subject in subjects]
    )


@post(
    "/sandbox/pay/{order_id:str}",
    summary="Pay a deposit",
    status_code=200,
    responses=problems(400, 404, 503),
    tags=["sandbox"],
)
async def pay(web: Parts, order_id: OrderId) -> WebhookReceipt:
    """Pay an order's deposit, or what a conversion left due of it.

    The sandbox's provider sends the webhook that a real one would send.
    """
    return await paid(web, order_id)


async def paid(web: Web, order_id: str) -> WebhookReceipt:
    """What the sandbox's provider does when somebody pays. Raises ``Problem``."""
    order = web.desk.book.orders.get(order_id)
    if order is None:
        raise Problem("no_such_order", f"There is no order {order_id}.")
    offer = order.offer
    payment_id, amount_minor = f"pay_{order.id}", offer.deposit_minor
    if order.due_minor:
        payment_id, amount_minor = f"pay_{order.id}.{len(order.blocks)}", order.due_minor
    payment = Payment(payment_id, order.id, amount_minor, offer.currency)
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
    clock.move_to(moment_ms("now", data.now))
    return ClockView(rfc3339(clock(), web.launch.time_zone))


def _sandbox(web: Web) -> Sandbox:
    assert web.sandbox is not None, "these routes exist in a sandbox only"
    return web.sandbox


SANDBOX_ROUTES = [issue_sessions, issue_operators, pay, read_clock, move_clock]
