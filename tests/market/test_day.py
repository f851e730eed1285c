"""The day of the launch: the reference launch's own arithmetic, exact rounding, and claims held against it."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drumroll.errors import NoQuote, UnknownCode
from drumroll.market.claims import Claim, Published, check_claim, implied_shares, values_agree
from drumroll.market.day import (
    DEFINITIONS,
    MOMENTS,
    Change,
    day_of,
    implied_prev_close,
    market_value,
    midday_of,
    rounded,
)
from drumroll.market.sessions import sessions
from tests.market.reference import SESSION, SHARE, launch_day, quotes

TRILLION = 10**12


def test_the_reference_launchs_changes() -> None:
    day = day_of(launch_day(), SHARE, SESSION)
    assert day.prev_close == Decimal("56.9")
    assert {what: day.changes[what].percent(1) for what in MOMENTS} == {
        "open": Decimal("8.0"),
        "midday": Decimal("4.4"),
        "close": Decimal("3.6"),
        "high": Decimal("8.0"),
        "low": Decimal("3.2"),
    }
    assert day.changes["midday"].percent() == Decimal("4.39")


def test_the_reference_launchs_previous_close_follows_from_the_midday_price_alone() -> None:
    assert implied_prev_close("59.4", "4.39", "0.05") == (Decimal("56.90"),)


def test_the_reference_launchs_market_values_cannot_both_be_right() -> None:
    found = values_agree(Published("1.54", TRILLION), "59.4", Published("1.55", TRILLION), "61.45")
    assert not found.agrees
    assert rounded(Fraction(found.shares, 10**9), 2) == Decimal("25.93")
    assert rounded(Fraction(found.expected) / TRILLION, 2) == Decimal("1.59")
    # At one price, rounding alone explains a difference in the last place.
    assert values_agree(Published("1.54", TRILLION), "59.4", Published("1.5", TRILLION), "59.4").agrees


def test_the_reference_launchs_value_at_the_high_is_flagged_against_shares_times_price() -> None:
    day = day_of(launch_day(), SHARE, SESSION, shares=25_930_000_000)
    high = day.changes["high"].market_value
    assert high == Decimal("61.45") * 25_930_000_000
    claim = Claim("value at the high", Published("1.55", TRILLION, "HKD"), DEFINITIONS["market_value"])
    verdict = check_claim(claim, high)
    assert not verdict.agrees
    assert verdict.percent == Decimal("-2.72")
    assert "does not agree" in str(verdict)
    assert check_claim(
        Claim("at mid-day", Published("1.54", TRILLION), ""), day.changes["midday"].market_value or 0
    ).agrees


FEN = st.integers(1, 10**6)


@given(FEN, FEN, st.integers(0, 4))
def test_a_change_is_the_exact_quotient_rounded_half_up(price: int, previous: int, places: int) -> None:
    exact = (Fraction(price, previous) - 1) * 100
    ours = Change("close", Decimal(price) / 100, Decimal(previous) / 100).percent(places)
    step = Fraction(1, 10**places)
    assert Fraction(ours) % step == 0
    assert abs(Fraction(ours) - exact) <= step / 2
    if abs(Fraction(ours) - exact) == step / 2:
        assert abs(Fraction(ours)) > abs(exact)


@given(st.decimals(-1000, 1000, places=5), st.integers(0, 4))
def test_rounding_is_that_of_decimal_half_up(value: Decimal, places: int) -> None:
    assert rounded(Fraction(value), places) == value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


@given(st.integers(20, 2_000), st.integers(20, 2_000))
def test_the_true_previous_close_is_among_those_implied(price: int, previous: int) -> None:
    change = Change("close", Decimal(price) / 20, Decimal(previous) / 20)
    found = implied_prev_close(str(change.price), str(change.percent(2)), "0.05")
    assert change.prev_close in found
    assert {Change("", change.price, each).percent(2) for each in found} == {change.percent(2)}


@given(st.integers(10**9, 10**11), st.integers(100, 10_000), st.integers(0, 3))
def test_the_true_number_of_shares_is_within_those_implied(shares: int, cents: int, places: int) -> None:
    price = Decimal(cents) / 100
    text = str(rounded(Fraction(shares) * Fraction(price) / TRILLION, places))
    assume(Fraction(text) > 0)
    low, high = implied_shares(Published(text, TRILLION), str(price))
    assert low <= shares <= high


@given(st.decimals("0.01", 1000, places=4), st.integers(0, 4))
def test_a_figure_agrees_with_its_own_rounding_and_not_a_unit_beside_it(value: Decimal, places: int) -> None:
    text = str(rounded(Fraction(value), places))
    assert check_claim(Claim("", Published(text), ""), value).agrees
    step = Decimal(1).scaleb(-places)
    assert not check_claim(Claim("", Published(text), ""), Decimal(text) + step).agrees


def test_more_than_is_held_against_the_figure_itself() -> None:
    claim = Claim("firm orders after 3 minutes", Published("200000"), "deposits paid", "more than")
    assert check_claim(claim, 200_001).agrees
    assert not check_claim(claim, 200_000).agrees
    assert check_claim(Claim("", Published("200000"), "", "at least"), 200_000).agrees
    assert not check_claim(Claim("", Published("200000"), "", "less than"), 200_000).agrees


def test_what_the_quotes_do_not_have_is_said_and_not_made_up() -> None:
    day = day_of(launch_day().drop("midday"), SHARE, SESSION)
    assert day.change("midday") is None
    assert set(day.unknown) == {"midday", "market_value"}
    with pytest.raises(UnknownCode, match="01810"):
        day_of(launch_day(), "1810", SESSION)
    with pytest.raises(NoQuote, match="2025-06-28"):
        day_of(launch_day(), SHARE, date(2025, 6, 28))
    with pytest.raises(NoQuote, match="previous close"):
        day_of(launch_day().with_columns(prev_close=pl.lit(None, pl.Float64)), SHARE, SESSION)


def minutes(*rows: tuple[str, float]) -> pl.DataFrame:
    frame = pl.DataFrame(list(rows), schema=["at", "close"], orient="row")
    time = (f"{SESSION} " + pl.col("at")).str.to_datetime("%Y-%m-%d %H:%M", time_unit="ms")
    zoned = frame.with_columns(time=time.dt.replace_time_zone("Asia/Hong_Kong"), code=pl.lit(SHARE))
    return zoned.with_columns(high=pl.col("close"), low=pl.col("close"))


def test_midday_is_the_last_trade_of_the_morning_and_none_on_a_half_day() -> None:
    calendar = sessions("XHKG", date(2025, 6, 1), date(2025, 12, 31))
    traded = minutes(("13:00", 60.0), ("09:30", 61.45), ("11:59", 59.4), ("15:59", 58.95), ("11:58", 59.5))
    assert midday_of(traded, SESSION, calendar) == 59.4
    assert midday_of(traded, date(2025, 12, 24), calendar) is None


def test_the_high_has_the_time_of_its_first_trade() -> None:
    traded = minutes(("15:00", 61.45), ("09:31", 61.45), ("10:00", 58.70), ("16:00", 58.95))
    day = day_of(launch_day(), SHARE, SESSION, minutes=traded)
    times = {what: change.at.strftime("%H:%M") for what, change in day.changes.items() if change.at}
    assert times == {"high": "09:31", "low": "10:00"}


@given(st.integers(1, 10**6), st.integers(1, 10**11))
def test_market_value_over_time_is_exact_to_the_unit(fen: int, shares: int) -> None:
    frame = quotes((SESSION, SHARE, *[fen / 100] * 5))
    expected = int(rounded(Fraction(fen, 100) * shares, 0))
    assert market_value(frame, shares)["market_value"].to_list() == [expected]
    assert market_value(frame.with_columns(shares=pl.lit(shares)))["market_value"].to_list() == [expected]
    assert market_value(frame)["market_value"].to_list() == [None]
