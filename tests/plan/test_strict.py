"""The strict policy against what it must be: order by order, the lexicographic optimum, and an integer program."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.random import PCG64, Generator
from scipy.optimize import Bounds, LinearConstraint, milp

from drumroll.domain.capacity import UNLIMITED
from drumroll.errors import PlanRefused
from drumroll.plan import strict as module
from drumroll.plan.problem import Problem, score, used
from drumroll.plan.strict import strict

SMALL_BLOCKS = (1, 2, 3, 7, 128)


def a_problem(capacity: Any, needs: Any, kind: Any, pinned: Any = None) -> Problem:
    rows = np.array(capacity, np.int64)
    kinds = np.array(kind, np.int32)
    pins = np.full(len(kinds), -1, np.int32) if pinned is None else np.array(pinned, np.int32)
    names = tuple(f"resource-{number}" for number in range(len(rows)))
    due = np.full(len(kinds), rows.shape[1], np.int32)
    return Problem(105_633, names, rows, np.array(needs, np.bool_), kinds, due, pins)


def any_problem(seed: int, orders: int = 30, weeks: int = 6, pins: bool = True) -> Problem:
    """A few kinds with overlapping limits; some weeks closed, some unlimited, some kinds that nobody builds."""
    random = Generator(PCG64(seed))
    kinds, resources = random.integers(1, 6, 2)
    width, many = int(random.integers(0, weeks + 1)), int(random.integers(0, orders + 1))
    capacity = random.choice([0, 0, 1, 1, 2, 3, 5, UNLIMITED], (resources, width))
    needs = random.random((kinds, resources)) < random.choice([0.3, 0.6])
    kind = random.integers(0, kinds, many)
    pinned = np.full(many, -1)
    if pins and width:
        can_be = needs.any(axis=1)[kind] & (random.random(many) < random.choice([0, 0.1, 0.3]))
        pinned[can_be] = random.integers(0, width, int(can_be.sum()))
    return a_problem(capacity, needs, kind, pinned)


def take(left: list[list[int]], needed: list[int], column: int) -> None:
    for resource in needed:
        left[resource][column] -= 1


def order_by_order(problem: Problem) -> list[int] | None:
    """What the policy says, word for word; ``None`` if the pins do not fit."""
    left = problem.capacity.tolist()
    needed = [np.flatnonzero(row).tolist() for row in problem.needs]
    answer = problem.pinned.tolist()
    for at, column in enumerate(answer):
        if column >= 0:
            take(left, needed[problem.kind[at]], column)
    if any(room < 0 for row in left for room in row):
        return None
    for at, kind in enumerate(problem.kind.tolist()):
        if answer[at] < 0:
            has_room = (
                column for column in range(problem.weeks) if all(left[resource][column] for resource in needed[kind])
            )
            answer[at] = next(has_room, problem.weeks) if needed[kind] else problem.weeks
            if answer[at] < problem.weeks:
                take(left, needed[kind], answer[at])
    return answer


def columns(problem: Problem) -> list[int]:
    answer: list[int] = strict(problem).column.tolist()
    return answer


def choices(problem: Problem) -> list[list[int]]:
    """The columns that each order might get, whatever the others get."""
    buildable = problem.needs.any(axis=1)
    return [
        [pin] if pin >= 0 else list(range(problem.weeks + 1)) if buildable[kind] else [problem.weeks]
        for kind, pin in zip(problem.kind.tolist(), problem.pinned.tolist(), strict=True)
    ]


def feasible(problem: Problem, assignment: tuple[int, ...]) -> bool:
    taken: dict[tuple[int, int], int] = {}
    for kind, column in zip(problem.kind.tolist(), assignment, strict=True):
        if column < problem.weeks:
            for resource in np.flatnonzero(problem.needs[kind]).tolist():
                taken[resource, column] = taken.get((resource, column), 0) + 1
    return all(count <= problem.capacity[cell] for cell, count in taken.items())


def every_plan(problem: Problem) -> list[tuple[int, ...]]:
    """All plans that hold, in lexicographic order."""
    return [one for one in product(*choices(problem)) if feasible(problem, one)]


class Program:
    """An integer program of the same question: one binary an order and column, one row a resource and week."""

    def __init__(self, problem: Problem) -> None:
        orders, self.width = len(problem.kind), problem.weeks + 1
        self.upper = np.zeros((orders, self.width))
        for at, allowed in enumerate(choices(problem)):
            self.upper[at, allowed] = 1
        once = LinearConstraint(np.kron(np.eye(orders), np.ones(self.width)), 1, 1)
        takes = np.kron(problem.needs[problem.kind].T, np.eye(self.width)[: problem.weeks])
        self.rules = [once, LinearConstraint(takes, ub=problem.capacity.ravel())]

    def least(self, weights: Any) -> list[int]:
        """The columns with the least sum of weight times column."""
        cost = np.outer(weights, np.arange(self.width)).ravel()
        answer = milp(cost, integrality=1, bounds=Bounds(0, self.upper.ravel()), constraints=self.rules)
        assert answer.success, answer.message
        chosen: list[int] = answer.x.reshape(self.upper.shape).round().argmax(axis=1).tolist()
        return chosen

    def lexicographic(self) -> list[int]:
        """The least column of the first order; with that fixed, of the second; and so on."""
        found = []
        for at, unit in enumerate(np.eye(len(self.upper))):
            found.append(self.least(unit)[at])
            self.upper[at] = np.eye(self.width)[found[at]]
        return found


@pytest.mark.parametrize("block", SMALL_BLOCKS)
def test_it_is_the_plan_made_order_by_order(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    monkeypatch.setattr(module, "_BLOCK_PER_KIND", 0)
    refused = 0
    for seed in range(1_500):
        problem = any_problem(seed)
        right = order_by_order(problem)
        if right is None:
            refused += 1
            with pytest.raises(PlanRefused):
                strict(problem)
        else:
            assert columns(problem) == right, f"seed {seed}"
    assert 0 < refused < 500


@pytest.mark.parametrize("seed", range(12))
def test_long_queues_of_many_kinds_are_planned_order_by_order_too(seed: int) -> None:
    problem = a_long_queue(seed, orders=6_000, kinds=40, resources=12)
    assert columns(problem) == order_by_order(problem)


def a_long_queue(seed: int, orders: int, kinds: int, resources: int, weeks: int = 20) -> Problem:
    """Kinds of very unlike popularity, built at one of two plants each, under overlapping limits; with too little."""
    random = Generator(PCG64(seed))
    needs = random.random((kinds, resources)) < 0.15
    needs[:, -2:] = np.eye(2)[random.integers(0, 2, kinds)]
    popularity = 1 / np.arange(1, kinds + 1)
    popularity /= popularity.sum()
    weekly = orders / weeks * (popularity @ needs)[:, None]
    capacity = (weekly * random.uniform(0.6, 1.4, (resources, weeks))).astype(np.int64)
    capacity[random.random(capacity.shape) < 0.1] = UNLIMITED
    capacity[random.random(capacity.shape) < 0.1] = 0
    return a_problem(capacity, needs, random.choice(kinds, orders, p=popularity))


def test_a_plan_of_a_big_queue_bears_its_own_proof() -> None:
    """No cell takes too many, and whoever is not in a week came after something they need there had run out."""
    problem = a_long_queue(1, orders=300_000, kinds=40, resources=20, weeks=104)
    plan = strict(problem)
    assert (used(problem, plan) <= problem.capacity).all()
    full_from = np.full(problem.capacity.shape, len(problem.kind))
    for resource, needing in enumerate(problem.needs.T):
        places = np.flatnonzero(needing[problem.kind])
        for column in range(problem.weeks):
            takers, room = places[plan.column[places] == column], problem.capacity[resource, column]
            if len(takers) == room:
                full_from[resource, column] = takers[-1] if room else -1
    for kind, needed in enumerate(problem.needs):
        closed_from = full_from[needed].min(axis=0)
        all_before_closed_from = np.maximum.accumulate(np.concatenate(([-1], closed_from)))
        places = np.flatnonzero(problem.kind == kind)
        assert (places > all_before_closed_from[plan.column[places]]).all()
    assert 0 < score(problem, plan, 0).unplanned < len(problem.kind) / 2


def test_no_plan_that_holds_is_lexicographically_before_it() -> None:
    compared = 0
    for seed in range(1_000):
        problem = any_problem(seed, orders=5, weeks=3)
        if order_by_order(problem) is not None:
            first = next(one for one in product(*choices(problem)) if feasible(problem, one))
            assert tuple(columns(problem)) == first, f"seed {seed}"
            compared += len(first) > 2
    assert compared > 300


def test_an_integer_program_that_fixes_one_order_after_another_finds_the_same_plan() -> None:
    compared = 0
    for seed in range(5_000, 5_080):
        problem = any_problem(seed, orders=9, weeks=4)
        if len(problem.kind) and order_by_order(problem) is not None:
            assert Program(problem).lexicographic() == columns(problem), f"seed {seed}"
            compared += 1
    assert compared > 40


def test_an_integer_program_with_falling_weights_finds_the_same_plan() -> None:
    for seed in range(6_000, 6_150):
        problem = any_problem(seed, orders=6, weeks=3, pins=False)
        if len(problem.kind):
            weights = float(problem.weeks + 1) ** np.arange(len(problem.kind))[::-1]
            assert Program(problem).least(weights) == columns(problem), f"seed {seed}"


def test_nobody_is_overtaken_by_a_later_order_that_needs_all_the_same() -> None:
    met = 0
    for seed in range(10_000, 10_400):
        problem = any_problem(seed)
        if order_by_order(problem) is None:
            continue
        column = columns(problem)
        free = np.flatnonzero(problem.pinned < 0).tolist()
        needed = [set(np.flatnonzero(problem.needs[kind]).tolist()) for kind in problem.kind]
        pairs = [(i, j) for i in free for j in free if i < j and needed[i] and needed[i] <= needed[j]]
        assert all(column[i] <= column[j] for i, j in pairs), f"seed {seed}"
        met += sum(column[i] < column[j] for i, j in pairs)
    assert met > 1_000


def test_more_capacity_anywhere_never_makes_the_first_order_later() -> None:
    better = 0
    for seed in range(20_000, 20_800):
        problem = any_problem(seed)
        if order_by_order(problem) is None or not problem.weeks or not len(problem.kind):
            continue
        random = Generator(PCG64(seed))
        more = problem.capacity + (random.random(problem.capacity.shape) < 0.2) * random.integers(1, 4)
        before, after = columns(problem), columns(replace(problem, capacity=more))
        assert after[0] <= before[0]
        assert after <= before, "among all orders, the first to be moved is moved to an earlier week"
        better += after < before
    assert better > 100


def test_more_capacity_may_make_a_later_order_later_for_that_is_not_what_strict_is_for() -> None:
    """The first gets its limited part in week 0 and takes the plant's only place there from the second."""
    needs = [[True, True], [False, True]]
    limit, plant = [0, 1], [1, 1]
    assert columns(a_problem([limit, plant], needs, [0, 1])) == [1, 0]
    assert columns(a_problem([[1, 1], plant], needs, [0, 1])) == [0, 1]


def test_strict_is_not_the_least_total_wait() -> None:
    """Week 1 has room for two, trim B has none in week 2; A, A, B stand in the queue."""
    limit_b, plant = [UNLIMITED, 0, UNLIMITED], [2, 2, 2]
    trim_a, trim_b = [False, True], [True, True]
    problem = a_problem([limit_b, plant], [trim_a, trim_b], [0, 0, 1])
    by_strict = columns(problem)
    assert by_strict == [0, 0, 2], "both A in week 1, B two weeks later"
    least = min(sum(one) for one in every_plan(problem))
    best = [one for one in every_plan(problem) if sum(one) == least]
    assert best == [(0, 1, 0), (1, 0, 0)], "one A waits a week, and B is built in week 1"
    assert (sum(by_strict), least) == (2, 1)
    by_program = Program(problem).least(np.ones(3))
    assert (sum(by_program), by_program[2]) == (1, 0)


def test_planning_again_gives_the_same_and_changes_nothing_that_was_given() -> None:
    problem = a_long_queue(3, orders=3_000, kinds=10, resources=6)
    arrays = [problem.capacity, problem.needs, problem.kind, problem.due, problem.pinned]
    for array in arrays:
        array.setflags(write=False)  # so that writing to one raises
    copies = replace(problem, capacity=problem.capacity.copy(), kind=problem.kind.copy())
    assert columns(problem) == columns(problem) == columns(copies)
    assert not np.shares_memory(strict(problem).column, problem.pinned)


def test_what_is_promised_by_when_moves_nobody() -> None:
    problem = a_long_queue(4, orders=2_000, kinds=10, resources=6)
    hurried = replace(problem, due=np.arange(2_000, dtype=np.int32)[::-1] % 30)
    assert columns(hurried) == columns(problem)


def test_the_pinned_come_before_those_who_stand_before_them() -> None:
    assert columns(a_problem([[1, 1, 1]], [[True]], [0, 0, 0, 0], [-1, -1, 0, -1])) == [1, 2, 0, 3]


def test_pins_that_do_not_fit_are_refused_with_resource_week_and_how_many_are_too_many() -> None:
    problem = a_problem([[9, 9], [9, 2]], [[True, True]], [0] * 6, [1, 1, 1, 1, 1, -1])
    with pytest.raises(PlanRefused) as refused:
        strict(problem)
    said = str(refused.value)
    assert "resource-1" in said
    assert "2025-W28" in said, "column 1 of a plan whose first week is 2025-W27"
    assert "3 too many" in said


def test_kinds_that_need_nothing_get_no_week_and_take_no_room() -> None:
    assert columns(a_problem([[1, 1]], [[False], [True]], [0, 1, 0, 1])) == [2, 0, 2, 1]


def test_there_may_be_no_orders_and_no_weeks() -> None:
    assert columns(a_problem([[1, 1]], [[True]], [])) == []
    assert columns(a_problem(np.zeros((1, 0)), [[True]], [0, 0])) == [0, 0]
    plan = strict(a_problem([[1, 1]], [[True]], [0]))
    assert (plan.policy, plan.column.dtype) == ("strict", np.dtype(np.int32))


def test_a_week_without_a_limit_is_never_full() -> None:
    assert set(columns(a_problem([[UNLIMITED]], [[True]], [0] * 50_000))) == {0}
