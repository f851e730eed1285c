"""What `drumroll verify` says: what was checked, what is proven and what isn't, what is wrong and where."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from drumroll.proof.findings import Finding, Findings

WIDTH = 80
SHOWN = 3
"""Findings of one code that are printed."""

_FIRST = ("unsigned", "changed", "rewritten", "two_roots", "other_history", "cut", "missing")
"""Findings that say the most come first; the others are in the order in which they were found."""


class Report(msgspec.Struct):
    """What came of it. ``counted`` is false for a claim whose number nobody recounted: then it does not hold."""

    kind: str
    title: str
    facts: list[tuple[str, str]] = []
    checks: list[tuple[bool, str]] = []
    proven: list[str] = []
    not_proven: list[str] = []
    findings: list[Finding] = []
    more: dict[str, int] = {}
    unchecked: str = ""
    figures: dict[str, Any] = {}

    @property
    def holds(self) -> bool:
        """Whether all of it holds."""
        return not self.findings and not self.unchecked and all(fine for fine, _ in self.checks)

    def check(self, fine: bool, text: str) -> bool:
        """Note something that was checked; says again whether it is so."""
        self.checks.append((fine, text))
        return fine

    def fault(self, code: str, what: str, where: str = "") -> None:
        """Note something that is wrong."""
        self.findings.append(Finding(code, what, where))

    def take(self, found: Findings) -> None:
        """Take over what was found in a log."""
        self.findings += found.kept
        self.more |= found.more
        self.findings.sort(key=lambda one: _FIRST.index(one.code) if one.code in _FIRST else len(_FIRST))


def as_json(report: Report) -> bytes:
    """The same for programs."""
    found: dict[str, Any] = {
        "kind": report.kind,
        "title": report.title,
        "holds": report.holds,
        "facts": dict(report.facts),
        **report.figures,
        "checks": [{"holds": fine, "what": text} for fine, text in report.checks],
        "unchecked": report.unchecked,
        "findings": report.findings,
        "more_findings": report.more,
        "proven": report.proven if report.holds else [],
        "not_proven": report.not_proven,
    }
    return msgspec.json.format(msgspec.json.encode(found))


def show(report: Report, console: Console) -> None:
    """The report, 80 wide."""
    say(console, report.title, style="bold")
    width = max((len(name) for name, _ in report.facts), default=0) + 2
    for name, value in report.facts:
        say(console, value, name.ljust(width))
    _heading(console, "Checked")
    for fine, text in report.checks:
        say(console, text, "  yes  " if fine else "  NO   ", "" if fine else "bold red")
    if report.findings:
        _heading(console, "What is wrong, and where")
        _show_findings(console, report)
    if report.holds:
        _list(console, "This proves", report.proven)
    if report.holds or report.unchecked:
        _list(console, "This does not prove", report.not_proven)
    console.print()
    _verdict(report, console)


def _verdict(report: Report, console: Console) -> None:
    if report.holds:
        say(console, "It holds.", style="bold green")
    elif report.unchecked and not report.findings:
        say(console, f"Not verified. {report.unchecked}", style="bold yellow")
    else:
        say(console, "IT DOES NOT HOLD. Do not rely on it.", style="bold red")


def _show_findings(console: Console, report: Report) -> None:
    """Some of each code; ``--json`` has more."""
    for code in dict.fromkeys(finding.code for finding in report.findings):
        alike = [finding for finding in report.findings if finding.code == code]
        for finding in alike[:SHOWN]:
            say(console, f"{finding.what[:1].upper()}{finding.what[1:]}.", "  -  ")
            if finding.where:
                say(console, f"Where: {finding.where}", "     ")
        rest = len(alike) - SHOWN + report.more.get(code, 0)
        if rest > 0:
            say(console, f"and {rest:,} more like these", "     ")


def _list(console: Console, title: str, texts: list[str]) -> None:
    if texts:
        _heading(console, title)
    for text in texts:
        say(console, text, "  -  ")


def _heading(console: Console, text: str) -> None:
    console.print()
    say(console, text, style="bold")


def say(console: Console, text: str, begins: str = "", style: str = "") -> None:
    """A paragraph, 80 wide; what is longer without a space (a key, a root) stays whole, to be copied."""
    lines = wrap(plain(text), WIDTH - len(begins), break_long_words=False, break_on_hyphens=False) or [""]
    indented = f"\n{' ' * len(begins)}".join(lines)
    console.print(Text(f"{plain(begins)}{indented}", style=style), soft_wrap=True)


def plain(text: str) -> str:
    """Text from a file that may be hostile: nothing in it moves the cursor or colours the terminal."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)
