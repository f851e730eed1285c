"""An outlook as values for JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from drumroll.cli import outlook_words as words
from drumroll.cli.outlook_made import Made, Played
from drumroll.domain.times import rfc3339


def as_json(made: Made) -> dict[str, Any]:
    """Everything, with the months of every scenario."""
    figure, sentence = words.headline(made)
    return {
        "launch": made.launch.id,
        "currency": made.launch.currency,
        "at": rfc3339(made.basis.at_ms, made.launch.time_zone),
        "from_log": made.basis.from_log,
        "orders_so_far": made.asked.known.orders_now,
        "headline": {"figure": figure, "says": sentence},
        "scenarios": [_scenario(made, played) for played in made.played],
        "compared": msgspec.to_builtins(made.compared),
        "minute_3": msgspec.to_builtins(made.early, str_keys=True),
        "back_tests": msgspec.to_builtins(made.tested, str_keys=True),
        "assumed": list(words.assumptions(made)),
    }


def _scenario(made: Made, played: Played) -> dict[str, Any]:
    scenario = played.run.scenario
    return {
        "id": scenario.id,
        "name": scenario.name,
        "says": words.scenario_in_words(made, scenario),
        "backlog_at_opening": int(played.run.opening.sum()),
        "total": msgspec.to_builtins(played.whole),
        "quarters": msgspec.to_builtins(played.quarters),
        "months": msgspec.to_builtins(played.months),
    }
