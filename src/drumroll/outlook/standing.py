"""What stands when an outlook begins: the launch file's backlog, or the orders of a log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache

import msgspec
import numpy as np

from drumroll.domain.book import Order
from drumroll.domain.launch import Launch
from drumroll.domain.states import CANCELLED, DELIVERED, EXPIRED, FIRM, FORFEITED, RESERVED
from drumroll.outlook.months import day_of
from drumroll.outlook.scenarios import KindId, Standing

QUARTER_MS = 900_000
_LEFT = frozenset((CANCELLED, FORFEITED))


def declared(launch: Launch) -> Standing:
    """The older orders that a launch file speaks of, before any order of its own."""
    return Standing(older={(one.model, one.trim): one.orders for one in launch.backlog})


def standing_of(orders: Iterable[Order], launch: Launch, at_ms: int) -> Standing:
    """The orders of a log at a moment: what waits, what it costs, and what happened since the opening.

    An order counts for what it is now, from when it first stood firm. One that was imported before the opening is an
    older order; what was delivered, cancelled or given up before the opening is left out.
    """
    counted = _Counted(launch, at_ms)
    for order in orders:
        counted.take(order)
    return counted.standing()


def with_declared(found: Standing, launch: Launch, imported: dict[KindId, int]) -> Standing:
    """The same with the older orders of the launch file that were not imported: they wait with the older ones."""
    older = Counter(found.older)
    for one in launch.backlog:
        older[one.model, one.trim] += max(0, one.orders - imported.get((one.model, one.trim), 0))
    return msgspec.structs.replace(found, older={kind: count for kind, count in older.items() if count})


class _Counted:
    """The counts of orders taken one by one."""

    def __init__(self, launch: Launch, at_ms: int) -> None:
        self.launch, self.at_ms = launch, at_ms
        self.older: Counter[KindId] = Counter()
        self.locked: Counter[KindId] = Counter()
        self.cooling: Counter[KindId] = Counter()
        self.left_ms, self.whole_ms = 0, 0
        self.paid: Counter[KindId] = Counter()
        self.standing_orders: Counter[KindId] = Counter()
        self.ordered, self.cancelled, self.delivered = (defaultdict[KindId, Counter[int]](Counter) for _ in range(3))

    def take(self, order: Order) -> None:
        """Count one order."""
        kind = (order.offer.model, order.offer.trim)
        ended_ms = order.ended_at_ms
        if order.firm_at_ms is None or order.state in (RESERVED, EXPIRED):
            return
        if ended_ms is not None and ended_ms < self.launch.opens_at_ms:
            return
        if order.firm_at_ms >= self.launch.opens_at_ms:
            self.ordered[kind][self._day(order.firm_at_ms)] += 1
        if ended_ms is not None and order.state in _LEFT:
            self.cancelled[kind][self._day(ended_ms)] += 1
            return
        self.standing_orders[kind] += 1
        self.paid[kind] += order.offer.price_minor
        if ended_ms is not None and order.state is DELIVERED:
            self.delivered[kind][self._day(ended_ms)] += 1
        else:
            self._waits(order, kind)

    def _waits(self, order: Order, kind: KindId) -> None:
        locks_ms = order.locks_at_ms
        if order.state_at(self.at_ms) is not FIRM:
            (self.older if order.from_elsewhere else self.locked)[kind] += 1
            return
        self.cooling[kind] += 1
        if locks_ms is not None and order.offer.cooling_off_ms:
            self.left_ms += locks_ms - self.at_ms
            self.whole_ms += order.offer.cooling_off_ms

    def _day(self, at_ms: int) -> int:
        return _day_at(at_ms // QUARTER_MS, self.launch.time_zone)

    def standing(self) -> Standing:
        """What was counted."""
        headline = set(self.launch.headline)
        return Standing(
            older=dict(self.older),
            locked=dict(self.locked),
            cooling=dict(self.cooling),
            cooling_left=float(np.clip(self.left_ms / self.whole_ms, 0.0, 1.0)) if self.whole_ms else 1.0,
            prices_minor={
                kind: (2 * self.paid[kind] + count) // (2 * count) for kind, count in self.standing_orders.items()
            },
            mix={kind: count for kind, count in self.standing_orders.items() if kind[0] in headline},
            ordered={kind: dict(days) for kind, days in self.ordered.items()},
            cancelled={kind: dict(days) for kind, days in self.cancelled.items()},
            delivered={kind: dict(days) for kind, days in self.delivered.items()},
        )


@lru_cache(maxsize=65_536)
def _day_at(quarter: int, time_zone: str) -> int:
    """The day that a quarter of an hour is in. Every zone is a whole number of them off."""
    return day_of(quarter * QUARTER_MS, time_zone)
