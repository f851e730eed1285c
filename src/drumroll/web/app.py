"""The ASGI application: three hot routes, and the framework for all else."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from drumroll.web.api import make_api
from drumroll.web.context import Web
from drumroll.web.hot import Receive, Scope, Send

App = Callable[[Scope, Receive, Send], Awaitable[None]]
_ORDERS = "/v1/orders"
_CANCEL = "/cancel"
PATH_LIMIT = 1024
"""Characters of a path. All of ours are shorter; file systems fail on long ones, and on NUL."""

_log = logging.getLogger("drumroll")


def make_app(web: Web) -> App:
    """The application around the parts of a server."""
    place_order, cancel_order = web.hot.place_order, web.hot.cancel_order
    payment_webhook = web.hot.payment_webhook
    framework: Any = make_api(web)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["type"] == "http" and scope["method"] == "POST":
                path: str = scope["path"]
                if path == _ORDERS:
                    return await place_order(scope, receive, send)
                if path == "/v1/webhooks/payments":
                    return await payment_webhook(scope, receive, send)
                if path.startswith(_ORDERS + "/") and path.endswith(_CANCEL):
                    order_id = path[len(_ORDERS) + 1 : -len(_CANCEL)]
                    return await cancel_order(scope, receive, send, order_id)
            return await framework(_findable(scope), receive, send)  # type: ignore[no-any-return]
        except Exception:
            _log.exception("%s %s failed", scope.get("method"), scope.get("path"))
            raise

    return app


def _findable(scope: Scope) -> Scope:
    """A path that nothing can be at is one where nothing is."""
    path = scope.get("path", "")
    if len(path) > PATH_LIMIT or "\0" in path:
        return {**scope, "path": "/not-found", "raw_path": b"/not-found"}
    return scope
