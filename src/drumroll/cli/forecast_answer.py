"""What ``drumroll forecast`` answers: the forecast, what of it will lock, two years by month, and the naive rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp

import msgspec
import numpy as np
from scipy.special import ndtri

from drumroll.cli.forecast_asked import Asked
from drumroll.cli.forecast_words import span
from drumroll.domain.launch import Launch
from drumroll.outlook.fitting import Posterior, fit
from drumroll.outlook.forecast import LEVELS, Forecast, Horizon, draws_of, forecast_of
from drumroll.outlook.forecast_locked import (
    Cancelling,
    Locked,
    Month,
    cancelling,
    locked,
    locked_draws,
    long_run_of,
    month_edges,
    monthly,
)
from drumroll.outlook.naive import naive
from drumroll.outlook.prior import Prior

DRAWS = 3000
MONTHS = 24
QUARTER = 3
FEW_DRAWS = 100
"""With so few effective draws or fewer, a forecast is said to be rough (docs/curves.md)."""

UNSAID_PERCENT = (1, 30)
"""The share that cancels where a launch file says nothing of it: as good as unknown."""


class Locks(msgspec.Struct, frozen=True):
    """Of the orders now (``at_s`` is ``None``) or by a horizon: how many will lock in the end."""

    at_s: int | None
    locked: Locked


class Answer(msgspec.Struct, frozen=True):
    """``naive`` has what each rule says by horizon. ``cancels``: what is known of the share that cancels.

    ``months`` and ``quarters`` are empty where no launch file has [outlook.diffusion], ``locks`` where nothing locks.
    """

    asked: Asked
    posterior: Posterior
    forecast: Forecast
    naive: dict[int, dict[str, float]]
    cancels: Cancelling | None
    locks: tuple[Locks, ...]
    months: tuple[Month, ...]
    quarters: tuple[Month, ...]
    notes: tuple[str, ...]


def answered(asked: Asked) -> Answer:
    """The whole answer; the same question has the same. Raises ``CurveUnfit`` if no curve fits."""
    posterior = fit(asked.known, asked.prior, seed=asked.seed, draws=DRAWS)
    found = forecast_of(posterior, asked.horizons_s, seed=asked.seed)
    horizons = tuple(_with_what_came(horizon, asked) for horizon in found.horizons)
    notes = [*_rough(found), *_surprised(found, asked)]
    cancels = _cancels(asked, notes)
    return Answer(
        asked=asked,
        posterior=posterior,
        forecast=msgspec.structs.replace(found, horizons=horizons),
        naive={horizon.at_s: naive(asked.known, asked.earlier, horizon.at_s) for horizon in horizons},
        cancels=cancels,
        locks=() if cancels is None else tuple(_locks(asked, posterior, cancels)),
        months=_months(asked, posterior, month_edges(MONTHS), notes),
        quarters=_months(asked, posterior, month_edges(MONTHS)[::QUARTER], []),
        notes=tuple(notes),
    )


def prior_sizes(prior: Prior) -> dict[int, tuple[float, float]]:
    """Intervals of the size that a prior assumes, by percent; 0: its median, twice."""
    normal = ndtri(np.linspace(0.0005, 0.9995, 2000))
    logs = np.concatenate([own.mean[0] + own.sd[0] * normal for own in prior.candidates])
    said = {0: (exp(float(np.median(logs))),) * 2}
    for level in LEVELS:
        low, high = np.quantile(logs, (0.5 - level / 200, 0.5 + level / 200))
        said[level] = (exp(float(low)), exp(float(high)))
    return said


def _rough(found: Forecast) -> Iterator[str]:
    """Where the counts and the prior are far apart, few draws fit both: then the sampling is poor, and that is said."""
    if found.effective_draws <= FEW_DRAWS:
        yield (
            f"Only {found.effective_draws:,} of the draws carry weight: intervals and weights of the prior are rough"
            " here, and may be far too narrow."
        )


def _surprised(found: Forecast, asked: Asked) -> Iterator[str]:
    """A launch of quite another size than was assumed is best told so, not averaged with what was assumed."""
    low, high = prior_sizes(asked.prior)[95]
    way_out = (
        "say --times, or --no-prior" if asked.earlier else "give a launch file with an [outlook.earlier] of its size"
    )
    if not low <= found.size_median <= high:
        yield (
            f"The orders so far do not look like what the prior assumes of the size ({span((low, high))}, 95 %): the"
            " forecast is torn between both, and the weight of the prior says little of it. If this launch is of"
            f" another size, {way_out}."
        )


def _with_what_came(horizon: Horizon, asked: Asked) -> Horizon:
    """A moment that is past is what was counted then, not what lies on a line between two points."""
    came = asked.came.get(horizon.at_s)
    if not horizon.known or came is None:
        return horizon
    return msgspec.structs.replace(
        horizon, median=came, mean=float(came), intervals=dict.fromkeys(LEVELS, (came, came))
    )


def _cancels(asked: Asked, notes: list[str]) -> Cancelling | None:
    launch = asked.launch
    if launch is None or launch.cooling_off_s is None:
        notes.append("Locked orders are not forecast: no launch says that orders have a cooling-off that ends.")
        return None
    low, high = cancel_percent(launch)
    if (low, high) == UNSAID_PERCENT:
        notes.append(f"The launch file has no promise.cancel_percent: {low} to {high} % is assumed to cancel.")
    return cancelling(low, high, asked.became)


def cancel_percent(launch: Launch) -> tuple[int, int]:
    """The share of firm orders that is thought to cancel (low, high), as the launch file has it."""
    said = launch.promise.cancel_percent if launch.promise is not None else (0, 0)
    return said if said != (0, 0) else UNSAID_PERCENT


def _locks(asked: Asked, posterior: Posterior, cancels: Cancelling) -> Iterator[Locks]:
    now, later = posterior.known.orders_now, [at_s for at_s in asked.horizons_s if at_s > posterior.known.from_s]
    drawn = draws_of(posterior, later, seed=asked.seed) if later else np.zeros((DRAWS, 0), np.int64)
    given_up = cancels.draws(len(drawn), seed=asked.seed)
    yield Locks(None, locked(locked_draws(np.full(len(drawn), now), given_up, now, asked.became)))
    for place, at_s in enumerate(later):
        yield Locks(at_s, locked(locked_draws(drawn[:, place], given_up, now, asked.became)))


def _months(asked: Asked, posterior: Posterior, edges_s: Sequence[float], notes: list[str]) -> tuple[Month, ...]:
    outlook = None if asked.launch is None else asked.launch.outlook
    if outlook is None or outlook.diffusion is None:
        notes.append("Months are not forecast: no launch file has [outlook.diffusion], and no first day can tell.")
        return ()
    return monthly(posterior, long_run_of(outlook.diffusion), seed=asked.seed, edges_s=edges_s)
