"""The texts of a launch that people read, and what they are in another language."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from drumroll.domain.launch import Launch, Model, Trim


class Coverage(msgspec.Struct, frozen=True):
    """How many of a launch's texts a language has: ``translated`` of ``texts``."""

    tag: str
    translated: int
    texts: int


def translated(launch: Launch, tag: str, text: str) -> str:
    """The text in that language (BCP 47, like ``zh-CN``), or as it is where the launch file has no other."""
    for language in launch.languages:
        if language.tag == tag:
            return language.texts.get(text, text)
    return text


def coverage(launch: Launch) -> tuple[Coverage, ...]:
    """How much of the launch is translated, for each language of its file."""
    texts = texts_of(launch)
    return tuple(
        Coverage(language.tag, len(texts & language.texts.keys()), len(texts)) for language in launch.languages
    )


def texts_of(launch: Launch) -> set[str]:
    """Every text of the launch that people read and that a language may translate."""
    texts = {launch.name, *(region.name for region in launch.regions), *(cliff.name for cliff in launch.cliffs)}
    texts |= {plant.name for plant in launch.plants} | {limit.name for limit in launch.limits}
    texts |= {text for figure in launch.figures for text in (figure.name, figure.unit) if text}
    texts |= {text for rival in launch.rivals for text in (rival.name, rival.source)}
    return texts.union(*(_texts_of_model(model) for model in launch.models), _texts_of_money(launch))


def _texts_of_model(model: Model) -> Iterator[str]:
    yield model.name
    if model.tagline is not None:
        yield model.tagline
    yield from (trim.name for trim in model.trims)
    for option in model.options:
        yield option.name
        yield from (choice.name for choice in option.choices)


def _texts_of_money(launch: Launch) -> Iterator[str]:
    """What is shown beside ledger, outlook and market: scenarios, and what was published."""
    if launch.finance is not None:
        yield from (quarter.name for quarter in launch.finance.quarters)
        yield from (figure.what for figure in launch.finance.published)
    if launch.outlook is not None:
        if launch.outlook.earlier is not None:
            yield launch.outlook.earlier.name
        for scenario in launch.outlook.scenarios:
            yield scenario.name
            yield from (further.name for further in scenario.further)
        yield from (figure.what for figure in launch.outlook.published)
    if launch.market is not None:
        yield from (claim.what for claim in launch.market.claims)


def figures_of(model: Model, trim: Trim) -> dict[str, str]:
    """The figures of a trim by their ids: those of its model, but where it has its own."""
    return dict((*model.figures, *trim.figures))
