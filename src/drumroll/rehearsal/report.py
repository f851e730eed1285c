"""The report: one HTML file."""

from pathlib import Path

from drumroll.rehearsal.rehearsal import Outcome


def write_report(path: Path, outcome: Outcome) -> None:
    """Write it."""
    path.write_text("<!doctype html>")
