"""The page and its plots: one file that needs nothing, drawn within its bounds, with every definition."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import escape
from itertools import pairwise
from xml.etree import ElementTree

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.market import plots, wording
from drumroll.market.holdings import Holding
from drumroll.market.page import page
from drumroll.market.question import OrderCurve
from drumroll.market.report_values import Car, Report
from tests.market.mornings import OPENING, SHARE, ZONE, asked, bar, claim, drawn, told

OPENING_MS = round(OPENING.timestamp() * 1000)
ORDERS = OrderCurve(((OPENING_MS, 0), (OPENING_MS + 180_000, 200_000), (OPENING_MS + 3_600_000, 289_000)), "log")
PRICES = st.decimals(1, 500, places=2).map(float)


def full(seed: int = 1) -> Report:
    claims = (claim("change.close", "3.6", unit="%"), claim("record", "61.45"), claim("price.midday", "1"))
    holdings = (Holding("one", SHARE, 10, "HKD"), Holding("two", "00009", 10, "HKD"))
    return told(asked(claims=claims, orders=ORDERS, holdings=holdings, shares=10**9), drawn(seed, jump=0.05))


FULL = full()
ALONE = told(asked(), bar(SHARE, (61.45, 61.45, 58.95, 58.95), 56.90))


def pictures(html: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(each) for each in re.findall(r"<svg.*?</svg>", html, re.DOTALL)]


def places(picture: ElementTree.Element) -> list[tuple[float, float]]:
    """Every place that is drawn at."""
    found = []
    for each in picture.iter():
        for x, y in (("x", "y"), ("x1", "y1"), ("x2", "y2"), ("cx", "cy")):
            if x in each.attrib:
                found.append((float(each.attrib[x]), float(each.attrib[y])))
        found += [(float(a), float(b)) for a, b in (pair.split(",") for pair in each.attrib.get("points", "").split())]
    return found


def within(picture: ElementTree.Element) -> bool:
    _, _, width, height = (float(each) for each in picture.attrib["viewBox"].split())
    return all(-0.01 <= x <= width + 0.01 and -0.01 <= y <= height + 0.01 for x, y in places(picture))


# One file


@pytest.mark.parametrize("made", [FULL, ALONE], ids=["full", "the share alone"])
def test_the_page_asks_nothing_of_a_network_and_runs_nothing(made: Report) -> None:
    html = page(made)
    for reaching in ("http:", "https:", "<script", "src=", "<link", "@import", "url("):
        assert reaching not in html


@pytest.mark.parametrize("made", [FULL, ALONE], ids=["full", "the share alone"])
def test_every_definition_stands_on_the_page_and_everything_that_is_missing(made: Report) -> None:
    html = page(made)
    for said in (*made.definitions.values(), *made.missing, *made.record_flags):
        assert escape(said) in html
    for row in made.claims:
        assert row.verdict in html
        assert escape(row.definition) in html


def test_names_can_not_break_the_page() -> None:
    made = told(asked(launch="<b>A & B</b>", claims=(claim("price.close", "1", unit="<i>"),)), drawn())
    html = page(made)
    assert "<b>A" not in html
    assert "<i>" not in html
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in html


def test_a_part_that_is_not_there_has_no_picture() -> None:
    assert len(pictures(page(ALONE))) == 1
    assert len(pictures(page(FULL))) == 5


# Plots


@given(PRICES, PRICES, PRICES, st.integers(0, 10**7), st.integers(-40, 60), st.sampled_from(("log", "published")))
def test_share_and_orders_are_drawn_within_the_picture(
    one: float, other: float, previous: float, firm: int, hours: int, source: str
) -> None:
    curve = OrderCurve(((OPENING_MS, 0), (OPENING_MS + hours * 3_600_000, firm)), source)  # type: ignore[arg-type]
    low, high = sorted((one, other))
    made = told(asked(orders=curve, suppliers=(), rivals=()), bar(SHARE, (low, high, low, high), previous))
    (picture,) = pictures(plots.timeline(made))
    assert within(picture)


def test_orders_and_share_have_the_same_axis() -> None:
    """An order at the session's opening is drawn above the same place as the first price."""
    day = bar(SHARE, (60.0, 61.0, 59.0, 60.5), 56.90)
    opens = told(asked(), day).axis.session[0]
    made = told(asked(orders=OrderCurve(((opens, 5),), "published"), suppliers=(), rivals=()), day)
    (picture,) = pictures(plots.timeline(made))
    rings = {each.attrib["class"]: float(each.attrib["cx"]) for each in reversed(list(picture.iter("circle")))}
    assert rings["ring published"] == rings["ring "]


def test_the_opening_is_marked_where_its_first_order_is() -> None:
    picture = ElementTree.fromstring(plots.timeline(FULL))
    (opening,) = [float(each.attrib["x1"]) for each in picture.iter("line") if each.attrib["class"] == "event"]
    (curve,) = [each.attrib["points"] for each in picture.iter("polyline") if each.attrib["class"] == "line orders"]
    assert opening == float(curve.split(",")[0])


def test_published_points_are_not_drawn_as_counted_ones() -> None:
    published = told(asked(orders=OrderCurve(ORDERS.points, "published")), drawn())
    assert "line orders" in plots.timeline(FULL)
    assert "line orders" not in plots.timeline(published)
    assert "published" in plots.timeline(published)
    assert "no log was given" in page(published)
    assert "no log was given" not in page(FULL)


@settings(max_examples=20)
@given(st.integers(1, 5), st.floats(-0.5, 0.5))
def test_every_firm_is_in_the_forest_within_the_picture(seed: int, jump: float) -> None:
    made = told(asked(), drawn(seed, jump=jump))
    for column in (0, 2):
        picture = ElementTree.fromstring(plots.forest(made.studies, column))
        assert within(picture)
        assert len(list(picture.iter("circle"))) == 4
    assert within(ElementTree.fromstring(plots.paths(made.studies)))


def test_an_interval_reaches_from_its_low_to_its_high() -> None:
    picture = ElementTree.fromstring(plots.forest(FULL.studies, 0))
    bars = [each for each in picture.iter("line") if "interval" in each.attrib["class"]]
    cars = [firm.cars[0] for study in FULL.studies for firm in study.firms]
    widths = [float(each.attrib["x2"]) - float(each.attrib["x1"]) for each in bars]
    spans = [car.high - car.low for car in cars if car.high is not None and car.low is not None]
    assert [width / widths[0] for width in widths] == pytest.approx([span / spans[0] for span in spans], rel=0.01)


@given(st.floats(-1e12, 1e12), st.floats(0, 1e12))
def test_a_round_range_covers_its_values_in_a_few_even_steps(low: float, span: float) -> None:
    high = low + span
    ticks = plots.nice_range(low, high)
    slack = 1e-6 * max(1.0, abs(low), abs(high))
    assert ticks[0] <= low + slack
    assert ticks[-1] >= high - slack
    assert 2 <= len(ticks) <= 8
    steps = [after - before for before, after in pairwise(ticks)]
    assert steps == pytest.approx([steps[0]] * len(steps), rel=1e-3)
    assert steps[0] > 0


@given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)), st.integers(1, 24 * 20))
def test_hours_are_full_ones_of_the_exchanges_clock_within_the_axis_and_few(start: datetime, hours: int) -> None:
    from_ms = round(start.replace(tzinfo=ZONE).timestamp() * 1000)
    ticks = plots.hour_ticks(from_ms, from_ms + hours * 3_600_000)
    assert len(ticks) <= 7
    for at, said in ticks:
        clock = datetime.fromtimestamp(at / 1000, ZONE)
        assert (clock.minute, clock.second) == (0, 0)
        assert said in (clock.strftime("%H:%M"), clock.strftime("%d %b"))
        assert timedelta(0) <= clock - start.replace(tzinfo=ZONE) <= timedelta(hours=hours)


def test_a_long_day_is_thinned_and_keeps_its_ends() -> None:
    points = [(float(at), float(at)) for at in range(10_000)]
    thin = plots.thinned(points)
    assert (thin[0], thin[-1]) == (points[0], points[-1])
    assert len(thin) <= plots.MOST_POINTS * 2


# Words


@given(st.integers(10**6, 10**15))
def test_a_large_amount_in_words_reads_back_to_its_third_decimal(value: int) -> None:
    number, word, currency = wording.amount(value, "HKD").split(" ")
    scale = {"million": 10**6, "billion": 10**9, "trillion": 10**12}[word]
    assert abs(float(number.replace(",", "")) * scale - value) <= 0.0005 * scale * 1.01
    assert currency == "HKD"


def test_what_is_not_known_is_no_nought() -> None:
    nothing = Car(0, 0, None, None, None, None, None)
    assert (wording.share_of(None), wording.p_value(None), wording.interval(nothing)) == ("none", "none", "")
    assert wording.p_value(0.00001) == "<0.0001"
    assert (wording.window(0, 0), wording.window(-1, 1), wording.window(0, 5)) == ("0", "-1 to +1", "0 to +5")


def test_minutes_are_drawn_as_minutes() -> None:
    opens = datetime(2025, 6, 27, 9, 30, tzinfo=ZONE)
    minutes = pl.DataFrame(
        {"time": [opens + timedelta(minutes=at) for at in range(60)], "close": [60.0] * 60},
        schema={"time": pl.Datetime("ms", "Asia/Hong_Kong"), "close": pl.Float64()},
    ).with_columns(code=pl.lit(SHARE), high=pl.lit(60.0), low=pl.lit(60.0))
    made = told(asked(suppliers=(), rivals=()), bar(SHARE, (60.0, 60.0, 60.0, 60.0), 56.90), minutes)
    assert made.axis.by_the_minute
    assert len(made.axis.prices) == 61
    assert "close of each minute" in page(made)
