"""Price limits: against exact decimal arithmetic at every price, by board and day; Hong Kong's steps and band."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.errors import NoLimit
from drumroll.market.limit_days import limit_states, with_limits
from drumroll.market.limits import Board, at_limit, board_of, is_risk_warning, limit_units, limits
from drumroll.market.ticks import off_hong_kong_steps, on_tick, tick, volatility_band

DAY = date(2025, 6, 27)
FEN = Decimal("0.01")
EVERY_PRICE = [Decimal(fen) / 100 for fen in range(1, 20_001)]

BOARDS = [
    *[
        (code, DAY, False, 10)
        for code in ("600001", "601001", "603037", "605001", "000700", "001001", "002402", "003001")
    ],
    *[(code, DAY, False, 20) for code in ("300697", "301607", "302001", "688001", "689001")],
    *[(code, DAY, False, 30) for code in ("430001", "830001", "870001", "920001")],
    *[(code, date(2020, 8, 23), False, 10) for code in ("300697", "301022")],
    ("300697", date(2020, 8, 24), False, 20),
    ("600001", date(2026, 7, 5), True, 5),
    ("600001", date(2026, 7, 6), True, 10),
    *[(code, DAY, True, 20) for code in ("300697", "688001")],
    ("830001", DAY, True, 30),
]


def by_decimals(price: Decimal, percent: int) -> Decimal:
    return (price * (100 + percent) / 100).quantize(FEN, ROUND_HALF_UP)


@pytest.mark.parametrize(("code", "on", "warned", "percent"), BOARDS)
def test_limits_are_exact_at_every_price_on_every_board(code: str, on: date, warned: bool, percent: int) -> None:
    frame = pl.DataFrame({"prev_close": [float(price) for price in EVERY_PRICE]}).with_columns(
        date=pl.lit(on), code=pl.lit(code), risk_warning=pl.lit(warned)
    )
    limited = with_limits(frame)
    assert limited["limit_up"].to_list() == [float(by_decimals(price, percent)) for price in EVERY_PRICE]
    assert limited["limit_down"].to_list() == [float(by_decimals(price, -percent)) for price in EVERY_PRICE]
    for sign, column in ((1, "limit_up"), (-1, "limit_down")):
        units = [limit_units(100 * fen, sign * percent) for fen in range(1, 20_001)]
        assert units == [int(by_decimals(price, sign * percent) * 10_000) for price in EVERY_PRICE], column
    for price in EVERY_PRICE[::7]:
        one = limits(code, price, on, risk_warning=warned)
        assert (one.up, one.down) == (by_decimals(price, percent), by_decimals(price, -percent))


def test_a_half_fen_goes_up_where_doubles_would_lose_it() -> None:
    assert limits("000700", "4.26", DAY).up == Decimal("4.69")
    # 0.05 * 1.1 = 0.055 exactly, which no double is.
    assert limits("000700", "0.05", DAY).up == Decimal("0.06")
    assert limits("000700", 4.26, DAY).up == limits("000700.SZ", Decimal("4.26"), DAY).up


def test_the_reference_launchs_stocks_have_their_boards_limits() -> None:
    assert limits("300697", "10", DAY).up_percent == 20
    assert limits("000700", "10", DAY).up_percent == limits("002402", "10", DAY).up_percent == 10
    boards = {code: board_of(code) for code in ("301607", "301022", "603037", "002579", "600361", "300650")}
    assert set(boards.values()) == {Board.CHINEXT, Board.MAIN}
    assert [code for code, board in boards.items() if board == Board.CHINEXT] == ["301607", "301022", "300650"]


@pytest.mark.parametrize(
    "code", ["01810", "900901", "200001", "510300", "12345", "6000000", "", "A", "600001.SZ", "000300.SH"]
)
def test_what_is_no_a_share_has_no_limit(code: str) -> None:
    with pytest.raises(NoLimit):
        board_of(code)
    frame = pl.DataFrame({"date": [DAY], "code": [code], "prev_close": [10.0]})
    assert with_limits(frame).select("board", "limit_up", "limit_down").row(0) == (None, None, None)


@pytest.mark.parametrize("price", ["0", "-1", "nan", "inf", "1.00001"])
def test_what_is_no_price_is_refused(price: str) -> None:
    with pytest.raises(NoLimit):
        limits("600001", price, DAY)


@pytest.mark.parametrize(
    ("code", "on", "number", "percents"),
    [
        *[("600001", date(2023, 4, 10), number, (None, None)) for number in (1, 5)],
        ("600001", date(2023, 4, 10), 6, (10, 10)),
        ("600001", date(2023, 4, 7), 1, (44, 36)),
        ("600001", date(2023, 4, 7), 2, (10, 10)),
        ("300697", date(2020, 8, 21), 1, (44, 36)),
        ("300697", date(2020, 8, 24), 5, (None, None)),
        ("300697", date(2020, 8, 24), 6, (20, 20)),
        ("688001", date(2019, 7, 22), 5, (None, None)),
        ("688001", date(2019, 7, 29), 6, (20, 20)),
        ("830001", DAY, 1, (None, None)),
        ("830001", DAY, 2, (30, 30)),
    ],
)
def test_new_listings_have_their_free_days(
    code: str, on: date, number: int, percents: tuple[int | None, int | None]
) -> None:
    one = limits(code, "10", on, session_number=number)
    assert (one.up_percent, one.down_percent) == percents
    assert (one.up is None, one.down is None) == (percents[0] is None, percents[1] is None)
    frame = pl.DataFrame({"date": [on], "code": [code], "prev_close": [10.0], "session_number": [number]})
    row = with_limits(frame).row(0, named=True)
    assert (row["limit_up_percent"], row["limit_down_percent"]) == percents
    assert row["limit_up"] == (None if one.up is None else float(one.up))


def test_limits_that_the_quotes_give_are_kept() -> None:
    frame = pl.DataFrame(
        {"date": [DAY] * 2, "code": ["600001"] * 2, "prev_close": [10.0] * 2, "limit_up": [10.5, None]}
    )
    assert with_limits(frame)["limit_up"].to_list() == [10.5, 11.0]


@given(st.sampled_from(["A", "ABC", "ST A", "*ST A", "SST A", "S*ST A", "FAST", "st a"]))
def test_a_risk_warning_is_at_the_front_of_the_name(name: str) -> None:
    assert is_risk_warning(name) == name.upper().startswith(("ST", "*ST", "SST", "S*ST"))


CENTS = st.sampled_from([900, 950, 1000, 1100])


@given(st.lists(st.tuples(CENTS, CENTS), min_size=1, max_size=20))
def test_touched_sealed_broken_and_streaks_are_what_a_reader_of_the_tape_would_say(days: list[tuple[int, int]]) -> None:
    rows = [
        (date.fromordinal(739_000 + number), "600001", max(pair) / 100, min(pair) / 100, pair[1] / 100, 10.0)
        for number, pair in enumerate(days)
    ]
    schema = ["date", "code", "high", "low", "close", "prev_close"]
    other = pl.DataFrame([(rows[0][0], "600002", 11.0, 11.0, 11.0, 10.0)], schema=schema, orient="row")
    states = limit_states(with_limits(pl.concat([pl.DataFrame(rows, schema=schema, orient="row"), other])))
    assert states.filter(pl.col("code") == "600002")["streak_up"].to_list() == [1], "a streak runs into another code"
    ours = states.filter(pl.col("code") == "600001")
    assert ours["touched_up"].to_list() == [max(pair) == 1100 for pair in days]
    assert ours["sealed_up"].to_list() == [pair[1] == 1100 for pair in days]
    assert ours["broken_up"].to_list() == [pair[0] == 1100 != pair[1] for pair in days]
    assert ours["broken_down"].to_list() == [pair[0] == 900 != pair[1] for pair in days]
    for side, limit in (("streak_up", 1100), ("streak_down", 900)):
        expected = [
            length if sealed else 0
            for sealed, run in groupby(pair[1] == limit for pair in days)
            for length, _ in enumerate(run, 1)
        ]
        assert ours[side].to_list() == expected


def test_a_day_without_a_limit_is_neither_touched_nor_in_a_streak() -> None:
    frame = pl.DataFrame(
        {"date": [DAY], "code": ["600001"], "prev_close": [10.0], "session_number": [1], "high": [30.0], "low": [9.0]}
    ).with_columns(close=pl.col("high"))
    row = limit_states(with_limits(frame)).row(0, named=True)
    assert (row["touched_up"], row["sealed_up"], row["broken_down"], row["streak_up"]) == (None, None, None, 0)


def test_at_limit_compares_prices_and_not_doubles() -> None:
    assert at_limit(limits("300697", "14.40", DAY).up, 17.28)
    assert not at_limit(limits("300697", "14.40", DAY).up, 17.27)
    assert not at_limit(None, 17.28)


# Hong Kong. The published table of 24 July 2006 (HKEX news release of 18 July 2006), and the changes of 4 August 2025.
TABLE_2006 = [
    *((0.25, "0.001"), (0.5, "0.005"), (10, "0.01"), (20, "0.02"), (100, "0.05"), (200, "0.1"), (500, "0.2")),
    *((1000, "0.5"), (2000, "1"), (5000, "2"), (9995, "5")),
]


@given(st.integers(10, 99_950_000))
def test_hong_kong_steps_are_those_of_the_table(units: int) -> None:
    price = Decimal(units) / 10_000
    before = next(Decimal(step) for upper, step in TABLE_2006 if price <= Decimal(str(upper)))
    after = Decimal("0.01") if 10 < price <= 20 else Decimal("0.02") if 20 < price <= 50 else before
    assert tick(price, date(2025, 8, 1)) == before
    assert tick(price, date(2025, 8, 4)) == after
    later = Decimal("0.005") if Decimal("0.5") < price <= 10 else after
    assert tick(price, date(2026, 9, 1), phase_two=date(2026, 8, 3)) == later
    assert on_tick(price, date(2025, 8, 1)) == (price % before == 0)


NEAR_A_BAND = st.sampled_from([0.25, 0.5, 10, 20, 50, 100]).flatmap(
    lambda edge: st.lists(st.integers(-30, 30), min_size=4, max_size=4).map(
        lambda steps: [round(max(edge + step / 200, 0.001), 4) for step in steps]
    )
)


@given(st.lists(st.tuples(NEAR_A_BAND, st.sampled_from([date(2025, 8, 1), date(2025, 8, 4)])), min_size=1, max_size=30))
def test_many_rows_at_once_are_on_the_steps_that_one_price_is(rows: list[tuple[list[float], date]]) -> None:
    prices = np.array([row[0] for row in rows]).T
    days = np.array([(row[1] - date(1970, 1, 1)).days for row in rows], dtype=np.int32)
    expected = [not all(on_tick(price, day) for price in four) for four, day in rows]
    assert off_hong_kong_steps(prices, days).tolist() == expected


@pytest.mark.parametrize(("tier", "percent"), [("large", 10), ("mid", 15), ("small", 20)])
@given(units=st.integers(1, 2_000))
def test_the_volatility_band_holds_just_the_prices_that_trigger_nothing(tier: str, percent: int, units: int) -> None:
    reference = Decimal(units) / 20  # on the step of 0.05 and below 100
    band = volatility_band(reference, DAY, tier)  # type: ignore[arg-type]
    assert not band.triggered_by(band.low)
    assert not band.triggered_by(band.high)
    assert on_tick(band.low, DAY)
    assert on_tick(band.high, DAY)
    assert band.triggered_by(band.high + tick(band.high + Decimal("0.0001"), DAY))
    assert band.triggered_by(band.low - tick(band.low, DAY))
    assert band.percent == percent


def test_there_was_no_volatility_band_before_its_days() -> None:
    with pytest.raises(NoLimit):
        volatility_band("56.90", date(2016, 8, 21))
    with pytest.raises(NoLimit):
        volatility_band("56.90", date(2020, 5, 10), "mid")
    assert volatility_band("56.90", date(2020, 5, 10)).percent == 10
