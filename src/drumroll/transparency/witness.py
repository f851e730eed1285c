"""A witness: it cosigns a log's checkpoint only if that extends the last one that it cosigned (C2SP tlog-witness).

``Witness.add`` is the protocol's one call, from the bytes of a request to those of the answer; who brings them over the
network is ``witness_app``. What is remembered, and made durable before anything is answered, is ``witness_state``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from threading import Lock

import msgspec

from drumroll.errors import KeyInvalid, NoteInvalid, ProofError, ProofInvalid
from drumroll.proof.checkpoint import Checkpoint, parse_checkpoint, read_number
from drumroll.proof.cosignature import cosign
from drumroll.proof.merkle import EMPTY_ROOT, HASH_BYTES, check_consistency
from drumroll.proof.moments import utc
from drumroll.proof.note import (
    ED25519,
    NOTE_BYTES_MOST,
    Note,
    SigningKey,
    VerifierKey,
    check_note,
    from_base64,
    parse_note,
)
from drumroll.transparency.witness_state import Seen, State

PROOF_MOST = 63
"""Lines of a consistency proof, by the specification."""

BODY_BYTES_MOST = NOTE_BYTES_MOST + PROOF_MOST * 45 + 32
"""Bytes of a request: the longest checkpoint, the longest proof (44 characters and a newline a hash), the old size."""

CLOCK_BACK_S = 60
"""How far the clock may be behind the time of the last cosignature before the witness refuses to say a time."""

TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"

_OLD = re.compile(r"old ([0-9]+)")


class Answer(msgspec.Struct, frozen=True):
    """What is answered to a request: an HTTP status, a body and its type."""

    status: int
    body: str
    kind: str = TEXT


class Request(msgspec.Struct, frozen=True):
    """What a log asks: cosign this checkpoint, which by this proof extends your last one, of the size ``old``."""

    old: int
    proof: list[bytes]
    note: Note
    checkpoint: Checkpoint


def parse_request(body: bytes) -> Request:
    """Read the body of a request: ``old N``, proof lines, an empty line, a checkpoint. Raises ``NoteInvalid``."""
    if len(body) > BODY_BYTES_MOST:
        raise NoteInvalid(f"the body has {len(body):,} bytes, allowed: {BODY_BYTES_MOST:,}")
    head, found, rest = body.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    old = _OLD.fullmatch(lines[0])
    if not found or old is None:
        raise NoteInvalid("the body must be: a line `old` and a size, proof lines, an empty line, a signed checkpoint")
    if len(lines) - 1 > PROOF_MOST:
        raise NoteInvalid(f"found {len(lines) - 1} proof lines, allowed: {PROOF_MOST}")
    note = parse_note(rest)
    return Request(read_number(old[1], "the old size"), [_hash(line) for line in lines[1:]], note, _of(note))


def _of(note: Note) -> Checkpoint:
    return parse_checkpoint(note.text)


def _hash(line: str) -> bytes:
    found = from_base64(line)
    if found is None or len(found) != HASH_BYTES:
        raise NoteInvalid(f"found the proof line {line[:60]!r}, allowed: {HASH_BYTES} bytes in base64")
    return found


class Witness:
    """The witness with the key ``key`` for the logs whose keys are ``trusted``. ``clock`` gives POSIX seconds.

    ``say`` is told what the witness's owner should hear of. Raises ``KeyInvalid`` for keys that are of no use here.
    """

    def __init__(
        self,
        key: SigningKey,
        trusted: Iterable[VerifierKey],
        state: State,
        clock: Callable[[], int],
        say: Callable[[str], None],
    ) -> None:
        self.key = key
        self.trusted = by_origin(trusted)
        self._state = state
        self._clock = clock
        self._say = say
        # Comparing with the last size and storing the new one are one step, or an older checkpoint could come after.
        self._one_at_a_time = Lock()

    def add(self, body: bytes) -> Answer:
        """The call ``add-checkpoint``: a cosignature, or why there is none."""
        try:
            request = parse_request(body)
        except NoteInvalid as error:
            return Answer(400, f"{error}\n")
        keys = self.trusted.get(request.checkpoint.origin)
        if keys is None:
            return Answer(404, "this witness does not know that log\n")
        try:
            signers = check_note(request.note, keys)
        except NoteInvalid as error:
            return Answer(403, f"{error}\n")
        if request.old > request.checkpoint.size:
            return Answer(400, f"the old size {request.old} is more than the checkpoint's {request.checkpoint.size}\n")
        with self._one_at_a_time:
            return self._judged(request, signers)

    def _judged(self, request: Request, signers: Sequence[VerifierKey]) -> Answer:
        new, seen = request.checkpoint, self._state.seen.get(request.checkpoint.origin)
        size, root = (seen.checkpoint.size, seen.checkpoint.root) if seen else (0, EMPTY_ROOT)
        if new.size == size and new.root != root:
            self._accuse("conflict", f"it signed two checkpoints of {size} entries with different roots", request, seen)
            return Answer(409, f"{size}\n", SIZE)
        if request.old != size:
            return Answer(409, f"{size}\n", SIZE)
        try:
            check_consistency(size, root, new.size, new.root, request.proof)
        except ProofInvalid as error:
            why = f"it signed {new.size} entries, and it is not proven that they begin with the {size} seen before"
            self._accuse("unproven", why, request, seen)
            return Answer(422, f"{error}\n")
        return self._cosigned(request.note, signers, seen)

    def _cosigned(self, note: Note, signers: Sequence[VerifierKey], seen: Seen | None) -> Answer:
        at_s = self._clock()
        if seen and at_s < seen.at_s - CLOCK_BACK_S:
            self._say(f"the clock is {seen.at_s - at_s} s behind the last cosignature: mend it; nothing was cosigned")
            return Answer(503, "this witness's clock went back; nothing was cosigned\n")
        cosignature = cosign(note.text, self.key, max(at_s, seen.at_s if seen else 0))
        good = [one for one in note.signatures if any(one.of(key) for key in signers)]
        try:
            self._state.save(Note(note.text, (*good, cosignature)))
        except ProofError as error:
            self._say(str(error))
            return Answer(503, "this witness can't store the checkpoint now, so it does not cosign it\n")
        return Answer(200, cosignature.line)

    def _accuse(self, sort: str, why: str, request: Request, seen: Seen | None) -> None:
        """Keep a checkpoint that its log did sign and that does not fit, and say so. Strangers can't bring one here."""
        origin = request.checkpoint.origin
        if seen is None:
            return self._say(f"{origin}: {why}")
        try:
            path = self._state.keep(sort, request.note)
        except ProofError as error:
            return self._say(f"{origin}: {why}; the evidence was not kept: {error}")
        return self._say(f"{origin}: {why}. Both are in {path}") if path else None

    def page(self) -> str:
        """What there is to know of this witness, as plain text."""
        lines = [
            f"{self.key.name}: a witness for transparency logs (https://c2sp.org/tlog-witness).",
            "It cosigns only what extends what it saw before. Its public key:",
            "",
            f"  {self.key.verifier.text}",
            "",
            "The logs that it watches, and the largest checkpoint of each that it cosigned:",
            "",
        ]
        return "\n".join([*lines, *map(self._line, sorted(self.trusted))]) + "\n"

    def _line(self, origin: str) -> str:
        seen = self._state.seen.get(origin)
        if seen is None:
            return f"  {origin}: none yet"
        return (
            f"  {origin}: {seen.checkpoint.size} entries, root {seen.checkpoint.root.hex()}, at {utc(seen.at_s * 1000)}"
        )


def by_origin(trusted: Iterable[VerifierKey]) -> dict[str, list[VerifierKey]]:
    """Logs' keys by the log: a log signs with keys of its own name. Raises ``KeyInvalid`` for others, or for none."""
    found: dict[str, list[VerifierKey]] = {}
    for key in trusted:
        if key.kind != ED25519:
            raise KeyInvalid(
                f"{key.text} is a witness's key; allowed: keys of logs (the file `keys` of a published log)"
            )
        found.setdefault(key.name, []).append(key)
    if not found:
        raise KeyInvalid("no log's key was given: name at least one that is trusted")
    return found
