"""What if: a situation and a scenario, planned by both policies before and after, and what that does to promises."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np

from drumroll.domain.capacity import rules_of
from drumroll.plan.difference import NOTHING, Difference, difference
from drumroll.plan.least_breakage import least_breakage
from drumroll.plan.policies import with_places_kept
from drumroll.plan.problem import Columns, Counts, Plan, Problem
from drumroll.plan.scenario import Changed, Scenario, changed
from drumroll.plan.strict import strict
from drumroll.plan.waiting import Situation, Waiting, late_rows, problem_of, replanned, standing_of

POLICIES = ("strict", "least_breakage")


class Wait(msgspec.Struct, frozen=True):
    """The weeks from the current one to the delivery of a trim's orders: half of them wait no longer than ``median``.

    ``declared`` of the orders are of the declared backlog. ``unplanned`` have no week, and count as built after all.
    """

    model: str
    trim: str
    orders: int
    declared: int
    unplanned: int
    median: int
    p90: int


class Planned(msgspec.Struct, frozen=True):
    """A situation planned by one policy.

    ``difference`` leaves out the declared backlog. ``built``: (trims, weeks) orders built, by the trims' numbers.
    """

    difference: Difference
    waits: tuple[Wait, ...]
    built: Counts


class Answer(msgspec.Struct, frozen=True):
    """What was asked, the situations, and by policy what comes of them."""

    scenario: Scenario
    situation: Situation
    changed: Changed
    before: dict[str, Planned]
    after: dict[str, Planned]


Step = Callable[[str, str], None]


def what_if(situation: Situation, scenario: Scenario, step: Step = lambda what, when: None) -> Answer:
    """Plan the situation by both policies, as it is and as the scenario makes it; ``step`` is told what is next.

    Whoever was promised nothing keeps the week that the strict policy gives, under both: nothing is known of what a
    later one would break.

    Raises:
        ScenarioInvalid: the scenario does not fit the situation.
        PlanRefused, PlanFailed: there is no plan.
    """
    after = changed(situation, scenario)
    was = _planned(situation, "before", step)
    return Answer(scenario, situation, after, was, _planned(after.situation, "after", step))


def _planned(situation: Situation, when: str, step: Step) -> dict[str, Planned]:
    problem = problem_of(situation.capacity, situation.waiting, situation.first_week)
    bound = rules_of(situation.launch).late_bound_weeks
    step("safety", when)
    late = late_rows(situation)
    step("strict", when)
    by_place = strict(problem)
    step("least_breakage", when)
    fewest = least_breakage(with_places_kept(problem, situation.waiting.last == NOTHING, by_place), bound)

    def told(plan: Plan) -> Planned:
        again = replanned(situation.capacity, situation.waiting, problem, plan, late)
        known = ~situation.waiting.declared
        theirs = msgspec.structs.replace(again, build=again.build[known], last=again.last[known])
        standing = standing_of(situation.waiting.only(known))
        return Planned(
            difference=difference(standing, theirs, situation.launch.cliffs, bound),
            waits=waits(situation.waiting, again.build, situation.week, again.end_week),
            built=_built(situation.waiting, problem, plan),
        )

    return {"strict": told(by_place), "least_breakage": told(fewest)}


def waits(waiting: Waiting, build: Columns, week: int, end_week: int) -> tuple[Wait, ...]:
    """How long the orders of each trim wait."""
    found = []
    for number, (model, trim) in enumerate(waiting.trims):
        its = waiting.trim == number
        if not its.any():
            continue
        weeks = build[its] + waiting.lead[its] - week
        median, p90 = np.quantile(weeks, (0.5, 0.9), method="inverted_cdf").tolist()
        unplanned = int(np.count_nonzero(build[its] >= end_week))
        declared = int(np.count_nonzero(waiting.declared[its]))
        found.append(Wait(model, trim, len(weeks), declared, unplanned, int(median), int(p90)))
    return tuple(found)


def _built(waiting: Waiting, problem: Problem, plan: Plan) -> Counts:
    columns = problem.weeks + 1
    trims = len(waiting.trims)
    counts = np.bincount(waiting.trim.astype(np.int64) * columns + plan.column, minlength=trims * columns)
    built: Counts = counts.reshape(trims, columns)[:, : problem.weeks]
    return built
