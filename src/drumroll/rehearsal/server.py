"""The server under rehearsal: started in its own process, killed without warning, started again on the same log."""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import msgspec

from drumroll.domain.times import rfc3339
from drumroll.errors import RehearsalFailed

HOST = "127.0.0.1"
_READY_WITHIN_S = 60.0
_STOPS_WITHIN_S = 10.0
_ASK_EVERY_S = 0.02
_PORTS = range(18_000, 30_000)
"""Below the ports that the kernel gives to outgoing connections: those of the customers must not take the server's."""


class Server:
    """One server on loopback with a log in ``folder``; its output goes to ``server.log`` there."""

    def __init__(self, launch: Path, folder: Path, rate: float) -> None:
        self.log = folder / "orders.log"
        self.output = folder / "server.log"
        self.port = _free_port()
        self.webhook_secret = "whsec_" + b64encode(secrets.token_bytes(32)).decode()
        self._launch = launch
        self.rate = rate
        self._secret = secrets.token_hex(32)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, now_ms: int) -> float:
        """Start it with its clock at ``now_ms`` and wait until it takes orders; return how many seconds that took."""
        began = monotonic()
        command = [sys.executable, "-m", "drumroll", "serve", str(self._launch), "--log", str(self.log)]
        command += ["--host", HOST, "--port", str(self.port), "--sandbox"]
        command += ["--clock", f"{rfc3339(now_ms)}@{self.rate:g}"]
        environment = {**os.environ, "DRUMROLL_SECRET": self._secret, "DRUMROLL_WEBHOOK_SECRET": self.webhook_secret}
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        while not self._is_ready():
            if self._process.poll() is not None:
                raise RehearsalFailed(
                    f"the server did not start (exit code {self._process.returncode}):\n{self._tail()}"
                )
            if monotonic() - began > _READY_WITHIN_S:
                raise RehearsalFailed(f"the server was not ready within {_READY_WITHIN_S:.0f} s:\n{self._tail()}")
            sleep(_ASK_EVERY_S)
        return monotonic() - began

    @property
    def publishes(self) -> bool:
        """Whether it publishes a transparency log: there are keys to sign it with."""
        return Path(f"{self.log}-proof", "keys").exists()

    def kill(self) -> None:
        """SIGKILL, now: the server and whatever it started."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """SIGTERM, and SIGKILL if that does not end it in time."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOPS_WITHIN_S)
        self.kill()

    def get(self, path: str) -> bytes:
        """The body of a GET that must be answered with 200."""
        return self._ask("GET", path, None)

    def post(self, path: str, content: object) -> dict[str, Any]:
        """The JSON answer to a POST that must be answered with success."""
        return msgspec.json.decode(self._ask("POST", path, msgspec.json.encode(content)), type=dict[str, Any])

    def _ask(self, method: str, path: str, body: bytes | None) -> bytes:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        try:
            connection.request(method, path, body, {"content-type": "application/json"} if body else {})
            answer = connection.getresponse()
            content = answer.read()
        except OSError as error:
            raise RehearsalFailed(f"{method} {path}: {error}\n{self._tail()}") from error
        finally:
            connection.close()
        if answer.status >= 300:
            raise RehearsalFailed(
                f"{method} {path} was answered {answer.status}: {content[:300].decode(errors='replace')}"
            )
        return content

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _tail(self) -> str:
        text = self.output.read_text(errors="replace") if self.output.exists() else ""
        return "\n".join(text.splitlines()[-15:])


def _free_port() -> int:
    for _ in range(200):
        port = secrets.choice(_PORTS)
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((HOST, port))
            except OSError:
                continue
            return port
    raise RehearsalFailed(f"no free port on {HOST} among {_PORTS.start} to {_PORTS.stop}")
