"""What the share, its suppliers and its rivals did on the day, and what their price limits were."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from drumroll.errors import NoLimit
from drumroll.market.day import Change, exact
from drumroll.market.limit_days import STATES, limit_states, with_limits
from drumroll.market.limits import Rule, board_of, rule_of
from drumroll.market.question import Asked, Role
from drumroll.market.report_values import LimitRow


def limit_rows(asked: Asked, daily: pl.DataFrame, sessions: dict[str, date]) -> tuple[LimitRow, ...]:
    """A row for each code: a limit is known by its rule even where there is no quote."""
    quotes = daily.filter(pl.col("code").is_in(list(asked.roles)))
    states = limit_states(with_limits(quotes))
    rows = []
    for code, role in asked.roles.items():
        session = sessions.get(asked.exchange_of(code))
        found = states.filter(pl.col("code") == code, pl.col("date").is_in([session])).head(1).to_dicts()
        lack = "no session" if session is None else f"no quote on {session}" if code in states["code"] else "no quotes"
        rows.append(_row(code, role, session, found[0] if found else {}, lack))
    return tuple(rows)


def _row(code: str, role: Role, session: date | None, quote: dict[str, Any], lack: str) -> LimitRow:
    board, rule = _rule(code, session)
    previous, close = _decimal(quote.get("prev_close")), _decimal(quote.get("close"))
    return LimitRow(
        code=code,
        role=role,
        session=session,
        board=board,
        limit_percent=rule.up_percent,
        rule=rule.why,
        prev_close=previous,
        close=close,
        percent=None if previous is None or close is None else Change("close", close, previous).percent(),
        limit_up=_decimal(quote.get("limit_up")),
        limit_down=_decimal(quote.get("limit_down")),
        state=_state(quote),
        streak=max(quote.get("streak_up") or 0, quote.get("streak_down") or 0),
        missing="" if quote else lack,
    )


def _rule(code: str, session: date | None) -> tuple[str, Rule]:
    try:
        board = board_of(code)
    except NoLimit:
        return "", Rule(None, None, "no daily limit")
    if session is None:
        return str(board), Rule(None, None, "no session for the event")
    return str(board), rule_of(board, session)


def _state(quote: dict[str, Any]) -> str:
    """``sealed up``, ``broken down``, ...: touched is said only where it was neither."""
    held = [name for name in STATES if quote.get(name) and not name.startswith("touched")]
    return " and ".join(name.replace("_", " ") for name in held)


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else exact(value)
