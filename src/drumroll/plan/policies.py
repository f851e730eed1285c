"""Which plan a policy makes of the orders of a log."""

from __future__ import annotations

import msgspec
import numpy as np

from drumroll.domain.capacity import rules_of
from drumroll.plan.least_breakage import least_breakage
from drumroll.plan.problem import Plan, Problem
from drumroll.plan.questions import Asked
from drumroll.plan.strict import strict
from drumroll.plan.waiting import Mask

POLICIES = ("strict", "least-breakage")


def planned(asked: Asked, policy: str) -> Plan:
    """The plan by that policy.

    Whoever was promised nothing (the declared backlog, for one) has the week of their place under both.

    Raises:
        PlanRefused: the pinned orders do not fit.
        PlanFailed: the solver gave no plan.
    """
    problem = asked.problem
    by_place = strict(problem)
    if policy == "strict":
        return by_place
    nothing = np.array([True] * asked.ahead + [order.promise is None for order in asked.orders], np.bool_)
    return least_breakage(with_places_kept(problem, nothing, by_place), rules_of(asked.launch).late_bound_weeks)


def with_places_kept(problem: Problem, nothing: Mask, by_place: Plan) -> Problem:
    """The problem in which those who were promised ``nothing`` keep the column that the strict plan gives them.

    A policy that counts broken promises would otherwise put the declared backlog, of whose promises nothing is known,
    behind everybody else, and call that free.
    """
    pinned = np.where(nothing & (by_place.column < problem.weeks), by_place.column, problem.pinned)
    return msgspec.structs.replace(problem, pinned=pinned.astype(np.int32))
