"""The policies on orders of a log: who was promised nothing is not put behind everybody else for it."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from drumroll.domain.launch_capacity import Backlog
from drumroll.plan.least_breakage import least_breakage
from drumroll.plan.pins import without_pins
from drumroll.plan.policies import POLICIES, planned
from drumroll.plan.problem import Plan, score, used
from drumroll.plan.questions import Asked, ask
from drumroll.plan.strict import strict
from tests.plan.lives import Life, built_in, launch, random_life


def broken(asked: Asked, plan: Plan) -> int:
    return score(asked.problem, plan, 26).broken


def test_a_declared_backlog_keeps_its_weeks_though_that_breaks_a_promise() -> None:
    life = Life(launch(plant=1, backlog=(Backlog("coupe", "one", 3),)))
    life.locked("promised", promise=built_in(2))
    life.locked("nothing")
    asked = ask(life.book, life.at_ms)
    for policy in POLICIES:
        plan = planned(asked, policy)
        assert plan.column.tolist() == [0, 1, 2, 3, 4]
        assert plan.policy == policy
    assert broken(asked, least_breakage(asked.problem, 26)) == 0, "or else this test shows nothing"


@pytest.mark.parametrize("seed", range(30))
def test_least_breakage_breaks_no_more_than_strict_and_moves_nobody_without_a_promise(seed: int) -> None:
    random = Random(seed)
    backlog = (Backlog("coupe", "one", random.randrange(9)), Backlog("car", "big", random.randrange(4)))
    life, places = random_life(
        random, 60, launch(plant=random.randrange(1, 6), pack=random.randrange(3), backlog=backlog)
    )
    small = [one for one in sorted(places) if life.book.orders[one].offer.trim == "small"]
    for order_id, column in zip(random.sample(small, min(2, len(small))), random.sample(range(3, 19), 2), strict=False):
        life.pin(order_id, built_in(column))
    asked = ask(life.book, life.at_ms)
    by_place, fewest = (planned(asked, policy) for policy in POLICIES)
    assert np.array_equal(by_place.column, strict(asked.problem).column)
    assert broken(asked, fewest) <= broken(asked, by_place)
    nothing = [True] * asked.ahead + [order.promise is None for order in asked.orders]
    stays = np.array(nothing) & (by_place.column < asked.problem.weeks)
    assert np.array_equal(fewest.column[stays], by_place.column[stays])
    assert np.all(used(asked.problem, fewest) <= asked.problem.capacity)
    free = without_pins(asked.problem)[1]
    assert np.array_equal(fewest.column[~free], asked.problem.pinned[~free])
