"""What can still be promised: the weeks of a plant and its limits, less what is promised already.

The field calls it *available to promise* (APICS Dictionary; Hopp & Spearman, Factory Physics, 15.5). Orders that need
the same are of one *kind*, and a kind holds so many slots a week. Three rules make a promise one that can be kept:

- A new order takes the first week in which everything that it needs has room. It is promised no earlier week than any
  living one of its kind, so nobody is overtaken by somebody who came later and needs the same. Only orders that an
  operator gave a week of their own (pinned ones) stand outside of that.
- Whoever gives an order up frees the *last* slot of its kind: those behind move up by one, and nobody is worse off. A
  new order never takes what was promised to another.
- Slots are never more than the capacity, but for frozen weeks whose capacity was cut afterwards. Whoever loses a slot
  by a cut stands before all that come new, and keeps the promise until a new plan is accepted.

Weeks are columns here: column 0 is the capacity's first week. Asking and taking cost the same however many orders there
are: the weeks without room are the bits of a number, and what the next order of a kind would get is kept until a week
fills up, or something is given back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from drumroll.domain.capacity import Capacity, lead_weeks, needs, rules_of
from drumroll.domain.launch import Launch
from drumroll.domain.promise import Promise
from drumroll.domain.weeks import week_of, week_starts_ms

Safety = dict[str, tuple[tuple[int, ...], tuple[int, ...]]]
"""For each kind, by planned column: how many weeks later than planned it may be built (for sure: the second row)."""


class Kind(msgspec.Struct):
    """Orders that need the same, and what is left of each thing that they need (``rooms``), by column.

    ``slots`` a column, the ``last`` column with one (-1: none), and how many orders are ``without``. ``promised`` are
    the columns that were promised to the living, ``latest`` the last of them. ``late`` and ``sure`` are the rows of
    ``Safety``. ``first`` (the first column with room) and ``promises`` (by lead) are what the next order would get;
    they hold as long as ``as_of`` is the availability's version. ``told`` is what the last order was promised.
    """

    name: str
    needs: tuple[int, ...]
    rooms: tuple[list[int], ...]
    late: tuple[int, ...]
    sure: tuple[int, ...]
    slots: list[int]
    promised: list[int]
    last: int = -1
    latest: int = -1
    without: int = 0
    first: int | None = None
    promises: dict[int, Promise] = {}
    as_of: int = -1
    told: Promise | None = None


class Availability:
    """What is taken of a capacity, and what a new order could be promised."""

    def __init__(self, launch: Launch, capacity: Capacity, safety: Safety) -> None:
        rules = rules_of(launch)
        self.launch = launch
        self.capacity = capacity
        self.safety = safety
        self.width = rules.width_weeks
        self.frozen = rules.frozen_weeks
        self.kinds: dict[str, Kind] = {}
        self.room = [list(row) for row in capacity.weekly]
        self._full = [_full(row) for row in capacity.weekly]
        self._kind_of: dict[tuple[str, str, tuple[str, ...]], Kind] = {}
        self._leads = {region.id: lead_weeks(launch, region.id) for region in launch.regions}
        self.base_week = capacity.base_week
        self._version = 0
        self._since_ms = self._until_ms = self._week = 0

    def be_sure(self, safety: Safety) -> None:
        """Promise by another ``safety`` from now on."""
        self.safety = safety
        self._version += 1
        for kind in self.kinds.values():
            kind.late, kind.sure = self._rows(kind.name)

    def kind(self, model: str, trim: str, options: tuple[str, ...]) -> Kind:
        """The kind of such an order."""
        known = self._kind_of.get((model, trim, options))
        if known is None:
            known = self._kind_of[model, trim, options] = self._new_kind(needs(self.launch, model, trim, options))
        return known

    def lead(self, region: str) -> int:
        """Weeks from building to delivery there."""
        return self._leads.get(region, 0)

    def week_at(self, at_ms: int) -> int:
        """The week that a moment is in. Most moments are in the same week as the one before."""
        if not self._since_ms <= at_ms < self._until_ms:
            zone = self.launch.time_zone
            self._week = week_of(at_ms, zone)
            self._since_ms, self._until_ms = week_starts_ms(self._week, zone), week_starts_ms(self._week + 1, zone)
            self._version += 1
        return self._week

    def first_column(self, at_ms: int) -> int:
        """The first column that may be planned at that moment: what comes before is past, or frozen."""
        return max(0, self.week_at(at_ms) + self.frozen - self.capacity.base_week)

    def promise(self, kind: Kind, lead: int, at_ms: int) -> Promise | None:
        """What a new order of that kind would be promised; ``None``: there is no week for it."""
        if not self._since_ms <= at_ms < self._until_ms or kind.as_of != self._version:
            self._look(kind, at_ms)
        promise = kind.promises.get(lead)
        if promise is None and kind.first is not None:
            promise = kind.promises[lead] = self.promise_in(kind, max(kind.first, kind.last, kind.latest), lead, at_ms)
        return promise

    def _look(self, kind: Kind, at_ms: int) -> None:
        """What the next order of that kind would get."""
        # While one of its kind is without a week, the next that comes can't have one.
        kind.first = None if kind.without else self._room(kind, self.first_column(at_ms))
        kind.promises = {}
        kind.as_of = self._version

    def promise_in(self, kind: Kind, column: int, lead: int, at_ms: int) -> Promise:
        """What is promised to an order that is to be built in that column."""
        now, build_week = self.week_at(at_ms), self.capacity.base_week + column
        last_week = max(now, build_week + kind.late[column] + lead)
        return Promise(
            build_week=build_week,
            first_week=max(now, last_week - self.width + 1),
            last_week=last_week,
            sure_week=max(now, build_week + kind.sure[column] + lead),
            short=self._short(kind, column, self.first_column(at_ms)),
        )

    def has_room(self, kind: Kind, column: int) -> bool:
        """Whether one more of that kind could be built in that column."""
        return bool(kind.needs) and not any(self._full[resource] >> column & 1 for resource in kind.needs)

    def take(self, kind: Kind, at_ms: int) -> int | None:
        """A new order of that kind takes the first slot there is; says in which column (``None``: there is none)."""
        if not self._since_ms <= at_ms < self._until_ms or kind.as_of != self._version:
            self._look(kind, at_ms)
        column = kind.first
        if column is None:
            self.be_without(kind, 1)
            return None
        # As ``put`` would, written out: this is done for every order of launch night.
        kind.slots[column] += 1
        news = column > kind.last
        for room in kind.rooms:
            left = room[column] = room[column] - 1
            if left <= 0:
                news = True
        if news:
            self._news(kind, column)
        return column

    def release(self, kind: Kind) -> int | None:
        """One order of that kind less: the last slot is free, since those behind move up; says in which column."""
        column = None if kind.without else kind.last
        if column is None:
            self.be_without(kind, -1)
        elif column >= 0:
            self.put(kind, column, -1)
        return column

    def count(self, kind: Kind, build_week: int, step: int) -> None:
        """One more (or less) of a kind lives that was promised to be built in that week."""
        column = build_week - self.capacity.base_week
        if not 0 <= column < self.capacity.horizon:
            return
        kind.promised[column] += step
        if column > kind.latest or not kind.promised[kind.latest]:
            kind.latest = _last(kind.promised, max(column, kind.latest))
            self._version += 1

    def pin(self, kind: Kind, build_week: int, step: int) -> None:
        """One more (or less) of a kind has a week of its own, which is no slot of the others."""
        column = build_week - self.capacity.base_week
        if 0 <= column < self.capacity.horizon:
            for room in kind.rooms:
                room[column] -= step
            self._news(kind, column)

    def put(self, kind: Kind, column: int, count: int) -> None:
        """So many more (or fewer) slots of a kind in a column, whether there is room or not."""
        kind.slots[column] += count
        for room in kind.rooms:
            room[column] -= count
        self._news(kind, column)

    def _news(self, kind: Kind, column: int) -> None:
        """A column may have filled up or have room again, and may be the last of its kind or no more."""
        bit = 1 << column
        for resource in kind.needs:
            full = self._full[resource]
            self._full[resource] = full | bit if self.room[resource][column] <= 0 else full & ~bit
        kind.last = _last(kind.slots, max(kind.last, column))
        self._version += 1

    def fill(self, kind: Kind, column: int, count: int) -> None:
        """So many slots of a kind in the first columns with room from that one on."""
        while count:
            found = self._room(kind, column)
            if found is None:
                kind.without += count
                return
            placed = min(count, *(room[found] for room in kind.rooms))
            self.put(kind, found, placed)
            count -= placed

    def be_without(self, kind: Kind, count: int) -> None:
        """So many more (or fewer) of a kind are without a week."""
        kind.without += count
        self._version += 1

    def put_up_to(self, kind: Kind, column: int, count: int) -> int:
        """As many slots of a kind in a column as there is room for, but no more than ``count``; says how many."""
        if column >= self.capacity.horizon or not kind.needs:
            return 0
        placed = max(0, min(count, *(room[column] for room in kind.rooms)))
        if placed:
            self.put(kind, column, placed)
        return placed

    def _room(self, kind: Kind, first: int) -> int | None:
        """The first column from ``first`` on in which everything that the kind needs has room."""
        if not kind.needs:
            return None
        taken = (1 << first) - 1
        for resource in kind.needs:
            taken |= self._full[resource]
        column = (~taken & (taken + 1)).bit_length() - 1
        return column if column < self.capacity.horizon else None

    def _short(self, kind: Kind, column: int, first: int) -> str:
        """What the kind needs that has no room in the last column before that one in which something has none."""
        below = ((1 << column) - 1) & -(1 << first)
        last = max(((self._full[one] & below).bit_length() for one in kind.needs), default=0)
        if not last:
            return ""
        resource = next(one for one in kind.needs if self._full[one] >> (last - 1) & 1)
        return self.capacity.resources[resource].id

    def _new_kind(self, needed: tuple[int, ...]) -> Kind:
        name = "+".join(self.capacity.resources[one].id for one in needed)
        if name not in self.kinds:
            rooms = tuple(self.room[one] for one in needed)
            none = [0] * self.capacity.horizon
            self.kinds[name] = Kind(name, needed, rooms, *self._rows(name), none, none.copy())
        return self.kinds[name]

    def _rows(self, name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        rows = self.safety.get(name)
        if rows is not None:
            return rows
        # What no configuration of the launch needs (an import may) is as uncertain as the most uncertain that is known.
        every = list(self.safety.values()) or [((0,) * self.capacity.horizon,) * 2]
        late, sure = (tuple(max(column) for column in zip(*rows, strict=True)) for rows in zip(*every, strict=True))
        return late, sure


class Trial:
    """What would be promised if some orders came and went: used as a context, it leaves everything as it was."""

    def __init__(self, availability: Availability, at_ms: int) -> None:
        self._availability = availability
        self._at_ms = at_ms
        self._undo: list[Callable[[], None]] = []

    def __enter__(self) -> Trial:
        return self

    def __exit__(self, *_: object) -> None:
        for undo in reversed(self._undo):
            undo()

    def release(self, kind: Kind, build_week: int | None, *, pinned: bool) -> None:
        """As if one order of that kind, with that week, were given up."""
        availability = self._availability
        if build_week is not None:
            (availability.pin if pinned else availability.count)(kind, build_week, -1)
            self._undo.append(partial(availability.pin if pinned else availability.count, kind, build_week, 1))
        if not pinned:
            self._note(kind, availability.release(kind), -1)

    def take(self, kind: Kind, lead: int) -> Promise | None:
        """The promise to a new order of that kind, which then counts for the next."""
        availability = self._availability
        promise = availability.promise(kind, lead, self._at_ms)
        self._note(kind, availability.take(kind, self._at_ms), 1)
        if promise is not None:
            availability.count(kind, promise.build_week, 1)
            self._undo.append(partial(availability.count, kind, promise.build_week, -1))
        return promise

    def _note(self, kind: Kind, column: int | None, count: int) -> None:
        """How to undo that so many slots were put into a column (``None``: without one; -1: there was none)."""
        if column is None:
            self._undo.append(partial(self._availability.be_without, kind, -count))
        elif column >= 0:
            self._undo.append(partial(self._availability.put, kind, column, -count))


class Taken(msgspec.Struct, frozen=True):
    """What is taken, when it is reckoned anew: (kind, count), those with a column (kind, column, count).

    ``older`` came from elsewhere without a promise; ``planned`` have one; ``made`` are being built; ``without`` were
    promised nothing.
    """

    older: tuple[tuple[Kind, int], ...]
    planned: tuple[tuple[Kind, int, int], ...]
    made: tuple[tuple[Kind, int, int], ...]
    without: tuple[tuple[Kind, int], ...]


def refill(availability: Availability, taken: Taken, at_ms: int) -> None:
    """Put in all that is taken.

    What is being built, and what is frozen, stays where it is. Who should have been built before now comes first. Then
    everybody has the week that was promised, while there is room in it; who finds none has the first week with room, be
    it before (where others left) or after (where capacity was cut). Who was promised nothing comes last: first who is
    older (it came from elsewhere when these weeks were promised already), then who found no week when it came.
    """
    horizon = availability.capacity.horizon
    first = min(availability.first_column(at_ms), horizon)
    current = max(0, availability.week_at(at_ms) - availability.capacity.base_week)
    # Of those with the same week who needs more goes first: there are fewer other weeks for it.
    chunks = sorted(taken.planned, key=lambda chunk: (chunk[1], -len(chunk[0].needs), chunk[0].name))
    frozen = [chunk for chunk in chunks if current <= chunk[1] < first]
    overdue = [(kind, count) for kind, column, count in chunks if column < current]
    for kind, column, count in (*taken.made, *frozen):
        availability.put(kind, column, count)
    for kind, count in overdue:
        availability.fill(kind, first, count)
    left = [
        (kind, count - availability.put_up_to(kind, column, count))
        for kind, column, count in chunks
        if column >= max(current, first)
    ]
    for kind, count in (*left, *taken.older, *taken.without):
        availability.fill(kind, first, count)


def _full(row: Sequence[int]) -> int:
    """The columns without any capacity, as bits."""
    return sum(1 << column for column, capacity in enumerate(row) if capacity <= 0)


def _last(counts: list[int], column: int) -> int:
    """The last column, from that one down, with something in it; -1: none."""
    while column >= 0 and not counts[column]:
        column -= 1
    return column
