"""The operators' trail: what they did, read from the log, the latest first."""

from __future__ import annotations

from typing import Any

import msgspec

from drumroll.domain import events as ev
from drumroll.domain.book import Book
from drumroll.domain.times import rfc3339
from drumroll.domain.weeks import monday
from drumroll.log.base import Block, Log
from drumroll.web.messages_operator import TrailEntry, TrailView
from drumroll.web.problems import Problem

_WHAT: dict[type, str] = {
    ev.SalesSet: "sales",
    ev.CapSet: "cap",
    ev.WindowMoved: "window",
    ev.OrderChanged: "correct",
    ev.OrderWithdrawn: "cancel",
    ev.RefundGranted: "refund",
    ev.RefundPaid: "refund_paid",
    ev.OrdersMoved: "move",
    ev.CapacitySet: "capacity",
    ev.OrderPinned: "pin",
    ev.PlanAccepted: "plan",
}
_SHOWN_IDS = 20
ENTRIES_ENOUGH = 100
EVENTS_READ = 5_000
"""A page ends with the block in which it has so many entries, or has read so many events. A block of the launch
night has hundreds of orders beside an operator's deed, and the event loop that reads it takes the next ones."""
_NOT_SHOWN = {"key", "fingerprint", "operator", "reason", "order_ids", "groups", "promise", "part", "parts"}


def trail(book: Book, log: Log, limit: int, cursor: str | None) -> TrailView:
    """A page of what operators did, in ``limit`` blocks at most.

    Raises:
        LogError: the log can't be read now.
        Problem: the cursor is none.
    """
    assert book.launch is not None
    positions = list(dict.fromkeys(book.trail))
    end = len(positions) if cursor is None else _number(cursor)
    start, entries, read = max(0, end - limit), list[TrailEntry](), 0
    left = positions[start:end]
    while left and len(entries) < ENTRIES_ENOUGH and read < EVENTS_READ:
        block = log.block(left.pop())
        entries += _entries(block, book.launch.time_zone)
        read += len(block.events)
    following = start + len(left)
    return TrailView(entries, str(following) if following else None)


def _number(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 12):
        raise Problem("invalid_request", f"cursor: found {cursor!r}, allowed: the 'next' of the page before.")
    return int(cursor)


def _entries(block: Block, zone: str) -> list[TrailEntry]:
    at = rfc3339(block.at_ms, zone)
    return [_entry(event, at, block.position) for event in block.events if _by_operator(event)]


def _by_operator(event: ev.Event) -> bool:
    return type(event) in _WHAT and bool(getattr(event, "operator", ""))


def _entry(event: Any, at: str, position: int) -> TrailEntry:
    facts = {name: value for name, value in msgspec.structs.asdict(event).items() if name not in _NOT_SHOWN}
    if isinstance(event, ev.OrdersMoved):
        facts |= {"orders": len(event.order_ids), "order_ids": list(event.order_ids[:_SHOWN_IDS])}
    if isinstance(event, ev.WindowMoved):
        facts["closes_at_ms"] = event.closes_at_ms
    if isinstance(event, ev.PlanAccepted):
        facts["orders"] = event.orders
    if isinstance(event, ev.OrderPinned):
        facts["build_week"] = None if event.promise is None else monday(event.promise.build_week).isoformat()
    if isinstance(event, ev.CapacitySet):
        facts |= {"from_week": monday(event.from_week).isoformat(), "until_week": monday(event.until_week).isoformat()}
    if isinstance(event, ev.OrderChanged):
        facts["options"] = list(event.options)
    return TrailEntry(at, _WHAT[type(event)], event.operator, event.reason, position, facts)
