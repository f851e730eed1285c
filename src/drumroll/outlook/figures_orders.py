"""The orders of a book as counts: all that the figures need, so that 300,000 orders are few rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

import msgspec

from drumroll.domain.book import Book, Offer, Order
from drumroll.domain.states import DELIVERED, FIRM, STANDING, State
from drumroll.domain.weeks import sunday

Stage = Literal["cooling", "locked", "delivered"]


class Kind(msgspec.Struct, frozen=True):
    """Orders that no figure tells apart.

    ``price_minor`` is what they were ordered at, options and VAT included. ``stage``: still in cooling-off, locked and
    on the way, or delivered. ``quarter``: the one in which the last promised week ends ("": nothing was promised).
    """

    model: str
    trim: str
    price_minor: int
    stage: Stage
    quarter: str = ""


class Ordered(msgspec.Struct, frozen=True):
    """The standing orders of the headline models by kind, what is held of their money, how many of them converted.

    ``others``: standing orders of other models, which are in no figure.
    """

    kinds: dict[Kind, int]
    held_minor: int = 0
    converted: int = 0
    others: int = 0

    @property
    def orders(self) -> int:
        """How many stand: firm, locked or further."""
        return sum(self.kinds.values())

    @property
    def locked(self) -> int:
        """How many of them are locked or further."""
        return sum(count for kind, count in self.kinds.items() if kind.stage != "cooling")


class Stood(msgspec.Struct, frozen=True):
    """How many orders of the headline models stood at a moment: firm ones in all, locked and converted ones of them."""

    at_ms: int
    orders: int
    locked: int
    converted: int


def quarter_of(week: int) -> str:
    """The calendar quarter in which a week ends.

    >>> quarter_of(105658), quarter_of(105659)
    ('2025-Q4', '2026-Q1')
    """
    day = sunday(week)
    return f"{day.year}-Q{(day.month + 2) // 3}"


def counted(orders: Iterable[Order], headline: frozenset[str], at_ms: int) -> Ordered:
    """Count orders as they are at ``at_ms``. One whose cooling-off has ended by then is as good as locked."""
    raw: Counter[tuple[Offer, State, int]] = Counter()
    held = converted = others = 0
    for order in orders:
        if order.state not in STANDING:
            continue
        if order.offer.model not in headline:
            others += 1
            continue
        promise = order.promise
        raw[order.offer, order.state_at(at_ms), -1 if promise is None else promise.last_week] += 1
        held += order.held_minor
        converted += order.converted_by is not None
    kinds: Counter[Kind] = Counter()
    for (offer, state, week), count in raw.items():
        stage = _stage(state)
        quarter = "" if week < 0 else quarter_of(week)
        kinds[Kind(offer.model, offer.trim, offer.price_minor, stage, quarter)] += count
    return Ordered(dict(kinds), held, converted, others)


def _stage(state: State) -> Stage:
    if state is FIRM:
        return "cooling"
    return "delivered" if state is DELIVERED else "locked"


def stood(book: Book, at_ms: int) -> Stood:
    """How many stand in a book that was read up to ``at_ms``, by its counts. Due is as good as locked."""
    tallies = [tally for (model, _), tally in book.tallies.items() if model in book.headline]
    orders = sum(tally.standing for tally in tallies)
    due = sum(order.offer.model in book.headline for order in book.coolings.due(at_ms))
    cooling = sum(tally.by_state[FIRM] for tally in tallies) - due
    return Stood(at_ms, orders, orders - cooling, sum(tally.converted for tally in tallies))
