"""Both policies before and after a change, against a greedy order by order and a linear program of the rest."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array

from drumroll.domain.launch import Launch
from drumroll.domain.launch_capacity import PromiseRules
from drumroll.plan.difference import NOTHING
from drumroll.plan.scenario import Scenario
from drumroll.plan.waiting import Situation, interleaved, problem_of
from drumroll.plan.whatif import Answer, waits, what_if
from tests.plan.small_queues import small_launch, waiting_for

UNSURE = PromiseRules(frozen_weeks=1, horizon_weeks=60, spread_percent=15, ramp_late_weeks=1, late_bound_weeks=4)


def order_by_order(situation: Situation) -> NDArray[np.int64]:
    """The column of each order if each takes the first week with room for all it needs."""
    waiting, skipped = situation.waiting, situation.first_week - situation.capacity.base_week
    left = [list(row[skipped:]) for row in situation.capacity.weekly]
    end = len(left[0])
    columns, begin = [], dict.fromkeys(range(len(waiting.kinds)), 0)
    for kind in waiting.kind.tolist():
        week = begin[kind] if waiting.kinds[kind] else end
        while week < end and any(left[resource][week] < 1 for resource in waiting.kinds[kind]):
            week += 1
        begin[kind] = week
        for resource in waiting.kinds[kind] if week < end else ():
            left[resource][week] -= 1
        columns.append(week)
    return np.array(columns)


def fewest_broken(situation: Situation) -> int:
    """The fewest promises that must break: who is on time in which week, as a linear program of groups and weeks.

    Whoever was promised nothing has the week that the greedy gives, and takes its capacity first.
    """
    waiting, weeks = situation.waiting, situation.end_week - situation.first_week
    left = np.array(situation.capacity.weekly)[:, situation.first_week - situation.capacity.base_week :]
    columns, kinds = order_by_order(situation), waiting.kind.tolist()
    nothing = (waiting.last == NOTHING) & (columns < weeks)
    for at in np.flatnonzero(nothing).tolist():
        left[list(waiting.kinds[kinds[at]]), columns[at]] -= 1
    due = waiting.last - waiting.lead - situation.first_week
    promised = (waiting.last != NOTHING) & (due < weeks)
    groups = Counter(zip(waiting.kind[promised].tolist(), due[promised].tolist(), strict=True))
    on_time = [(group, week) for group in groups for week in range(group[1] + 1)]
    sizes = list(groups.values())
    of_group = {group: number for number, group in enumerate(groups)}
    entries = [(of_group[group], at) for at, (group, _) in enumerate(on_time)] + [
        (len(groups) + resource * weeks + week, at)
        for at, ((kind, _), week) in enumerate(on_time)
        for resource in waiting.kinds[kind]
    ]
    row, column = np.array(entries).T
    matrix = coo_array((np.ones(len(entries)), (row, column)), shape=(len(groups) + left.size, len(on_time))).tocsr()
    solved = linprog(-np.ones(len(on_time)), A_ub=matrix, b_ub=[*sizes, *left.ravel()], method="highs")
    assert solved.success
    return sum(sizes) - round(-solved.fun)


def ask(launch: Launch, orders: int = 900, seed: int = 1, **given: int) -> Answer:
    situation = waiting_for(launch, orders, seed)
    first = situation.first_week
    weeks = given.pop("weeks", 8)
    return what_if(situation, Scenario(first + 1, first + 1 + weeks, seed=seed, **given))  # type: ignore[arg-type]


SCENARIOS = [
    {"cut_percent": 55},
    {"cut_percent": 100, "weeks": 3},
    {"cut_percent": 40, "convert_percent": 30},
    {"cut_percent": 30, "cancel_percent": 8},
    {"convert_percent": 100},
    {"add_percent": 50, "cancel_percent": 10},
]


@pytest.mark.parametrize("given", SCENARIOS, ids=str)
@pytest.mark.parametrize("rules", [None, UNSURE], ids=["sure", "unsure"])
def test_least_breakage_breaks_as_few_as_an_independent_optimum_and_strict_is_the_greedy(
    given: dict[str, int], rules: PromiseRules | None
) -> None:
    answer = ask(small_launch(rules=rules), **given)
    after = answer.changed.situation
    assert answer.after["least_breakage"].difference.total.broken == fewest_broken(after)
    waiting = after.waiting
    columns = order_by_order(after)
    late = columns + after.first_week + waiting.lead > waiting.last
    assert answer.after["strict"].difference.total.broken == np.count_nonzero(late & (waiting.last != NOTHING))


def test_a_cut_breaks_far_fewer_promises_if_few_wait_very_long() -> None:
    answer = ask(small_launch(), cut_percent=55)
    strict, least = (answer.after[policy].difference.total for policy in ("strict", "least_breakage"))
    assert 0 < least.broken < strict.broken / 2
    assert least.most_late > strict.most_late


def test_without_the_change_no_promise_is_broken_by_either_policy() -> None:
    for planned in ask(small_launch(rules=UNSURE), cut_percent=55).before.values():
        assert planned.difference.total.broken == 0
        assert planned.difference.total.deposits_at_risk_minor == 0
        assert planned.difference.crossed == 0


def test_the_declared_backlog_is_not_put_behind_to_keep_promises() -> None:
    """Nothing is known of its promises: least breakage may not call its delay free."""
    answer = ask(small_launch(backlog=300), cut_percent=55)
    old = [next(wait for wait in answer.after[policy].waits if wait.model == "old") for policy in answer.after]
    assert old[0] == old[1]
    assert (old[0].orders, old[0].declared) == (300, 300)


def test_the_deposits_at_risk_are_those_of_the_broken() -> None:
    for planned in ask(small_launch(), cut_percent=70).after.values():
        assert planned.difference.total.broken > 0
        assert planned.difference.total.deposits_at_risk_minor == 50 * planned.difference.total.broken


def test_the_given_up_and_the_declared_are_in_no_difference() -> None:
    answer = ask(small_launch(), orders=910, cancel_percent=10, cut_percent=10)
    assert answer.changed.cancelled == 100
    total = answer.after["strict"].difference.total
    declared_left = int(answer.changed.situation.waiting.declared.sum())
    assert total.orders == 1_000 - 100 - declared_left
    assert total.orders == total.promised


def test_what_is_built_is_what_is_planned_and_within_capacity() -> None:
    answer = ask(small_launch(), cut_percent=55)
    after = answer.changed.situation
    capacity = problem_of(after.capacity, after.waiting, after.first_week).capacity
    for planned in answer.after.values():
        assert (planned.built.sum(axis=0) <= capacity[1]).all()
        assert (planned.built[after.waiting.trims.index(("new", "rare"))] <= capacity[0]).all()
        assert planned.built.sum() == len(after.waiting) - sum(wait.unplanned for wait in planned.waits)


def test_waits_are_order_statistics_of_each_trims_own_orders() -> None:
    situation = waiting_for(small_launch(), 300)
    build = (situation.first_week + order_by_order(situation)).astype(np.int32)
    for wait in waits(situation.waiting, build, situation.week, situation.end_week):
        number = situation.waiting.trims.index((wait.model, wait.trim))
        its = situation.waiting.trim == number
        weeks = sorted((build[its] + situation.waiting.lead[its] - situation.week).tolist())
        assert wait.orders == len(weeks)
        assert sum(each <= wait.median for each in weeks) * 2 >= len(weeks)
        assert sum(each < wait.median for each in weeks) * 2 < len(weeks)
        assert sum(each <= wait.p90 for each in weeks) * 10 >= 9 * len(weeks)
        assert sum(each < wait.p90 for each in weeks) * 10 < 9 * len(weeks)


def test_the_same_question_has_the_same_answer() -> None:
    one, other = (ask(small_launch(rules=UNSURE), cut_percent=55, convert_percent=20) for _ in range(2))
    for policy in one.after:
        assert one.after[policy].difference == other.after[policy].difference
        assert one.after[policy].built.tolist() == other.after[policy].built.tolist()


@pytest.mark.parametrize("counts", [[], [0], [3, 0, 2], [5, 5], [1, 7, 2]])
def test_what_is_interleaved_is_all_there_and_even(counts: list[int]) -> None:
    mixed = interleaved(counts).tolist()
    assert [mixed.count(number) for number in range(len(counts))] == counts
    for number, count in enumerate(counts):
        half = mixed[: len(mixed) // 2].count(number)
        assert abs(half - count / 2) <= 1
