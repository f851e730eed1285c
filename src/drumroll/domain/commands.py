"""What can be asked of the desk. A command carries its identifiers: deciding needs no clock and no randomness.

``key`` (16 bytes) is the asker's idempotency key, ``fingerprint`` (8 bytes) a digest of the request. ``confirmation``
is what the first step of two handed out; without it (or with one of other terms) the answer is that first step.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from drumroll.domain.availability import Safety
from drumroll.domain.events import OrderImported
from drumroll.domain.launch import Launch
from drumroll.domain.promise import Planned


class SetLaunch(msgspec.Struct, frozen=True, gc=False):
    """Begin the log with this launch, or go on with a changed launch file."""

    launch: Launch


class Reserve(msgspec.Struct, frozen=True, gc=False):
    """A customer orders. ``options`` are choices (defaults fill in the rest); no ``region``: the launch's first."""

    order_id: str
    customer: str
    model: str
    trim: str
    key: bytes
    fingerprint: bytes
    options: tuple[str, ...] = ()
    region: str | None = None


class Cancel(msgspec.Struct, frozen=True, gc=False):
    """A customer takes an order back; once it is locked, that forfeits the deposit and needs a confirmation."""

    order_id: str
    customer: str
    key: bytes
    fingerprint: bytes
    confirmation: str | None = None


class Lock(msgspec.Struct, frozen=True, gc=False):
    """A customer locks a firm order before its cooling-off ends. Needs a confirmation."""

    order_id: str
    customer: str
    key: bytes
    fingerprint: bytes
    confirmation: str | None = None


class UndoLock(msgspec.Struct, frozen=True, gc=False):
    """A customer undoes an early lock."""

    order_id: str
    customer: str
    key: bytes
    fingerprint: bytes


class Change(msgspec.Struct, frozen=True, gc=False):
    """A customer changes an order before its lock; ``None`` leaves as it is. Needs a confirmation."""

    order_id: str
    customer: str
    key: bytes
    fingerprint: bytes
    trim: str | None = None
    options: tuple[str, ...] | None = None
    region: str | None = None
    confirmation: str | None = None


class Convert(msgspec.Struct, frozen=True, gc=False):
    """A customer changes an order to another model through a conversion window. Needs a confirmation."""

    order_id: str
    customer: str
    model: str
    trim: str
    key: bytes
    fingerprint: bytes
    options: tuple[str, ...] = ()
    region: str | None = None
    confirmation: str | None = None


class JoinWaiting(msgspec.Struct, frozen=True, gc=False):
    """A customer wants a place when one becomes free. ``order_id`` is the order that it would be."""

    order_id: str
    customer: str
    model: str
    trim: str
    key: bytes
    fingerprint: bytes
    options: tuple[str, ...] = ()
    region: str | None = None


class LeaveWaiting(msgspec.Struct, frozen=True, gc=False):
    """A customer waits no more."""

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
    """The provider has paid a refund (or an operator says so)."""

    refund_id: str
    operator: str = ""
    reason: str = ""


class Expire(msgspec.Struct, frozen=True, gc=False):
    """Let reservations whose time is over run out, ``limit`` of them at most."""

    limit: int


class LockDue(msgspec.Struct, frozen=True, gc=False):
    """Lock firm orders whose cooling-off has ended, ``limit`` of them at most."""

    limit: int


class OfferPlaces(msgspec.Struct, frozen=True, gc=False):
    """Offer free places to those who wait, ``limit`` of them at most."""

    limit: int


class ImportOrders(msgspec.Struct, frozen=True, gc=False):
    """Take orders over that were made elsewhere: all of them, or none. Those taken over before are passed over."""

    rows: tuple[OrderImported, ...]


class SetSales(msgspec.Struct, frozen=True, gc=False):
    """An operator opens, closes, pauses or resumes the sale of a model, or of all ("")."""

    action: Literal["open", "close", "pause", "resume"]
    model: str
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


class SetCap(msgspec.Struct, frozen=True, gc=False):
    """An operator changes the cap of a trim, a model (trim "") or the launch (model "")."""

    model: str
    trim: str
    cap: int | None
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


class MoveWindow(msgspec.Struct, frozen=True, gc=False):
    """An operator moves the closing of a conversion window, to a time in the future."""

    window: str
    closes_at_ms: int
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


class Correct(msgspec.Struct, frozen=True, gc=False):
    """An operator corrects what an order is for, until its production begins; ``None`` leaves as it is."""

    order_id: str
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes
    trim: str | None = None
    options: tuple[str, ...] | None = None
    region: str | None = None


class Withdraw(msgspec.Struct, frozen=True, gc=False):
    """An operator cancels an order that is not delivered; with ``refund``, all that is held is owed back."""

    order_id: str
    refund: bool
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


class GrantRefund(msgspec.Struct, frozen=True, gc=False):
    """An operator gives back (part of) a forfeited deposit."""

    order_id: str
    amount_minor: int
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


class MoveOrders(msgspec.Struct, frozen=True, gc=False):
    """An operator moves orders one step along (or back) in production: ``(order id, state)`` each; all or none."""

    moves: tuple[tuple[str, str], ...]
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


class SetSafety(msgspec.Struct, frozen=True, gc=False):
    """How uncertain the weeks are, worked out anew."""

    late: Safety


class SetCapacity(msgspec.Struct, frozen=True, gc=False):
    """An operator changes a capacity ("": every one) from a week until another: by ``percent``, or to ``weekly``."""

    resource: str
    from_week: int
    until_week: int
    percent: int | None
    weekly: int | None
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


class PinOrder(msgspec.Struct, frozen=True, gc=False):
    """An operator gives an order a week to be built in that no plan moves; ``None`` lets go of it."""

    order_id: str
    build_week: int | None
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


class AcceptPlan(msgspec.Struct, frozen=True, gc=False):
    """An operator accepts a plan that was made knowing the blocks up to ``based_on``."""

    plan: str
    policy: str
    based_on: int
    groups: tuple[Planned, ...]
    operator: str
    reason: str
    key: bytes
    fingerprint: bytes


Command = (
    SetLaunch
    | Reserve
    | Cancel
    | Lock
    | UndoLock
    | Change
    | Convert
    | JoinWaiting
    | LeaveWaiting
    | RecordPayment
    | RecordRefund
    | Expire
    | LockDue
    | OfferPlaces
    | ImportOrders
    | SetSales
    | SetCap
    | MoveWindow
    | Correct
    | Withdraw
    | GrantRefund
    | MoveOrders
    | SetSafety
    | SetCapacity
    | PinOrder
    | AcceptPlan
)
