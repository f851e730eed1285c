"""A copy of a log, taken while orders flow: of one moment, read back, synced, and whole or not there."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import msgspec

from drumroll.errors import LogError
from drumroll.log.disk import sync_folder
from drumroll.log.sqlite import SqliteReader


class Backup(msgspec.Struct, frozen=True):
    """What a backup holds: its last block's position, and its size in bytes."""

    head: int
    size_bytes: int


def backup(path: str | Path, target: str | Path) -> Backup:
    """Copy the log at ``path`` to ``target``, a new file. Every block of the copy was read back when this returns.

    Raises:
        LogError: there is no log, ``target`` is there already, or the disk is full; ``target`` is as it was before.
    """
    source, target = Path(path), Path(target)
    if os.path.lexists(target):
        raise LogError(f"{target} is there already: give the name of a new file, so that no backup is overwritten")
    reader = SqliteReader(source)
    try:
        return _through(_folder_beside(target), reader, target)
    finally:
        reader.close()


def _folder_beside(target: Path) -> Path:
    """A folder on the disk of the target, where the copy is made until it is whole."""
    try:
        return Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise LogError(f"{target.parent} can't be written ({error.strerror}); is the folder there?") from error


def _through(folder: Path, reader: SqliteReader, target: Path) -> Backup:
    try:
        copy = folder / target.name
        reader.snapshot(copy)
        made = Backup(_read_back(copy), copy.stat().st_size)
        _sync(copy)
        _put(copy, target)
        sync_folder(target.parent)
        return made
    except OSError as error:
        raise LogError(f"{target} could not be written ({error.strerror})") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _read_back(copy: Path) -> int:
    reader = SqliteReader(copy)
    try:
        head = 0
        for block in reader.read():
            head = block.position
        return head
    finally:
        reader.close()


def _sync(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put(copy: Path, target: Path) -> None:
    """Give the copy its name, never that of a file that is there."""
    try:
        os.link(copy, target)
    except FileExistsError:
        raise LogError(f"{target} was made by another process meanwhile: give the name of a new file") from None
    except OSError:
        """A disk that knows no links (a memory stick): the name was free a moment ago."""
        copy.rename(target)
