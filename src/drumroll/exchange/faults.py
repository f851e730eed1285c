"""What is wrong with a file that comes in: every mistake, with its line, so that all can be mended at once."""

from __future__ import annotations

import json

import msgspec

from drumroll.errors import FileMistakes

SHOWN = 1_000
"""How many mistakes of one file are listed; the rest are counted."""

SHOWN_CHARACTERS = 60


class Fault(msgspec.Struct, frozen=True):
    """One mistake. ``line`` is a line of a CSV file (the first is 1), or a row of a Parquet file; 0: the whole file."""

    line: int
    field: str
    found: str
    allowed: str
    reason: str = ""

    def __str__(self) -> str:
        place = f"line {self.line}, {self.field}" if self.line else self.field
        why = f" ({self.reason})" if self.reason else ""
        return f"{place}: found {self.found}, allowed: {self.allowed}{why}"


class Faults:
    """The mistakes of one file, as they are found."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.first: list[Fault] = []
        self.count = 0

    def add(self, line: int, field: str, found: object, allowed: str, reason: str = "") -> None:
        """Note one."""
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(Fault(line, field, shown(found), allowed, reason))

    def refuse(self) -> None:
        """Raise ``FileMistakes`` with all of them, if there are any."""
        if self.count:
            raise FileMistakes(self.source, tuple(self.first), self.count)


def shown(value: object) -> str:
    """What was found, on one line and not too long; what can't be printed is escaped."""
    if value is None or value == "":
        return "nothing"
    text = value if isinstance(value, str) else str(value)
    cut = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
    return json.dumps(cut, ensure_ascii=not cut.isprintable()) if isinstance(value, str) else cut
