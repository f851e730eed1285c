"""What the rarer events change: changes, conversions, imports, the waiting list, operators. Part of ``evolve``."""

from __future__ import annotations

from msgspec.structs import replace

from drumroll.domain import events as ev
from drumroll.domain.book import Book, Converted, Done, Entry, More, Offer, Order, OwedBecause
from drumroll.domain.purse import apply_money, forfeit_money, give_back, grant_back, hold
from drumroll.domain.queue import Queue, lock_time_of
from drumroll.domain.slots import become, promise_to, slot_for_import, take_slot
from drumroll.domain.states import CANCELLED, DELIVERED, FIRM, FORFEITED, QUEUED, State
from drumroll.domain.tallying import (
    cool,
    count,
    enter,
    launch_of,
    leave_queue,
    more_of,
    move,
    new_order,
    new_place,
    note,
    remember_reserve,
)

# Changes


def forfeited(book: Book, event: ev.OrderForfeited, at_ms: int, position: int) -> None:
    """The customer gave it up, and the money with it."""
    order = book.orders[event.order_id]
    book.keys[event.key] = Done(event, at_ms, order)
    forfeit_money(book, order, more_of(order))
    move(book, order, FORFEITED, at_ms, position)


def changed(book: Book, event: ev.OrderChanged, at_ms: int, position: int) -> None:
    """Another trim, configuration or region."""
    order = book.orders[event.order_id]
    offer = replace(
        order.offer, trim=event.trim, price_minor=event.price_minor, options=event.options, region=event.region
    )
    if event.operator:
        book.trail.append(position)
    remember_reserve(book, order)
    count(book, order, -1, at_ms)
    become(book, order, offer, at_ms, event.promise)
    count(book, order, +1, at_ms)
    note(order, at_ms, position)
    book.keys[event.key] = Done(event, at_ms, order, model=offer.model, position=position)


def converted(book: Book, event: ev.OrderConverted, at_ms: int, position: int) -> None:
    """The order is counted where it was until its old self is taken out, and where it is from then on."""
    order = book.orders[event.order_id]
    more, state = more_of(order), State(event.state)
    leave_queue(book, order)
    had_place = order.place or more.kept_place
    before = Converted(event.window, order.offer, order.state, had_place, order.cooling_from_ms, at_ms)
    place = _place_after(book, event, before, more)
    give_back(book, order, event.refund_minor, OwedBecause.CONVERSION, at_ms)
    more.due_minor = event.due_minor
    count(book, order, -1, at_ms)
    _walk(more, before, reverts=event.reverts)
    remember_reserve(book, order)
    offer = _offer_after(event, order.offer)
    become(book, order, offer, at_ms, event.promise)
    order.state = state
    order.cooling_from_ms, order.undo_until_ms = event.cooling_from_ms, None
    order.place, more.kept_place = (0, place) if state is FIRM else (place, 0)
    count(book, order, +1, at_ms)
    note(order, at_ms, position)
    if before.state is FIRM and before.offer.cooling_off_ms is not None:
        book.coolings.settled(order, before.offer.cooling_off_ms)
    if state is FIRM:
        cool(book, order)
    else:
        book.queues[offer.model].add(place)
    book.keys[event.key] = Done(event, at_ms, order, model=offer.model, position=position)


def _offer_after(event: ev.OrderConverted, was: Offer) -> Offer:
    return Offer(
        event.model,
        event.trim,
        event.price_minor,
        event.deposit_minor,
        was.currency,
        was.hold_ms,
        event.options,
        event.region,
        None if event.cooling_off_s is None else event.cooling_off_s * 1000,
    )


def _place_after(book: Book, event: ev.OrderConverted, before: Converted, more: More) -> int:
    """The very place that it had if its lock time stays (or comes back), a new one if not, 0 if it has none."""
    if event.queued_at_ms is None:
        return 0
    for place in (more.path[-1].place if event.reverts else 0, before.place):
        if place and lock_time_of(place) == event.queued_at_ms:
            return place
    return new_place(book, event.queued_at_ms)


def _walk(more: More, before: Converted, *, reverts: bool) -> None:
    if reverts:
        more.path = more.path[:-1]
    else:
        more.path = [*more.path, before]
        more.used = {**more.used, before.window: more.used.get(before.window, 0) + 1}


def difference_paid(book: Book, event: ev.DifferencePaid, at_ms: int, position: int) -> None:
    """The rest of its deposit is there."""
    order = book.orders[event.order_id]
    more = more_of(order)
    book.payments[event.payment_id] = order.id
    if not more.payments and order.payment_id is not None:
        more.payments = [(order.payment_id, order.held_minor)]
    more.payments = [*more.payments, (event.payment_id, event.amount_minor)]
    more.due_minor -= event.amount_minor
    hold(book, order, event.amount_minor)
    note(order, at_ms, position)


# Orders from elsewhere, and those who wait


def imported(book: Book, event: ev.OrderImported, at_ms: int, position: int) -> None:
    """An order from elsewhere takes its place as it is."""
    offer = Offer(
        event.model,
        event.trim,
        event.price_minor,
        event.deposit_minor,
        launch_of(book).currency,
        0,
        event.options,
        event.region,
        None if event.cooling_off_s is None else event.cooling_off_s * 1000,
    )
    offer = book.offers.setdefault(offer, offer)
    state = State(event.state)
    order = Order(event.order_id, event.customer, offer, state, event.reserved_at_ms, at_ms, b"", b"", (position,))
    order.payment_id, order.firm_at_ms, order.cooling_from_ms = event.payment_id, event.firm_at_ms, event.firm_at_ms
    enter(book, order)
    book.references[event.reference] = event.digest
    book.payments[event.payment_id] = order.id
    hold(book, order, event.deposit_minor)
    if event.locked_at_ms is not None:
        order.place = new_place(book, event.locked_at_ms)
    count(book, order, +1, at_ms)
    slot_for_import(book, order, at_ms)
    if state in QUEUED:
        book.queues[offer.model].add(order.place)
    elif state is FIRM:
        cool(book, order)
    elif state is DELIVERED:
        apply_money(book, order)


def waiting_joined(book: Book, event: ev.WaitingJoined, at_ms: int, position: int) -> None:
    """Somebody waits."""
    wanted = (event.model, event.trim, event.options, event.region)
    entry = Entry(event.order_id, event.customer, *wanted, at_ms, position, len(book.entries))
    book.entries[entry.order_id] = entry
    book.waiting.setdefault((entry.model, entry.trim), {})[entry.order_id] = entry
    book.waiting_numbers.setdefault((entry.model, entry.trim), Queue()).add(entry.number)
    book.waiting_of[entry.customer] = (*book.waiting_of.get(entry.customer, ()), entry)
    book.joined_ever[entry.customer] = book.joined_ever.get(entry.customer, 0) + 1
    book.keys[event.key] = Done(event, at_ms)


def place_offered(book: Book, event: ev.PlaceOffered, at_ms: int, position: int) -> None:
    """Somebody who waited has a reservation."""
    entry = _waits_no_more(book, event.order_id, "offered")
    offer = Offer(
        entry.model,
        entry.trim,
        event.price_minor,
        event.deposit_minor,
        launch_of(book).currency,
        event.hold_s * 1000,
        entry.options,
        entry.region,
        None if event.cooling_off_s is None else event.cooling_off_s * 1000,
    )
    offer = book.offers.setdefault(offer, offer)
    order = new_order(book, entry.order_id, entry.customer, offer, at_ms, b"", b"", entry.block)
    take_slot(book, order, at_ms)
    promise_to(book, order, event.promise)
    note(order, at_ms, position)


def waiting_left(book: Book, event: ev.WaitingLeft, at_ms: int, position: int) -> None:
    """Somebody waits no more."""
    _waits_no_more(book, event.order_id, "left")
    if event.key:
        book.keys[event.key] = Done(event, at_ms)


def _waits_no_more(book: Book, order_id: str, state: str) -> Entry:
    entry = book.entries[order_id]
    entry.state = state
    line = book.waiting[entry.model, entry.trim]
    del line[order_id]
    book.waiting_numbers[entry.model, entry.trim].remove(entry.number)
    if not line:
        del book.waiting[entry.model, entry.trim]
    left = tuple(other for other in book.waiting_of[entry.customer] if other is not entry)
    if left:
        book.waiting_of[entry.customer] = left
    else:
        del book.waiting_of[entry.customer]
    return entry


# Operators


def withdrawn(book: Book, event: ev.OrderWithdrawn, at_ms: int, position: int) -> None:
    """An operator cancelled it."""
    order = book.orders[event.order_id]
    book.trail.append(position)
    book.keys[event.key] = Done(event, at_ms, order)
    if event.forfeited_minor:
        forfeit_money(book, order, more_of(order))
        move(book, order, FORFEITED, at_ms, position)
    else:
        give_back(book, order, order.held_minor, OwedBecause.WITHDRAWN, at_ms)
        move(book, order, CANCELLED, at_ms, position)


def refund_granted(book: Book, event: ev.RefundGranted, at_ms: int, position: int) -> None:
    """Money that was given up is owed back."""
    order = book.orders[event.order_id]
    book.trail.append(position)
    book.keys[event.key] = Done(event, at_ms, order)
    grant_back(book, order, more_of(order), event.amount_minor, at_ms)
    note(order, at_ms, position)


def orders_moved(book: Book, event: ev.OrdersMoved, at_ms: int, position: int) -> None:
    """Production goes on (or back)."""
    state = State(event.state)
    book.trail.append(position)
    if event.key:
        book.keys[event.key] = Done(event, at_ms)
    for order_id in event.order_ids:
        order = book.orders[order_id]
        move(book, order, state, at_ms, position)
        if state is DELIVERED:
            apply_money(book, order)
