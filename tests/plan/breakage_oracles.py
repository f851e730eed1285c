"""The least-breakage plan found in other ways: every assignment tried; an integer program of who is built when."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from drumroll.plan.problem import Plan, Problem

Objectives = tuple[int, int, int, int]


def objectives(problem: Problem, plan: Plan, bound: int) -> Objectives:
    """Order by order: broken, weeks late, later than the bound, sum of columns."""
    broken = late = beyond = 0
    for column, due in zip(plan.column.tolist(), problem.due.tolist(), strict=True):
        if due < problem.weeks and column > due:
            broken += 1
            late += column - due
            beyond += column - due > bound
    return broken, late, beyond, int(plan.column.sum())


def by_trying_all(problem: Problem, bound: int) -> Objectives:
    """The best of all (W + 1)^N assignments."""
    weeks, orders = problem.weeks, len(problem.kind)
    tried = np.array(list(product(range(weeks + 1), repeat=orders)), np.int64).reshape(-1, orders)
    fits = ((problem.pinned < 0) | (tried == problem.pinned)).all(axis=1)
    needs = problem.needs[problem.kind]
    fits &= (needs.any(axis=1) | (tried == weeks)).all(axis=1)
    for week in range(weeks):
        fits &= ((tried == week).astype(np.int64) @ needs <= problem.capacity[:, week]).all(axis=1)
    left = tried[fits]
    costs = costs_of(problem.due, weeks, bound)
    each = np.stack([one[np.arange(orders), left].sum(axis=1) for one in costs], axis=1)
    best = min(map(tuple, each.tolist()))
    return int(best[0]), int(best[1]), int(best[2]), int(best[3])


def costs_of(due: NDArray[np.int32], weeks: int, bound: int) -> list[NDArray[np.int64]]:
    """(N, W + 1) what each objective takes for an order in a column."""
    column = np.arange(weeks + 1)
    late = np.maximum(0, column - due[:, np.newaxis].astype(np.int64))
    late[due >= weeks] = 0
    return [(late > 0).astype(np.int64), late, (late > bound).astype(np.int64), np.broadcast_to(column, late.shape)]


def by_integer_program(problem: Problem, bound: int, count: NDArray[np.int64] | None = None) -> Objectives:
    """x[order, week] in whole numbers (with ``count``: rows of the problem are that many alike), one goal at a time."""
    weeks, rows = problem.weeks, len(problem.kind)
    wide = weeks + 1
    count = np.ones(rows, np.int64) if count is None else count
    upper = np.repeat(count, wide).reshape(rows, wide)
    upper[~problem.needs.any(axis=1)[problem.kind], :weeks] = 0
    for row in np.flatnonzero(problem.pinned >= 0):
        upper[row, np.arange(wide) != problem.pinned[row]] = 0
    each_once = np.kron(np.eye(rows), np.ones(wide))
    needs = problem.needs[problem.kind].astype(float)
    within = np.concatenate([np.kron(needs[:, [r]].T, np.eye(wide)[:weeks]) for r in range(needs.shape[1])])
    constraints = [
        LinearConstraint(each_once, count, count),
        LinearConstraint(within, -np.inf, problem.capacity.ravel()),
    ]
    found = []
    for costs in costs_of(problem.due, weeks, bound):
        goal = costs.ravel().astype(float)
        answer = milp(
            goal,
            integrality=np.ones(rows * wide),
            bounds=Bounds(0, upper.ravel()),
            constraints=constraints,
            options={"mip_rel_gap": 0.0},
        )
        assert answer.status == 0, answer.message
        found.append(round(answer.fun))
        constraints.append(LinearConstraint(goal[np.newaxis], -np.inf, found[-1]))
    return found[0], found[1], found[2], found[3]
