"""What each kind of event says in the exported history: the state that it leads to, and the columns that it fills."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from drumroll.domain import events as ev
from drumroll.domain.promise import Promise
from drumroll.domain.weeks import monday
from drumroll.exchange.schema import HISTORY

OWN = ("order_id", "customer", "payment_id", "refund_id")
"""Columns in which nearly every event has its own value; in all the others many events share few combinations."""

PROMISE = "promise"
"""Among the columns of a kind: ``PROMISED``. What they show is one value of the event."""

PROMISED = ("promised_from", "promised_until", "promised_sure_by", "build_week", "short")

ITSELF = "*"
"""In place of a state: the event says it."""

_CONFIGURED = ("model", "trim", "options", "region", "price_minor")
_SIGNED = ("operator", "reason")


class PlanPart(msgspec.Struct, frozen=True, gc=False):
    """What an accepted plan says of those orders to which it promises the same."""

    promise: Promise
    order_ids: tuple[str, ...]
    plan: str
    policy: str
    based_on: int
    operator: str
    reason: str


Many = ev.OrdersMoved | ev.PlanAccepted
MANY = (ev.OrdersMoved, ev.PlanAccepted)
"""The kinds of events that are about many orders, each of which has a row."""


def parts_of(event: Many) -> Sequence[ev.OrdersMoved | PlanPart]:
    """An event about many orders in parts: it says the same of all orders of a part."""
    if isinstance(event, ev.OrdersMoved):
        return (event,)
    said = (event.plan, event.policy, event.based_on, event.operator, event.reason)
    return [PlanPart(group.promise, group.order_ids, *said) for group in event.groups]


class Kind(msgspec.Struct, frozen=True):
    """One kind: its name in the history, the state that it leads to, and the columns that it fills."""

    event: type[ev.Event]
    name: str
    state: str
    columns: tuple[str, ...]
    details: Callable[[Any], dict[str, Any]] | None = None

    @property
    def own(self) -> tuple[str, ...]:
        """The columns in which its events differ."""
        return tuple(name for name in self.columns if name in OWN)

    @property
    def shared(self) -> tuple[str, ...]:
        """The columns in which many of its events agree."""
        names = tuple(name for name in self.columns if name not in OWN)
        return names if self.details is None else (*names, "details")

    def key(self) -> Callable[[Any], Any]:
        """What gives an event's values in ``shared``: a tuple, or the value itself where it is one."""
        attributes = [attribute(name) for name in self.shared if name != "details"]
        details = self.details
        if details is None:
            return attrgetter(*attributes) if attributes else lambda event: ()
        if not attributes:
            return lambda event: _json(details(event))
        return lambda event: (*(getattr(event, name) for name in attributes), _json(details(event)))


def attribute(column: str) -> str:
    """The field of an event that a column shows."""
    if column == "ordered_at":
        return "reserved_at_ms"
    return f"{column}_ms" if column in _TIMES else column


_TIMES = {"firm_at", "locked_at", "queued_at", "cooling_from"}


def _json(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value).decode()


def _kind(event: type[ev.Event], state: str, *columns: str, details: Callable[[Any], Any] | None = None) -> Kind:
    assert set(columns) - {PROMISE} <= HISTORY.keys()
    return Kind(event, re.sub("(?<!^)(?=[A-Z])", "_", event.__name__).lower(), state, columns, details)


def _change(event: ev.CapacitySet) -> dict[str, Any]:
    days = {"from_week": str(monday(event.from_week)), "until_week": str(monday(event.until_week))}
    return {"resource": event.resource, **days, "percent": event.percent, "weekly": event.weekly}


_TERMS = ("deposit_minor", "hold_s", "cooling_off_s")
KINDS: tuple[Kind, ...] = (
    _kind(ev.DeskOpened, "", details=lambda event: {"holder": event.holder}),
    _kind(
        ev.LaunchSet,
        "",
        details=lambda event: {"launch": event.launch.id, "currency": event.launch.currency},
    ),
    _kind(ev.OrderReserved, "reserved", "order_id", "customer", *_CONFIGURED, *_TERMS, PROMISE),
    _kind(ev.OrderFirmed, "firm", "order_id", "payment_id", PROMISE),
    _kind(ev.OrderExpired, "expired", "order_id"),
    _kind(ev.OrderCancelled, "cancelled", "order_id", "refund_minor"),
    _kind(ev.DepositOwedBack, "", "order_id", "payment_id", "amount_minor", "currency", "reason"),
    _kind(ev.RefundPaid, "", "refund_id", *_SIGNED),
    _kind(ev.OrderLocked, "locked", "order_id", "early", "undo_s"),
    _kind(ev.LockUndone, "firm", "order_id"),
    _kind(ev.OrderForfeited, "forfeited", "order_id", "forfeited_minor"),
    _kind(ev.OrderChanged, "", "order_id", "trim", "options", "region", "price_minor", *_SIGNED, PROMISE),
    _kind(
        ev.OrderConverted,
        ITSELF,
        *("order_id", *_CONFIGURED, "deposit_minor", "due_minor", "refund_minor", "window", "reverts", "state"),
        *("cooling_off_s", "cooling_from", "queued_at", PROMISE),
    ),
    _kind(ev.DifferencePaid, "", "order_id", "payment_id", "amount_minor"),
    _kind(
        ev.OrderImported,
        ITSELF,
        *("order_id", "reference", "customer", *_CONFIGURED, "deposit_minor", "payment_id", "state"),
        *("ordered_at", "firm_at", "locked_at", "cooling_off_s"),
    ),
    _kind(ev.WaitingJoined, "", "order_id", "customer", "model", "trim", "options", "region"),
    _kind(ev.PlaceOffered, "reserved", "order_id", "price_minor", *_TERMS, PROMISE),
    _kind(ev.WaitingLeft, "", "order_id"),
    _kind(ev.SalesSet, "", "model", *_SIGNED, details=lambda event: {"action": event.action}),
    _kind(ev.CapSet, "", "model", "trim", *_SIGNED, details=lambda event: {"cap": event.cap}),
    _kind(ev.WindowMoved, "", "window", *_SIGNED, details=lambda event: {"closes_at_ms": event.closes_at_ms}),
    _kind(ev.OrderWithdrawn, "cancelled", "order_id", "refund_minor", "forfeited_minor", *_SIGNED),
    _kind(ev.RefundGranted, "", "order_id", "amount_minor", *_SIGNED),
    _kind(ev.OrdersMoved, ITSELF, "order_id", "state", *_SIGNED),
    _kind(ev.SafetySet, ""),
    _kind(ev.CapacitySet, "", *_SIGNED, details=_change),
    _kind(ev.OrderPinned, "", "order_id", *_SIGNED, PROMISE),
    _kind(
        ev.PlanAccepted,
        "",
        *("order_id", *_SIGNED, PROMISE),
        details=lambda part: {"plan": part.plan, "policy": part.policy, "based_on": part.based_on},
    ),
)
