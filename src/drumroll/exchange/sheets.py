"""A file that comes in, CSV or Parquet, as rows of raw values; what is wrong with it as a file is found here."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from drumroll.errors import FileUnfit
from drumroll.exchange.faults import Faults
from drumroll.exchange.tables import CSV, kind_of

MOST_ROWS = 1_000_000
MOST_BYTES = 1 << 30

Row = tuple[int, dict[str, Any]]
"""The line (CSV: where the row begins; Parquet: the row's number) and the values of its columns."""


class Columns(msgspec.Struct, frozen=True):
    """The columns that a file must have, and those that it may have."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Both."""
        return (*self.required, *self.optional)


def read_rows(path: Path, columns: Columns, faults: Faults) -> Iterator[Row]:
    """The rows of a file. A text that is empty and a value that is missing are both ``None``.

    Rows that can't be read are noted in ``faults`` and left out; after a header that is wrong there are no rows.

    Raises:
        FileUnfit: it can't be read at all, is neither CSV nor Parquet, or is too large.
    """
    kind = kind_of(path)
    try:
        size_bytes = path.stat().st_size
    except OSError as error:
        raise FileUnfit(f"{path} can't be read ({error.strerror})") from error
    if size_bytes > MOST_BYTES:
        raise FileUnfit(f"{path}: found {size_bytes:,} bytes, allowed: {MOST_BYTES:,}; split it into several files")
    return _csv_rows(path, columns, faults) if kind == CSV else _parquet_rows(path, columns, faults)


def _csv_rows(path: Path, columns: Columns, faults: Faults) -> Iterator[Row]:
    try:
        # Bytes that are no UTF-8 become surrogates: no field allows these, so they are reported where they stand.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            if file.read(2) in ("\udcff\udcfe", "\udcfe\udcff"):
                raise FileUnfit(f"{path}: found UTF-16, allowed: UTF-8; save it as CSV in UTF-8")
            file.seek(0)
            yield from _records(csv.reader(file, strict=True), path, columns, faults)
    except OSError as error:
        raise FileUnfit(f"{path} can't be read ({error.strerror})") from error


def _records(reader: Any, path: Path, columns: Columns, faults: Faults) -> Iterator[Row]:
    header: list[str] | None = None
    line, count = 1, 0
    try:
        for record in reader:
            begins, line = line, reader.line_num + 1
            if header is None:
                header = record
                if not _header_fits(header, columns, faults):
                    return
            elif record:
                count += 1
                _must_be_few(count, path)
                if len(record) != len(header):
                    allowed = f"{len(header)} fields, as in the first line"
                    faults.add(begins, "row", f"{len(record)} fields", allowed, 'text with a comma is put in "quotes"')
                else:
                    yield begins, {name: value or None for name, value in zip(header, record, strict=True)}
    except csv.Error as error:
        faults.add(reader.line_num, "row", str(error), "CSV by RFC 4180", "nothing after it was read")
    if header is None:
        faults.add(1, "header", None, ", ".join(columns.all))


def _header_fits(header: Sequence[str], columns: Columns, faults: Faults) -> bool:
    """Whether the columns are those that are wanted; notes each that isn't."""
    before = faults.count
    hint = "columns are separated by commas" if len(header) == 1 else ""
    for name in header:
        if name not in columns.all:
            faults.add(1, "header", name, f"the columns {', '.join(columns.all)}", hint)
        elif header.count(name) > 1:
            faults.add(1, "header", name, "each column once")
    for name in columns.required:
        if name not in header:
            faults.add(1, "header", f"no column {name}", f"all of {', '.join(columns.required)}", hint)
    return faults.count == before


def _must_be_few(count: int, path: Path) -> None:
    if count > MOST_ROWS:
        raise FileUnfit(
            f"{path}: found more than {MOST_ROWS:,} rows, allowed: {MOST_ROWS:,}; split it in several files"
        )


def _parquet_rows(path: Path, columns: Columns, faults: Faults) -> Iterator[Row]:
    try:
        lazy = pl.scan_parquet(path, glob=False)
        names = lazy.collect_schema().names()
        if not _header_fits(names, columns, faults):
            return
        _must_be_few(lazy.select(pl.len()).collect().item(), path)
        table = lazy.collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise FileUnfit(f"{path} can't be read as Parquet ({' '.join(str(error).split())[:200]})") from error
    for number, values in enumerate(table.iter_rows(), 1):
        yield number, {name: None if value == "" else value for name, value in zip(names, values, strict=True)}
