"""What happened, as the log keeps it. Arrays with a numeric tag on disk: fields are only ever added at the end.

Events carry no time of their own: the time of their block is theirs.
"""

from __future__ import annotations

import msgspec

from drumroll.domain.launch import Launch


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="kind"):
    """The base of all events."""


class DeskOpened(Event, frozen=True, tag=0):
    """A server began to write this log (its first block after every start, and after every failure of the disk)."""

    holder: str


class LaunchSet(Event, frozen=True, tag=1):
    """What is sold, from now on."""

    launch: Launch


class OrderReserved(Event, frozen=True, tag=2):
    """An order waits for its deposit for ``hold_s`` seconds."""

    order_id: str
    customer: str
    model: str
    trim: str
    price_minor: int
    deposit_minor: int
    hold_s: int
    key: bytes
    fingerprint: bytes


class OrderFirmed(Event, frozen=True, tag=3):
    """The deposit of an order arrived; a reservation, or an expired order that could still be had, is firm."""

    order_id: str
    payment_id: str


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
    """The provider has paid a refund that was owed."""

    payment_id: str


AnyEvent = (
    DeskOpened | LaunchSet | OrderReserved | OrderFirmed | OrderExpired | OrderCancelled | DepositOwedBack | RefundPaid
)
