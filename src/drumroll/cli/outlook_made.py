"""From what is asked to a whole outlook: the launch curve's forecast, every scenario by month, what others said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from drumroll.bootstrap import read_launch
from drumroll.cli.forecast_asked import LAUNCH, Asked, asked
from drumroll.cli.forecast_backtest import on_known
from drumroll.cli.plan_book import read_book
from drumroll.domain.launch import Launch
from drumroll.domain.launch_outlook import Outlook, OutlookScenario
from drumroll.errors import OutlookRefused
from drumroll.outlook.backtest import Cell
from drumroll.outlook.by_month import Figures, by_month, by_quarter, in_all
from drumroll.outlook.compared import Compared, compared
from drumroll.outlook.demand import demand
from drumroll.outlook.fitting import Posterior, fit
from drumroll.outlook.forecast import Horizon, forecast_of
from drumroll.outlook.months import calendar, day_of
from drumroll.outlook.observed import FIRST_S, Observed, Point, until
from drumroll.outlook.scenarios import Basis, Run, Standing, capacity_basis, run
from drumroll.outlook.standing import declared, standing_of, with_declared

DRAWS = 3000
TEST_DRAWS = 1000
HOUR_S = 3600
CURVE_S = 7 * 86_400
"""The launch curve is fitted to the first 7 days; what is ordered after them tells of the long run."""

_NO_CHANGES = {"curve": None, "after_s": None, "times": None, "within_factor": None, "pace_within_factor": None}


class Said(msgspec.Struct, frozen=True):
    """What would have been said at an early moment, and what came."""

    moment_s: float
    known: int
    horizon: Horizon
    came: int


class Tested(msgspec.Struct, frozen=True):
    """The back-test on the curves that are known: of each launch its cells, and the naive rules that are better."""

    name: str
    cells: tuple[Cell, ...]
    loses_to: tuple[str, ...]


class Played(msgspec.Struct, frozen=True):
    """One scenario: by month, by quarter, and all together."""

    run: Run
    months: tuple[Figures, ...]
    quarters: tuple[Figures, ...]
    whole: Figures


class Made(msgspec.Struct, frozen=True):
    """A whole outlook. ``asked`` is what it was made from; ``early`` what minute 3 would have said."""

    asked: Asked
    launch: Launch
    basis: Basis
    posterior: Posterior
    played: tuple[Played, ...]
    compared: tuple[Compared, ...]
    early: Said | None
    tested: tuple[Tested, ...]


def make(launch_file: str | None, given: dict[str, Any]) -> Made:
    """Work out all that was asked for.

    Raises:
        OutlookRefused: the launch has no [outlook], no scenario of that name, or no plants.
        WrongLaunch: the launch file and the log are of two launches.
        CurveUnfit, LogError, LaunchFileInvalid: as reading and forecasting do.
    """
    launch_file = launch_file if given["log"] else launch_file or LAUNCH
    if not given["log"] and launch_file is not None:
        _has_outlook(read_launch(launch_file))
    no_prior = {"no_prior": False, "horizons": (HOUR_S,)}
    question = asked(launch_file, {**_NO_CHANGES, **no_prior, **given})
    launch = question.launch
    assert launch is not None, "a log or a launch file has one"
    outlook = _has_outlook(launch)
    chosen = _chosen(outlook, given["scenarios"])
    posterior = fit(_of_curve(question.known), question.prior, seed=question.seed, draws=DRAWS)
    basis = _basis(question, launch, posterior, given)
    runs = [run(basis, scenario) for scenario in chosen]
    return Made(
        asked=question,
        launch=launch,
        basis=basis,
        posterior=posterior,
        played=tuple(Played(one, by_month(one), by_quarter(one), in_all(one)) for one in runs),
        compared=compared(runs),
        early=_early(question),
        tested=tuple(_tested(question)),
    )


def _has_outlook(launch: Launch) -> Outlook:
    if launch.outlook is None or not launch.outlook.scenarios:
        lacks = "[outlook]" if launch.outlook is None else "[[outlook.scenario]]"
        raise OutlookRefused(
            f"{launch.id} has no {lacks}: add [outlook.diffusion] and at least one [[outlook.scenario]] with an id and "
            "a name to the launch file (docs/launch-file.md), and give that file, with the log or without"
        )
    return launch.outlook


def _chosen(outlook: Outlook, named: Sequence[str]) -> tuple[OutlookScenario, ...]:
    by_id = {scenario.id: scenario for scenario in outlook.scenarios}
    unknown = [name for name in named if name not in by_id]
    if unknown:
        raise OutlookRefused(f"--scenario: found {', '.join(unknown)}, allowed: {', '.join(by_id)}")
    return tuple(by_id[name] for name in dict.fromkeys(named)) or outlook.scenarios


def _of_curve(known: Observed) -> Observed:
    return until(known, CURVE_S) if known.from_s > CURVE_S else known


def _basis(question: Asked, launch: Launch, posterior: Posterior, given: dict[str, Any]) -> Basis:
    at_ms = launch.opens_at_ms + round(question.moment_s * 1000)
    start_ms = at_ms if given["log"] else launch.opens_at_ms
    opens, start = (date.fromordinal(day_of(at, launch.time_zone)) for at in (launch.opens_at_ms, start_ms))
    cal = calendar(opens, start, given["months"], launch.time_zone)
    return Basis(
        launch=launch,
        calendar=cal,
        capacity=capacity_basis(launch),
        standing=_standing(given["log"], launch, at_ms) if given["log"] else declared(launch),
        demand=demand(launch, posterior, cal, start_ms, question.became, question.seed),
        at_ms=at_ms,
        from_log=bool(given["log"]),
    )


def _standing(log: str, launch: Launch, at_ms: int) -> Standing:
    """The orders of a log, and of the declared backlog what was not imported."""
    book = read_book(log, at_ms).book
    return with_declared(standing_of(book.sequence, launch, at_ms), launch, book.imported)


# What minute 3 would have said, and other back-tests


def _early(question: Asked) -> Said | None:
    """From the first point after minute 3 to the first hour, or to the last point that is known."""
    points = [(at, orders) for at, orders in question.whole if at >= FIRST_S]
    if not points or points[0][0] >= HOUR_S:
        return None
    came = question.came.get(HOUR_S)
    at_s, came = points[-1] if came is None else (float(HOUR_S), came)
    if at_s <= points[0][0]:
        return None
    known = until(Observed(*_columns(question.whole), question.known.source), points[0][0])
    found = fit(known, question.prior, seed=question.seed, draws=DRAWS)
    horizon = forecast_of(found, [round(at_s)], seed=question.seed).horizons[0]
    return Said(points[0][0], points[0][1], horizon, came)


def _columns(points: Sequence[Point]) -> tuple[tuple[float, ...], tuple[int, ...]]:
    kept = [point for point in points if point[0] > 0]
    return tuple(at for at, _ in kept), tuple(orders for _, orders in kept)


def _tested(question: Asked) -> Iterable[Tested]:
    """On the launch's own published curve, and on the earlier launch's."""
    points = question.whole if question.known.source == "published" else ()
    for name, found in on_known(question, points, TEST_DRAWS):
        yield Tested(name, found.cells, found.loses_to)
