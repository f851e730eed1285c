"""Messages about delivery: quotes, what was promised and what holds now, capacity, plans.

Days are days of the launch's zone, as in ISO 8601; weeks run from Monday to Sunday.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from drumroll.domain.delivery import Delivery

Day = Annotated[str, Meta(max_length=64, examples=["2025-08-04"])]
"""A day as in ISO 8601; what is none is answered with the value and what is allowed."""
Week = Annotated[int, Meta(ge=1, le=520_000)]
PLANNED_AT_ONCE = 2_000_000


class QuoteView(msgspec.Struct, frozen=True):
    """What an order would cost, and when it would be delivered, before anything is paid.

    ``delivery`` is ``null`` where nothing can be promised; ``because`` says why it is no earlier, or why there is
    none. ``place`` is the place in the queue of its model if everybody who has ordered stays. ``not_now``: the code
    with which an order would be refused at this moment (sales have not opened, it is sold out), or ``null``.
    """

    model: str
    trim: str
    options: tuple[str, ...]
    region: str
    price_minor: int
    deposit_minor: int
    currency: str
    delivery: Delivery | None
    because: str
    place: int
    not_now: str | None


class PromiseView(msgspec.Struct, frozen=True):
    """What an order's customer was promised when ordering it, and what holds now.

    ``moved`` says whether what holds is ``later`` or ``earlier`` than what was promised, and ``weeks`` by how many.
    ``pinned``: an operator gave it its week.
    """

    promised: Delivery
    now: Delivery
    moved: Literal["later", "earlier"] | None
    weeks: int
    pinned: bool


class NewCapacity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another capacity of a plant or limit (without one: of all) in the weeks from one Monday until another.

    By ``percent`` of what the calendar says (45: a cut of 55 %), or ``weekly``, orders a week.
    """

    from_day: Annotated[Day, Meta(description="A day of the first week.")] = msgspec.field(name="from")
    until: Annotated[Day, Meta(description="A day of the first week that is as before again.")]
    reason: Annotated[str, Meta(min_length=3, max_length=500, pattern=r"\S")]
    resource: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    percent: Annotated[int, Meta(ge=0, le=1000)] | None = None
    weekly: Annotated[int, Meta(ge=0, le=10**7)] | None = None


class Pin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The week (a day of it) in which an order is to be built whatever a plan says; ``null`` lets go of it."""

    build_week: Day | None
    reason: Annotated[str, Meta(min_length=3, max_length=500, pattern=r"\S")]


class PlannedGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a plan promises to some orders; weeks are numbers, as ``drumroll plan`` writes them."""

    build_week: Week
    first_week: Week
    last_week: Week
    sure_week: Week
    order_ids: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(min_length=1, max_length=PLANNED_AT_ONCE)]
    short: Annotated[str, Meta(max_length=64)] = ""


class NewPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plan as ``drumroll plan --out`` wrote it, to be accepted."""

    plan: Annotated[str, Meta(min_length=8, max_length=64, pattern="^[0-9a-f]+$")]
    policy: Literal["strict", "least-breakage"]
    based_on: Annotated[int, Meta(ge=1, le=10**15)]
    groups: Annotated[list[PlannedGroup], Meta(max_length=100_000)]
    reason: Annotated[str, Meta(min_length=3, max_length=500, pattern=r"\S")]


class ResourceWeek(msgspec.Struct, frozen=True):
    """Of one plant or limit in one week: how many orders it allows (``null``: no limit), and how many are planned."""

    id: str
    capacity: int | None
    planned: int


class WeekView(msgspec.Struct, frozen=True):
    """One week of the plan; ``frozen``: no plan touches it any more."""

    week: str
    from_day: str = msgspec.field(name="from")
    frozen: bool
    resources: list[ResourceWeek]


class AcceptedPlan(msgspec.Struct, frozen=True):
    """A plan that was accepted."""

    plan: str
    policy: str
    at: str


class PlanView(msgspec.Struct, frozen=True):
    """Capacity and load by week, from the current week on, and the plans that were accepted, the latest first."""

    weeks: list[WeekView]
    without_week: int
    accepted: list[AcceptedPlan]
