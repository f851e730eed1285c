"""What a forecast says as values for JSON; docs/curves.md has the fields."""

from __future__ import annotations

from typing import Any

import msgspec

from drumroll.cli.forecast_answer import Answer
from drumroll.cli.forecast_backtest import Played
from drumroll.cli.forecast_words import verdict
from drumroll.outlook.backtest import Backtest
from drumroll.outlook.forecast import LEVELS, Horizon
from drumroll.outlook.forecast_locked import Month


def as_json(answer: Answer, tested: Played | None) -> dict[str, Any]:
    """All figures; seconds count from the opening, shares and weights are from 0 to 1."""
    asked, found = answer.asked, answer.forecast
    return {
        "launch": None if asked.launch is None else asked.launch.id,
        "source": found.source,
        "from": asked.where,
        "at": asked.at,
        "after_s": asked.moment_s,
        "known_until_s": found.from_s,
        "orders_now": found.orders_now,
        "points": len(asked.known.seconds),
        "seed": asked.seed,
        "horizons": [_horizon(each, answer) for each in found.horizons],
        "size": {
            "median": found.size_median,
            "intervals": _intervals(found.size),
            "prior_weight": found.prior_weight,
        },
        "curves": [msgspec.to_builtins(each) for each in found.models],
        "cancels": _cancels(answer),
        "locked": [
            {"of_orders_by_s": each.at_s, **msgspec.to_builtins(each.locked, str_keys=True)} for each in answer.locks
        ],
        "months": [_month(number, each) for number, each in enumerate(answer.months, 1)],
        "quarters": [_month(number, each) for number, each in enumerate(answer.quarters, 1)],
        "prior": {"says": found.prior_says, "earlier": msgspec.to_builtins(asked.earlier)},
        "notes": [*asked.notes, *answer.notes],
        "effective_draws": found.effective_draws,
        "backtest": None if tested is None else _tested(tested),
    }


def _horizon(horizon: Horizon, answer: Answer) -> dict[str, Any]:
    came = answer.asked.came.get(horizon.at_s)
    return {
        "at_s": horizon.at_s,
        "known": horizon.known,
        "median": horizon.median,
        "mean": horizon.mean,
        "intervals": _intervals(horizon.intervals),
        "prior_weight": horizon.prior_weight,
        "came": came,
        "verdict": None if came is None or horizon.known else verdict(horizon, came),
        "naive": answer.naive[horizon.at_s],
    }


def _intervals(found: dict[int, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    return {str(level): found[level] for level in LEVELS}


def _cancels(answer: Answer) -> dict[str, Any] | None:
    if answer.cancels is None:
        return None
    cancels = answer.cancels
    return {
        "median": cancels.median,
        "low_90": cancels.low,
        "high_90": cancels.high,
        "prior_weight": cancels.prior_weight,
        "became": msgspec.to_builtins(answer.asked.became),
    }


def _month(number: int, month: Month) -> dict[str, Any]:
    return {
        "number": number,
        "from_s": round(month.from_s),
        "to_s": round(month.to_s),
        "median": month.median,
        "mean": month.mean,
        "intervals": _intervals(month.intervals),
        "long_run_share": month.long_run_share,
    }


def _tested(tested: Played) -> dict[str, Any]:
    return {
        "seed": tested.seed,
        "simulated": _backtest(tested.simulated),
        "known": [{"name": name, **_backtest(found)} for name, found in tested.known],
        "loses_to": tested.losses,
    }


def _backtest(found: Backtest) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(found, str_keys=True)
    return values
