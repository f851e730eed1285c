"""The language of a refusal over HTTP. The sentences themselves are in ``words.problem_words``, the words of all pages.

Nothing is done here for a request that is taken: only what is refused is asked for its language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from drumroll.words.negotiation import LANGUAGES, negotiate


def language_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The language that a request's headers ask for, one of ``LANGUAGES``."""
    said = [value for name, value in headers if name == b"accept-language"]
    return negotiate(b",".join(said).decode("latin-1"), None) if said else LANGUAGES[0]


def in_language(language: str, code: str, facts: Mapping[str, Any], detail: str) -> str:
    """What happened and what to do next, in another language than English."""
    # Here and not above: commands that speak of problems would load all locale data for nothing.
    from drumroll.words.catalog import words_of

    return words_of(language).problem(code, facts, detail)
