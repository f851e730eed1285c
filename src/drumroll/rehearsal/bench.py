"""How fast is it, against the most that this server could do? All measured in one run, alternating, medians of rounds.

The ceiling is a constant 201 from the same server to the same requests by the same client: what an order costs over
that is ours. On two cores the client can be the limit, so the server's own CPU time a request is measured too.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from drumroll.payments.standard_webhooks import sign
from drumroll.rehearsal.wire import Wire, body_of

_TICKS_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
CLIENT_IS_THE_LIMIT = 0.95
"""From this share of a core on, it is the client that could not do more."""

Request = bytes
Progress = Callable[[str, int], None]


class Round(msgspec.Struct, frozen=True):
    """One measurement: requests answered, seconds of wall and of CPU, sampled latencies."""

    requests: int
    wall_s: float
    server_cpu_s: float
    client_cpu_s: float
    latencies_s: list[float]

    @property
    def rps(self) -> float:
        """Requests answered a second."""
        return self.requests / self.wall_s

    @property
    def server_us(self) -> float:
        """The server's CPU, in microseconds a request."""
        return self.server_cpu_s / self.requests * 1e6

    @property
    def client_share(self) -> float:
        """How busy the client's core was, 0 to 1."""
        return self.client_cpu_s / self.wall_s


class Target(msgspec.Struct):
    """The server that is measured."""

    host: str
    port: int
    pid: int
    webhook_key: bytes
    connections: int
    model: str
    trims: list[str]
    deposit_minor: int
    currency: str


def cpu_s(pid: int) -> float:
    """User and system CPU of a process and all its threads so far, in seconds (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_S


def resident_bytes(pid: int) -> int:
    """The resident set of a process, in bytes (proc(5))."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES


def play(target: Target, requests: list[Request], expect: int) -> tuple[Round, list[bytes]]:
    """Send all requests over the target's connections and take the answers, which must have the status expected."""
    wire = Wire(target.host, target.port, target.connections, sample_every=8)
    answers: list[bytes] = []
    left = iter(requests)
    sent, server_s, client_s, began = 0, cpu_s(target.pid), time.process_time(), time.perf_counter()
    while len(answers) < len(requests):
        while wire.free and sent < len(requests):
            wire.send(next(left), None)
            sent += 1
        for _, status, raw in wire.poll(1.0):
            assert status == expect, raw[:500] or "no answer"
            answers.append(raw)
    wall_s = time.perf_counter() - began
    done = Round(len(requests), wall_s, cpu_s(target.pid) - server_s, time.process_time() - client_s, wire.latencies_s)
    wire.close()
    return done, answers


def orders(target: Target, path: str, customers: list[tuple[str, str]]) -> list[Request]:
    """One order a customer, each with a key of its own."""
    requests = []
    for index, (_, token) in enumerate(customers):
        body = b'{"model":"%s","trim":"%s"}' % (target.model.encode(), target.trims[index % len(target.trims)].encode())
        key = secrets.token_hex(16).encode()
        requests.append(
            b"POST %s HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %s\r\nidempotency-key: %s\r\n"
            b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
            % (path.encode(), token.encode(), key, len(body), body)
        )
    return requests


def webhooks(target: Target, answers: list[bytes], now_s: int) -> list[Request]:
    """The deposit of each order that was answered, as the provider would tell of it."""
    requests = []
    for raw in answers:
        order_id = msgspec.json.decode(body_of(raw))["id"]
        body = msgspec.json.encode(_paid(target, order_id))
        webhook_id = f"msg_{order_id}"
        signature = sign(target.webhook_key, webhook_id, now_s, body)
        requests.append(
            b"POST /v1/webhooks/payments HTTP/1.1\r\nhost: x\r\nwebhook-id: %s\r\nwebhook-timestamp: %d\r\n"
            b"webhook-signature: %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
            % (webhook_id.encode(), now_s, signature.encode(), len(body), body)
        )
    return requests


def customers(target: Target, name: str, count: int) -> list[tuple[str, str]]:
    """New customers of the sandbox, with their sessions."""
    wire = Wire(target.host, target.port, 1)
    made: list[tuple[str, str]] = []
    for chunk in _chunks([f"{name}-{index:07d}" for index in range(count)], 1000):
        body = msgspec.json.encode({"customers": chunk})
        _wait_free(wire)
        wire.send(
            b"POST /sandbox/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\n\r\n%s" % (len(body), body),
            None,
        )
        _, status, raw = _next(wire)
        assert status == 201, raw[:500]
        made += [(one["customer"], one["token"]) for one in msgspec.json.decode(body_of(raw))["sessions"]]
    wire.close()
    return made


def measure(target: Target, rounds: int, orders_a_round: int, progress: Progress) -> dict[str, list[Round]]:
    """Alternate ceiling, intake and payment, ``rounds`` times after one to warm up."""
    results: dict[str, list[Round]] = {"ceiling": [], "unread": [], "intake": [], "payment": []}
    for number in range(rounds + 1):
        who = customers(target, f"bench{number}-{secrets.token_hex(3)}", orders_a_round)
        wanted = orders(target, "/v1/orders", who)
        ceiling, _ = play(target, orders(target, "/bench/ceiling", who), 201)
        intake, answers = play(target, wanted, 201)
        unread, _ = play(target, orders(target, "/bench/ceiling-unread", who), 201)
        payment, _ = play(target, webhooks(target, answers, int(time.time())), 200)
        if number:
            for name, done in zip(results, (ceiling, unread, intake, payment), strict=True):
                results[name].append(done)
        progress("rounds", number)
    return results


def figures(results: dict[str, list[Round]]) -> dict[str, Any]:
    """What the issue of a release quotes: medians over the rounds, ratios taken round by round."""
    ceiling, unread, intake, payment = (results[name] for name in ("ceiling", "unread", "intake", "payment"))
    latencies = sorted(latency for done in intake for latency in done.latencies_s)
    busy = median(done.client_share for done in intake)
    return {
        "ratio": round(median(b.rps / a.rps for a, b in zip(ceiling, intake, strict=True)), 3),
        "cpu_ratio": round(median(a.server_us / b.server_us for a, b in zip(ceiling, intake, strict=True)), 3),
        "ratio_unread": round(median(b.rps / a.rps for a, b in zip(unread, intake, strict=True)), 3),
        "cpu_ratio_unread": round(median(a.server_us / b.server_us for a, b in zip(unread, intake, strict=True)), 3),
        "intake_rps": round(median(done.rps for done in intake)),
        "ceiling_rps": round(median(done.rps for done in ceiling)),
        "ceiling_unread_rps": round(median(done.rps for done in unread)),
        "firm_orders_per_s": round(
            median(a.requests / (a.wall_s + b.wall_s) for a, b in zip(intake, payment, strict=True))
        ),
        "server_us_per_order": round(median(done.server_us for done in intake), 1),
        "server_us_per_ceiling": round(median(done.server_us for done in ceiling), 1),
        "client_us_per_request": round(median(done.client_cpu_s / done.requests * 1e6 for done in ceiling), 1),
        "limited_by": {
            "ceiling": _limit(ceiling),
            "intake": "client" if busy >= CLIENT_IS_THE_LIMIT else "server",
        },
        "p50_ms": round(latencies[len(latencies) // 2] * 1e3, 2),
        "p99_ms": round(latencies[int(len(latencies) * 0.99)] * 1e3, 2),
    }


def _limit(rounds: list[Round]) -> str:
    return "client" if median(done.client_share for done in rounds) >= CLIENT_IS_THE_LIMIT else "server"


PACED_S, PACED_ORDERS, QUOTES_SHARE = 5, 1_700, 0.1
"""For how long a launch is played, how many orders a second come, and how many ask for a quote for one that orders."""
_QUOTE_CONNECTIONS = 32


def paced(target: Target, orders_a_second: int = PACED_ORDERS, seconds: float = PACED_S) -> dict[str, Any]:
    """Quotes while orders come at the pace of a launch, whether or not those before are answered: not at saturation."""
    count = int(orders_a_second * seconds)
    who = customers(target, f"paced-{secrets.token_hex(3)}", count)
    left = orders(target, "/v1/orders", who)[::-1]
    quotes = [_quote(target, trim) for trim in target.trims]
    wire = Wire(target.host, target.port, target.connections)
    asking = Wire(target.host, target.port, _QUOTE_CONNECTIONS, sample_every=1)
    sent = asked = answered = late = 0
    began = time.perf_counter()
    while answered < count + int(count * QUOTES_SHARE):
        due = min(count, int((time.perf_counter() - began) * orders_a_second))
        while sent < due and wire.free:
            wire.send(left.pop(), 201)
            sent += 1
        while asked < int(due * QUOTES_SHARE) and asking.free:
            asking.send(quotes[asked % len(quotes)], 200)
            asked += 1
        late = max(late, due - sent)
        for expect, status, raw in (*wire.poll(0.001), *asking.poll(0)):
            assert status == expect, raw[:500] or "no answer"
            answered += 1
    took_s = time.perf_counter() - began
    found = sorted(asking.latencies_s)
    wire.close()
    asking.close()
    return {
        "quote_p50_ms": round(found[len(found) // 2] * 1e3, 2),
        "quote_p99_ms": round(found[int(len(found) * 0.99)] * 1e3, 2),
        "quotes_asked": len(found),
        "orders_per_s_with_quotes": round(count / took_s),
        "orders_behind_most": late,
    }


def _quote(target: Target, trim: str) -> Request:
    return b"GET /v1/quotes?model=%s&trim=%s HTTP/1.1\r\nhost: x\r\n\r\n" % (target.model.encode(), trim.encode())


def _paid(target: Target, order_id: str) -> dict[str, Any]:
    data = {
        "payment_id": f"pay_{order_id}",
        "order_id": order_id,
        "amount_minor": target.deposit_minor,
        "currency": target.currency,
    }
    return {"type": "payment.succeeded", "timestamp": "2025-06-26T22:00:00Z", "data": data}


def _chunks(items: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _wait_free(wire: Wire) -> None:
    while not wire.free:
        wire.poll(0.1)


def _next(wire: Wire) -> tuple[Any, int, bytes]:
    while True:
        for answer in wire.poll(1.0):
            return answer
