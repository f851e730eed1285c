"""What other parts of the house say in English, found again in what they said and told in the reader's language.

The command line and the checks of what was sent speak English, with the facts already in the sentence. A sentence of
``retold_words`` is its own pattern: where a text reads like it, its facts are taken out and put into the translation.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drumroll.words.catalog import Words

RETOLD_LIMIT = 600
"""Characters of a text that is looked at; a longer one stands as it is."""
DEPTH_LIMIT = 4
"""A fact may be a sentence with facts again, so deep at most."""

_FACT = re.compile(r"%\((\w+)\)s")
_NAMES = re.compile(r"[\w-]+(?:, [\w-]+)+")
_ANYTHING = r"[^\n]+"
_SHAPES = {
    "figure": r"[-+]?[0-9][0-9,.]*",
    "said": _ANYTHING,
    "wanted": r"[^`\n]+",
    "bound": r"(?:[<>=]{1,2} ?)?-?[0-9.]+(?: to [0-9]+)?",
}


def retold(words: Words, text: str, sentences: tuple[str, ...]) -> str | None:
    """The text in the reader's language, or ``None`` if it is none of these sentences.

    In English that is the text itself. A fact called ``said`` must be one of the sentences too, one called ``figure``
    a number; any other is told again where it can be, and else stands as it is.
    """
    return _retold(words, text, sentences, DEPTH_LIMIT) if len(text) <= RETOLD_LIMIT else None


def _retold(words: Words, text: str, sentences: tuple[str, ...], depth: int) -> str | None:
    if not depth:
        return None
    for pattern, message in _patterns(sentences):
        found = pattern.fullmatch(text)
        facts = None if found is None else _facts(words, found, sentences, depth)
        if facts is not None:
            return words.say(message, **facts)
    return None


def _facts(words: Words, found: re.Match[str], sentences: tuple[str, ...], depth: int) -> dict[str, str] | None:
    facts = {}
    for name, text in found.groupdict().items():
        told = _retold(words, text, sentences, depth - 1)
        if told is None and name == "said":
            return None
        facts[name] = _listed(words, text) if told is None else told
    return facts


def _listed(words: Words, text: str) -> str:
    """A fact that stands as it is, but for the commas between names."""
    return words.listed(text.split(", ")) if _NAMES.fullmatch(text) else text


@lru_cache(maxsize=8)
def _patterns(sentences: tuple[str, ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(_pattern(message)), message) for message in sentences)


def _pattern(message: str) -> str:
    """A sentence as a pattern. But for the last one, a fact ends where what follows it first stands and nothing is
    tried twice, so that a stranger's text takes no longer than another.
    """
    begins, *rest = _FACT.split(message)
    pattern, last = re.escape(begins % ()), len(rest) - 2
    for at in range(0, len(rest), 2):
        name, follows = rest[at], re.escape(rest[at + 1] % ())
        if name in _SHAPES or at == last:
            pattern += f"(?P<{name}>{_SHAPES.get(name, _ANYTHING)}){follows}"
        else:
            pattern += f"(?>(?P<{name}>{_ANYTHING}?){follows})"
    return pattern
