"""Real servers in processes of their own, and a client of plain sockets that says exactly what it sends."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from datetime import datetime
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

from drumroll.payments.base import Payment
from drumroll.payments.sandbox import SandboxProvider
from drumroll.payments.standard_webhooks import secret_bytes
from tests.web.house import LAUNCH, Answer

CLOCK = "2026-05-01T12:00:30+02:00@1"
WEBHOOK_SECRET = "whsec_" + b64encode(bytes(range(32))).decode()
READY_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RealServer:
    """``drumroll serve`` in a sandbox on a log in ``folder``. ``limits``: settings, by their names.

    It publishes only if it is told to: a publisher is a process more, and most tests are not about it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        log: str = "o.drumroll",
        port: int = 0,
        launch: str = LAUNCH,
        file_limit: int = 0,
        **limits: Any,
    ) -> None:
        self.port = port or free_port()
        self.log = folder / log
        launch_file = folder / "launch.toml"
        launch_file.write_text(launch)
        self.output = folder / f"output-{self.port}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DRUMROLL_")}
        limits = {"publish": False, **limits}
        environment |= {f"DRUMROLL_{name.upper()}": str(value) for name, value in limits.items()}
        environment |= {"DRUMROLL_SECRET": "11" * 32, "DRUMROLL_WEBHOOK_SECRET": WEBHOOK_SECRET}
        command = [sys.executable, "-m", "drumroll", "serve", str(launch_file), "--log", str(self.log)]
        command += ["--port", str(self.port), "--sandbox", "--clock", CLOCK]
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)

    def __enter__(self) -> RealServer:
        try:
            self.wait_until_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def wait_until_ready(self) -> None:
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            assert self.process.poll() is None, self.output.read_text()
            try:
                if self.get("/healthz").status == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"not ready: {self.output.read_text()}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self, within_s: float = 10) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within_s)

    def connection(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=10)

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        connection = self.connection()
        try:
            connection.request(method, path, body, headers or {})
            return answer_of(connection.getresponse())
        finally:
            connection.close()

    def get(self, path: str, token: str | None = None) -> Answer:
        return self.ask("GET", path, {"authorization": f"Bearer {token}"} if token else {})

    def sessions(self, *customers: str) -> list[str]:
        body = json.dumps({"customers": customers}).encode()
        answer = self.ask("POST", "/sandbox/sessions", {"content-type": "application/json"}, body)
        return [one["token"] for one in answer.json()["sessions"]]

    def operators(self, *names: str) -> list[str]:
        """Operators' tokens from the sandbox."""
        body = json.dumps({"operators": names}).encode()
        answer = self.ask("POST", "/sandbox/operators", {"content-type": "application/json"}, body)
        return [one["token"] for one in answer.json()["sessions"]]

    def order(self, token: str, key: str, trim: str = "plain") -> Answer:
        body = json.dumps({"model": "kite", "trim": trim}).encode()
        return self.ask("POST", "/v1/orders", order_headers(token, key), body)

    def pay(self, order_id: str, payment_id: str) -> Answer:
        now = self.get("/sandbox/clock").json()["now"]
        now_ms = int(datetime.fromisoformat(now).timestamp() * 1000)
        provider = SandboxProvider(secret_bytes(WEBHOOK_SECRET))
        webhook = provider.payment_webhook(Payment(payment_id, order_id, 2_000, "EUR"), now_ms)
        headers = {name.decode(): value.decode() for name, value in webhook.headers.items()}
        return self.ask("POST", "/v1/webhooks/payments", headers, webhook.body)

    def raw(self, request: bytes, wait_s: float = 5) -> bytes:
        """All that comes back for these bytes until the server closes, or says nothing for ``wait_s``."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait_s) as connection:
            got = b""
            try:
                connection.sendall(request)
                while piece := connection.recv(65_536):
                    got += piece
            except (TimeoutError, ConnectionError):
                pass
            return got


def order_headers(token: str, key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "idempotency-key": key, "content-type": "application/json"}


def answer_of(response: HTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())


def limit_files(pid: int, file_limit: int) -> None:
    """No file of that process may grow beyond ``file_limit`` bytes (0: as large as it likes): a disk that is full."""
    hard = resource.RLIM_INFINITY
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (file_limit or hard, hard))
