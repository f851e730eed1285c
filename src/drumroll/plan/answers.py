"""From a plan to what each order is promised from now on, with the reason in words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from hashlib import blake2b

import msgspec
import numpy as np
from numpy.typing import NDArray

from drumroll.domain.availability import Safety
from drumroll.domain.book import Order
from drumroll.domain.capacity import rules_of
from drumroll.domain.promise import Planned, Promise
from drumroll.domain.weeks import week_label
from drumroll.plan.problem import Columns, Plan, short
from drumroll.plan.questions import Asked, Numbers, of_kinds

_NONE = -1
"""A week, where there is no promise."""


class Outcome(IntEnum):
    """What a plan makes of what an order was promised."""

    KEPT = 0
    IMPROVED = 1
    BROKEN = 2
    NEW = 3
    NO_WEEK = 4


class Answers(msgspec.Struct, frozen=True):
    """What a plan says of each of the orders that were asked about, in their order (by place).

    ``column`` as in the plan; ``short`` the number of the resource for want of which it is no earlier, or -1;
    ``promises`` what is promised from now on (``None``: nothing, now as before); ``changed`` whether that is new.
    ``would_end`` is the week with which the window would end if it were promised by this plan alone.
    """

    policy: str
    column: Columns
    short: Columns
    outcome: NDArray[np.int8]
    promises: list[Promise | None]
    changed: NDArray[np.bool_]
    would_end: Numbers

    def count(self, outcome: Outcome) -> int:
        """How many orders it comes to this for."""
        return int(np.count_nonzero(self.outcome == outcome))


class Proposal(msgspec.Struct, frozen=True):
    """A plan as an operator sends it to the server, to be accepted: what ``PlanAccepted`` says."""

    plan: str
    policy: str
    based_on: int
    groups: tuple[Planned, ...]


class _Weeks(msgspec.Struct):
    """The parts of promises, an entry an order; ``_NONE`` where nothing is promised."""

    build: Numbers
    first: Numbers
    last: Numbers
    sure: Numbers
    short: Numbers


def answer(asked: Asked, plan: Plan, safety: Safety) -> Answers:
    """What each order is promised by a plan.

    Whoever's window is kept by the new build week keeps the window; whoever's is not gets another; and nobody keeps one
    that could end earlier. Who has no week in the plan keeps what was promised, kept or not: there is none to promise.
    """
    column, wanting = plan.column[asked.ahead :], short(asked.problem, plan)[asked.ahead :]
    was, now = _promised(asked), _windows(asked, column, wanting, safety)
    outcome = _outcomes(asked, column, was, now)
    would_end, now = now.last, _by_the_rules(outcome, was, now)
    changed = (outcome != Outcome.NO_WEEK) & np.any(
        [one != other for one, other in zip(_rows(was), _rows(now), strict=True)], axis=0
    )
    return Answers(plan.policy, column, wanting, outcome, _in_words(asked, now, changed), changed, would_end)


def groups(asked: Asked, answers: Answers) -> tuple[Planned, ...]:
    """The orders whose promise changes, by what they are promised, the earliest weeks first."""
    ids: dict[Promise, list[str]] = {}
    for at in np.flatnonzero(answers.changed).tolist():
        promise = answers.promises[at]
        assert promise is not None, "only a promise changes"
        ids.setdefault(promise, []).append(asked.orders[at].id)
    return tuple(Planned(promise, tuple(ids[promise])) for promise in sorted(ids, key=_weeks_of))


def proposal(asked: Asked, answers: Answers, based_on: int) -> Proposal:
    """The plan to be accepted, made from the log up to block ``based_on``."""
    planned = groups(asked, answers)
    return Proposal(digest(planned), answers.policy, based_on, planned)


def digest(groups: tuple[Planned, ...]) -> str:
    """What a plan is known by: the same orders, promised the same, have the same digest."""
    return blake2b(msgspec.msgpack.encode(groups), digest_size=16).hexdigest()


def _weeks_of(promise: Promise) -> tuple[int, int, int, int, str]:
    return promise.build_week, promise.first_week, promise.last_week, promise.sure_week, promise.short


def _rows(weeks: _Weeks) -> tuple[Numbers, ...]:
    return weeks.build, weeks.first, weeks.last, weeks.sure, weeks.short


def _promised(asked: Asked) -> _Weeks:
    """What holds now. A resource that is gone from the launch file has no number."""
    numbers = {"": -1} | {resource: at for at, resource in enumerate(asked.problem.resources)}
    gone = len(asked.problem.resources)
    held = [order.promise for order in asked.orders]
    rows = [
        (_NONE, _NONE, _NONE, _NONE, gone)
        if promise is None
        else (promise.build_week, promise.first_week, promise.last_week, promise.sure_week, 0)
        for promise in held
    ]
    table = np.array(rows, np.int64).reshape(len(rows), 5)
    named = np.array([gone if one is None else numbers.get(one.short, gone) for one in held], np.int64)
    return _Weeks(table[:, 0], table[:, 1], table[:, 2], table[:, 3], named)


def _windows(asked: Asked, column: Columns, wanting: Columns, safety: Safety) -> _Weeks:
    """What a new order would be promised in those weeks."""
    problem = asked.problem
    skipped, horizon = problem.first_week - asked.capacity.base_week, asked.capacity.horizon
    late = np.zeros((2, len(asked.kinds), problem.weeks + 1), np.int64)
    for number, name in enumerate(of_kinds(asked)):
        for row, weeks in enumerate(safety.get(name, ((0,) * horizon,) * 2)):
            late[row, number, : problem.weeks] = weeks[skipped:horizon]
    kind = problem.kind[asked.ahead :]
    build = problem.first_week + column.astype(np.int64)
    last = np.maximum(asked.week, build + asked.lead + late[0, kind, column])
    sure = np.maximum(asked.week, build + asked.lead + late[1, kind, column])
    first = np.maximum(asked.week, last - rules_of(asked.launch).width_weeks + 1)
    return _Weeks(build, first, last, sure, wanting.astype(np.int64))


def _outcomes(asked: Asked, column: Columns, was: _Weeks, now: _Weeks) -> NDArray[np.int8]:
    due = asked.problem.due[asked.ahead :]
    weeks = asked.problem.weeks
    outcome = np.full(len(column), Outcome.KEPT, np.int8)
    outcome[now.last < was.last] = Outcome.IMPROVED
    outcome[(column > due) & (due < weeks)] = Outcome.BROKEN
    outcome[was.last == _NONE] = Outcome.NEW
    outcome[column >= weeks] = Outcome.NO_WEEK
    return outcome


def _by_the_rules(outcome: NDArray[np.int8], was: _Weeks, now: _Weeks) -> _Weeks:
    """Kept windows stay as they are, with the week in which they are kept; who has no week keeps all that was."""
    kept, nothing = outcome == Outcome.KEPT, outcome == Outcome.NO_WEEK
    window = kept | nothing
    return _Weeks(
        build=np.where(nothing, was.build, now.build),
        first=np.where(window, was.first, now.first),
        last=np.where(window, was.last, now.last),
        sure=np.where(window, was.sure, now.sure),
        short=np.where(nothing, was.short, now.short),
    )


def _in_words(asked: Asked, now: _Weeks, changed: NDArray[np.bool_]) -> list[Promise | None]:
    """The promises themselves; those that say the same are one object, and those that hold stay what they were."""
    resources = (*asked.problem.resources, "")  # -1 is nothing
    made: dict[tuple[int, int, int, int, int], Promise] = {}
    promises: list[Promise | None] = [order.promise for order in asked.orders]
    at = np.flatnonzero(changed)
    parts = zip(*(row[at].tolist() for row in _rows(now)), strict=True)
    for number, part in zip(at.tolist(), parts, strict=True):
        promise = made.get(part)
        if promise is None:
            build, first, last, sure, resource = part
            promise = made[part] = Promise(build, first, last, sure, resources[resource])
        promises[number] = promise
    return promises


class Reasons:
    """Why an order has the week that it has, in plain words."""

    def __init__(self, asked: Asked, answers: Answers) -> None:
        self._asked, self._answers = asked, answers
        problem = asked.problem
        self._names = {resource.id: resource.name for resource in asked.capacity.resources}
        self._end = week_label(problem.first_week + problem.weeks - 1)
        self._buildable = [bool(kind) for kind in asked.kinds]
        self._kind = problem.kind[asked.ahead :]
        self._pinned = problem.pinned[asked.ahead :]

    def of(self, at: int) -> str:
        """Why the order of that number has its week, or none."""
        if self._answers.column[at] >= self._asked.problem.weeks:
            if not self._buildable[self._kind[at]]:
                return "no plant builds it"
            return f"no capacity within the calendar, which ends with {self._end}"
        if self._pinned[at] >= 0:
            return "pinned to this week by an operator"
        return self.short_of(int(self._answers.short[at]))

    def short_of(self, resource: int) -> str:
        """Why it is no week earlier: that resource (-1: none) has no room there."""
        if resource < 0:
            return "the first week there is"
        name = self._asked.problem.resources[resource]
        return f"short of {name} ({self._names[name]})"


def frozen_because(order: Order) -> str:
    """Why a plan does not touch it."""
    assert order.promise is not None, "only who has a week can be frozen"
    return f"frozen: {week_label(order.promise.build_week)} is too near to be planned anew"


def kinds_without(asked: Asked, safety: Mapping[str, object]) -> tuple[tuple[int, ...], ...]:
    """The kinds of which it is not recorded how late they may be."""
    return tuple(kind for kind, name in zip(asked.kinds, of_kinds(asked), strict=True) if kind and name not in safety)
