from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.domain.launch import Launch
from drumroll.domain.launch_file import parse
from drumroll.rehearsal.population import NOT_FIRM, SHARES, Kind, Population, drawn, offers_of, places

LAUNCHES = Path(__file__).parents[2] / "launches"


def launch_named(name: str) -> Launch:
    path = LAUNCHES / f"{name}.toml"
    return parse(path.read_text("utf-8"), str(path))


def columns(population: Population) -> tuple[object, ...]:
    return (
        bytes(population.kinds),
        bytes(population.trims),
        *(list(column) for column in (population.customers, population.order_s, population.pay_s, population.later_s)),
    )


@given(st.integers(100, 3000), st.integers(0, 10**6), st.sampled_from(["yu7", "handheld"]))
@settings(max_examples=25, deadline=None)
def test_exactly_the_orders_asked_for_are_to_stand_firm(orders: int, seed: int, name: str) -> None:
    population = drawn(launch_named(name), orders, seed)
    assert sum(Kind(kind) not in NOT_FIRM for kind in population.kinds) == orders


def test_the_same_seed_draws_the_same_customers_and_another_seed_others() -> None:
    launch = launch_named("yu7")
    assert columns(drawn(launch, 500, 7)) == columns(drawn(launch, 500, 7))
    assert columns(drawn(launch, 500, 7)) != columns(drawn(launch, 500, 8))


@pytest.mark.parametrize("name", ["yu7", "handheld"])
def test_every_kind_of_misbehaviour_comes_at_least_once(name: str) -> None:
    population = drawn(launch_named(name), 500, 1)
    assert set(SHARES) <= {Kind(kind) for kind in population.kinds}


def test_no_customer_is_to_hold_more_than_allowed_except_late_ones() -> None:
    launch = launch_named("yu7")
    population = drawn(launch, 2000, 1)
    held = Counter(
        customer for customer, kind in zip(population.customers, population.kinds, strict=True) if kind not in NOT_FIRM
    )
    assert max(held.values()) == launch.orders_per_customer


def test_firm_orders_stay_within_the_caps_of_their_trims() -> None:
    launch = launch_named("handheld")
    most = places(launch)
    assert most == 10_000
    population = drawn(launch, most, 1)
    firm = Counter(
        trim for trim, kind in zip(population.trims, population.kinds, strict=True) if Kind(kind) not in NOT_FIRM
    )
    for trim, offer in enumerate(offers_of(launch)):
        assert firm[trim] <= (offer.places or 0)


def test_nobody_pays_before_having_ordered_or_orders_before_the_opening() -> None:
    population = drawn(launch_named("yu7"), 2000, 1)
    assert all(0 <= at <= pay for at, pay in zip(population.order_s, population.pay_s, strict=True))


def test_customers_of_a_short_sale_are_done_before_it_closes() -> None:
    launch = launch_named("handheld")
    closes = launch.opens_at_ms + 30 * 60_000
    models = tuple(msgspec.structs.replace(model, closes_at_ms=closes) for model in launch.models)
    short = msgspec.structs.replace(launch, closes_at_ms=closes, models=models)
    population = drawn(short, 500, 1)
    assert max(population.order_s) < 30 * 60
    assert Kind.LATE not in {Kind(kind) for kind in population.kinds}
