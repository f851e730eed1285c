"""``drumroll check`` as people and scripts see it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from drumroll.cli.main import cli

LAUNCHES = Path(__file__).parent.parent.parent / "launches"
YU7 = LAUNCHES / "yu7.toml"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["check", *map(str, arguments)])


def bad(folder: Path) -> Path:
    text = YU7.read_text("utf-8").replace("hold_s = 900", 'hold_s = "long"').replace('currency = "CNY"', "")
    (folder / "bad.toml").write_text(text, "utf-8")
    return folder / "bad.toml"


def test_a_clean_file_is_summed_up_for_people() -> None:
    result = run(YU7)
    assert result.exit_code == 0
    for fact in (
        "Standard (standard)",
        "253,500.00 CNY",
        "2025-06-26T22:00:00+08:00 Asia/Shanghai",
        "2025-06-26T14:00:00+00:00 UTC",
        "5,000.00 CNY",
        "900 s",
        "2 orders a customer",
        "no cap",
        "289,000",
    ):
        assert fact in result.output


def test_caps_and_the_closing_are_shown() -> None:
    output = run(LAUNCHES / "handheld.toml").output
    for fact in ("1 order a customer", "2,500", "10,000", "2026-03-30T00:00:00+02:00 Europe/Berlin"):
        assert fact in output


def test_the_rules_of_an_orders_life_are_shown() -> None:
    output = run(LAUNCHES / "handheld.toml").output
    for fact in (
        "14 days, then an order locks; an early lock can be undone for 15",
        "a freed place is held for 6 hours",
        "European Union, Switzerland",
        "console to console-xl (to-xl)",
        "from 2026-03-28T12:00:00+01:00 to 2026-04-06T00:00:00+02:00",
        "deposit settled, cooling-off anew, place kept before",
        "deposit 80.00 EUR",
    ):
        assert fact in output


def test_options_are_shown_with_prices_and_trims() -> None:
    lines = [line.split() for line in run(YU7).output.splitlines()]
    assert ["21", "inch,", "forged", "(wheels-21)", "12,000.00", "CNY", "max"] in lines
    assert ["Orange", "(orange)", "7,000.00", "CNY", "all"] in lines


def test_every_mistake_is_a_line_and_they_are_counted(tmp_path: Path) -> None:
    result = run(bad(tmp_path))
    assert result.exit_code == 1
    *lines, count = result.output.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["currency", "sales.hold_s"]
    assert count == "2 mistakes in 1 file"


def test_a_clean_file_is_summed_up_beside_a_bad_one(tmp_path: Path) -> None:
    result = run(bad(tmp_path), YU7)
    assert result.exit_code == 1
    assert "yu7.toml: ok" in result.output
    assert "2 mistakes in 1 file" in result.output


@pytest.mark.parametrize("name", ["missing.toml", ".", "nul\0.toml"])
def test_a_file_that_can_not_be_read_is_said_and_fails(tmp_path: Path, name: str) -> None:
    result = run(f"{tmp_path}/{name}")
    assert result.exit_code == 1
    assert "nothing to read" in result.output
    assert "1 mistake in 1 file" in result.output


def test_no_file_at_all_is_wrong_usage() -> None:
    assert run().exit_code == 2


def test_json_says_the_same(tmp_path: Path) -> None:
    result = run("--json", YU7, bad(tmp_path))
    assert result.exit_code == 1
    answer = json.loads(result.output)
    assert answer["ok"] is False
    clean, wrong = answer["files"]
    assert (clean["ok"], clean["mistakes"], clean["launch"]["id"]) == (True, [], "yu7")
    assert (wrong["ok"], wrong["launch"]) == (False, None)
    assert [mistake["path"] for mistake in wrong["mistakes"]] == ["currency", "sales.hold_s"]


def test_the_summary_fits_80_columns_and_shows_names_as_they_are(tmp_path: Path) -> None:
    name = "[bold]" + "W" * 74
    path = tmp_path / "wide.toml"
    path.write_text(YU7.read_text("utf-8").replace('name = "Max"', f'name = "{name}"'), "utf-8")
    lines = run(path).output.splitlines()[1:]
    assert max(map(len, lines)) <= 80
    assert any("[bold]" in line for line in lines)


def test_help_has_an_example() -> None:
    assert "drumroll check launches/yu7.toml" in run("--help").output
