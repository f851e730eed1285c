"""``drumroll backup``: a consistent copy of the log while orders flow."""

from __future__ import annotations

import os

import click

from drumroll import bootstrap
from drumroll.settings import load


@click.command(short_help="Copy the log while orders flow.")
@click.argument("file")
@click.option("--log", "log_path", help="The order log.  [default: data/orders.drumroll]")
def backup(file: str, log_path: str | None) -> None:
    """Copy the order log to FILE, as it stands at this moment; orders go on meanwhile.

    \b
    Example:
      drumroll backup night.drumroll --log data/orders.drumroll
      drumroll audit night.drumroll
    """
    source = load(os.environ, log=log_path).log
    made = bootstrap.back_up(source, file)
    click.echo(f"{file}: {made.head:,} blocks, {made.size_bytes:,} bytes, read back whole.")
    click.echo(f"Recount it with: drumroll audit {file}")
