"""``drumroll waits``: what customers will be told of the delivery, before the first of them orders."""

from __future__ import annotations

from datetime import datetime

import click
from rich.console import Console
from rich.table import Table

from drumroll.bootstrap import read_launch
from drumroll.cli.at_the_terminal import give_json, json_option
from drumroll.domain.capacity import capacity_of, kinds_of, rules_of
from drumroll.domain.launch import Launch
from drumroll.domain.times import rfc3339, to_ms
from drumroll.errors import DrumrollError
from drumroll.plan.waits import Wait, waits

WIDTH = 80
MOST = 5_000_000
STEPS = (0, 10_000, 50_000, 100_000, 200_000)


@click.command(name="waits", short_help="What customers will be told, after so many orders.")
@click.argument("launch", default="launches/yu7.toml", type=click.Path(dir_okay=False))
@click.option(
    "--orders", default=289_000, show_default=True, type=click.IntRange(0, MOST), help="How many have ordered."
)
@click.option("--at", metavar="TIME", help="As of then (RFC 3339).  [default: the opening]")
@click.option("--region", metavar="ID", help="Delivered there.  [default: the first region]")
@json_option("Write all of it here; - prints it.")
def waits_(launch: str, orders: int, at: str | None, region: str | None, json_file: str | None) -> None:
    """Say what the next customer would be told about delivery, of each trim, after so many orders.

    For LAUNCH as its file is (default: launches/yu7.toml): its capacity, limits, backlog and uncertainty. Trims are
    mixed 1 : 1/2 : 1/3 ... as in the rehearsal, and nobody cancels.

    \b
    Example:
      drumroll waits launches/yu7.toml --at 2025-07-02T12:00:00+08:00
      drumroll waits launches/handheld.toml --orders 10000 --json -
    """
    offer = read_launch(launch)
    at_ms = offer.opens_at_ms if at is None else _moment_ms(at)
    steps = sorted({step for step in STEPS if step < orders} | {orders})
    found = waits(offer, _safety(offer), steps, at_ms, _region(offer, region))
    content = {"launch": offer.id, "at": rfc3339(at_ms, offer.time_zone), "waits": found}
    if give_json(lambda: content, json_file):
        return
    _show(offer, found, at_ms)


def _safety(launch: Launch) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    # Imported here, so that --help does not wait for numpy.
    from drumroll.plan.safety import safety

    capacity = capacity_of(launch)
    return {} if capacity is None else safety(capacity, kinds_of(launch), rules_of(launch))


def _region(launch: Launch, wanted: str | None) -> str:
    known = [region.id for region in launch.regions]
    if wanted is None:
        return known[0] if known else ""
    if wanted not in known:
        allowed = ", ".join(known) or "none, for the launch has no regions"
        raise DrumrollError(f"--region: found {wanted!r}, allowed: {allowed}")
    return wanted


def _moment_ms(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise DrumrollError(f"--at: found {text!r}, allowed: a time like 2025-07-02T12:00:00+08:00") from error
    if moment.tzinfo is None or not 2000 <= moment.year <= 2199:
        raise DrumrollError(f"--at: found {text!r}, allowed: an offset (Z, +08:00), and 2000 to 2199")
    return to_ms(moment)


def _show(launch: Launch, found: list[Wait], at_ms: int) -> None:
    console = Console(width=WIDTH, highlight=False)
    console.print(f"[bold]{launch.name}[/]: weeks until delivery, as of {rfc3339(at_ms, launch.time_zone)[:16]}")
    trims = list(dict.fromkeys((one.model, one.trim) for one in found))
    table = Table(box=None, pad_edge=False)
    table.add_column("after", justify="right")
    for model, trim in trims:
        table.add_column(f"{model} {trim}", justify="right", overflow="fold")
    for orders in dict.fromkeys(one.orders for one in found):
        row = {(one.model, one.trim): one for one in found if one.orders == orders}
        table.add_row(f"{orders:,} orders", *(_weeks(row[trim]) for trim in trims))
    console.print(table)
    for one in found[-len(trims) :]:
        console.print(_last(one), soft_wrap=False)


def _weeks(one: Wait) -> str:
    if one.delivery is None:
        return "nothing"
    first, last = one.delivery.weeks
    return f"{first}-{last}"


def _last(one: Wait) -> str:
    name = f"{one.model} {one.trim}"
    if one.delivery is None:
        return f"{name}: nothing can be promised."
    crossed = "".join(f" It {cliff.crossing} miss: {cliff.name}, {cliff.last_day}." for cliff in one.delivery.cliffs)
    return f"{name}: {one.delivery.from_day} to {one.delivery.until}. {one.delivery.because}{crossed}"
