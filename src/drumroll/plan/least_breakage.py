"""The policy that breaks the fewest promises.

In this order, each without giving up any of what comes before it: (1) the fewest promises broken, (2) the least total
weeks late, (3) the fewest later than the bound, (4) the earliest weeks in total. Within a kind and due: by place.

Why counts are enough, and who of a kind gets which slot does not matter to (1) and (2): where (1) is at its best, no
slot of a broken order lies at or before the due of any broken order of its kind, for then one more promise could be
kept. So every broken order is late in any of these slots, and the weeks late are the sum of the slots less the sum of
the dues, whoever gets which. That holds for those due before the first week as well, who are broken in any slot. For
(3) it is enough to ask that a slot lies at most the bound after the due; that it lies after the due is then certain.

Between kinds whose promises have the same claim the solver's vertex decides: the same one each time, not by place.
"""

from __future__ import annotations

import msgspec
import numpy as np

from drumroll.errors import PlanFailed
from drumroll.plan.network import Flow, Groups, Network
from drumroll.plan.pins import without_pins
from drumroll.plan.problem import Columns, Counts, Plan, Problem, score, used


def least_breakage(problem: Problem, late_bound: int) -> Plan:
    """The plan with the fewest broken promises; see above for what it does beyond that.

    Args:
        problem: the orders and the capacity.
        late_bound: later than this many weeks after its due an order should not be, if that can be had.

    Raises:
        PlanRefused: the pinned orders do not fit.
        PlanFailed: the solver gave no plan, or one that does not hold.
    """
    left, free = without_pins(problem)
    planned = np.flatnonzero(free & np.any(problem.needs, axis=1).take(problem.kind))
    column = np.where(free, problem.weeks, problem.pinned).astype(np.int32)
    if len(planned):
        groups, group = _grouped(problem, left, planned)
        flow, goals = _best(groups, late_bound)
        column[planned] = _by_place(groups, group, flow)
        _must_hold(problem, column, planned, goals, late_bound)
    return Plan("least-breakage", column)


def _grouped(problem: Problem, left: Counts, planned: Counts) -> tuple[Groups, Counts]:
    """The orders by kind and due, and the group of each."""
    due = np.minimum(problem.due[planned], problem.weeks).astype(np.int64)
    low = int(due.min())
    span = problem.weeks + 1 - low
    keys, group, count = np.unique(problem.kind[planned] * span + (due - low), return_inverse=True, return_counts=True)
    return Groups(keys // span, keys % span + low, count, problem.needs, np.maximum(left, 0)), group


def _best(groups: Groups, late_bound: int) -> tuple[Flow, _Goals]:
    """Goal by goal. All tiers are only needed if somebody can't help being later than the bound."""
    weeks, due = groups.weeks, groups.due
    kept = np.maximum(due, -1)
    late = np.where(due < weeks, np.clip(due + late_bound, -1, weeks), -1)
    broken = np.where(due < weeks, weeks, -1)
    stages = _Stages(groups, (kept, broken))
    fewest = stages.broken().value
    if not fewest:
        return _Stages(groups, (kept,)).columns(), _Goals(0, 0, 0)
    flow = stages.weeks_late()
    if _most_late(groups, flow) <= late_bound:
        stages, beyond = stages.divided((kept, late)), 0
    else:
        stages = stages.divided((kept, late, broken))
        beyond = stages.beyond().value
    return stages.columns(), _Goals(fewest, flow.value, beyond)


class _Goals(msgspec.Struct, frozen=True):
    """What the free orders must come to, once it is known."""

    broken: int
    weeks_late: int
    beyond: int


class _Stages:
    """The objectives over tiers: those kept, then those broken, of whom the third are later than the bound.

    Each is solved in its turn, and not given up by those after it.
    """

    def __init__(self, groups: Groups, deadlines: tuple[Counts, ...], coarse: Network | None = None) -> None:
        self._groups = groups
        self._network = coarse.divided(deadlines) if coarse else Network(groups, deadlines)
        self._tiers = len(deadlines)
        self._week = np.arange(groups.weeks + 1)

    def divided(self, deadlines: tuple[Counts, ...]) -> _Stages:
        """With those broken in one or two tiers of these deadlines; nothing is given up of what was solved."""
        return _Stages(self._groups, deadlines, self._network)

    def broken(self) -> Flow:
        return self._least((1, 2), orders=np.ones_like(self._groups.due))

    def weeks_late(self) -> Flow:
        return self._least((1, 2), orders=-self._groups.due, slots=self._week)

    def beyond(self) -> Flow:
        return self._least((2,), orders=np.ones_like(self._groups.due))

    def columns(self) -> Flow:
        return self._least((0, 1, 2), slots=self._week)

    def _least(self, of_tiers: tuple[int, ...], orders: Counts | None = None, slots: Counts | None = None) -> Flow:
        none = np.zeros_like(self._groups.due), np.zeros_like(self._week)
        some = (none[0] if orders is None else orders), (none[1] if slots is None else slots)
        each = [some if tier in of_tiers else none for tier in range(self._tiers)]
        return self._network.least(self._network.costs(tuple(one[0] for one in each), tuple(one[1] for one in each)))


def _most_late(groups: Groups, flow: Flow) -> int:
    """By how much, if those broken of a kind get their slots in order of their dues: nothing else makes it less."""
    late = _columns(flow.slots[1]) - np.repeat(groups.due, flow.orders[1])
    return int(late.max(initial=0))


def _columns(slots: Counts) -> Counts:
    """The column of each slot, by kind and then by week."""
    kinds, wide = slots.shape
    return np.repeat(np.tile(np.arange(wide), kinds), slots.ravel())


def _by_place(groups: Groups, group: Counts, flow: Flow) -> Columns:
    """Who of a group is in which tier, and who gets which of its slots: by due, then by place."""
    ordered = np.argsort(group, kind="stable")
    tier = np.repeat(np.tile(np.arange(len(flow.orders)), len(groups.count)), np.stack(flow.orders, axis=1).ravel())
    column = np.empty(len(group), np.int32)
    for number, slots in enumerate(flow.slots):
        column[ordered[tier == number]] = _columns(slots)
    return column


def _must_hold(problem: Problem, column: Columns, planned: Counts, goals: _Goals, late_bound: int) -> None:
    """The finished plan is counted once more, from the orders themselves."""
    plan = Plan("least-breakage", column)
    fits = used(problem, plan) <= np.maximum(problem.capacity, 0)
    free = msgspec.structs.replace(
        problem, kind=problem.kind[planned], due=problem.due[planned], pinned=problem.pinned[planned]
    )
    counted = score(free, Plan(plan.policy, column[planned]), late_bound)
    if not fits.all():
        raise PlanFailed(f"the plan takes more than there is in {np.count_nonzero(~fits):,} week(s)")
    if _Goals(counted.broken, counted.weeks_late, counted.beyond) != goals:
        raise PlanFailed(f"the plan is not what was solved for: {counted}, not {goals}")
