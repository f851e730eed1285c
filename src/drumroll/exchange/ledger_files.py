"""The journal of a ledger as a file: Beancount, CSV or Parquet, by the end of its name. A row is a posting.

A file is written a stretch at a time, so that millions of postings need no more memory than the ledger itself, and has
its name only when it is whole.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from drumroll.domain.launch import Launch
from drumroll.domain.times import rfc3339
from drumroll.errors import FileUnfit, LedgerError
from drumroll.exchange import ledger_beancount
from drumroll.exchange.tables import CSV, PARQUET, through
from drumroll.log.base import Block
from drumroll.outlook.journal import Transaction
from drumroll.outlook.ledger import Ledger

BEANCOUNT = (".beancount", ".bean")

COLUMNS: dict[str, pl.DataType] = {
    "event": pl.String(),
    "block": pl.Int64(),
    "number": pl.Int64(),
    "at": pl.String(),
    "kind": pl.String(),
    "order_id": pl.String(),
    "payment_id": pl.String(),
    "refund_id": pl.String(),
    "account": pl.String(),
    "amount_minor": pl.Int64(),
    "currency": pl.String(),
    "narration": pl.String(),
}
"""The columns of CSV and Parquet. ``at`` is RFC 3339 in CSV, a timestamp of the launch's zone in Parquet."""

ROWS_AT_ONCE = 1 << 17
"""Postings in memory at the same time, and in a row group of Parquet."""


class Exported(msgspec.Struct, frozen=True):
    """What was written: all transactions up to ``block``, and how many postings they have."""

    file: str
    transactions: int
    postings: int
    block: int
    size_bytes: int


class Count(msgspec.Struct):
    """How much was booked so far."""

    transactions: int = 0
    postings: int = 0


Booked = Iterator[tuple[Launch, list[Transaction]]]
"""Stretches of the journal, with the launch that the log began with: one file has one zone."""


def check_name(path: Path) -> None:
    """Raise ``FileUnfit`` for a name of no known kind."""
    if path.suffix.lower() not in _WRITERS:
        raise FileUnfit(f"{path}: found a name that ends in {path.suffix!r}, allowed: {', '.join(_WRITERS)}")


def write_ledger(path: Path, blocks: Iterable[Block], ledger: Ledger) -> Exported:
    """Book the blocks of a log into ``ledger``, which must be new, and write the journal to ``path``.

    Raises:
        FileUnfit: the name is of no known kind, or the file can't be written; what was there is there still.
        LedgerError: the blocks can't be booked, or have no launch; likewise.
        LogError: as reading the blocks does; likewise.
    """
    check_name(path)
    count = Count()
    write = _WRITERS[path.suffix.lower()]
    through(path, lambda name: write(name, _booked(blocks, ledger, count), ledger))
    return Exported(str(path), count.transactions, count.postings, ledger.position, path.stat().st_size)


def _booked(blocks: Iterable[Block], ledger: Ledger, count: Count) -> Booked:
    """The first stretch comes with the launch, also if nothing is booked in it."""
    launch: Launch | None = None
    for block in blocks:
        made = list(ledger.transactions(block))
        if ledger.launch is not None and (made or launch is None):
            launch = launch or ledger.launch
            count.transactions += len(made)
            count.postings += sum(len(each.postings) for each in made)
            yield launch, made
    if launch is None:
        raise LedgerError("there is no launch in these blocks, so there are no books: nothing was written")


def _write_beancount(name: str, booked: Booked, ledger: Ledger) -> None:
    of: Launch | None = None
    with open(name, "w", encoding="utf-8", newline="\n", buffering=1 << 20) as file:
        for launch, made in booked:
            if of is None:
                of = launch
                file.writelines(ledger_beancount.head(launch, ledger.at_ms))
            file.writelines(ledger_beancount.body(launch, made))
        if of is not None:
            file.writelines(ledger_beancount.foot(of, ledger))


def _write_csv(name: str, booked: Booked, ledger: Ledger) -> None:
    with open(name, "wb") as file:
        pl.DataFrame(schema=COLUMNS).write_csv(file)
        for _, table in _tables(booked, rfc3339, COLUMNS):
            table.write_csv(file, include_header=False)


def _write_parquet(name: str, booked: Booked, ledger: Ledger) -> None:
    """By way of pieces on the disk, as no part of a Parquet file can be written before all of it is known."""
    schema = {**COLUMNS, "at": pl.Int64()}
    with tempfile.TemporaryDirectory(prefix="drumroll-ledger-") as folder:
        pieces, zone = [Path(folder) / "0"], "UTC"
        pl.DataFrame(schema=schema).write_ipc(pieces[0])
        for launch, table in _tables(booked, lambda at_ms, zone: at_ms, schema):
            zone = launch.time_zone
            pieces.append(Path(folder) / str(len(pieces)))
            table.write_ipc(pieces[-1], compression="lz4")
        at = pl.col("at").cast(pl.Datetime("ms", zone))
        whole = pl.scan_ipc(pieces, glob=False).with_columns(at)
        whole.sink_parquet(name, compression="zstd", compression_level=1, row_group_size=ROWS_AT_ONCE)


def _tables(
    booked: Booked, when: Callable[[int, str], object], schema: dict[str, pl.DataType]
) -> Iterator[tuple[Launch, pl.DataFrame]]:
    """The journal as tables of about ``ROWS_AT_ONCE`` postings; ``when`` says a time in a zone."""
    rows: list[tuple[Any, ...]] = []
    table = partial(pl.DataFrame, schema=schema, orient="row")
    launch: Launch | None = None
    for launch, made in booked:
        rows += _rows(made, launch.time_zone, when)
        if len(rows) >= ROWS_AT_ONCE:
            yield launch, table(rows)
            rows.clear()
    if launch is not None and rows:
        yield launch, table(rows)


def _rows(made: list[Transaction], zone: str, when: Callable[[int, str], object]) -> Iterator[tuple[Any, ...]]:
    """A row a posting; what a transaction is not about is missing, and no empty text."""
    for each in made:
        about = (each.order_id or None, each.payment_id or None, each.refund_id or None)
        said = (each.event, each.block, each.number, when(each.at_ms, zone), each.kind, *about)
        for posting in each.postings:
            yield (*said, str(posting.account), posting.amount_minor, posting.currency, each.narration)


_WRITERS: dict[str, Callable[[str, Booked, Ledger], None]] = {
    **dict.fromkeys(BEANCOUNT, _write_beancount),
    CSV: _write_csv,
    PARQUET: _write_parquet,
}
"""What writes a file, by the end of its name."""
