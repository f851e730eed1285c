"""``drumroll rehearse``: play the night before the night, against a real server, and say go or no-go."""

from __future__ import annotations

import re
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from drumroll.bootstrap import read_launch
from drumroll.cli.at_the_terminal import json_option, write
from drumroll.cli.rehearse_bots import rehearse_bots
from drumroll.domain.launch import Launch
from drumroll.domain.money import format_minor
from drumroll.errors import SettingInvalid
from drumroll.rehearsal.arrivals import REFERENCE_ORDERS
from drumroll.rehearsal.meter import Sample
from drumroll.rehearsal.population import places
from drumroll.rehearsal.rehearsal import Outcome, Plan, as_json
from drumroll.rehearsal.rehearsal import rehearse as rehearsed
from drumroll.rehearsal.report import write_report
from drumroll.rehearsal.report_days import REFERENCE_LOCKED

WIDTH = 80
_FEWEST = 100
_MOST_CRASHES = 100


@click.command(short_help="Play a launch against a real server, and audit it.")
@click.argument("launch_file", metavar="[LAUNCH]", default="launches/yu7.toml", type=click.Path(dir_okay=False))
@click.option(
    "--orders", type=click.IntRange(_FEWEST), help=f"Orders that stand firm after the hour.  [{REFERENCE_ORDERS}]"
)
@click.option("--pace", default="max", show_default=True, help="max, real, or a multiple of real time such as 60x.")
@click.option("--crashes", default=0, show_default=True, type=click.IntRange(0, _MOST_CRASHES), help="SIGKILLs midway.")
@click.option("--bots", type=click.IntRange(1, 10**6), help="Bots among 300,000 people; with a room, and without.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Draws the customers.")
@json_option("Write the figures here too; - prints them.")
@click.option("--report", default="report.html", show_default=True, type=click.Path(dir_okay=False))
@click.option("--keep", type=click.Path(file_okay=False), help="Keep log, ledger and server output in this folder.")
def rehearse(**given: Any) -> None:
    """Rehearse LAUNCH (default: launches/yu7.toml): a real server, customers over HTTP, an audit, go or no-go.

    It plays the hour, and then the days until every order is locked or gone: locks, changes, cancellations, and
    conversions of orders that were imported before. Only the hour keeps the --pace.

    With --bots it plays the opening alone, without a waiting room and with one, and says what share of the orders the
    bots got; --orders scales people and bots.

    Exits with 1 on no-go. The same seed draws the same customers and the same misbehaviour.

    \b
    Example:
      drumroll rehearse
      drumroll rehearse --orders 50000 --crashes 5 --json figures.json
      drumroll rehearse launches/handheld.toml --orders 5000 --pace 60x
      drumroll rehearse --bots 20000 --orders 28900
    """
    signal.signal(signal.SIGTERM, _as_interrupt)
    if given["bots"]:
        asked = (given["launch_file"], given["bots"], given["orders"], given["seed"], given["json_file"], given["keep"])
        rehearse_bots(*asked)
        return
    console = Console(width=WIDTH, highlight=False, stderr=given["json_file"] == "-")
    with tempfile.TemporaryDirectory(prefix="drumroll-") as temporary:
        plan = _plan(given, Path(given["keep"] or temporary), console)
        outcome = _play(plan, console)
        write_report(Path(given["report"]), outcome)
        _write_json(given["json_file"], outcome)
        _show(outcome, Path(given["report"]), console, kept=bool(given["keep"]))
    if not outcome.go:
        sys.exit(1)


def _as_interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _plan(given: dict[str, Any], folder: Path, console: Console) -> Plan:
    launch = read_launch(given["launch_file"])
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.glob("orders.log*")):
        raise SettingInvalid(f"{folder} holds a log already; give --keep another folder")
    asked = given["orders"] or REFERENCE_ORDERS
    return Plan(
        launch=launch,
        launch_file=Path(given["launch_file"]),
        folder=folder,
        orders=_within_places(launch, asked, console),
        asked=asked,
        rate=_rate(given["pace"]),
        crashes=given["crashes"],
        seed=given["seed"],
    )


def _within_places(launch: Launch, asked: int, console: Console) -> int:
    """As many orders as can be had, said clearly if that is fewer than asked for."""
    most = places(launch)
    if most is None or asked <= most:
        return asked
    console.print(f"{launch.name} has {most:,} places: rehearsing {most:,} orders, not {asked:,}.")
    return most


def _rate(pace: str) -> float:
    if pace == "max":
        return 0.0
    if pace == "real":
        return 1.0
    if re.fullmatch(r"\d+(\.\d+)?x", pace) and 0 < float(pace[:-1]) <= 100_000:
        return float(pace[:-1])
    raise SettingInvalid(f"pace: found {pace!r}, allowed: max, real, or a multiple of real time such as 60x")


class _Watch:
    """The progress bar."""

    def __init__(self, progress: Progress, plan: Plan) -> None:
        self._progress = progress
        self._task: TaskID = progress.add_task("", total=plan.orders, shown="")
        self._before = (0.0, 0)

    def __call__(self, phase: str, sample: Sample | None) -> None:
        """Show the phase, and where the orders stand."""
        shown = self._shown(sample) if sample else ""
        self._progress.update(self._task, description=phase, shown=shown, completed=sample.firm if sample else None)

    def _shown(self, sample: Sample) -> str:
        wall_s, answered = self._before
        rate = (sample.answered - answered) / max(0.001, sample.wall_s - wall_s)
        self._before = (sample.wall_s, sample.answered)
        crashes = f" · {sample.crashes} crashes" if sample.crashes else ""
        return f"{sample.firm:>7,} firm · {rate:>6,.0f} req/s · {clock_text(sample.second)}{crashes}"


def clock_text(second: int) -> str:
    """Seconds since the opening as a clock would show them."""
    sign, second = ("-", -second) if second < 0 else ("+", second)
    return (
        f"{sign}{second // 60:02}:{second % 60:02}"
        if second < 6000
        else f"+{second // 86_400} d {second % 86_400 // 3600:02} h"
    )


def _play(plan: Plan, console: Console) -> Outcome:
    columns = (
        *(SpinnerColumn(), TextColumn("{task.description:<13.13}"), BarColumn(bar_width=12)),
        *(TextColumn("{task.fields[shown]}"), TimeElapsedColumn()),
    )
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as progress:
        return rehearsed(plan, _Watch(progress, plan))


def _write_json(json_file: str | None, outcome: Outcome) -> None:
    if json_file is None:
        return
    text = msgspec.json.format(msgspec.json.encode(as_json(outcome)), indent=2).decode()
    if json_file == "-":
        click.echo(text)
    else:
        write(json_file, text.encode() + b"\n")


def _show(outcome: Outcome, report: Path, console: Console, *, kept: bool) -> None:
    plan = outcome.plan
    console.print(f"\n[bold]{plan.launch.name}[/], rehearsed with seed {plan.seed}\n")
    console.print(_table(outcome))
    console.print()
    for reason in outcome.reasons[:20]:
        console.print(f"[red]•[/] {reason}")
    console.print("[bold green]go[/]" if outcome.go else "[bold red]no-go[/]", end="")
    console.print(" · every answer that was given is in the log, and nothing else" if outcome.go else "")
    console.print(f"\nreport   {report}")
    if kept:
        console.print(f"audit    drumroll audit {plan.folder / 'orders.log'} --told {plan.folder / 'told.tsv'}")
        if outcome.proved is not None:
            public, key = plan.folder / "orders.log-proof" / "public", plan.folder / "public-key.txt"
            console.print(f"claim    drumroll verify {plan.folder / 'claim.txt'} --log {public} --key {key}")
    else:
        console.print("audit    add --keep DIR, then: drumroll audit DIR/orders.log --told DIR/told.tsv")
    console.print("live     make serve, then open http://127.0.0.1:8000/board")


def _after(outcome: Outcome, figures: dict[str, Any]) -> list[tuple[str, str]]:
    """The rows on the days after the hour."""
    scaled = round(outcome.plan.orders * REFERENCE_LOCKED / REFERENCE_ORDERS)
    locked = figures["locked_after_18_hours"]
    return [
        (
            "after 18 h",
            f"{locked or 0:,} locked ({REFERENCE_LOCKED:,} of {REFERENCE_ORDERS:,} in public: {scaled:,} here)",
        ),
        ("in the end", f"{figures['locked']:,} locked, {figures['imported']:,} imported orders among them"),
        ("converted", f"{figures['converted']:,} to another model"),
        ("changed", f"{figures['changed']:,}, {figures['undone']:,} early locks undone"),
        ("forfeited", f"{figures['forfeited']:,}"),
        *_promised(outcome, figures),
    ]


def _promised(outcome: Outcome, figures: dict[str, Any]) -> list[tuple[str, str]]:
    """The rows on promises, if the launch makes any."""
    promises = figures["promises"]
    if not promises:
        return []
    told = f"{promises['warned_will_miss']:,} will, {promises['warned_may_miss']:,} may miss a day that matters"
    last = ", ".join(
        f"{of.partition('/')[2]} {weeks['last'][0]}-{weeks['last'][1]}"
        for of, weeks in promises["weeks"].items()
        if weeks["last"]
    )
    took = f"{figures['quote_p50_ms']:.1f} ms (median), {figures['quote_p99_ms']:.1f} ms (99 in 100)"
    return [
        ("promised", f"{promises['made']:,}; weeks at the end: {last}"),
        *([("told so", told)] if outcome.plan.launch.cliffs else []),
        ("quotes", f"{figures['quotes']:,} asked before ordering: {took}"),
    ]


def _proof(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """The rows on the published log and the claim made from it."""
    proof = figures["proof"]
    if proof is None:
        return []
    verified = "verified by another process" if proof["verified"] else "NOT verified"
    return [
        ("published", f"{proof['entries']:,} entries"),
        ("claimed", f"{proof['value']:,} {proof['statement']}"),
        ("", f"{verified} from the published log alone, in {proof['verify_s']:.1f} s"),
    ]


def _booked(outcome: Outcome) -> list[tuple[str, str]]:
    """The rows on the ledger, if the log could be counted."""
    books = outcome.booked
    if books is None:
        return []
    debits = format_minor(books.debits_minor, outcome.plan.launch.currency)
    balance = "debits = credits = money in the audit" if not books.faults else "they do NOT balance: see below"
    return [
        ("books", f"{debits} debited; {balance}"),
        ("", f"{books.matched:,} payments match the provider's statement"),
    ]


def _table(outcome: Outcome) -> Table:
    figures = as_json(outcome)
    launch = outcome.plan.launch
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    recovery = max((crash.back_after_s for crash in outcome.crashes), default=0.0)
    owed = format_minor(figures["refunds_owed_minor"], launch.currency)
    for name, text in (
        ("firm orders", f"{figures['firm_orders']:,} after the hour"),
        ("acknowledged", f"{figures['acknowledged']:,}, {figures['lost']} lost, {figures['doubled']} doubled"),
        ("crashes", f"{figures['crashes']}" + (f", back within {recovery:.1f} s" if outcome.crashes else "")),
        ("refunds owed", f"{figures['refunds_owed']:,}, {owed}; {figures['refunds_paid']:,} of them paid back"),
        *_after(outcome, figures),
        ("ran out", f"{figures['expired']:,}, {figures['revived']:,} revived by a late deposit"),
        ("cancelled", f"{figures['cancelled']:,}"),
        ("requests", f"{figures['requests']:,}, {figures['sent_again']:,} of them sent again"),
        ("pace", f"{figures['orders_per_s']:,.0f} orders/s, {figures['firm_per_s']:,.0f} firm/s"),
        ("answered in", f"{figures['p50_ms']:.1f} ms (median), {figures['p99_ms']:.1f} ms (99 in 100)"),
        *_booked(outcome),
        *_proof(figures),
        ("took", f"{figures['wall_s']:.1f} s, {figures['audit_s']:.1f} s of it the audit"),
    ):
        table.add_row(name, text)
    return table
