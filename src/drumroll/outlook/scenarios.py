"""Scenarios: what each brings by month in orders, deliveries, backlog and revenue.

A *kind* is a trim of a model, or a further model. Orders wait out their cooling-off (a week at least), those that
cancel leave then, the others join the queue of the plant (``deliveries``). What is built in a week is delivered the
lead time after, day by day. All in whole orders: opening backlog + orders - cancelled - delivered = closing backlog, in
every row, kind and month.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

import msgspec
import numpy as np

from drumroll.domain.capacity import Capacity, Change, capacity_of, needs
from drumroll.domain.configuration import defaults
from drumroll.domain.launch import Launch
from drumroll.domain.launch_capacity import Closed
from drumroll.domain.launch_outlook import FurtherModel, OutlookScenario
from drumroll.domain.weeks import monday
from drumroll.errors import OutlookRefused
from drumroll.outlook.deliveries import Line, build, line_of, unlimited, waiting, without_days
from drumroll.outlook.demand import Demand, monthly_until, shared_out, usual_mix
from drumroll.outlook.months import Calendar, Counts, Spans, built_until, day_of
from drumroll.outlook.vat import without_vat

FURTHER = "further"
WEEK_S = 7 * 86_400
KindId = tuple[str, str]
ByDay = dict[KindId, dict[int, int]]


class Kind(msgspec.Struct, frozen=True):
    """What is ordered and built alike: ``resources`` that it needs (none: nobody builds it), and its net price."""

    model: str
    trim: str
    resources: tuple[int, ...]
    price_minor: int
    net_minor: int

    @property
    def id(self) -> KindId:
        """Model and trim."""
        return self.model, self.trim


class Standing(msgspec.Struct, frozen=True):
    """What stands at the start, by kind: older orders, ``locked`` ones of this launch, those in their cooling-off.

    ``cooling_left`` (0 to 1) is how much of it they still have on average. ``prices_minor`` and ``mix``: as ordered,
    where a log says so. ``ordered``, ``cancelled`` and ``delivered``: what happened since the opening, by day.
    """

    older: dict[KindId, int] = {}
    locked: dict[KindId, int] = {}
    cooling: dict[KindId, int] = {}
    cooling_left: float = 1.0
    prices_minor: dict[KindId, int] = {}
    mix: dict[KindId, int] = {}
    ordered: ByDay = {}
    cancelled: ByDay = {}
    delivered: ByDay = {}


class Basis(msgspec.Struct, frozen=True):
    """What all scenarios share. ``from_log``: the standing orders are a log's, not the launch file's backlog."""

    launch: Launch
    calendar: Calendar
    capacity: Capacity
    standing: Standing
    demand: Demand
    at_ms: int
    from_log: bool

    @property
    def opens(self) -> date:
        """The day of the opening."""
        return date.fromordinal(day_of(self.launch.opens_at_ms, self.calendar.time_zone))


class Run(msgspec.Struct, frozen=True):
    """A scenario worked out. Tables are rows x kinds x steps (``orders``) or weeks; row 0 is the central case.

    ``opening`` is the backlog at the opening by kind; ``left`` what may be built and waits at the end of each week.
    """

    basis: Basis
    scenario: OutlookScenario
    kinds: tuple[Kind, ...]
    opening: Counts
    orders: Counts
    cancelled: Counts
    built: Counts
    left: Counts

    @property
    def released(self) -> bool:
        """Whether nothing but the orders limits deliveries."""
        return self.scenario.capacity == "released"


def run(basis: Basis, scenario: OutlookScenario) -> Run:
    """Work out one scenario. Raises ``OutlookRefused`` if it has more kinds or models than can be built."""
    kinds = _kinds(basis, scenario)
    orders = _orders(basis, scenario, kinds)
    weekly = basis.calendar.by_week(orders)
    gives_up = _gives_up(basis, scenario)
    cooling = _of(basis.standing.cooling, kinds)
    leaves = _part_of(weekly, gives_up[:, None, None])
    first = np.floor(cooling[None, :] * (gives_up * basis.standing.cooling_left)[:, None]).astype(np.int64)
    delay = _cooling_weeks(basis.launch)
    joining, cancelled = _later(weekly - leaves, delay), _later(leaves, delay)
    joining[:, :, 0] += cooling - first
    cancelled[:, :, 0] += first
    older = np.stack([_of(basis.standing.older, kinds), _of(basis.standing.locked, kinds)], axis=1)
    cohorts = np.concatenate([np.broadcast_to(older, (len(weekly), *older.shape)), joining], axis=2)
    built = build(cohorts, 2, line(basis, scenario, kinds))
    opening = _opening(basis.standing, kinds, basis.opens.toordinal())
    return Run(basis, scenario, kinds, opening, orders, cancelled, built, waiting(cohorts, 2, built))


def line(basis: Basis, scenario: OutlookScenario, kinds: Sequence[Kind]) -> Line:
    """What limits building in a scenario. Of the first week only the days from the start on are left."""
    wants, cal = [kind.resources for kind in kinds], basis.calendar
    gone = (cal.edges[0] - 1) % 7
    if scenario.capacity == "released":
        return unlimited(wants, cal.weeks)
    capacity = basis.capacity
    if scenario.capacity_percent != 100:
        end = capacity.base_week + capacity.horizon
        changed = capacity_of(basis.launch, [Change("", capacity.base_week, end, percent=scenario.capacity_percent)])
        assert changed is not None, "a launch with plants"
        capacity = changed
    return without_days(line_of(wants, capacity, cal.first_week, cal.weeks), gone)


# What a run says, before each of some days (ordinals), rows x kinds x days, since the opening


def ordered_until(found: Run, days: Sequence[int]) -> Counts:
    """New orders. ``days`` are days on which a month or a week begins."""
    return found.basis.calendar.steps_until(found.orders, days) + _past(found.basis.standing.ordered, found, days)


def cancelled_until(found: Run, days: Sequence[int]) -> Counts:
    """Orders that were cancelled."""
    return _spread(found, found.cancelled, days) + _past(found.basis.standing.cancelled, found, days)


def delivered_until(found: Run, days: Sequence[int]) -> Counts:
    """Deliveries: what was built the lead time before."""
    rows = [handed_over(found.basis, found.built[:, at], kind, days) for at, kind in enumerate(found.kinds)]
    return np.stack(rows, axis=1) + past_deliveries(found, days)


def past_deliveries(found: Run, days: Sequence[int]) -> Counts:
    """Those that a log knows, kinds x days."""
    return _past(found.basis.standing.delivered, found, days)


def handed_over(basis: Basis, weekly: Counts, kind: Kind, days: Sequence[int]) -> Counts:
    """Of what is built of a kind by week (last axis), how much is delivered before each of ``days``."""
    cal, lead = basis.calendar, lead_days(basis.launch)
    before_start = (monday(cal.first_week), date.fromordinal(cal.edges[0]))
    closed = (*closed_of(basis.launch, kind), before_start)
    return built_until(weekly, cal.first_week, [day - lead for day in days], closed)


def lead_days(launch: Launch) -> int:
    """From the end of building to the delivery in the default region."""
    return launch.regions[0].lead_days if launch.regions else 0


def closed_of(launch: Launch, kind: Kind) -> Spans:
    """The days on which the plant that builds a kind stands still."""
    return tuple((span.from_day, span.until_day) for span in _closed(launch, kind))


def closed_in(launch: Launch, kind: Kind, from_day: int, until_day: int) -> dict[str, int]:
    """The same within some days: the name of each closing, and how many of its days."""
    found = {}
    for span in _closed(launch, kind):
        days = min(until_day, span.until_day.toordinal()) - max(from_day, span.from_day.toordinal())
        if days > 0:
            found[span.name] = days
    return found


def _closed(launch: Launch, kind: Kind) -> tuple[Closed, ...]:
    for number, plant in enumerate(launch.plants, len(launch.limits)):
        if number in kind.resources:
            return plant.closed
    return ()


def capacity_basis(launch: Launch) -> Capacity:
    """The capacity of a launch. Raises ``OutlookRefused`` if it has no plants."""
    capacity = capacity_of(launch)
    if capacity is None:
        raise OutlookRefused(
            f"{launch.id} has no [[plant]], so nothing says what can be delivered; add one with its weeks "
            "(docs/launch-file.md)"
        )
    return capacity


# Kinds


def _kinds(basis: Basis, scenario: OutlookScenario) -> tuple[Kind, ...]:
    launch, standing = basis.launch, basis.standing
    others = () if launch.outlook is None else launch.outlook.demand
    wanted = {*launch.headline, *(one.model for one in others)}
    counts = (standing.older, standing.locked, standing.cooling)
    wanted |= {
        model for table in (*counts, standing.ordered, standing.cancelled, standing.delivered) for model, _ in table
    }
    kinds = [_kind(basis, model.id, trim.id) for model in launch.models if model.id in wanted for trim in model.trims]
    return (*kinds, *(_further(basis, number, one) for number, one in enumerate(scenario.further)))


def _kind(basis: Basis, model_id: str, trim_id: str) -> Kind:
    launch = basis.launch
    model = launch.model(model_id)
    assert model is not None, "a model of this launch"
    trim = next(one for one in model.trims if one.id == trim_id)
    price = basis.standing.prices_minor.get((model_id, trim_id), trim.price_minor)
    options = defaults(model, trim).options
    return Kind(model_id, trim_id, needs(launch, model_id, trim_id, options), price, _net(launch, price))


def _further(basis: Basis, number: int, further: FurtherModel) -> Kind:
    """A further model is built where the launch's own models are, and no other limit holds for it."""
    launch = basis.launch
    plants = [
        len(launch.limits) + at for at, plant in enumerate(launch.plants) if set(plant.models) & set(launch.headline)
    ]
    price = further.price_minor
    return Kind(FURTHER, f"{number + 1} {further.name}", tuple(plants[:1]), price, _net(launch, price))


def _net(launch: Launch, price_minor: int) -> int:
    return without_vat(price_minor, launch.finance.vat_percent if launch.finance is not None else "0")


# Orders


def _orders(basis: Basis, scenario: OutlookScenario, kinds: Sequence[Kind]) -> Counts:
    """New orders of each kind by step."""
    demand, keeps = basis.demand, 100 - _loss_percent(scenario)
    further = {
        f"{number + 1} {one.name}": _steps_of(basis, one.monthly, one.from_day)
        for number, one in enumerate(scenario.further)
    }
    takes = [
        _part_of(further[f"{number + 1} {one.name}"], one.takes_percent / 100)
        for number, one in enumerate(scenario.further)
    ]
    taken = np.sum(takes, axis=0) if takes else np.zeros_like(demand.known)
    coming = _part_of(demand.launch + demand.long_run, float(keeps) / 100)
    headline = demand.known + np.maximum(coming - taken, 0)
    rows = np.zeros((len(headline), len(kinds), headline.shape[1]), dtype=np.int64)
    _put(rows, kinds, basis, _ids(basis.launch, basis.launch.headline), headline)
    for one in () if basis.launch.outlook is None else basis.launch.outlook.demand:
        steps = _part_of(_steps_of(basis, one.monthly, basis.opens), float(keeps) / 100)
        _put(rows, kinds, basis, _ids(basis.launch, [one.model]), np.broadcast_to(steps, headline.shape))
    for number, kind in enumerate(kinds):
        if kind.model == FURTHER:
            rows[:, number] = further[kind.trim]
    return rows


def _put(rows: Counts, kinds: Sequence[Kind], basis: Basis, ids: Sequence[KindId], orders: Counts) -> None:
    """Share orders out to trims: as the log has them, or by the usual mix."""
    mix = [basis.standing.mix.get(one, 0) for one in ids]
    if not any(mix):
        mix = [part for model in dict.fromkeys(one[0] for one in ids) for part in _usual(ids, model)]
    places = {kind.id: number for number, kind in enumerate(kinds)}
    rows[:, [places[one] for one in ids]] = shared_out(orders, mix)


def _usual(ids: Sequence[KindId], model: str) -> tuple[int, ...]:
    return usual_mix(sum(one[0] == model for one in ids))


def _ids(launch: Launch, models: Iterable[str]) -> list[KindId]:
    wanted = set(models)
    return [(model.id, trim.id) for model in launch.models if model.id in wanted for trim in model.trims]


def _steps_of(basis: Basis, monthly: int, from_day: date) -> Counts:
    """So many orders a month from a day on, by step; nothing before the start."""
    days = basis.calendar.edges
    begins = max(from_day, date.fromordinal(days[0]))
    return np.diff(monthly_until(monthly, begins, days))


def _loss_percent(scenario: OutlookScenario) -> Decimal:
    """How much of new demand a rival's price cut takes: the cross elasticity times the cut, at most all of it."""
    return min(Decimal(100), Decimal(scenario.cross_elasticity) * scenario.rival_price_cut_percent)


def _gives_up(basis: Basis, scenario: OutlookScenario) -> np.typing.NDArray[np.float64]:
    if scenario.cancel_percent is None:
        return basis.demand.gives_up
    return np.full_like(basis.demand.gives_up, scenario.cancel_percent / 100)


def _part_of(flows: Counts, share: np.typing.NDArray[np.float64] | float) -> Counts:
    """A share (0 to 1) of flows (last axis) in whole orders, never more than there are.

    Rounded down as it adds up and not in each: of one order a week, 10 % is one in ten weeks, not none.
    """
    taken = np.floor(np.cumsum(flows, axis=-1) * share + 1e-9).astype(np.int64)
    taken[..., 1:] -= taken[..., :-1].copy()
    part: Counts = taken
    return part


def _cooling_weeks(launch: Launch) -> int:
    """Weeks from an order to its lock; one at least, since nothing is built in the week in which it is ordered."""
    return max(1, -(-(launch.cooling_off_s or 0) // WEEK_S))


def _later(weekly: Counts, weeks: int) -> Counts:
    """The same so many weeks later; what would come after the end is left out."""
    moved = np.zeros_like(weekly)
    moved[:, :, weeks:] = weekly[:, :, : max(0, weekly.shape[2] - weeks)]
    return moved


# The past, and days


def _opening(standing: Standing, kinds: Sequence[Kind], opens: int) -> Counts:
    """The backlog at the opening: what stands at the start, less what came since, and what left since."""
    now = sum((_of(table, kinds) for table in (standing.older, standing.locked, standing.cooling)), _of({}, kinds))
    came, cancelled, delivered = (
        _of({kind: sum(days.values()) for kind, days in table.items()}, kinds)
        for table in (standing.ordered, standing.cancelled, standing.delivered)
    )
    assert all(day >= opens for days in standing.ordered.values() for day in days), "since the opening"
    opening: Counts = now - came + cancelled + delivered
    return opening


def _spread(found: Run, weekly: Counts, days: Sequence[int]) -> Counts:
    return built_until(weekly, found.basis.calendar.first_week, days)


def _past(table: ByDay, found: Run, days: Sequence[int]) -> Counts:
    """What happened before each of ``days``, kinds x days."""
    return np.array(
        [
            [sum(count for at, count in table.get(kind.id, {}).items() if at < day) for day in days]
            for kind in found.kinds
        ],
        dtype=np.int64,
    ).reshape(len(found.kinds), len(days))


def _of(table: dict[KindId, int], kinds: Sequence[Kind]) -> Counts:
    return np.array([table.get(kind.id, 0) for kind in kinds], dtype=np.int64)
