"""Messages of operators: what they do, each with a reason, and what they look up."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from drumroll.access.roles import Role
from drumroll.web.messages import CustomerId, Identifier, OrderView
from drumroll.web.messages_orders import HistoryEvent, Options

Reason = Annotated[str, Meta(min_length=3, max_length=500, pattern=r"\S", examples=["the plant stands still"])]
"""Why: kept in the log for good, and shown to the customers whom it concerns."""
OrderNumber = Annotated[str, Meta(min_length=1, max_length=64)]
MOVES_AT_ONCE = 50_000


class SalesAction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Open, close, pause or resume the sale of a model, or (without one) of all."""

    action: Literal["open", "close", "pause", "resume"]
    reason: Reason
    model: Identifier | None = None


class NewCap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another cap for a trim, a model (no trim) or the launch (no model); ``null`` is no limit."""

    cap: Annotated[int, Meta(ge=0, le=10**9)] | None
    reason: Reason
    model: Identifier | None = None
    trim: Identifier | None = None


class NewClosing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another closing of a conversion window."""

    closes_at: Annotated[str, Meta(min_length=10, max_length=40, examples=["2025-06-30T12:00:00+08:00"])]
    reason: Reason


class Withdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order is cancelled, with all that is held paid back, or (once locked) without."""

    refund: bool
    reason: Reason


class GrantedRefund(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So much of a forfeited deposit is given back."""

    amount_minor: Annotated[int, Meta(ge=1, le=10**15)]
    reason: Reason


class PaidRefund(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A refund that was owed was paid by hand."""

    reason: Reason


class Correction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the order should be for. What is left out stays."""

    reason: Reason
    trim: Identifier | None = None
    options: Options | None = None
    region: Identifier | None = None


class OrderMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One order, and the state that it came to."""

    order_id: OrderNumber
    state: Identifier


class Moves(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Orders that came one step further in production (or back): all are moved, or none."""

    moves: Annotated[list[OrderMove], Meta(min_length=1, max_length=MOVES_AT_ONCE)]
    reason: Reason


class Receipt(msgspec.Struct, frozen=True):
    """It is done, durably, when and by whom."""

    done: str
    operator: str
    at: str


class OperatedOrder(msgspec.Struct, frozen=True):
    """An order as operators see it, with its customer and its history."""

    customer: str
    order: OrderView
    history: list[HistoryEvent]


class FoundOrder(msgspec.Struct, frozen=True):
    """One order of a look-up. ``changed_at`` is the time of its last event."""

    id: str
    customer: str
    state: str
    model: str
    trim: str
    region: str
    price_minor: int
    held_minor: int
    currency: str
    ordered_at: str
    changed_at: str
    queued_at: str | None


class FoundOrders(msgspec.Struct, frozen=True):
    """A page of a look-up. Go on with ``next`` as ``cursor`` while it is there; a page may be short, or empty.

    ``as_of`` is the time of the log: that of the first page is the ``changed_since`` that the next look-up needs.
    """

    orders: list[FoundOrder]
    next: str | None
    as_of: str


class TrailEntry(msgspec.Struct, frozen=True):
    """One thing that an operator did."""

    at: str
    what: str
    operator: str
    reason: str
    block: int
    facts: dict[str, str | int | bool | list[str] | None]


class TrailView(msgspec.Struct, frozen=True):
    """What operators did, the latest first. Go on with ``next`` as ``cursor`` while it is there."""

    entries: list[TrailEntry]
    next: str | None


class NewOperators(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Operators to issue sandbox sessions for."""

    operators: Annotated[list[CustomerId], Meta(min_length=1, max_length=100, examples=[["grace"]])]
    role: Role = Role.ADMIN


class OperatorSession(msgspec.Struct, frozen=True):
    """An operator's session; send it as ``Authorization: Bearer <token>``."""

    operator: str
    token: str
    expires_at: str


class OperatorSessions(msgspec.Struct, frozen=True):
    """Sessions, in the order asked for."""

    sessions: list[OperatorSession]
