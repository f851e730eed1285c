"""The hot routes as OpenAPI describes them. What serves them is ``hot``: ``app`` never lets them come here.

What does come here are addresses that the framework takes for the same (``/v1/orders/``): there is nothing there.
"""

from __future__ import annotations

from typing import Annotated

from litestar import post
from litestar.datastructures import ResponseHeader
from litestar.exceptions import NotFoundException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, JSONBody, Parameter

from drumroll.payments.base import PaymentWebhook
from drumroll.web.messages import CancelledOrder, NewOrder, ProblemView, ReservedOrder, WebhookReceipt

_WORDS = {
    400: "The request can't be read: see `code`",
    401: "No valid session, or no valid signature",
    404: "There is no such order of this customer's",
    409: "The rules of the launch say no: see `code`",
    413: "The body is longer than allowed",
    415: "Not JSON",
    422: "The request is readable and wrong: see `code`",
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
    responses=problems(400, 401, 404, 409, 413, 422, 503),
    security=_SESSION,
    sync_to_thread=False,
)
def cancel_order(order_id: Annotated[str, Parameter(max_length=64)], key: Key) -> CancelledOrder:
    """Take an order back, reserved or firm. A deposit that was paid is owed back from this moment."""
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


HOT_TWINS = [place_order, cancel_order, payment_webhook]
