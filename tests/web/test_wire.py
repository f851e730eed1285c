"""What only a socket shows: headers, connections, streams, and bytes that mean no good."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest

from tests.web.servers import RealServer

VIEWERS, CONNECTIONS, HEADER_BYTES, HEADER_TIMEOUT_MS = 2, 16, 8192, 600
BODY_TIMEOUT_MS = 600
GOOD = b'{"model":"kite","trim":"plain"}'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    limits = {"viewers_limit": VIEWERS, "connections_limit": CONNECTIONS, "header_limit_bytes": HEADER_BYTES}
    limits |= {"header_timeout_ms": HEADER_TIMEOUT_MS, "body_timeout_ms": BODY_TIMEOUT_MS, "body_limit_bytes": 1024}
    with RealServer(tmp_path_factory.mktemp("wire"), **limits) as server:
        yield server


@pytest.fixture(scope="module")
def token(server: RealServer) -> str:
    return server.sessions("ada")[0]


def request(token: str, key: str, extra: str = "", body: bytes = GOOD, *, length: bool = True) -> bytes:
    head = f"POST /v1/orders HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n"
    head += f"idempotency-key: {key}\r\ncontent-type: application/json\r\n{extra}"
    return (head + (f"content-length: {len(body)}\r\n" if length else "") + "\r\n").encode() + body


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b""))


def status(answered: bytes) -> int:
    """The status of an answer; 0 if the connection was closed without one."""
    return int(answered.split(b" ")[1]) if answered else 0


def test_a_body_in_chunks_is_read_and_measured(server: RealServer, token: str) -> None:
    extra = "transfer-encoding: chunked\r\n"
    got = server.raw(request(token, "chunks", extra, chunked(GOOD[:7], GOOD[7:]), length=False))
    assert status(got) == 201
    got = server.raw(request(token, "big", extra, chunked(GOOD, b" " * 800, b" " * 800), length=False))
    assert status(got) == 413
    assert b'"code":"body_too_large"' in got


def test_headers_too_long_or_too_many_are_a_431(server: RealServer, token: str) -> None:
    assert status(server.raw(request(token, "k", f"x: {'a' * HEADER_BYTES}\r\n"))) == 431
    assert status(server.raw(request(token, "k", "".join(f"x{number}: a\r\n" for number in range(200))))) == 431
    assert status(server.raw(b"GET /" + b"a" * HEADER_BYTES + b" HTTP/1.1\r\nhost: x\r\n\r\n")) in (414, 431)


def test_a_client_that_takes_its_time_over_headers_is_cut_off(server: RealServer) -> None:
    began = time.monotonic()
    server.raw(b"GET /healthz HTTP/1.1\r\nhost: x\r\nx: ", wait_s=5)
    assert time.monotonic() - began < 4


SLOW = {
    "an order": b"POST /v1/orders HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %s\r\nidempotency-key: slow\r\n",
    "a payment": b"POST /v1/webhooks/payments HTTP/1.1\r\nhost: x\r\n",
    "a form": b"POST /sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n",
    "a reason": b"POST /v1/operator/sales HTTP/1.1\r\nhost: x\r\n",
}


@pytest.mark.parametrize("what", SLOW)
@pytest.mark.parametrize("begun", [b"", b"{"])
def test_a_client_that_takes_its_time_over_a_body_is_cut_off(
    server: RealServer, token: str, what: str, begun: bytes
) -> None:
    began = time.monotonic()
    got = server.raw(SLOW[what].replace(b"%s", token.encode()) + b"content-length: 90\r\n\r\n" + begun, wait_s=6)
    assert time.monotonic() - began < 5
    assert status(got) in (400, 401, 403)


def test_a_body_that_trickles_is_cut_off_too(server: RealServer, token: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=0.1) as connection:
        connection.sendall(SLOW["an order"].replace(b"%s", token.encode()) + b"content-length: 90\r\n\r\n")
        got, began = b"", time.monotonic()
        while not got and time.monotonic() - began < 5:
            connection.sendall(b" ")
            with contextlib.suppress(TimeoutError):
                got = connection.recv(4096)
    assert status(got) == 400
    assert b"The body did not come within 0.6 s." in got


def test_connections_that_wait_for_bodies_do_not_keep_others_out_for_good(server: RealServer, token: str) -> None:
    held = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(2 * CONNECTIONS)]
    for connection in held:
        connection.sendall(SLOW["an order"].replace(b"%s", token.encode()) + b"content-length: 90\r\n\r\n{")
    eventually(lambda: status(server.raw(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", 3)), 200)
    for connection in held:
        connection.close()


def test_a_client_that_promises_more_body_than_it_sends_orders_nothing(server: RealServer) -> None:
    (token,) = server.sessions("half")
    before = server.get("/v1/board").json()["totals"]["reserved"]
    server.raw(request(token, "half", "content-length: 500\r\n", length=False), wait_s=0.5)
    time.sleep(0.2)
    assert server.get("/v1/board").json()["totals"]["reserved"] == before


@pytest.mark.parametrize(
    "noise",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
        b"POST /v1/orders HTTP/1.1\r\nhost: x\r\ncontent-length: abc\r\n\r\n",
        b"POST /v1/orders HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /v1/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
        b"POST /v1/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999999999999999999\r\n\r\n",
        b"POST /v1/orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"POST /v1/orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
        b"GET /static/%00 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /static/%2e%2e/api.py HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /v1/orders/%ff%fe HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer \xff.1.\xfe\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET http://elsewhere/../x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    ],
)
def test_noise_is_refused_and_the_server_lives(server: RealServer, noise: bytes) -> None:
    assert status(server.raw(noise, wait_s=1.5)) < 500
    assert server.get("/healthz").status == 200


def watching(server: RealServer) -> tuple[HTTPConnection, HTTPResponse]:
    connection = server.connection()
    connection.request("GET", "/v1/board/events")
    return connection, connection.getresponse()


def viewers(server: RealServer) -> int:
    (line,) = [
        one for one in server.get("/metrics").body.decode().splitlines() if one.startswith("drumroll_board_viewers")
    ]
    return int(float(line.split()[1]))


def event(response: HTTPResponse) -> dict[str, object]:
    """The next board."""
    while True:
        line = response.readline()
        assert line, "the stream ended"
        if line.startswith(b"data: "):
            board: dict[str, object] = json.loads(line.removeprefix(b"data: "))
            return board


def eventually(what: object, expected: object) -> None:
    until = time.monotonic() + 5
    while (found := what()) != expected:  # type: ignore[operator]
        assert time.monotonic() < until, found
        time.sleep(0.05)


def test_viewers_see_orders_as_they_come_are_counted_and_let_go(server: RealServer) -> None:
    streams = [watching(server) for _ in range(VIEWERS)]
    known = []
    for _, response in streams:
        assert response.getheader("content-type", "").startswith("text/event-stream")
        known.append(dict(event(response)["totals"]))
    assert viewers(server) == VIEWERS
    connection, refused = watching(server)
    assert (refused.status, refused.getheader("retry-after")) == (503, "5")
    connection.close()
    (token,) = server.sessions("watched")
    order = server.order(token, "k").json()
    server.pay(order["id"], "watched")
    expected = server.get("/v1/board").json()["totals"]
    for (_, response), totals in zip(streams, known, strict=True):
        # After the first event only what differs is said.
        eventually(lambda of=response, known=totals: known.update(event(of).get("totals", {})) or known, expected)
    for connection, response in streams:
        response.close()
        connection.close()
    eventually(lambda: viewers(server), 0)


def test_connections_beyond_the_limit_wait_and_are_served_when_others_go(server: RealServer) -> None:
    with contextlib.ExitStack() as closing:
        idle = [server.connection() for _ in range(CONNECTIONS)]
        for connection in idle:
            closing.callback(connection.close)
            connection.request("GET", "/healthz")
            assert connection.getresponse().read()
        late = HTTPConnection("127.0.0.1", server.port, timeout=0.4)
        closing.callback(late.close)
        late.request("GET", "/healthz")
        with pytest.raises(TimeoutError):
            late.getresponse()
        for connection in idle[:4]:
            connection.close()
        assert server.get("/healthz").status == 200


@pytest.mark.parametrize(
    "path_id", [b"%ff%fe", b"%00", b"%ed%a0%80", b"%f0%9f%98%80", b"a%2Fb", b"%2e%2e", b"%", b"\xff"]
)
@pytest.mark.parametrize(
    "path",
    [
        "orders/{}/cancel",
        "orders/{}/convert",
        "waiting-list/{}/leave",
        "operator/orders/{}/cancel",
        "operator/windows/{}",
        "operator/refunds/{}/paid",
    ],
)
def test_an_id_of_any_bytes_is_no_order_and_no_failure(
    server: RealServer, token: str, path: str, path_id: bytes
) -> None:
    session = server.operators("grace")[0] if path.startswith("operator") else token
    body = b'{"refund":true,"closes_at":"2026-05-09T00:00:00Z","reason":"it must be"}'
    if path.startswith("orders") or path.startswith("waiting"):
        body = b'{"model":"kite","trim":"plain"}' if path.endswith("convert") else b"{}"
    url = b"/v1/" + path.encode().replace(b"{}", path_id)
    head = f" HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {session}\r\nidempotency-key: any\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    answered = server.raw(b"POST " + url + head.encode() + body, wait_s=3)
    assert 400 <= status(answered) < 500 or not answered, answered
    assert server.get("/healthz").status == 200
    assert "Traceback" not in server.output.read_text()
