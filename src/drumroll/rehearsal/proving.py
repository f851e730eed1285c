"""The proof of a rehearsal: what was published, a claim of the firm orders, and its recount by another process.

All of it is done as anybody would, by the public commands. The verifying process is given the published directory, the
claim and the public key, and nothing else.
"""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import msgspec

from drumroll.rehearsal.another_process import json_of, output_of, run, text_of


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
    text_of("log", "publish", str(public), "--log", str(log), "--keys", str(keys), "--index", str(proof / "leaves"))
    published_s = monotonic() - began
    claim = folder / "claim.txt"
    made = output_of("claim", statement, "--log", str(public), "--keys", str(keys), "--output", str(claim), "--json")
    key = folder / "public-key.txt"
    key.write_text(text_of("key", "show", "--keys", str(keys)))
    began = monotonic()
    found = run("verify", str(claim), "--log", str(public), "--key", str(key), "--json")
    said = json_of(found.stdout)
    return Proved(
        statement=statement,
        value=made["value"],
        entries=made["size"],
        verified=found.returncode == 0,
        faults=[str(fault) for fault in said.get("findings", [])] if found.returncode else [],
        publish_s=round(published_s, 3),
        verify_s=round(monotonic() - began, 3),
    )
