"""A provider's statement, and what comes of holding it against the ledger, as values."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec
import polars as pl

Type = Literal["payment", "refund"]
Place = Literal["provider", "elsewhere", "owed"]
Kind = Literal[
    "missing_here",
    "missing_there",
    "amount_differs",
    "currency_differs",
    "reference_differs",
    "duplicate",
    "elsewhere",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""The kinds of differences, in the order in which they are listed.

``missing_here``: at the provider, not in the log. ``missing_there``: in the log, not at the provider.
``reference_differs``: the money agrees, and another order or payment is named. ``duplicate``: each row after the first
of the same type and id. ``elsewhere``: the log knows it, and not as this provider's: paid before an import, or by hand.
"""

STATEMENT = {
    "line": pl.Int64(),
    "type": pl.String(),
    "id": pl.String(),
    "amount_minor": pl.Int64(),
    "currency": pl.String(),
    "at_ms": pl.Int64(),
    "payment_id": pl.String(),
    "order_id": pl.String(),
}
"""The columns of a statement's rows; the last two are null where the statement does not say."""


class Statement(msgspec.Struct, frozen=True):
    """A provider's statement as it was read: ``rows`` are as ``STATEMENT``, each fit by itself.

    ``launches``: the launches that rows name, each with the first line that does. ``ignored``: columns that are none of
    the schema.
    """

    rows: pl.DataFrame
    launches: dict[str, int]
    ignored: tuple[str, ...] = ()


class Said(msgspec.Struct, frozen=True):
    """What the statement says in one row; ``None`` where it does not."""

    amount_minor: int
    currency: str
    at_ms: int
    payment_id: str | None
    order_id: str | None


class Booked(msgspec.Struct, frozen=True):
    """What the ledger has: by the event ``<block>.<number>``, as cash at the provider, elsewhere, or only owed."""

    amount_minor: int
    currency: str
    at_ms: int
    payment_id: str
    order_id: str
    event: str
    place: Place


class Difference(msgspec.Struct, frozen=True):
    """One difference: the statement's line and the ledger's event, as far as there are such, and the orders."""

    kind: Kind
    type: Type
    id: str
    line: int | None
    orders: tuple[str, ...]
    statement: Said | None
    ledger: Booked | None


class Sums(msgspec.Struct, frozen=True):
    """Payments and refunds in minor units of one currency, both 0 or more."""

    payments_minor: int
    refunds_minor: int

    @property
    def net_minor(self) -> int:
        """Payments less refunds."""
        return self.payments_minor - self.refunds_minor


class Total(msgspec.Struct, frozen=True):
    """One currency: the statement's sums, the ledger's, and what each kind of difference adds to theirs being apart."""

    currency: str
    statement: Sums
    ledger: Sums
    matched: Sums
    by_kind: dict[Kind, int]

    @property
    def difference_minor(self) -> int:
        """The statement's total less the ledger's."""
        return self.statement.net_minor - self.ledger.net_minor

    @property
    def unexplained_minor(self) -> int:
        """What no kind of difference explains: 0, or the reconciliation itself is wrong."""
        return self.difference_minor - sum(self.by_kind.values())


class Reconciliation(msgspec.Struct, frozen=True):
    """A statement against the ledger after block ``position`` of time ``at_ms``.

    ``rows`` were compared, ``passed_over`` were not (of the other type, where only one is asked for). ``matched`` agree
    in all. ``counts`` has every kind; ``differences`` the first of each kind. ``later``: how many of those missing here
    are of a time after ``at_ms``.
    """

    launch: str
    currency: str
    position: int
    at_ms: int
    only: Type | None
    rows: int
    passed_over: int
    matched: int
    later: int
    counts: dict[Kind, int]
    totals: tuple[Total, ...]
    differences: tuple[Difference, ...]
    ignored_columns: tuple[str, ...]

    @property
    def differ(self) -> int:
        """How many differences there are in all."""
        return sum(self.counts.values())
