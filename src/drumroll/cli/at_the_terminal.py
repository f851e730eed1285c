"""What several commands do at the terminal: a bar on long work, JSON where it is asked for, and files."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from drumroll.errors import FileUnfit

Command = TypeVar("Command", bound=Callable[..., Any])
_SQLITE = b"SQLite format 3\0"


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


def json_option(text: str) -> Callable[[Command], Command]:
    """The option ``--json FILE`` of a command; without a FILE, or with -, the JSON is printed."""
    return click.option(
        "--json", "json_file", type=click.Path(dir_okay=False), is_flag=False, flag_value="-", help=text
    )


def give_json(values: Callable[[], object], json_file: str | None) -> bool:
    """Write values to the file of ``--json``, or print them (``-``); says whether printing was all that was asked.

    They are only made if anybody asks for them.

    Raises:
        FileUnfit: the file can't be written.
    """
    if not json_file:
        return False
    text = msgspec.json.format(msgspec.json.encode(values()))
    if json_file == "-":
        click.echo(text)
        return True
    write(json_file, text + b"\n")
    return False


def write(path: str, data: bytes) -> None:
    """Write a file. What is asked for after --json may be a log, by mistake: a log is never written over.

    Raises:
        FileUnfit: it can't be written, or is a log.
    """
    try:
        check_no_log(path, "give LOG before --json, or another FILE")
        with open(path, "wb") as file:
            file.write(data)
    except OSError as error:
        raise FileUnfit(f"{path} could not be written ({error.strerror or error})") from error


def check_no_log(path: str, way_out: str = "give another FILE") -> None:
    """Raise ``FileUnfit`` if it is a log, whatever it is called: what is about to be written would be all that is left.

    What is there and can't be read is not written over either.
    """
    try:
        if _is_log(path):
            raise FileUnfit(f"{path} is an order log, never written over: {way_out}")
    except OSError as error:
        raise FileUnfit(f"{path} could not be written ({error.strerror or error})") from error


def _is_log(path: str) -> bool:
    """Whether it is a file of the log's engine; what is no plain file is nobody's log."""
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


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
