"""What operators decide about weeks: capacity, pins, plans. Part of ``decide``; ``plan/`` works plans out."""

from __future__ import annotations

from collections import Counter

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.availability import Availability
from drumroll.domain.book import Book, Order
from drumroll.domain.decided import Decision, any_order, state_refusal
from drumroll.domain.promise import Planned, Promise
from drumroll.domain.refusal import Code, Refusal
from drumroll.domain.slots import own_week, slot_in
from drumroll.domain.states import AWAITED, State
from drumroll.domain.weeks import monday

FAULTS_SHOWN = 100
ORDERS_A_PART = 1024
WIDTH_MOST = 26
"""Weeks of the widest window that a launch file may ask for."""


def set_safety(book: Book, command: cmd.SetSafety, at_ms: int) -> Decision:
    """Record how uncertain the weeks are, if that is news."""
    return () if book.safety == command.late else (ev.SafetySet(command.late),)


def set_capacity(book: Book, command: cmd.SetCapacity, at_ms: int) -> Decision:
    """Another capacity from this week or a later one on."""
    availability = book.availability
    if availability is None:
        return _no_plants()
    refusal = _unknown_resource(availability, command.resource) or _wrong_weeks(availability, command, at_ms)
    return refusal or (
        ev.CapacitySet(
            command.resource,
            command.from_week,
            command.until_week,
            command.percent,
            command.weekly,
            command.operator,
            command.reason,
            command.key,
            command.fingerprint,
        ),
    )


def _no_plants() -> Refusal:
    message = "This launch has no plants: nothing is promised, and there is no capacity to change."
    return Refusal(Code.NO_CAPACITY, message)


def _unknown_resource(availability: Availability, wanted: str) -> Refusal | None:
    known = [resource.id for resource in availability.capacity.resources]
    if not wanted or wanted in known:
        return None
    message = f"There is no plant or limit {wanted!r}; there are: {', '.join(known)}."
    return Refusal(Code.UNKNOWN_RESOURCE, message, {"resources": known})


def _wrong_weeks(availability: Availability, command: cmd.SetCapacity, at_ms: int) -> Refusal | None:
    capacity, now = availability.capacity, availability.week_at(at_ms)
    first, end = max(now, capacity.base_week), capacity.base_week + capacity.horizon
    if first <= command.from_week < command.until_week <= end:
        return None
    message = (
        f"Found the weeks from {monday(command.from_week)} until {monday(command.until_week)}; allowed: from "
        f"{monday(first)} (this week, or the plant's first) on, until {monday(end)} at most."
    )
    return Refusal(Code.INVALID_WEEK, message, {"from": str(monday(first)), "until": str(monday(end))})


def pin(book: Book, command: cmd.PinOrder, at_ms: int) -> Decision:
    """Give an order a week of its own, or let go of it."""
    order = any_order(book, command.order_id)
    if isinstance(order, Refusal):
        return order
    if book.availability is None:
        return _no_plants()
    state = order.state_at(at_ms)
    if state not in AWAITED:
        return state_refusal(order, state, [one.value for one in State if one in AWAITED], "be given a week")
    promise = None
    if command.build_week is not None:
        found = _pinned(book.availability, order, command.build_week, at_ms)
        if isinstance(found, Refusal):
            return found
        promise = found
    return (ev.OrderPinned(order.id, promise, command.operator, command.reason, command.key, command.fingerprint),)


def _pinned(availability: Availability, order: Order, week: int, at_ms: int) -> Promise | Refusal:
    capacity = availability.capacity
    offer, column = order.offer, week - capacity.base_week
    first = availability.first_column(at_ms)
    if _frozen(availability, order, at_ms):
        return _frozen_refusal([order.id], 1)
    if not first <= column < capacity.horizon:
        earliest, end = monday(capacity.base_week + first), monday(capacity.base_week + capacity.horizon)
        message = f"Found the week of {monday(week)}; allowed: from {earliest} (what is before is frozen) until {end}."
        return Refusal(Code.INVALID_WEEK, message, {"from": str(earliest), "until": str(end)})
    kind = availability.kind(offer.model, offer.trim, offer.options)
    its_own = slot_in(availability, order, week) or own_week(availability, order) == week
    if not its_own and not availability.has_room(kind, column):
        message = f"Nothing is free for {offer.model} {offer.trim} in the week of {monday(week)}; choose another week."
        return Refusal(Code.NO_CAPACITY, message, {"model": offer.model, "trim": offer.trim})
    return availability.promise_in(kind, column, availability.lead(offer.region), at_ms)


def _frozen(availability: Availability, order: Order, at_ms: int) -> bool:
    """Whether the order is in a week that no plan touches any more."""
    if order.promise is None:
        return False
    column = order.promise.build_week - availability.capacity.base_week
    now = availability.week_at(at_ms) - availability.capacity.base_week
    return now <= column < availability.first_column(at_ms)


def _frozen_refusal(order_ids: list[str], count: int) -> Refusal:
    message = (
        f"{count} of the orders are in weeks that are frozen and can't be moved, the first: {order_ids[0]}. "
        "The old plan stands; plan again from the present state."
    )
    return Refusal(Code.FROZEN_WEEKS, message, {"order_ids": order_ids[:FAULTS_SHOWN], "count": count})


def accept_plan(book: Book, command: cmd.AcceptPlan, at_ms: int) -> Decision:
    """Take a plan as the one that holds: for the orders that are still as it knew them."""
    availability = book.availability
    if availability is None:
        return _no_plants()
    if command.based_on < book.capacity_set_at:
        message = "The capacity was changed after this plan was made. The old plan stands; plan again."
        return Refusal(Code.STALE_PLAN, message, {"based_on": command.based_on, "capacity_set": book.capacity_set_at})
    faults = _faults(book, availability, command, at_ms)
    if faults:
        return _invalid_plan(faults)
    groups = _groups_left(book, command)
    if command.groups and not groups:
        message = (
            "Nothing of this plan can be taken: something happened to all its orders since, or they are pinned. "
            "The old plan stands; plan again."
        )
        return Refusal(Code.STALE_PLAN, message, {"based_on": command.based_on})
    faults = _not_to_be_built(book, availability, groups)
    if faults:
        return _invalid_plan(faults)
    moved = [order_id for group in groups for order_id in group.order_ids]
    frozen = [order_id for order_id in moved if _frozen(availability, book.orders[order_id], at_ms)]
    return _frozen_refusal(frozen, len(frozen)) if frozen else _accepted(command, groups, len(moved))


def _groups_left(book: Book, command: cmd.AcceptPlan) -> list[Planned]:
    left = (
        Planned(group.promise, tuple(one for one in group.order_ids if _as_known(book.orders[one], command)))
        for group in command.groups
    )
    return [group for group in left if group.order_ids]


def _accepted(command: cmd.AcceptPlan, groups: list[Planned], orders: int) -> tuple[ev.Event, ...]:
    """The plan in parts of ``ORDERS_A_PART``, so that reading one order's history reads little of it."""
    parts: list[list[Planned]] = [[]]
    room = ORDERS_A_PART
    for group in groups:
        ids = group.order_ids
        while ids:
            if not room:
                parts.append([])
                room = ORDERS_A_PART
            parts[-1].append(Planned(group.promise, ids[:room]))
            ids, room = ids[room:], max(0, room - len(ids))
    return tuple(
        ev.PlanAccepted(
            command.plan,
            command.policy,
            command.based_on,
            tuple(part),
            command.operator,
            command.reason,
            command.key,
            command.fingerprint,
            number,
            len(parts),
            orders,
        )
        for number, part in enumerate(parts, 1)
    )


def _as_known(order: Order, command: cmd.AcceptPlan) -> bool:
    """Whether the order waits still for a week that a plan may give, and nothing happened to it since."""
    return order.state in AWAITED and not order.pinned and order.blocks[-1] <= command.based_on


def _invalid_plan(faults: list[str]) -> Refusal:
    message = f"This is no plan for this log: {faults[0]}. The old plan stands."
    return Refusal(Code.INVALID_PLAN, message, {"faults": faults[:FAULTS_SHOWN], "fault_count": len(faults)})


def _faults(book: Book, availability: Availability, command: cmd.AcceptPlan, at_ms: int) -> list[str]:
    """What is wrong with a plan whatever became of its orders."""
    faults = [fault for group in command.groups if (fault := _unfit(availability, group.promise, at_ms))]
    seen: set[str] = set()
    for group in command.groups:
        for order_id in group.order_ids:
            if order_id not in book.orders:
                faults.append(f"there is no order {order_id}")
            elif order_id in seen:
                faults.append(f"order {order_id} is there twice")
            seen.add(order_id)
    return faults


def _not_to_be_built(book: Book, availability: Availability, groups: list[Planned]) -> list[str]:
    """Weeks that the plan needs more of than there is, what nobody builds, and promises that end before delivery."""
    capacity, faults = availability.capacity, []
    taken: Counter[tuple[int, int]] = Counter()
    for group in groups:
        week = group.promise.build_week
        for order_id in group.order_ids:
            offer = book.orders[order_id].offer
            if group.promise.last_week < week + availability.lead(offer.region):
                faults.append(f"order {order_id} is delivered after the promised weeks")
            needs = availability.kind(offer.model, offer.trim, offer.options).needs
            if not needs:
                faults.append(f"no plant builds {offer.model}, which order {order_id} is for")
            for resource in needs:
                taken[resource, week - capacity.base_week] += 1
    return faults + [
        f"{capacity.resources[resource].id} has {capacity.weekly[resource][column]} in the week of "
        f"{monday(capacity.base_week + column)}, and it needs {count}"
        for (resource, column), count in taken.items()
        if count > capacity.weekly[resource][column]
    ]


def _unfit(availability: Availability, promise: Promise, at_ms: int) -> str:
    """What is wrong with a promise of a plan, in words; empty: nothing."""
    capacity = availability.capacity
    first = capacity.base_week + availability.first_column(at_ms)
    too_wide = promise.last_week - promise.first_week >= WIDTH_MOST
    if not first <= promise.build_week < capacity.base_week + capacity.horizon:
        return f"the week of {monday(promise.build_week)} can't be planned any more (from {monday(first)} on)"
    if not promise.first_week <= promise.last_week <= promise.sure_week or too_wide:
        weeks = f"{promise.first_week} to {promise.last_week}, surely {promise.sure_week}"
        return f"promised weeks must follow each other, {WIDTH_MOST} at most; found {weeks}"
    if promise.short and promise.short not in [resource.id for resource in capacity.resources]:
        return f"there is no plant or limit {promise.short!r}"
    return ""
