"""Orders of a kind and due as a flow: from the slots of the weeks, forward in time, to those who may still use them.

An order may be built as early as one likes, so only counts matter: of the orders due by a week, how many slots up to it
are theirs. Groups (a kind and a due) are divided over *tiers* (kept, late, beyond); each tier has its own slots. The
slots of a kind and tier flow from one deadline to the next, and out to the groups. Where the limits are nested or
disjoint in every week this is a flow network, and the vertices of its polytope are whole numbers; where they overlap
otherwise, whole numbers are asked for if they do not come by themselves.
"""

from __future__ import annotations

from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, linprog, milp
from scipy.sparse import coo_array, csr_array, vstack

from drumroll.errors import PlanFailed
from drumroll.plan.problem import Counts

_NEAR = 1e-4
"""How near to whole numbers an answer must be to be taken for them; that they solve it is then checked exactly."""
_HALF = 0.5
_SURELY = 0.01
"""Costs are whole numbers; what one more of a variable costs is, too, or a fraction of a small denominator."""
_NO_LIMIT = 10**12
_MOST_NODES = 100_000
"""Of a search for whole numbers; a limit in seconds would give another plan on another day."""


class Groups(msgspec.Struct, frozen=True):
    """Free orders that can be built, by kind and due, and the capacity that is left to them.

    Args:
        kind: (G,) the kind of each group; ascending.
        due: (G,) ascending within a kind; at most W, which is never broken.
        count: (G,) how many orders.
        needs: (K, R) which resources a kind needs; each kind of a group needs one or more.
        capacity: (R, W) orders a week.
    """

    kind: Counts
    due: Counts
    count: Counts
    needs: NDArray[np.bool_]
    capacity: Counts

    @property
    def weeks(self) -> int:
        """W, which is also the column of those without a week."""
        return int(self.capacity.shape[1])


class Flow(msgspec.Struct, frozen=True):
    """A solution: of each tier, (G,) how many ``orders`` of each group, and (K, W + 1) how many ``slots``."""

    value: int
    orders: tuple[Counts, ...]
    slots: tuple[Counts, ...]


class _Arcs(msgspec.Struct, frozen=True):
    """The variables of a tier: orders of a group (out of a node), slots (into a node), and from a node to the next."""

    group: Counts
    group_node: Counts
    kind: Counts
    week: Counts
    slot_node: Counts
    onward: Counts
    node_kind: Counts

    @property
    def size(self) -> int:
        return len(self.group) + len(self.week) + len(self.onward)


class _Rows(msgspec.Struct, frozen=True):
    """Constraints: ``least`` <= ``matrix`` @ variables <= ``most``."""

    matrix: csr_array
    least: Counts
    most: Counts

    def kept_by(self, values: Counts) -> bool:
        sums = self.matrix.astype(np.int64) @ values
        return bool(((self.least <= sums) & (sums <= self.most)).all())

    def full(self, full: NDArray[np.bool_]) -> _Rows:
        """These, with nothing left over where it is ``full``."""
        return _Rows(self.matrix, np.where(full, self.most, self.least), self.most)

    def also(self, costs: list[Counts], values: list[int]) -> _Rows:
        """These, and that each of ``costs`` comes to its value."""
        if not costs:
            return self
        matrix = csr_array(vstack([self.matrix, csr_array(np.array(costs))]))
        exactly = np.array(values, np.int64)
        return _Rows(matrix, np.concatenate([self.least, exactly]), np.concatenate([self.most, exactly]))


class _Relaxed(msgspec.Struct, frozen=True):
    """An answer of linear programming: what it comes to, what one of each variable or one left over costs beyond that.

    ``values``: whole numbers, or ``None`` if it is not in whole numbers.
    """

    value: float
    values: Counts | None
    of_each: NDArray[np.float64]
    of_left_over: NDArray[np.float64]


class Network:
    """Groups divided over tiers, to be solved for one objective after another, none of which gives up one before it.

    A variable that costs more than could be given up is 0 from then on, and a week whose last slot is worth as much is
    full (reduced costs). Where the limits are nested these say it all, and the network stays one; where they cross,
    each objective becomes a constraint as well.

    Args:
        groups: who is to be built.
        deadlines: of each tier, (G,) the last column for those of a group who are in it; -1: none may be.
    """

    def __init__(self, groups: Groups, deadlines: tuple[Counts, ...]) -> None:
        self._groups = groups
        self._room = _room(groups)
        self._binding = _binding(groups)
        self._arcs = tuple(_arcs(groups, deadline, self._room) for deadline in deadlines)
        self._open = np.ones(sum(arcs.size for arcs in self._arcs), np.bool_)
        self._full = np.zeros(self._rows.matrix.shape[0], np.bool_)
        self._kept: list[Counts] = []
        self._values: list[int] = []

    def divided(self, deadlines: tuple[Counts, ...]) -> Network:
        """The same, with its last tier divided into several of these deadlines; all that was kept still is."""
        finer = Network(self._groups, deadlines)
        origin = finer._origins(self._arcs)
        finer._open = np.where(origin < 0, True, self._open[origin])
        finer._kept = [np.where(origin < 0, 0, costs[origin]) for costs in self._kept]
        finer._values = list(self._values)
        same = len(self._groups.count) + np.count_nonzero(self._binding)
        finer._full[:same] = self._full[:same]
        return finer

    def costs(self, of_orders: tuple[Counts, ...], of_slots: tuple[Counts, ...]) -> Counts:
        """An objective: of each tier, (G,) what an order of a group costs and (W + 1,) what a slot of a week costs."""
        parts = []
        for arcs, order, slot in zip(self._arcs, of_orders, of_slots, strict=True):
            parts += [order[arcs.group], slot[arcs.week], np.zeros(len(arcs.onward), np.int64)]
        return np.concatenate(parts)

    def least(self, costs: Counts) -> Flow:
        """The flow of least cost, in whole numbers; from now on no other costs more.

        Raises:
            PlanFailed: the solver has none, or one that does not hold.
        """
        rows = self._rows.full(self._full).also(self._kept, self._values)
        relaxed = _relaxed(costs, rows, self._open)
        values = relaxed.values
        if values is None and not self.nested:
            values = _whole(costs, rows, self._open)
        if values is None:
            raise PlanFailed("the solver's plan is not in whole numbers, or does not keep to the capacity")
        value = int(costs @ values)
        self._keep(costs, value, relaxed)
        return self._flow(values, value)

    def _keep(self, costs: Counts, value: int, relaxed: _Relaxed) -> None:
        """No more than ``value`` from now on: one of what costs more than it is above ``relaxed`` is one too many."""
        between = value - relaxed.value + _SURELY
        self._open &= relaxed.of_each <= between
        self._full |= relaxed.of_left_over[: len(self._full)] > between
        if not self.nested:
            self._kept.append(costs)
            self._values.append(value)

    @cached_property
    def nested(self) -> bool:
        """Whether in every week the resources that may be short are nested or disjoint."""
        needs = self._groups.needs[np.unique(self._groups.kind)].astype(np.int64)
        common = needs.T @ needs
        inside = common == np.diag(common)[:, np.newaxis]
        crossing = (common > 0) & ~inside & ~inside.T
        binding = self._binding.astype(np.int64)
        return not (crossing & (binding @ binding.T > 0)).any()

    @cached_property
    def _rows(self) -> _Rows:
        """Each of a group is in one tier; no week builds more than it can; what flows into a node flows out of it."""
        groups, capacity = self._groups, self._groups.capacity[self._binding[:, :-1]]
        first_node = len(groups.count) + len(capacity)
        entries, first = [], 0
        for arcs in self._arcs:
            entries += _entries(arcs, first, first_node)
            entries.append(self._capacity_entries(arcs, first + len(arcs.group)))
            first, first_node = first + arcs.size, first_node + len(arcs.node_kind)
        row, column, value = (np.concatenate(part) for part in zip(*entries, strict=True))
        zero = np.zeros(first_node - len(groups.count) - len(capacity), np.int64)
        least = np.concatenate([groups.count, np.zeros_like(capacity), zero])
        most = np.concatenate([groups.count, capacity, zero])
        return _Rows(csr_array(coo_array((value, (row, column)), shape=(first_node, first))), least, most)

    def _capacity_entries(self, arcs: _Arcs, first_slot: int) -> tuple[Counts, Counts, Counts]:
        row_of = np.cumsum(self._binding).reshape(self._binding.shape) - 1 + len(self._groups.count)
        resource, slot = np.nonzero(self._groups.needs.T[:, arcs.kind] & self._binding[:, arcs.week])
        return row_of[resource, arcs.week[slot]], first_slot + slot, np.ones(len(slot), np.int64)

    def _origins(self, coarse: tuple[_Arcs, ...]) -> Counts:
        """For each variable the one that it is a part of, before the last tier was divided; -1: it is of none."""
        wide, last = self._groups.weeks + 1, len(coarse) - 1
        starts = np.cumsum([0, *(arcs.size for arcs in coarse)])
        parts = []
        for tier, arcs in enumerate(self._arcs):
            before, start = coarse[min(tier, last)], starts[min(tier, last)]
            orders = np.searchsorted(before.group, arcs.group)
            slots = np.searchsorted(before.kind * wide + before.week, arcs.kind * wide + arcs.week)
            onward = np.arange(len(arcs.onward)) + start + len(before.group) + len(before.week)
            parts += [start + orders, start + len(before.group) + slots, onward if tier < last else 0 * onward - 1]
        return np.concatenate(parts)

    def _flow(self, values: Counts, value: int) -> Flow:
        shape = (len(self._groups.needs), self._groups.weeks + 1)
        orders, slots, first = [], [], 0
        for arcs in self._arcs:
            first_slot = first + len(arcs.group)
            orders.append(np.zeros(len(self._groups.count), np.int64))
            orders[-1][arcs.group] = values[first:first_slot]
            slots.append(np.zeros(shape, np.int64))
            slots[-1][arcs.kind, arcs.week] = values[first_slot : first_slot + len(arcs.week)]
            first += arcs.size
        return Flow(value, tuple(orders), tuple(slots))


def _of_kind(groups: Groups) -> Counts:
    """(K,) how many orders a kind has."""
    totals = np.zeros(len(groups.needs), np.int64)
    np.add.at(totals, groups.kind, groups.count)
    return totals


def _room(groups: Groups) -> Counts:
    """(K, W + 1) the most of a kind that a week can build if it builds nothing else. Column W takes everybody."""
    room = np.full((len(groups.needs), groups.weeks + 1), _NO_LIMIT)
    for kind, needed in enumerate(groups.needs):
        if needed.any():
            room[kind, :-1] = groups.capacity[needed].min(axis=0)
    return room


def _binding(groups: Groups) -> NDArray[np.bool_]:
    """(R, W + 1) whether a week has less of a resource than all who need it would take; column W: never."""
    wanted = groups.needs.T.astype(np.int64) @ _of_kind(groups)
    binding = np.zeros((groups.needs.shape[1], groups.weeks + 1), np.bool_)
    binding[:, :-1] = groups.capacity < wanted[:, np.newaxis]
    return binding


def _arcs(groups: Groups, deadline: Counts, room: Counts) -> _Arcs:
    """A node for each deadline of a kind. A slot flows into the node of the first deadline that is not before it."""
    wide = groups.weeks + 1
    (group,) = np.nonzero(deadline >= 0)
    of_group = groups.kind[group] * wide + deadline[group]
    nodes = np.unique(of_group)
    kind, week = np.nonzero(room > 0)
    node = np.searchsorted(nodes, kind * wide + week)
    there = node < len(nodes)
    there[there] = nodes[node[there]] // wide == kind[there]
    (onward,) = np.nonzero(nodes[1:] // wide == nodes[:-1] // wide)
    return _Arcs(group, np.searchsorted(nodes, of_group), kind[there], week[there], node[there], onward, nodes // wide)


def _entries(arcs: _Arcs, first: int, first_node: int) -> list[tuple[Counts, Counts, Counts]]:
    """Row, column and value of a tier's entries in the rows of groups and nodes."""
    order = first + np.arange(len(arcs.group))
    slot = first + len(order) + np.arange(len(arcs.week))
    onward = first + len(order) + len(slot) + np.arange(len(arcs.onward))
    ones = np.ones(arcs.size, np.int64)
    return [
        (arcs.group, order, ones[: len(order)]),
        (first_node + arcs.group_node, order, -ones[: len(order)]),
        (first_node + arcs.slot_node, slot, ones[: len(slot)]),
        (first_node + arcs.onward, onward, -ones[: len(onward)]),
        (first_node + arcs.onward + 1, onward, ones[: len(onward)]),
    ]


def _relaxed(costs: Counts, rows: _Rows, available: NDArray[np.bool_]) -> _Relaxed:
    """The least by linear programming."""
    equal = rows.least == rows.most
    answer = linprog(
        costs.astype(np.float64),
        A_ub=rows.matrix[~equal],
        b_ub=rows.most[~equal],
        A_eq=rows.matrix[equal],
        b_eq=rows.most[equal],
        bounds=[(0.0, None if one else 0.0) for one in available.tolist()],
        method="highs-ds",
    )
    values = _checked(answer, costs, rows, available)
    of_left_over = np.zeros(len(equal))
    of_left_over[~equal] = -answer.ineqlin.marginals
    return _Relaxed(answer.fun or 0.0, values, answer.lower.marginals, of_left_over)


def _whole(costs: Counts, rows: _Rows, available: NDArray[np.bool_]) -> Counts | None:
    """The least by integer programming. Without presolve, which in HiGHS has more than once lost the best answer."""
    answer = milp(
        costs.astype(np.float64),
        integrality=np.ones(len(costs), np.int64),
        bounds=Bounds(0.0, np.where(available, np.inf, 0.0)),
        constraints=LinearConstraint(rows.matrix, rows.least.astype(np.float64), rows.most.astype(np.float64)),
        options={"mip_rel_gap": 0.0, "presolve": False, "node_limit": _MOST_NODES},
    )
    values = _checked(answer, costs, rows, available)
    if values is None or answer.mip_dual_bound is None or answer.mip_dual_bound < int(costs @ values) - _HALF:
        return None
    return values


def _checked(answer: OptimizeResult, costs: Counts, rows: _Rows, available: NDArray[np.bool_]) -> Counts | None:
    """The whole numbers that an answer stands for, if they are what it says and keep every row; else ``None``."""
    if answer.status != 0:
        raise PlanFailed(f"the solver found no plan: {answer.message}")
    values = np.rint(answer.x).astype(np.int64)
    near = np.abs(answer.x - values).max(initial=0) <= _NEAR and abs(answer.fun - int(costs @ values)) < _HALF
    holds = near and bool(((values >= 0) & (available | (values == 0))).all()) and rows.kept_by(values)
    return values if holds else None
