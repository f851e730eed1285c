"""``[finance]`` and ``[outlook]`` in a launch file: what contradicts itself in them, and the values they become."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from drumroll.domain.launch_finance import TIMED, Cost, Finance, PublishedFigure, Quarter
from drumroll.domain.launch_mistakes import MISSING, Draft, Mistake, ids_of, repeated, wrong_references
from drumroll.domain.launch_outlook import (
    Diffusion,
    EarlierLaunch,
    EarlierPoint,
    FurtherModel,
    OtherDemand,
    Outlook,
    OutlookFigure,
    OutlookScenario,
)
from drumroll.domain.launch_values import shown

LEAST_POINTS = 3
"""Fewer points than these tell nothing of a curve's shape."""


def wrong_outlook(draft: Draft, unfit: frozenset[str]) -> Iterator[Mistake]:
    """Every contradiction in what is said of money and of what is to come."""
    if draft["finance"] is not None:
        yield from _wrong_finance(draft["finance"], draft, unfit)
    if draft["outlook"] is not None:
        yield from _wrong_outlook(draft["outlook"], draft, unfit)


# Money


def _wrong_finance(finance: Draft, draft: Draft, unfit: frozenset[str]) -> Iterator[Mistake]:
    yield from _wrong_costs(finance["cost"], draft)
    quarters = _ids(finance["quarter"], "finance.quarter", unfit)
    for kind in ("quarter", "published"):
        ids = [(f"finance.{kind}[{index}].id", one["id"]) for index, one in enumerate(finance[kind])]
        yield from repeated(ids, f"no other {kind}")
    for index, figure in enumerate(finance["published"]):
        path = f"finance.published[{index}]"
        if figure["definition"] is not None:
            yield from _wrong_needs(figure, path, unfit)
        yield from _wrong_quarter(figure, path, quarters)
        yield from _wrong_ratio(figure, path, ids_of(finance["published"]))


def _wrong_costs(costs: Sequence[Draft], draft: Draft) -> Iterator[Mistake]:
    trims = {model["id"]: [trim["id"] for trim in model["trim"] or ()] for model in draft["model"]}
    known = trims and None not in trims and all(ids and None not in ids for ids in trims.values())
    seen: set[tuple[str, str]] = set()
    for index, cost in enumerate(costs):
        model, trim, path = cost["model"], cost["trim"], f"finance.cost[{index}]"
        if model is None or trim is None or not known:
            continue
        if model not in trims:
            yield from _unknown(f"{path}.model", model, trims, "model")
        elif trim not in trims[model]:
            yield from _unknown(f"{path}.trim", trim, trims[model], "trim of this model")
        elif (model, trim) in seen:
            yield Mistake(f"{path}.trim", shown(trim), "each trim once")
        seen.add((model, trim))


def _unknown(path: str, value: str, known: Iterable[str], kind: str) -> Iterator[Mistake]:
    yield Mistake(path, shown(value), f"the id of a {kind}: {', '.join(known) or 'there is none'}")


def _ids(drafts: Sequence[Draft], path: str, unfit: frozenset[str]) -> list[str] | None:
    """The ids of tables that need not be there; ``None`` if what is there could not be read."""
    torn = any(one == path or (one.startswith(f"{path}[") and one.endswith("]")) for one in unfit)
    return None if torn else ids_of(drafts) if drafts else []


def _wrong_needs(figure: Draft, path: str, unfit: frozenset[str]) -> Iterator[Mistake]:
    """Every definition needs its own keys, and has no use for those of the others."""
    definition = figure["definition"]
    needs = {"at": definition in TIMED, "quarter": definition == "quarter_share", "of": definition == "ratio"}
    for key, needed in needs.items():
        there = bool(figure[key]) if key == "of" else figure[key] is not None
        if f"{path}.{key}" in unfit or there == needed or any(one.startswith(f"{path}.{key}[") for one in unfit):
            continue
        if needed:
            yield Mistake(f"{path}.{key}", MISSING, f'what definition = "{definition}" needs')
        elif key != "at":
            yield Mistake(f"{path}.{key}", shown(figure[key]), f'no such key with definition = "{definition}"')


def _wrong_quarter(figure: Draft, path: str, quarters: list[str] | None) -> Iterator[Mistake]:
    quarter = figure["quarter"]
    if quarter is not None and quarters is not None and quarter not in quarters:
        yield from _unknown(f"{path}.quarter", quarter, quarters, "quarter")


def _wrong_ratio(figure: Draft, path: str, published: list[str] | None) -> Iterator[Mistake]:
    of = figure["of"] or ()
    yield from wrong_references(f"{path}.of", of, published, "published figure")
    if len(of) == 1:
        yield Mistake(f"{path}.of", "a list of 1", "two ids: what is divided, and by what")
    if figure["id"] is not None and figure["id"] in of:
        yield Mistake(f"{path}.of[{of.index(figure['id'])}]", shown(figure["id"]), "another published figure")


# What is to come


def _wrong_outlook(outlook: Draft, draft: Draft, unfit: frozenset[str]) -> Iterator[Mistake]:
    models = ids_of(draft["model"])
    if outlook["earlier"] is not None:
        yield from _wrong_points(outlook["earlier"]["point"] or (), unfit)
    yield from _wrong_demand(outlook["demand"], models, draft)
    for kind in ("scenario", "published"):
        ids = [(f"outlook.{kind}[{index}].id", one["id"]) for index, one in enumerate(outlook[kind])]
        yield from repeated(ids, f"no other {kind}")
    scenarios = _ids(outlook["scenario"], "outlook.scenario", unfit)
    for index, figure in enumerate(outlook["published"]):
        path, scenario = f"outlook.published[{index}]", figure["scenario"]
        yield from _wrong_deliveries(figure, path, models)
        if scenario is not None and scenarios is not None and scenario not in scenarios:
            yield from _unknown(f"{path}.scenario", scenario, scenarios, "scenario")


def _wrong_points(points: Sequence[Draft], unfit: frozenset[str]) -> Iterator[Mistake]:
    if len(points) < LEAST_POINTS and not any(path.startswith("outlook.earlier.point") for path in unfit):
        found = f"{len(points)} of them" if points else MISSING
        yield Mistake("outlook.earlier.point", found, f"at least {LEAST_POINTS}, or the curve has no shape")
    for index, (before, after) in enumerate(pairwise(points), 1):
        path = f"outlook.earlier.point[{index}]"
        if None not in (before["after_s"], after["after_s"]) and after["after_s"] <= before["after_s"]:
            yield Mistake(f"{path}.after_s", shown(after["after_s"]), f"later than {before['after_s']}, the one before")
        if None not in (before["orders"], after["orders"]) and after["orders"] < before["orders"]:
            yield Mistake(f"{path}.orders", shown(after["orders"]), f"at least {before['orders']}: orders add up")


def _wrong_demand(demand: Sequence[Draft], models: list[str] | None, draft: Draft) -> Iterator[Mistake]:
    headline = (draft["board"] or {}).get("models") or ()
    for index, one in enumerate(demand):
        model, path = one["model"], f"outlook.demand[{index}].model"
        if model is None:
            continue
        if models is not None and model not in models:
            yield from _unknown(path, model, models, "model")
        elif model in headline:
            yield Mistake(path, shown(model), "a model that is not one of board.models: theirs is what is forecast")
        elif model in [other["model"] for other in demand[:index]]:
            yield Mistake(path, shown(model), "each model once")


def _wrong_deliveries(figure: Draft, path: str, models: list[str] | None) -> Iterator[Mistake]:
    from_day, until = figure["from"], figure["until"]
    if from_day is not None and until is not None and until <= from_day:
        yield Mistake(f"{path}.until", str(until), f"a day after from, {from_day}")
    low, high = figure["low"], figure["high"]
    if low is not None and high is not None and high < low:
        yield Mistake(f"{path}.high", shown(high), f"at least low, {low}")
    yield from wrong_references(f"{path}.models", figure["models"] or (), models, "model")


# Values


def finance_of(draft: Draft | None) -> Finance | None:
    """The value of a draft without mistakes."""
    if draft is None:
        return None
    return Finance(
        vat_percent=draft["vat_percent"],
        costs=tuple(Cost(**each) for each in draft["cost"]),
        quarters=tuple(Quarter(**each) for each in draft["quarter"]),
        published=tuple(PublishedFigure(**_called(each, {"at": "at_ms"})) for each in draft["published"]),
    )


def outlook_of(draft: Draft | None) -> Outlook | None:
    """The value of a draft without mistakes."""
    if draft is None:
        return None
    days = {"from": "from_day", "until": "until_day"}
    return Outlook(
        earlier=_earlier(draft["earlier"]),
        diffusion=None if draft["diffusion"] is None else Diffusion(**draft["diffusion"]),
        demand=tuple(OtherDemand(**each) for each in draft["demand"]),
        scenarios=tuple(_scenario(each, days) for each in draft["scenario"]),
        published=tuple(OutlookFigure(**_called(each, days)) for each in draft["published"]),
    )


def _earlier(draft: Draft | None) -> EarlierLaunch | None:
    if draft is None:
        return None
    points = tuple(EarlierPoint(**each) for each in draft["point"])
    return EarlierLaunch(points=points, **{key: value for key, value in draft.items() if key != "point"})


def _scenario(draft: Draft, days: dict[str, str]) -> OutlookScenario:
    further = tuple(FurtherModel(**_called(each, days)) for each in draft["further"])
    return OutlookScenario(further=further, **{key: value for key, value in draft.items() if key != "further"})


def _called(draft: Draft, names: dict[str, str]) -> Draft:
    """The draft with the names of the fields where the file has others."""
    return {names.get(key, key): value for key, value in draft.items()}
