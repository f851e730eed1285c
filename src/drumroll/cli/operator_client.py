"""What the operators' commands share: a session, one request to a running server, and what to say when it refuses."""

from __future__ import annotations

import os
import secrets
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import click
import msgspec

from drumroll import bootstrap
from drumroll.access.sessions import TOKEN_LIMIT
from drumroll.errors import DrumrollError
from drumroll.settings import load

TIMEOUT_S = 60


class ServerRefused(DrumrollError):
    """The running server did not do it. The message says why, and what would be allowed."""


class Connection(msgspec.Struct, frozen=True):
    """Where the server is, and as whom to speak to it."""

    server: str
    token: str
    key: str
    as_json: bool

    def get(self, path: str, **query: Any) -> Any:
        """Read something. Raises ``ServerRefused``."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", f"{path}?{urlencode(given)}" if given else path, None)

    def post(self, path: str, **content: Any) -> Any:
        """Do something; what is ``None`` is left out. Raises ``ServerRefused``."""
        return self.send(path, {name: value for name, value in content.items() if value is not None})

    def send(self, path: str, content: dict[str, Any]) -> Any:
        """Do something, with exactly this content. Raises ``ServerRefused``."""
        return self._ask("POST", path, content)

    def _ask(self, method: str, path: str, content: dict[str, Any] | None) -> Any:
        request = urllib.request.Request(
            self.server + path,
            method=method,
            data=None if content is None else msgspec.json.encode(content),
            headers={
                "authorization": f"Bearer {self.token}",
                "content-type": "application/json",
                "idempotency-key": self.key,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                return msgspec.json.decode(answer.read())
        except urllib.error.HTTPError as error:
            raise ServerRefused(_why(error)) from error
        except OSError as error:
            again = "" if method == "GET" else f" Whether it was done is not known: ask again with --key {self.key}."
            raise ServerRefused(f"{self.server} did not answer ({error}).{again}") from error


def _why(error: urllib.error.HTTPError) -> str:
    try:
        problem = msgspec.json.decode(error.read())
    except (msgspec.DecodeError, OSError):
        return f"the server answered {error.code}"
    lines = [f"{problem.get('code')}: {problem.get('detail')}"]
    lines += [f"  {_fault(fault)}" for fault in problem.get("faults", ())]
    lines += [f"  {_error(error)}" for error in problem.get("errors", ())]
    hidden = problem.get("fault_count", 0) - len(problem.get("faults", ()))
    if hidden > 0:
        lines.append(f"  and {hidden} more")
    return "\n".join(lines)


def _fault(fault: Any) -> str:
    """What is wrong with one row of what was sent, or with all of it."""
    if isinstance(fault, dict):
        return f"row {fault['row']}, {fault['order_id']}: {fault['reason']}"
    return str(fault)


def _error(error: Any) -> str:
    """What is wrong with one field."""
    return f"{error.get('key', 'body')}: {error.get('message')}" if isinstance(error, dict) else str(error)


def say_done(connection: Connection, receipt: dict[str, Any]) -> None:
    """Print what the server says was done."""
    if connection.as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(receipt)))
    else:
        click.echo(f"{receipt['done']}, by {receipt['operator']} at {receipt['at']}")


def connected(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that speaks to a running server; it gets a ``connection``."""

    @click.option("--server", help="The running server.  [default: http:// and host and port of the settings]")
    @click.option("--log", "log_path", help="The order log, beside which a sandbox keeps its key.")
    @click.option("--name", help="Your name, for the log.  [default: your user's]")
    @click.option(
        "--token",
        help="An operator's session, as made by `operator token`, instead of --name; -: read from standard input.",
    )
    @click.option("--key", help="The idempotency key of an earlier try that got no answer.")
    @click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
    def with_connection(
        server: str | None,
        log_path: str | None,
        name: str | None,
        token: str | None,
        key: str | None,
        as_json: bool,
        **rest: Any,
    ) -> Any:
        settings = load(os.environ, log=log_path)
        speaks = _given(token) or bootstrap.operator_token(settings, name or _user())
        where = (server or f"http://{settings.host}:{settings.port}").rstrip("/")
        return command(Connection(where, speaks, key or secrets.token_hex(16), as_json), **rest)

    with_connection.__name__ = command.__name__
    with_connection.__doc__ = command.__doc__
    return with_connection


def _given(token: str | None) -> str:
    """The session that was given. What stands on a command line can be read by everybody on the machine."""
    if token != "-":
        return token or ""
    read = sys.stdin.readline(TOKEN_LIMIT).strip()
    if not read:
        raise click.UsageError("--token -: standard input has no session; give one, as `operator token` prints it")
    return read


def _user() -> str:
    """The name of whoever is logged in here."""
    name = os.environ.get("USER") or os.environ.get("LOGNAME") or ""
    if not name:
        raise DrumrollError("say who you are: add --name NAME")
    return name
