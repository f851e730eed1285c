"""Orders with a rarer life: money that went back or was given up, conversions, locks undone. One event at a time.

They are few, and what they need (which payment a refund is of, which place a conversion left) follows from one event
after the other; all other orders are told by the last of their events (``orders``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

RARE = (
    "order_cancelled",
    "deposit_owed_back",
    "lock_undone",
    "order_forfeited",
    "order_converted",
    "difference_paid",
    "order_withdrawn",
    "refund_granted",
)
"""The events that make a life a rarer one. (``refund_paid`` names no order: it follows one of these.)"""

Row = dict[str, Any]


class Life(msgspec.Struct):
    """One such order. ``parts`` is what is left of each of its payments, oldest first; times are in milliseconds."""

    order_id: str
    model: str = ""
    parts: list[tuple[str, int]] = []
    deposit_minor: int = 0
    given_up: bool = False
    due_minor: int = 0
    owed_minor: int = 0
    refunded_minor: int = 0
    cooling_from: int | None = None
    cooling_off_s: int | None = None
    kept: int | None = None
    queued: int | None = None
    locked: int | None = None
    path: list[tuple[str, str, int]] = []

    @property
    def left_minor(self) -> int:
        """What is left of all its payments."""
        return sum(minor for _, minor in self.parts)


class Lives:
    """All of them, and the refunds that are owed, as the log goes on. ``currency`` is the launch's."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.lives: dict[str, Life] = {}
        self.refunds: dict[str, tuple[Life, int]] = {}
        self.order_of_refund: list[tuple[int, str]] = []

    def follow(self, rows: Iterable[Row]) -> None:
        """Follow these rows of the history, which are in its order."""
        for row in rows:
            if row["event"] == "refund_paid":
                self._refund_paid(row)
                continue
            life = self.lives.get(row["order_id"]) or self.lives.setdefault(row["order_id"], Life(row["order_id"]))
            handler = getattr(self, f"_{row['event']}", None)
            if handler is not None:
                handler(life, row)

    def found(self) -> Iterator[tuple[Any, ...]]:
        """A row for each life: ``FOUND``."""
        for life in self.lives.values():
            left_minor = life.left_minor
            held, forfeited = (0, left_minor) if life.given_up else (left_minor, 0)
            window, model, at = life.path[-1] if life.path else (None, None, None)
            money = (held, life.due_minor, life.owed_minor, life.refunded_minor, forfeited)
            yield (life.order_id, *money, life.locked, life.queued, model, window, at)

    def _begin(self, life: Life, row: Row) -> None:
        life.model, life.deposit_minor, life.cooling_off_s = row["model"], row["deposit_minor"], row["cooling_off_s"]

    _order_reserved = _place_offered = _begin

    def _order_imported(self, life: Life, row: Row) -> None:
        self._begin(life, row)
        life.parts = [(row["payment_id"], row["deposit_minor"])]
        life.cooling_from, life.locked, life.queued = row["firm_at"], row["locked_at"], row["locked_at"]

    def _order_firmed(self, life: Life, row: Row) -> None:
        life.parts = [(row["payment_id"], life.deposit_minor)]
        life.cooling_from = row["at"]

    def _difference_paid(self, life: Life, row: Row) -> None:
        life.parts = [*life.parts, (row["payment_id"], row["amount_minor"])]
        life.due_minor -= row["amount_minor"]

    def _order_cancelled(self, life: Life, row: Row) -> None:
        self._give_back(life, life.left_minor)

    def _order_forfeited(self, life: Life, row: Row) -> None:
        life.given_up = True

    def _order_withdrawn(self, life: Life, row: Row) -> None:
        if row["forfeited_minor"]:
            life.given_up = True
        else:
            self._give_back(life, life.left_minor)

    def _refund_granted(self, life: Life, row: Row) -> None:
        self._give_back(life, row["amount_minor"])

    def _deposit_owed_back(self, life: Life, row: Row) -> None:
        self._owe(life, row["payment_id"], row["amount_minor"], counts=row["currency"] == self.currency)

    def _refund_paid(self, row: Row) -> None:
        life, amount_minor = self.refunds[row["refund_id"]]
        life.owed_minor -= amount_minor
        life.refunded_minor += amount_minor
        self.order_of_refund.append((row["row"], life.order_id))

    def _order_locked(self, life: Life, row: Row) -> None:
        life.locked = row["at"]
        if life.cooling_from is not None and life.cooling_off_s is not None:
            life.locked = min(row["at"], life.cooling_from + life.cooling_off_s * 1000)
        life.queued = life.locked if life.kept is None else life.kept

    def _lock_undone(self, life: Life, row: Row) -> None:
        life.locked = life.queued = None

    def _order_converted(self, life: Life, row: Row) -> None:
        self._give_back(life, row["refund_minor"])
        life.due_minor = row["due_minor"]
        life.path = life.path[:-1] if row["reverts"] else [*life.path, (row["window"], life.model, row["at"])]
        life.model, life.cooling_off_s, life.cooling_from = row["model"], row["cooling_off_s"], row["cooling_from"]
        if row["state"] == "firm":
            life.kept, life.queued, life.locked = row["queued_at"], None, None
        else:
            life.kept, life.queued = None, row["queued_at"]
            life.locked = row["queued_at"] if life.locked is None else life.locked

    def _give_back(self, life: Life, amount_minor: int) -> None:
        """Owe back so much, the latest payment first, one refund a payment."""
        parts = list(life.parts)
        for at in reversed(range(len(parts))):
            payment_id, left_minor = parts[at]
            part_minor = min(left_minor, amount_minor)
            if part_minor:
                parts[at] = (payment_id, left_minor - part_minor)
                amount_minor -= part_minor
                self._owe(life, payment_id, part_minor, counts=True)
        life.parts = parts

    def _owe(self, life: Life, payment_id: str, amount_minor: int, *, counts: bool) -> None:
        refund_id, number = payment_id, 1
        while refund_id in self.refunds:
            number += 1
            refund_id = f"{payment_id}.{number}"
        counted_minor = amount_minor if counts else 0
        self.refunds[refund_id] = (life, counted_minor)
        life.owed_minor += counted_minor
