"""Contradictions in the options of a model: choices that nobody could ever take, and defaults that clash."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from drumroll.domain.configuration import Clash, Taken, clashes, default_choices, has
from drumroll.domain.launch import Choice, Model, Option, Trim
from drumroll.domain.launch_mistakes import Draft, Mistake, ids_of, repeated, wrong_references
from drumroll.domain.launch_values import shown

Placed = dict[str, tuple[str, Taken]]
"""The choices of a model by their ids, each with its path in the file."""


def wrong_options(draft: Draft, unfit: frozenset[str]) -> Iterator[Mistake]:
    """What is wrong with the options; rules between them are looked at only in a model whose ids are all right."""
    for index, model in enumerate(draft["model"]):
        here = f"model[{index}]."
        mistakes = [*_same_ids(model, here), *_wrong_lists(model, here)]
        yield from mistakes
        half_read = any(path.startswith((here + "trim", here + "option")) for path in unfit)
        if not mistakes and not half_read and model["option"]:
            yield from _impossible(model, here)
            yield from _clashing_defaults(model, here)


def trims(draft: Draft) -> tuple[Trim, ...]:
    """The trims of a model's draft without mistakes."""
    return tuple(Trim(**trim) for trim in draft["trim"])


def options(draft: Draft) -> tuple[Option, ...]:
    """The options of a model's draft without mistakes."""
    return tuple(
        Option(option["id"], option["name"], tuple(Choice(**choice) for choice in option["choice"]), option["many"])
        for option in draft["option"]
    )


# Ids.


def _choices(model: Draft, here: str) -> list[tuple[str, Draft]]:
    return [
        (f"{here}option[{number}].choice[{index}]", choice)
        for number, option in enumerate(model["option"] or ())
        for index, choice in enumerate(option["choice"] or ())
    ]


def _same_ids(model: Draft, here: str) -> Iterator[Mistake]:
    ids = [(f"{here}option[{number}].id", option["id"]) for number, option in enumerate(model["option"] or ())]
    yield from repeated(ids, "no other option of this model")
    choices = [(f"{path}.id", choice["id"]) for path, choice in _choices(model, here)]
    yield from repeated(choices, "no other choice of this model")


def _wrong_lists(model: Draft, here: str) -> Iterator[Mistake]:
    trim_ids = ids_of(model["trim"] or ())
    complete = all(option["choice"] for option in model["option"] or ())
    choice_ids = ids_of(choice for _, choice in _choices(model, here)) if complete else None
    for path, choice in _choices(model, here):
        yield from wrong_references(f"{path}.trims", choice["trims"] or (), trim_ids, "trim of this model")
        for key in ("requires", "excludes"):
            listed = choice[key] or ()
            yield from wrong_references(f"{path}.{key}", listed, choice_ids, "choice of this model")
            yield from _itself(f"{path}.{key}", listed, choice["id"])
        yield from _both(f"{path}.excludes", choice)


def _itself(path: str, listed: Collection[str], choice_id: str | None) -> Iterator[Mistake]:
    for index, other in enumerate(listed):
        if other == choice_id:
            yield Mistake(f"{path}[{index}]", shown(other), "another choice than this one")


def _both(path: str, choice: Draft) -> Iterator[Mistake]:
    for index, other in enumerate(choice["excludes"] or ()):
        if other in (choice["requires"] or ()) and other != choice["id"]:
            yield Mistake(f"{path}[{index}]", shown(other), "a choice that is not in requires")


# Choices that nobody could take.


def _impossible(model: Draft, here: str) -> Iterator[Mistake]:
    """Choices whose requirements, and those of their requirements, can't be met; the innermost ones only."""
    paths = [path for path, _ in _choices(model, here)]
    takens = [Taken(option, choice) for option in options(model) for choice in option.choices]
    placed = {taken.choice.id: (path, taken) for path, taken in zip(paths, takens, strict=True)}
    needs = {choice_id: _needs(choice_id, placed) for choice_id in placed}
    all_trims = [trim.id for trim in trims(model)]
    wrong = {choice_id: why for choice_id in placed if (why := _why_not(choice_id, needs, placed, all_trims))}
    for choice_id, mistake in wrong.items():
        inner = needs[choice_id] - {choice_id}
        if not any(other in wrong and len(needs[other]) < len(needs[choice_id]) for other in inner):
            yield mistake


def _needs(choice_id: str, placed: Placed) -> set[str]:
    """The choice and all that must be taken with it, directly or through others."""
    needed, ahead = {choice_id}, [choice_id]
    while ahead:
        for other in placed[ahead.pop()][1].choice.requires:
            if other not in needed:
                needed.add(other)
                ahead.append(other)
    return needed


def _why_not(choice_id: str, needs: dict[str, set[str]], placed: Placed, all_trims: list[str]) -> Mistake | None:
    """The first of its requirements with which the choice can't be taken."""
    path, taken = placed[choice_id]
    if _what_instead(taken.choice, _sorted(needs[choice_id], placed), all_trims) is None:
        return None
    together = {choice_id}
    for index, required in enumerate(taken.choice.requires):
        together |= needs[required]
        allowed = _what_instead(taken.choice, _sorted(together, placed), all_trims)
        if allowed is not None:
            return Mistake(f"{path}.requires[{index}]", shown(required), allowed)
    return None


def _sorted(choice_ids: set[str], placed: Placed) -> list[Taken]:
    return [placed[choice_id][1] for choice_id in sorted(choice_ids)]


def _what_instead(choice: Choice, together: list[Taken], all_trims: list[str]) -> str | None:
    own = [trim_id for trim_id in all_trims if has(trim_id, choice)]
    first_of: dict[str, Taken] = {}
    for taken in together:
        if not all(has(trim_id, taken.choice) for trim_id in own):
            return f"choices that every trim with this one has ({', '.join(own)}; {taken.choice.id} it has not)"
        other = taken if taken.option.many else first_of.setdefault(taken.option.id, taken)
        if other is not taken:
            return (
                f"at most one choice of {taken.option.id}, but {other.choice.id} and {taken.choice.id} are both of it"
            )
    return next((_apart(clash) for clash in clashes(together) if clash.rule == "excludes"), None)


def _apart(clash: Clash) -> str:
    return f"choices that go together, but {clash.taken.choice.id} excludes {clash.other}"


# Defaults.


def _clashing_defaults(model: Draft, here: str) -> Iterator[Mistake]:
    whole = Model(model["id"] or "", "", 0, None, trims(model), options=options(model))
    for index, trim in enumerate(whole.trims):
        for clash in clashes(default_choices(whole, trim)):
            found = f"{clash.taken.choice.id} among its defaults, which {clash.rule} {clash.other}"
            allowed = "defaults (the first choice that it has, of each option without many) that go together"
            yield Mistake(f"{here}trim[{index}]", found, allowed)
