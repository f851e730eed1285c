"""If these fail, cars appear or vanish between the months, or a scenario changes what it does not say it changes."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.domain.launch_capacity import Closed
from drumroll.domain.launch_outlook import FurtherModel, OtherDemand, OutlookScenario
from drumroll.errors import OutlookRefused
from drumroll.outlook.by_month import by_month, by_quarter, capacity_between, in_all
from drumroll.outlook.demand import monthly_until, shared_out, usual_mix
from drumroll.outlook.months import built_until, calendar
from drumroll.outlook.scenarios import (
    Run,
    Standing,
    cancelled_until,
    capacity_basis,
    delivered_until,
    ordered_until,
    run,
)
from drumroll.outlook.vat import without_vat
from tests.outlook.outlooks import AS_IT_IS, basis, launch, since, worked_out
from tests.plan.lives import MONDAY

few = settings(deadline=None, max_examples=40)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """A launch with a limit, a plant, older orders, cancellations, a scenario."""
    further = FurtherModel("Next", date(2025, 8, 1), draw(st.integers(0, 400)), 40_000, draw(st.integers(0, 100)))
    scenario = OutlookScenario(
        "some",
        "Some",
        draw(st.sampled_from(["planned", "released"])),
        draw(st.sampled_from([0, 50, 100, 150])),
        draw(st.one_of(st.none(), st.integers(0, 90))),
        draw(st.integers(0, 90)),
        draw(st.sampled_from(["0", "0.5", "3"])),
        draw(st.sampled_from([(), (further,)])),
    )
    of = launch(
        scenario,
        plant=draw(st.integers(0, 200)),
        pack=draw(st.integers(0, 60)),
        older=draw(st.integers(0, 500)),
        lead_days=draw(st.integers(0, 20)),
        demand=draw(st.sampled_from([(), (OtherDemand("coupe", 120),)])),
    )
    numbers = [draw(st.integers(0, top)) for top in (900, 90)]
    return worked_out(of, *numbers, gives_up=draw(st.sampled_from([0.0, 0.1])), seed=draw(st.integers(1, 99)))


@few
@given(runs())
def test_no_car_appears_or_vanishes_and_none_is_delivered_before_it_is_ordered(found: Run) -> None:
    months = found.basis.calendar.months
    days = [months[0].from_day.toordinal(), *(month.until_day.toordinal() for month in months)]
    orders, cancelled, delivered = (each(found, days) for each in (ordered_until, cancelled_until, delivered_until))
    closing = found.opening[None, :, None] + orders - cancelled - delivered
    assert (closing >= 0).all()
    for table in (orders, cancelled, delivered):
        assert (np.diff(table, axis=2) >= 0).all()
        assert not table[:, :, 0].any()
    for at, month in enumerate(by_month(found), 1):
        assert month.backlog.middle == closing[0, :, at].sum()


@few
@given(runs())
def test_months_add_up_to_quarters_and_quarters_to_all_of_it(found: Run) -> None:
    months, quarters, whole = by_month(found), by_quarter(found), in_all(found)
    for name in ("orders", "cancelled", "deliveries", "revenue_minor"):
        sums = [sum(getattr(one, name).middle for one in table) for table in (months, quarters)]
        assert sums == [getattr(whole, name).middle] * 2
    assert months[-1].backlog == quarters[-1].backlog == whole.backlog


@few
@given(runs())
def test_revenue_is_the_net_price_of_what_is_delivered(found: Run) -> None:
    last = found.basis.calendar.months[-1].until_day.toordinal()
    delivered = delivered_until(found, [last])[0, :, 0]
    prices = {"small": 9_000, "big": 19_000, "one": 30_000, "1 Next": 40_000}
    expected = sum(
        int(many) * without_vat(prices[kind.trim], "19") for kind, many in zip(found.kinds, delivered, strict=True)
    )
    assert in_all(found).revenue_minor.middle == expected


@few
@given(runs())
def test_deliveries_of_a_plant_stay_within_its_capacity(found: Run) -> None:
    months = found.basis.calendar.months
    days = [months[0].from_day.toordinal(), *(month.until_day.toordinal() for month in months)]
    built = delivered_until(found, days)[0].sum(axis=0)
    if not found.released:
        # Each kind is rounded down at the ends of a month on its own.
        assert (np.diff(built) <= np.array(capacity_between(found, days)) + len(found.kinds)).all()


def test_planned_deliveries_are_what_the_plant_can_build_and_released_ones_what_is_ordered() -> None:
    released = OutlookScenario("released", "Released", "released")
    of = launch(AS_IT_IS, released, plant=70, pack=0, older=7_100)
    asked = basis(of, 0, 0, months=3)
    planned, free = (run(asked, scenario) for scenario in (AS_IT_IS, released))
    _, july, august = by_month(planned)
    assert july.limited_by == "capacity"
    assert july.deliveries.middle == 310, "31 days of 10 a day"
    assert in_all(free).deliveries.middle == 7_100
    assert in_all(free).backlog.middle == 0
    assert in_all(free).limited_by == "orders"
    assert august.backlog.middle == 7_100 - in_all(planned).deliveries.middle


def test_more_capacity_never_brings_fewer_deliveries_and_less_never_more() -> None:
    totals = []
    for percent in (0, 50, 100, 130, 400):
        scenario = OutlookScenario("some", "Some", capacity_percent=percent)
        totals.append(in_all(worked_out(launch(scenario, older=50), 2_000, 20)).deliveries.middle)
    assert totals == sorted(totals)
    assert totals[0] == 0


def test_cancelling_takes_firm_orders_of_the_launch_and_no_older_ones() -> None:
    scenario = OutlookScenario("some", "Some", "released", cancel_percent=20)
    whole = in_all(worked_out(launch(scenario, older=1_000), 1_000, 0))
    # Each trim is rounded down on its own.
    assert 199 <= whole.cancelled.middle <= 200
    assert whole.deliveries.middle == 2_000 - whole.cancelled.middle


def test_a_rival_takes_new_orders_and_none_of_those_that_are_known() -> None:
    rival = OutlookScenario("some", "Some", "released", rival_price_cut_percent=10, cross_elasticity="2")
    before, after = (in_all(worked_out(launch(each), 500, 100)) for each in (AS_IT_IS, rival))
    steps = (before.orders.middle - 500) // 100
    assert after.orders.middle == 500 + 80 * steps


def test_a_further_model_takes_a_share_of_its_orders_from_ours() -> None:
    further = FurtherModel("Next", date(2025, 8, 1), 310, 40_000, 50)
    scenario = OutlookScenario("some", "Some", "released", further=(further,))
    asked = {"months": 3}
    before, after = (worked_out(launch(each), 0, 1_000, **asked) for each in (AS_IT_IS, scenario))
    days = [date(2025, 8, 1).toordinal(), date(2025, 9, 1).toordinal()]
    ours = [np.diff(ordered_until(each, days)[0, :2].sum(axis=0))[0] for each in (before, after)]
    theirs = np.diff(ordered_until(after, days)[0, -1])[0]
    assert theirs == 310
    # Half of each step is rounded down.
    assert 150 <= ours[0] - ours[1] <= 155


def test_days_on_which_the_plant_is_closed_deliver_nothing() -> None:
    closed = (Closed("Holiday", date(2025, 7, 5), date(2025, 7, 12)),)
    weekly = np.array([20, 20, 70])
    monday = date(2025, 6, 30).toordinal()
    days = [monday + number for number in range(22)]
    by_day = np.diff(built_until(weekly, (monday - 1) // 7, days, ((closed[0].from_day, closed[0].until_day),)))
    assert by_day.tolist() == [4] * 5 + [0] * 7 + [10, 10] + [10] * 7


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=6), st.integers(0, 60))
def test_a_week_that_spans_two_months_is_split_by_days_and_nothing_is_lost(weekly: list[int], offset: int) -> None:
    table, monday = np.array(weekly), date(2025, 6, 30).toordinal()
    split = built_until(table, (monday - 1) // 7, [monday, monday + offset, monday + 7 * len(weekly)])
    assert split[0] == 0
    assert split[2] == sum(weekly)
    whole, days = divmod(min(offset, 7 * len(weekly)), 7)
    expected = sum(weekly[:whole]) + (weekly[whole] * days // 7 if whole < len(weekly) else 0)
    assert split[1] == expected


def test_steps_end_with_every_week_and_every_month_and_months_with_the_last() -> None:
    cal = calendar(date(2025, 6, 26), date(2025, 6, 26), 3, "Asia/Shanghai")
    assert [month.label for month in cal.months] == ["2025-06", "2025-07", "2025-08"]
    assert [month.quarter for month in cal.months] == ["Q2 2025", "Q3 2025", "Q3 2025"]
    ends = [date.fromordinal(edge) for edge in cal.edges]
    assert ends[:4] == [date(2025, 6, 26), date(2025, 6, 30), date(2025, 7, 1), date(2025, 7, 7)]
    assert date(2025, 9, 1) in ends
    assert cal.weeks == 10
    assert all(one < other for one, other in itertools.pairwise(ends))


@given(st.integers(0, 10**6), st.dates(date(2025, 1, 1), date(2026, 1, 1)), st.integers(0, 400))
def test_so_many_orders_a_month_are_so_many_in_each_whole_month(monthly: int, begins: date, later: int) -> None:
    first = (begins.replace(day=28) + timedelta(days=4)).replace(day=1)
    second = (first + timedelta(days=32)).replace(day=1)
    days = [(begins - timedelta(days=later)).toordinal(), first.toordinal(), second.toordinal()]
    before, one, other = monthly_until(monthly, begins, days)
    assert before == 0
    assert other - one == monthly
    assert 0 <= one <= monthly


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=5), st.integers(1, 6))
def test_trims_add_up_to_the_orders_and_are_mixed_as_said(orders: list[int], trims: int) -> None:
    parts = shared_out(np.array(orders), usual_mix(trims))
    assert parts.sum(axis=0).tolist() == orders
    assert (np.diff(parts, axis=0) <= 0).all(), "the first trim of the file is ordered most"


def test_a_log_goes_on_from_what_stands_and_what_it_delivered_counts() -> None:
    of = launch(OutlookScenario("some", "Some", "released"))
    start = of.opens_at_ms // 86_400_000 + date(1970, 1, 1).toordinal()
    standing = Standing(
        older={("car", "small"): 30},
        locked={("car", "big"): 40},
        cooling={("car", "small"): 10},
        prices_minor={("car", "small"): 10_000},
        ordered={("car", "small"): {start: 15}, ("car", "big"): {start: 42}},
        cancelled={("car", "big"): {start: 1}},
        delivered={("car", "small"): {start: 5}, ("car", "big"): {start: 1}},
    )
    found = since(worked_out(of, 0, 0), standing)
    whole = in_all(found)
    assert whole.orders.middle == 57
    assert whole.deliveries.middle == 6 + 30 + 40 + 10
    assert found.opening.tolist()[:2] == [30, 0]
    assert whole.backlog.middle == 0
    assert whole.revenue_minor.middle == 45 * without_vat(10_000, "19") + 41 * without_vat(19_000, "19")


def test_a_launch_without_plants_is_refused_with_the_way_out() -> None:
    with pytest.raises(OutlookRefused, match=r"no \[\[plant\]\].*add one"):
        capacity_basis(msgspec.structs.replace(launch(), plants=(), limits=()))


def test_months_that_end_before_the_first_cooling_off_does_are_worked_out() -> None:
    of = msgspec.structs.replace(launch(), cooling_off_s=7 * 7 * 86_400)
    found = worked_out(of, 100, 10, months=2, gives_up=0.1)
    assert not found.cancelled.any()
    assert not found.built.any()


def test_a_share_of_few_orders_is_that_share_of_all_of_them() -> None:
    cut = OutlookScenario("rival", "Rival", rival_price_cut_percent=10, cross_elasticity="1.5")
    whole = in_all(worked_out(launch(AS_IT_IS, plant=9), 0, 1, months=24, gives_up=0.1))
    less = in_all(worked_out(launch(cut, plant=9), 0, 1, months=24, gives_up=0.1))
    assert whole.cancelled.middle == pytest.approx(whole.orders.middle / 10, abs=3)
    assert less.orders.middle == pytest.approx(0.85 * whole.orders.middle, abs=1)


def test_a_model_of_which_a_log_knows_nothing_but_deliveries_counts() -> None:
    past = {("coupe", "one"): {MONDAY.toordinal() + 1: 7}}
    found = since(worked_out(launch(), 0, 0), Standing(ordered=past, delivered=past))
    assert in_all(found).deliveries.middle == 7
