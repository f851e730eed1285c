"""The proof of a rehearsal: what was published, a claim of the firm orders, and its recount by another process.

All of it is done as anybody would, by the public commands. The verifying process is given the published directory, the
claim and the public key, and nothing else.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec

from drumroll.errors import RehearsalFailed


class Proved(msgspec.Struct, frozen=True):
    """What came of it. ``value`` is what was claimed; ``faults`` what the verifier said, if it does not hold."""

    statement: str
    value: int
    entries: int
    verified: bool
    faults: list[str]
    publish_s: float
    verify_s: float


def proved(log: Path, folder: Path, statement: str) -> Proved:
    """Publish the rest of the log, claim the statement, and have another process verify it.

    Raises:
        RehearsalFailed: it could not be published or claimed.
    """
    proof = Path(f"{log}-proof")
    public, keys = proof / "public", proof / "keys"
    began = monotonic()
    _drumroll("log", "publish", str(public), "--log", str(log), "--keys", str(keys), "--index", str(proof / "leaves"))
    published_s = monotonic() - began
    claim = folder / "claim.txt"
    made = _drumroll("claim", statement, "--log", str(public), "--keys", str(keys), "--output", str(claim), "--json")
    key = folder / "public-key.txt"
    key.write_text(_drumroll("key", "show", "--keys", str(keys)))
    began = monotonic()
    found = _run("verify", str(claim), "--log", str(public), "--key", str(key), "--json")
    said = _json(found)
    return Proved(
        statement=statement,
        value=_json(made)["value"],
        entries=_json(made)["size"],
        verified=found.returncode == 0,
        faults=[str(fault) for fault in said.get("findings", [])] if found.returncode else [],
        publish_s=round(published_s, 3),
        verify_s=round(monotonic() - began, 3),
    )


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "drumroll", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _drumroll(*arguments: str) -> str:
    done = _run(*arguments)
    if done.returncode:
        raise RehearsalFailed(f"drumroll {' '.join(arguments[:2])} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def _json(text: str | subprocess.CompletedProcess[str]) -> dict[str, Any]:
    output = text if isinstance(text, str) else text.stdout
    found: dict[str, Any] = msgspec.json.decode(output) if output.strip() else {}
    return found
