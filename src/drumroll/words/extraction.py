"""Which messages the house says, read off its sources: for developers and tests, never while it serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from babel.messages.extract import extract
from jinja2.ext import babel_extract

from drumroll.words.reading import Key

SOURCE = Path(__file__).parent.parent
TEMPLATES = SOURCE / "web" / "templates"

_MARK = b"drumroll.words"
# Which arguments are the message ("c": its context), as Babel reads them.
_IN_PYTHON: Mapping[str, Any] = {
    "say": None,
    "say_n": (1, 2),
    "say_in": ((1, "c"), 2),
    "worded": None,
    "worded_in": ((1, "c"), 2),
}
_IN_TEMPLATES: Mapping[str, Any] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_OPTIONS = {"newstyle_gettext": "true", "silent": "false"}


class Asked(msgspec.Struct, frozen=True):
    """A message that is said somewhere: its plural if it has one, and the first place (file, line)."""

    plural: str | None
    file: str
    line: int


def asked(source: Path = SOURCE) -> dict[Key, Asked]:
    """Every message of Python and templates. Raises ``ValueError`` if one has two plurals."""
    found: dict[Key, Asked] = {}
    for key, one in _all(source):
        before = found.setdefault(key, one)
        if one.plural is not None and before.plural not in (None, one.plural):
            raise ValueError(f"{one.file}:{one.line}: {key[1]!r} has another plural in {before.file}:{before.line}")
        if before.plural is None and one.plural is not None:
            found[key] = one
    return found


def _all(source: Path) -> Iterator[tuple[Key, Asked]]:
    for file in sorted(source.rglob("*.py")):
        if file.parent.name == "words" or _MARK in file.read_bytes():
            yield from _of(file, "python", _IN_PYTHON, {}, source)
    for file in sorted((source / "web" / "templates").rglob("*")):
        if file.is_file():
            yield from _of(file, babel_extract, _IN_TEMPLATES, _OPTIONS, source)


def _of(
    file: Path, method: Any, keywords: Mapping[str, Any], options: dict[str, str], source: Path
) -> Iterator[tuple[Key, Asked]]:
    place = file.relative_to(source).as_posix()
    with file.open("rb") as opened:
        for line, message, _, context in extract(method, opened, keywords, options=options):
            single, plural = (message, None) if isinstance(message, str) else message[:2]
            yield (context, single), Asked(plural, place, line)
