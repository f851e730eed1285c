"""What ``drumroll check`` says of capacity and promises: plants, limits, days that matter, and what is not promised."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
from rich.table import Table
from rich.text import Text

from drumroll.domain.capacity import UNLIMITED, Capacity, capacity_of, rules_of
from drumroll.domain.configuration import has
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.launch_capacity import Limit, Plant
from drumroll.domain.weeks import monday, week_of

COLUMNS = 5
"""So many plants and limits stand side by side; the others follow in a table of their own."""

Quarter = tuple[int, int]


class Unpromised(msgspec.Struct, frozen=True):
    """A model, or one trim of it, for whose orders nothing can be promised, and why."""

    model: str
    trim: str | None
    why: str


def unpromised(launch: Launch) -> tuple[Unpromised, ...]:
    """What is sold without a promise; it may be meant so, and is no mistake. Without plants, everything is."""
    capacity = capacity_of(launch)
    return () if capacity is None else tuple(_unpromised(launch, capacity))


def capacity_facts(launch: Launch, not_promised: tuple[Unpromised, ...]) -> Iterator[tuple[str, str]]:
    """Lines about promises, plants, limits, the backlog and the days that matter."""
    capacity = capacity_of(launch)
    if capacity is None:
        yield "promised", "nothing: the file has no plant"
        return
    yield "promised", _promised(launch, capacity)
    for plant in launch.plants:
        yield "plant", _plant(plant)
    for limit in launch.limits:
        yield "weekly limit", f"{limit.name} ({limit.id}): {_limited(limit)}\n{_span(limit)}"
    for backlog in launch.backlog:
        yield "backlog", f"{backlog.orders:,} of {backlog.model} {backlog.trim}, before all others"
    for cliff in launch.cliffs:
        models = f" of {', '.join(cliff.models)}" if cliff.models else ""
        yield "matters", f"{cliff.name} ({cliff.id}): deliveries{models} by {cliff.last_day}"
    for one in not_promised:
        yield "not promised", f"{one.model}{'' if one.trim is None else ' ' + one.trim}: {one.why}"


def capacity_tables(launch: Launch) -> Iterator[Table]:
    """The orders that each plant and limit allows, by quarter, in as many tables as fit side by side."""
    capacity = capacity_of(launch)
    if capacity is None:
        return
    quarters = _quarters(capacity)
    for first in range(0, len(capacity.resources), COLUMNS):
        table = Table(box=None, padding=(0, 2), pad_edge=False)
        table.add_column("  orders built in", no_wrap=True)
        numbers = range(first, min(first + COLUMNS, len(capacity.resources)))
        for number in numbers:
            table.add_column(Text(capacity.resources[number].id), justify="right", overflow="fold")
        for (year, quarter), columns in quarters.items():
            weeks = [[capacity.weekly[number][column] for column in columns] for number in numbers]
            table.add_row(f"  {year} Q{quarter}", *map(_sum, weeks))
        yield table


# What is not promised.


def _unpromised(launch: Launch, capacity: Capacity) -> Iterator[Unpromised]:
    built = {model_id for plant in launch.plants for model_id in plant.models}
    for model in launch.models:
        if model.id not in built:
            yield Unpromised(model.id, None, "no plant builds it")
            continue
        for trim in model.trims:
            why = _no_week(launch, capacity, model, trim)
            if why is not None:
                yield Unpromised(model.id, trim.id, why)


def _no_week(launch: Launch, capacity: Capacity, model: Model, trim: Trim) -> str | None:
    """Why no order of that trim can be built in any week since its sale began; ``None`` if one can."""
    opened = max(0, week_of(model.opens_at_ms, launch.time_zone) - capacity.base_week)
    plants = [len(launch.limits) + number for number, plant in enumerate(launch.plants) if model.id in plant.models]
    limits = [number for number, limit in enumerate(launch.limits) if _binds_all(limit, model, trim)]
    rows = {number: capacity.weekly[number][opened:] for number in (*limits, *plants)}
    for number, row in rows.items():
        if not any(row):
            return f"{capacity.resources[number].id} has no capacity for it in any week"
    if not any(map(all, zip(*rows.values(), strict=True))):
        names = ", ".join(capacity.resources[number].id for number in rows)
        return f"{names} never have capacity in the same week"
    return None


def _binds_all(limit: Limit, model: Model, trim: Trim) -> bool:
    """Whether every order of that trim falls under the limit, whatever its customer chose."""
    if (limit.models and model.id not in limit.models) or (limit.trims and trim.id not in limit.trims):
        return False
    offers = [[choice.id for choice in one.choices if has(trim.id, choice)] for one in model.options if not one.many]
    return not limit.choices or any(offer and set(offer) <= set(limit.choices) for offer in offers)


# Lines and cells.


def _promised(launch: Launch, capacity: Capacity) -> str:
    rules = rules_of(launch)
    kept = f"{rules.kept_percent} % kept ({rules.sure_percent} % by a later week)"
    return (
        f"windows of {_weeks(rules.width_weeks)}, {kept}\n"
        f"policy {rules.policy}; {_weeks(rules.frozen_weeks)} frozen\n"
        f"{_weeks(capacity.horizon)} counted from {monday(capacity.base_week)}"
    )


def _weeks(number: int) -> str:
    return "1 week" if number == 1 else f"{number} weeks"


def _plant(plant: Plant) -> str:
    lines = [f"{plant.name} ({plant.id}): builds {', '.join(plant.models)}", _span(plant)]
    lines += [f"closed {span.from_day} until {span.until_day} ({span.name})" for span in plant.closed]
    return "\n".join(lines)


def _span(one: Plant | Limit) -> str:
    until = one.weeks[-1].until_day
    return f"from {one.weeks[0].from_day}" + ("" if until is None else f" until {until}")


def _limited(limit: Limit) -> str:
    parts = (", ".join(ids) for ids in (limit.models, limit.trims, limit.choices) if ids)
    return " with ".join(parts)


def _quarters(capacity: Capacity) -> dict[Quarter, list[int]]:
    """The weeks (from 0) of each quarter. A week belongs where its Thursday lies, as in ISO 8601's years."""
    quarters: dict[Quarter, list[int]] = {}
    for column in range(capacity.horizon):
        day = monday(capacity.base_week + column) + timedelta(days=3)
        quarters.setdefault((day.year, (day.month + 2) // 3), []).append(column)
    return quarters


def _sum(weekly: list[int]) -> str:
    """The orders of a quarter; ``+`` where a limit does not hold in all of its weeks."""
    held = [number for number in weekly if number < UNLIMITED]
    if not held:
        return "no limit"
    return f"{sum(held):,}" + ("" if len(held) == len(weekly) else "+")
