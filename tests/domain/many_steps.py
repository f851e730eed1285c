"""Run the state machine for as many steps as asked for: ``python -m tests.domain.many_steps [steps] [seed]``."""

from __future__ import annotations

import sys
from time import perf_counter

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.domain.nights import tried
from tests.domain.test_state_machine import LaunchNight

EXAMPLES, STEPS_EACH = 50, 50


def main(steps: int, first_seed: int) -> None:
    """Runs of 50 nights, each from the next seed, until so many steps were tried."""
    began, number = perf_counter(), first_seed
    run = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS_EACH,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    while tried["steps"] < steps:
        run_state_machine_as_test(
            seed(number)(type(f"Night{number}", (LaunchNight,), {"replayed_every": 5})), settings=run
        )
        number += 1
    for what, count in sorted(tried.items()):
        print(f"{count:9,} {what}")
    print(f"{tried['steps']:,} steps, {tried['commands']:,} commands in {perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main(*(int(argument) for argument in (sys.argv[1:] + ["100000", "0"][len(sys.argv) - 1 :])))
