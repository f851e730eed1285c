"""The directory of a published log, for whoever writes it. Any web server or bucket may serve it as it lies there.

Tiles are written before the checkpoint that needs them, each file whole (a temporary one, renamed). Nothing is synced:
all of it can be made again from the order log, and a start checks what it finds.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from drumroll.errors import PublishedInvalid
from drumroll.proof.checkpoint import Checkpoint, parse_checkpoint
from drumroll.proof.note import Note, VerifierKey, check_note, note_bytes
from drumroll.proof.tiles import WIDTH, Tile, tile_path
from drumroll.transparency.published import CHECKPOINT, HISTORY
from drumroll.transparency.sources import open_published


class Directory:
    """Writes a published log. One process at a time may do so."""

    def __init__(self, path: Path) -> None:
        self.path = path
        make_directory(path)

    def write(self, name: str, data: bytes) -> None:
        """A whole file, or none of it. Raises ``PublishedInvalid`` if the disk does not take it."""
        target = self.path / name
        try:
            try:
                whole(target, data)
            except FileNotFoundError:
                target.parent.mkdir(parents=True, exist_ok=True)
                whole(target, data)
        except OSError as error:
            raise PublishedInvalid(f"{target} can't be written: {error.strerror}. What was published stays") from error

    def tiles(self, tiles: Iterable[tuple[Tile, bytes]]) -> None:
        """Tiles or bundles. A full one replaces its partial ones, which nobody needs any more."""
        for tile, data in tiles:
            self.write(tile_path(tile), data)
            if tile.width == WIDTH:
                shutil.rmtree(self.path / f"{tile_path(tile)}.p", ignore_errors=True)

    def sign(self, note: Note) -> None:
        """A new checkpoint: into the history first, so that none is ever shown that is not in it."""
        data = note_bytes(note)
        try:
            append(self.path / HISTORY, data + b"\n")
        except OSError as error:
            raise PublishedInvalid(f"{self.path / HISTORY} can't be written: {error.strerror}") from error
        self.write(CHECKPOINT, data)

    def last_signed(self, keys: Iterable[VerifierKey]) -> tuple[int, Checkpoint | None]:
        """How many checkpoints were signed here, and the largest. A torn end of the history is cut off.

        Raises:
            NoteInvalid: what is there was signed by none of these keys.
        """
        self._cut_unwritten_end()
        notes = open_published(str(self.path)).history()
        self._cut(sum(len(note_bytes(note)) + 1 for note in notes))
        if not notes:
            return 0, None
        last = max(reversed(notes), key=lambda note: parse_checkpoint(note.text).size)
        check_note(last, list(keys))
        self.write(CHECKPOINT, note_bytes(last))  # its writer may have ended between the two
        return len(notes), parse_checkpoint(last.text)

    def _cut_unwritten_end(self) -> None:
        """After a power failure a file may end in zeros: its length was written, and its end was not."""
        with suppress(FileNotFoundError):
            data = (self.path / HISTORY).read_bytes()
            if data.endswith(b"\0"):
                self._cut(len(data.rstrip(b"\0")))

    def _cut(self, whole: int) -> None:
        """What follows the whole records of the history was being written when its writer ended."""
        path = self.path / HISTORY
        with suppress(FileNotFoundError):
            if path.stat().st_size > whole:
                os.truncate(path, whole)


def make_directory(path: Path) -> None:
    """A directory, if it is not there yet. Raises ``PublishedInvalid``."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PublishedInvalid(f"{path} can't be made: {error.strerror}; choose another directory") from error


def whole(target: Path, data: bytes) -> None:
    """Write a file whole: until it is renamed, the one before stays."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    temporary.write_bytes(data)
    temporary.replace(target)


def append(target: Path, data: bytes) -> None:
    """Write at the end of a file. If it ends in the middle, so does the file."""
    with target.open("ab") as file:
        file.write(data)
