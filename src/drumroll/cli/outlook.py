"""``drumroll outlook``: what a launch will bring by month, in scenarios, beside what others said."""

from __future__ import annotations

from typing import Any

import click

from drumroll.cli.at_the_terminal import give_json, json_option, write
from drumroll.cli.outlook_json import as_json
from drumroll.cli.outlook_made import Made, make
from drumroll.cli.outlook_page import page
from drumroll.cli.outlook_tables import show
from drumroll.cli.reading import moment
from drumroll.cli.tables import plain_console

MONTHS = 24
MOST_MONTHS = 60


@click.command(short_help="What a launch will bring by month, in scenarios.")
@click.argument("launch_file", required=False, type=click.Path(dir_okay=False))
@click.option("--log", type=click.Path(dir_okay=False), help="From the orders of this log.")
@click.option("--at", "at_ms", metavar="TIME", callback=moment, help="Only what was known then.  [the last known]")
@click.option("--scenario", "scenarios", metavar="ID", multiple=True, help="Only this one; repeatable.  [all]")
@click.option("--months", default=MONTHS, show_default=True, type=click.IntRange(1, MOST_MONTHS), help="How far.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**31), help="Draws.")
@json_option("Write all figures here; - prints them.")
@click.option("--html", type=click.Path(dir_okay=False), help="Write a page with pictures here.")
def outlook(launch_file: str | None, **given: Any) -> None:
    """Work out orders, deliveries, backlog and revenue by month, for every scenario of [outlook] in the launch file.

    Without --log it starts from the published orders of LAUNCH_FILE (default: launches/yu7.toml) and its backlog; with
    it, from the orders of that log. Then LAUNCH_FILE says what is assumed, if it is given. What others said of
    deliveries stands beside it, with where we differ and why. docs/outlook.md says how everything is reckoned.

    \b
    Example:
      drumroll outlook launches/yu7.toml
      drumroll outlook launches/yu7.toml --scenario released --json -
      drumroll outlook --log data/orders.drumroll --html outlook.html
    """
    _give(make(launch_file, given), given)


def _give(made: Made, given: dict[str, Any]) -> None:
    """Files where asked, and JSON or tables to the terminal."""
    if given["html"]:
        write(given["html"], page(made).encode())
    if give_json(lambda: as_json(made), given["json_file"]):
        return
    show(made, plain_console())
    if given["html"]:
        click.echo(f"\n{given['html']} has it with pictures")
