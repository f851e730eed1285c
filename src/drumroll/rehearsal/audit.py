"""The audit: recounts the log, and holds it against what the customers were told."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from drumroll.domain.times import rfc3339
from drumroll.errors import DamagedLog
from drumroll.log.base import Block
from drumroll.rehearsal.recount import LAUNCH_FIRST, RULES, Faults, Recount
from drumroll.rehearsal.told import Told, ToldOrder

READABLE = "the log reads back as it was written"
NOT_LOST = "every acknowledged order is in the log, as it was told"
NOT_DOUBLED = "every order in the log was acknowledged, once"
PAYMENTS_TOLD = "every deposit was counted as its payer was told"
REFUNDS_TOLD = "refunds owed are exactly those that were promised"
BOARD = "the last board equals the recount"
_TOLD_RULES = (NOT_LOST, NOT_DOUBLED, PAYMENTS_TOLD, REFUNDS_TOLD, BOARD)
_SECONDS_SINGLY = 300
_SECONDS_STEP = 10


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at: whether it holds, how often it does not, and examples."""

    rule: str
    ok: bool
    faults: int
    examples: list[str]


class Audit(msgspec.Struct):
    """The outcome. ``figures`` are counted from the log alone; ``curve`` is (seconds since opening, orders firm)."""

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
                _compare_board(recount, told.board or {}, faults)
    except DamagedLog as error:
        faults.add(READABLE, str(error))
    if recount.launch is None:
        faults.add(LAUNCH_FIRST, "no launch was ever set")
    recount.check_money()
    lost = doubled = 0
    if told is not None:
        if told.board is not None and not board_seen:
            faults.add(BOARD, f"it shows block {position}; the log ends at block {recount.position}")
        lost, doubled = _compare_orders(recount, told, faults)
        _compare_payments(recount, told, faults)
        _compare_refunds(recount, told, faults)
    return _outcome(recount, lost, doubled, compared=told is not None)


def _outcome(recount: Recount, lost: int, doubled: int, *, compared: bool) -> Audit:
    faults = recount.faults
    rules = (READABLE, *RULES, *(_TOLD_RULES if compared else ()))
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
    )


def _reason(check: Check) -> str:
    times = "" if check.faults == 1 else f" ({check.faults} times)"
    return f"not so: {check.rule}{times}; {check.examples[0]}"


def _figures(recount: Recount) -> dict[str, int]:
    by_state: Counter[str] = Counter()
    for (_, _, state), count in recount.states.items():
        by_state[state] += count
    owed = [*recount.owed.values(), *recount.paid_back.values()]
    currency = recount.launch.currency if recount.launch else ""
    return {
        "blocks": recount.position,
        "starts": recount.starts,
        "orders": len(recount.orders),
        "customers": len(recount.live_of),
        "firm": by_state["firm"],
        "firm_headline": recount.firm,
        "reserved": by_state["reserved"],
        "expired": by_state["expired"],
        "expired_ever": recount.expired_ever,
        "revived": recount.revived,
        "cancelled": by_state["cancelled"],
        "payments": len(recount.payments),
        "money_in_minor": recount.money_in[currency],
        "held_minor": recount.held_minor(),
        "refunds_owed": len(owed),
        "refunds_owed_minor": sum(amount for _, amount, of in owed if of == currency),
        "refunds_paid": len(recount.paid_back),
    }


def _states(recount: Recount) -> dict[str, dict[str, int]]:
    states: dict[str, dict[str, int]] = {}
    for (model, trim, state), count in recount.states.items():
        states.setdefault(f"{model}/{trim}", {})[state] = count
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
    return [(at, _at(seconds, firm, at)) for at in dict.fromkeys(points)]


def _at(seconds: list[int], firm: list[int], second: int) -> int:
    row = bisect_right(seconds, second)
    return firm[row - 1] if row else 0


# What the customers were told


def _compare_orders(recount: Recount, told: Told, faults: Faults) -> tuple[int, int]:
    known: dict[str, ToldOrder] = {}
    keys: dict[tuple[str, str], str] = {}
    lost = doubled = 0
    for order in told.orders:
        if known.setdefault(order.order_id, order) is not order:
            doubled += 1
            faults.add(NOT_DOUBLED, f"order {order.order_id} was acknowledged to two keys")
        if keys.setdefault((order.customer, order.key), order.order_id) != order.order_id:
            doubled += 1
            faults.add(NOT_DOUBLED, f"key {order.key} of {order.customer} was answered with two orders")
        why = _why_lost(recount, order)
        if why:
            lost += 1
            faults.add(NOT_LOST, f"order {order.order_id} {why}")
    for order_id in recount.orders:
        if order_id not in known:
            doubled += 1
            faults.add(NOT_DOUBLED, f"order {order_id} is in the log and was acknowledged to nobody")
    return lost, doubled + faults.count["every order was made once"]


def _why_lost(recount: Recount, order: ToldOrder) -> str:
    seen = recount.orders.get(order.order_id)
    if seen is None:
        return "was acknowledged and is not in the log"
    has = (seen.customer, seen.model, seen.trim, seen.price_minor)
    said = (order.customer, order.model, order.trim, order.price_minor)
    return "" if has == said else f"was told as {said}, and is {has}"


def _compare_payments(recount: Recount, told: Told, faults: Faults) -> None:
    """An outcome ``already_counted`` goes with whatever it was counted as; a payment must have been told of."""
    spoken_of = set()
    for payment in told.payments:
        spoken_of.add(payment.payment_id)
        counted = recount.payments.get(payment.payment_id)
        if counted is None:
            faults.add(PAYMENTS_TOLD, f"payment {payment.payment_id} was {payment.outcome}, and is not in the log")
            continue
        order_id, amount_minor, currency, outcome = counted
        said = (payment.order_id, payment.amount_minor, payment.currency)
        if (order_id, amount_minor, currency) != said or payment.outcome not in (outcome, "already_counted"):
            faults.add(PAYMENTS_TOLD, f"payment {payment.payment_id} was {payment.outcome} {said}, and is {counted}")
    for payment_id in recount.payments:
        if payment_id not in spoken_of:
            faults.add(PAYMENTS_TOLD, f"payment {payment_id} is in the log and was told to nobody")


def _compare_refunds(recount: Recount, told: Told, faults: Faults) -> None:
    owed = {**recount.owed, **recount.paid_back}
    promised = {payment.payment_id for payment in told.payments if payment.outcome == "owed_back"}
    unclear = {payment.payment_id for payment in told.payments if payment.outcome == "already_counted"}
    for payment_id in promised - owed.keys():
        faults.add(REFUNDS_TOLD, f"payment {payment_id} was promised back, and is not owed")
    by_cancellation: Counter[str] = Counter()
    for payment_id, (order_id, amount_minor, _) in owed.items():
        if recount.payments.get(payment_id, ("", 0, "", ""))[3] == "firm":
            by_cancellation[order_id] += amount_minor
        elif payment_id not in promised and payment_id not in unclear:
            faults.add(REFUNDS_TOLD, f"payment {payment_id} is owed back, and nobody was told")
    for order_id in by_cancellation.keys() | told.cancelled.keys():
        said, has = told.cancelled.get(order_id), by_cancellation[order_id]
        if said != has:
            faults.add(REFUNDS_TOLD, f"order {order_id}: the customer was told {said}, {has} is owed (minor units)")
    for order_id in told.cancelled:
        seen = recount.orders.get(order_id)
        if seen is not None and seen.state != "cancelled":
            faults.add(REFUNDS_TOLD, f"order {order_id} was told to be cancelled, and is {seen.state}")


# The board


def _compare_board(recount: Recount, board: dict[str, Any], faults: Faults) -> None:
    """Compare a board with the count at the board's own block."""
    launch = recount.launch
    if launch is None:
        return
    totals: Counter[str] = Counter()
    for trim in board["trims"]:
        for state in ("reserved", "firm", "expired", "cancelled"):
            counted = recount.states[trim["model"], trim["trim"], state]
            totals[state] += counted
            _same(faults, f"{trim['model']}/{trim['trim']} {state}", trim[state], counted)
    for state, shown in board["totals"].items():
        _same(faults, state, shown, totals[state])
    _same(faults, "firm of the headline models", board["totals"]["firm"], recount.firm)
    shown_at = [(row["firm"], row["at"]) for row in board["milestones"]]
    _same(faults, "milestones", shown_at, [(firm, rfc3339(at, launch.time_zone)) for firm, at in recount.milestones])
    seconds = [second - launch.opens_at_ms // 1000 for second, _ in recount.curve]
    firm = [count for _, count in recount.curve]
    for second, shown in board["curve"]:
        _same(faults, f"curve at {second} s", shown, _at(seconds, firm, int(second)))


def _same(faults: Faults, what: str, shown: object, counted: object) -> None:
    if shown != counted:
        faults.add(BOARD, f"{what}: the board shows {shown}, the recount gives {counted}")
