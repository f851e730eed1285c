"""The least-breakage policy: as good as any other way finds, in each of its four goals; fair within a kind."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from typing import Any

import msgspec
import numpy as np
import pytest

from drumroll.errors import PlanFailed, PlanRefused
from drumroll.plan import least_breakage as policy
from drumroll.plan import network
from drumroll.plan.least_breakage import least_breakage
from drumroll.plan.pins import without_pins
from drumroll.plan.problem import Plan, Problem, score, used
from drumroll.plan.strict import strict
from tests.brief import seeds
from tests.plan.breakage_oracles import by_integer_program, by_trying_all, objectives

NESTED = ([[1, 0, 1], [0, 1, 1], [0, 0, 1]], [[1, 0], [0, 1]], [[1]], [[1, 1, 1], [0, 1, 1], [0, 0, 1]])
CROSSING = (
    [[1, 1, 0], [0, 1, 1], [1, 0, 1]],
    [[1, 0, 1], [1, 1, 1], [0, 1, 1]],
    [[1, 1, 0, 1], [0, 1, 1, 1], [0, 0, 0, 1]],
)


def problem(capacity: Any, needs: Any, kind: Any, due: Any, pinned: Any = None, first_week: int = 105_633) -> Problem:
    rows = np.array(capacity, np.int64)
    return Problem(
        first_week=first_week,
        resources=tuple(f"limit-{number}" for number in range(len(rows))),
        capacity=rows,
        needs=np.array(needs, np.bool_),
        kind=np.array(kind, np.int32),
        due=np.array(due, np.int32),
        pinned=np.array([-1] * len(kind) if pinned is None else pinned, np.int32),
    )


def random_problem(
    seed: int, orders: int, weeks: int, shapes: tuple[Any, ...] = NESTED + CROSSING, room: int = 2
) -> tuple[Problem, int]:
    """Small and awkward: weeks without capacity, dues long past, nothing promised, kinds nobody builds, pins."""
    rng = np.random.Generator(np.random.PCG64(seed))
    needs = np.array(shapes[rng.integers(len(shapes))], np.bool_)
    if rng.random() < 0.1:
        needs[rng.integers(len(needs))] = False
    size = int(rng.integers(1, orders + 1))
    wide = int(rng.integers(1, weeks + 1))
    capacity = rng.integers(0, room + 1, (needs.shape[1], wide))
    capacity[rng.random(capacity.shape) < 0.1] = 10**9
    kind = rng.integers(0, len(needs), size)
    due = rng.integers(-3, wide + 2, size)
    found = problem(capacity, needs, kind, due)
    if rng.random() < 0.3:
        found = _pinned(found, rng)
    return found, int(rng.integers(0, wide + 2))


def _pinned(found: Problem, rng: np.random.Generator) -> Problem:
    """With one pin more, if there is room for it."""
    order, week = int(rng.integers(len(found.kind))), int(rng.integers(found.weeks))
    needed = found.needs[found.kind[order]]
    if not needed.any() or (found.capacity[needed, week] < 1).any():
        return found
    pins = found.pinned.copy()
    pins[order] = week
    return msgspec.structs.replace(found, pinned=pins)


def must_hold(found: Problem, plan: Plan) -> None:
    """Whatever else a plan is, it fits, keeps to the pins and builds nothing that nobody can build."""
    assert plan.column.shape == found.kind.shape
    assert ((plan.column >= 0) & (plan.column <= found.weeks)).all()
    assert (used(found, plan) <= found.capacity).all()
    pinned = found.pinned >= 0
    assert (plan.column[pinned] == found.pinned[pinned]).all()
    assert (plan.column[~found.needs.any(axis=1)[found.kind]] == found.weeks).all()


def must_be_fair(found: Problem, plan: Plan) -> None:
    """Nobody kept, who is due later, has a slot in which one broken of the same kind would have been kept."""
    for kind in np.unique(found.kind):
        mine = (found.kind == kind) & (found.pinned < 0)
        due, column = found.due[mine], plan.column[mine]
        broken = (due < found.weeks) & (column > due)
        for lost in due[broken]:
            assert not ((column <= lost) & (due > lost)).any()
        for one in np.unique(np.minimum(due, found.weeks)):
            alike = column[np.minimum(due, found.weeks) == one]
            kept = alike[(alike <= one) | (one >= found.weeks)]
            assert (alike[: len(kept)] == kept).all(), "those who come first are kept"
            assert (np.diff(kept) >= 0).all(), "and are built first"


def test_as_good_as_the_best_of_all_assignments() -> None:
    for seed in range(400):
        found, bound = random_problem(seed, orders=5, weeks=3)
        plan = least_breakage(found, bound)
        must_hold(found, plan)
        must_be_fair(found, plan)
        assert objectives(found, plan, bound) == by_trying_all(found, bound), f"seed {seed}"


@pytest.mark.slow
def test_as_good_as_the_best_of_all_assignments_in_a_thousand_cases() -> None:
    for seed in seeds(10_000, 11_000):
        found, bound = random_problem(seed, orders=6, weeks=3, room=1 + seed % 3)
        plan = least_breakage(found, bound)
        must_be_fair(found, plan)
        assert objectives(found, plan, bound) == by_trying_all(found, bound), f"seed {seed}"


@pytest.mark.parametrize("shapes", [NESTED, CROSSING], ids=["nested", "crossing"])
def test_as_good_as_an_integer_program_of_each_order(shapes: tuple[Any, ...]) -> None:
    for seed in range(40):
        found, bound = random_problem(seed, orders=16, weeks=7, shapes=shapes, room=3)
        plan = least_breakage(found, min(bound, 3))
        must_hold(found, plan)
        must_be_fair(found, plan)
        assert objectives(found, plan, min(bound, 3)) == by_integer_program(found, min(bound, 3)), f"seed {seed}"


@pytest.mark.parametrize("seed", [765, 834, 992, *range(5)])
def test_those_later_than_the_bound_are_built_as_early_as_they_can_be(seed: int) -> None:
    """Few slots and a tight bound: in the first three seeds the last goal lies with those beyond the bound."""
    rng = np.random.Generator(np.random.PCG64(seed))
    needs = np.array(NESTED[rng.integers(len(NESTED))], np.bool_)
    size = int(rng.integers(3, 9))
    capacity = rng.integers(0, 2, (needs.shape[1], 6))
    found = problem(capacity, needs, rng.integers(0, len(needs), size), rng.integers(-2, 6, size))
    bound = int(rng.integers(0, 3))
    assert objectives(found, least_breakage(found, bound), bound) == by_integer_program(found, bound)


@pytest.mark.parametrize("shapes", [NESTED, CROSSING], ids=["nested", "crossing"])
def test_as_good_as_an_integer_program_of_many_alike(shapes: tuple[Any, ...]) -> None:
    for seed in range(8):
        rng = np.random.Generator(np.random.PCG64(seed))
        small, _ = random_problem(seed, orders=14, weeks=8, shapes=shapes, room=60)
        small = msgspec.structs.replace(small, pinned=np.full_like(small.pinned, -1))
        count = rng.integers(1, 60, len(small.kind))
        places = rng.permutation(np.repeat(np.arange(len(count)), count))
        many = problem(small.capacity, small.needs, small.kind[places], small.due[places], [-1] * len(places))
        plan = least_breakage(many, 2)
        must_hold(many, plan)
        must_be_fair(many, plan)
        assert objectives(many, plan, 2) == by_integer_program(small, 2, count), f"seed {seed}"


def test_never_more_broken_than_by_place_alone() -> None:
    fewer = 0
    for seed in range(100):
        found, bound = random_problem(seed, orders=40, weeks=9, room=4)
        ours = objectives(found, least_breakage(found, bound), bound)
        theirs = objectives(found, strict(found), bound)
        assert ours <= theirs, f"seed {seed}"
        fewer += ours[0] < theirs[0]
    assert fewer > 10


def test_who_is_first_need_not_be_least_total_wait() -> None:
    """Week 1 builds two; after it nothing is built of B for a while; A, A and B stand in the queue."""
    plant, of_b = [2, 2, 2, 2], [2, 0, 0, 2]
    needs = [[0, 1], [1, 1]]
    promised = problem([of_b, plant], needs, kind=[0, 0, 1], due=[1, 1, 0])
    assert strict(promised).column.tolist() == [0, 0, 3]
    assert score(promised, strict(promised), 2).broken == 1
    assert least_breakage(promised, 2).column.tolist() == [0, 1, 0]
    open_ended = msgspec.structs.replace(promised, due=np.full(3, 4, np.int32))
    assert least_breakage(open_ended, 2).column.tolist() == [0, 1, 0]


def test_limits_that_cross_are_solved_in_whole_numbers() -> None:
    """Each two of three kinds share a limit of one: in halves three of two could be kept, in whole numbers one."""
    shared = problem([[1, 1, 1]] * 3, CROSSING[0], kind=[0, 1, 2], due=[0, 0, 0])
    plan = least_breakage(shared, 1)
    assert objectives(shared, plan, 1) == (2, 3, 1, 3)
    must_hold(shared, plan)


def test_a_limit_that_crosses_only_where_it_does_not_bind_is_no_crossing() -> None:
    needs = np.array([[1, 0, 1], [1, 1, 1], [0, 1, 1]], np.bool_)
    three = np.arange(3)
    loose = network.Groups(three, three, three + 1, needs, np.array([[2, 9], [9, 2], [5, 5]]))
    assert network.Network(loose, (three,)).nested
    tight = msgspec.structs.replace(loose, capacity=np.array([[2, 9], [3, 2], [5, 5]]))
    assert not network.Network(tight, (three,)).nested


def test_the_bound_is_kept_where_that_costs_no_promise_and_no_week() -> None:
    """Two are broken and get columns 3 and 4: as late together either way, but not one of them later than two weeks."""
    late = problem([[0, 0, 0, 1, 1]], [[1]], kind=[0, 0], due=[1, 2])
    assert least_breakage(late, 2).column.tolist() == [3, 4]
    assert score(late, least_breakage(late, 2), 2).beyond == 0
    lost = problem([[0, 0, 0, 0, 1, 1]], [[1]], kind=[0, 0], due=[1, 3])
    assert least_breakage(lost, 1).column.tolist() == [5, 4], "one can't be helped; the other is not later than it must"


def plans_in_short() -> str:
    """A fingerprint of some plans, of limits that cross among them."""
    cases = (random_problem(seed, 200, 20, room=12) for seed in range(8))
    return hashlib.sha256(b"".join(least_breakage(*case).column.tobytes() for case in cases)).hexdigest()


def test_the_same_orders_get_the_same_plan_in_another_process() -> None:
    there = subprocess.run(
        [sys.executable, "-c", f"from {__name__} import plans_in_short; print(plans_in_short())"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert there.stdout.strip() == plans_in_short() == plans_in_short()


def test_more_capacity_never_breaks_more() -> None:
    for seed in range(40):
        found, bound = random_problem(seed, orders=30, weeks=8, room=4)
        before = objectives(found, least_breakage(found, bound), bound)
        more = found.capacity.copy()
        more[seed % len(more), seed % found.weeks] += 1 + seed % 4
        after = msgspec.structs.replace(found, capacity=more)
        assert objectives(after, least_breakage(after, bound), bound) <= before


def test_nobody_and_no_weeks() -> None:
    nobody = problem([[1, 1]], [[1]], [], [])
    assert least_breakage(nobody, 3).column.tolist() == []
    no_weeks = problem(np.zeros((1, 0)), [[1]], [0, 0], [-2, 0])
    assert least_breakage(no_weeks, 3).column.tolist() == [0, 0]
    unbuilt = problem([[5, 5]], [[0], [1]], [0, 1], [0, 0])
    assert least_breakage(unbuilt, 3).column.tolist() == [2, 0]


def test_nobody_is_moved_for_nothing() -> None:
    """What is past saving is still built as early as it can be without breaking another promise."""
    past = problem([[1, 1, 1, 1]], [[1]], kind=[0, 0, 0], due=[-900, 1, 4])
    assert least_breakage(past, 4).column.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("pins", "words"),
    [
        ([0, 0, -1], r"2 orders are pinned to 2025-W27, where limit-0 has room for 1: 1 too many"),
        ([2, -1, -1], r"after 2025-W28"),
        ([-1, -1, 0], r"built at no plant"),
        ([1, 1, -1], r"pinned to 2025-W28, where limit-1 has room for 1"),
    ],
)
def test_pins_that_do_not_fit_are_refused(pins: list[int], words: str) -> None:
    found = problem([[1, 9], [3, 1]], [[1, 1], [0, 0]], [0, 0, 1], [0, 0, 0], pins)
    with pytest.raises(PlanRefused, match=words):
        least_breakage(found, 1)


def test_pins_take_their_capacity_first_and_a_week_that_was_overfull_before_is_not_their_fault() -> None:
    found = problem([[1, 1, 1], [-2, 5, 5]], [[1, 0], [0, 1]], [0, 0, 0], [0, 2, 2], [-1, 0, -1])
    left, free = without_pins(found)
    assert left.tolist() == [[0, 1, 1], [-2, 5, 5]]
    assert free.tolist() == [True, False, True]
    assert least_breakage(found, 1).column.tolist() == [1, 0, 2]


def test_nested_limits_need_no_integer_program_and_one_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [random_problem(seed, orders=40, weeks=9, shapes=NESTED, room=5) for seed in range(20)]
    with monkeypatch.context() as without:
        without.setattr(network, "milp", None)
        ours = [objectives(found, least_breakage(found, bound), bound) for found, bound in cases]
    relaxed = network._relaxed
    monkeypatch.setattr(network.Network, "nested", False)
    monkeypatch.setattr(network, "_relaxed", lambda *given: msgspec.structs.replace(relaxed(*given), values=None))
    assert ours == [objectives(found, least_breakage(found, bound), bound) for found, bound in cases]


def _none(answer: Any) -> None:
    answer.status, answer.message = 4, "numbers went wrong"


def _not_whole(answer: Any) -> None:
    answer.x = answer.x + 0.3


def _not_enough(answer: Any) -> None:
    answer.x, answer.fun = answer.x * 0, 0.0


def _not_proved(answer: Any) -> None:
    answer.mip_dual_bound = answer.fun - 1


@pytest.mark.parametrize(
    ("change", "words"),
    [(_none, "numbers went wrong"), (_not_whole, "whole numbers"), (_not_enough, "keep to the capacity")],
)
@pytest.mark.parametrize("solver", ["linprog", "milp"])
def test_an_answer_that_does_not_hold_is_no_plan(
    monkeypatch: pytest.MonkeyPatch, solver: str, change: Any, words: str
) -> None:
    with pytest.raises(PlanFailed, match=words):
        _with_another_answer(monkeypatch, solver, change)


def test_an_answer_that_is_not_proved_the_best_is_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PlanFailed, match="whole numbers"):
        _with_another_answer(monkeypatch, "milp", _not_proved)


def _with_another_answer(monkeypatch: pytest.MonkeyPatch, solver: str, change: Any) -> Plan:
    """The plan of orders that only whole numbers solve, if nested ones did not, with the solver's answer changed."""
    solve = getattr(network, solver)

    def changed(*given: Any, **more: Any) -> Any:
        answer = solve(*given, **more)
        change(answer)
        return answer

    monkeypatch.setattr(network, solver, changed)
    if solver == "linprog":
        return least_breakage(problem([[1, 1]], [[1]], [0, 0], [0, 0]), 1)
    return least_breakage(problem([[1, 1, 1]] * 3, CROSSING[0], kind=[0, 1, 2], due=[0, 0, 0]), 1)


def test_a_plan_that_is_not_what_was_solved_for_is_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    by_place = policy._by_place
    monkeypatch.setattr(policy, "_by_place", lambda *given: by_place(*given)[::-1])
    two = problem([[1, 1]], [[1]], kind=[0, 0], due=[0, 1])
    with pytest.raises(PlanFailed, match="not what was solved for"):
        least_breakage(two, 1)
    monkeypatch.setattr(policy, "_by_place", lambda *given: by_place(*given) * 0)
    with pytest.raises(PlanFailed, match="more than there is in 1 week"):
        least_breakage(two, 1)


def test_a_few_hundred_thousand_orders_hold_together() -> None:
    """Three trims at one plant which builds half of what it should for a while: compared with the plan by place."""
    rng = np.random.Generator(np.random.PCG64(5))
    kind = rng.choice(3, 200_000, p=[0.5, 0.3, 0.2])
    capacity = np.array([[1_500] * 104, [900] * 104, [600] * 104, [2_500] * 104])
    needs = [[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1]]
    promised = problem(capacity, needs, kind, np.full(len(kind), 104))
    due = np.minimum(104, strict(promised).column + 2)
    cut = capacity.copy()
    cut[:, 10:22] //= 2
    late = problem(cut, needs, kind, due)
    plan = least_breakage(late, 8)
    must_hold(late, plan)
    few, many = score(late, plan, 8), score(late, strict(late), 8)
    assert 0 < few.broken < many.broken / 3
