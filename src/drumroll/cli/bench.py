"""``drumroll bench``: how fast, against what this server could do at most."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from drumroll import bootstrap
from drumroll.cli import bench_log, bench_pages, bench_plan, bench_proof
from drumroll.cli.at_the_terminal import write
from drumroll.domain.launch import Launch
from drumroll.errors import DrumrollError
from drumroll.payments.standard_webhooks import secret_bytes
from drumroll.rehearsal.bench import Target, figures, measure, paced, resident_bytes
from drumroll.settings import Settings

CONNECTIONS = 256
WANTED = {
    "ratio": "0.5 or more, aim 0.75",
    "cpu_ratio": "0.5 or more",
    "p99_ms": "under 50",
    "quote_p99_ms": "under 20",
    "recovery_s": "under 5",
    "bytes_per_order_memory": "under 1,000",
    "bytes_per_order_disk": "under 500",
}


@click.command(short_help="Measure the intake against its ceiling.")
@click.argument("launch", default="launches/yu7.toml")
@click.option("--json", "json_path", type=click.Path(dir_okay=False), help="Write the figures to this file.")
@click.option("--rounds", default=5, show_default=True, help="Rounds to take the median of.")
@click.option("--orders", default=30_000, show_default=True, help="Orders a round.")
@click.option("--recover", default=289_000, show_default=True, help="Firm orders in the log that a restart reads.")
@click.option("--plan", "plans", is_flag=True, help="Measure plans of up to a million orders instead.")
@click.option("--proof", "proofs", is_flag=True, help="Measure the transparency log instead.")
@click.option("--pages", "paged", is_flag=True, help="Measure pages and the live board's viewers instead.")
def bench(
    launch: str, json_path: str | None, rounds: int, orders: int, recover: int, plans: bool, proofs: bool, paged: bool
) -> None:
    """Measure intake against a constant answer of the same server, restart, memory and disk. Takes about two minutes.

    With --plan: how long both policies take to plan 10,000 to 1,000,000 orders over 104 weeks, and the memory of that.
    With --proof: how fast its tree grows and proves, what publishing costs the intake, how far it is behind.
    With --pages: how fast pages are, how heavy, and what 2,000 viewers of the live board cost the intake.

    \b
    Example:
      drumroll bench --json bench.json
      drumroll bench --plan --json p.json
      drumroll bench --proof --json t.json
      drumroll bench --pages --json g.json
    """
    if plans:
        _give(bench_plan.run(), json_path, bench_plan.show)
        return
    offer = bootstrap.read_launch(launch)
    if proofs:
        _give(_proven(offer, launch, rounds, orders), json_path, bench_proof.show)
        return
    if paged:
        _give(_looked_at(offer, launch, rounds, orders), json_path, bench_pages.show)
        return
    with tempfile.TemporaryDirectory(prefix="drumroll-bench-") as folder, Progress(transient=True) as progress:
        found = _rounds(offer, launch, Path(folder), progress, rounds, orders)
        found |= _restart(offer, launch, Path(folder), progress, recover)
    found |= {"connections": CONNECTIONS, "rounds": rounds, "orders_a_round": orders}
    _give(found, json_path, _show)


def _give(found: dict[str, Any], json_path: str | None, show: Callable[[dict[str, Any], Console], None]) -> None:
    show(found, Console(width=80 if not sys.stdout.isatty() else None))
    if json_path:
        write(json_path, msgspec.json.format(msgspec.json.encode(found)) + b"\n")
        click.echo(f"Written to {json_path}")


def _proven(offer: Launch, launch: str, rounds: int, orders: int) -> dict[str, Any]:
    """The figures of the transparency log."""

    def running(name: str, publishes: bool) -> bench_proof.Server:
        settings = msgspec.structs.replace(_settings(launch, Path(folder) / f"{name}.drumroll"), publish=publishes)
        server = _running(settings)
        process = server.__enter__()
        public = bootstrap.proof_folder(settings.log) / "public"
        return bench_proof.Server(_target(offer, settings, process.pid), public, server.__exit__)

    with tempfile.TemporaryDirectory(prefix="drumroll-bench-") as folder, Progress(transient=True) as progress:
        found = bench_proof.tree(Path(folder), progress)
        return found | bench_proof.intake(running, rounds, orders, progress)


def _looked_at(offer: Launch, launch: str, rounds: int, orders: int) -> dict[str, Any]:
    """The figures of pages and of the board's viewers."""
    with tempfile.TemporaryDirectory(prefix="drumroll-bench-") as folder, Progress(transient=True) as progress:
        # Without a publisher, whose work on a round would be felt in the next: that is what --proof measures.
        settings = msgspec.structs.replace(_settings(launch, Path(folder) / "pages.drumroll"), publish=False)
        with _running(settings) as server:
            return bench_pages.run(_target(offer, settings, server.pid), rounds, orders, progress)


def _target(offer: Launch, settings: Settings, pid: int) -> Target:
    model = offer.model(offer.headline[0])
    assert model is not None
    return Target(
        host=settings.host,
        port=settings.port,
        pid=pid,
        webhook_key=secret_bytes(settings.webhook_secret),
        connections=CONNECTIONS,
        model=model.id,
        trims=[trim.id for trim in model.trims],
        deposit_minor=offer.deposit_minor,
        currency=offer.currency,
    )


def _rounds(offer: Launch, launch: str, folder: Path, progress: Progress, rounds: int, orders: int) -> dict[str, Any]:
    """Ceiling, intake and payments, alternating."""
    task = progress.add_task("rounds (the first warms up)", total=rounds + 1)
    settings = _settings(launch, folder / "rounds.drumroll")
    with _running(settings) as server:
        target = _target(offer, settings, server.pid)
        results = measure(target, rounds, orders, lambda _, __: progress.advance(task))
        quotes = paced(target)
    return figures(results) | quotes


def _restart(offer: Launch, launch: str, folder: Path, progress: Progress, orders: int) -> dict[str, Any]:
    """Start on an empty log and on a full one: time to the first healthy answer, and memory, of each."""
    task = progress.add_task("writing a log to recover", total=orders)
    full, empty = (_settings(launch, folder / name) for name in ("full.drumroll", "empty.drumroll"))
    disk_bytes = bench_log.write(full, offer, orders, lambda done: progress.advance(task, done))
    with _running(empty):
        pass  # a new log begins with the safety of its weeks: that is worked out once, and not what is measured
    started = time.perf_counter()
    with _running(empty) as server:
        empty_s, empty_bytes = time.perf_counter() - started, resident_bytes(server.pid)
    started = time.perf_counter()
    with _running(full) as server:
        full_s, full_bytes = time.perf_counter() - started, resident_bytes(server.pid)
    return {
        "recovery_s": round(full_s, 2),
        "start_empty_s": round(empty_s, 2),
        "recovered_orders": orders,
        "bytes_per_order_memory": round((full_bytes - empty_bytes) / orders),
        "bytes_per_order_disk": round(disk_bytes / orders),
    }


def _settings(launch: str, log: Path) -> Settings:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    webhook_secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    return Settings(
        launch=launch,
        log=str(log),
        port=port,
        sandbox=True,
        secret=secrets.token_hex(32),
        webhook_secret=webhook_secret,
    )


class _running:  # noqa: N801 - used as a statement
    """A server in its own process, from its first healthy answer until the block ends."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __enter__(self) -> subprocess.Popen[bytes]:
        given = msgspec.structs.asdict(self._settings)
        environment = {f"DRUMROLL_{name.upper()}": str(value) for name, value in given.items()}
        self._output = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "drumroll.cli.bench_server"],
            env={**os.environ, **environment},
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait()
        return self._process

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._output.close()

    def _wait(self) -> None:
        url = f"http://{self._settings.host}:{self._settings.port}/healthz"
        for _ in range(6000):
            with suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.01)
        self._output.seek(0)
        said = self._output.read()[-2000:].decode(errors="replace")
        self.__exit__()
        raise DrumrollError(f"the server to be measured did not start; it said:\n{said}")


def _show(found: dict[str, Any], console: Console) -> None:
    table = Table(title="drumroll bench", title_justify="left")
    table.add_column("figure")
    table.add_column("measured", justify="right")
    table.add_column("wanted")
    for name, value in found.items():
        shown = ", ".join(f"{key}: {one}" for key, one in value.items()) if isinstance(value, dict) else f"{value:,}"
        table.add_row(name, shown, WANTED.get(name, ""))
    console.print(table)
