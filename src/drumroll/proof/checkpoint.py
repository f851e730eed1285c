"""Checkpoints: what a log says of itself at a size, as the text of a signed note (C2SP tlog-checkpoint).

Three lines: the log's name (its origin), the number of its entries, the base64 of its Merkle root (RFC 6962). More
lines may follow; nothing here reads them, and what is signed is the text with them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from drumroll.errors import NoteInvalid
from drumroll.proof.note import Note, VerifierKey, check_note, from_base64, shown, to_base64

ROOT_BYTES = 32
SIZE_MOST = 2**63 - 1
"""Entries of a log that anybody can name; what is larger is no size but an attack on somebody's integers."""

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(msgspec.Struct, frozen=True):
    """A tree of ``size`` entries of the log ``origin`` has the Merkle root ``root`` (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text to be signed: three lines, each with its newline."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint's note. Further lines are ignored, as the specification asks.

    Raises ``NoteInvalid`` with the line that is wrong and what is allowed there.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] != "" or not all(lines[:-1]):
        raise NoteInvalid(
            "this is no checkpoint: allowed are three lines or more, none of them empty: the log's name, its size, "
            "its root. Give the file `checkpoint` of a published log, or a receipt"
        )
    return Checkpoint(lines[0], read_number(lines[1], "the size"), _root(lines[2]))


def check_signed(note: Note, origin: str, keys: Sequence[VerifierKey]) -> list[VerifierKey]:
    """Those of the keys that signed what is of the log ``origin``: a log signs with keys of its own name only.

    Raises ``NoteInvalid``, as ``note.check_note`` does.
    """
    own = [key for key in keys if key.name == origin]
    if keys and not own:
        names = ", ".join(dict.fromkeys(shown(key.name) for key in keys[:4]))
        raise NoteInvalid(f"it is of the log {shown(origin)}, and the keys given are of {names}: give that log's key")
    return check_note(note, own)


def read_number(text: str, what: str) -> int:
    """A whole number as the formats of C2SP write it: ASCII digits, no leading zeros. Raises ``NoteInvalid``."""
    if not _NUMBER.fullmatch(text) or int(text) > SIZE_MOST:
        raise NoteInvalid(f"found {text[:60]!r} as {what}; allowed: a whole number from 0, without leading zeros")
    return int(text)


def _root(line: str) -> bytes:
    root = from_base64(line)
    if root is None or len(root) != ROOT_BYTES:
        raise NoteInvalid(f"found {line[:60]!r} as the root of a checkpoint; allowed: {ROOT_BYTES} bytes in base64")
    return root
