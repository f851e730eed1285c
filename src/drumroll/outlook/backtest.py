"""Would the forecast have been right? Played on launches whose end is known, and held against naive rules.

For each moment and horizon: how often intervals held what came, the CRPS relative to what came, how far the median
was off, and the same score of each naive rule. Where a rule has the lower score, the forecast loses to it, and that
is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from drumroll.outlook.fitting import fit
from drumroll.outlook.forecast import LEVELS, draws_of, interval
from drumroll.outlook.naive import naive
from drumroll.outlook.observed import FIRST_S, Observed, Point, until
from drumroll.outlook.prior import Prior
from drumroll.outlook.scoring import crps_of_samples
from drumroll.outlook.simulated import Launch, published

HOUR_S = 3600
MOMENTS_S = (FIRST_S, 600, 1800, HOUR_S, 6 * HOUR_S)
HORIZONS_S = (HOUR_S, 24 * HOUR_S, 7 * 24 * HOUR_S)
HOURS = (1, 2, 3, 6, 12, 24, 48, 168)


class Case(msgspec.Struct, frozen=True):
    """One forecast of one launch: from ``moment_s`` for ``at_s``, what came, and how good what was said was.

    ``crps``, ``error`` and the rules' scores in ``naive`` are shares of what came; ``held`` says which intervals (by
    percent) held it. A launch without an order is measured against one.
    """

    launch: str
    moment_s: int
    at_s: int
    came: int
    median: float
    held: dict[int, bool]
    crps: float
    error: float
    naive: dict[str, float]


class Cell(msgspec.Struct, frozen=True):
    """All launches at one moment and horizon: ``coverage`` by percent (shares, 0 to 1), and mean scores."""

    moment_s: int
    at_s: int
    cases: int
    coverage: dict[int, float]
    crps: float
    error: float
    naive: dict[str, float]


class Backtest(msgspec.Struct, frozen=True):
    """The outcome: by moment and horizon, pooled, and in words where a naive rule is better."""

    launches: int
    cells: tuple[Cell, ...]
    coverage: dict[int, float]
    loses_to: tuple[str, ...]

    def error_by_hour(self, moment_s: int) -> dict[float, float]:
        """How far the median was off, as a mean share of what came, by hour since the opening, from one moment."""
        return {cell.at_s / HOUR_S: cell.error for cell in self.cells if cell.moment_s == moment_s}


def backtest(
    launches: Iterable[Launch],
    prior: Prior,
    *,
    moments_s: Sequence[int] = MOMENTS_S,
    horizons_s: Sequence[int] = HORIZONS_S,
    seed: int = 1,
    draws: int = 400,
    in_turn: bool = False,
) -> Backtest:
    """Forecast each launch from each moment for each later horizon, where its curve has a point at both.

    ``in_turn``: each launch from one moment only, the moments in turn, which is as many times faster.
    """
    cases: list[Case] = []
    taken = 0
    for launch in launches:
        asked = [moments_s[taken % len(moments_s)]] if in_turn else moments_s
        for moment_s in asked:
            cases += _cases(launch, prior, moment_s, horizons_s, seed + taken, draws)
        taken += 1
    return summed_up(cases, taken)


def backtest_on_points(name: str, points: Sequence[Point], prior: Prior, *, seed: int, draws: int) -> Backtest | None:
    """On a launch that was, of which few points are known: from each on, for each later one.

    From minute 3 on, as forecasts are made; ``None`` if there are not two points from then on.
    """
    seconds = [round(at) for at, _ in points if at >= FIRST_S]
    if len(seconds) < 2:
        return None
    launch = published(name, [(float(round(at)), orders) for at, orders in points])
    return backtest([launch], prior, moments_s=seconds[:-1], horizons_s=seconds[1:], seed=seed, draws=draws)


def summed_up(cases: Sequence[Case], launches: int) -> Backtest:
    """Cases by moment and horizon, and pooled."""
    groups: defaultdict[tuple[int, int], list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.moment_s, case.at_s].append(case)
    cells = tuple(_cell(groups[key]) for key in sorted(groups))
    return Backtest(launches, cells, _coverage(cases), tuple(line for cell in cells for line in _losses(cell)))


def _cases(launch: Launch, prior: Prior, moment_s: int, horizons_s: Sequence[int], seed: int, draws: int) -> list[Case]:
    came = dict(zip(launch.curve.seconds, launch.curve.orders, strict=True))
    later = [at_s for at_s in horizons_s if at_s > moment_s and at_s in came]
    if moment_s not in came or not later:
        return []
    known = until(launch.curve, moment_s)
    drawn = draws_of(fit(known, prior, seed=seed, draws=draws), later, seed=seed)
    return [
        _case(launch.name, known, prior, at_s, came[at_s], drawn[:, place].astype(np.float64))
        for place, at_s in enumerate(later)
    ]


def _case(name: str, known: Observed, prior: Prior, at_s: int, came: int, drawn: np.typing.NDArray[np.float64]) -> Case:
    unit, median = float(max(came, 1)), float(np.median(drawn))
    held = {}
    for level in LEVELS:
        low, high = interval(drawn, level)
        held[level] = low <= came <= high
    rules = {rule: abs(said - came) / unit for rule, said in naive(known, prior.earlier, at_s).items()}
    crps = float(crps_of_samples(drawn, came)) / unit
    return Case(name, round(known.from_s), at_s, came, median, held, crps, abs(median - came) / unit, rules)


def _cell(cases: Sequence[Case]) -> Cell:
    first = cases[0]
    rules = {rule: _mean([case.naive[rule] for case in cases]) for rule in first.naive}
    crps, error = _mean([case.crps for case in cases]), _mean([case.error for case in cases])
    return Cell(first.moment_s, first.at_s, len(cases), _coverage(cases), crps, error, rules)


def _coverage(cases: Sequence[Case]) -> dict[int, float]:
    return {level: _mean([case.held[level] for case in cases]) for level in LEVELS} if cases else {}


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _losses(cell: Cell) -> list[str]:
    """In words, each rule whose score is lower than the forecast's."""
    return [
        f"At {in_words(cell.moment_s)}, for {in_words(cell.at_s)}: loses to {rule}: CRPS {cell.crps:.3f} "
        f"against {score:.3f} ({cell.cases} launch{'es' if cell.cases > 1 else ''})"
        for rule, score in cell.naive.items()
        if score < cell.crps
    ]


def in_words(seconds: int) -> str:
    """A moment after the opening as people say it: 3 minutes, 1 hour, 7 days."""
    for unit, name in ((86_400, "day"), (HOUR_S, "hour"), (60, "minute"), (1, "second")):
        if seconds >= unit and seconds % unit == 0 and (unit < 86_400 or seconds > unit):
            many = seconds // unit
            return f"{many} {name}{'s' if many > 1 else ''}"
    return f"{seconds} seconds"
