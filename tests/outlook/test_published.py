"""Published figures: what their digits stand for, what they assume, and each rule with its near miss."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from drumroll.domain.launch import Launch
from drumroll.domain.launch_finance import Finance, PublishedFigure, Quarter
from drumroll.domain.launch_outlook import EarlierLaunch, EarlierPoint, Outlook
from drumroll.errors import FiguresRefused
from drumroll.outlook.figures import figures_of_log, figures_without_log
from drumroll.outlook.figures_orders import Kind, Ordered, Stood
from drumroll.outlook.published import Check, check
from drumroll.outlook.published_assumptions import Known, combinations
from drumroll.outlook.published_ratios import earlier_at
from drumroll.outlook.published_reading import Interval, coarse, cut, fit, printed, rounded, shown, stands_for, value_of
from drumroll.outlook.published_verdicts import Checked
from tests.outlook.test_figures import CARS, YU7, net_of
from tests.plan.lives import OPENS

HOUR = 3_600_000


def figure(name: str, text: str, definition: str = "given", **more: Any) -> PublishedFigure:
    if definition in ("orders", "locked"):
        more.setdefault("at_ms", OPENS + HOUR)
    return PublishedFigure(name, f"{name} says {text}", text, definition, **more)


def publishing(*figures: PublishedFigure, vat: str = "13", revenue_minor: int = 100_000_00, **more: Any) -> Launch:
    finance = Finance(vat, (), (Quarter("q", "Q", revenue_minor),), figures)
    return replace(CARS, finance=finance, **more)


def checked(of: Launch, orders: int = 100) -> Check:
    return check(Known(of, figures_without_log(of, orders)))


def rules(found: Check) -> list[str]:
    return [one.rule for one in found.contradictions]


def named(found: Check, name: str) -> Checked:
    (one,) = (each for each in found.figures if each.id == name)
    return one


# What digits stand for


def text_of(units: int, places: int) -> str:
    return f"{Decimal(units).scaleb(-places):f}"


@given(st.integers(1, 99_999), st.integers(0, 4), st.integers(0, 10**7))
def test_a_value_fits_as_printed_or_cut_just_if_decimal_rounding_gives_the_digits(
    units: int, places: int, thousandths: int
) -> None:
    assume(places or units % 10)
    published = figure("x", text_of(units, places), unit="km")
    exponent, value = Decimal(1).scaleb(-places), Decimal(thousandths) / 1000
    ways = {value.quantize(exponent, way) for way in (ROUND_HALF_UP, ROUND_HALF_DOWN)}
    found = fit(Fraction(thousandths, 1000), published)
    assert (found == "as printed") == (Decimal(published.figure) in ways)
    if found != "as printed":
        assert (found == "cut") == (value.quantize(exponent, ROUND_DOWN) == Decimal(published.figure))


@pytest.mark.parametrize(
    ("text", "more", "low", "high"),
    [
        ("289000", {}, 288_500, 289_500),
        ("300000", {}, 295_000, 305_000),
        ("88898", {}, 88_898, 88_898),
        ("73", {"scale": "billion", "unit": "CNY"}, 72_500_000_000, 73_500_000_000),
        ("7", {"unit": "%"}, Fraction(13, 2), Fraction(15, 2)),
        ("2.50", {"unit": "%"}, Fraction(2495, 1000), Fraction(2505, 1000)),
        ("-73", {"unit": "%"}, Fraction(-147, 2), Fraction(-145, 2)),
    ],
)
def test_noughts_at_the_end_may_be_rounding_but_two_digits_are_meant(
    text: str, more: dict[str, Any], low: int | Fraction, high: int | Fraction
) -> None:
    assert coarse(figure("x", text, **more)) == Interval(Fraction(low), Fraction(high))


def test_a_relation_is_a_bound_and_cutting_leaves_out_the_next_digit() -> None:
    more, least, less = (
        stands_for(figure("x", "10", "orders", relation=relation))
        for relation in ("more than", "at least", "less than")
    )
    assert [Fraction(10) in one for one in (more, least, less)] == [False, True, False]
    assert [Fraction(11) in one for one in (more, least, less)] == [True, True, False]
    assert Fraction(66) not in cut(figure("x", "65", unit="%"))
    assert Fraction(-66) not in cut(figure("x", "-65", unit="%"))
    assert Fraction(-131, 2) in cut(figure("x", "-65", unit="%"))


ENDS = st.none() | st.integers(0, 6).map(Fraction)


INTERVALS = st.builds(Interval, ENDS, ENDS, st.booleans(), st.booleans())


@given(INTERVALS, INTERVALS)
def test_intervals_meet_just_if_some_value_lies_in_both(one: Interval, other: Interval) -> None:
    for each in (one, other):
        assume(each.low is None or each.high is None or each.low < each.high)
    quarters = [Fraction(n, 4) for n in range(-8, 40)]

    def inside(value: Fraction, of: Interval) -> bool:
        above = of.low is None or value > of.low or (value == of.low and not of.low_open)
        return above and (of.high is None or value < of.high or (value == of.high and not of.high_open))

    assert one.meets(other) == any(inside(value, one) and inside(value, other) for value in quarters)
    assert all((value in one) == inside(value, one) for value in quarters)


ENDS = st.tuples(*[st.integers(-12, 12)] * 2).map(lambda ends: (min(ends), max(ends)))


@given(ENDS, ENDS, st.tuples(*[st.booleans()] * 4))
def test_what_an_interval_over_another_can_be_is_what_their_corners_give(
    of: tuple[int, int], by: tuple[int, int], is_open: tuple[bool, ...]
) -> None:
    (a, b), (c, d) = of, by
    assume((a < b or not any(is_open[:2])) and (c < d or not any(is_open[2:])))
    found = Interval(Fraction(a), Fraction(b), *is_open[:2]).over(Interval(Fraction(c), Fraction(d), *is_open[2:]))
    if c == d == 0:
        assert found is None
        return
    assert found is not None
    above = [Fraction(2 * a + 1, 2), *(Fraction(x) for x in range(a + 1, b))] if a < b else [Fraction(a)]
    below = [Fraction(2 * c + 1, 2), *(Fraction(y) for y in range(c + 1, d))] if c < d else [Fraction(c)]
    assert all(x / y in found for x, y in product(above, below) if y)
    if c > 0 or d < 0:
        corners = [Fraction(x, y) for x, y in product((a, b), (c, d))]
        assert (found.low, found.high) == (min(corners), max(corners))
        closed = {Fraction(x, y) for x, y in product({a, b}, {c, d}) if not _is_open(x, (a, b), y, (c, d), is_open)}
        assert {end for end in (found.low, found.high) if end in found} == closed & {found.low, found.high}
    elif c < 0 < d:
        assert (found.low, found.high) == (None, None)


def _is_open(x: int, of: tuple[int, int], y: int, by: tuple[int, int], is_open: tuple[bool, ...]) -> bool:
    """Whether a corner is left out; 0 divided by anything is 0, so its divisor does not matter."""
    open_x = is_open[0] if x == of[0] else is_open[1]
    return open_x or (x != 0 and (is_open[2] if y == by[0] else is_open[3]))


def test_figures_are_said_as_they_were_printed() -> None:
    published = figure("x", "1.4450", scale="billion", unit="CNY", relation="about")
    assert printed(published) == "about 1.4450 billion CNY"
    assert shown(Fraction(1_444_950_000), published) == "1.44495 billion CNY"
    assert printed(figure("x", "-289000")) == "-289,000"


# Every combination of assumptions


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=4, unique=True),
    st.integers(1, 10**6),
    st.sampled_from(["0", "13", "7.5"]),
    st.sampled_from(["potential_revenue", "quarter_share", "deposits"]),
)
def test_the_combinations_are_all_counts_by_all_prices_with_and_without_vat(
    numbers: list[int], asked: int, vat: str, definition: str
) -> None:
    unit, quarter = ("%", "q") if definition == "quarter_share" else ("EUR", None)
    amount = figure(
        "amount", "1.5", definition, scale="million" if unit == "EUR" else "one", unit=unit, quarter=quarter
    )
    counts = [figure(f"n{at}", str(n), "orders", at_ms=OPENS + at) for at, n in enumerate(numbers)]
    of = publishing(amount, *counts, vat=vat)
    found = combinations(amount, Known(of, figures_without_log(of, asked)))
    every = {*numbers, asked}
    if definition == "deposits":
        expected = {(n, Fraction(n * 500, 100)) for n in every}
    else:
        nets = {(n, minor * n) for n in every for p in (9_000, 19_000) for minor in (p, net_of(p, vat))}
        unit_minor = Fraction(100_000_00, 100) if unit == "%" else Fraction(100)
        expected = {(n, minor / unit_minor) for n, minor in nets}
    assert {(one.count.orders, one.value) for one in found} == expected
    assert len(found) == len(expected)
    assert all(one.fit == fit(one.value, amount) for one in found)


def test_too_many_combinations_are_refused() -> None:
    counts = [figure(f"n{at}", str(at + 1), "orders", at_ms=OPENS + at) for at in range(199)]
    trims = tuple(replace(CARS.models[0].trims[0], id=f"t{at}", price_minor=1_000 + at) for at in range(60))
    of = publishing(figure("r", "1", "potential_revenue"), *counts, models=(replace(CARS.models[0], trims=trims),))
    with pytest.raises(FiguresRefused, match="allowed"):
        checked(of)


def test_a_log_adds_what_it_holds_what_was_ordered_and_what_stood_at_the_moments() -> None:
    orders = figure("orders", "7", "orders")
    of = publishing(orders, figure("held", "13", "deposits"), figure("revenue", "7", "potential_revenue"))
    ordered = Ordered({Kind("car", "big", 19_500, "locked"): 2, Kind("car", "small", 9_000, "cooling"): 1}, 1_300)
    known = Known(of, figures_of_log(of, ordered, OPENS + 2 * HOUR), {OPENS + HOUR: Stood(OPENS + HOUR, 7, 0, 0)})
    assert of.finance is not None
    held, revenue = (combinations(one, known) for one in of.finance.published[1:])
    assert {one.value for one in held} == {Fraction(35), Fraction(15), Fraction(13)}
    as_ordered = {(one.vat, one.value) for one in revenue if one.price == "as ordered"}
    net = 2 * net_of(19_500, "13") + net_of(9_000, "13")
    assert as_ordered == {("with VAT", Fraction(480)), ("without VAT", Fraction(net, 100))}
    assert named(check(known), "held").verdict == "comes out only if"
    assert named(check(known), "orders").verdict == "comes out"


@pytest.mark.parametrize(
    ("text", "relation", "orders", "verdict"),
    [
        ("289000", "is", 289_000, "comes out"),
        ("289000", "is", 288_612, "comes out only if"),
        ("289000", "is", 289_812, "comes out only if"),
        ("289000", "is", 288_400, "does not come out"),
        ("300000", "about", 295_000, "comes out"),
        ("300000", "about", 289_000, "does not come out"),
        ("200000", "more than", 200_001, "comes out"),
        ("200000", "more than", 200_000, "does not come out"),
    ],
)
def test_a_count_is_held_against_the_log_at_its_moment(text: str, relation: str, orders: int, verdict: str) -> None:
    of = publishing(
        figure("n", text, "orders", relation=relation), figure("later", "5", "locked", at_ms=OPENS + 9 * HOUR)
    )
    stood = {OPENS + HOUR: Stood(OPENS + HOUR, orders, 0, 0)}
    found = check(Known(of, figures_of_log(of, Ordered({}), OPENS + 2 * HOUR), stood))
    assert named(found, "n").verdict == verdict
    assert (named(found, "later").verdict, named(found, "later").why) == (
        "not known",
        "the log ends before that moment",
    )


def test_what_needs_a_log_or_another_currency_is_not_known() -> None:
    found = checked(publishing(figure("n", "5", "locked"), figure("usd", "5", "deposits", unit="USD")))
    assert [(one.verdict, one.why) for one in found.figures] == [
        ("not known", "needs a log (--log)"),
        ("not known", "it is in USD, and the launch's money in EUR"),
    ]


# All right


def printed_as(value: Fraction, places: int) -> str:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"


@settings(max_examples=120, deadline=None)
@given(
    st.integers(100, 10**6), st.integers(0, 99), st.sampled_from(["0", "13"]), st.integers(0, 3), st.integers(1, 10**9)
)
def test_figures_that_are_all_right_have_no_contradiction_and_all_come_out(
    orders: int, cancelled: int, vat: str, places: int, cars: int
) -> None:
    revenue = Fraction(orders * net_of(9_000, vat), 100)
    share = revenue / 500_000 * 100
    a_car = Fraction(10**9, cars)
    of = publishing(
        figure("early", str(orders // 2), "orders", at_ms=OPENS + 60_000, relation="more than"),
        figure("orders", str(orders), "orders"),
        figure("locked", str(orders - cancelled), "locked", at_ms=OPENS + 18 * HOUR),
        figure("deposits", printed_as(Fraction(orders * 5, 1000), places), "deposits", scale="thousand", unit="EUR"),
        figure("revenue", printed_as(revenue / 1000, places), "potential_revenue", scale="thousand", unit="EUR"),
        figure("share", printed_as(share, places), "quarter_share", unit="%", quarter="q"),
        figure("given-revenue", "1", scale="billion", unit="EUR"),
        figure("cars", str(cars)),
        figure("a-car", printed_as(a_car, places), "ratio", of=("given-revenue", "cars"), unit="EUR"),
        vat=vat,
        revenue_minor=500_000_00,
    )
    found = checked(of, orders)
    assert found.contradictions == ()
    assert not [one for one in found.figures if one.verdict == "does not come out"]
    assert not [flaw for one in found.figures for flaw in one.flaws]


# Each rule, and its near miss


def same_moment(text: str, relation: str = "is", **more: Any) -> Iterable[PublishedFigure]:
    return figure("one", "289000", "orders"), figure("other", text, "orders", relation=relation, **more)


@pytest.mark.parametrize(
    ("text", "relation", "later_ms", "fires"),
    [
        ("300000", "about", 0, True),
        ("300000", "about", 1, False),
        ("290000", "about", 0, False),
        ("200000", "more than", 0, False),
        ("289500", "at least", 0, False),
        ("289501", "at least", 0, True),
        ("288500", "less than", 0, True),
        ("288501", "less than", 0, False),
        ("200000", "is", 1, False),
    ],
)
def test_two_values_of_one_moment_contradict_if_nothing_is_both(
    text: str, relation: str, later_ms: int, fires: bool
) -> None:
    figures = same_moment(text, relation, at_ms=OPENS + HOUR + later_ms)
    assert ("two values" in rules(checked(publishing(*figures)))) == fires


def test_two_shares_of_two_quarters_are_two_things_and_of_one_quarter_one() -> None:
    shares = [figure(name, text, "quarter_share", unit="%", quarter="q") for name, text in (("a", "5"), ("b", "7"))]
    of = publishing(*shares)
    assert "two values" in rules(checked(of, 1))
    assert of.finance is not None
    other = replace(of.finance, quarters=(Quarter("q", "Q", 10**7), Quarter("r", "R", 10**7)))
    of = replace(of, finance=replace(other, published=(shares[0], replace(shares[1], quarter="r"))))
    assert "two values" not in rules(checked(of, 1))


@pytest.mark.parametrize(("locked", "later_ms", "fires"), [("101", 0, True), ("100", 0, False), ("101", 1, False)])
def test_more_cant_be_locked_than_stand(locked: str, later_ms: int, fires: bool) -> None:
    # 101 and 99 do not end in noughts: they are what they are.
    of = publishing(figure("n", "100", "orders"), figure("l", locked, "locked", at_ms=OPENS + HOUR + later_ms))
    shift = replace(of.finance, published=(figure("n", "99", "orders"), of.finance.published[1]))  # type: ignore[union-attr]
    of = of if locked == "100" else replace(of, finance=shift)
    assert ("more locked than firm" in rules(checked(of))) == fires


@pytest.mark.parametrize(
    ("revenue", "a_car", "fires", "verdict"),
    [
        ("28.3", "260053", False, "comes out only if"),
        ("28.30", "260053", True, "does not come out"),
        ("28.300", "260053", True, "does not come out"),
        ("28.3", "260120", False, "comes out"),
        ("28.3", "260701", True, "does not come out"),
    ],
)
def test_a_ratio_contradicts_its_parts_only_beyond_their_rounding(
    revenue: str, a_car: str, fires: bool, verdict: str
) -> None:
    parts = figure("revenue", revenue, scale="billion", unit="CNY"), figure("cars", "108796")
    found = checked(publishing(*parts, figure("a-car", a_car, "ratio", of=("revenue", "cars"), unit="CNY")))
    assert ("ratio" in rules(found)) == fires
    assert named(found, "a-car").verdict == verdict
    assert any("rounding" in one.says for one in found.remarks) == (verdict == "comes out only if")


def test_a_ratio_of_nothing_and_a_ratio_of_bounds() -> None:
    of = publishing(figure("a", "6"), figure("b", "0"), figure("r", "3", "ratio", of=("a", "b")))
    assert named(checked(of), "r").verdict == "does not come out"
    bound = figure("n", "600", "orders", relation="more than")
    for text, verdict in (("7", "comes out only if"), ("4", "does not come out")):
        found = checked(publishing(bound, figure("b", "100"), figure("r", text, "ratio", of=("n", "b"))))
        assert named(found, "r").verdict == verdict
        assert ("ratio" in rules(found)) == (verdict == "does not come out")


def earlier(*points: tuple[int, int]) -> Outlook:
    return Outlook(EarlierLaunch("before", tuple(EarlierPoint(after_s, orders) for after_s, orders in points)))


@pytest.mark.parametrize(("after_s", "fires"), [(86_400, True), (3_600, False)])
def test_a_ratio_of_two_launches_is_of_one_stage(after_s: int, fires: bool) -> None:
    of = publishing(
        figure("early", "200", "orders", relation="more than", at_ms=OPENS + 180_000),
        figure("n", "300", "orders"),
        figure("before", "100"),
        figure("times", "3", "ratio", of=("n", "before")),
        outlook=earlier((240, 10), (1_620, 50), (after_s, 100)),
    )
    found = checked(of)
    assert ("stages" in rules(found)) == fires
    assert named(found, "times").verdict == ("comes out only if" if fires else "comes out")
    if fires:
        (flaw,) = named(found, "times").flaws
        assert "after 3 min more than 200 against at most 10, more than 20 times" in flaw
        assert "after 1 h 300 against 50 to 100, 3 to 6 times" in flaw


@given(st.lists(st.integers(0, 50), min_size=3, max_size=8), st.integers(0, 9_000))
def test_the_earlier_launch_is_known_between_its_points(rises: list[int], after_ms: int) -> None:
    points = [(1 + at, sum(rises[: at + 1])) for at in range(len(rises))]
    found = earlier_at(publishing(outlook=earlier(*points)), after_ms)
    before = [orders for after_s, orders in points if after_s * 1000 <= after_ms]
    after = [orders for after_s, orders in points if after_s * 1000 >= after_ms]
    assert (found.low, found.high) == (before[-1] if before else 0, after[0] if after else None)


def amounts(revenue: str, share: str, vat: str = "13") -> Launch:
    return publishing(
        figure("n", "1000", "orders"),
        figure("revenue", revenue, "potential_revenue", scale="thousand", unit="EUR"),
        figure("share", share, "quarter_share", unit="%", quarter="q"),
        vat=vat,
        revenue_minor=1_000_000_00,
    )


@pytest.mark.parametrize(
    ("revenue", "share", "vat", "expected"),
    [
        ("90.00", "9.000", "13", ["VAT"]),
        ("79.65", "7.965", "13", []),
        ("90.00", "7.965", "13", ["share", "assumptions"]),
        ("79.65", "9.000", "13", ["share", "VAT", "assumptions"]),
        ("90.00", "9.000", "0", []),
        ("90", "9", "0", []),
        ("90.00", "9.1", "0", ["share"]),
    ],
)
def test_a_share_with_vat_and_figures_that_exclude_each_other_are_found(
    revenue: str, share: str, vat: str, expected: list[str]
) -> None:
    # 1,000 orders at 90.00 EUR; without 13 % VAT 79.65 each.
    found = checked(amounts(revenue, share, vat), 1000)
    assert rules(found) == expected
    assert bool(named(found, "share").flaws) == ("VAT" in expected)


def test_a_later_count_in_the_log_does_not_excuse_what_published_counts_gave() -> None:
    of = amounts("90.00", "9.000")
    ordered = Ordered({Kind("car", "small", 9_000, "locked"): 1_130})  # without VAT: the very same digits
    found = check(Known(of, figures_of_log(of, ordered, OPENS + HOUR)))
    assert len(named(found, "share").ways) == 3
    assert rules(found) == ["VAT"]


def test_deposits_of_one_count_and_revenue_of_another_exclude_each_other() -> None:
    of = publishing(
        figure("n", "1000", "orders"),
        figure("l", "800", "locked", at_ms=OPENS + 2 * HOUR),
        figure("deposits", "4.00", "deposits", scale="thousand", unit="EUR"),
        figure("revenue", "90.00", "potential_revenue", scale="thousand", unit="EUR"),
    )
    found = checked(of, 1000)
    assert rules(found) == ["assumptions"]
    assert {one.figures: one.says.split(",")[0] for one in found.remarks} == {
        ("deposits",): "reckoned from 800 locked orders (l)",
        ("revenue",): "reckoned from 1",
    }


# The reference


def test_the_published_figures_of_the_reference_launch() -> None:
    found = check(Known(YU7, figures_without_log(YU7)))
    ways = {one.id: [(way.assumed, way.computed, way.fit) for way in one.ways] for one in found.figures if one.ways}
    base = "289,000 orders (orders-1-hour), each at the base trim (yu7 standard), with VAT"
    assert ways == {
        "deposits": [("289,000 orders (orders-1-hour)", "1.445 billion CNY", "as printed")],
        "potential-revenue": [(base, "73.26 billion CNY", "as printed")],
        "quarter-share": [(base, "65.82 %", "cut")],
    }
    assert rules(found) == ["two values", "stages", "VAT"]
    assert "it is 58.25 %" in named(found, "quarter-share").flaws[0]
    assert "more than 20 times" in named(found, "three-times").flaws[0]
    assert named(found, "a-car-q3-2025").verdict == "comes out only if"
    assert value_of(figure("x", "1.445", scale="billion")) == 1_445_000_000
    assert Fraction(2, 1) in rounded(figure("x", "2", unit="%"))


# Figures below 0, and by 0


def test_a_loss_a_unit_that_the_rounding_of_its_parts_explains_is_no_contradiction() -> None:
    loss = figure("loss", "-0.5", scale="billion", unit="EUR")
    units = figure("units", "81302")
    found = checked(publishing(loss, units, figure("each", "-6500", "ratio", of=("loss", "units"), unit="EUR")))
    assert named(found, "each").verdict == "comes out only if"
    assert "-6,764.9 to -5,534.92 EUR" in named(found, "each").why
    assert rules(found) == []
    found = checked(publishing(loss, units, figure("each", "-7000", "ratio", of=("loss", "units"), unit="EUR")))
    assert (named(found, "each").verdict, rules(found)) == ("does not come out", ["ratio"])


def test_a_ratio_by_nothing_comes_out_of_nothing_and_is_not_said_to_be_right() -> None:
    for above in ("5", "0"):
        ratio = figure("ratio", "3", "ratio", of=("above", "below"))
        found = checked(publishing(figure("above", above), figure("below", "0"), ratio))
        assert (named(found, "ratio").verdict, rules(found), found.remarks) == ("does not come out", ["ratio"], ())


@pytest.mark.parametrize(
    ("firm", "locked", "expected"),
    [
        (("101", "is"), ("101", "is"), []),
        (("101", "is"), ("101", "more than"), ["more locked than firm"]),
        (("101", "less than"), ("101", "at least"), ["more locked than firm"]),
        (("102", "less than"), ("101", "at least"), []),
    ],
)
def test_bounds_that_touch_leave_no_room_for_as_many_locked_as_firm(
    firm: tuple[str, Any], locked: tuple[str, Any], expected: list[str]
) -> None:
    found = checked(
        publishing(
            figure("firm", firm[0], "orders", relation=firm[1]),
            figure("locked", locked[0], "locked", relation=locked[1]),
        )
    )
    assert rules(found) == expected
