"""What changes the weeks of many orders: another capacity, another launch, a plan. Part of ``evolve``."""

from __future__ import annotations

from collections import Counter

from drumroll.domain import events as ev
from drumroll.domain.availability import Availability, Kind, Taken, refill
from drumroll.domain.book import Book, Done, Order
from drumroll.domain.capacity import Change, capacity_of
from drumroll.domain.promise import Promise
from drumroll.domain.slots import backlog, backlog_column, free_slot, kind_in, own_week, slot_in, unpin
from drumroll.domain.states import AWAITED, UNDELIVERED
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
    taken = _taken(book, availability, at_ms)
    for kind, left in backlog(book, availability):
        availability.fill(kind, backlog_column(availability), left)
    refill(availability, taken, at_ms)


def _taken(book: Book, availability: Availability, at_ms: int) -> Taken:
    """What the orders of a book take; weeks of their own, and what was promised to them, are put in at once."""
    base, horizon = availability.capacity.base_week, availability.capacity.horizon
    current = availability.week_at(at_ms) - base
    older, without, promised = Counter[str](), Counter[str](), Counter[tuple[str, int]]()
    planned, made = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    kinds: dict[int, Kind] = {}
    for order in book.sequence:
        if order.state not in AWAITED and order.state not in UNDELIVERED:
            continue
        kind = kinds.get(id(order.offer)) or kinds.setdefault(id(order.offer), kind_in(availability, order.offer))
        week = None if order.promise is None else order.promise.build_week
        if order.pinned and (own := own_week(availability, order)) is not None:
            availability.pin(kind, own, 1)
            continue
        if week is not None:
            promised[kind.name, week] += 1
        if order.state not in AWAITED:
            if 0 <= current < horizon:
                made[kind.name, current if week is None else max(0, min(week - base, current))] += 1
        elif week is not None:
            planned[kind.name, week - base] += 1
        else:
            (older if order.from_elsewhere else without)[kind.name] += 1
    named = availability.kinds
    for (name, week), count in promised.items():
        availability.count(named[name], week, count)
    return Taken(
        older=tuple((named[name], count) for name, count in older.items()),
        planned=tuple((named[name], column, count) for (name, column), count in planned.items()),
        made=tuple((named[name], column, count) for (name, column), count in made.items()),
        without=tuple((named[name], count) for name, count in without.items()),
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
    if event.promise is None:
        unpin(book, order)
    else:
        _own_week(book, order, event.promise)
    more_of(order).pinned = event.promise is not None
    note(order, at_ms, position)


def _own_week(book: Book, order: Order, promise: Promise) -> None:
    availability, week = book.availability, promise.build_week
    if availability is not None:
        kind, column = kind_in(availability, order.offer), week - availability.capacity.base_week
        if slot_in(availability, order, week):
            availability.count(kind, week, -1)
            availability.put(kind, column, -1)
        else:
            free_slot(book, order)
        availability.pin(kind, week, 1)
    order.promise = book.promises.setdefault(promise, promise)


def plan_accepted(book: Book, event: ev.PlanAccepted, at_ms: int, position: int) -> None:
    """An operator accepted a plan; with its last part all of it holds."""
    for group in event.groups:
        promise = book.promises.setdefault(group.promise, group.promise)
        for order_id in group.order_ids:
            order = book.orders[order_id]
            order.promise = promise
            note(order, at_ms, position)
    if event.part == event.parts:
        book.trail.append(position)
        book.keys[event.key] = Done(event, at_ms)
        book.plans.append((event.plan, event.policy, at_ms))
        reckon(book, at_ms)
