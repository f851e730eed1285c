"""Quotes from CSV and Parquet files, daily or by the minute: read once, checked as a whole, nothing passed over.

docs/market.md has the schema. Quotes by the minute are made into days in one streaming pass; the minutes of a day
that is looked at are read again by themselves.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from pathlib import Path

import msgspec
import polars as pl
import polars.selectors as cs

from drumroll.errors import QuotesUnfit
from drumroll.exchange.faults import shown
from drumroll.exchange.quote_files import Source, open_quotes
from drumroll.exchange.quote_report import FileRead, Finding, Notes, Report
from drumroll.market.quotes import (
    AFTERNOON_MS,
    DAILY,
    KINDS,
    MIDDAY,
    TEXT,
    WHOLE,
    Check,
    daily_findings,
    days_of_minutes,
    exchange_column,
    local_day,
    row_checks,
    unusable,
)
from drumroll.market.sessions import ZONES, Sessions, reach, sessions

MOST_DAILY_ROWS = 50_000_000


class Quotes(msgspec.Struct, frozen=True):
    """Quotes that were read: ``daily`` (``market.quotes.DAILY``; with minutes also ``MIDDAY``), and the report."""

    daily: pl.DataFrame
    report: Report
    calendars: dict[str, Sessions]
    sources: tuple[Source, ...]

    def minutes(self, codes: Collection[str], first: date, last: date | None = None) -> pl.DataFrame:
        """The minutes of some codes from one day to another; ``time`` is in the first code's zone.

        Empty, if there are no quotes by the minute. Rows left out of the days are left out here too.
        """
        last = last or first
        frames = [_minutes(source, codes, first, last) for source in self.sources if source.minutes]
        if not frames:
            return pl.DataFrame(
                schema={"time": pl.Datetime("ms", ZONES["XHKG"]), "code": pl.String(), "close": pl.Float64()}
            )
        together = pl.concat(frames, how="diagonal").unique(["code", "ms"], keep="first", maintain_order=True)
        named = together.select(exchange_column()).to_series().drop_nulls()
        zone = ZONES[named[0] if len(named) else "XHKG"]
        time = pl.col("ms").cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone(zone)
        return together.with_columns(time=time).drop("ms", "row", cs.ends_with(TEXT)).sort("code", "time")


def read_quotes(
    path: Path,
    *,
    calendars: dict[str, Sessions] | None = None,
    exchange: str | None = None,
    indices: Collection[str] = (),
    phase_two: date | None = None,
) -> Quotes:
    """Read a file of quotes, or a folder of them.

    Args:
        path: a ``.csv`` or ``.parquet`` file, or a folder with some.
        calendars: the sessions of each exchange, with overrides; those not given are taken from exchange-calendars.
        exchange: of codes that do not show theirs (``XHKG`` or ``XSHG``); their days are checked against its calendar.
        indices: codes that are no shares, so that price steps do not hold for them.
        phase_two: the first day of the second phase of Hong Kong's smaller price steps.

    Raises:
        QuotesUnfit: a file can't be read, its columns are not those of the schema, or no row of it can be used.
    """
    notes = Notes()
    sources = open_quotes(path)
    for source in sources:
        for name in source.unknown:
            notes.add(Finding("unknown_column", source.file, 1, name, "such a column", "a column of the schema"))
    context = _Context(notes, exchange, frozenset(indices), phase_two)
    try:
        parts = [context.days(source) if source.minutes else context.daily(source) for source in sources]
    except pl.exceptions.PolarsError as error:
        raise QuotesUnfit(str(path), (f"can't be read ({str(error).splitlines()[0]})",)) from error
    files = tuple(
        FileRead(part.source.file, "minutes" if part.source.minutes else "daily", part.rows) for part in parts
    )
    table = context.together(parts)
    if table.is_empty():
        raise QuotesUnfit(str(path), ("no row can be used", *(str(each) for each in notes.in_order()[1])))
    known = _calendars(table, calendars or {})
    context.between_rows(table, known)
    counts, findings = notes.in_order()
    report = Report(
        files, table["code"].n_unique(), str(table["date"].min()), str(table["date"].max()), counts, findings
    )
    return Quotes(_as_schema(_without_half_days(table, known)), report, known, tuple(sources))


class _Part(msgspec.Struct, frozen=True):
    """The days of a file, and how many rows the file has."""

    source: Source
    rows: int
    days: pl.DataFrame


class _Context:
    """What all files of one reading share."""

    def __init__(self, notes: Notes, exchange: str | None, indices: frozenset[str], phase_two: date | None) -> None:
        self.notes = notes
        self.exchange = exchange
        self.indices = indices
        self.phase_two = phase_two

    def checks(self, source: Source) -> list[Check]:
        """The checks for the columns of a file."""
        return row_checks(list(source.columns), self.phase_two)

    def daily(self, source: Source) -> _Part:
        """The rows of a daily file that can be used."""
        checks = self.checks(source)
        frame = source.frame.with_columns(exchange_column(self.exchange).alias("exchange"))
        rows = frame.with_columns(**{check.name: check.holds for check in checks}).collect()
        if rows.height > MOST_DAILY_ROWS:
            raise QuotesUnfit(source.file, (f"found {rows.height:,} rows, allowed: up to {MOST_DAILY_ROWS:,}",))
        for check in checks:
            hits = rows.filter(self._counts_here(check) & pl.col(check.name))
            self._show(source, check, hits.height, hits.lazy())
        usable = rows.filter(~unusable(checks)).drop(check.name for check in checks)
        return _Part(source, rows.height, usable.with_columns(file=pl.lit(source.file)))

    def days(self, source: Source) -> _Part:
        """The days of a file of minutes. A file with rows to leave out is read once more without them."""
        checks = self.checks(source)
        days = self._days(source, source.frame)
        rows = int(days["rows"].sum())
        left_out = 0
        for check in checks:
            count = int(days.filter(self._counts_here(check))[check.name].sum())
            left_out += count if KINDS[check.kind].left_out else 0
            if count:
                self._show(source, check, count, self._hits(source, check))
        frame = source.frame.filter(~unusable(checks)) if left_out else source.frame
        days = self._days(source, frame) if left_out else days
        if twice := int((days["rows"] - days["times"]).sum()):
            self._twice(source, frame, twice)
            frame = frame.unique(["code", "ms"], keep="first", maintain_order=True)
            days = self._days(source, frame)
        self._previous_differs(source, days)
        kept = days.drop("rows", "times", "prev_close_differs", *(check.name for check in checks))
        return _Part(source, rows, kept.with_columns(file=pl.lit(source.file)))

    def _days(self, source: Source, frame: pl.LazyFrame) -> pl.DataFrame:
        days = days_of_minutes(frame, list(source.columns), self.checks(source)).collect(engine="streaming")
        return days.with_columns(exchange_column(self.exchange).alias("exchange"))

    def _hits(self, source: Source, check: Check) -> pl.LazyFrame:
        """The rows of a file of minutes that a check finds."""
        frame = source.frame.with_columns(exchange_column(self.exchange).alias("exchange"))
        return frame.filter(self._counts_here(check)).with_columns(check.holds.alias("hit")).filter("hit")

    def _counts_here(self, check: Check) -> pl.Expr:
        """Price steps are those of the code's own exchange, and not of an index."""
        if check.kind != "off_tick":
            return pl.lit(True)
        return ((pl.col("exchange") == check.field) & ~pl.col("code").is_in(list(self.indices))).fill_null(False)

    def _show(self, source: Source, check: Check, count: int, hits: pl.LazyFrame) -> None:
        """Count the rows of a check, and show the first ones."""
        room = self.notes.count(check.kind, count)
        if not (count and room):
            return
        field = "close" if check.kind == "off_tick" else check.field
        for row in hits.sort("row").head(room).collect().iter_rows(named=True):
            found = _found(source, check, row)
            name = "open, high, low, close" if check.kind == "off_tick" else field.replace("ms", "time")
            when = row.get("date") or _day_of(row.get("ms"))
            self.notes.keep(
                Finding(
                    *(check.kind, source.file, source.line(row["row"]), name, found, check.allowed),
                    *(row["code"] or "", str(when or "")),
                )
            )

    def _twice(self, source: Source, frame: pl.LazyFrame, count: int) -> None:
        room = self.notes.count("duplicate", count)
        again = frame.select("row", "code", "ms").filter(pl.struct("code", "ms").is_first_distinct().not_())
        for row in again.head(room).collect().iter_rows(named=True):
            where = (source.file, source.line(row["row"]), "time")
            day = str(_day_of(row["ms"]))
            self.notes.keep(
                Finding("duplicate", *where, "a row like one before it", "one row a code and minute", row["code"], day)
            )

    def _previous_differs(self, source: Source, days: pl.DataFrame) -> None:
        for row in days.filter("prev_close_differs").sort("row").iter_rows(named=True):
            where = (source.file, source.line(row["row"]), "prev_close")
            said = ("more than one in a day", "one previous close a day")
            self.notes.add(Finding("prev_close_differs", *where, *said, row["code"], str(row["date"])))

    def together(self, parts: list[_Part]) -> pl.DataFrame:
        """The days of all files, sorted by code and date; a day that comes twice is noted, daily quotes come first."""
        ordered = sorted(parts, key=lambda part: part.source.minutes)
        frames = [part.days.with_columns(minutes=pl.lit(part.source.minutes)) for part in ordered]
        table = pl.concat(frames, how="diagonal")
        first = pl.struct("code", "date").is_first_distinct()
        lines = {part.source.file: part.source.line(0) for part in parts}
        # A day that a daily file has need not be told twice; its minutes give what the daily row lacks.
        again = table.filter(first.not_() & ~(pl.col("minutes") & _in_daily(table)))
        room = self.notes.count("duplicate", again.height)
        for row in again.head(room).iter_rows(named=True):
            where = (row["file"], row["row"] + lines[row["file"]], "date")
            self.notes.keep(
                Finding("duplicate", *where, str(row["date"]), "one row a code and day", row["code"], str(row["date"]))
            )
        return _with_midday(table, first).sort("code", "date")

    def between_rows(self, table: pl.DataFrame, known: dict[str, Sessions]) -> None:
        """Gaps, holidays, ex-rights days and the like."""
        numbered = [each.numbered().with_columns(exchange=pl.lit(name)) for name, each in known.items()]
        schema = {"date": pl.Date(), "session": pl.Int64(), "exchange": pl.String()}
        reach = pl.DataFrame(
            [(name, each.first, each.last) for name, each in known.items()],
            schema={"exchange": pl.String(), "first": pl.Date(), "last": pl.Date()},
            orient="row",
        )
        found = daily_findings(table, pl.concat([pl.DataFrame(schema=schema), *numbered]), reach)
        csv = dict.fromkeys(table["file"].unique(), 1)
        csv |= {file: 2 for file in csv if file.lower().endswith(".csv")}
        for kind, rows in found.group_by("kind", maintain_order=True):
            room = self.notes.count(str(kind[0]), rows.height)
            for row in rows.head(room).iter_rows(named=True):
                said = (row["field"], row["found"], row["allowed"], row["code"], str(row["date"]))
                self.notes.keep(Finding(row["kind"], row["file"], row["row"] + csv[row["file"]], *said))


def _found(source: Source, check: Check, row: dict[str, object]) -> str:
    """What stood there: as text where it could not be read."""
    if check.kind == "off_tick":
        return ", ".join(str(row[name]) for name in ("open", "high", "low", "close"))
    if check.kind == "unreadable":
        field = "time" if check.field == "ms" else check.field
        text = source.raw.filter(pl.col("row") == row["row"]).select(field).collect().item()
        return shown(text)
    if check.kind == "outside_range":
        return ", ".join(f"{name} {row[name]}" for name in ("open", "high", "low", "close"))
    return str(row[check.field])


def _day_of(ms: object) -> date | None:
    return pl.select(local_day(pl.lit(ms, pl.Int64))).item() if ms is not None else None


def _in_daily(table: pl.DataFrame) -> pl.Expr:
    return (~pl.col("minutes")).any().over("code", "date")


def _with_midday(table: pl.DataFrame, first: pl.Expr) -> pl.DataFrame:
    """One row a code and day; what a daily row lacks of mid-day is filled from its minutes."""
    extra = [name for name in MIDDAY if name in table.columns]
    filled = table.with_columns(pl.col(name).drop_nulls().first().over("code", "date") for name in extra)
    return filled.filter(first)


def _calendars(table: pl.DataFrame, given: dict[str, Sessions]) -> dict[str, Sessions]:
    """The sessions of the exchanges that the quotes are of, as far as the quotes (and the package) reach."""
    known = dict(given)
    for row in (
        table.group_by("exchange").agg(first=pl.col("date").min(), last=pl.col("date").max()).iter_rows(named=True)
    ):
        name = row["exchange"]
        if name is not None and name not in known:
            known[name] = _reaching(name, row["first"], row["last"])
    return known


def _reaching(exchange: str, first: date, last: date) -> Sessions:
    """The calendar with a month at either side for events beside the quotes, or as much of that as there is."""
    begins, ends = reach(exchange)
    month = timedelta(days=31)
    return sessions(exchange, min(max(first - month, begins), ends), max(min(last + month, ends), begins))


def _without_half_days(table: pl.DataFrame, known: dict[str, Sessions]) -> pl.DataFrame:
    """No mid-day on a half day, nor where the afternoon began at another time than the minutes were cut at."""
    if "midday" not in table.columns:
        return table
    usual = [
        (name, day)
        for name, calendar in known.items()
        for day, hours in calendar.hours.items()
        if hours.break_ends is not None and hours.break_ends.hour * 3_600_000 == AFTERNOON_MS
    ]
    schema = {"exchange": pl.String(), "date": pl.Date()}
    full = pl.DataFrame(usual, schema=schema, orient="row").with_columns(full=pl.lit(True))
    joined = table.join(full, on=["exchange", "date"], how="left", maintain_order="left")
    return joined.with_columns(midday=pl.when(pl.col("full")).then(pl.col("midday"))).drop("full")


def _as_schema(table: pl.DataFrame) -> pl.DataFrame:
    schema = {**DAILY, **{name: dtype for name, dtype in MIDDAY.items() if name in table.columns}}
    whole = [pl.col(name).round().cast(pl.Int64) for name in WHOLE if name in table.columns]
    return table.with_columns(whole).select(name for name in schema if name in table.columns)


def _minutes(source: Source, codes: Collection[str], first: date, last: date) -> pl.DataFrame:
    checks = row_checks(list(source.columns))
    wanted = pl.col("code").is_in(list(codes)) & local_day(pl.col("ms")).is_between(first, last)
    rows = source.frame.filter(wanted).collect(engine="streaming")
    return rows.filter(~unusable(checks))
