"""``drumroll promises``: were the promises kept? Figures of honesty, for operators and for publication."""

from __future__ import annotations

import os

import click
from rich.console import Console
from rich.text import Text

from drumroll.cli.at_the_terminal import give_json, json_option
from drumroll.cli.plan_book import AtMoment, read_book
from drumroll.cli.reading import moment
from drumroll.cli.tables import plain_console, table
from drumroll.domain.launch import Launch
from drumroll.domain.times import rfc3339
from drumroll.domain.weeks import week_label
from drumroll.plan.kept import Figures, Kept, kept
from drumroll.settings import load


@click.command(short_help="Were the promises kept?")
@click.argument("log", required=False, type=click.Path(dir_okay=False))
@click.option("--at", "at_ms", metavar="TIME", callback=moment, help="As of then.  [default: the last block]")
@json_option("Write all figures here; - prints them.")
def promises(log: str | None, at_ms: int | None, json_file: str | None) -> None:
    """Count from LOG how many promises were kept, how late the others came, and how many were moved.

    What counts is what was promised first. LOG is the log of the settings if it is not named; a server may be writing
    it. Every figure is defined in docs/promises.md.

    \b
    Example:
      drumroll promises data/orders.drumroll
      drumroll promises orders.log --at 2026-07-01T00:00:00+08:00 --json -
    """
    path = load(os.environ, log=log).log
    at = read_book(path, at_ms)
    if at.book.launch is None or not at.book.sequence:
        click.echo(f"{path}: there are no orders yet, so nothing was promised.")
        return
    found = kept(at.book, at.at_ms)
    launch = at.book.launch
    if give_json(lambda: _values(found, at, launch), json_file):
        return
    _show(found, at, launch, plain_console())


def _values(found: Kept, at: AtMoment, launch: Launch) -> dict[str, object]:
    when = {"launch": launch.id, "at": rfc3339(at.at_ms, launch.time_zone), "based_on": at.position}
    return {**when, **found.as_values()}


def _show(found: Kept, at: AtMoment, launch: Launch, console: Console) -> None:
    every = found.all
    console.print(Text(f"{launch.name}: {_kept_of(every)}", style="bold"))
    when = f"as of {rfc3339(at.at_ms, launch.time_zone)} (block {at.position:,})"
    console.print(Text(f"  {when}; each figure is defined in docs/promises.md", style="dim"))
    console.print()
    table(console, ("", "", ""), _lines(every, found.promised_nothing), right=(1, 2))
    head = ("delivered", "on time", "share", "mean late", "overdue", "later", "earlier")
    if found.by_trim:
        console.print()
        rows = [(f"{model} {trim}", *_cells(each)) for (model, trim), each in found.by_trim.items()]
        table(console, ("trim", *head), rows, right=range(1, 8))
        _weeks(found, console, head)


def _weeks(found: Kept, console: Console, head: tuple[str, ...]) -> None:
    """A row for each promised week of which there is something to say by now."""
    said = {
        week: each
        for week, each in found.by_week.items()
        if week < found.week or each.delivered or each.moved_later or each.moved_earlier
    }
    rows = [(week_label(week), *_cells(each)) for week, each in said.items()]
    if rows:
        console.print()
        table(console, ("promised by", *head), rows, right=range(1, 8))
    ahead = len(found.by_week) - len(said)
    if ahead:
        console.print(Text(f"  {ahead} more promised weeks lie ahead, with nothing to say of them yet", style="dim"))


def _kept_of(every: Figures) -> str:
    if not every.promised:
        return "no order was promised anything"
    if not every.delivered:
        return f"{every.promised:,} promises, nothing delivered yet"
    return f"{every.kept:,} of {every.delivered:,} delivered on time ({_share(every.kept_share)})"


def _lines(every: Figures, nothing: int) -> list[tuple[str, str, str]]:
    late = every.delivered - every.kept
    counted: list[tuple[str, int, str]] = [
        ("promised a window", every.promised, ""),
        ("delivered", every.delivered, ""),
        ("  by the end of what was promised first", every.kept, _share(every.kept_share)),
        ("  later than that", late, f"{_mean(every.mean_weeks_late_of_late)} weeks on average" if late else ""),
        ("still to be delivered", every.open, ""),
        ("  of those: overdue already", every.open_overdue, ""),
        ("given up or run out", every.given_up, ""),
        ("  of those: after the promised weeks had passed", every.given_up_overdue, ""),
        ("moved to a later end since", every.moved_later, ""),
        ("moved to an earlier end since", every.moved_earlier, ""),
        ("live, and never promised anything", nothing, ""),
    ]
    shares = [
        ("on time, of all that should be there by now", "", _share(every.kept_share_of_due)),
        ("late on average, over all delivered", "", f"{_mean(every.mean_weeks_late)} weeks"),
    ]
    return [*((what, f"{count:,}", share) for what, count, share in counted), *(shares if every.delivered else [])]


def _cells(each: Figures) -> tuple[str, ...]:
    return (
        f"{each.delivered:,}",
        f"{each.kept:,}",
        _share(each.kept_share),
        _mean(each.mean_weeks_late),
        f"{each.open_overdue:,}",
        f"{each.moved_later:,}",
        f"{each.moved_earlier:,}",
    )


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _mean(weeks: float | None) -> str:
    return "" if weeks is None else f"{weeks:.2f}"
