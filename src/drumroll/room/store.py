"""What the waiting room knows, in a SQLite file beside the log: the seed, who came in which order, how far it admitted,
and when the sale stood still.

The entrants' public names are here, never a customer. A call returns once what it wrote is synced.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw
import msgspec

from drumroll.errors import RoomFailed
from drumroll.room.draw import SEED_BYTES
from drumroll.side_file import make_private, transaction

FORMAT_VERSION = 2
BUSY_MS = 5000

# All SQL of the waiting room. A file of version n needs the steps from the n-th on; it is the same then as a new one.
STEPS = (
    """
    CREATE TABLE room (
        one INTEGER PRIMARY KEY CHECK (one = 1), launch TEXT NOT NULL, seed BLOB NOT NULL CHECK (length(seed) = 32),
        drawn_at_ms INTEGER, drawn INTEGER, over_at_ms INTEGER) STRICT;
    CREATE TABLE entrant (
        number INTEGER PRIMARY KEY, entry BLOB NOT NULL CHECK (length(entry) = 16)) STRICT;
    CREATE TABLE admission (upto INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT;
    PRAGMA user_version = 1
    """,
    """
    ALTER TABLE room ADD COLUMN admits_from_ms INTEGER;
    CREATE TABLE pause (number INTEGER PRIMARY KEY, began_ms INTEGER NOT NULL, ended_ms INTEGER) STRICT;
    PRAGMA user_version = 2
    """,
)
SETTINGS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216"
VERSION = "PRAGMA user_version"
MAKE = "INSERT INTO room (one, launch, seed) VALUES (1, ?, ?) ON CONFLICT DO NOTHING"
ROOM = "SELECT launch, seed, drawn_at_ms, drawn, over_at_ms, admits_from_ms FROM room"
EXTENT = """
    SELECT drawn_at_ms, over_at_ms, (SELECT coalesce(max(number) + 1, 0) FROM entrant),
        (SELECT coalesce(max(upto), 0) FROM admission), (SELECT count(*) FROM pause),
        (SELECT count(ended_ms) FROM pause)
    FROM room
"""
ENTRANTS = "SELECT entry FROM entrant ORDER BY number"
ADMISSIONS = "SELECT upto, at_ms FROM admission ORDER BY upto"
ADD = "INSERT INTO entrant (number, entry) VALUES (?, ?)"
CLOSE_LIST = "UPDATE room SET drawn_at_ms = ?, drawn = ?, admits_from_ms = ? WHERE drawn_at_ms IS NULL"
PAUSES = "SELECT began_ms, ended_ms FROM pause ORDER BY number"
PAUSE = "INSERT INTO pause (began_ms) VALUES (?)"
RESUME = "UPDATE pause SET ended_ms = ? WHERE ended_ms IS NULL"
ADMIT = "INSERT INTO admission (upto, at_ms) VALUES (?, ?)"
END = "UPDATE room SET over_at_ms = ? WHERE over_at_ms IS NULL"


class Kept(msgspec.Struct, frozen=True):
    """What is kept once. ``drawn``: how many were there at ``drawn_at_ms``, when the list was closed.

    ``admits_from_ms`` is not there in a room that was drawn by an older version.
    """

    launch: str
    seed: bytes
    drawn_at_ms: int | None
    drawn: int | None
    over_at_ms: int | None
    admits_from_ms: int | None


class Extent(msgspec.Struct, frozen=True):
    """How much was written. Nothing is ever taken back, so who knows as much knows all of it."""

    drawn_at_ms: int | None
    over_at_ms: int | None
    entrants: int
    admitted: int
    pauses: int
    pauses_ended: int


class Store:
    """The room's file, made if it is not there. ``fresh_seed``: 32 random bytes, taken only if it has no seed yet.

    Raises:
        RoomFailed: the file can't be opened, is of another version, or is another launch's.
    """

    def __init__(self, path: Path, launch_id: str, fresh_seed: bytes) -> None:
        if len(fresh_seed) != SEED_BYTES:
            raise RoomFailed(f"the seed of a draw: found {len(fresh_seed)} bytes, allowed: {SEED_BYTES}")
        self.path = path
        self.launch_id = launch_id
        make_private(path, RoomFailed)
        self._connection = self._opened()
        with self._writing() as run:
            run(MAKE, (launch_id, fresh_seed))
        found = self.kept()
        if found.launch != launch_id:
            self.close()
            raise RoomFailed(f"{path} is the waiting room of {found.launch}, not of {launch_id}; use another log")

    @property
    def published_path(self) -> Path:
        """Where the draw is published, beside it."""
        return Path(f"{self.path}-draw.json")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def reopen(self) -> None:
        """After a failure: what is read from here on is what the file holds."""
        with suppress(apsw.Error):
            self._connection.close(True)
        self._connection = self._opened()

    def kept(self) -> Kept:
        """What is kept once."""
        with self._errors():
            row: Any = self._connection.execute(ROOM).fetchall()[0]
        return Kept(*row)

    def extent(self) -> Extent:
        """How much is written."""
        with self._errors():
            row: Any = self._connection.execute(EXTENT).fetchall()[0]
        return Extent(*row)

    def entrants(self) -> Iterator[bytes]:
        """The entrants in order of arrival. Who came back after a ticket ran out is there again."""
        with self._errors():
            for (entry,) in self._connection.execute(ENTRANTS):
                yield entry

    def admissions(self) -> list[tuple[int, int]]:
        """Up to which place was admitted, and when."""
        with self._errors():
            return list(self._connection.execute(ADMISSIONS))

    def pauses(self) -> list[tuple[int, int | None]]:
        """When the sale stood still: from when, until when; the last one may last."""
        with self._errors():
            return list(self._connection.execute(PAUSES))

    def add(self, first: int, entries: Sequence[bytes]) -> None:
        """Entrants, numbered from ``first`` on. A second writer's numbers are taken: ``RoomFailed``."""
        with self._writing():
            self._connection.executemany(ADD, enumerate(entries, first))

    def close_list(self, drawn: int, at_ms: int, admits_from_ms: int) -> None:
        """The draw is among the first ``drawn``; who comes now is behind them."""
        with self._writing() as run:
            run(CLOSE_LIST, (at_ms, drawn, admits_from_ms))

    def pause(self, at_ms: int) -> None:
        """The sale stands still from then on."""
        with self._writing() as run:
            run(PAUSE, (at_ms,))

    def resume(self, at_ms: int) -> None:
        """The sale goes on."""
        with self._writing() as run:
            run(RESUME, (at_ms,))

    def admit(self, upto: int, at_ms: int) -> None:
        """All places up to ``upto`` are admitted."""
        with self._writing() as run:
            run(ADMIT, (upto, at_ms))

    def end(self, at_ms: int) -> None:
        """The room is over."""
        with self._writing() as run:
            run(END, (at_ms,))

    def publish(self, chunks: Iterator[bytes]) -> None:
        """Write the published draw, whole or not at all. It may run in a thread: it touches no connection."""
        temporary = self.published_path.with_suffix(".new")
        try:
            with temporary.open("wb") as file:
                file.writelines(chunks)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.published_path)
        except OSError as error:
            raise RoomFailed(f"{self.published_path} can't be written ({error.strerror}); mend the disk") from error

    def _opened(self) -> apsw.Connection:
        with self._errors():
            connection = apsw.Connection(str(self.path))
            connection.set_busy_timeout(BUSY_MS)
            connection.execute(SETTINGS)
            self._bring_up_to_date(connection)
            return connection

    def _bring_up_to_date(self, connection: apsw.Connection) -> None:
        """Make what is not there yet: all of it, or what a newer version has added."""
        ((version,),) = connection.execute(VERSION)
        if not 0 <= version <= FORMAT_VERSION:
            connection.close()
            raise RoomFailed(f"{self.path} has version {version}, allowed: {FORMAT_VERSION}; use a newer drumroll")
        if version == FORMAT_VERSION:
            return
        connection.execute("BEGIN IMMEDIATE")
        ((version,),) = connection.execute(VERSION)  # another process may have been first
        for step in STEPS[version:]:
            connection.execute(step)
        connection.execute("COMMIT")

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        """One transaction: all of it, or nothing."""
        with self._errors(), transaction(self._connection) as run:
            yield run

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except apsw.Error as error:
            raise RoomFailed(f"{self.path}: {error}") from error
