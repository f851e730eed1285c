"""``drumroll bench --proof``: how fast the tree grows, a proof is made, and what publishing costs the intake."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from drumroll.errors import DrumrollError
from drumroll.proof.checkpoint import parse_checkpoint
from drumroll.proof.merkle import check_inclusion, inclusion_proof, leaf_hash
from drumroll.proof.note import parse_note
from drumroll.proof.tiles import WIDTH, Growing, Tile, TileNodes, bundle
from drumroll.rehearsal.bench import Round, Target, customers, orders, play, webhooks
from drumroll.rehearsal.wire import Wire
from drumroll.transparency.directory import Directory
from drumroll.transparency.sources import open_published

LEAVES = 1_000_000
ENTRY_BYTES = 120
BATCH = 1024
PROOFS = 2_000
PACED_S, PACED_ORDERS = 8.0, 1_700
"""For how long a launch is played, and how many orders a second come; each of them is paid."""

CATCHES_UP_WITHIN_S = 60.0
LOOK_EVERY_S = 0.005
WANTED = {
    "leaves_per_s": "200,000 or more",
    "proof_ms": "under 5 (99 in 100)",
    "intake_ratio_with": "90 % of the ratio without, or more",
    "lag_ms_p99": "under 1,000",
}

Running = Callable[[str, bool], "Server"]


class Server:
    """A server that is measured, and where it publishes."""

    def __init__(self, target: Target, public: Path, stop: Callable[[], None]) -> None:
        self.target = target
        self.public = public
        self.stop = stop

    def published(self) -> int:
        """How many entries are published."""
        try:
            return parse_checkpoint(parse_note((self.public / "checkpoint").read_bytes()).text).size
        except OSError:
            return 0

    def quiet(self) -> int:
        """Wait until nothing new is published for half a second; says how many entries there are."""
        until, size, since = time.monotonic() + CATCHES_UP_WITHIN_S, -1, time.monotonic()
        while time.monotonic() < until:
            now = self.published()
            if now != size:
                size, since = now, time.monotonic()
            elif time.monotonic() - since > 0.5:
                return size
            time.sleep(0.05)
        raise DrumrollError(f"the published log did not come to rest within {CATCHES_UP_WITHIN_S:.0f} s")


def tree(folder: Path, progress: Progress) -> dict[str, Any]:
    """Grow a tree of a million leaves on disk: entries hashed, tiles and bundles written; then prove leaves of it."""
    task = progress.add_task("a tree of a million leaves", total=LEAVES)
    entries = [secrets.token_bytes(ENTRY_BYTES) for _ in range(BATCH)]
    growing, directory = Growing(), Directory(folder / "tree")
    took = written = 0.0
    for first in range(0, LEAVES, BATCH):
        batch = [b"%d" % first + entry[8:] for entry in entries[: LEAVES - first]]
        began = time.perf_counter()
        full = growing.extend([leaf_hash(entry) for entry in batch])
        bundles = [
            (Tile(-1, (first + at) // WIDTH, len(part)), bundle(part))
            for at in range(0, len(batch), WIDTH)
            for part in (batch[at : at + WIDTH],)
        ]
        took += time.perf_counter() - began
        directory.tiles([*full, *bundles])
        written += time.perf_counter() - began
        progress.advance(task, len(batch))
    directory.tiles(growing.partials())
    found = {"leaves_per_s": round(LEAVES / took), "leaves_per_s_written": round(LEAVES / written)}
    return found | _proofs(folder / "tree", growing)


def _proofs(folder: Path, growing: Growing) -> dict[str, Any]:
    """Proofs of random leaves, read from the tiles on disk as a server does: nothing is kept from one to the next."""
    published, root = open_published(str(folder)), growing.root()
    times = []
    for _ in range(PROOFS):
        index = secrets.randbelow(growing.size)
        began = time.perf_counter()
        nodes = TileNodes(growing.size, published.tile)
        proof = inclusion_proof(index, growing.size, nodes)
        times.append(time.perf_counter() - began)
        check_inclusion(nodes(0, index), index, growing.size, proof, root)
    times.sort()
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    return {"proof_ms": round(p99 * 1e3, 2), "proof_p50_ms": round(p50 * 1e3, 2), "leaves": growing.size}


def intake(running: Running, rounds: int, orders_a_round: int, progress: Progress) -> dict[str, Any]:
    """The intake's ratio with a publisher beside the server and without, in turn, and how far it is behind."""
    task = progress.add_task("intake with and without a publisher", total=2 * (rounds + 1))
    servers = {name: running(name, name == "with") for name in ("with", "without")}
    results: dict[str, list[Round]] = {f"{what} {name}": [] for name in servers for what in ("ceiling", "intake")}
    try:
        for number in range(rounds + 1):  # the first warms up
            for name in list(servers) if number % 2 else list(servers)[::-1]:
                ceiling, taken = _round(servers[name].target, orders_a_round)
                if number:
                    results[f"ceiling {name}"].append(ceiling)
                    results[f"intake {name}"].append(taken)
                servers["with"].quiet()
                progress.advance(task)
        lags = _lags(servers["with"])
    finally:
        for server in servers.values():
            server.stop()
    return {f"intake_ratio_{name}": _ratio(results, name) for name in servers} | _cost(results) | lags


def _round(target: Target, count: int) -> tuple[Round, Round]:
    """The constant answer, and then the intake, to the same requests."""
    who = customers(target, f"bench-{secrets.token_hex(4)}", count)
    ceiling, _ = play(target, orders(target, "/bench/ceiling", who), 201)
    taken, _ = play(target, orders(target, "/v1/orders", who), 201)
    return ceiling, taken


def _ratio(results: dict[str, list[Round]], name: str) -> float:
    both = zip(results[f"ceiling {name}"], results[f"intake {name}"], strict=True)
    return round(median(intake.rps / ceiling.rps for ceiling, intake in both), 3)


def _cost(results: dict[str, list[Round]]) -> dict[str, Any]:
    """What publishing costs, in percent of the orders a second at saturation: the median over the pairs of rounds."""
    pairs = zip(results["intake with"], results["intake without"], strict=True)
    return {"intake_cost_percent": round(100 * (1 - median(a.rps / b.rps for a, b in pairs)), 1)}


def _lags(server: Server) -> dict[str, Any]:
    """Play a launch: how long after an answer what it tells of is in a signed checkpoint."""
    acknowledged, seen = _paced(server)
    lags, at = [], 0
    for number, when in enumerate(acknowledged, 1):
        while seen[at][1] < number:
            at += 1
        lags.append(max(0.0, seen[at][0] - when))
    lags.sort()
    return {
        "lag_ms_p50": round(lags[len(lags) // 2] * 1e3),
        "lag_ms_p99": round(lags[int(len(lags) * 0.99)] * 1e3),
        "entries_per_s": round(len(lags) / (acknowledged[-1] - acknowledged[0])),
    }


def _paced(server: Server) -> tuple[list[float], list[tuple[float, int]]]:
    """When each entry (an order's, its deposit's) was acknowledged, and when how many were published."""
    target, count = server.target, int(PACED_ORDERS * PACED_S)
    before = server.quiet()
    wanted = orders(target, "/v1/orders", customers(target, f"lag-{secrets.token_hex(3)}", count))[::-1]
    before = server.quiet()
    wire = Wire(target.host, target.port, target.connections)
    acknowledged: list[float] = []
    seen: list[tuple[float, int]] = []
    payments: list[bytes] = []
    sent, began, looked = 0, time.perf_counter(), 0.0
    while len(seen) == 0 or seen[-1][1] < 2 * count:
        now = time.perf_counter()
        while wanted and wire.free and sent < int((now - began) * PACED_ORDERS):
            wire.send(wanted.pop(), 201)
            sent += 1
        while payments and wire.free:
            wire.send(payments.pop(), 200)
        answers = list(wire.poll(0.001))
        for expect, status, raw in answers:
            assert status == expect, raw[:500] or "no answer"
            acknowledged.append(time.perf_counter())
        payments += webhooks(target, [raw for expect, _, raw in answers if expect == 201], int(time.time()))
        if now - looked > LOOK_EVERY_S:
            looked = now
            seen.append((time.perf_counter(), server.published() - before))
        if now - began > PACED_S + CATCHES_UP_WITHIN_S:
            raise DrumrollError(f"{seen[-1][1]:,} of {2 * count:,} entries were published in time")
    wire.close()
    return acknowledged, seen


def show(found: dict[str, Any], console: Console) -> None:
    """The figures against what is wanted."""
    table = Table(title="drumroll bench --proof", title_justify="left")
    table.add_column("figure")
    table.add_column("measured", justify="right")
    table.add_column("wanted")
    for name, value in found.items():
        table.add_row(name, f"{value:,}", WANTED.get(name, ""))
    console.print(table)
