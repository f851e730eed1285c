"""``drumroll operator``: run the night from a terminal. It speaks to the running server, as the operators' API does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from drumroll import bootstrap
from drumroll.access.roles import Role
from drumroll.cli import operator_accounts, operator_plan
from drumroll.cli.operator_client import Connection, connected, say_done
from drumroll.domain.money import format_minor
from drumroll.exchange.moves import read_moves
from drumroll.settings import load

WIDTH = 80
_reason = click.option("--reason", required=True, help="Why; kept in the log, shown to those whom it concerns.")
_model = click.option("--model", help="One model only.")


@click.group(short_help="Run the night: sales, caps, windows, orders, production.")
def operator() -> None:
    r"""Run the night: open, close, pause sales; change caps and windows; see to orders; move production.

    Everything needs a reason and a name, is an event in the order log, and shows in the orders' history. The commands
    speak to a running server; DRUMROLL_SECRET (or a sandbox's own key) lets you in.

    \b
    Example:
      drumroll operator add grace --role operator
      drumroll operator sales pause --reason "payments are down"
      drumroll operator move week-31.csv --reason "production plan of week 31"
      drumroll operator orders --state locked --model yu7
    """


for _command in [*operator_plan.COMMANDS, *operator_accounts.COMMANDS]:
    operator.add_command(_command)


@operator.command(short_help="Print an operator's session.")
@click.argument("name")
@click.option("--role", default="admin", show_default=True, type=click.Choice([str(role) for role in Role]))
@click.option("--log", "log_path", help="The order log, beside which a sandbox keeps its key.")
def token(name: str, role: str, log_path: str | None) -> None:
    r"""Print a session for operator NAME, to be sent as `Authorization: Bearer <token>`.

    If NAME has an account (`operator add`), its role holds, whatever --role says.

    \b
    Example:
      drumroll operator token grace --role support
    """
    click.echo(bootstrap.operator_token(load(os.environ, log=log_path), name, role, "drumroll operator token"))


@operator.command(short_help="Open, close, pause or resume sales.")
@click.argument("action", type=click.Choice(["open", "close", "pause", "resume"]))
@_model
@_reason
@connected
def sales(connection: Connection, action: str, model: str | None, reason: str) -> None:
    r"""Open, close, pause or resume the sale of all models, or of one.

    \b
    Example:
      drumroll operator sales pause --reason "payments are down"
      drumroll operator sales resume --reason "payments are back"
    """
    say_done(connection, connection.post("/v1/operator/sales", action=action, model=model, reason=reason))


@operator.command(short_help="Change a cap.")
@click.argument("cap")
@_model
@click.option("--trim", help="One trim of that model only.")
@_reason
@connected
def cap(connection: Connection, cap: str, model: str | None, trim: str | None, reason: str) -> None:
    r"""Change the CAP (a number of orders, or `none`) of the launch, a model, or a trim.

    \b
    Example:
      drumroll operator cap 2500 --model su7-ultra --trim ultra \
        --reason "as planned"
      drumroll operator cap none --reason "the second plant is open"
    """
    if cap != "none" and not cap.isdigit():
        raise click.BadParameter(f"found {cap!r}, allowed: a whole number of orders, or none", param_hint="CAP")
    content: dict[str, Any] = {"model": model, "trim": trim, "reason": reason}
    given = {name: value for name, value in content.items() if value is not None}
    number = None if cap == "none" else int(cap)
    say_done(connection, connection.send("/v1/operator/caps", {"cap": number, **given}))


@operator.command(short_help="Move a conversion window's closing.")
@click.argument("window")
@click.argument("closes_at")
@_reason
@connected
def window(connection: Connection, window: str, closes_at: str, reason: str) -> None:
    r"""Let conversion WINDOW close at CLOSES_AT (RFC 3339), still to come.

    \b
    Example:
      drumroll operator window su7-to-yu7 2025-06-30T12:00:00+08:00 \
        --reason "the app was down"
    """
    say_done(connection, connection.post(f"/v1/operator/windows/{window}", closes_at=closes_at, reason=reason))


@operator.command(short_help="Cancel somebody's order.")
@click.argument("order")
@click.option("--refund/--no-refund", required=True, help="All that is held is owed back, or (once locked) nothing.")
@_reason
@connected
def cancel(connection: Connection, order: str, refund: bool, reason: str) -> None:
    r"""Cancel ORDER, until it is delivered.

    \b
    Example:
      drumroll operator cancel ord_0123456789abcdef0123 --refund \
        --reason "ordered twice"
    """
    say_done(connection, connection.post(f"/v1/operator/orders/{order}/cancel", refund=refund, reason=reason))


@operator.command(short_help="Give a forfeited deposit back.")
@click.argument("order")
@click.argument("amount_minor", type=click.IntRange(1))
@_reason
@connected
def refund(connection: Connection, order: str, amount_minor: int, reason: str) -> None:
    r"""Give AMOUNT_MINOR (minor units) of what was forfeited with ORDER back.

    \b
    Example:
      drumroll operator refund ord_0123456789abcdef0123 500000 \
        --reason "locked by accident"
    """
    content = {"amount_minor": amount_minor, "reason": reason}
    say_done(connection, connection.post(f"/v1/operator/orders/{order}/refund", **content))


@operator.command(short_help="Say that a refund was paid by hand.")
@click.argument("refund")
@_reason
@connected
def paid(connection: Connection, refund: str, reason: str) -> None:
    r"""Say that REFUND (its id) was paid, where the provider could not.

    \b
    Example:
      drumroll operator paid pay_4711 --reason "bank transfer of 2 July"
    """
    say_done(connection, connection.post(f"/v1/operator/refunds/{refund}/paid", reason=reason))


@operator.command(short_help="Correct what an order is for.")
@click.argument("order")
@click.option("--trim", help="Another trim of its model.")
@click.option("--option", "options", multiple=True, help="All choices that are not the default; repeat it.")
@click.option("--region", help="Another region.")
@_reason
@connected
def correct(
    connection: Connection, order: str, trim: str | None, options: tuple[str, ...], region: str | None, reason: str
) -> None:
    r"""Correct ORDER's trim, configuration or region, until its production begins.

    \b
    Example:
      drumroll operator correct ord_0123456789abcdef0123 --region chengdu \
        --reason "moved house"
    """
    content = {"trim": trim, "options": list(options) or None, "region": region, "reason": reason}
    say_done(connection, connection.post(f"/v1/operator/orders/{order}/correct", **content))


@operator.command(short_help="Move orders in production, from a file.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@_reason
@connected
def move(connection: Connection, file: str, reason: str) -> None:
    r"""Move the orders of FILE (CSV or Parquet: order_id,state) one step along in production, or back: all, or none.

    \b
    Example:
      drumroll operator move week-31.csv --reason "production plan of week 31"
    """
    moves = [{"order_id": order_id, "state": state} for order_id, state in read_moves(Path(file))]
    say_done(connection, connection.post("/v1/operator/moves", moves=moves, reason=reason))


@operator.command(short_help="Look orders up.")
@click.option("--state", help="In this state.")
@_model
@click.option("--trim", help="Of this trim.")
@click.option("--customer", help="Of this customer.")
@click.option("--ordered-from", help="Ordered at this time (RFC 3339) or later.")
@click.option("--ordered-before", help="Ordered before this time.")
@click.option("--changed-since", help="Changed at this time or later.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100_000), help="Orders at most.")
@connected
def orders(connection: Connection, limit: int, **wanted: str | None) -> None:
    r"""Look orders up, oldest first.

    \b
    Example:
      drumroll operator orders --state locked --model yu7 --limit 100
      drumroll operator orders --changed-since 2025-06-27T00:00:00+08:00 --json
    """
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": "0"}
    while page["next"] is not None and len(found) < limit:
        page = connection.get("/v1/operator/orders", limit=min(1000, limit - len(found)), cursor=page["next"], **wanted)
        found += page["orders"]
    if connection.as_json:
        click.echo(msgspec.json.format(msgspec.json.encode({"orders": found, "next": page["next"]})))
        return
    table = Table(box=None, pad_edge=False)
    for name in ("order", "customer", "state", "model", "trim", "ordered"):
        table.add_column(name, overflow="fold")
    for one in found:
        table.add_row(*(one[name] for name in ("id", "customer", "state", "model", "trim")), _when(one["ordered_at"]))
    _console().print(table)
    more = " There are more: raise --limit." if page["next"] is not None else ""
    _console().print(f"{len(found):,} orders.{more}")


@operator.command(short_help="Show an order and its history.")
@click.argument("order")
@connected
def show(connection: Connection, order: str) -> None:
    r"""Show ORDER: what it is, and everything that ever happened to it.

    \b
    Example:
      drumroll operator show ord_0123456789abcdef0123
    """
    found = connection.get(f"/v1/operator/orders/{order}")
    if connection.as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
        return
    one = found["order"]
    _console().print(
        f"[bold]{one['id']}[/]  {one['state']}  {one['model']} {one['trim']}  customer {found['customer']}"
    )
    _console().print(", ".join(one["options"]) + (f"  to {one['region']}" if one["region"] else ""))
    table = Table(box=None, pad_edge=False)
    for name in ("at", "what", "by", "", "reason"):
        table.add_column(name, overflow="fold")
    for event in found["history"]:
        by = event["by"] + (f" {event['operator']}" if "operator" in event else "")
        facts = _facts(event.get("facts", {}), one["currency"])
        table.add_row(_when(event["at"]), event["what"], by, facts, event.get("reason", ""))
    _console().print(table)


@operator.command(short_help="What operators did.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100), help="Entries at most.")
@connected
def trail(connection: Connection, limit: int) -> None:
    r"""What operators did, the latest first.

    \b
    Example:
      drumroll operator trail --limit 50
    """
    found = connection.get("/v1/operator/trail", limit=limit)
    if connection.as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
        return
    table = Table(box=None, pad_edge=False)
    for name in ("at", "what", "operator", "reason"):
        table.add_column(name, overflow="fold")
    for entry in found["entries"]:
        table.add_row(_when(entry["at"]), entry["what"], entry["operator"], entry["reason"])
    _console().print(table)


def _when(at: str) -> str:
    return at[:19].replace("T", " ")


def _facts(facts: dict[str, Any], currency: str) -> str:
    """What it was for from then on, and what that cost or gave back."""
    told = [str(facts[name]) for name in ("model", "trim") if facts.get(name)]
    for name, words in (("price_minor", ""), ("difference_minor", "difference "), ("refund_minor", "back ")):
        if facts.get(name):
            told.append(words + format_minor(facts[name], currency))
    if facts.get("delivery_from"):
        told.append(f"{facts['delivery_from']} to {facts['delivery_until']}")
    return ", ".join(told)


def _console() -> Console:
    return Console(width=WIDTH, highlight=False)
