"""What can be asked of the desk. A command carries its identifiers: deciding needs no clock and no randomness."""

from __future__ import annotations

import msgspec

from drumroll.domain.launch import Launch


class SetLaunch(msgspec.Struct, frozen=True, gc=False):
    """Begin the log with this launch, or go on with a changed launch file."""

    launch: Launch


class Reserve(msgspec.Struct, frozen=True, gc=False):
    """A customer orders. ``key`` (16 bytes) is the customer's idempotency key, ``fingerprint`` (8 bytes) its body."""

    order_id: str
    customer: str
    model: str
    trim: str
    key: bytes
    fingerprint: bytes


class Cancel(msgspec.Struct, frozen=True, gc=False):
    """A customer takes an order back. ``key`` and ``fingerprint`` as in ``Reserve``."""

    order_id: str
    customer: str
    key: bytes
    fingerprint: bytes


class RecordPayment(msgspec.Struct, frozen=True, gc=False):
    """The provider says that money arrived: ``payment_id`` is the provider's own, unique reference."""

    order_id: str
    payment_id: str
    amount_minor: int
    currency: str


class RecordRefund(msgspec.Struct, frozen=True, gc=False):
    """The provider has paid back the payment."""

    payment_id: str


class Expire(msgspec.Struct, frozen=True, gc=False):
    """Let reservations whose time is over run out, ``limit`` of them at most."""

    limit: int


Command = SetLaunch | Reserve | Cancel | RecordPayment | RecordRefund | Expire
