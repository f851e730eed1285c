"""``drumroll plan``: a week for every live order of a log, and what that does to what is promised."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import click
import msgspec
import numpy as np
import polars as pl

from drumroll.cli.at_the_terminal import give_json, json_option, write
from drumroll.cli.plan_book import AtMoment, read_book
from drumroll.cli.plan_tables import as_values, show, show_calibration
from drumroll.cli.reading import moment
from drumroll.cli.tables import plain_console
from drumroll.domain.availability import Safety
from drumroll.domain.capacity import kinds_of, rules_of
from drumroll.errors import FileUnfit
from drumroll.exchange.tables import CSV, kind_of, write_table
from drumroll.plan.answers import Answers, Proposal, answer, kinds_without, proposal
from drumroll.plan.calibration import Calibration, Queue, calibrate
from drumroll.plan.listing import Row, listing
from drumroll.plan.policies import POLICIES, planned
from drumroll.plan.problem import Plan
from drumroll.plan.questions import Asked, ask
from drumroll.plan.safety import safety
from drumroll.plan.summary import summary
from drumroll.settings import load


class Made(msgspec.Struct, frozen=True):
    """A plan of a log, with all that was needed to make it."""

    asked: Asked
    plan: Plan
    answers: Answers
    proposal: Proposal


@click.command(short_help="A week for every order, from the log.")
@click.argument("log", required=False, type=click.Path(dir_okay=False))
@click.option("--policy", type=click.Choice(POLICIES), help="How to plan.  [default: the launch's]")
@click.option("--at", "at_ms", metavar="TIME", callback=moment, help="Plan as of then.  [default: the last block]")
@json_option("Write all figures here; - prints them.")
@click.option("--out", type=click.Path(dir_okay=False), help="Write the plan here, for `drumroll operator plan`.")
@click.option("--orders", "orders_file", type=click.Path(dir_okay=False), help="Write every order's week here (.csv).")
@click.option("--calibrate", is_flag=True, help="Simulate how many of its promises would be kept.")
def plan(log: str | None, **given: Any) -> None:
    """Give every live order of LOG a week, and show what that does to what is promised. Nothing is changed.

    LOG is the log of the settings if it is not named; a server may be writing it. The same log gives the same plan. To
    make it the one that holds, an operator accepts the file of --out. docs/promises.md says how promises are kept.

    \b
    Example:
      drumroll plan data/orders.drumroll
      drumroll plan --policy least-breakage --out plan.json --orders weeks.csv
      drumroll plan orders.log --at 2025-07-02T12:00:00+08:00 --json -
    """
    if given["orders_file"] and kind_of(Path(given["orders_file"])) != CSV:
        raise FileUnfit(f"{given['orders_file']}: found another kind of file, allowed: .csv")
    path = load(os.environ, log=log).log
    at = read_book(path, given["at_ms"])
    if not at.book.sequence:
        click.echo(f"{path}: there are no orders yet, so there is nothing to plan.")
        return
    made = make(at, given["policy"])
    _write_files(made, given)
    calibrated = _calibrate(made, safety_of(at, made.asked)) if given["calibrate"] else None
    _show(made, at, given, calibrated)


def make(at: AtMoment, policy: str | None) -> Made:
    """Plan the orders of a book.

    Raises:
        PlanRefused: the launch has no plants, its calendar is over, or pinned orders do not fit.
        PlanFailed: the solver gave no plan.
    """
    asked = ask(at.book, at.at_ms)
    plan = planned(asked, policy or rules_of(asked.launch).policy)
    answers = answer(asked, plan, safety_of(at, asked))
    return Made(asked, plan, answers, proposal(asked, answers, at.position))


def safety_of(at: AtMoment, asked: Asked) -> Safety:
    """How uncertain the weeks are: as the log has it; what is not there yet is worked out as the server would."""
    noted = at.book.safety or {}
    lacking = kinds_without(asked, noted)
    if not lacking:
        return noted
    # Kinds share plants: how late one may be depends on all that there are.
    every = (*kinds_of(asked.launch), *lacking)
    return {**safety(asked.capacity, every, rules_of(asked.launch)), **noted}


def _write_files(made: Made, given: dict[str, Any]) -> None:
    if given["out"]:
        write(given["out"], msgspec.json.encode(_for_the_server(made.proposal)) + b"\n")
    if given["orders_file"]:
        rows = listing(made.asked, made.answers)
        table = pl.DataFrame({name: [getattr(row, name) for row in rows] for name in Row.__struct_fields__})
        write_table(Path(given["orders_file"]), table)


def _for_the_server(proposal: Proposal) -> dict[str, Any]:
    """The plan as the operators' API takes it: groups by name."""
    groups = [{**msgspec.structs.asdict(group.promise), "order_ids": group.order_ids} for group in proposal.groups]
    return {**msgspec.structs.asdict(proposal), "groups": groups}


def _show(made: Made, at: AtMoment, given: dict[str, Any], calibrated: Calibration | None) -> None:
    found = summary(made.asked, made.plan, made.answers)

    def values() -> dict[str, Any]:
        calibration = {"calibration": msgspec.to_builtins(calibrated)} if given["calibrate"] else {}
        return {**as_values(found, made.asked, made.proposal, at.at_ms), **calibration}

    if give_json(values, given["json_file"]):
        return
    show(found, made.asked, made.proposal, at.at_ms, plain_console())
    if given["calibrate"]:
        show_calibration(calibrated, plain_console())
    if given["out"]:
        click.echo(f"\nTo make it the plan that holds:\n  drumroll operator plan {given['out']} --reason ...")


def _calibrate(made: Made, late: Safety) -> Calibration | None:
    """Simulate the windows that this plan would promise, from the first week that it touches."""
    asked, answers = made.asked, made.answers
    problem, capacity = asked.problem, asked.capacity
    now = problem.first_week - capacity.base_week
    names = {f"{order.offer.model} {order.offer.trim}": 0 for order in asked.orders}
    numbers = {name: at for at, name in enumerate(names)}
    trim = [-1] * asked.ahead + [numbers[f"{order.offer.model} {order.offer.trim}"] for order in asked.orders]
    queue = Queue(
        kind=problem.kind.astype(np.int64),
        column=made.plan.column.astype(np.int64) + now,
        trim=np.array(trim, np.int64),
        trims=tuple(numbers),
    )
    sequence: Literal["place", "plan"] = "place" if answers.policy == "strict" else "plan"
    click.echo("\nSimulating what becomes of these promises ...", err=True)
    return calibrate(capacity, asked.kinds, queue, rules_of(asked.launch), late, now=now, sequence=sequence)
