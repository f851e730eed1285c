"""The exported journal is the ledger's: Beancount comes to the same balances, tables have the same rows."""

from __future__ import annotations

import csv
import re
import resource
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from beancount import loader
from beancount.core import data, realization
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from drumroll.domain import events as ev
from drumroll.domain.money import EXPONENTS
from drumroll.domain.times import rfc3339
from drumroll.errors import DamagedLog, FileUnfit, LedgerError
from drumroll.exchange import ledger_files
from drumroll.exchange.ledger_beancount import ANY_CURRENCY, body, commodity, decimal, foot, head
from drumroll.exchange.ledger_files import COLUMNS, write_ledger
from drumroll.log.base import Block
from drumroll.outlook.accounts import Account
from drumroll.outlook.journal import Posting, Transaction
from drumroll.outlook.ledger import Ledger
from tests.outlook.ledger_lives import lived
from tests.rehearsal.lives import DAY_MS, LAUNCH, OPENS

SEEDS = (0, 1, 2, 5, 9)
KINDS = (".beancount", ".csv", ".parquet")
PAGE = Path(__file__).parents[2] / "docs" / "ledger.md"


def booked(blocks: Sequence[Block]) -> tuple[Ledger, list[Transaction]]:
    ledger = Ledger()
    return ledger, [each for block in blocks for each in ledger.transactions(block)]


def exported(blocks: Sequence[Block], path: Path) -> Path:
    write_ledger(path, blocks, Ledger())
    return path


def read_by_beancount(text: str) -> tuple[list[Any], list[Any]]:
    entries, errors, _ = loader.load_string(text)
    return entries, errors


def balances_of(entries: list[Any]) -> dict[tuple[str, str], Decimal]:
    """What Beancount says that stands on the accounts, as it adds up itself."""
    found = {}
    for account in realization.iter_children(realization.realize(entries)):
        for position in account.balance:
            found[account.account, position.units.currency] = position.units.number
    return found


def by_hand(*events: ev.Event, at_ms: int = OPENS) -> list[Block]:
    return [Block(1, at_ms, (ev.LaunchSet(LAUNCH), *events))]


# Beancount


@pytest.mark.parametrize("seed", SEEDS)
def test_beancount_takes_a_whole_life_and_comes_to_the_same_balances(seed: int, tmp_path: Path) -> None:
    ledger, made = booked(lived(seed))
    entries, errors = read_by_beancount(exported(lived(seed), tmp_path / "books.beancount").read_text())
    assert not errors
    ours = {
        (account.value, commodity(currency)): Decimal(each.balance_minor).scaleb(-EXPONENTS[currency])
        for (account, currency), each in ledger.balances().items()
        if each.balance_minor
    }
    assert balances_of(entries) == ours
    read = [entry for entry in entries if isinstance(entry, data.Transaction)]
    assert Counter(entry.meta["event"] for entry in read) == Counter(each.event for each in made)
    assert {entry.account for entry in entries if isinstance(entry, data.Open)} == set(Account)


def test_the_lives_that_beancount_reads_have_all_that_is_ever_booked() -> None:
    kinds, currencies, accounts = set(), set(), set()
    for seed in SEEDS:
        for each in booked(lived(seed))[1]:
            kinds.add(each.kind)
            currencies |= {posting.currency for posting in each.postings}
            accounts |= {posting.account for posting in each.postings}
    assert {"order_firmed", "order_locked", "lock_undone", "order_converted", "difference_paid"} <= kinds
    assert {"order_imported", "orders_moved", "order_forfeited", "refund_granted", "refund_paid"} <= kinds
    assert {"order_cancelled", "order_withdrawn", "deposit_owed_back"} <= kinds
    assert currencies == {"EUR", "USD", "JPY"}
    assert accounts == set(Account)


def test_beancount_gets_each_transaction_with_its_event_time_and_ids(tmp_path: Path) -> None:
    _, made = booked(lived(0))
    text = exported(lived(0), tmp_path / "books.bean").read_text()
    entries, _ = read_by_beancount(text)
    read = {(entry.meta["lineno"], entry.meta["event"]): entry for entry in entries if hasattr(entry, "postings")}
    for entry, each in zip((read[key] for key in sorted(read)), made, strict=True):
        at = rfc3339(each.at_ms, LAUNCH.time_zone)
        assert (entry.meta["kind"], entry.meta["at"], str(entry.date)) == (each.kind, at, at[:10])
        assert [entry.meta.get(name, "") for name in ("order", "payment", "refund")] == [
            *(each.order_id, each.payment_id, each.refund_id)
        ]
        assert entry.narration == each.narration
        assert [posting.account for posting in entry.postings] == [posting.account for posting in each.postings]


def refused_by_beancount(text: str) -> bool:
    return bool(read_by_beancount(text)[1])


def test_a_minor_unit_too_much_a_lost_or_a_doubled_transaction_are_refused_by_beancount(tmp_path: Path) -> None:
    text = exported(lived(1), tmp_path / "books.beancount").read_text()
    opened, *transactions = text.split("\n\n")[1:]
    start = text.partition("\n\n")[0]
    whole = [start, opened, *transactions]
    assert "\n\n".join(whole) == text
    assert not refused_by_beancount(text)
    at = next(at for at, one in enumerate(whole) if '"order_firmed"' in one)
    amount = re.search(r"(\d+)\.(\d\d) EUR", whole[at])
    assert amount is not None
    more = f"{amount[1]}.{int(amount[2]) + 1:02d} EUR"
    unbalanced = whole[at].replace(amount[0], more, 1)
    balanced = whole[at].replace(amount[0], more)
    for changed in ([unbalanced], [balanced], [], [whole[at], whole[at]]):
        assert refused_by_beancount("\n\n".join([*whole[:at], *changed, *whole[at + 1 :]]))


def test_only_where_strangers_pay_is_another_currency_booked() -> None:
    for seed in SEEDS:
        for account, currency in booked(lived(seed))[0].balances():
            assert currency == LAUNCH.currency or account in ANY_CURRENCY


printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=128)


@settings(max_examples=60, deadline=None)
@given(printable, printable, st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=3, max_size=3))
def test_whatever_a_stranger_pays_as_beancount_can_read_it(order_id: str, payment_id: str, currency: str) -> None:
    stray = ev.DepositOwedBack(order_id, payment_id, 12_345, currency, "unknown_order")
    ledger, made = booked(by_hand(stray))
    text = "".join([*head(LAUNCH, OPENS), *body(LAUNCH, made), *foot(LAUNCH, ledger)])
    entries, errors = read_by_beancount(text)
    assert not errors
    (entry,) = [entry for entry in entries if isinstance(entry, data.Transaction)]
    assert (entry.meta["order"], entry.meta["payment"], entry.payee) == (order_id, payment_id, order_id)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=12))
def test_no_text_breaks_out_of_its_quotes(order_ids: list[str]) -> None:
    posting = Posting(Account.PROVIDER, 1, "EUR"), Posting(Account.PAYABLE, -1, "EUR")
    made = [Transaction(1, 0, OPENS, "deposit_owed_back", each, "", "", posting, "why") for each in order_ids]
    entries, errors = read_by_beancount("".join([*head(LAUNCH, OPENS), *body(LAUNCH, made)]))
    assert not errors
    assert sum(isinstance(entry, data.Transaction) for entry in entries) == len(order_ids)


@given(st.integers(-(10**17), 10**17), st.sampled_from(["CNY", "JPY", "KWD", "xyz"]))
def test_amounts_have_the_decimals_of_their_currency(amount_minor: int, currency: str) -> None:
    exponent = EXPONENTS.get(currency, 0)
    text = decimal(amount_minor, currency)
    assert Decimal(text).scaleb(exponent) == amount_minor
    assert len(text.partition(".")[2]) == exponent


def test_different_currencies_are_different_commodities() -> None:
    names = ["CNY", "cny", "ZZZ", "zzz", "$$$", '"";', "Z-Z", "001"]
    assert len({commodity(name) for name in names}) == len(names)
    assert all(re.fullmatch(r"[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]", commodity(name)) for name in names)


def test_a_day_is_that_of_the_launchs_zone() -> None:
    before_midnight_ms = OPENS - OPENS % DAY_MS + 16 * 3_600_000 - 1
    made = [
        each
        for at_ms in (before_midnight_ms, before_midnight_ms + 1)
        for each in booked(by_hand(ev.DepositOwedBack("o", "p", 5, "EUR", "unknown_order"), at_ms=at_ms))[1]
    ]
    days = re.findall(r"^(\S+) \*", "".join(body(LAUNCH, made)), re.MULTILINE)
    assert days == ["2025-06-15", "2025-06-16"]


# CSV and Parquet


def rows_of(made: list[Transaction]) -> list[tuple[Any, ...]]:
    return [
        (
            *(each.event, each.block, each.number, rfc3339(each.at_ms, LAUNCH.time_zone), each.kind),
            *(each.order_id or None, each.payment_id or None, each.refund_id or None),
            *(posting.account, posting.amount_minor, posting.currency, each.narration),
        )
        for each in made
        for posting in each.postings
    ]


@pytest.mark.parametrize("at_once", [1, 7, 1 << 17])
def test_csv_and_parquet_have_a_row_for_each_posting(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_files, "ROWS_AT_ONCE", at_once)
    blocks = lived(2)[:120]
    wanted = rows_of(booked(blocks)[1])
    with exported(blocks, tmp_path / "rows.csv").open(newline="") as file:
        head_row, *rows = csv.reader(file, strict=True)
    assert head_row == list(COLUMNS)
    assert rows == [["" if value is None else str(value) for value in row] for row in wanted]
    table = pl.read_parquet(exported(blocks, tmp_path / "rows.parquet"))
    assert table.columns == head_row
    assert table.schema["at"] == pl.Datetime("ms", LAUNCH.time_zone)
    times = [rfc3339(at_ms, LAUNCH.time_zone) for at_ms in table["at"].to_physical()]
    assert [(*row[:3], time, *row[4:]) for row, time in zip(table.rows(), times, strict=True)] == wanted


def test_the_rows_of_an_account_add_up_to_its_balance(tmp_path: Path) -> None:
    sums = (
        pl.read_parquet(exported(lived(5), tmp_path / "rows.parquet"))
        .group_by("account", "currency")
        .agg(pl.col("amount_minor").sum())
    )
    ours = {key: each.balance_minor for key, each in booked(lived(5))[0].balances().items() if each.debit_minor}
    found = {(account, currency): amount for account, currency, amount in sums.rows()}
    assert {key: found[key] for key in ours} == ours


def test_the_columns_are_described() -> None:
    described = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", PAGE.read_text(), re.MULTILINE)))
    assert set(COLUMNS) <= set(described)


# Whole or not at all


def breaking(blocks: Sequence[Block]) -> Iterator[Block]:
    yield from blocks
    raise DamagedLog("block 13", "as the test wants it")


@contextmanager
def no_file_over(size_bytes: int) -> Iterator[None]:
    """As a disk that is full: this process can't make a file any larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_and_a_damaged_log_leave_the_old_file_and_nothing_else(kind: str, tmp_path: Path) -> None:
    target = tmp_path / f"books{kind}"
    target.write_text("old")
    with pytest.raises(FileUnfit, match="still there"), no_file_over(2000):
        write_ledger(target, lived(0), Ledger())
    with pytest.raises(DamagedLog):
        write_ledger(target, breaking(lived(0)[:12]), Ledger())
    with pytest.raises(LedgerError):
        write_ledger(target, lived(0)[1:], Ledger())
    assert [each.name for each in tmp_path.iterdir()] == [target.name]
    assert target.read_text() == "old"


@pytest.mark.parametrize("kind", KINDS)
def test_a_launch_without_orders_has_books_and_no_launch_has_none(kind: str, tmp_path: Path) -> None:
    target = tmp_path / f"books{kind}"
    with pytest.raises(LedgerError, match="no launch"):
        write_ledger(target, [Block(1, OPENS, (ev.DeskOpened("test"),))], Ledger())
    assert not target.exists()
    made = write_ledger(target, by_hand(), Ledger())
    assert (made.transactions, made.postings, made.block) == (0, 0, 1)
    if kind == ".beancount":
        entries, errors = read_by_beancount(target.read_text())
        assert not errors
        assert not balances_of(entries)


@pytest.mark.parametrize("name", ["books", "books.xlsx", "no-folder/books.csv", "no-folder/books.beancount"])
def test_a_file_that_can_not_be_written_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileUnfit, match=re.escape(name)):
        write_ledger(tmp_path / name, lived(0), Ledger())
    assert not list(tmp_path.iterdir())


def test_one_file_has_one_zone(tmp_path: Path) -> None:
    """A launch whose zone changes in between would else have days that fall."""
    stray = ev.DepositOwedBack("o", "p", 5, "EUR", "unknown_order")
    moved = Block(2, OPENS + 1, (ev.LaunchSet(replace(LAUNCH, time_zone="Pacific/Honolulu")), stray))
    text = exported([*by_hand(), moved], tmp_path / "books.beancount").read_text()
    assert not refused_by_beancount(text)
    assert set(re.findall(r'at: ".*([+-]\d\d:\d\d)"', text)) == {"+08:00"}
