"""The declared backlog: older orders without an id in this log, which stand before all others."""

from __future__ import annotations

import msgspec
import numpy as np

from drumroll.domain.availability import Availability, Kind
from drumroll.domain.book import Book
from drumroll.domain.capacity import Capacity, rules_of
from drumroll.domain.launch import Launch
from drumroll.domain.slots import backlog
from drumroll.domain.weeks import week_of
from drumroll.plan.problem import Columns


class Ahead(msgspec.Struct, frozen=True):
    """Orders that come before all others: of each its number in ``kinds``, which say what it needs."""

    kinds: tuple[tuple[int, ...], ...]
    line: Columns


def backlog_ahead(book: Book, launch: Launch, capacity: Capacity, first_week: int) -> Ahead:
    """What is left of the declared backlog for ``first_week`` and after.

    The file declares it as it stood at the opening. Each order imported since counts against it, and so does what the
    weeks since the opening, past or frozen, had room for: it stood before everybody else.
    """
    availability = Availability(launch, capacity, {})
    opening = week_of(launch.opens_at_ms, launch.time_zone) + rules_of(launch).frozen_weeks
    start = min(max(0, opening - capacity.base_week), capacity.horizon)
    kinds: dict[str, Kind] = {}
    for kind, count in backlog(book, availability):
        availability.fill(kind, start, count)
        kinds[kind.name] = kind
    counts = [sum(kind.slots[first_week - capacity.base_week :]) + kind.without for kind in kinds.values()]
    line = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    return Ahead(tuple(kind.needs for kind in kinds.values()), line)
