"""Small launches with plants, and the orders that wait for them."""

from __future__ import annotations

from datetime import date

import numpy as np

from drumroll.domain.capacity import capacity_of
from drumroll.domain.launch import Conversion, Launch, Model, Region, Trim
from drumroll.domain.launch_capacity import Backlog, Cliff, Limit, Period, Plant, PromiseRules
from drumroll.plan.assumed import assumed
from drumroll.plan.waiting import Situation

OPENS_MS = 1_750_946_400_000
"""2025-06-26T14:00:00Z, a Thursday."""
FIRST = date(2025, 6, 30)
DAY_MS = 86_400_000


def period(capacity: int, ramp_to: int | None = None) -> Period:
    until = date(2025, 9, 29) if ramp_to is not None else None
    return Period(FIRST, until, capacity, ramp_to)


def window(place: str = "keep", cooling_off: str = "keep", kept_before_ms: int | None = None) -> Conversion:
    return Conversion(
        id="old-to-new",
        from_models=("old",),
        states=("locked",),
        to_models=("new",),
        opens_at_ms=OPENS_MS,
        closes_at_ms=OPENS_MS + 3 * DAY_MS,
        place=place,  # type: ignore[arg-type]
        cooling_off=cooling_off,  # type: ignore[arg-type]
        place_kept_before_ms=kept_before_ms,
    )


def small_launch(
    *,
    plant: int = 40,
    rare: int = 12,
    backlog: int = 90,
    conversions: tuple[Conversion, ...] = (window(),),
    rules: PromiseRules | None = None,
    cap: int | None = None,
    rare_cap: int | None = None,
) -> Launch:
    """Models ``new`` (trims usual, rare) and ``old`` (trim last) of one plant; rare has a limit, old is backlog."""
    new = Model("new", "New", OPENS_MS, None, (Trim("usual", "Usual", 900), Trim("rare", "Rare", 990, rare_cap)), cap)
    old = Model("old", "Old", OPENS_MS - 90 * DAY_MS, None, (Trim("last", "Last", 800),), deposit_minor=30)
    return Launch(
        id="small",
        name="Small",
        time_zone="Asia/Shanghai",
        currency="CNY",
        opens_at_ms=OPENS_MS,
        closes_at_ms=None,
        deposit_minor=50,
        hold_s=900,
        orders_per_customer=2,
        models=(new, old),
        headline=("new",),
        cooling_off_s=7 * 86_400,
        regions=(Region("near", "Near"), Region("far", "Far", 9)),
        conversions=conversions,
        promise=rules or PromiseRules(frozen_weeks=2, horizon_weeks=60, late_bound_weeks=6),
        plants=(Plant("works", "Works", ("new", "old"), (period(plant),)),),
        limits=(Limit("pack", "Pack", ("new",), ("rare",), (), (period(rare),)),),
        backlog=(Backlog("old", "last", backlog),) if backlog else (),
        cliffs=(Cliff("tax", "Tax", date(2025, 9, 10)),),
    )


def waiting_for(launch: Launch, orders: int = 500, seed: int = 1) -> Situation:
    capacity = capacity_of(launch)
    assert capacity is not None
    return assumed(launch, capacity, np.linspace(1, 3600, orders).tolist(), seed)
