"""What a launch file says of what is to come: the launch before, demand in the long run, scenarios, what others said.

Numbers that are no whole ones are texts (``"2.5"``), so that the log keeps the digits that were written.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from drumroll.domain.launch_finance import Relation

MONTHS = 24
"""How far an outlook looks: two years."""


class EarlierPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many orders stood ``after_s`` seconds after the opening of an earlier launch."""

    after_s: int
    orders: int


class EarlierLaunch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The launch that a forecast leans on while its own data say little.

    This launch is expected to be ``times`` as large; 95 % of that expectation lies within ``within_factor`` either way.
    ``pace_within_factor`` is the same for how much faster or slower its night runs.
    """

    name: str
    points: tuple[EarlierPoint, ...]
    times: str = "1"
    within_factor: str = "3"
    pace_within_factor: str = "10"


class Diffusion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Demand in the long run, after Bass (1969): ``market`` buyers in all, coefficients a year.

    95 % of what is expected of the market lies within ``within_factor`` either way.
    """

    market: int
    innovation: str
    imitation: str
    within_factor: str = "2"


class OtherDemand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """New orders a month of a model that the launch is not about, but that the same plant builds."""

    model: str
    monthly: int


class FurtherModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model to come, on sale from ``from_day``: ``monthly`` orders, ``takes_percent`` of them taken from ours."""

    name: str
    from_day: date
    monthly: int
    price_minor: int
    takes_percent: int = 0


class OutlookScenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way that things may go. What it does not say is as in the launch file.

    ``capacity``: as planned, or released (nothing but the backlog limits deliveries); ``capacity_percent`` of it.
    ``cancel_percent`` of the firm orders cancel in their cooling-off. A rival's price falls by
    ``rival_price_cut_percent``; our demand then falls by ``cross_elasticity`` times that.
    """

    id: str
    name: str
    capacity: Literal["planned", "released"] = "planned"
    capacity_percent: int = 100
    cancel_percent: int | None = None
    rival_price_cut_percent: int = 0
    cross_elasticity: str = "0"
    further: tuple[FurtherModel, ...] = ()


class OutlookFigure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the maker reported or analysts expected of deliveries from one day to another (``until_day`` excluded).

    ``low`` (to ``high``) units of ``models`` (empty: all), in the whole period or a month of it. ``scenario``: the one
    that it is about (``None``: the first).
    """

    id: str
    what: str
    who: Literal["maker", "analysts"]
    from_day: date
    until_day: date
    low: int
    high: int | None = None
    relation: Relation = "is"
    per: Literal["period", "month"] = "period"
    models: tuple[str, ...] = ()
    scenario: str | None = None


class Outlook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is assumed of the future, and what others said of it."""

    earlier: EarlierLaunch | None = None
    diffusion: Diffusion | None = None
    demand: tuple[OtherDemand, ...] = ()
    scenarios: tuple[OutlookScenario, ...] = ()
    published: tuple[OutlookFigure, ...] = ()
