"""What an event study refuses, and what it warns of."""

from __future__ import annotations

import numpy as np

from drumroll.market.estimation import PARAMETERS, BoolArray, FloatArray, IntArray
from drumroll.market.study_result import StudySpec

SHORTEST_ESTIMATION = 30
"""Sessions: below this the tests' sizes are not shown to hold."""
SHOWN = 5


def faults_in(
    returns: FloatArray, benchmark: FloatArray | None, pairs: IntArray, spec: StudySpec, at_limit: BoolArray | None
) -> tuple[str, ...]:
    """Everything that is wrong with what was asked; nothing if it can be studied."""
    if wrong := faults_of_spec(spec) + faults_of_shapes(returns, benchmark, at_limit, spec):
        return wrong
    if not len(pairs):
        return ("there is no event",)
    return faults_of_events(returns, pairs, spec) or faults_of_benchmark(benchmark, pairs, spec)


def faults_of_spec(spec: StudySpec) -> tuple[str, ...]:
    """Windows and shares that make no sense."""
    first, last = spec.window
    outside = [w for w in spec.windows if not first <= w[0] <= w[1] <= last]
    least = spec.least_share * spec.estimation
    checks = {
        f"model {spec.model!r} is none of {', '.join(PARAMETERS)}": spec.model not in PARAMETERS,
        f"the estimation window of {spec.estimation} sessions is too short: at least {SHORTEST_ESTIMATION}": (
            spec.estimation < SHORTEST_ESTIMATION
        ),
        f"the gap of {spec.gap} sessions is below 0": spec.gap < 0,
        f"the event window {spec.window} ends before it begins": last < first,
        f"windows {outside} are not within the event window {spec.window}": bool(outside) and first <= last,
        "no window to test is given": not spec.windows,
        f"least_share {spec.least_share} is not between 0 and 1": not 0 < spec.least_share <= 1,
        f"least_share {spec.least_share} leaves too few returns to estimate from: at least 7": 0 < least < 7,
    }
    return tuple(fault for fault, wrong in checks.items() if wrong)


def faults_of_shapes(
    returns: FloatArray, benchmark: FloatArray | None, at_limit: BoolArray | None, spec: StudySpec
) -> tuple[str, ...]:
    """Arrays that do not belong together, and values that are no returns."""
    if returns.ndim != 2:
        return (f"returns must be a matrix (sessions, firms), not of {returns.ndim} dimension(s)",)
    sessions = len(returns)
    checks = {
        f"the {spec.model} model needs a benchmark": benchmark is None and spec.model != "mean",
        f"the benchmark is not one figure for each of {sessions} sessions": (
            benchmark is not None and np.shape(benchmark) != (sessions,)
        ),
        "at_limit is not of the shape of returns": at_limit is not None and np.shape(at_limit) != returns.shape,
        "returns hold an infinite figure": bool(np.isinf(returns).any()),
    }
    return tuple(fault for fault, wrong in checks.items() if wrong)


def faults_of_events(returns: FloatArray, pairs: IntArray, spec: StudySpec) -> tuple[str, ...]:
    """Events outside the data, too near its ends, or given twice."""
    sessions, firms = returns.shape
    firm, day = pairs[:, 0], pairs[:, 1]
    unknown = (firm < 0) | (firm >= firms)
    outside = (day < 0) | (day >= sessions)
    start = spec.start(day)
    _, first = np.unique(pairs, axis=0, return_index=True)
    again = np.ones(len(pairs), dtype=bool)
    again[first] = False
    needed = spec.estimation + spec.gap - spec.window[0]
    found = {
        f"firm not among the {firms} given": unknown,
        f"session not among the {sessions} given": outside,
        f"too few sessions before it for the estimation window ({needed} needed)": ~outside & (start < 0),
        "the event window runs past the last session": ~outside & (day + spec.window[1] >= sessions),
        "the event is given twice": again,
    }
    return tuple(listed(fault, pairs[rows]) for fault, rows in found.items() if rows.any())


def listed(fault: str, pairs: IntArray) -> str:
    """A fault with the first of the (firm, session) pairs that have it."""
    shown = ", ".join(f"(firm {firm}, session {day})" for firm, day in pairs[:SHOWN].tolist())
    return f"{fault}: {shown}" + (f" and {len(pairs) - SHOWN} more" if len(pairs) > SHOWN else "")


def faults_of_benchmark(benchmark: FloatArray | None, pairs: IntArray, spec: StudySpec) -> tuple[str, ...]:
    """Gaps of the benchmark in sessions that are used, and a benchmark that stands still."""
    if benchmark is None or spec.model == "mean":
        return ()
    market = np.asarray(benchmark, dtype=np.float64)
    used = np.zeros(len(market), dtype=bool)
    days = np.unique(pairs[:, 1])
    for day, start in zip(days.tolist(), spec.start(days).tolist(), strict=True):
        used[start : start + spec.estimation] = used[day + spec.window[0] : day + spec.window[1] + 1] = True
    gaps = np.flatnonzero(used & ~np.isfinite(market))
    if len(gaps):
        more = " ..." if len(gaps) > SHOWN else ""
        return (f"the benchmark has {len(gaps)} gap(s), at sessions {gaps[:SHOWN].tolist()}{more}: fill them first",)
    still = [d for d, s in zip(days.tolist(), spec.start(days).tolist(), strict=True) if stands_still(market, s, spec)]
    return (f"the benchmark does not move before the events of sessions {still[:SHOWN]}",) if still else ()


def stands_still(market: FloatArray, start: int, spec: StudySpec) -> bool:
    """Whether a beta can't be estimated from the benchmark in this estimation window."""
    before = market[start : start + spec.estimation]
    return spec.model == "market" and bool(np.ptp(before) <= 1e-12 * np.abs(before).max())


def warnings_of(
    firm: IntArray, day: IntArray, ar: FloatArray, limited: BoolArray, r: float, excluded: int, spec: StudySpec
) -> tuple[str, ...]:
    """What the reader must know before believing the tests."""
    events = len(firm)
    on_one_date = np.unique(day, return_counts=True)[1]
    shared = int(on_one_date[on_one_date > 1].sum())
    missing = int((~np.isfinite(ar)).any(axis=1).sum())
    found = {
        f"{excluded} firm-event(s) left out: see `excluded`": excluded,
        f"{shared} of {events} firm-events share their date (average correlation of their residuals {r:.3f}): the "
        "cross-sectional, Patell, BMP and sign tests take them for independent; read the Kolari-Pynnönen test": shared,
        f"{int(limited.sum())} of {events} firm-events met a price limit in the event window: the abnormal return is "
        "censored there, the move is larger than measured or goes on in later sessions": limited.any(),
        f"{missing} of {events} firm-events lack a return in the event window: CARs over it are left out": missing,
        "event windows of one firm overlap: the same returns are counted twice": overlapping(firm, day, spec),
        "event dates lie nearer to each other than the longest tested window: the CARs overlap in time, and the tests "
        "do not allow for it": crowded(day, spec),
        f"{events} firm-event(s): the tests that take the normal are approximate for so few": events < 10,
    }
    return tuple(text for text, holds in found.items() if holds)


def overlapping(firm: IntArray, day: IntArray, spec: StudySpec) -> bool:
    """Whether two events of one firm lie nearer to each other than an event window is long."""
    order = np.lexsort((day, firm))
    same = np.diff(firm[order]) == 0
    return bool((same & (np.diff(day[order]) < spec.sessions)).any())


def crowded(day: IntArray, spec: StudySpec) -> bool:
    """Whether different event dates lie nearer to each other than the longest tested window."""
    longest = max(last - first + 1 for first, last in spec.windows)
    return bool((np.diff(np.unique(day)) < longest).any())
