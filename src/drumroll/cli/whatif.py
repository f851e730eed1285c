"""``drumroll whatif``: less capacity, more, conversions, cancellations: what each policy would do to the promises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from time import perf_counter
from typing import Any

import click
from rich.console import Console
from rich.status import Status

from drumroll.bootstrap import read_launch
from drumroll.cli.at_the_terminal import give_json, json_option, write
from drumroll.cli.plan_book import read_book
from drumroll.cli.tables import plain_console
from drumroll.cli.whatif_json import as_json
from drumroll.cli.whatif_page import page
from drumroll.cli.whatif_tables import show
from drumroll.domain.capacity import capacity_of
from drumroll.domain.launch import Launch
from drumroll.domain.weeks import week_of_day
from drumroll.errors import ScenarioInvalid, WrongLaunch
from drumroll.plan.assumed import assumed
from drumroll.plan.questions import ask
from drumroll.plan.scenario import Scenario
from drumroll.plan.waiting import Situation, situation_of
from drumroll.plan.whatif import Answer, what_if
from drumroll.rehearsal.arrivals import firm_seconds
from drumroll.rehearsal.population import places

LAUNCH = "launches/yu7.toml"
ORDERS = 300_000
_MOST_ORDERS = 5_000_000
_PERCENT = re.compile(r"([+-]?\d{1,6})\s?%?")


class Watch:
    """Says on standard error what is being done (if somebody looks), and times it: seconds by step and moment."""

    def __init__(self, status: Status) -> None:
        self.seconds: dict[str, dict[str, float]] = {}
        self._status = status
        self._doing: tuple[str, str] | None = None
        self._since = perf_counter()

    def __call__(self, what: str, when: str) -> None:
        """What is next; what was done until now is over."""
        now = perf_counter()
        if self._doing is not None:
            name, moment = self._doing
            self.seconds.setdefault(name, {})[moment] = round(now - self._since, 3)
        self._doing, self._since = (what, when), now
        self._status.update(f"{what.replace('_', ' ')}, {when}")


def _percent(ctx: click.Context, param: click.Parameter, value: str | None) -> int:
    """A whole percentage; its range is the scenario's business, which says everything that is wrong at once."""
    found = None if value is None else _PERCENT.fullmatch(value.strip())
    if value is not None and found is None:
        raise click.BadParameter(f"found {value!r}, allowed: a whole percentage, like 55%")
    return 0 if found is None else int(found[1])


@click.command(short_help="What a cut, conversions or cancellations would do to the promises.")
@click.argument("launch_file", metavar="[LAUNCH]", required=False, type=click.Path(dir_okay=False))
@click.option("--log", type=click.Path(dir_okay=False), help="The orders of this log, as of its last block.")
@click.option("--orders", type=click.IntRange(1, _MOST_ORDERS), help=f"Without a log: so many orders.  [{ORDERS}]")
@click.option("--cut", metavar="PERCENT", callback=_percent, help="Less weekly capacity.")
@click.option("--add", metavar="PERCENT", callback=_percent, help="More weekly capacity.")
@click.option(
    "--from", "from_day", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]), help="From its week on.  [the first free]"
)
@click.option("--weeks", type=click.IntRange(1, 520), help="For so many weeks.  [to the calendar's end]")
@click.option("--resource", "resources", metavar="ID", multiple=True, help="Of this one; all: limits too.  [plants]")
@click.option("--convert", metavar="PERCENT", callback=_percent, help="Of the orders that a conversion window takes.")
@click.option("--cancel", metavar="PERCENT", callback=_percent, help="Of the live orders.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Draws trims and orders.")
@json_option("Write all figures here; - prints them.")
@click.option("--html", type=click.Path(dir_okay=False), help="Write a page with pictures here.")
def whatif(launch_file: str | None, **given: Any) -> None:
    """Plan by both policies, as it is and as it would be, and count what happens to the promises. Nothing is changed.

    With --log it is about that log's orders. Without, it is about LAUNCH (default: launches/yu7.toml) after so many
    orders, promised by its rules. Changes can be combined. docs/what-if.md says what is assumed and counted.

    \b
    Example:
      drumroll whatif --cut 55% --weeks 12 --json w.json
      drumroll whatif --cut 55% --from 2025-08-04 --weeks 12 --html w.html
      drumroll whatif --add 20% --resource all --convert 10% --cancel 8%
    """
    console = plain_console()
    with _watched() as watch:
        watch("orders", "read" if given["log"] else "assumed")
        situation = _of_log(launch_file, given) if given["log"] else _assumed(launch_file, given)
        answer = what_if(situation, _scenario(situation, given), watch)
        watch("pages", "")
    _give(answer, watch.seconds, given, console)


@contextmanager
def _watched() -> Iterator[Watch]:
    with Console(stderr=True).status("") as status:
        yield Watch(status)


def _of_log(launch_file: str | None, given: dict[str, Any]) -> Situation:
    if given["orders"] is not None:
        raise ScenarioInvalid(("--orders: found with --log, allowed: without; the log has its own orders",))
    at = read_book(given["log"])
    if launch_file is not None and at.book.launch is not None:
        named = read_launch(launch_file).id
        if named != at.book.launch.id:
            raise WrongLaunch(
                f"{given['log']} is the log of {at.book.launch.id}, asked about {named}; leave LAUNCH out"
            )
    situation = situation_of(ask(at.book, at.at_ms))
    if not len(situation.waiting):
        raise ScenarioInvalid((f"--log: found no orders in {given['log']}; leave --log out to assume some",))
    return situation


def _assumed(launch_file: str | None, given: dict[str, Any]) -> Situation:
    launch = read_launch(launch_file or LAUNCH)
    capacity = capacity_of(launch)
    if capacity is None:
        raise ScenarioInvalid(
            (
                f"LAUNCH: found {launch.id} without a [[plant]], allowed: one with plants and their weeks; nothing is"
                " promised without them (docs/launch-file.md)",
            )
        )
    orders = _within_places(launch, given["orders"] or ORDERS)
    return assumed(launch, capacity, firm_seconds(orders), given["seed"])


def _within_places(launch: Launch, asked: int) -> int:
    most = places(launch)
    if most is None or asked <= most:
        return asked
    click.echo(f"{launch.name} has {most:,} places: assuming {most:,} orders, not {asked:,}.", err=True)
    return most


def _scenario(situation: Situation, given: dict[str, Any]) -> Scenario:
    changes_capacity = given["cut"] or given["add"]
    for name, value in (("--from", given["from_day"]), ("--weeks", given["weeks"])):
        if value is not None and not changes_capacity:
            found = value.date() if isinstance(value, datetime) else value
            raise ScenarioInvalid((f"{name}: found {found}, but no capacity changes; say --cut or --add with it",))
    day = given["from_day"]
    from_week = situation.first_week if day is None else week_of_day(day.date())
    until_week = max(situation.end_week, from_week + 1) if given["weeks"] is None else from_week + given["weeks"]
    return Scenario(
        from_week=from_week,
        until_week=until_week,
        cut_percent=given["cut"],
        add_percent=given["add"],
        convert_percent=given["convert"],
        cancel_percent=given["cancel"],
        resources=given["resources"],
        seed=given["seed"],
    )


def _give(answer: Answer, seconds: dict[str, dict[str, float]], given: dict[str, Any], console: Console) -> None:
    """Files where asked, and JSON or tables to the terminal."""
    if given["html"]:
        write(given["html"], page(answer, given["log"]).encode())
    if give_json(lambda: as_json(answer, seconds, given["log"]), given["json_file"]):
        return
    show(answer, given["log"], console)
    if given["html"]:
        click.echo(f"\n{given['html']} has it with pictures")
