"""Tables as files: CSV and Parquet, written whole or not at all, and read back as they were."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import polars as pl

from drumroll.errors import FileUnfit
from drumroll.exchange.schema import DAY, HISTORY, OPTIONS, ORDERS, TIME, Schema

CSV, PARQUET = ".csv", ".parquet"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S%.3fZ"
ROWS_AT_ONCE = 1 << 18
"""Rows whose times are texts at the same time."""

_DAY_MS = 86_400_000
_SECONDS = pl.Series([f"T{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}." for s in range(86_400)])
_MILLISECONDS = pl.Series([f"{ms:03}Z" for ms in range(1000)])


def kind_of(path: Path) -> str:
    """``.csv`` or ``.parquet``, by the name of a file. Raises ``FileUnfit``."""
    kind = path.suffix.lower()
    if kind not in (CSV, PARQUET):
        raise FileUnfit(f"{path}: found a name that ends in {path.suffix!r}, allowed: .csv, .parquet")
    return kind


def write_table(path: Path, table: pl.DataFrame) -> int:
    """Write a table as it is worked on (``in_work``); says how many bytes. What was there stays until all is synced.

    Raises:
        FileUnfit: the disk is full, or the folder is not there or can't be written.
    """
    if kind_of(path) == CSV:
        through(path, lambda name: _write_csv(table, name))
    else:
        days = [_day(name) for name in table.columns if (ORDERS | HISTORY).get(name) == DAY]
        typed = table.with_columns(*days, options=_listed())
        through(path, lambda name: typed.write_parquet(name, compression="zstd", compression_level=1))
    return path.stat().st_size


def _write_csv(table: pl.DataFrame, name: str) -> None:
    times = [column for column, dtype in table.schema.items() if dtype == TIME]
    with open(name, "wb") as file:
        table.clear().write_csv(file)
        for rows in table.iter_slices(ROWS_AT_ONCE):
            rows.with_columns(_as_text(rows[time]) for time in times).write_csv(file, include_header=False)


def _as_text(times: pl.Series) -> pl.Series:
    """Times as ``TIME_FORMAT``: put together from texts made once, which takes half as long as formatting each."""
    if times.null_count() == len(times):
        return times.cast(pl.String)
    at_ms = times.to_physical()
    day, in_day_ms = at_ms // _DAY_MS, at_ms % _DAY_MS
    first = int(day.min())  # type: ignore[arg-type]
    last = int(day.max())  # type: ignore[arg-type]
    days = pl.Series(range(first, last + 1), dtype=pl.Int32).cast(DAY).cast(pl.String)
    parts = {
        "day": days[day - first],
        "second": _SECONDS[in_day_ms // 1000],
        "millisecond": _MILLISECONDS[in_day_ms % 1000],
    }
    return pl.DataFrame(parts).select(pl.concat_str(pl.all()).alias(times.name)).to_series()


def read_table(path: Path, schema: Schema) -> pl.DataFrame:
    """A table that ``write_table`` wrote, with options as lists: the same from either kind of file."""
    if kind_of(path) == PARQUET:
        return pl.read_parquet(path)
    texts = {name: pl.String() if dtype in (TIME, DAY, OPTIONS) else dtype for name, dtype in schema.items()}
    table = pl.read_csv(path, schema=texts)
    times = [pl.col(name).str.to_datetime(TIME_FORMAT, time_unit="ms", time_zone="UTC") for name in _of(schema, TIME)]
    days = [_day(name) for name in _of(schema, DAY)]
    return table.with_columns(*times, *days, options=_listed())


def _of(schema: Schema, wanted: pl.DataType) -> list[str]:
    return [name for name, dtype in schema.items() if dtype == wanted]


def _day(name: str) -> pl.Expr:
    return pl.col(name).str.to_date("%Y-%m-%d")


def _listed() -> pl.Expr:
    options = pl.col("options")
    return pl.when(options == "").then(pl.lit([], OPTIONS)).otherwise(options.str.split(";"))


def through(path: Path, write: Callable[[str], object]) -> None:
    """Write to a file beside it, then give that one the name."""
    name = ""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            os.fchmod(descriptor, 0o644)
            write(name)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(name, path)
    except (OSError, pl.exceptions.ComputeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise FileUnfit(f"{path} could not be written ({why}); what was there before is still there") from error
    finally:
        with suppress(OSError):
            os.unlink(name)
