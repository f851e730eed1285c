"""Daily price limits of A-shares: which board a code is on, its limit on a day, and what the price did about it.

Limit price = previous close x (1 +- limit), rounded half-up to the fen. All of it in whole numbers: 4.26 at 10 % is
4.686 and so 4.69, never what a binary fraction makes of it. Sources: SSE and SZSE Trading Rules (2023 revision), on
price limits; SZSE, special rules for ChiNext (in force 24 August 2020); SSE, special rules for STAR (22 July 2019);
BSE Trading Rules (15 November 2021); ST shares of the main boards from 5 to 10 % on 6 July 2026.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum

import msgspec

from drumroll.errors import NoLimit
from drumroll.market.ticks import FEN_UNITS, price_of, units_of


class Board(StrEnum):
    """Where an A-share is listed."""

    MAIN = "main"
    CHINEXT = "chinext"
    STAR = "star"
    BEIJING = "beijing"


BOARD_OF_PREFIX: dict[str, Board] = {
    **dict.fromkeys(("600", "601", "603", "605", "000", "001", "002", "003"), Board.MAIN),
    **dict.fromkeys(("300", "301", "302"), Board.CHINEXT),
    **dict.fromkeys(("688", "689"), Board.STAR),
    **dict.fromkeys(("43", "8", "92"), Board.BEIJING),
}

CHINEXT_TWENTY_SINCE = date(2020, 8, 24)
ST_TEN_SINCE = date(2026, 7, 6)
MAIN_FREE_DAYS_SINCE = date(2023, 4, 10)
"""The registration system on the main boards: from here on the first five sessions of a new share have no limit."""

FREE_SESSIONS = 5
FIRST_DAY_UP_PERCENT, FIRST_DAY_DOWN_PERCENT = 44, 36
"""Before that, the first session was bounded by 144 % and 64 % of the issue price."""

HALF_FEN = 100 * FEN_UNITS // 2
"""Half a fen, in ten-thousandths of a hundredth: what half-up adds before it cuts off."""

_CODE = re.compile(r"(\d{6})(?:\.(SH|SS|SZ|BJ))?")
_MARKET_OF_BOARD = {"6": ("SH", "SS"), "0": ("SZ",), "3": ("SZ",), "4": ("BJ",), "8": ("BJ",), "9": ("BJ",)}
_RISK_WARNING = re.compile(r"S?\*?ST", re.IGNORECASE)


class Limits(msgspec.Struct, frozen=True):
    """A day's limits. Percentages and prices are ``None`` on a day without any; ``why`` says by which rule."""

    board: Board
    up_percent: int | None
    down_percent: int | None
    up: Decimal | None
    down: Decimal | None
    why: str


class Rule(msgspec.Struct, frozen=True):
    """How far a price may move up and down from the previous close, in percent (``None``: no limit), and why."""

    up_percent: int | None
    down_percent: int | None
    why: str


def board_of(code: str) -> Board:
    """The board of an A-share code: six digits, with or without the market (``300697``, ``300697.SZ``).

    Raises:
        NoLimit: no board has such a code (a B-share, a fund, an index, a Hong Kong share).
    """
    found = _CODE.fullmatch(code)
    board = _board_of_digits(found[1]) if found else None
    if found is None or board is None or (found[2] and found[2] not in _MARKET_OF_BOARD[found[1][0]]):
        raise NoLimit(f"{code!r} is the code of no A-share board: found none of {', '.join(BOARD_OF_PREFIX)}")
    return board


def _board_of_digits(digits: str) -> Board | None:
    return next((board for prefix, board in BOARD_OF_PREFIX.items() if digits.startswith(prefix)), None)


def is_risk_warning(name: str) -> bool:
    """Whether a share's name begins with the mark of a risk warning: ST, *ST, SST or S*ST."""
    return _RISK_WARNING.match(name.strip()) is not None


def rule_of(board: Board, on: date, risk_warning: bool = False, session_number: int | None = None) -> Rule:
    """The limit of a board on a day. ``session_number``: 1 is the first session since listing; ``None``: long ago."""
    if session_number is not None:
        if session_number < 1:
            raise NoLimit(f"found session {session_number} since listing, allowed: 1 or more")
        new = _rule_of_new(board, on, session_number)
        if new is not None:
            return new
    percent, why = _percent(board, on, risk_warning)
    return Rule(percent, percent, why)


def _rule_of_new(board: Board, on: date, number: int) -> Rule | None:
    """The first sessions. The rule at listing is taken from the day, a few sessions later at most."""
    if board == Board.BEIJING:
        return Rule(None, None, "Beijing: no limit on the first session") if number == 1 else None
    since = {Board.MAIN: MAIN_FREE_DAYS_SINCE, Board.CHINEXT: CHINEXT_TWENTY_SINCE}.get(board)
    if since is None or on >= since:
        free = number <= FREE_SESSIONS
        return Rule(None, None, f"{board}: no limit on the first {FREE_SESSIONS} sessions") if free else None
    if number > 1:
        return None
    why = f"{board} before {since}: 44 % up and 36 % down from the issue price on the first session"
    return Rule(FIRST_DAY_UP_PERCENT, FIRST_DAY_DOWN_PERCENT, why)


def _percent(board: Board, on: date, risk_warning: bool) -> tuple[int, str]:
    if board == Board.BEIJING:
        return 30, "Beijing: 30 %"
    if board == Board.STAR:
        return 20, "STAR: 20 %"
    if board == Board.CHINEXT and on >= CHINEXT_TWENTY_SINCE:
        return 20, f"ChiNext since {CHINEXT_TWENTY_SINCE}: 20 %"
    if board == Board.CHINEXT:
        return 10, f"ChiNext before {CHINEXT_TWENTY_SINCE}: 10 %"
    if risk_warning and on < ST_TEN_SINCE:
        return 5, f"main board, risk warning, before {ST_TEN_SINCE}: 5 %"
    return 10, "main board: 10 %"


def limit_units(previous_units: int, percent: int, at_least_a_tick: bool = False) -> int:
    """The limit price for a move of ``percent`` (negative: down), all in ten-thousandths; half-up to the fen."""
    fen = (previous_units * (100 + percent) + HALF_FEN) // (100 * FEN_UNITS)
    if at_least_a_tick and abs(fen * FEN_UNITS - previous_units) < FEN_UNITS:
        fen = previous_units // FEN_UNITS + (1 if percent > 0 else -1)
        return max(fen, 1) * FEN_UNITS
    return fen * FEN_UNITS


def limits(
    code: str,
    prev_close: float | Decimal | str,
    on: date,
    *,
    risk_warning: bool = False,
    session_number: int | None = None,
    at_least_a_tick: bool = False,
) -> Limits:
    """The price limits of an A-share on a day, from the previous close (the issue price, on a first session).

    ``at_least_a_tick`` widens a limit that rounds to the previous close itself (prices of a few fen) to one fen
    from it, as exchanges' rules have it for such prices; without it the limit is the rounded product and nothing else.

    Raises:
        NoLimit: no board has the code, or the previous close is no price.

    >>> limits("000700", "4.26", date(2025, 6, 27)).up
    Decimal('4.69')
    """
    board = board_of(code)
    previous = units_of(prev_close)
    rule = rule_of(board, on, risk_warning, session_number)
    if rule.up_percent is None or rule.down_percent is None:
        return Limits(board, None, None, None, None, rule.why)
    up = limit_units(previous, rule.up_percent, at_least_a_tick)
    down = limit_units(previous, -rule.down_percent, at_least_a_tick)
    return Limits(board, rule.up_percent, rule.down_percent, price_of(up), price_of(down), rule.why)


def at_limit(limit: Decimal | None, price: float | Decimal | str) -> bool:
    """Whether a price stands at a limit; never where there is none."""
    return limit is not None and units_of(price) == units_of(limit)
