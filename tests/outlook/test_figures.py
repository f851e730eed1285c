"""The figures of a launch: those of the reference, and random launches reckoned again the slow way."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from drumroll.bootstrap import read_launch
from drumroll.domain.book import Offer, Order
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.launch_finance import Cost, Finance, PublishedFigure, Quarter
from drumroll.domain.states import State
from drumroll.domain.weeks import sunday
from drumroll.errors import FiguresRefused
from drumroll.outlook.figures import (
    Figures,
    figures_of_log,
    figures_without_log,
    percent,
)
from drumroll.outlook.figures_orders import counted, quarter_of, stood
from tests.plan.lives import OPENS, WEEK, Life, built_in, launch
from tests.rehearsal.lives import Life as RandomLife

YU7 = read_launch(str(Path(__file__).parents[2] / "launches" / "yu7.toml"))
QUARTER = Quarter("q", "Q", 1_000_000)
COSTS = (Cost("car", "small", 5_000),)
CARS = replace(launch(), finance=Finance("13", COSTS, (QUARTER,)))
TWO = replace(CARS, headline=("car", "coupe"))
HOUR = 3_600_000


# The reference


def test_the_reference_figures_come_out_of_the_launch_file_alone() -> None:
    found = figures_without_log(YU7)
    assert (found.counted_from, found.published, found.orders) == ("published", "orders-1-hour", 289_000)
    assert found.deposits_minor == 1_445_000_000_00
    assert found.base.with_vat_minor == 73_261_500_000_00
    assert found.base.without_vat_minor == 64_833_184_920_00  # 289,000 times 224,336.28, not 73.26 bn less its tax
    (share,) = found.shares
    assert (share.base_with_vat, share.base_without_vat) == (Decimal("65.82"), Decimal("58.25"))
    assert found.margin is not None
    assert found.margin.margin_percent == Decimal("23.20")
    assert (found.ordered, found.obligations, share.ordered_with_vat) == (None, None, None)


def test_a_given_number_of_orders_counts_instead_of_the_published_one() -> None:
    found = figures_without_log(YU7, 2)
    assert (found.counted_from, found.published, found.at_ms) == ("given", None, None)
    assert (found.deposits_minor, found.base.without_vat_minor) == (1_000_000, 2 * 22_433_628)


# From orders, against a naive count

STATES = list(State)
WEEKS = st.none() | st.integers(WEEK - 30, WEEK + 100)
ORDERS = st.lists(
    st.tuples(
        st.sampled_from([("car", "small"), ("car", "big"), ("coupe", "one"), ("van", "long")]),
        st.integers(0, 50_000),
        st.sampled_from(STATES),
        WEEKS,
        st.integers(0, 900),
        st.sampled_from([None, 0, 5_000, 20_000]),
    ),
    max_size=40,
)
NOW = OPENS + 10_000


def made(drawn: Iterable[tuple[tuple[str, str], int, State, int | None, int, int | None]]) -> list[Order]:
    """Orders that became firm at the opening."""
    orders = []
    for number, ((model, trim), price, state, week, held, cooling_ms) in enumerate(drawn):
        offer = Offer(model, trim, price, 500, "EUR", 900_000, cooling_off_ms=cooling_ms)
        promise = None if week is None else replace(built_in(0), last_week=week)
        order = Order(str(number), "c", offer, state, OPENS, OPENS, b"", b"", (1,), held_minor=held, promise=promise)
        order.cooling_from_ms = OPENS
        orders.append(order)
    return orders


def net_of(price_minor: int, vat: str) -> int:
    """Price less tax, the tax rounded half up."""
    rate = Fraction(vat)
    tax = Decimal(0) if not rate else Fraction(price_minor) * rate / (100 + rate)
    return price_minor - int((Fraction(tax) + Fraction(1, 2)).__floor__())


STANDING = ("firm", "locked", "scheduled", "in_production", "built", "in_transit", "delivered")


@settings(max_examples=80, deadline=None)
@given(ORDERS, st.sampled_from(["0", "7.5", "13", "19"]), st.booleans())
def test_random_orders_give_what_adding_them_up_one_by_one_gives(drawn: list, vat: str, both: bool) -> None:  # type: ignore[type-arg]
    of = replace(TWO if both else CARS, finance=Finance(vat, COSTS, (QUARTER,)))
    orders = made(drawn)
    found = figures_of_log(of, counted(orders, frozenset(of.headline), NOW), NOW)
    standing = [one for one in orders if one.state.value in STANDING]
    mine = [one for one in standing if one.offer.model in of.headline]
    assert (found.orders, found.others) == (len(mine), len(standing) - len(mine))
    assert found.deposits_minor == sum(one.held_minor for one in mine)
    assert found.ordered is not None
    assert found.ordered.with_vat_minor == sum(one.offer.price_minor for one in mine)
    assert found.ordered.without_vat_minor == sum(net_of(one.offer.price_minor, vat) for one in mine)
    cheapest = {"car": 9_000, "coupe": 30_000}
    assert found.base.with_vat_minor == sum(cheapest[one.offer.model] for one in mine)
    assert found.base.without_vat_minor == sum(net_of(cheapest[one.offer.model], vat) for one in mine)
    for row in found.ordered.trims:
        prices = [one.offer.price_minor for one in mine if (one.offer.model, one.offer.trim) == (row.model, row.trim)]
        assert (row.orders, row.with_vat_minor) == (len(prices), sum(prices))
    check_obligations(found, mine, vat)
    check_shares(found)
    check_margin(found, mine, vat)


def check_obligations(found: Figures, mine: list[Order], vat: str) -> None:
    sums: dict[str, list[int]] = {}
    for one in mine:
        if one.state is State.DELIVERED:
            continue
        cooling_ms = one.offer.cooling_off_ms
        cooling = one.state is State.FIRM and (cooling_ms is None or OPENS + cooling_ms > NOW)
        day = None if one.promise is None else sunday(one.promise.last_week)
        quarter = "" if day is None else f"{day.year}-Q{-(-day.month // 3)}"
        row = sums.setdefault(quarter, [0, 0, 0, 0])
        row[2 * cooling] += 1
        row[2 * cooling + 1] += net_of(one.offer.price_minor, vat)
    assert found.obligations is not None
    rows = {one.quarter: one for one in found.obligations}
    assert sums == {
        quarter: [one.orders, one.without_vat_minor, one.cooling_orders, one.cooling_without_vat_minor]
        for quarter, one in rows.items()
    }
    assert list(rows) == sorted(sums, key=lambda quarter: quarter or "9999")


def check_shares(found: Figures) -> None:
    (share,) = found.shares
    assert found.ordered is not None
    for amount, said in (
        (found.base.with_vat_minor, share.base_with_vat),
        (found.base.without_vat_minor, share.base_without_vat),
        (found.ordered.with_vat_minor, share.ordered_with_vat),
        (found.ordered.without_vat_minor, share.ordered_without_vat),
    ):
        assert said == (Decimal(amount) / 10_000).quantize(Decimal("0.01"), ROUND_HALF_UP)


def check_margin(found: Figures, mine: list[Order], vat: str) -> None:
    small = [one for one in mine if one.offer.trim == "small"]
    margin = found.margin
    assert margin is not None
    assert (margin.orders, margin.cost_minor) == (len(small), 5_000 * len(small))
    assert margin.revenue_minor == sum(net_of(one.offer.price_minor, vat) for one in small)
    assert margin.at_list_minor == len(small) * net_of(9_000, vat)
    others = {f"{one.offer.model} {one.offer.trim}" for one in mine if one.offer.trim != "small"}
    assert set(margin.without_cost) == others


def test_what_stood_at_a_moment_is_what_counting_its_orders_gives_on_random_nights() -> None:
    seen = converted = due = 0
    for seed in range(12):
        life = RandomLife(seed).live(150)
        for at_ms in (
            life.now_ms,
            life.now_ms + 2 * 24 * HOUR,
            life.now_ms + 30 * 24 * HOUR,
        ):  # nothing locks by itself
            of_now, of_then = stood(life.book, at_ms), counted(life.book.sequence, life.book.headline, at_ms)
            assert (of_now.orders, of_now.locked) == (of_then.orders, of_then.locked)
            assert of_now.converted == of_then.converted
            due += of_now.locked - stood(life.book, life.now_ms).locked
        seen, converted = seen + of_now.orders, converted + of_now.converted
    assert seen > 20
    assert converted > 0
    assert due > 0


def test_a_deposit_counts_while_it_is_held_and_a_cooling_off_that_has_ended_is_a_contract() -> None:
    life = Life(CARS)
    life.reserve("o1", promise=built_in(1))
    life.firm("o1", OPENS)
    for late, expected in ((0, (0, 1)), (8 * 86_400_000, (1, 0))):
        found = figures_of_log(CARS, counted(life.book.sequence, life.book.headline, OPENS + late), OPENS + late)
        assert found.obligations is not None
        (row,) = found.obligations
        assert (row.orders, row.cooling_orders) == expected
        assert found.deposits_minor == 500


@given(st.integers(0, 200_000))
def test_the_quarter_of_a_week_is_that_of_its_sunday(week: int) -> None:
    day = sunday(week)
    year, quarter = quarter_of(week).split("-Q")
    assert int(year) == day.year
    assert 3 * int(quarter) - 2 <= day.month <= 3 * int(quarter)


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**15))
def test_percents_round_half_up(part: int, whole: int) -> None:
    found = percent(part, whole)
    assert found is not None
    assert Fraction(-1, 200) < Fraction(found) - Fraction(100 * part, whole) <= Fraction(1, 200)


# What is chosen without a log, and refusals


def orders_figure(name: str, figure: str, at_ms: int, relation: str = "is") -> PublishedFigure:
    return PublishedFigure(name, name, figure, "orders", relation=relation, at_ms=at_ms)  # type: ignore[arg-type]


def with_published(*figures: PublishedFigure, of: Launch = CARS) -> Launch:
    assert of.finance is not None
    return replace(of, finance=replace(of.finance, published=figures))


def test_the_latest_plain_number_of_orders_counts_not_a_bound_nor_one_that_is_about() -> None:
    of = with_published(
        orders_figure("early", "10", OPENS + HOUR),
        orders_figure("late", "30", OPENS + 3 * HOUR),
        orders_figure("second-of-late", "31", OPENS + 3 * HOUR),
        orders_figure("bound", "40", OPENS + 4 * HOUR, "more than"),
        orders_figure("about", "50", OPENS + 5 * HOUR, "about"),
        PublishedFigure("locked", "locked", "20", "locked", at_ms=OPENS + 6 * HOUR),
    )
    assert figures_without_log(of).published == "late"


def test_without_a_log_orders_of_several_models_are_taken_at_the_cheapest_and_that_is_said() -> None:
    cheap = Model("bike", "Bike", OPENS, None, (Trim("x", "X", 9_500), Trim("y", "Y", 800)), deposit_minor=7)
    of = replace(CARS, models=(*CARS.models, cheap), headline=("car", "bike"))
    found = figures_without_log(of, 3)
    assert (found.base.with_vat_minor, found.deposits_minor) == (3 * 800, 3 * 7)
    assert any("every order a bike y" in note for note in found.notes)


@pytest.mark.parametrize(
    ("of", "orders", "quarter", "words"),
    [
        (launch(), 5, None, ("cars", "[finance]", "docs/launch-file.md")),
        (CARS, None, None, ("[[finance.published]]", "--orders", "--log")),
        (with_published(orders_figure("none", "0", OPENS)), None, None, ("[[finance.published]]",)),
        (CARS, 5, "q9", ("'q9'", "allowed", "q")),
        (replace(CARS, deposit_minor=10**15), 10**9, None, ("deposits", "allowed")),
    ],
)
def test_what_is_missing_is_named_with_the_way_out(
    of: Launch, orders: int | None, quarter: str | None, words: tuple[str, ...]
) -> None:
    with pytest.raises(FiguresRefused) as refused:
        figures_without_log(of, orders, quarter)
    for word in words:
        assert word in str(refused.value)
