"""Price limits over whole tables of daily quotes: the limits of every row, and what each day did about them."""

from __future__ import annotations

from datetime import date

import polars as pl

from drumroll.market.limits import (
    BOARD_OF_PREFIX,
    CHINEXT_TWENTY_SINCE,
    FIRST_DAY_DOWN_PERCENT,
    FIRST_DAY_UP_PERCENT,
    FREE_SESSIONS,
    HALF_FEN,
    MAIN_FREE_DAYS_SINCE,
    ST_TEN_SINCE,
    Board,
)
from drumroll.market.ticks import FEN_UNITS, UNITS, whole_units

STATES = ("touched_up", "sealed_up", "broken_up", "touched_down", "sealed_down", "broken_down")
STREAKS = ("streak_up", "streak_down")


def with_limits(daily: pl.DataFrame) -> pl.DataFrame:
    """Daily quotes with ``board``, ``limit_up_percent``, ``limit_down_percent``, ``limit_up`` and ``limit_down``.

    Limits that the table gives are kept; the others are computed from ``date``, ``code``, ``prev_close`` and, where
    there are such columns, ``risk_warning`` (Boolean) and ``session_number`` (1: the first session since listing).
    Null: no board has the code, the day has no limit, or there is no previous close. Codes are six digits, with or
    without the market after a point.
    """
    given = [name for name in ("limit_up", "limit_down") if name in daily.columns]
    table = daily.with_columns(board=board_column()).with_columns(**_percents(daily.columns))
    computed = {
        "limit_up": _limit(pl.col("limit_up_percent")),
        "limit_down": _limit(-pl.col("limit_down_percent")),
    }
    filled = {name: pl.coalesce(name, value) if name in given else value for name, value in computed.items()}
    return table.with_columns(**filled)


def board_column(code: str = "code") -> pl.Expr:
    """The board of each code (text, see ``limits.Board``), or null."""
    digits = pl.col(code).str.extract(r"^(\d{6})(?:\.(?:SH|SS|SZ|BJ))?$", 1)
    market = pl.col(code).str.extract(r"\.(SH|SS|SZ|BJ)$", 1)
    board = pl.lit(None, pl.String)
    for prefix, name in BOARD_OF_PREFIX.items():
        board = pl.when(digits.str.starts_with(prefix)).then(pl.lit(str(name))).otherwise(board)
    home = (
        pl.when(digits.str.starts_with("6"))
        .then(market.is_in(["SH", "SS"]))
        .when(digits.str.contains("^[03]"))
        .then(market == "SZ")
        .otherwise(market == "BJ")
    )
    return pl.when(market.is_null() | home).then(board)


def _percents(columns: list[str]) -> dict[str, pl.Expr]:
    board, day = pl.col("board"), pl.col("date")
    warned = pl.col("risk_warning").fill_null(False) if "risk_warning" in columns else pl.lit(False)
    number = pl.col("session_number") if "session_number" in columns else pl.lit(None, pl.Int64)
    usual = _usual(board, day, warned)
    since = _since(board)
    free = pl.when(board == Board.BEIJING).then(number == 1).otherwise((number <= FREE_SESSIONS) & (day >= since))
    bounded = (number == 1) & (day < since) & (board != Board.BEIJING)

    def percent(first_day: int) -> pl.Expr:
        new = pl.when(bounded.fill_null(False)).then(pl.lit(first_day, pl.Int64)).otherwise(usual)
        return pl.when(~free.fill_null(False)).then(new)

    return {"limit_up_percent": percent(FIRST_DAY_UP_PERCENT), "limit_down_percent": percent(FIRST_DAY_DOWN_PERCENT)}


def _usual(board: pl.Expr, day: pl.Expr, warned: pl.Expr) -> pl.Expr:
    main = pl.when(warned & (day < ST_TEN_SINCE)).then(5).otherwise(10)
    chinext = pl.when(day >= CHINEXT_TWENTY_SINCE).then(20).otherwise(10)
    return (
        pl.when(board == Board.MAIN)
        .then(main)
        .when(board == Board.CHINEXT)
        .then(chinext)
        .when(board == Board.STAR)
        .then(20)
        .when(board == Board.BEIJING)
        .then(30)
        .cast(pl.Int64)
    )


def _since(board: pl.Expr) -> pl.Expr:
    """From when on a board's first five sessions are free."""
    return (
        pl.when(board == Board.MAIN)
        .then(pl.lit(MAIN_FREE_DAYS_SINCE))
        .when(board == Board.CHINEXT)
        .then(pl.lit(CHINEXT_TWENTY_SINCE))
        .otherwise(pl.lit(date.min))
    )


def _limit(percent: pl.Expr) -> pl.Expr:
    """The limit price as the double nearest to a whole number of fen, which was computed in whole numbers."""
    fen = (whole_units(pl.col("prev_close")) * (100 + percent) + HALF_FEN) // (100 * FEN_UNITS)
    # Polars divides by multiplying with the reciprocal (6 / 100 is 0.060000000000000005); rounding mends the last bit.
    return (fen / (UNITS // FEN_UNITS)).round(2)


def limit_states(limited: pl.DataFrame) -> pl.DataFrame:
    """What each day did about its limits, sorted by code and date; takes what ``with_limits`` gives.

    ``touched_*``: a trade at the limit (the day's high, or low, reached it). ``sealed_*``: the close is at the limit.
    ``broken_*``: touched, and the close is not there. Null on a day without a limit. ``streak_*``: how many sessions in
    a row with a quote, up to this one, were sealed; 0 if this one is not.
    """
    up, down = whole_units(pl.col("limit_up")), whole_units(pl.col("limit_down"))
    close = whole_units(pl.col("close"))
    table = limited.sort("code", "date").with_columns(
        touched_up=whole_units(pl.col("high")) >= up,
        sealed_up=close == up,
        touched_down=whole_units(pl.col("low")) <= down,
        sealed_down=close == down,
    )
    return table.with_columns(
        broken_up=pl.col("touched_up") & ~pl.col("sealed_up"),
        broken_down=pl.col("touched_down") & ~pl.col("sealed_down"),
        streak_up=_streak("sealed_up"),
        streak_down=_streak("sealed_down"),
    )


def _streak(sealed: str) -> pl.Expr:
    """Rows since the last one of this code that was not sealed."""
    flag = pl.col(sealed).fill_null(False)
    run = (~flag).cum_sum().over("code")
    return flag.cast(pl.Int64).cum_sum().over("code", run)
