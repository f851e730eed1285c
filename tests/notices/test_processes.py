"""A real server: its letters are seen in the sandbox's outbox, survive SIGKILL, and leave nobody's contact behind."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from drumroll.notices.notices import BATCH
from drumroll.people.person import Contact
from drumroll.people.store import PeopleStore
from tests.notices.house import URL
from tests.web.planted import FIRST, day_of, planted
from tests.web.servers import RealServer, order_headers

pytestmark = pytest.mark.slow
KEY = bytes(range(32))
COUNT = 40
LAUNCH = planted().replace("price_minor = 49_900\n", "price_minor = 49_900\ncap = 1\n")


@contextmanager
def gateway(took: Callable[[dict[str, str]], None]) -> Iterator[str]:
    """A text gateway on this machine, which takes its time; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            took(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            time.sleep(0.01)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/send"
    finally:
        server.shutdown()
        server.server_close()


def phone(number: int) -> str:
    return f"+86139{number:04}7352"


def people(log: Path, **contacts: str) -> None:
    """They signed in once."""
    with closing(PeopleStore(Path(f"{log}-people"), KEY)) as store:
        for customer, contact in contacts.items():
            store.find_or_make(Contact("phone" if contact.startswith("+") else "email", contact), "en", customer, 1)


def wait_for(what: Callable[[], object], within_s: float = 20.0) -> None:
    end = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end, "it did not come to be so in time"
        time.sleep(0.02)


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_after_a_kill_each_order_is_confirmed_to_its_own_customer_and_few_twice(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(COUNT)]
    people(tmp_path / "o.drumroll", **{name: phone(number) for number, name in enumerate(names)})
    got: list[dict[str, str]] = []
    owners: dict[str, str] = {}
    with gateway(got.append) as url:
        limits: dict[str, Any] = {"sms": url, "people_key": KEY.hex(), "public_url": URL, "notices_per_s": 40}
        with RealServer(tmp_path, **limits) as server:
            for number, token in enumerate(server.sessions(*names)):
                order_id = server.order(token, f"k-{number}").json()["id"]
                owners[order_id] = phone(number)
                assert server.pay(order_id, f"pay_{number}").status == 200
            wait_for(lambda: len(got) >= COUNT // 4)
            server.kill()
            before = len(got)
            assert before < COUNT, "all went before the kill: nothing was tested"
        with RealServer(tmp_path, **limits) as server:
            wait_for(lambda: len({one["text"] for one in got}) == COUNT)
            wait_for(lambda: b"drumroll_notices_waiting 0.0" in server.get("/metrics").body)
            metrics = server.get("/metrics").body
            while_it_runs = kept(tmp_path)
            assert server.end() == 0
    told = Counter((one["text"].rpartition("/")[2], one["to"]) for one in got)
    assert told.keys() == owners.items()
    assert sum(told.values()) - COUNT <= BATCH
    files = {**{f"{name} (while it runs)": body for name, body in while_it_runs.items()}, **kept(tmp_path)}
    assert any(name.startswith("o.drumroll-notices") for name in files)
    for name, body in {**files, "metrics": metrics}.items():
        assert not [one for one in owners.values() if one[1:].encode() in body], name
        assert b"your order stands" not in body, name


def test_a_server_writes_when_an_order_stands_a_promise_moves_and_a_place_is_free(tmp_path: Path) -> None:
    people(tmp_path / "o.drumroll", ada="ada@post.example", bo="bo@post.example", cy="cy@post.example")

    def subjects(server: RealServer) -> str:
        return server.ask("GET", "/sandbox/outbox", {"accept": "text/html"}).body.decode()

    with RealServer(tmp_path, launch=LAUNCH, people_key=KEY.hex()) as server:
        ada, bo, cy = server.sessions("ada", "bo", "cy")
        (grace,) = server.operators("grace")
        plain = server.order(ada, "k-1").json()["id"]
        rare = server.order(bo, "k-2", "rare").json()["id"]
        assert [server.pay(plain, "p-1").status, server.pay(rare, "p-2").status] == [200, 200]
        wait_for(lambda: subjects(server).count("Your order stands") >= 2)
        week = json.dumps({"build_week": day_of(FIRST + 5), "reason": "paint is late"}).encode()
        pinned = server.ask("POST", f"/v1/operator/orders/{plain}/pin", order_headers(grace, "k-3"), week)
        assert pinned.status == 200, pinned
        wait_for(lambda: "paint is late" in subjects(server))
        wanted = json.dumps({"model": "kite", "trim": "rare"}).encode()
        assert server.ask("POST", "/v1/waiting-list", order_headers(cy, "k-4"), wanted).status == 201
        assert server.ask("POST", f"/v1/orders/{rare}/cancel", order_headers(bo, "k-5")).status == 200
        wait_for(lambda: "A place is held for you until" in subjects(server))
        assert server.end() == 0
    assert b"post.example" not in server.output.read_bytes()
