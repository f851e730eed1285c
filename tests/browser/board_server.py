"""A small real HTTP server for the board's page: the page and its files, and a board that a test writes."""

from __future__ import annotations

import contextlib
import copy
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from drumroll.web.board_events import board_event, change_event
from drumroll.web.board_page import board_pages
from drumroll.web.messages import BoardView

STATIC = Path(str(files("drumroll.web").joinpath("static")))
PAGES = board_pages(STATIC, lambda name: f"/static/{name}", {})
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
KINDS = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
BEAT_S = 0.2

MINUTE_THREE: dict[str, Any] = {
    "launch": {"id": "yu7", "name": "Xiaomi YU7", "time_zone": "Asia/Shanghai", "currency": "CNY"},
    "sandbox": True,
    "now": "2025-06-26T22:03:00+08:00",
    "opens_at": "2025-06-26T22:00:00+08:00",
    "closes_at": None,
    "status": "open",
    "position": 6242,
    "totals": {
        "reserved": 5247,
        "firm": 201132,
        "locked": 1480,
        "converted": 963,
        "expired": 17,
        "cancelled": 2614,
        "forfeited": 12,
    },
    "rate_per_s": 254.3,
    "trims": [
        {"model": "yu7", "model_name": "YU7", "trim": trim, "trim_name": name, "cap": cap}
        | {"reserved": 1749, "firm": firm, "locked": 0, "converted": 0, "expired": 0, "cancelled": 0, "forfeited": 0}
        for trim, name, firm, cap in (
            ("standard", "Standard", 84475, None),
            ("pro", "Pro", 66373, None),
            ("max", "Max", 50284, 100000),
        )
    ],
    "milestones": [
        {"firm": 100000, "at": "2025-06-26T22:00:36.400+08:00", "after_s": 36.4},
        {"firm": 200000, "at": "2025-06-26T22:02:58+08:00", "after_s": 178.0},
    ],
    "next_milestone": 250000,
    "curve": [[second, 201132 * (second + 1) // 180] for second in range(180)],
}


class BoardServer(ThreadingHTTPServer):
    """Serves ``board`` (change it with ``tell``); ``down`` drops its API, ``streaming`` says whether there is SSE."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.board = copy.deepcopy(MINUTE_THREE)
        self.down = False
        self.streaming = True
        self.stopped = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def tell(self, **changes: Any) -> None:
        """Change fields of the board; who watches hears of it at the next beat."""
        self.board = self.board | changes

    def firm(self, firm: int) -> None:
        """So many stand firm now."""
        self.tell(totals=self.board["totals"] | {"firm": firm})

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle of an answer is no news."""


class Handler(BaseHTTPRequestHandler):
    """The routes of the page."""

    server: BoardServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/board":
            language = "zh-CN" if self.headers.get("accept-language", "").startswith("zh") else "en"
            self._answer(PAGES[language], "text/html; charset=utf-8")
        elif path.startswith("/static/"):
            self._file(path.removeprefix("/static/"))
        elif self.server.down:
            self.close_connection = True
        elif path == "/v1/board":
            self._answer(json.dumps(self.server.board).encode(), "application/json")
        elif path == "/v1/board/events" and self.server.streaming:
            self._stream()
        else:
            self._answer(b"", "text/plain", 404)

    def log_message(self, *_: Any) -> None:
        """Silent."""

    def _file(self, name: str) -> None:
        self._answer((STATIC / name).read_bytes(), KINDS[name.rpartition(".")[2]])

    def _answer(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-security-policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        beat, told = threading.Event(), msgspec.convert(self.server.board, BoardView)
        self.wfile.write(b"retry: 500\n" + board_event(told))
        while not (self.server.down or self.server.stopped):
            beat.wait(BEAT_S)
            before, told = told, msgspec.convert(self.server.board, BoardView)
            self.wfile.write(change_event(before, told))


@contextlib.contextmanager
def board_server() -> Iterator[BoardServer]:
    """A server on a free port of loopback, gone at the end."""
    server = BoardServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopped = True
        server.shutdown()
        server.server_close()
        thread.join()
