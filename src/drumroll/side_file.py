"""What the small SQLite files beside the log (people, access, letters, the waiting room) have in common."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from drumroll.errors import DrumrollError


def make_private(path: Path, failed: type[DrumrollError]) -> None:
    """Make the file before SQLite does, which would let others read it; its companions get the same mode.

    Raises ``failed``: it can't be made.
    """
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise failed(f"{path} can't be made ({error.strerror}); is its folder there?") from error


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[Any]:
    """One transaction, all of it or nothing; inside, what executes a statement. Raises ``apsw.Error``."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection.execute
        connection.execute("COMMIT")
    except BaseException:
        # A COMMIT that fails may have rolled back by itself. Why it failed matters, not whether this does too.
        if connection.in_transaction:
            with suppress(apsw.Error):
                connection.execute("ROLLBACK")
        raise
