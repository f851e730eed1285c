"""What is true now, folded from the log: orders, payments, refunds, queues, and the counts over them.

Only ``evolve`` changes a book. The same blocks always give the same book.
Memory an order is a design figure (under 1,000 bytes): texts and times are shared, indexes hold references, what few
orders have is in ``More``, and an order's history is a list of blocks to read in the log.
"""

from __future__ import annotations

from bisect import bisect_right
from enum import StrEnum

import msgspec

from drumroll.domain import events as ev
from drumroll.domain.availability import Availability, Kind, Safety
from drumroll.domain.capacity import Capacity, Change
from drumroll.domain.configuration import Configured
from drumroll.domain.curve import Curve
from drumroll.domain.deadlines import Deadlines
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.promise import Promise
from drumroll.domain.queue import Queue
from drumroll.domain.states import FIRM, GONE, QUEUED, RESERVED, State

__all__ = ["Book", "Done", "Entry", "Money", "More", "Offer", "Order", "OwedBecause", "Refund", "State", "Tally"]


class OwedBecause(StrEnum):
    """Why money is owed back."""

    CANCELLED = "order_cancelled"
    UNKNOWN_ORDER = "unknown_order"
    SECOND_DEPOSIT = "second_deposit"
    ORDER_CANCELLED = "paid_after_cancellation"
    NOT_TO_BE_HAD = "expired_and_no_longer_to_be_had"
    WRONG_AMOUNT = "wrong_amount"
    CONVERSION = "conversion"
    WITHDRAWN = "cancelled_by_operator"
    GRANTED = "granted_by_operator"


class Offer(msgspec.Struct, frozen=True, gc=False):
    """What an order is for, at the price it was made at, and its terms; shared by all orders of the same."""

    model: str
    trim: str
    price_minor: int
    deposit_minor: int
    currency: str
    hold_ms: int
    options: tuple[str, ...] = ()
    region: str = ""
    cooling_off_ms: int | None = None


class Converted(msgspec.Struct, frozen=True):
    """A conversion as its order remembers it: what it was before."""

    window: str
    offer: Offer
    state: State
    place: int
    cooling_from_ms: int | None
    at_ms: int


class More(msgspec.Struct):
    """What only few orders have. ``payments`` (id, what is held of it) is kept once they are more than one whole one.

    ``path`` are the conversions that led to what the order is now; ``used`` counts the uses of each window.
    ``kept_place`` is a place in the queue that a conversion left it, to be taken at its next lock (0: none).
    ``pinned``: an operator gave it the week that it is promised.
    """

    path: list[Converted] = []
    used: dict[str, int] = {}
    kept_place: int = 0
    due_minor: int = 0
    forfeited_minor: int = 0
    payments: list[tuple[str, int]] = []
    pinned: bool = False


class Order(msgspec.Struct, gc=False):
    """One order. ``changed_at_ms`` is the time of its last event, ``blocks`` the positions of all of them.

    ``cooling_from_ms`` is when its cooling-off began; ``place`` is its place in the queue (0 while it never had one),
    see ``queue``; ``held_minor`` is what of its money is neither given back, nor given up, nor applied to its price.
    ``promised`` is what its customer was told when ordering (or changing) it, ``promise`` what holds now.
    ``ended_at_ms`` is when it was delivered, expired, cancelled or given up.
    """

    id: str
    customer: str
    offer: Offer
    state: State
    reserved_at_ms: int
    changed_at_ms: int
    key: bytes
    fingerprint: bytes
    blocks: tuple[int, ...]
    payment_id: str | None = None
    firm_at_ms: int | None = None
    cooling_from_ms: int | None = None
    held_minor: int = 0
    place: int = 0
    undo_until_ms: int | None = None
    promised: Promise | None = None
    promise: Promise | None = None
    ended_at_ms: int | None = None
    more: More | None = None

    @property
    def expires_at_ms(self) -> int:
        """The moment from which the place is no longer held for the deposit."""
        return self.reserved_at_ms + self.offer.hold_ms

    @property
    def locks_at_ms(self) -> int | None:
        """The end of its cooling-off, from which on it locks by itself; ``None``: never, or it is not firm yet."""
        if self.cooling_from_ms is None or self.offer.cooling_off_ms is None:
            return None
        return self.cooling_from_ms + self.offer.cooling_off_ms

    @property
    def live(self) -> bool:
        """Whether the order takes a place: of its trim, of the launch, of its customer."""
        return self.state not in GONE

    @property
    def queued(self) -> bool:
        """Whether it waits for production, and so stands in the queue of its model."""
        return self.state in QUEUED

    @property
    def due_minor(self) -> int:
        """What of its deposit is still to be paid after a conversion."""
        return 0 if self.more is None else self.more.due_minor

    @property
    def forfeited_minor(self) -> int:
        """What of its money was given up and not granted back."""
        return 0 if self.more is None else self.more.forfeited_minor

    @property
    def from_elsewhere(self) -> bool:
        """Whether it was imported: such an order was never held for a deposit."""
        return not self.offer.hold_ms

    @property
    def pinned(self) -> bool:
        """Whether an operator gave it the week that it is promised."""
        return self.more is not None and self.more.pinned

    @property
    def converted_by(self) -> Converted | None:
        """The conversion through which it is what it is, if any."""
        return self.more.path[-1] if self.more is not None and self.more.path else None

    def state_at(self, at_ms: int) -> State:
        """Its state at this moment: a firm order whose cooling-off has ended is as good as locked."""
        locks_at_ms = self.locks_at_ms
        if self.state is FIRM and locks_at_ms is not None and at_ms >= locks_at_ms:
            return State.LOCKED
        return self.state


class Done(msgspec.Struct, frozen=True, gc=False):
    """What an idempotency key stands for: the event that carried it, its time, and the order it was about.

    ``until_ms`` is what the answer said of the order's future: until when a lock can be undone, or a refund be had;
    ``model`` what a changed order was for at that time, ``position`` the block in which it changed.
    """

    event: ev.AnyEvent
    at_ms: int
    order: Order | None = None
    until_ms: int | None = None
    model: str = ""
    position: int = 0


class Refund(msgspec.Struct, gc=False):
    """Money owed back to whoever paid, and when it was paid. ``id`` is that of the payment, or adds a number to it."""

    id: str
    payment_id: str
    order_id: str
    amount_minor: int
    currency: str
    reason: str
    owed_at_ms: int
    paid_at_ms: int | None = None


class Entry(msgspec.Struct, gc=False):
    """Somebody waits, or waited, for a place. ``state``: ``waiting``, ``offered`` (it is an order now) or ``left``.

    ``block`` is the position of its first block; ``number`` counts those who ever joined, in order of arrival.
    """

    order_id: str
    customer: str
    model: str
    trim: str
    options: tuple[str, ...]
    region: str
    joined_at_ms: int
    block: int
    number: int
    state: str = "waiting"


class Tally(msgspec.Struct, gc=False):
    """The orders of one trim: by state, those that take a place, those that stand firm, those of them converted."""

    by_state: dict[State, int]
    live: int = 0
    standing: int = 0
    converted: int = 0


class Money(msgspec.Struct):
    """Where the money is, in minor units of the launch's currency: ``received`` is the sum of all the others."""

    received: int = 0
    held: int = 0
    owed: int = 0
    refunded: int = 0
    forfeited: int = 0
    applied: int = 0


class Milestone(msgspec.Struct, frozen=True, gc=False):
    """The first moment at which that many orders of the headline models stood firm at once."""

    firm: int
    at_ms: int


class OnOffer(msgspec.Struct, frozen=True):
    """A trim as it is on offer now: with its default configuration, its deposit and the default region.

    ``capped``: some cap limits its places; ``kind``: what it needs to be built, ``lead``: weeks to that region. What
    launch night asks of every order is looked up here, not worked out.
    """

    model: Model
    trim: Trim
    default: Configured
    deposit_minor: int
    region: str
    capped: bool
    kind: Kind | None
    lead: int


def tally() -> Tally:
    """A tally of nothing."""
    return Tally(dict.fromkeys(State, 0))


class Book:
    """Everything that is true now. Read it freely; only ``evolve`` changes it.

    ``filed`` is the launch as its file has it; ``launch`` is that with the operators' ``amendments``, and holds;
    ``launches`` are all that held, with the block from which on each did.
    ``availability`` is what can still be promised (``None``: the launch has no plants); ``safety`` is ``None`` while it
    has to be worked out anew; ``capacity_set_at`` the block that last changed the capacity; ``plans`` are those
    accepted: digest, policy, time.
    """

    def __init__(self) -> None:
        self.filed: Launch | None = None
        self.launch: Launch | None = None
        self.launches: list[tuple[int, Launch]] = []
        self.amendments: list[tuple[ev.SalesSet | ev.CapSet | ev.WindowMoved, int]] = []
        self.paused: set[str] = set()
        self.trail: list[int] = []
        self.orders: dict[str, Order] = {}
        self.sequence: list[Order] = []
        self.customers: dict[str, tuple[Order, ...]] = {}
        self.keys: dict[bytes, Order | Done] = {}
        self.payments: dict[str, str] = {}
        self.references: dict[str, bytes] = {}
        self.refunds: dict[str, Refund] = {}
        self.refunds_owed: dict[str, Refund] = {}
        self.refunds_of: dict[str, list[Refund]] = {}
        self.tallies: dict[tuple[str, str], Tally] = {}
        self.offers: dict[Offer, Offer] = {}
        self.reserved_offers: dict[tuple[object, ...], tuple[Offer, Kind | None]] = {}
        self.on_offer: dict[tuple[str, str], OnOffer] = {}
        self.holds = Deadlines(lambda order: order.expires_at_ms if order.state is RESERVED else None)
        self.coolings = Deadlines(lambda order: order.locks_at_ms if order.state is FIRM else None)
        self.queues: dict[str, Queue] = {}
        self.places_given = 0
        self.entries: dict[str, Entry] = {}
        self.waiting: dict[tuple[str, str], dict[str, Entry]] = {}
        self.waiting_numbers: dict[tuple[str, str], Queue] = {}
        self.waiting_of: dict[str, tuple[Entry, ...]] = {}
        self.joined_ever: dict[str, int] = {}
        self.headline: frozenset[str] = frozenset()
        self.headline_firm = 0
        self.milestones: list[Milestone] = []
        self.milestones_ahead: list[int] = []
        self.curve = Curve()
        self.openings = 0
        self.money = Money()
        self.capacity_changes: list[Change] = []
        self.capacity_set_at = 0
        self.safety: Safety | None = None
        self.availability: Availability | None = None
        self.promises: dict[Promise, Promise] = {}
        self.imported: dict[tuple[str, str], int] = {}
        self.plans: list[tuple[str, str, int]] = []

    def tally(self, model: str, trim: str) -> Tally:
        """The counts of a trim (zeros if nothing was ordered)."""
        return self.tallies.get((model, trim)) or tally()

    def live(self, model: str | None = None) -> int:
        """How many places are taken, of a model or in all."""
        return sum(tally.live for (of, _), tally in self.tallies.items() if model in (None, of))

    def place(self, order: Order) -> int | None:
        """Which one it is in the queue of its model, from 1 on; ``None`` while it stands in none."""
        return self.queues[order.offer.model].ahead(order.place) + 1 if order.queued else None

    def position(self, entry: Entry) -> int | None:
        """Which one it is of those who wait for its trim, from 1 on; ``None`` once it waits no more."""
        if entry.state != "waiting":
            return None
        return self.waiting_numbers[entry.model, entry.trim].ahead(entry.number) + 1

    def launch_in(self, position: int) -> Launch | None:
        """The launch as it was in that block: what was answered then is answered again."""
        number = bisect_right(self.launches, position, key=lambda one: one[0])
        return self.launches[number - 1][1] if number else self.launch

    @property
    def capacity(self) -> Capacity | None:
        """The capacity with what operators changed; ``None``: the launch has no plants."""
        return None if self.availability is None else self.availability.capacity

    def queue_length(self, model: str) -> int:
        """How many orders of a model wait for production."""
        queue = self.queues.get(model)
        return 0 if queue is None else len(queue)
