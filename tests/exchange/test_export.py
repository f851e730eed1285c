"""What is exported is what the book says, over random nights and from any file; and what happened, in its order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, settings
from polars.testing import assert_frame_equal

from drumroll.domain.book import Book, Order
from drumroll.domain.events import OrdersMoved, PlanAccepted
from drumroll.domain.evolve import evolve
from drumroll.domain.launch_file import parse_bytes
from drumroll.domain.promise import Promise
from drumroll.domain.queue import lock_time_of
from drumroll.domain.states import DELIVERED
from drumroll.domain.weeks import monday, sunday
from drumroll.errors import FileUnfit, LogError
from drumroll.exchange import reading
from drumroll.exchange.columns import gather, widened
from drumroll.exchange.export import export, history_beside
from drumroll.exchange.orders import follow, present
from drumroll.exchange.schema import DAY, HISTORY, ORDERS, TIME, in_work
from drumroll.exchange.tables import TIME_FORMAT, read_table, write_table
from drumroll.log.base import Block
from drumroll.log.sqlite import SqliteLog, open_for_reading
from tests.domain.test_state_machine import LaunchNight
from tests.exchange.large import write_large

YU7 = parse_bytes((Path(__file__).parents[2] / "launches" / "yu7.toml").read_bytes(), "yu7.toml")
PAGE = Path(__file__).parents[2] / "docs" / "files.md"
UNDESCRIBED = {"event", "at", "block"}
"""Columns of the history that the words above its table describe."""


def of_book(book: Book, order: Order) -> dict[str, Any]:
    """What an export must say of an order, but for its lock and its reference."""
    refunds = [refund for refund in book.refunds_of.get(order.id, ()) if refund.currency == order.offer.currency]
    conversion = order.converted_by
    applied_minor = sum_of_payments(order) if order.state is DELIVERED else 0
    return {
        "id": order.id,
        "customer": order.customer,
        "model": order.offer.model,
        "trim": order.offer.trim,
        "options": ";".join(order.offer.options),
        "region": order.offer.region,
        "state": order.state.value,
        "price_minor": order.offer.price_minor,
        "deposit_minor": order.offer.deposit_minor,
        "currency": order.offer.currency,
        "held_minor": order.held_minor,
        "due_minor": order.due_minor,
        "refund_owed_minor": sum(refund.amount_minor for refund in refunds if refund.paid_at_ms is None),
        "refunded_minor": sum(refund.amount_minor for refund in refunds if refund.paid_at_ms is not None),
        "forfeited_minor": order.forfeited_minor,
        "applied_minor": applied_minor,
        "payment_id": order.payment_id,
        "ordered_at": order.reserved_at_ms,
        "firm_at": order.firm_at_ms,
        "queued_at": lock_time_of(order.place) if order.place else None,
        "converted_from": conversion.offer.model if conversion else None,
        "conversion_window": conversion.window if conversion else None,
        "converted_at": conversion.at_ms if conversion else None,
        "changed_at": order.changed_at_ms,
        **promised_to(order),
    }


def promised_to(order: Order) -> dict[str, Any]:
    """What an export must say of its delivery, in days."""
    told, now = (in_days(promise) for promise in (order.promised, order.promise))
    return {
        "promised_from": told[0],
        "promised_until": told[1],
        "delivery_from": now[0],
        "delivery_until": now[1],
        "delivery_sure_by": now[2],
        "build_week": now[3],
        "short": order.promise.short or None if order.promise else None,
        "pinned": order.pinned,
    }


def in_days(promise: Promise | None) -> tuple[str | None, ...]:
    if promise is None:
        return (None,) * 4
    days = (sunday(promise.last_week), sunday(promise.sure_week), monday(promise.build_week))
    return tuple(day.isoformat() for day in (monday(promise.first_week), *days))


def sum_of_payments(order: Order) -> int:
    """What a delivered order had paid: all of it is part of its price."""
    more = order.more
    return sum(minor for _, minor in more.payments) if more and more.payments else order.offer.deposit_minor


def exported(blocks: list[Block]) -> tuple[list[dict[str, Any]], pl.DataFrame]:
    """The orders with times in milliseconds, and the history. Read in three pieces, as several processes would."""
    cuts = [0, len(blocks) // 3, len(blocks) // 2, len(blocks)]
    history = widened([gather(blocks[cuts[index] : cuts[index + 1]]) for index in range(3)])
    found, history = follow(history, currency_of(blocks))
    orders = present(history, found, currency_of(blocks))
    return orders.with_columns(pl.col(pl.Datetime).to_physical()).to_dicts(), history


def currency_of(blocks: list[Block]) -> str:
    return next(event.launch.currency for block in blocks for event in block.events if hasattr(event, "launch"))


class ExportedNight(LaunchNight):
    """A night that is exported when it is over."""

    def teardown(self) -> None:
        if not self.blocks:
            return
        orders, history = exported(self.blocks)
        expected = [of_book(self.book, order) for order in self.book.sequence]
        assert [{name: row[name] for name in expected[0]} for row in orders] == expected if expected else orders == []
        for row, order in zip(orders, self.book.sequence, strict=True):
            self._lock_is_plausible(row, order)
        self._history_is_whole(history)
        self._plans_are_told(history)

    def _lock_is_plausible(self, row: dict[str, Any], order: Order) -> None:
        assert (row["locked_at"] is None) == (order.place == 0)
        converted = order.more is not None and bool(order.more.used)
        assert converted or row["locked_at"] == row["queued_at"]

    def _history_is_whole(self, history: pl.DataFrame) -> None:
        rows = list(each_row(self.blocks))
        assert history.select("block", "at", "event").with_columns(pl.col("at").to_physical()).rows() == rows
        for order_id, blocks in history.group_by("order_id").agg(pl.col("block").unique(maintain_order=True)).rows():
            if order_id in self.book.orders:
                assert set(self.book.orders[order_id].blocks) <= set(blocks), order_id

    def _plans_are_told(self, history: pl.DataFrame) -> None:
        """Each order of each plan has a row with what was promised to it, by whom and why."""
        names = ("order_id", "promised_from", "promised_until", "promised_sure_by", "build_week", "short")
        rows = history.filter(pl.col("event") == "plan_accepted").select(*names, "operator", "reason", "details")
        plans = [event for block in self.blocks for event in block.events if isinstance(event, PlanAccepted)]
        assert rows.rows() == [
            (
                *(order_id, *in_days(group.promise), group.promise.short or None, plan.operator, plan.reason),
                f'{{"plan":"{plan.plan}","policy":"{plan.policy}","based_on":{plan.based_on}}}',
            )
            for plan in plans
            for group in plan.groups
            for order_id in group.order_ids
        ]


def each_row(blocks: list[Block]) -> Iterator[tuple[int, int, str]]:
    for block in blocks:
        for event in block.events:
            name = "".join(f"_{c.lower()}" if c.isupper() else c for c in type(event).__name__).lstrip("_")
            for _ in orders_of(event):
                yield block.position, block.at_ms, name


def orders_of(event: Any) -> list[str]:
    """The orders that an event is about, "" for none."""
    if isinstance(event, PlanAccepted):
        return [order_id for group in event.groups for order_id in group.order_ids]
    return list(event.order_ids) if isinstance(event, OrdersMoved) else [getattr(event, "order_id", "")]


TestExportedNight = ExportedNight.TestCase
TestExportedNight.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "large.log"
    write_large(path, YU7, 3_000, promised=True)
    return path


def nothing(read: int, of: int) -> None: ...


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_hold_what_the_book_says_and_read_back_the_same(log: Path, tmp_path: Path, kind: str) -> None:
    target = tmp_path / f"orders.{kind}"
    made = export(partial(open_for_reading, log), target, history=True, progress=nothing)
    orders, history = read_table(target, ORDERS), read_table(history_beside(target), HISTORY)
    assert (dict(orders.schema), dict(history.schema)) == (ORDERS, HISTORY)
    assert (made.orders, made.events) == (orders.height, history.height)
    book = folded(log)
    days = pl.col(pl.Date).cast(pl.String)
    joined = orders.with_columns(pl.col(pl.Datetime).to_physical(), days, options=pl.col("options").list.join(";"))
    times = joined.to_dicts()
    for row, order in zip(times, book.sequence, strict=True):
        assert row | of_book(book, order) == row


def folded(log: Path) -> Book:
    book, reader = Book(), open_for_reading(log)
    for block in reader.read():
        for event in block.events:
            evolve(book, event, block.at_ms, block.position)
    reader.close()
    return book


def test_csv_and_parquet_are_the_same_tables(log: Path, tmp_path: Path) -> None:
    for name in ("orders.csv", "orders.parquet"):
        export(partial(open_for_reading, log), tmp_path / name, history=True, progress=nothing)
    for stem, schema in (("orders", ORDERS), ("orders-history", HISTORY)):
        csv, parquet = (read_table(tmp_path / f"{stem}.{kind}", schema) for kind in ("csv", "parquet"))
        assert_frame_equal(csv, parquet)


def test_texts_of_any_kind_read_back_the_same(tmp_path: Path) -> None:
    texts = ["", None, "=1+1", 'a "quoted", text', "two\nlines", "-", " ends ", "好", "NULL", "null", "1"]
    columns: dict[str, Any] = {name: [None] * len(texts) for name in ORDERS}
    columns |= {"reference": texts, "customer": texts[::-1], "options": ["", "a", "a;b", *[""] * 8]}
    table = pl.DataFrame(columns, schema=in_work(ORDERS))
    read = []
    for name in ("orders.csv", "orders.parquet"):
        write_table(tmp_path / name, table)
        read.append(read_table(tmp_path / name, ORDERS))
    assert_frame_equal(*read)
    assert read[0]["reference"].to_list() == texts
    assert read[0]["options"].to_list()[:3] == [[], ["a"], ["a", "b"]]


def test_days_and_times_of_any_year_read_back_the_same(tmp_path: Path) -> None:
    at_ms = [0, -1, 999, 1_750_946_400_123, 86_399_999, 86_400_000, 951_782_400_000, 7_258_118_399_999, None]
    days = ["1970-01-01", "0001-01-01", "2199-12-31", "2024-02-29", None, *["2025-06-26"] * 4]
    columns: dict[str, Any] = {name: [None] * len(days) for name in ORDERS}
    columns |= {"ordered_at": at_ms, "firm_at": at_ms[::-1], "build_week": days, "promised_from": days[::-1]}
    table = pl.DataFrame(columns, schema=in_work(ORDERS) | {"ordered_at": pl.Int64(), "firm_at": pl.Int64()})
    table = table.with_columns(pl.col("ordered_at", "firm_at").cast(TIME))
    for name in ("orders.csv", "orders.parquet"):
        write_table(tmp_path / name, table)
        read = read_table(tmp_path / name, ORDERS)
        assert read["ordered_at"].to_physical().to_list() == at_ms
        assert read.select(pl.col("build_week", "promised_from").cast(pl.String)).to_dict(as_series=False) == {
            name: columns[name] for name in ("build_week", "promised_from")
        }


def test_times_are_written_as_polars_would_write_them(log: Path, tmp_path: Path) -> None:
    history, _ = reading.read_history(partial(open_for_reading, log), nothing)
    write_table(tmp_path / "ours.csv", history)
    history.write_csv(tmp_path / "theirs.csv", datetime_format=TIME_FORMAT)
    assert (tmp_path / "ours.csv").read_bytes() == (tmp_path / "theirs.csv").read_bytes()


def test_a_log_of_an_earlier_version_is_exported_as_before(tmp_path: Path) -> None:
    write_large(tmp_path / "old.log", YU7, 300)
    history, _ = reading.read_history(partial(open_for_reading, tmp_path / "old.log"), nothing)
    found, history = follow(history, "CNY")
    orders = present(history, found, "CNY")
    new = [name for name, dtype in ORDERS.items() if dtype == DAY]
    assert orders.select(pl.col(*new, "short").null_count().sum()).row(0) == (300,) * (len(new) + 1)
    assert not orders["pinned"].any()
    for row, order in zip(orders.to_dicts(), folded(tmp_path / "old.log").sequence, strict=True):
        assert (row["id"], row["state"], row["held_minor"]) == (order.id, order.state.value, order.held_minor)


@pytest.mark.parametrize(("heading", "schema"), [("Orders", ORDERS), ("History", HISTORY)])
def test_the_page_names_every_column(heading: str, schema: dict[str, Any]) -> None:
    section = re.split(r"^##+ ", PAGE.read_text(), flags=re.MULTILINE)
    table = next(part for part in section if part.startswith(heading))
    first = re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)
    named = re.findall(r"`(\w+)`", " ".join(first))
    assert set(named) == set(schema) - (UNDESCRIBED if schema is HISTORY else set())


@pytest.mark.slow
def test_several_processes_read_the_same_as_one(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone, head = reading.read_history(partial(open_for_reading, log), nothing)
    monkeypatch.setattr(reading, "ALONE_BELOW_BLOCKS", 1)
    seen: list[tuple[int, int]] = []
    together, again = reading.read_history(partial(open_for_reading, log), lambda *step: seen.append(step))
    assert head == again == seen[-1][0]
    assert_frame_equal(alone, together)


@pytest.mark.slow
def test_damage_found_by_another_process_is_said_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_large(tmp_path / "harmed.log", YU7, 500)
    harmed = SqliteLog(tmp_path / "harmed.log")
    assert harmed._connection is not None
    harmed._connection.execute("UPDATE block SET body = zeroblob(100) WHERE position = 7").fetchall()
    harmed.close()
    monkeypatch.setattr(reading, "ALONE_BELOW_BLOCKS", 1)
    opener = partial(open_for_reading, tmp_path / "harmed.log")
    with pytest.raises(LogError, match="block 7 is damaged"):
        export(opener, tmp_path / "orders.csv", history=True, progress=nothing)
    assert not list(tmp_path.glob("*orders*"))


def test_an_export_goes_on_beside_a_writer_and_keeps_to_one_moment(tmp_path: Path) -> None:
    write_large(tmp_path / "live.log", YU7, 100)
    writer = SqliteLog(tmp_path / "live.log")
    head = writer.head()
    made = export(partial(open_for_reading, writer.path), tmp_path / "orders.csv", history=False, progress=nothing)
    assert (made.orders, made.block, made.history_file) == (100, head, None)
    writer.append(Block(head + 1, 2_000_000_000_000, ()))
    writer.close()


def test_a_log_without_orders_gives_tables_without_rows(tmp_path: Path) -> None:
    SqliteLog(tmp_path / "empty.log").close()
    for kind in ("csv", "parquet"):
        target = tmp_path / f"orders.{kind}"
        export(partial(open_for_reading, tmp_path / "empty.log"), target, history=True, progress=nothing)
        assert dict(read_table(target, ORDERS).schema) == ORDERS
        assert read_table(history_beside(target), HISTORY).height == 0


@pytest.mark.parametrize("name", ["orders", "orders.xlsx", "no-folder/orders.csv"])
def test_a_file_that_can_not_be_written_is_refused(log: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(FileUnfit):
        export(partial(open_for_reading, log), tmp_path / name, history=True, progress=nothing)
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "orders.csv"
    target.write_text("old")
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        write_table(target.with_suffix(".parquet"), pl.DataFrame({"a": [1]}))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(FileUnfit, match="still there"):
        write_table(tmp_path / "folder.csv", pl.DataFrame({"a": [1]}))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder.csv", "orders.csv"]
    assert target.read_text() == "old"
