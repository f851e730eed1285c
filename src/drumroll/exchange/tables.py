"""Tables as files: CSV and Parquet, written whole or not at all, and read back as they were."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import polars as pl

from drumroll.errors import FileUnfit
from drumroll.exchange.schema import OPTIONS, TIME, Schema

CSV, PARQUET = ".csv", ".parquet"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S%.3fZ"


def kind_of(path: Path) -> str:
    """``.csv`` or ``.parquet``, by the name of a file. Raises ``FileUnfit``."""
    kind = path.suffix.lower()
    if kind not in (CSV, PARQUET):
        raise FileUnfit(f"{path}: found a name that ends in {path.suffix!r}, allowed: .csv, .parquet")
    return kind


def write_table(path: Path, table: pl.DataFrame) -> int:
    """Write a table with options joined; says how many bytes. What was there stays until all is written and synced.

    Raises:
        FileUnfit: the disk is full, or the folder is not there or can't be written.
    """
    if kind_of(path) == CSV:
        _through(path, lambda name: table.write_csv(name, datetime_format=TIME_FORMAT))
    else:
        listed = table.with_columns(options=_listed())
        _through(path, lambda name: listed.write_parquet(name, compression="zstd", compression_level=1))
    return path.stat().st_size


def read_table(path: Path, schema: Schema) -> pl.DataFrame:
    """A table that ``write_table`` wrote, with options as lists: the same from either kind of file."""
    if kind_of(path) == PARQUET:
        return pl.read_parquet(path)
    texts = {name: pl.String() if dtype in (TIME, OPTIONS) else dtype for name, dtype in schema.items()}
    times = [pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_unit="ms", time_zone="UTC") for name in schema]
    table = pl.read_csv(path, schema=texts)
    times = [column for column, dtype in zip(times, schema.values(), strict=True) if dtype == TIME]
    return table.with_columns(*times, options=_listed())


def _listed() -> pl.Expr:
    options = pl.col("options")
    return pl.when(options == "").then(pl.lit([], OPTIONS)).otherwise(options.str.split(";"))


def _through(path: Path, write: Callable[[str], object]) -> None:
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
