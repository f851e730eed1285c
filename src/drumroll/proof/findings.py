"""What is wrong with a published log, said so that somebody can act on it: what, and where."""

from __future__ import annotations

from collections import Counter

import msgspec

from drumroll.proof.moments import local

KEPT_MOST = 20
"""Findings of one code that are kept; of the rest only how many there are."""


class Finding(msgspec.Struct, frozen=True):
    """Something that is wrong. ``where`` names entries (from 0) and times; ``code`` is for programs."""

    code: str
    what: str
    where: str = ""


class Findings:
    """All that was found. ``more`` counts what was left out of ``kept``, by code."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.more: Counter[str] = Counter()
        self.zone = "UTC"
        self._codes: Counter[str] = Counter()

    def add(self, code: str, what: str, where: str = "") -> None:
        """One more."""
        self._codes[code] += 1
        if self._codes[code] > KEPT_MOST:
            self.more[code] += 1
        else:
            self.kept.append(Finding(code, what, where))

    def entry(self, index: int, at_ms: int | None = None) -> str:
        """How an entry is named: by its index, and its time in the launch's zone."""
        return f"entry {index:,}" + ("" if at_ms is None else f", {local(at_ms, self.zone)}")

    def __len__(self) -> int:
        return sum(self._codes.values())


def entries_named(first: int, length: int) -> str:
    """Entries in a row, as a finding names them."""
    return f"entry {first:,}" if length <= 1 else f"entries {first:,} to {first + length - 1:,}"
