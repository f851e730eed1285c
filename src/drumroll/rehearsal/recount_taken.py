"""What is taken of the weeks, counted from all that is alive: at the beginning, and whenever operators change much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from drumroll.domain.weeks import week_of, week_starts_ms
from drumroll.rehearsal.recount_filling import Backing, Filling, Kind
from drumroll.rehearsal.recount_kinds import Kinds
from drumroll.rehearsal.recount_seen import Seen
from drumroll.rehearsal.recount_weeks import Weeks

OLDER, NOWHERE = -1, -2
"""Columns of orders that were promised nothing: in a week before all others, or in none."""

AWAITED = frozenset(("reserved", "firm", "locked", "scheduled"))
UNDERWAY = frozenset(("in_production", "built", "in_transit"))


class Taken:
    """The weeks of a launch (``weeks`` is ``None`` without plants) and what is taken of them.

    ``judged``: everything that was promised fits into the weeks, so what is promised next can be judged.
    """

    def __init__(self) -> None:
        self.weeks: Weeks | None = None
        self.judged = True
        self.imported: Counter[tuple[str, str]] = Counter()
        self.kinds: Kinds | None = None
        self.filling = Filling([], 0)
        self.backing = Backing([], 0)
        self.week = self.until_ms = 0

    def begin(self, weeks: Weeks | None, at_ms: int, orders: Iterable[Seen]) -> None:
        """Count everything anew from what is alive."""
        self.weeks = weeks
        if weeks is None:
            self.kinds = None
            return
        self._now(weeks, at_ms)
        first = min(max(0, self.week + weeks.rules.frozen_weeks - weeks.base), weeks.rules.horizon_weeks)
        self.kinds = Kinds(weeks, first)
        self.filling, self.backing = Filling(weeks.rows, first), Backing(weeks.rows, first)
        self._fill_backlog(weeks, self.kinds)
        older, without = Counter[Kind](), Counter[Kind]()
        self.judged = True
        for seen in orders:
            seen.column = NOWHERE
            if seen.state not in AWAITED and seen.state not in UNDERWAY:
                continue
            kind = self.kind(seen)
            if seen.promise is not None:
                self._put(weeks, kind, seen, seen.promise.build_week - weeks.base)
            elif seen.state in UNDERWAY:
                self.is_built(kind)
            else:
                (without if seen.hold_s else older)[kind] += 1
                seen.column = OLDER
        for kind, count in (*older.items(), *without.items()):
            self._fill(kind, count, first)
        self.judged &= all(left >= 0 for row in self.filling.room for left in row[first:])

    def next_week(self, at_ms: int) -> None:
        """Time went on, and one week more is frozen."""
        assert self.weeks is not None
        assert self.kinds is not None
        self._now(self.weeks, at_ms)
        first = self.week + self.weeks.rules.frozen_weeks - self.weeks.base
        if first > self.filling.first:
            self.filling.first = self.kinds.first = first
            self.backing.freeze(first)
            for kind in self.kinds.by_needs.values():
                kind.first = max(kind.first, first)
                kind.allowance = 0

    def _now(self, weeks: Weeks, at_ms: int) -> None:
        zone = weeks.launch.time_zone
        self.week = week_of(at_ms, zone)
        self.until_ms = week_starts_ms(self.week + 1, zone)

    def kind(self, seen: Seen) -> Kind:
        """What the order needs."""
        assert self.kinds is not None
        return self.kinds.offer(seen.model, seen.trim, seen.options).kind

    def _put(self, weeks: Weeks, kind: Kind, seen: Seen, column: int) -> None:
        """An order with a promise: in the week of it, or where it was built."""
        current = self.week - weeks.base
        if not 0 <= column < len(kind.slots):
            self.judged = False
            return
        seen.column = column
        if seen.own_week:
            self.own(kind, column, +1)
            return
        kind.promised[column] += 1
        kind.latest = max(kind.latest, column)
        self.backing.add(kind, column, +1)
        if seen.state in AWAITED:
            self.judged &= column >= current
            self._had(kind, column)
            self.filling.put(kind, column, +1)
        elif 0 <= current < len(kind.slots):
            self._had(kind, min(column, current))
            self.filling.put(kind, min(column, current), +1)

    def _had(self, kind: Kind, column: int, count: int = 1) -> None:
        """What is in a week that is past or frozen could be had in it."""
        if column < self.filling.first:
            for number in kind.needs:
                self.backing.usable[number][column] += count

    def own(self, kind: Kind, column: int, step: int) -> None:
        """An order has a week of its own (or no more): there is less room, but it is no slot of its kind."""
        self._had(kind, column, step)
        self.backing.add(kind, column, step)
        self.filling.occupy(kind, column, step)

    def is_built(self, kind: Kind) -> None:
        """An order that was promised nothing and is being built: it takes what there is of this week."""
        assert self.weeks is not None
        column = self.week - self.weeks.base
        if 0 <= column < len(kind.slots):
            self.older(kind, column)
            self._had(kind, column)
            self.filling.put(kind, column, +1)
            for number in kind.needs:
                if column >= self.filling.first and self.filling.room[number][column] < 0:
                    self.backing.usable[number][column] += 1  # it is more than was planned for this week

    def older(self, kind: Kind, column: int, count: int = 1) -> None:
        """So many that were promised nothing are to be built in a week."""
        kind.older[column] += count
        self.backing.add(kind, column, count)

    def _fill_backlog(self, weeks: Weeks, kinds: Kinds) -> None:
        """The older orders that the launch file speaks of, less those imported, from the opening's weeks on."""
        opening = week_of(weeks.launch.opens_at_ms, weeks.launch.time_zone)
        first = max(0, opening + weeks.rules.frozen_weeks - weeks.base)
        for older in weeks.launch.backlog:
            of = (older.model, older.trim)
            kind = kinds.default_of(*of)
            if kind is not None:
                self._fill(kind, max(0, older.orders - self.imported[of]), first)

    def _fill(self, kind: Kind, count: int, first: int) -> None:
        """So many orders that were promised nothing, in the first weeks with room."""
        while count:
            column = self.filling.next(kind, first)
            if column is None:
                kind.without += count
                return
            placed = min(count, *(self.filling.room[number][column] for number in kind.needs))
            self.filling.put(kind, column, placed)
            self._had(kind, column, placed)
            self.older(kind, column, placed)
            count -= placed
