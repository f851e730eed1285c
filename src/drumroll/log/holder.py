"""Who writes a log: a lock that the kernel takes away with its process, and a file that says whose it is.

The lock is ``flock`` on ``<log>.lock``; what the file says is for people alone. A SIGKILL leaves nothing to clean up.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from drumroll.errors import LogError, LogHeld


class Holder(msgspec.Struct, frozen=True):
    """The process that writes a log. ``since`` is RFC 3339."""

    pid: int
    host: str
    since: str
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since}, command {self.command!r}"


class Hold:
    """The right to write one log, held until ``release`` or the end of the process.

    Raises:
        LogHeld: another process has it; the message says which.
        LogError: the lock file can't be made or opened.
    """

    def __init__(self, log: Path, command: str = "") -> None:
        self.path = log.with_name(log.name + ".lock")
        self._descriptor = _open(self.path)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            held_by = who(log) or "another process (it does not say which)"
            self.release()
            raise LogHeld(f"{log} is held by {held_by}; stop that one first, or use another log") from error
        self._say(_myself(command))

    def release(self) -> None:
        """Let another process write. Releasing twice is no error. The file stays: removing it would let two in."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _say(self, holder: Holder) -> None:
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, msgspec.json.encode(holder) + b"\n", 0)
        except OSError:
            """A full disk: the lock itself holds, only its words are missing."""


def who(log: Path) -> Holder | None:
    """What the lock file says: who holds the log, or who held it last; ``None`` if it says nothing."""
    try:
        return msgspec.json.decode(log.with_name(log.name + ".lock").read_bytes(), type=Holder)
    except (OSError, msgspec.MsgspecError):
        return None


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise LogError(
            f"{path} can't be opened ({error.strerror}); is its folder there, and may it be written?"
        ) from error


def _myself(command: str) -> Holder:
    since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Holder(os.getpid(), socket.gethostname(), since, command or " ".join(sys.orig_argv))
