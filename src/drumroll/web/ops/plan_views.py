"""Weeks, promises and plans as tables and plots: pure, from what the API and the command line say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from drumroll.domain.launch import Launch
from drumroll.web.messages_promise import PlanView, ResourceWeek
from drumroll.web.ops.plots import Bars, Lines, Series, bars_with_capacity, lines
from drumroll.web.ops.tables import Cell, Column, Table
from drumroll.web.pages.windows import name_of
from drumroll.words.catalog import Words
from drumroll.words.problem_words import worded

MOVES_SHOWN = 160
"""Weeks that a plot of moves spans at most."""
POLICIES: dict[str, str] = {"strict": worded("strict, by place"), "least-breakage": worded("least breakage")}
"""As the launch file and the command line name them; figures say ``least_breakage``."""


class Figure(msgspec.Struct, frozen=True):
    """A figure with its name; ``bad``: it is one that one would rather not have."""

    name: str
    value: str
    bad: bool = False


class Resource(msgspec.Struct, frozen=True):
    """A plant or limit, by its name."""

    id: str
    name: str


def policy_name(policy: str, words: Words) -> str:
    """How a policy is called."""
    known = policy.replace("_", "-")
    return words.say(POLICIES[known]) if known in POLICIES else policy


def resources_of(launch: Launch, view: PlanView, words: Words) -> list[Resource]:
    """What a plan counts by, plants first."""
    names = {one.id: one.name for one in launch.plants} | {one.id: one.name for one in launch.limits}
    there = {one.id for week in view.weeks for one in week.resources}
    return [Resource(one, words.text(launch, name)) for one, name in names.items() if one in there]


def _of(view: PlanView, resource: str) -> list[tuple[Any, ResourceWeek]]:
    return [(week, one) for week in view.weeks for one in week.resources if one.id == resource]


def weeks_plot(view: PlanView, resource: Resource, words: Words) -> Bars:
    """What is planned of a resource against what there is, week by week."""
    weeks = _of(view, resource.id)
    return bars_with_capacity(
        resource.name,
        words.say("orders a week"),
        tuple(week.week for week, _ in weeks),
        Series(words.say("planned"), tuple(one.planned for _, one in weeks)),
        Series(words.say("capacity"), tuple(one.capacity for _, one in weeks)),
        tuple(week.frozen for week, _ in weeks),
        words.say("planned, frozen"),
    )


def weeks_table(view: PlanView, resource: Resource, words: Words) -> Table:
    """The same as a table."""
    say = words.say
    columns = [
        Column("week", say("Week")),
        Column("from", say("Begins")),
        Column("planned", say("Planned"), amount=True),
        Column("capacity", say("Capacity"), amount=True),
        Column("free", say("Left"), amount=True),
        Column("full", say("Used"), amount=True),
        Column("frozen", say("State")),
    ]
    rows = [_week_row(week, one, words) for week, one in _of(view, resource.id)]
    return Table("weeks", say("Weeks: %(resource)s", resource=resource.name), columns, rows, say("There are no weeks."))


def _week_row(week: Any, one: ResourceWeek, words: Words) -> list[Cell]:
    capacity = one.capacity
    free = None if capacity is None else capacity - one.planned
    share = one.planned / capacity if capacity else None
    day = date.fromisoformat(week.from_day)
    return [
        Cell(week.week),
        Cell(words.day(day), week.from_day),
        number(one.planned, words),
        Cell(words.say("no limit"), "") if capacity is None else number(capacity, words),
        Cell("", "") if free is None else Cell(words.number(free), free, badge="bad" if free < 0 else ""),
        Cell("", "") if share is None else Cell(words.percent(share), round(share, 4)),
        Cell(words.say("frozen"), badge="plain") if week.frozen else Cell(words.say("can be planned")),
    ]


def number(n: int | float | None, words: Words, decimals: int = 0) -> Cell:
    """A number as a cell; ``None``: an empty one."""
    return Cell("", "") if n is None else Cell(words.number(n, decimals), n)


def trim_cell(launch: Launch, one: Mapping[str, Any], words: Words) -> Cell:
    """A trim by its name."""
    return Cell(name_of(launch, one["model"], one["trim"], words), f"{one['model']} {one['trim']}")


def accepted_table(view: PlanView, by: Mapping[str, tuple[str, str]], zone: str, words: Words) -> Table:
    """Plans that were accepted; ``by``: who accepted a plan, and why, as far as the audit trail was read."""
    say = words.say
    columns = [
        Column("at", say("Accepted")),
        Column("policy", say("Policy")),
        Column("by", say("By")),
        Column("reason", say("Reason")),
        Column("plan", say("Plan")),
    ]
    rows = [
        [
            Cell(words.rfc3339(one.at, zone), one.at),
            Cell(policy_name(one.policy, words), one.policy),
            *(Cell(text) for text in by.get(one.plan, ("", ""))),
            Cell(one.plan[:12], one.plan),
        ]
        for one in view.accepted
    ]
    return Table("accepted", say("Plans accepted"), columns, rows, say("No plan was accepted yet."))


# Promises, as ``drumroll promises`` counts them


def kept_figures(found: Mapping[str, Any], words: Words) -> list[Figure]:
    """The figures of honesty, of all orders."""
    say, every = words.say, found["all"]

    def count(name: str, value: int, *, bad: bool = False) -> Figure:
        return Figure(name, words.number(value), bad and value > 0)

    share = every["kept_share"]
    return [
        count(say("orders that were promised a window"), every["promised"]),
        count(say("delivered"), every["delivered"]),
        Figure(
            say("of those by what was promised first"), say("none yet") if share is None else words.percent(share, 1)
        ),
        count(say("still to be delivered"), every["open"]),
        count(say("of those overdue already"), every["open_overdue"], bad=True),
        count(say("moved later since"), every["moved_later"], bad=True),
        count(say("moved earlier since"), every["moved_earlier"]),
        count(say("live, and never promised anything"), found["promised_nothing"]),
    ]


def kept_table(launch: Launch, found: Mapping[str, Any], words: Words) -> Table:
    """The same by trim."""
    say = words.say
    names = {
        "promised": say("With a promise"),
        "delivered": say("Delivered"),
        "kept": say("On time"),
        "open": say("Still open"),
        "open_overdue": say("Overdue"),
        "moved_later": say("Moved later"),
        "moved_earlier": say("Moved earlier"),
    }
    columns = [Column("trim", say("Trim")), *(Column(field, name, amount=True) for field, name in names.items())]
    rows = [[trim_cell(launch, one, words), *(number(one[name], words) for name in names)] for one in found["by_trim"]]
    return Table("promises", say("Promises by trim"), columns, rows, say("Nothing was promised yet."))


# A plan, as ``drumroll plan`` says it


def plan_figures(found: Mapping[str, Any], currency: str, words: Words) -> list[Figure]:
    """What a plan does, all in all."""
    say, total = words.say, found["difference"]["total"]

    def count(name: str, value: int, *, bad: bool = False) -> Figure:
        return Figure(name, words.number(value), bad and value > 0)

    crossed = sum(cliff["crossed"] for cliff in found["difference"]["cliffs"])
    return [
        count(say("orders planned"), found["orders"]),
        count(say("promises that change in any way"), found["changed"]),
        count(say("built later than now planned"), total["later"], bad=True),
        count(say("built earlier than now planned"), total["earlier"]),
        count(say("promises kept"), total["kept"]),
        count(say("promises improved"), total["improved"]),
        count(say("kept, with less to spare than was stated"), total["at_risk"], bad=True),
        count(say("promises broken"), total["broken"], bad=True),
        Figure(say("deposits of broken promises"), words.money(total["deposits_at_risk_minor"], currency)),
        count(say("not promised anything until now"), total["orders"] - total["promised"]),
        count(say("orders without a week"), total["unplanned"], bad=True),
        count(say("days that matter newly missed"), crossed, bad=True),
    ]


def trims_table(launch: Launch, found: Mapping[str, Any], words: Words) -> Table:
    """What a plan does to each trim."""
    say = words.say
    names = {
        "orders": say("Orders"),
        "later": say("Later"),
        "earlier": say("Earlier"),
        "kept": say("Kept"),
        "at_risk": say("At risk"),
        "broken": say("Broken"),
        "most_late": say("Most weeks late"),
        "unplanned": say("No week"),
    }
    columns = [Column("trim", say("Trim")), *(Column(field, name, amount=True) for field, name in names.items())]
    rows = [
        [trim_cell(launch, one, words), *(number(one["part"][name], words) for name in names)]
        for one in found["difference"]["by_trim"]
    ]
    return Table("trims", say("By trim"), columns, rows, say("No order is planned."))


def waits_table(launch: Launch, found: Mapping[str, Any], words: Words) -> Table:
    """How long each trim waits under a plan."""
    say = words.say
    names = {"first_wait": say("First, weeks"), "median_wait": say("Median, weeks"), "last_wait": say("Last, weeks")}
    columns = [Column("trim", say("Trim")), Column("orders", say("Orders"), amount=True)]
    columns += [Column(field, name, amount=True) for field, name in names.items()]
    rows = [
        [trim_cell(launch, one, words), number(one["orders"], words), *(number(one[name], words) for name in names)]
        for one in found["by_trim"]
    ]
    return Table("waits", say("Weeks until delivery, by this plan"), columns, rows, say("No order is planned."))


def cliffs_table(launch: Launch, cliffs: Sequence[Mapping[str, Any]], words: Words) -> Table:
    """Days that matter, and who comes to lie beyond them."""
    say = words.say
    columns = [
        Column("cliff", say("Day that matters")),
        Column("day", say("Last day")),
        Column("promised", say("Promised beyond it"), amount=True),
        Column("crossed", say("Newly beyond it"), amount=True),
    ]
    rows = [
        [
            Cell(words.text(launch, one["name"])),
            Cell(words.day(date.fromisoformat(one["last_day"])), one["last_day"]),
            number(one["promised"], words),
            Cell(words.number(one["crossed"]), one["crossed"], badge="bad" if one["crossed"] else ""),
        ]
        for one in cliffs
    ]
    return Table("cliffs", say("Days that matter"), columns, rows, say("The launch file has no such days."))


def moves_table(moves: Sequence[Sequence[int]], words: Words) -> Table:
    """By how many weeks how many orders move."""
    say = words.say
    columns = [Column("weeks", say("Weeks")), Column("orders", say("Orders"), amount=True)]
    rows = [[Cell(_moved(weeks, words), weeks), number(orders, words)] for weeks, orders in moves]
    return Table("moves", say("Who moves, and how far"), columns, rows, say("No order that had a week moves."))


def _moved(weeks: int, words: Words) -> str:
    if weeks == 0:
        return words.say("as before")
    if weeks > 0:
        return words.say_n("%(num)s week later", "%(num)s weeks later", weeks)
    return words.say_n("%(num)s week earlier", "%(num)s weeks earlier", -weeks)


def moves_plot(moves: Mapping[str, Sequence[Sequence[int]]], words: Words) -> Lines | Bars | None:
    """The same as a plot, by policy; ``None``: nobody moves, or so far that it can't be seen."""
    every = [weeks for one in moves.values() for weeks, _ in one]
    if not any(every) or max(every) - min(every) > MOVES_SHOWN:
        return None
    span = range(min(*every, 0) - 1, max(*every, 0) + 2)
    x = tuple(f"{weeks:+d}".replace("-", "\N{MINUS SIGN}") if weeks else "0" for weeks in span)
    counted = {
        policy_name(policy, words): tuple(_orders_moved(one, weeks) for weeks in span) for policy, one in moves.items()
    }
    title, unit = words.say("Orders by weeks moved (+ later)"), words.say("orders")
    if len(counted) == 1:
        return Bars(title, unit, x, Series(unit, next(iter(counted.values()))))
    return lines(title, unit, x, dict(counted))


def _orders_moved(moves: Sequence[Sequence[int]], by: int) -> int:
    return sum(orders for weeks, orders in moves if weeks == by)
