"""What others are told: one message an event that concerns an order, in words that stay.

The type of a message, and which fields its ``data`` has, are a contract with every receiver: a type's fields are only
ever added to. Keys and digests of requests stay here (they are bytes, and no bytes leave); times become RFC 3339,
in UTC; weeks become days, and a promise what its customer is told of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from drumroll.domain import events
from drumroll.domain.events import Event
from drumroll.domain.promise import Promise
from drumroll.domain.states import State
from drumroll.domain.times import rfc3339
from drumroll.domain.weeks import monday, sunday
from drumroll.errors import EndpointInvalid
from drumroll.log.base import Block

TYPES: dict[type[Event], str] = {
    events.OrderReserved: "order.reserved",
    events.OrderFirmed: "order.firm",
    events.OrderExpired: "order.expired",
    events.OrderCancelled: "order.cancelled",
    events.OrderLocked: "order.locked",
    events.LockUndone: "order.lock_undone",
    events.OrderForfeited: "order.forfeited",
    events.OrderChanged: "order.changed",
    events.OrderConverted: "order.converted",
    events.DifferencePaid: "order.difference_paid",
    events.OrderImported: "order.imported",
    events.OrderWithdrawn: "order.withdrawn",
    events.DepositOwedBack: "refund.owed",
    events.RefundGranted: "refund.granted",
    events.RefundPaid: "refund.paid",
    events.WaitingJoined: "place.awaited",
    events.PlaceOffered: "place.offered",
    events.WaitingLeft: "place.given_up",
    events.CapSet: "sales.cap_set",
    events.WindowMoved: "sales.window_moved",
    events.CapacitySet: "plan.capacity_set",
    events.OrderPinned: "order.pinned",
    events.PlanAccepted: "order.replanned",
}
"""The type of each event's message. Not here: sales and moves, below, and what concerns nobody outside."""

SALES = {"open": "sales.opened", "close": "sales.closed", "pause": "sales.paused", "resume": "sales.resumed"}
"""The types of ``SalesSet``, by its action."""

MOVES: dict[str, str] = {
    State.LOCKED: "order.unscheduled",
    **{
        state: f"order.{state}"
        for state in (State.SCHEDULED, State.IN_PRODUCTION, State.BUILT, State.IN_TRANSIT, State.DELIVERED)
    },
}
"""The types of ``OrdersMoved``, by the state reached. Back to locked has a type of its own: its data differ."""

SILENT = (events.DeskOpened, events.LaunchSet, events.SafetySet)
"""Events that nobody outside is told of. (What the safety of weeks changes, each promise says.)"""

ALL = frozenset((*TYPES.values(), *SALES.values(), *MOVES.values()))
"""Every type that an endpoint can ask for."""

DEFAULT = ALL - {"order.imported"}
"""What an endpoint that asks for nothing in particular gets: no base of a hundred thousand orders made elsewhere.

A plan may be about as many, and is in it: whoever tells customers when delivery is must hear that it changed.
"""

TEST = "webhook.test"


class Cursor(msgspec.Struct, frozen=True, order=True):
    """A place in the stream of messages: a block, an event of it, and of a move or plan of many orders which one."""

    position: int
    event: int = 0
    part: int = 0


class Message(msgspec.Struct, frozen=True):
    """One message as it is sent. ``about`` is its order ("" for none): messages about one are sent in order."""

    id: str
    type: str
    about: str
    body: bytes
    after: Cursor
    """The place of whatever comes next."""


def chosen(words: str) -> frozenset[str]:
    """The types in ``order.firm,order.locked``; "" is ``DEFAULT``. Raises ``EndpointInvalid``."""
    if not words:
        return DEFAULT
    names = {word.strip() for word in words.split(",")}
    if unknown := sorted(names - ALL):
        raise EndpointInvalid(f"events: found {', '.join(unknown)}; allowed: {', '.join(sorted(ALL))}")
    return frozenset(names)


def messages(block: Block, start: Cursor, wanted: frozenset[str]) -> Iterator[Message]:
    """The wanted messages of a block from a place in it on, made one at a time: a plan may be of 100,000 orders."""
    for index in range(start.event, len(block.events)):
        event = block.events[index]
        kind = type_of(event)
        if kind not in wanted:
            continue
        if isinstance(event, events.OrdersMoved | events.PlanAccepted):
            first = start.part if index == start.event else 0
            yield from _of_many(block, event, Cursor(block.position, index, first))
        else:
            about: str = getattr(event, "order_id", "")
            after = Cursor(block.position, index + 1)
            yield Message(_id(block, index), kind, about, _body(kind, utc(block.at_ms), _facts(event)), after)


def type_of(event: Event) -> str:
    """The type of an event's message; "" for a silent one."""
    if isinstance(event, events.SalesSet):
        return SALES[event.action]
    if isinstance(event, events.OrdersMoved):
        return MOVES[event.state]
    return TYPES.get(type(event), "")


def utc(at_ms: int) -> str:
    """RFC 3339 in UTC, as others like it best: with a Z.

    >>> utc(1750946400000)
    '2025-06-26T14:00:00.000Z'
    """
    return rfc3339(at_ms).replace("+00:00", "Z")


def test_message(endpoint: str, at_ms: int) -> Message:
    """A message that only says that messages arrive."""
    body = _body(TEST, utc(at_ms), {"endpoint": endpoint})
    return Message(f"msg_test_{at_ms}", TEST, "", body, Cursor(0))


_Many = events.OrdersMoved | events.PlanAccepted


def _of_many(block: Block, event: _Many, at: Cursor) -> Iterator[Message]:
    kind, timestamp, first = type_of(event), utc(block.at_ms), 0
    for order_ids, promise in _groups(event):
        after = first + len(order_ids)
        if at.part < after:
            facts = _facts_of_many(event, promise)
            for part in range(max(at.part, first), after):
                order_id = order_ids[part - first]
                body = _body(kind, timestamp, {"order_id": order_id, **facts})
                yield Message(_id(block, at.event, part), kind, order_id, body, Cursor(at.position, at.event, part + 1))
        first = after


def _groups(event: _Many) -> Iterator[tuple[tuple[str, ...], Promise | None]]:
    """The orders of an event, with what is promised to them."""
    if isinstance(event, events.OrdersMoved):
        yield event.order_ids, None
    else:
        yield from ((group.order_ids, group.promise) for group in event.groups)


def _facts_of_many(event: _Many, promise: Promise | None) -> dict[str, Any]:
    signed = {"operator": event.operator, "reason": event.reason}
    if isinstance(event, events.OrdersMoved) or promise is None:
        return signed
    return {**_as_days("promise", promise), "short": promise.short or None, "plan": event.plan, **signed}


def _id(block: Block, event: int, part: int | None = None) -> str:
    """The same for the same event, always. The time is in it for a log that was restored from an older backup: other
    events stand at its positions then, and receivers that drop repeats must not take them for those they know.
    """
    place = f"msg_{block.position}_{event}" if part is None else f"msg_{block.position}_{event}_{part}"
    return f"{place}_{block.at_ms:x}"


def _body(kind: str, timestamp: str, facts: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"type": kind, "timestamp": timestamp, "data": facts})


def _facts(event: Event) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for field, read in _fields(type(event)):
        facts |= read(field, getattr(event, field))
    if isinstance(event, events.SalesSet):
        del facts["action"]  # the type says it
    if isinstance(event, events.OrderPinned):
        facts["pinned"] = event.promise is not None
    return facts


_Read = Callable[[str, Any], dict[str, Any]]


def _fields(kind: type[Event]) -> tuple[tuple[str, _Read], ...]:
    """The fields of an event that leave, and how; found out once for each kind."""
    if kind not in _known:
        known = msgspec.structs.fields(kind)
        _known[kind] = tuple((field.name, _reader(field.name)) for field in known if field.type is not bytes)
    return _known[kind]


def _reader(field: str) -> _Read:
    if field == "promise":
        return _as_days
    if field.endswith("_week"):
        return _as_monday
    return _as_time if field.endswith("_ms") else _as_it_is


_known: dict[type[Event], tuple[tuple[str, _Read], ...]] = {}


def _as_it_is(name: str, value: Any) -> dict[str, Any]:
    return {name: value}


def _as_time(name: str, value: int | None) -> dict[str, Any]:
    return {name.removesuffix("_ms"): None if value is None else utc(value)}


def _as_monday(name: str, week: int) -> dict[str, Any]:
    return {name: str(monday(week))}


def _as_days(name: str, promise: Promise | None) -> dict[str, Any]:
    """The first and last day of delivery, and the day by which it is nearly certain."""
    names = ("delivery_from", "delivery_until", "delivery_sure_by")
    if promise is None:
        return dict.fromkeys(names)
    days = (monday(promise.first_week), sunday(promise.last_week), sunday(promise.sure_week))
    return dict(zip(names, map(str, days), strict=True))
