"""Returns from daily quotes: a matrix of sessions by codes, and the event study in terms of codes and dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import polars as pl

from drumroll.errors import StudyRefused
from drumroll.market.estimation import BoolArray, FloatArray
from drumroll.market.study import study
from drumroll.market.study_result import StudyResult, StudySpec

ReturnKind = Literal["simple", "log"]


@dataclass(frozen=True)
class Panel:
    """Returns of ``codes`` on ``dates``: ``returns`` ``(T, N)``, nan where missing; ``at_limit`` ``(T, N)``."""

    dates: tuple[date, ...]
    codes: tuple[str, ...]
    returns: FloatArray
    at_limit: BoolArray

    def column(self, code: str) -> FloatArray:
        """The returns of one code, ``(T,)``. Raises StudyRefused for a code without quotes."""
        if code not in self.codes:
            raise StudyRefused((f"no quotes of the code {code}",))
        return self.returns[:, self.codes.index(code)]


def returns_of(price: FloatArray, base: FloatArray, kind: ReturnKind) -> FloatArray:
    """Returns on ``base``: ``price / base - 1`` or its logarithm; nan where either is missing or not above 0.

    Simple returns add up over firms, log returns over sessions: a CAR of log returns is exactly the log of the growth.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.where((price > 0) & (base > 0), price / base, np.nan)
        return np.log(growth) if kind == "log" else growth - 1


def panel_of(quotes: pl.DataFrame, sessions: Sequence[date] | None = None, kind: ReturnKind = "simple") -> Panel:
    """Daily close-to-close returns from a frame of quotes (``date``, ``code``, ``close``, ...).

    The base is ``prev_close`` where the quotes have it: the exchange's reference price, adjusted on ex-rights days, and
    the last trade before a suspension. Without it the base is the close of the session before, so the return after a
    gap is missing. ``sessions`` are the days that count (default: those with any quote); quotes of other days are
    refused. ``at_limit``: the close, high or low reached ``limit_up`` or ``limit_down``, where the quotes have them.
    Raises StudyRefused for a code quoted twice on a date.
    """
    dates = tuple(sorted(quotes["date"].unique().to_list() if sessions is None else set(sessions)))
    codes = tuple(sorted(quotes["code"].unique().to_list()))
    refuse_misplaced(quotes, dates)
    close = matrix(quotes, "close", dates, codes)
    before = np.vstack([np.full((1, len(codes)), np.nan), close[:-1]])
    if "prev_close" in quotes.columns:
        given = matrix(quotes, "prev_close", dates, codes)
        before = np.where(np.isfinite(given), given, before)
    return Panel(dates, codes, returns_of(close, before, kind), limits_of(quotes, dates, codes))


def refuse_misplaced(quotes: pl.DataFrame, dates: tuple[date, ...]) -> None:
    """Raise StudyRefused for quotes given twice, or of days that are no session."""
    twice = (
        quotes.select("date", "code").filter(pl.struct("date", "code").is_duplicated()).unique().sort("code", "date")
    )
    off = quotes.filter(~pl.col("date").is_in(list(dates))).select("date", "code").sort("code", "date")
    faults = [f"{code} is quoted twice on {day}" for day, code in twice.head(5).rows()]
    faults += [f"{code} is quoted on {day}, which is no session" for day, code in off.head(5).rows()]
    if faults:
        raise StudyRefused(tuple(faults))


def matrix(quotes: pl.DataFrame, column: str, dates: tuple[date, ...], codes: tuple[str, ...]) -> FloatArray:
    """A column of the quotes as ``(T, N)``, nan where there is none."""
    values = np.full((len(dates), len(codes)), np.nan)
    rows = quotes["date"].replace_strict(list(dates), range(len(dates)), return_dtype=pl.Int64).to_numpy()
    columns = quotes["code"].replace_strict(list(codes), range(len(codes)), return_dtype=pl.Int64).to_numpy()
    values[rows, columns] = quotes[column].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return values


def limits_of(quotes: pl.DataFrame, dates: tuple[date, ...], codes: tuple[str, ...]) -> BoolArray:
    """Where a price reached a limit that the quotes name: ``(T, N)``."""
    met = np.zeros((len(dates), len(codes)), dtype=bool)
    for limit, extreme, sign in (("limit_up", "high", 1.0), ("limit_down", "low", -1.0)):
        if limit in quotes.columns:
            reached = matrix(quotes, extreme if extreme in quotes.columns else "close", dates, codes)
            # Half of a hundredth of a fen: prices are decimals that floats hold nearly.
            met |= sign * (reached - matrix(quotes, limit, dates, codes)) >= -5e-5
    return met


def study_of(
    panel: Panel, benchmark: str | FloatArray | None, events: Sequence[tuple[str, date]], spec: StudySpec | None = None
) -> StudyResult:
    """Study ``events``, pairs of a code and a date, against a code of the panel or a series ``(T,)``.

    Raises StudyRefused, with every fault at once, for unknown codes and for dates that are no session of the panel
    (moving an event to a session is the caller's choice), and as ``study`` does.
    """
    where = {day: i for i, day in enumerate(panel.dates)}
    which = {code: i for i, code in enumerate(panel.codes)}
    asked = [code for code, _ in events] + ([benchmark] if isinstance(benchmark, str) else [])
    faults = [f"no quotes of the code {code}" for code in dict.fromkeys(asked) if code not in which]
    faults += [f"{day} is no session of the quotes" for day in dict.fromkeys(d for _, d in events) if day not in where]
    if faults:
        raise StudyRefused(tuple(faults))
    series = panel.column(benchmark) if isinstance(benchmark, str) else benchmark
    return study(panel.returns, series, [(which[code], where[day]) for code, day in events], spec, panel.at_limit)
