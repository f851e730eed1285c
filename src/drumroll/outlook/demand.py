"""New orders by step of the calendar: what the launch curve brings, and the long run beside it. Uncapped.

Row 0 of every table is the central case: the launch curve's medians, and the long run as the launch file has it. The
rows after it are draws, from which intervals come.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
import numpy as np

from drumroll.domain.launch import Launch
from drumroll.errors import OutlookRefused
from drumroll.outlook.curves import Floats
from drumroll.outlook.fitting import Posterior
from drumroll.outlook.forecast_locked import Became, LongRun, cancelling, long_run_of, monthly_draws
from drumroll.outlook.months import Calendar, Counts

DRAWS = 100
"""Rows that scenarios are worked out for: enough for an 80 % interval, and few enough for a few seconds."""

DAY_MS = 86_400_000


class Demand(msgspec.Struct, frozen=True):
    """Orders of the headline models, rows x steps: the launch curve's, and the long run's beside it.

    ``known`` is one row: what came before the moment. ``gives_up`` is the share (0 to 1) of firm orders that cancel.
    """

    known: Counts
    launch: Counts
    long_run: Counts
    gives_up: Floats


def demand(
    launch: Launch, posterior: Posterior, cal: Calendar, start_ms: int, became: Became | None, seed: int
) -> Demand:
    """The demand from ``start_ms`` on, of a fitted launch curve. Deterministic by ``seed``.

    Raises:
        OutlookRefused: the start lies after the calendar's first step.
    """
    edges = _seconds(launch, cal, start_ms)
    assumed = launch.outlook.diffusion if launch.outlook is not None else None
    long_run = None if assumed is None else long_run_of(assumed)
    drawn, beside = _drawn(posterior, long_run, edges, seed)
    by_then = np.cumsum(drawn, axis=1)
    now = float(posterior.known.orders_now) if posterior.known.from_s > edges[0] else 0.0
    known = np.diff(np.minimum(by_then[:1], now), axis=1, prepend=0.0)
    central = np.median(by_then, axis=0)[None, :]
    rows = np.linspace(0, len(by_then) - 1, DRAWS).round().astype(int)
    coming = np.maximum(np.concatenate([central, by_then[rows]]) - now, 0.0)
    return Demand(
        known=known[0].astype(np.int64),
        launch=_whole(coming),
        long_run=_whole(np.cumsum(np.concatenate([_middle(long_run, edges), beside[rows]]), axis=1)),
        gives_up=_gives_up(launch, became, seed),
    )


def monthly_until(monthly: int, from_day: date, days: Sequence[int]) -> Counts:
    """Of ``monthly`` orders a month from a day on, how many came before each of ``days``: evenly within each month."""
    before = _by_day(monthly, from_day)
    return np.array([max(0, _by_day(monthly, date.fromordinal(day)) - before) for day in days], dtype=np.int64)


def shared_out(orders: Counts, mix: Sequence[int]) -> Counts:
    """Whole orders by trim (a new axis before the last): in proportion to ``mix``, what is left over to the first."""
    whole = max(1, sum(mix))
    parts = np.stack([orders * part // whole for part in mix], axis=-2)
    parts[..., 0, :] += orders - parts.sum(axis=-2)
    return parts


def usual_mix(trims: int) -> tuple[int, ...]:
    """Trims as 1 : 1/2 : 1/3 ..., as the rehearsal and ``drumroll waits`` mix them, in parts of 5,040."""
    return tuple(5040 // (number + 1) for number in range(trims))


def _seconds(launch: Launch, cal: Calendar, start_ms: int) -> tuple[float, ...]:
    """The steps' edges after the opening; the first is the start itself."""
    later = [cal.starts_ms(day) for day in cal.edges[1:]]
    if later[0] <= start_ms or start_ms < launch.opens_at_ms:
        raise OutlookRefused(
            f"the outlook of {launch.id} can't start there; it starts between the opening and the end of its months"
        )
    return tuple((at_ms - launch.opens_at_ms) / 1000 for at_ms in (start_ms, *later))


def _drawn(posterior: Posterior, assumed: LongRun | None, edges: Sequence[float], seed: int) -> tuple[Floats, Floats]:
    """Draws of the launch curve and of the long run, between ``edges``."""
    ours = edges if edges[0] == 0 else (0.0, *edges)
    launch, beside = monthly_draws(posterior, assumed, ours, seed=seed)
    skipped = len(ours) - len(edges)
    return launch[:, skipped:], beside[:, skipped:]


def _middle(assumed: LongRun | None, edges: Sequence[float]) -> Floats:
    return np.zeros((1, len(edges) - 1)) if assumed is None else np.diff(assumed.by_then(edges))[None, :]


def _whole(by_then: Floats) -> Counts:
    """Cumulative orders as whole ones by step."""
    whole: Counts = np.floor(by_then + 0.5).astype(np.int64)
    whole[:, 1:] -= whole[:, :-1].copy()
    return whole


def _gives_up(launch: Launch, became: Became | None, seed: int) -> Floats:
    low, high = launch.promise.cancel_percent if launch.promise is not None else (0, 0)
    if not high or launch.cooling_off_s is None:
        return np.zeros(DRAWS + 1)
    found = cancelling(low, high, became)
    middle = (low + high) / 200 if became is None else found.median
    return np.concatenate([[middle], found.draws(DRAWS, seed=seed)])


def _by_day(monthly: int, day: date) -> int:
    """So many since the year 1 before that day."""
    begins = day.replace(day=1)
    length = ((begins + timedelta(days=32)).replace(day=1) - begins).days
    return monthly * (day.year * 12 + day.month) + monthly * (day - begins).days // length
