"""``drumroll bench --plan``: how long a plan of a million orders takes, by both policies, and how much memory.

It runs in a process of its own, so that the memory is the plan's.
"""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from drumroll.errors import DrumrollError
from drumroll.plan.least_breakage import least_breakage
from drumroll.plan.problem import Plan, Problem, score
from drumroll.plan.strict import strict

SIZES = (10_000, 100_000, 1_000_000)
WEEKS = 104
SHARES = (0.5, 0.3, 0.2)
"""Of the orders, by trim."""

CUT_PERCENT, CUT_FROM, CUT_WEEKS = 55, 5, 12
LATE_BOUND = 26
ROUNDS = 3
_GROWTH = ("orders", "strict s", "least s", "memory MB", "strict broken", "least broken")
WANTED = {"strict_s": "under 1", "least_breakage_s": "under 3", "memory_mb": "under 1,500"}


def run(sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """The figures, measured in another process. Raises ``DrumrollError``."""
    command = [sys.executable, "-m", "drumroll.cli.bench_plan", *map(str, sizes)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        raise DrumrollError(f"the plans could not be measured; the process said:\n{made.stderr[-2000:]}")
    found: dict[str, Any] = msgspec.json.decode(made.stdout)
    return found


def show(found: dict[str, Any], console: Console) -> None:
    """The figures against what is wanted, then how they grow (least: the least-breakage policy)."""
    figures = Table(title="drumroll bench --plan", title_justify="left")
    growth = Table(title="How it grows (least: least-breakage)", title_justify="left")
    for table, head in ((figures, ("figure", "measured", "wanted")), (growth, _GROWTH)):
        for name in head:
            table.add_column(name, justify="left" if name in ("figure", "wanted") else "right")
    for name in ("orders", "weeks", "trims", "rounds", *WANTED):
        figures.add_row(name, f"{found[name]:,}", WANTED.get(name, ""))
    for size, each in found["growth"].items():
        broken = (each["broken"][policy] for policy in ("strict", "least_breakage"))
        growth.add_row(*(f"{value:,}" for value in (int(size), *(each[name] for name in WANTED), *broken)))
    console.print(figures)
    console.print(growth)


def measure(sizes: tuple[int, ...]) -> dict[str, Any]:
    """The figures of each size, and those of the largest as the whole; smaller ones first, since memory only grows."""
    growth = {str(size): _of_size(size) for size in sorted(sizes)}
    largest = growth[str(max(sizes))]
    return {**largest, "orders": max(sizes), "weeks": WEEKS, "trims": len(SHARES), "rounds": ROUNDS, "growth": growth}


def disturbed(orders: int) -> Problem:
    """Orders promised by an undisturbed plan, of which then a part of the plant's weeks is gone.

    One plant and a limit for each trim, all with a ramp over the first half year. What is due is the week that the
    strict plan gave before the cut.
    """
    before = _undisturbed(orders)
    capacity = before.capacity.copy()
    weeks = slice(CUT_FROM, CUT_FROM + CUT_WEEKS)
    capacity[-1, weeks] = capacity[-1, weeks] * (100 - CUT_PERCENT) // 100
    return msgspec.structs.replace(before, capacity=capacity, due=strict(before).column)


def _undisturbed(orders: int) -> Problem:
    ramp = np.minimum(1.0, 0.6 + 0.4 * np.arange(WEEKS) / 26)
    # A tenth more than is ordered, so that what is lost by the cut can be made up within the weeks.
    plant = np.ceil(ramp * (1.1 * orders / ramp.sum()))
    limits = [np.ceil(plant * share * 1.05) for share in SHARES]
    needs = np.concatenate([np.eye(len(SHARES), dtype=np.bool_), np.ones((len(SHARES), 1), np.bool_)], axis=1)
    kinds = np.random.Generator(np.random.PCG64(1)).choice(len(SHARES), orders, p=SHARES).astype(np.int32)
    return Problem(
        first_week=0,
        resources=(*(f"limit-{number}" for number in range(len(SHARES))), "plant"),
        capacity=np.array([*limits, plant]).astype(np.int64),
        needs=needs,
        kind=kinds,
        due=np.full(orders, WEEKS, np.int32),
        pinned=np.full(orders, -1, np.int32),
    )


def _of_size(orders: int) -> dict[str, Any]:
    problem = disturbed(orders)
    strict_s, by_place = _timed(lambda: strict(problem))
    least_s, fewest = _timed(lambda: least_breakage(problem, LATE_BOUND))
    return {
        "strict_s": strict_s,
        "least_breakage_s": least_s,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "broken": {
            "strict": score(problem, by_place, LATE_BOUND).broken,
            "least_breakage": score(problem, fewest, LATE_BOUND).broken,
        },
    }


def _timed(plan: Callable[[], Plan]) -> tuple[float, Plan]:
    """The median of some rounds, and what the last of them gave."""
    times = []
    for _ in range(ROUNDS):
        gc.collect()
        began = time.perf_counter()
        found = plan()
        times.append(time.perf_counter() - began)
    return round(median(times), 4), found


if __name__ == "__main__":
    print(msgspec.json.encode(measure(tuple(map(int, sys.argv[1:])))).decode())
