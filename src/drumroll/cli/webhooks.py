"""``drumroll webhooks``: tell other systems what happens to orders."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import click
import msgspec
import uvloop
from rich.console import Console
from rich.table import Table

from drumroll import bootstrap
from drumroll.desk.clock import system_ms
from drumroll.errors import DrumrollError, EndpointInvalid, SettingInvalid
from drumroll.settings import load
from drumroll.webhooks.deliverer import Deliverer
from drumroll.webhooks.endpoint import Endpoint, check_url, fresh_id, fresh_secret
from drumroll.webhooks.messages import chosen, test_message, utc
from drumroll.webhooks.sender import Outcome, Sender
from drumroll.webhooks.store import Store

WIDTH = 80
NICE = 15
"""How much the deliverer gives way: a webhook may be late, an order may not."""


@click.group(short_help="Tell other systems what happens to orders.")
def webhooks() -> None:
    """Tell other systems what happens to orders, by Standard Webhooks.

    A server delivers for itself as soon as there is an endpoint, in a process
    of its own. All of this may be done while it runs.

    \b
    Example:
      drumroll webhooks add https://crm.example.com/hooks
      drumroll webhooks list
    """


def _log_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--log", "log_path", help="The order log.  [default: data/orders.drumroll]")(command)


@webhooks.command()
@click.argument("url")
@click.option("--events", default="", help="Only these types, such as order.firm,order.locked.")
@click.option("--from", "start", default="now", help="now, start, or a block's position.  [default: now]")
@_log_option
def add(url: str, events: str, start: str, log_path: str | None) -> None:
    """Add the endpoint URL and show its secret: once, never again.

    \b
    Example:
      drumroll webhooks add https://crm.example.com/hooks --events order.firm
    """
    check_url(url)
    chosen(events)
    log = _log(log_path)
    position, endpoint, secret = _position(start, log), fresh_id(), fresh_secret()
    with _opened(log) as store:
        store.add(endpoint, url, events, secret, position, system_ms())
    click.echo(f"{endpoint} gets {events or 'every type but order.imported'} from block {position:,} on.")
    click.echo(f"Its secret, shown only now: {secret}")
    click.echo(f"Try it with: drumroll webhooks test {endpoint}")


@webhooks.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@_log_option
def list_(as_json: bool, log_path: str | None) -> None:
    """List the endpoints: how far each is, how its last attempt went, what failed.

    \b
    Example:
      drumroll webhooks list --json
    """
    log = _log(log_path)
    rows: list[dict[str, Any]] = []
    if bootstrap.webhooks_file(log).exists():
        head = _head(log)
        with _opened(log) as store:
            rows = [_row(store, endpoint, head) for endpoint in store.endpoints()]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode({"endpoints": rows})))
    elif not rows:
        click.echo("There are no endpoints; add one with: drumroll webhooks add URL")
    else:
        _show(rows, Console(width=WIDTH, highlight=False))


@webhooks.command()
@click.argument("endpoint")
@_log_option
def test(endpoint: str, log_path: str | None) -> None:
    """Send a webhook.test to ENDPOINT now and say how it went; exits with 1 if it was not taken.

    \b
    Example:
      drumroll webhooks test ep_0a1b2c3d4e
    """
    with _opened(_log(log_path)) as store:
        outcome = asyncio.run(_try(store.endpoint(endpoint)))
    if not outcome.delivered:
        raise DrumrollError(f"{endpoint} did not take it: {outcome.words}")
    click.echo(f"{endpoint} took it: {outcome.words}")


@webhooks.command()
@click.argument("endpoint")
@click.option("--from", "start", help="The first block to send again.")
@click.option("--to", "end", type=click.IntRange(1), help="The last one.  [default: the log's last]")
@click.option("--failed", is_flag=True, help="Only what was given up after the whole schedule.")
@_log_option
def replay(endpoint: str, start: str | None, end: int | None, failed: bool, log_path: str | None) -> None:
    """Send to ENDPOINT once more, with the ids of the first time.

    \b
    Example:
      drumroll webhooks replay ep_0a1b2c3d4e --from 1200 --to 1300
    """
    if failed == (start is not None):
        raise SettingInvalid("replay: give either --from POSITION (and --to POSITION), or --failed")
    log = _log(log_path)
    with _opened(log) as store:
        found = store.endpoint(endpoint)
        if start is None:
            click.echo(f"{store.replay_failed(endpoint, system_ms()):,} messages are tried again.")
        else:
            first, last = _position(start, log), end or _head(log)
            if first > last:
                raise SettingInvalid(f"replay: found --from {first} --to {last}; allowed: --to at or after --from")
            store.replay(endpoint, first, last)
            click.echo(f"Blocks {first:,} to {last:,} are sent again.")
        _say_if_stopped(found)


@webhooks.command()
@click.argument("endpoint")
@_log_option
def rotate(endpoint: str, log_path: str | None) -> None:
    """Give ENDPOINT a new secret, shown once. The old one signs too for 24 hours.

    \b
    Example:
      drumroll webhooks rotate ep_0a1b2c3d4e
    """
    secret = fresh_secret()
    with _opened(_log(log_path)) as store:
        store.rotate(store.endpoint(endpoint).id, secret, system_ms())
    click.echo(f"The new secret of {endpoint}, shown only now: {secret}")
    click.echo("Messages carry a signature of each for 24 hours; change the receiver's until then.")


@webhooks.command()
@click.argument("endpoint")
@click.option("--from", "start", help="Go on at: now, start, or a block's position.  [default: where it stopped]")
@_log_option
def enable(endpoint: str, start: str | None, log_path: str | None) -> None:
    """Send to ENDPOINT again, from where it stopped.

    \b
    Example:
      drumroll webhooks enable ep_0a1b2c3d4e
    """
    log = _log(log_path)
    position = None if start is None else _position(start, log)
    with _opened(log) as store:
        store.enable(store.endpoint(endpoint).id, position, system_ms())
    click.echo(f"{endpoint} is active, from {'where it stopped' if position is None else f'block {position:,}'} on.")


@webhooks.command()
@click.argument("endpoint")
@_log_option
def disable(endpoint: str, log_path: str | None) -> None:
    """Send nothing to ENDPOINT until it is enabled. It keeps its place in the log.

    \b
    Example:
      drumroll webhooks disable ep_0a1b2c3d4e
    """
    with _opened(_log(log_path)) as store:
        store.disable(store.endpoint(endpoint).id, "disabled by hand")
    click.echo(f"{endpoint} is disabled; `drumroll webhooks enable {endpoint}` goes on where it stopped.")


@webhooks.command()
@click.argument("endpoint")
@_log_option
def remove(endpoint: str, log_path: str | None) -> None:
    """Forget ENDPOINT, its secrets and what failed.

    \b
    Example:
      drumroll webhooks remove ep_0a1b2c3d4e
    """
    with _opened(_log(log_path)) as store:
        store.remove(store.endpoint(endpoint).id)
    click.echo(f"{endpoint} is removed.")


@webhooks.command()
@click.option("--with-parent", is_flag=True, hidden=True)
@_log_option
def deliver(with_parent: bool, log_path: str | None) -> None:
    """Deliver, until SIGTERM or Ctrl-C. A server does this for itself.

    \b
    Example:
      drumroll webhooks deliver --log data/orders.drumroll
    """
    if with_parent:
        os.nice(NICE)
    with bootstrap.opened_deliverer(_log(log_path), lambda sentence: click.echo(sentence, err=True)) as deliverer:
        uvloop.run(_until_told(deliverer, with_parent=with_parent))


async def _until_told(deliverer: Deliverer, *, with_parent: bool) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, deliverer.stop)
    if with_parent:  # nothing is ever written there: it can be read when the parent is no more
        loop.add_reader(sys.stdin.fileno(), lambda: os._exit(0))
    await deliverer.run()


async def _try(endpoint: Endpoint) -> Outcome:
    sender = Sender(endpoint, system_ms)
    try:
        message = test_message(endpoint.id, system_ms())
        return await sender.send(message.id, message.body)
    finally:
        await sender.close()


def _log(log_path: str | None) -> str:
    return load(os.environ, log=log_path).log


@contextmanager
def _opened(log: str) -> Iterator[Store]:
    """The store, made only once there is a log beside it."""
    if not bootstrap.webhooks_file(log).exists():
        _head(log)
    with closing(bootstrap.open_webhooks(log)) as store:
        yield store


def _head(log: str) -> int:
    with closing(bootstrap.open_log_for_reading(log)) as reader:
        return reader.head()


def _position(start: str, log: str) -> int:
    if start == "start":
        return 1
    if start == "now":
        return _head(log) + 1
    if start.isascii() and start.isdigit() and 0 < int(start) < 2**53:
        return int(start)
    raise EndpointInvalid(f"--from: found {start}; allowed: now, start, or a block's position from 1")


def _row(store: Store, endpoint: Endpoint, head: int) -> dict[str, Any]:
    waiting, given_up, due_at_ms = store.failed(endpoint.id)
    stretches = store.stretches(endpoint.id)
    live = next(stretch for stretch in stretches if stretch.to_position is None)
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "events": sorted(chosen(endpoint.events)),
        "state": endpoint.state,
        "why": endpoint.why or ("its place is beyond the log's end" if live.at.position > head + 1 else ""),
        "next_block": live.at.position,
        "blocks_behind": max(head + 1 - live.at.position, 0),
        "replays": len(stretches) - 1,
        "waiting": waiting,
        "next_try_at": None if due_at_ms is None else utc(due_at_ms),
        "given_up": given_up,
        "failures_in_a_row": endpoint.failures,
        "last_attempt_at": None if endpoint.last_at_ms is None else utc(endpoint.last_at_ms),
        "last_attempt": endpoint.last_outcome,
        "last_success_at": None if endpoint.succeeded_at_ms is None else utc(endpoint.succeeded_at_ms),
    }


def _show(rows: list[dict[str, Any]], console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("endpoint", "state"):
        table.add_column(title, no_wrap=True)
    for title in ("blocks behind", "waiting", "given up"):
        table.add_column(title, justify="right")
    table.add_column("last attempt")
    for row in rows:
        figures = (f"{row[name]:,}" for name in ("blocks_behind", "waiting", "given_up"))
        table.add_row(row["id"], row["state"], *figures, row["last_attempt"] or "none yet")
    console.print(table)
    for row in rows:
        why = f" ({row['why']})" if row["why"] else ""
        console.print(f"{row['id']}: {row['url']}{why}", soft_wrap=True, markup=False)


def _say_if_stopped(endpoint: Endpoint) -> None:
    if endpoint.state != "active":
        click.echo(f"It is {endpoint.state}, so they wait until: drumroll webhooks enable {endpoint.id}")
