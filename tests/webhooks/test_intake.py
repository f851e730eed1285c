"""A server and its deliverer together: nothing is lost when both are killed, and intake does not notice receivers."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import msgspec
import pytest

from drumroll.rehearsal.bench import Round, Target, customers, orders, play
from drumroll.rehearsal.wire import body_of
from tests.webhooks.house import HANG, Receiver, receiver
from tests.webhooks.test_processes import LAUNCH, add, drumroll, free_port, listed, wait_for

ROUNDS, ORDERS = 3, 4000
SLOWER_BY_NOISE = 0.2
"""No measurement, only the difference between going on and standing still: others use the machine, and a desk that
waited for a receiver would stop."""


def target(port: str, pid: int) -> Target:
    trims = ["standard", "pro", "max"]
    return Target("127.0.0.1", int(port), pid, b"", 128, "yu7", trims, 500_000, "CNY")


@contextmanager
def serving(log: Path, port: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server that takes orders, and is killed in the end."""
    line = [sys.executable, "-m", "drumroll", "serve", str(LAUNCH), "--sandbox", "--log", str(log), "--port", port]
    line += ["--clock", "2025-06-26T22:00:00+08:00"]
    output = log.with_name("output")
    with output.open("wb") as out:
        server = subprocess.Popen(line, stdout=out, stderr=out, env={**os.environ, "DRUMROLL_QUEUE_LIMIT": "8192"})
    try:
        wait_for(lambda: b"Taking orders" in output.read_bytes())
        yield server
    finally:
        server.kill()
        server.wait()


@pytest.mark.slow
def test_every_order_is_told_though_server_and_deliverer_are_killed_as_it_is_told(tmp_path: Path) -> None:
    log, port = tmp_path / "log", free_port()
    with receiver(lambda got: 500 if got.number in {3, 40, 80} else 200) as shaky:
        with serving(log, port) as server:
            add(log, shaky.url, "--events", "order.reserved")
            aim = target(port, server.pid)
            _, answers = play(aim, orders(aim, "/v1/orders", customers(aim, "c", 3000)), 201)
            wait_for(lambda: len(shaky.took) > 100)
        taken = {msgspec.json.decode(body_of(answer))["id"] for answer in answers}
        before = told(shaky)
        assert before < taken, "all were told before the kill: nothing was tested"
        with serving(log, port):
            wait_for(lambda: told(shaky) == taken, within_s=60)


def told(shaky: Receiver) -> set[str]:
    took = set(shaky.took)
    return {got.order for got in list(shaky.got) if got.id in took}


@pytest.mark.slow
def test_intake_is_as_fast_with_a_hanging_and_a_failing_receiver_as_without(tmp_path: Path) -> None:
    log, port = tmp_path / "log", free_port()
    rounds: dict[bool, list[Round]] = {True: [], False: []}
    with receiver(lambda _: HANG) as hanging, receiver(lambda _: 500) as failing, serving(log, port) as server:
        endpoints = [add(log, each.url)[0] for each in (hanging, failing)]
        wait_for((tmp_path / "log-webhooks.lock").exists)
        aim = target(port, server.pid)
        for number in range(2 * ROUNDS + 2):
            told = number % 2 == 0
            for endpoint in endpoints:
                drumroll(log, "enable" if told else "disable", endpoint)
            time.sleep(0.5)  # the deliverer notices, starts its lanes, and is in the middle of it
            who = customers(aim, f"{secrets.token_hex(4)}", ORDERS)
            done, _ = play(aim, orders(aim, "/v1/orders", who), 201)
            if number > 1:
                rounds[told].append(done)
        assert hanging.got
        assert failing.got
        assert all(row["blocks_behind"] for row in listed(log)), "they were told all: nothing was measured"
    pairs = list(zip(rounds[True], rounds[False], strict=True))
    speed = median(a.rps / b.rps for a, b in pairs)
    cost = median(a.server_us / b.server_us for a, b in pairs)
    print(
        f"with a hanging and a failing receiver: {speed:.2f} of the orders/s, {cost:.2f} of the server's CPU an order"
    )
    assert speed > SLOWER_BY_NOISE
    assert cost < 1 / SLOWER_BY_NOISE
