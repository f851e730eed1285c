"""What the deliverer knows, in a SQLite file beside the log: endpoints, secrets, how far each got, what failed.

A message has a row only from its first failure until it is delivered. What was not tried yet is in the log; here is a
cursor into it. The command line writes this file beside the running deliverer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from drumroll.errors import EndpointInvalid, WebhooksFailed
from drumroll.webhooks.endpoint import OLD_SECRET_S, Endpoint, Secret, State, Stretch, Waiting
from drumroll.webhooks.messages import Cursor

FORMAT_VERSION = 1
ENDPOINTS_LIMIT = 64
BUSY_MS = 5000

# All SQL of the webhooks.
CREATE = f"""
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS endpoint (
        id TEXT PRIMARY KEY, url TEXT NOT NULL, events TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'active',
        why TEXT NOT NULL DEFAULT '', version INTEGER NOT NULL DEFAULT 1, made_at_ms INTEGER NOT NULL,
        last_at_ms INTEGER, last_outcome TEXT NOT NULL DEFAULT '', succeeded_at_ms INTEGER,
        failures INTEGER NOT NULL DEFAULT 0) STRICT;
    CREATE TABLE IF NOT EXISTS secret (
        endpoint TEXT NOT NULL REFERENCES endpoint ON DELETE CASCADE, text TEXT NOT NULL, until_ms INTEGER) STRICT;
    CREATE TABLE IF NOT EXISTS stretch (
        number INTEGER PRIMARY KEY, endpoint TEXT NOT NULL REFERENCES endpoint ON DELETE CASCADE,
        position INTEGER NOT NULL, event INTEGER NOT NULL DEFAULT 0, part INTEGER NOT NULL DEFAULT 0,
        to_position INTEGER) STRICT;
    CREATE TABLE IF NOT EXISTS failed (
        endpoint TEXT NOT NULL REFERENCES endpoint ON DELETE CASCADE, id TEXT NOT NULL, body BLOB NOT NULL,
        attempts INTEGER NOT NULL, first_at_ms INTEGER NOT NULL, due_at_ms INTEGER,
        PRIMARY KEY (endpoint, id)) STRICT;
    CREATE INDEX IF NOT EXISTS failed_due ON failed (endpoint, due_at_ms);
    PRAGMA user_version = {FORMAT_VERSION};
    COMMIT
"""
SETTINGS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = {}; PRAGMA foreign_keys = ON"
ENDPOINT_COLUMNS = (
    "id, url, events, state, why, version, made_at_ms, last_at_ms, last_outcome, succeeded_at_ms, failures"
)
ENDPOINTS = f"SELECT {ENDPOINT_COLUMNS} FROM endpoint ORDER BY made_at_ms, id"
SECRETS = "SELECT text, until_ms FROM secret WHERE endpoint = ? ORDER BY rowid DESC"
ADD = "INSERT INTO endpoint (id, url, events, made_at_ms) VALUES (?, ?, ?, ?)"
ADD_SECRET = "INSERT INTO secret (endpoint, text) VALUES (?, ?)"
END_SECRETS = "UPDATE secret SET until_ms = ? WHERE endpoint = ? AND until_ms IS NULL"
DROP_SECRETS = "DELETE FROM secret WHERE endpoint = ? AND until_ms <= ?"
TOUCH = "UPDATE endpoint SET version = version + 1 WHERE id = ?"
SET_STATE = "UPDATE endpoint SET state = ?, why = ?, failures = 0, version = version + 1 WHERE id = ?"
GIVE_UP = "UPDATE endpoint SET state = ?, why = ? WHERE id = ? AND version = ?"
REMOVE = "DELETE FROM endpoint WHERE id = ?"
STRETCHES = "SELECT number, position, event, part, to_position FROM stretch WHERE endpoint = ? ORDER BY number"
ADD_STRETCH = "INSERT INTO stretch (endpoint, position, to_position) VALUES (?, ?, ?)"
MOVE = "UPDATE stretch SET position = ?, event = ?, part = ? WHERE number = ?"
MOVE_LIVE = "UPDATE stretch SET position = ?, event = 0, part = 0 WHERE endpoint = ? AND to_position IS NULL"
END_STRETCH = "DELETE FROM stretch WHERE number = ?"
FAILED = """
    INSERT INTO failed (endpoint, id, body, attempts, first_at_ms, due_at_ms)
    SELECT id, ?, ?, 1, ?, ? FROM endpoint WHERE id = ?
    ON CONFLICT DO UPDATE SET attempts = 1, first_at_ms = excluded.first_at_ms, due_at_ms = excluded.due_at_ms
    WHERE due_at_ms IS NULL
"""
FAILED_AGAIN = "UPDATE failed SET attempts = ?, due_at_ms = ? WHERE endpoint = ? AND id = ?"
DELIVERED = "DELETE FROM failed WHERE endpoint = ? AND id = ?"
DUE = """
    SELECT id, CAST(body AS BLOB), attempts, first_at_ms FROM failed
    WHERE endpoint = ? AND due_at_ms <= ? ORDER BY due_at_ms LIMIT ?
"""
HURRY = """
    UPDATE failed SET due_at_ms = min(due_at_ms, ?), attempts = max(attempts - 1, 0)
    WHERE endpoint = ? AND due_at_ms IS NOT NULL
"""
AGAIN = "UPDATE failed SET due_at_ms = ?, attempts = 0, first_at_ms = ? WHERE endpoint = ? AND due_at_ms IS NULL"
COUNTS = "SELECT count(due_at_ms), count(*) - count(due_at_ms), min(due_at_ms) FROM failed WHERE endpoint = ?"
SUCCEEDED = "UPDATE endpoint SET last_at_ms = ?, last_outcome = ?, succeeded_at_ms = ?, failures = 0 WHERE id = ?"
DID_NOT = "UPDATE endpoint SET last_at_ms = ?, last_outcome = ?, failures = failures + ? WHERE id = ?"


class Store:
    """The file at ``path``, made if it is not there, readable by its owner only: it holds secrets.

    ``careful`` writes are on the disk when a call returns; the deliverer needs no more than that they are in order,
    since what it loses to a power cut is sent once more. Every method raises ``WebhooksFailed``.
    """

    def __init__(self, path: Path, *, careful: bool = True) -> None:
        self.path = path
        self._make()
        with self._errors():
            self._connection = apsw.Connection(str(path))
            self._connection.set_busy_timeout(BUSY_MS)
            self._connection.execute(SETTINGS.format("FULL" if careful else "NORMAL")).fetchall()
            version = self._connection.pragma("user_version")
            if version not in {0, FORMAT_VERSION}:
                raise WebhooksFailed(f"{path} has format version {version}; this drumroll reads {FORMAT_VERSION}")
            if version == 0:
                self._connection.execute(CREATE).fetchall()

    def close(self) -> None:
        """Closing twice is no error."""
        self._connection.close(True)

    def changed(self) -> int:
        """A number that is another one after another process wrote the file."""
        with self._errors():
            return int(self._connection.pragma("data_version"))

    def endpoints(self) -> list[Endpoint]:
        """All endpoints, the oldest first."""
        with self._errors():
            return [Endpoint(*(*row, self._secrets(row[0]))) for row in self._rows(ENDPOINTS)]

    def endpoint(self, endpoint: str) -> Endpoint:
        """One endpoint. Raises ``EndpointInvalid`` if there is none of that id."""
        for found in self.endpoints():
            if found.id == endpoint:
                return found
        raise EndpointInvalid(f"there is no endpoint {endpoint}; `drumroll webhooks list` shows those there are")

    def add(self, endpoint: str, url: str, events: str, secret: str, position: int, at_ms: int) -> None:
        """A new endpoint, told everything from block ``position`` on. ``EndpointInvalid``: too many."""
        with self._writing() as run:
            if len(self.endpoints()) >= ENDPOINTS_LIMIT:
                raise EndpointInvalid(f"there are {ENDPOINTS_LIMIT} endpoints, the most there may be; remove one")
            run(ADD, (endpoint, url, events, at_ms))
            run(ADD_SECRET, (endpoint, secret))
            run(ADD_STRETCH, (endpoint, position, None))

    def rotate(self, endpoint: str, secret: str, at_ms: int) -> None:
        """A new secret; the one before signs too for ``OLD_SECRET_S``."""
        with self._writing() as run:
            run(DROP_SECRETS, (endpoint, at_ms))
            run(END_SECRETS, (at_ms + OLD_SECRET_S * 1000, endpoint))
            run(ADD_SECRET, (endpoint, secret))
            run(TOUCH, (endpoint,))

    def enable(self, endpoint: str, position: int | None, at_ms: int) -> None:
        """Go on where it stopped, or at block ``position``; what waits is tried at once."""
        with self._writing() as run:
            run(SET_STATE, ("active", "", endpoint))
            run(HURRY, (at_ms, endpoint))
            if position is not None:
                run(MOVE_LIVE, (position, endpoint))

    def disable(self, endpoint: str, why: str) -> None:
        """Send nothing more until it is enabled; it keeps its place."""
        with self._writing() as run:
            run(SET_STATE, ("disabled", why, endpoint))

    def remove(self, endpoint: str) -> None:
        """Forget it, its secrets and what failed."""
        with self._writing() as run:
            run(REMOVE, (endpoint,))

    def replay(self, endpoint: str, position: int, to_position: int) -> None:
        """Send the blocks from ``position`` to ``to_position`` once more, beside what is new."""
        with self._writing() as run:
            run(ADD_STRETCH, (endpoint, position, to_position))

    def replay_failed(self, endpoint: str, at_ms: int) -> int:
        """Try what was given up from the start of the schedule; how many those are."""
        with self._writing() as run:
            run(AGAIN, (at_ms, at_ms, endpoint))
            return self._connection.changes()

    def stretches(self, endpoint: str) -> list[Stretch]:
        """What is still to be sent."""
        with self._errors():
            rows = self._rows(STRETCHES, (endpoint,))
        return [Stretch(number, Cursor(*at), to) for number, *at, to in rows]

    def failed(self, endpoint: str) -> tuple[int, int, int | None]:
        """How many messages wait to be tried again, how many were given up, and when the next is due."""
        with self._errors():
            ((waiting, given_up, due_at_ms),) = self._rows(COUNTS, (endpoint,))
        return waiting, given_up, due_at_ms

    def due(self, endpoint: str, at_ms: int, limit: int) -> list[Waiting]:
        """Messages to be tried again now."""
        with self._errors():
            return [Waiting(*row) for row in self._rows(DUE, (endpoint, at_ms, limit))]

    def passed(
        self, endpoint: str, stretch: Stretch, to: Cursor, failed: Sequence[tuple[str, bytes, int, int]]
    ) -> None:
        """Everything up to ``to`` was delivered, but for ``failed``: id, body, time of the attempt, when it is due."""
        with self._writing() as run:
            for message, body, at_ms, due_at_ms in failed:
                run(FAILED, (message, body, at_ms, due_at_ms, endpoint))
            if stretch.to_position is not None and to.position > stretch.to_position:
                run(END_STRETCH, (stretch.number,))
            else:
                run(MOVE, (to.position, to.event, to.part, stretch.number))

    def failed_again(self, endpoint: str, message: str, attempts: int, due_at_ms: int | None) -> None:
        """A message failed once more; without ``due_at_ms`` it is given up, and kept."""
        with self._writing() as run:
            run(FAILED_AGAIN, (attempts, due_at_ms, endpoint, message))

    def delivered(self, endpoint: str, message: str) -> None:
        """A message that had failed arrived."""
        with self._writing() as run:
            run(DELIVERED, (endpoint, message))

    def hurry(self, endpoint: str, at_ms: int) -> None:
        """The endpoint is back: try all that waits now. That try is free: it uses up no place in the schedule."""
        with self._writing() as run:
            run(HURRY, (at_ms, endpoint))

    def attempted(self, endpoint: str, at_ms: int, outcome: str, failures: int) -> None:
        """Note how the last attempts went: ``failures`` since the last success, 0 if the last one was one."""
        with self._writing() as run:
            if failures:
                run(DID_NOT, (at_ms, outcome, failures, endpoint))
            else:
                run(SUCCEEDED, (at_ms, outcome, at_ms, endpoint))

    def give_up(self, endpoint: Endpoint, state: State, why: str) -> None:
        """Stop sending, unless somebody changed the endpoint meanwhile."""
        with self._writing() as run:
            run(GIVE_UP, (state, why, endpoint.id, endpoint.version))

    def _secrets(self, endpoint: str) -> tuple[Secret, ...]:
        return tuple(Secret(*row) for row in self._rows(SECRETS, (endpoint,)))

    def _rows(self, sql: str, bindings: tuple[Any, ...] = ()) -> list[Any]:
        return self._connection.execute(sql, bindings).fetchall()

    def _make(self) -> None:
        """Make the file before SQLite does, which would let others read it; its companions get the same mode."""
        with suppress(FileExistsError):
            try:
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            except FileExistsError:
                raise
            except OSError as error:
                raise WebhooksFailed(f"{self.path} can't be made ({error.strerror}); is its folder there?") from error

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        """One transaction: all of it, or nothing."""
        with self._errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.execute
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except apsw.Error as error:
            raise WebhooksFailed(f"{self.path}: {error}") from error
