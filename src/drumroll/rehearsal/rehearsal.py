"""A whole rehearsal: server, customers, crashes, audit in another process, and what came of it."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, process_time
from typing import Any

import msgspec

from drumroll.domain.launch import Launch
from drumroll.errors import RehearsalFailed
from drumroll.rehearsal import arrivals, days, requests
from drumroll.rehearsal import base as earlier
from drumroll.rehearsal import population as people
from drumroll.rehearsal import told as ledger
from drumroll.rehearsal.afterwards import Afterwards
from drumroll.rehearsal.audit import Audit
from drumroll.rehearsal.books import Booked, booked, write_statement
from drumroll.rehearsal.chaos import CrashPlan
from drumroll.rehearsal.conductor import Conductor
from drumroll.rehearsal.conductor_days import DaysConductor, Moment
from drumroll.rehearsal.customers import Customers
from drumroll.rehearsal.meter import Crash, Meter, Sample, percentile
from drumroll.rehearsal.outbox import Outbox
from drumroll.rehearsal.proving import Proved, proved
from drumroll.rehearsal.report_promises import Promised, Quoted
from drumroll.rehearsal.server import HOST, Server
from drumroll.rehearsal.tallies import Tallies
from drumroll.rehearsal.timeline import Timeline
from drumroll.rehearsal.wire import Wire

BEGINS_S = -15
"""The server's clock at its start, in seconds since the opening."""
_STARTS_WITHIN_S = 5
"""How long the server may take to start: meanwhile a clock that runs is not to reach the opening."""


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
    acts: Counter[days.Act]
    days_began_s: int
    moments: list[Moment]
    quoted: list[Quoted]
    reasons: list[str]
    samples: list[Sample]
    crashes: list[Crash]
    latencies_s: list[float]
    wall_s: float
    hour_s: float
    play_s: float
    client_cpu_s: float
    audit_s: float
    requests: int
    sent_again: int
    pushed_back: dict[str, int]
    proved: Proved | None = None
    booked: Booked | None = None

    @property
    def go(self) -> bool:
        """Whether the launch may go on."""
        return not self.reasons

    @property
    def firm(self) -> int:
        """Orders of the headline models that stood firm after the hour, before anybody locked, by the recount."""
        return next((firm for second, firm in reversed(self.audit.curve) if second < self.days_began_s), 0)

    @property
    def promised(self) -> Promised:
        """What customers were told about delivery."""
        audit = self.audit
        return Promised(self.plan.launch, audit.figures, audit.promised, self.quoted, self.tallies)

    @property
    def locked_after_18_hours(self) -> int | None:
        """Orders of the headline models that the board showed as locked then; ``None`` if it was not looked at."""
        return next((moment.locked for moment in self.moments if moment.second == days.LOCKED_AT_S), None)


def rehearse(plan: Plan, watch: Callable[[str, Sample | None], None]) -> Outcome:
    """Play it from the earlier sale to the audit. ``watch`` is told the phase and, while orders flow, the samples."""
    began, client_cpu_s = monotonic(), process_time()
    watch("drawing", None)
    gc.disable()  # hundreds of thousands of small objects live to the end: looking for garbage among them is dear
    server = Server(plan.launch_file, plan.folder, plan.rate)
    timeline = Timeline(people.opening_ms(plan.launch), min(BEGINS_S, -int(plan.rate * _STARTS_WITHIN_S)), plan.rate)
    try:
        drawn = people.drawn(plan.launch, plan.orders, plan.seed)
        steps = len(drawn)
        after = days.drawn(plan.launch, plan.orders, drawn, plan.seed)
        _import(plan, server, timeline, after, watch)
        watch("starting", None)
        server.start(timeline.now_ms())
        played = _play(plan, server, timeline, (drawn, after), CrashPlan(plan.crashes, steps + len(after)), watch)
    finally:
        server.kill()
        gc.enable()
    customers, meter, outbox = played.customers, played.meter, played.outbox
    ledger.write(plan.folder / "told.tsv", customers.told, played.board)
    play_s = monotonic() - began
    client_cpu_s = process_time() - client_cpu_s
    watch("auditing", None)
    with ThreadPoolExecutor(1) as beside:  # both are processes of their own, and there are two cores
        claim = beside.submit(_proved, plan, server, played.days.began_s)
        audit = _audited(server.log, plan.folder)
        books = _booked(plan, server, customers, audit)
        audit_s = monotonic() - began - play_s
        watch("proving", None)
        proof = claim.result()
    outcome = Outcome(
        plan=plan,
        audit=audit,
        board=msgspec.json.decode(played.board),
        tallies=customers.tallies,
        visits={kind: drawn.kinds.count(kind) for kind in people.Kind},
        acts=Counter({act: after.acts.count(act) for act in days.Act})
        + Counter(act for _, act, _ in after.last_moments),
        days_began_s=played.days.began_s,
        moments=played.days.moments,
        quoted=played.days.quoted,
        reasons=[],
        samples=meter.samples,
        crashes=meter.crashes,
        latencies_s=sorted(outbox.wire.latencies_s),
        wall_s=monotonic() - began,
        hour_s=played.hour_s,
        play_s=play_s,
        client_cpu_s=client_cpu_s,
        audit_s=audit_s,
        requests=outbox.answered + outbox.sent_again,
        sent_again=outbox.sent_again,
        pushed_back=dict(outbox.pushed_back),
        proved=proof,
        booked=books,
    )
    outcome.reasons = _reasons(outcome)
    return outcome


class _Played(msgspec.Struct):
    """What the playing left behind."""

    meter: Meter
    outbox: Outbox
    customers: Customers
    days: DaysConductor
    board: bytes
    hour_s: float


def _import(
    plan: Plan, server: Server, timeline: Timeline, after: days.Days, watch: Callable[[str, Sample | None], None]
) -> None:
    """Have the orders of the earlier sale taken over, if there was one."""
    if after.base:
        watch("importing", None)
        file = plan.folder / "earlier-orders.csv"
        earlier.write(file, after.base, plan.launch.currency)
        now_ms = timeline.opening_ms - earlier.IMPORTED_BEFORE_S * 1000
        earlier.take_over(file, server.log, plan.launch_file, now_ms)


def _play(
    plan: Plan,
    server: Server,
    timeline: Timeline,
    drawn: tuple[people.Population, days.Days],
    crashes: CrashPlan,
    watch: Callable[[str, Sample | None], None],
) -> _Played:
    provider = requests.Provider(server.webhook_secret, plan.launch.currency)
    wire = Wire(HOST, server.port, plan.connections)
    outbox = Outbox(wire, lambda request: provider.signed_again(request, timeline.now_ms() // 1000))
    customers = Customers(drawn[0], plan.launch, plan.seed, provider, outbox, timeline)
    meter = Meter(lambda sample: watch(_phase(sample), sample))
    try:
        conductor = Conductor(plan.launch, server, outbox, timeline, customers, meter)
        afterwards = Afterwards(customers, plan.launch, drawn[1])
        after = DaysConductor(conductor, plan.launch, drawn[1], afterwards)
        conductor.play_hour(plan.orders, crashes)
        hour_s = meter.wall_s
        after.play()
        board = conductor.last_board()
        server.stop()
    finally:
        wire.close()
    return _Played(meter, outbox, customers, after, board, hour_s)


def _phase(sample: Sample) -> str:
    return "taking orders" if sample.second <= arrivals.HOUR_S else "days after"


def _audited(log: Path, folder: Path) -> Audit:
    """Let another process audit the log, with nothing from this one but the ledger on disk."""
    found = folder / "audit.json"
    command = [sys.executable, "-m", "drumroll", "audit", str(log), "--told", str(folder / "told.tsv")]
    done = subprocess.run([*command, "--json", str(found)], capture_output=True, text=True, check=False)
    if not found.exists():
        raise RehearsalFailed(f"the audit did not end (exit code {done.returncode}):\n{done.stderr[-2000:]}")
    return msgspec.json.decode(found.read_bytes(), type=Audit)


def _booked(plan: Plan, server: Server, customers: Customers, audit: Audit) -> Booked | None:
    """The provider's statement is the rehearsal's own. ``None``: the log can't be counted."""
    if "money_in_minor" not in audit.figures:
        return None
    statement = plan.folder / "payments.csv"
    write_statement(statement, customers.taken.values())
    return booked(server.log, statement, audit.figures)


def _proved(plan: Plan, server: Server, seconds: int) -> Proved | None:
    """Claim the firm orders once all that was reserved in the hour is paid for, or ran out."""
    if not server.publishes:
        return None
    headline = plan.launch.headline
    of = f" of {headline[0]}" if len(headline) == 1 else ""
    first = f"{seconds} seconds" if seconds % 60 else f"{seconds // 60} minutes"
    return proved(server.log, plan.folder, f"firm orders{of} in the first {first} net of cancellations")


def _unproved(outcome: Outcome) -> list[str]:
    """What is wrong with the claim, if anything."""
    claim = outcome.proved
    if claim is None:
        return []
    reasons = [f"the claim does not hold: {fault}" for fault in claim.faults]
    if not claim.verified and not reasons:
        reasons.append("the claim could not be verified")
    if claim.value != outcome.firm:
        reasons.append(f"{claim.value:,} {claim.statement} are published; {outcome.firm:,} stand firm in the order log")
    return reasons


def _reasons(outcome: Outcome) -> list[str]:
    """Why it is no-go; empty is go."""
    plan, audit = outcome.plan, outcome.audit
    reasons = list(audit.reasons)
    if outcome.firm != plan.orders:
        reasons.append(f"{outcome.firm:,} orders stand firm after the hour where {plan.orders:,} should")
    if len(outcome.crashes) != plan.crashes:
        reasons.append(f"the server was killed {len(outcome.crashes)} times where {plan.crashes} were asked for")
    left = Counter[str]()
    for states in audit.states.values():
        left.update({state: states.get(state, 0) for state in ("reserved", "firm")})
    if left["reserved"] or (left["firm"] and plan.launch.cooling_off_s is not None):
        reasons.append(f"at the end {left['reserved']:,} orders are still reserved and {left['firm']:,} not yet locked")
    surprises = outcome.tallies.surprises
    reasons += [f"{text} ({count} times)" for text, count in sorted(surprises.items())]
    reasons += [] if outcome.booked is None else outcome.booked.faults
    return reasons + _unproved(outcome)


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The figures for machines."""
    quote_latencies_s = sorted(outcome.tallies.quote_latencies_s)
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
        "hour_s": round(outcome.hour_s, 3),
        "play_s": round(outcome.play_s, 3),
        "client_cpu_s": round(outcome.client_cpu_s, 3),
        "audit_s": round(outcome.audit_s, 3),
        "orders_per_s": round(outcome.tallies.acknowledged / outcome.hour_s, 1),
        "firm_per_s": round(outcome.tallies.firm / outcome.hour_s, 1),
        "p50_ms": round(percentile(outcome.latencies_s, 0.50) * 1000, 3),
        "p99_ms": round(percentile(outcome.latencies_s, 0.99) * 1000, 3),
        "quotes": outcome.tallies.quotes["asked"],
        "quote_p50_ms": round(percentile(quote_latencies_s, 0.50) * 1000, 3),
        "quote_p99_ms": round(percentile(quote_latencies_s, 0.99) * 1000, 3),
        "requests": outcome.requests,
        "sent_again": outcome.sent_again,
        "standing": figures.get("standing", 0),
        "locked": figures.get("locked", 0),
        "locked_after_18_hours": outcome.locked_after_18_hours,
        "converted": figures.get("converted", 0),
        "forfeited": figures.get("forfeited", 0),
        "changed": figures.get("changed", 0),
        "undone": figures.get("locks_undone", 0),
        "early_locks": figures.get("early_locks", 0),
        "imported": figures.get("imported", 0),
        "offered": figures.get("offered", 0),
        "refunds_owed": figures.get("refunds_owed", 0),
        "refunds_owed_minor": figures.get("refunds_owed_minor", 0),
        "refunds_paid": figures.get("refunds_paid", 0),
        "expired": figures.get("expired_ever", 0),
        "cancelled": figures.get("cancelled", 0),
        "revived": figures.get("revived", 0),
        "refusals": {**outcome.tallies.refusals, **outcome.pushed_back},
        "promises": outcome.promised.as_json(),
        "books": None if outcome.booked is None else msgspec.to_builtins(outcome.booked),
        "proof": None if outcome.proved is None else msgspec.to_builtins(outcome.proved),
    }


def pace_name(rate: float) -> str:
    """The pace as it is given on the command line."""
    return {0.0: "max", 1.0: "real"}.get(rate, f"{rate:g}x")
