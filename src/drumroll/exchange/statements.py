"""A payment provider's statement, read from CSV: what it took in and what it paid back, a row each.

docs/reconciliation.md has the columns. Every row is checked by itself before anything is compared; rows go through the
checks many at once, so that a million of them take seconds.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import polars as pl

from drumroll.errors import FileUnfit
from drumroll.exchange.faults import Faults
from drumroll.exchange.statement_columns import COLUMNS, EITHER, OPTIONAL, REQUIRED, VALUE, Field, fields
from drumroll.outlook.reconciliation_values import STATEMENT, Statement

MOST_ROWS = 5_000_000
MOST_BYTES = 2 << 30
ROWS_AT_ONCE = 1 << 16

Progress = Callable[[int, int], None]
Record = tuple[int, list[str]]
"""The line in which a record begins, and its fields."""


class _Mistake(msgspec.Struct, frozen=True):
    """A mistake with the number of its column, so that those of a chunk can be put in order."""

    line: int
    column: int
    field: str
    found: str | None
    allowed: str
    why: str = ""


def read_statement(path: Path, progress: Progress = lambda done, of: None) -> Statement:
    """The rows of a statement, all of them fit; ``progress`` is told how many bytes were read, and of how many.

    Raises:
        FileUnfit: the file can't be read, or (``FileMistakes``) with every mistake that is in it.
    """
    faults = Faults(str(path))
    try:
        with path.open("rb") as file:
            size_bytes = _size_of(path, file)
            # Bytes that are no UTF-8 become a sign that no column allows, so they are reported where they stand.
            text = TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
            reading = _Reading(csv.reader(text, strict=True), path, faults)
            for _ in reading.chunks():
                progress(file.tell(), size_bytes)
    except OSError as error:
        raise FileUnfit(f"{path} can't be read ({error.strerror})") from error
    faults.refuse()
    return Statement(pl.concat([pl.DataFrame(schema=STATEMENT), *reading.tables]), reading.launches, reading.ignored)


def _size_of(path: Path, file: BinaryIO) -> int:
    """The bytes of a file that is not too large, and does not begin as UTF-16."""
    size_bytes = path.stat().st_size
    if size_bytes > MOST_BYTES:
        raise FileUnfit(
            f"{path}: found {size_bytes:,} bytes, allowed: {MOST_BYTES:,}; leave out the columns that are not needed"
        )
    begins = file.read(2)
    if begins in (b"\xff\xfe", b"\xfe\xff"):
        raise FileUnfit(f"{path}: found UTF-16, allowed: UTF-8; save it as CSV in UTF-8")
    file.seek(0)
    return size_bytes


class _Reading:
    """One statement being read: the ``tables`` of what was read so far, as long as there is no mistake."""

    def __init__(self, reader: Any, path: Path, faults: Faults) -> None:
        self.reader = reader
        self.path = path
        self.faults = faults
        self.header: list[str] = []
        self.ignored: tuple[str, ...] = ()
        self.launches: dict[str, int] = {}
        self.tables: list[pl.DataFrame] = []
        self.rows = 0
        self.torn: list[_Mistake] = []

    def chunks(self) -> Iterator[None]:
        """Read it all, a chunk at a step."""
        _, self.header = next(self._records(), (1, []))
        records = self._records() if not self.torn and self._header_fits() else iter(())
        while chunk := list(islice(records, ROWS_AT_ONCE)):
            self._must_be_few(len(chunk))
            self._take(chunk)
            yield
        self._note([])

    def _records(self) -> Iterator[Record]:
        """The records that have as many fields as the header (before it is known: the first), with their lines."""
        reader, width = self.reader, len(self.header)
        begins = reader.line_num + 1
        try:
            for record in reader:
                if record and len(record) == (width or len(record)):
                    yield begins, record
                elif record:
                    found, allowed = f"{len(record)} fields", f"{width} fields, as in the first line"
                    self.torn.append(_Mistake(begins, 0, "row", found, allowed, 'text with a comma is put in "quotes"'))
                begins = reader.line_num + 1
        except csv.Error as error:
            why = "nothing after it was read"
            self.torn.append(_Mistake(reader.line_num, 0, "row", str(error), "CSV by RFC 4180", why))

    def _header_fits(self) -> bool:
        """Whether all columns are there that are needed, each once. Others are ignored, and named so."""
        header, faults = self.header, self.faults
        self.ignored = tuple(dict.fromkeys(name for name in header if name not in COLUMNS))
        amounts = [name for name in EITHER if name in header]
        lacks = [name for name in REQUIRED if name not in header] + ([] if amounts else ["amount or amount_minor"])
        hint = "columns are separated by commas" if len(header) == 1 else ""
        if lacks:
            found = f"no column {', '.join(lacks)}" if header else None
            faults.add(1, "header", found, f"all of {', '.join(REQUIRED)}, and amount or amount_minor", hint)
        for name in COLUMNS:
            if header.count(name) > 1:
                faults.add(1, "header", name, "each column once")
        if len(amounts) > 1:
            faults.add(1, "header", "amount and amount_minor", "one of them")
        return not faults.count

    def _must_be_few(self, more: int) -> None:
        self.rows += more
        if self.rows > MOST_ROWS:
            raise FileUnfit(
                f"{self.path}: found more than {MOST_ROWS:,} rows, allowed: {MOST_ROWS:,}; leave out what is neither a "
                "payment nor a refund of this launch"
            )

    def _take(self, chunk: list[Record]) -> None:
        """Check the rows of a chunk; keep what they say while there is no mistake."""
        columns = list(zip(*(record for _, record in chunk), strict=True))
        named = {name: columns[self.header.index(name)] for name in COLUMNS if name in self.header}
        missing = {name: [None] * len(chunk) for name in OPTIONAL if name not in named}
        texts = pl.DataFrame({**named, **missing}, schema_overrides=dict.fromkeys(missing, pl.String()))
        given = texts.select(pl.when(pl.all() != "").then(pl.all()), line=pl.Series([line for line, _ in chunk]))
        read = fields("amount" if "amount" in named else "amount_minor")
        table = given.with_columns(field.value for field in read)
        self._note([each for at, field in enumerate(read) for each in _mistakes(table, field, at)])
        if not self.faults.count:
            self.tables.append(_as_statement(table))
            for launch, line in table.group_by("launch").agg(pl.col("line").min()).sort("line").iter_rows():
                if launch is not None:
                    self.launches.setdefault(launch, line)

    def _note(self, mistakes: list[_Mistake]) -> None:
        """Note mistakes, and those of the rows that are none, in the order of their lines."""
        for each in sorted([*mistakes, *self.torn], key=lambda mistake: (mistake.line, mistake.column)):
            self.faults.add(each.line, each.field, each.found, each.allowed, each.why)
        self.torn = []


def _mistakes(table: pl.DataFrame, field: Field, column: int) -> Iterator[_Mistake]:
    """The rows whose value in one column is none."""
    for line, found in table.filter(field.wrong).select("line", field.name).iter_rows():
        why = "it is required" if found is None else ""
        yield _Mistake(line, column, field.name, found, field.allowed, why)


def _as_statement(table: pl.DataFrame) -> pl.DataFrame:
    amount = "amount" if "amount" in table.columns else "amount_minor"
    of = {"amount_minor": amount + VALUE, "at_ms": "at" + VALUE, "line": "line"}
    return table.select(pl.col(of.get(name, name + VALUE)).alias(name).cast(dtype) for name, dtype in STATEMENT.items())
