"""``drumroll ledger reconcile`` as it is run: the exit code, what it says, its JSON, its refusals."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from drumroll.cli.ledger_reconcile import reconcile
from drumroll.domain.times import rfc3339
from drumroll.errors import DrumrollError, FileMistakes, LedgerError, StatementUnfit
from drumroll.log.sqlite import SqliteLog
from tests.cli.running import written_log
from tests.outlook.statements import Row, night

NIGHT = night(8)
AT_MS = NIGHT.true[0].at_ms


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return written_log(tmp_path / "orders.log", NIGHT.blocks)


def written(folder: Path, rows: Any, launch: str = "lives") -> Path:
    path = folder / "statement.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("type", "id", "amount_minor", "currency", "at", "payment_id", "order_id", "launch"))
        for row in rows:
            amount = (row.amount_minor, row.currency, rfc3339(row.at_ms))
            writer.writerow((row.type, row.id, *amount, row.payment_id, row.order_id, launch))
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(reconcile, [str(word) for word in words])


def refused(result: Result) -> str:
    assert isinstance(result.exception, DrumrollError), result.output
    assert result.stdout == ""
    return str(result.exception)


def test_a_true_statement_exits_with_0_and_says_that_everything_matches(tmp_path: Path, log: Path) -> None:
    result = run(written(tmp_path, NIGHT.true), log)
    assert result.exit_code == 0, result.output + str(result.exception)
    assert f"Lives: everything matches ({len(NIGHT.true)} of {len(NIGHT.true)} rows)" in result.output
    assert max(map(len, result.output.splitlines())) <= 80


def test_differences_exit_with_1_and_are_told_with_their_orders(tmp_path: Path, log: Path) -> None:
    dropped, added = NIGHT.true[0], Row("payment", "unheard", 80, "EUR", AT_MS, None, "ord_gone")
    changed = Row("payment", NIGHT.true[1].id, 79, "EUR", AT_MS, None, "ord_other")
    path = written(tmp_path, [*NIGHT.true[2:], changed, added, added])
    result = run(path, log)
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert max(map(len, result.output.splitlines())) <= 80
    for fact in (
        "4 difference(s)",
        "Missing here: at the provider, not in the log",
        f"line {len(NIGHT.true) + 1}: payment unheard\n    order  ord_gone\n    statement  0.80 EUR",
        f"payment {dropped.id}\n    order  {dropped.order_id}\n    ledger",
        "In the statement once more",
        f"orders  {NIGHT.true[1].order_id}, ord_other",
        "the differences add up to that of the sums, to the minor unit",
    ):
        assert fact in result.output


def test_json_has_all_of_it_and_the_same_exit_code(tmp_path: Path, log: Path) -> None:
    path = written(tmp_path, NIGHT.true[3:])
    printed = run(path, log, "--limit", 1, "--json", "-")
    assert printed.exit_code == 1
    values = json.loads(printed.stdout)
    assert (values["launch"], values["currency"], values["matches"], values["differ"]) == ("lives", "EUR", False, 3)
    assert (values["rows"], values["matched"]) == (len(NIGHT.true) - 3,) * 2
    assert [each["id"] for each in values["differences"]] == [row.id for row in NIGHT.true[:3]]
    assert [each["orders"] for each in values["differences"]] == [[row.order_id] for row in NIGHT.true[:3]]
    (euros,) = (total for total in values["totals"] if total["currency"] == "EUR")
    lacking = sum(row.net_minor for row in NIGHT.true[:3] if row.currency == "EUR")
    assert euros["difference_minor"] == euros["by_kind"]["missing_there"] == -lacking
    assert euros["unexplained_minor"] == 0
    beside = run(path, log, "--limit", 1, "--json", tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == values
    assert "and 2 more" in beside.output
    assert beside.output.count("    ledger ") == 1


def test_the_log_is_read_up_to_the_moment_asked_for(tmp_path: Path, log: Path) -> None:
    at_ms = NIGHT.true[len(NIGHT.true) // 2].at_ms
    early = [row for row in NIGHT.true if row.at_ms <= at_ms]
    assert 0 < len(early) < len(NIGHT.true)
    path = written(tmp_path, early)
    assert run(path, log, "--at", rfc3339(at_ms)).exit_code == 0
    assert run(path, log).exit_code == 1
    assert "no launch by" in refused(run(path, log, "--at", "2001-01-01T00:00:00Z"))


def test_one_type_alone(tmp_path: Path, log: Path) -> None:
    payments = [row for row in NIGHT.true if row.type == "payment"]
    path = written(tmp_path, payments)
    result = run(path, log, "--only", "payments")
    assert result.exit_code == 0
    assert "payments alone: 0 other rows" in result.output
    assert "\n  refunds " not in result.output
    assert run(path, log, "--only", "refunds").exit_code == 1


def test_columns_that_are_ignored_are_named(tmp_path: Path, log: Path) -> None:
    path = written(tmp_path, NIGHT.true)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([f"{lines[0]},fee", *(f"{line},1" for line in lines[1:])]))
    result = run(path, log)
    assert result.exit_code == 0
    assert "ignored: fee" in result.output


def test_unfit_statements_are_refused_in_words(tmp_path: Path, log: Path) -> None:
    other = run(written(tmp_path, NIGHT.true, "yu7"), log)
    assert "two launches mixed: the log is of 'lives', line 2 of the statement is of 'yu7'" in refused(other)
    assert isinstance(other.exception, StatementUnfit)
    dollars = run(written(tmp_path, [row for row in NIGHT.true if row.currency == "USD"]), log)
    assert "the statement is in USD, the log in EUR" in refused(dollars)
    path = written(tmp_path, NIGHT.true)
    path.write_text(path.read_text().replace("payment", "deposit"))
    mistaken = run(path, log)
    assert 'line 2, type: found "deposit", allowed: payment or refund' in refused(mistaken)
    assert isinstance(mistaken.exception, FileMistakes)


def test_a_log_without_a_launch_has_no_books(tmp_path: Path) -> None:
    SqliteLog(tmp_path / "empty.log").close()
    result = run(written(tmp_path, NIGHT.true), tmp_path / "empty.log")
    assert "no launch yet" in refused(result)
    assert isinstance(result.exception, LedgerError)
