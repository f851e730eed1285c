"""Public keys as they are given on the command line: as text, or in a file that has one a line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from drumroll.errors import KeyInvalid
from drumroll.proof.note import COSIGNATURE, ED25519, VerifierKey, parse_verifier

FILE_BYTES_MOST = 65_536


def keys_of(given: Sequence[str], kind: int = ED25519) -> list[VerifierKey]:
    """The keys of that kind, each once, in the order given. Raises ``KeyInvalid``: one is none, or there is none."""
    found = [key for one in given for key in read_keys(one)]
    fitting = list(dict.fromkeys(key for key in found if key.kind == kind))
    if given and not fitting:
        wanted, other = ("a witness's", "a log's") if kind == COSIGNATURE else ("a log's", "a witness's")
        raise KeyInvalid(f"found {other} key where {wanted} is needed: {found[0].text}")
    return fitting


def read_keys(one: str) -> list[VerifierKey]:
    """A public key, or those of a file, a line each. Raises ``KeyInvalid``."""
    if "+" in one and not Path(one).exists():
        return [parse_verifier(one)]
    try:
        with Path(one).open("rb") as file:
            data = file.read(FILE_BYTES_MOST + 1)
        lines = data.decode("utf-8").splitlines()
    except OSError as error:
        raise KeyInvalid(f"{one} is no public key, and no file of them ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise KeyInvalid(f"{one} is no file of public keys: it is not text") from error
    if len(data) > FILE_BYTES_MOST:
        raise KeyInvalid(f"{one} has more than {FILE_BYTES_MOST:,} bytes; allowed: a public key a line")
    found = [parse_verifier(line.strip()) for line in lines if line.strip()]
    if not found:
        raise KeyInvalid(f"{one} has no key in it; allowed: a public key a line, such as `drumroll key show` prints")
    return found
