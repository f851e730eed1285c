"""A launch that nobody has seen yet: so many orders, made as its file lets one assume, and promised by its rules."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from drumroll.domain.capacity import Capacity, lead_weeks, needs, rules_of
from drumroll.domain.configuration import defaults
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.weeks import week_label, week_of
from drumroll.errors import PlanRefused
from drumroll.plan.difference import NOTHING
from drumroll.plan.problem import Columns, Counts
from drumroll.plan.strict import strict
from drumroll.plan.waiting import Situation, Waiting, interleaved, late_rows, problem_of, replanned

_TRIMS = 4


class _Offer(msgspec.Struct, frozen=True):
    """A trim that is ordered: what it needs, its deposit, and how many there may be."""

    model: Model
    trim: Trim
    needs: tuple[int, ...]
    deposit_minor: int


class _Line(msgspec.Struct, frozen=True):
    """Orders one after the other: which offer (by number), where to, and when its place in the queue begins."""

    offer: Columns
    lead: Columns
    queued_ms: Counts


def assumed(launch: Launch, capacity: Capacity, seconds: Sequence[float], seed: int) -> Situation:
    """The launch after the last of its orders, which come ``seconds`` after the opening (rising).

    Trims of the headline models are mixed 1 : 1/2 : 1/3 ... in the order of the file, within the caps; options are the
    defaults, regions come in turn. All are firm and lock when their cooling-off ends. The declared backlog stands
    before them, locked. Each order is promised what it would be if it came alone after those before it.

    Raises:
        PlanRefused: the launch's calendar is over before it begins.
    """
    at_ms = opening_ms(launch) + int(1000 * (seconds[-1] if len(seconds) else 0))
    week = week_of(at_ms, launch.time_zone)
    first_week = max(week + rules_of(launch).frozen_weeks, capacity.base_week)
    if first_week >= capacity.base_week + capacity.horizon:
        raise PlanRefused(
            f"the calendar of {launch.id} ends before {week_label(first_week)}, the first week that a plan may touch;"
            " raise horizon_weeks in [promise] of the launch file, or begin the plants' weeks later"
        )
    offers = _offers(launch)
    backlog, arrived = _backlog(launch, offers), _arrived(launch, offers, seconds, seed)
    waiting = _waiting(offers, backlog, arrived)
    situation = Situation(launch, capacity, at_ms, week, first_week, waiting)
    return msgspec.structs.replace(situation, waiting=_promised(situation))


def opening_ms(launch: Launch) -> int:
    """When all headline models are on sale."""
    return max(model.opens_at_ms for model in launch.models if model.id in launch.headline)


def _offers(launch: Launch) -> list[_Offer]:
    return [
        _Offer(model, trim, needs(launch, model.id, trim.id, defaults(model, trim).options), launch.deposit_of(model))
        for model in launch.models
        for trim in model.trims
    ]


def _backlog(launch: Launch, offers: list[_Offer]) -> _Line:
    """The declared backlog, its trims evenly mixed, for the default region."""
    numbers = {(one.model.id, one.trim.id): number for number, one in enumerate(offers)}
    declared = np.array([numbers[one.model, one.trim] for one in launch.backlog], np.int32)
    offer = declared[interleaved([one.orders for one in launch.backlog])]
    lead = lead_weeks(launch, launch.regions[0].id) if launch.regions else 0
    return _Line(offer, np.full(len(offer), lead, np.int32), np.zeros(len(offer), np.int64))


def _arrived(launch: Launch, offers: list[_Offer], seconds: Sequence[float], seed: int) -> _Line:
    leads = [lead_weeks(launch, region.id) for region in launch.regions] or [0]
    at_ms = opening_ms(launch) + (1000 * np.array(seconds, np.float64)).astype(np.int64)
    return _Line(
        offer=_mixed(launch, offers, len(seconds), seed),
        lead=np.resize(np.array(leads, np.int32), len(seconds)),
        queued_ms=at_ms + 1000 * (launch.cooling_off_s or 0),
    )


def _mixed(launch: Launch, offers: list[_Offer], orders: int, seed: int) -> Columns:
    """The offer of each order, within the caps of trims and models: what is sold out, nobody draws any more."""
    rng = np.random.Generator(np.random.PCG64((seed, _TRIMS)))
    ordered = [number for number, one in enumerate(offers) if one.model.id in launch.headline]
    weights = 1 / np.arange(1.0, len(ordered) + 1)
    chosen = np.full(orders, -1, np.int32)
    open_at = np.arange(orders)
    while len(open_at):
        left = _left(offers, ordered, chosen)
        has_room = np.array([weight if room else 0.0 for weight, room in zip(weights, left, strict=True)])
        if not has_room.sum():
            raise ValueError(f"{orders:,} orders do not fit within the caps of {launch.id}")
        drawn = np.array(ordered, np.int32)[rng.choice(len(ordered), len(open_at), p=has_room / has_room.sum())]
        chosen[open_at] = drawn
        open_at = _too_many(offers, chosen)
        chosen[open_at] = -1
    return chosen


def _left(offers: list[_Offer], ordered: list[int], chosen: Columns) -> list[bool]:
    """Whether each of the offers that are ordered has a place left."""
    counts = np.bincount(chosen[chosen >= 0], minlength=len(offers))
    answer = []
    for number in ordered:
        one = offers[number]
        of_model = sum(int(counts[at]) for at, other in enumerate(offers) if other.model is one.model)
        full = one.trim.cap is not None and counts[number] >= one.trim.cap
        answer.append(not full and (one.model.cap is None or of_model < one.model.cap))
    return answer


def _too_many(offers: list[_Offer], chosen: Columns) -> Counts:
    """The numbers of the orders that came when their trim or model was sold out."""
    over = np.zeros(len(chosen), np.bool_)
    for number, one in enumerate(offers):
        over[np.flatnonzero(chosen == number)[one.trim.cap :] if one.trim.cap is not None else []] = True
    for model in {id(one.model): one.model for one in offers}.values():
        if model.cap is not None:
            its = np.isin(chosen, [number for number, one in enumerate(offers) if one.model is model]) & ~over
            over[np.flatnonzero(its)[model.cap :]] = True
    return np.flatnonzero(over)


def _waiting(offers: list[_Offer], backlog: _Line, arrived: _Line) -> Waiting:
    offer = np.concatenate([backlog.offer, arrived.offer])
    kinds = tuple(dict.fromkeys(one.needs for one in offers))
    kind_of = np.array([kinds.index(one.needs) for one in offers], np.int32)
    deposits = np.array([one.deposit_minor for one in offers], np.int64)
    nothing = np.full(len(offer), NOTHING, np.int32)
    declared = np.arange(len(offer)) < len(backlog.offer)
    return Waiting(
        trims=tuple((one.model.id, one.trim.id) for one in offers),
        kinds=kinds,
        trim=offer,
        kind=kind_of[offer],
        lead=np.concatenate([backlog.lead, arrived.lead]),
        build=nothing,
        last=nothing,
        pinned=nothing,
        held_minor=deposits[offer],
        queued_ms=np.concatenate([backlog.queued_ms, arrived.queued_ms]),
        locked=declared,
        declared=declared,
    )


def _promised(situation: Situation) -> Waiting:
    """Everybody promised by the rules, but for the declared backlog, of whose promises nothing is known."""
    waiting, capacity = situation.waiting, situation.capacity
    problem = problem_of(capacity, waiting, situation.first_week)
    planned = replanned(capacity, waiting, problem, strict(problem), late_rows(situation))
    nothing = waiting.declared | (planned.build >= planned.end_week)
    return msgspec.structs.replace(
        waiting,
        build=np.where(nothing, NOTHING, planned.build).astype(np.int32),
        last=np.where(nothing, NOTHING, planned.last).astype(np.int32),
    )
