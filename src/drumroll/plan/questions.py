"""From a book at a moment to what a plan is asked for, and to all that it takes to say the answer in orders again."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from drumroll.domain.book import Book, Offer, Order
from drumroll.domain.capacity import Capacity, lead_weeks, needs, rules_of
from drumroll.domain.launch import Launch
from drumroll.domain.queue import place_of
from drumroll.domain.states import BUILT, FIRM, IN_PRODUCTION, IN_TRANSIT, LOCKED, RESERVED, SCHEDULED
from drumroll.domain.weeks import week_label, week_of
from drumroll.errors import PlanRefused
from drumroll.plan.backlog import Ahead, backlog_ahead
from drumroll.plan.problem import Columns, Problem

Numbers = NDArray[np.int64]
NO_PROMISE = 1 << 40
"""The last week of an order that was promised nothing: no week comes after it."""


class Asked(msgspec.Struct, frozen=True):
    """A problem, and whose orders it is about.

    Args:
        week: the number of the current week, ``at_ms`` the moment.
        problem: first the declared backlog (``ahead`` orders without an id), then ``orders``.
        kinds: what each kind of the problem needs: the numbers of resources in ``capacity``.
        orders: those that are planned, by place.
        lead: (of each of ``orders``) the weeks from building to delivery.
        frozen: orders whose week is too near to be planned anew; they keep it.
        underway: orders in production, or on the way to their customers.
    """

    launch: Launch
    capacity: Capacity
    at_ms: int
    week: int
    problem: Problem
    kinds: tuple[tuple[int, ...], ...]
    orders: list[Order]
    ahead: int
    lead: Columns
    frozen: list[Order]
    underway: list[Order]


class _Found(msgspec.Struct):
    """What one walk over the orders gathers: parallel lists, an entry an order that is planned."""

    orders: list[Order] = []
    places: list[int] = []
    offers: list[int] = []
    last_weeks: list[int] = []
    pinned: list[int] = []
    frozen: list[Order] = []
    underway: list[Order] = []


class _Offers:
    """Offers by number: orders share few of them, so what an offer needs is asked once."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self.numbers: dict[int, int] = {}
        self.kinds: list[tuple[int, ...]] = []
        self.leads: list[int] = []

    def add(self, offer: Offer) -> int:
        """The number of an offer that has none yet."""
        number = self.numbers[id(offer)] = len(self.kinds)
        self.kinds.append(needs(self._launch, offer.model, offer.trim, offer.options))
        self.leads.append(lead_weeks(self._launch, offer.region))
        return number


def ask(book: Book, at_ms: int) -> Asked:
    """What a plan made at ``at_ms`` has to decide.

    Raises:
        PlanRefused: the launch has no plants, or its calendar is over.
    """
    launch, capacity = _promising(book)
    week = week_of(at_ms, launch.time_zone)
    free_week = week + rules_of(launch).frozen_weeks
    first_week = max(free_week, capacity.base_week)
    weeks = capacity.base_week + capacity.horizon - first_week
    if weeks < 1:
        raise PlanRefused(_calendar_over(capacity, first_week))
    offers = _Offers(launch)
    found = _walk(book, offers, at_ms, week, free_week)
    ahead = backlog_ahead(book, launch, capacity, first_week)
    by_place = np.array(sorted(range(len(found.orders)), key=found.places.__getitem__), np.int64)
    kinds, problem, lead = _problem(capacity, first_week, found, offers, by_place, ahead)
    return Asked(
        launch=launch,
        capacity=capacity,
        at_ms=at_ms,
        week=week,
        problem=problem,
        kinds=kinds,
        orders=[found.orders[at] for at in by_place.tolist()],
        ahead=len(ahead.line),
        lead=lead,
        frozen=found.frozen,
        underway=found.underway,
    )


def _promising(book: Book) -> tuple[Launch, Capacity]:
    if book.launch is None:
        raise PlanRefused("the log has no launch yet; start a server with it, or name another log")
    if book.capacity is None:
        raise PlanRefused(
            f"the launch {book.launch.id} has no plants, so nothing can be planned;"
            " add a [[plant]] with its weeks to the launch file (docs/launch-file.md)"
        )
    return book.launch, book.capacity


def _calendar_over(capacity: Capacity, first_week: int) -> str:
    last = week_label(capacity.base_week + capacity.horizon - 1)
    return (
        f"the calendar ends with {last}, and {week_label(first_week)} is the first week that a plan may touch;"
        " raise horizon_weeks in [promise] of the launch file"
    )


def _walk(book: Book, offers: _Offers, at_ms: int, week: int, free_week: int) -> _Found:
    found = _Found()
    for order in book.sequence:
        state = order.state
        if state is LOCKED or state is SCHEDULED:
            place = order.place
        elif state is FIRM:
            place = _expected(order, at_ms)
        elif state is RESERVED and order.expires_at_ms > at_ms:
            place = place_of(at_ms + (order.offer.cooling_off_ms or 0), 0)
        else:
            if state is IN_PRODUCTION or state is BUILT or state is IN_TRANSIT:
                found.underway.append(order)
            continue
        promise = order.promise
        if promise is not None and week <= promise.build_week < free_week:
            found.frozen.append(order)
            continue
        offer = order.offer
        number = offers.numbers.get(id(offer))
        found.orders.append(order)
        found.places.append(place)
        found.offers.append(offers.add(offer) if number is None else number)
        found.last_weeks.append(NO_PROMISE if promise is None else promise.last_week)
        found.pinned.append(-1 if order.more is None else _pinned_to(order, free_week))
    return found


def _expected(order: Order, at_ms: int) -> int:
    """The place that a firm order will have: the one that it kept, or one for the time at which it locks by itself."""
    if order.more is not None and order.more.kept_place:
        return order.more.kept_place
    locks_at_ms = order.locks_at_ms
    # Where no order locks by itself, its customer may lock it at any moment.
    return place_of(at_ms if locks_at_ms is None else locks_at_ms, 0)


def _pinned_to(order: Order, free_week: int) -> int:
    """The week that it is pinned to, or -1. A week that is past binds nobody any more."""
    if order.more is None or not order.more.pinned or order.promise is None:
        return -1
    return order.promise.build_week if order.promise.build_week >= free_week else -1


def _problem(
    capacity: Capacity, first_week: int, found: _Found, offers: _Offers, by_place: Numbers, ahead: Ahead
) -> tuple[tuple[tuple[int, ...], ...], Problem, Columns]:
    """The kinds, the problem, and the lead of each order by place."""
    kinds = tuple(dict.fromkeys((*ahead.kinds, *offers.kinds)))
    number_of = {kind: number for number, kind in enumerate(kinds)}
    offer = np.array(found.offers, np.int64)[by_place]
    kind_of_offer = np.array([number_of[kind] for kind in offers.kinds], np.int32)
    lead = np.array(offers.leads, np.int32)[offer]
    kind_ahead = np.array([number_of[kind] for kind in ahead.kinds], np.int32)[ahead.line]
    skipped = first_week - capacity.base_week
    weekly = np.array(capacity.weekly, np.int64).reshape(len(capacity.resources), capacity.horizon)[:, skipped:]
    weeks = weekly.shape[1]
    due = np.minimum(np.array(found.last_weeks, np.int64)[by_place] - lead - first_week, weeks)
    pinned = np.array(found.pinned, np.int64)[by_place]
    problem = Problem(
        first_week=first_week,
        resources=tuple(resource.id for resource in capacity.resources),
        capacity=weekly,
        needs=needed(kinds, len(capacity.resources)),
        kind=np.concatenate([kind_ahead, kind_of_offer[offer]]),
        due=np.concatenate([np.full(len(kind_ahead), weeks), due]).astype(np.int32),
        pinned=np.concatenate(
            [np.full(len(kind_ahead), -1), np.where(pinned < 0, -1, np.maximum(pinned - first_week, 0))]
        ).astype(np.int32),
    )
    return kinds, problem, lead


def needed(kinds: tuple[tuple[int, ...], ...], resources: int) -> NDArray[np.bool_]:
    """(K, R) whether a kind needs a resource."""
    table = np.zeros((len(kinds), resources), np.bool_)
    for number, kind in enumerate(kinds):
        table[number, list(kind)] = True
    return table


def of_kinds(asked: Asked) -> Iterator[str]:
    """The name of each kind, as the safety rows have it: the ids of what it needs, with ``+`` between."""
    for kind in asked.kinds:
        yield "+".join(asked.capacity.resources[at].id for at in kind)
