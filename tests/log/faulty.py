"""A faulty disk: an SQLite VFS in memory that keeps what was synced apart from what was only written. Seeded.

Use::

    with FaultyDisk(seed=7) as disk:
        log = SqliteLog("night.log", vfs=disk.vfs)     # the path is only a name; nothing is on a real disk
        log.append(...)
        disk.faults.write_error = 0.01                 # from now on; probabilities of 0 to 1, and `full`
        ...                                            # append -> AppendFailed; log.recover() -> maybe LogError; again
        disk.mend()                                    # no more faults, what was written stays
        disk.crash()                                   # the power fails; whatever holds the files gets I/O errors
        log.close()                                    # let go of the dead files (never raises)
        log = SqliteLog("night.log", vfs=disk.vfs)     # what a start finds

What a crash leaves of each file is what was synced and, of what was written since, either the first writes (as a
process that is killed leaves them) or any sectors of 512 bytes (as a disk that reorders leaves them); a sector is whole
or not there (a short write, too, ends between sectors). Names of files are durable at once.

``sync_error`` fails as Linux does: of what was to be synced a part reaches the disk, the rest stays readable until the
crash, and a later sync does not write it. ``sync_lie`` returns well and leaves everything to the next honest sync.

What a log owes its user on it: with honest syncs (``sync_lie`` 0) every block whose append returned is there after any
crash. With lies, what is read is a beginning of what was appended, or a ``LogError``. The bytes of SQLite's salts are
not seeded; no decision of the disk depends on them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from random import Random
from typing import Any

import apsw

SECTOR = 512
_numbers = itertools.count(1)


@dataclass
class Faults:
    """How likely each fault is, a call. ``full``: nothing may grow (what is there can be overwritten)."""

    write_error: float = 0.0
    short_write: float = 0.0
    read_error: float = 0.0
    sync_error: float = 0.0
    sync_lie: float = 0.0
    full: bool = False


@dataclass
class Counts:
    """What was asked of the disk, for tests that count: syncs by the name's end ("-wal" or "")."""

    writes: int = 0
    faults: int = 0
    syncs: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """A write of ``data`` at ``offset``, or (``data`` is ``None``) a truncation to ``offset`` bytes."""

    offset: int
    data: bytes | None

    def apply(self, image: bytearray) -> None:
        if self.data is None:
            del image[self.offset :]
            return
        if len(image) < self.offset:
            image.extend(bytes(self.offset - len(image)))
        image[self.offset : self.offset + len(self.data)] = self.data

    def sectors(self) -> list[Change]:
        """The same as changes of one sector each."""
        if self.data is None:
            return [self]
        first = -self.offset % SECTOR or SECTOR
        cuts = [0, *range(first, len(self.data), SECTOR), len(self.data)]
        return [Change(self.offset + at, self.data[at:to]) for at, to in itertools.pairwise(cuts)]


class Stored:
    """One file: what a process sees, what is durable, and the changes between."""

    def __init__(self) -> None:
        self.seen = bytearray()
        self.durable = bytearray()
        self.pending: list[Change] = []

    def change(self, change: Change) -> None:
        change.apply(self.seen)
        self.pending.append(change)

    def sync(self) -> None:
        for change in self.pending:
            change.apply(self.durable)
        self.pending.clear()

    def sync_badly(self, random: Random) -> None:
        """A part reaches the disk; the rest is forgotten, though it can still be seen."""
        self._keep_sectors(random)
        self.pending.clear()

    def crash(self, random: Random) -> None:
        if random.random() < 0.4:
            self._keep_first(random)
        else:
            self._keep_sectors(random)
        self.pending.clear()
        self.seen = bytearray(self.durable)

    def _keep_first(self, random: Random) -> None:
        sectors = [sector for change in self.pending for sector in change.sectors()]
        for sector in sectors[: random.randint(0, len(sectors))]:
            sector.apply(self.durable)

    def _keep_sectors(self, random: Random) -> None:
        likely = random.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        for change in self.pending:
            for sector in change.sectors():
                if random.random() < likely:
                    sector.apply(self.durable)


class FaultyDisk(apsw.VFS):
    """A disk of its own, registered as an SQLite VFS under the name ``vfs`` until it is closed."""

    def __init__(self, seed: int = 0) -> None:
        self.vfs = f"faulty-{next(_numbers)}"
        self.random = Random(seed)
        self.faults = Faults()
        self.counts = Counts()
        self.stored: dict[str, Stored] = {}
        self.crashes = 0
        super().__init__(self.vfs, "")

    def __enter__(self) -> FaultyDisk:
        return self

    def __exit__(self, *_: object) -> None:
        self.unregister()

    def mend(self) -> None:
        """No more faults."""
        self.faults = Faults()

    def crash(self) -> None:
        """The power fails. Open files are dead from now on; the disk is mended."""
        self.crashes += 1
        self.mend()
        for name in sorted(self.stored):
            self.stored[name].crash(self.random)

    def happens(self, likely: float) -> bool:
        """Whether a fault happens now. Draws nothing where there is none, so that faults can be switched on late."""
        happens = likely > 0 and self.random.random() < likely
        self.counts.faults += happens
        return happens

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> Any:
        """Open or make a file."""
        key = "" if name is None else str(name if isinstance(name, str) else name.filename())
        if key not in self.stored and not flags[0] & apsw.SQLITE_OPEN_CREATE:
            raise apsw.CantOpenError(f"there is no {key}")
        flags[1] = flags[0]
        return _Open(self, self.stored.setdefault(key, Stored()), key)

    def xAccess(self, pathname: str, flags: int) -> bool:
        """Whether a file is there."""
        return pathname in self.stored

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """Remove a file, durably."""
        self.stored.pop(filename, None)

    def xFullPathname(self, name: str) -> str:
        """Names are their own."""
        return name


class _Open:
    """An open file; dead after a crash."""

    def __init__(self, disk: FaultyDisk, stored: Stored, name: str) -> None:
        self.disk = disk
        self.stored = stored
        self.kind = "-wal" if name.endswith("-wal") else ""
        self.opened_at = disk.crashes

    def xRead(self, amount: int, offset: int) -> bytes:
        self._alive()
        if self.disk.happens(self.disk.faults.read_error):
            raise _io_error(apsw.SQLITE_IOERR_READ)
        return bytes(self.stored.seen[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        self._alive()
        self.disk.counts.writes += 1
        faults = self.disk.faults
        if faults.full and offset + len(data) > len(self.stored.seen):
            self.disk.counts.faults += 1
            raise apsw.FullError("the disk is full")
        if self.disk.happens(faults.write_error):
            raise _io_error(apsw.SQLITE_IOERR_WRITE)
        if self.disk.happens(faults.short_write):
            written = Change(offset, bytes(data)).sectors()
            for sector in written[: self.disk.random.randrange(len(written))]:
                self.stored.change(sector)
            raise _io_error(apsw.SQLITE_IOERR_WRITE)
        self.stored.change(Change(offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        self._alive()
        self.stored.change(Change(newsize, None))

    def xSync(self, flags: int) -> None:
        self._alive()
        self.disk.counts.syncs[self.kind] = self.disk.counts.syncs.get(self.kind, 0) + 1
        if self.disk.happens(self.disk.faults.sync_error):
            self.stored.sync_badly(self.disk.random)
            raise _io_error(apsw.SQLITE_IOERR_FSYNC)
        if not self.disk.happens(self.disk.faults.sync_lie):
            self.stored.sync()

    def xFileSize(self) -> int:
        self._alive()
        return len(self.stored.seen)

    def xSectorSize(self) -> int:
        return SECTOR

    def xDeviceCharacteristics(self) -> int:
        """As SQLite takes any disk to be: a power failure spoils no byte beside those being written."""
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE

    def xFileControl(self, op: int, ptr: int) -> bool:
        return False

    def xLock(self, level: int) -> None: ...

    def xUnlock(self, level: int) -> None: ...

    def xCheckReservedLock(self) -> bool:
        return False

    def xClose(self) -> None: ...

    def _alive(self) -> None:
        if self.opened_at != self.disk.crashes:
            raise _io_error(apsw.SQLITE_IOERR)


def _io_error(code: int) -> apsw.IOError:
    error = apsw.IOError("the disk failed")
    error.extendedresult = code  # type: ignore[attr-defined]
    return error
