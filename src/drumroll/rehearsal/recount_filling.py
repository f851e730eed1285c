"""Weeks filled with orders one by one, as with a calendar on paper, and whether there are enough of them.

For the recount alone: it shares nothing with what promises weeks to customers. Columns are weeks from a base week on.
"""

from __future__ import annotations

from itertools import accumulate
from operator import sub

_MANY = 10**12


class Kind:
    """Orders that need the same. Lists are by column.

    ``promised`` and ``older`` are those alive, ``latest`` the last column that is promised to one of them. ``slots``
    are the weeks filled one by one, ``last`` the last of them, ``first`` one before which there is no room; ``without``
    are those who found none. From column ``checked`` on there was room for ``allowance`` more when it was last looked.
    ``rivals`` are the kinds that need something of the same, itself among them.
    """

    __slots__ = (
        *("allowance", "checked", "first", "last", "latest", "name", "needs", "older", "promised", "rivals", "slots"),
        "without",
    )

    def __init__(self, name: str, needs: tuple[int, ...], columns: int) -> None:
        self.name = name
        self.needs = needs
        self.rivals: list[Kind] = []
        self.promised = [0] * columns
        self.older = [0] * columns
        self.slots = [0] * columns
        self.latest = self.last = -1
        self.first = self.without = self.allowance = self.checked = 0

    def forget(self, column: int) -> None:
        """One less lives that was promised that column."""
        self.promised[column] -= 1
        while self.latest >= 0 and not self.promised[self.latest]:
            self.latest -= 1

    def meet(self, others: list[Kind]) -> None:
        """Find the rivals among these."""
        for other in others:
            if not set(self.needs).isdisjoint(other.needs):
                self.rivals.append(other)
                if other is not self:
                    other.rivals.append(self)


class Filling:
    """What is left of each resource: ``room`` by number and column. Nothing new comes before column ``first``."""

    def __init__(self, rows: list[list[int]], first: int) -> None:
        self.room = [list(row) for row in rows]
        self.first = first

    def take(self, kind: Kind) -> int | None:
        """One of a kind takes the first week with room (``None``: there is none)."""
        # While one of its kind is without a week, the next that comes can't have one.
        column = None if kind.without else self.next(kind, kind.first)
        if column is None:
            kind.without += 1
            return None
        kind.first = column
        kind.slots[column] += 1
        kind.last = max(kind.last, column)
        for number in kind.needs:
            self.room[number][column] -= 1
        return column

    def next(self, kind: Kind, first: int) -> int | None:
        """The first week, from that one on, with room for one more of a kind."""
        if not kind.needs:
            return None
        rooms = [self.room[number] for number in kind.needs]
        for column in range(first, len(kind.slots)):
            for room in rooms:
                if room[column] <= 0:
                    break
            else:
                return column
        return None

    def put(self, kind: Kind, column: int, step: int) -> None:
        """So many more (or fewer) of a kind in a week, whether there is room or not."""
        kind.slots[column] += step
        kind.last = max(kind.last, column)
        while kind.last >= 0 and not kind.slots[kind.last]:
            kind.last -= 1
        self.occupy(kind, column, step)

    def occupy(self, kind: Kind, column: int, step: int) -> None:
        """So much less (or more) room for what a kind needs in a week."""
        for number in kind.needs:
            self.room[number][column] -= step
        if step < 0 and column >= self.first:
            for rival in kind.rivals:
                rival.first = min(rival.first, column)

    def free(self, kind: Kind) -> None:
        """One of a kind waits no more: the last week is free."""
        if kind.without:
            kind.without -= 1
        elif kind.last >= 0:
            self.put(kind, kind.last, -1)


class Backing:
    """What can be had of each resource in each week (``usable``), and what is to be built in it (``demand``)."""

    def __init__(self, rows: list[list[int]], first: int) -> None:
        self.usable = [[0] * first + row[first:] for row in rows]
        self.demand = [[0] * len(row) for row in rows]

    def add(self, kind: Kind, column: int, step: int) -> None:
        """So many more of a kind are to be built in a week."""
        for number in kind.needs:
            self.demand[number][column] += step

    def promise(self, kind: Kind, column: int) -> list[tuple[int, int, int]]:
        """One more of a kind is promised that week. Says where there is too little: (resource, missing, column)."""
        kind.promised[column] += 1
        kind.latest = max(kind.latest, column)
        for number in kind.needs:
            self.demand[number][column] += 1
        for rival in kind.rivals:
            rival.allowance -= 1
        if column >= kind.checked and kind.allowance >= 0:
            return []
        return self.look(kind, column)

    def look(self, kind: Kind, column: int) -> list[tuple[int, int, int]]:
        """Up to every week from that one on: is no more to be built than can be? Notes how much is left over."""
        missing = []
        least = _MANY
        for number in kind.needs:
            left = list(accumulate(map(sub, self.usable[number], self.demand[number])))[column:]
            over = min(left)
            if over < 0:
                missing.append((number, -over, column + left.index(over)))
                self.usable[number][column] -= over  # said once: from now on as if it could be had
            least = min(least, max(0, over))
        kind.checked, kind.allowance = column, least
        return missing

    def freeze(self, first: int) -> None:
        """The columns before that one are frozen: what is not taken of them by now never will be."""
        for usable, demand in zip(self.usable, self.demand, strict=True):
            lost = sum(usable[:first]) - sum(demand)
            for column in range(min(first, len(usable)) - 1, -1, -1):
                less = max(0, min(lost, usable[column]))
                usable[column] -= less
                lost -= less
