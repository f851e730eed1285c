"""What an order may be changed to, with the price that is due for it, worked out from the launch file alone."""

from __future__ import annotations

from typing import NamedTuple

from drumroll.domain.configuration import configure
from drumroll.domain.launch import Launch, Model, Option, Trim
from drumroll.domain.refusal import Refusal
from drumroll.rehearsal import requests
from drumroll.rehearsal.population import Offer


class Wish(NamedTuple):
    """One change: what the request says (``requests.confirmed``), the trim and the price that come of it."""

    fields: bytes
    trim: str
    price_minor: int


def wishes(launch: Launch, offer: Offer) -> list[Wish]:
    """What an order of that trim, as it is without any choice, may be changed to: other trims, choices, a region."""
    model = launch.model(offer.model)
    assert model is not None
    trim = next(trim for trim in model.trims if trim.id == offer.trim)
    found = [
        Wish(requests.fields_of({"trim": other.id, "options": []}), other.id, price_of(model, other))
        for other in model.trims
        if other.id != trim.id and other.cap is None
    ]
    found += [
        Wish(requests.fields_of({"options": [choice]}), trim.id, price_of(model, trim, choice))
        for choice in _choices(model, trim)
    ]
    if len(launch.regions) > 1:
        region = requests.fields_of({"region": launch.regions[1].id})
        found.append(Wish(region, trim.id, price_of(model, trim)))
    return found


def _choices(model: Model, trim: Trim) -> list[str]:
    """The choices that can be made alone, and are another than the default."""
    default = configure(model, trim, ())
    found = []
    for option in model.options:
        for choice in option.choices:
            configured = configure(model, trim, (choice.id,))
            if not isinstance(configured, Refusal) and configured != default:
                found.append(choice.id)
    return found


def price_of(model: Model, trim: Trim, chosen: str | None = None) -> int:
    """The price of a trim with the defaults, but for one choice."""
    return trim.price_minor + sum(_price_in(option, trim, chosen) for option in model.options)


def _price_in(option: Option, trim: Trim, chosen: str | None) -> int:
    for choice in option.choices:
        if choice.id == chosen:
            return choice.price_minor
    if option.many:
        return 0
    return next((choice.price_minor for choice in option.choices if not choice.trims or trim.id in choice.trims), 0)
