"""Sessions and operators' accounts, in a SQLite file beside the log (``<log>-access``).

The server and the command line use it at once. Reads have a connection of their own, so that a look-up on the event
loop never waits for a write to be synced; writes belong on another thread (``asyncio.to_thread``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import apsw
import msgspec

from drumroll.access.sessions import Sessions
from drumroll.errors import AccessFailed
from drumroll.side_file import make_private, transaction

FORMAT_VERSION = 1
OPERATORS_LIMIT = 1000
SESSIONS_A_SUBJECT = 100
"""Open sessions of one person; with one more, the oldest ends."""
LABEL_LIMIT = 80
SWEPT_AT_ONCE = 100
BUSY_MS = 5000
NOTE_LIMIT = 500

# All SQL of access.
CREATE = f"""
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS session (
        sid TEXT PRIMARY KEY, subject TEXT NOT NULL, made_s INTEGER NOT NULL, expires_s INTEGER NOT NULL,
        label TEXT NOT NULL, revoked INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS session_subject ON session (subject, made_s);
    CREATE INDEX IF NOT EXISTS session_expires ON session (expires_s);
    CREATE INDEX IF NOT EXISTS session_revoked ON session (expires_s, sid) WHERE revoked;
    CREATE TABLE IF NOT EXISTS operator (
        name TEXT PRIMARY KEY, role TEXT NOT NULL, password_hash TEXT NOT NULL, totp_sealed BLOB NOT NULL,
        oidc_subject TEXT NOT NULL, disabled INTEGER NOT NULL DEFAULT 0, made_s INTEGER NOT NULL,
        last_totp_step INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS deed (
        number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, operator TEXT NOT NULL, what TEXT NOT NULL,
        about TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
    CREATE UNIQUE INDEX IF NOT EXISTS operator_oidc ON operator (oidc_subject) WHERE oidc_subject <> '';
    PRAGMA user_version = {FORMAT_VERSION};
    COMMIT
"""
SETTINGS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"
# An operator's subject ends in the role of then: whose it is, is what stands before the last colon.
OF_SUBJECT = "(subject = ?1 OR (subject >= ?1 || ':' AND subject < ?1 || ';'))"
ADD_SESSION = "INSERT INTO session (sid, subject, made_s, expires_s, label) VALUES (?, ?, ?, ?, ?)"
SWEEP = "DELETE FROM session WHERE sid IN (SELECT sid FROM session WHERE expires_s <= ? ORDER BY expires_s LIMIT ?)"
END_OLDEST = f"""
    UPDATE session SET revoked = 1 WHERE sid IN
    (SELECT sid FROM session WHERE {OF_SUBJECT} AND NOT revoked ORDER BY made_s DESC, sid LIMIT -1 OFFSET ?2)
"""
SESSION_COLUMNS = "sid, subject, made_s, expires_s, label"
SESSIONS_OF = f"""
    SELECT {SESSION_COLUMNS} FROM session WHERE {OF_SUBJECT} AND NOT revoked AND expires_s > ?2
    ORDER BY made_s DESC, sid
"""
STANDS = "SELECT 1 FROM session WHERE sid = ? AND NOT revoked"
REVOKE = "UPDATE session SET revoked = 1 WHERE sid = ? AND NOT revoked RETURNING sid"
REVOKE_ALL = f"UPDATE session SET revoked = 1 WHERE {OF_SUBJECT} AND NOT revoked AND sid <> ?2 RETURNING sid"
REVOKED = "SELECT sid FROM session WHERE revoked AND expires_s > ?"
OPERATOR_COLUMNS = "name, role, password_hash, totp_sealed, oidc_subject, disabled, made_s, last_totp_step"
OPERATORS = f"SELECT {OPERATOR_COLUMNS} FROM operator ORDER BY name"
OPERATOR = f"SELECT {OPERATOR_COLUMNS} FROM operator WHERE name = ?"
OPERATOR_BY_OIDC = f"SELECT {OPERATOR_COLUMNS} FROM operator WHERE oidc_subject = ? AND oidc_subject <> ''"
COUNT = "SELECT count(*) FROM operator"
ADD_DEED = "INSERT INTO deed (at_ms, operator, what, about, reason) VALUES (?, ?, ?, ?, ?)"
DEEDS = "SELECT at_ms, operator, what, about, reason FROM deed ORDER BY number DESC LIMIT ?"
ADD_OPERATOR = """
    INSERT INTO operator (name, role, password_hash, totp_sealed, oidc_subject, made_s) VALUES (?, ?, ?, ?, ?, ?)
"""
SET_ROLE = "UPDATE operator SET role = ? WHERE name = ?"
SET_DISABLED = "UPDATE operator SET disabled = ? WHERE name = ?"
SET_PASSWORD = "UPDATE operator SET password_hash = ?, totp_sealed = ?, last_totp_step = 0 WHERE name = ?"
SET_HASH = "UPDATE operator SET password_hash = ? WHERE name = ? AND password_hash = ?"
TAKE_STEP = "UPDATE operator SET last_totp_step = ?1 WHERE name = ?2 AND last_totp_step < ?1 RETURNING 1"


class OpenSession(msgspec.Struct, frozen=True):
    """A session that stands. ``label`` says where, such as "Chromium on Linux"; times are epoch seconds."""

    sid: str
    subject: str
    made_s: int
    expires_s: int
    label: str


class StoredOperator(msgspec.Struct, frozen=True):
    """An operator's account, as it is kept. An empty ``password_hash``: no password, OpenID Connect alone."""

    name: str
    role: str
    password_hash: str
    totp_sealed: bytes
    oidc_subject: str
    disabled: bool
    made_s: int
    last_totp_step: int = 0


class NotedDeed(msgspec.Struct, frozen=True):
    """Something that an operator did beside the order log: to accounts, webhooks or what is known of a person."""

    at_ms: int
    operator: str
    what: str
    about: str
    reason: str


class AccessStore:
    """The file at ``path``, made if it is not there, for its owner alone; ``None``: in memory, for a trial.

    Every method may be called from any thread, and raises ``AccessFailed``.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._name = str(path or "sessions in memory")
        if path is not None:
            make_private(path, AccessFailed)
        with self._errors():
            self._writer, self._writes = _connection(path), Lock()
            version = self._writer.pragma("user_version")
            if version not in {0, FORMAT_VERSION}:
                raise AccessFailed(f"{path} has format version {version}; this drumroll reads {FORMAT_VERSION}")
            if version == 0:
                self._writer.execute(CREATE).fetchall()
            one = path is None
            self._reader, self._reads = (self._writer, self._writes) if one else (_connection(path), Lock())

    def close(self) -> None:
        """Closing twice is no error."""
        with self._reads:
            self._reader.close(True)
        with self._writes:
            self._writer.close(True)

    def changed(self) -> tuple[int, int]:
        """Something that is another one after anybody wrote the file."""
        with self._reads, self._errors():
            return int(self._reader.pragma("data_version")), self._reader.total_changes()

    def add_session(self, sid: str, subject: str, made_s: int, expires_s: int, label: str = "") -> None:
        """A new session. Some that expired are forgotten; of more than may be open the oldest end."""
        plain = "".join(sign for sign in label if sign.isprintable())[:LABEL_LIMIT]
        with self._writing() as run:
            run(SWEEP, (made_s, SWEPT_AT_ONCE)).fetchall()
            run(ADD_SESSION, (sid, subject, made_s, expires_s, plain)).fetchall()
            run(END_OLDEST, (_whose(subject), SESSIONS_A_SUBJECT)).fetchall()

    def sessions_of(self, subject: str, now_s: float = 0) -> list[OpenSession]:
        """The sessions of a person that stand, the newest first; of an operator, whatever the role was."""
        return [OpenSession(*row) for row in self._rows(SESSIONS_OF, (_whose(subject), int(now_s)))]

    def stands(self, sid: str) -> bool:
        """Whether there is such a session, and it was not ended."""
        return bool(self._rows(STANDS, (sid,)))

    def revoke(self, sid: str) -> bool:
        """End a session before its time; whether it stood."""
        with self._writing() as run:
            return bool(run(REVOKE, (sid,)).fetchall())

    def revoke_all(self, subject: str, but: str = "") -> list[str]:
        """End all sessions of a person, except the one of sid ``but``; the sids of those that stood."""
        with self._writing() as run:
            return [sid for (sid,) in run(REVOKE_ALL, (_whose(subject), but)).fetchall()]

    def revoked_sids(self, now_s: float) -> set[str]:
        """The sids of ended sessions whose tokens would still be valid."""
        return {sid for (sid,) in self._rows(REVOKED, (int(now_s),))}

    def operators(self) -> list[StoredOperator]:
        """All accounts, by name."""
        return [_operator(row) for row in self._rows(OPERATORS)]

    def operator(self, name: str) -> StoredOperator | None:
        """One account."""
        return next((_operator(row) for row in self._rows(OPERATOR, (name,))), None)

    def operator_by_oidc(self, subject: str) -> StoredOperator | None:
        """The account of a subject of the operators' OpenID provider."""
        return next((_operator(row) for row in self._rows(OPERATOR_BY_OIDC, (subject,))), None)

    def add_operator(self, new: StoredOperator) -> None:
        """A new account. Raises ``AccessFailed`` too if there is one of that name or OpenID subject, or too many."""
        with self._writing() as run:
            if run(COUNT).fetchall()[0][0] >= OPERATORS_LIMIT:
                raise AccessFailed(f"there are {OPERATORS_LIMIT} operators, the most there may be")
            row = (new.name, new.role, new.password_hash, new.totp_sealed, new.oidc_subject, new.made_s)
            try:
                run(ADD_OPERATOR, row).fetchall()
            except apsw.ConstraintError as error:
                raise AccessFailed(
                    f"there is an operator {new.name} already, or one with that OpenID subject; see "
                    "`drumroll operator list`"
                ) from error

    def note(self, deed: NotedDeed) -> None:
        """Write down what an operator did that is not in the order log. Nothing takes it out again."""
        row = (deed.at_ms, deed.operator, deed.what, deed.about[:NOTE_LIMIT], deed.reason[:NOTE_LIMIT])
        with self._writing() as run:
            run(ADD_DEED, row).fetchall()

    def noted(self, limit: int) -> list[NotedDeed]:
        """What was noted, the latest first."""
        return [NotedDeed(*row) for row in self._rows(DEEDS, (limit,))]

    def change_role(self, name: str, role: str) -> None:
        """Another role."""
        self._change(SET_ROLE, (role, name))

    def change_disabled(self, name: str, *, disabled: bool) -> None:
        """Let nobody in with it, or let them in again."""
        self._change(SET_DISABLED, (int(disabled), name))

    def change_password(self, name: str, password_hash: str, totp_sealed: bytes) -> None:
        """Another password, with another secret for codes."""
        self._change(SET_PASSWORD, (password_hash, totp_sealed, name))

    def rehash(self, name: str, before: str, after: str) -> None:
        """The same password, hashed anew; not if it was changed meanwhile."""
        self._change(SET_HASH, (after, name, before))

    def take_step(self, name: str, step: int) -> bool:
        """Use up the code of a step; ``False`` if it, or a later one, was used."""
        with self._writing() as run:
            return bool(run(TAKE_STEP, (step, name)).fetchall())

    def _change(self, sql: str, bindings: tuple[Any, ...]) -> None:
        with self._writing() as run:
            run(sql, bindings).fetchall()

    def _rows(self, sql: str, bindings: tuple[Any, ...] = ()) -> list[Any]:
        with self._reads, self._errors():
            return self._reader.execute(sql, bindings).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        """One transaction: all of it, or nothing."""
        with self._writes, self._errors(), transaction(self._writer) as run:
            yield run

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except apsw.Error as error:
            raise AccessFailed(f"{self._name}: {error}") from error


class Revocations:
    """Keeps ``sessions.revoked`` as the store has it, whoever ends a session in it, the command line too."""

    def __init__(self, sessions: Sessions, store: AccessStore) -> None:
        self._sessions, self._store = sessions, store
        self._seen: tuple[int, int] | None = None

    def refresh(self, now_s: float) -> None:
        """Call it once a second; some microseconds while nothing changed. Raises ``AccessFailed``."""
        seen = self._store.changed()
        if seen != self._seen:
            self._sessions.revoked = self._store.revoked_sids(now_s)
            self._seen = seen


def _whose(subject: str) -> str:
    """A subject without the role at its end, if it is an operator's: ``operator:<name>``."""
    return ":".join(subject.split(":")[:2])


def _operator(row: tuple[Any, ...]) -> StoredOperator:
    name, role, password_hash, totp_sealed, oidc_subject, disabled, made_s, last_totp_step = row
    account = (name, role, password_hash, bytes(totp_sealed), oidc_subject, bool(disabled))
    return StoredOperator(*account, made_s, last_totp_step)


def _connection(path: Path | None) -> apsw.Connection:
    connection = apsw.Connection(":memory:" if path is None else str(path))
    connection.set_busy_timeout(BUSY_MS)
    connection.execute(SETTINGS).fetchall()
    return connection
