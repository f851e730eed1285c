"""``drumroll check`` as people and scripts see it."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from drumroll.cli.check_capacity import unpromised
from drumroll.cli.main import cli
from drumroll.domain.capacity import capacity_of
from drumroll.domain.launch_capacity import Limit, Period
from drumroll.domain.launch_file import parse_bytes
from drumroll.domain.weeks import week_of_day, week_starts_ms
from tests.launch_files import written

LAUNCHES = Path(__file__).parent.parent.parent / "launches"
YU7 = LAUNCHES / "yu7.toml"


AUTUMN = date(2025, 9, 1)
NEVER = [{"from": date(2025, 6, 30), "capacity": 0}]
EARLY = [{"from": date(2025, 6, 30), "until": AUTUMN, "capacity": 5}, {"from": AUTUMN, "capacity": 0}]
LATE = [{"from": date(2025, 6, 30), "until": AUTUMN, "capacity": 0}, {"from": AUTUMN, "capacity": 5}]


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
        "European Union (4 days), Switzerland (9 days)",
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


def with_limits(folder: Path, *limits: dict[str, Any], builds: tuple[str, ...] = ("yu7", "su7", "su7-ultra")) -> Path:
    """The YU7 launch with a plant of one period for these models, these limits, and no backlog."""
    tables = tomllib.loads(YU7.read_text("utf-8"))
    weeks = [{"from": date(2025, 6, 30), "capacity": 10_000}]
    tables["plant"] = [{"id": "yizhuang", "name": "P", "models": list(builds), "weeks": weeks}]
    del tables["limit"], tables["backlog"], tables["language"]
    if limits:
        tables["limit"] = list(limits)
    (folder / "capacity.toml").write_text(written(tables), "utf-8")
    return folder / "capacity.toml"


def limit(name: str, weeks: list[dict[str, Any]], **meant: Any) -> dict[str, Any]:
    return {"id": name, "name": "N", "weeks": weeks, **(meant or {"models": ["yu7"], "trims": ["max"]})}


def test_capacity_and_promises_are_shown() -> None:
    output = run(YU7).output
    for fact in (
        "windows of 4 weeks, 80 % kept (95 % by a later week)",
        "policy strict; 3 weeks frozen",
        "Beijing Yizhuang (yizhuang): builds yu7, su7, su7-ultra",
        "closed 2026-02-16 until 2026-02-23 (Spring Festival)",
        "Battery packs, Max (pack-max): yu7 with max",
        "of su7 standard, before all others",
        "Exemption from purchase tax (purchase-tax)",
        "Guangzhou (10 days)",
    ):
        assert fact in output
    assert "not promised" not in output


def test_figures_rivals_and_languages_are_shown() -> None:
    output = run(YU7).output
    for fact in ("Range (CLTC), 0 to 100 km/h", "Tesla Model Y (263,500.00 CNY)", "XPeng G7 (235,800.00 CNY)"):
        assert fact in output
    texts = len(tomllib.loads(YU7.read_text("utf-8"))["language"]["zh-CN"])
    assert f"zh-CN: {texts} of {texts} texts" in output
    assert "waiting room" not in output


def test_a_language_that_lacks_texts_and_a_waiting_room_are_shown(tmp_path: Path) -> None:
    tables = tomllib.loads(YU7.read_text("utf-8"))
    texts = len(tables["language"]["zh-CN"])
    del tables["language"]["zh-CN"]["Emerald Green"]
    tables["waiting_room"] = {"opens": "2025-06-26 21:30", "rate_per_s": 2_000, "ticket_s": 900}
    (tmp_path / "room.toml").write_text(written(tables), "utf-8")
    output = run(tmp_path / "room.toml").output
    assert f"zh-CN: {texts - 1} of {texts} texts" in output
    assert "opens 2025-06-26T21:30:00+08:00" in output
    assert "up to 2,000 people a second, each with 900 s to order" in output


def test_a_quarter_has_the_orders_of_its_weeks() -> None:
    launch = parse_bytes(YU7.read_bytes(), "it")
    capacity = capacity_of(launch)
    assert capacity is not None
    rows = [line.split() for line in run(YU7).output.splitlines() if re.match(r"  20\d\d Q\d ", line)]
    assert [row[:2] for row in rows[:2]] == [["2025", "Q3"], ["2025", "Q4"]]
    assert rows[0][2:] == [f"{sum(weekly[:13]):,}" for weekly in capacity.weekly]
    for column, weekly in enumerate(capacity.weekly):
        assert sum(int(row[column + 2].replace(",", "")) for row in rows) == sum(weekly)


def test_a_limit_is_shown_where_it_does_not_hold(tmp_path: Path) -> None:
    weeks = [{"from": date(2025, 10, 6), "until": date(2025, 11, 3), "capacity": 1_460}]
    output = run(with_limits(tmp_path, limit("packs", weeks))).output
    rows = [line.split() for line in output.splitlines() if line.startswith("  2025 Q")]
    assert rows == [["2025", "Q3", "no", "limit", "130,000"], ["2025", "Q4", "5,840+", "130,000"]]


@pytest.mark.parametrize(
    ("limits", "builds", "said"),
    [
        ((), ("yu7", "su7"), "su7-ultra: no plant builds it"),
        ((limit("packs", NEVER),), None, "yu7 max: packs has no capacity for it in any week"),
        ((limit("early", EARLY), limit("late", LATE)), None, "yu7 max: early, late, yizhuang never have"),
        ((limit("ultras", NEVER, models=["su7-ultra"]),), None, "su7-ultra ultra: ultras has no capacity"),
    ],
)
def test_what_is_not_promised_is_said_and_is_no_mistake(
    tmp_path: Path, limits: tuple[dict[str, Any], ...], builds: tuple[str, ...] | None, said: str
) -> None:
    path = with_limits(tmp_path, *limits, **({"builds": builds} if builds else {}))
    result = run(path)
    assert result.exit_code == 0
    (line,) = [line for line in result.output.splitlines() if line.startswith("  not promised")]
    assert said in line
    (told,) = json.loads(run("--json", path).output)["files"][0]["not_promised"]
    assert told["why"].startswith(said.partition(": ")[2])


def test_capacity_before_a_model_is_sold_is_no_use_to_it(tmp_path: Path) -> None:
    launch = parse_bytes(with_limits(tmp_path, limit("early", EARLY)).read_bytes(), "it")
    monday_ms = week_starts_ms(week_of_day(AUTUMN), launch.time_zone)
    for opens_at_ms, found in ((monday_ms - 1, []), (monday_ms, [("yu7", "max")])):
        sold = (replace(launch.models[0], opens_at_ms=opens_at_ms), *launch.models[1:])
        assert [(one.model, one.trim) for one in unpromised(replace(launch, models=sold))] == found


def test_a_limit_on_every_colour_of_a_trim_is_one_on_the_trim() -> None:
    launch = parse_bytes(YU7.read_bytes(), "it")
    none = (Period(date(2025, 6, 30), None, 0),)
    for choices, found in (
        (("white", "emerald-green", "orange"), ["standard"]),
        (("white", "emerald-green", "matte-grey"), []),
        (("white", "emerald-green", "orange", "matte-grey"), ["standard", "pro", "max"]),
        (("comfort", "sound", "brakes", "tow-bar"), []),
    ):
        limit = Limit("colour", "Colour", ("yu7",), (), choices, none)
        assert [one.trim for one in unpromised(replace(launch, limits=(limit,)))] == found


def test_a_launch_without_plants_says_that_nothing_is_promised(tmp_path: Path) -> None:
    text = YU7.read_text("utf-8")
    begins, ends = text.index("[promise]"), text.index("# What the market made of it")
    (tmp_path / "none.toml").write_text(text[:begins] + text[ends : text.index("[language.")], "utf-8")
    output = run(tmp_path / "none.toml").output
    assert "nothing: the file has no plant" in output
    assert "orders built in" not in output


def test_plants_and_limits_with_long_names_fit_80_columns(tmp_path: Path) -> None:
    text = YU7.read_text("utf-8").partition("[language.")[0]
    for number in range(12):
        text += (
            f'[[limit]]\nid = "{number:02}{"x" * 30}"\nname = "{"N" * 80}"\nmodels = ["yu7"]\n'
            "weeks = [{ from = 2025-06-30, capacity = 10_000_000, shifts = 4 }]\n"
        )
    (tmp_path / "long.toml").write_text(text, "utf-8")
    lines = run(tmp_path / "long.toml").output.splitlines()[1:]
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("  2026 Q1") for line in lines) == 4
    assert any("520,000,000" in line for line in lines)


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
    text = YU7.read_text("utf-8").partition("[language.")[0]
    path.write_text(text.replace('name = "Max"', f'name = "{name}"'), "utf-8")
    lines = run(path).output.splitlines()[1:]
    assert max(map(len, lines)) <= 80
    assert any("[bold]" in line for line in lines)


def test_help_has_an_example() -> None:
    assert "drumroll check launches/yu7.toml" in run("--help").output
