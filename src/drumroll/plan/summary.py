"""A plan in figures: weeks by trim, load against capacity, what is short, and what it does to what is promised."""

from __future__ import annotations

import msgspec
import numpy as np

from drumroll.domain.capacity import UNLIMITED, rules_of
from drumroll.plan.answers import Answers, Outcome
from drumroll.plan.difference import Difference, Replanned, Standing, difference, promised_weeks
from drumroll.plan.problem import Columns, Counts, Plan, Score, score, used
from drumroll.plan.questions import Asked


class TrimWeeks(msgspec.Struct, frozen=True):
    """The orders of one trim: the weeks in which they are built (``None``: none is), and how long they wait.

    A wait is the weeks from the current one to that of the delivery. A median is the lower one of two.
    """

    model: str
    trim: str
    orders: int
    without_week: int
    first_week: int | None
    median_week: int | None
    last_week: int | None
    first_wait: int | None
    median_wait: int | None
    last_wait: int | None


class Load(msgspec.Struct, frozen=True):
    """What a week takes of each resource, and what there is (``None``: it does not hold in this week)."""

    week: int
    taken: tuple[int, ...]
    capacity: tuple[int | None, ...]


class Short(msgspec.Struct, frozen=True):
    """A resource for want of which ``orders`` are no week earlier; ``full_weeks`` it has no room for one more."""

    resource: str
    name: str
    orders: int
    full_weeks: int


class Older(msgspec.Struct, frozen=True):
    """What is left of the declared backlog: the weeks in which it is built, as of a trim."""

    orders: int
    without_week: int
    first_week: int | None
    median_week: int | None
    last_week: int | None


class Summary(msgspec.Struct, frozen=True):
    """The whole.

     ``loads`` goes from the first week that is planned to the last
    one with an order. ``outcomes`` counts the orders by what becomes of their promise.
    """

    policy: str
    week: int
    first_week: int
    calendar_ends: int
    orders: int
    ahead: Older
    frozen: int
    underway: int
    changed: int
    score: Score
    outcomes: dict[str, int]
    by_trim: tuple[TrimWeeks, ...]
    loads: tuple[Load, ...]
    short: tuple[Short, ...]
    difference: Difference


def summary(asked: Asked, plan: Plan, answers: Answers) -> Summary:
    """Put a plan into figures."""
    problem = asked.problem
    trims, trim = _trims(asked)
    taken = used(problem, plan)
    return Summary(
        policy=plan.policy,
        week=asked.week,
        first_week=problem.first_week,
        calendar_ends=problem.first_week + problem.weeks - 1,
        orders=len(asked.orders),
        ahead=_older(asked, plan),
        frozen=len(asked.frozen),
        underway=len(asked.underway),
        changed=int(np.count_nonzero(answers.changed)),
        score=score(problem, plan, rules_of(asked.launch).late_bound_weeks),
        outcomes={outcome.name.lower(): answers.count(outcome) for outcome in Outcome},
        by_trim=tuple(_weeks_of(asked, answers, trim == at, name) for at, name in enumerate(trims)),
        loads=_loads(asked, taken),
        short=_short(asked, answers, taken),
        difference=_difference(asked, answers, trims, trim),
    )


def _trims(asked: Asked) -> tuple[tuple[tuple[str, str], ...], Columns]:
    """The trims in the launch file's order (what is gone from it comes last), and the number of each order's."""
    known = [(model.id, trim.id) for model in asked.launch.models for trim in model.trims]
    numbers = {name: at for at, name in enumerate(known)}
    of_offer: dict[int, int] = {}
    found = []
    for order in asked.orders:
        offer = order.offer
        number = of_offer.get(id(offer))
        if number is None:
            number = of_offer[id(offer)] = numbers.setdefault((offer.model, offer.trim), len(numbers))
        found.append(number)
    present, trim = np.unique(np.array(found, np.int32), return_inverse=True)
    names = list(numbers)
    return tuple(names[at] for at in present.tolist()), trim.astype(np.int32)


def _weeks_of(
    asked: Asked, answers: Answers, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]], name: tuple[str, str]
) -> TrimWeeks:
    planned = chosen & (answers.column < asked.problem.weeks)
    build = np.sort(answers.column[planned]) + asked.problem.first_week
    wait = np.sort(answers.column[planned] + asked.lead[planned]) + asked.problem.first_week - asked.week
    orders = int(np.count_nonzero(chosen))
    return TrimWeeks(*name, orders, orders - len(build), *_ends(build), *_ends(wait))


def _older(asked: Asked, plan: Plan) -> Older:
    column = plan.column[: asked.ahead]
    build = np.sort(column[column < asked.problem.weeks]) + asked.problem.first_week
    first, median, last = _ends(build)
    return Older(asked.ahead, asked.ahead - len(build), first, median, last)


def _ends(found: Columns) -> tuple[int, int, int] | tuple[None, None, None]:
    """The first, the median and the last of sorted numbers."""
    if not len(found):
        return None, None, None
    return int(found[0]), int(found[(len(found) - 1) // 2]), int(found[-1])


def _loads(asked: Asked, taken: Counts) -> tuple[Load, ...]:
    problem = asked.problem
    loaded = np.flatnonzero(taken.any(axis=0))
    until = int(loaded[-1]) + 1 if len(loaded) else 0
    there = np.where(problem.capacity >= UNLIMITED, -1, problem.capacity)
    return tuple(
        Load(
            problem.first_week + column,
            tuple(taken[:, column].tolist()),
            tuple(None if each < 0 else each for each in there[:, column].tolist()),
        )
        for column in range(until)
    )


def _short(asked: Asked, answers: Answers, taken: Counts) -> tuple[Short, ...]:
    """What is short, the most first."""
    problem = asked.problem
    held = np.bincount(answers.short[answers.short >= 0], minlength=len(problem.resources))
    full = np.count_nonzero((taken >= problem.capacity) & (taken > 0), axis=1)
    found = [
        Short(one.id, one.name, int(orders), int(weeks))
        for one, orders, weeks in zip(asked.capacity.resources, held, full, strict=True)
        if orders
    ]
    return tuple(sorted(found, key=lambda one: -one.orders))


def _difference(asked: Asked, answers: Answers, trims: tuple[tuple[str, str], ...], trim: Columns) -> Difference:
    problem = asked.problem
    build, last = promised_weeks([order.promise for order in asked.orders])
    held_minor = np.array([order.held_minor for order in asked.orders], np.int64)
    before = Standing(trims, trim, asked.lead, build, last, held_minor)
    after = Replanned(
        problem.first_week + answers.column, answers.would_end.astype(np.int32), problem.first_week + problem.weeks
    )
    return difference(before, after, asked.launch.cliffs, rules_of(asked.launch).late_bound_weeks)
