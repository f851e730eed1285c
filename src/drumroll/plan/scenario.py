"""What if: less or more capacity, orders that are given up, orders that become another model's. All drawn by a seed."""

from __future__ import annotations

import msgspec
import numpy as np

from drumroll.domain.capacity import UNLIMITED, Capacity, needs
from drumroll.domain.configuration import defaults
from drumroll.domain.launch import Conversion, Launch, Model
from drumroll.domain.weeks import monday, week_label
from drumroll.errors import ScenarioInvalid
from drumroll.plan.difference import NOTHING
from drumroll.plan.problem import Columns, Counts
from drumroll.plan.waiting import Mask, Situation, Waiting

ALL = "all"
"""Instead of the name of a resource: every plant and every limit."""

_CANCELLED, _CONVERTED, _TRIMS = 1, 2, 3
"""Each kind of drawing has random numbers of its own."""


class Scenario(msgspec.Struct, frozen=True):
    """What happens. Percentages are whole; 0: that does not happen.

    ``cut_percent`` and ``add_percent`` change the weekly capacity of ``resources`` (none named: of every plant;
    ``all``: of limits too) from ``from_week`` until (not in) ``until_week``, the cut first. ``cancel_percent`` of the
    orders are given up. ``convert_percent`` of the locked orders of those models that a conversion window takes become
    orders for the first model that it leads to.
    """

    from_week: int
    until_week: int
    cut_percent: int = 0
    add_percent: int = 0
    convert_percent: int = 0
    cancel_percent: int = 0
    resources: tuple[str, ...] = ()
    seed: int = 1


class Changed(msgspec.Struct, frozen=True):
    """A situation after a scenario, and how many orders it took or changed. ``resources``: whose capacity is other."""

    situation: Situation
    resources: tuple[str, ...]
    cancelled: int
    converted: int


def changed(situation: Situation, scenario: Scenario) -> Changed:
    """The situation if that happens.

    Raises:
        ScenarioInvalid: with everything in the scenario that does not fit.
    """
    faults = tuple(_faults(situation, scenario))
    if faults:
        raise ScenarioInvalid(faults)
    resources = _resources(situation.capacity, scenario)
    capacity = _other_capacity(situation.capacity, scenario, resources)
    left = _without_cancelled(situation.waiting, scenario)
    waiting, converted = _with_converted(situation, left, scenario)
    after = msgspec.structs.replace(situation, capacity=capacity, waiting=waiting)
    return Changed(after, resources, len(situation.waiting) - len(left), converted)


# What does not fit


_MOST = {"cut": 100, "add": 1_000, "convert": 100, "cancel": 100}


def _faults(situation: Situation, scenario: Scenario) -> list[str]:
    asked = {
        "cut": scenario.cut_percent,
        "add": scenario.add_percent,
        "convert": scenario.convert_percent,
        "cancel": scenario.cancel_percent,
    }
    faults = [
        f"--{name}: found {percent}%, allowed: 1% to {_MOST[name]}% in whole percent; leave it out for none of it"
        for name, percent in asked.items()
        if not 0 <= percent <= _MOST[name]
    ]
    if not any(asked.values()):
        faults.append("found nothing to change; say at least one of --cut, --add, --convert, --cancel above 0%")
    if scenario.cut_percent or scenario.add_percent:
        faults += _capacity_faults(situation, scenario)
    elif scenario.resources:
        faults.append("--resource: found one, but no capacity changes; say --cut or --add with it, or leave it out")
    if scenario.convert_percent:
        faults += _conversion_faults(situation)
    return faults


def _capacity_faults(situation: Situation, scenario: Scenario) -> list[str]:
    known = [resource.id for resource in situation.capacity.resources]
    faults = [
        f"--resource: found {name!r}, allowed: {', '.join(known)}, or {ALL}; name one of these"
        for name in scenario.resources
        if name not in (ALL, *known)
    ]
    first, end = situation.first_week, situation.end_week
    if scenario.from_week < first:
        faults.append(
            f"--from: found the week of {_day(scenario.from_week)}, allowed: {_day(first)} or later; the weeks before"
            " are past or frozen, and no plan touches them"
        )
    elif scenario.from_week >= end:
        faults.append(
            f"--from: found the week of {_day(scenario.from_week)}, allowed: before {_day(end)}, where the calendar"
            " ends; ask earlier, or raise horizon_weeks in [promise]"
        )
    if scenario.until_week <= scenario.from_week:
        faults.append(f"--weeks: found {scenario.until_week - scenario.from_week}, allowed: 1 or more")
    return faults


def _day(week: int) -> str:
    return f"{monday(week)} ({week_label(week)})"


def _conversion_faults(situation: Situation) -> list[str]:
    launch = situation.launch
    if not launch.conversions:
        return [
            "--convert: found orders to convert, but the launch has no [[conversion]]; add a window, or leave it out"
        ]
    if not _candidates(situation.waiting, launch).any():
        models = sorted({model for window in launch.conversions for model in window.from_models})
        return [
            f"--convert: found no locked order of {', '.join(models)} to convert; declare a [[backlog]] of them in the"
            " launch file, give the --log that has them, or leave it out"
        ]
    return []


# Capacity


def _resources(capacity: Capacity, scenario: Scenario) -> tuple[str, ...]:
    """Whose capacity changes."""
    if not scenario.cut_percent and not scenario.add_percent:
        return ()
    if ALL in scenario.resources:
        return tuple(resource.id for resource in capacity.resources)
    named = scenario.resources
    return tuple(one.id for one in capacity.resources if (one.id in named if named else one.kind == "plant"))


def _other_capacity(capacity: Capacity, scenario: Scenario, resources: tuple[str, ...]) -> Capacity:
    weekly = np.array(capacity.weekly, np.int64)
    rows = np.array([resource.id in resources for resource in capacity.resources], np.bool_)
    weeks = np.arange(capacity.base_week, capacity.base_week + capacity.horizon)
    there = rows[:, np.newaxis] & (weeks >= scenario.from_week) & (weeks < scenario.until_week) & (weekly != UNLIMITED)
    other = weekly * (100 - scenario.cut_percent) // 100 * (100 + scenario.add_percent) // 100
    return msgspec.structs.replace(capacity, weekly=tuple(map(tuple, np.where(there, other, weekly).tolist())))


# Orders


def _without_cancelled(waiting: Waiting, scenario: Scenario) -> Waiting:
    gone = _drawn(np.arange(len(waiting)), scenario.cancel_percent, (scenario.seed, _CANCELLED))
    left = np.ones(len(waiting), np.bool_)
    left[gone] = False
    return waiting.only(left)


def _drawn(numbers: Counts, percent: int, seed: tuple[int, int]) -> Counts:
    """That share of them, rounded half-up. Whom a smaller share takes, a larger one takes too."""
    mixed: Counts = np.random.Generator(np.random.PCG64(seed)).permutation(numbers)
    return mixed[: (len(numbers) * percent + 50) // 100]


def _candidates(waiting: Waiting, launch: Launch) -> Mask:
    """(N,) who could be converted."""
    leaving = {model for window in launch.conversions for model in window.from_models}
    of_trim = np.array([model in leaving for model, _ in waiting.trims], np.bool_)
    mask: Mask = waiting.locked & of_trim[waiting.trim]
    return mask


def _with_converted(situation: Situation, waiting: Waiting, scenario: Scenario) -> tuple[Waiting, int]:
    """The orders, some of them converted, in the order of their places; and how many were."""
    launch = situation.launch
    numbers = np.flatnonzero(_candidates(waiting, launch))
    chosen = np.sort(_drawn(numbers, scenario.convert_percent, (scenario.seed, _CONVERTED)))
    if not len(chosen):
        return waiting, 0
    windows = _windows(launch)
    for model, window in windows.items():
        of_trim = np.array([one == model for one, _ in waiting.trims], np.bool_)
        here = chosen[of_trim[waiting.trim[chosen]]]
        if len(here):
            waiting = _converted(situation, waiting, here, window, scenario.seed)
    return waiting.only(np.argsort(waiting.queued_ms, kind="stable")), len(chosen)


def _windows(launch: Launch) -> dict[str, Conversion]:
    """The window through which each model leaves: the first in the file."""
    windows: dict[str, Conversion] = {}
    for window in launch.conversions:
        for model in window.from_models:
            windows.setdefault(model, window)
    return windows


def _converted(situation: Situation, waiting: Waiting, here: Counts, window: Conversion, seed: int) -> Waiting:
    """Orders (their numbers are ``here``) become the first model that the window leads to; nothing is promised yet."""
    model = situation.launch.model(window.to_models[0])
    assert model is not None, "a checked launch file knows its models"
    trims = {name: number for number, name in enumerate(waiting.trims)}
    kinds = {needed: number for number, needed in enumerate(waiting.kinds)}
    of_trim, of_kind = _as_numbers(situation.launch, model, trims, kinds)
    mixed = mixed_trims(len(here), len(model.trims), (seed, _TRIMS))
    arrays = {
        name: np.array(getattr(waiting, name)) for name in ("trim", "kind", "build", "last", "pinned", "queued_ms")
    }
    arrays["trim"][here], arrays["kind"][here] = of_trim[mixed], of_kind[mixed]
    for name in ("build", "last", "pinned"):
        arrays[name][here] = NOTHING
    if not _keeps_place(window, situation.at_ms):
        anew = window.cooling_off == "anew"
        arrays["queued_ms"][here] = situation.at_ms + (1000 * (situation.launch.cooling_off_s or 0) if anew else 0)
    return msgspec.structs.replace(waiting, trims=tuple(trims), kinds=tuple(kinds), **arrays)


def _as_numbers(
    launch: Launch,
    model: Model,
    trims: dict[tuple[str, str], int],
    kinds: dict[tuple[int, ...], int],
) -> tuple[Columns, Columns]:
    """The numbers of a model's trims and of what each needs by default; those that are new are added."""
    of_trim = [trims.setdefault((model.id, trim.id), len(trims)) for trim in model.trims]
    needed = [needs(launch, model.id, trim.id, defaults(model, trim).options) for trim in model.trims]
    of_kind = [kinds.setdefault(kind, len(kinds)) for kind in needed]
    return np.array(of_trim, np.int32), np.array(of_kind, np.int32)


def mixed_trims(orders: int, trims: int, seed: tuple[int, ...]) -> Counts:
    """A trim's number for each order. The mix is assumed: 1 : 1/2 : 1/3 ... in the order of the launch file."""
    weights = 1 / np.arange(1, trims + 1)
    return np.random.Generator(np.random.PCG64(seed)).choice(trims, orders, p=weights / weights.sum())


def _keeps_place(window: Conversion, at_ms: int) -> bool:
    return window.place == "keep" or (window.place == "deadline" and at_ms < (window.place_kept_before_ms or 0))
