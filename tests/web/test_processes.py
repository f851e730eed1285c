"""What only real processes show: ends, kills, two servers, a full disk."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from drumroll.bootstrap import open_log_for_reading
from drumroll.domain.events import OrderReserved
from tests.web.servers import RealServer, answer_of, limit_files, order_headers

BODY = json.dumps({"model": "kite", "trim": "plain"}).encode()


def orders_in(log: Path) -> dict[str, str]:
    """Order id → customer, as the log has it; an order that is there twice fails."""
    reader = open_log_for_reading(str(log))
    orders: dict[str, str] = {}
    for block in reader.read():
        for event in block.events:
            if isinstance(event, OrderReserved):
                assert event.order_id not in orders
                orders[event.order_id] = event.customer
    reader.close()
    return orders


class Crowd:
    """Customers who order one after the other on connections of their own, until told to stop, or shut out."""

    def __init__(self, server: RealServer, workers: int = 4, each: int = 400) -> None:
        self.server = server
        self.acknowledged: dict[str, str] = {}
        self.statuses: list[int] = []
        self.refusals: list[Any] = []
        self.stopped = False
        names = [[f"w{worker}-{number}" for number in range(each)] for worker in range(workers)]
        work = [list(zip(some, server.sessions(*some), strict=True)) for some in names]
        self.threads = [threading.Thread(target=self._order, args=(part,)) for part in work]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def join(self) -> None:
        for thread in self.threads:
            thread.join()

    def wait_for(self, acknowledged: int) -> None:
        until = time.monotonic() + 20
        while len(self.acknowledged) < acknowledged:
            assert time.monotonic() < until, f"{len(self.acknowledged)} orders in 20 s"
            time.sleep(0.01)

    def _order(self, customers: list[tuple[str, str]]) -> None:
        connection = self.server.connection()
        with contextlib.suppress(OSError, HTTPException), contextlib.closing(connection):
            for customer, token in customers:
                if self.stopped:
                    return
                connection.request("POST", "/v1/orders", BODY, order_headers(token, "k"))
                answer = answer_of(connection.getresponse())
                self.statuses.append(answer.status)
                if answer.status == 201:
                    self.acknowledged[answer.json()["id"]] = customer
                else:
                    self.refusals.append((answer.code, answer.headers.get("retry-after")))


def test_sigterm_while_orders_flow_answers_what_it_took_turns_away_what_comes_and_ends_in_time(tmp_path: Path) -> None:
    with RealServer(tmp_path) as server:
        crowd = Crowd(server)
        crowd.start()
        crowd.wait_for(100)
        began = time.monotonic()
        code = server.end()
        took_s = time.monotonic() - began
        crowd.join()
    assert code == 0, server.output.read_text()
    assert took_s < 5
    assert set(crowd.statuses) == {201, 503}
    assert set(crowd.refusals) == {("desk_closed", "5")}
    found = orders_in(server.log)
    assert crowd.acknowledged.items() <= found.items()
    assert "drained" in server.output.read_text()


@pytest.mark.parametrize("viewers", [0, 3])
def test_sigterm_with_requests_half_sent_and_viewers_still_ends_in_time(tmp_path: Path, viewers: int) -> None:
    with RealServer(tmp_path, drain_s=1.5) as server:
        watching = [server.connection() for _ in range(viewers)]
        for connection in watching:
            connection.request("GET", "/v1/board/events")
            assert connection.getresponse().status == 200
        half = server.connection()
        half.putrequest("POST", "/v1/orders")
        half.putheader("content-length", "500")
        half.endheaders(b"{")
        idle = server.connection()
        idle.connect()
        began = time.monotonic()
        assert server.end() == 0, server.output.read_text()
        assert time.monotonic() - began < 3
        for connection in (*watching, half, idle):
            connection.close()


def test_a_killed_server_starts_again_and_every_answer_still_holds(tmp_path: Path) -> None:
    with RealServer(tmp_path) as server:
        (token,) = server.sessions("ada")
        first = server.order(token, "first")
        assert server.pay(first.json()["id"], "p").json() == {"outcome": "firm"}
        cancel = f"/v1/orders/{first.json()['id']}/cancel"
        cancelled = server.ask("POST", cancel, order_headers(token, "c"))
        crowd = Crowd(server)
        crowd.start()
        crowd.wait_for(100)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        crowd.join()
    with RealServer(tmp_path) as server:
        assert crowd.acknowledged.items() <= orders_in(server.log).items()
        again = server.order(token, "first")
        assert (again.status, again.body, again.headers["idempotent-replayed"]) == (201, first.body, "true")
        again = server.ask("POST", cancel, order_headers(token, "c"))
        assert (again.status, again.body) == (200, cancelled.body)
        assert server.order(token, "first", trim="rare").code == "idempotency_key_reused"
        assert server.pay(first.json()["id"], "p").json() == {"outcome": "already_counted"}
        order_id, customer = next(iter(crowd.acknowledged.items()))
        (theirs,) = server.sessions(customer)
        assert server.order(theirs, "k").json()["id"] == order_id


def failed(server: RealServer) -> str:
    """The output of a server that must refuse to start."""
    try:
        assert server.process.wait(15) == 1
    finally:
        server.kill()
    return server.output.read_text()


def test_a_second_server_on_the_same_log_is_refused_with_who_holds_it(tmp_path: Path) -> None:
    with RealServer(tmp_path) as first:
        said = failed(RealServer(tmp_path))
        assert said.startswith("drumroll: ")
        assert f"process {first.process.pid}" in said
        assert "Traceback" not in said
        (token,) = first.sessions("ada")
        assert first.order(token, "k").status == 201


def test_a_second_server_on_the_same_port_is_refused_and_its_log_left_alone(tmp_path: Path) -> None:
    with RealServer(tmp_path) as first:
        second = RealServer(tmp_path, log="other.drumroll", port=first.port)
        first.output.write_text("")
        assert second.process.wait(15) == 1
        assert f"can't listen on 127.0.0.1:{first.port}" in second.output.read_text()
        assert not second.log.exists()


@pytest.mark.parametrize("limits", [{"port": "0"}, {"prot": "1"}, {"secret": "zz"}, {"clock": "noon"}])
def test_a_server_that_cannot_be_says_why_in_one_message(tmp_path: Path, limits: dict[str, str]) -> None:
    environment = os.environ | {f"DRUMROLL_{name.upper()}": value for name, value in limits.items()}
    command = [sys.executable, "-m", "drumroll", "serve", "launches/yu7.toml", "--sandbox", "--log", f"{tmp_path}/o"]
    ended = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 1
    assert ended.stderr.startswith("drumroll: ")
    assert "Traceback" not in ended.stderr


def test_without_secrets_only_a_sandbox_starts(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DRUMROLL_")}
    command = [sys.executable, "-m", "drumroll", "serve", "launches/yu7.toml", "--log", f"{tmp_path}/o"]
    ended = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=20)
    assert (ended.returncode, ended.stderr.startswith("drumroll: DRUMROLL_SECRET")) == (1, True)


def test_on_a_full_disk_orders_are_a_503_reads_go_on_and_orders_resume_once_there_is_room(tmp_path: Path) -> None:
    with RealServer(tmp_path) as server:
        tokens = server.sessions(*(f"c{number}" for number in range(8)))
        orders = [server.order(token, "k") for token in tokens[:5]]
        assert {order.status for order in orders} == {201}
        limit_files(server.process.pid, 4096)
        refused = server.order(tokens[5], "k")
        assert (refused.status, refused.code) == (503, "desk_closed")
        assert int(refused.headers["retry-after"]) >= 1
        for _ in range(3):
            assert server.order(tokens[-1], "late").code == "desk_closed"
            health = server.get("/healthz")
            assert (health.status, health.json()["status"]) == (503, "closed")
            assert "full" in health.json()["because"]
            order = orders[0].json()
            assert server.get(f"/v1/orders/{order['id']}", tokens[0]).json()["state"] == "reserved"
            assert server.get("/v1/board").json()["totals"]["reserved"] == 5
            assert server.get("/v1/launch").status == 200
            assert server.get("/metrics").status == 200
            time.sleep(0.4)
        limit_files(server.process.pid, 0)
        until = time.monotonic() + 10
        while (resumed := server.order(tokens[-1], "late")).status != 201:
            assert resumed.code == "desk_closed"
            assert time.monotonic() < until, server.get("/healthz").body
            time.sleep(0.1)
        assert server.get("/healthz").status == 200
        assert server.order(tokens[0], "k").body == orders[0].body
        assert server.end() == 0
    assert len(orders_in(server.log)) == 6


def test_while_the_disk_makes_room_now_and_then_orders_are_taken_now_and_then(tmp_path: Path) -> None:
    """A limit above what the log holds: what its write-ahead log gives back is room for more."""
    with RealServer(tmp_path) as server:
        tokens = server.sessions(*(f"c{number}" for number in range(100)))
        limit_files(server.process.pid, 60_000)
        statuses = [server.order(token, "k").status for token in tokens]
        assert set(statuses) == {201, 503}
        limit_files(server.process.pid, 0)
        until = time.monotonic() + 10
        while server.get("/healthz").status != 200:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert {server.order(token, "k").status for token in tokens} == {201}
        server.end()
    assert len(orders_in(server.log)) == 100
