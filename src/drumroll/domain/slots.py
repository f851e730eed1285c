"""Who takes a slot of the plant's weeks, and who frees one. Part of ``evolve``."""

from __future__ import annotations

from drumroll.domain.availability import Availability, Kind
from drumroll.domain.book import Book, Offer, Order
from drumroll.domain.configuration import defaults
from drumroll.domain.launch import Launch
from drumroll.domain.promise import Promise
from drumroll.domain.states import AWAITED
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
    if book.availability is not None:
        book.availability.release(kind_in(book.availability, order.offer))


def keeps_slot(availability: Availability, order: Order, kind: Kind) -> bool:
    """Whether an order that becomes one of that kind keeps its slot and its week: it has one, and needs the same."""
    if order.promise is None or order.state not in AWAITED or kind is not kind_in(availability, order.offer):
        return False
    return 0 <= order.promise.build_week - availability.capacity.base_week < availability.capacity.horizon


def same_slot(book: Book, order: Order, after: Offer) -> bool:
    """Whether an order that becomes another keeps its slot."""
    availability = book.availability
    return availability is not None and keeps_slot(availability, order, kind_in(availability, after))


def promise_to(book: Book, order: Order, promise: Promise | None) -> None:
    """What its customer was told. A week that an operator had given to what it was before is given no more."""
    if order.more is not None:
        order.more.pinned = False
    if promise is not None:
        promise = book.promises.setdefault(promise, promise)
    order.promised = order.promise = promise


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
    book.imported[of] = book.imported.get(of, 0) + 1


def kind_in(availability: Availability, offer: Offer) -> Kind:
    """What an order of that needs."""
    return availability.kind(offer.model, offer.trim, offer.options)


def _default_kind(launch: Launch, availability: Availability, model_id: str, trim_id: str) -> Kind | None:
    model = launch.model(model_id)
    trim = next((one for one in model.trims if one.id == trim_id), None) if model is not None else None
    if model is None or trim is None:
        return None
    return availability.kind(model_id, trim_id, defaults(model, trim).options)
