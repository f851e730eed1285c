"""A plan in figures: nothing is counted twice or left out."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from drumroll.domain.capacity import UNLIMITED
from drumroll.domain.launch_capacity import Backlog
from drumroll.plan.answers import Answers, answer
from drumroll.plan.problem import Plan
from drumroll.plan.questions import Asked, ask
from drumroll.plan.strict import strict
from drumroll.plan.summary import Summary, summary
from tests.plan.lives import LEAD_WEEKS, WEEK, Life, built_in, launch, random_life

FIRST, END = WEEK + 2, WEEK + 20


def summed(asked: Asked, plan: Plan) -> tuple[Summary, Answers]:
    answers = answer(asked, plan, {})
    return summary(asked, plan, answers), answers


@pytest.mark.parametrize("seed", range(15))
def test_the_figures_are_a_plain_count(seed: int) -> None:
    random = Random(seed)
    backlog = (Backlog("coupe", "one", random.randrange(9)),)
    life, _ = random_life(random, 60, launch(plant=random.randrange(1, 6), pack=random.randrange(3), backlog=backlog))
    asked = ask(life.book, life.at_ms)
    plan = strict(asked.problem)
    found, answers = summed(asked, plan)
    weeks = [FIRST + int(column) for column in plan.column]
    older, ours = weeks[: asked.ahead], weeks[asked.ahead :]
    assert found.ahead.orders == backlog[0].orders
    assert found.ahead.without_week == sum(week == END for week in older)
    for trim in found.by_trim:
        mine = [
            (week, week + LEAD_WEEKS[order.offer.region] - WEEK)
            for order, week in zip(asked.orders, ours, strict=True)
            if (order.offer.model, order.offer.trim) == (trim.model, trim.trim)
        ]
        built = sorted(week for week, _ in mine if week < END)
        wait = sorted(wait for week, wait in mine if week < END)
        assert (trim.orders, trim.without_week) == (len(mine), len(mine) - len(built))
        for name, of in (("week", built), ("wait", wait)):
            said = tuple(getattr(trim, f"{which}_{name}") for which in ("first", "median", "last"))
            assert said == ((of[0], of[(len(of) - 1) // 2], of[-1]) if of else (None, None, None))
    assert sum(trim.orders for trim in found.by_trim) == len(asked.orders) == sum(found.outcomes.values())
    works = asked.problem.resources.index("works")
    assert {load.week: load.taken[works] for load in found.loads if load.taken[works]} == {
        week: weeks.count(week) for week in set(weeks) - {END}
    }
    assert sum(one.orders for one in found.short) == np.count_nonzero(answers.short >= 0)


def test_a_week_without_a_limit_has_no_capacity_to_be_full_of() -> None:
    life = Life(launch(pack=UNLIMITED))
    life.locked("one", "big")
    asked = ask(life.book, life.at_ms)
    found, _ = summed(asked, strict(asked.problem))
    assert [(load.taken, load.capacity) for load in found.loads] == [((1, 1), (None, 10))]


def test_the_difference_is_that_to_what_is_promised_now() -> None:
    life = Life(launch(plant=1))
    for number in range(3):
        life.locked(f"o{number}", promise=built_in(3))
    life.locked("better", promise=built_in(9))
    life.locked("new")
    asked = ask(life.book, life.at_ms)
    total = summed(asked, strict(asked.problem))[0].difference.total
    assert (total.orders, total.promised, total.kept, total.broken, total.improved) == (5, 4, 3, 1, 2)
    assert (total.weeks_late, total.deposits_at_risk_minor) == (1, 500)


def test_nobody_to_plan_is_a_summary_of_zeros() -> None:
    life = Life()
    asked = ask(life.book, life.at_ms)
    found, _ = summed(asked, strict(asked.problem))
    assert (found.orders, found.by_trim, found.loads, found.short, found.difference.total.orders) == (0, (), (), (), 0)
