"""What customers would be told after so many orders: for a launch that nobody has seen yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from drumroll.domain.availability import Availability, Kind, Safety
from drumroll.domain.capacity import capacity_of
from drumroll.domain.configuration import defaults
from drumroll.domain.delivery import Delivery, delivery
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.slots import backlog_column
from drumroll.errors import PlanRefused

_AT_ONCE = 500
"""Orders of all trims are mixed in lots of this many; a week has thousands."""


class Wait(msgspec.Struct, frozen=True):
    """What the next customer would be told of a trim after so many orders; ``None``: nothing can be promised."""

    orders: int
    model: str
    trim: str
    delivery: Delivery | None


def waits(launch: Launch, safety: Safety, after: Sequence[int], at_ms: int, region: str) -> list[Wait]:
    """What is said of each trim of the headline models after so many orders (rising), as of a moment.

    Trims are mixed 1 : 1/2 : 1/3 ... in the order of the file, as the rehearsal mixes them, with default options. All
    are ordered at the opening, behind the declared backlog, and nobody leaves.

    Raises:
        PlanRefused: the launch has no plants.
    """
    capacity = capacity_of(launch)
    if capacity is None:
        raise PlanRefused(f"{launch.id} has no plants, so nothing is promised; add [[plant]] to the launch file")
    availability = Availability(launch, capacity, safety)
    for older in launch.backlog:
        kind = _kind(availability, *_named(launch, older.model, older.trim))
        availability.fill(kind, backlog_column(availability), older.orders)
    trims = [
        (model, trim) for name in launch.headline for model in launch.models if model.id == name for trim in model.trims
    ]
    kinds = [_kind(availability, model, trim) for model, trim in trims]
    found, taken = [], 0
    for count in after:
        _order(availability, kinds, launch.opens_at_ms, taken, count)
        taken = count
        found += [_wait(availability, count, model, trim, at_ms, region) for model, trim in trims]
    return found


def _order(availability: Availability, kinds: list[Kind], opens_at_ms: int, start: int, until: int) -> None:
    first = availability.first_column(opens_at_ms)
    for begin in range(start, until, _AT_ONCE):
        end = min(begin + _AT_ONCE, until)
        for kind, many in zip(kinds, _shares(len(kinds), begin, end), strict=True):
            availability.fill(kind, first, many)


def _shares(trims: int, begin: int, end: int) -> Iterator[int]:
    """How many of the orders from one to another are of each trim."""
    weights = [1 / (number + 1) for number in range(trims)]
    edges = [sum(weights[:number]) / sum(weights) for number in range(trims + 1)]
    for low, high in pairwise(edges):
        yield (round(end * high) - round(end * low)) - (round(begin * high) - round(begin * low))


def _wait(availability: Availability, orders: int, model: Model, trim: Trim, at_ms: int, region: str) -> Wait:
    promise = availability.promise(_kind(availability, model, trim), availability.lead(region), at_ms)
    if promise is None:
        return Wait(orders, model.id, trim.id, None)
    now = availability.week_at(at_ms)
    return Wait(orders, model.id, trim.id, delivery(availability.launch, model.id, promise, now))


def _kind(availability: Availability, model: Model, trim: Trim) -> Kind:
    return availability.kind(model.id, trim.id, defaults(model, trim).options)


def _named(launch: Launch, model_id: str, trim_id: str) -> tuple[Model, Trim]:
    model = launch.model(model_id)
    assert model is not None, "a checked launch file"
    return model, next(trim for trim in model.trims if trim.id == trim_id)
