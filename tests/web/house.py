"""A whole server in this process, without a socket: the ASGI application of ``bootstrap`` on a log in memory.

A house has an event loop of its own, so that tests are plain functions::

    with House() as house:
        token = house.session("ada")
        order = house.order(token, "key-1").json()
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from typing import Any, Self

from drumroll import bootstrap
from drumroll.desk.clock import SandboxClock
from drumroll.desk.desk import Desk
from drumroll.domain.launch_file import parse
from drumroll.log.base import Log
from drumroll.log.memory import MemoryLog
from drumroll.payments.base import Payment
from drumroll.settings import Settings

LAUNCH = """
format = 1
id = "kites"
name = "Kites"
time_zone = "Europe/Berlin"
currency = "EUR"

[sales]
opens = 2026-05-01T12:00:00
deposit_minor = 2_000
hold_s = 600
orders_per_customer = 2

[board]
models = ["kite"]
milestones = [2, 5]

[[model]]
id = "kite"
name = "Kite"

[[model.trim]]
id = "plain"
name = "Plain"
price_minor = 9_900

[[model.trim]]
id = "rare"
name = "Rare"
price_minor = 49_900
cap = 1

[[model]]
id = "balloon"
name = "Balloon"
opens = 2026-05-02T12:00:00

[[model.trim]]
id = "red"
name = "Red"
price_minor = 5_000

[[model]]
id = "wing"
name = "Wing"
opens = 2026-04-01T12:00:00
closes = 2026-04-30T12:00:00

[[model.trim]]
id = "grey"
name = "Grey"
price_minor = 5_000
"""
OPENED = "2026-05-01T12:00:30+02:00"
DEPOSIT_MINOR = 2_000
HOLD_S = 600

Headers = Iterable[tuple[str, str | bytes]]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes
    lines: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> list[str]:
        """Every header of that name."""
        return [value for one, value in self.lines if one == name]

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The stable code of a refusal, which must be a problem document as in RFC 9457."""
        assert self.headers["content-type"] == "application/problem+json"
        problem = self.json()
        assert problem["type"] == "about:blank"
        assert problem["status"] == self.status
        assert problem["title"]
        assert problem["detail"]
        return str(problem["code"])


class House:
    """A server on the frozen clock of ``clock`` (move it with ``pass_s``)."""

    def __init__(
        self,
        log: Log | None = None,
        clock: str = f"{OPENED}@0",
        *,
        steered: bool = True,
        path: str = "",
        launch: str = LAUNCH,
        **settings: Any,
    ) -> None:
        """``path``: where the server believes its log to be. ``steered=False``: as one on the real time.

        ``launch`` is the text of a launch file.
        """
        self.settings = Settings(**({"sandbox": True, "log": path or bootstrap.IN_MEMORY} | settings))
        self.log = MemoryLog() if log is None else log
        self.clock = bootstrap.make_clock(Settings(sandbox=True, clock=clock))
        assert self.clock is not None
        limits = {"queue_limit": self.settings.queue_limit, "batch_limit": self.settings.batch_limit}
        self.desk = Desk(self.log, self.clock, "test", **limits)
        self.desk.start(parse(launch, "kites.toml"))
        self.loop = asyncio.new_event_loop()
        try:
            self.server = self.run(self._made(self.clock if steered else None))
        except BaseException:
            self.loop.close()
            raise

    async def _made(self, clock: SandboxClock | None) -> bootstrap.Server:
        return bootstrap.make_server(self.settings, self.desk, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.run(asyncio.sleep(0))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def all(self, asked: Iterable[Awaitable[Answer]]) -> list[Answer]:
        """The answers to requests made at once."""

        async def gathered() -> list[Answer]:
            return list(await asyncio.gather(*asked))

        answers: list[Answer] = self.run(gathered())
        return answers

    def pass_s(self, seconds: float) -> None:
        """Let time pass, and the desk notice it as its tick does."""
        assert self.clock is not None
        self.clock.move_to(self.clock() + int(seconds * 1000))
        self.desk.turn()

    async def ask(
        self, method: str, path: str, headers: Headers = (), body: bytes | Iterable[bytes] = b"", *, whole: bool = True
    ) -> Answer:
        """One request. A body of several pieces comes in several messages; ``whole=False``: then the client is gone."""
        path, _, query = path.partition("?")
        pieces = [body] if isinstance(body, bytes) else list(body)
        more = [
            {"type": "http.request", "body": piece, "more_body": not whole or number < len(pieces) - 1}
            for number, piece in enumerate(pieces)
        ]
        messages = iter(more if whole else [*more, {"type": "http.disconnect"}])
        sent: list[dict[str, Any]] = []
        answered = asyncio.Event()

        async def receive() -> dict[str, Any]:
            for message in messages:
                return message
            await answered.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                answered.set()

        await self.server.app(_scope(method, path, query, headers), receive, send)
        start, *rest = sent
        lines = tuple((name.decode(), value.decode("latin-1")) for name, value in start["headers"])
        return Answer(start["status"], dict(lines), b"".join(part.get("body", b"") for part in rest), lines)

    def call(self, method: str, path: str, headers: Headers = (), body: bytes | Iterable[bytes] = b"") -> Answer:
        answer: Answer = self.run(self.ask(method, path, headers, body))
        return answer

    def get(self, path: str, token: str | None = None) -> Answer:
        return self.call("GET", path, session(token) if token else ())

    def post(self, path: str, content: Any) -> Answer:
        return self.call("POST", path, [("content-type", "application/json")], json.dumps(content).encode())

    def session(self, customer: str) -> str:
        """A token from the sandbox."""
        answer = self.post("/sandbox/sessions", {"customers": [customer]})
        assert answer.status == 201, answer
        return str(answer.json()["sessions"][0]["token"])

    def ordering(self, token: str, key: str, model: str = "kite", trim: str = "plain") -> Any:
        """An order, to be awaited."""
        body = json.dumps({"model": model, "trim": trim}).encode()
        return self.ask("POST", "/v1/orders", order_headers(token, key), body)

    def order(self, token: str, key: str, model: str = "kite", trim: str = "plain") -> Answer:
        answer: Answer = self.run(self.ordering(token, key, model, trim))
        return answer

    def cancel(self, token: str, order_id: str, key: str) -> Answer:
        return self.call("POST", f"/v1/orders/{order_id}/cancel", order_headers(token, key))

    def pay(self, order_id: str, payment_id: str, amount_minor: int = DEPOSIT_MINOR, currency: str = "EUR") -> Answer:
        """The provider's webhook for a payment."""
        provider: Any = self.server.web.provider
        webhook = provider.payment_webhook(Payment(payment_id, order_id, amount_minor, currency), self.desk.clock_ms())
        headers = [(name.decode(), value.decode()) for name, value in webhook.headers.items()]
        return self.call("POST", "/v1/webhooks/payments", headers, webhook.body)


def session(token: str) -> list[tuple[str, str | bytes]]:
    return [("authorization", f"Bearer {token}")]


def order_headers(token: str, key: str) -> list[tuple[str, str | bytes]]:
    return [*session(token), ("idempotency-key", key), ("content-type", "application/json")]


def _scope(method: str, path: str, query: str, headers: Headers) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [
            (name.encode(), value if isinstance(value, bytes) else value.encode("latin-1")) for name, value in headers
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
