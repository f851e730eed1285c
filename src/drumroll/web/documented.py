"""The hot routes as OpenAPI describes them. What serves them is ``hot``: ``app`` never lets them come here.

What does come here are addresses that the framework takes for the same (``/v1/orders/``): there is nothing there.
"""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.datastructures import ResponseHeader
from litestar.exceptions import NotFoundException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, JSONBody, Parameter, QueryParameter

from drumroll.payments.base import PaymentWebhook
from drumroll.room.draw import Draw
from drumroll.web.messages import NewOrder, ProblemView, ReservedOrder, WebhookReceipt
from drumroll.web.messages_orders import (
    CancelledOrder,
    ChangedOrder,
    Confirmed,
    ConvertedOrder,
    LockedOrder,
    Nothing,
    UnlockedOrder,
    WaitingView,
    WantedChange,
    WantedConversion,
    WantedPlace,
)
from drumroll.web.messages_promise import QuoteView
from drumroll.web.room import DRAW, ROOM, PlaceView, WaitingRoomView

_WORDS = {
    400: "The request can't be read: see `code`",
    401: "No valid session, or no valid signature",
    403: "A session that may not do this",
    404: "There is no such order of this customer's",
    409: "The rules of the launch say no: see `code`",
    413: "The body is longer than allowed",
    415: "Not JSON",
    422: "The request is readable and wrong: see `code`",
    429: "Asked too often; ask again after `Retry-After` seconds",
    503: "Not now; ask again after `Retry-After` seconds, with the same Idempotency-Key",
}


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """The problem documents that a route may answer with."""
    return {
        status: ResponseSpec(
            ProblemView, description=_WORDS[status], media_type="application/problem+json", generate_examples=False
        )
        for status in statuses
    }


Key = Annotated[
    str,
    HeaderParameter(
        name="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21\x23-\x7e]+$",
        description="New for each thing wanted, the same for each retry; bare or in quotes. Kept as long as the sale.",
    ),
]
OrderId = Annotated[str, Parameter(description="The order's id.", max_length=64)]
WebhookHeader = Annotated[str, HeaderParameter(name="webhook-id", min_length=1, max_length=256)]
WebhookTime = Annotated[str, HeaderParameter(name="webhook-timestamp", pattern="^[0-9]{1,12}$")]
WebhookSignature = Annotated[str, HeaderParameter(name="webhook-signature", max_length=4096)]
_SESSION: list[dict[str, list[str]]] = [{"session": []}]
REPLAYED = ResponseHeader(
    name="Idempotent-Replayed", description="`true` if this key was answered before", documentation_only=True
)


@post(
    "/v1/orders",
    summary="Order",
    response_description="Ordered, durably; or the same answer again",
    response_headers=[
        ResponseHeader(name="Location", description="Where the order is read", documentation_only=True),
        REPLAYED,
    ],
    responses=problems(400, 401, 409, 413, 415, 422, 503),
    security=_SESSION,
    sync_to_thread=False,
)
def place_order(data: JSONBody[NewOrder], key: Key) -> ReservedOrder:
    """Order: 201 once it is durable. It waits for its deposit until ``expires_at``, and is firm when that came."""
    raise NotFoundException


@post(
    "/v1/orders/{order_id:str}/cancel",
    summary="Cancel an order",
    response_description="Cancelled, durably; or the same answer again",
    response_headers=[REPLAYED],
    status_code=200,
    responses=problems(400, 401, 404, 409, 413, 415, 422, 503),
    security=_SESSION,
    sync_to_thread=False,
)
def cancel_order(order_id: OrderId, key: Key, data: JSONBody[Confirmed | None] = None) -> CancelledOrder:
    """Take an order back. Before its lock the deposit is owed back; after it, it is given up, in two steps."""
    raise NotFoundException


@post(
    "/v1/orders/{order_id:str}/lock",
    summary="Lock an order early",
    response_description="Locked, durably; or the same answer again",
    response_headers=[REPLAYED],
    status_code=200,
    responses=problems(400, 401, 404, 409, 413, 415, 422, 503),
    security=_SESSION,
    sync_to_thread=False,
)
def lock_order(order_id: OrderId, key: Key, data: JSONBody[Confirmed | None] = None) -> LockedOrder:
    """Give up the right to a refund, and take a place in the queue.

    In two steps: without ``confirmation`` the answer is 409 ``confirmation_required`` with the terms and one.
    """
    raise NotFoundException


@post(
    "/v1/orders/{order_id:str}/undo-lock",
    summary="Undo an early lock",
    response_description="Undone, durably; or the same answer again",
    response_headers=[REPLAYED],
    status_code=200,
    responses=problems(400, 401, 404, 409, 413, 415, 422, 503),
    security=_SESSION,
    sync_to_thread=False,
)
def undo_lock(order_id: OrderId, key: Key, data: JSONBody[Nothing | None] = None) -> UnlockedOrder:
    """Take an early lock back, while that can be."""
    raise NotFoundException


@post(
    "/v1/orders/{order_id:str}/change",
    summary="Change an order",
    response_description="Changed, durably; or the same answer again",
    response_headers=[REPLAYED],
    status_code=200,
    responses=problems(400, 401, 404, 409, 413, 415, 422, 503),
    security=_SESSION,
    sync_to_thread=False,
)
def change_order(order_id: OrderId, key: Key, data: JSONBody[WantedChange]) -> ChangedOrder:
    """Another trim, configuration or region, before the lock; in two steps, the first of which says the prices."""
    raise NotFoundException


@post(
    "/v1/orders/{order_id:str}/convert",
    summary="Change an order to another model",
    response_description="Converted, durably; or the same answer again",
    response_headers=[REPLAYED],
    status_code=200,
    responses=problems(400, 401, 404, 409, 413, 415, 422, 503),
    security=_SESSION,
    sync_to_thread=False,
)
def convert_order(order_id: OrderId, key: Key, data: JSONBody[WantedConversion]) -> ConvertedOrder:
    """Through a conversion window; in two steps, the first of which says price, deposit, place. It stays one order."""
    raise NotFoundException


@post(
    "/v1/waiting-list",
    summary="Wait for a place",
    response_description="Waiting, durably; or the same answer again",
    response_headers=[REPLAYED],
    status_code=201,
    responses=problems(400, 401, 404, 409, 413, 415, 422, 503),
    security=_SESSION,
    sync_to_thread=False,
)
def join_waiting_list(key: Key, data: JSONBody[WantedPlace]) -> WaitingView:
    """Wait for a place in what is sold out. An offered place is a reserved order with the id that is answered here."""
    raise NotFoundException


@post(
    "/v1/waiting-list/{order_id:str}/leave",
    summary="Wait no more",
    response_description="Left, durably; or the same answer again",
    response_headers=[REPLAYED],
    status_code=200,
    responses=problems(400, 401, 404, 409, 413, 415, 422, 503),
    security=_SESSION,
    sync_to_thread=False,
)
def leave_waiting_list(order_id: OrderId, key: Key, data: JSONBody[Nothing | None] = None) -> dict[str, str]:
    """Leave the waiting list."""
    raise NotFoundException


@post(
    "/v1/webhooks/payments",
    summary="Payment webhook",
    response_description="Counted, durably, or known already",
    status_code=200,
    responses=problems(400, 401, 413, 503),
    sync_to_thread=False,
)
def payment_webhook(
    data: JSONBody[PaymentWebhook],
    webhook_id: WebhookHeader,
    webhook_timestamp: WebhookTime,
    webhook_signature: WebhookSignature,
) -> WebhookReceipt:
    """The provider tells of a payment, signed as in Standard Webhooks. The same payment again counts once."""
    raise NotFoundException


@get(
    "/v1/quotes",
    summary="Price and delivery, before ordering",
    responses=problems(400, 409, 422, 503),
    sync_to_thread=False,
)
def read_quote(
    model: Annotated[str, QueryParameter(max_length=32, description="The id of a model.")],
    trim: Annotated[str, QueryParameter(max_length=32, description="The id of a trim of it.")],
    options: Annotated[str | None, QueryParameter(description="Choices, with commas between them.")] = None,
    region: Annotated[str | None, QueryParameter(max_length=32, description="Where to; else the first region.")] = None,
) -> QuoteView:
    """What an order would cost, when it would be delivered and why no earlier, at which place, and what that misses.

    Nothing needs to be paid, and nobody signs in. The same is promised to whoever orders at that moment.
    """
    raise NotFoundException


@get(
    "/v1/board/events",
    summary="The live board, as it changes",
    response_description="Server-sent events, one a second",
    responses=problems(503),
    media_type="text/event-stream",
    sync_to_thread=False,
)
def stream_board() -> str:
    """The board as server-sent events (WHATWG HTML, 9.2). The data of each is a JSON object.

    `board`: all of `GET /v1/board`; the first event, and again whenever a change can't say what happened. `change`,
    once a second: `now` and the fields that are no longer as they were; of `totals` the counts that changed; `trims` an
    object for each row, in the board's order, with what changed of it; of `curve` the rows that are new or take the
    place of the row with the same second. Values are what holds now, never differences: one that comes twice does no
    harm. A stream ends after some minutes: open the next, as a browser does by itself.
    """
    raise NotFoundException


@post(
    ROOM,
    summary="Join the waiting room",
    response_description="Their place, durably; or the same place again",
    status_code=200,
    responses=problems(401, 404, 409, 503),
    security=_SESSION,
    sync_to_thread=False,
)
def join_room() -> PlaceView:
    """Take a place, or find the one that they have: a person has one, however often it is asked for. It needs no key.

    Once they are let in there is a ``ticket``; send it with orders as ``Admission: <ticket>``. 404 if there is no room.
    """
    raise NotFoundException


@get(
    ROOM,
    summary="Look into the waiting room",
    responses=problems(401, 404, 503),
    security=[{}, *_SESSION],
    sync_to_thread=False,
)
def look_at_room() -> WaitingRoomView:
    """The room as all may see it, and with a session one's own place. Ask again after ``mine.ask_again_s`` seconds."""
    raise NotFoundException


@get(
    DRAW,
    summary="Download the draw of places",
    response_description="The published draw; it never changes",
    responses=problems(404, 409, 429, 503),
    sync_to_thread=False,
)
def read_draw() -> Draw:
    """The seed, and all entrants by names that say nothing of whom: check it with `drumroll draw FILE`."""
    raise NotFoundException


HOT_TWINS = [
    read_quote,
    stream_board,
    join_room,
    look_at_room,
    read_draw,
    place_order,
    cancel_order,
    lock_order,
    undo_lock,
    change_order,
    convert_order,
    join_waiting_list,
    leave_waiting_list,
    payment_webhook,
]
