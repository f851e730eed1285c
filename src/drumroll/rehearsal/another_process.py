"""drumroll's own commands, run by another process as anybody would run them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import msgspec

from drumroll.errors import RehearsalFailed


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, whatever that is."""
    command = [sys.executable, "-m", "drumroll", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def text_of(*arguments: str) -> str:
    """What a command prints. Raises ``RehearsalFailed`` if it fails."""
    done = run(*arguments)
    if done.returncode:
        raise RehearsalFailed(f"drumroll {' '.join(arguments[:2])} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def output_of(*arguments: str) -> dict[str, Any]:
    """The JSON that a command prints. Raises ``RehearsalFailed`` if it fails."""
    return json_of(text_of(*arguments))


def json_of(text: str) -> dict[str, Any]:
    """JSON as it was printed; nothing, if nothing was."""
    found: dict[str, Any] = msgspec.json.decode(text) if text.strip() else {}
    return found
