"""Files of quotes, opened: which columns they have, of which kind they are, and a lazy frame with the schema's types.

What can't be read becomes null, and the checks find it; ``raw`` gives the text that stood there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec
import polars as pl

from drumroll.errors import QuotesUnfit
from drumroll.exchange.tables import CSV, PARQUET
from drumroll.market.quotes import DAILY_ONLY, EMPTY_IN_A_DAY, NUMBERS, OPTIONAL, REQUIRED, TEXT, may_be_empty
from drumroll.market.sessions import UTC_OFFSET_S

MOST_FILES = 2_000
MOST_BYTES = 16 << 30
"""Of one file."""

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}([T ])\d{2}:\d{2}(:\d{2})?(\.\d{1,9})?(Z|[+-]\d{2}:\d{2}|)")
_TEXTS = (pl.String, pl.Categorical, pl.Enum)


class Source(msgspec.Struct, frozen=True):
    """A file of quotes: ``frame`` has ``row``, ``code``, ``date`` or ``ms``, and the numbers that the file has."""

    file: str
    minutes: bool
    csv: bool
    columns: tuple[str, ...]
    unknown: tuple[str, ...]
    frame: pl.LazyFrame
    raw: pl.LazyFrame

    def line(self, row: int) -> int:
        """The line of a CSV file (its header is line 1), or the row of a Parquet file counted from 1."""
        return row + (2 if self.csv else 1)


def open_quotes(path: Path) -> list[Source]:
    """The CSV and Parquet files at a path: one, or those of a folder (not of the folders in it) by name.

    Raises:
        QuotesUnfit: there are none, or with every problem of their columns and sizes.
    """
    problems: list[str] = []
    sources = [source for file in _files(path) if (source := _open(file, problems)) is not None]
    if problems:
        raise QuotesUnfit(str(path), tuple(problems))
    return sources


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise QuotesUnfit(str(path), ("found nothing of that name, allowed: a .csv or .parquet file, or a folder",))
    found = sorted(path.iterdir()) if path.is_dir() else [path]
    files = [file for file in found if file.suffix.lower() in (CSV, PARQUET) and file.is_file()]
    if not 0 < len(files) <= MOST_FILES:
        raise QuotesUnfit(str(path), (f"found {len(files):,} .csv and .parquet files, allowed: 1 to {MOST_FILES:,}",))
    return files


def _open(file: Path, problems: list[str]) -> Source | None:
    """A file as a source; its problems are noted."""
    size = file.stat().st_size
    if size > MOST_BYTES:
        problems.append(f"{file.name}: found {size:,} bytes, allowed: up to {MOST_BYTES:,}")
        return None
    csv = file.suffix.lower() == CSV
    try:
        raw = pl.scan_csv(file, infer_schema=False, row_index_name="row") if csv else _scan_parquet(file)
        schema = raw.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        problems.append(f"{file.name}: can't be read ({_first_line(error)})")
        return None
    before = len(problems)
    names = [name for name in schema.names() if name != "row"]
    problems += [f"{file.name}, {problem}" for problem in (*_of_columns(names), *_of_types(schema, csv))]
    return _source(file, raw, names, schema) if len(problems) == before else None


def _scan_parquet(file: Path) -> pl.LazyFrame:
    return pl.scan_parquet(file, row_index_name="row")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _of_columns(names: list[str]) -> Iterable[str]:
    times = [name for name in ("date", "time") if name in names]
    if len(times) != 1:
        yield f"columns: found {' and '.join(times) or 'neither'}, allowed: either date (daily) or time (by the minute)"
    for name in REQUIRED:
        if name not in names:
            yield f"column {name}: found nothing, allowed: it is required"


def _of_types(schema: pl.Schema, csv: bool) -> Iterable[str]:
    """A Parquet file says of which type its columns are; those that would lose something are refused."""
    if csv:
        return
    for name, dtype in schema.items():
        if name in NUMBERS and not dtype.is_numeric():
            yield f"column {name}: found {dtype}, allowed: a number"
        if name == "code" and dtype not in _TEXTS:
            yield f"column code: found {dtype}, allowed: text (01810 and 1810 are different codes)"
        if name == "date" and dtype not in (pl.Date, pl.Datetime, pl.String):
            yield f"column date: found {dtype}, allowed: a date"
        if name == "time" and dtype not in (pl.Datetime, pl.String):
            yield f"column time: found {dtype}, allowed: a datetime"


def _source(file: Path, raw: pl.LazyFrame, names: list[str], schema: pl.Schema) -> Source:
    csv = file.suffix.lower() == CSV
    minutes = "time" in names
    known = {"date", "time", *REQUIRED, *OPTIONAL, *(() if minutes else DAILY_ONLY)}
    numbers = [name for name in names if name in NUMBERS and name in known]
    empty = may_be_empty(minutes=minutes)
    typed = _typed_csv(file, names, set(NUMBERS) - set(empty)) if csv else raw
    when = _ms(typed, schema["time"]).alias("ms") if minutes else _date(schema["date"]).alias("date")
    values = [_number(name) for name in numbers]
    # Parquet has nothing (null) and no number (NaN) apart, but NaN is how many programs write nothing: only in a price
    # of the day itself it is a mistake.
    texts = [name for name in numbers if name in empty and (csv or (name in EMPTY_IN_A_DAY and not minutes))]
    values += [pl.col(name).cast(pl.String).alias(name + TEXT) for name in texts]
    frame = typed.select("row", when, pl.col("code").cast(pl.String), *values)
    columns = ("ms" if minutes else "date", "code", *numbers, *(name + TEXT for name in texts))
    return Source(file.name, minutes, csv, columns, tuple(name for name in names if name not in known), frame, raw)


def _typed_csv(file: Path, names: list[str], typed: set[str]) -> pl.LazyFrame:
    schema = {name: pl.Float64() if name in typed else pl.String() for name in names}
    return pl.scan_csv(file, schema=schema, ignore_errors=True, row_index_name="row")


def _number(name: str) -> pl.Expr:
    """A number, or null; what is not finite is none."""
    value = pl.col(name).cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value).alias(name)


def _date(dtype: pl.DataType) -> pl.Expr:
    column = pl.col("date")
    return column.str.to_date("%Y-%m-%d", strict=False) if dtype == pl.String else column.cast(pl.Date)


def _ms(frame: pl.LazyFrame, dtype: pl.DataType) -> pl.Expr:
    """Times in milliseconds since the epoch; without an offset or a zone they are the exchange's (UTC+8)."""
    time = pl.col("time")
    if dtype != pl.String:
        zoned = getattr(dtype, "time_zone", None) is not None
        return time.dt.timestamp("ms") - (0 if zoned else UTC_OFFSET_S * 1000)
    first = frame.select(time.drop_nulls().first()).collect().item()
    form = _TIME.fullmatch(first or "")
    if form is None:
        return pl.lit(None, pl.Int64)
    separator, seconds, fraction, offset = form.groups()
    # One form for the whole file, its offset as plain text: reading an offset row by row takes four times as long.
    pattern = f"%Y-%m-%d{separator}%H:%M{':%S' if seconds else ''}{'%.f' if fraction else ''}{offset}"
    parsed = time.str.to_datetime(pattern, strict=False, time_unit="ms").dt.timestamp("ms")
    return parsed - _offset_ms(offset)


def _offset_ms(offset: str) -> int:
    if offset == "Z":
        return 0
    if not offset:
        return UTC_OFFSET_S * 1000
    sign = -1 if offset[0] == "-" else 1
    return sign * (int(offset[1:3]) * 60 + int(offset[4:6])) * 60_000
