"""``drumroll plan`` and ``drumroll promises`` as they are run: beside a writer, twice the same, refusals in words."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from drumroll.cli.main import cli
from drumroll.domain import events as ev
from drumroll.domain.launch_capacity import Backlog, Cliff
from drumroll.domain.promise import Planned, Promise
from drumroll.domain.weeks import sunday
from drumroll.errors import DrumrollError, PlanRefused
from drumroll.log.sqlite import SqliteLog
from drumroll.plan.answers import Proposal, digest
from tests.plan.lives import OPENS, WEEK, WEEK_MS, Life, built_in, launch

ORDERS = 60
CLIFF = Cliff("bonus", "End of the bonus", sunday(WEEK + 6))
OUTPUTS = ("plan.json", "figures.json", "weeks.csv")


def life_of_many(**changes: Any) -> Life:
    """Sixty cars, promised as an undisturbed plan of ten a week would have them; then half the capacity is gone."""
    life = Life(launch(cliffs=(CLIFF,), backlog=(Backlog("coupe", "one", 5),), **changes))
    for number in range(ORDERS):
        trim = "big" if number % 3 == 0 else "small"
        life.locked(f"o{number:02}", trim, built_in(2 + number // 10))
    life.add(ev.CapacitySet("works", WEEK + 2, WEEK + 6, 50, None, "op", "shift lost", b"capacity", b"f" * 8))
    return life


def written(life: Life, folder: Path) -> Path:
    path = folder / "orders.drumroll"
    log = SqliteLog(path)
    log.append_all(life.blocks)
    log.close()
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return written(life_of_many(), tmp_path)


def run(command: str, *words: object) -> Result:
    return CliRunner().invoke(cli, [command, *map(str, words)])


def figures(command: str, *words: object) -> Any:
    result = run(command, *words, "--json", "-")
    assert result.exit_code == 0, result.output + str(result.exception)
    return json.loads(result.output)


def refused(result: Result) -> str:
    assert isinstance(result.exception, DrumrollError), result.output
    return str(result.exception)


def test_the_tables_fit_80_columns_and_say_what_matters(log: Path) -> None:
    result = run("plan", log)
    assert result.exit_code == 0, result.output + str(result.exception)
    assert max(map(len, result.output.splitlines())) <= 80
    for fact in (
        "60 orders planned, strict",
        "5 of the declared backlog before them",
        "Load of The works (works)",
        "orders that wait for it",
        "promised, and broken",
        "cross End of the bonus (after 2025-08-17)",
        "Who moves, and how far",
    ):
        assert fact in result.output, fact


def test_the_same_log_gives_the_same_plan_byte_for_byte(log: Path, tmp_path: Path) -> None:
    """In processes whose hashes differ, while a server holds the log."""
    writer = SqliteLog(log)
    made = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        words = ["plan", str(log), "--out", "plan.json", "--json", "figures.json", "--orders", "weeks.csv"]
        command = [sys.executable, "-m", "drumroll", *words]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        made.append((done.stdout, *((folder / name).read_bytes() for name in OUTPUTS)))
    writer.close()
    assert made[0] == made[1]


def test_the_files_say_the_same_as_each_other(log: Path, tmp_path: Path) -> None:
    out, listed = tmp_path / "plan.json", tmp_path / "weeks.csv"
    found = figures("plan", log, "--out", out, "--orders", listed)
    filed = msgspec.json.decode(out.read_bytes())
    groups = tuple(Planned(Promise(**one), tuple(ids)) for one in filed.pop("groups") for ids in [one.pop("order_ids")])
    made = Proposal(**filed, groups=groups)
    assert made.plan == found["plan"] == digest(made.groups)
    assert (made.policy, made.based_on) == (found["policy"], found["based_on"]) == ("strict", 3 * ORDERS + 2)
    rows = list(csv.DictReader(listed.read_text().splitlines()))
    assert [row["id"] for row in rows if row["place"] == "6"] == ["o00"], "five of the backlog come first"
    outcomes = [row["outcome"] for row in rows]
    assert {name: outcomes.count(name) for name in found["outcomes"]} == found["outcomes"]
    assert found["score"]["broken"] == found["difference"]["total"]["broken"] == outcomes.count("broken") > 0
    changed = {order_id for group in made.groups for order_id in group.order_ids}
    assert {row["id"] for row in rows if row["window"] != row["was_promised"]} <= changed
    assert len(changed) == found["changed"]


def test_the_least_breakage_plan_breaks_fewer_and_the_launchs_policy_is_the_default(tmp_path: Path) -> None:
    for name in ("strict", "least-breakage"):
        (tmp_path / name).mkdir()
    logs = {name: written(life_of_many(policy=name), tmp_path / name) for name in ("strict", "least-breakage")}
    found = {name: figures("plan", logs[name]) for name in logs}
    assert {name: each["policy"] for name, each in found.items()} == {name: name for name in logs}
    assert found["least-breakage"]["score"]["broken"] < found["strict"]["score"]["broken"]
    assert figures("plan", logs["strict"], "--policy", "least-breakage")["score"] == found["least-breakage"]["score"]


def test_a_plan_as_of_an_earlier_moment_knows_only_what_was_there(tmp_path: Path) -> None:
    life = life_of_many()
    life.locked("later", at_ms=OPENS + 3 * WEEK_MS)
    (tmp_path / "later").mkdir()
    path = written(life, tmp_path / "later")
    now = figures("plan", path)
    assert now["orders"] + now["frozen"] == ORDERS + 1
    at = "2025-07-14T10:00:00+08:00"
    found = figures("plan", path, "--at", at)
    assert found["orders"] + found["frozen"] == ORDERS
    assert (found["week"], found["first_week"], found["at"]) == (
        "2025-W29",
        "2025-W31",
        "2025-07-14T10:00:00.000+08:00",
    )
    assert "no orders yet" in run("plan", path, "--at", "2025-06-30T09:59:59+08:00").output


@pytest.mark.parametrize("given", ["soon", "2025-07-14", "2025-07-14T10:00:00", "0001-01-01T00:00:00+08:00"])
def test_a_moment_needs_a_date_a_time_and_an_offset(log: Path, given: str) -> None:
    for command in ("plan", "promises"):
        result = run(command, log, "--at", given)
        assert result.exit_code == 2
        assert "2025-07-02T12:00:00+08:00" in result.output


@pytest.mark.parametrize("command", ["plan", "promises"])
def test_a_log_without_orders_is_said_and_no_failure(command: str, tmp_path: Path) -> None:
    result = run(command, written(Life(), tmp_path))
    assert result.exit_code == 0
    assert "there are no orders yet" in result.output


@pytest.mark.parametrize("command", ["plan", "promises"])
def test_a_log_that_is_not_there_is_refused(command: str, tmp_path: Path) -> None:
    assert "there is no log at" in refused(run(command, tmp_path / "none"))


def test_without_plants_nothing_is_planned_and_nothing_written(tmp_path: Path) -> None:
    life = Life(launch(plants=()))
    life.locked("one")
    result = run("plan", written(life, tmp_path), "--out", tmp_path / "plan.json")
    assert isinstance(result.exception, PlanRefused)
    assert "[[plant]]" in refused(result)
    assert not (tmp_path / "plan.json").exists()


@pytest.mark.parametrize("policy", ["strict", "least-breakage"])
def test_pins_that_do_not_fit_are_refused(policy: str, tmp_path: Path) -> None:
    life = Life(launch(plant=1))
    for order_id in ("a", "b"):
        life.locked(order_id, promise=built_in(5))
        life.pin(order_id, built_in(5))
    words = refused(run("plan", written(life, tmp_path), "--policy", policy))
    assert "2 orders are pinned to 2025-W32" in words
    assert "works has room for 1" in words


@pytest.mark.parametrize(("option", "name"), [("--out", "plan.json"), ("--orders", "weeks.csv"), ("--json", "p.json")])
def test_a_file_that_can_not_be_written_is_said(log: Path, option: str, name: str) -> None:
    assert f"{name} could not be written" in refused(run("plan", log, option, log.parent / "none" / name))


def test_weeks_are_listed_as_csv_only(log: Path) -> None:
    assert "allowed: .csv" in refused(run("plan", log, "--orders", log.parent / "weeks.txt"))


def test_the_log_of_the_settings_is_the_default(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRUMROLL_LOG", str(log))
    assert figures("plan")["orders"] == ORDERS
    assert figures("promises")["all"]["promised"] == ORDERS


def test_a_plan_can_be_held_against_simulated_nights(log: Path) -> None:
    result = run("plan", log, "--calibrate")
    assert result.exit_code == 0, result.output + str(result.exception)
    for fact in ("simulated nights", "car big", "car small", "80%", "95%", "the stated shares are kept"):
        assert fact in result.output
    assert max(map(len, result.output.splitlines())) <= 80


# drumroll promises


def delivered(folder: Path) -> Path:
    life = life_of_many()
    for number in range(12):
        life.deliver(f"o{number:02}", OPENS + (2 + number // 4) * WEEK_MS)
    return written(life, folder)


def test_promises_are_counted_by_trim_and_by_promised_week(tmp_path: Path) -> None:
    found = figures("promises", delivered(tmp_path))
    # Promised by the third week (o00 to o09) or the fourth; four a week come from the third on.
    assert {name: found["all"][name] for name in ("promised", "delivered", "kept", "weeks_late")} == {
        "promised": ORDERS,
        "delivered": 12,
        "kept": 4,
        "weeks_late": 4 * 1 + 2 * 2 + 2 * 1,
    }
    assert [(one["promised_week"], one["delivered"], one["kept"]) for one in found["by_promised_week"]][:2] == [
        ("2025-W29", 10, 4),
        ("2025-W30", 2, 0),
    ]
    assert sum(one["delivered"] for one in found["by_trim"]) == 12


def test_the_tables_of_promises_fit_80_columns(tmp_path: Path) -> None:
    path = delivered(tmp_path)
    result = run("promises", path, "--json", tmp_path / "promises.json")
    assert max(map(len, result.output.splitlines())) <= 80
    for fact in ("4 of 12 delivered on time (33.3%)", "2025-W29", "car big", "docs/promises.md"):
        assert fact in result.output, fact
    assert json.loads((tmp_path / "promises.json").read_text()) == figures("promises", path)
