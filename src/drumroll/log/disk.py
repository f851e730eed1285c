"""What the disk and SQLite say, in words of ours; and the two things that SQLite does not do for us on a disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import apsw

from drumroll.errors import AppendFailed, DamagedLog, LogError, LogUnreadable


def size_of(path: Path) -> int:
    """The size of a file in bytes; 0 if it is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise LogError(f"{path} can't be looked at ({error.strerror})") from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rewrite(name: str, data: bytes, vfs: str | None) -> None:
    """Write a file's own content over it, and sync: what was only in the system's cache is on the disk then.

    After a sync that failed, Linux calls the pages clean that it could not write, and later syncs pass over them.
    SQLite would then move them from its write-ahead log into the database, trusting that the log has them; if that
    fails half-way and the power goes too, neither file is whole. Nothing grows here, so a full disk is no obstacle.

    Raises:
        LogUnreadable: the disk took it no better this time.
    """
    try:
        if vfs is None:
            _rewrite(name, data)
        else:
            _rewrite_in(vfs, name, data)
    except (OSError, apsw.Error) as error:
        full = isinstance(error, OSError) and error.errno in _FULL
        raise LogUnreadable(f"{name} could not be synced again ({'the disk is full' if full else error})") from error


def _rewrite(name: str, data: bytes) -> None:
    descriptor = os.open(name, os.O_WRONLY)
    try:
        view = memoryview(data)
        while view:
            view = view[os.pwrite(descriptor, view, len(data) - len(view)) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _rewrite_in(vfs: str, name: str, data: bytes) -> None:
    file = apsw.VFSFile(vfs, name, [apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_READWRITE, 0])
    try:
        file.xWrite(data, 0)
        file.xSync(apsw.SQLITE_SYNC_NORMAL)
    finally:
        file.xClose()


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def words_of(error: apsw.Error, connection: apsw.Connection | None) -> str:
    """What went wrong, for people: a disk that is full is called so, also where it is a quota or a limit."""
    system = connection.system_errno if connection is not None else 0
    if isinstance(error, apsw.FullError) or (isinstance(error, apsw.IOError) and system in _FULL):
        return "the disk is full"
    if isinstance(error, apsw.IOError) and system:
        return f"the disk failed ({os.strerror(system)}; {error})"
    return str(error)


def named(error: apsw.Error, path: Path, connection: apsw.Connection, where: str = "") -> LogError:
    """The error of ours for one of SQLite's while a log is opened or read."""
    place = f"{path}, {where}" if where else str(path)
    words = words_of(error, connection)
    if isinstance(error, apsw.NotADBError):
        return DamagedLog(place, "it does not begin like a drumroll log; was another file meant?")
    if isinstance(error, apsw.CorruptError | apsw.SQLError | apsw.FormatError):
        return DamagedLog(place, words)
    if isinstance(error, apsw.FullError) or words == "the disk is full":
        return AppendFailed(f"{place}: {words}")
    return LogUnreadable(f"{place}: {words}")
