"""``drumroll market``: what the market made of a launch, as tables, as a page, as JSON."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import msgspec

from drumroll.bootstrap import read_launch
from drumroll.cli import market_asked
from drumroll.cli.at_the_terminal import json_option, write
from drumroll.cli.market_tables import show
from drumroll.cli.tables import plain_console
from drumroll.market.estimation import PARAMETERS
from drumroll.market.page import page
from drumroll.market.report_values import Report
from drumroll.market.study_checks import SHORTEST_ESTIMATION

MOST_SESSIONS = 2_500
_RATE = re.compile(r"([A-Z]{3})=(\d{1,9}(?:\.\d{1,9})?)")
_WINDOW = re.compile(r"([+-]?\d{1,3}),([+-]?\d{1,3})")


def _window(value: str) -> tuple[int, int]:
    """Two offsets in sessions from the event's, like ``-1,1``."""
    found = _WINDOW.fullmatch(value)
    if found is None or int(found[1]) > int(found[2]):
        raise click.BadParameter(
            f"found {value!r}, allowed: two offsets in sessions, the first not after the last: -1,1"
        )
    return int(found[1]), int(found[2])


def _day(value: str) -> date:
    """A day as YYYY-MM-DD."""
    try:
        return datetime.strptime(value, "%Y-%m-%d").date()
    except ValueError:
        raise click.BadParameter(f"found {value!r}, allowed: a day that exists, as YYYY-MM-DD") from None


def _rate(value: str) -> tuple[str, Decimal]:
    """What one unit of a currency is worth in the market's: ``CNY=1.09``."""
    found = _RATE.fullmatch(value)
    if found is None or not Decimal(found[2]):
        raise click.BadParameter(f"found {value!r}, allowed: a currency and its worth in the market's, like CNY=1.09")
    return found[1], Decimal(found[2])


def _read(how: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A callback that reads a text, each of several texts, or nothing."""

    def read(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(how(each) for each in value)
        return None if value is None else how(value)

    return read


@click.command(short_help="What the market made of a launch.")
@click.argument("launch_file", metavar="LAUNCH", type=click.Path(dir_okay=False))
@click.option(
    "--quotes", required=True, type=click.Path(), help="A CSV or Parquet file of quotes, or a folder of them."
)
@click.option(
    "--log", type=click.Path(dir_okay=False), help="The order log; without it the published points are drawn."
)
@click.option("--html", type=click.Path(dir_okay=False), help="Write the page here.")
@json_option("Write all of it here; - prints it.")
@click.option(
    "--event-date",
    metavar="DATE",
    callback=_read(_day),
    help="The event's day.  [the first session that closes after the opening]",
)
@click.option(
    "--moved",
    default="refuse",
    show_default=True,
    type=click.Choice(["refuse", "next", "previous"]),
    help="An event date without a session.",
)
@click.option("--model", default="market", show_default=True, type=click.Choice(list(PARAMETERS)), help="Of returns.")
@click.option(
    "--estimation",
    default=120,
    show_default=True,
    type=click.IntRange(SHORTEST_ESTIMATION, MOST_SESSIONS),
    help="Sessions to estimate from.",
)
@click.option("--gap", default=10, show_default=True, type=click.IntRange(0, MOST_SESSIONS), help="Sessions before it.")
@click.option(
    "--window", default="-5,5", show_default=True, metavar="FROM,TO", callback=_read(_window), help="The event window."
)
@click.option(
    "--car",
    "windows",
    multiple=True,
    metavar="FROM,TO",
    callback=_read(_window),
    help="A CAR to test; may be repeated.  [0,0 -1,1 0,5]",
)
@click.option("--since", metavar="DATE", callback=_read(_day), help="Ask for records since this day too.")
@click.option(
    "--rate",
    "rates",
    multiple=True,
    metavar="CUR=WORTH",
    callback=_read(_rate),
    help="To value holdings in other currencies.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 if anything is missing.")
def market(launch_file: str, **given: Any) -> None:
    """Report what the market made of LAUNCH, whose table [market] names share, benchmark and basket.

    Changes on the day, published claims, records by definition, price limits, event studies, holdings. What the quotes
    do not have is said. docs/market.md has the schema of quotes and every definition.

    \b
    Example:
      drumroll market launches/yu7.toml --quotes quotes --html market.html
      drumroll market launches/yu7.toml --quotes quotes --log orders.log --json -
      drumroll market launches/yu7.toml --quotes quotes --event-date 2025-07-01
          --moved next --estimation 60 --window -5,5 --car 0,0 --car 0,5
    """
    found = market_asked.reported(read_launch(launch_file), Path(given["quotes"]), given["log"], _options(given))
    if given["html"]:
        _write(given["html"], page(found).encode())
    _give(found, given)
    if given["strict"] and found.missing:
        sys.exit(1)


def _options(given: dict[str, Any]) -> dict[str, Any]:
    first, last = given["window"]
    usual = dict.fromkeys(((0, 0), (-1, 1), (0, 5)))
    windows = (
        given["windows"] or tuple(each for each in usual if first <= each[0] and each[1] <= last) or ((first, last),)
    )
    for each in windows:
        if not first <= each[0] <= each[1] <= last:
            raise click.BadParameter(
                f"found {each[0]},{each[1]}, allowed: within --window {first},{last}", param_hint="--car"
            )
    return {**given, "windows": tuple(dict.fromkeys(windows)), "rates": dict(given["rates"])}


def _give(found: Report, given: dict[str, Any]) -> None:
    """JSON to a file or to the terminal, or tables to the terminal."""
    as_json = msgspec.json.format(msgspec.json.encode(found))
    if given["json_file"] == "-":
        click.echo(as_json)
        return
    if given["json_file"]:
        _write(given["json_file"], as_json + b"\n")
    show(found, plain_console())
    if given["html"]:
        click.echo(f"{given['html']} has all of it as a page")


def _write(path: str, data: bytes) -> None:
    with suppress(OSError):  # what is in the way is said by who writes
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    write(path, data)
