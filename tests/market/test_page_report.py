"""The report on a launch's day: which session answers, what is claimed and studied, what is said to be missing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from drumroll.errors import NoQuote, NotASession, UnknownCode
from drumroll.market.holdings import Holding
from drumroll.market.question import Asked, OrderCurve, StudyAsk, session_for
from drumroll.market.report_values import GroupStudy
from tests.market.mornings import (
    CHINEXT,
    EVENT,
    INDEX,
    MAIN,
    MAINLAND_INDEX,
    RIVAL,
    SHARE,
    ZONE,
    asked,
    bar,
    calendar,
    claim,
    drawn,
    figures,
    told,
    verdict,
    with_bar,
)

DAILY = drawn(jump=0.05)

# The session.


@given(st.datetimes(datetime(2025, 2, 1), datetime(2025, 8, 20)), st.sampled_from(("XHKG", "XSHG")))
def test_a_launch_is_answered_by_the_first_session_that_is_not_over_at_its_opening(at: datetime, exchange: str) -> None:
    opening, known = at.replace(tzinfo=ZONE), calendar(exchange)
    found = session_for(asked(opens_at=opening), known)
    assert known.hours[found].closes > opening
    assert not any(known.hours[day].closes > opening for day in known.dates if day < found)


def test_a_launch_at_22_is_answered_by_the_next_session_and_the_axis_begins_with_the_close_before() -> None:
    made = told(asked(), DAILY)
    assert made.day.session == EVENT
    assert datetime.fromtimestamp(made.axis.from_ms / 1000, ZONE) == datetime(2025, 6, 26, 16, tzinfo=ZONE)
    assert datetime.fromtimestamp(made.axis.to_ms / 1000, ZONE) == datetime(2025, 6, 27, 16, tzinfo=ZONE)


def test_a_later_event_has_the_opening_and_the_closes_since_on_its_axis() -> None:
    later = date(2025, 7, 3)
    made = told(asked(event=later), DAILY)
    assert made.axis.from_ms == made.axis.opening_ms
    closes = DAILY.filter(pl.col("code") == SHARE, pl.col("date").is_between(EVENT, later, closed="left")).sort("date")
    before = [price for at, price in made.axis.prices if at < made.axis.session[0]]
    assert before == closes["close"].to_list()


HANDOVER = date(2025, 7, 1)  # a holiday in Hong Kong, a session on the mainland


def test_an_event_on_a_holiday_of_the_shares_exchange_is_refused_or_moved_as_asked() -> None:
    with pytest.raises(NotASession, match="2025-07-01"):
        told(asked(event=HANDOVER), DAILY)
    for moved, session in (("next", date(2025, 7, 2)), ("previous", date(2025, 6, 30))):
        made = told(asked(event=HANDOVER, moved=moved), DAILY)
        assert made.day.session == session
        assert moved in made.day.why_session
        assert {row.session for row in made.limits if row.code == MAIN} == {HANDOVER}


def test_another_exchange_that_was_closed_is_left_out_and_said() -> None:
    dragon_boat = date(2025, 6, 2)  # a holiday on the mainland, a session in Hong Kong
    made = told(asked(event=dragon_boat), DAILY)
    assert made.day.session == dragon_boat
    assert any("2025-06-02 is no session of XSHG" in each for each in made.missing)
    suppliers = next(study for study in made.studies if study.group == "suppliers")
    assert suppliers.refused
    assert not suppliers.firms


# What must be there, and what may be missing.


def test_only_the_shares_own_quote_is_required() -> None:
    with pytest.raises(UnknownCode, match=SHARE):
        told(asked(), DAILY.filter(pl.col("code") != SHARE))
    with pytest.raises(NoQuote, match=str(EVENT)):
        told(asked(), DAILY.filter((pl.col("code") != SHARE) | (pl.col("date") != EVENT)))
    alone = told(asked(), bar(SHARE, (61.45, 61.45, 58.95, 58.95), 56.90))
    assert not any(study.firms for study in alone.studies)
    for code in (MAIN, CHINEXT, RIVAL, INDEX):
        assert any(code in each for each in alone.missing), f"nobody says that {code} is missing"


def test_a_limit_is_known_by_its_rule_without_a_quote() -> None:
    alone = told(asked(), bar(SHARE, (61.45, 61.45, 58.95, 58.95), 56.90))
    rows = {row.code: row for row in alone.limits}
    assert (rows[MAIN].limit_percent, rows[CHINEXT].limit_percent, rows[SHARE].limit_percent) == (10, 20, None)
    assert (rows[MAIN].limit_up, rows[MAIN].missing) == (None, "no quotes")


@pytest.mark.parametrize(
    ("prices", "state"),
    [
        ((4.30, 4.69, 4.26, 4.69), "sealed up"),
        ((4.30, 4.69, 4.26, 4.60), "broken up"),
        ((4.20, 4.26, 3.83, 3.83), "sealed down"),
        ((4.30, 4.68, 4.26, 4.68), ""),
    ],
)
def test_the_state_of_a_limit_is_told_and_a_claim_is_held_against_it(prices: Any, state: str) -> None:
    daily = with_bar(DAILY, bar(MAIN, prices, 4.26))
    made = told(asked(claims=(claim("limit_percent", "10", code=MAIN, unit="%"),)), daily)
    row = next(row for row in made.limits if row.code == MAIN)
    assert (row.limit_up, row.limit_down, row.state) == (Decimal("4.69"), Decimal("3.83"), state)
    assert made.claims[0].verdict == ("agrees" if state else "does not agree")
    assert verdict(daily, claim("limit_percent", "20", code=MAIN)).verdict == "does not agree"


def test_a_limit_claim_without_quotes_says_that_only_the_rule_is_known() -> None:
    row = verdict(DAILY.filter(pl.col("code") != CHINEXT), claim("limit_percent", "20", code=CHINEXT))
    assert row.verdict == "agrees"
    assert any("whether the price reached it is not known" in note for note in row.notes)


# Claims.

DAY = bar(SHARE, (61.45, 61.45, 58.70, 58.95), 56.90).with_columns(midday=59.4)
PERCENT = st.decimals(Decimal("-20"), Decimal("20"), places=2)


@given(PERCENT)
def test_a_change_agrees_exactly_where_half_of_its_last_digit_reaches(figure: Decimal) -> None:
    exact = (Decimal("59.4") / Decimal("56.9") - 1) * 100
    row = verdict(DAY, claim("change.midday", str(figure), unit="%"), suppliers=(), rivals=())
    assert (row.verdict == "agrees") == (abs(exact - figure) <= Decimal("0.005"))
    assert bool(row.off_by) == (row.verdict != "agrees")


@given(st.integers(10**6, 10**12), st.integers(100, 999))
def test_a_market_value_is_price_times_shares(shares: int, figure: int) -> None:
    each = claim("market_value.high", f"{figure / 100:.2f}", scale=10**12)
    row = verdict(DAY, each, shares=shares, suppliers=(), rivals=())
    value = Decimal("61.45") * shares
    assert (row.verdict == "agrees") == (abs(value - Decimal(figure) * 10**10) <= 5 * 10**9)
    assert abs(figures(row) - value / 10**12) <= Decimal("0.00005")


def test_two_published_values_that_no_number_of_shares_allows_are_named() -> None:
    def said(second: str) -> str:
        both = (
            claim("market_value.midday", "1.54", scale=10**12),
            claim("market_value.high", second, scale=10**12),
        )
        (text,) = told(asked(claims=both, suppliers=(), rivals=()), DAY).consistency
        return text

    assert "do not agree with each other" in said("1.55")
    assert "25.93 bn" in said("1.55")
    assert " agree with each other" in said("1.59")
    assert "do not" not in said("1.59")


def history(*highs_and_closes: tuple[float, float]) -> pl.DataFrame:
    """The share's day after earlier days with these highs and closes, the last of them the session before."""
    days = calendar("XHKG").between(date(2025, 5, 1), EVENT)[-len(highs_and_closes) - 1 : -1]
    closes = [close for _, close in highs_and_closes]
    rows = [
        bar(SHARE, (close, high, close, close), before, day)
        for day, (high, close), before in zip(days, highs_and_closes, [closes[0], *closes[:-1]], strict=True)
    ]
    return pl.concat([*rows, bar(SHARE, (61.0, 61.45, 58.95, 58.95), closes[-1])])


@pytest.mark.parametrize(
    ("before", "listed", "word"),
    [
        (((52.0, 51.0), (57.5, 56.9)), True, "agrees"),
        (((52.0, 51.0), (57.5, 56.9)), False, "depends on its definition"),
        (((62.0, 57.0), (57.5, 56.9)), True, "does not agree"),
    ],
)
def test_a_record_agrees_only_where_every_definition_does(before: Any, listed: bool, word: str) -> None:
    daily = history(*before)
    since = daily["date"][0] if listed else None
    row = verdict(daily, claim("record", "61.45"), listed=since, suppliers=(), rivals=())
    assert row.verdict == word


def test_a_record_of_a_figure_that_nobody_traded_does_not_agree() -> None:
    row = verdict(history((52.0, 51.0)), claim("record", "60.00"), suppliers=(), rivals=())
    assert row.verdict == "does not agree"


@pytest.mark.parametrize(
    ("figure", "back", "word"),
    [("57.5", 1, "agrees"), ("57.5", 2, "does not agree"), ("52", 2, "does not agree"), ("58", 400, "not known")],
)
def test_a_former_record_is_held_against_every_price_before(figure: str, back: int, word: str) -> None:
    daily = history((52.0, 51.0), (57.5, 56.9))
    on = daily["date"][-1 - back] if back < 3 else EVENT - timedelta(days=back)
    row = verdict(daily, claim("former_record", figure, on=on), suppliers=(), rivals=())
    assert row.verdict == word


def test_what_the_quotes_do_not_have_is_not_known_and_never_guessed() -> None:
    day = bar(SHARE, (61.45, 61.45, 58.70, 58.95), 56.90)
    for of in ("change.midday", "market_value.high"):
        assert verdict(day, claim(of, "1")).verdict == "not known"
    assert verdict(day, claim("price.close", "9", code=RIVAL)).verdict == "not known"


# The event study.


def by_hand(code: str, index: str, spec: StudyAsk) -> tuple[float, float, float]:
    """CAR of the event's session and its 95 % interval, by least squares written out."""
    closes = {name: DAILY.filter(pl.col("code") == name).sort("date") for name in (code, index)}
    change = {name: (each["close"] / each["prev_close"] - 1).to_numpy() for name, each in closes.items()}
    at = closes[code]["date"].to_list().index(EVENT)
    rows = slice(at + spec.window[0] - spec.gap - spec.estimation, at + spec.window[0] - spec.gap)
    x, y = change[index][rows], change[code][rows]
    beta, alpha = np.polyfit(x, y, 1)
    degrees = len(x) - 2
    variance = ((y - alpha - beta * x) ** 2).sum() / degrees
    drift = change[index][at] - x.mean()
    half = student.ppf(0.975, degrees) * np.sqrt(variance * (1 + 1 / len(x) + drift**2 / ((x - x.mean()) ** 2).sum()))
    car = change[code][at] - alpha - beta * change[index][at]
    return car, car - half, car + half


@pytest.mark.parametrize(("code", "index"), [(SHARE, INDEX), (RIVAL, INDEX), (MAIN, MAINLAND_INDEX)])
def test_each_firms_car_and_interval_are_those_of_least_squares(code: str, index: str) -> None:
    question = asked()
    firms = {firm.code: firm for study in told(question, DAILY).studies for firm in study.firms}
    car = firms[code].cars[0]
    assert (car.first, car.last) == (0, 0)
    assert (car.car, car.low, car.high) == pytest.approx(by_hand(code, index, question.study), abs=1e-12)


def group(question: Asked, daily: pl.DataFrame, name: str = "suppliers") -> GroupStudy:
    return next(study for study in told(question, daily).studies if study.group == name)


def test_on_the_morning_after_the_window_ends_with_the_quotes_and_that_is_said() -> None:
    found = group(asked(), drawn(last=EVENT))
    assert found.window == (-2, 0)
    assert [(car.first, car.last) for car in found.firms[0].cars] == [(0, 0)]
    assert any("(-1, 1)" in note and "(0, 2)" in note for note in found.notes)


def test_suppliers_of_one_date_are_advised_the_test_that_allows_for_it() -> None:
    advised = {row.test for row in group(asked(), DAILY).tests if row.advised}
    assert advised == {"kolari-pynnonen"}


def test_a_return_at_a_price_limit_is_marked() -> None:
    before = DAILY.filter(pl.col("code") == MAIN, pl.col("date") == EVENT)["prev_close"][0]
    limit = float((Decimal(str(before)) * Decimal("1.1")).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP"))
    daily = with_bar(DAILY, bar(MAIN, (before, limit, before, limit), before))
    assert {firm.code: firm.limited for firm in group(asked(), daily).firms} == {MAIN: True, CHINEXT: False}


@pytest.mark.parametrize(
    ("change", "daily", "words"),
    [
        ({}, DAILY.filter(pl.col("code") != MAINLAND_INDEX), "no quotes of the benchmark 999999"),
        ({"benchmark": (INDEX,)}, DAILY, "names no code of XSHG"),
        (
            {},
            DAILY.filter((pl.col("code") != MAINLAND_INDEX) | (pl.col("date") != date(2025, 5, 20))),
            "gap(s), at 2025-05-20",
        ),
        (
            {"study": StudyAsk(estimation=120)},
            DAILY,
            "session(s) before 2025-06-27; estimation, gap and window take 135",
        ),
        ({"study": StudyAsk(estimation=29)}, DAILY, "29 sessions is too short"),
    ],
)
def test_a_study_that_can_not_be_done_is_refused_with_its_reason(
    change: dict[str, Any], daily: pl.DataFrame, words: str
) -> None:
    question = asked(**change)
    found = group(question, daily)
    assert not found.firms
    assert any(words in why for why in found.refused), found.refused
    assert any(words in each for each in told(question, daily).missing)


def test_the_mean_model_needs_no_benchmark() -> None:
    spec = StudyAsk("mean", 60, 5, (-2, 2), ((0, 0),))
    found = group(asked(study=spec), DAILY.filter(~pl.col("code").is_in([INDEX, MAINLAND_INDEX])))
    assert (found.benchmark, len(found.firms), found.refused) == (None, 2, ())


def test_quotes_of_a_day_without_a_session_do_not_stop_the_study() -> None:
    stray = bar(MAIN, (40.0, 40.0, 40.0, 40.0), 40.0, date(2025, 6, 28))
    assert len(group(asked(), pl.concat([DAILY, stray])).firms) == 2


# Holdings and orders.


def test_holders_are_ranked_by_the_close_and_who_lacks_a_price_has_no_rank() -> None:
    held = (Holding("one", SHARE, 10, "HKD"), Holding("two", MAIN, 20, "CNY"), Holding("three", "00009", 1, "HKD"))
    made = told(asked(holdings=held, rates={"CNY": Decimal("1.1")}), DAILY)
    close = {row.code: row.close for row in made.limits}
    worth = {"one": 10 * close[SHARE], "two": 20 * close[MAIN] * Decimal("1.1")}  # type: ignore[operator]
    ranked = sorted(worth, key=lambda holder: -worth[holder])
    assert [(row.holder, row.rank, row.value) for row in made.holdings[:2]] == [
        (holder, place, worth[holder]) for place, holder in enumerate(ranked, 1)
    ]
    assert (made.holdings[2].holder, made.holdings[2].rank) == ("three", None)
    assert any("three" in each and "00009" in each for each in made.missing)


def test_neither_a_log_nor_published_orders_is_said() -> None:
    assert any(each.startswith("orders: no log") for each in told(asked(), DAILY).missing)
    curve = OrderCurve(((0, 1),), "published")
    assert not any(each.startswith("orders") for each in told(asked(orders=curve), DAILY).missing)
