"""What a witness remembers: of each log the last checkpoint that it cosigned. It never goes back, and has one holder.

The file is JSON with the cosigned notes, written anew for each (beside it, synced, renamed) before the cosignature is
given out. A SIGKILL or a power failure leaves the old file or the new one. Reading checks the witness's own
cosignature on each note, so a damaged file is found. A file that was there once and is gone is no fresh start either:
``<state>.lock`` remembers that it was.
"""

from __future__ import annotations

import fcntl
import os
from hashlib import sha256
from pathlib import Path

import msgspec

from drumroll.errors import KeyInvalid, NoteInvalid, ProofError
from drumroll.proof.checkpoint import Checkpoint, parse_checkpoint
from drumroll.proof.cosignature import cosigned_at
from drumroll.proof.note import Note, VerifierKey, note_bytes, parse_note

FORMAT = "drumroll witness/v1"
CONFLICTS_MOST = 256
"""Files of evidence of a sort that are kept: one is enough for the world, and a disk is not to be filled."""

BYTES_MOST = 64 * 1024 * 1024
_BEGUN = b"begun\n"


class Seen(msgspec.Struct, frozen=True):
    """The last checkpoint of a log that was cosigned, its note, and when that was (POSIX seconds)."""

    checkpoint: Checkpoint
    note: Note
    at_s: int


class _File(msgspec.Struct):
    format: str
    notes: list[str]


class State:
    """The memory of the witness with this key, in the file ``path``; made if it never was.

    Raises:
        KeyInvalid: another process has it.
        NoteInvalid: it is damaged, gone, or another witness's.
        ProofError: the disk does not give or take it.
    """

    def __init__(self, path: Path, key: VerifierKey) -> None:
        self.path = path
        self._key = key
        self._lock = _hold(path)
        try:
            self.seen = self._opened()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let another process have it. Closing twice is no error."""
        descriptor, self._lock = self._lock, -1
        if descriptor >= 0:
            os.close(descriptor)

    def save(self, note: Note) -> None:
        """Remember a cosigned checkpoint; it is durable when this returns. Raises ``ProofError`` if it is not."""
        seen = self._read(note)
        later = {**self.seen, seen.checkpoint.origin: seen}
        self._write(later)
        self.seen = later

    def keep(self, sort: str, note: Note) -> Path | None:
        """Keep a checkpoint that does not fit the one cosigned, with that one: evidence that needs no witness.

        The file has both notes, each followed by an empty line. ``None``: it is there already, or there are too many.
        Raises ``ProofError`` if the disk does not take it.
        """
        before = self.seen[parse_checkpoint(note.text).origin]
        data = b"".join(note_bytes(one) + b"\n" for one in (before.note, note))
        name = sha256(note.text.encode()).hexdigest()[:16]
        folder = self.path.with_name(self.path.name + "-conflicts")
        path = folder / f"{sort}-{before.checkpoint.size}-{name}.txt"
        try:
            folder.mkdir(exist_ok=True)
            if path.exists() or len(list(folder.glob(f"{sort}-*"))) >= CONFLICTS_MOST:
                return None
            _replace(path, data)
        except OSError as error:
            raise ProofError(f"{path} can't be written: {error.strerror}") from error
        return path

    def _opened(self) -> dict[str, Seen]:
        if not self.path.exists():
            if os.pread(self._lock, 16, 0) == _BEGUN:
                raise NoteInvalid(
                    f"{self.path} is gone, and this witness has cosigned before. Put the file back: without it the "
                    f"witness might cosign a log that was rewritten. If you mean to begin as a new witness, make a new "
                    "key too (drumroll key new NAME --witness), with another --state"
                )
            self._write({})
        found = self._load()
        os.pwrite(self._lock, _BEGUN, 0)
        return found

    def _load(self) -> dict[str, Seen]:
        try:
            data = self.path.read_bytes()
            if len(data) > BYTES_MOST:
                raise NoteInvalid(f"{len(data):,} bytes, allowed: {BYTES_MOST:,}")
            file = msgspec.json.decode(data, type=_File)
            if file.format != FORMAT:
                raise NoteInvalid(f"found the format {file.format!r}, allowed: {FORMAT!r}")
            found = [self._read(parse_note(text.encode())) for text in file.notes]
        except OSError as error:
            raise ProofError(f"{self.path} can't be read: {error.strerror}") from error
        except (msgspec.MsgspecError, UnicodeError, NoteInvalid, KeyInvalid) as error:
            raise NoteInvalid(
                f"{self.path} can't be used: {error}. Nothing was changed, and nothing is cosigned; was another "
                "witness's file, or another key, meant? If it is damaged, put back its latest copy"
            ) from error
        return {seen.checkpoint.origin: seen for seen in found}

    def _read(self, note: Note) -> Seen:
        """What a note of ours says. Raises ``NoteInvalid`` if this witness did not cosign it."""
        at_s = cosigned_at(note, self._key)
        if at_s is None:
            raise NoteInvalid(f"a checkpoint in it was not cosigned by {self._key.text}")
        return Seen(parse_checkpoint(note.text), note, at_s)

    def _write(self, seen: dict[str, Seen]) -> None:
        notes = [note_bytes(one.note).decode() for one in seen.values()]
        data = msgspec.json.format(msgspec.json.encode(_File(FORMAT, notes))) + b"\n"
        try:
            _replace(self.path, data)
        except OSError as error:
            raise ProofError(f"{self.path} can't be written: {error.strerror}; nothing was cosigned") from error


def _hold(path: Path) -> int:
    """Be the only one with this state, until the descriptor is closed or the process ends."""
    lock = path.with_name(path.name + ".lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ProofError(
            f"{lock} can't be opened ({error.strerror}); is its folder there, may it be written?"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise KeyInvalid(
            f"another witness is at work with {path}: two of them could cosign two histories. Stop that one first"
        ) from error
    return descriptor


def _replace(path: Path, data: bytes) -> None:
    """A whole file in place of what was there, durable when this returns."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
