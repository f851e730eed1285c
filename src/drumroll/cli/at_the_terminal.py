"""What several commands do at the terminal: a bar on long work, and files for their owner alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from drumroll.errors import FileUnfit


@contextmanager
def progress(what: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, if that is a terminal. Give it how much is done, and of how much."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def say(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        yield say


def write_private(path: str, data: bytes) -> None:
    """Write a file for its owner alone. Raises ``FileUnfit``."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.fchmod(descriptor, 0o600)  # a file that was there keeps its mode else
            file.write(data)
    except OSError as error:
        raise FileUnfit(f"{path} can't be written ({error.strerror}); choose another place") from error
