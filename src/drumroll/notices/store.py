"""What waits to be sent, in a SQLite file beside the log: how far the log was read, and a row a letter until it went.

It holds ids of orders and refunds, and reasons that stand in the log: nothing personal. A letter's row goes in the same
transaction in which it is counted, so what was under way at a SIGKILL is all that can be sent twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import apsw
import msgspec

from drumroll.errors import PeopleFailed
from drumroll.notices.notice import URGENCY, Kind, Occasion, Taken, Weeks
from drumroll.side_file import make_private, transaction

FORMAT_VERSION = 1
BUSY_MS = 5_000
IN_MEMORY = ":memory:"
KINDS = tuple(Kind)
REPEATED = ", ".join(str(KINDS.index(kind)) for kind in (Kind.MOVED, Kind.OWED))
"""What may come about again while a letter waits: one letter says it all. Of the others there is one an order.

Only these stand in an index by order: on launch night its random keys would cost as much as all else.
"""

# All SQL of the notices.
CREATE = f"""
    BEGIN IMMEDIATE;
    CREATE TABLE place (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER) STRICT;
    CREATE TABLE reason (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE waiting (
        number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, about TEXT NOT NULL, position INTEGER NOT NULL,
        reason INTEGER REFERENCES reason, attempts INTEGER NOT NULL DEFAULT 0, due_ms INTEGER NOT NULL) STRICT;
    CREATE INDEX waiting_due ON waiting (kind, due_ms);
    CREATE UNIQUE INDEX waiting_once ON waiting (about, kind) WHERE kind IN ({REPEATED});
    CREATE TABLE told (order_id TEXT PRIMARY KEY, first INTEGER, last INTEGER) STRICT, WITHOUT ROWID;
    CREATE TABLE tally (name TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO place (one) VALUES (1);
    PRAGMA user_version = {FORMAT_VERSION};
    COMMIT
"""
SETTINGS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY"
NEXT = "SELECT next FROM place"
SET_NEXT = "UPDATE place SET next = ?"
ADD_REASON = "INSERT OR IGNORE INTO reason (text) VALUES (?)"
ADD = """
    INSERT OR IGNORE INTO waiting (position, reason, kind, about, due_ms)
    VALUES (?, (SELECT number FROM reason WHERE text = ?), ?, ?, ?)
"""
AGAIN = f"""
    UPDATE waiting SET position = ?, reason = (SELECT number FROM reason WHERE text = ?)
    WHERE kind = ? AND about = ? AND kind IN ({REPEATED})
"""
DUE = """
    SELECT waiting.number, kind, about, position, coalesce(text, ''), attempts
    FROM waiting LEFT JOIN reason ON reason.number = waiting.reason
    WHERE kind = ? AND due_ms <= ? ORDER BY due_ms, waiting.number LIMIT ?
"""
DROP = "DELETE FROM waiting WHERE number = ? AND position = ?"
LATER = "UPDATE waiting SET attempts = ?, due_ms = ? WHERE number = ?"
COUNT = "SELECT count(*) FROM waiting"
CLEAR = ("DELETE FROM waiting", "DELETE FROM reason", "DELETE FROM told")
NO_REASONS = "DELETE FROM reason WHERE NOT EXISTS (SELECT 1 FROM waiting)"
TOLD = "SELECT first, last FROM told WHERE order_id = ?"
TELL = "INSERT OR REPLACE INTO told (order_id, first, last) VALUES (?, ?, ?)"
FORGET = "DELETE FROM told WHERE order_id = ?"
TALLIES = "SELECT name, count FROM tally"
TALLY = "INSERT INTO tally (name, count) VALUES (?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count"

End = Literal["sent", "given_up", "skipped", "outdated"]
"""How a letter ended: ``skipped``: nobody can be reached; ``outdated``: there was nothing left to be said."""


class Meter(msgspec.Struct):
    """What the notices counted since the file was made, and how many wait; plain numbers, read by ``/metrics``."""

    waiting: int = 0
    sent: int = 0
    given_up: int = 0
    skipped: int = 0
    outdated: int = 0


class Waiting(msgspec.Struct, frozen=True):
    """A letter to be written. ``attempts`` were made and failed; ``position`` is the block of its occasion."""

    number: int
    kind: Kind
    about: str
    position: int
    reason: str
    attempts: int = 0


class Told(msgspec.Struct, frozen=True):
    """What the customer of an order was last told of its delivery; ``None``: that nothing can be promised yet."""

    order_id: str
    weeks: Weeks | None


class Settled(msgspec.Struct, frozen=True):
    """What came of a letter: it ended, or it is tried again at ``due_ms``. ``told`` is what it told of a delivery."""

    waiting: Waiting
    end: End | None = None
    due_ms: int = 0
    told: Told | None = None


class Store:
    """The file at ``path`` (``None``: in memory), made if it is not there, for its owner alone.

    Every method may be called from any thread, takes the time of the disk, and raises ``PeopleFailed``.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = Lock()
        if path is not None:
            make_private(path, PeopleFailed)
        with self._errors():
            self._connection = apsw.Connection(IN_MEMORY if path is None else str(path))
            try:
                self._prepare()
            except BaseException:
                self._connection.close(True)
                raise
            self.meter = Meter(waiting=self._rows(COUNT)[0][0], **dict(self._rows(TALLIES)))

    def close(self) -> None:
        """Closing twice is no error."""
        with self._lock:
            self._connection.close(True)

    def begin(self, position: int) -> int:
        """The next block to be read: where it stopped, or ``position`` if it never began (or was switched off)."""
        with self._writing() as run:
            ((found,),) = self._rows(NEXT)
            if found is None or found > position:
                run(SET_NEXT, (position,))
                return position
            return int(found)

    def rest(self) -> None:
        """Nothing is sent any more: what waits is forgotten, and who begins again begins with what comes then."""
        with self._writing() as run:
            run(SET_NEXT, (None,))
            for each in CLEAR:
                run(each)
            self.meter.waiting = 0

    def take(self, blocks: Sequence[tuple[int, Taken]], next_position: int, now_ms: int) -> None:
        """Keep what some blocks gave (their positions, what to do about them), and that they were read."""
        found = [(position, occasion) for position, block in blocks for occasion in block.occasions]
        shown = [(order_id,) for _, block in blocks for order_id in block.shown]
        reasons = {occasion.reason for _, occasion in found if occasion.reason}
        with self._writing() as run:
            many = self._connection.executemany
            many(FORGET, shown)
            many(ADD_REASON, ((text,) for text in reasons))
            before = self._connection.total_changes()
            many(ADD, (_row(position, occasion, now_ms) for position, occasion in found))
            added = self._connection.total_changes() - before
            if added < len(found):
                many(AGAIN, (_row(position, occasion, now_ms)[:4] for position, occasion in found))
            run(SET_NEXT, (next_position,))
            self.meter.waiting += added

    def due(self, now_ms: int, limit: int, urgency: int) -> list[Waiting]:
        """What is to be sent now and at least that urgent: the most urgent first, then what waits longest."""
        found: list[Waiting] = []
        with self._lock, self._errors():
            for each in range(urgency + 1):
                if len(found) < limit:
                    rows = self._rows(DUE, (each, now_ms, limit - len(found)))
                    found += [Waiting(number, KINDS[kind], *rest) for number, kind, *rest in rows]
        return found

    def told(self, order_ids: Sequence[str]) -> dict[str, Told]:
        """What was told of each order's delivery in a letter, where that is not what its page showed at first."""
        found = {}
        with self._lock, self._errors():
            for order_id in order_ids:
                for first, last in self._rows(TOLD, (order_id,)):
                    found[order_id] = Told(order_id, None if first is None else Weeks(first, last))
        return found

    def settle(self, settled: Sequence[Settled]) -> None:
        """Note what came of some letters: all of it, or nothing."""
        gone, tallies = 0, dict.fromkeys(("sent", "given_up", "skipped", "outdated"), 0)
        with self._writing() as run:
            for one in settled:
                if one.told is not None:
                    weeks = one.told.weeks
                    run(TELL, (one.told.order_id, *((weeks.first, weeks.last) if weeks else (None, None))))
                if one.end is None:
                    run(LATER, (one.waiting.attempts + 1, one.due_ms, one.waiting.number))
                    continue
                tallies[one.end] += 1
                run(DROP, (one.waiting.number, one.waiting.position))
                gone += self._connection.changes()
            for name, count in tallies.items():
                if count:
                    run(TALLY, (name, count))
            self._count(gone, tallies)
            if gone and not self.meter.waiting:
                run(NO_REASONS)

    def _count(self, gone: int, tallies: dict[str, int]) -> None:
        meter = self.meter
        meter.waiting -= gone
        meter.sent += tallies["sent"]
        meter.given_up += tallies["given_up"]
        meter.skipped += tallies["skipped"]
        meter.outdated += tallies["outdated"]

    def _prepare(self) -> None:
        self._connection.set_busy_timeout(BUSY_MS)
        self._connection.execute(SETTINGS).fetchall()
        version = self._connection.pragma("user_version")
        if version not in {0, FORMAT_VERSION}:
            raise PeopleFailed(f"{self.path} has format version {version}; this drumroll reads {FORMAT_VERSION}")
        if version == 0:
            self._connection.execute(CREATE).fetchall()

    def _rows(self, sql: str, bindings: tuple[Any, ...] = ()) -> list[Any]:
        return self._connection.execute(sql, bindings).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        """One transaction: all of it, or nothing."""
        with self._lock, self._errors(), transaction(self._connection) as run:
            yield run

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except apsw.Error as error:
            raise PeopleFailed(f"{self.path or 'the notices in memory'}: {error}") from error


def _row(position: int, occasion: Occasion, now_ms: int) -> tuple[Any, ...]:
    return position, occasion.reason, URGENCY[occasion.kind], occasion.about, now_ms
