"""Promises as customers and operators see them: pure functions from the book to messages."""

from __future__ import annotations

from drumroll.domain.availability import Availability
from drumroll.domain.book import Book, Order
from drumroll.domain.capacity import UNLIMITED
from drumroll.domain.delivery import Delivery, delivery
from drumroll.domain.promise import Promise
from drumroll.domain.slots import older_of
from drumroll.domain.states import AWAITED
from drumroll.domain.times import rfc3339
from drumroll.domain.weeks import monday, week_label, week_of
from drumroll.web.messages_promise import AcceptedPlan, PlanView, PromiseView, ResourceWeek, WeekView

PLANS_SHOWN = 20
UNPROMISED = "No delivery could be promised for this order; it has no week yet."


def delivery_of(
    book: Book, model: str, promise: Promise | None, at_ms: int, position: int | None = None
) -> Delivery | None:
    """A promise, seen from that moment, by the launch as it is (or, with a ``position``, as it was in that block)."""
    launch = book.launch if position is None else book.launch_in(position)
    if promise is None or launch is None:
        return None
    return delivery(launch, model, promise, week_of(at_ms, launch.time_zone))


def nothing_promised(book: Book, order: Order) -> bool:
    """Whether its launch promises deliveries, and none to this order."""
    return order.promise is None and book.availability is not None


def waiting_for(book: Book, model: str) -> int:
    """How many orders of a model wait for a week, older ones that are not in this log among them."""
    tallies = (tally for (of, _), tally in book.tallies.items() if of == model)
    return sum(tally.by_state[state] for tally in tallies for state in AWAITED) + older_of(book, model)


def promise_view(book: Book, order: Order, now_ms: int) -> PromiseView | None:
    """What was promised to an order and what holds now; ``None``: nothing was."""
    promised = delivery_of(book, order.offer.model, order.promised or order.promise, now_ms)
    now = delivery_of(book, order.offer.model, order.promise, now_ms)
    if promised is None or now is None or not order.live:
        return None
    later = now.weeks[1] - promised.weeks[1]
    return PromiseView(promised, now, "later" if later > 0 else "earlier" if later else None, abs(later), order.pinned)


def plan_view(book: Book, now_ms: int, weeks: int) -> PlanView:
    """So many weeks of capacity and load. A launch without plants has none."""
    assert book.launch is not None
    accepted = [AcceptedPlan(plan, policy, rfc3339(at_ms, book.launch.time_zone)) for plan, policy, at_ms in book.plans]
    availability = book.availability
    if availability is None:
        return PlanView([], 0, accepted[::-1][:PLANS_SHOWN])
    base = availability.capacity.base_week
    start = max(0, availability.week_at(now_ms) - base)
    columns = range(start, min(start + weeks, availability.capacity.horizon))
    first = availability.first_column(now_ms)
    return PlanView(
        [_week(availability, column, frozen=column < first) for column in columns],
        sum(kind.without for kind in availability.kinds.values()),
        accepted[::-1][:PLANS_SHOWN],
    )


def _week(availability: Availability, column: int, *, frozen: bool) -> WeekView:
    capacity = availability.capacity
    week = capacity.base_week + column
    resources = [
        ResourceWeek(
            resource.id,
            None if capacity.weekly[number][column] == UNLIMITED else capacity.weekly[number][column],
            capacity.weekly[number][column] - availability.room[number][column],
        )
        for number, resource in enumerate(capacity.resources)
    ]
    return WeekView(week=week_label(week), from_day=monday(week).isoformat(), frozen=frozen, resources=resources)
