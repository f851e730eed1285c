"""Everything but the hot path, on the framework: reads, the board, health, metrics, documentation.

The hot routes have twins in ``documented``, for OpenAPI alone: ``app`` serves those before the framework sees them.
"""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from litestar import Litestar, Request, Response, get
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter
from litestar.static_files import create_static_files_router

from drumroll.errors import NotDelivered, NotSignedIn, TooMany
from drumroll.proof.entry import KINDS
from drumroll.web.context import Parts, Web, status_of, web_of
from drumroll.web.documented import HOT_TWINS, problems
from drumroll.web.messages import BoardView, Health, LaunchView, OrderView, SaleView
from drumroll.web.messages_orders import HistoryView, OrdersView, WaitingView
from drumroll.web.metrics import exposition
from drumroll.web.openapi import SWAGGER, openapi_config, openapi_plugins
from drumroll.web.operators import OPERATOR_ROUTES
from drumroll.web.operators_plan import PLAN_ROUTES
from drumroll.web.pages.errors import of_error, or_page, signs_in
from drumroll.web.pages.routes import PAGE_ROUTES
from drumroll.web.pages.visitor import SignInNeeded
from drumroll.web.problem_words import language_of
from drumroll.web.problems import MEDIA_TYPE, Problem, document
from drumroll.web.rates import DEAR, often_enough
from drumroll.web.sale import sale_view
from drumroll.web.sandbox import SANDBOX_ROUTES
from drumroll.web.views import launch_view

STATIC = Path(__file__).parent / "static"
_log = logging.getLogger("drumroll")

OrderId = Annotated[str, Parameter(description="The order's id.", max_length=64)]
Event = Annotated[str, Parameter(description=f"Of which event: {', '.join(KINDS)}. Default: its last one.")]


@get(
    "/v1/orders/{order_id:str}",
    summary="Read an order",
    responses=problems(400, 401, 404, 503),
    security=[{"session": []}],
    sync_to_thread=False,
)
def read_order(web: Parts, order_id: OrderId, request: Request[Any, Any, Any]) -> OrderView:
    """An order of the customer whose session it is, and what they may do with it now; anybody else's is a 404."""
    return web.shown(web.own(order_id, request.headers.get("authorization")))


@get(
    "/v1/orders",
    summary="Read my orders",
    responses=problems(400, 401, 503),
    security=[{"session": []}],
    sync_to_thread=False,
)
def read_orders(web: Parts, request: Request[Any, Any, Any]) -> OrdersView:
    """All orders of the customer whose session it is, and what they wait for."""
    return web.orders_of(request.headers.get("authorization"))


@get(
    "/v1/orders/{order_id:str}/history",
    summary="Read an order's history",
    responses=problems(400, 401, 404, 429, 503),
    security=[{"session": []}],
    opt=DEAR,
    sync_to_thread=False,
)
def read_history(web: Parts, order_id: OrderId, request: Request[Any, Any, Any]) -> HistoryView:
    """Everything that ever happened to the order, with times in the launch's zone, read from the log."""
    return web.history(web.own(order_id, request.headers.get("authorization")), for_operators=False)


@get(
    "/v1/orders/{order_id:str}/receipt",
    summary="Download an order's receipt",
    responses=problems(400, 401, 404, 409, 429, 503),
    security=[{"session": []}],
    opt=DEAR,
    media_type="text/plain",
    sync_to_thread=False,
)
def read_receipt(web: Parts, order_id: OrderId, request: Request[Any, Any, Any], event: Event = "") -> Response[bytes]:
    """Proof that an event of the order is in the published log, and what its entry says (C2SP tlog-proof).

    Check it offline with `drumroll verify FILE --key VKEY`.
    """
    order = web.own(order_id, request.headers.get("authorization"))
    headers = {"content-disposition": f'attachment; filename="{order.id}.tlog-proof"'}
    return Response(web.receipt(order, event), media_type="text/plain", headers=headers)


@get(
    "/v1/waiting-list/{order_id:str}",
    summary="Read a place in the waiting list",
    responses=problems(400, 401, 404, 503),
    security=[{"session": []}],
    sync_to_thread=False,
)
def read_waiting(web: Parts, order_id: OrderId, request: Request[Any, Any, Any]) -> WaitingView:
    """Whether they still wait, at which position; once a place is offered, it is the order of the same id."""
    return web.waiting(order_id, request.headers.get("authorization"))


@get("/v1/launch", summary="The launch", responses=problems(503), sync_to_thread=False)
def read_launch(web: Parts) -> LaunchView:
    """What is sold, when, for how much, by which limits."""
    _ = web.launch
    return launch_view(web.desk.book, web.desk.clock_ms(), sandbox=web.sandbox is not None)


@get("/v1/sale", summary="Whether it can be ordered now", responses=problems(503), sync_to_thread=False)
def read_sale(web: Parts) -> SaleView:
    """The time, and the state of the sale of the headline models: a few bytes, for pages that count down."""
    _ = web.launch
    return sale_view(web.desk.book, web.now_ms, web.clock_rate)


@get("/v1/board", summary="The live board", responses=problems(503), sync_to_thread=False)
def read_board(web: Parts) -> BoardView:
    """The figures of the live board. They are durable before they are shown."""
    _ = web.launch
    return web.board()


@get(
    "/healthz",
    summary="Health",
    responses={503: ResponseSpec(Health, description="Orders are not taken now", generate_examples=False)},
    sync_to_thread=False,
)
def health(web: Parts) -> Response[Health]:
    """200 while orders are taken; 503 and the reason while not."""
    desk = web.desk
    status = status_of(desk)
    because = desk.closed_because or ("the server is stopping" if desk.draining else None)
    return Response(Health(status, because, desk.position), status_code=200 if status == "open" else 503)


@get("/metrics", summary="Metrics", sync_to_thread=False, media_type="text/plain")
def metrics(web: Parts) -> Response[bytes]:
    """Prometheus' text format."""
    return Response(exposition(web.metrics), media_type="text/plain; version=0.0.4")


@cache
def make_api(*, sandbox: bool, body_limit_bytes: int) -> Litestar:
    """The framework's application. It knows no server (``context.WEB``), so one is made in a process and kept."""
    routes = [read_order, read_orders, read_history, read_receipt, read_waiting, read_launch, read_sale, read_board]
    routes += [health, metrics, *HOT_TWINS, *OPERATOR_ROUTES, *PLAN_ROUTES, *PAGE_ROUTES]
    return Litestar(
        route_handlers=[
            *routes,
            *(SANDBOX_ROUTES if sandbox else ()),
            create_static_files_router("/docs/assets", directories=[SWAGGER], include_in_schema=False),
        ],
        guards=[often_enough],
        dependencies={"web": Provide(_provided, sync_to_thread=False)},
        exception_handlers={
            Problem: or_page(_problem),
            SignInNeeded: signs_in,
            TooMany: or_page(_of_error),
            NotSignedIn: or_page(_of_error),
            NotDelivered: or_page(_of_error),
            HTTPException: or_page(_http_error),
            UnicodeDecodeError: or_page(_unreadable),
            RecursionError: or_page(_unreadable),
            Exception: or_page(_failed),
        },
        request_max_body_size=body_limit_bytes,
        openapi_config=openapi_config(),
        plugins=openapi_plugins(),
        logging_config=None,
    )


def _provided(request: Request[Any, Any, Any]) -> Web:
    return web_of(request)


def _problem(request: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
    status, headers, body = problem.answered(request.scope["headers"])
    text = {name.decode(): value.decode() for name, value in headers}
    return Response(body, status_code=status, headers=text, media_type=MEDIA_TYPE)


def _of_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    return _problem(request, of_error(error))


def _unreadable(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """What JSON can't be read for, beyond its grammar: no UTF-8, or nested too deep."""
    return _documented(request, 400, "malformed_body", f"The body can't be read: {error}.")


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A bug of ours: it goes to the server's output, and the client learns only that."""
    _log.error("%s %r failed", request.method, request.url.path, exc_info=error)
    return _documented(request, 500, "internal_error", "The server has failed; it has written down why.")


def _http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """The framework's own errors (no such route, a body that is not as documented), in the same form."""
    code = {400: "invalid_request", 404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}
    facts = {"errors": error.extra} if error.extra else None
    answer = _documented(request, error.status_code, code.get(error.status_code, "error"), error.detail, facts)
    answer.headers.update(error.headers or {})
    return answer


def _documented(
    request: Request[Any, Any, Any], status: int, code: str, detail: str, facts: dict[str, Any] | None = None
) -> Response[bytes]:
    language = language_of(request.scope["headers"])
    headers = {"content-language": language, "vary": "accept-language"}
    body = document(status, code, detail, facts, language)
    return Response(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)
