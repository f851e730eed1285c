"""The SQLite log on a disk that fails, shortens, forgets and lies. Every failure names its seed."""

from __future__ import annotations

from random import Random

import pytest

from drumroll.errors import AppendFailed, LogError
from drumroll.log.base import Block
from drumroll.log.sqlite import SqliteLog
from tests.log.blocks import block, blocks
from tests.log.faulty import FaultyDisk


def test_what_was_acknowledged_survives_a_crash() -> None:
    with FaultyDisk(seed=1) as disk:
        log = SqliteLog("night.log", vfs=disk.vfs)
        for each in blocks(30):
            log.append(each)
        disk.crash()
        log.close()
        again = SqliteLog("night.log", vfs=disk.vfs)
        assert (list(again.read()), again.notices) == (blocks(30), ())
        again.close()


def test_every_append_syncs_the_wal_before_it_returns() -> None:
    with FaultyDisk() as disk:
        log = SqliteLog("night.log", vfs=disk.vfs)
        for each in blocks(50):
            before = disk.counts.syncs.get("-wal", 0)
            log.append(each)
            assert disk.counts.syncs["-wal"] > before, f"block {each.position} was not synced"
            assert not disk.stored["night.log-wal"].pending, f"block {each.position} was written after the sync"
        log.close()


def test_a_full_disk_is_said_and_taking_blocks_goes_on_once_there_is_room() -> None:
    with FaultyDisk() as disk:
        log = SqliteLog("night.log", vfs=disk.vfs)
        log.append(block(1))
        disk.faults.full = True
        with pytest.raises(AppendFailed, match=r"block 2 of night\.log: the disk is full"):
            log.append(block(2, events=2000))
        with pytest.raises(AppendFailed, match="call recover"):
            log.append(block(2))
        disk.mend()
        log.recover()
        assert list(log.read()) == blocks(1)
        log.append(block(2))
        assert list(log.read()) == blocks(2)
        log.close()


def test_blocks_together_are_synced_once_before_it_returns() -> None:
    with FaultyDisk() as disk:
        log = SqliteLog("night.log", vfs=disk.vfs)
        log.append(block(1))
        before = disk.counts.syncs["-wal"]
        log.append_all(blocks(60)[1:])
        assert disk.counts.syncs["-wal"] == before + 1
        assert not disk.stored["night.log-wal"].pending
        log.close()


def test_blocks_together_on_a_full_disk_leave_nothing() -> None:
    with FaultyDisk() as disk:
        log = SqliteLog("night.log", vfs=disk.vfs)
        log.append(block(1))
        disk.faults.full = True
        with pytest.raises(AppendFailed, match=r"blocks 2 to 60 of night\.log: the disk is full"):
            log.append_all(blocks(60)[1:])
        disk.mend()
        log.recover()
        assert list(log.read()) == blocks(1)
        log.append_all(blocks(60)[1:])
        assert list(log.read()) == blocks(60)
        log.close()


@pytest.mark.parametrize("cache_pages", [10, 2000])
def test_after_any_crash_blocks_together_are_all_there_or_none(cache_pages: int) -> None:
    for seed in range(120):
        _crash_while_appending_together(seed, cache_pages)


def _crash_while_appending_together(seed: int, cache_pages: int) -> None:
    """With a small cache SQLite writes pages ahead of the commit; the power fails at any write, or at the sync."""
    random = Random(seed)
    with FaultyDisk(seed) as disk:
        log = SqliteLog("night.log", vfs=disk.vfs)
        log.append_all(blocks(5))
        assert log._connection is not None
        log._connection.pragma("cache_size", cache_pages)
        disk.faults.write_error = random.choice((0.0, 0.005, 0.05))
        disk.faults.short_write = random.choice((0.0, 0.005))
        disk.faults.sync_error = random.choice((0.0, 0.5))
        acknowledged = True
        try:
            log.append_all(blocks(80)[5:])
        except AppendFailed:
            acknowledged = False
        disk.crash()
        log.close()
        again = SqliteLog("night.log", vfs=disk.vfs)
        found = list(again.read())
        assert found in ([blocks(80)] if acknowledged else [blocks(5), blocks(80)]), f"seed {seed}"
        again.close()


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 100, 50))
def test_honest_syncs_lose_nothing_over_many_seeds(start: int) -> None:
    for seed in range(start, start + 50):
        _live_through(seed, lie=0.0)


@pytest.mark.slow
def test_lying_syncs_leave_a_beginning_or_a_refusal() -> None:
    for seed in range(1000, 1060):
        _live_through(seed, lie=0.3)


def _live_through(seed: int, lie: float) -> None:
    """Append through faults and crashes; after each crash hold what is there against what was acknowledged."""
    random = Random(seed)
    with FaultyDisk(seed) as disk:
        acknowledged = 0
        for _ in range(3):
            log, found = _started(disk, seed, lie)
            if log is None:
                return
            _hold(seed, found, acknowledged, lie)
            acknowledged = _append_some(log, disk, random, len(found), lie)
            disk.crash()
            log.close()


def _started(disk: FaultyDisk, seed: int, lie: float) -> tuple[SqliteLog | None, list[Block]]:
    """The log and all its blocks; a disk that lies may have left something that is refused."""
    log = None
    try:
        log = SqliteLog("night.log", vfs=disk.vfs)
        return log, list(log.read())
    except LogError as refusal:
        if not lie:
            pytest.fail(f"seed {seed}: {refusal}")
        if log is not None:
            log.close()
        return None, []


def _hold(seed: int, found: list[Block], acknowledged: int, lie: float) -> None:
    assert found == blocks(len(found)), f"seed {seed}"
    assert lie or len(found) >= acknowledged, f"seed {seed}: {acknowledged - len(found)} blocks lost"


def _append_some(log: SqliteLog, disk: FaultyDisk, random: Random, head: int, lie: float) -> int:
    """Append up to 60 blocks under faults; the number of blocks acknowledged or read back after a recovery."""
    assert log._connection is not None
    log._connection.wal_autocheckpoint(random.choice((5, 20, 500)))
    for fault in ("write_error", "short_write", "sync_error"):
        setattr(disk.faults, fault, random.choice((0.0, 0.0, 0.02)))
    disk.faults.sync_lie = lie
    for _ in range(random.randint(0, 60)):
        try:
            log.append(block(head + 1))
            head += 1
        except AppendFailed:
            if (recovered := _recovered(log)) is None:
                return head
            head = recovered
    return head


def _recovered(log: SqliteLog) -> int | None:
    for _ in range(20):
        try:
            log.recover()
            return log.head()
        except LogError:
            continue
    return None
