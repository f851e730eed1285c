"""What a plan is asked for, and what it answers: arrays over orders, kinds, resources and weeks.

N orders in the order of their places, K kinds (what an order needs), R resources (limits and plants), W weeks. Weeks
are columns here: column 0 is ``first_week``. Column W stands for "no week within the horizon".
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Columns = NDArray[np.int32]


class Problem(msgspec.Struct, frozen=True):
    """Orders that need a week, and the capacity that there is.

    Args:
        first_week: the number of the week of column 0, the first that a plan may touch.
        resources: the R ids of limits and plants, limits first.
        capacity: (R, W) orders a week.
        needs: (K, R) whether a kind needs a resource. A kind that needs none can't be built at all.
        kind: (N,) the kind of each order, by place in the queue: the first comes first.
        due: (N,) the last column in which it can be built for its promise to be kept. Negative: that is past, the
            promise is broken whatever is planned. W: nothing was promised, or the promise has no end in sight.
        pinned: (N,) the column in which it must be built, or -1.
    """

    first_week: int
    resources: tuple[str, ...]
    capacity: Counts
    needs: NDArray[np.bool_]
    kind: Columns
    due: Columns
    pinned: Columns

    @property
    def weeks(self) -> int:
        """W, the number of weeks that can be planned."""
        return int(self.capacity.shape[1])


class Plan(msgspec.Struct, frozen=True):
    """A column for each order of a problem, in the same order; W: none."""

    policy: str
    column: Columns


class Score(msgspec.Struct, frozen=True):
    """What a plan does to promises. ``broken``: built after ``due``; weeks of lateness are counted from ``due``.

    An order without a week counts as built in column W. ``beyond`` are those later than the bound after their due.
    """

    orders: int
    broken: int
    weeks_late: int
    most_late: int
    beyond: int
    unplanned: int


def score(problem: Problem, plan: Plan, late_bound: int) -> Score:
    """Count what a plan breaks, in whole numbers."""
    late = np.maximum(0, plan.column.astype(np.int64) - problem.due)
    late[problem.due >= problem.weeks] = 0
    return Score(
        orders=len(plan.column),
        broken=int(np.count_nonzero(late)),
        weeks_late=int(late.sum()),
        most_late=int(late.max(initial=0)),
        beyond=int(np.count_nonzero(late > late_bound)),
        unplanned=int(np.count_nonzero(plan.column >= problem.weeks)),
    )


def used(problem: Problem, plan: Plan) -> Counts:
    """(R, W) how much of each resource a plan takes in each week."""
    kinds, weeks = problem.needs.shape[0], problem.weeks
    built = np.bincount(problem.kind * (weeks + 1) + plan.column, minlength=kinds * (weeks + 1))
    by_kind = built.reshape(kinds, weeks + 1)[:, :weeks]
    taken: Counts = problem.needs.T.astype(np.int64) @ by_kind
    return taken


def short(problem: Problem, plan: Plan) -> Columns:
    """(N,) for each order the resource for want of which it is not a week earlier (the first such), or -1: for none."""
    full = used(problem, plan) >= problem.capacity
    table = np.full((problem.needs.shape[0], problem.weeks + 1), -1, np.int32)
    for resource in reversed(range(len(problem.resources))):
        wanting = np.zeros(problem.weeks + 1, np.bool_)
        wanting[1:] = full[resource]
        table[np.ix_(problem.needs[:, resource], wanting)] = resource
    answer: Columns = table[problem.kind, plan.column]
    return answer
