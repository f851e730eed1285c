"""``drumroll witness``: watch the logs of others, and cosign what only ever grows."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from pathlib import Path

import click
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server as Granian

from drumroll.cli.given_keys import read_keys
from drumroll.errors import DrumrollError, KeyInvalid
from drumroll.settings import load
from drumroll.transparency.keys import open_ring
from drumroll.transparency.witness import Witness
from drumroll.transparency.witness_app import make_app
from drumroll.transparency.witness_state import State

PORT = 8100
CONNECTIONS = 1024
HEADERS_MS = 10_000
HEADERS_BYTES = 8_192
"""Bytes of a request's line and headers; the server allows no fewer."""


@click.command(short_help="Watch somebody's log: cosign only what extends what you saw.")
@click.option(
    "--trust", "trusted", multiple=True, required=True, metavar="VKEY|FILE", help="A log's public key, or its `keys`."
)
@click.option("--keys", "keys_path", help="The witness's key ring.  [default: data/keys]")
@click.option("--state", type=click.Path(dir_okay=False), help="Its memory.  [default: witness.state in the key ring]")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="Where to listen.")
def witness(trusted: tuple[str, ...], keys_path: str | None, state: str | None, host: str, port: int) -> None:
    """Watch the logs with these keys, and cosign what only ever grows.

    For an auditor, the press, a partner: on a machine that the log's owner does
    not run. The log sends each new checkpoint, with a proof that it extends the
    last one; this says at what time it saw it, and never cosigns a log that was
    rewritten. Whoever trusts you then knows that all were shown the same log,
    and that nothing was added later under an earlier time.

    Its memory must never be set back to an older copy. What does not fit is kept
    as evidence, in the folder <state>-conflicts, and said here.

    The protocol is C2SP tlog-witness: other logs and witnesses speak it too.

    \b
    Example:
      drumroll key new press.example.com/w1 --witness --keys press
      drumroll witness --keys press --trust launch-keys.txt --port 8100
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    folder = Path(load(os.environ, keys=keys_path).keys or "data/keys")
    ring = open_ring(folder)
    if ring.witness is None:
        raise KeyInvalid(f"{folder} has no witness key. Make one: drumroll key new NAME --witness --keys DIRECTORY")
    keys = [key for one in trusted for key in read_keys(one)]
    _check_address(host, port)
    memory = State(Path(state) if state else folder / "witness.state", ring.witness.verifier)
    one = Witness(ring.witness, keys, memory, lambda: int(time.time()), _say)
    _greet(one, memory, f"http://{host}:{port}")
    asyncio.run(_serve(one, host, port))
    memory.close()
    # What is left are idle connections, and nothing to wait for.
    sys.stdout.flush()
    os._exit(0)


def _say(words: str) -> None:
    click.echo(f"witness: {words}", err=True)


def _greet(witness: Witness, state: State, base: str) -> None:
    click.echo(f"{witness.key.name} watches {len(witness.trusted)} log(s); its memory: {state.path}")
    for origin in sorted(witness.trusted):
        seen = state.seen.get(origin)
        click.echo(f"  {origin}: {f'{seen.checkpoint.size:,} entries seen' if seen else 'nothing seen yet'}")
    click.echo("Its public key, for those who are to trust it:")
    click.echo(witness.key.verifier.text)
    click.echo(f"Witnessing on {base}")
    sys.stdout.flush()


def _check_address(host: str, port: int) -> None:
    """Refuse an address that is taken: the server shares its port, and would take half of another one's requests."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise DrumrollError(f"can't listen on {host}:{port} ({error.strerror}); choose another --port") from error


async def _serve(witness: Witness, host: str, port: int) -> None:
    """Until SIGTERM or Ctrl-C. Every answer that was given is durable, so the end needs no ceremony."""
    server = Granian(
        make_app(witness),
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_MS, max_buffer_size=HEADERS_BYTES),
        log_enabled=False,
    )
    listening = asyncio.create_task(server.serve())
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    told = asyncio.create_task(stop.wait())
    ended, _ = await asyncio.wait([listening, told], return_when=asyncio.FIRST_COMPLETED)
    if told not in ended:
        listening.result()
        raise DrumrollError("the witness stopped listening")
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait([listening], timeout=2)
