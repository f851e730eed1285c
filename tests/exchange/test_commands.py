"""``drumroll import`` and ``drumroll export`` as they are run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from drumroll.cli.main import cli
from drumroll.domain.book import Book
from drumroll.errors import DrumrollError, FileMistakes, LogHeld
from drumroll.exchange.schema import ORDERS
from drumroll.exchange.tables import read_table
from drumroll.log.sqlite import SqliteLog
from tests.exchange.test_export import folded
from tests.exchange.test_incoming import ROW, as_csv

ROOT = Path(__file__).parents[2]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "orders.drumroll"


def run(command: str, file: Path, log: Path, *options: str) -> Result:
    launch = ("--launch", str(ROOT / "launches" / "yu7.toml")) if command == "import" else ()
    return CliRunner().invoke(cli, [command, str(file), *launch, "--log", str(log), *options])


def file_of(folder: Path, *changes: dict[str, Any]) -> Path:
    path = folder / "in.csv"
    path.write_text(as_csv(*[ROW | {"reference": f"A-{number}"} | change for number, change in enumerate(changes)]))
    return path


def refused(result: Result) -> str:
    assert isinstance(result.exception, DrumrollError), result.output
    return str(result.exception)


def held(book: Book) -> dict[str, Any]:
    return {order_id: (order.state, order.place, order.held_minor) for order_id, order in book.orders.items()}


def test_an_import_twice_is_one_import(tmp_path: Path, log: Path) -> None:
    path = file_of(tmp_path, {}, {"state": "delivered"}, {"state": "firm", "locked_at": ""})
    first = run("import", path, log, "--json", str(tmp_path / "first.json"))
    assert first.exit_code == 0, first.output
    once = held(folded(log))
    second = run("import", path, log, "--json", "-")
    assert held(folded(log)) == once
    assert len(once) == 3
    made = json.loads((tmp_path / "first.json").read_text())
    assert (made["imported"], made["passed_over"], made["deposits_minor"]) == (3, 0, 1_500_000)
    again = json.loads(second.stdout[second.stdout.index("{") :])
    assert (again["imported"], again["passed_over"]) == (0, 3)


def test_a_grown_file_brings_in_what_is_new(tmp_path: Path, log: Path) -> None:
    run("import", file_of(tmp_path, {}, {}), log)
    result = run("import", file_of(tmp_path, {}, {}, {}), log)
    assert "1 orders imported, 2 were there before" in result.output
    assert len(folded(log).orders) == 3


def test_a_row_that_changed_since_its_import_is_a_mistake_and_nothing_comes_in(tmp_path: Path, log: Path) -> None:
    run("import", file_of(tmp_path, {}, {}), log)
    before = held(folded(log))
    changed = file_of(tmp_path, {}, {"price_minor": "24590001"}, {})
    words = refused(run("import", changed, log, "--json", str(tmp_path / "out.json")))
    assert 'line 3, reference: found "A-1"' in words
    outcome = json.loads((tmp_path / "out.json").read_text())
    assert (outcome["ok"], outcome["mistakes"], outcome["faults"][0]["line"]) == (False, 1, 3)
    assert held(folded(log)) == before


def test_a_bad_row_keeps_all_out_and_makes_no_log(tmp_path: Path, log: Path) -> None:
    result = run("import", file_of(tmp_path, {}, {"state": "sold"}), log)
    assert isinstance(result.exception, FileMistakes)
    assert "line 3, state" in refused(result)
    assert not log.exists()


def test_a_dry_run_writes_nothing(tmp_path: Path, log: Path) -> None:
    result = run("import", file_of(tmp_path, {}), log, "--dry-run")
    assert result.exit_code == 0
    assert "Nothing was written" in result.output
    assert not log.exists()


def test_a_log_that_a_server_writes_is_refused_with_the_way_out(tmp_path: Path, log: Path) -> None:
    writer = SqliteLog(log)
    result = run("import", file_of(tmp_path, {}), log)
    assert isinstance(result.exception, LogHeld)
    assert "stop the server first" in refused(result)
    writer.close()


def test_what_was_imported_is_exported(tmp_path: Path, log: Path) -> None:
    run("import", file_of(tmp_path, {}, {"state": "delivered", "region": "", "payment_id": "P-7"}), log)
    result = run("export", tmp_path / "out.csv", log, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["orders"] == 2
    rows = read_table(tmp_path / "out.csv", ORDERS).to_dicts()
    assert [row["reference"] for row in rows] == ["A-0", "A-1"]
    assert [(row["held_minor"], row["applied_minor"]) for row in rows] == [(500_000, 0), (0, 500_000)]
    assert rows[1]["payment_id"] == "P-7"
    assert (tmp_path / "out-history.csv").exists()


def test_no_history_is_written_where_none_is_wanted(tmp_path: Path, log: Path) -> None:
    run("import", file_of(tmp_path, {}), log)
    assert run("export", tmp_path / "out.parquet", log, "--no-history").exit_code == 0
    assert not (tmp_path / "out-history.parquet").exists()


def test_an_export_of_no_log_is_one_message_and_exit_1(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "drumroll", "export", "out.csv", "--log", "nothing.log"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert made.returncode == 1
    assert made.stderr.startswith("drumroll: there is no log at nothing.log")
    assert not list(tmp_path.iterdir())
