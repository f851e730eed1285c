from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from drumroll.errors import Fenced, LogError
from drumroll.log import sqlite, witness
from drumroll.log.base import Log
from drumroll.log.codec import encode
from drumroll.log.sqlite import SqliteLog, SqliteReader, open_for_reading
from tests.log.blocks import block, blocks
from tests.log.contract import LogContract


class TestSqliteLog(LogContract):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Iterator[Callable[[], Log]]:
        logs: list[Log] = []

        def opened() -> Log:
            logs.append(SqliteLog(tmp_path / "night.log"))
            return logs[-1]

        yield opened
        for log in logs:
            log.close()


def test_each_commit_is_synced(tmp_path: Path) -> None:
    """That the sync comes before the answer is counted in ``test_faulty``; here that a real file is set so, too."""
    log = SqliteLog(tmp_path / "night.log")
    assert log._connection is not None
    assert (log._connection.pragma("synchronous"), log._connection.pragma("journal_mode")) == (2, "wal")
    log.close()


def test_a_writer_that_came_past_the_lock_is_fenced(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "night.log")
    log.append(block(1))
    stranger = apsw.Connection(str(tmp_path / "night.log"))
    stranger.execute(sqlite.APPEND, (2, encode(block(2)))).fetchall()
    with pytest.raises(Fenced, match=r"block 2 .* was written by another process"):
        log.append(block(2, events=1))
    stranger.close()
    log.recover()
    assert list(log.read()) == blocks(2)
    log.close()


@pytest.mark.parametrize("opening", [SqliteLog, SqliteReader])
def test_a_log_of_another_version_is_refused(tmp_path: Path, opening: type[SqliteLog | SqliteReader]) -> None:
    path = tmp_path / "night.log"
    log = SqliteLog(path)
    log.append(block(1))
    log.close()
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", 2)
    connection.close()
    with pytest.raises(LogError, match="has format version 2; this drumroll reads version 1"):
        opening(path)
    assert witness.noted(path) == 1


@pytest.mark.parametrize("opening", [SqliteLog, SqliteReader])
@pytest.mark.parametrize("content", [b"hello", b"hello" * 5000])
def test_a_file_that_is_no_log_is_refused(
    tmp_path: Path, opening: type[SqliteLog | SqliteReader], content: bytes
) -> None:
    (tmp_path / "text").write_bytes(content)
    with pytest.raises(LogError, match="was another file meant"):
        opening(tmp_path / "text")
    assert (tmp_path / "text").read_bytes() == content


@pytest.mark.parametrize("opening", [SqliteLog, SqliteReader])
def test_another_database_is_refused_and_left_alone(tmp_path: Path, opening: type[SqliteLog | SqliteReader]) -> None:
    other = apsw.Connection(str(tmp_path / "other.db"))
    other.execute("CREATE TABLE a (b); INSERT INTO a VALUES (1)").fetchall()
    other.close()
    content = (tmp_path / "other.db").read_bytes()
    with pytest.raises(LogError, match="is no drumroll log"):
        opening(tmp_path / "other.db")
    assert (tmp_path / "other.db").read_bytes() == content


def test_reading_makes_no_log(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"there is no log at .*; give the path"):
        open_for_reading(tmp_path / "night.log")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="is its folder there"):
        SqliteLog(tmp_path / "no" / "night.log")


def test_a_start_that_was_killed_while_it_made_the_file_is_begun_again(tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / "night.log"))
    connection.execute("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL").fetchall()
    connection.close()
    log = SqliteLog(tmp_path / "night.log")
    log.append(block(1))
    log.close()


def test_closing_leaves_one_file_that_holds_all(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "night.log")
    for each in blocks(10):
        log.append(each)
    log.close()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["night.log", "night.log-head", "night.log.lock"]


def test_reading_holds_few_blocks_at_a_time(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "night.log")
    for position in range(1, 301):
        log.append(block(position, events=200))
    tracemalloc.start()
    size = sum(len(encode(each)) for each in log.read())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    log.close()
    assert peak < size / 2
