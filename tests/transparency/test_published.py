"""Reading what others published: from a directory, over HTTP, from a server that is slow, broken or hostile."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.cli.main import main
from drumroll.errors import NoteInvalid, PublishedInvalid
from drumroll.proof.merkle import leaf_hash
from drumroll.proof.note import note_bytes
from drumroll.proof.tiles import Tile, bundle, tile_path, unbundle
from drumroll.transparency import site
from drumroll.transparency.published import NotThere
from drumroll.transparency.sources import open_published
from tests.proof.publishing import KEY, WITNESS, Launch, publish, write

SIZES = (1, 256, 300, 512, 700)
ENTRIES = Launch(seed=5).go_on(699).entries


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("log"), ENTRIES, sizes=SIZES, cosigned={512: 1_750_947_000})


Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def served(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer | None], str]]:
    """Serves the folder, or whatever a function answers; gives the URL."""
    monkeypatch.setattr(site, "PAUSE_S", 0.0)
    monkeypatch.setattr(site, "TIMEOUT_S", 5)
    servers = []

    def serve(answer: Answer | None = None) -> str:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if answer is not None:
                    answer(self)
                    return
                path = folder / self.path.removeprefix("/log/")
                body = path.read_bytes() if path.is_file() else None
                reply(self, 404 if body is None else 200, body or b"no")

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/log"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.mark.parametrize("over", ["directory", "http"])
def test_all_of_a_log_is_read_in_order(folder: Path, served: Callable[..., str], over: str) -> None:
    published = open_published(str(folder) if over == "directory" else served())
    assert published.keys() == [KEY.verifier]
    assert published.checkpoint() == (folder / "checkpoint").read_bytes()
    assert [note.text.split("\n")[1] for note in published.history()] == [str(size) for size in SIZES]
    for size in (0, 1, 255, 256, 512, 700):
        assert [entry for part in published.entries(size) for entry in part] == ENTRIES[:size]
    parts = list(published.parts(700))
    assert b"".join(part.hashes or b"" for part in parts) == b"".join(map(leaf_hash, ENTRIES))
    assert list(published.tiles([Tile(0, 1), Tile(1, 0, 2)])) == [
        published.tile(Tile(0, 1)),
        published.tile(Tile(1, 0, 2)),
    ]


def test_an_order_log_stands_for_what_is_published_beside_it(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "orders.drumroll"
    log.write_bytes(b"a log")
    with pytest.raises(PublishedInvalid, match="drumroll log publish"):
        open_published(str(log))
    publish(tmp_path / "orders.drumroll-proof" / "public", ENTRIES[:5])
    assert list(open_published(str(log)).entries(5)) == [ENTRIES[:5]]


@pytest.mark.parametrize(
    "where", ["nowhere", "", "ftp://example.com/log", "http://", "http://user@example.com", "http://a b"]
)
def test_what_is_no_published_log_is_refused(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PublishedInvalid):
        open_published(where or str(tmp_path / "none"))


@pytest.mark.parametrize("where", ["http://127.0.0.1:1/log?x=1", "http://127.0.0.1:1/log#x", "http://127.0.0.1:0/"])
def test_an_address_that_is_no_prefix_is_refused(where: str) -> None:
    with pytest.raises(PublishedInvalid, match="allowed"):
        open_published(where)


@pytest.mark.parametrize("level", [0, -1])
def test_a_partial_tile_that_is_gone_is_cut_from_the_full_one(tmp_path: Path, level: int) -> None:
    """As tlog-tiles allows: the log went on, and deleted its partial tiles."""
    published = open_published(str(publish(tmp_path / "log", ENTRIES[:512])))
    for width in (1, 17, 255):
        data = published.tile(Tile(level, 1, width))
        if level:
            assert unbundle(data) == ENTRIES[256 : 256 + width]
        else:
            assert data == b"".join(map(leaf_hash, ENTRIES[256 : 256 + width]))
    with pytest.raises(NotThere):
        published.tile(Tile(level, 2, 17))
    with pytest.raises(NotThere):
        published.tile(Tile(level, 2))


def test_a_missing_tile_of_hashes_is_said_and_the_entries_are_read_all_the_same(tmp_path: Path) -> None:
    folder = publish(tmp_path / "log", ENTRIES[:512])
    (folder / "tile/0/001").unlink()
    first, second = open_published(str(folder)).parts(512)
    assert first.hashes is not None
    assert second.hashes is None
    assert "tile/0/001" in second.why
    assert second.entries == ENTRIES[256:512]


def test_entries_that_are_missing_torn_or_too_few_are_refused(tmp_path: Path) -> None:
    folder = publish(tmp_path / "log", ENTRIES[:300])
    path = folder / tile_path(Tile(-1, 0))
    for data, why in ((bundle(ENTRIES[:255]), "255 entries"), (path.read_bytes()[:-1], "torn"), (b"\xff\xff", "bytes")):
        path.write_bytes(data)
        with pytest.raises(PublishedInvalid, match=why):
            list(open_published(str(folder)).entries(300))
    path.unlink()
    with pytest.raises(NotThere):
        list(open_published(str(folder)).parts(300))


@pytest.mark.parametrize(("name", "most"), [("checkpoint", 65_536), ("tile/0/000", 8_192)])
def test_a_file_larger_than_allowed_is_refused(tmp_path: Path, name: str, most: int) -> None:
    folder = publish(tmp_path / "log", ENTRIES[:256])
    write(folder / name, bytes(most + 1))
    published = open_published(str(folder))
    with pytest.raises(PublishedInvalid, match=f"{most:,}"):
        published.checkpoint() if name == "checkpoint" else published.tile(Tile(0, 0))


# The history


def test_a_history_that_is_not_there_is_empty(tmp_path: Path) -> None:
    folder = publish(tmp_path / "log", ENTRIES[:5])
    (folder / "checkpoints").unlink()
    assert open_published(str(folder)).history() == []


@settings(max_examples=150, deadline=None)
@given(cut=st.integers(0, 5_000))
def test_a_history_torn_anywhere_gives_its_whole_records(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    data = (folder / "checkpoints").read_bytes()
    published = open_published(str(folder))
    notes = [note_bytes(note) + b"\n" for note in published.history()]
    assert b"".join(notes) == data
    cut = min(cut, len(data))
    torn = tmp_path_factory.mktemp("torn")
    write(torn / "checkpoints", data[:cut])
    whole = open_published(str(torn)).history()
    assert len(whole) == max(count for count in range(len(notes) + 1) if len(b"".join(notes[:count])) <= cut)


@pytest.mark.parametrize("garbage", [b"\n\n\n", b"a\nb\nc\n\nno signature\n\n", b"x\n\n\xe2\x80\x94 y z\n\n"])
def test_garbage_in_a_history_is_refused_and_not_taken_for_its_end(
    folder: Path, tmp_path: Path, garbage: bytes
) -> None:
    data = (folder / "checkpoints").read_bytes()
    write(tmp_path / "checkpoints", data + garbage + data)
    with pytest.raises((PublishedInvalid, NoteInvalid)):
        open_published(str(tmp_path)).history()


@pytest.mark.parametrize(
    "data", [b"no key\n", b"\xff\xff", b"\n".join([WITNESS.verifier.text.encode()] * 65), b"+" * 70_000]
)
def test_keys_that_can_not_be_read_are_refused(tmp_path: Path, data: bytes) -> None:
    write(tmp_path / "keys", data)
    with pytest.raises(PublishedInvalid):
        open_published(str(tmp_path)).keys()


# Over HTTP


def test_compressed_answers_are_read(folder: Path, served: Callable[..., str]) -> None:
    data = (folder / "checkpoint").read_bytes()
    url = served(lambda handler: reply(handler, 200, gzip.compress(data), content_encoding="gzip"))
    assert open_published(url).checkpoint() == data


def test_what_is_asked_for_says_what_can_be_read(served: Callable[..., str]) -> None:
    asked = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append((handler.path, handler.headers["accept-encoding"]))
        reply(handler, 200, b"x")

    published = open_published(served(answer) + "/")
    published.read("tile/0/000")
    assert asked == [("/log/tile/0/000", "gzip, identity")]


def _end(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda handler: reply(handler, 404, b"x" * 100_000), "not there"),
        (lambda handler: reply(handler, 403, b"no"), "403"),
        (lambda handler: reply(handler, 503, b"later"), "503"),
        (lambda handler: reply(handler, 200, bytes(65_537)), "65,536"),
        (lambda handler: reply(handler, 200, gzip.compress(bytes(10**7)), content_encoding="gzip"), "65,536"),
        (lambda handler: reply(handler, 200, gzip.compress(b"x" * 99)[:-9], content_encoding="gzip"), "gzip"),
        (lambda handler: reply(handler, 200, b"no gzip", content_encoding="gzip"), "unpacked"),
        (lambda handler: reply(handler, 200, b"x", content_encoding="br"), "'br'"),
        (lambda handler: reply(handler, 302, b"", location="ftp://example.com/x"), "ftp"),
        (lambda handler: reply(handler, 302, b"", location="https://example.com/x"), "another scheme"),
        (lambda handler: reply(handler, 302, b"", location="file:///etc/passwd"), "file:"),
        (lambda handler: reply(handler, 302, b"", location=handler.path), "more than 3"),
        (lambda handler: handler.wfile.write(b"garbage\r\n\r\n"), "can't be fetched"),
        (_end, "can't be fetched"),
        (
            lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx") and _end(handler),
            "early",
        ),
    ],
)
def test_a_server_that_errs_or_lies_gives_a_clear_error(served: Callable[..., str], answer: Answer, why: str) -> None:
    with pytest.raises(PublishedInvalid, match=why):
        open_published(served(answer)).checkpoint()


def test_a_server_that_is_busy_for_a_moment_is_asked_again(served: Callable[..., str]) -> None:
    times = iter((503, 429, 200))
    assert open_published(served(lambda handler: reply(handler, next(times), b"x"))).checkpoint() == b"x"


def test_a_redirect_on_the_same_scheme_is_followed(served: Callable[..., str]) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/log/checkpoint":
            reply(handler, 301, b"", location="/elsewhere/checkpoint")
        else:
            reply(handler, 200, handler.path.encode())

    assert open_published(served(answer)).checkpoint() == b"/elsewhere/checkpoint"


def test_nobody_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "PAUSE_S", 0.0)
    with pytest.raises(PublishedInvalid, match="can't be fetched"):
        open_published("http://127.0.0.1:1/log").checkpoint()


def test_reading_that_is_given_up_leaves_no_thread_behind(served: Callable[..., str]) -> None:
    before = threading.active_count()
    parts = open_published(served()).parts(700)
    next(parts)
    parts.close()  # type: ignore[attr-defined]
    names = [thread.name for thread in threading.enumerate() if thread.name.startswith("published")]
    assert threading.active_count() >= before
    assert not names


def test_headers_that_never_end_are_cut_off(served: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "WHOLE_S", 0.3)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):
            for _ in range(100):
                handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                time.sleep(0.05)

    began = time.monotonic()
    with pytest.raises(PublishedInvalid):
        open_published(served(answer)).checkpoint()
    assert time.monotonic() - began < 3


def test_a_checkpoint_without_an_end_is_not_gone_through(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_bytes(b"a\n" * (1 << 23))
    began = time.monotonic()
    with pytest.raises(PublishedInvalid, match="from byte 0 on"):
        open_published(str(tmp_path)).history()
    assert time.monotonic() - began < 1


def test_what_a_hostile_server_says_does_not_reach_the_terminal_as_it_is(
    served: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    url = served(lambda handler: handler.wfile.write(b"HTTP/1.1 418 \x1b]0;owned\x07\r\n\r\n") and _end(handler))
    write(tmp_path / "claim.txt", b"drumroll claim/v1\n")
    monkeypatch.setattr("sys.argv", ["drumroll", "verify", str(tmp_path / "claim.txt"), "--log", url])
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr().err
    assert "418" in said
    assert "\x1b" not in said
    assert "\x07" not in said
