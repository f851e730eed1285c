"""The audit: recounts the log, and holds it against what the customers were told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from drumroll.errors import DamagedLog
from drumroll.log.base import Block
from drumroll.rehearsal.audit_board import at, compare_board
from drumroll.rehearsal.audit_rules import BOARD, LAUNCH_FIRST, READABLE, RULES, TOLD_RULES
from drumroll.rehearsal.audit_told import compare_told
from drumroll.rehearsal.recount import Recount
from drumroll.rehearsal.recount_seen import LOCKED_OR_LATER, STANDING
from drumroll.rehearsal.told import Told

_SECONDS_SINGLY = 300
_SECONDS_STEP = 10
_HAPPENED = (
    *("imported", "changed", "corrected", "conversions", "reverted", "early_locks", "locks_undone", "offered"),
    "withdrawn",
)


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at: whether it holds, how often it does not, and examples."""

    rule: str
    ok: bool
    faults: int
    examples: list[str]


class Audit(msgspec.Struct):
    """The outcome. ``figures`` are counted from the log alone; ``curve`` is (seconds since opening, orders firm).

    ``promised`` says when new orders were told other weeks: (orders made, model, trim, first and last week from then).
    """

    go: bool
    reasons: list[str]
    checks: list[Check]
    figures: dict[str, int]
    states: dict[str, dict[str, int]]
    lost: int
    doubled: int
    curve: list[tuple[int, int]]
    milestones: list[tuple[int, float]]
    launch: str
    promised: list[tuple[int, str, str, int, int]] = []


def audit(blocks: Iterable[Block], told: Told | None = None) -> Audit:
    """Recount the blocks and compare. Never raises for what it finds: a damaged log is a finding too."""
    recount = Recount()
    faults = recount.faults
    board_seen = False
    position = told.board.get("position") if told is not None and told.board is not None else None
    try:
        for block in blocks:
            recount.block(block)
            if told is not None and block.position == position:
                board_seen = True
                compare_board(recount, told.board or {}, faults)
    except DamagedLog as error:
        faults.add(READABLE, str(error))
    if recount.launch is None:
        faults.add(LAUNCH_FIRST, "no launch was ever set")
    recount.check_money()
    lost = doubled = 0
    if told is not None:
        if told.board is not None and not board_seen:
            faults.add(BOARD, f"it shows block {position}; the log ends at block {recount.position}")
        lost, doubled = compare_told(recount, told)
    return _outcome(recount, lost, doubled, compared=told is not None)


def _outcome(recount: Recount, lost: int, doubled: int, *, compared: bool) -> Audit:
    faults = recount.faults
    rules = (READABLE, *RULES, *(TOLD_RULES if compared else ()))
    checks = [Check(rule, not faults.count[rule], faults.count[rule], faults.examples.get(rule, [])) for rule in rules]
    reasons = [_reason(check) for check in checks if not check.ok]
    launch = recount.launch
    milestones = [(firm, (at_ms - launch.opens_at_ms) / 1000) for firm, at_ms in recount.milestones] if launch else []
    return Audit(
        go=not reasons,
        reasons=reasons,
        checks=checks,
        figures=_figures(recount),
        states=_states(recount),
        lost=lost,
        doubled=doubled,
        curve=_sampled(recount),
        milestones=milestones,
        launch=launch.id if launch else "",
        promised=recount.promises.curve,
    )


def _reason(check: Check) -> str:
    times = "" if check.faults == 1 else f" ({check.faults} times)"
    return f"not so: {check.rule}{times}; {check.examples[0]}"


def _figures(recount: Recount) -> dict[str, int]:
    by_state: Counter[str] = Counter()
    for counts in recount.states.values():
        by_state.update(counts)
    tally = recount.tally
    return {
        "blocks": recount.position,
        "starts": tally["starts"],
        "orders": len(recount.orders),
        "customers": len(recount.customers),
        "firm": by_state["firm"],
        "standing": sum(by_state[state] for state in STANDING),
        "firm_headline": recount.firm,
        "locked": sum(by_state[state] for state in LOCKED_OR_LATER),
        "delivered": by_state["delivered"],
        "converted": sum(recount.converted.values()),
        "reserved": by_state["reserved"],
        "expired": by_state["expired"],
        "expired_ever": tally["expired"],
        "revived": tally["revived"],
        "cancelled": by_state["cancelled"],
        "forfeited": by_state["forfeited"],
        **{name: tally[name] for name in _HAPPENED},
        "waiting": len(recount.waits),
        **_promised(recount),
        **_money(recount),
    }


def _promised(recount: Recount) -> dict[str, int]:
    """How many orders were promised weeks as they were made, and how many of them may miss a day that matters."""
    promises = recount.promises
    promises.settle()
    counts = promises.counts
    if promises.weeks is None and not counts["made"]:
        return {}
    return {
        "promised": counts["made"],
        "promised_nothing": counts["unpromised"],
        "may_miss_a_day": counts["may_cross"],
        "will_miss_a_day": counts["will_cross"],
        "promised_anew_by_plans": counts["planned"],
    }


def _money(recount: Recount) -> dict[str, int]:
    """Payments and refunds; the amounts are those in the launch's currency. Refunds owed are all that ever were."""
    currency, kept = recount.currency, recount.kept()
    owed, paid = recount.owed.values(), recount.paid_back.values()
    still_minor = sum(refund[1] for refund in owed if refund[2] == currency)
    paid_minor = sum(refund[1] for refund in paid if refund[2] == currency)
    return {
        "payments": len(recount.payments),
        "money_in_minor": recount.money_in[currency],
        **{f"{name}_minor": amount_minor for name, amount_minor in kept.items()},
        "refunds_owed": len(owed) + len(paid),
        "refunds_owed_minor": still_minor + paid_minor,
        "refunds_paid": len(paid),
        "refunds_paid_minor": paid_minor,
        "still_owed_minor": still_minor,
    }


def _states(recount: Recount) -> dict[str, dict[str, int]]:
    states: dict[str, dict[str, int]] = {}
    for (model, trim), counts in recount.states.items():
        states[f"{model}/{trim}"] = {state: count for state, count in counts.items() if count}
    return states


def _sampled(recount: Recount) -> list[tuple[int, int]]:
    """The curve second by second at first, later every ten seconds, to its end (an hour or so)."""
    if recount.launch is None or not recount.curve:
        return []
    opening = recount.launch.opens_at_ms // 1000
    seconds = [second - opening for second, _ in recount.curve]
    last = min(seconds[-1], 24 * 3600)
    points = [*range(min(last, _SECONDS_SINGLY) + 1), *range(_SECONDS_SINGLY, last + _SECONDS_STEP, _SECONDS_STEP)]
    firm = [firm for _, firm in recount.curve]
    return [(point, at(seconds, firm, point)) for point in dict.fromkeys(points)]
