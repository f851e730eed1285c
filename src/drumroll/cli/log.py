"""``drumroll log``: publish the order log so that anybody can check it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import click

from drumroll import bootstrap
from drumroll.cli.at_the_terminal import progress
from drumroll.settings import load
from drumroll.transparency.following import follow, publish_all

NICE = 5
"""How much the publisher gives way. It rests of its own accord; with less it would get nothing on a busy machine."""


@click.group(name="log", short_help="Publish the order log so that anybody can check it.")
def log_() -> None:
    """Publish the order log as a transparency log (C2SP tlog-tiles).

    What is published has no personal data and nothing that can be guessed;
    docs/transparency-log.md has the format. A server does it for itself, and
    serves it under /log/, as soon as there are keys (drumroll key new).

    \b
    Example:
      drumroll key new example.com/yu7
      drumroll log publish public/log
    """


@log_.command()
@click.argument("directory", type=click.Path(file_okay=False))
@click.option("--log", "log_path", help="The order log.  [default: data/orders.drumroll]")
@click.option("--keys", help="The directory of the keys.  [default: data/keys]")
@click.option("--follow", "goes_on", is_flag=True, help="Go on with what comes, until SIGTERM or Ctrl-C.")
@click.option("--witness", "witnesses", nargs=2, multiple=True, metavar="URL VKEY", help="Ask this witness to cosign.")
@click.option("--index", type=click.Path(dir_okay=False), hidden=True)
@click.option("--with-parent", is_flag=True, hidden=True)
def publish(
    directory: str,
    log_path: str | None,
    keys: str | None,
    goes_on: bool,
    witnesses: tuple[tuple[str, str], ...],
    index: str | None,
    with_parent: bool,
) -> None:
    """Write the published log to DIRECTORY, for any web server or bucket.

    It goes on from what is there, and signs nothing that does not extend what
    was signed before.

    \b
    Example:
      drumroll log publish public/log --log data/orders.drumroll
      drumroll log publish public/log --follow
    """
    if with_parent:
        os.nice(NICE)
    settings = load(os.environ, log=log_path, keys=keys)
    where = Path(directory)
    indexed = None if index is None else Path(index)
    with bootstrap.opened_publisher(settings, where, indexed, witnesses, _complain) as publisher:
        with progress("entries published before", quiet=with_parent) as say:
            publisher.start(say)
        if goes_on:
            follow(publisher, _told(with_parent=with_parent))
        else:
            with progress("blocks") as say:
                publish_all(publisher, say)
        if not with_parent:
            click.echo(f"{publisher.signed:,} entries of {publisher.position:,} blocks are published in {where}.")


def _complain(sentence: str) -> None:
    click.echo(sentence, err=True)


def _told(*, with_parent: bool) -> Callable[[], bool]:
    """Whether it is time to end: at a signal, or (a child) when the parent is no more."""
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    if with_parent:
        threading.Thread(target=_wait_for_the_end_of_input, daemon=True).start()
    return ended.is_set


def _wait_for_the_end_of_input() -> None:
    """Nothing is ever written there: it can be read when the parent is no more.

    Not through ``sys.stdin``: Python aborts, with words to frighten, if it ends while a thread holds that one's lock.
    """
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)
