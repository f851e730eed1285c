"""Every order of a plan as a row: its place, its week, its window, what it was promised, and why."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from drumroll.domain.book import Order
from drumroll.domain.promise import Promise, in_words
from drumroll.domain.weeks import week_label
from drumroll.plan.answers import Answers, Outcome, Reasons, frozen_because
from drumroll.plan.questions import Asked


class Row(msgspec.Struct, frozen=True, gc=False):
    """One order. ``place`` counts those that are planned (and the declared backlog, which comes first).

    Weeks as ISO 8601 writes them, windows as days; "" where there is none. ``outcome`` is what becomes of its promise.
    """

    id: str
    model: str
    trim: str
    state: str
    place: int | None
    build_week: str
    window: str
    was_promised: str
    outcome: str
    because: str


def listing(asked: Asked, answers: Answers) -> list[Row]:
    """All live orders: those in production, the frozen ones, then those planned by place."""
    texts = _Texts()
    rows = [texts.row(order, None, order.promise, "underway", "in production, or built") for order in asked.underway]
    rows += [texts.row(order, None, order.promise, "frozen", frozen_because(order)) for order in asked.frozen]
    return [*rows, *_planned(asked, answers, texts)]


class _Texts:
    """Weeks and windows in words, each worked out once: many orders share them."""

    def __init__(self) -> None:
        self._windows: dict[Promise, str] = {}
        self._labels: dict[int, str] = {}

    def window(self, promise: Promise | None) -> str:
        if promise is None:
            return ""
        found = self._windows.get(promise)
        if found is None:
            found = self._windows[promise] = in_words(promise)
        return found

    def label(self, week: int) -> str:
        return self._labels.get(week) or self._labels.setdefault(week, week_label(week))

    def row(self, order: Order, place: int | None, promise: Promise | None, outcome: str, because: str) -> Row:
        week = "" if promise is None or outcome == "no_week" else self.label(promise.build_week)
        said = self.window(promise), self.window(order.promised), outcome, because
        return Row(order.id, order.offer.model, order.offer.trim, order.state.value, place, week, *said)


def _planned(asked: Asked, answers: Answers, texts: _Texts) -> Iterator[Row]:
    reasons = Reasons(asked, answers)
    names = [outcome.name.lower() for outcome in Outcome]
    why = _alike(asked, answers)
    because: dict[int, str] = {}
    parts = zip(asked.orders, answers.promises, answers.outcome.tolist(), why, strict=True)
    for at, (order, promise, outcome, cause) in enumerate(parts):
        said = because.get(cause)
        if said is None:
            said = because[cause] = reasons.of(at)
        yield texts.row(order, asked.ahead + at + 1, promise, names[outcome], said)


def _alike(asked: Asked, answers: Answers) -> list[int]:
    """A number for each order: those that have the same have the same reason."""
    problem = asked.problem
    kind, pinned = problem.kind[asked.ahead :].astype(np.int64), problem.pinned[asked.ahead :] >= 0
    without = answers.column >= problem.weeks
    cause = (kind * (len(problem.resources) + 1) + answers.short + 1) * 4 + pinned * 2 + without
    found: list[int] = cause.tolist()
    return found
