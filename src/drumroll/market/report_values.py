"""The report on a launch's day as values: what the tables, the page and the JSON all show."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import msgspec

from drumroll.market.question import OrderCurve, Role

Verdict = Literal["agrees", "does not agree", "depends on its definition", "not known"]


class Price(msgspec.Struct, frozen=True):
    """A price of the day: ``percent`` against the previous close, rounded half-up to two places."""

    what: str
    price: Decimal
    percent: Decimal
    market_value: Decimal | None
    at: datetime | None
    definition: str


class ShareDay(msgspec.Struct, frozen=True):
    """The share's day. ``unknown``: what the quotes do not have, and why. ``shares_from`` says where they come from."""

    code: str
    session: date
    exchange: str
    currency: str
    prev_close: Decimal
    prices: tuple[Price, ...]
    unknown: dict[str, str]
    shares: int | None
    shares_from: str
    why_session: str


class ClaimRow(msgspec.Struct, frozen=True):
    """A published statement held against the quotes. ``off_by`` is published less computed, with its percentage."""

    what: str
    published: str
    computed: str
    verdict: Verdict
    off_by: str
    off_by_percent: Decimal | None
    definition: str
    notes: tuple[str, ...] = ()


class RecordRow(msgspec.Struct, frozen=True):
    """The answer of one definition of "record"."""

    definition: str
    outcome: str
    price: Decimal
    former: Decimal | None
    former_on: date | None
    reaches_back: bool


class LimitRow(msgspec.Struct, frozen=True):
    """A code on the event's session: its change, its limit, what it did about it; ``missing``: what is not known."""

    code: str
    role: Role
    session: date | None
    board: str
    limit_percent: int | None
    rule: str
    prev_close: Decimal | None
    close: Decimal | None
    percent: Decimal | None
    limit_up: Decimal | None
    limit_down: Decimal | None
    state: str
    streak: int
    missing: str


class Car(msgspec.Struct, frozen=True):
    """A cumulative abnormal return over a window, with its 95 % interval (all as fractions), t and p."""

    first: int
    last: int
    car: float | None
    low: float | None
    high: float | None
    t: float | None
    p: float | None


class FirmStudy(msgspec.Struct, frozen=True):
    """One firm's event. ``limited``: a price limit was met, so the return is censored."""

    code: str
    beta: float
    returns: int
    limited: bool
    cars: tuple[Car, ...]


class TestRow(msgspec.Struct, frozen=True):
    """One test of one window over a group."""

    first: int
    last: int
    test: str
    events: int
    mean: float | None
    statistic: float | None
    p: float | None
    advised: bool


class GroupStudy(msgspec.Struct, frozen=True):
    """The event study of a group on an exchange, or (``refused``) why there is none."""

    group: str
    exchange: str
    session: date | None
    model: str
    benchmark: str | None
    estimation: int
    gap: int
    window: tuple[int, int]
    firms: tuple[FirmStudy, ...] = ()
    tests: tuple[TestRow, ...] = ()
    path: tuple[tuple[int, float | None], ...] = ()
    notes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


class HoldingRow(msgspec.Struct, frozen=True):
    """A holder's place by the value of what they hold."""

    holder: str
    rank: int | None
    value: Decimal
    currency: str
    tied_with: tuple[str, ...]
    missing: tuple[str, ...]


class Valued(msgspec.Struct, frozen=True):
    """A session's close, and the market value at it."""

    session: date
    close: float
    market_value: int | None


class TimeAxis(msgspec.Struct, frozen=True):
    """Orders and share price on one axis; times in milliseconds since the epoch.

    ``prices`` are (time, price); ``level`` are prices of the day whose time the quotes do not say.
    """

    from_ms: int
    to_ms: int
    zone: str
    opening_ms: int
    session: tuple[int, int]
    prices: tuple[tuple[int, float], ...]
    level: tuple[tuple[str, float], ...]
    by_the_minute: bool


class Data(msgspec.Struct, frozen=True):
    """What was noticed in the quotes: how much was read, and of each kind its count, meaning and first findings."""

    read: str
    counts: dict[str, int]
    meanings: dict[str, str]
    findings: dict[str, tuple[str, ...]]


class Report(msgspec.Struct, frozen=True):
    """All that is said about the day. ``missing``: what could not be said, and what it lacks."""

    launch: str
    day: ShareDay
    values: tuple[Valued, ...]
    claims: tuple[ClaimRow, ...]
    consistency: tuple[str, ...]
    records: tuple[RecordRow, ...]
    record_flags: tuple[str, ...]
    limits: tuple[LimitRow, ...]
    studies: tuple[GroupStudy, ...]
    holdings: tuple[HoldingRow, ...]
    orders: OrderCurve
    axis: TimeAxis
    missing: tuple[str, ...]
    data: Data
    definitions: dict[str, str]
