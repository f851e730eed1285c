"""What an event changes. ``evolve`` is the only code that changes a book; it asks nothing and refuses nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drumroll.domain import events as ev
from drumroll.domain import evolve_changes as changes
from drumroll.domain import evolve_plan as plan
from drumroll.domain.amendments import amended
from drumroll.domain.book import Book, Done, Offer, OnOffer, OwedBecause, tally
from drumroll.domain.capacity import lead_weeks
from drumroll.domain.configuration import defaults
from drumroll.domain.promising import kind_of
from drumroll.domain.purse import give_back, hold, owe_stray_money, pay_refund
from drumroll.domain.queue import Queue
from drumroll.domain.slots import promise_to
from drumroll.domain.states import CANCELLED, EXPIRED, FIRM, LOCKED, RESERVED
from drumroll.domain.tallying import (
    cool,
    launch_of,
    milestones_ahead,
    move,
    new_order,
    new_place,
    note,
    remember_reserve,
    stand_firm,
)


def evolve(book: Book, event: ev.Event, at_ms: int, position: int = 0) -> None:
    """Fold one event of the block at ``position``, of time ``at_ms``, into the book."""
    _FOLD[type(event)](book, event, at_ms, position)


# The launch


def _desk_opened(book: Book, event: ev.DeskOpened, at_ms: int, position: int) -> None:
    book.openings += 1


def _launch_set(book: Book, event: ev.LaunchSet, at_ms: int, position: int) -> None:
    book.filed = event.launch
    book.launch = amended(book.filed, book.amendments)
    book.capacity_set_at = position
    book.safety = None
    plan.reckon(book, at_ms)
    _amend(book, position)
    book.headline = frozenset(event.launch.headline)
    for model in event.launch.models:
        book.queues.setdefault(model.id, Queue())
        for trim in model.trims:
            book.tallies.setdefault((model.id, trim.id), tally())
    firm = sum(tally.standing for (model_id, _), tally in book.tallies.items() if model_id in book.headline)
    if firm != book.headline_firm:
        book.headline_firm = firm
        book.curve.note(at_ms, firm)
    book.milestones_ahead = milestones_ahead(book, event.launch.milestones)


def _amend(book: Book, position: int) -> None:
    assert book.filed is not None
    launch = book.launch = amended(book.filed, book.amendments)
    if not book.launches or book.launches[-1][1] != launch:
        book.launches.append((position, launch))
    region = launch.regions[0].id if launch.regions else ""
    book.on_offer = {
        (model.id, trim.id): OnOffer(
            model,
            trim,
            defaults(model, trim),
            launch.deposit_of(model),
            region,
            capped=any(cap is not None for cap in (trim.cap, model.cap, launch.cap)),
            kind=kind_of(book, model.id, trim.id, defaults(model, trim).options),
            lead=lead_weeks(launch, region),
        )
        for model in launch.models
        for trim in model.trims
    }


def _amendment(book: Book, event: ev.SalesSet | ev.CapSet | ev.WindowMoved, at_ms: int, position: int) -> None:
    book.trail.append(position)
    book.keys[event.key] = Done(event, at_ms)
    if isinstance(event, ev.SalesSet) and event.action in ("pause", "resume"):
        _pause(book, event)
        return
    book.amendments.append((event, at_ms))
    if book.filed is not None:
        _amend(book, position)


def _capacity_set(book: Book, event: ev.CapacitySet, at_ms: int, position: int) -> None:
    plan.capacity_set(book, event, at_ms, position)
    _amend(book, position)


def _plan_accepted(book: Book, event: ev.PlanAccepted, at_ms: int, position: int) -> None:
    plan.plan_accepted(book, event, at_ms, position)
    if event.part == event.parts:
        _amend(book, position)


def _pause(book: Book, event: ev.SalesSet) -> None:
    if event.action == "pause":
        book.paused.add(event.model)
    elif event.model:
        book.paused.discard(event.model)
    else:
        book.paused.clear()


# From the order to its lock


def _reserved(book: Book, event: ev.OrderReserved, at_ms: int, position: int) -> None:
    terms = (event.model, event.trim, event.price_minor, event.deposit_minor, event.hold_s, event.options)
    known = (*terms, event.region, event.cooling_off_s)
    found = book.reserved_offers.get(known)
    if found is None:
        kind = kind_of(book, event.model, event.trim, event.options)
        found = book.reserved_offers[known] = (_offer_of(book, event), kind)
    offer, kind = found
    order = new_order(book, event.order_id, event.customer, offer, at_ms, event.key, event.fingerprint, position)
    book.keys[event.key] = order
    availability = book.availability
    if kind is not None and availability is not None:
        availability.take(kind, at_ms)
        promise = event.promise
        if promise is not None:
            # The next order of a kind is promised the very same object as the one before: that is known already.
            if promise is not kind.told:
                kind.told = promise = book.promises.setdefault(promise, promise)
            order.promised = order.promise = promise
            column = promise.build_week - availability.base_week
            if column == kind.latest:
                kind.promised[column] += 1
            else:
                availability.count(kind, promise.build_week, 1)


def _offer_of(book: Book, event: ev.OrderReserved) -> Offer:
    offer = Offer(
        event.model,
        event.trim,
        event.price_minor,
        event.deposit_minor,
        launch_of(book).currency,
        event.hold_s * 1000,
        event.options,
        event.region,
        None if event.cooling_off_s is None else event.cooling_off_s * 1000,
    )
    return book.offers.setdefault(offer, offer)


def _firmed(book: Book, event: ev.OrderFirmed, at_ms: int, position: int) -> None:
    order = book.orders[event.order_id]
    offer = order.offer
    order.payment_id = event.payment_id
    order.firm_at_ms = order.cooling_from_ms = at_ms
    book.payments[event.payment_id] = order.id
    hold(book, order, offer.deposit_minor)
    if order.state is RESERVED:
        stand_firm(book, order, at_ms, position)
    else:
        remember_reserve(book, order)
        move(book, order, FIRM, at_ms, position)
        promise_to(book, order, event.promise)
    if offer.cooling_off_ms is not None:
        book.coolings.add(order, at_ms + offer.cooling_off_ms, offer.cooling_off_ms)


def _expired(book: Book, event: ev.OrderExpired, at_ms: int, position: int) -> None:
    move(book, book.orders[event.order_id], EXPIRED, at_ms, position)


def _cancelled(book: Book, event: ev.OrderCancelled, at_ms: int, position: int) -> None:
    order = book.orders[event.order_id]
    book.keys[event.key] = Done(event, at_ms, order)
    give_back(book, order, order.held_minor, OwedBecause.CANCELLED, at_ms)
    move(book, order, CANCELLED, at_ms, position)


def _locked(book: Book, event: ev.OrderLocked, at_ms: int, position: int) -> None:
    order = book.orders[event.order_id]
    locks_at_ms = order.locks_at_ms
    locked_at_ms = at_ms if locks_at_ms is None else min(at_ms, locks_at_ms)
    order.place = (order.more.kept_place if order.more is not None else 0) or new_place(book, locked_at_ms)
    order.undo_until_ms = None
    if event.early:
        until_ms = at_ms + event.undo_s * 1000
        order.undo_until_ms = until_ms if locks_at_ms is None else min(until_ms, locks_at_ms)
        book.keys[event.key] = Done(event, at_ms, order, order.undo_until_ms)
    move(book, order, LOCKED, at_ms, position)


def _lock_undone(book: Book, event: ev.LockUndone, at_ms: int, position: int) -> None:
    order = book.orders[event.order_id]
    book.keys[event.key] = Done(event, at_ms, order, order.locks_at_ms)
    move(book, order, FIRM, at_ms, position)
    order.place, order.undo_until_ms = 0, None
    cool(book, order)


# Money without an order


def _owed_back(book: Book, event: ev.DepositOwedBack, at_ms: int, position: int) -> None:
    book.payments[event.payment_id] = event.order_id
    owe_stray_money(book, event, at_ms)
    order = book.orders.get(event.order_id)
    if order is not None:
        note(order, at_ms, position)


def _refund_paid(book: Book, event: ev.RefundPaid, at_ms: int, position: int) -> None:
    refund = pay_refund(book, event.refund_id, at_ms)
    if event.operator:
        book.trail.append(position)
    order = book.orders.get(refund.order_id)
    if order is not None:
        note(order, at_ms, position)


_FOLD: dict[type[ev.Event], Callable[[Book, Any, int, int], None]] = {
    ev.DeskOpened: _desk_opened,
    ev.LaunchSet: _launch_set,
    ev.OrderReserved: _reserved,
    ev.OrderFirmed: _firmed,
    ev.OrderExpired: _expired,
    ev.OrderCancelled: _cancelled,
    ev.DepositOwedBack: _owed_back,
    ev.RefundPaid: _refund_paid,
    ev.OrderLocked: _locked,
    ev.LockUndone: _lock_undone,
    ev.OrderForfeited: changes.forfeited,
    ev.OrderChanged: changes.changed,
    ev.OrderConverted: changes.converted,
    ev.DifferencePaid: changes.difference_paid,
    ev.OrderImported: changes.imported,
    ev.WaitingJoined: changes.waiting_joined,
    ev.PlaceOffered: changes.place_offered,
    ev.WaitingLeft: changes.waiting_left,
    ev.SalesSet: _amendment,
    ev.CapSet: _amendment,
    ev.WindowMoved: _amendment,
    ev.OrderWithdrawn: changes.withdrawn,
    ev.RefundGranted: changes.refund_granted,
    ev.OrdersMoved: changes.orders_moved,
    ev.SafetySet: plan.safety_set,
    ev.CapacitySet: _capacity_set,
    ev.OrderPinned: plan.order_pinned,
    ev.PlanAccepted: _plan_accepted,
}
