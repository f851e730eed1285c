"""``drumroll check``: read launch files and say what they hold, or every mistake in them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from drumroll.cli.check_capacity import Unpromised, capacity_facts, capacity_tables, unpromised
from drumroll.cli.check_store import store_facts
from drumroll.domain import launch_file
from drumroll.domain.launch import Conversion, Launch, Model, Region
from drumroll.domain.launch_mistakes import Mistake
from drumroll.domain.money import format_minor
from drumroll.domain.times import rfc3339
from drumroll.errors import LaunchFileInvalid

WIDTH = 80


class Checked(msgspec.Struct):
    """What came of one file: a launch (and for which of its trims nothing is promised), or mistakes."""

    file: str
    launch: Launch | None
    mistakes: tuple[object, ...]
    not_promised: tuple[Unpromised, ...] = ()


@click.command(short_help="Check launch files: every mistake at once.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def check(files: tuple[str, ...], as_json: bool) -> None:
    r"""Check launch files as a whole: every mistake at once, with its path and what is allowed.

    Exits with 1 if there is a mistake, or if a file can't be read.

    \b
    Example:
      drumroll check launches/yu7.toml
      drumroll check --json launches/*.toml
    """
    results = [_check(file) for file in files]
    if as_json:
        click.echo(json.dumps(_as_json(results), ensure_ascii=False, indent=2))
    else:
        _show(results)
    if any(result.mistakes for result in results):
        sys.exit(1)


def _check(file: str) -> Checked:
    try:
        launch = launch_file.parse_bytes(_read(file), file)
        return Checked(file, launch, (), unpromised(launch))
    except LaunchFileInvalid as error:
        return Checked(file, None, error.mistakes)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = getattr(error, "strerror", None) or str(error)
        return Checked(file, None, (Mistake("file", f"nothing to read ({why})", "a readable file"),))


def _read(file: str) -> bytes:
    """The bytes of a file, but never more than shows that it is too large."""
    with Path(file).open("rb") as opened:
        return opened.read(launch_file.MAX_BYTES + 1)


def _show(results: list[Checked]) -> None:
    for result in results:
        if result.launch is not None:
            _show_launch(result.file, result.launch, result.not_promised)
        for mistake in result.mistakes:
            click.echo(f"{result.file}: {mistake}")
    mistakes = sum(len(result.mistakes) for result in results)
    if mistakes:
        files = sum(bool(result.mistakes) for result in results)
        click.echo(f"{_counted(mistakes, 'mistake')} in {_counted(files, 'file')}")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _show_launch(file: str, launch: Launch, not_promised: tuple[Unpromised, ...]) -> None:
    console = Console(width=WIDTH, highlight=False, markup=False, emoji=False)
    click.echo(f"{file}: ok")
    facts = Table.grid(padding=(0, 2))
    for name, value in (*_facts(launch), *capacity_facts(launch, not_promised), *store_facts(launch)):
        facts.add_row(Text(f"  {name}"), Text(value))
    console.print(facts)
    console.print(_trims(launch))
    if any(model.options for model in launch.models):
        console.print(_options(launch))
    for table in capacity_tables(launch):
        console.print(table)


def _facts(launch: Launch) -> Iterator[tuple[str, str]]:
    yield "launch", f"{launch.name} ({launch.id})"
    yield "opens", _both_zones(launch.opens_at_ms, launch.time_zone)
    if launch.closes_at_ms is not None:
        yield "closes", _both_zones(launch.closes_at_ms, launch.time_zone)
    yield "deposit", format_minor(launch.deposit_minor, launch.currency)
    yield "hold", f"{launch.hold_s:,} s to pay it"
    yield "cooling-off", _cooling_off(launch)
    if launch.waiting_offer_s is not None:
        yield "waiting list", f"a freed place is held for {_duration(launch.waiting_offer_s)}"
    yield "limit", f"{_counted(launch.orders_per_customer, 'order')} a customer"
    yield "cap", _cap(launch.cap)
    yield "board", f"counts {', '.join(launch.headline)}"
    if launch.regions:
        yield "delivered to", ", ".join(_region(region) for region in launch.regions)
    if launch.milestones:
        yield "milestones", ", ".join(f"{milestone:,}" for milestone in launch.milestones)
    for window in launch.conversions:
        yield "conversion", _window(window, launch)


def _region(region: Region) -> str:
    return f"{region.name} ({_counted(region.lead_days, 'day')})" if region.lead_days else region.name


def _cooling_off(launch: Launch) -> str:
    undo = (
        f"; an early lock can be undone for {_duration(launch.early_lock_undo_s)}" if launch.early_lock_undo_s else ""
    )
    if launch.cooling_off_s is None:
        return f"no order locks by itself{undo}"
    return f"{_duration(launch.cooling_off_s)}, then an order locks{undo}"


def _duration(duration_s: int) -> str:
    """A duration in the largest unit that it is a whole number of."""
    for unit, unit_s in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if duration_s and duration_s % unit_s == 0:
            return _counted(duration_s // unit_s, unit)
    return f"{duration_s:,} s"


def _both_zones(at_ms: int, time_zone: str) -> str:
    return f"{_short(rfc3339(at_ms, time_zone))} {time_zone}\n{_short(rfc3339(at_ms))} UTC"


def _short(moment: str) -> str:
    """RFC 3339 without milliseconds that are zero."""
    return moment.replace(".000", "", 1)


def _cap(cap: int | None) -> str:
    return "no cap" if cap is None else f"{cap:,}"


def _trims(launch: Launch) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    table.add_column("  model or trim", overflow="fold")
    for heading in ("price", "cap"):
        table.add_column(heading, justify="right", no_wrap=True)
    for model in launch.models:
        table.add_row(Text(f"  {model.name} ({model.id}){_own_terms(model, launch)}"), "", _cap(model.cap))
        for trim in model.trims:
            price = format_minor(trim.price_minor, launch.currency)
            table.add_row(Text(f"    {trim.name} ({trim.id})"), price, _cap(trim.cap))
    return table


def _options(launch: Launch) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    table.add_column("  option or choice", overflow="fold")
    table.add_column("price", justify="right", no_wrap=True)
    table.add_column("for trims", overflow="fold")
    for model in launch.models:
        for option in model.options:
            how_many = "any" if option.many else "one"
            table.add_row(Text(f"  {option.name} of {model.name} ({option.id}; {how_many})"), "", "")
            for choice in option.choices:
                price = format_minor(choice.price_minor, launch.currency)
                table.add_row(Text(f"    {choice.name} ({choice.id})"), price, Text(", ".join(choice.trims) or "all"))
    return table


def _window(window: Conversion, launch: Launch) -> str:
    """A conversion window in lines: who may, from when to when, by which rules."""
    local = [_short(rfc3339(at_ms, launch.time_zone)) for at_ms in (window.opens_at_ms, window.closes_at_ms)]
    back = "can't be reversed" if window.irreversible else "can be reversed while the window is open"
    deposit = "carried over" if window.deposit == "carry" else "settled"
    return (
        f"{', '.join(window.from_models)} to {', '.join(window.to_models)} ({window.id})\n"
        f"if {', '.join(window.states)}\n"
        f"from {local[0]} to {local[1]}\n"
        f"{_counted(window.times, 'time')} an order, {back}\n"
        f"deposit {deposit}, cooling-off {'kept' if window.cooling_off == 'keep' else 'anew'}, {_place(window, launch)}"
    )


def _place(window: Conversion, launch: Launch) -> str:
    if window.place_kept_before_ms is not None:
        return f"place kept before {_short(rfc3339(window.place_kept_before_ms, launch.time_zone))}"
    return "place kept" if window.place == "keep" else "to the back of the queue"


def _own_terms(model: Model, launch: Launch) -> str:
    """The times and the deposit of a model that are not those of the launch."""
    terms = ""
    if model.opens_at_ms != launch.opens_at_ms:
        terms += f"\n    opens {_short(rfc3339(model.opens_at_ms, launch.time_zone))}"
    if model.closes_at_ms is not None and model.closes_at_ms != launch.closes_at_ms:
        terms += f"\n    closes {_short(rfc3339(model.closes_at_ms, launch.time_zone))}"
    if model.deposit_minor is not None:
        terms += f"\n    deposit {format_minor(model.deposit_minor, launch.currency)}"
    return terms


def _as_json(results: list[Checked]) -> dict[str, Any]:
    files = [{**msgspec.to_builtins(result), "ok": not result.mistakes} for result in results]
    return {"ok": all(file["ok"] for file in files), "files": files}
