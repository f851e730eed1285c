"""What an order is promised: at its making, a change, a conversion. Part of ``decide``: it reads the book only."""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins

from drumroll.domain.availability import Kind, Trial
from drumroll.domain.book import Book, Order
from drumroll.domain.capacity import rules_of
from drumroll.domain.delivery import delivery
from drumroll.domain.launch import Launch
from drumroll.domain.promise import Promise
from drumroll.domain.refusal import Code, Refusal
from drumroll.domain.slots import keeps_slot, own_week


def kind_of(book: Book, model: str, trim: str, options: tuple[str, ...]) -> Kind | None:
    """What such an order needs; ``None``: the launch has no plants."""
    return None if book.availability is None else book.availability.kind(model, trim, options)


def promised_anew(
    book: Book, model: str, trim: str, options: tuple[str, ...], region: str, at_ms: int
) -> Promise | None:
    """What a new order of that would be promised; ``None``: nothing can be."""
    availability = book.availability
    if availability is None:
        return None
    return availability.promise(availability.kind(model, trim, options), availability.lead(region), at_ms)


def promised_instead(
    book: Book, order: Order, model: str, trim: str, options: tuple[str, ...], region: str, at_ms: int
) -> Promise | None:
    """What an order would be promised if it became that: it keeps its week if it needs the same as before."""
    availability = book.availability
    if availability is None:
        return None
    kind, lead = availability.kind(model, trim, options), availability.lead(region)
    was = order.offer
    before = availability.kind(was.model, was.trim, was.options)
    if order.promise is not None and keeps_slot(availability, order, kind):
        return availability.promise_in(kind, order.promise.build_week - availability.capacity.base_week, lead, at_ms)
    with Trial(availability, at_ms) as trial:
        if order.live:
            own = own_week(availability, order)
            week = None if order.promise is None else order.promise.build_week
            trial.release(before, week, pinned=own is not None)
        return trial.take(kind, lead)


def delivery_facts(
    book: Book, model: str, promise: Promise | None, before: Promise | None, at_ms: int
) -> dict[str, Any]:
    """What the first of two steps says about the delivery; nothing, if the launch promises none."""
    if book.availability is None:
        return {}
    launch, now = book.availability.launch, book.availability.week_at(at_ms)
    return {
        "delivery": None if promise is None else to_builtins(delivery(launch, model, promise, now)),
        "delivery_before": None if before is None else to_builtins(delivery(launch, model, before, now)),
    }


def last_week(promise: Promise | None) -> int | None:
    """What of a promise a customer consents to."""
    return None if promise is None else promise.last_week


def unpromised(book: Book, launch: Launch, model: str, trim: str, options: tuple[str, ...]) -> Refusal | None:
    """The refusal of an order for which there is no week, if the launch wants those refused."""
    if not launch.plants or not rules_of(launch).refuse_unpromised:
        return None
    why = why_nothing(book, launch, model, trim, options)
    message = f"No delivery can be promised for {model} {trim}: {why}. It can't be ordered now."
    return Refusal(Code.NO_CAPACITY, message, {"model": model, "trim": trim})


def why_nothing(book: Book, launch: Launch, model: str, trim: str, options: tuple[str, ...]) -> str:
    """Why nothing can be promised for such an order, in words."""
    availability = book.availability
    if availability is None:
        return "this launch plans no deliveries"
    kind = availability.kind(model, trim, options)
    if not kind.needs:
        return "no plant builds it"
    for number in kind.needs:
        if not any(availability.capacity.weekly[number]):
            return f"{availability.capacity.resources[number].name} has no capacity in any week"
    return "all the capacity that is planned is promised, or closed"
