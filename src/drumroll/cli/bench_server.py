"""The server that ``drumroll bench`` measures: the real one, with two constant answers beside it as the ceiling.

``/bench/ceiling`` reads the request to its end and answers a constant 201; ``/bench/ceiling-unread`` answers without
looking at the body, which no server that takes an order can do.
"""

from __future__ import annotations

import os

from drumroll.cli.serve import run
from drumroll.settings import load
from drumroll.web.app import App
from drumroll.web.incoming import Receive, Scope, Send

_BODY = (
    b'{"id":"ord_kpdkurt3y25jxx36","state":"reserved","model":"yu7","trim":"max","price_minor":32990000,'
    b'"deposit_minor":500000,"currency":"CNY","reserved_at":"2025-06-26T22:00:00.000+08:00",'
    b'"expires_at":"2025-06-26T22:15:00.000+08:00","pay_url":"/sandbox/pay/ord_kpdkurt3y25jxx36",'
    b'"delivery":{"from":"2026-03-30","until":"2026-04-26","weeks":[39,42],"sure_by":"2026-05-03","kept_percent":80,'
    b'"sure_percent":95,"short":"pack-max","because":"Battery packs, Max has nothing left in the weeks before.",'
    b'"cliffs":[{"id":"purchase-tax","name":"Exemption from purchase tax","last_day":"2025-12-31","crossing":"will"}]}}'
)
_HEADERS = [(b"content-type", b"application/json"), (b"location", b"/v1/orders/ord_kpdkurt3y25jxx36")]
_START = {"type": "http.response.start", "status": 201, "headers": _HEADERS}
_END = {"type": "http.response.body", "body": _BODY}


def with_ceiling(app: App) -> App:
    """The application, and the two constant answers."""

    async def measured(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path")
        if path == "/bench/ceiling":
            while (await receive()).get("more_body"):
                pass
        elif path != "/bench/ceiling-unread":
            return await app(scope, receive, send)
        await send(_START)
        return await send(_END)

    return measured


if __name__ == "__main__":
    run(load(os.environ), with_ceiling)
