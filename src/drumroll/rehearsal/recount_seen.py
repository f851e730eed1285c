"""One order as the log tells it, and what may follow what: written anew, for the recount alone."""

from __future__ import annotations

from typing import NamedTuple

from drumroll.domain.promise import Promise

STATES = (
    *("reserved", "firm", "locked", "scheduled", "in_production", "built", "in_transit", "delivered"),
    *("expired", "cancelled", "forfeited"),
)
LOCKED_OR_LATER = frozenset(("locked", "scheduled", "in_production", "built", "in_transit", "delivered"))
STANDING = LOCKED_OR_LATER | {"firm"}
UNDELIVERED = LOCKED_OR_LATER - {"delivered"}

RESERVED = frozenset(("reserved",))
FIRM = frozenset(("firm",))
LOCKED = frozenset(("locked",))
TO_FIRM = frozenset(("reserved", "expired"))
TO_CANCELLED = frozenset(("reserved", "firm"))
TO_FORFEITED = frozenset(("locked", "scheduled"))
TO_CONVERTED = UNDELIVERED | {"firm"}
TO_CORRECTED = frozenset(("reserved", "firm", "locked", "scheduled"))
TO_WITHDRAWN = UNDELIVERED | {"reserved", "firm"}

STEPS = {
    "locked": frozenset(("scheduled",)),
    "scheduled": frozenset(("locked", "in_production")),
    "in_production": frozenset(("scheduled", "built")),
    "built": frozenset(("in_production", "in_transit")),
    "in_transit": frozenset(("built",)),
    "delivered": frozenset(("in_transit",)),
}
"""From where production leads to a state, in one step."""

QUEUED = frozenset(("locked", "scheduled"))


class Before(NamedTuple):
    """What an order was before its conversion through ``window``. ``terms``: all but its state and lock time."""

    window: str
    state: str
    queued_ms: int | None
    terms: Terms


class Terms(NamedTuple):
    """What an order is for and under which terms, as far as a way back from a conversion must restore it."""

    model: str
    trim: str
    options: tuple[str, ...]
    region: str
    price_minor: int
    deposit_minor: int
    cooling_off_s: int | None
    cooling_from_ms: int


class Later:
    """What few orders have: money still due, conversions (``path``: those that hold), a lock time kept while firm."""

    __slots__ = ("due_minor", "kept_ms", "path", "used")

    def __init__(self) -> None:
        self.due_minor = 0
        self.kept_ms: int | None = None
        self.path: list[Before] = []
        self.used: dict[str, int] = {}


class Seen:
    """One order. ``kept_minor`` is what was paid for it and is neither owed nor paid back.

    ``counts`` are the orders of its trim by state: looked up once, as it is used with every event. ``told`` is what was
    promised with the order, ``promise`` what is now, ``column`` is for
    ``recount_promises`` alone. ``own_week``: an operator gave it its week.
    """

    __slots__ = (
        "column",
        "cooling_from_ms",
        "cooling_off_s",
        "counts",
        "customer",
        "deposit_minor",
        "hold_s",
        "kept_minor",
        "later",
        "model",
        "options",
        "own_week",
        "payments",
        "price_minor",
        "promise",
        "queued_ms",
        "region",
        "reserved_ms",
        "state",
        "told",
        "trim",
        "undo_until_ms",
    )

    def __init__(self, customer: str, model: str, trim: str, options: tuple[str, ...], region: str) -> None:
        self.customer = customer
        self.model = model
        self.trim = trim
        self.options = options
        self.region = region
        self.price_minor = self.deposit_minor = self.hold_s = self.reserved_ms = 0
        self.kept_minor = self.cooling_from_ms = self.undo_until_ms = 0
        self.state = "reserved"
        self.counts: dict[str, int] = {}
        self.payments: tuple[str, ...] = ()
        self.cooling_off_s: int | None = None
        self.queued_ms: int | None = None
        self.later: Later | None = None
        self.promise: Promise | None = None
        self.told: Promise | None = None
        self.column = -2
        self.own_week = False

    @property
    def locks_ms(self) -> int | None:
        """When its cooling-off ends, if it ever does."""
        return None if self.cooling_off_s is None else self.cooling_from_ms + self.cooling_off_s * 1000

    @property
    def due_minor(self) -> int:
        """What of its deposit is still to be paid after a conversion."""
        return self.later.due_minor if self.later else 0

    @property
    def lock_time_ms(self) -> int | None:
        """The lock time that counts in the queue: now, or (kept by a conversion) at the next lock."""
        return self.queued_ms if self.queued_ms is not None or self.later is None else self.later.kept_ms

    @property
    def converted(self) -> bool:
        """Whether it is what it is by a conversion that was not reverted."""
        return self.later is not None and bool(self.later.path)

    def more(self) -> Later:
        """What few have, of this one from now on."""
        if self.later is None:
            self.later = Later()
        return self.later
