"""One log and several processes: a second writer, a killed one, a backup while orders flow, a disk that is full."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from drumroll.errors import LogError, LogHeld
from drumroll.log.backup import backup
from drumroll.log.holder import who
from drumroll.log.sqlite import SqliteLog, SqliteReader, open_for_reading
from tests.log.blocks import block, blocks

Start = Callable[[str], subprocess.Popen[str]]

WRITER = """
log = SqliteLog(path)
position = log.head()
print("open", flush=True)
while True:
    position += 1
    log.append(block(position))
    print(position, flush=True)
"""
TOGETHER = """
log = SqliteLog(path)
position = log.head()
log._connection.pragma("cache_size", 20)
print("open", flush=True)
while True:
    log.append_all([block(position + 1 + number, 60) for number in range(300)])
    position += 300
    print(position, flush=True)
"""
HOLDER = """
log = SqliteLog(path)
print("open", flush=True)
sys.stdin.read()
"""
FULL = """
import resource
from drumroll.errors import AppendFailed, LogError
log = SqliteLog(path)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
position = 0
try:
    while position < 10_000:
        log.append(block(position + 1))
        position += 1
except AppendFailed as error:
    print(error)
assert [each.position for each in log.read()] == list(range(1, position + 1))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.recover()
head = log.head()
assert head >= position, (head, position)
log.append(block(head + 1))
print([each for each in log.read()] == [block(p) for p in range(1, head + 2)])
"""
BACKUP_ON_A_FULL_DISK = """
import resource
from drumroll.errors import LogError
from drumroll.log.backup import backup
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
try:
    backup(path, path + ".copy")
except LogError as error:
    print(error)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "night.log"


@pytest.fixture
def start(path: Path) -> Iterator[Start]:
    """Runs a script in a process of its own, with ``path`` and the log at hand."""
    running: list[subprocess.Popen[str]] = []

    def start(script: str) -> subprocess.Popen[str]:
        head = (
            "import sys\nfrom drumroll.log.sqlite import SqliteLog\nfrom tests.log.blocks import block\n"
            f"path = {str(path)!r}\n"
        )
        root = str(Path(__file__).parents[2])
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, "-c", head + script], stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=root
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_second_writer_is_refused_with_who_holds_the_log(path: Path, start: Start) -> None:
    process = start(HOLDER)
    assert _line(process) == "open"
    said = rf"held by process {process.pid} on \S+ since \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ, command '.*python"
    with pytest.raises(LogHeld, match=said):
        SqliteLog(path)
    holder = who(path)
    assert holder is not None
    assert holder.pid == process.pid
    process.kill()
    process.wait()
    SqliteLog(path).close()


def test_a_second_writer_of_the_same_process_is_refused(path: Path) -> None:
    log = SqliteLog(path, holder="drumroll serve")
    with pytest.raises(LogHeld, match=f"process {os.getpid()} .*command 'drumroll serve'"):
        SqliteLog(path)
    log.append(block(1))
    log.close()
    SqliteLog(path).close()


def test_what_a_killed_writer_acknowledged_is_there(path: Path, start: Start) -> None:
    acknowledged = 0
    for _ in range(3):
        process = start(WRITER)
        assert _line(process) == "open"
        for _ in range(40):
            acknowledged = int(_line(process))
        process.send_signal(signal.SIGKILL)
        output, _ = process.communicate()
        acknowledged = max([acknowledged, *(int(line) for line in re.findall(r"(\d+)\n", output))])
        reader = SqliteReader(path)
        found = list(reader.read())
        reader.close()
        assert found == blocks(len(found))
        assert len(found) >= acknowledged
    log = SqliteLog(path)
    assert list(log.read()) == found
    log.close()


def test_a_writer_killed_amid_blocks_together_leaves_all_of_them_or_none(path: Path, start: Start) -> None:
    random = Random(3)
    acknowledged = torn = kills = 0
    while kills < 8 or (not torn and kills < 60):
        kills += 1
        process = start(TOGETHER)
        assert _line(process) == "open"
        acknowledged = int(_line(process))
        time.sleep(random.uniform(0.0, 0.12))
        process.send_signal(signal.SIGKILL)
        output, _ = process.communicate()
        acknowledged = max([acknowledged, *(int(line) for line in re.findall(r"(\d+)\n", output))])
        log = SqliteLog(path)
        head = log.head()
        assert [each.position for each in log.read()] == list(range(1, head + 1))
        torn += bool(log.notices)
        log.close()
        assert head % 300 == 0, "a part of what was appended together"
        assert head >= acknowledged
    assert torn, f"none of {kills} kills fell into a transaction: make them longer"


def test_reading_and_backing_up_while_another_process_appends(path: Path, start: Start, tmp_path: Path) -> None:
    process = start(WRITER)
    for _ in range(100):
        _line(process)
    reader = open_for_reading(path)
    for number in range(3):
        before = reader.head()
        made = backup(path, tmp_path / f"copy-{number}.log")
        assert before <= made.head <= reader.head()
        copy = SqliteReader(tmp_path / f"copy-{number}.log")
        assert list(copy.read()) == blocks(made.head)
        copy.close()
    assert list(reader.read())[:100] == blocks(100)
    assert process.poll() is None, "the writer was disturbed"
    reader.close()
    copied = SqliteLog(tmp_path / "copy-2.log")
    copied.append(block(copied.head() + 1))
    copied.close()


def test_a_backup_overwrites_nothing_and_leaves_nothing_else(path: Path, tmp_path: Path) -> None:
    log = SqliteLog(path)
    log.append(block(1))
    (tmp_path / "there").write_text("mine")
    with pytest.raises(LogError, match="there already"):
        backup(path, tmp_path / "there")
    with pytest.raises(LogError, match="is the folder there"):
        backup(path, tmp_path / "no" / "copy.log")
    with pytest.raises(LogError, match="there is no log at"):
        backup(tmp_path / "nothing.log", tmp_path / "copy.log")
    assert (tmp_path / "there").read_text() == "mine"
    names = {each.name for each in tmp_path.iterdir()}
    assert backup(path, tmp_path / "copy.log").head == 1
    assert {each.name for each in tmp_path.iterdir()} == names | {"copy.log"}
    log.close()


def test_a_damaged_log_is_not_backed_up(path: Path, tmp_path: Path) -> None:
    log = SqliteLog(path)
    for each in blocks(3):
        log.append(each)
    assert log._connection is not None
    log._connection.execute("UPDATE block SET body = zeroblob(100) WHERE position = 2").fetchall()
    with pytest.raises(LogError, match="block 2 is damaged"):
        backup(path, tmp_path / "copy.log")
    assert not (tmp_path / "copy.log").exists()
    log.close()


def test_a_backup_for_which_there_is_no_room_leaves_nothing(path: Path, start: Start, tmp_path: Path) -> None:
    log = SqliteLog(path)
    for each in blocks(150):
        log.append(each)
    log.close()
    names = {each.name for each in tmp_path.iterdir()}
    output, errors = start(BACKUP_ON_A_FULL_DISK).communicate()
    assert re.search("could not be copied to .*: the disk is full", output), output + errors
    assert {each.name.removesuffix("-wal").removesuffix("-shm") for each in tmp_path.iterdir()} == names


def test_a_full_disk_stops_appending_until_there_is_room(start: Start) -> None:
    output, errors = start(FULL).communicate()
    assert errors == ""
    assert re.fullmatch(r"block \d+ of .*night.log: the disk is full\nTrue\n", output), output
