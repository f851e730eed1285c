"""Orders that production moved, from a file: ``order_id,state`` in each row."""

from __future__ import annotations

import re
from pathlib import Path

from drumroll.domain.states import Move, State, leads
from drumroll.exchange.faults import Faults
from drumroll.exchange.sheets import Columns, read_rows

COLUMNS = Columns(("order_id", "state"))
_ORDER_ID = re.compile(r"[!-~]{1,64}")
_STATES = tuple(
    to.value for to in State if any(leads(move, one, to) for move in (Move.ADVANCE, Move.SET_BACK) for one in State)
)


def read_moves(path: str | Path) -> tuple[tuple[str, str], ...]:
    """The orders of a file and the state that each is in now, in the order of the file.

    Raises:
        FileUnfit: the file can't be read, or (``FileMistakes``) with every mistake that is in it.
    """
    faults = Faults(str(path))
    moves: list[tuple[str, str]] = []
    line_of: dict[str, int] = {}
    for line, values in read_rows(Path(path), COLUMNS, faults):
        order_id, state = values["order_id"], values["state"]
        if not isinstance(order_id, str) or not _ORDER_ID.fullmatch(order_id):
            faults.add(line, "order_id", order_id, "the id of an order")
        elif line_of.setdefault(order_id, line) != line:
            faults.add(line, "order_id", order_id, "each order once", f"it is in line {line_of[order_id]} too")
        if state not in _STATES:
            faults.add(line, "state", state, ", ".join(_STATES))
        moves.append((order_id, state))
    if not moves and not faults.count:
        faults.add(0, "file", "no rows", "at least one order")
    faults.refuse()
    return tuple(moves)
