"""A whole rehearsal: server, customers, crashes, audit in another process, and what came of it."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, process_time
from typing import Any

import msgspec

from drumroll.domain.launch import Launch
from drumroll.errors import RehearsalFailed
from drumroll.rehearsal import population as people
from drumroll.rehearsal import requests
from drumroll.rehearsal import told as ledger
from drumroll.rehearsal.audit import Audit
from drumroll.rehearsal.chaos import CrashPlan
from drumroll.rehearsal.conductor import Conductor
from drumroll.rehearsal.customers import Customers, Tallies
from drumroll.rehearsal.meter import Crash, Meter, Sample, percentile
from drumroll.rehearsal.outbox import Outbox
from drumroll.rehearsal.server import HOST, Server
from drumroll.rehearsal.timeline import Timeline
from drumroll.rehearsal.wire import Wire

BEGINS_S = -15
"""The server's clock at its start, in seconds since the opening."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to rehearse. ``rate``: simulated seconds for one of the wall's; 0 is as fast as it goes."""

    launch: Launch
    launch_file: Path
    folder: Path
    orders: int
    asked: int
    rate: float = 0.0
    crashes: int = 0
    seed: int = 1
    connections: int = 256


class Outcome(msgspec.Struct, kw_only=True):
    """Everything that the summary, the report and the JSON are made from."""

    plan: Plan
    audit: Audit
    board: dict[str, Any]
    tallies: Tallies
    visits: dict[people.Kind, int]
    reasons: list[str]
    samples: list[Sample]
    crashes: list[Crash]
    latencies_s: list[float]
    wall_s: float
    play_s: float
    client_cpu_s: float
    audit_s: float
    requests: int
    sent_again: int
    pushed_back: dict[str, int]

    @property
    def go(self) -> bool:
        """Whether the launch may go on."""
        return not self.reasons

    @property
    def firm(self) -> int:
        """Orders of the headline models that stand firm, by the recount."""
        return self.audit.figures.get("firm_headline", 0)


def rehearse(plan: Plan, watch: Callable[[str, Sample | None], None]) -> Outcome:
    """Play it from the first session to the audit. ``watch`` is told the phase and, while orders flow, the samples."""
    began, client_cpu_s = monotonic(), process_time()
    watch("inviting the customers", None)
    gc.disable()  # hundreds of thousands of small objects live to the end: looking for garbage among them is dear
    server = Server(plan.launch_file, plan.folder, plan.rate)
    timeline = Timeline(people.opening_ms(plan.launch), BEGINS_S, plan.rate)
    try:
        drawn = people.drawn(plan.launch, plan.orders, plan.seed)
        watch("starting the server", None)
        server.start(timeline.now_ms())
        meter, outbox, customers, board = _play(plan, server, timeline, drawn, watch)
    finally:
        server.kill()
        gc.enable()
    ledger.write(plan.folder / "told.tsv", customers.told, board)
    play_s = monotonic() - began
    client_cpu_s = process_time() - client_cpu_s
    watch("auditing", None)
    audit = _audited(server.log, plan.folder)
    latencies = sorted(outbox.wire.latencies_s)
    return Outcome(
        plan=plan,
        audit=audit,
        board=msgspec.json.decode(board),
        tallies=customers.tallies,
        visits={kind: drawn.kinds.count(kind) for kind in people.Kind},
        reasons=_reasons(plan, audit, customers.tallies, len(meter.crashes)),
        samples=meter.samples,
        crashes=meter.crashes,
        latencies_s=latencies,
        wall_s=monotonic() - began,
        play_s=play_s,
        client_cpu_s=client_cpu_s,
        audit_s=monotonic() - began - play_s,
        requests=outbox.answered + outbox.sent_again,
        sent_again=outbox.sent_again,
        pushed_back=dict(outbox.pushed_back),
    )


def _play(
    plan: Plan,
    server: Server,
    timeline: Timeline,
    drawn: people.Population,
    watch: Callable[[str, Sample | None], None],
) -> tuple[Meter, Outbox, Customers, bytes]:
    provider = requests.Provider(server.webhook_secret, plan.launch.currency)
    wire = Wire(HOST, server.port, plan.connections)
    outbox = Outbox(wire, lambda request: provider.signed_again(request, timeline.now_ms() // 1000))
    customers = Customers(drawn, plan.launch, plan.seed, provider, outbox, timeline)
    meter = Meter(lambda sample: watch("taking orders", sample))
    try:
        conductor = Conductor(plan.launch, server, outbox, timeline, customers, meter)
        board = conductor.play(plan.orders, CrashPlan(plan.crashes, len(drawn)))
        server.stop()
    finally:
        wire.close()
    return meter, outbox, customers, board


def _audited(log: Path, folder: Path) -> Audit:
    """Let another process audit the log, with nothing from this one but the ledger on disk."""
    found = folder / "audit.json"
    command = [sys.executable, "-m", "drumroll", "audit", str(log), "--told", str(folder / "told.tsv")]
    done = subprocess.run([*command, "--json", str(found)], capture_output=True, text=True, check=False)
    if not found.exists():
        raise RehearsalFailed(f"the audit did not end (exit code {done.returncode}):\n{done.stderr[-2000:]}")
    return msgspec.json.decode(found.read_bytes(), type=Audit)


def _reasons(plan: Plan, audit: Audit, tallies: Tallies, crashes: int) -> list[str]:
    """Why it is no-go; empty is go."""
    reasons = list(audit.reasons)
    firm = audit.figures.get("firm_headline", 0)
    if firm != plan.orders:
        reasons.append(f"{firm:,} orders stand firm at the end where {plan.orders:,} should")
    if crashes != plan.crashes:
        reasons.append(f"the server was killed {crashes} times where {plan.crashes} were asked for")
    reasons += [f"{text} ({count} times)" for text, count in sorted(tallies.surprises.items())]
    return reasons


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The figures for machines."""
    plan, figures = outcome.plan, outcome.audit.figures
    return {
        "go": outcome.go,
        "reasons": outcome.reasons,
        "launch": plan.launch.id,
        "seed": plan.seed,
        "pace": pace_name(plan.rate),
        "orders_asked": plan.asked,
        "firm_orders": outcome.firm,
        "acknowledged": outcome.tallies.acknowledged,
        "lost": outcome.audit.lost,
        "doubled": outcome.audit.doubled,
        "crashes": len(outcome.crashes),
        "crash_recovery_s": [round(crash.back_after_s, 3) for crash in outcome.crashes],
        "wall_s": round(outcome.wall_s, 3),
        "play_s": round(outcome.play_s, 3),
        "client_cpu_s": round(outcome.client_cpu_s, 3),
        "audit_s": round(outcome.audit_s, 3),
        "orders_per_s": round(outcome.tallies.acknowledged / outcome.play_s, 1),
        "firm_per_s": round(outcome.tallies.firm / outcome.play_s, 1),
        "p50_ms": round(percentile(outcome.latencies_s, 0.50) * 1000, 3),
        "p99_ms": round(percentile(outcome.latencies_s, 0.99) * 1000, 3),
        "requests": outcome.requests,
        "sent_again": outcome.sent_again,
        "refunds_owed": figures.get("refunds_owed", 0),
        "refunds_owed_minor": figures.get("refunds_owed_minor", 0),
        "refunds_paid": figures.get("refunds_paid", 0),
        "expired": figures.get("expired_ever", 0),
        "cancelled": figures.get("cancelled", 0),
        "revived": figures.get("revived", 0),
        "refusals": {**outcome.tallies.refusals, **outcome.pushed_back},
    }


def pace_name(rate: float) -> str:
    """The pace as it is given on the command line."""
    return {0.0: "max", 1.0: "real"}.get(rate, f"{rate:g}x")
