"""What a launch file says of money beside prices: VAT, unit costs, a company's quarters, figures that were published.

Figures are kept as they were published, as texts: their digits say how they were rounded.
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

FIGURES = (
    *("orders", "locked", "converted_share", "deposits", "potential_revenue", "quarter_share"),
    *("given", "ratio"),
)
"""What a published figure is about. ``given`` stands for itself, ``ratio`` is one published figure by another."""

TIMED = ("orders", "locked")
"""Those that are true of a moment."""

Relation = Literal["is", "about", "more than", "at least", "less than"]
RELATIONS: tuple[str, ...] = get_args(Relation)


class Cost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one unit of a trim costs to make, without VAT."""

    model: str
    trim: str
    cost_minor: int


class Quarter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A quarter of the company: its revenue as reported, which is without VAT."""

    id: str
    name: str
    revenue_minor: int


class PublishedFigure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure somebody published: ``figure`` times ``scale``, and what it is about (one of ``FIGURES``).

    ``at_ms``: the moment that it is true of. ``quarter``: the one that a share is of. ``of``: the two published
    figures, by id, whose ratio it is.
    """

    id: str
    what: str
    figure: str
    definition: str
    scale: str = "one"
    unit: str | None = None
    relation: Relation = "is"
    at_ms: int | None = None
    quarter: str | None = None
    of: tuple[str, ...] = ()


class Finance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``vat_percent`` is part of every price (``"0"``: none). Costs, quarters and published figures may be missing."""

    vat_percent: str = "0"
    costs: tuple[Cost, ...] = ()
    quarters: tuple[Quarter, ...] = ()
    published: tuple[PublishedFigure, ...] = ()
