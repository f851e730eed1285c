"""Proofs that an entry is in a log, in a file that is checked offline (C2SP tlog-proof): what a receipt is.

A first line that names the format, an optional line of extra data (opaque here, and signed by nobody), the entry's
index, the inclusion proof from the leaf's sibling up (RFC 6962, section 2.1.1), an empty line, and the checkpoint with
its signatures, byte for byte.
"""

from __future__ import annotations

import msgspec

from drumroll.errors import NoteInvalid, ProofInvalid
from drumroll.proof.checkpoint import parse_checkpoint, read_number
from drumroll.proof.note import NOTE_BYTES_MOST, from_base64, parse_note, to_base64

FIRST_LINE = "c2sp.org/tlog-proof@v1"
HASH_BYTES = 32
HASHES_MOST = 63
"""A tree of fewer than 2^63 entries has no longer proof."""

EXTRA_BYTES_MOST = 65_536
BYTES_MOST = NOTE_BYTES_MOST + EXTRA_BYTES_MOST * 4 // 3 + HASHES_MOST * 45 + 100


class TlogProof(msgspec.Struct, frozen=True):
    """That the entry at ``index`` is in the tree of ``checkpoint`` (a whole note). Nothing in it is checked yet."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""


def parse_tlog_proof(data: bytes) -> TlogProof:
    """Read a proof's file: its form alone. The signatures and the proof itself are for the caller to check.

    Raises ``ProofInvalid`` (no such file, or malformed) or ``NoteInvalid`` (its checkpoint can't be one).
    """
    if len(data) > BYTES_MOST:
        raise ProofInvalid(f"the proof has {len(data):,} bytes; allowed: {BYTES_MOST:,}")
    head, _, checkpoint = data.partition(b"\n\n")
    lines = _lines(head)
    extra = _extra(lines.pop(1)) if len(lines) > 1 and lines[1].startswith("extra ") else b""
    index = _index(lines[1] if len(lines) > 1 else "")
    if len(lines) - 2 > HASHES_MOST:
        raise ProofInvalid(f"the proof has {len(lines) - 2:,} hashes; allowed: {HASHES_MOST}")
    hashes = tuple(map(_hash, lines[2:]))
    parse_checkpoint(parse_note(checkpoint).text)
    return TlogProof(index, hashes, checkpoint, extra)


def tlog_proof_bytes(proof: TlogProof) -> bytes:
    """The proof's file. Raises what ``parse_tlog_proof`` would raise for it."""
    extra = [f"extra {to_base64(proof.extra)}"] if proof.extra else []
    lines = [FIRST_LINE, *extra, f"index {proof.index}", *map(to_base64, proof.hashes)]
    data = "\n".join(lines).encode() + b"\n\n" + proof.checkpoint
    if parse_tlog_proof(data) != proof:
        raise ProofInvalid("the proof would not read back as it was made")
    return data


def _lines(head: bytes) -> list[str]:
    """The lines before the checkpoint; the first is checked, so that other files are told at once."""
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        lines = []
    if not lines or lines[0] != FIRST_LINE:
        raise ProofInvalid(f"this is no proof of a log: its first line must be {FIRST_LINE}; get the receipt anew")
    return lines


def _extra(line: str) -> bytes:
    data = from_base64(line.removeprefix("extra "))
    if not data or len(data) > EXTRA_BYTES_MOST:
        raise ProofInvalid(f"the proof's extra data is cut or changed: allowed are 1 to {EXTRA_BYTES_MOST:,} bytes")
    return data


def _index(line: str) -> int:
    name, _, number = line.partition(" ")
    if name != "index":
        raise ProofInvalid(f"found {line[:60]!r} where a proof has the line: index <number>. Get the receipt anew")
    try:
        return read_number(number, "the index")
    except NoteInvalid as error:
        raise ProofInvalid(str(error)) from error


def _hash(line: str) -> bytes:
    data = from_base64(line)
    if data is None or len(data) != HASH_BYTES:
        raise ProofInvalid(f"found {line[:60]!r} where a proof has a hash: {HASH_BYTES} bytes in base64")
    return data
