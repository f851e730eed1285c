"""A problem as a sentence: which of ``problem_words`` fits its facts, and how those facts are shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from drumroll.words.problem_words import SENTENCES, STATES
from drumroll.words.retold import retold
from drumroll.words.retold_words import SENT

if TYPE_CHECKING:
    from drumroll.words.catalog import Words

LISTED_LIMIT, TEXT_LIMIT = 20, 300
"""Things of a list, and characters of a text, that are shown."""

_FLAGS = ("waiting_list", "irreversible")
_NAMED = re.compile(r"%\((\w+)\)s")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def told(words: Words, code: str, facts: Mapping[str, Any], detail: str) -> str:
    """The sentence for people; the ``detail`` if the code has none."""
    for message in _sentences(code, facts):
        shown = _all_shown(words, message, facts, detail)
        if shown is not None:
            return words.say(message, **shown)
    return detail


def _sentences(code: str, facts: Mapping[str, Any]) -> Iterator[str]:
    """All that could be said of it, what says most first."""
    kind = facts.get("rule") or facts.get("action")
    flags = [flag for flag in _FLAGS if facts.get(flag) is True]
    of_kind = f"{code}.{kind}" if isinstance(kind, str) else code
    for key in dict.fromkeys((*(f"{of_kind}.{flag}" for flag in flags), of_kind, code)):
        yield from SENTENCES.get(key, ())


def _all_shown(words: Words, message: str, facts: Mapping[str, Any], detail: str) -> dict[str, str] | None:
    """Every fact that the message names, or ``None`` if one of them is not there."""
    shown: dict[str, str] = {}
    for name in named(message):
        found = _detail(words, detail) if name == "detail" else _fact(words, name, facts)
        if found is None:
            return None
        shown[name] = found
    return shown


def _detail(words: Words, detail: str) -> str:
    """The problem's own words, which are English, in the reader's language where they are known."""
    return retold(words, detail, SENT) or detail[:TEXT_LIMIT]


@lru_cache(maxsize=1024)
def named(message: str) -> tuple[str, ...]:
    """The facts that a message names."""
    return tuple(_NAMED.findall(message))


def _fact(words: Words, name: str, facts: Mapping[str, Any]) -> str | None:
    """A fact as people read it: ``price`` is ``price_minor`` in the currency, ``undo`` is ``undo_s`` as a span."""
    if f"{name}_minor" in facts and "currency" in facts:
        return words.money(facts[f"{name}_minor"], facts["currency"])
    if f"{name}_s" in facts:
        return words.span(facts[f"{name}_s"]) if facts[f"{name}_s"] else None
    return _shown(words, name, facts.get(name))


def _shown(words: Words, name: str, found: object) -> str | None:
    if isinstance(found, int):
        return words.number(found)
    if isinstance(found, list | tuple):
        return words.listed([_text(words, name, str(one)) for one in found[:LISTED_LIMIT]]) if found else None
    return _text(words, name, found) if isinstance(found, str) and found else None


def _text(words: Words, name: str, text: str) -> str:
    if name in ("state", "allowed_states") and text in STATES:
        return words.state(text)
    if _MOMENT.fullmatch(text):
        return _moment(words, text)
    if _DAY.fullmatch(text):
        return words.day(date.fromisoformat(text))
    return text[:TEXT_LIMIT]


@lru_cache(maxsize=256)
def _moment(words: Words, text: str) -> str:
    """Before a sale opens thousands a second are told the same time."""
    return words.rfc3339(text)
