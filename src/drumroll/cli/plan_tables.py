"""A plan as tables, 80 wide, and as values for JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from drumroll.cli.tables import means, table, title
from drumroll.domain.capacity import rules_of
from drumroll.domain.times import rfc3339
from drumroll.domain.weeks import monday, week_label
from drumroll.plan.answers import Proposal
from drumroll.plan.calibration import Calibration, Share
from drumroll.plan.difference import Difference
from drumroll.plan.questions import Asked
from drumroll.plan.summary import Load, Older, Summary, TrimWeeks

BAR = 20
ROWS = 20
"""Weeks are put together until they fit that many rows."""

MOVES_SHOWN = ((None, -13), (-12, -5), (-4, -1), (0, 0), (1, 4), (5, 12), (13, 26), (27, None))


def show(found: Summary, asked: Asked, proposal: Proposal, at_ms: int, console: Console) -> None:
    """Print the whole plan."""
    launch = asked.launch
    console.print(Text(f"{launch.name}: {found.orders:,} orders planned, {found.policy}", style="bold"))
    means(
        console,
        f"as of {rfc3339(at_ms, launch.time_zone)} (block {proposal.based_on:,}), from {_week(found.first_week)} on;"
        f" the calendar ends with {week_label(found.calendar_ends)}",
        _beside(found),
        f"plan {proposal.plan}",
    )
    _trims(found, console)
    for number, resource in enumerate(asked.capacity.resources):
        if resource.kind == "plant":
            _loads(found, number, f"Load of {resource.name} ({resource.id})", asked, console)
    _short(found, console)
    show_difference(found.difference, rules_of(launch).late_bound_weeks, found.changed, console)


def as_values(found: Summary, asked: Asked, proposal: Proposal, at_ms: int) -> dict[str, Any]:
    """All figures of a plan, with weeks as ISO 8601 writes them."""
    values = msgspec.to_builtins(found)
    resources = [resource.id for resource in asked.capacity.resources]
    for name in ("week", "first_week", "calendar_ends"):
        values[name] = week_label(values[name])
    for trim in (*values["by_trim"], values["ahead"]):
        for name in ("first_week", "median_week", "last_week"):
            trim[name] = None if trim[name] is None else week_label(trim[name])
    values["loads"] = [
        {
            "week": week_label(load.week),
            "taken": dict(zip(resources, load.taken, strict=True)),
            "capacity": dict(zip(resources, load.capacity, strict=True)),
        }
        for load in found.loads
    ]
    for one in values["difference"]["by_week"]:
        one["week"] = week_label(one["week"])
    at = {"launch": asked.launch.id, "at": rfc3339(at_ms, asked.launch.time_zone), "based_on": proposal.based_on}
    return {**at, "plan": proposal.plan, **values}


def show_calibration(found: Calibration | None, console: Console) -> None:
    """Print how many promises of the plan were kept in simulated nights."""
    if found is None:
        title(console, "Would its promises be kept? No order has a week that could be promised")
        return
    title(console, f"Would its promises be kept? In {found.nights:,} simulated nights")
    groups = (found.all_orders, *found.by_trim, *found.by_quarter)
    rows = [(group.name, f"{group.orders:,}", *_share(group.window), *_share(group.sure)) for group in groups]
    head = ("", "orders", "window kept", "stated", "by the sure week", "stated")
    table(console, head, rows, right=(1, 2, 3, 4, 5))
    verdict = "the stated shares are kept" if found.met else "a stated share is not kept"
    means(console, f"{verdict}; what is modelled and what is not: docs/promise-uncertainty.md")


def _share(share: Share) -> tuple[str, str]:
    return f"{share.kept:.1%}", f"{share.stated:.0%}"


def _week(week: int) -> str:
    return f"{week_label(week)} ({monday(week)})"


def _beside(found: Summary) -> str:
    """Orders that are there but are not planned."""
    beside = {
        "of the declared backlog before them": found.ahead.orders,
        "frozen": found.frozen,
        "in production or on their way": found.underway,
    }
    return ", ".join(f"{count:,} {what}" for what, count in beside.items() if count)


def _trims(found: Summary, console: Console) -> None:
    title(console, "Weeks by trim")
    rows = [_trim_row(one) for one in found.by_trim]
    head = ("model", "trim", "orders", "first", "median", "last", "wait", "none")
    table(console, head, [*rows, *_older_row(found.ahead)], right=(2, 6, 7), words=(0, 1))
    means(
        console,
        "in which they are built, and how many have none;"
        " wait: weeks from now to the delivery, of the first, the median, the last",
    )


def _trim_row(one: TrimWeeks) -> tuple[str, ...]:
    wait = "" if one.first_wait is None else f"{one.first_wait}, {one.median_wait}, {one.last_wait}"
    return one.model, one.trim, f"{one.orders:,}", *_labels(one), wait, f"{one.without_week:,}"


def _older_row(one: Older) -> Iterable[tuple[str, ...]]:
    if one.orders:
        yield "(backlog)", "", f"{one.orders:,}", *_labels(one), "", f"{one.without_week:,}"


def _labels(one: TrimWeeks | Older) -> list[str]:
    weeks = (one.first_week, one.median_week, one.last_week)
    return ["" if week is None else week_label(week) for week in weeks]


def _loads(found: Summary, resource: int, what: str, asked: Asked, console: Console) -> None:
    if not any(load.taken[resource] for load in found.loads):
        return
    step = -(-len(found.loads) // ROWS)
    title(console, what + ("" if step == 1 else f", by {step} weeks"))
    chunks = [found.loads[start : start + step] for start in range(0, len(found.loads), step)]
    table(console, ("from", "", "orders", "capacity", "full"), _load_rows(chunks, resource, asked), (2, 3), (4,))


def _load_rows(chunks: list[tuple[Load, ...]], resource: int, asked: Asked) -> Iterable[tuple[str, ...]]:
    totals = [
        (sum(load.taken[resource] for load in chunk), sum(load.capacity[resource] or 0 for load in chunk))
        for chunk in chunks
    ]
    most = max(max(pair) for pair in totals) or 1
    for chunk, (taken, room) in zip(chunks, totals, strict=True):
        filled, there = (round(BAR * count / most) for count in (taken, room))
        bar = "█" * filled + "░" * max(0, there - filled)
        yield week_label(chunk[0].week), bar, f"{taken:,}", f"{room:,}", _full_in(chunk, asked)


def _full_in(chunk: tuple[Load, ...], asked: Asked) -> str:
    """What has no room left in one of the weeks."""
    full = [
        resource.id
        for at, resource in enumerate(asked.capacity.resources)
        if any(load.taken[at] and load.taken[at] >= (load.capacity[at] or load.taken[at] + 1) for load in chunk)
    ]
    return ", ".join(full)


def _short(found: Summary, console: Console) -> None:
    title(console, "What is short")
    rows = [(f"{one.name} ({one.resource})", f"{one.orders:,}", str(one.full_weeks)) for one in found.short]
    if rows:
        table(console, ("plant or limit", "orders that wait for it", "full weeks"), rows, right=(1, 2))
    else:
        means(console, "nothing: every order has the first week there is")


def show_difference(found: Difference, late_bound: int, changed: int, console: Console) -> None:
    """Print what a plan does to what is promised."""
    total = found.total
    title(console, "Against what is promised now")
    rows = [
        ("promised, and kept", total.kept, _of(total.kept, total.promised)),
        ("  of those: would end earlier, so are improved", total.improved, ""),
        ("  of those: with less to spare than was stated", total.at_risk, ""),
        ("promised, and broken", total.broken, _of(total.broken, total.promised)),
        (f"  of those: more than {late_bound} weeks late", total.beyond_bound, ""),
        ("not promised anything until now", total.orders - total.promised, ""),
        ("without a week", total.unplanned, ""),
        ("promises that change in any way", changed, _of(changed, total.orders)),
        *((f"cross {cliff.name} (after {cliff.last_day})", cliff.crossed, "") for cliff in found.cliffs),
    ]
    table(console, ("", "orders", ""), [(what, f"{count:,}", share) for what, count, share in rows], right=(1, 2))
    if total.broken:
        mean = total.weeks_late / total.broken
        means(console, f"broken by {mean:.1f} weeks on average, by {total.most_late} at most")
    _moves(found, console)


def _of(count: int, whole: int) -> str:
    return f"{count / whole:.1%}" if whole else ""


def _moves(found: Difference, console: Console) -> None:
    if not any(weeks for weeks, _ in found.moves):
        return
    title(console, "Who moves, and how far")
    counts = [
        sum(
            orders for weeks, orders in found.moves if (low is None or weeks >= low) and (high is None or weeks <= high)
        )
        for low, high in MOVES_SHOWN
    ]
    most = max(counts)
    rows = [
        (_span(low, high), "█" * max(1, round(BAR * count / most)), f"{count:,}")
        for (low, high), count in zip(MOVES_SHOWN, counts, strict=True)
        if count
    ]
    table(console, ("weeks of building", "", "orders"), rows, right=(2,))


def _span(low: int | None, high: int | None) -> str:
    if low == high == 0:
        return "as before"
    way = "later" if low is not None and low > 0 else "earlier"
    near, far = sorted(abs(one) for one in (low, high) if one is not None) if low and high else (_one(low, high), None)
    return f"{near} or more {way}" if far is None else f"{near} to {far} {way}"


def _one(low: int | None, high: int | None) -> int:
    return abs(low if low is not None else high if high is not None else 0)
