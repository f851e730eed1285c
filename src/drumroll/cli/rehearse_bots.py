"""``drumroll rehearse --bots``: what share of the orders robots get, without a waiting room and with one."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from drumroll.bootstrap import open_log_for_reading, read_launch
from drumroll.cli.at_the_terminal import give_json
from drumroll.domain.launch_room import WaitingRoom
from drumroll.errors import SettingInvalid
from drumroll.log.base import Block
from drumroll.rehearsal.bots import EARLY_SHARE, REACTS_WITHIN_S, TABS, BotPlan, Played, Share, launch_text, scaled
from drumroll.rehearsal.bots_play import play

WIDTH = 80
NIGHTS = {"without": False, "with": True}


def rehearse_bots(
    launch_file: str, bots: int, orders: int | None, seed: int, json_file: str | None, keep: str | None
) -> None:
    """Play both nights, print the shares, and exit with 1 if an order was lost or a place doubled.

    ``orders`` scales people and robots: it stands for the reference launch's 289,000. Raises ``RehearsalFailed``.
    """
    console = Console(width=WIDTH, highlight=False, stderr=json_file == "-")
    with tempfile.TemporaryDirectory(prefix="drumroll-") as temporary:
        plan = _plan(launch_file, bots, orders, seed, Path(keep or temporary))
        played = {name: _played(plan, name, room=room, console=console) for name, room in NIGHTS.items()}
    if not give_json(lambda: as_json(plan, played), json_file):
        _show(plan, played, console)
    if any(night.faults for night in played.values()):
        sys.exit(1)


def _plan(launch_file: str, bots: int, orders: int | None, seed: int, folder: Path) -> BotPlan:
    launch = read_launch(launch_file)
    if any(folder.glob("*/orders.log*")):
        raise SettingInvalid(f"{folder} holds logs already; give --keep another folder")
    people, robots, scale = scaled(orders, bots)
    rules = launch.waiting_room or WaitingRoom(launch.opens_at_ms)
    rate_per_s = max(1, round(rules.rate_per_s * scale))
    text = Path(launch_file).read_text("utf-8")
    return BotPlan(launch, text, folder, people, robots, rate_per_s, _blocks, seed)


@contextmanager
def _blocks(path: str) -> Iterator[Iterable[Block]]:
    with closing(open_log_for_reading(path)) as log:
        yield log.read()


def _played(plan: BotPlan, name: str, *, room: bool, console: Console) -> Played:
    night = msgspec.structs.replace(plan, folder=plan.folder / f"{name}-room")
    with console.status(f"{name} a waiting room") as status:
        return play(
            night, launch_text(plan, room=room), lambda what: status.update(f"{name} a room: {what}"), room=room
        )


def as_json(plan: BotPlan, played: dict[str, Played]) -> dict[str, Any]:
    """The figures of both nights."""
    limit = plan.launch.orders_per_customer
    return {
        "launch": plan.launch.id,
        "seed": plan.seed,
        "people": plan.people,
        "bots": plan.bots,
        "orders_per_customer": limit,
        "rate_per_s": plan.rate_per_s,
        "early_share_assumed": EARLY_SHARE,
        "bots_of_persons": plan.bots / (plan.bots + plan.people),
        "bots_of_wishes": plan.bots * limit / (plan.bots * limit + plan.people),
        **{name: _night_json(night) for name, night in played.items()},
    }


def _night_json(night: Played) -> dict[str, Any]:
    shares = [{**msgspec.to_builtins(one), "share": one.share} for one in night.shares]
    return {**msgspec.to_builtins(night), "shares": shares, "faults": night.faults}


def _show(plan: BotPlan, played: dict[str, Played], console: Console) -> None:
    figures = as_json(plan, played)
    console.print(f"\n[bold]{plan.launch.name}[/], {plan.people:,} people and {plan.bots:,} robots, seed {plan.seed}\n")
    console.print(_table(played))
    console.print(f"\nRobots are {figures['bots_of_persons']:.1%} of all persons, and want ", end="")
    console.print(f"{figures['bots_of_wishes']:.1%} of all orders:")
    console.print(f"{plan.launch.orders_per_customer} each, on {TABS} connections; a person wants one.")
    console.print(f"Assumed: {EARLY_SHARE:.0%} of the people are there before the sale;")
    console.print(f"robots order at once, people within {REACTS_WITHIN_S} s of knowing.")
    for name, night in played.items():
        for fault in night.faults:
            console.print(f"[red]•[/] {name} a room: {fault}")
    if not any(night.faults for night in played.values()):
        console.print("[bold green]nothing lost, nothing doubled, one place a person[/]")


def _table(played: dict[str, Played]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("robots' share of", style="dim")
    for name in played:
        table.add_column(f"{name} a room", justify="right")
    nights = list(played.values())
    for shares in zip(*(night.shares for night in nights), strict=False):
        table.add_row(_name(shares[0]), *(f"{share.share:.1%}" for share in shares))
    table.add_row("orders in the log", *(f"{night.orders:,}" for night in nights))
    table.add_row("lost, doubled", *(f"{night.lost}, {night.doubled}" for night in nights))
    table.add_row("persons over the limit", *(f"{night.over_limit}" for night in nights))
    table.add_row("turned away without ticket", *(_waited(night, "turned_away") for night in nights))
    table.add_row("persons in the room, drawn", *(_waited(night, "entrants", "drawn") for night in nights))
    table.add_row("took", *(f"{night.wall_s:.0f} s" for night in nights))
    return table


def _name(share: Share) -> str:
    return "all orders" if share.every else f"the first {share.orders:,}"


def _waited(night: Played, *fields: str) -> str:
    return ", ".join(f"{getattr(night.waited, field):,}" for field in fields) if night.waited else "-"
