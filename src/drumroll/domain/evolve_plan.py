"""What changes the weeks of many orders: another capacity, another launch, a plan. Part of ``evolve``."""

from __future__ import annotations

from collections import Counter

from drumroll.domain import events as ev
from drumroll.domain.availability import Availability, Kind, refill
from drumroll.domain.book import Book, Done
from drumroll.domain.capacity import Change, capacity_of
from drumroll.domain.slots import backlog, backlog_column, kind_in
from drumroll.domain.states import AWAITED
from drumroll.domain.tallying import launch_of, more_of, note


def reckon(book: Book, at_ms: int) -> None:
    """Work out anew what is taken of the capacity: after a change of it, of the launch, or of the plan."""
    launch = launch_of(book)
    book.reserved_offers.clear()
    capacity = capacity_of(launch, book.capacity_changes)
    if capacity is None:
        book.availability = None
        return
    book.availability = availability = Availability(launch, capacity, book.safety or {})
    waiting: Counter[str] = Counter()
    planned: Counter[tuple[str, int]] = Counter()
    kinds: dict[int, Kind] = {}
    for order in book.sequence:
        if order.state not in AWAITED:
            continue
        kind = kinds.get(id(order.offer))
        if kind is None:
            kind = kinds[id(order.offer)] = kind_in(availability, order.offer)
        if order.promise is None:
            waiting[kind.name] += 1
        else:
            planned[kind.name, order.promise.build_week - capacity.base_week] += 1
    for kind, left in backlog(book, availability):
        availability.fill(kind, backlog_column(availability), left)
    named = availability.kinds
    refill(
        availability,
        [(named[name], count) for name, count in waiting.items()],
        [(named[name], column, count) for (name, column), count in planned.items()],
        at_ms,
    )


def safety_set(book: Book, event: ev.SafetySet, at_ms: int, position: int) -> None:
    """How uncertain the weeks are."""
    book.safety = event.late
    if book.availability is not None:
        book.availability.be_sure(event.late)


def capacity_set(book: Book, event: ev.CapacitySet, at_ms: int, position: int) -> None:
    """An operator changed a capacity."""
    book.trail.append(position)
    book.keys[event.key] = Done(event, at_ms)
    change = Change(event.resource, event.from_week, event.until_week, event.percent, event.weekly)
    book.capacity_changes.append(change)
    book.capacity_set_at = position
    book.safety = None
    reckon(book, at_ms)


def order_pinned(book: Book, event: ev.OrderPinned, at_ms: int, position: int) -> None:
    """An operator gave an order its week, or let go of it."""
    order = book.orders[event.order_id]
    book.trail.append(position)
    book.keys[event.key] = Done(event, at_ms, order)
    more_of(order).pinned = event.promise is not None
    availability = book.availability
    if event.promise is not None:
        if availability is not None and (order.promise is None or order.promise.build_week != event.promise.build_week):
            kind = kind_in(availability, order.offer)
            availability.release(kind)
            availability.put(kind, event.promise.build_week - availability.capacity.base_week, 1)
        order.promise = book.promises.setdefault(event.promise, event.promise)
    note(order, at_ms, position)


def plan_accepted(book: Book, event: ev.PlanAccepted, at_ms: int, position: int) -> None:
    """An operator accepted a plan."""
    book.trail.append(position)
    book.keys[event.key] = Done(event, at_ms)
    book.plans.append((event.plan, event.policy, at_ms))
    for group in event.groups:
        promise = book.promises.setdefault(group.promise, group.promise)
        for order_id in group.order_ids:
            order = book.orders[order_id]
            order.promise = promise
            note(order, at_ms, position)
    reckon(book, at_ms)
