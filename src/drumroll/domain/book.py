"""What is true now, folded from the log: orders, payments, refunds, and the counts over them.

``evolve`` is the only code that changes a book. The same blocks always give the same book.
Memory an order is a design figure (under 1,000 bytes): texts and times are shared, indexes hold references.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

import msgspec

from drumroll.domain import events as ev
from drumroll.domain.curve import Curve
from drumroll.domain.launch import Launch, Model, Trim


class State(StrEnum):
    """Where an order stands."""

    RESERVED = "reserved"
    FIRM = "firm"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


# Looking a member up on its enumeration costs more than the rest of a comparison; these are looked at in every event.
RESERVED, FIRM, EXPIRED, CANCELLED = State


class OwedBecause(StrEnum):
    """Why money is owed back."""

    CANCELLED = "order_cancelled"
    UNKNOWN_ORDER = "unknown_order"
    SECOND_DEPOSIT = "second_deposit"
    ORDER_CANCELLED = "paid_after_cancellation"
    NOT_TO_BE_HAD = "expired_and_no_longer_to_be_had"
    WRONG_AMOUNT = "wrong_amount"


class Offer(msgspec.Struct, frozen=True, gc=False):
    """What an order is for, at the price it was made at; shared by all orders of the same."""

    model: str
    trim: str
    price_minor: int
    deposit_minor: int
    currency: str
    hold_ms: int


class Order(msgspec.Struct, gc=False):
    """One order. ``firm_at_ms`` is when it became firm; ``changed_at_ms`` when it came to its present state."""

    id: str
    customer: str
    offer: Offer
    state: State
    reserved_at_ms: int
    changed_at_ms: int
    key: bytes
    fingerprint: bytes
    payment_id: str | None = None
    firm_at_ms: int | None = None

    @property
    def expires_at_ms(self) -> int:
        """The moment from which the place is no longer held for the deposit."""
        return self.reserved_at_ms + self.offer.hold_ms

    @property
    def live(self) -> bool:
        """Whether the order takes a place: of its trim, of the launch, of its customer."""
        return self.state is RESERVED or self.state is FIRM


class Cancellation(msgspec.Struct, frozen=True, gc=False):
    """What an idempotency key of a cancellation stands for: the order, the request, the refund that was answered."""

    order: Order
    fingerprint: bytes
    refund_minor: int
    at_ms: int


class Refund(msgspec.Struct, gc=False):
    """Money owed back to whoever paid, one refund a payment, and when it was paid."""

    payment_id: str
    order_id: str
    amount_minor: int
    currency: str
    reason: str
    owed_at_ms: int
    paid_at_ms: int | None = None


class Tally(msgspec.Struct, gc=False):
    """How many orders of one trim stand in each state."""

    reserved: int = 0
    firm: int = 0
    expired: int = 0
    cancelled: int = 0

    @property
    def live(self) -> int:
        """How many places are taken."""
        return self.reserved + self.firm


class Milestone(msgspec.Struct, frozen=True, gc=False):
    """The first moment at which that many orders of the headline models stood firm at once."""

    firm: int
    at_ms: int


class Book:
    """Everything that is true now. Read it freely; only ``evolve`` changes it."""

    def __init__(self) -> None:
        self.launch: Launch | None = None
        self.orders: dict[str, Order] = {}
        self.customers: dict[str, tuple[Order, ...]] = {}
        self.keys: dict[bytes, Order | Cancellation] = {}
        self.payments: dict[str, str] = {}
        self.refunds: dict[str, Refund] = {}
        self.refunds_owed: dict[str, Refund] = {}
        self.refunds_of: dict[str, list[Refund]] = {}
        self.tallies: dict[tuple[str, str], Tally] = {}
        self.offers: dict[Offer, Offer] = {}
        self.on_offer: dict[tuple[str, str], tuple[Model, Trim]] = {}
        self.awaiting: dict[int, deque[Order]] = {}
        self.headline: frozenset[str] = frozenset()
        self.headline_firm = 0
        self.milestones: list[Milestone] = []
        self.milestones_ahead: list[int] = []
        self.curve = Curve()
        self.openings = 0
        self.paid_in_minor = 0

    def tally(self, model: str, trim: str) -> Tally:
        """The counts of a trim (zeros if nothing was ordered)."""
        return self.tallies.get((model, trim)) or Tally()

    def live(self, model: str | None = None) -> int:
        """How many places are taken, of a model or in all."""
        return sum(tally.live for (of, _), tally in self.tallies.items() if model in (None, of))

    def due(self, at_ms: int) -> Iterator[Order]:
        """The reservations whose time is over at ``at_ms``, oldest first within each length of hold."""
        for hold_ms, waiting in self.awaiting.items():
            latest = at_ms - hold_ms
            for order in waiting:
                if order.reserved_at_ms > latest:
                    break
                if order.state is RESERVED:
                    yield order


def evolve(book: Book, event: ev.Event, at_ms: int) -> None:
    """Fold one event of a block of time ``at_ms`` into the book."""
    _FOLD[type(event)](book, event, at_ms)


def _desk_opened(book: Book, event: ev.DeskOpened, at_ms: int) -> None:
    book.openings += 1


def _launch_set(book: Book, event: ev.LaunchSet, at_ms: int) -> None:
    book.launch = event.launch
    book.headline = frozenset(event.launch.headline)
    book.on_offer = {(model.id, trim.id): (model, trim) for model in event.launch.models for trim in model.trims}
    for model in event.launch.models:
        for trim in model.trims:
            book.tallies.setdefault((model.id, trim.id), Tally())
    firm = sum(tally.firm for (model_id, _), tally in book.tallies.items() if model_id in book.headline)
    if firm != book.headline_firm:
        book.headline_firm = firm
        book.curve.note(at_ms, firm)
    book.milestones_ahead = _ahead(book, event.launch.milestones)


def _reserved(book: Book, event: ev.OrderReserved, at_ms: int) -> None:
    assert book.launch is not None, "a log begins with its launch"
    offer = Offer(
        event.model, event.trim, event.price_minor, event.deposit_minor, book.launch.currency, event.hold_s * 1000
    )
    offer = book.offers.setdefault(offer, offer)
    order = Order(event.order_id, event.customer, offer, RESERVED, at_ms, at_ms, event.key, event.fingerprint)
    book.orders[order.id] = order
    book.customers[order.customer] = (*book.customers.get(order.customer, ()), order)
    book.keys[order.key] = order
    book.tallies[offer.model, offer.trim].reserved += 1
    waiting = book.awaiting.get(offer.hold_ms)
    if waiting is None:
        waiting = book.awaiting[offer.hold_ms] = deque()
    waiting.append(order)


def _firmed(book: Book, event: ev.OrderFirmed, at_ms: int) -> None:
    order = book.orders[event.order_id]
    tally = _leave(book, order, FIRM, at_ms)
    tally.firm += 1
    order.payment_id = event.payment_id
    order.firm_at_ms = at_ms
    book.payments[event.payment_id] = order.id
    book.paid_in_minor += order.offer.deposit_minor
    if order.offer.model in book.headline:
        _count_firm(book, +1, at_ms)


def _expired(book: Book, event: ev.OrderExpired, at_ms: int) -> None:
    order = book.orders[event.order_id]
    _leave(book, order, EXPIRED, at_ms).expired += 1


def _cancelled(book: Book, event: ev.OrderCancelled, at_ms: int) -> None:
    order = book.orders[event.order_id]
    was_firm = order.state is FIRM
    _leave(book, order, CANCELLED, at_ms).cancelled += 1
    book.keys[event.key] = Cancellation(order, event.fingerprint, event.refund_minor, at_ms)
    if was_firm and order.payment_id is not None:
        amount_minor, currency = event.refund_minor, order.offer.currency
        _owe(book, Refund(order.payment_id, order.id, amount_minor, currency, OwedBecause.CANCELLED, at_ms))
        if order.offer.model in book.headline:
            _count_firm(book, -1, at_ms)


def _owed_back(book: Book, event: ev.DepositOwedBack, at_ms: int) -> None:
    book.payments[event.payment_id] = event.order_id
    if book.launch is not None and event.currency == book.launch.currency:
        book.paid_in_minor += event.amount_minor
    _owe(book, Refund(event.payment_id, event.order_id, event.amount_minor, event.currency, event.reason, at_ms))


def _refund_paid(book: Book, event: ev.RefundPaid, at_ms: int) -> None:
    book.refunds_owed.pop(event.payment_id).paid_at_ms = at_ms


def _leave(book: Book, order: Order, to: State, at_ms: int) -> Tally:
    """Take an order out of its state into another; its caller counts it there."""
    tally = book.tallies[order.offer.model, order.offer.trim]
    came_from = order.state
    if came_from is RESERVED:
        tally.reserved -= 1
    elif came_from is FIRM:
        tally.firm -= 1
    elif came_from is EXPIRED:
        tally.expired -= 1
    order.state = to
    order.changed_at_ms = at_ms
    if came_from is RESERVED:
        _forget_settled(book.awaiting[order.offer.hold_ms])
    return tally


def _forget_settled(waiting: deque[Order]) -> None:
    """Drop what no longer waits from the front, so that ``due`` looks at few: each order is dropped once."""
    while waiting and waiting[0].state is not RESERVED:
        waiting.popleft()


def _count_firm(book: Book, step: int, at_ms: int) -> None:
    book.headline_firm += step
    book.curve.note(at_ms, book.headline_firm)
    ahead = book.milestones_ahead
    while ahead and book.headline_firm >= ahead[-1]:
        book.milestones.append(Milestone(ahead.pop(), at_ms))


def _ahead(book: Book, milestones: tuple[int, ...]) -> list[int]:
    """The milestones not yet reached, the next one last.

    What a changed launch file puts below the most that ever stood firm is left out: nobody noted when it was passed.
    """
    most = max(book.headline_firm, *book.curve.firm, *(milestone.firm for milestone in book.milestones), 0)
    return [milestone for milestone in reversed(milestones) if milestone > most]


def _owe(book: Book, refund: Refund) -> None:
    book.refunds[refund.payment_id] = refund
    book.refunds_owed[refund.payment_id] = refund
    book.refunds_of.setdefault(refund.order_id, []).append(refund)


_FOLD: dict[type[ev.Event], Callable[[Book, Any, int], None]] = {
    ev.DeskOpened: _desk_opened,
    ev.LaunchSet: _launch_set,
    ev.OrderReserved: _reserved,
    ev.OrderFirmed: _firmed,
    ev.OrderExpired: _expired,
    ev.OrderCancelled: _cancelled,
    ev.DepositOwedBack: _owed_back,
    ev.RefundPaid: _refund_paid,
}
