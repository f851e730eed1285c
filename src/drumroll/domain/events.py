"""What happened, as the log keeps it. Arrays with a numeric tag on disk: fields are only ever added at the end.

Events carry no time of their own: the time of their block is theirs. ``key`` (16 bytes) and ``fingerprint`` (8 bytes)
are the idempotency key that asked for it and a digest of the request; ``operator`` and ``reason`` say who did it and
why, where it was not the customer.
"""

from __future__ import annotations

import msgspec

from drumroll.domain.launch import Launch
from drumroll.domain.promise import Planned, Promise


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="kind"):
    """The base of all events."""


class DeskOpened(Event, frozen=True, tag=0):
    """A server began to write this log (its first block after every start, and after every failure of the disk)."""

    holder: str


class LaunchSet(Event, frozen=True, tag=1):
    """What is sold, from now on."""

    launch: Launch


class OrderReserved(Event, frozen=True, tag=2):
    """An order waits for its deposit for ``hold_s`` seconds; once firm, it locks after ``cooling_off_s`` (None: never).

    ``options`` is the whole configuration: the ids of all choices, defaults included. ``promise``: what its customer
    was told of the delivery before paying (``None``: nothing could be promised).
    """

    order_id: str
    customer: str
    model: str
    trim: str
    price_minor: int
    deposit_minor: int
    hold_s: int
    key: bytes
    fingerprint: bytes
    options: tuple[str, ...] = ()
    region: str = ""
    cooling_off_s: int | None = None
    promise: Promise | None = None


class OrderFirmed(Event, frozen=True, tag=3):
    """The deposit of an order arrived; a reservation, or an expired order that could still be had, is firm.

    An expired order had lost its weeks: ``promise`` is what it is promised from now on.
    """

    order_id: str
    payment_id: str
    promise: Promise | None = None


class OrderExpired(Event, frozen=True, tag=4):
    """No deposit came in time; the place is free again."""

    order_id: str


class OrderCancelled(Event, frozen=True, tag=5):
    """The customer took the order back. ``refund_minor`` is owed to them from now on (0 if nothing was paid)."""

    order_id: str
    refund_minor: int
    key: bytes
    fingerprint: bytes


class DepositOwedBack(Event, frozen=True, tag=6):
    """Money arrived that no order can use. ``reason`` is one of ``book.OwedBecause``."""

    order_id: str
    payment_id: str
    amount_minor: int
    currency: str
    reason: str


class RefundPaid(Event, frozen=True, tag=7):
    """A refund that was owed is paid: by the provider, or as an operator says.

    The first refund of a payment has the payment's id; further ones are ``<payment id>.2`` and so on.
    """

    refund_id: str
    operator: str = ""
    reason: str = ""


class OrderLocked(Event, frozen=True, tag=8):
    """A firm order can no longer be had back: its cooling-off ended, or (``early``) its customer wanted it so.

    Its lock time, and so its place in the queue, is the end of its cooling-off or the block's time, whichever is
    earlier. An early lock can be undone for ``undo_s``, but not beyond the end of the cooling-off.
    """

    order_id: str
    early: bool
    undo_s: int = 0
    key: bytes = b""
    fingerprint: bytes = b""


class LockUndone(Event, frozen=True, tag=9):
    """The customer undid an early lock in time: the order is firm again, its cooling-off ends when it did before."""

    order_id: str
    key: bytes
    fingerprint: bytes


class OrderForfeited(Event, frozen=True, tag=10):
    """The customer gave up a locked order, and with it ``forfeited_minor``, all that was held for it."""

    order_id: str
    forfeited_minor: int
    key: bytes
    fingerprint: bytes


class OrderChanged(Event, frozen=True, tag=11):
    """Another trim, configuration or region of the same model, at ``price_minor``: by the customer or an operator."""

    order_id: str
    trim: str
    options: tuple[str, ...]
    region: str
    price_minor: int
    key: bytes
    fingerprint: bytes
    operator: str = ""
    reason: str = ""
    price_before_minor: int = 0
    promise: Promise | None = None


class OrderConverted(Event, frozen=True, tag=12):
    """The order is for another model now, through conversion window ``window``; with ``reverts``, it went back.

    ``deposit_minor`` is the new model's deposit (or what was held, if carried over); ``due_minor`` of it is still to be
    paid, ``refund_minor`` is owed back. ``state`` is ``locked`` or ``firm``. ``queued_at_ms`` is the lock time that
    counts in the queue, now or (if firm) once locked; ``None``: the time of that lock. ``cooling_from_ms`` is when the
    cooling-off of ``cooling_off_s`` began.
    """

    order_id: str
    window: str
    model: str
    trim: str
    options: tuple[str, ...]
    region: str
    price_minor: int
    deposit_minor: int
    due_minor: int
    refund_minor: int
    cooling_off_s: int | None
    cooling_from_ms: int
    state: str
    queued_at_ms: int | None
    reverts: bool
    key: bytes
    fingerprint: bytes
    price_before_minor: int = 0
    promise: Promise | None = None


class DifferencePaid(Event, frozen=True, tag=13):
    """The deposit's difference that a conversion left due arrived."""

    order_id: str
    payment_id: str
    amount_minor: int


class OrderImported(Event, frozen=True, tag=14):
    """An order that was made elsewhere, as it stood there. ``reference`` is its number there, unique in the log.

    ``deposit_minor`` was paid (as ``payment_id``). ``state`` is firm or later, up to ``delivered``. Imported orders in
    their cooling-off lock ``cooling_off_s`` after ``firm_at_ms``. ``digest`` (16 bytes) is of the row it came from.
    """

    order_id: str
    reference: str
    customer: str
    model: str
    trim: str
    options: tuple[str, ...]
    region: str
    price_minor: int
    deposit_minor: int
    payment_id: str
    state: str
    reserved_at_ms: int
    firm_at_ms: int
    locked_at_ms: int | None
    cooling_off_s: int | None
    digest: bytes


class WaitingJoined(Event, frozen=True, tag=15):
    """A customer waits for a place. If one is offered, it is the order ``order_id``."""

    order_id: str
    customer: str
    model: str
    trim: str
    options: tuple[str, ...]
    region: str
    key: bytes
    fingerprint: bytes


class PlaceOffered(Event, frozen=True, tag=16):
    """Whoever waited has the place for ``hold_s`` seconds: from now on it is a reserved order like any other."""

    order_id: str
    price_minor: int
    deposit_minor: int
    hold_s: int
    cooling_off_s: int | None
    promise: Promise | None = None


class WaitingLeft(Event, frozen=True, tag=17):
    """A customer waits no more: they left, or (no key) what they waited for can't be offered to them any more."""

    order_id: str
    key: bytes = b""
    fingerprint: bytes = b""


class SalesSet(Event, frozen=True, tag=18):
    """An operator opened, closed, paused or resumed (``action``) the sale of ``model``, or of all ("")."""

    action: str
    model: str
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


class CapSet(Event, frozen=True, tag=19):
    """An operator changed the cap of a trim, of a model (no trim), or of the launch (no model); None: no limit."""

    model: str
    trim: str
    cap: int | None
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


class WindowMoved(Event, frozen=True, tag=20):
    """An operator moved the closing of conversion window ``window``."""

    window: str
    closes_at_ms: int
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


class OrderWithdrawn(Event, frozen=True, tag=21):
    """An operator cancelled an order. All that was held is owed back (cancelled), or nothing of it (forfeited)."""

    order_id: str
    refund_minor: int
    forfeited_minor: int
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


class RefundGranted(Event, frozen=True, tag=22):
    """An operator gives back (part of) a forfeited deposit."""

    order_id: str
    amount_minor: int
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


class OrdersMoved(Event, frozen=True, tag=23):
    """Production: these orders are in ``state`` now. Each came there by one step (``advance``, or ``set_back``)."""

    state: str
    order_ids: tuple[str, ...]
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


class SafetySet(Event, frozen=True, tag=24):
    """How uncertain the weeks are, worked out from the capacity and the launch's rules; recorded, so that it is a fact.

    For each kind of order (the resources that it needs, joined by +) two rows over the weeks of the capacity: by how
    many weeks it may be built later than planned, for the share of promises to be kept and for near certainty.
    """

    late: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]


class CapacitySet(Event, frozen=True, tag=25):
    """An operator changed the capacity of ``resource`` ("": of every plant and limit), as ``capacity.Change`` says."""

    resource: str
    from_week: int
    until_week: int
    percent: int | None
    weekly: int | None
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


class OrderPinned(Event, frozen=True, tag=26):
    """An operator gave an order a week that no plan moves (``promise``), or let go of it (``None``)."""

    order_id: str
    promise: Promise | None
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


class PlanAccepted(Event, frozen=True, tag=27):
    """An operator accepted a plan: what is promised to these orders from now on. All others keep what they had.

    ``plan`` is its digest, ``policy`` how it was made, ``based_on`` the last block that it knew. A large plan is many
    such events, ``part`` 1 to ``parts``, in a block each and all durable at once; ``orders`` counts those of all parts.
    """

    plan: str
    policy: str
    based_on: int
    groups: tuple[Planned, ...]
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes
    part: int = 1
    parts: int = 1
    orders: int = 0


AnyEvent = (
    DeskOpened
    | LaunchSet
    | OrderReserved
    | OrderFirmed
    | OrderExpired
    | OrderCancelled
    | DepositOwedBack
    | RefundPaid
    | OrderLocked
    | LockUndone
    | OrderForfeited
    | OrderChanged
    | OrderConverted
    | DifferencePaid
    | OrderImported
    | WaitingJoined
    | PlaceOffered
    | WaitingLeft
    | SalesSet
    | CapSet
    | WindowMoved
    | OrderWithdrawn
    | RefundGranted
    | OrdersMoved
    | SafetySet
    | CapacitySet
    | OrderPinned
    | PlanAccepted
)
