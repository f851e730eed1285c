"""Deliveries and configurations in the words of whoever reads the page: pure, from what the API says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from drumroll.domain.delivery import CliffView, Delivery
from drumroll.domain.launch import Launch, Model
from drumroll.words.catalog import Words


class Warned(msgspec.Struct, frozen=True):
    """A day that delivery may or will miss, in words."""

    text: str
    will: bool


class Window(msgspec.Struct, frozen=True):
    """A delivery window in words: its days, its weeks from now, how sure it is, why it is no earlier."""

    days: str
    weeks: str
    sure: str
    because: str
    cliffs: list[Warned]


def window_of(launch: Launch, delivery: Delivery | None, words: Words) -> Window | None:
    """A delivery in words; ``None``: nothing is promised."""
    if delivery is None:
        return None
    return Window(
        days=words.days(date.fromisoformat(delivery.from_day), date.fromisoformat(delivery.until)),
        weeks=words.weeks(*delivery.weeks),
        sure=_sure(delivery, words),
        because=_because(launch, delivery, words),
        cliffs=[_warned(launch, cliff, words) for cliff in delivery.cliffs],
    )


def _sure(delivery: Delivery, words: Words) -> str:
    return words.say(
        "About %(kept)s of such promises are kept; %(sure)s are delivered by %(day)s.",
        kept=words.percent(delivery.kept_percent / 100),
        day=words.day(date.fromisoformat(delivery.sure_by)),
        sure=words.percent(delivery.sure_percent / 100),
    )


def _because(launch: Launch, delivery: Delivery, words: Words) -> str:
    if delivery.short is None:
        return words.say("There is no earlier week.")
    names = {one.id: one.name for one in launch.limits} | {one.id: one.name for one in launch.plants}
    name = words.text(launch, names.get(delivery.short, delivery.short))
    return words.say("Why no earlier: %(resource)s has nothing left in the weeks before.", resource=name)


def _warned(launch: Launch, cliff: CliffView, words: Words) -> Warned:
    name, day = words.text(launch, cliff.name), words.day(date.fromisoformat(cliff.last_day))
    if cliff.crossing == "will":
        text = words.say("This delivery comes after %(day)s: you will miss “%(name)s”.", day=day, name=name)
    else:
        text = words.say("This delivery may come after %(day)s: you may miss “%(name)s”.", day=day, name=name)
    return Warned(text, cliff.crossing == "will")


class Chosen(msgspec.Struct, frozen=True):
    """What was chosen for one option, in words, and what it adds to the price."""

    option: str
    choices: str
    price_minor: int


def chosen_of(launch: Launch, model: Model, options: Sequence[str], words: Words) -> list[Chosen]:
    """A configuration in words, in the launch file's order."""
    found = []
    for option in model.options:
        taken = [choice for choice in option.choices if choice.id in options]
        if taken:
            names = words.listed([words.text(launch, choice.name) for choice in taken])
            found.append(Chosen(words.text(launch, option.name), names, sum(choice.price_minor for choice in taken)))
    return found


def region_name(launch: Launch, region: str, words: Words) -> str:
    """Where an order is delivered to; empty where a launch has no regions."""
    names = {one.id: one.name for one in launch.regions}
    return words.text(launch, names.get(region, region)) if region else ""


def name_of(launch: Launch, model_id: str, trim_id: str, words: Words) -> str:
    """A trim by its whole name; by its ids if the launch has it no longer."""
    model = launch.model(model_id)
    trim = next((one for one in model.trims if one.id == trim_id), None) if model else None
    of_model = words.text(launch, model.name) if model else model_id
    of_trim = words.text(launch, trim.name) if trim else trim_id
    return _together(of_model.split(), of_trim.split())


def _together(model: list[str], trim: list[str]) -> str:
    """A name without a word said twice: "SU7 Ultra" has one trim, "Ultra"; "Console XL" has "XL 512 GB"."""
    shared = next((n for n in range(min(len(model), len(trim)), 0, -1) if model[-n:] == trim[:n]), 0)
    return " ".join([*model, *trim[shared:]])
