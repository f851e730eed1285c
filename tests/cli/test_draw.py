"""``drumroll draw`` as it is run: a draw that holds, one that does not, and what it says of either."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from drumroll.cli.draw import draw
from drumroll.errors import DrawInvalid
from drumroll.room.draw import FORMAT, Draw, commitment, entry_id, places

SEED = bytes(range(32))
ENTRANTS = [entry_id(b"k" * 32, "kite", f"c{number}") for number in range(30)]
PUBLISHED = Draw(FORMAT, "kite", "2026-05-01T10:00:00.000Z", commitment(SEED), SEED.hex(), ENTRANTS)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "draw.json"
    path.write_bytes(msgspec.json.encode(PUBLISHED))
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(draw, [str(word) for word in words])


def refused(*words: object) -> str:
    result = run(*words)
    assert isinstance(result.exception, DrawInvalid), result.output
    return str(result.exception)


def test_a_draw_that_holds_says_so_and_whose_place_is_which(published: Path) -> None:
    second = places(SEED, ENTRANTS)[1]
    result = run(published, "--place", second, "--commitment", commitment(SEED))
    assert result.exit_code == 0
    assert "place       2 of 30" in result.output
    assert "the one you noted" in result.output
    assert "the draw holds" in result.output
    assert "compare it with your note" in run(published).output


def test_its_json_says_the_same(published: Path) -> None:
    found = json.loads(run(published, "--place", places(SEED, ENTRANTS)[29], "--json").output)
    assert found["place"] == 30
    assert found["entrants"] == 30
    assert found["commitment"] == commitment(SEED)
    assert not found["commitment_noted"]


def test_a_draw_that_does_not_hold_is_refused_with_what_is_wrong(published: Path) -> None:
    published.write_bytes(msgspec.json.encode(msgspec.structs.replace(PUBLISHED, seed="00" * 32)))
    assert "not what was promised" in refused(published)


def test_another_commitment_than_the_one_noted_is_refused(published: Path) -> None:
    assert "was noted before the draw" in refused(published, "--commitment", "0" * 64)


def test_what_is_no_draw_or_not_there_is_refused(published: Path, tmp_path: Path) -> None:
    assert "not among the 30" in refused(published, "--place", "0" * 32)
    assert "can't be read" in refused(tmp_path / "nothing.json")
    assert "can't be read" in refused("http://127.0.0.1:1/draw")
    (tmp_path / "noise").write_bytes(b"\xff\x00")
    assert "no published draw" in refused(tmp_path / "noise")


@pytest.fixture
def address(published: Path) -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given: object) -> None:
            super().__init__(*given, directory=str(published.parent))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/draw.json"
        server.shutdown()
        thread.join()


def test_a_published_draw_is_checked_at_its_address(address: str) -> None:
    assert "the draw holds" in run(address).output
    assert "answered with 404" in refused(address + "-not")
