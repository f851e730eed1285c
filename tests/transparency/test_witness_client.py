"""Asking witnesses: what is taken of them, and that none of them can hold up, deceive or break the log that asks."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from drumroll.errors import SettingInvalid
from drumroll.proof.cosignature import cosign, cosigned_at
from drumroll.proof.note import COSIGNATURE, Note, Signature, SigningKey, VerifierKey, note_bytes
from drumroll.proof.tiles import HEIGHT, WIDTH, Tile, TileNodes
from drumroll.transparency.witness import Witness, parse_request
from drumroll.transparency.witness_client import Witnesses
from drumroll.transparency.witness_state import State
from tests.transparency.watched import KEY, ORIGIN, WITNESS, Log, RealWitness, free_port

NOW_S = 1_750_946_400
TRUE, FALSE = Log(700), Log(700, fork=40)
OTHER = SigningKey("witness.example/other", COSIGNATURE, bytes(range(3, 35)))


def nodes_of(log: Log) -> Callable[[int], TileNodes]:
    """The published tiles of a log."""

    def read(tile: Tile) -> bytes:
        first = tile.index * WIDTH
        return b"".join(log.tree.node(HEIGHT * tile.level, first + number) for number in range(tile.width))

    return lambda size: TileNodes(size, read)


def ask(witnesses: Witnesses, log: Log, size: int) -> list[Signature]:
    return witnesses.ask(log.note(size), nodes_of(log))


def to(url: str, key: VerifierKey = WITNESS.verifier, timeout_s: float = 5, rest_most_s: float = 0) -> Witnesses:
    return Witnesses([(url, key)], timeout_s, lambda: NOW_S, rest_most_s)


@contextmanager
def serving(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """A server of plain sockets: what it answers, byte by byte, to a request's body."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    connection.sendall(answer(_body(connection)))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            ended.set()
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            thread.join()


def _body(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65_536)
    return body


def http(status: int, body: bytes | str, kind: str = "text/plain") -> bytes:
    content = body.encode() if isinstance(body, str) else body
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(content)}\r\nconnection: close\r\n\r\n"
    return head.encode() + content


def conflict(size: object) -> bytes:
    return http(409, f"{size}\n", "text/x.tlog.size")


@contextmanager
def faithful(path: Path, asked: list[int] | None = None) -> Iterator[str]:
    """A witness in this process behind a real socket. ``asked`` gets the old size of each request."""
    state = State(path, WITNESS.verifier)
    witness = Witness(WITNESS, [KEY.verifier], state, lambda: NOW_S, lambda words: None)

    def answer(body: bytes) -> bytes:
        if asked is not None:
            asked.append(parse_request(body).old)
        answered = witness.add(body)
        return http(answered.status, answered.body, answered.kind)

    with serving(answer) as url:
        yield url
    state.close()


# What goes well


def test_a_log_that_grows_is_cosigned_step_by_step(tmp_path: Path) -> None:
    asked: list[int] = []
    with faithful(tmp_path / "state", asked) as url:
        witnesses = to(url)
        for size in (0, 1, 2, 255, 256, 257, 600, 600, 700):
            (signature,) = ask(witnesses, TRUE, size)
            note = TRUE.note(size)
            assert cosigned_at(Note(note.text, (*note.signatures, signature)), WITNESS.verifier) == NOW_S
            assert witnesses.troubles == []
    assert asked == [0, 0, 1, 2, 255, 256, 257, 600, 600], "it remembers what it was given, and asks once"


def test_after_a_start_it_takes_the_size_that_the_witness_says(tmp_path: Path) -> None:
    asked: list[int] = []
    with faithful(tmp_path / "state", asked) as url:
        assert len(ask(to(url), TRUE, 300)) == 1
        witnesses = to(url)
        assert len(ask(witnesses, TRUE, 650)) == 1
        assert witnesses.troubles == []
    assert asked == [0, 0, 300]


def test_a_prefix_with_a_path_is_asked_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        thread = threading.Thread(target=ask, args=(to(f"http://127.0.0.1:{port}/witness/", timeout_s=2), TRUE, 5))
        thread.start()
        connection, _ = server.accept()
        assert connection.recv(100).startswith(b"POST /witness/add-checkpoint HTTP/1.1\r\n")
        connection.close()
        thread.join()


def test_a_real_witness_cosigns_and_is_killed_and_cosigns_again(tmp_path: Path) -> None:
    with RealWitness(tmp_path) as real:
        witnesses = Witnesses([(real.url, real.key)], rest_most_s=0)
        assert len(ask(witnesses, TRUE, 300)) == 1
        real.kill()
        assert ask(witnesses, TRUE, 400) == []
        assert "refused" in str(witnesses.troubles[0])
        real.start()
        (signature,) = ask(witnesses, TRUE, 500)
        at_s = cosigned_at(Note(TRUE.note(500).text, (signature,)), real.key)
        assert at_s is not None
        assert ask(witnesses, FALSE, 600) == []
        assert witnesses.troubles[0].grave


def test_one_that_is_down_takes_nothing_from_the_others(tmp_path: Path) -> None:
    down = f"http://127.0.0.1:{free_port()}"
    with faithful(tmp_path / "state") as url:
        both = Witnesses([(down, OTHER.verifier), (url, WITNESS.verifier)], 5, lambda: NOW_S)
        assert [one.name for one in ask(both, TRUE, 9)] == [WITNESS.name]
        (trouble,) = both.troubles
        assert trouble.witness == down
        assert not trouble.grave


def test_without_witnesses_there_is_nothing_to_ask() -> None:
    assert ask(Witnesses([]), TRUE, 9) == []


# Witnesses that saw something else: grave


def test_a_witness_that_saw_a_longer_log_says_that_it_was_rolled_back(tmp_path: Path) -> None:
    with faithful(tmp_path / "state") as url:
        assert len(ask(to(url), TRUE, 300)) == 1
        witnesses = to(url)
        assert ask(witnesses, TRUE, 200) == []
        (trouble,) = witnesses.troubles
        assert trouble.grave
        assert "it saw a LONGER log: 300 entries, and this one has 200" in str(trouble)
        assert "rolled back" in str(trouble)


def test_the_same_run_of_a_log_that_shrinks_is_noticed(tmp_path: Path) -> None:
    with faithful(tmp_path / "state") as url:
        witnesses = to(url)
        assert len(ask(witnesses, TRUE, 300)) == 1
        assert ask(witnesses, TRUE, 200) == []
        assert witnesses.troubles[0].grave


def test_a_witness_that_saw_another_log_of_that_size_says_so(tmp_path: Path) -> None:
    with faithful(tmp_path / "state") as url:
        assert len(ask(to(url), TRUE, 300)) == 1
        witnesses = to(url)
        assert ask(witnesses, FALSE, 300) == []
        assert "ANOTHER log of 300 entries" in str(witnesses.troubles[0])
        assert witnesses.troubles[0].grave


def test_a_witness_that_saw_another_beginning_says_so(tmp_path: Path) -> None:
    with faithful(tmp_path / "state") as url:
        assert len(ask(to(url), TRUE, 300)) == 1
        witnesses = to(url)
        assert ask(witnesses, FALSE, 400) == []
        assert "ANOTHER history" in str(witnesses.troubles[0])
        assert witnesses.troubles[0].grave


# Witnesses that are no use


def cosigning(key: SigningKey, at_s: int = NOW_S, text: Callable[[str], str] = lambda text: text) -> bytes:
    return http(200, cosign(text(TRUE.note(9).text), key, at_s).line)


def _changed(answer: bytes) -> bytes:
    return answer.replace(b"w", b"v", 1)


ANSWERS: dict[str, bytes] = {
    "nothing": b"",
    "no HTTP": b"hello\r\n\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\ncontent-le",
    "cut off": b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n\xe2\x80\x94 witness",
    "empty": http(200, ""),
    "rubbish": http(200, b"\x00\xff" * 50),
    "a page": http(200, "<html>welcome</html>\n"),
    "10 megabytes": http(200, b"x" * 10_000_000),
    "10 megabytes of head": b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 1_000_000,
    "of another key": cosigning(OTHER),
    "of another key by the same name": cosigning(SigningKey(WITNESS.name, COSIGNATURE, bytes(32))),
    "of another checkpoint": cosigning(WITNESS, text=lambda text: text.replace("\n9\n", "\n8\n")),
    "time changed": http(200, cosign(TRUE.note(9).text, WITNESS, NOW_S).line.replace("AAAABo", "AAAABp")),
    "of a time to come": cosigning(WITNESS, NOW_S + 3_600),
    "the log's own signature": http(200, TRUE.note(9).signatures[0].line),
    "without a newline": http(200, cosign(TRUE.note(9).text, WITNESS, NOW_S).line.rstrip("\n")),
    "a whole note": http(200, note_bytes(TRUE.note(9))),
    "another signature and a forged one": http(
        200, cosign(TRUE.note(8).text, WITNESS, NOW_S).line + cosign(TRUE.note(9).text, WITNESS, NOW_S).line
    ),
    "redirect": b"HTTP/1.1 302 X\r\nlocation: http://example.com/\r\ncontent-length: 0\r\n\r\n",
    "400": http(400, "no"),
    "403": http(403, "no"),
    "404": http(404, "no"),
    "422 to no proof": http(422, "no"),
    "500": http(500, "\x1b[31mboom\x1b[0m"),
    "503": http(503, ""),
    "204": b"HTTP/1.1 204 X\r\n\r\n",
    "409 without a size": conflict(""),
    "409 with a word": conflict("nine"),
    "409 with a negative size": conflict(-1),
    "409 with leading zeros": conflict("007"),
    "409 with a huge size": conflict("9" * 5_000),
    "409 with the size that was sent": conflict(0),
    "409 again and again": conflict(5),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_is_no_cosignature_is_not_taken_for_one(name: str) -> None:
    with serving(lambda body: ANSWERS[name]) as url:
        witnesses = to(url)
        assert ask(witnesses, TRUE, 9) == []
        (trouble,) = witnesses.troubles
        assert not trouble.grave
        assert trouble.what.strip()
        assert trouble.what.isprintable()
        assert len(trouble.what) < 600


def test_a_cosignature_among_others_is_taken_alone() -> None:
    lines = "".join(cosign(TRUE.note(9).text, key, NOW_S).line for key in (OTHER, WITNESS))
    with serving(lambda body: http(200, lines)) as url:
        (signature,) = ask(to(url), TRUE, 9)
        assert signature.name == WITNESS.name


def test_one_size_after_the_other_is_not_followed_for_ever() -> None:
    asked: list[int] = []

    def answer(body: bytes) -> bytes:
        asked.append(parse_request(body).old)
        return conflict(len(asked))

    with serving(answer) as url:
        witnesses = to(url)
        assert ask(witnesses, TRUE, 9) == []
        assert asked == [0, 1]
        assert "one size after the other" in str(witnesses.troubles[0])


def test_one_that_hangs_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, faithful(tmp_path / "state") as url:
        hanging = f"http://127.0.0.1:{silent.getsockname()[1]}"
        both = Witnesses([(hanging, OTHER.verifier), (url, WITNESS.verifier)], 0.3, lambda: NOW_S)
        assert len(ask(both, TRUE, 9)) == 1
        assert "no answer within 0.3 s" in str(both.troubles[0])


def test_one_that_sends_a_byte_at_a_time_is_given_up() -> None:
    ended = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            for byte in b"HTTP/1.1 200 OK\r\n" + b"x" * 10_000:
                connection.sendall(bytes([byte]))
                if ended.wait(0.02):
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        witnesses = to(f"http://127.0.0.1:{server.getsockname()[1]}", timeout_s=0.3)
        assert ask(witnesses, TRUE, 9) == []
        assert "no answer within 0.3 s" in str(witnesses.troubles[0])
        assert not ended.is_set()
        ended.set()
        thread.join()


def test_one_that_failed_is_left_alone_for_a_while_and_then_asked_again(tmp_path: Path) -> None:
    port = free_port()
    witnesses = to(f"http://127.0.0.1:{port}", rest_most_s=60)
    assert ask(witnesses, TRUE, 9) == []
    asked: list[int] = []
    with socket.create_server(("127.0.0.1", port)) as server:
        server.settimeout(0.05)
        assert ask(witnesses, TRUE, 10) == []
        with pytest.raises(TimeoutError):
            server.accept()
        assert "not asked again for" in str(witnesses.troubles[0])
    assert asked == []
    with faithful(tmp_path / "state", asked) as url:
        again = to(url, rest_most_s=0.01)
        again._each[0]._rest(witnesses.troubles[0])
        time.sleep(0.02)
        assert len(ask(again, TRUE, 11)) == 1
        assert again.troubles == []


@pytest.mark.parametrize(
    "url",
    [
        *("", "witness.example", "ftp://witness.example", "http://", "https://a@b.example", "http://x.example/?q"),
        *("http://x.example/#a", "http://x.example:0", "http://x.example:99999", "http://x.example/\n", "file:///etc"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingInvalid):
        to(url)


def test_the_key_of_a_log_is_not_that_of_a_witness() -> None:
    with pytest.raises(SettingInvalid, match="no witness's key"):
        to("https://witness.example", KEY.verifier)
    with pytest.raises(SettingInvalid, match="allowed: 16"):
        Witnesses([("https://witness.example", WITNESS.verifier)] * 17)


def test_what_it_sends_is_what_the_specification_asks_for() -> None:
    bodies: list[bytes] = []

    def answer(body: bytes) -> bytes:
        bodies.append(body)
        return conflict(40) if len(bodies) == 1 else http(500, "")

    with serving(answer) as url:
        ask(to(url), TRUE, 77)
    assert bodies == [TRUE.request(0, 77), TRUE.request(40, 77)]
    assert bodies[1].startswith(b"old 40\n")
    assert f"\n\n{ORIGIN}\n77\n".encode() in bodies[1]
