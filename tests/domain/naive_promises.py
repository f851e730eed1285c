"""What the naive desk promises: who takes a slot, who frees one, what is said. Everything by ``NaiveWeeks``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.domain.naive_offer import NaiveOffer
from tests.domain.naive_weeks import NaiveWeeks, Needs, Said

AWAITED = ("reserved", "firm", "locked", "scheduled")
MADE = ("in_production", "built", "in_transit")
GONE = ("expired", "cancelled", "forfeited")

Naive = dict[str, Any]


class NaivePromises:
    """The part of the naive desk that knows of plants. ``weeks`` is ``None`` where there are none."""

    offer: NaiveOffer
    at: int
    position: int
    orders: dict[str, Naive]

    def begin_weeks(self) -> None:
        """Before anything happened."""
        self.changes: list[dict[str, Any]] = []
        self.late: dict[str, Any] | None = None
        self.imported: list[tuple[str, str]] = []
        self.capacity_set_at = 0
        self.plans: list[str] = []
        self._weeks: NaiveWeeks | None = None

    @property
    def weeks(self) -> NaiveWeeks | None:
        weeks = self._weeks
        if weeks is not None:
            weeks.at = self.at
            living = [order for order in self.orders.values() if order["state"] in (*AWAITED, *MADE)]
            told = [order for order in living if order["promise"] is not None and not self._own_week(weeks, order)]
            weeks.told = [(self._needs(weeks, order), order["promise"][0]) for order in told]
        return weeks

    def _own_week(self, weeks: NaiveWeeks, order: Naive) -> bool:
        """Whether an operator gave it a week, and the calendar has that."""
        return order["pinned"] and order["promise"] is not None and weeks.base <= order["promise"][0] < weeks.end

    def _needs(self, weeks: NaiveWeeks, what: Naive) -> Needs:
        return weeks.needs(what["model"], what["trim"], what["options"])

    def reckon(self) -> None:
        """All slots anew, of what is true of the orders."""
        launch = self.offer.launch
        self._weeks = NaiveWeeks(launch, self.changes, self.late or {}) if launch.plants else None
        weeks = self.weeks
        if weeks is None:
            return
        backlog = []
        for older in launch.backlog:
            needs = self._default_needs(older.model, older.trim)
            if needs is not None:
                backlog.append((needs, max(0, older.orders - self.imported.count((older.model, older.trim)))))
        weeks.pins, older, planned, made, unpromised = [], {}, [], [], {}
        for order in self.orders.values():
            needs, current = self.needs_of(order), max(weeks.base, weeks.now)
            if order["state"] not in (*AWAITED, *MADE):
                continue
            week = None if order["promise"] is None else order["promise"][0]
            if self._own_week(weeks, order):
                weeks.pins.append((needs, week))
            elif order["state"] in MADE:
                if weeks.base <= weeks.now < weeks.end:
                    made.append((needs, current if week is None else max(weeks.base, min(week, current))))
            elif week is not None:
                planned.append((needs, week))
            else:
                whose = older if order["imported"] else unpromised
                whose[needs] = whose.get(needs, 0) + 1
        weeks.reckon(backlog, list(older.items()), planned, made, list(unpromised.items()))

    def needs_of(self, what: Naive) -> Needs:
        assert self.weeks is not None
        return self.weeks.needs(what["model"], what["trim"], what["options"])

    def _default_needs(self, model: str, trim: str) -> Needs | None:
        if self.weeks is None or self.offer.unknown(model, trim):
            return None
        return self.weeks.needs(model, trim, self.offer.configure(model, trim, ())[0])

    def anew(self, what: Naive) -> Said | None:
        """What a new order of that would be told."""
        return None if self.weeks is None else self.weeks.anew(self.needs_of(what), what["region"])

    def unpromised(self, what: Naive) -> set[str]:
        """Whether such an order is refused for want of a week."""
        if self.weeks is None or not self.weeks.rules.refuse_unpromised or self.anew(what) is not None:
            return set()
        return {"no_capacity"}

    def tell(self, order: Naive, said: Said | None) -> None:
        """Where there are no plants any more, what becomes another order is promised nothing."""
        order["promised"] = order["promise"] = said
        order["pinned"] = False

    def take_slot(self, order: Naive) -> None:
        if self.weeks is not None:
            self.weeks.take(self.needs_of(order))

    def free_slot(self, order: Naive) -> None:
        weeks = self.weeks
        if weeks is None:
            return
        if self._own_week(weeks, order):
            weeks.pins.remove((self.needs_of(order), order["promise"][0]))
        else:
            weeks.release(self.needs_of(order))

    def unpin(self, order: Naive) -> None:
        weeks = self.weeks
        if weeks is not None and self._own_week(weeks, order):
            where = (self.needs_of(order), order["promise"][0])
            weeks.pins.remove(where)
            weeks.put(*where)

    # An order becomes another.

    def keeps(self, order: Naive, goal: Naive) -> bool:
        weeks = self.weeks
        if weeks is None or order["promise"] is None or order["state"] not in AWAITED:
            return False
        return self.needs_of(order) == self.needs_of(goal) and weeks.base <= order["promise"][0] < weeks.end

    def instead(self, order: Naive, goal: Naive) -> Said | None:
        """What it would be told if it became that."""
        if self.weeks is None:
            return None
        if self.keeps(order, goal):
            return self.weeks.said_in(self.needs_of(goal), order["promise"][0], goal["region"])
        then, needs = self.weeks.copy(), self.needs_of(order)
        if order["state"] not in GONE:
            where = None if order["promise"] is None else (needs, order["promise"][0])
            if self._own_week(then, order):
                then.pins.remove(where)
            else:
                then.release(needs)
                if where is not None:
                    then.told.remove(where)
        return then.anew(self.needs_of(goal), goal["region"])

    def swap(self, order: Naive, goal: Naive) -> None:
        """Its slot for that of the other, and what it is told; before it becomes it."""
        if self.weeks is None:
            self.tell(order, None)
            return
        said, keeps = self.instead(order, goal), self.keeps(order, goal)
        if keeps:
            self.unpin(order)
        else:
            self.free_slot(order)
            order["promise"] = None
            self.weeks.take(self.needs_of(goal))
        self.tell(order, said)

    def comes_in(self, order: Naive) -> None:
        """From elsewhere: in the place of one of those that the launch file spoke of."""
        of = (order["model"], order["trim"])
        if self.weeks is not None:
            declared = sum(older.orders for older in self.offer.launch.backlog if (older.model, older.trim) == of)
            needs = self._default_needs(*of)
            if self.imported.count(of) < declared and needs is not None:
                self.weeks.release(needs)
            if order["state"] in AWAITED:
                self.take_slot(order)
            elif order["state"] in MADE and self.weeks.base <= self.weeks.now < self.weeks.end:
                self.weeks.put(self.needs_of(order), self.weeks.now)
        self.imported.append(of)

    # Operators.

    def set_capacity(self, resource: str, first: int, until: int, percent: int | None, weekly: int | None) -> set[str]:
        weeks = self.weeks
        if weeks is None:
            return {"no_capacity"}
        against = set()
        known = [one.id for one in (*weeks.launch.plants, *weeks.launch.limits)]
        if resource and resource not in known:
            against.add("unknown_resource")
        if not max(weeks.now, weeks.base) <= first < until <= weeks.end:
            against.add("invalid_week")
        if not against:
            keys = ("resource", "from", "until", "percent", "weekly")
            self.changes.append(dict(zip(keys, (resource, first, until, percent, weekly), strict=True)))
            self.capacity_set_at, self.late = self.position, None
            self.reckon()
        return against

    def set_safety(self, late: dict[str, Any]) -> None:
        self.late = late
        if self.weeks is not None:
            self.weeks.late = late

    def pin(self, order_id: str, week: int | None) -> set[str]:
        """Without state and key."""
        weeks = self.weeks
        if weeks is None:
            return {"no_capacity"}
        order = self.orders[order_id]
        has = None if order["promise"] is None else order["promise"][0]
        needs, against = self.needs_of(order), set()
        if week is not None:
            if has is not None and weeks.frozen(has):
                against.add("frozen_weeks")
            if not weeks.first <= week < weeks.end:
                against.add("invalid_week")
            elif not weeks.fits(needs, week) and not self._has(order, week):
                against.add("no_capacity")
        if against:
            return against
        if week is None:
            self.unpin(order)
        else:
            said = weeks.said_in(needs, week, order["region"])
            if self._has(order, week) and not self._own_week(weeks, order):
                weeks.slots.remove((needs, week))
            else:
                self.free_slot(order)
            order["promise"] = said
            weeks.pins.append((needs, week))
        order["pinned"] = week is not None
        return set()

    def _has(self, order: Naive, week: int) -> bool:
        """Whether it has a place in that week, of its kind's or of its own."""
        weeks = self.weeks
        if weeks is None or order["promise"] is None or order["promise"][0] != week:
            return False
        if order["pinned"]:
            return self._own_week(weeks, order)
        return (self.needs_of(order), week) in weeks.slots

    def accept(self, plan: str, based_on: int, groups: Sequence[tuple[Said, Sequence[str]]]) -> set[str]:
        weeks = self.weeks
        if weeks is None:
            return {"no_capacity"}
        if based_on < self.capacity_set_at:
            return {"stale_plan"}
        named = [order_id for _, ids in groups for order_id in ids]
        sound = all(
            weeks.first <= said[0] < weeks.end and said[2] - 26 < said[1] <= said[2] <= said[3] for said, _ in groups
        )
        if not sound or len(set(named)) < len(named) or not set(named) <= set(self.orders):
            return {"invalid_plan"}
        if not self._can_be_built(weeks, groups, based_on):
            return {"invalid_plan"}
        moved = [(self.orders[order_id], said) for said, ids in groups for order_id in ids]
        moved = [(order, said) for order, said in moved if self._as_known(order, based_on)]
        if groups and not moved:
            return {"stale_plan"}
        if any(order["promise"] is not None and weeks.frozen(order["promise"][0]) for order, _ in moved):
            return {"frozen_weeks"}
        self.plans.append(plan)
        for order, said in moved:
            order["promise"] = said
            if self.position not in order["blocks"]:
                order["blocks"].append(self.position)
        self.reckon()
        return set()

    def _can_be_built(self, weeks: NaiveWeeks, groups: Sequence[tuple[Said, Sequence[str]]], based_on: int) -> bool:
        taken: dict[tuple[str, int], int] = {}
        for said, ids in groups:
            for order_id in ids:
                order = self.orders[order_id]
                if not self._as_known(order, based_on):
                    continue
                if not self.needs_of(order):
                    return False
                if said[2] < said[0] + weeks.lead(order["region"]):
                    return False
                for name in self.needs_of(order):
                    taken[name, said[0]] = taken.get((name, said[0]), 0) + 1
        return all(count <= weeks.capacity(name, week) for (name, week), count in taken.items())

    def _as_known(self, order: Naive, based_on: int) -> bool:
        return order["state"] in AWAITED and not order["pinned"] and order["blocks"][-1] <= based_on
