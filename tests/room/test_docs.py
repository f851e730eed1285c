"""The page that tells strangers how to check a draw is wrong in a byte."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from drumroll.room.draw import commitment, entry_id, place_in, read
from tests.room.house import KEY, SEED, RoomHouse

PAGE = (Path(__file__).parents[2] / "docs" / "waiting-room.md").read_text()
(LINES,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    with RoomHouse(tmp_path) as house:
        house.join(*(f"c{number}" for number in range(80)))
        house.drawn()
        path = house.room.published()
    assert path is not None
    return path


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", LINES, *map(str, words)], capture_output=True, text=True, check=False)


def test_the_documented_lines_find_the_place_that_the_room_told(published: Path) -> None:
    assert len(LINES.splitlines()) <= 10
    draw = read(published.read_bytes())
    for name in ("c0", "c41"):
        entry = entry_id(KEY, "kite", name)
        assert run(published, commitment(SEED), entry).stdout == f"{place_in(draw, entry)} of 80\n"


def test_the_documented_lines_find_another_seed_and_a_doubled_entrant(published: Path) -> None:
    entry = entry_id(KEY, "kite", "c0")
    assert "not the seed" in run(published, "0" * 64, entry).stderr
    text = published.read_text()
    published.write_text(text.replace(entry_id(KEY, "kite", "c1"), entry))
    assert "in it twice" in run(published, commitment(SEED), entry).stderr


def test_the_page_says_of_what_the_commitment_is() -> None:
    prefix = "drumroll waiting room seed/1"
    assert f"the {len(prefix)} characters `{prefix}`" in PAGE
