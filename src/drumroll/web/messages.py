"""What goes over the wire, in both directions: the hot path, the framework's routes and OpenAPI share these types.

Money is integer minor units, times are RFC 3339 in the launch's zone.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

CustomerId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$(?!\n)")]
# No pattern here: it would cost every order a regular expression, and an unknown id is refused all the same.
Identifier = Annotated[str, Meta(min_length=1, max_length=32)]


class NewOrder(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What is ordered: the ids of a model and of one of its trims."""

    model: Annotated[Identifier, Meta(examples=["yu7"])]
    trim: Annotated[Identifier, Meta(examples=["max"])]


class ReservedOrder(msgspec.Struct, frozen=True, gc=False):
    """A new order. It becomes firm when its deposit arrives before ``expires_at``; pay at ``pay_url``."""

    id: str
    state: Literal["reserved"]
    model: str
    trim: str
    price_minor: int
    deposit_minor: int
    currency: str
    reserved_at: str
    expires_at: str
    pay_url: str


class RefundView(msgspec.Struct, frozen=True):
    """Money owed back, and whether it was paid."""

    payment_id: str
    amount_minor: int
    currency: str
    reason: str
    owed_at: str
    paid_at: str | None


class OrderView(msgspec.Struct, frozen=True):
    """An order as it stands now."""

    id: str
    state: Literal["reserved", "firm", "expired", "cancelled"]
    model: str
    trim: str
    price_minor: int
    deposit_minor: int
    currency: str
    reserved_at: str
    expires_at: str
    firm_at: str | None
    changed_at: str
    refunds: list[RefundView]
    pay_url: str | None


class CancelledOrder(msgspec.Struct, frozen=True):
    """An order taken back; ``refund_minor`` is owed to the customer."""

    id: str
    state: Literal["cancelled"]
    refund_minor: int
    currency: str
    cancelled_at: str


class WebhookReceipt(msgspec.Struct, frozen=True):
    """What became of a payment that a webhook told of."""

    outcome: Literal["firm", "owed_back", "already_counted", "ignored"]


class TrimView(msgspec.Struct, frozen=True):
    """A trim on offer."""

    id: str
    name: str
    price_minor: int
    cap: int | None


class ModelView(msgspec.Struct, frozen=True):
    """A model on offer, and when."""

    id: str
    name: str
    opens_at: str
    closes_at: str | None
    cap: int | None
    trims: list[TrimView]


class LaunchView(msgspec.Struct, frozen=True):
    """The launch: what is sold, when, for how much, by which limits."""

    id: str
    name: str
    time_zone: str
    currency: str
    now: str
    opens_at: str
    closes_at: str | None
    deposit_minor: int
    hold_s: int
    orders_per_customer: int
    cap: int | None
    models: list[ModelView]
    sandbox: bool


Status = Literal["open", "closed", "draining"]
"""Whether the desk takes orders: ``closed`` while the log fails, ``draining`` while the server stops."""


class BoardLaunch(msgspec.Struct, frozen=True):
    """Which launch the board is of."""

    id: str
    name: str
    time_zone: str
    currency: str


class Totals(msgspec.Struct, frozen=True):
    """Orders by their present state."""

    reserved: int
    firm: int
    expired: int
    cancelled: int


class BoardTrim(msgspec.Struct, frozen=True):
    """The orders of one trim, by their present state."""

    model: str
    model_name: str
    trim: str
    trim_name: str
    reserved: int
    firm: int
    expired: int
    cancelled: int
    cap: int | None


class MilestoneView(msgspec.Struct, frozen=True):
    """When that many orders first stood firm at once, and how long after the opening."""

    firm: int
    at: str
    after_s: float


class BoardView(msgspec.Struct, frozen=True):
    """The live board, as durable at log ``position``. ``curve``: ``[seconds since opening, orders standing firm]``."""

    launch: BoardLaunch
    sandbox: bool
    now: str
    opens_at: str
    closes_at: str | None
    status: Status
    position: int
    totals: Totals
    rate_per_s: float
    trims: list[BoardTrim]
    milestones: list[MilestoneView]
    next_milestone: int | None
    curve: list[tuple[int, int]]


class Health(msgspec.Struct, frozen=True):
    """Whether orders are taken, and if not, why not. Reads may go on all the same."""

    status: Status
    because: str | None
    position: int


class NewSessions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to issue sessions for."""

    customers: Annotated[list[CustomerId], Meta(min_length=1, max_length=1000, examples=[["ada", "bob"]])]


class SessionView(msgspec.Struct, frozen=True):
    """A session; send it as ``Authorization: Bearer <token>``."""

    customer: str
    token: str
    expires_at: str


class SessionsView(msgspec.Struct, frozen=True):
    """Sessions, in the order asked for."""

    sessions: list[SessionView]


class ClockView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The time of the sandbox's clock."""

    now: Annotated[str, Meta(min_length=10, max_length=40, examples=["2025-06-26T22:00:00+08:00"])]


class ProblemView(msgspec.Struct, frozen=True):
    """Problem details (RFC 9457). Branch on ``code``; further members are the facts that ``detail`` rests on."""

    type: str
    title: str
    status: int
    code: str
    detail: str
