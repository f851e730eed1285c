"""What the domain decides and what the recount thinks right are one: lives at random, recounted without a fault."""

from __future__ import annotations

from collections import Counter

import pytest

from drumroll.domain import events as ev
from drumroll.rehearsal.audit import audit
from drumroll.rehearsal.recount import Recount
from tests.rehearsal.lives import Life

SEEDS, TURNS = 60, 250


def agrees(life: Life) -> None:
    """The recount finds no fault, and counts what the book counts."""
    outcome = audit(life.blocks, life.told)
    assert outcome.go, outcome.reasons
    assert (outcome.lost, outcome.doubled) == (0, 0)
    book, figures, money = life.book, outcome.figures, life.book.money
    assert figures["firm_headline"] == book.headline_firm
    assert figures["money_in_minor"] == money.received
    kept = (figures["held_minor"], figures["applied_minor"], figures["forfeited_minor"], figures["refunds_paid_minor"])
    assert kept == (money.held, money.applied, money.forfeited, money.refunded)
    assert figures["still_owed_minor"] == money.owed
    recount = Recount().all(life.blocks)
    assert {refund_id: refund[1] for refund_id, refund in recount.owed.items()} == {
        refund_id: refund.amount_minor for refund_id, refund in book.refunds_owed.items()
    }
    assert {
        order_id: (seen.state, seen.model, seen.trim, seen.options) for order_id, seen in recount.orders.items()
    } == {
        order.id: (order.state.value, order.offer.model, order.offer.trim, order.offer.options)
        for order in book.orders.values()
    }
    for (model, trim), tally in book.tallies.items():
        assert tally.converted == recount.converted[model, trim]
        assert tally.live == recount.live[model, trim]
    assert recount.milestones == [(milestone.firm, milestone.at_ms) for milestone in book.milestones]


def test_a_life_at_random_is_recounted_without_a_fault() -> None:
    for seed in range(SEEDS // 6):
        try:
            agrees(Life(seed).live(TURNS))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


@pytest.mark.slow
def test_many_lives_at_random_are_recounted_without_a_fault() -> None:
    for seed in range(SEEDS // 6, SEEDS):
        try:
            agrees(Life(seed).live(TURNS))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def test_the_lives_have_everything_in_them() -> None:
    happened: Counter[str] = Counter()
    for seed in range(20):
        happened += Life(seed).live(TURNS).happened
    elsewhere = {ev.DeskOpened, ev.SafetySet, ev.CapacitySet, ev.OrderPinned, ev.PlanAccepted}
    rare = {kind.__name__: happened[kind.__name__] for kind in ev.Event.__subclasses__() if kind not in elsewhere}
    assert min(rare.values()) >= 3, rare
