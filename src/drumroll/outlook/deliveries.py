"""What a plant builds week by week: the lesser of what waits and what there is room for, in the order of the queue.

Everything is in whole orders, and many draws are worked out at once (the first axis). Orders come in *cohorts*, older
ones first. A unit's place within its cohort is its number over that of its class, so the classes of a cohort are mixed
evenly. In each week the units that wait are taken by place, one after another: those whose class has nothing left of
its own limit are passed over, and when a resource that several classes share is used up, they get no more of it.

So nothing is built beyond a limit or without an order, and what is built by any week never falls if any capacity rises
(tests/outlook/test_deliveries.py, where a loop over single units is the oracle).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from drumroll.domain.capacity import UNLIMITED, Capacity
from drumroll.outlook.months import Counts

_BITS = 30
"""A cohort is cut this finely: a class of it has at most 2**30 orders, more than any launch."""

MOST_IN_COHORT = 1 << _BITS


class Shared(msgspec.Struct, frozen=True):
    """Room (``weekly`` orders) that several classes have together; ``classes`` are their numbers."""

    classes: tuple[int, ...]
    weekly: Counts


class Line(msgspec.Struct, frozen=True):
    """What limits building: ``own`` (classes x weeks) of each class alone, and what they share, narrower ones first."""

    own: Counts
    shared: tuple[Shared, ...] = ()

    @property
    def weeks(self) -> int:
        """How many weeks it speaks of."""
        return int(self.own.shape[1])


def line_of(needs: Sequence[tuple[int, ...]], capacity: Capacity, first_week: int, weeks: int) -> Line:
    """The line of classes by the resources that each needs (none: nobody builds it). Beyond the calendar nothing is."""
    skipped = first_week - capacity.base_week
    rows = [_window(row, skipped, weeks) for row in capacity.weekly]
    own = np.array([np.full(weeks, UNLIMITED if each else 0, dtype=np.int64) for each in needs])
    shared = []
    for number, row in enumerate(rows):
        classes = tuple(at for at, each in enumerate(needs) if number in each)
        if len(classes) == 1:
            own[classes[0]] = np.minimum(own[classes[0]], row)
        elif classes:
            shared.append(Shared(classes, row))
    return Line(own, tuple(sorted(shared, key=lambda one: len(one.classes))))


def unlimited(needs: Sequence[tuple[int, ...]], weeks: int) -> Line:
    """A line that nothing but the orders limits; what nobody builds is still not built."""
    return Line(np.array([np.full(weeks, UNLIMITED if each else 0, dtype=np.int64) for each in needs]))


def build(cohorts: Counts, older: int, line: Line) -> Counts:
    """What is built: draws x classes x weeks, from ``cohorts`` (draws x classes x cohorts) of new orders.

    The first ``older`` cohorts wait from the beginning; the one after them from week 0 on, the next from week 1 on.
    """
    edges = _edges(cohorts)
    done = np.zeros(cohorts.shape[:2], dtype=np.int64)
    built = np.zeros((*cohorts.shape[:2], line.weeks), dtype=np.int64)
    for week in range(line.weeks):
        top = min(older + week + 1, cohorts.shape[2])
        built[:, :, week] = _of_week(edges, done, top, line, week)
        done = done + built[:, :, week]
    return built


def waiting(cohorts: Counts, older: int, built: Counts) -> Counts:
    """How many of the orders that may be built wait at the end of each week: draws x classes x weeks."""
    weeks = built.shape[2]
    there = np.cumsum(cohorts, axis=2)[:, :, np.minimum(older + np.arange(weeks), cohorts.shape[2] - 1)]
    left: Counts = there - np.cumsum(built, axis=2)
    return left


def most_of(line: Line, classes: Sequence[int]) -> list[tuple[int, Counts]]:
    """What may be built by week if there were no end of orders of these classes, in parts that share nothing.

    Each part goes with one of its classes. Where resources overlap without one being within the other, it is a bound.
    """
    parts = [({at}, line.own[at]) for at in classes]
    for shared in line.shared:
        inside = [part for part in parts if part[0] & set(shared.classes)]
        if inside:
            together = set[int]().union(*(part[0] for part in inside))
            weekly = np.minimum(shared.weekly, np.sum([part[1] for part in inside], axis=0))
            parts = [*(part for part in parts if not part[0] & together), (together, weekly)]
    return [(min(part), weekly) for part, weekly in parts]


def without_days(line: Line, days: int) -> Line:
    """The same with ``days`` of the first week's seven gone; what has no limit has none still."""
    if not days:
        return line
    own = line.own.copy()
    own[:, 0] = np.where(own[:, 0] >= UNLIMITED, own[:, 0], own[:, 0] * (7 - days) // 7)
    return Line(own, tuple(Shared(one.classes, _first(one.weekly, days)) for one in line.shared))


def _first(weekly: Counts, days: int) -> Counts:
    found = weekly.copy()
    if found[0] < UNLIMITED:
        found[0] = found[0] * (7 - days) // 7
    return found


def _of_week(edges: Counts, done: Counts, top: int, line: Line, week: int) -> Counts:
    most = line.own[:, week]
    classes = edges.shape[1]
    places = np.full(done.shape, (top << _BITS) * (classes + 1), dtype=np.int64)
    for shared in line.shared:
        members = np.array(shared.classes)
        part = _Part(edges[:, members], done[:, members], most[members], members, classes + 1)
        places[:, members] = np.minimum(places[:, members], part.last(places[:, members], int(shared.weekly[week])))
    return _Part(edges, done, most, np.arange(classes), classes + 1).served(places)


class _Part:
    """Some classes in one week. A place is one number: cohort, how far into it, and class, in that order."""

    def __init__(self, edges: Counts, done: Counts, most: Counts, numbers: Counts, base: int) -> None:
        self.edges, self.done, self.most, self.numbers, self.base = edges, done, most, numbers, base
        self.rows, self.columns = np.ogrid[: done.shape[0], : done.shape[1]]

    def served(self, places: Counts) -> Counts:
        """How many of each class are built if it is served up to these places (draws x classes)."""
        far, number = np.divmod(places, self.base)
        cohort, into = far >> _BITS, far & (MOST_IN_COHORT - 1)
        into = into + (self.numbers < number)
        before = self.edges[self.rows, self.columns, cohort]
        after = self.edges[self.rows, self.columns, cohort + 1]
        there = before + (((after - before) * into) >> _BITS)
        served: Counts = np.minimum(np.maximum(there - self.done, 0), self.most)
        return served

    def last(self, places: Counts, room: int) -> Counts:
        """A place up to which these classes, each up to its own, take ``room``, or the last at which they take no more.

        Between two places at which they take the same in all, each of them takes the same.
        """
        high: Counts = places.max(axis=1, keepdims=True)
        short = self.served(places).sum(axis=1) > room
        if not short.any():
            return high
        few = _Part(self.edges[short], self.done[short], self.most, self.numbers, self.base)
        found, bound, own = np.zeros_like(high[short]), high[short], places[short]
        while (bound - found > 1).any():
            tried = (found + bound) // 2
            taken = few.served(np.minimum(tried, own)).sum(axis=1, keepdims=True)
            found = np.where(taken <= room, tried, found)
            bound = np.where(taken < room, bound, np.where(taken == room, found, tried))
        high[short] = found
        return high


def _edges(cohorts: Counts) -> Counts:
    """Running sums over cohorts: a nought first, and the last twice, so that there is one after each cohort."""
    summed = np.cumsum(cohorts, axis=2)
    edges: Counts = np.concatenate([np.zeros_like(summed[:, :, :1]), summed, summed[:, :, -1:]], axis=2)
    return edges


def _window(row: Sequence[int], skipped: int, weeks: int) -> Counts:
    """``weeks`` weeks of a calendar, from its week ``skipped`` (may be negative) on; noughts outside."""
    found = np.zeros(weeks, dtype=np.int64)
    for week in range(max(0, -skipped), min(weeks, len(row) - skipped)):
        found[week] = row[week + skipped]
    return found
