from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.domain.configuration import Configured, configure
from drumroll.domain.launch import Launch
from drumroll.domain.launch_file import parse
from drumroll.exchange.incoming import read_orders
from drumroll.rehearsal import base, charts, days
from drumroll.rehearsal.acting import confirmation_of
from drumroll.rehearsal.days import LOCKED_AT_S, LOCKED_BY_THEN, LOCKED_SHARE, Act, Days
from drumroll.rehearsal.population import NOT_FIRM, Kind, Population, drawn, offers_of, opening_ms, places
from drumroll.rehearsal.wishes import wishes

LAUNCHES = Path(__file__).parents[2] / "launches"


def launch_named(name: str) -> Launch:
    path = LAUNCHES / f"{name}.toml"
    return parse(path.read_text("utf-8"), str(path))


def played(name: str, orders: int, seed: int = 1) -> tuple[Launch, Population, Days]:
    launch = launch_named(name)
    population = drawn(launch, orders, seed)
    return launch, population, days.drawn(launch, orders, population, seed)


@given(st.integers(100, 2000), st.integers(0, 10**6), st.sampled_from(["yu7", "handheld"]))
@settings(max_examples=20, deadline=None)
def test_each_order_has_one_act_at_most_and_only_if_it_is_to_stand_firm(orders: int, seed: int, name: str) -> None:
    _, population, after = played(name, orders, seed)
    visits = [*after.visits, *(visit for _, _, visit in after.last_moments)]
    assert len(set(visits)) == len(visits)
    assert not {Kind(population.kinds[visit]) for visit in visits} & NOT_FIRM


@given(st.integers(100, 1000), st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_with_several_headline_models_all_go_through_windows_that_their_orders_may_use(orders: int, seed: int) -> None:
    yu7 = launch_named("yu7")
    ways = (("up", "su7", "yu7"), ("over", "su7-ultra", "yu7"))
    windows = tuple(
        msgspec.structs.replace(yu7.conversions[0], id=name, from_models=(come_from,), to_models=(to,))
        for name, come_from, to in ways
    )
    launch = msgspec.structs.replace(yu7, headline=("yu7", "su7-ultra"), conversions=windows)
    population = drawn(launch, orders, seed)
    after = days.drawn(launch, orders, population, seed)
    for visit in (*(visit for act, visit, _ in after if act is Act.CONVERTS), *after.holders):
        offer = population.offers[population.trims[visit]]
        assert offer.model == ("yu7" if visit in after.holders else "su7-ultra")


@given(st.integers(100, 5000), st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_as_many_as_were_reported_stand_locked_after_eighteen_hours(orders: int, seed: int) -> None:
    _, _, after = played("yu7", orders, seed)
    locking = sum(act is Act.LOCKS or act in LOCKED_BY_THEN for act, _, second in after if second < LOCKED_AT_S)
    converted = sum(act in (Act.CONVERTS, Act.CONVERTS_TWICE) for act, _, second in after if second < LOCKED_AT_S)
    assert locking + converted == round(orders * LOCKED_SHARE)


def test_acts_lie_where_they_can_be_done() -> None:
    launch, _, after = played("yu7", 3000)
    assert launch.cooling_off_s
    closes_s = (launch.conversions[0].closes_at_ms - opening_ms(launch)) / 1000
    for act, _, second in after:
        assert after.begins_s <= second <= after.ends_s
        if act in (Act.CONVERTS, Act.CONVERTS_TWICE):
            assert second < closes_s
        if act in (Act.CANCELS, Act.CHANGES, Act.LOCKS):
            assert second < launch.cooling_off_s
        if act is Act.FORFEITS_LATE:
            assert second > launch.cooling_off_s + 3600


@pytest.mark.parametrize("name", ["yu7", "handheld"])
def test_the_last_moments_are_the_last_millisecond_and_the_first_after_it(name: str) -> None:
    launch, _, after = played(name, 300)
    closes_ms = launch.conversions[0].closes_at_ms
    assert {act: at_ms for at_ms, act, _ in after.last_moments} == {
        Act.CONVERTS_LAST: closes_ms - 1,
        Act.CONFIRMS_CLOSED: closes_ms - 1,
        Act.CONVERTS_CLOSED: closes_ms,
    }


def test_the_same_seed_draws_the_same_days_and_another_seed_others() -> None:
    one, same, other = (played("yu7", 500, seed)[2] for seed in (7, 7, 8))
    assert (list(one), one.base, one.last_moments) == (list(same), same.base, same.last_moments)
    assert (list(one), one.base) != (list(other), other.base)


def test_a_launch_without_windows_or_cooling_off_has_no_base_and_no_conversions() -> None:
    launch = msgspec.structs.replace(launch_named("yu7"), conversions=(), cooling_off_s=None)
    population = drawn(launch, 300, 1)
    after = days.drawn(launch, 300, population, 1)
    assert (after.base, after.last_moments) == ([], [])
    assert not [act for act, _, _ in after if act >= Act.CONVERTS]


def test_only_a_launch_that_sells_out_has_people_who_wait() -> None:
    launch = launch_named("handheld")
    most = places(launch) or 0
    for orders, wait in ((most, True), (most - 1, False)):
        _, _, after = played("handheld", orders)
        assert any(act is Act.WAITS for act, _, _ in after) is wait


# The earlier sale


def test_ten_in_a_hundred_earlier_orders_convert_and_nobody_holds_more_than_allowed() -> None:
    launch, population, after = played("yu7", 3000)
    assert len(after.base) == base.size_of(3000) == round(3000 * 100_000 / 289_000)
    converting = sum(act in (Act.CONVERTS, Act.CONVERTS_TWICE) for act, _, _ in after)
    assert converting == round(len(after.base) * 0.1)
    held = Counter(order.customer for order in after.base)
    of_the_hour = Counter(
        f"c{customer}"
        for customer, kind in zip(population.customers, population.kinds, strict=True)
        if kind != Kind.AFTER_THE_HOUR and Kind(kind) not in NOT_FIRM
    )
    assert held.keys() & of_the_hour.keys()
    held.update(of_the_hour)
    assert max(held.values()) <= launch.orders_per_customer


def test_the_file_of_the_earlier_sale_is_one_that_import_takes(tmp_path: Path) -> None:
    launch, _, after = played("yu7", 1000)
    file = tmp_path / "earlier.csv"
    base.write(file, after.base, launch.currency)
    with file.open(encoding="utf-8", newline="") as lines:
        assert len({row["reference"] for row in csv.DictReader(lines)}) == len(after.base)
    incoming = read_orders(file, launch, launch.opens_at_ms - base.IMPORTED_BEFORE_S * 1000, lambda count: None)
    ids = {row.order_id.encode() for row in incoming.rows}
    assert ids == {order.order_id for order in after.base}
    assert set(Counter(row.state for row in incoming.rows)) >= {"locked", "scheduled", "firm"}


# Pieces


@pytest.mark.parametrize("name", ["yu7", "handheld"])
def test_wished_prices_are_those_of_the_configuration(name: str) -> None:
    launch = launch_named(name)
    for offer in offers_of(launch):
        model = launch.model(offer.model)
        assert model is not None
        found = wishes(launch, offer)
        assert found
        for wish in found:
            asked = msgspec.json.decode(b"{%s}" % wish.fields[:-1])
            trim = next(trim for trim in model.trims if trim.id == wish.trim)
            configured = configure(model, trim, tuple(asked.get("options", ())))
            assert isinstance(configured, Configured)
            assert configured.price_minor == wish.price_minor


def test_only_an_answer_that_asks_for_a_confirmation_has_one() -> None:
    asked = b'HTTP/1.1 409 Conflict\r\n\r\n{"code":"confirmation_required","confirmation":"00ff00ff00ff00ff","x":1}'
    assert confirmation_of(asked) == b"00ff00ff00ff00ff"
    assert confirmation_of(asked.replace(b"confirmation_required", b"wrong_state")) is None
    assert confirmation_of(b'{"code":"confirmation_required"}') is None


def test_stacked_areas_stand_one_upon_the_other() -> None:
    frame = charts.Frame((0, 1), 10)
    drawn_areas = charts.stack(frame, [0.0, 1.0], [("low", [1.0, 2.0]), ("high", [3.0, 4.0])])
    low, high = drawn_areas.split("/>")[:2]
    top_of_low = low.split('points="')[1].split(" ")[:2]
    assert [point.rstrip('"') for point in high.split(" ")[-2:]] == top_of_low[::-1]
