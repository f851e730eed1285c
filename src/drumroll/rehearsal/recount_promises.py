"""The recount of what was promised: whether there is capacity for it, and nobody was overtaken.

Two counts are kept beside each other (``recount_filling``):

- what was promised: by resource and week, how many orders are to be built in it. Up to each week they may not be more
  than can be built up to it. Older orders, which were promised nothing here, are built first;
- the weeks themselves, filled one by one: the next order of a kind takes the first week with room, and whoever leaves
  frees the last one.

The first holds for all that is alive, whatever came before; the second says for each order which week it is to get.
When operators change capacity or accept a plan, both begin again from what is promised then. Where that does not fit
into the weeks (after a cut), old promises stand without capacity, and nothing is judged until a plan is accepted that
does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from drumroll.domain import events as ev
from drumroll.domain.launch import Launch
from drumroll.domain.promise import Promise
from drumroll.rehearsal import audit_rules as rules
from drumroll.rehearsal.recount_filling import Kind
from drumroll.rehearsal.recount_kinds import Offered
from drumroll.rehearsal.recount_seen import Seen
from drumroll.rehearsal.recount_taken import AWAITED, NOWHERE, OLDER, UNDERWAY, Taken
from drumroll.rehearsal.recount_weeks import Weeks, days_of

Needed = tuple[Kind, bool]
_MANY = 10**12


class Promises(Taken):
    """The promises so far, beside the recount of the orders. ``weeks`` is ``None`` where the launch has no plants.

    ``curve`` says when new orders of a model and trim were told other weeks: (orders promised, model, trim, first and
    last week from then on). ``counts`` are the figures.
    """

    def __init__(self, fault: Callable[[str, str], None]) -> None:
        super().__init__()
        self.counts = dict.fromkeys(("made", "unpromised", "may_cross", "will_cross", "planned"), 0)
        self.curve: list[tuple[int, str, str, int, int]] = []
        self._fault = fault
        self._changes: list[ev.CapacitySet] = []
        self._late: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {}
        self._good: set[tuple[object, ...]] = set()
        self._running: set[Offered] = set()
        self._run = 0

    # What sets the weeks

    def set_launch(self, launch: Launch, at_ms: int, orders: Iterable[Seen]) -> None:
        """The launch is another, and so may be its plants."""
        self._stop()
        self._good.clear()
        self._late = {}  # it is worked out anew, and recorded; until then nothing is known
        self.begin(Weeks(launch, self._changes) if launch.plants else None, at_ms, orders)

    def set_capacity(self, event: ev.CapacitySet, at_ms: int, orders: Iterable[Seen]) -> None:
        """An operator changed what can be built."""
        self._changes.append(event)
        if self.weeks is not None:
            self.set_launch(self.weeks.launch, at_ms, orders)

    def set_safety(self, event: ev.SafetySet) -> None:
        """How uncertain the weeks are."""
        self._late = event.late
        self._good.clear()

    def accept(self, event: ev.PlanAccepted, at_ms: int, orders: dict[str, Seen], *, whole: bool) -> None:
        """A plan, or a part of one, promises other weeks to many; all is counted anew when the ``whole`` is there."""
        self._stop()
        for group in event.groups:
            for order_id in group.order_ids:
                if order_id in orders:
                    orders[order_id].promise = group.promise
                    self.counts["planned"] += 1
        if whole:
            self.begin(self.weeks, at_ms, orders.values())

    def next_week(self, at_ms: int) -> None:
        """Time went on."""
        self._stop()
        super().next_week(at_ms)

    # Orders come

    def made(self, order_id: str, seen: Seen, promise: Promise | None, at_ms: int) -> None:
        """A new reservation, and what its customer was told."""
        assert self.kinds is not None
        offered = self.kinds.offer(seen.model, seen.trim, seen.options)
        same = promise == offered.promise and seen.region == offered.region
        if same and self._run and offered in self._running and at_ms < self.until_ms:
            self._run -= 1
            offered.more += 1
            seen.column = offered.told
            return
        self._count_run()
        slot = self._promise_to(order_id, seen, offered.kind, promise, at_ms)
        if promise is None:
            self.counts["unpromised"] += 1
            return
        self._note(offered, seen, promise)
        self._go_on(offered, slot, seen.column, seen.region)

    def _note(self, offered: Offered, seen: Seen, promise: Promise) -> None:
        """For the figures: what new orders are told."""
        self.counts["made"] += 1
        if promise != offered.promise:
            offered.promise, offered.crossing = promise, self._crossing(seen.model, promise)
            told = (promise.first_week - self.week, promise.last_week - self.week)
            self.curve.append((self.counts["made"], seen.model, seen.trim, *told))
        if offered.crossing:
            self.counts[offered.crossing] += 1

    # Thousands in a row are told the same: they are counted together

    def _go_on(self, offered: Offered, slot: int | None, told: int, region: str) -> None:
        """Orders that are told the same as this one need no look, until a week is full or somebody leaves."""
        if slot is not None:
            offered.slot, offered.told, offered.region = slot, told, region
            self._running.add(offered)
        room = self.filling.room
        self._run = _MANY
        for one in list(self._running):
            kind = one.kind
            most = min(kind.allowance, *(room[number][one.slot] for number in kind.needs))
            if most <= 0:
                self._running.discard(one)
            else:
                self._run = min(self._run, most)

    def _count_run(self) -> None:
        """Count those that came since."""
        for one in self._running:
            kind, more = one.kind, one.more
            if more:
                one.more = 0
                self.counts["made"] += more
                if one.crossing:
                    self.counts[one.crossing] += more
                self.filling.put(kind, one.slot, more)
                kind.promised[one.told] += more
                self.backing.add(kind, one.told, more)
                for rival in kind.rivals:
                    rival.allowance -= more

    def settle(self) -> None:
        """Count what is not counted yet."""
        self._count_run()

    def _stop(self) -> None:
        """What comes next may be told something else."""
        self._count_run()
        self._running.clear()
        self._run = 0

    def _crossing(self, model: str, promise: Promise) -> str:
        """Whether it may or will come too late for a day that matters."""
        assert self.weeks is not None
        starts, ends = days_of(promise.first_week, promise.last_week)
        cliffs = [cliff for cliff in self.weeks.launch.cliffs if not cliff.models or model in cliff.models]
        if any(starts > cliff.last_day.isoformat() for cliff in cliffs):
            return "will_cross"
        return "may_cross" if any(ends > cliff.last_day.isoformat() for cliff in cliffs) else ""

    def revived(self, order_id: str, seen: Seen, promise: Promise | None, at_ms: int) -> None:
        """An order that had run out is promised a week anew."""
        self._stop()
        self._promise_to(order_id, seen, self.kind(seen), promise, at_ms)

    def _promise_to(self, order_id: str, seen: Seen, kind: Kind, promise: Promise | None, at_ms: int) -> int | None:
        """An order begins to wait for a week: it is promised the first with room, and its weeks by the rules.

        Returns the column that it takes, if it was promised what is right.
        """
        if at_ms >= self.until_ms:
            self.next_week(at_ms)
        seen.promise = promise
        column = self.filling.take(kind)
        if promise is None:
            self._unpromised(order_id, seen, kind, column)
            return None
        assert self.weeks is not None
        told = promise.build_week - self.weeks.base
        if not 0 <= told < len(kind.slots):
            seen.column = NOWHERE
            self._fault(rules.BACKED, f"order {order_id} is to be built in week {promise.build_week}, outside of all")
            return None
        right = told >= kind.latest
        if not right:
            text = f"order {order_id} is to be built in week {promise.build_week}"
            self._fault(rules.OVERTAKEN, f"{text}; one of {kind.name} from before in {self.weeks.base + kind.latest}")
        if self.judged and (column is None or not kind.last <= told <= max(kind.last, kind.latest)):
            right = False
            first = "none has room" if column is None else f"{self.weeks.base + kind.last} is the first for {kind.name}"
            self._fault(rules.FIRST_WEEK, f"order {order_id} is to be built in week {promise.build_week}; {first}")
        if (promise, kind, seen.region, self.week) not in self._good:
            self._check_window(order_id, seen, kind, promise)
        seen.column = told
        self._back(f"order {order_id}", kind, told)
        return column if right else None

    def _unpromised(self, order_id: str, seen: Seen, kind: Kind, column: int | None) -> None:
        """Nothing is promised only where there is no week with room."""
        seen.column = NOWHERE
        if column is not None:
            seen.column = OLDER
            self.older(kind, column)
            if self.judged:
                self._fault(rules.PROMISED, f"order {order_id} is promised nothing, and there is room for {kind.name}")

    def _check_window(self, order_id: str, seen: Seen, kind: Kind, promise: Promise) -> None:
        """The weeks told follow from the week of building, the uncertainty and the way."""
        assert self.weeks is not None
        column, lead = promise.build_week - self.weeks.base, self.weeks.lead(seen.region)
        late_by, sure_by = self._late_by(kind, column)
        last = max(self.week, promise.build_week + lead + late_by)
        first = max(self.week, last + 1 - self.weeks.rules.width_weeks)
        right = (first, last, max(self.week, promise.build_week + lead + sure_by))
        has = (promise.first_week, promise.last_week, promise.sure_week)
        if has == right:
            self._good.add((promise, kind, seen.region, self.week))
        else:
            self._fault(rules.WINDOW, f"order {order_id} is promised the weeks {has}; by the rules {right}")

    def _late_by(self, kind: Kind, column: int) -> tuple[int, int]:
        """By how much it may be later; of what no configuration needs nothing is known but the most."""
        rows = [self._late[kind.name]] if kind.name in self._late else list(self._late.values())
        return max((row[0][column] for row in rows), default=0), max((row[1][column] for row in rows), default=0)

    def _back(self, what: str, kind: Kind, column: int) -> None:
        """There must be capacity for it and for all others up to its week and every later one."""
        self._fault_missing(what, self.backing.promise(kind, column))

    def _fault_missing(self, what: str, missing: list[tuple[int, int, int]]) -> None:
        if missing and self.judged and self.weeks is not None:
            for number, count, at in missing:
                text = f"with {what}, {count} more of {self.weeks.names[number]} are promised by week"
                self._fault(rules.BACKED, f"{text} {self.weeks.base + at} than can be had by then")

    def imports(self, seen: Seen, at_ms: int) -> None:
        """An order from elsewhere is one of the older orders of the launch file, or one more."""
        assert self.kinds is not None
        assert self.weeks is not None
        if self._running:
            self._stop()
        of = (seen.model, seen.trim)
        held = self.weeks.older.get(of, 0) > self.imported[of]
        self.imported[of] += 1
        if at_ms >= self.until_ms:
            self.next_week(at_ms)
        offered, awaited = self.kinds.offer(*of, seen.options), seen.state in AWAITED
        kind = offered.kind
        seen.column = OLDER if awaited else NOWHERE
        if held and offered.default and awaited and not kind.without and kind.first >= kind.last:
            return  # it has the very week that was held for it
        default = self.kinds.default_of(*of) if held else None
        if default is not None:
            self._uncount(default, OLDER)
            self.filling.free(default)
        if not awaited:
            if seen.state in UNDERWAY:
                self.is_built(kind)
            return
        column = self.filling.take(kind)
        if column is None:
            seen.column = NOWHERE
        else:
            self.older(kind, column)

    # Orders go, and become others

    def left(self, seen: Seen) -> None:
        """An order waits no more: its week goes to the next of its kind."""
        self._stop()
        self._give_up(self.kind(seen), seen)

    def _give_up(self, kind: Kind, seen: Seen) -> None:
        if seen.own_week and seen.column >= 0:
            self.own(kind, seen.column, -1)
        else:
            self._uncount(kind, seen.column)
            self.filling.free(kind)
        seen.column, seen.own_week = NOWHERE, False

    def delivered(self, seen: Seen) -> None:
        """Who comes after an order that is delivered may be promised an earlier week than it was."""
        self._stop()
        if seen.column >= 0 and not seen.own_week:
            self.kind(seen).forget(seen.column)

    def _uncount(self, kind: Kind, column: int) -> None:
        if column >= 0:
            self.backing.add(kind, column, -1)
            kind.forget(column)
        elif column == OLDER or not kind.without:
            # An older one, or one that is being built already: then the next of its kind gets that.
            self.older(kind, next((at for at in range(len(kind.older) - 1, -1, -1) if kind.older[at] > 0), 0), -1)

    def needed(self, seen: Seen) -> Needed | None:
        """What an order needs before it becomes another, and whether it has a week to keep."""
        if self.weeks is None:
            return None
        return self.kind(seen), seen.state in AWAITED and seen.column >= 0

    def becomes(self, order_id: str, seen: Seen, before: Needed, promise: Promise | None, at_ms: int) -> None:
        """An order was changed or converted. What needs the same as ``before`` keeps its week."""
        self._stop()
        kind, (old, keeps) = self.kind(seen), before
        if old is not kind or not keeps:
            self._give_up(old, seen)
            self._promise_to(order_id, seen, kind, promise, at_ms)
            return
        if at_ms >= self.until_ms:
            self.next_week(at_ms)
        if promise is None or seen.promise is None or promise.build_week != seen.promise.build_week:
            self._fault(rules.FIRST_WEEK, f"order {order_id} needs what it needed before, and has not kept its week")
        else:
            self._check_window(order_id, seen, kind, promise)
        if seen.own_week:
            self.unpinned(seen)
        seen.promise = promise

    def pinned(self, seen: Seen, promise: Promise) -> None:
        """An operator gave an order a week of its own, which must have room for it."""
        assert self.weeks is not None
        self._stop()
        kind, column = self.kind(seen), promise.build_week - self.weeks.base
        if not 0 <= column < len(kind.slots):
            self._fault(rules.BACKED, f"an order is given the week {promise.build_week}, outside of all")
            return
        if seen.column == column and not seen.own_week and kind.slots[column]:
            self._uncount(kind, column)
            self.filling.put(kind, column, -1)
        else:
            self._give_up(kind, seen)
        seen.promise, seen.column, seen.own_week = promise, column, True
        self.own(kind, column, +1)
        self._fault_missing("an order that was given its week", self.backing.look(kind, column))

    def unpinned(self, seen: Seen) -> None:
        """Its week is one like any other from now on."""
        self._stop()
        if seen.own_week and seen.column >= 0:
            kind = self.kind(seen)
            self.own(kind, seen.column, -1)
            self.filling.put(kind, seen.column, +1)
            self.backing.promise(kind, seen.column)
        seen.own_week = False
