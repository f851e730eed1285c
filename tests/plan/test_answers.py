"""From a plan to promises: who keeps a window, who gets a better one, whose is broken; and the reason in words."""

from __future__ import annotations

from random import Random

import msgspec
import numpy as np
import pytest

from drumroll.domain import events as ev
from drumroll.domain.availability import Safety
from drumroll.domain.book import Order
from drumroll.domain.commands import AcceptPlan
from drumroll.domain.decide_plan import accept_plan
from drumroll.domain.launch_capacity import Backlog
from drumroll.domain.promise import Planned, Promise
from drumroll.domain.refusal import Code, Refusal
from drumroll.plan.answers import Answers, Outcome, Proposal, Reasons, answer, digest, groups, kinds_without, proposal
from drumroll.plan.least_breakage import least_breakage
from drumroll.plan.listing import Row, listing
from drumroll.plan.problem import Plan
from drumroll.plan.questions import Asked, ask
from drumroll.plan.strict import strict
from tests.plan.lives import LEAD_WEEKS, NEEDS, WEEK, WEEK_MS, Life, built_in, launch, random_life

FIRST = WEEK + 2
HORIZON = 20


def random_safety(random: Random) -> Safety:
    def row(most: int) -> tuple[int, ...]:
        return tuple(random.randrange(most) for _ in range(HORIZON))

    made = {}
    for name in ("works", "pack+works"):
        late = row(4)
        made[name] = late, tuple(one + extra for one, extra in zip(late, row(3), strict=True))
    return made


def expected(order: Order, column: int, short: str, late: int, sure: int, week: int) -> tuple[Outcome, Promise | None]:
    """The rule, order by order, as docs/promises.md has it."""
    lead, was = LEAD_WEEKS[order.offer.region], order.promise
    if column >= HORIZON - 2:
        return Outcome.NO_WEEK, was
    build = FIRST + column
    last = max(week, build + lead + late)
    window = Promise(build, max(week, last - 3), last, max(week, build + lead + sure), short)
    if was is None:
        return Outcome.NEW, window
    if build + lead > was.last_week:
        return Outcome.BROKEN, window
    if window.last_week < was.last_week:
        return Outcome.IMPROVED, window
    return Outcome.KEPT, Promise(build, was.first_week, was.last_week, was.sure_week, short)


def why_no_earlier(asked: Asked, plan: Plan, at: int) -> str:
    """The first resource of an order that has no room in the week before, counted order by order."""
    problem, column = asked.problem, int(plan.column[at])
    for resource, name in enumerate(problem.resources):
        needing = [kind for kind in range(len(problem.needs)) if problem.needs[kind, resource]]
        taken = sum(
            int(kind) in needing and int(other) == column - 1
            for kind, other in zip(problem.kind, plan.column, strict=True)
        )
        if column and int(problem.kind[at]) in needing and taken >= problem.capacity[resource, column - 1]:
            return name
    return ""


@pytest.mark.parametrize("policy", ["strict", "least-breakage"])
@pytest.mark.parametrize("seed", range(25))
def test_every_promise_follows_the_rule(seed: int, policy: str) -> None:
    random = Random(seed)
    backlog = (Backlog("car", "big", random.randrange(3)),)
    life, _ = random_life(random, 60, launch(plant=random.randrange(1, 6), pack=random.randrange(3), backlog=backlog))
    asked, late = ask(life.book, life.at_ms), random_safety(random)
    plan = strict(asked.problem) if policy == "strict" else least_breakage(asked.problem, 5)
    answers = answer(asked, plan, late)
    for at, order in enumerate(asked.orders):
        column = int(plan.column[asked.ahead + at])
        name = "+".join(NEEDS[order.offer.model, order.offer.trim])
        rows = [row[2 + column] if name and column < HORIZON - 2 else 0 for row in late.get(name, ((), ()))] or [0, 0]
        short = why_no_earlier(asked, plan, asked.ahead + at)
        outcome, promise = expected(order, column, short, *rows, WEEK)
        assert (answers.outcome[at], answers.promises[at]) == (outcome, promise), order.id
        assert answers.changed[at] == (promise != order.promise)


def planned(life: Life, at_ms: int | None = None) -> tuple[Asked, Answers]:
    asked = ask(life.book, at_ms or life.at_ms)
    return asked, answer(asked, strict(asked.problem), {})


@pytest.mark.parametrize("seed", range(20))
def test_a_plan_that_was_accepted_changes_nothing_when_it_is_made_again(seed: int) -> None:
    random = Random(seed)
    life, _ = random_life(random, 60, launch(plant=random.randrange(1, 6), pack=random.randrange(3)))
    asked, answers = planned(life)
    first = groups(asked, answers)
    assert sum(len(group.order_ids) for group in first) == np.count_nonzero(answers.changed) > 0
    assert len({group.promise for group in first}) == len(first)
    life.accept(first)
    assert groups(*planned(life)) == ()


def test_the_server_takes_a_proposal_as_it_is_written_to_the_file() -> None:
    life = Life()
    for number in range(30):
        life.locked(f"o{number}", "big", built_in(4))
    asked, answers = planned(life)
    read = msgspec.json.decode(msgspec.json.encode(proposal(asked, answers, len(life.blocks))), type=Proposal)
    command = AcceptPlan(read.plan, read.policy, read.based_on, read.groups, "op", "why", b"key", b"print")
    events = accept_plan(life.book, command, life.at_ms)
    assert not isinstance(events, Refusal), events
    life.add(*events)
    assert [order.promise for order in asked.orders] == answers.promises
    assert all(order.promised == built_in(4) for order in asked.orders), "what was promised first stays known"


def test_a_proposal_from_before_a_change_of_capacity_is_refused_and_the_old_plan_stands() -> None:
    life = Life()
    life.locked("one", promise=built_in(9))
    made = proposal(*planned(life), len(life.blocks))
    life.add(ev.CapacitySet("", FIRST, FIRST + 1, 50, None, "op", "why", b"capacity", b"f" * 8))
    command = AcceptPlan(made.plan, made.policy, made.based_on, made.groups, "op", "why", b"key", b"print")
    refusal = accept_plan(life.book, command, life.at_ms)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.STALE_PLAN
    assert life.book.orders["one"].promise == built_in(9)


def test_a_window_that_is_kept_stays_word_for_word() -> None:
    life = Life()
    life.locked("kept", promise=Promise(FIRST + 5, FIRST - 1, FIRST, FIRST + 9, "works"))
    _, answers = planned(life)
    assert answers.promises == [Promise(FIRST, FIRST - 1, FIRST, FIRST + 9, "")]


def test_frozen_orders_are_in_no_group_and_take_nobodys_place() -> None:
    life = Life(launch(plant=1))
    life.locked("frozen", promise=built_in(1))
    life.locked("moves", promise=built_in(9))
    asked, answers = planned(life)
    assert [one.order_ids for one in groups(asked, answers)] == [("moves",)]
    assert answers.column.tolist() == [0]


def test_the_digest_tells_plans_apart() -> None:
    one, other = built_in(3), built_in(4)
    plans = [
        (),
        (Planned(one, ("a", "b")),),
        (Planned(one, ("a",)), Planned(other, ("b",))),
        (Planned(other, ("a", "b")),),
        (Planned(one, ("ab",)),),
    ]
    assert len({digest(plan) for plan in plans}) == len(plans)
    assert digest(plans[1]) == digest((Planned(built_in(3), ("a", "b")),))


def reasons_of(life: Life) -> dict[str, str]:
    asked, answers = planned(life)
    because = Reasons(asked, answers)
    return {order.id: because.of(at) for at, order in enumerate(asked.orders)}


def test_every_reason_is_said_in_words() -> None:
    life = Life(launch(plant=3, pack=1, horizon_weeks=4))
    life.locked("first", "big")
    life.locked("second", "big")
    life.locked("third", "big")
    for number in range(3):
        life.locked(f"small-{number}")
    life.locked("pinned", promise=built_in(3))
    life.pin("pinned", built_in(3))
    life.locked("van", "long", model="van")
    assert reasons_of(life) == {
        "first": "the first week there is",
        "second": "short of pack (Large packs)",
        "third": "no capacity within the calendar, which ends with 2025-W30",
        "small-0": "the first week there is",
        "small-1": "the first week there is",
        "small-2": "short of works (The works)",
        "pinned": "pinned to this week by an operator",
        "van": "no plant builds it",
    }


def test_the_list_of_orders_has_everybody_once_with_place_and_reason() -> None:
    life = Life(launch(plant=1, backlog=(Backlog("coupe", "one", 1),)))
    life.locked("built", promise=built_in(0))
    life.move("scheduled", "built")
    life.move("in_production", "built")
    life.locked("frozen", promise=built_in(1))
    life.locked("kept", promise=built_in(3))
    life.reserve("broken", promise=built_in(3), region="near")
    life.reserve("gone")
    life.add(ev.OrderCancelled("gone", 0, b"cancel", b"f" * 8))
    rows = {row.id: row for row in listing(*planned(life))}
    states = ("car", "small", "locked")
    assert rows == {
        "built": Row(
            "built", "car", "small", "in_production", None, "2025-W27", *["2025-06-30 to 2025-07-06"] * 2,
            "underway", "in production, or built",
        ),
        "frozen": Row(
            "frozen", *states, None, "2025-W28", *["2025-06-30 to 2025-07-13"] * 2,
            "frozen", "frozen: 2025-W28 is too near to be planned anew",
        ),
        "kept": Row(
            "kept", *states, 2, "2025-W30", *["2025-06-30 to 2025-07-27"] * 2, "kept", "short of works (The works)"
        ),
        "broken": Row(
            "broken", "car", "small", "reserved", 3, "2025-W31", "2025-07-07 to 2025-08-03",
            "2025-06-30 to 2025-07-27", "broken", "short of works (The works)",
        ),
    }  # fmt: skip


def test_a_list_gives_each_order_its_own_reason() -> None:
    """The list works reasons out once for all that have the same."""
    life, _ = random_life(Random(5), 80, launch(plant=3, pack=1))
    asked, answers = planned(life)
    because = Reasons(asked, answers)
    said = {row.id: row.because for row in listing(asked, answers)}
    assert len(set(said.values())) > 4
    for at, order in enumerate(asked.orders):
        assert said[order.id] == because.of(at)


def test_only_kinds_without_recorded_uncertainty_are_to_be_worked_out() -> None:
    life = Life()
    for trim in ("big", "small"):
        life.locked(trim, trim)
    life.locked("van", "long", model="van")
    asked, _ = planned(life)
    assert kinds_without(asked, {}) == ((0, 1), (1,))
    assert kinds_without(asked, {"works": ()}) == ((0, 1),)


def test_later_than_the_current_week_is_what_a_window_begins_with() -> None:
    life = Life()
    life.locked("new")
    _, answers = planned(life, life.at_ms + 3 * WEEK_MS)
    assert answers.promises == [Promise(WEEK + 5, WEEK + 3, WEEK + 5, WEEK + 5)]
