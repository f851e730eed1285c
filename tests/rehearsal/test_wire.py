from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from time import monotonic, sleep

import pytest

from drumroll.rehearsal.wire import LOST, Answer, Wire, body_of, encoded, header_of

REQUEST = encoded("POST", "/v1/orders", "here", {"x": "y"}, b"{}")
WHOLE = b"HTTP/1.1 201 Created\r\nX-Name: a value\r\ncontent-length: 5\r\n\r\nhello"

Behaviour = Callable[[socket.socket], None]


class HostileServer:
    """Takes a request from each connection, does to it what the test says, and closes."""

    def __init__(self, behave: Behaviour) -> None:
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection:
            try:
                while connection.recv(65536):
                    self._behave(connection)
            except OSError:
                return

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@pytest.fixture
def hostile() -> Iterator[Callable[[Behaviour], int]]:
    servers: list[HostileServer] = []

    def start(behave: Behaviour) -> int:
        servers.append(HostileServer(behave))
        return servers[-1].port

    yield start
    for server in servers:
        server.close()


def asked(wire: Wire, requests: int, within_s: float = 5.0) -> list[Answer]:
    give_up_at = monotonic() + within_s
    answers: list[Answer] = []
    sent = 0
    while len(answers) < requests and monotonic() < give_up_at:
        while wire.free and sent < requests:
            wire.send(REQUEST, sent)
            sent += 1
        answers += wire.poll(0.05)
    return answers


def test_an_answer_in_single_bytes_is_put_together(hostile: Callable[[Behaviour], int]) -> None:
    def dribble(connection: socket.socket) -> None:
        for at in range(len(WHOLE)):
            connection.sendall(WHOLE[at : at + 1])

    wire = Wire("127.0.0.1", hostile(dribble), 2)
    answers = asked(wire, 6)
    wire.close()
    assert sorted(context for context, _, _ in answers) == list(range(6))
    assert {(status, raw) for _, status, raw in answers} == {(201, WHOLE)}


def test_an_answer_larger_than_one_read_is_put_together(hostile: Callable[[Behaviour], int]) -> None:
    body = b"x" * 300_000
    large = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    wire = Wire("127.0.0.1", hostile(lambda connection: connection.sendall(large)), 1)
    [(_, status, raw)] = asked(wire, 1)
    wire.close()
    assert (status, body_of(raw)) == (200, body)


@pytest.mark.parametrize("half", [b"", WHOLE[:10], WHOLE[:-2]])
def test_a_connection_closed_midway_gives_the_request_back_as_lost(
    hostile: Callable[[Behaviour], int], half: bytes
) -> None:
    def cut(connection: socket.socket) -> None:
        connection.sendall(half)
        connection.shutdown(socket.SHUT_RDWR)

    wire = Wire("127.0.0.1", hostile(cut), 3)
    answers = asked(wire, 9)
    wire.close()
    assert sorted(context for context, _, _ in answers) == list(range(9))
    assert {status for _, status, _ in answers} == {LOST}
    assert wire.lost == 9


@pytest.mark.parametrize(
    "rubbish", [b"SSH-2.0-OpenSSH_9\r\n\r\n", b"HTTP/1.1 abc\r\ncontent-length: 0\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]
)
def test_what_is_no_answer_counts_as_lost(hostile: Callable[[Behaviour], int], rubbish: bytes) -> None:
    wire = Wire("127.0.0.1", hostile(lambda connection: connection.sendall(rubbish)), 1)
    answers = asked(wire, 2)
    wire.close()
    assert [status for _, status, _ in answers] == [LOST, LOST]


def test_no_answer_in_time_is_lost_and_the_connection_is_replaced(hostile: Callable[[Behaviour], int]) -> None:
    wire = Wire("127.0.0.1", hostile(lambda connection: None), 2, timeout_s=0.3)
    answers = asked(wire, 4)
    wire.close()
    assert [status for _, status, _ in answers] == [LOST] * 4


def test_it_waits_for_a_server_that_is_not_there_yet() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    wire = Wire("127.0.0.1", port, 4)
    assert wire.poll(0.1) == []
    assert wire.free == 0
    with socket.create_server(("127.0.0.1", port)):
        give_up_at = monotonic() + 5
        while wire.free < 4 and monotonic() < give_up_at:
            wire.poll(0.02)
            sleep(0.005)
        assert wire.free == 4
    wire.close()


def test_headers_are_found_in_any_case_and_bodies_after_them() -> None:
    assert header_of(WHOLE, "x-nAME") == "a value"
    assert header_of(WHOLE, "retry-after") is None
    assert body_of(WHOLE) == b"hello"
