"""The strict policy: by place in the queue, each order gets the earliest week that has room for all it needs.

No plan gives the first order an earlier week; none that does so gives the second an earlier one; and so on: it is the
lexicographic optimum. Nobody is overtaken by a later order that needs the same.

What is full stays full, so the earliest week of a kind only moves on, and a whole plan is a short list: from which
place on a kind gets which week. Orders are read in blocks. A block that there is room for where its kinds are is taken
by its numbers of each kind alone; only one in which something runs out is read order by order, and that happens once a
resource and week at most.
"""

from __future__ import annotations

import numpy as np

from drumroll.plan.pins import without_pins
from drumroll.plan.problem import Columns, Counts, Plan, Problem

_BLOCK = 128
"""Orders read at once, at least. Longer blocks are fewer, but more orders are read one by one."""

_BLOCK_PER_KIND = 4
"""With many kinds blocks are longer: a block costs as much as it has kinds."""


def strict(problem: Problem) -> Plan:
    """Plan by place alone, pinned orders before all. Kinds that need nothing get no week, as do those without room.

    Raises:
        PlanRefused: the pinned orders do not fit.
    """
    capacity, free = without_pins(problem)
    column = problem.pinned.astype(np.int32)
    column[free] = _in_order(problem, capacity, problem.kind[free])
    return Plan("strict", column)


def _in_order(problem: Problem, capacity: Counts, kind: Columns) -> Columns:
    """The columns of orders of these kinds, the first first."""
    queue = _Queue(problem, capacity)
    size = max(_BLOCK, _BLOCK_PER_KIND * len(problem.needs))
    for number, counts in enumerate(_counted(kind, size, len(problem.needs))):
        if not queue.take_together(counts):
            begin = number * size
            queue.take_each(kind[begin : begin + size].tolist(), begin)
            queue.leave_full_weeks(begin + size)
            if queue.done:
                break
    return _spread(kind, queue.moves)


def _counted(kind: Columns, size: int, kinds: int) -> list[list[int]]:
    """How many of each kind there are in each block of so many orders."""
    blocks = -(-len(kind) // size)
    number = np.arange(len(kind)) // size
    table = np.bincount(number * kinds + kind, minlength=blocks * kinds)
    counts: list[list[int]] = table.reshape(blocks, kinds).tolist()
    return counts


def _spread(kind: Columns, moves: list[list[tuple[int, int]]]) -> Columns:
    """The column of each order, from the moves of its kind: (from this place on, this column)."""
    narrow = np.uint16 if len(moves) <= 2**16 else np.uint32  # numpy sorts these by digits, in a tenth of the time
    by_kind = np.argsort(kind.astype(narrow), kind="stable")
    ends = np.cumsum(np.bincount(kind, minlength=len(moves))).tolist()
    column = np.empty(len(kind), np.int32)
    for begin, end, of_kind in zip([0, *ends], ends, moves, strict=False):
        places = by_kind[begin:end]
        since, columns = np.array(of_kind, np.int64).T
        column[places] = np.repeat(columns, np.diff(np.searchsorted(places, since), append=end - begin))
    return column


class _Queue:
    """What is left of the capacity, and the week that each kind has come to."""

    def __init__(self, problem: Problem, capacity: Counts) -> None:
        """``_left``: by cell, a resource in a week. ``_cells``: by kind, the cells that its next order takes from."""
        self._weeks = problem.weeks
        self._left: list[int] = capacity.ravel().tolist()
        self._rows: list[list[int]] = [(np.flatnonzero(row) * self._weeks).tolist() for row in problem.needs]
        self._cells: list[list[int]] = [[] for _ in self._rows]
        self._column = [0] * len(self._rows)
        self.moves: list[list[tuple[int, int]]] = [[] for _ in self._rows]
        for kind in range(len(self._rows)):
            self._move_on(kind, 0)

    def take_together(self, counts: list[int]) -> bool:
        """Take orders of all kinds at once, if there is room for them where their kinds are; else take nothing."""
        left, cells = self._left, self._cells
        enough = True
        for kind, count in enumerate(counts):
            for cell in cells[kind]:
                left[cell] -= count
                enough &= left[cell] >= 0
        if not enough:
            for kind, count in enumerate(counts):
                for cell in cells[kind]:
                    left[cell] += count
        return enough

    def take_each(self, kinds: list[int], begin: int) -> None:
        """Take orders one after another; a kind that finds no room moves on."""
        left, cells = self._left, self._cells
        for place, kind in enumerate(kinds, begin):
            for cell in cells[kind]:
                if left[cell] < 1:
                    self._move_on(kind, place)
                    break
            for cell in cells[kind]:
                left[cell] -= 1

    def leave_full_weeks(self, place: int) -> None:
        """Move every kind on that has no room where it is, so that none of its orders has to find that out."""
        for kind, cells in enumerate(self._cells):
            for cell in cells:
                if self._left[cell] < 1:
                    self._move_on(kind, place)
                    break

    @property
    def done(self) -> bool:
        """Whether no kind has room anywhere."""
        return not any(self._cells)

    def _move_on(self, kind: int, place: int) -> None:
        """From this place on, a kind gets the first column with room that is not before its own; W has no cells."""
        left, rows = self._left, self._rows[kind]
        column = self._column[kind] if rows else self._weeks
        while column < self._weeks and any(left[row + column] < 1 for row in rows):
            column += 1
        self._column[kind] = column
        self._cells[kind] = [row + column for row in rows] if column < self._weeks else []
        self.moves[kind].append((place, column))
