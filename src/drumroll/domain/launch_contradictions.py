"""Contradictions in a launch file: values that are fine by themselves, but not together.

What could not be read is not held against the rest: ``unfit`` are the paths of what is wrong already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from drumroll.domain.launch_capacity_rules import wrong_capacity
from drumroll.domain.launch_market_rules import wrong_market
from drumroll.domain.launch_mistakes import MISSING, Draft, Mistake, ids_of, repeated, wrong_references
from drumroll.domain.launch_option_rules import wrong_options
from drumroll.domain.launch_outlook_rules import wrong_outlook
from drumroll.domain.launch_store_rules import wrong_store
from drumroll.domain.launch_values import shown
from drumroll.domain.times import rfc3339


def contradictions(draft: Draft, unfit: frozenset[str]) -> Iterator[Mistake]:
    """Every contradiction in what could be read."""
    for find in (_same_ids, _closed_before_open, _deposit_above_price, _wrong_headline, _wrong_milestones):
        yield from find(draft)
    yield from wrong_options(draft, unfit)
    yield from _wrong_conversions(draft, unfit)
    yield from wrong_market(draft, unfit)
    yield from wrong_capacity(draft, unfit)
    yield from wrong_outlook(draft, unfit)
    yield from wrong_store(draft, unfit)


def first(*values: int | None) -> int | None:
    """The first of the values that is one."""
    return next((value for value in values if value is not None), None)


def _same_ids(draft: Draft) -> Iterator[Mistake]:
    for kind in ("model", "region", "conversion"):
        ids = [(f"{kind}[{index}].id", one["id"]) for index, one in enumerate(draft[kind])]
        yield from repeated(ids, f"no other {kind}")
    for index, model in enumerate(draft["model"]):
        trims = [(f"model[{index}].trim[{number}].id", trim["id"]) for number, trim in enumerate(model["trim"] or ())]
        yield from repeated(trims, "no other trim of this model")


# The sale and the board.


def _closed_before_open(draft: Draft) -> Iterator[Mistake]:
    sales = draft["sales"] or {}
    opens, closes = sales.get("opens"), sales.get("closes")
    if _backwards(opens, closes):
        yield _ends_too_early("sales.closes", draft, opens, closes)
    for index, model in enumerate(draft["model"]):
        own_opens, own_closes = model["opens"], model["closes"]
        if own_opens is None and own_closes is None:
            continue
        opens_at, closes_at = first(own_opens, opens), first(own_closes, closes)
        if _backwards(opens_at, closes_at):
            key = "opens" if own_closes is None else "closes"
            yield _ends_too_early(f"model[{index}].{key}", draft, opens_at, closes_at)


def _backwards(opens_at_ms: int | None, closes_at_ms: int | None) -> bool:
    return opens_at_ms is not None and closes_at_ms is not None and closes_at_ms <= opens_at_ms


def _ends_too_early(path: str, draft: Draft, opens_at_ms: int | None, closes_at_ms: int | None) -> Mistake:
    assert opens_at_ms is not None
    assert closes_at_ms is not None
    opens, closes = _local(draft, opens_at_ms), _local(draft, closes_at_ms)
    if path.endswith("opens"):
        return Mistake(path, opens, f"a time before the closing, {closes}")
    return Mistake(path, closes, f"a time after the opening, {opens}")


def _local(draft: Draft, at_ms: int) -> str:
    return rfc3339(at_ms, draft["time_zone"] or "UTC")


def _deposit_above_price(draft: Draft) -> Iterator[Mistake]:
    """The launch's deposit holds for the models that have none of their own."""
    common: list[int] = []
    for index, model in enumerate(draft["model"]):
        prices = [trim["price_minor"] for trim in model["trim"] or () if trim["price_minor"] is not None]
        if model["deposit_minor"] is None:
            common += prices
        elif prices and model["deposit_minor"] > min(prices):
            yield _too_high(f"model[{index}].deposit_minor", model["deposit_minor"], min(prices), " of this model")
    deposit_minor = (draft["sales"] or {}).get("deposit_minor")
    if deposit_minor is not None and common and deposit_minor > min(common):
        yield _too_high("sales.deposit_minor", deposit_minor, min(common), "")


def _too_high(path: str, deposit_minor: int, lowest_minor: int, of: str) -> Mistake:
    return Mistake(path, str(deposit_minor), f"at most the lowest price{of}, {lowest_minor}")


def _wrong_headline(draft: Draft) -> Iterator[Mistake]:
    headline = (draft["board"] or {}).get("models") or ()
    yield from wrong_references("board.models", headline, ids_of(draft["model"]), "model")


def _wrong_milestones(draft: Draft) -> Iterator[Mistake]:
    milestones = (draft["board"] or {}).get("milestones") or ()
    most = _places(draft)
    for index, milestone in enumerate(milestones):
        path = f"board.milestones[{index}]"
        if index and milestone <= milestones[index - 1]:
            yield Mistake(path, str(milestone), f"more than the one before, {milestones[index - 1]}")
        elif most is not None and milestone > most:
            yield Mistake(path, str(milestone), f"at most the {most} orders that the caps allow")


def _places(draft: Draft) -> int | None:
    """How many orders of the headline models the caps allow at once; ``None`` if that has no bound."""
    headline = (draft["board"] or {}).get("models")
    models = [model for model in draft["model"] if headline is None or model["id"] in headline]
    bounds = [_least(model["cap"], _sum(trim["cap"] for trim in model["trim"] or ())) for model in models]
    return _least((draft["sales"] or {}).get("cap"), _sum(bounds))


def _least(*bounds: int | None) -> int | None:
    return min((bound for bound in bounds if bound is not None), default=None)


def _sum(bounds: Iterable[int | None]) -> int | None:
    every = list(bounds)
    return None if not every or None in every else sum(bound for bound in every if bound is not None)


# Conversion windows.


def _wrong_conversions(draft: Draft, unfit: frozenset[str]) -> Iterator[Mistake]:
    models = ids_of(draft["model"])
    for index, window in enumerate(draft["conversion"]):
        here = f"conversion[{index}]."
        yield from _wrong_models(window, here, models)
        yield from wrong_references(here + "states", window["states"] or (), None, "state")
        if _backwards(window["opens"], window["closes"]):
            yield _ends_too_early(here + "closes", draft, window["opens"], window["closes"])
        else:
            yield from _wrong_deadline(draft, window, here, unfit)
        yield from _nothing_anew(draft, window, here, unfit)


def _wrong_models(window: Draft, here: str, models: list[str] | None) -> Iterator[Mistake]:
    leaving, reaching = window["from"] or (), window["to"] or ()
    yield from wrong_references(here + "from", leaving, models, "model")
    yield from wrong_references(here + "to", reaching, models, "model")
    for index, model_id in enumerate(reaching):
        if model_id in leaving:
            yield Mistake(f"{here}to[{index}]", shown(model_id), "a model that is not in from")


def _wrong_deadline(draft: Draft, window: Draft, here: str, unfit: frozenset[str]) -> Iterator[Mistake]:
    """``place_kept_before`` belongs to ``place = "deadline"``, and is a time within the window."""
    path, place, before = here + "place_kept_before", window["place"], window["place_kept_before"]
    if place is None or path in unfit:
        return
    if place != "deadline":
        if before is not None:
            yield Mistake(path, _local(draft, before), f'no such key with place = "{place}", or place = "deadline"')
    elif before is None:
        yield Mistake(path, MISSING, 'a time within the window, since place = "deadline"')
    elif _outside(before, window["opens"], window["closes"]):
        limits = f"after {_local(draft, window['opens'])}, at most {_local(draft, window['closes'])}"
        yield Mistake(path, _local(draft, before), f"a time within the window: {limits}")


def _outside(at_ms: int, opens_at_ms: int | None, closes_at_ms: int | None) -> bool:
    return opens_at_ms is not None and closes_at_ms is not None and not opens_at_ms < at_ms <= closes_at_ms


def _nothing_anew(draft: Draft, window: Draft, here: str, unfit: frozenset[str]) -> Iterator[Mistake]:
    """A cooling-off can't start anew in a launch that has none."""
    if window["cooling_off"] != "anew" or unfit & {"sales", "sales.cooling_off_s"} or not draft["sales"]:
        return
    if draft["sales"]["cooling_off_s"] is None:
        allowed = '"keep", or a cooling-off of the launch (sales.cooling_off_s)'
        yield Mistake(here + "cooling_off", '"anew"', allowed)
