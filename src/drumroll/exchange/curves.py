"""A curve of cumulative orders from a CSV file, for who forecasts without a log. Columns: docs/curves.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec

from drumroll.domain.times import to_ms
from drumroll.errors import CurveUnfit, FileUnfit, WrongLaunch
from drumroll.exchange.faults import Faults, shown
from drumroll.exchange.sheets import Columns, read_rows
from drumroll.exchange.tables import CSV
from drumroll.outlook.observed import MOST_ORDERS, MOST_POINTS, MOST_SECONDS, Point

COLUMNS = Columns(required=("orders",), optional=("after_s", "at", "launch"))
FAULTS_SHOWN = 20
MOST_BYTES = 16 << 20

_WHOLE = re.compile(r"[0-9]{1,18}")
_SECONDS = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,9})?")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


class _Row(msgspec.Struct, frozen=True):
    """A point and the line of the file that it stands in."""

    line: int
    after_s: float
    orders: int


class CurveFile(msgspec.Struct, frozen=True):
    """The points of a file, rising, and the id of the launch that it names (``None``: it names none)."""

    points: tuple[Point, ...]
    launch: str | None = None


def read_curve(path: Path, opens_at_ms: int | None = None, launch_id: str | None = None) -> CurveFile:
    """The curve in a CSV file: a row a moment, ``orders`` cumulative.

    ``opens_at_ms`` is the opening, which a file with times (``at``) needs; ``launch_id`` the launch asked about.
    How many points a forecast needs is for ``outlook.observed`` to say.

    Raises:
        FileUnfit: it can't be read, is no CSV, or is too large.
        CurveUnfit: with the line, if a value is none, times do not rise, the curve falls, or it is of two launches.
        WrongLaunch: it is of another launch than the one asked about.
    """
    rows = _raw(path)
    launch = _one_launch(path, rows, launch_id)
    faults = Faults(str(path))
    timed = _timed(path, rows, opens_at_ms)
    found = [_row(line, values, timed, opens_at_ms, faults) for line, values in rows]
    _refuse(path, faults)
    kept = [row for row in found if row is not None]
    for before, after in pairwise(kept):
        _must_rise(path, before, after)
    return CurveFile(tuple((row.after_s, row.orders) for row in kept), launch)


def _raw(path: Path) -> list[tuple[int, dict[str, Any]]]:
    if path.suffix.lower() != CSV:
        raise FileUnfit(f"{path}: found a name that ends in {path.suffix!r}, allowed: .csv")
    if path.exists() and path.stat().st_size > MOST_BYTES:
        raise FileUnfit(
            f"{path}: found {path.stat().st_size:,} bytes, allowed: {MOST_BYTES:,}; a row a second is plenty"
        )
    faults = Faults(str(path))
    rows = []
    for row in read_rows(path, COLUMNS, faults):
        rows.append(row)
        if len(rows) > MOST_POINTS:
            raise CurveUnfit(f"{path}, line {row[0]}: a curve has at most {MOST_POINTS:,} rows. Keep every tenth")
    _refuse(path, faults)
    return rows


def _refuse(path: Path, faults: Faults) -> None:
    """All that is wrong at once, as far as somebody reads."""
    if faults.count:
        lines = [f"  {fault}" for fault in faults.first[:FAULTS_SHOWN]]
        if faults.count > FAULTS_SHOWN:
            lines.append(f"  and {faults.count - FAULTS_SHOWN:,} more")
        raise CurveUnfit("\n".join([f"{path} is no curve: {faults.count:,} mistake(s), docs/curves.md", *lines]))


def _one_launch(path: Path, rows: Iterable[tuple[int, dict[str, Any]]], asked: str | None) -> str | None:
    """The one launch of all rows. A row that names none is taken to be of it."""
    first: tuple[int, str] | None = None
    for line, values in rows:
        named = values.get("launch")
        if named is None:
            continue
        if first is None:
            first = (line, named)
        elif named != first[1]:
            raise CurveUnfit(
                f"{path}: two launches mixed: line {first[0]} is of {shown(first[1])}, line {line} of {shown(named)}; "
                "allowed is one launch a curve. Put each in a file of its own"
            )
    if first is not None and asked is not None and first[1] != asked:
        raise WrongLaunch(
            f"two launches mixed: {path} is a curve of {shown(first[1])}, the launch file is of {shown(asked)}; "
            "give the launch file of that launch, or its curve"
        )
    return None if first is None else first[1]


def _timed(path: Path, rows: Sequence[tuple[int, dict[str, Any]]], opens_at_ms: int | None) -> bool:
    """Whether rows have times (``at``), not seconds (``after_s``): one of both, the same in every row."""
    if not rows:
        raise CurveUnfit(f"{path}: a curve needs at least 3 points; found no row after the header")
    columns = rows[0][1]
    if ("at" in columns) == ("after_s" in columns):
        found = "both" if "at" in columns else "neither"
        raise CurveUnfit(f"{path}, line 1: found {found} of the columns at and after_s; allowed is one of them")
    if "at" in columns and opens_at_ms is None:
        raise CurveUnfit(
            f"{path}, line 1: found the column at (times), which needs the time of the opening: give LAUNCH_FILE too, "
            "or a column after_s with seconds since the opening"
        )
    return "at" in columns


def _row(line: int, values: dict[str, Any], timed: bool, opens_at_ms: int | None, faults: Faults) -> _Row | None:
    before = faults.count
    orders = _orders(line, values["orders"], faults)
    after_s = _since(line, values["at"], opens_at_ms or 0, faults) if timed else _seconds(line, values, faults)
    return _Row(line, after_s, orders) if faults.count == before else None


def _orders(line: int, value: str | None, faults: Faults) -> int:
    found = int(value) if value is not None and _WHOLE.fullmatch(value) else -1
    if not 0 <= found <= MOST_ORDERS:
        faults.add(line, "orders", value, f"a whole number from 0 to {MOST_ORDERS:,}, digits only")
    return found


def _seconds(line: int, values: dict[str, Any], faults: Faults) -> float:
    value = values["after_s"]
    found = float(value) if value is not None and _SECONDS.fullmatch(value) else -1.0
    _within(line, "after_s", value, found, faults)
    return found


def _since(line: int, value: str | None, opens_at_ms: int, faults: Faults) -> float:
    try:
        moment = datetime.fromisoformat(value.upper()) if value is not None and _MOMENT.fullmatch(value) else None
    except ValueError:
        moment = None
    if moment is None or not 1970 <= moment.year <= 9998:
        faults.add(line, "at", value, "a time with its offset, like 2025-06-26T22:03:00+08:00")
        return 0.0
    found = (to_ms(moment) - opens_at_ms) / 1000
    _within(line, "at", value, found, faults)
    return found


def _within(line: int, field: str, value: object, found: float, faults: Faults) -> None:
    if not (isfinite(found) and 0 <= found <= MOST_SECONDS):
        allowed = f"from the opening (0) to {MOST_SECONDS:.0f} seconds (ten years) after it"
        faults.add(line, field, value, allowed)


def _must_rise(path: Path, before: _Row, after: _Row) -> None:
    if after.after_s <= before.after_s:
        raise CurveUnfit(
            f"{path}, line {after.line}: times must rise; found second {after.after_s:.10g} after second "
            f"{before.after_s:.10g} (line {before.line}). Sort the rows, and give each moment once"
        )
    if after.orders < before.orders:
        raise CurveUnfit(
            f"{path}, line {after.line}: a cumulative curve never falls; found {after.orders:,} orders after "
            f"{before.orders:,} (line {before.line}). Give all orders that ever stood firm, cancelled ones too"
        )
