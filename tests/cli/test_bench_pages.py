"""The benchmark of pages has every figure, from a real server; it weighs all that a page needs, and compares pairs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli
import msgspec
import pytest
from click.testing import CliRunner

from drumroll.cli import bench_pages as shown
from drumroll.cli.main import cli
from drumroll.errors import DrumrollError
from drumroll.rehearsal import bench_pages
from drumroll.rehearsal.bench import Round
from drumroll.rehearsal.bench_pages import figures, page_of
from drumroll.rehearsal.bench_viewers import Crowd, Seen

PROMISED = {
    "pages_rps",
    "pages_rps_304",
    "page_kb",
    "board_viewers",
    "intake_ratio_without",
    "intake_ratio_with_viewers",
}
FILES = {
    "/page": b'<link rel="stylesheet" href="a.css?v=1"><link rel="icon" href="/icon.svg"><link rel="help" href="/help">'
    b'<script type="module" src="/a.js"></script><img src="data:image/gif;base64,AAAA"><a href="/elsewhere">x</a>',
    "/a.css?v=1": b"body { background: url(picture.png) } " * 50,
    "/a.js": b'import { x } from "./b.js";\nimport "/c.js";\n',
    "/b.js": b"export const x = 1;",
    "/c.js": b"",
    "/icon.svg": b"<svg/>",
    "/picture.png": b"\x89PNG" * 10,
}
KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "png": "image/png"}


class Handler(BaseHTTPRequestHandler):
    """A redirect to a page, its files (style sheets in brotli), and a stream that never says anything."""

    def do_GET(self) -> None:
        if self.path == "/":
            self._answer(302, {"location": "/page"}, b"")
        elif self.path not in FILES:
            self._answer(404, {}, b"")
        else:
            kind = KINDS.get(self.path.partition("?")[0].rpartition(".")[2], "text/html; charset=utf-8")
            body, packed = FILES[self.path], "css" in self.path
            headers = {"content-type": kind, **({"content-encoding": "br"} if packed else {})}
            self._answer(200, headers, brotli.compress(body) if packed else body)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


class Quiet(ThreadingHTTPServer):
    """A client that goes away in the middle of an answer is no news."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Silent."""


@pytest.fixture
def port() -> Iterator[int]:
    server = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def a_round(rps: int, server_s: float = 0.1) -> Round:
    return Round(1000, 1000 / rps, server_s, 0.1, [0.001] * 100)


def test_all_that_a_page_loads_is_weighed_as_it_is_transferred(port: int) -> None:
    page = page_of("127.0.0.1", port)
    assert page.path == "/page"
    assert page.files.keys() == FILES.keys()
    assert page.files["/a.css?v=1"] == len(brotli.compress(FILES["/a.css?v=1"]))
    assert page.kilobytes == sum(page.files.values()) / 1000
    assert page.etag == "", "a server that never answers 304 is not asked for one"


def test_a_page_that_is_not_there_is_said(port: int) -> None:
    with pytest.raises(DrumrollError, match="GET /nothing answered 404"):
        page_of("127.0.0.1", port, "/nothing")


def test_viewers_who_see_nothing_are_an_error_and_not_a_good_figure(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drumroll.rehearsal.bench_viewers.OPENS_WITHIN_S", 0.3)
    crowd = Crowd("127.0.0.1", port)
    with pytest.raises((TimeoutError, ConnectionError)):
        crowd.open(3)
    crowd.close()
    assert not Seen(3, 5.0, 3, 12, 1000, 1.0, 0.1).one_a_second
    assert Seen(3, 5.0, 4, 12, 1000, 1.0, 0.1).one_a_second


def test_ratios_are_taken_within_a_round_against_the_ceiling_without_viewers() -> None:
    found = figures(
        {
            "ceiling": [a_round(1000), a_round(2000), a_round(4000)],
            "without": [a_round(800), a_round(1000), a_round(2000)],
            "with": [a_round(400), a_round(900, 0.2), a_round(3000)],
        }
    )
    assert (found["intake_ratio_without"], found["intake_ratio_with_viewers"]) == (0.5, 0.45)
    assert found["intake_kept"] == 0.9
    assert found["intake_kept_of_server_cpu"] == 1.0


@pytest.mark.slow
def test_a_small_benchmark_has_every_figure_promised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "VIEWERS", 60)
    monkeypatch.setattr(shown, "REQUESTS", 100)
    monkeypatch.setattr(shown, "LOOKS_S", 2.0)
    monkeypatch.setattr(bench_pages, "REST_S", 0.1)
    out = tmp_path / "bench.json"
    run = CliRunner().invoke(cli, ["bench", "--pages", "--rounds", "1", "--orders", "300", "--json", str(out)])
    assert run.exit_code == 0, run.output
    found = msgspec.json.decode(out.read_bytes())
    assert set(found) >= PROMISED
    assert found["board_viewers"] == 60
    assert 0 < found["page_kb"] < 150
    assert found["pages_rps_304"] > 0
    assert max(map(len, run.output.partition("Written")[0].splitlines())) <= 80
