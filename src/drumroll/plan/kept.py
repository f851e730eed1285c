"""Were the promises kept? The figures of honesty, counted from orders; docs/promises.md defines each of them.

What counts is what was promised *first* (``order.promised``), not what it was moved to since.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from drumroll.domain.book import Book, Order
from drumroll.domain.promise import Promise, weeks_late
from drumroll.domain.states import DELIVERED, GONE
from drumroll.domain.weeks import week_label, week_of


class Figures(msgspec.Struct):
    """Counts of some orders that were promised a window.

    ``promised`` = ``delivered`` + ``open`` + ``given_up``; ``kept`` of the delivered came by the end of what was
    promised first, ``open_overdue`` of the open should have come by now, ``given_up_overdue`` of those given up should
    have come before. ``weeks_late`` is the sum over the delivered. ``moved_later`` and ``moved_earlier`` of all
    promised had the end of their window moved since; ``moved_weeks`` is by how much, later less earlier.
    """

    promised: int = 0
    delivered: int = 0
    kept: int = 0
    weeks_late: int = 0
    most_weeks_late: int = 0
    open: int = 0
    open_overdue: int = 0
    given_up: int = 0
    given_up_overdue: int = 0
    moved_later: int = 0
    moved_earlier: int = 0
    moved_weeks: int = 0

    @property
    def kept_share(self) -> float | None:
        """Of the delivered; ``None``: nothing is."""
        return self.kept / self.delivered if self.delivered else None

    @property
    def kept_share_of_due(self) -> float | None:
        """Of the delivered and of those that should have been by now: what is late does not hide by not coming."""
        due = self.delivered + self.open_overdue
        return self.kept / due if due else None

    @property
    def mean_weeks_late(self) -> float | None:
        """Over all that are delivered."""
        return self.weeks_late / self.delivered if self.delivered else None

    @property
    def mean_weeks_late_of_late(self) -> float | None:
        """Over those that came late."""
        late = self.delivered - self.kept
        return self.weeks_late / late if late else None

    def as_values(self) -> dict[str, int | float | None]:
        """All of it by name; shares and means with four decimals."""
        shares = ("kept_share", "kept_share_of_due", "mean_weeks_late", "mean_weeks_late_of_late")
        found = {name: getattr(self, name) for name in shares}
        rounded = {name: None if value is None else round(value, 4) for name, value in found.items()}
        return {**msgspec.structs.asdict(self), **rounded}


class Kept(msgspec.Struct, frozen=True):
    """The figures of a log at a moment: in all, by trim (model, trim), by the week promised first; and who has none."""

    at_ms: int
    week: int
    all: Figures
    by_trim: dict[tuple[str, str], Figures]
    by_week: dict[int, Figures]
    promised_nothing: int

    def as_values(self) -> dict[str, object]:
        """All of it, as JSON has it."""
        return {
            "week": week_label(self.week),
            "all": self.all.as_values(),
            "by_trim": [
                {"model": model, "trim": trim, **figures.as_values()} for (model, trim), figures in self.by_trim.items()
            ],
            "by_promised_week": [
                {"promised_week": week_label(week), **figures.as_values()} for week, figures in self.by_week.items()
            ],
            "promised_nothing": self.promised_nothing,
        }


def kept(book: Book, at_ms: int) -> Kept:
    """Count what became of every promise, as it is known at ``at_ms``."""
    assert book.launch is not None, "a log begins with its launch"
    zone = book.launch.time_zone
    return _count(book.sequence, at_ms, zone)


def _count(orders: Iterable[Order], at_ms: int, zone: str) -> Kept:
    now, nothing, everything = week_of(at_ms, zone), 0, Figures()
    by_trim: dict[tuple[str, str], Figures] = {}
    by_week: dict[int, Figures] = {}
    for order in orders:
        first = order.promised
        if first is None:
            nothing += order.state not in GONE
            continue
        offer = order.offer
        of_trim = by_trim.setdefault((offer.model, offer.trim), Figures())
        of_week = by_week.setdefault(first.last_week, Figures())
        for figures in (everything, of_trim, of_week):
            _add(figures, order, first, now, zone)
    return Kept(at_ms, now, everything, dict(sorted(by_trim.items())), dict(sorted(by_week.items())), nothing)


def _add(figures: Figures, order: Order, first: Promise, now: int, zone: str) -> None:
    figures.promised += 1
    if order.state is DELIVERED:
        late = weeks_late(first, week_of(order.ended_at_ms or order.changed_at_ms, zone))
        figures.delivered += 1
        figures.kept += not late
        figures.weeks_late += late
        figures.most_weeks_late = max(figures.most_weeks_late, late)
    elif order.state in GONE:
        figures.given_up += 1
        figures.given_up_overdue += week_of(order.ended_at_ms or order.changed_at_ms, zone) > first.last_week
    else:
        figures.open += 1
        figures.open_overdue += now > first.last_week
    moved = 0 if order.promise is None else order.promise.last_week - first.last_week
    figures.moved_later += moved > 0
    figures.moved_earlier += moved < 0
    figures.moved_weeks += moved
