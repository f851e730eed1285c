"""If these fail, orders of a log are counted twice, left out, or delivered again in its outlook."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from drumroll.domain.launch_capacity import Backlog
from drumroll.outlook.by_month import in_all
from drumroll.outlook.standing import standing_of, with_declared
from tests.outlook.outlooks import launch, since, worked_out
from tests.plan.lives import COOLING_S, DAY, OPENS, Life, random_life

GONE, WAITING = {"cancelled", "forfeited"}, {"locked", "scheduled", "in_production", "built", "in_transit"}


@pytest.mark.parametrize("seed", range(12))
def test_every_order_that_was_firm_is_counted_once(seed: int) -> None:
    life, _ = random_life(Random(seed), 60, launch())
    orders = [order for order in life.book.sequence if order.firm_at_ms is not None]
    found = standing_of(life.book.sequence, launch(), life.at_ms)
    states = [str(order.state_at(life.at_ms)) for order in orders]
    assert sum(found.locked.values()) == sum(state in WAITING for state in states)
    assert sum(found.cooling.values()) == states.count("firm")
    assert _sum(found.delivered) == states.count("delivered")
    assert _sum(found.cancelled) == sum(state in GONE for state in states)
    assert _sum(found.ordered) == len(orders)
    assert not found.older


@pytest.mark.parametrize("seed", range(3))
def test_an_outlook_of_a_log_ends_with_what_it_began_with_and_what_came(seed: int) -> None:
    life, _ = random_life(Random(seed), 60, launch())
    found = since(worked_out(launch(), 0, 5), standing_of(life.book.sequence, launch(), life.at_ms))
    whole = in_all(found)
    assert not found.opening.any(), "all were ordered since the opening"
    assert whole.orders.middle - whole.cancelled.middle - whole.deliveries.middle == whole.backlog.middle


def test_half_a_cooling_off_is_half_a_chance_to_cancel() -> None:
    life = Life(launch())
    for number in range(10):
        life.reserve(f"o{number}")
        life.firm(f"o{number}")
    half_ms = OPENS + COOLING_S * 500
    found = standing_of(life.book.sequence, launch(), half_ms)
    assert found.cooling == {("car", "small"): 10}
    assert found.cooling_left == pytest.approx(0.5)
    assert standing_of(life.book.sequence, launch(), OPENS + 8 * DAY).locked == {("car", "small"): 10}


def test_declared_orders_wait_unless_they_were_imported() -> None:
    of = msgspec.structs.replace(launch(), backlog=(Backlog("car", "small", 50), Backlog("coupe", "one", 5)))
    empty = standing_of((), of, OPENS)
    assert with_declared(empty, of, {("car", "small"): 20}).older == {("car", "small"): 30, ("coupe", "one"): 5}
    assert with_declared(empty, of, {("car", "small"): 80}).older == {("coupe", "one"): 5}


def _sum(table: dict[tuple[str, str], dict[int, int]]) -> int:
    return sum(sum(days.values()) for days in table.values())
