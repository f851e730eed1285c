"""The last board against the count at the board's own block."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from typing import Any

from drumroll.domain.times import rfc3339
from drumroll.rehearsal.audit_rules import BOARD, Faults
from drumroll.rehearsal.recount import Recount
from drumroll.rehearsal.recount_seen import LOCKED_OR_LATER, STANDING


def compare_board(recount: Recount, board: dict[str, Any], faults: Faults) -> None:
    """Compare a board with the count at the board's own block."""
    launch = recount.launch
    if launch is None:
        return
    totals: Counter[str] = Counter()
    for trim in board["trims"]:
        counts = _counts(recount, trim["model"], trim["trim"])
        totals.update(counts)
        for name in board["totals"]:
            _same(faults, f"{trim['model']}/{trim['trim']} {name}", trim.get(name), counts.get(name))
    for name, shown in board["totals"].items():
        _same(faults, name, shown, totals[name])
    _same(faults, "firm of the headline models", board["totals"]["firm"], recount.firm)
    shown_at = [(row["firm"], row["at"]) for row in board["milestones"]]
    _same(faults, "milestones", shown_at, [(firm, rfc3339(at, launch.time_zone)) for firm, at in recount.milestones])
    seconds = [second - launch.opens_at_ms // 1000 for second, _ in recount.curve]
    firm = [count for _, count in recount.curve]
    for second, shown in board["curve"]:
        _same(faults, f"curve at {second} s", shown, at(seconds, firm, int(second)))


def _same(faults: Faults, what: str, shown: object, counted: object) -> None:
    if shown != counted:
        faults.add(BOARD, f"{what}: the board shows {shown}, the recount gives {counted}")


def _counts(recount: Recount, model: str, trim: str) -> dict[str, int]:
    """What a board says of a trim: ``firm`` is every deposit that is paid and stands, locked or not."""
    counts = recount.counts(model, trim)
    return {
        "reserved": counts["reserved"],
        "firm": sum(counts[state] for state in STANDING),
        "locked": sum(counts[state] for state in LOCKED_OR_LATER),
        "converted": recount.converted[model, trim],
        "expired": counts["expired"],
        "cancelled": counts["cancelled"],
        "forfeited": counts["forfeited"],
    }


def at(seconds: list[int], firm: list[int], second: int) -> int:
    """How many stood firm at the end of that second, by a curve of two columns."""
    row = bisect_right(seconds, second)
    return firm[row - 1] if row else 0
