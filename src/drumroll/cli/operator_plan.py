"""``drumroll operator capacity``, ``pin``, ``plan``, ``weeks``: the plant's weeks, from a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from drumroll.cli.operator_client import Connection, connected, say_done
from drumroll.errors import DrumrollError

WIDTH = 80
PLAN_LIMIT_BYTES = 64 * 1024 * 1024
_FIELDS = ("plan", "policy", "based_on", "groups")
_reason = click.option("--reason", required=True, help="Why; kept in the log, shown to those whom it concerns.")


@click.command(short_help="Change the capacity of a plant or limit.")
@click.argument("from_day", metavar="FROM")
@click.argument("until")
@click.option("--resource", help="A plant or limit of the launch file; without it: all of them.")
@click.option("--percent", type=click.IntRange(0, 1000), help="Of what the calendar says: 45 is a cut of 55 %.")
@click.option("--weekly", type=click.IntRange(0, 10**7), help="So many orders a week instead.")
@_reason
@connected
def capacity(
    connection: Connection,
    from_day: str,
    until: str,
    resource: str | None,
    percent: int | None,
    weekly: int | None,
    reason: str,
) -> None:
    r"""Change a capacity in the weeks FROM one day UNTIL another (excluded).

    New orders are promised by it at once. What was promised before stands, until another plan is accepted: make one
    with `drumroll plan`.

    \b
    Example:
      drumroll operator capacity 2025-08-04 2025-10-27 --percent 45 \
        --resource yizhuang --reason "a supplier burnt down"
    """
    if (percent is None) == (weekly is None):
        raise click.UsageError("give one of --percent and --weekly")
    content: dict[str, Any] = {"from": from_day, "until": until, "resource": resource, "percent": percent}
    say_done(connection, connection.post("/v1/operator/capacity", **content, weekly=weekly, reason=reason))


@click.command(short_help="Give an order the week in which it is built.")
@click.argument("order")
@click.argument("week")
@_reason
@connected
def pin(connection: Connection, order: str, week: str, reason: str) -> None:
    r"""Have ORDER built in the WEEK of that day whatever a plan says; `none` lets go of it.

    \b
    Example:
      drumroll operator pin ord_0123456789abcdef0123 2025-09-01 \
        --reason "for the press"
      drumroll operator pin ord_0123456789abcdef0123 none \
        --reason "no longer needed"
    """
    content = {"build_week": None if week == "none" else week, "reason": reason}
    say_done(connection, connection.send(f"/v1/operator/orders/{order}/pin", content))


@click.command(short_help="Accept a plan that `drumroll plan --out` wrote.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@_reason
@connected
def plan(connection: Connection, file: str, reason: str) -> None:
    r"""Accept the plan in FILE: from now on its weeks are what is promised.

    What changed since the plan was made stays as it is; a plan from before a change of capacity, or one that would
    move frozen orders, is refused as a whole.

    \b
    Example:
      drumroll plan --out plan.json
      drumroll operator plan plan.json --reason "the supplier delivers again"
    """
    content = _read(Path(file))
    say_done(connection, connection.send("/v1/operator/plans", {**content, "reason": reason}))


@click.command(short_help="Capacity and load, week by week.")
@click.option("--weeks", default=16, show_default=True, type=click.IntRange(1, 520), help="How many weeks.")
@connected
def weeks(connection: Connection, weeks: int) -> None:
    r"""What the plant and its limits allow in each week, and what is planned.

    \b
    Example:
      drumroll operator weeks --weeks 26
    """
    found = connection.get("/v1/operator/plan", weeks=weeks)
    if connection.as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
        return
    names = [one["id"] for one in found["weeks"][0]["resources"]] if found["weeks"] else []
    table = Table(box=None, pad_edge=False)
    for name in ("week", "from", *names):
        table.add_column(name, justify="left" if name in ("week", "from") else "right", overflow="fold")
    for week in found["weeks"]:
        frozen = " frozen" if week["frozen"] else ""
        table.add_row(week["week"] + frozen, week["from"], *(_load(one) for one in week["resources"]))
    console = Console(width=WIDTH, highlight=False)
    console.print(table if names else "This launch plans no weeks: its file has no plants.")
    if found["without_week"]:
        console.print(f"{found['without_week']:,} orders have no week: the calendar ends before.")


def _load(one: dict[str, Any]) -> str:
    return f"{one['planned']:,} of {'any' if one['capacity'] is None else format(one['capacity'], ',')}"


def _read(path: Path) -> dict[str, Any]:
    """What a plan's file says, less what only people read."""
    if path.stat().st_size > PLAN_LIMIT_BYTES:
        raise DrumrollError(f"{path}: a plan has at most {PLAN_LIMIT_BYTES} bytes")
    try:
        content = msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, OSError) as error:
        raise DrumrollError(f"{path} is no plan as `drumroll plan --out` writes it: {error}") from error
    missing = [name for name in _FIELDS if not isinstance(content, dict) or name not in content]
    if missing:
        raise DrumrollError(f"{path} is no plan as `drumroll plan --out` writes it: {', '.join(missing)} missing")
    return {name: content[name] for name in _FIELDS}


COMMANDS = (capacity, pin, plan, weeks)
