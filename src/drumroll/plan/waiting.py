"""Those who wait for a week, as arrays: what an assumed launch, a log, and either of them changed have in common."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np
from numpy.typing import NDArray

from drumroll.domain.availability import Safety
from drumroll.domain.book import Order
from drumroll.domain.capacity import Capacity, kinds_of, needs, rules_of
from drumroll.domain.launch import Launch
from drumroll.domain.queue import lock_time_of
from drumroll.domain.states import FIRM, RESERVED
from drumroll.plan.difference import NOTHING, Replanned, Standing, promised_weeks
from drumroll.plan.problem import Columns, Counts, Plan, Problem
from drumroll.plan.questions import Asked, needed
from drumroll.plan.safety import safety

Mask = NDArray[np.bool_]


class Waiting(msgspec.Struct, frozen=True):
    """N orders in the order of their places.

    Args:
        trims: model and trim, by number; ``trim``: (N,) that number.
        kinds: what orders need (numbers of resources), by number; ``kind``: (N,) that number.
        lead: (N,) weeks from building to delivery.
        build: (N,) the week in which the promise that holds has it built, or ``NOTHING``.
        last: (N,) the last week of that promise, or ``NOTHING``.
        pinned: (N,) the week in which it must be built, or ``NOTHING``.
        held_minor: (N,) what is held of its deposit.
        queued_ms: (N,) the lock time that its place stands for; never falls.
        locked: (N,) whether it is locked by now.
        declared: (N,) whether it is of the declared backlog: nobody knows whose it is, or what was promised.
    """

    trims: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[int, ...], ...]
    trim: Columns
    kind: Columns
    lead: Columns
    build: Columns
    last: Columns
    pinned: Columns
    held_minor: Counts
    queued_ms: Counts
    locked: Mask
    declared: Mask

    def __len__(self) -> int:
        return len(self.trim)

    def only(self, chosen: Mask | NDArray[np.int64]) -> Waiting:
        """Some of the orders: those that a mask marks, or those of these numbers in this order."""
        arrays = {name: getattr(self, name)[chosen] for name in self.__struct_fields__[2:]}
        return msgspec.structs.replace(self, **arrays)


class Situation(msgspec.Struct, frozen=True):
    """Who waits at a moment (``week`` is the current one), and for what; ``first_week`` may still be planned."""

    launch: Launch
    capacity: Capacity
    at_ms: int
    week: int
    first_week: int
    waiting: Waiting

    @property
    def end_week(self) -> int:
        """The first week after those that can be planned."""
        return self.capacity.base_week + self.capacity.horizon


def problem_of(capacity: Capacity, waiting: Waiting, first_week: int) -> Problem:
    """What a plan from ``first_week`` on is asked for."""
    skipped = first_week - capacity.base_week
    weekly = np.array(capacity.weekly, np.int64)[:, skipped:]
    weeks = weekly.shape[1]
    due = np.minimum(waiting.last.astype(np.int64) - waiting.lead - first_week, weeks)
    due[waiting.last == NOTHING] = weeks
    return Problem(
        first_week=first_week,
        resources=tuple(resource.id for resource in capacity.resources),
        capacity=weekly,
        needs=needed(waiting.kinds, len(capacity.resources)),
        kind=waiting.kind,
        due=due.astype(np.int32),
        pinned=np.where(waiting.pinned == NOTHING, -1, waiting.pinned - first_week).astype(np.int32),
    )


def standing_of(waiting: Waiting) -> Standing:
    """What is promised to those orders."""
    return Standing(waiting.trims, waiting.trim, waiting.lead, waiting.build, waiting.last, waiting.held_minor)


def replanned(capacity: Capacity, waiting: Waiting, problem: Problem, plan: Plan, late: Safety) -> Replanned:
    """What a plan of all those orders says of each, and where the windows would end that it would promise."""
    build = (problem.first_week + plan.column).astype(np.int32)
    end_week = problem.first_week + problem.weeks
    rows = np.zeros((len(waiting.kinds), capacity.horizon + 1), np.int32)
    for number, name in enumerate(names_of(capacity, waiting.kinds)):
        if name in late:
            rows[number, :-1] = late[name][0]
    last = build + waiting.lead + rows[waiting.kind, build - capacity.base_week]
    return Replanned(build, last.astype(np.int32), end_week)


def late_rows(situation: Situation) -> Safety:
    """How much later than planned orders may be built, by the launch's rules and the capacity as it is now."""
    kinds = dict.fromkeys((*kinds_of(situation.launch), *situation.waiting.kinds))
    return safety(situation.capacity, tuple(kinds), rules_of(situation.launch))


def names_of(capacity: Capacity, kinds: Iterable[tuple[int, ...]]) -> list[str]:
    """The names by which the rows of ``Safety`` know these kinds."""
    return ["+".join(capacity.resources[one].id for one in kind) for kind in kinds]


def interleaved(counts: list[int]) -> Columns:
    """So many of each number, evenly mixed.

    >>> interleaved([4, 2]).tolist()
    [0, 1, 0, 0, 1, 0]
    """
    number = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    at = np.concatenate([(np.arange(count) + 0.5) / count for count in counts if count] or [np.zeros(0)])
    mixed: Columns = number[np.argsort(at, kind="stable")]
    return mixed


# From a log


def situation_of(asked: Asked) -> Situation:
    """Those who wait by a log, as ``questions.ask`` found them."""
    waiting = _of_orders(asked)
    return Situation(asked.launch, asked.capacity, asked.at_ms, asked.week, asked.problem.first_week, waiting)


def _of_orders(asked: Asked) -> Waiting:
    numbers: dict[tuple[str, str], int] = {}
    ahead = _trims_ahead(asked, numbers)
    trim = [numbers.setdefault((one.offer.model, one.offer.trim), len(numbers)) for one in asked.orders]
    build, last = promised_weeks([order.promise for order in asked.orders])
    nobody = np.full(asked.ahead, NOTHING, np.int32)
    pinned, first = asked.problem.pinned, asked.problem.first_week
    return Waiting(
        trims=tuple(numbers),
        kinds=asked.kinds,
        trim=np.concatenate([ahead, np.array(trim, np.int32)]),
        kind=asked.problem.kind,
        lead=np.concatenate([np.zeros(asked.ahead, np.int32), asked.lead]),
        build=np.concatenate([nobody, build]),
        last=np.concatenate([nobody, last]),
        pinned=np.where(pinned < 0, NOTHING, pinned + first).astype(np.int32),
        held_minor=np.array([0] * asked.ahead + [order.held_minor for order in asked.orders], np.int64),
        queued_ms=np.array([0] * asked.ahead + [_queued_ms(order, asked.at_ms) for order in asked.orders], np.int64),
        locked=np.array([True] * asked.ahead + [_locked(order, asked.at_ms) for order in asked.orders], np.bool_),
        declared=np.arange(len(pinned)) < asked.ahead,
    )


def _locked(order: Order, at_ms: int) -> bool:
    return order.state_at(at_ms) not in (RESERVED, FIRM)


def _queued_ms(order: Order, at_ms: int) -> int:
    """The lock time that its place stands for, or will."""
    kept = 0 if order.more is None else order.more.kept_place
    if order.queued or kept:
        return lock_time_of(order.place if order.queued else kept)
    if order.state is RESERVED:
        return at_ms + (order.offer.cooling_off_ms or 0)
    return at_ms if order.locks_at_ms is None else order.locks_at_ms


def _trims_ahead(asked: Asked, numbers: dict[tuple[str, str], int]) -> Columns:
    """Trims for the declared backlog, of which only the kinds are known: as the launch file mixes them."""
    line = asked.problem.kind[: asked.ahead]
    trim = np.zeros(asked.ahead, np.int32)
    for kind in np.unique(line).tolist():
        declared = [
            one for one in asked.launch.backlog if needs(asked.launch, one.model, one.trim, ()) == asked.kinds[kind]
        ]
        known = [numbers.setdefault((one.model, one.trim), len(numbers)) for one in declared]
        here = np.flatnonzero(line == kind)
        mixed = np.array(known, np.int32)[interleaved([one.orders for one in declared])]
        trim[here] = mixed[len(mixed) - len(here) :]
    return trim
