"""What follows when an order comes, moves or changes: counts, queues, deadlines, milestones. Part of ``evolve``."""

from __future__ import annotations

from drumroll.domain import events as ev
from drumroll.domain.book import Book, Done, Milestone, More, Offer, Order, Tally, tally
from drumroll.domain.launch import Launch
from drumroll.domain.queue import place_of
from drumroll.domain.slots import awaits_no_more, free_slot, take_slot
from drumroll.domain.states import DELIVERED, ENDED, FIRM, GONE, QUEUED, RESERVED, STANDING, State


def new_order(
    book: Book, order_id: str, customer: str, offer: Offer, at_ms: int, key: bytes, fingerprint: bytes, position: int
) -> Order:
    """A new reservation."""
    order = Order(order_id, customer, offer, RESERVED, at_ms, at_ms, key, fingerprint, (position,))
    enter(book, order)
    counts = book.tallies[offer.model, offer.trim]
    counts.by_state[RESERVED] += 1
    counts.live += 1
    book.holds.add(order, at_ms + offer.hold_ms, offer.hold_ms)
    return order


def enter(book: Book, order: Order) -> None:
    """Let the book know an order that it did not know."""
    book.orders[order.id] = order
    book.sequence.append(order)
    before = book.customers.get(order.customer)
    book.customers[order.customer] = (order,) if before is None else (*before, order)


def new_place(book: Book, at_ms: int) -> int:
    """A place in the queue that nobody had, for a lock at this time."""
    book.places_given += 1
    return place_of(at_ms, book.places_given)


def cool(book: Book, order: Order) -> None:
    """Note when an order that is firm (again) locks by itself."""
    locks_at_ms = order.locks_at_ms
    if locks_at_ms is not None and order.offer.cooling_off_ms is not None:
        book.coolings.add_again(order, locks_at_ms, order.offer.cooling_off_ms)


def launch_of(book: Book) -> Launch:
    """The launch that holds."""
    assert book.launch is not None, "a log begins with its launch"
    return book.launch


def more_of(order: Order) -> More:
    """What few orders have, of one that has it from now on."""
    if order.more is None:
        order.more = More()
    return order.more


def note(order: Order, at_ms: int, position: int) -> None:
    """Something happened to the order in the block at that position."""
    order.changed_at_ms = at_ms
    if order.blocks[-1] != position:
        order.blocks = (*order.blocks, position)


def move(book: Book, order: Order, to: State, at_ms: int, position: int) -> None:
    """Take an order from its state to another, with all that is counted by state."""
    counts = book.tallies[order.offer.model, order.offer.trim]
    came_from = order.state
    counts.by_state[came_from] -= 1
    counts.by_state[to] += 1
    order.state = to
    order.ended_at_ms = at_ms if to in ENDED else None
    if (came_from in GONE) != (to in GONE):
        counts.live += 1 if to not in GONE else -1
        if to in GONE:
            free_slot(book, order)
        else:
            take_slot(book, order, at_ms)
    elif to is DELIVERED:
        awaits_no_more(book, order)
    if (came_from in STANDING) != (to in STANDING):
        _count_standing(book, order, counts, +1 if to in STANDING else -1, at_ms)
    if (came_from in QUEUED) != (to in QUEUED):
        queue = book.queues[order.offer.model]
        (queue.add if to in QUEUED else queue.remove)(order.place)
    if came_from is RESERVED:
        book.holds.settled(order, order.offer.hold_ms)
    elif came_from is FIRM and order.offer.cooling_off_ms is not None:
        book.coolings.settled(order, order.offer.cooling_off_ms)
    note(order, at_ms, position)


def stand_firm(book: Book, order: Order, at_ms: int, position: int) -> None:
    """``move`` from reserved to firm: what launch night is made of, so it is written out."""
    offer = order.offer
    counts = book.tallies[offer.model, offer.trim]
    counts.by_state[RESERVED] -= 1
    counts.by_state[FIRM] += 1
    counts.standing += 1
    order.state = FIRM
    if offer.model in book.headline:
        _count_firm(book, 1, at_ms)
    book.holds.settled(order, offer.hold_ms)
    note(order, at_ms, position)


def leave_queue(book: Book, order: Order) -> None:
    """Give up the place in the queue of its model, if it stands there."""
    if order.state in QUEUED:
        book.queues[order.offer.model].remove(order.place)


def count(book: Book, order: Order, step: int, at_ms: int) -> None:
    """Count an order in (or out of) its trim as it is."""
    counts = book.tallies.get((order.offer.model, order.offer.trim))
    if counts is None:
        counts = book.tallies[order.offer.model, order.offer.trim] = tally()
    counts.by_state[order.state] += step
    if order.state not in GONE:
        counts.live += step
    if order.state in STANDING:
        _count_standing(book, order, counts, step, at_ms)


def _count_standing(book: Book, order: Order, counts: Tally, step: int, at_ms: int) -> None:
    counts.standing += step
    if order.converted_by is not None:
        counts.converted += step
    if order.offer.model in book.headline:
        _count_firm(book, step, at_ms)


def remember_reserve(book: Book, order: Order) -> None:
    """Before an order becomes another: whoever asks again with its first key is to be answered as before."""
    if not isinstance(book.keys.get(order.key), Order):
        return
    offer = order.offer
    cooling_off_s = None if offer.cooling_off_ms is None else offer.cooling_off_ms // 1000
    event = ev.OrderReserved(
        order.id,
        order.customer,
        offer.model,
        offer.trim,
        offer.price_minor,
        offer.deposit_minor,
        offer.hold_ms // 1000,
        order.key,
        order.fingerprint,
        offer.options,
        offer.region,
        cooling_off_s,
        order.promised,
    )
    book.keys[order.key] = Done(event, order.reserved_at_ms, order)


def _count_firm(book: Book, step: int, at_ms: int) -> None:
    book.headline_firm += step
    book.curve.note(at_ms, book.headline_firm)
    ahead = book.milestones_ahead
    while ahead and book.headline_firm >= ahead[-1]:
        book.milestones.append(Milestone(ahead.pop(), at_ms))


def milestones_ahead(book: Book, milestones: tuple[int, ...]) -> list[int]:
    """The milestones not yet reached, the next one last.

    What a changed launch file puts below the most that ever stood firm is left out: nobody noted when it was passed.
    """
    most = max(book.headline_firm, *book.curve.firm, *(milestone.firm for milestone in book.milestones), 0)
    return [milestone for milestone in reversed(milestones) if milestone > most]
