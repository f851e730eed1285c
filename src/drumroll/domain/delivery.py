"""A promise in the words of the person it is made to: days, weeks from now, what is short, what it would miss."""

from __future__ import annotations

from typing import Literal

import msgspec

from drumroll.domain.capacity import rules_of
from drumroll.domain.launch import Launch
from drumroll.domain.promise import Promise, crossings
from drumroll.domain.weeks import monday, sunday


class CliffView(msgspec.Struct, frozen=True):
    """A day that matters to the customer: delivery ``may`` or ``will`` come after it."""

    id: str
    name: str
    last_day: str
    crossing: Literal["may", "will"]


class Delivery(msgspec.Struct, frozen=True, rename={"from_day": "from"}):
    """When it will be delivered: from the first day to the last, and in ``weeks`` (from, until) from now.

    Of such windows ``kept_percent`` are kept as far as anybody can know; ``sure_by`` is the day by which
    ``sure_percent`` are delivered. ``short`` is what keeps it from being earlier.
    """

    from_day: str
    until: str
    weeks: tuple[int, int]
    sure_by: str
    kept_percent: int
    sure_percent: int
    short: str | None
    because: str
    cliffs: tuple[CliffView, ...]


def delivery(launch: Launch, model: str, promise: Promise, now_week: int) -> Delivery:
    """The promise to an order of that model, seen from a week."""
    rules = rules_of(launch)
    cliffs = tuple(
        CliffView(found.cliff.id, found.cliff.name, found.cliff.last_day.isoformat(), found.crossing)
        for found in crossings(launch, model, promise)
    )
    return Delivery(
        from_day=monday(promise.first_week).isoformat(),
        until=sunday(promise.last_week).isoformat(),
        weeks=(promise.first_week - now_week, promise.last_week - now_week),
        sure_by=sunday(promise.sure_week).isoformat(),
        kept_percent=rules.kept_percent,
        sure_percent=rules.sure_percent,
        short=promise.short or None,
        because=because(launch, promise),
        cliffs=cliffs,
    )


def because(launch: Launch, promise: Promise) -> str:
    """Why it is no earlier, in words."""
    if not promise.short:
        return "It is planned for the first week that there is."
    names = {limit.id: limit.name for limit in launch.limits} | {plant.id: plant.name for plant in launch.plants}
    return f"{names.get(promise.short, promise.short)} has nothing left in the weeks before."
