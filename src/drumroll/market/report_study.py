"""The event studies of a launch: the share, its suppliers, its rivals, each against its exchange's benchmark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from math import isfinite

import msgspec
import numpy as np
import polars as pl
from scipy.special import stdtrit

from drumroll.errors import StudyRefused
from drumroll.market.limit_days import with_limits
from drumroll.market.panel import Panel, panel_of, study_of
from drumroll.market.question import Asked, Role
from drumroll.market.report_values import Car, FirmStudy, GroupStudy, TestRow
from drumroll.market.sessions import Sessions
from drumroll.market.study_result import Row, StudyResult, StudySpec

GROUPS: dict[Role, str] = {"share": "share", "supplier": "suppliers", "rival": "rivals"}
LEVEL = 0.95
_INDICES = re.compile(r"firm (\d+), session (\d+)")
_SESSIONS = re.compile(r"\bsessions \[([\d, ]+)\]")


def studies(
    asked: Asked, daily: pl.DataFrame, calendars: dict[str, Sessions], sessions: dict[str, date]
) -> tuple[GroupStudy, ...]:
    """A study for each group on each exchange. What can't be studied is refused there, with the reasons.

    ``sessions``: the event's session on each exchange; one that is missing was refused before.
    """
    ordered = sorted(asked.roles.items(), key=lambda each: (list(GROUPS).index(each[1]), asked.exchange_of(each[0])))
    found = []
    for (role, exchange), codes in groupby(ordered, key=lambda each: (each[1], asked.exchange_of(each[0]))):
        group = _Group(asked, GROUPS[role], exchange, [code for code, _ in codes], sessions.get(exchange))
        found.append(group.studied(daily, calendars))
    return tuple(found)


class _Group:
    """Codes of one part on one exchange."""

    def __init__(self, asked: Asked, name: str, exchange: str, codes: list[str], session: date | None) -> None:
        self.asked = asked
        self.name = name
        self.exchange = exchange
        self.codes = codes
        self.session = session
        self.benchmark = asked.benchmark_of(exchange)
        self.needs_benchmark = asked.study.model != "mean"

    def studied(self, daily: pl.DataFrame, calendars: dict[str, Sessions]) -> GroupStudy:
        if self.session is None:
            return self._refused(f"{self.exchange} has no session for the event")
        wanted = [*self.codes, *([self.benchmark] if self.benchmark and self.needs_benchmark else [])]
        quotes = daily.filter(pl.col("code").is_in(wanted))
        there = quotes.filter(pl.col("date") == self.session)["code"].to_list()
        codes = [code for code in self.codes if code in there]
        absent = ", ".join(code for code in self.codes if code not in there)
        if not codes:
            return self._refused(f"no quotes on {self.session}: {absent}")
        lacking = (f"no quotes on {self.session}, left out: {absent}",) if absent else ()
        if self.needs_benchmark and self.benchmark not in quotes["code"]:
            return self._refused(*self._without_benchmark())
        return self._studied(quotes, calendars[self.exchange], codes, lacking)

    def _without_benchmark(self) -> tuple[str, ...]:
        lacks = (
            f"no quotes of the benchmark {self.benchmark}"
            if self.benchmark
            else f"market.benchmark names no code of {self.exchange}"
        )
        return (f"{lacks}, which the {self.asked.study.model} model needs; the mean-adjusted one (mean) needs none",)

    def _studied(
        self, quotes: pl.DataFrame, calendar: Sessions, codes: list[str], notes: tuple[str, ...]
    ) -> GroupStudy:
        assert self.session is not None
        first, last = quotes["date"].min(), quotes["date"].max()
        assert isinstance(first, date)
        assert isinstance(last, date)
        days = calendar.between(first, last)
        # Quotes of days without a session are reported with the data; no return is computed from them.
        shares = with_limits(quotes.filter(pl.col("date").is_in(list(days)), pl.col("code") != (self.benchmark or "")))
        index = quotes.filter(pl.col("date").is_in(list(days)), pl.col("code") == (self.benchmark or ""))
        try:
            panel = panel_of(pl.concat([shares, index], how="diagonal"), days)
        except StudyRefused as error:
            return self._refused(*error.faults)
        spec, clipped = self._spec(panel)
        try:
            event_on = [(code, self.session) for code in codes]
            result = study_of(panel, self.benchmark if self.needs_benchmark else None, event_on, spec)
        except StudyRefused as error:
            named = (_in_names(fault, panel) for fault in error.faults)
            return self._refused(*named, *self._history(days))
        return self._told(panel, result, (*notes, *clipped))

    def _history(self, days: Sequence[date]) -> tuple[str, ...]:
        """Whether the quotes begin too late, in sessions."""
        assert self.session is not None
        ask = self.asked.study
        before = sum(day < self.session for day in days)
        needed = ask.estimation + ask.gap - ask.window[0]
        short = f"the quotes have {before} session(s) before {self.session}; estimation, gap and window take {needed}"
        return (short,) if before < needed else ()

    def _spec(self, panel: Panel) -> tuple[StudySpec, tuple[str, ...]]:
        """The windows as far as the quotes reach: on the morning after there is nothing after the event."""
        assert self.session is not None
        ask = self.asked.study
        after = len(panel.dates) - 1 - panel.dates.index(self.session)
        window = (ask.window[0], min(ask.window[1], after))
        fits = dict.fromkeys(w for w in ask.windows if window[0] <= w[0] <= w[1] <= window[1])
        notes: tuple[str, ...] = ()
        if dropped := [w for w in ask.windows if w not in fits]:
            shown = ", ".join(f"({a}, {b})" for a, b in dropped)
            notes = (f"the quotes end {after} session(s) after the event: no CAR over {shown}",)
        windows = tuple(fits) or ((window[1], window[1]),)
        return StudySpec(ask.model, ask.estimation, ask.gap, window, windows), notes

    def _base(self, window: tuple[int, int]) -> GroupStudy:
        ask = self.asked.study
        used = self.benchmark if self.needs_benchmark else None
        names = (self.name, self.exchange, self.session, ask.model, used)
        return GroupStudy(*names, ask.estimation, ask.gap, window)

    def _refused(self, *reasons: str) -> GroupStudy:
        base = self._base(self.asked.study.window)
        return msgspec.structs.replace(base, refused=tuple(dict.fromkeys(reasons)))

    def _told(self, panel: Panel, result: StudyResult, notes: tuple[str, ...]) -> GroupStudy:
        left_out = tuple(f"{panel.codes[each.firm]}: {each.reason}" for each in result.excluded)
        first = result.spec.window[0]
        return msgspec.structs.replace(
            self._base(result.spec.window),
            firms=tuple(_firm(panel, result, row) for row in range(len(result.firm))),
            tests=tuple(_test(row) for row in result.tests),
            path=tuple((first + number, _number(value)) for number, value in enumerate(result.caar_path)),
            notes=(*notes, *left_out, *result.warnings),
        )


def _in_names(fault: str, panel: Panel) -> str:
    """A fault of the study, whose firms and sessions are numbers, with codes and dates."""
    named = _INDICES.sub(lambda found: f"{panel.codes[int(found[1])]}, {panel.dates[int(found[2])]}", fault)
    return _SESSIONS.sub(lambda found: ", ".join(str(panel.dates[int(each)]) for each in found[1].split(", ")), named)


def _firm(panel: Panel, result: StudyResult, row: int) -> FirmStudy:
    cars = tuple(_car(result, row, column) for column in range(len(result.spec.windows)))
    return FirmStudy(
        code=panel.codes[int(result.firm[row])],
        beta=float(result.beta[row]),
        returns=int(result.count[row]),
        limited=bool(result.limited[row]),
        cars=cars,
    )


def _car(result: StudyResult, row: int, column: int) -> Car:
    """The interval is that of the prediction error: Student's t with the estimation's degrees of freedom."""
    car = float(result.car[row, column])
    half = float(stdtrit(result.degrees[row], (1 + LEVEL) / 2) * np.sqrt(result.car_variance[row, column]))
    window = result.spec.windows[column]
    figures = (car, car - half, car + half, float(result.car_t[row, column]), float(result.car_p[row, column]))
    return Car(*window, *(_number(figure) for figure in figures))


def _test(row: Row) -> TestRow:
    figures = (_number(row.mean), _number(row.statistic), _number(row.p))
    return TestRow(int(row.first), int(row.last), row.test, int(row.events), *figures, bool(row.advised))


def _number(value: float) -> float | None:
    """A float that JSON can have, or nothing."""
    return float(value) if isfinite(value) else None
