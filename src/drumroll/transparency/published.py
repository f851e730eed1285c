"""A log that somebody published, read by somebody who need not trust them: a directory, or the same behind a URL.

``checkpoint`` (the newest), ``checkpoints`` (every one ever signed), ``keys``, and ``tile/...`` as C2SP tlog-tiles has
them. Nothing that is read here is checked but its size and form: ``proof.recount`` and ``proof.note`` judge it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec

from drumroll.errors import EntryInvalid, KeyInvalid, PublishedInvalid
from drumroll.proof.entry import BYTES_MOST
from drumroll.proof.merkle import HASH_BYTES
from drumroll.proof.note import NOTE_BYTES_MOST, Note, VerifierKey, parse_note, parse_verifier
from drumroll.proof.tiles import WIDTH, Tile, bundles_of, tile_path, unbundle

CHECKPOINT, HISTORY, KEYS = "checkpoint", "checkpoints", "keys"
HISTORY_BYTES_MOST = 512 << 20
"""Some 1.5 million checkpoints: one a second for two weeks."""

KEYS_MOST = 64
BUNDLE_BYTES_MOST = WIDTH * (BYTES_MOST + 2)
AHEAD = 4
"""How many parts each thread is ahead of whoever reads."""

_RECORD = re.compile(rb"(?:[^\n]+\n)+\n(?:\xe2\x80\x94 [^\n]+\n)+\n")

_TORN = re.compile(rb"(?:[^\n]+\n)*[^\n]*|(?:[^\n]+\n)+\n(?:\xe2\x80\x94 [^\n]+\n)*[^\n]*")
"""What a record that was cut anywhere looks like."""

Given = TypeVar("Given")
Got = TypeVar("Got")


class NotThere(PublishedInvalid):
    """A published log has no such file. Get it anew, or ask who published it."""


class Part(msgspec.Struct, frozen=True):
    """A bundle of entries and the hashes that are to be theirs; ``None``: that tile is not there, ``why`` says so.

    ``entries`` may be more or fewer than the bundle is to have: that is for the reader to judge.
    """

    tile: Tile
    entries: list[bytes]
    hashes: bytes | None
    why: str = ""


class Published(ABC):
    """A published log. ``where`` is how it was named; ``threads`` how many parts of it may be fetched at once."""

    where: str
    threads = 1

    @abstractmethod
    def read(self, path: str, most: int = NOTE_BYTES_MOST) -> bytes:
        """A file of it, at most so many bytes. Raises ``PublishedInvalid``; ``NotThere`` if there is no such file."""

    def checkpoint(self) -> bytes:
        """The newest checkpoint, a signed note. Its signatures are NOT checked here."""
        return self.read(CHECKPOINT)

    def keys(self) -> list[VerifierKey]:
        """The keys that are published with it: whoever changed the log may have changed them too."""
        lines = _text(self.read(KEYS), KEYS).splitlines()
        if len(lines) > KEYS_MOST:
            raise PublishedInvalid(f"{self.where} has {len(lines):,} keys; allowed: {KEYS_MOST}")
        try:
            return [parse_verifier(line) for line in lines if line]
        except KeyInvalid as error:
            raise PublishedInvalid(f"the file {KEYS} of {self.where} can't be read: {error}") from error

    def history(self) -> list[Note]:
        """Every checkpoint that was signed, in the order of signing; none if that file is not there.

        A last record that is not whole is left out: it is being written. Raises ``PublishedInvalid``, ``NoteInvalid``.
        """
        try:
            data = self.read(HISTORY, HISTORY_BYTES_MOST)
        except NotThere:
            return []
        return list(_records(data, self.where))

    def tile(self, tile: Tile) -> bytes:
        """A tile of hashes, or a bundle: the part of the full one where a partial one is gone, as tlog-tiles allows."""
        most = WIDTH * HASH_BYTES if tile.level >= 0 else BUNDLE_BYTES_MOST
        try:
            return self.read(tile_path(tile), most)
        except NotThere:
            if tile.width == WIDTH:
                raise
        full = self.read(tile_path(Tile(tile.level, tile.index)), most)
        return full[: tile.width * HASH_BYTES] if tile.level >= 0 else _cut(full, tile.width)

    def tiles(self, tiles: Iterable[Tile]) -> Iterator[bytes]:
        """Many tiles, in that order. Raises ``PublishedInvalid`` at the first that is not there."""
        return self._fetched(tiles, self.tile)

    def entries(self, size: int) -> Iterator[list[bytes]]:
        """The first ``size`` entries, a bundle at a time. Raises ``PublishedInvalid`` if they are not there."""
        for tile, entries in self._fetched(bundles_of(size), lambda tile: (tile, self._bundle(tile))):
            if len(entries) != tile.width:
                found = f"{tile_path(tile)} of {self.where} has {len(entries)} entries"
                raise PublishedInvalid(f"{found}; there must be {tile.width}. Get it anew")
            yield entries

    def parts(self, size: int) -> Iterator[Part]:
        """The first ``size`` entries beside the hashes that are to be theirs, a bundle at a time.

        Raises ``PublishedInvalid`` for a bundle that is missing or torn.
        """
        return self._fetched(bundles_of(size), self._part)

    def instead(self, tile: Tile) -> Tile | None:
        """What lies where a bundle that is not there should lie, if that can be seen: one of another width."""
        return None

    def _part(self, tile: Tile) -> Part:
        try:
            entries = self._bundle(tile)
        except NotThere:
            # Somebody who adds or removes an entry and makes all anew leaves another number of entries at the end.
            if (other := self.instead(tile)) is None:
                raise
            entries = self._bundle(other)
        try:
            return Part(tile, entries, self.tile(Tile(0, tile.index, tile.width)))
        except PublishedInvalid as error:
            return Part(tile, entries, None, str(error))

    def _bundle(self, tile: Tile) -> list[bytes]:
        try:
            return unbundle(self.tile(tile), 2 * WIDTH)
        except EntryInvalid as error:
            raise PublishedInvalid(f"{tile_path(tile)} of {self.where} can't be read: {error}") from error

    def _fetched(self, given: Iterable[Given], get: Callable[[Given], Got]) -> Iterator[Got]:
        """``map``, by several threads and some parts ahead, but in order."""
        if self.threads == 1:
            yield from map(get, given)
            return
        with ThreadPoolExecutor(self.threads, thread_name_prefix="published") as pool:
            waiting: deque[Future[Got]] = deque()
            try:
                for one in given:
                    waiting.append(pool.submit(get, one))
                    if len(waiting) >= self.threads * AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


class Folder(Published):
    """A published log in a directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.where = str(path)

    def read(self, path: str, most: int = NOTE_BYTES_MOST) -> bytes:
        """A file of it."""
        try:
            with (self.path / path).open("rb") as file:
                data = file.read(most + 1)
        except FileNotFoundError as error:
            raise NotThere(f"{self.path / path} is not there. Get the published log anew") from error
        except OSError as error:
            raise PublishedInvalid(f"{self.path / path} can't be read: {error.strerror}") from error
        if len(data) > most:
            raise PublishedInvalid(f"{self.path / path} has more than the {most:,} bytes that are allowed")
        return data

    def instead(self, tile: Tile) -> Tile | None:
        """The widest bundle in its place."""
        others = [Tile(tile.level, tile.index, width) for width in range(1, WIDTH)]
        return next((other for other in reversed(others) if (self.path / tile_path(other)).is_file()), None)


def _records(data: bytes, where: str) -> Iterator[Note]:
    """The notes of a history; each is followed by an empty line."""
    at = 0
    # No further than a note may reach: what goes on without an end is not to be gone through.
    while found := _RECORD.match(data, at, at + NOTE_BYTES_MOST + 1):
        at = found.end()
        yield parse_note(found[0][:-1])
    if len(data) - at > NOTE_BYTES_MOST or not _TORN.fullmatch(data, at):
        raise PublishedInvalid(f"the file {HISTORY} of {where} can't be read from byte {at:,} on. Get it anew")


def _cut(bundle: bytes, width: int) -> bytes:
    """The first entries of a bundle, as they stand in it."""
    at = 0
    for _ in range(width):
        at += 2 + int.from_bytes(bundle[at : at + 2], "big")
    return bundle[:at]


def _text(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PublishedInvalid(f"the file {path} is not UTF-8 from byte {error.start} on. Get it anew") from error
