"""An order's history, read from the log: its events with their times, in words and figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from drumroll.domain import events as ev
from drumroll.domain.book import Book, Order
from drumroll.domain.promise import Planned
from drumroll.domain.times import rfc3339
from drumroll.domain.weeks import monday, sunday
from drumroll.log.base import Block, Log
from drumroll.web.messages_orders import HistoryEvent, HistoryView

_WHAT: dict[type, tuple[str, str]] = {
    ev.OrderReserved: ("reserved", "customer"),
    ev.OrderFirmed: ("firm", "customer"),
    ev.OrderExpired: ("expired", "time"),
    ev.OrderCancelled: ("cancelled", "customer"),
    ev.DepositOwedBack: ("owed_back", "provider"),
    ev.RefundPaid: ("refund_paid", "provider"),
    ev.OrderLocked: ("locked", "time"),
    ev.LockUndone: ("lock_undone", "customer"),
    ev.OrderForfeited: ("forfeited", "customer"),
    ev.OrderChanged: ("changed", "customer"),
    ev.OrderConverted: ("converted", "customer"),
    ev.DifferencePaid: ("difference_paid", "customer"),
    ev.OrderImported: ("imported", "operator"),
    ev.WaitingJoined: ("waiting", "customer"),
    ev.PlaceOffered: ("offered", "time"),
    ev.WaitingLeft: ("left_waiting_list", "customer"),
    ev.OrderWithdrawn: ("cancelled", "operator"),
    ev.RefundGranted: ("refund_granted", "operator"),
    ev.OrderPinned: ("pinned", "operator"),
    ev.PlanAccepted: ("planned", "operator"),
}
"""What each kind of event is called, and who makes it happen if no operator does."""

_NOT_SHOWN = {"order_id", "customer", "key", "fingerprint", "digest", "operator", "reason", "order_ids"}
_NOT_SHOWN |= {"promise", "groups", "based_on", "part", "parts", "orders"}
_TIMES = {"queued_at_ms", "cooling_from_ms", "reserved_at_ms", "firm_at_ms", "locked_at_ms"}


def history(book: Book, log: Log, order: Order, *, for_operators: bool) -> HistoryView:
    """All that happened to an order. Customers see reasons, but not operators' names.

    Raises:
        LogError: the log can't be read now.
    """
    assert book.launch is not None
    zone = book.launch.time_zone
    events: list[HistoryEvent] = []
    before_minor: int | None = None
    for position in order.blocks:
        block = log.block(position)
        for event in _about(book, order, block):
            shown, before_minor = _shown(event, block, zone, before_minor)
            events.append(shown if for_operators else msgspec.structs.replace(shown, operator=None))
    return HistoryView(order.id, events)


def _about(book: Book, order: Order, block: Block) -> Iterator[ev.Event]:
    """The events of a block that are about this order."""
    for event in block.events:
        if isinstance(event, ev.OrdersMoved):
            if order.id in event.order_ids:
                yield event
        elif isinstance(event, ev.PlanAccepted):
            promise = next((group.promise for group in event.groups if order.id in group.order_ids), None)
            if promise is not None:
                yield msgspec.structs.replace(event, groups=(Planned(promise, (order.id,)),))
        elif isinstance(event, ev.RefundPaid):
            refund = book.refunds.get(event.refund_id)
            if refund is not None and refund.order_id == order.id:
                yield event
        elif getattr(event, "order_id", None) == order.id:
            yield event


def _shown(event: ev.Event, block: Block, zone: str, before_minor: int | None) -> tuple[HistoryEvent, int | None]:
    fields: dict[str, Any] = msgspec.structs.asdict(event)
    what, by = ("moved", "operator") if isinstance(event, ev.OrdersMoved) else _WHAT[type(event)]
    if isinstance(event, ev.OrdersMoved):
        what = event.state
    what = "unpinned" if isinstance(event, ev.OrderPinned) and event.promise is None else what
    if fields.get("early"):
        by = "customer"
    if fields.get("operator"):
        by = "operator"
    facts = {_named(name): _valued(name, value, zone) for name, value in fields.items() if name not in _NOT_SHOWN}
    facts |= _promised(fields)
    price_minor = fields.get("price_minor")
    if before_minor is not None and price_minor is not None:
        facts["difference_minor"] = price_minor - before_minor
    operator, reason = (
        (fields.get("operator") or None, fields.get("reason") or None) if by == "operator" else (None, None)
    )
    if "reason" in fields and by != "operator":
        facts["reason"] = fields["reason"]
    shown = HistoryEvent(rfc3339(block.at_ms, zone), what, by, block.position, operator, reason, facts)
    return shown, before_minor if price_minor is None else price_minor


def _promised(fields: dict[str, Any]) -> dict[str, Any]:
    """What an event promised, in days."""
    promise = fields["groups"][0].promise if fields.get("groups") else fields.get("promise")
    if promise is None:
        return {}
    from_day, until, sure_by = monday(promise.first_week), sunday(promise.last_week), sunday(promise.sure_week)
    days = {"delivery_from": from_day, "delivery_until": until, "delivery_sure_by": sure_by}
    return {**{name: day.isoformat() for name, day in days.items()}, "short": promise.short or None}


def _named(name: str) -> str:
    return name.removesuffix("_ms") if name in _TIMES else name


def _valued(name: str, value: Any, zone: str) -> Any:
    return rfc3339(value, zone) if name in _TIMES and value is not None else value
