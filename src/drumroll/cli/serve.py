"""``drumroll serve``: take orders."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import click
import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server as Granian

from drumroll import bootstrap
from drumroll.access.store import Revocations
from drumroll.desk.clock import SandboxClock
from drumroll.desk.desk import Desk
from drumroll.errors import AccessFailed, DrumrollError
from drumroll.settings import Settings, load
from drumroll.web.app import App
from drumroll.web.context import Web
from drumroll.web.room import sale_of

FILES_BESIDE = 256
"""Files that a server has open beside its connections, with room to spare."""
YOUNG_OBJECTS = 50_000
"""Objects between two collections of garbage: orders make none (``gc=False``), and a pass costs 6 % at the default."""


@click.command(short_help="Take orders, until SIGTERM or Ctrl-C.")
@click.argument("launch", required=False)
@click.option("--log", "log_path", help="The order log.  [default: data/orders.drumroll]")
@click.option("--host", help="Where to listen.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Where to listen.  [default: 8000]")
@click.option("--sandbox", is_flag=True, default=None, help="No real money: sessions and payments for the asking.")
@click.option(
    "--clock", help="Sandbox only: start the clock at a time, at a rate, such as 2025-06-26T21:59:00+08:00@60."
)
def serve(
    launch: str | None,
    log_path: str | None,
    host: str | None,
    port: int | None,
    sandbox: bool | None,
    clock: str | None,
) -> None:
    """Take the orders of LAUNCH (default: launches/yu7.toml) until SIGTERM or Ctrl-C.

    Every setting can also be given in the environment, as DRUMROLL_<NAME>.

    \b
    Example:
      drumroll serve launches/yu7.toml --sandbox --port 8000
    """
    run(load(os.environ, launch=launch, log=log_path, host=host, port=port, sandbox=sandbox, clock=clock))


def run(settings: Settings, around: Callable[[App], App] = lambda app: app) -> None:
    """Serve until told to stop, then end the process. ``around`` may put another application around ours."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    _check_address(settings)
    _allow_files(settings)
    with _kept_for_good():
        steered = bootstrap.make_clock(settings)
        launch = bootstrap.read_launch(settings.launch)
        desk = bootstrap.open_desk(settings, launch, steered)
        bootstrap.sandbox_keys(settings, launch)
    gc.set_threshold(YOUNG_OBJECTS, 50, 1000)
    uvloop.run(_serve(settings, desk, steered, around))
    # Every answer is durable and out; what is left are idle connections, and nothing to wait for.
    sys.stdout.flush()
    os._exit(0)


@contextmanager
def _kept_for_good() -> Iterator[None]:
    """What is made in here lives as long as the server: no garbage is looked for in it, neither now nor later."""
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def _check_address(settings: Settings) -> None:
    """Refuse an address that is taken: the server shares its port, and would take half of another one's customers."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            where = f"{settings.host}:{settings.port}"
            raise DrumrollError(f"can't listen on {where} ({error.strerror}); choose another --port") from error


def _allow_files(settings: Settings) -> None:
    """Every connection is a file: as many as may be open, and some for the log and what is beside it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.connections_limit + FILES_BESIDE
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft not in (resource.RLIM_INFINITY, -1) and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _serve(settings: Settings, desk: Desk, clock: SandboxClock | None, around: Callable[[App], App]) -> None:
    with _kept_for_good():
        server = bootstrap.make_server(settings, desk, clock)
        server.web.pages.render.warm()
    granian = _granian(around(server.app), settings)
    listening = asyncio.create_task(granian.serve())
    beside = [asyncio.create_task(work) for work in _beside(server, settings)]
    made = (bootstrap.webhooks_child(settings, os.environ), bootstrap.publishing_child(settings, os.environ))
    children = [asyncio.create_task(child.run()) for child in made if child]
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    _greet(settings, desk)
    warming = asyncio.create_task(asyncio.to_thread(_warm, server.web))
    told = asyncio.create_task(stop.wait())
    ended, _ = await asyncio.wait([listening, told, *beside], return_when=asyncio.FIRST_COMPLETED)
    with suppress(TimeoutError):
        await asyncio.wait_for(_drain(server, granian, listening), settings.drain_s)
    for child in children:  # they read the log, which is left as one file once nobody else does
        child.cancel()
    await asyncio.gather(*children, warming, return_exceptions=True)
    await _end_beside(server.web, beside)
    desk.close()
    for task in ended - {told}:
        task.result()  # what ended by itself has failed: say so, and end as after any crash
        raise DrumrollError("the server stopped listening")
    click.echo(f"drained: {desk.meter.commands:,} commands answered, log at block {desk.position:,}")


def _warm(web: Web) -> None:
    """What can wait until the server listens: nobody waits for it, and orders are taken meanwhile."""
    web.pages.assets.press()
    web.pages.render.warm_all()


def _granian(app: object, settings: Settings) -> Granian:
    return Granian(
        app,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=min(settings.connections_limit, 65_535),
        backpressure=settings.connections_limit,
        http1_settings=HTTP1Settings(
            header_read_timeout=settings.header_timeout_ms, max_buffer_size=settings.header_limit_bytes
        ),
        log_enabled=False,
    )


def _beside(server: bootstrap.Server, settings: Settings) -> list[Coroutine[Any, Any, None]]:
    work: list[Coroutine[Any, Any, None]] = [server.service.run(), server.web.stream.run()]
    if settings.sandbox:
        work.append(server.service.pay_refunds(server.web.provider))
    web = server.web
    if web.room is not None:
        share, sale = lambda: len(web.desk.queue) / web.desk.queue_limit, partial(sale_of, web.desk)
        work.append(web.room.run(web.desk.clock_ms, share, sale))
    if web.operations is not None:
        work.append(web.operations.pulse.run())
    if web.notices is not None:
        work.append(web.notices.run())
    work.append(_follow_revocations(web))
    return work


async def _end_beside(web: Web, beside: list[asyncio.Task[None]]) -> None:
    """What works beside the server on its log or its files ends before the log is closed."""
    if web.notices is not None:
        await web.notices.close()
    for work in beside:  # closing takes a while, in which they would come to look at closed files
        work.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    if web.jobs is not None:
        await asyncio.to_thread(web.jobs.close)
    if web.plots is not None:
        web.plots.close()
    await web.entrance.close()


async def _follow_revocations(web: Web) -> None:
    """Sessions that the command line ended, or another page, end here within a second."""
    revocations = Revocations(web.sessions, web.entrance.access)
    while True:
        try:
            revocations.refresh(web.now_s())
        except AccessFailed:
            logging.getLogger("drumroll").exception("which sessions were ended can't be read; trying again")
        await asyncio.sleep(1)


async def _drain(server: bootstrap.Server, granian: Granian, listening: asyncio.Task[None]) -> None:
    """Take no new orders, answer what waits, let the answers out, stop listening."""
    await server.service.drain()
    await server.web.stream.close()
    await asyncio.sleep(0.2)
    granian.stop()  # type: ignore[no-untyped-call]
    await listening


def _greet(settings: Settings, desk: Desk) -> None:
    for notice in desk.log.notices:
        click.echo(f"notice: {notice}", err=True)
    if settings.sandbox:
        click.secho("SANDBOX: no real money, no real orders; anybody gets a session for the asking.", fg="yellow")
    base = f"http://{settings.host}:{settings.port}"
    orders = len(desk.book.orders)
    name = desk.book.launch.name if desk.book.launch else ""
    click.echo(f"{name}: {orders:,} orders in {settings.log}, block {desk.position:,}")
    click.echo(f"Taking orders on {base}  operations: {base}/ops  board: {base}/board  API: {base}/docs")
    sys.stdout.flush()
