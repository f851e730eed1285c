"""``drumroll forecast --backtest``: on launches drawn from its prior, and on those that were."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec
from rich.console import Console

from drumroll.cli.at_the_terminal import progress
from drumroll.cli.forecast_asked import Asked, published_points
from drumroll.cli.forecast_words import clock, percent, short_clock
from drumroll.cli.tables import said, table, title
from drumroll.outlook.backtest import HORIZONS_S, HOURS, MOMENTS_S, Backtest, Cell, backtest, backtest_on_points
from drumroll.outlook.forecast import LEVELS
from drumroll.outlook.observed import Point
from drumroll.outlook.prior import vague
from drumroll.outlook.simulated import Launch, simulate

HOUR_S = 3600
DRAWS = 400
MOST_LAUNCHES = 2000
FEW = 30
"""Of fewer launches than that a coverage is too rough to be held against what is stated."""


class Played(msgspec.Struct, frozen=True):
    """Back-tests: on simulated launches, and on each launch whose curve is known (its name, with which prior)."""

    seed: int
    simulated: Backtest
    known: tuple[tuple[str, Backtest], ...]

    @property
    def losses(self) -> tuple[str, ...]:
        """In words, every place where a naive rule is better."""
        of_known = (f"{name}: {loss}" for name, found in self.known for loss in found.loses_to)
        return (*(f"simulated: {loss}" for loss in self.simulated.loses_to), *of_known)


def played(asked: Asked, count: int) -> Played:
    """Forecast ``count`` launches drawn from the prior, and those that were, from several moments each."""
    marks = sorted({*MOMENTS_S, *(hour * HOUR_S for hour in HOURS)})
    launches = simulate(asked.prior, count, seed=asked.seed, marks_s=marks)
    horizons = sorted({*HORIZONS_S, *(hour * HOUR_S for hour in HOURS)})
    with progress(f"Back-testing on {count:,} launches") as say:
        simulated = backtest(_told(launches, say), asked.prior, horizons_s=horizons, seed=asked.seed, draws=DRAWS)
    points = () if asked.launch is None else published_points(asked.launch)
    return Played(asked.seed, simulated, tuple(on_known(asked, points, 4 * DRAWS)))


def _told(launches: Sequence[Launch], say: Callable[[int, int], None]) -> Iterator[Launch]:
    """The launches, one by one, and to ``say`` how many of them are done."""
    for number, launch in enumerate(launches):
        say(number, len(launches))
        yield launch


def on_known(asked: Asked, points: Sequence[Point], draws: int) -> Iterator[tuple[str, Backtest]]:
    """The launch's own ``points`` with the prior in use, and the earlier launch's with a vague one."""
    launches = [(asked.name, points, asked.prior)]
    if asked.earlier is not None:
        launches.append((f"{asked.earlier.name}, vague prior", asked.earlier.points, vague()))
    for name, each, prior in launches:
        found = backtest_on_points(name, each, prior, seed=asked.seed, draws=draws)
        if found is not None:
            yield name, found


# Said


def show(found: Played, console: Console) -> None:
    """Print how often intervals held, how far off it was by hour, and every naive rule that was better."""
    simulated = found.simulated
    title(console, f"Back-test on {simulated.launches:,} simulated launches (seed {found.seed})")
    pooled = ", ".join(f"{percent(simulated.coverage[level])} of the {level} % intervals" for level in LEVELS)
    said(console, f"Held what came, all together: {pooled}.")
    if simulated.launches < FEW:
        said(console, f"{simulated.launches} launches are few: a share of them is rough. Ask for {FEW} or more.")
    console.print()
    table(console, CELL_HEAD, [cell_row(cell) for cell in main_cells(simulated)], right=range(1, 7), words=(0, 7))
    title(console, "How far off the median was, by moment and hour")
    table(console, ("from", *(short_clock(hour * HOUR_S) for hour in HOURS)), error_rows(simulated), right=range(1, 9))
    for name, known in found.known:
        title(console, f"Back-test on {name}")
        table(console, CELL_HEAD, [cell_row(cell) for cell in known.cells], right=range(1, 7), words=(0, 7))
    title(console, "Where it loses to a naive rule")
    said(console, *(found.losses or ("Nowhere, on these launches.",)))


CELL_HEAD = ("from, for", *(f"{level} %" for level in LEVELS), "CRPS", "off by", "best rule", "")


def main_cells(found: Backtest) -> list[Cell]:
    """The cells of the main horizons."""
    return [cell for cell in found.cells if cell.at_s in HORIZONS_S]


def cell_row(cell: Cell) -> tuple[str, ...]:
    """Coverage, score and error of one moment and horizon, and the best of the naive rules beside it."""
    rule, score = min(cell.naive.items(), key=lambda item: item[1])
    return (
        f"{short_clock(cell.moment_s)}, {short_clock(cell.at_s)}",
        *(_held(cell, level) for level in LEVELS),
        f"{cell.crps:.3f}",
        percent(cell.error),
        f"{score:.3f}",
        rule,
    )


def _held(cell: Cell, level: int) -> str:
    """Of one launch, whether its interval held; of several the share that did."""
    if cell.cases > 1:
        return percent(cell.coverage[level])
    return "held" if cell.coverage[level] else "missed"


def error_rows(found: Backtest) -> list[tuple[str, ...]]:
    """By moment, the mean error of the median at each hour, as a share of what came."""
    rows = []
    for moment_s in dict.fromkeys(cell.moment_s for cell in found.cells):
        errors = found.error_by_hour(moment_s)
        rows.append((clock(moment_s), *(percent(errors[hour]) if hour in errors else "" for hour in HOURS)))
    return rows
