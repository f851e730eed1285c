"""``drumroll ledger`` as it is run: balances that the audit agrees with, a journal that can be searched, files."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import Result
from msgspec.structs import replace

from drumroll.domain import events as ev
from drumroll.domain.book import Book
from drumroll.domain.evolve import evolve
from drumroll.domain.launch_finance import Finance
from drumroll.domain.times import rfc3339
from drumroll.errors import DrumrollError, FileUnfit, LedgerError
from drumroll.log.base import Block
from drumroll.outlook.accounts import ACCOUNTS, Account
from drumroll.outlook.journal import Transaction
from drumroll.outlook.ledger import Ledger
from tests.cli.running import Command, written_log
from tests.outlook.ledger_lives import lived
from tests.rehearsal.lives import DAY_MS, LAUNCH, OPENS

COMMAND = Command("ledger")
run, figures = COMMAND.run, COMMAND.values
BLOCKS = lived(1)
LAST = BLOCKS[-1]
MIDDLE = BLOCKS[len(BLOCKS) // 2]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written_log(tmp_path_factory.mktemp("ledger") / "orders.log", BLOCKS)


def refused(result: Result, kind: type[DrumrollError] = LedgerError) -> str:
    assert isinstance(result.exception, kind), result.output + str(result.exception)
    return str(result.exception)


def booked() -> list[Transaction]:
    ledger = Ledger()
    return [each for block in BLOCKS for each in ledger.transactions(block)]


def zoned(at_ms: int) -> str:
    return rfc3339(at_ms, LAUNCH.time_zone)


# balance


def test_the_balances_are_zero_in_all_and_the_money_is_the_books(log: Path) -> None:
    found = figures("balance", log)
    book = Book()
    for block in BLOCKS:
        for event in block.events:
            evolve(book, event, block.at_ms, block.position)
    assert found["money"] == msgspec.structs.asdict(book.money)
    assert found["trial_balance"] == dict.fromkeys(found["trial_balance"], 0)
    assert found["debits_minor"] == found["credits_minor"] > 0
    assert (found["launch"], found["currency"], found["based_on"]) == (LAUNCH.id, LAUNCH.currency, LAST.position)
    assert found["at"] == zoned(LAST.at_ms)
    own = [line for line in found["accounts"] if line["currency"] == LAUNCH.currency]
    assert [(line["account"], line["title"]) for line in own] == [(each.account, each.title) for each in ACCOUNTS]
    assert all(line["balance_minor"] == line["debit_minor"] - line["credit_minor"] for line in found["accounts"])
    assert sum(line["debit_minor"] for line in own) == found["debits_minor"]


def test_the_tables_fit_80_columns_and_say_what_matters(log: Path) -> None:
    result = run("balance", log)
    assert result.exit_code == 0, result.output + str(result.exception)
    assert max(map(len, result.output.splitlines())) <= 80
    for fact in ("the books balance", "ForfeitedDeposits", "USD", "JPY", f"block {LAST.position:,}", "received"):
        assert fact in result.output


def test_large_amounts_fit_80_columns(tmp_path: Path) -> None:
    """A hundred billion units: more than any launch has brought."""
    orders = [f"o{number}" for number in range(10)]
    states = ("scheduled", "in_production", "built", "in_transit", "delivered")
    blocks = [Block(1, OPENS, (ev.LaunchSet(LAUNCH),))]
    for order_id in orders:
        price = ("new", "base", 10**12, 10**11, 60, b"k" * 16, b"f" * 8)
        made = (ev.OrderReserved(order_id, "c", *price), ev.OrderFirmed(order_id, order_id))
        blocks.append(Block(len(blocks) + 1, OPENS, (*made, ev.OrderLocked(order_id, False))))
    moved = [ev.OrdersMoved(state, tuple(orders), "op", "why", b"k" * 16, b"f" * 8) for state in states]
    blocks.append(Block(len(blocks) + 1, OPENS, tuple(moved)))
    result = run("balance", written_log(tmp_path / "large.log", tuple(blocks)))
    assert "100,000,000,000.00" in result.output
    assert max(map(len, result.output.splitlines())) <= 80


def test_as_of_a_moment_only_what_was_before_is_booked(log: Path) -> None:
    at = zoned(MIDDLE.at_ms)
    found = figures("balance", log, "--at", at)
    ledger = Ledger()
    for block in BLOCKS:
        if block.at_ms <= MIDDLE.at_ms:
            ledger.block(block)
    assert (found["at"], found["based_on"], found["money"]) == (at, ledger.position, ledger.money())


def test_a_moment_before_the_launch_a_log_without_one_and_no_log_are_refused_in_words(
    log: Path, tmp_path: Path
) -> None:
    empty = written_log(tmp_path / "empty.log", (Block(1, OPENS, (ev.DeskOpened("test"),)),))
    for command in (["balance"], ["journal"], ["export", tmp_path / "books.csv", "--log"]):
        assert "no launch" in refused(run(*command, empty))
    early = zoned(OPENS - 10 * DAY_MS)
    assert "give a later time" in refused(run("balance", log, "--at", early))
    assert "give a later time" in refused(run("journal", log, "--until", early))
    assert str(log) in refused(run("export", tmp_path / "books.csv", "--log", log, "--at", early))
    assert "there is no log" in refused(run("balance", tmp_path / "none.log"), DrumrollError)
    assert not (tmp_path / "books.csv").exists()


def test_a_launch_without_a_rate_of_tax_is_told_so(tmp_path: Path) -> None:
    for name, launch, rate in (
        ("none", LAUNCH, None),
        ("some", replace(LAUNCH, finance=Finance("7.5")), "7.5"),
    ):
        path = written_log(tmp_path / f"{name}.log", (Block(1, OPENS, (ev.LaunchSet(launch),)),))
        assert figures("balance", path)["vat_percent"] == rate
        assert ("VAT is taken as 0" in run("balance", path).output) == (rate is None)
        assert (f"VAT {rate} %" in run("balance", path).output) == (rate is not None)


def test_two_launches_in_a_log_are_refused_with_its_name(tmp_path: Path) -> None:
    blocks = (Block(1, OPENS, (ev.LaunchSet(LAUNCH), ev.LaunchSet(replace(LAUNCH, id="other")))),)
    path = written_log(tmp_path / "mixed.log", blocks)
    for command in (["balance"], ["journal"], ["export", tmp_path / "books.bean", "--log"]):
        told = refused(run(*command, path))
        assert "two launches mixed" in told
        assert str(path) in told


def test_json_goes_to_a_file_beside_the_tables(log: Path, tmp_path: Path) -> None:
    target = tmp_path / "balances.json"
    assert "the books balance" in run("balance", log, "--json", target).output
    assert json.loads(target.read_text()) == figures("balance", log)
    assert "could not be written" in refused(run("balance", log, "--json", tmp_path / "no" / "folder"), FileUnfit)


# journal


def test_the_journal_has_every_transaction_with_its_event(log: Path) -> None:
    found = figures("journal", log, "--limit", 1_000_000)
    assert [each["event"] for each in found] == [each.event for each in booked()]
    assert [each["postings"] for each in found] == [
        [msgspec.to_builtins(posting) for posting in each.postings] for each in booked()
    ]
    assert {(each["block"], each["at"]) for each in found} <= {(block.position, zoned(block.at_ms)) for block in BLOCKS}
    assert all(each["order_id"] != "" and each["payment_id"] != "" for each in found)


def test_the_journal_can_be_searched_by_order_account_and_time(log: Path) -> None:
    made = booked()
    order_id = next(each.order_id for each in made if each.kind == "refund_granted")
    assert [each["event"] for each in figures("journal", log, "--order", order_id)] == [
        each.event for each in made if each.order_id == order_id
    ]
    for name in ("Income", "Assets:Cash", Account.REVENUE):
        touching = [each.event for each in made if any(posting.account.startswith(name) for posting in each.postings)]
        assert touching
        found = figures("journal", log, "--account", name, "--limit", 100_000)
        assert [each["event"] for each in found] == touching
    until_ms = MIDDLE.at_ms + 3_600_000
    found = figures("journal", log, "--from", zoned(MIDDLE.at_ms), "--until", zoned(until_ms), "--limit", 100_000)
    assert [each["event"] for each in found] == [each.event for each in made if MIDDLE.at_ms <= each.at_ms < until_ms]


def test_the_journal_says_how_much_it_shows_and_fits_80_columns(log: Path) -> None:
    made = booked()
    first = run("journal", log, "--limit", 2).output
    assert "The first 2; --limit shows more" in first
    assert [f"  {each.event}  " in first for each in made[:3]] == [True, True, False]
    whole = run("journal", log, "--limit", len(made)).output
    assert f"{len(made):,} in all." in whole
    assert max(map(len, whole.splitlines())) <= 80
    nothing = run("journal", log, "--order", "ord_nobody", "--account", "Income")
    assert nothing.output == "Nothing was booked of order ord_nobody on Income in that time.\n"
    assert nothing.exit_code == 0
    assert figures("journal", log, "--order", "ord_nobody") == []


def test_an_account_that_there_is_not_is_refused_with_those_that_there_are(log: Path) -> None:
    for name in ("Cash", "Income:Rev", "assets", ""):
        result = run("journal", log, "--account", name)
        assert result.exit_code == 2
        assert "Income:ForfeitedDeposits" in result.output


def test_nothing_in_an_id_steers_the_terminal(tmp_path: Path) -> None:
    stray = ev.DepositOwedBack("ord_\x1b[2J", "pay\nment", 5, "\x07SD", "unknown_order")
    path = written_log(tmp_path / "odd.log", (Block(1, OPENS, (ev.LaunchSet(LAUNCH), stray)),))
    for command in ("journal", "balance"):
        output = run(command, path).output
        assert all(sign.isprintable() or sign == "\n" for sign in output)
    assert figures("journal", path)[0]["payment_id"] == "pay\nment"


# export


@pytest.mark.parametrize("kind", ["beancount", "csv", "parquet"])
def test_an_export_says_what_it_wrote(kind: str, log: Path, tmp_path: Path) -> None:
    target = tmp_path / f"books.{kind}"
    made = booked()
    result = run("export", target, "--log", log)
    postings = sum(len(each.postings) for each in made)
    said = f"{postings:,} postings of {len(made):,} transactions, up to block {LAST.position:,}."
    assert result.output == f"{target}: {said}\n"
    told = json.loads(run("export", target, "--log", log, "--at", zoned(MIDDLE.at_ms), "--json").output)
    assert told["block"] == max(block.position for block in BLOCKS if block.at_ms <= MIDDLE.at_ms)
    assert told["size_bytes"] == target.stat().st_size
    assert [each.name for each in tmp_path.iterdir()] == [target.name]


def test_an_export_of_another_kind_is_refused_before_the_log_is_read(tmp_path: Path) -> None:
    told = refused(run("export", tmp_path / "books.xlsx", "--log", tmp_path / "none.log"), FileUnfit)
    assert ".beancount, .bean, .csv, .parquet" in told
