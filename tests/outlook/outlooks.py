"""Small launches with an outlook, and what is asked of them: no curve is fitted, demand is as a test says."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import numpy as np

from drumroll.domain.launch import Launch, Region
from drumroll.domain.launch_capacity import Backlog, Plant
from drumroll.domain.launch_finance import Finance
from drumroll.domain.launch_outlook import Outlook, OutlookFigure, OutlookScenario
from drumroll.outlook.demand import Demand
from drumroll.outlook.months import calendar
from drumroll.outlook.scenarios import Basis, Run, Standing, capacity_basis, run
from drumroll.outlook.standing import declared
from tests.plan.lives import MONDAY, weekly
from tests.plan.lives import launch as bare

HOUR_MS = 3_600_000
AS_IT_IS = OutlookScenario("as-it-is", "As it is")


def launch(
    *scenarios: OutlookScenario,
    plant: int = 100,
    pack: int = 40,
    older: int = 0,
    lead_days: int = 0,
    published: tuple[OutlookFigure, ...] = (),
    **outlook: Any,
) -> Launch:
    """Cars, small and big, the big ones with a limit of their own; 19 % VAT; sales open on Monday, 30 June."""
    backlog = (Backlog("car", "small", older),) if older else ()
    return msgspec.structs.replace(
        bare(plant, pack, backlog, horizon_weeks=60),
        plants=(Plant("works", "The works", ("car", "coupe"), weekly(plant)),),
        regions=(Region("near", "near", lead_days),),
        finance=Finance("19"),
        outlook=Outlook(scenarios=scenarios or (AS_IT_IS,), published=published, **outlook),
    )


def basis(
    of: Launch, first: int, later: int, months: int = 3, gives_up: float = 0.0, seed: int = 0, start: date = MONDAY
) -> Basis:
    """``first`` orders on the first evening, ``later`` in each step after; two draws about that, if there is a seed."""
    cal = calendar(MONDAY, start, months, of.time_zone)
    steps = len(cal.edges) - 1
    known = np.zeros(steps, dtype=np.int64)
    known[0] = first
    coming = np.full((3, steps), later, dtype=np.int64)
    if seed:
        coming[1:] = np.random.default_rng(seed).integers(0, 2 * later + 1, (2, steps))
    nothing = np.zeros_like(coming)
    found = Demand(known, coming, nothing, np.full(3, gives_up))
    return Basis(of, cal, capacity_basis(of), declared(of), found, of.opens_at_ms + HOUR_MS, from_log=False)


def worked_out(of: Launch, first: int, later: int, **asked: Any) -> Run:
    """The first scenario of the launch."""
    assert of.outlook is not None
    return run(basis(of, first, later, **asked), of.outlook.scenarios[0])


def since(found: Run, standing: Standing) -> Run:
    """The same scenario from other standing orders."""
    of = msgspec.structs.replace(found.basis, standing=standing, from_log=True)
    return run(of, found.scenario)
