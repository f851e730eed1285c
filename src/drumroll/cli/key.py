"""``drumroll key``: the keys that sign a log's checkpoints. No command here ever prints a private one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from drumroll import bootstrap
from drumroll.errors import KeyInvalid
from drumroll.proof.note import VerifierKey
from drumroll.settings import load
from drumroll.transparency.keys import KeyRing, make_ring, open_ring, verifier_lines
from drumroll.transparency.keys import retire as retire_in
from drumroll.transparency.keys import rotate as rotate_in

WIDTH = 80


@click.group(short_help="Make and rotate the keys that sign the log.")
def key() -> None:
    """Make and rotate the keys that sign the transparency log.

    Private keys stay in their directory, for its owner alone. What is to be
    published is `drumroll key show`: in more places than one, so that nobody
    can be shown another key.

    \b
    Example:
      drumroll key new example.com/launch
      drumroll key show
    """


def _keys_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--keys", "keys_path", help="The directory of the keys.  [default: data/keys]")(command)


@key.command(short_help="Make the keys of a log.")
@click.argument("name")
@click.option("--witness", is_flag=True, help="A key too that cosigns the checkpoints of other logs.")
@_keys_option
def new(name: str, witness: bool, keys_path: str | None) -> None:
    """Make the keys of a log called NAME: an address of yours, without https://.

    \b
    Example:
      drumroll key new example.com/launch
      drumroll key new witness.example.com/press --witness --keys press-keys
    """
    ring = make_ring(_folder(keys_path), name, witness=witness)
    click.echo(f"The keys of {name} are made: {ring.path}, for you alone (mode 0700).")
    click.echo("Keep a copy where nobody else gets at it: without it nothing more is signed,")
    click.echo("and no receipt is made. To be published, in more places than one:")
    click.echo(verifier_lines(ring), nl=False)
    if ring.witness is not None:
        click.echo("For those who are to trust this witness:")
        click.echo(ring.witness.verifier.text)


@key.command(name="list", short_help="List the keys.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@_keys_option
def list_(as_json: bool, keys_path: str | None) -> None:
    """List the keys: their ids, what each is for, their public part.

    \b
    Example:
      drumroll key list --json
    """
    ring = open_ring(_folder(keys_path))
    rows = _rows(ring)
    if as_json:
        found = {"name": ring.origin, "directory": str(ring.path), "keys": rows}
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
    else:
        _print(ring, rows, Console(width=WIDTH, highlight=False))


@key.command(short_help="Add a signing key; the old one signs too.")
@_keys_option
def rotate(keys_path: str | None) -> None:
    """Add a signing key. The old one signs too, until it is retired.

    Publish the new key, give others time to take it, then retire the old one.
    A server that runs takes the new key when it, or its publisher, is started
    again.

    \b
    Example:
      drumroll key rotate
    """
    ring = rotate_in(_folder(keys_path))
    first, *others = (signing.verifier for signing in ring.signing)
    click.echo(f"{first.id.hex()} is the newest key of {ring.origin}.")
    click.echo(f"These sign too: {_ids(others)}.")
    click.echo("Start the server again, and publish the new key where the old one is:")
    click.echo(first.text)
    click.echo("When others have had time to take it:")
    click.echo(f"  drumroll key retire {others[-1].id.hex()} --keys {ring.path}")


@key.command(short_help="Let a key sign no more.")
@click.argument("key_id", metavar="ID")
@_keys_option
def retire(key_id: str, keys_path: str | None) -> None:
    """Let the key ID sign no more. What it signed stays valid, and it stays published.

    \b
    Example:
      drumroll key retire 1a2b3c4d
    """
    ring = retire_in(_folder(keys_path), key_id.lower())
    click.echo(f"{key_id.lower()} signs no more, once the server is started again.")
    click.echo(f"These sign: {_ids([signing.verifier for signing in ring.signing])}.")
    click.echo("A witness that trusts this key alone refuses from then on: give it the new keys before.")


@key.command(short_help="Print the public keys, for publishing.")
@click.option("--witness", is_flag=True, help="The witness's key instead of the log's.")
@_keys_option
def show(witness: bool, keys_path: str | None) -> None:
    """Print the public keys, a line each, for publishing: nothing here is secret.

    \b
    Example:
      drumroll key show > launch-keys.txt
      drumroll key show --witness --keys press-keys
    """
    ring = open_ring(_folder(keys_path))
    if not witness:
        click.echo(verifier_lines(ring), nl=False)
        return
    if ring.witness is None:
        raise KeyInvalid(f"{ring.path} has no witness's key. Make a ring that has: drumroll key new NAME --witness")
    click.echo(ring.witness.verifier.text)


def _folder(keys_path: str | None) -> Path:
    return bootstrap.key_folder(load(os.environ, keys=keys_path))


def _ids(keys: list[VerifierKey]) -> str:
    return ", ".join(one.id.hex() for one in keys)


def _rows(ring: KeyRing) -> list[dict[str, Any]]:
    found = [("checkpoints", "signs", signing.verifier) for signing in ring.signing]
    found += [("checkpoints", "retired", one) for one in ring.retired]
    found += [("cosignatures", "witness", ring.witness.verifier)] if ring.witness else []
    return [{"id": one.id.hex(), "for": what, "state": state, "public": one.text} for what, state, one in found]


def _print(ring: KeyRing, rows: list[dict[str, Any]], console: Console) -> None:
    console.print(f"Keys of {ring.origin}, in {ring.path}", soft_wrap=True, markup=False)
    table = Table(box=None, pad_edge=False)
    for title in ("id", "for", "state"):
        table.add_column(title, no_wrap=True)
    for row in rows:
        table.add_row(row["id"], row["for"], row["state"])
    console.print(table)
    console.print("Their public parts:")
    for row in rows:
        console.print(row["public"], soft_wrap=True, markup=False)
