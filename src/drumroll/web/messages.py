"""What goes over the wire, in both directions: the hot path, the framework's routes and OpenAPI share these types.

Money is integer minor units, times are RFC 3339 in the launch's zone.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from drumroll.domain.delivery import Delivery
from drumroll.web.messages_promise import PromiseView

CustomerId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$(?!\n)")]
# No pattern here: it would cost every order a regular expression, and an unknown id is refused all the same.
Identifier = Annotated[str, Meta(min_length=1, max_length=32)]


class NewOrder(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What is ordered: the ids of a model, a trim of it, the choices that are not the default, a region."""

    model: Annotated[Identifier, Meta(examples=["yu7"])]
    trim: Annotated[Identifier, Meta(examples=["max"])]
    options: Annotated[tuple[Identifier, ...], Meta(max_length=100)] = ()
    region: Identifier | None = None


class ReservedOrder(msgspec.Struct, frozen=True, gc=False):
    """A new order. It becomes firm when its deposit arrives before ``expires_at``; pay at ``pay_url``.

    ``delivery`` is what is promised, seen from the moment of the order; where nothing can be promised it is ``null``,
    and ``unpromised`` says so.
    """

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
    delivery: Delivery | None
    unpromised: str | None = None


class RefundView(msgspec.Struct, frozen=True):
    """Money owed back, and whether it was paid."""

    id: str
    payment_id: str
    amount_minor: int
    currency: str
    reason: str
    owed_at: str
    paid_at: str | None


OrderState = Literal[
    "reserved",
    "firm",
    "locked",
    "scheduled",
    "in_production",
    "built",
    "in_transit",
    "delivered",
    "expired",
    "cancelled",
    "forfeited",
]


class ActionView(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that the customer may do now. ``until`` is when that ends; ``forfeits_minor`` is what it costs.

    ``confirm``: it takes two steps. ``to`` are the models that a conversion leads to.
    """

    action: Literal["pay", "cancel", "lock", "undo_lock", "change", "convert"]
    until: str | None = None
    confirm: bool = False
    forfeits_minor: int = 0
    amount_minor: int = 0
    to: tuple[str, ...] = ()


class QueueView(msgspec.Struct, frozen=True):
    """The place in the queue of its model, from 1 on, of how many; by which lock time."""

    place: int
    of: int
    queued_at: str


class OrderView(msgspec.Struct, frozen=True):
    """An order as it stands now. ``locks_at`` is the end of its cooling-off, ``due_minor`` missing of its deposit.

    ``queue`` is its place once it is locked; before that it is ``place_at_most`` if all others lock before it.
    ``unpromised`` says so where its plant's launch can promise it nothing.
    """

    id: str
    state: OrderState
    model: str
    trim: str
    options: tuple[str, ...]
    region: str
    price_minor: int
    deposit_minor: int
    due_minor: int
    held_minor: int
    forfeited_minor: int
    currency: str
    reserved_at: str
    expires_at: str
    firm_at: str | None
    locks_at: str | None
    locked_at: str | None
    changed_at: str
    converted_from: str | None
    queue: QueueView | None
    place_at_most: int | None
    promise: PromiseView | None
    unpromised: str | None
    refunds: list[RefundView]
    actions: list[ActionView]
    pay_url: str | None


class WebhookReceipt(msgspec.Struct, frozen=True):
    """What became of a payment that a webhook told of."""

    outcome: Literal["firm", "difference_paid", "owed_back", "already_counted", "ignored"]


class TrimView(msgspec.Struct, frozen=True):
    """A trim on offer."""

    id: str
    name: str
    price_minor: int
    cap: int | None


class ChoiceView(msgspec.Struct, frozen=True):
    """One choice of an option; ``trims`` that have it (empty: all), what it needs and what it can't be with."""

    id: str
    name: str
    price_minor: int
    trims: tuple[str, ...]
    requires: tuple[str, ...]
    excludes: tuple[str, ...]


class OptionView(msgspec.Struct, frozen=True):
    """Something to choose: one choice (the first that the trim has is the default), or with ``many`` any number."""

    id: str
    name: str
    many: bool
    choices: list[ChoiceView]


class ModelView(msgspec.Struct, frozen=True):
    """A model on offer, when, and in which configurations."""

    id: str
    name: str
    opens_at: str
    closes_at: str | None
    paused: bool
    cap: int | None
    deposit_minor: int
    trims: list[TrimView]
    options: list[OptionView]


class RegionView(msgspec.Struct, frozen=True):
    """Where orders are delivered to."""

    id: str
    name: str


class WindowView(msgspec.Struct, frozen=True):
    """When orders of which models, in which states, may become ones of which other models, and by which terms."""

    id: str
    from_models: tuple[str, ...]
    states: tuple[str, ...]
    to_models: tuple[str, ...]
    opens_at: str
    closes_at: str
    irreversible: bool
    times: int
    deposit: str
    cooling_off: str
    place: str
    place_kept_before: str | None


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
    cooling_off_s: int | None
    early_lock_undo_s: int
    waiting_offer_s: int | None
    orders_per_customer: int
    cap: int | None
    models: list[ModelView]
    regions: list[RegionView]
    conversions: list[WindowView]
    sandbox: bool


SaleState = Literal["before", "open", "paused", "closed", "sold_out"]


class SaleView(msgspec.Struct, frozen=True):
    """Whether the headline models can be ordered now. ``clock_rate``: how fast a sandbox's clock runs, else 1."""

    now: str
    opens_at: str
    state: SaleState
    clock_rate: float


Status = Literal["open", "closed", "draining"]
"""Whether the desk takes orders: ``closed`` while the log fails, ``draining`` while the server stops."""


class BoardLaunch(msgspec.Struct, frozen=True):
    """Which launch the board is of."""

    id: str
    name: str
    time_zone: str
    currency: str


class Totals(msgspec.Struct, frozen=True):
    """How many orders there are: ``firm`` are all whose deposit is paid and stands, ``locked`` those of them that can't
    be had back any more, ``converted`` those of them that came from another model.
    """

    reserved: int
    firm: int
    locked: int
    converted: int
    expired: int
    cancelled: int
    forfeited: int


class BoardTrim(msgspec.Struct, frozen=True):
    """The orders of one trim, counted as in ``Totals``."""

    model: str
    model_name: str
    trim: str
    trim_name: str
    reserved: int
    firm: int
    locked: int
    converted: int
    expired: int
    cancelled: int
    forfeited: int
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
