"""Messages about one order after it was made: what customers send to change it, what they are answered, what they see.

Money is integer minor units, times are RFC 3339 in the launch's zone.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from drumroll.domain.delivery import Delivery
from drumroll.web.messages import Identifier, OrderView

Options = Annotated[list[Identifier], Meta(max_length=100, examples=[["emerald-green"]])]
Confirmation = Annotated[str, Meta(min_length=1, max_length=64, examples=["0123456789abcdef"])]


class Confirmed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The second of two steps sends back the ``confirmation`` that the first was answered with."""

    confirmation: Confirmation | None = None


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing needs to be said."""


class WantedChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be another: trim, options (all that are not the default), region. What is left out stays."""

    trim: Identifier | None = None
    options: Options | None = None
    region: Identifier | None = None
    confirmation: Confirmation | None = None


class WantedConversion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The model that the order is to be for; without a region, its region stays."""

    model: Annotated[Identifier, Meta(examples=["yu7"])]
    trim: Annotated[Identifier, Meta(examples=["max"])]
    options: Options = []
    region: Identifier | None = None
    confirmation: Confirmation | None = None


class WantedPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody waits for."""

    model: Annotated[Identifier, Meta(examples=["yu7"])]
    trim: Annotated[Identifier, Meta(examples=["max"])]
    options: Options = []
    region: Identifier | None = None


class CancelledOrder(msgspec.Struct, frozen=True):
    """An order taken back; ``refund_minor`` is owed to the customer, ``forfeited_minor`` was given up with it."""

    id: str
    state: Literal["cancelled", "forfeited"]
    refund_minor: int
    forfeited_minor: int
    currency: str
    cancelled_at: str


class LockedOrder(msgspec.Struct, frozen=True):
    """An order locked early; until ``undo_until`` that can be undone."""

    id: str
    state: Literal["locked"]
    locked_at: str
    undo_until: str


class UnlockedOrder(msgspec.Struct, frozen=True):
    """An early lock undone: it can be cancelled for a refund until ``refundable_until`` again."""

    id: str
    state: Literal["firm"]
    undone_at: str
    refundable_until: str | None


class ChangedOrder(msgspec.Struct, frozen=True):
    """What the order is for now, and what that costs more (or less) than before."""

    id: str
    trim: str
    options: tuple[str, ...]
    region: str
    price_minor: int
    price_before_minor: int
    difference_minor: int
    currency: str
    changed_at: str
    delivery: Delivery | None


class ConvertedOrder(msgspec.Struct, frozen=True):
    """The same order, for another model. ``due_minor`` of its deposit is to be paid, ``refund_minor`` comes back."""

    id: str
    state: Literal["locked", "firm"]
    window: str
    reverts: bool
    model: str
    trim: str
    options: tuple[str, ...]
    region: str
    price_minor: int
    price_before_minor: int
    difference_minor: int
    deposit_minor: int
    due_minor: int
    refund_minor: int
    currency: str
    queued_at: str | None
    converted_at: str
    pay_url: str | None
    delivery: Delivery | None


class WaitingView(msgspec.Struct, frozen=True):
    """Somebody who waits. Once ``offered``, it is the order of the same id; ``position`` counts from 1."""

    id: str
    state: Literal["waiting", "offered", "left"]
    model: str
    trim: str
    options: tuple[str, ...]
    region: str
    joined_at: str
    position: int | None


class OrdersView(msgspec.Struct, frozen=True):
    """All orders of one customer, oldest first, and what they wait for."""

    orders: list[OrderView]
    waiting: list[WaitingView]


class HistoryEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event of an order: when, what, by whom, and what it changed. ``block`` is its position in the log."""

    at: str
    what: str
    by: str
    block: int
    operator: str | None = None
    reason: str | None = None
    facts: dict[str, str | int | bool | tuple[str, ...] | None] = {}


class HistoryView(msgspec.Struct, frozen=True):
    """Everything that ever happened to an order, in order."""

    id: str
    events: list[HistoryEvent]
