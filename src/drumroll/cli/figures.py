"""``drumroll figures``: what a launch is worth, and whether the figures that were published of it come out."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from drumroll.bootstrap import read_launch
from drumroll.cli import figures_log
from drumroll.cli.at_the_terminal import give_json, json_option
from drumroll.cli.figures_tables import show
from drumroll.cli.plan_book import AtMoment
from drumroll.cli.reading import completed, moment
from drumroll.cli.tables import plain_console
from drumroll.domain.launch import Launch
from drumroll.domain.times import rfc3339
from drumroll.errors import FiguresRefused
from drumroll.outlook.figures import MOST_ORDERS, Figures, figures_of_log, figures_without_log
from drumroll.outlook.figures_orders import counted
from drumroll.outlook.published import Check, check
from drumroll.outlook.published_assumptions import Known


class Made(msgspec.Struct, frozen=True):
    """The figures, what they were held against, and the check of the published ones, if it was asked for."""

    known: Known
    position: int | None
    checked: Check | None


@click.command(short_help="What a launch is worth; checks published figures.")
@click.argument("launch_file", metavar="[LAUNCH]", required=False, type=click.Path(dir_okay=False))
@click.option("--log", type=click.Path(dir_okay=False), help="The orders of this log.")
@click.option("--at", "at_ms", metavar="TIME", callback=moment, help="The log as of then.  [its last block]")
@click.option("--orders", type=click.IntRange(1, MOST_ORDERS), help="Without a log: so many.  [the latest published]")
@click.option("--quarter", metavar="ID", help="Share of this quarter only.  [all of the launch file]")
@click.option("--check", "checks", is_flag=True, help="Check every published figure too.")
@json_option("Write all of it here; - prints it.")
def figures(launch_file: str | None, **given: Any) -> None:
    """Deposits, potential revenue, shares of a quarter, performance obligations by quarter, gross margin.

    With --log they are counted from that log; with LAUNCH too, the prices' VAT, costs, quarters and published figures
    are those of the file. Without a log they are about as many orders as were published, at the base trim.

    With --check: what each published figure assumes, whether it comes out, and which contradict each other. That is a
    report: figures that contradict each other exit with 0 too; bad input exits with 1. docs/figures.md defines it all.

    \b
    Example:
      drumroll figures launches/yu7.toml --check
      drumroll figures --log orders.log --quarter q1-2025 --json f.json
    """
    made = make(launch_file, **given)
    if give_json(lambda: as_values(made), given["json_file"]):
        return
    show(made.known.figures, when(made), made.checked, plain_console())


def make(launch_file: str | None, **given: Any) -> Made:
    """Work out all that was asked for. Raises ``FiguresRefused``, ``WrongLaunch``, ``LogError``."""
    if launch_file is None and given["log"] is None:
        raise click.UsageError("found neither LAUNCH nor --log, allowed: one of them, or both")
    named = None if launch_file is None else read_launch(launch_file)
    if given["log"] is None:
        if given["at_ms"] is not None:
            raise click.UsageError("--at: found without --log, allowed: with it; a launch file has no orders")
        assert named is not None
        found = figures_without_log(named, given["orders"], given["quarter"])
        return _made(Known(named, found), None, given)
    if given["orders"] is not None:
        raise click.UsageError("--orders: found with --log, allowed: without; the log has its own orders")
    at, stood = figures_log.read(given["log"], given["at_ms"], named)
    launch = _launch(at, named, given["log"])
    ordered = counted(at.book.sequence, at.book.headline, at.at_ms)
    found = figures_of_log(launch, ordered, at.at_ms, given["quarter"])
    return _made(Known(launch, found, stood), at.position, given)


def _made(known: Known, position: int | None, given: dict[str, Any]) -> Made:
    return Made(known, position, check(known) if given["checks"] else None)


def _launch(at: AtMoment, named: Launch | None, log: str) -> Launch:
    """The log's launch, with what a file of the same launch says of money and of the launch before."""
    launch = at.book.launch
    if launch is None:
        raise FiguresRefused(
            f"{log}: found no launch in it by then, allowed: a log that has begun; ask for a later --at"
        )
    return completed(log, launch, named)


def when(made: Made) -> str:
    """What was counted, and as of when."""
    found, launch = made.known.figures, made.known.launch
    if found.counted_from == "given":
        return "as many orders as asked"
    assert found.at_ms is not None
    at = rfc3339(found.at_ms, launch.time_zone)
    if found.counted_from == "published":
        return f"as published ({found.published}), at {at}"
    return f"as of {at} (block {made.position:,})"


def as_values(made: Made) -> dict[str, Any]:
    """All of it for JSON: money in minor units, percents as texts, ``check`` is null unless it was asked for."""
    found: Figures = made.known.figures
    values = msgspec.to_builtins(found)
    values["at"] = None if found.at_ms is None else rfc3339(found.at_ms, made.known.launch.time_zone)
    return {**values, "based_on": made.position, "check": msgspec.to_builtins(made.checked)}
