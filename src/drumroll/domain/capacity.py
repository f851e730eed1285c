"""Weekly capacity: what the plants and limits of a launch allow in each week, and which of them an order needs.

A *resource* is a limit or a plant. An order needs its model's plant and every limit that its configuration falls under;
orders that need the same are of one *kind*.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

import msgspec

from drumroll.domain.launch import Launch, Model
from drumroll.domain.launch_capacity import Limit, Period, PromiseRules
from drumroll.domain.weeks import days_open, week_of_day

UNLIMITED = 10**9
"""A week in which a limit does not hold; more orders than any launch has."""

KINDS_MOST = 512


class Resource(msgspec.Struct, frozen=True):
    """What may be short."""

    id: str
    name: str
    kind: Literal["limit", "plant"]


class Change(msgspec.Struct, frozen=True):
    """Another capacity of one resource (or, with ``""``, of every plant and limit) from a week until (not in) another.

    Either ``percent`` of what the calendar says, or ``weekly``, a number of its own.
    """

    resource: str
    from_week: int
    until_week: int
    percent: int | None = None
    weekly: int | None = None


class Capacity(msgspec.Struct, frozen=True):
    """``weekly[resource][week - base_week]`` orders, for every resource: limits first, for they say more than a plant.

    ``horizon`` is the number of weeks.
    """

    base_week: int
    horizon: int
    resources: tuple[Resource, ...]
    weekly: tuple[tuple[int, ...], ...]


def capacity_of(launch: Launch, changes: Iterable[Change] = ()) -> Capacity | None:
    """The capacity of a launch with what was changed since, in order; ``None`` if it has no plants."""
    if not launch.plants:
        return None
    base = min(week_of_day(plant.weeks[0].from_day) for plant in launch.plants)
    horizon = rules_of(launch).horizon_weeks
    weekly = {limit.id: _calendar(limit.weeks, base, horizon, UNLIMITED) for limit in launch.limits}
    for plant in launch.plants:
        closed = tuple((span.from_day, span.until_day) for span in plant.closed)
        row = _calendar(plant.weeks, base, horizon, 0)
        weekly[plant.id] = [number * days_open(base + at, closed) // 7 for at, number in enumerate(row)]
    calendar = {name: tuple(row) for name, row in weekly.items()}
    for change in changes:
        _change(weekly, calendar, change, base)
    limits = [Resource(limit.id, limit.name, "limit") for limit in launch.limits]
    plants = [Resource(plant.id, plant.name, "plant") for plant in launch.plants]
    resources = (*limits, *plants)
    return Capacity(base, horizon, resources, tuple(tuple(weekly[one.id]) for one in resources))


def rules_of(launch: Launch) -> PromiseRules:
    """How the launch promises."""
    return launch.promise or PromiseRules()


def needs(launch: Launch, model: str, trim: str, options: tuple[str, ...]) -> tuple[int, ...]:
    """The resources (their numbers in ``Capacity.resources``) that such an order needs; empty: nobody builds it."""
    plants = [len(launch.limits) + at for at, plant in enumerate(launch.plants) if model in plant.models]
    limits = [at for at, limit in enumerate(launch.limits) if _falls_under(limit, model, trim, options)]
    return (*limits, *plants) if plants else ()


def kinds_of(launch: Launch) -> tuple[tuple[int, ...], ...]:
    """Everything that an order of this launch can need, each once: what ``needs`` gives over all configurations.

    Raises:
        ValueError: limits by choice overlap so much that there would be more than ``KINDS_MOST``.
    """
    found: dict[tuple[int, ...], None] = {}
    for model in launch.models:
        for trim in model.trims:
            always = needs(launch, model.id, trim.id, ())
            for hit in _limits_hit(launch, model, trim.id) if always else ():
                found[tuple(sorted({*always, *hit}))] = None
            _not_too_many(found)
    return tuple(found)


def _limits_hit(launch: Launch, model: Model, trim: str) -> set[frozenset[int]]:
    """The sets of limits by choice that configurations of that trim fall under."""
    ways: set[frozenset[int]] = {frozenset()}
    by_choice = _limits_by_choice(launch, model.id, trim)
    for option in model.options:
        taken = [choice.id for choice in option.choices if not choice.trims or trim in choice.trims]
        hits = {frozenset(by_choice.get(choice, ())) for choice in taken}
        if option.many:
            for hit in hits:
                ways |= {way | hit for way in ways}
                _not_too_many(ways)
        elif hits:
            ways = {way | hit for way in ways for hit in hits}
        _not_too_many(ways)
    return ways


def _not_too_many(kinds: Collection[object]) -> None:
    if len(kinds) > KINDS_MOST:
        raise ValueError(f"more than {KINDS_MOST} kinds of orders")


def _limits_by_choice(launch: Launch, model: str, trim: str) -> dict[str, list[int]]:
    """The limits that an order of that trim falls under with each choice."""
    found: dict[str, list[int]] = {}
    for at, limit in enumerate(launch.limits):
        for choice in limit.choices if _is_for(limit, model, trim) else ():
            found.setdefault(choice, []).append(at)
    return found


def lead_weeks(launch: Launch, region: str) -> int:
    """From the week in which an order is built to that of its delivery there, if it is built on the last day."""
    days = next((one.lead_days for one in launch.regions if one.id == region), 0)
    return (days + 6) // 7


def _falls_under(limit: Limit, model: str, trim: str, options: Sequence[str]) -> bool:
    return _is_for(limit, model, trim) and (not limit.choices or any(choice in options for choice in limit.choices))


def _is_for(limit: Limit, model: str, trim: str) -> bool:
    return (not limit.models or model in limit.models) and (not limit.trims or trim in limit.trims)


def _calendar(periods: tuple[Period, ...], base: int, horizon: int, otherwise: int) -> list[int]:
    """What the periods say of each week, closed days not counted; ``otherwise`` in the weeks of none."""
    row = [otherwise] * horizon
    for period in periods:
        first = week_of_day(period.from_day)
        length = None if period.until_day is None else week_of_day(period.until_day) - first
        last = horizon if length is None else min(horizon, first + length - base)
        for at in range(max(0, first - base), last):
            row[at] = _on_ramp(period, base + at - first, length) * period.shifts
    return row


def _on_ramp(period: Period, number: int, length: int | None) -> int:
    if period.ramp_to is None or length is None:
        return period.capacity
    steps = max(1, length - 1)
    return period.capacity + (period.ramp_to - period.capacity) * min(number, steps) // steps


def _change(weekly: dict[str, list[int]], calendar: dict[str, tuple[int, ...]], change: Change, base: int) -> None:
    """A percentage is of what the calendar says, whatever was changed before: 100 % undoes that."""
    for name in [change.resource] if change.resource else list(weekly):
        row = weekly.get(name, [])  # none: it is gone from a changed launch file
        for at in range(max(0, change.from_week - base), min(len(row), change.until_week - base)):
            said = calendar[name][at]
            if change.weekly is not None:
                row[at] = change.weekly
            elif change.percent is not None:
                row[at] = said if said == UNLIMITED else said * change.percent // 100
