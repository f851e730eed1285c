"""The board's stream as text: the whole board first, and then what is new of it. Pure.

Server-sent events (WHATWG HTML, section 9.2). The data of each is one JSON object:

- ``board``: all of ``GET /v1/board``. The first event of a stream, and whenever a change can't say what happened.
- ``change``: ``now``, and the fields of the board that are no longer as they were. Of ``totals`` the counts that
  changed. ``trims`` has an object for each row of the board, in its order, with what changed of it (``{}``: nothing).
  Of ``curve`` the rows that are new or changed: each takes the place of the row with its second, or is put at the end.

Every value is what holds now and none is a difference, so a change that comes twice does no harm.
"""

from __future__ import annotations

from typing import Any

import msgspec

from drumroll.web.messages import BoardTrim, BoardView

RETRY_MS = 1000
"""After how long a browser whose stream has ended opens the next."""

OPENS = b"retry: %d\n" % RETRY_MS
UNREADABLE = b": the log can't be read now\n\n"

_AS_THEY_ARE = ("opens_at", "closes_at", "status", "position", "rate_per_s", "milestones", "next_milestone")


def board_event(view: BoardView) -> bytes:
    """The event that says all."""
    return b"event: board\ndata: " + msgspec.json.encode(view) + b"\n\n"


def change_event(before: BoardView, now: BoardView) -> bytes:
    """The event that says what is new; where the rows of the board are others, it is that of all."""
    if not _same_rows(before, now):
        return board_event(now)
    return b"event: change\ndata: " + msgspec.json.encode(_change(before, now)) + b"\n\n"


def _same_rows(before: BoardView, now: BoardView) -> bool:
    same = before.launch == now.launch and before.sandbox == now.sandbox
    return same and [_row(trim) for trim in before.trims] == [_row(trim) for trim in now.trims]


def _row(trim: BoardTrim) -> tuple[str, str, str, str]:
    return trim.model, trim.model_name, trim.trim, trim.trim_name


def _change(before: BoardView, now: BoardView) -> dict[str, Any]:
    found: dict[str, Any] = {"now": now.now}
    found |= {name: getattr(now, name) for name in _AS_THEY_ARE if getattr(now, name) != getattr(before, name)}
    parts = {
        "totals": _differing(before.totals, now.totals),
        "trims": _trims(before.trims, now.trims),
        "curve": _rows(before.curve, now.curve),
    }
    return found | {name: part for name, part in parts.items() if part}


def _trims(before: list[BoardTrim], now: list[BoardTrim]) -> list[dict[str, Any]]:
    changes = [_differing(one, other) for one, other in zip(before, now, strict=True)]
    return changes if any(changes) else []


def _rows(before: list[tuple[int, int]], now: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Rows from the last known on. The board has a sample of the curve: which of the older rows are in it varies."""
    if not before:
        return now
    return [row for row in now if row[0] >= before[-1][0] and row != before[-1]]


def _differing(before: msgspec.Struct, now: msgspec.Struct) -> dict[str, Any]:
    fields = [name for name in now.__struct_fields__ if getattr(before, name) != getattr(now, name)]
    return {name: getattr(now, name) for name in fields}
