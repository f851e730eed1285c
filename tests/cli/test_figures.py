"""``drumroll figures`` as it is run: from a launch file, from a log, from both; its check; its refusals."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from drumroll.bootstrap import read_launch
from drumroll.cli.figures_log import Folded
from drumroll.cli.plan_book import read_book
from drumroll.domain import events as ev
from drumroll.domain.launch import Launch
from drumroll.domain.launch_finance import Finance, PublishedFigure
from drumroll.domain.times import rfc3339
from drumroll.errors import FiguresRefused, LaunchFileInvalid, WrongLaunch
from drumroll.outlook.figures_orders import stood
from tests.cli.running import Command, written_log
from tests.launch_files import YU7_ALONE
from tests.outlook.test_figures import CARS, HOUR
from tests.plan.lives import OPENS, Life, built_in, launch
from tests.rehearsal.lives import LAUNCH as RANDOM_LAUNCH
from tests.rehearsal.lives import Life as RandomLife

COMMAND = Command("figures")
run, values, refused = COMMAND.run, COMMAND.values, COMMAND.refused
ROOT = Path(__file__).parents[2]
YU7 = ROOT / "launches" / "yu7.toml"
PAGE = ROOT / "docs" / "figures.md"
PUBLISHED = (
    PublishedFigure("three", "three orders after an hour", "3", "orders", at_ms=OPENS + HOUR),
    PublishedFigure("four", "four orders after an hour", "4", "orders", at_ms=OPENS + HOUR),
    PublishedFigure("locked", "one locked after two hours", "1", "locked", at_ms=OPENS + 2 * HOUR),
    PublishedFigure("later", "nine after nine hours", "9", "orders", at_ms=OPENS + 9 * HOUR),
)
MINE = replace(CARS, id="yu7", finance=Finance("13", published=PUBLISHED))


def night(of: Launch) -> Life:
    """Three orders within the hour, one locked in the second; the third hour brings a fourth."""
    life = Life(of)
    for number, minutes in enumerate((1, 10, 60, 150)):
        life.reserve(f"o{number}", promise=built_in(number), at_ms=OPENS + minutes * 60_000)
        life.firm(f"o{number}")
        if number == 2:
            life.lock("o0", at_ms=OPENS + 90 * 60_000)
    return life


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return written_log(tmp_path / "orders.drumroll", night(MINE).blocks)


# From a launch file


def test_the_reference_figures_and_their_check_come_from_the_launch_file_alone() -> None:
    found = values(YU7, "--check")
    assert (found["orders"], found["deposits_minor"]) == (289_000, 144_500_000_000)
    assert found["base"]["with_vat_minor"] == 7_326_150_000_000
    assert found["shares"][0]["base_without_vat"] == "58.25"
    assert [one["rule"] for one in found["check"]["contradictions"]] == ["two values", "stages", "VAT"]
    assert len(found["check"]["figures"]) == 13


def test_the_page_shows_what_the_command_says() -> None:
    said = [line.rstrip() for line in run(YU7, "--check").stdout.splitlines()]
    shown = re.search(r"```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert shown is not None
    assert shown[1].splitlines() == said


def test_the_text_is_80_wide_and_says_what_needs_a_log(log: Path) -> None:
    for words in ((YU7, "--check"), (YU7, "--orders", 5), ("--log", log, "--check")):
        result = run(*words)
        assert result.exit_code == 0, result.output
        assert max(map(len, result.stdout.splitlines())) <= 80
    assert "as ordered: needs a log" in run(YU7).stdout
    assert "needs a log" not in run("--log", log).stdout


def test_figures_are_written_beside_the_table_and_check_is_null_unless_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "f.json"
    result = run(YU7, "--orders", 7, "--quarter", "q1-2025", "--json", file)
    assert "7 orders" in result.stdout
    found = json.loads(file.read_text())
    assert (found["counted_from"], found["orders"], found["check"], found["at"]) == ("given", 7, None, None)


# From a log


def test_a_log_gives_its_own_orders_and_what_stood_at_the_published_moments(log: Path) -> None:
    found = values("--log", log, "--check")
    assert (found["orders"], found["deposits_minor"], found["counted_from"]) == (4, 4 * 500, "log")
    assert sum(one["orders"] for one in found["obligations"]) == 1
    assert sum(one["cooling_orders"] for one in found["obligations"]) == 3
    verdicts = {one["id"]: (one["verdict"], one["computed"]) for one in found["check"]["figures"]}
    assert verdicts == {
        "three": ("comes out", "orders in the log: 3"),
        "four": ("does not come out", "orders in the log: 3"),
        "locked": ("comes out", "locked orders in the log: 1"),
        "later": ("not known", None),
    }
    assert [one["rule"] for one in found["check"]["contradictions"]] == ["two values"]


def test_a_moment_looks_back_and_before_the_log_there_is_nothing(log: Path) -> None:
    found = values("--log", log, "--at", rfc3339(OPENS + HOUR))
    assert (found["orders"], found["at"]) == (3, rfc3339(OPENS + HOUR, "Asia/Shanghai"))
    assert "no launch" in refused(FiguresRefused, "--log", log, "--at", rfc3339(OPENS - 1))


def test_the_files_finance_counts_where_both_are_given(tmp_path: Path) -> None:
    yuan = replace(MINE, currency="CNY", finance=None)
    log = written_log(tmp_path / "orders.drumroll", night(yuan).blocks)
    assert "[finance]" in refused(FiguresRefused, "--log", log)
    found = values(YU7, "--log", log, "--check")
    assert [one["quarter"] for one in found["shares"]] == ["q1-2025"]
    assert len(found["check"]["figures"]) == 13
    assert found["orders"] == 4


def test_figures_of_a_launch_file_that_came_later_are_held_against_the_moments_before_it(tmp_path: Path) -> None:
    life = night(replace(MINE, finance=None))
    life.add(ev.LaunchSet(MINE))
    log = written_log(tmp_path / "later.log", life.blocks)
    first = written_log(tmp_path / "first.log", night(MINE).blocks)
    file_first = values("--log", first, "--check")["check"]
    assert values("--log", log, "--check")["check"]["figures"][:3] == file_first["figures"][:3]


@pytest.mark.parametrize("seed", range(4))
def test_the_counts_at_a_moment_are_those_of_a_book_read_until_then(seed: int, tmp_path: Path) -> None:
    life = RandomLife(seed, RANDOM_LAUNCH).live(60)
    times = sorted({block.at_ms for block in life.blocks})
    wanted = [times[0] - 1, *times[::7], *(at + 1 for at in times[3:-1:11]), times[-1]]
    figures = tuple(PublishedFigure(f"n{at}", "n", "1", "orders", at_ms=at) for at in wanted)
    folded = Folded(Finance("13", published=figures))
    for block in life.blocks:
        folded.fold(block)
    folded.note_until(times[-1] + 1)
    log = written_log(tmp_path / "orders.drumroll", life.blocks)
    assert set(folded.stood) == set(wanted)
    for at_ms, found in folded.stood.items():
        assert found == stood(read_book(str(log), at_ms).book, at_ms)


# Refusals


def test_two_launches_mixed_are_refused_with_both_ids(log: Path, tmp_path: Path) -> None:
    said = refused(WrongLaunch, ROOT / "launches" / "handheld.toml", "--log", log)
    assert "yu7" in said
    assert read_launch(str(ROOT / "launches" / "handheld.toml")).id in said
    assert "leave the file out" in said
    assert "EUR" in refused(WrongLaunch, YU7, "--log", log)  # the same id, in another currency


def test_what_is_missing_or_makes_no_sense_together_is_refused(log: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.toml"
    bare.write_text(YU7_ALONE)
    assert "[finance]" in refused(FiguresRefused, bare)
    assert "'q9'" in refused(FiguresRefused, YU7, "--quarter", "q9")
    for words in ((), ("--log", log, "--orders", 5), (YU7, "--at", "2025-07-01T00:00:00Z"), (YU7, "--orders", 0)):
        assert run(*words).exit_code == 2
    assert run(tmp_path / "none.toml").exit_code == 1
    bare.write_text(YU7_ALONE + '[finance]\nvat_percent = "1000"\n')
    assert "vat_percent" in refused(LaunchFileInvalid, bare)


def test_a_log_without_orders_has_figures_of_nothing(tmp_path: Path) -> None:
    life = Life(replace(launch(), finance=Finance("13")))
    life.add(ev.CapacitySet("works", 105_640, 105_641, 50, None, "op", "shift lost", b"capacity", b"f" * 8))
    found = values("--log", written_log(tmp_path / "orders.drumroll", life.blocks), "--check")
    assert (found["orders"], found["deposits_minor"], found["obligations"], found["margin"]) == (0, 0, [], None)
