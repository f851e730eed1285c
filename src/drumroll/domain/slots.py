"""Who takes a slot of the plant's weeks, and who frees one. Part of ``evolve``."""

from __future__ import annotations

from drumroll.domain.availability import Availability, Kind
from drumroll.domain.book import Book, Offer, Order
from drumroll.domain.configuration import defaults
from drumroll.domain.launch import Launch
from drumroll.domain.promise import Promise
from drumroll.domain.states import AWAITED, UNDELIVERED
from drumroll.domain.weeks import week_of


def backlog(book: Book, availability: Availability) -> list[tuple[Kind, int]]:
    """The older orders that the launch file speaks of and that were not imported yet, by kind."""
    launch = availability.launch
    found: list[tuple[Kind, int]] = []
    for older in launch.backlog:
        kind = _default_kind(launch, availability, older.model, older.trim)
        if kind is not None:
            found.append((kind, max(0, older.orders - book.imported.get((older.model, older.trim), 0))))
    return found


def older_of(book: Book, model: str) -> int:
    """How many older orders of a model are said to stand before all others and were not imported."""
    if book.launch is None:
        return 0
    declared = [older for older in book.launch.backlog if older.model == model]
    return sum(max(0, older.orders - book.imported.get((model, older.trim), 0)) for older in declared)


def backlog_column(availability: Availability) -> int:
    """The column from which on the declared backlog is built: the first that could be planned at the opening.

    It does not move as weeks pass, so what was built of the backlog since is not built again.
    """
    launch, capacity = availability.launch, availability.capacity
    opening = week_of(launch.opens_at_ms, launch.time_zone)
    return min(max(0, opening + availability.frozen - capacity.base_week), capacity.horizon)


def take_slot(book: Book, order: Order, at_ms: int) -> None:
    """An order begins to wait for a week."""
    if book.availability is not None:
        book.availability.take(kind_in(book.availability, order.offer), at_ms)


def free_slot(book: Book, order: Order) -> None:
    """An order waits no more: gone, or another. What is being built of it goes to the next of its kind."""
    availability = book.availability
    if availability is None:
        return
    kind, week = kind_in(availability, order.offer), own_week(availability, order)
    if week is not None:
        availability.pin(kind, week, -1)
        return
    if order.promise is not None:
        availability.count(kind, order.promise.build_week, -1)
    availability.release(kind)


def awaits_no_more(book: Book, order: Order) -> None:
    """It is delivered: who comes after it need not be promised a later week than it was."""
    availability = book.availability
    if availability is not None and order.promise is not None and own_week(availability, order) is None:
        availability.count(kind_in(availability, order.offer), order.promise.build_week, -1)


def own_week(availability: Availability, order: Order) -> int | None:
    """The week that an operator gave to an order, if the calendar has it (it may have been changed since)."""
    if not order.pinned or order.promise is None:
        return None
    week, capacity = order.promise.build_week, availability.capacity
    return week if 0 <= week - capacity.base_week < capacity.horizon else None


def slot_in(availability: Availability, order: Order, week: int) -> bool:
    """Whether the slot that an order gives up for a week of its own is one of that very week."""
    if order.promise is None or order.promise.build_week != week or order.pinned:
        return False
    return bool(kind_in(availability, order.offer).slots[week - availability.capacity.base_week])


def unpin(book: Book, order: Order) -> None:
    """The week that an operator gave to an order is one like any other from now on."""
    availability = book.availability
    week = None if availability is None else own_week(availability, order)
    if availability is None or week is None:
        return
    kind = kind_in(availability, order.offer)
    availability.pin(kind, week, -1)
    availability.put(kind, week - availability.capacity.base_week, 1)
    availability.count(kind, week, 1)


def keeps_slot(availability: Availability, order: Order, kind: Kind) -> bool:
    """Whether an order that becomes one of that kind keeps its slot and its week: it has one, and needs the same."""
    if order.promise is None or order.state not in AWAITED or kind is not kind_in(availability, order.offer):
        return False
    return 0 <= order.promise.build_week - availability.capacity.base_week < availability.capacity.horizon


def promise_to(book: Book, order: Order, promise: Promise | None) -> None:
    """What the customer of an order that took its slot was told. It is not pinned (any more)."""
    if order.more is not None:
        order.more.pinned = False
    if promise is not None:
        promise = book.promises.setdefault(promise, promise)
        if book.availability is not None:
            book.availability.count(kind_in(book.availability, order.offer), promise.build_week, 1)
    order.promised = order.promise = promise


def become(book: Book, order: Order, after: Offer, at_ms: int, promise: Promise | None) -> None:
    """An order becomes another: it keeps its slot if it needs the same, or takes one of the other kind."""
    availability = book.availability
    if availability is not None and keeps_slot(availability, order, kind_in(availability, after)):
        unpin(book, order)
        assert order.promise is not None, "it has a week"
        availability.count(kind_in(availability, after), order.promise.build_week, -1)
    else:
        if order.live:
            free_slot(book, order)
        if availability is not None:
            availability.take(kind_in(availability, after), at_ms)
    order.offer = book.offers.setdefault(after, after)
    promise_to(book, order, promise)


def slot_for_import(book: Book, order: Order, at_ms: int) -> None:
    """An imported order takes one of the slots that the launch file's backlog held for it, or a new one."""
    of = (order.offer.model, order.offer.trim)
    availability = book.availability
    if availability is not None:
        declared = sum(older.orders for older in availability.launch.backlog if (older.model, older.trim) == of)
        if book.imported.get(of, 0) < declared:
            kind = _default_kind(availability.launch, availability, *of)
            if kind is not None:
                availability.release(kind)
        if order.state in AWAITED:
            take_slot(book, order, at_ms)
        elif order.state in UNDELIVERED:
            _being_built(availability, kind_in(availability, order.offer), at_ms)
    book.imported[of] = book.imported.get(of, 0) + 1


def _being_built(availability: Availability, kind: Kind, at_ms: int) -> None:
    """It takes a slot of the current week. Before the plant's first week there is none to take."""
    column = availability.week_at(at_ms) - availability.capacity.base_week
    if 0 <= column < availability.capacity.horizon:
        availability.put(kind, column, 1)


def kind_in(availability: Availability, offer: Offer) -> Kind:
    """What an order of that needs."""
    return availability.kind(offer.model, offer.trim, offer.options)


def _default_kind(launch: Launch, availability: Availability, model_id: str, trim_id: str) -> Kind | None:
    model = launch.model(model_id)
    trim = next((one for one in model.trims if one.id == trim_id), None) if model is not None else None
    if model is None or trim is None:
        return None
    return availability.kind(model_id, trim_id, defaults(model, trim).options)
