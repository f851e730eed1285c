"""``drumroll operator add``, ``list``, ``role``, ``disable``, ``enable``, ``password``: operators' accounts.

They work on the file beside the log, whether a server runs or not; one that runs takes it up at once.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import click
import msgspec
import segno
from rich.console import Console
from rich.table import Table

from drumroll import bootstrap, bootstrap_pages
from drumroll.access.roles import OPERATOR, Role
from drumroll.access.roster import Roster
from drumroll.access.store import AccessStore, StoredOperator
from drumroll.access.totp import provisioning_uri
from drumroll.settings import load

WIDTH = 80
STDIN_LIMIT = 1024
_log = click.option("--log", "log_path", help="The order log, beside which the accounts are.")
_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from the first line of the input.")
_roles = click.Choice([str(role) for role in Role])


@click.command(short_help="Make an operator's account.")
@click.argument("name")
@click.option("--role", required=True, type=_roles, help="What they may do: see docs/access.md.")
@click.option("--oidc", default="", help="Their subject at the operators' OpenID provider, instead of a password.")
@_stdin
@_log
def add(name: str, role: str, oidc: str, password_stdin: bool, log_path: str | None) -> None:
    r"""Make an account for operator NAME: a password, and codes from an authenticator.

    The secret of the codes is shown once, as text and as a QR code. With --oidc
    there is no password, unless --password-stdin gives one.

    \b
    Example:
      drumroll operator add grace --role operator
      drumroll operator add joan --role finance --oidc 248289761001
    """
    with _opened(log_path) as (_, roster):
        password = None if oidc and not password_stdin else _password(from_input=password_stdin)
        secret = roster.add(name, Role(role), password, oidc, time.time())
    click.echo(f"{name} is {_article(role)} now. Sessions that `operator token` made for that name")
    click.echo("before go on, with this role.")
    _show(secret, name)


@click.command(name="list", short_help="List the operators' accounts.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@_log
def list_(as_json: bool, log_path: str | None) -> None:
    r"""List the accounts: role, how they sign in, how many sessions are open.

    \b
    Example:
      drumroll operator list --json
    """
    with _opened(log_path) as (store, _):
        rows = [_row(store, one) for one in store.operators()]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode({"operators": rows})))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("name", "role", "signs in by", "sessions", "made", ""):
        table.add_column(column, overflow="fold")
    for row in rows:
        ways = [way for way, there in (("password and code", row["password"]), ("OpenID", row["oidc"])) if there]
        made = str(row["made_at"])[:10]
        disabled = "disabled" if row["disabled"] else ""
        table.add_row(row["name"], row["role"], ", ".join(ways), str(row["sessions"]), made, disabled)
    console = Console(width=WIDTH, highlight=False)
    console.print(table)
    console.print(f"{len(rows)} operator{'' if len(rows) == 1 else 's'}.")


@click.command(short_help="Give an operator another role.")
@click.argument("name")
@click.argument("role", type=_roles)
@_log
def role(name: str, role: str, log_path: str | None) -> None:
    r"""Give NAME another ROLE. Their open sessions end: they sign in again.

    \b
    Example:
      drumroll operator role grace admin
    """
    with _opened(log_path) as (_, roster):
        ended = roster.role(name, Role(role))
    click.echo(f"{name} is {_article(role)} now. {_ended(ended)}")


@click.command(short_help="Let an operator in no more.")
@click.argument("name")
@_log
def disable(name: str, log_path: str | None) -> None:
    r"""Let NAME in no more. Their open sessions end, and what they did stays.

    \b
    Example:
      drumroll operator disable grace
    """
    with _opened(log_path) as (_, roster):
        ended = roster.disable(name)
    click.echo(f"{name} gets in no more. {_ended(ended)}")


@click.command(short_help="Let a disabled operator in again.")
@click.argument("name")
@_log
def enable(name: str, log_path: str | None) -> None:
    r"""Let NAME in again, as before. Sessions that ended stay ended.

    \b
    Example:
      drumroll operator enable grace
    """
    with _opened(log_path) as (_, roster):
        roster.enable(name)
    click.echo(f"{name} gets in again. Sessions that ended stay ended.")


@click.command(short_help="Give an operator another password.")
@click.argument("name")
@_stdin
@_log
def password(name: str, password_stdin: bool, log_path: str | None) -> None:
    r"""Give NAME another password and another secret for codes.

    Their open sessions end: they sign in again, with a code of the new secret.

    \b
    Example:
      drumroll operator password grace
    """
    with _opened(log_path) as (_, roster):
        roster.known(name)
        secret, ended = roster.password(name, _password(from_input=password_stdin))
    click.echo(f"{name} has another password. {_ended(ended)}")
    _show(secret, name)


COMMANDS: list[click.Command] = [add, list_, role, disable, enable, password]
Opened = tuple[AccessStore, Roster]


@contextmanager
def _opened(log_path: str | None) -> Iterator[Opened]:
    """The accounts beside a log, and what changes them."""
    settings = load(os.environ, log=log_path)
    if settings.log == bootstrap.IN_MEMORY:
        raise click.UsageError("a log in memory has no accounts: they are in a file beside it; give --log a path")
    seal = bootstrap_pages.accounts_seal(bootstrap.server_key(settings))
    with closing(bootstrap_pages.open_access(settings)) as store:
        yield store, Roster(store, seal)


def _password(*, from_input: bool) -> str:
    """A password, asked for twice, or the first line of the input. It is never shown."""
    if from_input:
        return sys.stdin.readline(STDIN_LIMIT).rstrip("\r\n")
    given: str = click.prompt("Password", hide_input=True, confirmation_prompt="The same again")
    return given


def _show(secret: str, name: str) -> None:
    """The secret of the codes, for an authenticator. It is kept sealed, and is not shown again."""
    if not secret:
        return
    uri, drawn = provisioning_uri(secret, name), io.StringIO()
    segno.make(uri, micro=False).terminal(out=drawn, border=2, compact=True)
    click.echo("The secret of their codes, shown this once; for an authenticator:")
    click.echo(f"  {secret}\n  {uri}")
    click.echo(drawn.getvalue(), nl=False)


def _row(store: AccessStore, one: StoredOperator) -> dict[str, Any]:
    return {
        "name": one.name,
        "role": one.role,
        "password": bool(one.password_hash),
        "oidc": one.oidc_subject or None,
        "sessions": len(store.sessions_of(OPERATOR + one.name, time.time())),
        "made_at": datetime.fromtimestamp(one.made_s, UTC).isoformat().replace("+00:00", "Z"),
        "disabled": one.disabled,
    }


def _article(role: str) -> str:
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role}"


def _ended(sessions: int) -> str:
    return {0: "No session was open.", 1: "The open session has ended."}.get(
        sessions, f"The {sessions} open sessions have ended."
    )
