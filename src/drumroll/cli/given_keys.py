"""Public keys as they are given on the command line: as text, or in a file that has one a line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from drumroll.errors import KeyInvalid
from drumroll.proof.note import COSIGNATURE, ED25519, NOTE_BYTES_MOST, VerifierKey, parse_verifier


def keys_of(given: Sequence[str], kind: int = ED25519) -> list[VerifierKey]:
    """The keys of that kind, each once, in the order given. Raises ``KeyInvalid``: one is none, or there is none."""
    found = [key for one in given for key in _keys(one)]
    fitting = list(dict.fromkeys(key for key in found if key.kind == kind))
    if given and not found:
        raise KeyInvalid(f"{given[0]} has no key in it; allowed: a key a line, such as `drumroll key show` prints")
    if given and not fitting:
        wanted, other = ("a witness's", "a log's") if kind == COSIGNATURE else ("a log's", "a witness's")
        raise KeyInvalid(f"found {other} key where {wanted} is needed: {found[0].text}")
    return fitting


def _keys(one: str) -> list[VerifierKey]:
    path = Path(one)
    if "+" in one and not path.exists():
        return [parse_verifier(one.strip())]
    try:
        with path.open("rb") as file:
            lines = file.read(NOTE_BYTES_MOST).decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise KeyInvalid(f"{one} has no public keys: it is not text. Allowed: one key a line") from error
    except OSError as error:
        raise KeyInvalid(f"{one} is no public key, and no file of them: {error.strerror}") from error
    return [parse_verifier(line.strip()) for line in lines if line.strip()]
