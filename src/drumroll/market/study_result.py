"""What an event study is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from drumroll.market.estimation import BoolArray, FloatArray, IntArray, Model
from drumroll.market.statistics import two_sided_t


@dataclass(frozen=True)
class StudySpec:
    """What to estimate and what to test. Offsets are sessions from the event's session, 0.

    ``estimation`` sessions end ``gap`` sessions before the event window ``window`` (first and last offset, both
    included). ``windows`` are the CARs to test; each lies within ``window``. A firm-event with fewer returns than
    ``least_share`` of its estimation window is left out and named.
    """

    model: Model = "market"
    estimation: int = 120
    gap: int = 10
    window: tuple[int, int] = (-10, 10)
    windows: tuple[tuple[int, int], ...] = ((0, 0), (-1, 1))
    least_share: float = 0.7

    @property
    def sessions(self) -> int:
        """Sessions in the event window."""
        return self.window[1] - self.window[0] + 1

    def start(self, day: IntArray) -> IntArray:
        """The first session of the estimation windows of events on the sessions ``day``."""
        return day + self.window[0] - self.gap - self.estimation

    def span(self, window: tuple[int, int]) -> slice:
        """The columns of the event window that are the sessions of ``window``."""
        return slice(window[0] - self.window[0], window[1] - self.window[0] + 1)


class Excluded(NamedTuple):
    """A firm-event that was left out, and why."""

    firm: int
    day: int
    reason: str


class Row(NamedTuple):
    """One test of one window (or of one session: ``first == last``)."""

    first: int
    last: int
    test: str
    events: int
    mean: float
    statistic: float
    p: float
    advised: bool


@dataclass(frozen=True)
class Measured:
    """What was measured of ``n`` firm-events over ``W`` sessions, ``K`` windows and ``D`` sessions that are ranked."""

    firm: IntArray
    day: IntArray
    alpha: FloatArray
    beta: FloatArray
    variance: FloatArray
    count: IntArray
    degrees: IntArray
    share_positive: FloatArray
    ar: FloatArray
    ar_variance: FloatArray
    car: FloatArray
    car_variance: FloatArray


@dataclass(frozen=True)
class StudyResult(Measured):
    """An event study. Firm-events are in the order given, less those in ``excluded``.

    ``firm``, ``day`` (indices), ``alpha``, ``beta``, ``variance`` (of the residuals), ``count``, ``degrees`` and
    ``share_positive`` are ``(n,)``; ``ar`` and ``ar_variance`` (of the prediction error) ``(n, W)``; ``car`` and
    ``car_variance`` (off-diagonal covariances included) ``(n, K)``, nan where a session of the window has no return;
    ``limited`` ``(n,)``: a price stood at its limit within the event window, so the abnormal return is censored.
    ``rank_sum`` and ``rank_count`` ``(D,)`` are what the rank test is made of. ``tests`` has a row for each window and
    test, ``daily`` for each session and test; ``advised`` marks the test to report.
    """

    spec: StudySpec
    limited: BoolArray
    rank_sum: FloatArray
    rank_count: IntArray
    mean_correlation: float
    excluded: tuple[Excluded, ...]
    warnings: tuple[str, ...]
    tests: tuple[Row, ...]
    daily: tuple[Row, ...]

    @property
    def aar(self) -> FloatArray:
        """Average abnormal return of each session of the event window, ``(W,)``."""
        return column_means(self.ar)

    @property
    def caar(self) -> FloatArray:
        """Average CAR of each tested window, ``(K,)``."""
        return column_means(self.car)

    @property
    def caar_path(self) -> FloatArray:
        """The AARs added up from the first session of the event window, ``(W,)``: what is plotted."""
        return np.cumsum(self.aar)

    @property
    def car_t(self) -> FloatArray:
        """Each firm-event's CAR over its prediction error's standard deviation, ``(n, K)``: t with ``degrees``."""
        t: FloatArray = self.car / np.sqrt(self.car_variance)
        return t

    @property
    def car_p(self) -> FloatArray:
        """Two-sided p-values of ``car_t``, ``(n, K)``: one firm's event by itself."""
        return two_sided_t(self.car_t, self.degrees[:, None])

    def summary(self) -> list[dict[str, object]]:
        """The tests of the windows as rows for a table."""
        return [row._asdict() for row in self.tests]


def column_means(values: FloatArray) -> FloatArray:
    """Mean of each column over what is there; nan for a column without anything."""
    present = np.isfinite(values)
    count = present.sum(axis=0)
    total: FloatArray = np.where(present, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
