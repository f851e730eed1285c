"""Orders that an operator pinned to a week: they take their capacity before anybody else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drumroll.domain.weeks import week_label
from drumroll.errors import PlanRefused
from drumroll.plan.problem import Counts, Problem


def without_pins(problem: Problem) -> tuple[Counts, NDArray[np.bool_]]:
    """What the pinned orders leave: (R, W) capacity, and (N,) whether an order is free, that is not pinned.

    Raises:
        PlanRefused: a pin lies outside the weeks, nobody builds the order, or there is no room for it.
    """
    free = problem.pinned < 0
    if free.all():
        return problem.capacity.astype(np.int64), free
    columns, kinds = problem.pinned[~free].astype(np.int64), problem.kind[~free].astype(np.int64)
    _must_be_possible(problem, columns, kinds)
    shape = (len(problem.needs), problem.weeks)
    pinned = np.bincount(kinds * shape[1] + columns, minlength=shape[0] * shape[1]).reshape(shape)
    taken = problem.needs.T.astype(np.int64) @ pinned
    left: Counts = problem.capacity - taken
    _must_fit(problem, left, taken)
    return left, free


def _must_be_possible(problem: Problem, columns: Counts, kinds: Counts) -> None:
    outside = int(np.count_nonzero(columns >= problem.weeks))
    if outside:
        last = week_label(problem.first_week + problem.weeks - 1)
        raise PlanRefused(f"{outside:,} order(s) are pinned to weeks after {last}, the last of the plan; unpin them")
    nobody_builds = np.logical_not(np.any(problem.needs, axis=1))
    unbuilt = int(np.count_nonzero(nobody_builds[kinds]))
    if unbuilt:
        raise PlanRefused(f"{unbuilt:,} pinned order(s) are built at no plant; unpin them")


def _must_fit(problem: Problem, left: Counts, taken: Counts) -> None:
    """Where nothing is pinned, nothing is asked: a capacity that is less than nothing is not the pins' fault."""
    over = np.argwhere((left < 0) & (taken > 0))
    if not len(over):
        return
    resource, column = (int(each) for each in over[0])
    more = f" (and {len(over) - 1:,} more such week(s))" if len(over) > 1 else ""
    raise PlanRefused(
        f"{int(taken[resource, column]):,} orders are pinned to {week_label(problem.first_week + column)}, where"
        f" {problem.resources[resource]} has room for {max(0, int(problem.capacity[resource, column])):,}:"
        f" {-int(left[resource, column]):,} too many{more}. Unpin as many, or give the week more capacity"
    )
