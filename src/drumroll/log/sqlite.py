"""The order log in one SQLite file: the embedded default. One table of blocks; its key does the fencing.

Opening checks everything that is cheap enough to be checked at every start: the write-ahead log before SQLite sees it
(``wal``), the structure of the file, the first and the last block (``witness``). Reading checks each block (``codec``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import apsw

from drumroll.errors import AppendFailed, DamagedLog, Fenced, LogError, LogUnreadable
from drumroll.log import wal, witness
from drumroll.log.base import Block, Log
from drumroll.log.codec import Decode, decode, encode
from drumroll.log.disk import named, rewrite, size_of, sync_folder, words_of
from drumroll.log.holder import Hold

APPLICATION_ID = int.from_bytes(b"DRUM", "big")
FORMAT_VERSION = 1

# All SQL of this engine.
CREATE = "CREATE TABLE block (position INTEGER PRIMARY KEY CHECK (position > 0), body BLOB NOT NULL) STRICT"
APPEND = "INSERT INTO block (position, body) VALUES (?, ?)"
TOGETHER, DONE, UNDONE = "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"
READ = "SELECT position, CAST(body AS BLOB) FROM block WHERE position >= ? ORDER BY position LIMIT ?"
ENDS = "SELECT (SELECT min(position) FROM block), (SELECT max(position) FROM block)"
SCHEMA = "SELECT sql FROM sqlite_schema"
BEGIN = f"""
    BEGIN IMMEDIATE; {CREATE};
    PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT_VERSION};
    COMMIT
"""
MARKS = ("PRAGMA application_id", "PRAGMA user_version")
CHECK = "PRAGMA quick_check(1)"
CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)"
SNAPSHOT = "VACUUM INTO ?"
ALONE = "PRAGMA locking_mode = EXCLUSIVE"

# Measured with blocks of 20 kB, one autocommit insert each, 2 cores: pages of 4, 8, 16, 32 kB take 285, 267, 284, 310
# microseconds an append (three quarters of it the sync); the largest pages waste 60 % of the disk, 8 kB make the check
# at the start a third quicker than 4 kB. A checkpoint each 4 MB stops an append for 5 ms, each 16 MB for 16 ms, and a
# restart reads what was not checkpointed twice: so small and often.
WRITING = """
    PRAGMA page_size = 8192;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 512;
    PRAGMA journal_size_limit = 67108864;
"""

READ_AT_ONCE = 64
"""Blocks fetched by one query: it bounds the memory of a reader, and keeps its transactions short for the writer."""

BUSY_MS = 5000
"""How long to wait for a lock that a reader or a checkpoint holds for a moment, in milliseconds."""


class SqliteLog(Log):
    """The log in the file ``path``, made if it is not there. ``holder``: who writes, for ``LogHeld``.

    With ``vfs``, the name of a registered SQLite VFS (tests inject disk faults there), the log is alone with its file:
    no lock and no note beside it, and no other reader.

    Raises:
        LogHeld: another process writes this log.
        DamagedLog: the file or its write-ahead log is not as it was written; both are left as found.
        LogError: the file is no drumroll log, or of another version, or can't be opened.
    """

    def __init__(self, path: str | Path, holder: str = "", vfs: str | None = None) -> None:
        self.path = Path(path)
        self.vfs = vfs
        self._hold = Hold(self.path, holder) if vfs is None else None
        self._witness: witness.Witness | None = None
        self._connection: apsw.Connection | None = None
        self._cursor: apsw.Cursor | None = None
        self._head = 0
        try:
            self._open(check=True)
            self._witness = witness.Witness(self.path) if vfs is None else None
            self._note()
        except BaseException:
            self._let_go()
            raise

    def append(self, block: Block) -> None:
        """Insert a block and sync it. See ``Log.append``."""
        self._append((block,))

    def append_all(self, blocks: Sequence[Block]) -> None:
        """Insert blocks in one transaction, and sync once. See ``Log.append_all``."""
        if blocks:
            self._append(blocks)

    def _append(self, blocks: Sequence[Block]) -> None:
        if self._cursor is None:
            raise AppendFailed(f"{self.path} is closed, or failed before: call recover first")
        for expected, block in enumerate(blocks, self._head + 1):
            if block.position != expected:
                raise Fenced(f"the next block of {self.path} is {expected}, not {block.position}: nothing was written")
        try:
            if len(blocks) == 1:
                self._cursor.execute(APPEND, (blocks[0].position, encode(blocks[0])))
            else:
                _insert_together(self._cursor, blocks)
        except apsw.ConstraintError as error:
            raise Fenced(f"{_named(blocks)} of {self.path} was written by another process") from error
        except apsw.Error as error:
            self._cursor = None
            raise AppendFailed(f"{_named(blocks)} of {self.path}: {words_of(error, self._connection)}") from error
        self._head = blocks[-1].position
        if self._witness is not None:
            self._witness.note(self._head)

    def read(self, from_position: int = 1) -> Iterator[Block]:
        """The durable blocks from a position on, a few at a time. See ``Log.read``."""
        return _blocks(self._opened(), self.path, from_position, self._head)

    def head(self) -> int:
        """The position of the last durable block; 0 if there is none."""
        self._opened()
        return self._head

    def recover(self) -> None:
        """Open the file anew and move all that it holds into the database, synced: what is read then is durable.

        After a sync that failed, the system may call pages clean that never reached the disk, and a second sync
        of them succeeds without writing: so they are read and written once more before anything builds on them.
        """
        self._disconnect()
        self._open(check=False)
        self._note()

    def close(self) -> None:
        """Move everything into the one file, and let another process write."""
        if self._connection is not None:
            with suppress(apsw.Error):
                self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
        self._let_go()

    def _open(self, *, check: bool) -> None:
        witnessed = witness.noted(self.path) if self.vfs is None and size_of(self.path) else 0
        tail = _inspect(self.path, self.vfs, harden=True)
        connection = self._connection = _connect(self.path, self.vfs, _WRITE)
        try:
            if self.vfs is not None:
                _run(connection, ALONE)
            self._begin_if_new(connection)
            _, last = _verify(connection, self.path, check=check)
            torn = witness.check(self.path, witnessed, last, tail)
            _run(connection, WRITING)
            _make_durable(connection, self.path)
        except apsw.Error as error:
            raise named(error, self.path, connection) from error
        if torn:
            self.notices += (torn,)
        self._head = last
        self._cursor = connection.cursor()

    def _begin_if_new(self, connection: apsw.Connection) -> None:
        if connection.pragma("application_id") or connection.pragma("page_count") > 1 or _schema(connection):
            return
        _run(connection, WRITING)
        _run(connection, BEGIN)
        if self.vfs is None:
            sync_folder(self.path.parent)

    def _opened(self) -> apsw.Connection:
        if self._connection is None:
            raise LogUnreadable(f"{self.path} is closed, or could not be opened again: call recover")
        return self._connection

    def _note(self) -> None:
        if self._witness is not None:
            self._witness.note(self._head)

    def _disconnect(self) -> None:
        self._cursor = None
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(apsw.Error):
                connection.close(True)

    def _let_go(self) -> None:
        self._disconnect()
        if self._witness is not None:
            self._witness.close()
        if self._hold is not None:
            self._hold.release()


class SqliteReader:
    """A log that is only read, also while a server writes it: takes no lock, makes no log, changes nothing.

    Raises:
        DamagedLog: as ``SqliteLog``.
        LogError: there is no log at that path; the message says what to do.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.notices: tuple[str, ...] = ()
        if not size_of(self.path):
            raise LogError(f"there is no log at {self.path}; give the path that `drumroll serve --log` was given")
        witnessed = witness.noted(self.path)
        tail = _inspect_live(self.path)
        self._connection = _connect(self.path, None, apsw.SQLITE_OPEN_READONLY)
        try:
            last = _verify(self._connection, self.path, check=True)[1]
            witness.check(self.path, witnessed, last, tail)
        except apsw.Error as error:
            raise self._closing(named(error, self.path, self._connection)) from error
        except LogError as error:
            raise self._closing(error) from None
        if tail.torn:
            self.notices = (f"a write of {tail.torn} bytes after block {last} is torn, or is being written now",)

    def read(self, from_position: int = 1, decode: Decode = decode) -> Iterator[Block]:
        """The durable blocks from a position on, those included that come while it reads. Raises ``DamagedLog``."""
        return _blocks(self._connection, self.path, from_position, self.head(), decode)

    def head(self) -> int:
        """The position of the last durable block at this moment; 0 if there is none."""
        try:
            return _ends(self._connection)[1]
        except apsw.Error as error:
            raise named(error, self.path, self._connection) from error

    def snapshot(self, target: Path) -> None:
        """Write what is durable at one moment to a new file, not synced yet. Raises ``LogError``."""
        try:
            self._connection.execute(SNAPSHOT, (str(target),)).fetchall()
        except apsw.Error as error:
            words = words_of(error, self._connection)
            raise LogError(f"{self.path} could not be copied to {target.parent}: {words}") from error

    def close(self) -> None:
        """Closing twice is no error."""
        self._connection.close(True)

    def _closing(self, error: LogError) -> LogError:
        self.close()
        return error


def open_for_reading(path: str | Path) -> SqliteReader:
    """A log to be read, also while a server writes it. See ``SqliteReader``."""
    return SqliteReader(path)


_WRITE = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE


def _insert_together(cursor: apsw.Cursor, blocks: Sequence[Block]) -> None:
    """All of them or none: SQLite may write pages ahead of the commit, but none of them counts before it."""
    cursor.execute(TOGETHER)
    try:
        cursor.executemany(APPEND, ((block.position, encode(block)) for block in blocks))
        cursor.execute(DONE)
    except BaseException:
        with suppress(apsw.Error):  # SQLite may have rolled back by itself; whoever recovers opens the file anew
            cursor.execute(UNDONE)
        raise


def _named(blocks: Sequence[Block]) -> str:
    first, last = blocks[0].position, blocks[-1].position
    return f"block {first}" if first == last else f"blocks {first} to {last}"


def _connect(path: Path, vfs: str | None, flags: int) -> apsw.Connection:
    try:
        connection = apsw.Connection(str(path), flags=flags, vfs=vfs)
    except apsw.Error as error:
        raise LogError(f"{path} can't be opened ({error}); is its folder there, and may it be written?") from error
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.set_busy_timeout(BUSY_MS)
    return connection


def _verify(connection: apsw.Connection, path: Path, *, check: bool) -> tuple[int, int]:
    """The first and the last position of a file that is a log of ours and sound in its structure."""
    application, version = (connection.execute(sql).get for sql in MARKS)
    if application != APPLICATION_ID:
        raise LogError(f"{path} is no drumroll log (or its first page is damaged); was another file meant?")
    if version != FORMAT_VERSION:
        raise LogError(f"{path} has format version {version}; this drumroll reads version {FORMAT_VERSION}")
    if _schema(connection) != [CREATE]:
        raise DamagedLog(str(path), "its table is not the one of a log")
    if check and (found := connection.execute(CHECK).get) != "ok":
        raise DamagedLog(str(path), " ".join(str(found).split()))
    first, last = _ends(connection)
    if first > 1:
        raise DamagedLog(f"{path}, block 1", f"it is missing: the log begins with block {first}")
    return first, last


def _run(connection: apsw.Connection, statements: str) -> None:
    """Run statements to the last: left alone, a cursor stops at the first one that gives a row."""
    connection.execute(statements).fetchall()


def _ends(connection: apsw.Connection) -> tuple[int, int]:
    first, last = connection.execute(ENDS).get
    return first or 0, last or 0


def _schema(connection: apsw.Connection) -> list[str]:
    return [sql for (sql,) in connection.execute(SCHEMA)]


def _make_durable(connection: apsw.Connection, path: Path) -> None:
    _ends(
        connection
    )  # A checkpoint right after a change of the journal mode finds the file locked, by itself: read once.
    busy, frames, moved = connection.execute(CHECKPOINT).get
    if busy and frames != moved:
        raise LogUnreadable(f"{path}: another process reads the log and keeps it from being synced; try again")


def _blocks(
    connection: apsw.Connection, path: Path, from_position: int, head: int, decode: Decode = decode
) -> Iterator[Block]:
    """Blocks without a gap, up to ``head`` at least."""
    expected = max(from_position, 1)
    while rows := _rows(connection, path, expected):
        for position, body in rows:
            if position != expected:
                raise DamagedLog(f"{path}, block {expected}", f"it is missing: the log goes on with block {position}")
            yield _block(path, position, body, decode)
            expected += 1
    if expected <= head:
        raise DamagedLog(f"{path}, block {expected}", f"it is missing: the log went on to block {head}")


def _rows(connection: apsw.Connection, path: Path, position: int) -> list[tuple[int, bytes | None]]:
    try:
        return list(connection.execute(READ, (position, READ_AT_ONCE)))
    except apsw.Error as error:
        raise named(error, path, connection, f"block {position} or one soon after it") from error


def _block(path: Path, position: int, body: bytes | None, decode: Decode) -> Block:
    try:
        return decode(body or b"", position)
    except DamagedLog as damage:
        raise DamagedLog(f"{path}, {damage.where}", damage.why) from damage


def _inspect(path: Path, vfs: str | None, *, harden: bool = False) -> wal.Tail:
    """What does not count at the end of the write-ahead log. Raises ``DamagedLog`` before SQLite could skip anything.

    ``harden`` makes sure that the log is on the disk as it reads, before a checkpoint builds on it: see ``rewrite``.
    """
    name = f"{path}-wal"
    data = _wal_in(vfs, name) if vfs is not None else _wal_at(Path(name))
    tail = wal.inspect(data, name)
    if data and vfs is None and not size_of(path):
        raise DamagedLog(str(path), f"it is empty or missing, but {name} has content")
    if data and harden:
        rewrite(name, data, vfs)
    return tail


def _wal_at(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise LogUnreadable(f"{path} can't be read ({error.strerror})") from error


def _wal_in(vfs: str, name: str) -> bytes:
    try:
        file = apsw.VFSFile(vfs, name, [apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_READONLY, 0])
    except apsw.Error:
        return b""
    try:
        return file.xRead(file.xFileSize(), 0)
    except apsw.Error as error:
        raise LogUnreadable(f"{name} can't be read ({error})") from error
    finally:
        file.xClose()


def _inspect_live(path: Path) -> wal.Tail:
    """As ``_inspect``, where a server may be writing: what it writes meanwhile looks like damage once, not twice."""
    for _ in range(3):
        with suppress(DamagedLog):
            return _inspect(path, None)
    return _inspect(path, None)
