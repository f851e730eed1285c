"""``drumroll forecast``: from the orders so far to those at 1 h, 24 h and 7 d, to locked orders, and to two years."""

from __future__ import annotations

import re
from typing import Any

import click

from drumroll.cli import forecast_backtest
from drumroll.cli.at_the_terminal import give_json, json_option, write
from drumroll.cli.forecast_answer import Answer, answered
from drumroll.cli.forecast_asked import asked
from drumroll.cli.forecast_backtest import MOST_LAUNCHES, Played, played
from drumroll.cli.forecast_json import as_json
from drumroll.cli.forecast_page import page
from drumroll.cli.forecast_tables import show
from drumroll.cli.reading import moment
from drumroll.cli.tables import plain_console
from drumroll.outlook.observed import MOST_SECONDS

HORIZONS = "1h,24h,7d"
MOST_HORIZONS = 12
_DURATION = re.compile(r"(\d{1,9})\s?(s|min|m|h|d)?")
_UNITS_S = {None: 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


def _seconds(value: str) -> int:
    """A duration: whole seconds, or with a unit (``3m``, ``24h``, ``7d``)."""
    found = _DURATION.fullmatch(value.strip())
    seconds = 0 if found is None else int(found[1]) * _UNITS_S[found[2]]
    if not 0 < seconds <= MOST_SECONDS:
        raise click.BadParameter(f"found {value!r}, allowed: a time since the opening, like 180, 3m, 24h or 7d")
    return seconds


def _after(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    return None if value is None else _seconds(value)


def _horizons(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, ...]:
    found = sorted({_seconds(each) for each in value.split(",")})
    if len(found) > MOST_HORIZONS:
        raise click.BadParameter(f"found {len(found)} horizons, allowed: {MOST_HORIZONS}, like {HORIZONS}")
    return tuple(found)


@click.command(short_help="From the orders so far to those that will come, and how sure that is.")
@click.argument("launch_file", required=False, type=click.Path(dir_okay=False))
@click.option("--log", type=click.Path(dir_okay=False), help="The orders of this log.")
@click.option("--curve", metavar="FILE.csv", type=click.Path(dir_okay=False), help="The curve in this file.")
@click.option("--at", "at_ms", metavar="TIME", callback=moment, help="Only what was known then.  [the last known]")
@click.option("--after", "after_s", metavar="TIME", callback=_after, help="The same since the opening: 180, 3m, 1h.")
@click.option("--horizon", "horizons", default=HORIZONS, show_default=True, callback=_horizons, help="For when.")
@click.option("--times", type=click.FloatRange(0.001, 1000), help="So many times the earlier launch's size.")
@click.option("--within-factor", type=click.FloatRange(1.01, 1000), help="How far that may be off (95 %).")
@click.option("--pace-within-factor", type=click.FloatRange(1.01, 1000), help="The same of the pace.")
@click.option("--no-prior", is_flag=True, help="Assume as good as nothing beforehand.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**31), help="Draws.")
@click.option("--backtest", type=click.IntRange(1, MOST_LAUNCHES), help="Play it on so many simulated launches.")
@json_option("Write all figures here; - prints them.")
@click.option("--html", type=click.Path(dir_okay=False), help="Write a page with pictures here.")
def forecast(launch_file: str | None, **given: Any) -> None:
    """Say how many orders there will be 1 hour, 24 hours and 7 days after the opening, and how sure that is.

    Known are the orders of --log or of --curve; without both those that LAUNCH_FILE (default: launches/yu7.toml) has
    as published. Only what was known at the moment counts, from minute 3 on; if the source knows what came later, that
    stands beside it. What is assumed beforehand is [outlook.earlier] of the launch file. docs/forecast.md says how it
    is done and what it can't know, docs/curves.md what a file looks like.

    \b
    Example:
      drumroll forecast launches/yu7.toml --after 3m
      drumroll forecast --log data/orders.drumroll --html forecast.html
      drumroll forecast launches/yu7.toml --curve curve.csv --times 2
      drumroll forecast launches/yu7.toml --after 3m --backtest 50
    """
    question = asked(launch_file, given)
    answer = answered(question)
    tested = None if given["backtest"] is None else played(question, given["backtest"])
    _give(answer, tested, given)


def _give(answer: Answer, tested: Played | None, given: dict[str, Any]) -> None:
    """Files where asked, and JSON or tables to the terminal."""
    if given["html"]:
        write(given["html"], page(answer, tested).encode())
    if give_json(lambda: as_json(answer, tested), given["json_file"]):
        return
    console = plain_console()
    show(answer, console)
    if tested is not None:
        forecast_backtest.show(tested, console)
    if given["html"]:
        click.echo(f"\n{given['html']} has it with pictures")
