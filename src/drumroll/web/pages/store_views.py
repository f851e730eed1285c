"""What the store shows: the models with their trims, prices, figures and delivery, beside what others offer. Pure."""

from __future__ import annotations

import msgspec

from drumroll.domain.book import Book
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.web.messages import SaleState
from drumroll.web.messages_promise import QuoteView
from drumroll.web.pages.windows import Window, name_of, window_of
from drumroll.web.quotes import Wanted, quote
from drumroll.web.sale import state_of, together
from drumroll.words.catalog import Words

NOTHING = "\N{EN DASH}"
"""What stands in a table where a figure was not published."""


class TrimCard(msgspec.Struct, frozen=True):
    """One trim in the store. ``state``: whether it can be ordered now."""

    model: str
    id: str
    name: str
    price: str
    figures: list[tuple[str, str]]
    window: Window | None
    state: SaleState
    place: str


class ModelCard(msgspec.Struct, frozen=True):
    """One model in the store, with its trims side by side."""

    id: str
    name: str
    tagline: str
    headline: bool
    state: SaleState
    opens_at_ms: int
    trims: list[TrimCard]


class Compared(msgspec.Struct, frozen=True):
    """The table of trims and rivals: ``columns`` are names, each row a figure with a value a column."""

    columns: list[str]
    rows: list[tuple[str, list[str]]]
    sources: list[tuple[str, str]]


def model_cards(book: Book, now_ms: int, words: Words) -> list[ModelCard]:
    """Every model on offer, those that the launch is about first."""
    launch = book.launch
    assert launch is not None
    models = sorted(launch.models, key=lambda model: model.id not in launch.headline)
    return [_model_card(book, launch, model, now_ms, words) for model in models]


def _model_card(book: Book, launch: Launch, model: Model, now_ms: int, words: Words) -> ModelCard:
    trims = [_trim_card(book, launch, model, trim, now_ms, words) for trim in model.trims]
    return ModelCard(
        id=model.id,
        name=words.text(launch, model.name),
        tagline=words.text(launch, model.tagline) if model.tagline else "",
        headline=model.id in launch.headline,
        state=together([trim.state for trim in trims]),
        opens_at_ms=model.opens_at_ms,
        trims=trims,
    )


def _trim_card(book: Book, launch: Launch, model: Model, trim: Trim, now_ms: int, words: Words) -> TrimCard:
    quoted = quote(book, Wanted(model.id, trim.id, (), None), now_ms)
    assert isinstance(quoted, QuoteView), "what a launch offers has a price"
    return TrimCard(
        model=model.id,
        id=trim.id,
        name=name_of(launch, model.id, trim.id, words),
        price=words.money(trim.price_minor, launch.currency),
        figures=figures_of(launch, model, trim, words),
        window=window_of(launch, quoted.delivery, words),
        state=state_of(quoted),
        place=words.number(quoted.place),
    )


def deposits_of(launch: Launch) -> list[int]:
    """What the headline models ask for, in minor units; several where they differ."""
    return sorted({launch.deposit_of(model) for model in launch.models if model.id in launch.headline})


def figures_of(launch: Launch, model: Model, trim: Trim, words: Words) -> list[tuple[str, str]]:
    """The figures of a trim, its model's among them, in the launch file's order."""
    known = dict(model.figures) | dict(trim.figures)
    return [
        (words.text(launch, figure.name), _figure(launch, known[figure.id], figure.unit, words))
        for figure in launch.figures
        if figure.id in known
    ]


def _figure(launch: Launch, value: str, unit: str, words: Words) -> str:
    decimals = len(value.partition(".")[2])
    return f"{words.number(float(value), decimals)} {words.text(launch, unit) if unit else ''}".strip()


def compared(launch: Launch, words: Words) -> Compared | None:
    """The headline models' trims beside the rivals that the launch file names; ``None`` without rivals."""
    if not launch.rivals:
        return None
    own = [(model, trim) for model in launch.models if model.id in launch.headline for trim in model.trims]
    columns = [name_of(launch, model.id, trim.id, words) for model, trim in own]
    columns += [words.text(launch, rival.name) for rival in launch.rivals]
    prices = [trim.price_minor for _, trim in own] + [rival.price_minor for rival in launch.rivals]
    known = [dict(model.figures) | dict(trim.figures) for model, trim in own]
    known += [dict(rival.figures) for rival in launch.rivals]
    rows = [(words.say("Price"), [words.money(price, launch.currency) for price in prices])]
    for figure in launch.figures:
        values = [_figure(launch, one[figure.id], figure.unit, words) if figure.id in one else NOTHING for one in known]
        if any(value != NOTHING for value in values):
            rows.append((words.text(launch, figure.name), values))
    sources = [(words.text(launch, rival.name), words.text(launch, rival.source)) for rival in launch.rivals]
    return Compared(columns, rows, sources)
