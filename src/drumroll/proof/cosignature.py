"""Cosignatures: a witness says when it saw a checkpoint, and that it fits all it saw before (C2SP tlog-cosignature).

An Ed25519 signature of ``cosignature/v1``, ``time N`` and the whole text of the checkpoint. In the note it stands as
8 bytes of time, POSIX seconds, most significant first, and the 64 bytes of the signature.
"""

from __future__ import annotations

from drumroll.errors import KeyInvalid, NoteInvalid
from drumroll.proof.checkpoint import parse_checkpoint
from drumroll.proof.note import COSIGNATURE, SIGNATURE_BYTES, Note, Signature, SigningKey, VerifierKey, shown

TIME_BYTES = 8
TIME_MOST = 2**63 - 1


def cosign(text: str, key: SigningKey, at_s: int) -> Signature:
    """The cosignature of a checkpoint's text at a time (POSIX seconds). Whether it fits what went before is not asked.

    Raises ``NoteInvalid`` (this is no checkpoint: a witness signs nothing else) or ``KeyInvalid`` (no witness's key).
    """
    _be_witness(key.verifier)
    parse_checkpoint(text)
    if not 0 <= at_s <= TIME_MOST:
        raise NoteInvalid(f"found {at_s} as the time of a cosignature; allowed: POSIX seconds from 0. Mend the clock")
    data = at_s.to_bytes(TIME_BYTES, "big") + key.sign(_message(text, at_s))
    return Signature(key.name, key.verifier.id, data)


def cosigned_at(note: Note, key: VerifierKey) -> int | None:
    """When this witness cosigned the note, in POSIX seconds; ``None`` if it did not.

    If it did so more than once, the latest time: until then the checkpoint was the largest that it had seen. Raises
    ``NoteInvalid`` if a cosignature that says it is this key's does not verify, ``KeyInvalid`` if no witness's key.
    """
    _be_witness(key)
    return max((_time(note.text, key, found) for found in note.signatures if found.of(key)), default=None)


def _time(text: str, key: VerifierKey, signature: Signature) -> int:
    """The time of a cosignature that verifies."""
    at_s = int.from_bytes(signature.data[:TIME_BYTES], "big")
    fits = len(signature.data) == TIME_BYTES + SIGNATURE_BYTES and at_s <= TIME_MOST
    if not fits or not key.verifies(_message(text, at_s), signature.data[TIME_BYTES:]):
        raise NoteInvalid(
            f"the cosignature of {shown(key.name)}+{key.id.hex()} is not of this checkpoint: the checkpoint, the "
            "cosignature or the key was changed. Do not believe it; get it anew, or ask the witness itself"
        )
    return at_s


def _message(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()


def _be_witness(key: VerifierKey) -> None:
    if key.kind != COSIGNATURE:
        raise KeyInvalid(
            f"{shown(key.name)}+{key.id.hex()} is no witness's key: it is of type {key.kind}; allowed: {COSIGNATURE} "
            "(`drumroll key new NAME --witness` makes one)"
        )
