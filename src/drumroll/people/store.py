"""The file of names and contacts: SQLite, beside the log and apart from it. All that it says of a person is sealed.

The server and the command line may have it open at once. Every method may be called from any thread, and takes the
time of the disk: call it in a thread where an event loop must not wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hmac import compare_digest
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any

import apsw
import msgspec

from drumroll.errors import PeopleFailed
from drumroll.people.person import NAME_LIMIT, Contact, Person, is_id, is_language, parse_name
from drumroll.people.sealing import Row, Sealer
from drumroll.side_file import make_private, transaction

FORMAT_VERSION = 1
BUSY_MS = 30_000
"""How long another process may hold the file: erasing from a large one rewrites all of it."""
REASON_LIMIT = 500
IN_MEMORY = ":memory:"

# All SQL of the people.
CREATE = f"""
    CREATE TABLE IF NOT EXISTS mark (one INTEGER PRIMARY KEY CHECK (one = 1), of_key BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS person (
        id TEXT PRIMARY KEY, lookup BLOB NOT NULL UNIQUE, sealed BLOB NOT NULL, made_ms INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS erasure (
        id TEXT NOT NULL, at_ms INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;
    PRAGMA user_version = {FORMAT_VERSION};
"""
SETTINGS = """
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY
"""
SET_MARK = "INSERT OR IGNORE INTO mark (one, of_key) VALUES (1, ?)"
MARK = "SELECT of_key FROM mark"
COLUMNS = "id, lookup, sealed, made_ms"
BY_ID = f"SELECT {COLUMNS} FROM person WHERE id = ?"
BY_LOOKUP = f"SELECT {COLUMNS} FROM person WHERE lookup = ?"
ADD = f"INSERT INTO person ({COLUMNS}) VALUES (?, ?, ?, ?)"
CHANGE = "UPDATE person SET sealed = ? WHERE id = ?"
ERASE = "DELETE FROM person WHERE id = ?"
ADD_ERASURE = "INSERT INTO erasure (id, at_ms, reason) VALUES (?, ?, ?)"
ERASURES = "SELECT id, at_ms, reason FROM erasure WHERE id = ? ORDER BY at_ms"
COUNT = "SELECT count(*) FROM person"
REWRITE = "VACUUM"
EMPTY_WAL = "PRAGMA wal_checkpoint(TRUNCATE)"


class Erasure(msgspec.Struct, frozen=True):
    """That somebody was erased, when, and why; it names nobody."""

    id: str
    at_ms: int
    reason: str


class PeopleStore:
    """The file at ``path`` (``None`` or ``:memory:``: in memory), made if it is not there, for its owner alone.

    Raises:
        PeopleFailed: the file can't be made or read, is of another format, or was written under another key.
    """

    def __init__(self, path: Path | None, key: bytes) -> None:
        self.path = None if path is None or str(path) == IN_MEMORY else path
        self._sealer = Sealer(key)
        self._lock = Lock()
        if self.path is not None:
            make_private(self.path, PeopleFailed)
        with self._errors():
            self._connection = apsw.Connection(IN_MEMORY if self.path is None else str(self.path))
            try:
                self._prepare()
            except BaseException:
                self._connection.close(True)
                raise

    def close(self) -> None:
        """Closing twice is no error."""
        with self._lock:
            self._connection.close(True)

    def count(self) -> int:
        """How many people there are."""
        with self._lock, self._errors():
            return int(self._rows(COUNT)[0][0])

    def find(self, contact: Contact) -> Person | None:
        """Whoever is reached by this contact, if anybody."""
        with self._lock, self._errors():
            return self._one(BY_LOOKUP, self._sealer.lookup(contact))

    def read(self, id: str) -> Person | None:  # noqa: A002 - it is the id of a person
        """The person of this id; ``None``: there is none, or they were erased."""
        with self._lock, self._errors():
            return self._one(BY_ID, id)

    def find_or_make(self, contact: Contact, language: str, new_id: str, at_ms: int) -> Person:
        """Whoever is reached by this contact; if nobody is, a new person of ``new_id``. On the disk when it returns.

        However many ask at once, in however many processes, a contact is one person's.

        Raises:
            PeopleFailed: ``new_id`` is somebody else's or no id, ``language`` is no tag; or the disk refuses.
        """
        lookup = self._sealer.lookup(contact)
        with self._lock, self._errors():
            found = self._one(BY_LOOKUP, lookup)
            if found is not None:
                return found
            made = _checked(Person(new_id, contact.value, contact.kind, None, language, at_ms))
            with transaction(self._connection):
                found = self._one(BY_LOOKUP, lookup)
                if found is None:
                    self._add(made)
            return found or made

    def rename(self, id: str, name: str) -> Person:  # noqa: A002
        """Give a person a name. Raises ``PeopleFailed`` if it is none, or there is no such person."""
        plain = parse_name(name)
        if plain is None:
            raise PeopleFailed(f"name: found {len(name)} characters, allowed: 1 to {NAME_LIMIT} that can be printed")
        with self._lock, self._errors(), transaction(self._connection):
            found = self._one(BY_ID, id)
            if found is None:
                raise PeopleFailed(f"there is no person {id}: it was erased, or never was; nothing was changed")
            renamed = msgspec.structs.replace(found, name=plain)
            self._connection.execute(CHANGE, (self._sealer.seal(renamed).sealed, id))
        return renamed

    def erase(self, id: str, reason: str = "", at_ms: int = 0) -> bool:  # noqa: A002
        """Forget a person for good; whether there was one. Their bytes are in no file of the store any more.

        SQLite overwrites what it deletes, but leaves copies of rows that it moved between pages, and the write-ahead
        log has what was: so the file is written anew, and the log emptied. Asking again does that again.

        Raises:
            PeopleFailed: the reason is too long; or another process reads so long that the bytes could not go yet.
        """
        if len(reason) > REASON_LIMIT:
            raise PeopleFailed(f"reason: found {len(reason)} characters, allowed: {REASON_LIMIT}; make it shorter")
        with self._lock, self._errors():
            with transaction(self._connection) as run:
                run(ERASE, (id,))
                gone = self._connection.changes() > 0
                if gone:
                    run(ADD_ERASURE, (id, at_ms, reason))
            self._wipe()
        return gone

    def erasures(self, id: str) -> list[Erasure]:  # noqa: A002
        """When and why a person of this id was erased; empty if none was."""
        with self._lock, self._errors():
            return [Erasure(*row) for row in self._rows(ERASURES, id)]

    def _prepare(self) -> None:
        self._connection.set_busy_timeout(BUSY_MS)
        self._set()
        version = self._connection.pragma("user_version")
        if version not in {0, FORMAT_VERSION}:
            raise PeopleFailed(f"{self.path} has format version {version}; this drumroll reads {FORMAT_VERSION}")
        if version == 0:
            # One transaction: another process sees all of it, or nothing, and then waits for it.
            with transaction(self._connection) as run:
                run(CREATE).fetchall()
                run(SET_MARK, (self._sealer.mark,))
        marks = self._rows(MARK)
        if len(marks) != 1 or not compare_digest(marks[0][0], self._sealer.mark):
            raise PeopleFailed(
                f"{self.path} was written under another key; set DRUMROLL_PEOPLE_KEY to the one that it began with. "
                "Nothing was changed"
            )

    def _set(self) -> None:
        """To turn a new file to write-ahead logging needs it alone, and SQLite does not wait for that: so this does."""
        until_s = monotonic() + BUSY_MS / 1000
        while True:
            try:
                self._connection.execute(SETTINGS).fetchall()
                return
            except apsw.BusyError:
                if monotonic() > until_s:
                    raise
            sleep(0.005)

    def _add(self, person: Person) -> None:
        row = self._sealer.seal(person)
        try:
            self._connection.execute(ADD, (row.id, row.lookup, row.sealed, row.made_ms))
        except apsw.ConstraintError:
            raise PeopleFailed(f"there is a person {person.id} already: give a new person another id") from None

    def _one(self, sql: str, wanted: str | bytes) -> Person | None:
        rows = self._rows(sql, wanted)
        return self._sealer.open(Row(*rows[0])) if rows else None

    def _wipe(self) -> None:
        if self.path is None:
            return
        try:
            self._connection.execute(REWRITE).fetchall()
            ((busy, _, _),) = self._rows(EMPTY_WAL)
            why = "another process reads it all the time" if busy else ""
        except apsw.Error as error:
            why = str(error)
        if why:
            raise PeopleFailed(
                f"the row is gone, but its old bytes may be in {self.path} or its write-ahead log still ({why}); mend "
                "that and erase once more, with the same id"
            )

    def _rows(self, sql: str, *bindings: Any) -> list[Any]:
        return self._connection.execute(sql, bindings).fetchall()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """SQLite's errors in ours; they speak of tables and files, never of what is in a row."""
        words = ""
        try:
            yield
        except apsw.Error as error:
            words = f"{self.path or 'the people in memory'}: {error}"
        if words:
            raise PeopleFailed(words)


def _checked(person: Person) -> Person:
    if not is_id(person.id):
        raise PeopleFailed(f"new_id: found {person.id[:64]!r}, allowed: 1 to 64 of A-Z, a-z, 0-9, _ and -")
    if not is_language(person.language):
        raise PeopleFailed("language: found no tag of BCP 47, allowed: one such as en or zh-Hans")
    return person
