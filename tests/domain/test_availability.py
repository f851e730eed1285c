"""What can still be promised, held against dumb loops over random takings, givings back, weeks and capacities."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from drumroll.domain.availability import Availability, Kind, Taken, Trial, refill
from drumroll.domain.capacity import Change, capacity_of
from drumroll.domain.promise import Promise
from tests.domain import small_plants
from tests.domain.naive_weeks import NaiveWeeks, Needs
from tests.domain.plant_launches import OPENS, WEEK_MS, lateness, with_plants
from tests.domain.small_launches import launches

WHAT = (
    ("a", "x", ("white",)),
    ("a", "x", ("red",)),
    ("a", "y", ("white",)),
    ("a", "y", ("red", "hook")),
    ("a", "x", ("white", "hook")),
    ("b", "z", ("cloth",)),
    ("b", "z", ("leather",)),
    ("c", "v", ()),
    ("nobody", "builds", ()),
)
steps = st.tuples(
    st.sampled_from(
        ("take", "take", "take", "take", "release", "release", "put", "fill", "trial", "week", "cut", "late")
    ),
    st.integers(0, 1_000),
    st.integers(0, 7),
)


class Pair:
    """The availability and the naive weeks, through the same steps."""

    def __init__(self, data: Any, launch: Any) -> None:
        self.data, self.launch, self.at = data, launch, OPENS
        self.changes: list[Change] = []
        self.weeks = NaiveWeeks(launch, [], {})
        self.weeks.at = self.at
        capacity = capacity_of(launch)
        assert capacity is not None
        self.real = Availability(launch, capacity, {})
        self.promised: dict[Needs, list[int | None]] = {}  # of the living, by what they need
        self.broken: set[Needs] = set()  # kinds of which a cut took a week that was promised

    def both(self, number: int) -> tuple[Kind, Needs]:
        what = WHAT[number % len(WHAT)]
        return self.real.kind(*what), self.weeks.needs(*what)

    def region(self, number: int) -> str:
        return "ns"[number % 2]

    def promise(self, number: int, column: int) -> tuple[Promise | None, Any]:
        kind, needs = self.both(number)
        region = self.region(column)
        self.weeks.told = [(of, week) for of, mine in self.promised.items() for week in mine if week is not None]
        return self.real.promise(kind, self.real.lead(region), self.at), self.weeks.anew(needs, region)

    def take(self, number: int, column: int) -> None:
        kind, needs = self.both(number)
        promise, said = self.promise(number, column)
        assert_same(promise, said)
        self.real.take(kind, self.at)
        self.weeks.take(needs)
        self.promised.setdefault(needs, []).append(said[0] if said else None)
        if promise is not None:
            self.real.count(kind, promise.build_week, 1)

    def release(self, number: int, column: int) -> None:
        kind, needs = self.both(number)
        mine = self.promised.get(needs, [])
        before = slots(self.weeks, needs)
        self.real.release(kind)
        self.weeks.release(needs)
        if mine and (week := mine.pop(column % len(mine))) is not None:
            self.real.count(kind, week, -1)
        after = slots(self.weeks, needs)
        assert all(later >= week for later, week in zip(before, after, strict=False)), "somebody is worse off"

    def put(self, number: int, column: int) -> None:
        kind, needs = self.both(number)
        column %= self.real.capacity.horizon
        if column < self.real.first_column(self.at) or not self.real.has_room(kind, column):
            assert column < self.real.first_column(self.at) or not self.weeks.fits(needs, self.weeks.base + column)
            return
        self.real.put(kind, column, 1)
        self.weeks.put(needs, self.weeks.base + column)
        self.promised.setdefault(needs, []).append(self.weeks.base + column)
        self.real.count(kind, self.weeks.base + column, 1)

    def fill(self, number: int, count: int) -> None:
        kind, needs = self.both(number)
        self.real.fill(kind, self.real.first_column(self.at), count)
        self.weeks.fill(needs, self.weeks.first, count)
        self.promised.setdefault(needs, []).extend([None] * count)

    def trial(self, number: int, column: int) -> None:
        self.promise(number, column)
        before, other = state(self.real), self.weeks.copy()
        with Trial(self.real, self.at) as trial:
            for one in range(column + 1):
                kind, needs = self.both(number // (one + 1))
                region = self.region(one)
                if (number + one) % 3 == 0:
                    trial.release(kind, None, pinned=False)
                    other.release(needs)
                else:
                    said = other.anew(needs, region)
                    assert_same(trial.take(kind, self.real.lead(region)), said)
                    other.take(needs)
                    if said is not None:
                        other.told.append((needs, said[0]))
        assert state(self.real) == before, "a trial left something behind"

    def week(self, number: int, column: int) -> None:
        self.at += (number % 3) * WEEK_MS // 2
        self.weeks.at = self.at

    def cut(self, number: int, column: int) -> None:
        """Another capacity, and everything reckoned anew from what was promised."""
        base = self.weeks.base
        names = ("", *(one.id for one in self.real.capacity.resources))
        said = (names[number % len(names)], base + column, base + column + 1 + number % 4)
        percent, weekly = ((50, None), (150, None), (None, 0), (None, 2))[number % 4]
        self.changes.append(Change(*said, percent, weekly))
        capacity = capacity_of(self.launch, self.changes)
        assert capacity is not None
        self.real = Availability(self.launch, capacity, self.real.safety)
        keys = ("resource", "from", "until", "percent", "weekly")
        self.weeks.changes.append(dict(zip(keys, (*said, percent, weekly), strict=True)))
        waiting = [(needs, mine.count(None)) for needs, mine in self.promised.items()]
        planned = [(needs, week) for needs, mine in self.promised.items() for week in mine if week is not None]
        self.weeks.reckon([], waiting, planned, [], [])
        self.broken = {needs for needs in self.promised if not self.backed(needs)}
        kinds = {needs: kind for kind, needs in (self.both(one) for one in range(len(WHAT)))}
        for needs, week in planned:
            self.real.count(kinds[needs], week, 1)
        older = tuple((kinds[needs], count) for needs, count in waiting)
        taken = Taken(older, tuple((kinds[needs], week - base, 1) for needs, week in planned), (), ())
        refill(self.real, taken, self.at)

    def late(self, number: int, column: int) -> None:
        names = sorted({kind.name for kind, _ in map(self.both, range(len(WHAT)))})
        late = self.data.draw(lateness(names, self.real.capacity.horizon))
        self.real.be_sure(late)
        self.weeks.late = late

    def backed(self, needs: Needs) -> bool:
        """Whether the weeks of the living, the first first, are none before the slots of their kind, in order."""
        never = 10**9
        mine = sorted(never if week is None else week for week in self.promised.get(needs, []))
        held = sorted([*slots(self.weeks, needs), *[never] * self.weeks.without.count(needs)])
        return len(mine) == len(held) and all(week >= slot for week, slot in zip(mine, held, strict=True))

    def promises_can_be_kept(self) -> None:
        for needs in self.promised:
            assert needs in self.broken or self.backed(needs), "a promise without a slot behind it"
        first = self.real.first_column(self.at)
        assert all(left >= 0 for row in self.real.room for left in row[first:]), "more promised than there is"

    def agree(self) -> None:
        self.promises_can_be_kept()
        real, weeks = self.real, self.weeks
        assert real.capacity.base_week + real.first_column(self.at) == weeks.first
        for row, one in zip(real.room, real.capacity.resources, strict=True):
            assert row == [weeks.room(one.id, weeks.base + at) for at in range(real.capacity.horizon)]
        for number in range(len(WHAT)):
            kind, needs = self.both(number)
            found = [weeks.base + at for at, count in enumerate(kind.slots) for _ in range(count)]
            assert found == slots(weeks, needs)
            assert kind.without == weeks.without.count(needs)
            last = weeks.last(needs)
            assert kind.last == (-1 if last is None else last - weeks.base)
            for region in (0, 1):
                assert_same(*self.promise(number, region))


def state(real: Availability) -> Any:
    kinds = {
        name: (list(kind.slots), list(kind.promised), kind.last, kind.latest, kind.without)
        for name, kind in real.kinds.items()
        if any(kind.slots) or any(kind.promised) or kind.without
    }
    return kinds, deepcopy(real.room), list(real._full)


def slots(weeks: NaiveWeeks, needs: Needs) -> list[int]:
    return sorted(week for of, week in weeks.slots if of == needs)


def assert_same(promise: Promise | None, said: Any) -> None:
    found = None if promise is None else tuple(getattr(promise, name) for name in promise.__struct_fields__)
    assert found == said


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, list[Any]]:
    launch = draw(launches().flatmap(with_plants))
    return launch, draw(st.lists(steps, min_size=5, max_size=40))


few = settings(report_multiple_bugs=False, max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@few
@given(st.data(), pairs())
def test_what_can_be_promised_is_what_dumb_loops_say(data: Any, made: tuple[Any, list[Any]]) -> None:
    launch, todo = made
    pair = Pair(data, launch)
    pair.agree()
    note(repr((launch.plants, launch.limits, launch.promise)))
    for name, number, column in todo:
        note(repr((name, number, column)))
        getattr(pair, name)(number, column)
        pair.agree()


def test_a_quote_looks_for_a_week_as_seldom_with_many_orders_as_with_few() -> None:
    """What is looked up again for each order would cost more the later it comes."""
    looks = []

    class Watched(Availability):
        def _look(self, kind: Kind, at_ms: int) -> None:
            looks.append(kind.name)
            super()._look(kind, at_ms)

    launch = small_plants.launch([400, 400, 400])
    capacity = capacity_of(launch)
    assert capacity is not None
    real = Watched(launch, capacity, {})
    kind = real.kind("a", "x", ())
    for number in range(1_200):
        promise = real.promise(kind, number % 2, OPENS)
        assert promise is not None
        assert promise.build_week == capacity.base_week + number // 400
        real.take(kind, OPENS)
    assert len(looks) <= 3 * 3, "once a week, and when one fills up"
