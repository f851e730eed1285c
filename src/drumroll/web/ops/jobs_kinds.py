"""What jobs there are: the command of each, the files that it makes, and the only options that it takes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from drumroll.access.roles import Permission
from drumroll.web.problems import Problem

Kind = Literal["plan", "promises", "whatif", "ledger", "journal", "figures", "forecast", "outlook", "market"]
PERCENT = r"0|[1-9][0-9]?|100"
FIGURES = "figures.json"


class Sources(msgspec.Struct, frozen=True):
    """What jobs read. ``quotes``: a file or folder of quotes; empty: there are none."""

    log: str
    launch: str
    quotes: str = ""


class Shape(msgspec.Struct, frozen=True):
    """A kind of job.

    Args:
        permission: what one needs to start it, and to see what it found.
        command: its words; ``{log}``, ``{launch}``, ``{quotes}`` are the sources, ``{folder}`` is where its files go.
        options: each option that may be given, with the pattern that the whole of its value must match.
        files: what it makes that may be downloaded, with its media type.
    """

    permission: Permission
    command: tuple[str, ...]
    options: Mapping[str, str] = {}
    files: Mapping[str, str] = {}


_HTML, _CSV, _JSON = "text/html; charset=utf-8", "text/csv; charset=utf-8", "application/json"
_FIGURES = ("--json", f"{{folder}}/{FIGURES}")
_REPORT = ("--html", "{folder}/report.html")

KINDS: dict[Kind, Shape] = {
    "plan": Shape(
        Permission.PLAN,
        ("plan", "{log}", "--out", "{folder}/plan.json", "--orders", "{folder}/weeks.csv", *_FIGURES),
        {"--policy": "strict|least-breakage"},
        {"plan.json": _JSON, "weeks.csv": _CSV},
    ),
    "promises": Shape(Permission.PLAN, ("promises", "{log}", *_FIGURES)),
    "whatif": Shape(
        Permission.PLAN,
        ("whatif", "{source}", *_FIGURES, *_REPORT),
        {
            "--cut": PERCENT,
            "--add": r"[1-9][0-9]{0,2}",
            "--convert": PERCENT,
            "--cancel": PERCENT,
            "--from": r"20[0-9]{2}-[01][0-9]-[0-3][0-9]",
            "--weeks": r"[1-9][0-9]{0,2}",
            "--resource": r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}",
            "--orders": r"[1-9][0-9]{0,6}",
        },
        {"report.html": _HTML, FIGURES: _JSON},
    ),
    "ledger": Shape(Permission.SEE_MONEY, ("ledger", "balance", "{log}", *_FIGURES), {}, {FIGURES: _JSON}),
    "journal": Shape(
        Permission.SEE_MONEY,
        ("ledger", "export", "{folder}/journal.csv", "--log", "{log}"),
        {},
        {"journal.csv": _CSV},
    ),
    "figures": Shape(
        Permission.SEE_MONEY, ("figures", "{launch}", "--log", "{log}", "--check", *_FIGURES), {}, {FIGURES: _JSON}
    ),
    "forecast": Shape(
        Permission.SEE_MONEY,
        ("forecast", "{launch}", "--log", "{log}", *_FIGURES, *_REPORT),
        {},
        {"report.html": _HTML, FIGURES: _JSON},
    ),
    "outlook": Shape(
        Permission.SEE_MONEY,
        ("outlook", "{launch}", "--log", "{log}", *_FIGURES, *_REPORT),
        {},
        {"report.html": _HTML, FIGURES: _JSON},
    ),
    "market": Shape(
        Permission.SEE_MONEY,
        ("market", "{launch}", "--quotes", "{quotes}", "--log", "{log}", *_FIGURES, *_REPORT),
        {},
        {"report.html": _HTML, FIGURES: _JSON},
    ),
}


def command_of(kind: Kind, options: Mapping[str, str], sources: Sources, folder: Path) -> list[str]:
    """The words of the command. Raises ``Problem`` for an option that the kind has not, or a value out of its range."""
    shape = KINDS[kind]
    for name, value in options.items():
        pattern = shape.options.get(name)
        if pattern is None:
            raise Problem("invalid_request", f"{kind}: found {name[:40]!r}, allowed: {', '.join(shape.options)}.")
        # fullmatch, not match with a dollar: that would let a line break pass.
        if not re.fullmatch(pattern, value, re.ASCII):
            raise Problem("invalid_request", f"{name[2:]}: found {value[:40]!r}, allowed: {pattern}.")
    # What would be is asked of the log's orders, or of so many that are assumed: of the file alone.
    assumed = "--orders" in options
    named = {**msgspec.structs.asdict(sources), "folder": str(folder)}
    named["source"] = sources.launch if assumed else f"--log={sources.log}"
    words = [word.format(**named) for word in shape.command]
    # With "=": a value is never taken for an option.
    return [*words, *(f"{name}={value}" for name, value in sorted(options.items()))]
