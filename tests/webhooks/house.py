"""Real receivers on loopback, and a deliverer in this process whose clock the test moves."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec

from drumroll.domain.events import Event, OrderFirmed
from drumroll.log.base import Block
from drumroll.log.memory import MemoryLog
from drumroll.webhooks.deliverer import Deliverer
from drumroll.webhooks.endpoint import fresh_secret
from drumroll.webhooks.feed import Feed
from drumroll.webhooks.lane import Surroundings
from drumroll.webhooks.store import Store

HANG = -1
AT_MS = 1_750_946_400_000
Answer = Callable[["Got"], int]


def name_of(position: int, event: int = 0) -> str:
    """The id of a message, as receivers know it."""
    return f"msg_{position}_{event}_{AT_MS:x}"


class Got(msgspec.Struct):
    """One request as it came."""

    headers: dict[str, str]
    body: bytes
    number: int

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def order(self) -> str:
        return str(msgspec.json.decode(self.body)["data"]["order_id"])


class Receiver:
    """Answers each request with the status that ``answer`` gives, and keeps all that came."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.got: list[Got] = []
        self.took: list[str] = []
        self.headers: dict[str, str] = {}
        self.endless = False
        self.released = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hooks"

    @property
    def ids(self) -> list[str]:
        return [got.id for got in self.got]

    def take(self, headers: dict[str, str], body: bytes) -> int:
        with self._lock:
            got = Got(headers, body, len(self.got))
            self.got.append(got)
        status = self.answer(got)
        if status == HANG:
            self.released.wait(60)
        elif 200 <= status < 300:
            self.took.append(got.id)
        return status

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A deliverer that went away in the middle is no failure of the receiver."""


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = receiver.take({name.lower(): value for name, value in self.headers.items()}, body)
            if status == HANG:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(10**12 if receiver.endless else 0))
            self.end_headers()
            while receiver.endless:
                self.wfile.write(b"x" * 65_536)

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    return Handler


@contextmanager
def receiver(answer: Answer = lambda _: 200) -> Iterator[Receiver]:
    made = Receiver(answer)
    made.start()
    try:
        yield made
    finally:
        made.stop()


class House:
    """A log, a store and a clock that stands still until it is moved; all at the real time to begin with."""

    def __init__(self, folder: Path, attempt_s: float = 20.0) -> None:
        self.now_ms = time.time_ns() // 1_000_000
        self.log = MemoryLog()
        self.store = Store(folder / "log-webhooks")
        self.other = Store(folder / "log-webhooks")  # as the command line has it: a connection of its own
        self.said: list[str] = []
        self.around = Surroundings(
            self.store, Feed(self.log), lambda: self.now_ms, lambda: 0.0, self.said.append, 0.005, attempt_s
        )

    def happened(self, *events: Event) -> None:
        """A block of these events."""
        self.log.append(Block(self.log.head() + 1, AT_MS, events))

    def firmed(self, count: int, first: int = 0) -> list[str]:
        """A block for each of so many orders; the ids of the messages."""
        for number in range(first, first + count):
            self.happened(OrderFirmed(f"ord_{number}", f"pay_{number}"))
        return [name_of(self.log.head() - count + 1 + number) for number in range(count)]

    def endpoint(self, url: str, events: str = "", position: int = 1) -> str:
        """A new endpoint; its secret is the store's to tell."""
        name = f"ep_{len(self.store.endpoints())}"
        self.other.add(name, url, events, fresh_secret(), position, self.now_ms)
        return name

    def secrets(self, endpoint: str) -> list[str]:
        return [secret.text for secret in self.other.endpoint(endpoint).secrets]

    def deliver(self, scene: Callable[[], Awaitable[None]]) -> None:
        """Play a scene while the deliverer runs."""
        asyncio.run(self._deliver(scene))

    async def _deliver(self, scene: Callable[[], Awaitable[None]]) -> None:
        deliverer = Deliverer(self.around)
        running = asyncio.create_task(deliverer.run())
        played = asyncio.ensure_future(scene())
        done, _ = await asyncio.wait([running, played], return_when=asyncio.FIRST_COMPLETED)
        deliverer.stop()
        await running
        assert played in done, "the deliverer ended by itself"
        await played

    def close(self) -> None:
        self.store.close()
        self.other.close()


@contextmanager
def house(folder: Path, attempt_s: float = 20.0) -> Iterator[House]:
    made = House(folder, attempt_s)
    try:
        yield made
    finally:
        made.close()


async def until(what: Callable[[], object], within_s: float = 10.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end, "it did not come to be so in time"
        await asyncio.sleep(0.002)


async def a_while(seconds: float = 0.15) -> None:
    """Long enough for a deliverer to do what it should not."""
    await asyncio.sleep(seconds)
