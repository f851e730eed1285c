"""What the market made of a launch: which share, benchmark, suppliers, rivals, holdings and claims are looked at.

Figures are kept as they were published: the digits of a claim say how it was rounded.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

MOMENTS = ("open", "midday", "close", "high", "low")
DEFINITIONS = (
    *(f"{of}.{moment}" for of in ("price", "change", "market_value") for moment in MOMENTS),
    *("prev_close", "limit_percent", "record", "former_record"),
)
"""What a claim can be held against."""

SCALES = {"one": 1, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
RELATIONS = ("is", "more than", "at least", "less than")


class MarketHolding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many shares of a code, held by somebody. ``currency``: of its price (``None``: the market's)."""

    holder: str
    code: str
    shares: int
    currency: str | None = None


class MarketClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure somebody published, and what it is held against (one of ``DEFINITIONS``).

    ``code`` is ``None`` for the launch's own share. ``on``: the day that a former record is said to be of.
    """

    what: str
    figure: str
    definition: str
    scale: str = "one"
    unit: str | None = None
    relation: Literal["is", "more than", "at least", "less than"] = "is"
    code: str | None = None
    on: date | None = None


class PublishedOrders(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many orders were said to stand firm at a time: what is drawn where there is no log."""

    at_ms: int
    firm: int


class Market(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The share of the launch and what is looked at with it. Codes are text, as the exchanges have them.

    ``exchange`` is the share's, and that of codes which do not show theirs; ``benchmark`` has one code an exchange.
    ``shares`` outstanding; ``listed``: the first day of trading (``None``: not known).
    """

    share: str
    exchange: str
    currency: str
    benchmark: tuple[str, ...] = ()
    suppliers: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    shares: int | None = None
    listed: date | None = None
    holdings: tuple[MarketHolding, ...] = ()
    claims: tuple[MarketClaim, ...] = ()
    orders: tuple[PublishedOrders, ...] = ()
