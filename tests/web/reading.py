"""What stands in a page in English, whatever language the page is in: for tests that read pages as people do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser

UNREAD = ("script", "style", "code")
READ_ALOUD = ("alt", "aria-label", "placeholder", "title", "content")
VOID = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
WORD = r"[A-Za-z]+(?:['\u2019-][A-Za-z]+)*"


class _Reader(HTMLParser):
    """Texts, and attributes that are read aloud, outside of code and of what is marked as being in English."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._within: list[tuple[str, bool]] = []

    @property
    def _unread(self) -> bool:
        return bool(self._within) and self._within[-1][1]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        language = given.get("lang")
        unread = tag in UNREAD or (self._unread if language is None else language.startswith("en"))
        if not unread and given.get("name") != "viewport" and given.get("name") != "color-scheme":
            self.texts += [given[name] or "" for name in READ_ALOUD if name in given]
        if tag not in VOID:
            self._within.append((tag, unread))

    def handle_endtag(self, tag: str) -> None:
        while self._within:
            if self._within.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.texts.append(data)


def english_in(html: str, data: Iterable[str] = (), words: int = 3) -> list[str]:
    """Every run of so many English words in a row that is not part of ``data`` (names, reasons, what was typed)."""
    known = sorted(filter(None, data), key=len, reverse=True)
    apart = re.compile("|".join(map(re.escape, known))) if known else re.compile(r"(?!)")
    run = re.compile(rf"{WORD}(?:[,.;:]?\s+{WORD}){{{words - 1},}}")
    reader = _Reader()
    reader.feed(html)
    reader.close()
    found = (one for text in reader.texts for one in run.findall(apart.sub(" \u3002 ", " ".join(text.split()))))
    return list(dict.fromkeys(found))
