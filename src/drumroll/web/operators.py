"""The operators' routes: what they do (each with a reason, under their own name) and what they look up."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter, JSONBody, Parameter, QueryParameter

from drumroll.access.operator_sessions import standing
from drumroll.access.roles import OPERATOR, Operator, Permission, may, operator_in, who_may
from drumroll.access.sessions import Session
from drumroll.domain import commands as cmd
from drumroll.domain.book import Order
from drumroll.domain.states import State
from drumroll.domain.times import rfc3339, to_ms
from drumroll.errors import AccessFailed, LogError, NotSignedIn
from drumroll.web import messages_operator as messages
from drumroll.web.context import Parts, Web, web_of
from drumroll.web.documented import REPLAYED, problems
from drumroll.web.hot import taken
from drumroll.web.incoming import key_digest, picked
from drumroll.web.lookups import PAGE, PAGE_MOST, Wanted, look_up
from drumroll.web.problems import Problem
from drumroll.web.trail import trail

MOVES_LIMIT_BYTES = 8 * 1024 * 1024

Key = Annotated[
    str | None,
    HeaderParameter(name="Idempotency-Key", description="Needed: new for each thing done, the same for each retry."),
]
OrderId = Annotated[str, Parameter(description="The order's id.", max_length=64)]
Id = Annotated[str | None, QueryParameter(max_length=64)]
Time = Annotated[str | None, QueryParameter(max_length=40, description="A time as in RFC 3339, with an offset.")]
Cursor = Annotated[str | None, QueryParameter(max_length=64, description="The `next` of the page before.")]
Asking = Request[Any, Any, Any]
Done = Response[messages.Receipt]
Connection = ASGIConnection[Any, Any, Any, Any]
_SECURITY: list[dict[str, list[str]]] = [{"operator": []}]


def only_permitted(connection: Connection, handler: BaseRouteHandler) -> None:
    """Turn everybody else away before their body is read: the one of moves may be long. Raises ``Problem``."""
    permit(operator_of(web_of(connection), connection), handler.opt["permission"])


def permit(operator: Operator, permission: Permission) -> None:
    """Raises ``Problem`` if the operator's role may not do that."""
    if may(operator.role, permission):
        return
    roles = [str(role) for role in who_may(permission)]
    detail = f"This needs the permission {permission}, which {operator.role} has not; these have: {', '.join(roles)}."
    raise Problem("not_allowed", detail, {"permission": str(permission), "role": str(operator.role), "roles": roles})


def writes(permission: Permission) -> dict[str, Any]:
    """What all routes share that do something, for those who have this permission."""
    return {
        "status_code": 200,
        "responses": problems(400, 401, 403, 404, 409, 413, 422, 503),
        "response_headers": [REPLAYED],
        **_guarded(permission),
    }


def reads(permission: Permission) -> dict[str, Any]:
    """As ``writes``, for routes that only show something."""
    return {"responses": problems(400, 401, 403, 404, 503), "sync_to_thread": False, **_guarded(permission)}


def _guarded(permission: Permission) -> dict[str, Any]:
    return {
        "security": _SECURITY,
        "guards": [only_permitted],
        "opt": {"permission": permission},
        "tags": ["operators"],
    }


def operator_of(web: Web, request: Connection) -> Operator:
    """The operator whose session it is, with the role of now. Raises ``Problem``."""
    token = request.headers.get("authorization", "")
    if token[:7].lower() == "bearer ":
        session = web.sessions.read(token[7:].encode("latin-1"), web.now_s())
        if session is not None and not session.subject.startswith(OPERATOR):
            raise Problem("not_an_operator", "This is a customer's session; operators' routes need an operator's.")
        said = operator_in(session.subject) if session else None
        if session is not None and said is not None:
            return standing_now(web, session, said)
    raise Problem("no_session", "Send an operator's session as 'Authorization: Bearer <token>'.")


def standing_now(web: Web, session: Session, said: Operator) -> Operator:
    """As ``standing``: the session may have been ended, the role changed. Raises ``Problem``."""
    try:
        return standing(web.entrance.access, session, said)
    except NotSignedIn as error:
        raise Problem("no_session", f"{error}.") from error
    except AccessFailed as error:
        raise Problem("access_unavailable", "The operators' accounts can't be read now.", retry_after_s=1) from error


class Doing(msgspec.Struct, frozen=True):
    """Who does something, and what identifies the request."""

    operator: str
    key: bytes
    fingerprint: bytes


async def doing(web: Web, request: Asking) -> Doing:
    """Who asks, with the key and the fingerprint of the request. Raises ``Problem``."""
    operator = operator_of(web, request).name
    # As on the plain routes: one key, not several, and not what the framework makes of it.
    _, key, _, _ = picked(list(request.scope["headers"]))
    body = request.url.path.encode() + b"\0" + await request.body()
    digest = key_digest(OPERATOR + operator, key)
    return Doing(operator, digest, blake2b(body, digest_size=8, person=b"operator").digest())


async def do(web: Web, command: cmd.Command, what: str, by: Doing) -> Done:
    """Have the desk decide it, and say that it is done. Raises ``Problem``."""
    reply = taken(await web.hot.queued(command))
    done = web.hot.done(by.key)
    at_ms = done.reserved_at_ms if isinstance(done, Order) else done.at_ms
    return receipt(web, what, by, at_ms, replayed=not reply.events)


def receipt(web: Web, what: str, by: Doing, at_ms: int, *, replayed: bool) -> Done:
    """The answer; a replay has the same body, so there is nothing in it of the moment at which it was asked again."""
    receipt = messages.Receipt(what, by.operator, rfc3339(at_ms, web.launch.time_zone))
    return Response(receipt, headers={"idempotent-replayed": "true"} if replayed else None)


@post("/v1/operator/sales", summary="Open, close, pause or resume sales", **writes(Permission.SET_SALES))
async def set_sales(web: Parts, request: Asking, data: JSONBody[messages.SalesAction], key: Key = None) -> Done:
    """Of one model, or of all. It holds over whatever the launch file says."""
    by = await doing(web, request)
    command = cmd.SetSales(data.action, data.model or "", by.operator, data.reason, by.key, by.fingerprint)
    return await do(web, command, data.action, by)


@post("/v1/operator/caps", summary="Change a cap", **writes(Permission.SET_SALES))
async def set_cap(web: Parts, request: Asking, data: JSONBody[messages.NewCap], key: Key = None) -> Done:
    """Of a trim, a model or the launch. Places that are taken stay taken."""
    by = await doing(web, request)
    named = (data.model or "", data.trim or "")
    return await do(web, cmd.SetCap(*named, data.cap, by.operator, data.reason, by.key, by.fingerprint), "cap", by)


@post("/v1/operator/windows/{window:str}", summary="Move a conversion window's closing", **writes(Permission.SET_SALES))
async def move_window(
    web: Parts,
    request: Asking,
    window: Annotated[str, Parameter(description="The window's id.", max_length=64)],
    data: JSONBody[messages.NewClosing],
    key: Key = None,
) -> Done:
    """To a later or an earlier time that is still to come."""
    by = await doing(web, request)
    closes_at_ms = moment_ms("closes_at", data.closes_at)
    command = cmd.MoveWindow(window, closes_at_ms, by.operator, data.reason, by.key, by.fingerprint)
    return await do(web, command, "window", by)


@post(
    "/v1/operator/orders/{order_id:str}/cancel", summary="Cancel somebody's order", **writes(Permission.ACT_ON_ORDERS)
)
async def withdraw(
    web: Parts, request: Asking, order_id: OrderId, data: JSONBody[messages.Withdrawal], key: Key = None
) -> Done:
    """Until it is delivered: with all that is held owed back, or (once locked) without."""
    by = await doing(web, request)
    command = cmd.Withdraw(order_id, data.refund, by.operator, data.reason, by.key, by.fingerprint)
    return await do(web, command, "cancelled", by)


@post(
    "/v1/operator/orders/{order_id:str}/refund",
    summary="Give a forfeited deposit back",
    **writes(Permission.GRANT_REFUNDS),
)
async def grant_refund(
    web: Parts, request: Asking, order_id: OrderId, data: JSONBody[messages.GrantedRefund], key: Key = None
) -> Done:
    """All of it, or a part."""
    by = await doing(web, request)
    command = cmd.GrantRefund(order_id, data.amount_minor, by.operator, data.reason, by.key, by.fingerprint)
    return await do(web, command, "refund granted", by)


@post(
    "/v1/operator/orders/{order_id:str}/correct", summary="Correct somebody's order", **writes(Permission.ACT_ON_ORDERS)
)
async def correct(
    web: Parts, request: Asking, order_id: OrderId, data: JSONBody[messages.Correction], key: Key = None
) -> Done:
    """Its trim, configuration or region, until its production begins, at the prices of now."""
    by = await doing(web, request)
    options = None if data.options is None else tuple(data.options)
    command = cmd.Correct(order_id, by.operator, data.reason, by.key, by.fingerprint, data.trim, options, data.region)
    return await do(web, command, "corrected", by)


@post(
    "/v1/operator/refunds/{refund_id:str}/paid",
    summary="Say that a refund was paid",
    **writes(Permission.RECORD_REFUNDS),
)
async def refund_paid(
    web: Parts,
    request: Asking,
    refund_id: Annotated[str, Parameter(description="The refund's id.", max_length=80)],
    data: JSONBody[messages.PaidRefund],
    key: Key = None,
) -> Done:
    """By hand, where the provider could not. Said again, nothing more happens."""
    by = await doing(web, request)
    reply = taken(await web.hot.queued(cmd.RecordRefund(refund_id, by.operator, data.reason)))
    _ = web.launch
    at_ms = web.desk.book.refunds[refund_id].paid_at_ms or web.now_ms
    return receipt(web, "refund paid", by, at_ms, replayed=not reply.events)


@post(
    "/v1/operator/moves",
    summary="Move orders in production",
    request_max_body_size=MOVES_LIMIT_BYTES,
    **writes(Permission.MOVE_ORDERS),
)
async def move_orders(web: Parts, request: Asking, data: JSONBody[messages.Moves], key: Key = None) -> Done:
    """One step along (or back) each: all of them, or (409 ``invalid_moves`` with every fault) none."""
    by = await doing(web, request)
    moves = tuple((move.order_id, move.state) for move in data.moves)
    command = cmd.MoveOrders(moves, by.operator, data.reason, by.key, by.fingerprint)
    return await do(web, command, f"{len(moves)} moved", by)


@get("/v1/operator/orders", summary="Look orders up", **reads(Permission.FIND_ORDERS))
def find_orders(
    web: Parts,
    request: Asking,
    in_state: Annotated[State | None, QueryParameter(name="state")] = None,
    model: Id = None,
    trim: Id = None,
    customer: Id = None,
    ordered_from: Time = None,
    ordered_before: Time = None,
    changed_since: Time = None,
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_MOST)] = PAGE,
    cursor: Cursor = None,
) -> messages.FoundOrders:
    """By state, model, trim, customer and time, oldest first, in pages. Times are RFC 3339."""
    _ = web.launch
    wanted = Wanted(
        None if in_state is None else in_state.value,
        model,
        trim,
        customer,
        _maybe_ms("ordered_from", ordered_from),
        _maybe_ms("ordered_before", ordered_before),
        _maybe_ms("changed_since", changed_since),
    )
    return look_up(web.desk.book, wanted, limit, cursor, web.desk.at_ms)


@get("/v1/operator/orders/{order_id:str}", summary="Read somebody's order", **reads(Permission.FIND_ORDERS))
def read_any_order(web: Parts, request: Asking, order_id: OrderId) -> messages.OperatedOrder:
    """An order with its customer and its history, operators' names included."""
    _ = web.launch
    order = web.desk.book.orders.get(order_id)
    if order is None:
        raise Problem("no_such_order", f"There is no order {order_id}.")
    events = web.history(order, for_operators=True).events
    return messages.OperatedOrder(order.customer, web.shown(order), events)


@get("/v1/operator/trail", summary="What operators did", **reads(Permission.SEE))
def read_trail(
    web: Parts,
    request: Asking,
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE)] = 20,
    cursor: Cursor = None,
) -> messages.TrailView:
    """The latest first, read from the log."""
    _ = web.launch
    try:
        return trail(web.desk.book, web.desk.log, limit, cursor)
    except LogError as error:
        raise Problem("desk_closed", f"The log can't be read now: {error}.", retry_after_s=1) from error


def moment_ms(field: str, text: str, code: str = "invalid_body") -> int:
    """A time as RFC 3339 has it, in milliseconds. Raises ``Problem`` with that code."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Problem(code, f"{field}: found {text!r}, allowed: a time as in RFC 3339.") from error
    if moment.tzinfo is None or not 2000 <= moment.year <= 2199:
        raise Problem(code, f"{field}: give an offset (Z or +08:00) and a year from 2000 to 2199.")
    return to_ms(moment)


def _maybe_ms(field: str, text: str | None) -> int | None:
    """A time in a query, where a plus that was not escaped has become a space."""
    return None if text is None else moment_ms(field, _plus(text), "invalid_request")


def _plus(text: str) -> str:
    """The plus back before an offset that stands alone, and nowhere else."""
    head, space, offset = text.rpartition(" ")
    return f"{head}+{offset}" if space and offset.count(":") == 1 else text


OPERATOR_ROUTES = [
    set_sales,
    set_cap,
    move_window,
    withdraw,
    grant_refund,
    correct,
    refund_paid,
    move_orders,
    find_orders,
    read_any_order,
    read_trail,
]
