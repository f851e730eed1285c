"""The queue of one model: which locked order comes before which.

A place is one number: the lock time, and a running number that keeps those of the same millisecond apart. An order that
keeps its place through a conversion takes this very number to the other model's queue.
"""

from __future__ import annotations

from bisect import bisect_left, insort

_NUMBERS = 1 << 24
"""Running numbers of one millisecond; more than this many locks never fall into one."""

_SPLIT = 2048


def place_of(at_ms: int, number: int) -> int:
    """The place of the ``number``-th order that got one, for a lock at ``at_ms``."""
    return at_ms * _NUMBERS + number % _NUMBERS


def lock_time_of(place: int) -> int:
    """The lock time that a place stands for, in milliseconds."""
    return place // _NUMBERS


class Queue:
    """Places in order. Taking one in or out and asking how many are ahead cost microseconds, however long it is.

    The places are kept in short sorted runs (Knuth, TAOCP 6.2.4: a B-tree of height two), because the front leaves
    while others come in anywhere.
    """

    def __init__(self) -> None:
        self._runs: list[list[int]] = []
        self._lasts: list[int] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __contains__(self, place: int) -> bool:
        at = bisect_left(self._lasts, place)
        if at == len(self._runs):
            return False
        run = self._runs[at]
        return run[bisect_left(run, place)] == place

    def add(self, place: int) -> None:
        """Take a place in."""
        self._length += 1
        if not self._runs:
            self._runs.append([place])
            self._lasts.append(place)
            return
        at = min(bisect_left(self._lasts, place), len(self._runs) - 1)
        run = self._runs[at]
        insort(run, place)
        if len(run) > _SPLIT:
            self._runs[at : at + 1] = [run[: _SPLIT // 2], run[_SPLIT // 2 :]]
            self._lasts.insert(at, run[_SPLIT // 2 - 1])
            at += 1
        self._lasts[at] = self._runs[at][-1]

    def remove(self, place: int) -> None:
        """Take a place out. Raises ``KeyError`` if it is not there."""
        if place not in self:
            raise KeyError(place)
        at = bisect_left(self._lasts, place)
        run = self._runs[at]
        del run[bisect_left(run, place)]
        self._length -= 1
        if run:
            self._lasts[at] = run[-1]
        else:
            del self._runs[at], self._lasts[at]

    def ahead(self, place: int) -> int:
        """How many places come before this one."""
        at = bisect_left(self._lasts, place)
        before = sum(map(len, self._runs[:at]))
        return before + bisect_left(self._runs[at], place) if at < len(self._runs) else before

    def __iter__(self):  # type: ignore[no-untyped-def]
        for run in self._runs:
            yield from run
