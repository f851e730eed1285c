"""Plants, limits, backlog and cliffs in a launch file: what contradicts itself in them, and the values they become."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta

import msgspec

from drumroll.domain.capacity import kinds_of
from drumroll.domain.launch import Launch
from drumroll.domain.launch_capacity import Backlog, Cliff, Closed, Limit, Period, Plant, PromiseRules
from drumroll.domain.launch_mistakes import MISSING, Draft, Mistake, ids_of, repeated, wrong_references
from drumroll.domain.launch_values import shown

LEANING = ("promise", "limit", "backlog", "cliff")
"""Tables that say something only where something is built."""


def wrong_capacity(draft: Draft, unfit: frozenset[str]) -> Iterator[Mistake]:
    """Every contradiction in what is said of capacity and promises."""
    yield from _without_plant(draft, unfit)
    yield from _same_ids(draft)
    yield from _wrong_promise(draft["promise"])
    misplaced = [*_wrong_plants(draft)]
    yield from misplaced
    for path, calendar in _calendars(draft):
        mistakes = [*_wrong_calendar(path, calendar, unfit)]
        yield from mistakes or _outside_horizon(path, calendar, _horizon(draft, unfit))
    for index, plant in enumerate(draft["plant"]):
        yield from _wrong_closed(f"plant[{index}].closed", plant["closed"] or ())
    built = None if misplaced else _built(draft)
    yield from _wrong_limits(draft, built, unfit)
    yield from _wrong_backlog(draft, built)
    for index, cliff in enumerate(draft["cliff"]):
        yield from wrong_references(f"cliff[{index}].models", cliff["models"] or (), ids_of(draft["model"]), "model")


def _without_plant(draft: Draft, unfit: frozenset[str]) -> Iterator[Mistake]:
    leaning = [f"[{name}]" if name == "promise" else f"[[{name}]]" for name in LEANING if draft[name]]
    if leaning and not draft["plant"] and "plant" not in unfit:
        yield Mistake("plant", MISSING, f"at least one [[plant]], since there is {', '.join(leaning)}")


def _same_ids(draft: Draft) -> Iterator[Mistake]:
    """Plants and limits are named alike where something is short, so no two of them share an id."""
    ids = [(f"{kind}[{index}].id", one["id"]) for kind in ("plant", "limit") for index, one in enumerate(draft[kind])]
    yield from repeated(ids, "no other plant or limit")
    cliffs = [(f"cliff[{index}].id", one["id"]) for index, one in enumerate(draft["cliff"])]
    yield from repeated(cliffs, "no other cliff")


def _wrong_promise(promise: Draft | None) -> Iterator[Mistake]:
    if promise is None:
        return
    kept, sure = promise["kept_percent"], promise["sure_percent"]
    if kept is not None and sure is not None and sure < kept:
        yield Mistake("promise.sure_percent", str(sure), f"at least kept_percent, {kept}")
    frozen, horizon = promise["frozen_weeks"], promise["horizon_weeks"]
    if frozen is not None and horizon is not None and frozen >= horizon:
        allowed = f"fewer than horizon_weeks, {horizon}: a plan could touch no week at all"
        yield Mistake("promise.frozen_weeks", str(frozen), allowed)


# What is built where.


def _wrong_plants(draft: Draft) -> Iterator[Mistake]:
    known = ids_of(draft["model"])
    place: dict[str, int] = {}
    for index, plant in enumerate(draft["plant"]):
        listed = plant["models"] or ()
        yield from wrong_references(f"plant[{index}].models", listed, known, "model")
        for number, model_id in enumerate(listed):
            first = place.setdefault(model_id, index)
            if first != index:
                yield Mistake(f"plant[{index}].models[{number}]", shown(model_id), _one_plant(first))


def _one_plant(first: int) -> str:
    return (
        f"a model that no other plant builds (plant[{first}] builds this one): make them one plant with the "
        "capacity of both, and what only one of them can build a [[limit]]"
    )


def _built(draft: Draft) -> list[str] | None:
    """The models that some plant builds; ``None`` if that could not be read."""
    if not draft["plant"] or any(not plant["models"] for plant in draft["plant"]):
        return None
    return [model_id for plant in draft["plant"] for model_id in plant["models"]]


def _not_built(path: str, model_id: str, built: Collection[str]) -> Mistake:
    return Mistake(path, f"{shown(model_id)}, which no plant builds", f"a model of a plant: {', '.join(built)}")


# Calendars.


def _calendars(draft: Draft) -> Iterator[tuple[str, list[Draft]]]:
    for kind in ("plant", "limit"):
        for index, one in enumerate(draft[kind]):
            yield f"{kind}[{index}].weeks", one["weeks"] or []


def _wrong_calendar(path: str, periods: list[Draft], unfit: frozenset[str]) -> Iterator[Mistake]:
    """Each period must begin where the one before ends, and end after it begins; only the last needs no end."""
    before: Draft | None = None
    for index, period in enumerate(periods):
        here, starts, ends = f"{path}[{index}]", period["from"], period["until"]
        expected = starts if before is None or before["until"] is None else before["until"]
        if starts is not None and starts != expected:
            yield _apart(f"{here}.from", starts, before)
        backwards = ends is not None and starts is not None and ends <= min(starts, expected)
        if backwards:
            yield Mistake(f"{here}.until", str(ends), f"a Monday after {starts}, on which it begins")
        elif ends is None and not {here, f"{here}.until"} & unfit:
            yield from _endless(here, period, periods[index + 1 :])
        elif ends is not None and expected is not None and ends - expected == timedelta(days=7):
            yield from _short_ramp(here, period)
        before = None if backwards else period


def _apart(path: str, starts: date, before: Draft | None) -> Mistake:
    """A period that does not begin where the one before it ends."""
    assert before is not None
    ends = before["until"]
    if starts > ends:
        found = f"{starts} (no capacity is said for {ends} to {starts})"
        return Mistake(path, found, f"{ends}; or {starts} as the end of the period before")
    found = f"{starts} (it overlaps the period before, which ends at {ends})"
    if before["from"] is not None and starts > before["from"]:
        return Mistake(path, found, f"{ends}; or {starts} as the end of the period before")
    return Mistake(path, found, f"{ends}, the periods being in the order of time")


def _endless(here: str, period: Draft, after: Sequence[Draft]) -> Iterator[Mistake]:
    if after:
        following = after[0]["from"]
        when = "" if following is None else f", like {following}, where the next begins"
        yield Mistake(f"{here}.until", MISSING, f"a Monday{when}: only the last period may have no end")
    elif period["ramp_to"] is not None:
        allowed = "no such key in a period without an end: say until when it ramps"
        yield Mistake(f"{here}.ramp_to", str(period["ramp_to"]), allowed)


def _short_ramp(here: str, period: Draft) -> Iterator[Mistake]:
    """One week can't both begin and end a ramp."""
    if period["ramp_to"] is not None and period["capacity"] not in (None, period["ramp_to"]):
        allowed = "no such key in a period of one week, or a longer period"
        yield Mistake(f"{here}.ramp_to", str(period["ramp_to"]), allowed)


def _wrong_closed(path: str, spans: Sequence[Draft]) -> Iterator[Mistake]:
    """Spans that end before they begin, and those that share days with an earlier one in the file."""
    fine: list[tuple[int, Draft]] = []
    for index, span in enumerate(spans):
        starts, ends = span["from"], span["until"]
        if starts is None or ends is None:
            continue
        if ends <= starts:
            yield Mistake(f"{path}[{index}].until", str(ends), f"a day after {starts}: the first day open again")
            continue
        for number, other in fine:
            if starts < other["until"] and other["from"] < ends:
                yield _both_closed(f"{path}[{index}]", span, number, other)
                break
        fine.append((index, span))


def _both_closed(here: str, span: Draft, number: int, other: Draft) -> Mistake:
    found = f"{span['from']} to {span['until']}"
    allowed = f"days that closed[{number}] has not ({other['from']} to {other['until']}); or one span for both"
    return Mistake(f"{here}.from", found, allowed)


def _horizon(draft: Draft, unfit: frozenset[str]) -> tuple[date, int] | None:
    """The first day and the number of the weeks that are counted at all; ``None`` if that could not be read."""
    firsts: list[date] = [plant["weeks"][0]["from"] for plant in draft["plant"] if plant["weeks"]]
    weeks = (draft["promise"] or {"horizon_weeks": PromiseRules().horizon_weeks})["horizon_weeks"]
    if not firsts or len(firsts) < len(draft["plant"]) or None in (*firsts, weeks) or "promise" in unfit:
        return None
    return min(firsts), weeks


def _outside_horizon(path: str, periods: list[Draft], horizon: tuple[date, int] | None) -> Iterator[Mistake]:
    """A calendar of which nothing lies within the weeks that are counted."""
    if horizon is None or not periods:
        return
    begin, end = horizon[0], horizon[0] + timedelta(weeks=horizon[1])
    starts, ends = periods[0]["from"], periods[-1]["until"]
    if starts is not None and starts >= end:
        allowed = f"a Monday before {end}, where the horizon ends; or more promise.horizon_weeks than {horizon[1]}"
        yield Mistake(f"{path}[0].from", str(starts), allowed)
    elif ends is not None and ends <= begin:
        allowed = f"a Monday after {begin}, where the first plant begins"
        yield Mistake(f"{path}[{len(periods) - 1}].until", str(ends), allowed)


# Limits and the backlog.


class _Sold(msgspec.Struct, frozen=True):
    """The ids of a model's trims, and of its choices with the trims that have each (none: all)."""

    model: str
    trims: tuple[str, ...]
    choices: dict[str, tuple[str, ...]]

    def has(self, trim: str, choices: Collection[str]) -> bool:
        """Whether that trim can have one of the choices."""
        own = (self.choices[choice] for choice in choices if choice in self.choices)
        return any(not trims or trim in trims for trims in own)


def _sold(draft: Draft, unfit: frozenset[str]) -> list[_Sold] | None:
    """Every model; ``None`` if not all of them could be read."""
    if any(path.startswith("model") for path in unfit):
        return None
    return [_sold_model(model) for model in draft["model"]]


def _sold_model(model: Draft) -> _Sold:
    choices = {choice["id"]: choice["trims"] for option in model["option"] for choice in option["choice"]}
    return _Sold(model["id"], tuple(trim["id"] for trim in model["trim"]), choices)


def _wrong_limits(draft: Draft, built: list[str] | None, unfit: frozenset[str]) -> Iterator[Mistake]:
    sold, known = _sold(draft, unfit), ids_of(draft["model"])
    for index, limit in enumerate(draft["limit"]):
        here, lists = f"limit[{index}]", (limit["models"], limit["trims"], limit["choices"])
        if lists == ((), (), ()):
            allowed = "models, trims or choices that it is for, at least one of the three"
            yield Mistake(f"{here}.models", MISSING, allowed)
            continue
        unknown = [*wrong_references(f"{here}.models", limit["models"] or (), known, "model")]
        mistakes = unknown or [*_unbuilt(limit, here, built), *_unknown_in_limit(limit, here, sold)]
        yield from mistakes
        if not mistakes and sold is not None and built is not None and None not in lists:
            meant = [one for one in sold if one.model in built and one.model in (limit["models"] or built)]
            yield from _unmeetable(limit, here, meant)


def _unknown_in_limit(limit: Draft, here: str, sold: list[_Sold] | None) -> Iterator[Mistake]:
    if limit["models"] is None or sold is None:
        return
    own = [one for one in sold if not limit["models"] or one.model in limit["models"]]
    whose = "one of its models" if limit["models"] else "any model"
    trim_ids = _each_once(trim for one in own for trim in one.trims)
    yield from wrong_references(f"{here}.trims", limit["trims"] or (), trim_ids, f"trim of {whose}")
    choice_ids = _each_once(choice for one in own for choice in one.choices)
    yield from wrong_references(f"{here}.choices", limit["choices"] or (), choice_ids, f"choice of {whose}")


def _each_once(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def _unbuilt(limit: Draft, here: str, built: list[str] | None) -> Iterator[Mistake]:
    for index, model_id in enumerate(limit["models"] or ()):
        if built is not None and model_id not in built:
            yield _not_built(f"{here}.models[{index}]", model_id, built)


def _unmeetable(limit: Draft, here: str, models: list[_Sold]) -> Iterator[Mistake]:
    """A limit under which no order of these models can fall: none has the trim, no such trim the choice."""
    trims = [(one, trim) for one in models for trim in one.trims]
    meant = [(one, trim) for one, trim in trims if not limit["trims"] or trim in limit["trims"]]
    if not meant:
        allowed = f"a trim of a model that a plant builds: {', '.join(_each_once(trim for _, trim in trims))}"
        yield _nothing_meets(f"{here}.trims", limit["trims"], allowed)
    elif limit["choices"] and not any(one.has(trim, limit["choices"]) for one, trim in meant):
        allowed = f"a choice that {' or '.join(_each_once(trim for _, trim in meant))} can have"
        having = _each_once(trim for one, trim in trims if one.has(trim, limit["choices"]))
        instead = f"; or trims that can have these: {', '.join(having)}" if having else ""
        yield _nothing_meets(f"{here}.choices", limit["choices"], allowed + instead)


def _nothing_meets(path: str, ids: Sequence[str], allowed: str) -> Mistake:
    return Mistake(path, f"{', '.join(map(shown, ids))}: a limit that nothing can meet", allowed)


def _wrong_backlog(draft: Draft, built: list[str] | None) -> Iterator[Mistake]:
    models = ids_of(draft["model"])
    seen: dict[tuple[str, str], int] = {}
    for index, one in enumerate(draft["backlog"]):
        here, model_id, trim_id = f"backlog[{index}]", one["model"], one["trim"]
        if model_id is None or models is None:
            continue
        if model_id not in models:
            yield from _unknown(f"{here}.model", model_id, models, "model")
        elif built is not None and model_id not in built:
            yield _not_built(f"{here}.model", model_id, built)
        elif trim_id is not None:
            yield from _unknown(f"{here}.trim", trim_id, ids_of(_trims(draft, model_id)), "trim of this model")
            if seen.setdefault((model_id, trim_id), index) != index:
                allowed = f"each model and trim once (backlog[{seen[model_id, trim_id]}] has these)"
                yield Mistake(f"{here}.trim", shown(trim_id), allowed)


def _trims(draft: Draft, model_id: str) -> list[Draft]:
    return next((model["trim"] or [] for model in draft["model"] if model["id"] == model_id), [])


def _unknown(path: str, value: str, known: Collection[str] | None, kind: str) -> Iterator[Mistake]:
    for mistake in wrong_references(path, (value,), known, kind):
        yield Mistake(path, mistake.found, mistake.allowed)


def too_many_kinds(launch: Launch) -> Iterator[Mistake]:
    """Limits by choice that overlap so much that nobody could plan by them."""
    try:
        kinds_of(launch)
    except ValueError as error:
        allowed = "limits by choice of which fewer fall together: fewer of them, or one for several choices"
        yield Mistake("limit", f"a list of {len(launch.limits)} ({error})", allowed)


# The values of a draft without mistakes.


def promise_of(draft: Draft) -> PromiseRules | None:
    """How promises are made, if the file says so."""
    return None if draft["promise"] is None else PromiseRules(**draft["promise"])


def plants_of(draft: Draft) -> tuple[Plant, ...]:
    """The plants with their calendars."""
    return tuple(
        Plant(one["id"], one["name"], one["models"], _periods(one), tuple(_closed(span) for span in one["closed"]))
        for one in draft["plant"]
    )


def limits_of(draft: Draft) -> tuple[Limit, ...]:
    """The weekly limits with their calendars."""
    return tuple(Limit(**{**one, "weeks": _periods(one)}) for one in draft["limit"])


def backlog_of(draft: Draft) -> tuple[Backlog, ...]:
    """The older orders that stand before all others."""
    return tuple(Backlog(**one) for one in draft["backlog"])


def cliffs_of(draft: Draft) -> tuple[Cliff, ...]:
    """The days that matter."""
    return tuple(Cliff(**one) for one in draft["cliff"])


def _periods(draft: Draft) -> tuple[Period, ...]:
    return tuple(
        Period(one["from"], one["until"], one["capacity"], one["ramp_to"], one["shifts"]) for one in draft["weeks"]
    )


def _closed(draft: Draft) -> Closed:
    return Closed(draft["name"], draft["from"], draft["until"])
