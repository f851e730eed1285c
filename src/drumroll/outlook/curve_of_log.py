"""The curve of a launch from its log: when each order of its headline models stood firm for the first time.

Gross: an order counts once, at its first moment as a firm order of a headline model, and stays counted when it is
cancelled or changed back. So the curve never falls, and what it counts is what the board showed plus what left it. What
became of the orders (cancelled, locked, still cooling off) stands beside it, for the forecast of locked orders.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Any

import msgspec

from drumroll.domain import events as ev
from drumroll.domain.amendments import amended
from drumroll.domain.launch import Launch
from drumroll.domain.states import FIRM
from drumroll.errors import CurveUnfit
from drumroll.outlook.forecast_locked import Became
from drumroll.outlook.observed import Point

COOLING_PARTS = 20
"""Orders in their cooling-off are counted by how much of it has passed, in so many equal parts."""


class LogCurve(msgspec.Struct, frozen=True):
    """Cumulative firm orders of ``launch`` at the end of each second in which some came, seconds since the opening.

    ``until_s``: so far the log was read. ``before``: orders that stood firm before the opening; they are left out.
    ``became``: what became of the firm orders by then; those whose cooling-off never ends are not in it.
    """

    launch: Launch
    points: tuple[Point, ...]
    until_s: float
    before: int
    became: Became


class CurveFold:
    """Feed it every block of a log once, in order, from the first. Raises ``CurveUnfit`` at a second launch."""

    def __init__(self) -> None:
        self.launch: Launch | None = None
        self._at_ms = 0
        self._opened: list[tuple[ev.SalesSet, int]] = []
        self._firm: Counter[int] = Counter()  # orders that first stood firm in each second since the epoch
        self._waits: dict[str, int | None] = {}  # reserved: the cooling-off to come, in ms
        self._listed: set[str] = set()  # on the waiting list for a headline model
        self._terms: dict[str, tuple[int, int | None]] = {}  # counted: when its cooling-off began, how long it is
        self._cooling: set[str] = set()
        self._locked: set[str] = set()

    def take(self, at_ms: int, events: Iterable[ev.Event]) -> None:
        """Fold the events of one block."""
        self._at_ms = at_ms
        for event in events:
            rule = _RULES.get(type(event))
            if rule is not None:
                rule(self, event)

    def curve(self, at_ms: int | None = None) -> LogCurve | None:
        """The curve as of ``at_ms`` (by default the last block's time); ``None`` while the log has no launch."""
        if self.launch is None:
            return None
        now_ms = self._at_ms if at_ms is None else at_ms
        opens = self.launch.opens_at_ms
        seconds = sorted(second for second in self._firm if opens // 1000 <= second and second * 1000 <= now_ms)
        totals = accumulate(self._firm[second] for second in seconds)
        until_s = max(0.0, (now_ms - opens) / 1000)
        before = sum(orders for second, orders in self._firm.items() if second < opens // 1000)
        return LogCurve(self.launch, _points(seconds, totals, opens, until_s), until_s, before, self._became(now_ms))

    def _became(self, now_ms: int) -> Became:
        cooling = [0] * COOLING_PARTS
        for order_id in self._cooling:
            from_ms, cooling_ms = self._terms[order_id]
            if cooling_ms is not None:
                passed = (now_ms - from_ms) * COOLING_PARTS // max(cooling_ms, 1)
                cooling[min(max(passed, 0), COOLING_PARTS - 1)] += 1
        cancelled = len(self._terms) - len(self._cooling) - len(self._locked)
        return Became(cancelled, len(self._locked), tuple(cooling))

    # What happens to an order

    def _is_ours(self, model: str) -> bool:
        return self.launch is not None and model in self.launch.headline

    def _stands_firm(self, order_id: str, at_ms: int, from_ms: int, cooling_ms: int | None) -> None:
        if order_id not in self._terms:
            self._firm[at_ms // 1000] += 1
        self._terms[order_id] = (from_ms, cooling_ms)
        self._locked.discard(order_id)
        self._cooling.add(order_id)

    def _lock(self, order_id: str) -> None:
        self._cooling.discard(order_id)
        self._locked.add(order_id)

    def _launch_set(self, event: ev.LaunchSet) -> None:
        if self.launch is not None and self.launch.id != event.launch.id:
            raise CurveUnfit(
                f"two launches mixed: the log begins with {self.launch.id}, then sets {event.launch.id}; allowed is "
                "one launch a log. Give a log, or a curve, of one of them"
            )
        self.launch = amended(event.launch, self._opened)

    def _sales_set(self, event: ev.SalesSet) -> None:
        # An operator may open a sale before its time: seconds count from then.
        self._opened.append((event, self._at_ms))
        if self.launch is not None:
            self.launch = amended(self.launch, self._opened[-1:])

    def _reserved(self, event: ev.OrderReserved) -> None:
        if self._is_ours(event.model):
            self._waits[event.order_id] = _ms(event.cooling_off_s)

    def _waiting(self, event: ev.WaitingJoined) -> None:
        if self._is_ours(event.model):
            self._listed.add(event.order_id)

    def _offered(self, event: ev.PlaceOffered) -> None:
        if event.order_id in self._listed:
            self._waits[event.order_id] = _ms(event.cooling_off_s)

    def _firmed(self, event: ev.OrderFirmed) -> None:
        if event.order_id in self._waits:
            self._stands_firm(event.order_id, self._at_ms, self._at_ms, self._waits[event.order_id])

    def _imported(self, event: ev.OrderImported) -> None:
        if self._is_ours(event.model):
            self._stands_firm(event.order_id, event.firm_at_ms, event.firm_at_ms, _ms(event.cooling_off_s))
            if event.state != FIRM:
                self._lock(event.order_id)

    def _converted(self, event: ev.OrderConverted) -> None:
        if not self._is_ours(event.model):
            self._gone(event)
            return
        self._stands_firm(event.order_id, self._at_ms, event.cooling_from_ms, _ms(event.cooling_off_s))
        if event.state != FIRM:
            self._lock(event.order_id)

    def _locks(self, event: ev.OrderLocked) -> None:
        if event.order_id in self._cooling:
            self._lock(event.order_id)

    def _unlocked(self, event: ev.LockUndone) -> None:
        if event.order_id in self._locked:
            self._locked.discard(event.order_id)
            self._cooling.add(event.order_id)

    def _cancelled(self, event: ev.OrderCancelled | ev.OrderWithdrawn) -> None:
        # One that was locked has outlived its cooling-off, whatever comes later.
        self._cooling.discard(event.order_id)

    def _gone(self, event: ev.OrderConverted) -> None:
        self._cooling.discard(event.order_id)
        self._locked.discard(event.order_id)


def thinned(points: tuple[Point, ...], most: int = 20_000) -> tuple[Point, ...]:
    """At most about ``most`` points: of more, the first quarter of ``most`` as they are, the others every so many."""
    first, others = points[: most // 4], points[most // 4 :]
    step = -(-len(others) // (most - len(first)))
    return points if len(points) <= most else (*first, *others[:-1][::step], others[-1])


def orders_by(curve: LogCurve, second: float) -> int | None:
    """Orders by a second; ``None`` if the log does not go that far."""
    if second > curve.until_s:
        return None
    place = bisect_right(curve.points, second, key=lambda point: point[0])
    return curve.points[place - 1][1] if place else 0


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000


def _points(seconds: list[int], totals: Iterable[int], opens_at_ms: int, until_s: float) -> tuple[Point, ...]:
    """The opening, the end of each second in which orders came, and how far the log goes: quiet is known too."""
    points: list[Point] = [(0.0, 0)]
    for second, orders in zip(seconds, totals, strict=True):
        ends_s = min((second + 1) - opens_at_ms / 1000, until_s)
        if ends_s > points[-1][0]:
            points.append((ends_s, orders))
        else:
            points[-1] = (points[-1][0], orders)
    if until_s > points[-1][0]:
        points.append((until_s, points[-1][1]))
    return tuple(points)


_RULES: dict[type[ev.Event], Callable[[CurveFold, Any], None]] = {
    ev.LaunchSet: CurveFold._launch_set,
    ev.SalesSet: CurveFold._sales_set,
    ev.OrderReserved: CurveFold._reserved,
    ev.WaitingJoined: CurveFold._waiting,
    ev.PlaceOffered: CurveFold._offered,
    ev.OrderFirmed: CurveFold._firmed,
    ev.OrderImported: CurveFold._imported,
    ev.OrderConverted: CurveFold._converted,
    ev.OrderLocked: CurveFold._locks,
    ev.LockUndone: CurveFold._unlocked,
    ev.OrderCancelled: CurveFold._cancelled,
    ev.OrderWithdrawn: CurveFold._cancelled,
}
