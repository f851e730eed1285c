"""What operators may do. Each command carries a name and a reason, and what comes of it is an event like any other."""

from __future__ import annotations

from typing import Any

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.book import Book, Order
from drumroll.domain.decide_changes import changed
from drumroll.domain.decided import (
    Decision,
    any_order,
    settled,
    state_refusal,
    unknown_model,
    unknown_trim,
    wrong_state,
)
from drumroll.domain.refusal import Code, Refusal
from drumroll.domain.states import FIRM, LOCKED, RESERVED, SCHEDULED, UNDELIVERED, Move, State, leads, may
from drumroll.domain.times import rfc3339

CORRECTABLE = (RESERVED, FIRM, LOCKED, SCHEDULED)
FAULTS_SHOWN = 1000


def set_sales(book: Book, command: cmd.SetSales, at_ms: int) -> Decision:
    """Open, close, pause or resume."""
    assert book.launch is not None
    if command.model and book.launch.model(command.model) is None:
        return unknown_model(book.launch, command.model)
    return (
        ev.SalesSet(command.action, command.model, command.operator, command.reason, command.key, command.fingerprint),
    )


def set_cap(book: Book, command: cmd.SetCap, at_ms: int) -> Decision:
    """Another cap. It may lie below what is taken: then nothing more is."""
    assert book.launch is not None
    model = book.launch.model(command.model)
    if command.model and model is None:
        return unknown_model(book.launch, command.model)
    if command.trim and model is None:
        message = f"A cap of trim {command.trim!r} needs the model that it is a trim of."
        return Refusal(Code.UNKNOWN_MODEL, message, {"models": [one.id for one in book.launch.models]})
    if command.trim and model is not None and command.trim not in [trim.id for trim in model.trims]:
        return unknown_trim(model, command.trim)
    return (
        ev.CapSet(
            command.model,
            command.trim,
            command.cap,
            command.operator,
            command.reason,
            command.key,
            command.fingerprint,
        ),
    )


def move_window(book: Book, command: cmd.MoveWindow, at_ms: int) -> Decision:
    """Another closing of a conversion window, still to come."""
    launch = book.launch
    assert launch is not None
    windows = {window.id: window for window in launch.conversions}
    window = windows.get(command.window)
    if window is None:
        message = f"There is no conversion window {command.window!r}; there are: {', '.join(windows) or 'none'}."
        return Refusal(Code.UNKNOWN_WINDOW, message, {"windows": list(windows)})
    earliest_ms = max(at_ms, window.opens_at_ms)
    if command.closes_at_ms <= earliest_ms:
        after = rfc3339(earliest_ms, launch.time_zone)
        return Refusal(Code.INVALID_TIME, f"A window can close after {after} only.", {"after": after})
    return (
        ev.WindowMoved(
            command.window,
            command.closes_at_ms,
            command.operator,
            command.reason,
            command.key,
            command.fingerprint,
        ),
    )


def correct(book: Book, command: cmd.Correct, at_ms: int) -> Decision:
    """What an order is for, set right until its production begins."""
    order = any_order(book, command.order_id)
    if isinstance(order, Refusal):
        return order
    state = order.state_at(at_ms)
    if state not in CORRECTABLE:
        return state_refusal(order, state, [one.value for one in CORRECTABLE], "be corrected")
    event = changed(book, order, command, at_ms)
    return event if isinstance(event, Refusal) else (*settled(order, at_ms), event)


def withdraw(book: Book, command: cmd.Withdraw, at_ms: int) -> Decision:
    """Cancel somebody's order, with the money back or (once locked) without."""
    order = any_order(book, command.order_id)
    if isinstance(order, Refusal):
        return order
    state = order.state_at(at_ms)
    if not may(Move.WITHDRAW, state):
        return wrong_state(order, state, Move.WITHDRAW, "be cancelled by an operator")
    if not command.refund and state not in UNDELIVERED:
        allowed = [one.value for one in State if one in UNDELIVERED]
        return state_refusal(order, state, allowed, "be cancelled without a refund")
    held_minor = order.held_minor
    refund_minor, forfeited_minor = (held_minor, 0) if command.refund else (0, held_minor)
    event = ev.OrderWithdrawn(
        order.id,
        refund_minor,
        forfeited_minor,
        command.operator,
        command.reason,
        command.key,
        command.fingerprint,
    )
    return (*settled(order, at_ms), event)


def grant_refund(book: Book, command: cmd.GrantRefund, at_ms: int) -> Decision:
    """Give back what was given up, or part of it."""
    order = any_order(book, command.order_id)
    if isinstance(order, Refusal):
        return order
    if not 1 <= command.amount_minor <= order.forfeited_minor:
        most = order.forfeited_minor
        message = f"Of order {order.id} {most} (minor units) are forfeited; found {command.amount_minor}, allowed: "
        allowed = f"1 to {most}." if most else "nothing. To give back what is held, cancel the order with a refund."
        return Refusal(Code.INVALID_AMOUNT, message + allowed, {"forfeited_minor": most})
    return (
        ev.RefundGranted(
            order.id, command.amount_minor, command.operator, command.reason, command.key, command.fingerprint
        ),
    )


def move_orders(book: Book, command: cmd.MoveOrders, at_ms: int) -> Decision:
    """Move orders one step in production: all of them, or (with every fault named) none."""
    faults: list[dict[str, Any]] = []
    seen: set[str] = set()
    moved: dict[str, list[str]] = {}
    before: list[ev.Event] = []
    for row, (order_id, state) in enumerate(command.moves, 1):
        order = book.orders.get(order_id)
        why = _why_not_moved(order, order_id, state, seen, at_ms)
        if why or order is None:
            faults.append({"row": row, "order_id": order_id, "state": state, "reason": why})
            continue
        before += settled(order, at_ms)
        moved.setdefault(state, []).append(order_id)
    if faults or not moved:
        return _not_moved(faults)
    keys = [(command.key, command.fingerprint)] + [(b"", b"")] * len(moved)
    events = [
        ev.OrdersMoved(state, tuple(ids), command.operator, command.reason, *key)
        for (state, ids), key in zip(moved.items(), keys, strict=False)
    ]
    return (*before, *events)


def _why_not_moved(order: Order | None, order_id: str, state: str, seen: set[str], at_ms: int) -> str:
    if order_id in seen:
        return "this order stands here twice"
    seen.add(order_id)
    if order is None:
        return f"there is no order {order_id}"
    stands = order.state_at(at_ms)
    if state not in [one.value for one in State]:
        return f"there is no state {state!r}"
    to = State(state)
    if not leads(Move.ADVANCE, stands, to) and not leads(Move.SET_BACK, stands, to):
        ways = [one.value for one in State if leads(Move.ADVANCE, stands, one) or leads(Move.SET_BACK, stands, one)]
        return f"it is {stands.value}; from there it can go to {' or '.join(ways) if ways else 'nothing more'}"
    if to is SCHEDULED and order.due_minor:
        return f"{order.due_minor} (minor units) of its deposit are still to be paid"
    return ""


def _not_moved(faults: list[dict[str, Any]]) -> Refusal:
    if not faults:
        return Refusal(Code.INVALID_MOVES, "Name at least one order to move.", {"faults": []})
    message = f"{len(faults)} of the orders can't be moved so; none was. The first: {faults[0]['reason']}."
    return Refusal(Code.INVALID_MOVES, message, {"faults": faults[:FAULTS_SHOWN], "fault_count": len(faults)})


def import_orders(book: Book, command: cmd.ImportOrders, at_ms: int) -> Decision:
    """Take over orders from elsewhere. What the rows say by themselves was looked at where they were read."""
    faults: list[dict[str, Any]] = []
    new: list[ev.Event] = []
    payments: set[str] = set()
    references: set[str] = set()
    for index, row in enumerate(command.rows):
        known = book.references.get(row.reference)
        if known == row.digest:
            continue
        fault = _import_fault(book, row, known, payments, references)
        if fault is not None:
            faults.append({"index": index, **fault})
        payments.add(row.payment_id)
        references.add(row.reference)
        new.append(row)
    if faults:
        message = f"{len(faults)} of the orders can't be imported; none was."
        return Refusal(Code.INVALID_IMPORT, message, {"faults": faults[:FAULTS_SHOWN], "fault_count": len(faults)})
    return tuple(new)


def _import_fault(
    book: Book, row: ev.OrderImported, known: bytes | None, payments: set[str], references: set[str]
) -> dict[str, str] | None:
    if known is not None:
        return _fault("reference", row.reference, "a row like the one imported before", "it was imported before")
    if row.reference in references:
        return _fault("reference", row.reference, "each reference once", "it stands in these rows twice")
    if row.payment_id in book.payments or row.payment_id in payments:
        return _fault("payment_id", row.payment_id, "a payment of this order alone", "it is another order's")
    if row.order_id in book.orders or row.order_id in book.entries:
        return _fault("reference", row.reference, "a reference of its own", "its order number is taken")
    if (row.model, row.trim) not in book.tallies:
        return _fault("model", f"{row.model}/{row.trim}", "a trim of the launch", "it is not on offer")
    return None


def _fault(field: str, found: str, allowed: str, reason: str) -> dict[str, str]:
    return {"field": field, "found": found, "allowed": allowed, "reason": reason}
