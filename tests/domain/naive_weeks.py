"""Weeks, slots and promises once more, from the description alone: lists and loops, everything counted anew each time.

Part of the naive desk; it knows nothing of ``availability``, ``capacity``, ``slots``. Weeks are absolute here, and what
an order needs are names of limits and plants.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from drumroll.domain.launch import Launch
from drumroll.domain.launch_capacity import Limit, Period, PromiseRules

Needs = tuple[str, ...]
Said = tuple[int, int, int, int, str]
"""A promise: the week of building, the first and the last of delivery, the sure one, and what is short."""

NO_LIMIT = 10**9


def week_of(at: int, zone: str) -> int:
    """Mondays since the year 1 up to that moment."""
    day = datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).date()
    return (day - date(1, 1, 1)).days // 7


def _week(day: date) -> int:
    return (day - date(1, 1, 1)).days // 7


class NaiveWeeks:
    """What is taken: ``slots`` and ``pins`` (what it needs, week), and those ``without``. ``at`` is the present moment.

    ``told`` is what the living were promised (what they need, week of building), pinned ones left out.
    """

    def __init__(self, launch: Launch, changes: list[dict[str, Any]], late: dict[str, Any]) -> None:
        self.launch, self.changes, self.late = launch, changes, late
        self.rules = launch.promise or PromiseRules()
        self.at = 0
        self.base = min((_week(plant.weeks[0].from_day) for plant in launch.plants), default=0)
        self.end = self.base + self.rules.horizon_weeks
        self.slots: list[tuple[Needs, int]] = []
        self.pins: list[tuple[Needs, int]] = []
        self.told: list[tuple[Needs, int]] = []
        self.without: list[Needs] = []
        self._read: dict[tuple[str, int, int], int] = {}

    # What there is.

    def needs(self, model: str, trim: str, options: tuple[str, ...]) -> Needs:
        plants = [plant.id for plant in self.launch.plants if model in plant.models]
        limits = [limit.id for limit in self.launch.limits if self._falls_under(limit, model, trim, options)]
        return (*limits, *plants) if plants else ()

    def _falls_under(self, limit: Limit, model: str, trim: str, options: tuple[str, ...]) -> bool:
        if limit.models and model not in limit.models:
            return False
        if limit.trims and trim not in limit.trims:
            return False
        return not limit.choices or bool(set(limit.choices) & set(options))

    def capacity(self, name: str, week: int) -> int:
        """Of a limit or a plant in a week, with all that operators said; read once for each word of theirs."""
        asked = (name, week, len(self.changes))
        if asked not in self._read:
            self._read[asked] = self._capacity(name, week)
        return self._read[asked]

    def _capacity(self, name: str, week: int) -> int:
        filed = number = self._filed(name, week)
        for said in self.changes:
            if said["resource"] in ("", name) and said["from"] <= week < said["until"]:
                if said["weekly"] is not None:
                    number = said["weekly"]
                else:
                    number = filed if filed == NO_LIMIT else filed * said["percent"] // 100
        return number

    def _filed(self, name: str, week: int) -> int:
        for plant in self.launch.plants:
            if plant.id == name:
                closed = [span.from_day + timedelta(days=n) for span in plant.closed for n in range(_days(span))]
                open_days = 7 - sum(_week(day) == week for day in closed)
                return self._of(plant.weeks, week, 0) * open_days // 7
        return next(self._of(limit.weeks, week, NO_LIMIT) for limit in self.launch.limits if limit.id == name)

    def _of(self, periods: tuple[Period, ...], week: int, otherwise: int) -> int:
        """Only periods without ramps are drawn."""
        for period in periods:
            if _week(period.from_day) <= week and (period.until_day is None or week < _week(period.until_day)):
                return period.capacity * period.shifts
        return otherwise

    def used(self, name: str, week: int) -> int:
        return sum(name in needs and at == week for needs, at in (*self.slots, *self.pins))

    def room(self, name: str, week: int) -> int:
        return self.capacity(name, week) - self.used(name, week)

    def fits(self, needs: Needs, week: int) -> bool:
        return bool(needs) and all(self.room(name, week) > 0 for name in needs)

    # When.

    @property
    def now(self) -> int:
        return week_of(self.at, self.launch.time_zone)

    @property
    def first(self) -> int:
        """The first week that may be planned."""
        return max(self.base, self.now + self.rules.frozen_weeks)

    def frozen(self, week: int) -> bool:
        return max(self.base, self.now) <= week < self.first

    def next_free(self, needs: Needs, start: int | None = None) -> int | None:
        weeks = range(self.first if start is None else start, self.end)
        return next((week for week in weeks if self.fits(needs, week)), None)

    def last(self, needs: Needs) -> int | None:
        return max((week for of, week in self.slots if of == needs), default=None)

    def lead(self, region: str) -> int:
        days = next((one.lead_days for one in self.launch.regions if one.id == region), 0)
        return -(-days // 7)

    def said_in(self, needs: Needs, week: int, region: str) -> Said:
        """What is said to somebody whose order is built in that week."""
        late, sure = self.late.get("+".join(needs)) or self._most_uncertain()
        at, now, lead = week - self.base, self.now, self.lead(region)
        delivered = week + lead + (late[at] if late else 0)
        last = now if delivered < now else delivered
        first = last - self.rules.width_weeks + 1
        surely = week + lead + (sure[at] if sure else 0)
        return week, max(first, now), last, max(surely, now), self.short(needs, week)

    def _most_uncertain(self) -> tuple[list[int], list[int]]:
        """Of what nobody worked out: week by week as uncertain as the worst of all."""
        rows = list(self.late.values())
        late, sure = (
            [max(row[which][at] for row in rows) for at in range(self.rules.horizon_weeks)] if rows else []
            for which in (0, 1)
        )
        return late, sure

    def short(self, needs: Needs, week: int) -> str:
        """In the last week before it in which it could not be built: what was missing, limits first."""
        for before in range(week - 1, self.first - 1, -1):
            for name in needs:
                if self.room(name, before) <= 0:
                    return name
        return ""

    def anew(self, needs: Needs, region: str) -> Said | None:
        """What a new order would be told."""
        week, last = self.next_free(needs), self.last(needs)
        if week is None or needs in self.without:
            return None
        before = [at for of, at in self.told if of == needs and at < self.end]
        return self.said_in(needs, max([week, *before, *([] if last is None else [last])]), region)

    # Who takes and who gives back.

    def take(self, needs: Needs) -> None:
        week = self.next_free(needs)
        if week is None or needs in self.without:
            self.without.append(needs)
        else:
            self.slots.append((needs, week))

    def release(self, needs: Needs) -> None:
        last = self.last(needs)
        if needs in self.without:
            self.without.remove(needs)
        elif last is not None:
            self.slots.remove((needs, last))

    def put(self, needs: Needs, week: int) -> None:
        self.slots.append((needs, week))

    def fill(self, needs: Needs, start: int, count: int) -> None:
        for _ in range(count):
            week = self.next_free(needs, start)
            if week is None:
                self.without.append(needs)
            else:
                self.slots.append((needs, week))

    def copy(self) -> NaiveWeeks:
        other = NaiveWeeks(self.launch, self.changes, self.late)
        other._read = self._read
        other.at, other.slots, other.without = self.at, list(self.slots), list(self.without)
        other.pins, other.told = list(self.pins), list(self.told)
        return other

    def reckon(
        self,
        backlog: list[tuple[Needs, int]],
        older: list[tuple[Needs, int]],
        planned: list[tuple[Needs, int]],
        made: list[tuple[Needs, int]],
        unpromised: list[tuple[Needs, int]],
    ) -> None:
        """Everything anew: the backlog; what is made and what is frozen stays; then who is overdue.

        Then each has its own week while there is room, the others the first with room; at last who was promised
        nothing, the older ones first.
        """
        self.slots, self.without = [], []
        current, first = max(self.base, self.now), self.first
        opening = week_of(self.launch.opens_at_ms, self.launch.time_zone)
        for needs, count in backlog:
            self.fill(needs, max(self.base, opening + self.rules.frozen_weeks), count)
        planned = sorted(planned, key=lambda one: (one[1], -len(one[0]), "+".join(one[0])))
        for needs, week in made:
            self.put(needs, week)
        for needs, week in planned:
            if current <= week < min(first, self.end):
                self.put(needs, week)
        for needs, week in planned:
            if week < current:
                self.fill(needs, first, 1)
        self._each_its_own(planned, first, current)
        for needs, count in (*older, *unpromised):
            self.fill(needs, first, count)

    def _each_its_own(self, planned: list[tuple[Needs, int]], first: int, current: int) -> None:
        left = []
        for needs, week in planned:
            if week >= first and week < self.end and self.fits(needs, week):
                self.put(needs, week)
            elif week >= current and week >= min(first, self.end):
                left.append(needs)
        for needs in left:
            self.fill(needs, first, 1)


def _days(span: Any) -> int:
    return (span.until_day - span.from_day).days
