"""What an order is configured as: the choices that were made, the defaults of the rest, and whether they go together.

Nothing is changed silently: the rules are checked on the whole configuration, defaults included, and a refusal says
what to add or to leave out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from drumroll.domain.launch import Choice, Model, Option, Trim
from drumroll.domain.refusal import Code, Refusal

SHOWN_CHARACTERS = 64
"""How much of an id that nobody knows is repeated to whoever sent it."""


class Configured(msgspec.Struct, frozen=True):
    """A whole configuration: the ids of all choices in the launch file's order, and the price with them."""

    options: tuple[str, ...]
    price_minor: int


class Taken(msgspec.Struct, frozen=True):
    """A choice that stands in a configuration, and the option that it belongs to."""

    option: Option
    choice: Choice


class Clash(msgspec.Struct, frozen=True):
    """Two choices that do not go together as they stand: ``rule`` of ``taken`` (``requires`` or ``excludes``)."""

    taken: Taken
    rule: str
    other: str


def configure(model: Model, trim: Trim, wanted: tuple[str, ...]) -> Configured | Refusal:
    """The configuration of that trim with the choices ``wanted``; options without one get their default.

    Refusals are ``unknown_option`` and ``invalid_options``; their facts name the ``choice`` and the ``rule``.
    """
    chosen = frozenset(wanted)
    refusal = _unfit(model, trim, wanted, chosen) if wanted else None
    if refusal is not None:
        return refusal
    takens = [taken for option in model.options for taken in _taken(option, trim, chosen)]
    for clash in clashes(takens):
        return _clashing(clash, takens, chosen)
    return _configured(trim, takens)


def defaults(model: Model, trim: Trim) -> Configured:
    """The configuration of that trim if nothing is chosen. A checked launch file has no defaults that clash."""
    return _configured(trim, default_choices(model, trim))


def kept(model: Model, trim: Trim, options: tuple[str, ...]) -> tuple[str, ...]:
    """Of another trim's choices, those that this trim can have too."""
    return tuple(
        choice.id
        for option in model.options
        for choice in option.choices
        if choice.id in options and has(trim.id, choice)
    )


def default_choices(model: Model, trim: Trim) -> list[Taken]:
    """The default of every option that the trim has: the first choice that it can have, but nothing of ``many``."""
    return [taken for option in model.options for taken in _taken(option, trim, ())]


def clashes(takens: Collection[Taken]) -> Iterator[Clash]:
    """Where the choices of a configuration miss what they require, or have what they exclude."""
    present = {taken.choice.id for taken in takens}
    for taken in takens:
        for required in taken.choice.requires:
            if required not in present:
                yield Clash(taken, "requires", required)
        for excluded in taken.choice.excludes:
            if excluded in present:
                yield Clash(taken, "excludes", excluded)


def has(trim_id: str, choice: Choice) -> bool:
    """Whether that trim can have the choice."""
    return not choice.trims or trim_id in choice.trims


def _taken(option: Option, trim: Trim, chosen: Collection[str]) -> list[Taken]:
    takens = [Taken(option, choice) for choice in option.choices if choice.id in chosen]
    if takens or option.many:
        return takens
    return [Taken(option, choice) for choice in option.choices if has(trim.id, choice)][:1]


def _configured(trim: Trim, takens: Collection[Taken]) -> Configured:
    ids = tuple(taken.choice.id for taken in takens)
    return Configured(ids, trim.price_minor + sum(taken.choice.price_minor for taken in takens))


# What can't be chosen, whatever else is.


def _unfit(model: Model, trim: Trim, wanted: tuple[str, ...], chosen: Collection[str]) -> Refusal | None:
    known = {one.id: Taken(option, one) for option in model.options for one in option.choices if one.id in chosen}
    by_option: dict[str, str] = {}
    for choice_id in wanted:
        taken = known.get(choice_id)
        if taken is None:
            return _unknown(model, trim, choice_id)
        if not has(trim.id, taken.choice):
            return _not_of_trim(model, trim, taken)
        if not taken.option.many and by_option.setdefault(taken.option.id, choice_id) != choice_id:
            return _two_of_one(taken, by_option[taken.option.id])
    return _repeated(wanted)


def _repeated(wanted: tuple[str, ...]) -> Refusal | None:
    if len(set(wanted)) == len(wanted):
        return None
    choice_id = next(one for index, one in enumerate(wanted) if one in wanted[:index])
    return _invalid(choice_id, "once", f"{choice_id!r} is there more than once: name each choice once.")


def _unknown(model: Model, trim: Trim, choice_id: str) -> Refusal:
    shown = choice_id[:SHOWN_CHARACTERS]
    known = [choice.id for option in model.options for choice in option.choices if has(trim.id, choice)]
    what_there_is = f"there are: {', '.join(known)}" if known else "it has no options at all: leave them out"
    message = f"{model.name} {trim.name} has no choice {shown!r}; {what_there_is}."
    return Refusal(Code.UNKNOWN_OPTION, message, {"choice": shown, "rule": "known", "choices": known})


def _not_of_trim(model: Model, trim: Trim, taken: Taken) -> Refusal:
    others = [choice.id for choice in taken.option.choices if has(trim.id, choice)]
    way_out = f"choose one of {', '.join(others)}" if others else f"leave {taken.choice.id!r} out"
    message = (
        f"{model.name} {trim.name} can't have {taken.choice.id!r} ({taken.choice.name}); only "
        f"{', '.join(taken.choice.trims)} can: {way_out}, or another trim."
    )
    return _invalid(taken.choice.id, "trims", message, trims=taken.choice.trims)


def _two_of_one(taken: Taken, other: str) -> Refusal:
    message = (
        f"{other!r} and {taken.choice.id!r} are both of {taken.option.id!r} ({taken.option.name}), "
        f"of which an order has one: leave out one of them."
    )
    return _invalid(taken.choice.id, "one", message, option=taken.option.id, other=other)


# What can be chosen, but not with the rest.


def _clashing(clash: Clash, takens: Collection[Taken], chosen: Collection[str]) -> Refusal:
    taken = clash.taken
    without = _without(taken, chosen)
    if clash.rule == "requires":
        message = f"{taken.choice.id!r} ({taken.choice.name}) needs {clash.other!r}: add {clash.other!r}, or {without}."
        return _invalid(taken.choice.id, "requires", message, requires=clash.other)
    other = next(one for one in takens if one.choice.id == clash.other)
    message = (
        f"{taken.choice.id!r} ({taken.choice.name}) does not go with {clash.other!r} ({other.choice.name}): "
        f"{without}, or {_without(other, chosen)}."
    )
    return _invalid(taken.choice.id, "excludes", message, excludes=clash.other)


def _without(taken: Taken, chosen: Collection[str]) -> str:
    """How to get rid of a choice: a default gives way to another choice only."""
    if taken.choice.id in chosen:
        return f"leave out {taken.choice.id!r}"
    return f"choose another {taken.option.name!r} than the default {taken.choice.id!r}"


def _invalid(choice_id: str, rule: str, message: str, **facts: Any) -> Refusal:
    return Refusal(Code.INVALID_OPTIONS, message, {"choice": choice_id, "rule": rule, **facts})
