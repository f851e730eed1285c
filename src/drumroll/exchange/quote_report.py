"""What was noticed in files of quotes: every kind counted, the first of each shown with its file and line."""

from __future__ import annotations

import msgspec

from drumroll.market.quotes import KINDS

SHOWN = 20
"""How many findings of a kind are kept; the rest are counted."""


class Finding(msgspec.Struct, frozen=True):
    """One thing noticed. ``line`` is a line of a CSV file (the header is 1) or a row of a Parquet file (from 1)."""

    kind: str
    file: str
    line: int
    field: str
    found: str
    allowed: str
    code: str = ""
    at: str = ""

    def __str__(self) -> str:
        line = f", line {self.line}" if self.line else ""
        of = " ".join(part for part in (self.code, self.at) if part)
        return f"{self.file}{line}, {self.field}{f' ({of})' if of else ''}: found {self.found}, allowed: {self.allowed}"


class FileRead(msgspec.Struct, frozen=True):
    """A file that was read: its quotes are ``daily`` or ``minutes``, and how many rows it has."""

    file: str
    quotes: str
    rows: int


class Report(msgspec.Struct, frozen=True):
    """All that was noticed. ``counts`` by kind; ``findings`` has the first ``SHOWN`` of each kind."""

    files: tuple[FileRead, ...]
    codes: int
    first: str
    last: str
    counts: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing at all was noticed."""
        return not self.counts

    def of(self, kind: str) -> tuple[Finding, ...]:
        """The findings of one kind that are shown."""
        return tuple(finding for finding in self.findings if finding.kind == kind)

    def lines(self) -> list[str]:
        """The report as text, a kind at a time."""
        rows = sum(file.rows for file in self.files)
        text = [f"{rows:,} rows of {self.codes:,} codes in {len(self.files):,} file(s), {self.first} to {self.last}"]
        for kind, count in self.counts.items():
            what = "left out" if KINDS[kind].left_out else "kept"
            text.append(f"{kind}: {count:,} ({what}): {KINDS[kind].meaning}")
            shown_of = self.of(kind)
            text += [f"  {finding}" for finding in shown_of]
            text += [f"  and {count - len(shown_of):,} more"] if count > len(shown_of) else []
        return text or ["nothing noticed"]

    def __str__(self) -> str:
        return "\n".join(self.lines())


class Notes:
    """Findings as they are made: all counted, the first of each kind kept."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.findings: list[Finding] = []

    def count(self, kind: str, number: int) -> int:
        """Count so many of a kind; says how many more of them may be shown."""
        if number:
            self.counts[kind] = self.counts.get(kind, 0) + number
        return max(0, SHOWN - sum(finding.kind == kind for finding in self.findings))

    def add(self, finding: Finding) -> None:
        """Count one, and keep it if there is room."""
        if self.count(finding.kind, 1):
            self.keep(finding)

    def keep(self, finding: Finding) -> None:
        """Keep one that is counted already."""
        self.findings.append(finding)

    def in_order(self) -> tuple[dict[str, int], tuple[Finding, ...]]:
        """Counts and findings, both in the order of ``KINDS``."""
        counts = {kind: self.counts[kind] for kind in KINDS if kind in self.counts}
        order = {kind: number for number, kind in enumerate(KINDS)}
        return counts, tuple(sorted(self.findings, key=lambda each: (order[each.kind], each.file, each.line)))
