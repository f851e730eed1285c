"""The rules of a random night that are about weeks: capacity, pins, plans, weeks that pass."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.promise import Planned, Promise
from tests.domain.naive_promises import AWAITED
from tests.domain.nights import Night, pick
from tests.domain.plant_launches import WEEK_MS, lateness

BY = ("olga", "because")
often = st.integers(0, 19).map(bool)
which = st.integers(0, 1_000)


def body(*parts: Any) -> bytes:
    return repr(parts).encode()


class PlantNight(Night):
    """What operators do about weeks; nothing of it does anything where there are no plants, but for refusals."""

    @rule(weeks=st.sampled_from((1, 1, 2, 5)), rarely=st.integers(0, 3))
    def weeks_pass(self, weeks: int, rarely: int) -> None:
        if rarely == 0:
            self.clock = max(self.clock, self.at) + weeks * WEEK_MS

    @rule(number=which, ahead=st.integers(-1, 8), length=st.integers(0, 4), fresh=often)
    def set_capacity(self, number: int, ahead: int, length: int, fresh: bool) -> None:
        if number % 2:  # seldom
            return
        weeks, key = self.naive.weeks, self.key(fresh, number)
        names = [one.id for one in (*self.naive.launch.plants, *self.naive.launch.limits)]
        first = ahead + (0 if weeks is None else max(weeks.now, weeks.base))
        said = (pick(("", *names, *names, "nope"), number // 2), first, first + length)
        said = (*said, *pick(((50, None), (150, None), (0, None), (None, 0), (None, 1), (None, 3)), number // 7))
        command = cmd.SetCapacity(*said, *BY, key, body(said))
        self.hold(command, lambda: self.naive.capacity_is_set(said, key, body(said)))
        self.weeks_are_sure_again()

    @rule(data=st.data(), rarely=st.integers(0, 3))
    def the_weeks_are_less_sure(self, data: Any, rarely: int) -> None:
        if rarely or self.book.availability is None:
            return
        names = sorted(name for name in self.book.availability.kinds if name)
        late = data.draw(lateness(names, self.book.availability.capacity.horizon))
        decision = self.ask(cmd.SetSafety(late))
        assert decision == (() if self.naive.late == late else (ev.SafetySet(late),))
        self.naive.set_safety(late)

    @rule(number=which, ahead=st.integers(-1, 8), fresh=often, lets_go=st.integers(0, 4), stays=st.integers(0, 4))
    def pin(self, number: int, ahead: int, fresh: bool, lets_go: int, stays: int) -> None:
        order_id, key, weeks = self.order(number, *AWAITED), self.key(fresh, number), self.naive.weeks
        week = ahead + (0 if weeks is None else weeks.first)
        has = self.naive.orders.get(order_id, {"promise": None})["promise"]
        if has is not None and not stays:
            week = has[0]
        asked = (order_id, week if lets_go else None)
        command = cmd.PinOrder(*asked, *BY, key, body(asked))
        self.hold(command, lambda: self.naive.pinned(*asked, key, body(asked)))

    @rule(
        moves=st.lists(st.tuples(which, st.integers(0, 5)), max_size=5),
        number=which,
        fault=st.sampled_from(("", "", "", "", "", "", "week", "twice", "unknown", "window", "stale", "frozen")),
        fresh=often,
    )
    def accept_a_plan(self, moves: list[tuple[int, int]], number: int, fault: str, fresh: bool) -> None:
        weeks, key = self.naive.weeks, self.key(fresh, number)
        if weeks is None and number % 9:
            return
        groups = self._groups(moves, number, fault)
        based_on = self.naive.capacity_set_at - 1 if fault == "stale" else len(self.blocks) - number % 2
        asked = (f"plan-{number}", based_on, groups)
        planned = tuple(Planned(Promise(*said), tuple(ids)) for said, ids in groups)
        command = cmd.AcceptPlan(f"plan-{number}", "strict", based_on, planned, *BY, key, body(asked))
        self.hold(command, lambda: self.naive.plan_accepted(*asked, key, body(asked)))

    def _groups(self, moves: list[tuple[int, int]], number: int, fault: str) -> list[tuple[Any, list[str]]]:
        """Some orders, each in a week with room (as far as there is one); or a plan with that fault."""
        weeks = self.naive.weeks
        if weeks is None:
            return []
        after, groups, moved = weeks.copy(), [], set()
        for which_one, ahead in moves:
            order_id = self.order(which_one, *AWAITED)
            order = self.naive.orders.get(order_id)
            if order is None or order_id in moved or self._is_frozen(order) != (fault == "frozen"):
                continue
            needs = self.naive.needs_of(order)
            after.release(needs)
            week = after.next_free(needs, min(after.first + ahead, after.end))
            if week is None:
                after.take(needs)
                continue
            after.put(needs, week)
            moved.add(order_id)
            groups.append((after.said_in(needs, week, order["region"]), [order_id]))
        return _spoilt(groups, fault, weeks.end)

    def _is_frozen(self, order: Any) -> bool:
        weeks = self.naive.weeks
        assert weeks is not None
        return order["promise"] is not None and weeks.frozen(order["promise"][0])


def _spoilt(groups: list[tuple[Any, list[str]]], fault: str, end: int) -> list[tuple[Any, list[str]]]:
    if not groups:
        return groups
    said, ids = groups[-1]
    faults = {
        "week": ((end, *said[1:]), ids),
        "twice": (said, ids * 2),
        "unknown": (said, [*ids, "unknown"]),
        "window": ((said[0], said[2] + 1, *said[2:]), ids),
    }
    return [*groups[:-1], faults.get(fault, groups[-1])]
