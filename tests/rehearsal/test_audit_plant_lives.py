"""What the domain promises and what the recount thinks right are one: lives with plants, at random, without a fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest
from msgspec.structs import replace

from drumroll.domain import events as ev
from drumroll.log.base import Block
from drumroll.rehearsal.audit import Audit, audit
from drumroll.rehearsal.recount import Recount
from tests.rehearsal.plant_lives import OPERATIONS, PlantLife

SEEDS, TURNS = 12, 220


def faults(outcome: Audit) -> list[str]:
    return [f"{check.rule}: {check.examples[0]}" for check in outcome.checks if not check.ok]


def lives(seeds: range, *operations: str) -> Iterator[PlantLife]:
    for seed in seeds:
        life = PlantLife(seed, *operations)
        yield life.live(TURNS)


def recounts(life: PlantLife) -> None:
    """No fault, every promise as the book has it, and as many as were made."""
    outcome = audit(life.blocks, life.told)
    assert faults(outcome) == []
    recount = Recount().all(life.blocks)
    assert {order_id: seen.promise for order_id, seen in recount.orders.items()} == {
        order.id: order.promise for order in life.book.orders.values()
    }
    made = [event for block in life.blocks for event in block.events if isinstance(event, ev.OrderReserved)]
    assert outcome.figures["promised"] >= sum(event.promise is not None for event in made)


def test_promises_at_random_are_recounted_without_a_fault() -> None:
    for life in lives(range(SEEDS)):
        recounts(life)


def test_promises_are_recounted_while_operators_change_capacity_and_accept_plans() -> None:
    for life in lives(range(SEEDS), *OPERATIONS):
        recounts(life)


def test_a_promise_of_another_week_than_the_right_one_is_found() -> None:
    looked_at = 0
    for life in lives(range(SEEDS)):
        chance = Random(life.number)
        made = [
            (at, number)
            for at, block in enumerate(life.blocks)
            for number, event in enumerate(block.events)
            if isinstance(event, ev.OrderReserved) and event.promise is not None
        ]
        for at, number in chance.sample(made, min(5, len(made))):
            blocks = list(life.blocks)
            by = chance.choice((-1, 1))
            events = list(blocks[at].events)
            events[number] = moved(events[number], by)
            blocks[at] = Block(blocks[at].position, blocks[at].at_ms, tuple(events))
            assert not audit(blocks).go, (life.number, events[number])
            looked_at += 1
    assert looked_at > 30


def moved(event: ev.Event, by: int) -> ev.Event:
    """The same order, promised so many weeks later."""
    assert isinstance(event, ev.OrderReserved)
    assert event.promise is not None
    weeks = {name: getattr(event.promise, name) + by for name in ("build_week", "first_week", "last_week", "sure_week")}
    return replace(event, promise=replace(event.promise, **weeks))


@pytest.mark.slow
def test_many_promises_at_random_are_recounted_without_a_fault() -> None:
    for life in lives(range(SEEDS, 3 * SEEDS)):
        recounts(life)
    for life in lives(range(SEEDS, 3 * SEEDS), *OPERATIONS):
        recounts(life)


def test_the_lives_have_all_of_it_in_them() -> None:
    happened: Counter[str] = Counter()
    promised: Counter[bool] = Counter()
    judged: Counter[bool] = Counter()
    for life in lives(range(6), *OPERATIONS):
        happened += life.happened
        recount = Recount()
        for block in life.blocks:
            recount.block(block)
            judged[recount.promises.judged] += 1
        promised.update(order.promise is not None for order in life.book.orders.values())
    rare = (
        "SafetySet",
        "CapacitySet",
        "OrderPinned",
        "PlanAccepted",
        "OrderImported",
        "OrderConverted",
        "OrderChanged",
    )
    assert min(happened[name] for name in rare) >= 3, happened
    assert min(promised.values()) > 20
    assert min(judged.values()) > 50, judged
