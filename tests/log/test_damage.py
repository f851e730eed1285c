"""Bits that rot and writes that tear, in a log whose writer was killed: found and named, or said; never skipped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from drumroll.errors import DamagedLog, LogError
from drumroll.log import witness
from drumroll.log.base import Block
from drumroll.log.sqlite import SqliteLog, SqliteReader
from tests.log.blocks import block, blocks

NAME = "night.log"
DATABASE, WAL, NOTE = NAME, f"{NAME}-wal", f"{NAME}-head"

Reading = Callable[[Path], tuple[list[Block], tuple[str, ...]]]


class Killed:
    """What a killed writer left behind, to be copied and harmed. Blocks 1 to ``count`` were acknowledged."""

    def __init__(self, folder: Path, count: int, checkpoint_pages: int, last_events: int | None = None) -> None:
        self.folder = folder / "killed"
        self.copies = folder
        self.count = count
        self.wal_sizes: list[int] = []
        (folder / "writing").mkdir()
        log = SqliteLog(folder / "writing" / NAME)
        assert log._connection is not None
        log._connection.wal_autocheckpoint(checkpoint_pages)
        for each in [*blocks(count - 1), block(count, last_events)]:
            log.append(each)
            self.wal_sizes.append((folder / "writing" / WAL).stat().st_size)
        shutil.copytree(folder / "writing", self.folder)
        log.close()

    def harmed(self, name: str, content: bytes, *, with_note: bool) -> Path:
        """A copy in which one file has other content; with or without the note of the last durable block."""
        copy = self.copies / "harmed"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.folder, copy)
        (copy / name).write_bytes(content)
        if not with_note:
            (copy / NOTE).unlink()
        return copy / NAME

    def content(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


@pytest.fixture(scope="module", params=[(20, 100_000), (60, 12), (41, 30)], ids=["all-in-wal", "wal-reused", "mixed"])
def killed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Killed:
    count, checkpoint_pages = request.param
    return Killed(tmp_path_factory.mktemp("damage"), count, checkpoint_pages)


def opened_and_read(path: Path) -> tuple[list[Block], tuple[str, ...]]:
    log = SqliteLog(path)
    try:
        return list(log.read()), log.notices
    finally:
        log.close()


def read_only(path: Path) -> tuple[list[Block], tuple[str, ...]]:
    reader = SqliteReader(path)
    try:
        return list(reader.read()), reader.notices
    finally:
        reader.close()


@pytest.mark.parametrize("read", [opened_and_read, read_only])
def test_a_killed_writer_lost_nothing(killed: Killed, read: Reading) -> None:
    path = killed.harmed(NOTE, killed.content(NOTE), with_note=True)
    assert read(path) == (blocks(killed.count), ())


def _flips(content: bytes, random: Random) -> Iterator[tuple[int, bytes]]:
    """Single flipped bits: in the first bytes, where headers are, and anywhere."""
    places = [*random.sample(range(min(len(content), 200)), 25), *(random.randrange(len(content)) for _ in range(65))]
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 1 << random.randrange(8)
        yield place, bytes(flipped)


@pytest.mark.slow
@pytest.mark.parametrize("with_note", [True, False])
@pytest.mark.parametrize("name", [DATABASE, WAL])
@pytest.mark.parametrize("read", [opened_and_read, read_only])
def test_a_flipped_bit_is_never_skipped(killed: Killed, name: str, with_note: bool, read: Reading) -> None:
    whole, refused = blocks(killed.count), 0
    for place, content in _flips(killed.content(name), Random(f"{name}{killed.count}")):
        path = killed.harmed(name, content, with_note=with_note)
        found, notices = _outcome(read, path)
        if found == whole:
            continue
        if not found:
            assert NAME in notices[0]
            refused += 1
            continue
        assert not with_note, f"byte {place} of {name}: {len(found)} of {len(whole)} blocks, {notices}"
        assert name == WAL, f"byte {place}"
        assert found == whole[: len(found)], f"byte {place}"
        assert any("torn" in notice for notice in notices), f"byte {place} of {name}"
        assert len(found) >= len(whole) - 2, f"byte {place} of {name}"
    overwritten_by_the_wal = name == DATABASE and len(killed.content(DATABASE)) < 20_000
    assert refused > 12 or overwritten_by_the_wal


def _outcome(read: Reading, path: Path) -> tuple[list[Block], tuple[str, ...]]:
    """What was read, or nothing and the words of the refusal."""
    try:
        return read(path)
    except LogError as error:
        return [], (str(error),)


def _frame_bytes(content: bytes) -> int:
    return 24 + int.from_bytes(content[8:12], "big")


def test_damage_in_the_middle_of_the_wal_is_refused_and_left_as_found(killed: Killed) -> None:
    content = bytearray(killed.content(WAL))
    content[32 + 24 + 100] ^= 8
    path = killed.harmed(WAL, bytes(content), with_note=False)
    database = path.read_bytes()
    with pytest.raises(DamagedLog, match=r"night.log-wal, frame 1 at byte 32 is damaged"):
        SqliteLog(path)
    with pytest.raises(DamagedLog, match=r"frame 1 at byte 32"):
        SqliteReader(path)
    assert (path.read_bytes(), (path.parent / WAL).read_bytes()) == (database, bytes(content))


@pytest.mark.parametrize("place", [0, 3, 4, 9, 12, 16, 20, 24, 31])
def test_a_damaged_wal_header_is_refused(killed: Killed, place: int) -> None:
    content = bytearray(killed.content(WAL))
    content[place] ^= 1
    path = killed.harmed(WAL, bytes(content), with_note=False)
    with pytest.raises(DamagedLog, match="its header at byte 0"):
        SqliteLog(path)


def test_a_torn_last_write_is_dropped_and_said(tmp_path: Path) -> None:
    killed = Killed(tmp_path, 12, 100_000, last_events=300)
    whole, complete = killed.content(WAL), killed.wal_sizes[-2]
    for end in (complete + 1, complete + 24, complete + 100, complete + 30 + 8192, len(whole) - 1):
        path = killed.harmed(WAL, whole[:end], with_note=False)
        found, notices = opened_and_read(path)
        assert found == blocks(11)
        assert notices == (f"dropped a torn last write of {end - complete} bytes after block 11",)
        assert opened_and_read(path) == (found, ())


def test_a_torn_last_write_that_had_been_acknowledged_is_dropped_and_said_with_what_follows(tmp_path: Path) -> None:
    killed = Killed(tmp_path, 12, 100_000, last_events=300)
    path = killed.harmed(WAL, killed.content(WAL)[:-100], with_note=True)
    found, notices = opened_and_read(path)
    assert found == blocks(11)
    assert "dropped a torn last write" in notices[0]
    assert "block 12 had been durable" in notices[0]


def test_more_than_a_torn_last_write_is_damage(tmp_path: Path) -> None:
    killed = Killed(tmp_path, 12, 100_000, last_events=300)
    path = killed.harmed(WAL, killed.content(WAL)[: killed.wal_sizes[-3] + 100], with_note=True)
    with pytest.raises(DamagedLog, match="block 12 was durable"):
        SqliteLog(path)


def test_after_a_torn_write_the_log_goes_on(tmp_path: Path) -> None:
    killed = Killed(tmp_path, 12, 100_000, last_events=300)
    path = killed.harmed(WAL, killed.content(WAL)[:-1], with_note=False)
    log = SqliteLog(path)
    log.append(block(12))
    log.close()
    assert opened_and_read(path) == (blocks(12), ())


def test_an_acknowledged_last_block_that_rotted_is_not_taken_for_a_torn_write(tmp_path: Path) -> None:
    killed = Killed(tmp_path, 12, 100_000, last_events=300)
    content = bytearray(killed.content(WAL))
    content[-9] ^= 1
    path = killed.harmed(WAL, bytes(content), with_note=True)
    with pytest.raises(DamagedLog, match=r"ends at block 11, but block 12 was durable; [0-9]{5} bytes.*delete .*-head"):
        SqliteLog(path)
    assert (path.parent / WAL).read_bytes() == bytes(content)
    (path.parent / NOTE).unlink()
    found, notices = opened_and_read(path)
    assert found == blocks(11)
    assert "torn last write" in notices[0]


@pytest.mark.parametrize("read", [opened_and_read, read_only])
def test_a_wal_that_was_lost_is_missed(tmp_path: Path, read: Reading) -> None:
    killed = Killed(tmp_path, 12, 10)
    path = killed.harmed(NOTE, killed.content(NOTE), with_note=True)
    (path.parent / WAL).unlink()
    with pytest.raises(DamagedLog, match="block 12 was durable"):
        read(path)


def test_an_emptied_database_with_a_wal_is_refused(tmp_path: Path) -> None:
    killed = Killed(tmp_path, 3, 100_000)
    path = killed.harmed(DATABASE, b"", with_note=False)
    with pytest.raises(DamagedLog, match="is empty or missing, but"):
        SqliteLog(path)
    assert (path.parent / WAL).read_bytes() == killed.content(WAL)


def test_a_missing_block_is_named(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / NAME)
    for each in blocks(5):
        log.append(each)
    assert log._connection is not None
    log._connection.execute("DELETE FROM block WHERE position = 3").fetchall()
    with pytest.raises(DamagedLog, match="block 3 is damaged: it is missing: the log goes on with block 4"):
        list(log.read())
    log._connection.execute("DELETE FROM block WHERE position > 3").fetchall()
    with pytest.raises(DamagedLog, match="block 3 is damaged: it is missing: the log went on to block 5"):
        list(log.read())
    log._connection.execute("DELETE FROM block WHERE position = 1").fetchall()
    log.close()
    with pytest.raises(DamagedLog, match="block 1 is damaged: it is missing"):
        SqliteLog(tmp_path / NAME)


def test_a_note_that_can_not_be_read_is_no_witness(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / NAME)
    log.append(block(1))
    log.close()
    assert witness.noted(tmp_path / NAME) == 1
    for content in (b"", b"\xff\xfe", b"00000000000000000009 00000000\n", b"9"):
        (tmp_path / NOTE).write_bytes(content)
        assert opened_and_read(tmp_path / NAME) == (blocks(1), ())
