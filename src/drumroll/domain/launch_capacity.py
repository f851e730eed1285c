"""What a launch file says of capacity and promises: plants, limits, backlog, what matters to customers.

Days are days of the launch's zone; spans exclude their ``until``. Capacity is whole orders a week.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec


class Period(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """From one Monday (``from_day``) to another: ``capacity`` a week and a shift, rising or falling to ``ramp_to``.

    With ``ramp_to`` the last week of the period has that, and the weeks between lie on the line. ``until_day`` is
    ``None`` for a last period without an end.
    """

    from_day: date
    until_day: date | None
    capacity: int
    ramp_to: int | None = None
    shifts: int = 1


class Closed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days on which a plant stands still: holidays, a shutdown. They take their sevenths of a week's capacity."""

    name: str
    from_day: date
    until_day: date


class Plant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where models are built. Each model is built at one plant at most; outside its calendar a plant builds nothing."""

    id: str
    name: str
    models: tuple[str, ...]
    weeks: tuple[Period, ...]
    closed: tuple[Closed, ...] = ()


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A weekly limit for orders of one of ``models`` with one of ``trims`` and one of ``choices`` (empty: any).

    A battery pack, a colour, a line. Limits may overlap. Outside its calendar a limit does not hold.
    """

    id: str
    name: str
    models: tuple[str, ...]
    trims: tuple[str, ...]
    choices: tuple[str, ...]
    weeks: tuple[Period, ...]


class Backlog(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Older orders that stand before all others and are not in this log; each one imported counts against them."""

    model: str
    trim: str
    orders: int


class Cliff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day that matters: whoever is delivered after ``last_day`` loses something. ``models`` empty: all."""

    id: str
    name: str
    last_day: date
    models: tuple[str, ...] = ()


class PromiseRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How promises are made and kept.

    ``frozen_weeks``: the current week and those after it that no plan touches any more. ``kept_percent`` of the
    windows are kept (delivered by their end) as far as the uncertainty is known, ``sure_percent`` by the later week
    that is shown beside them. ``late_bound_weeks``: the least-breakage plan delivers nobody later than this after
    their promise, as long as that breaks no further promise. Uncertainty: ``spread_percent`` is the standard
    deviation of a week's output, ``spread_weeks`` how long a good or a bad spell lasts, ``ramp_late_weeks`` how late
    a rise of capacity comes on average, ``cancel_percent`` (low, high) the share of orders that will be given up.
    """

    width_weeks: int = 4
    frozen_weeks: int = 2
    horizon_weeks: int = 156
    policy: Literal["strict", "least-breakage"] = "strict"
    late_bound_weeks: int = 26
    kept_percent: int = 80
    sure_percent: int = 95
    refuse_unpromised: bool = False
    spread_percent: int = 0
    spread_weeks: int = 8
    ramp_late_weeks: int = 0
    cancel_percent: tuple[int, int] = (0, 0)
