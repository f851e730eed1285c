"""The plan: capacity by week and what is planned, promises, plans made beside the server, and accepting one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from drumroll.access.roles import Permission
from drumroll.domain import commands as cmd
from drumroll.domain.capacity import rules_of
from drumroll.domain.events import PlanAccepted
from drumroll.domain.promise import Planned, Promise
from drumroll.domain.weeks import week_of_day
from drumroll.errors import LogError
from drumroll.log.base import Log
from drumroll.web.context import Parts, Web
from drumroll.web.messages_promise import PlannedGroup, PlanView
from drumroll.web.ops import plan_views as views
from drumroll.web.ops.base import Seen, needs, ops_page, seen_by
from drumroll.web.ops.deeds import Choice, Declined, Deed, Field, Given, Sheet, always, decided, on_to, routes_of
from drumroll.web.ops.jobs import figures
from drumroll.web.ops.jobs_pages import Stand, job_of, latest, stand_of, under_way
from drumroll.web.ops.plots_pages import plotted
from drumroll.web.ops.tables import Table, exported, view_of
from drumroll.web.pages.safety import Asking
from drumroll.web.problems import Problem
from drumroll.web.promises import plan_view
from drumroll.words.catalog import Words
from drumroll.words.problem_words import worded

WEEKS = 52
TRAIL_READ = 100
MADE_SHOWN = 10
PERCENT_MOST, WEEKLY_MOST = 1000, 10**7
HERE = "/ops/plan"
DONE = {
    "capacity": worded("The capacity is changed. New orders are promised by it; make a plan for those that stand."),
    "accepted": worded("The plan is accepted. Its weeks are what is promised from now on."),
}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class _Written(msgspec.Struct, frozen=True):
    """A plan as ``drumroll plan --out`` writes it."""

    plan: str
    policy: str
    based_on: int
    groups: list[PlannedGroup]


@get("/ops/plan", **needs(Permission.SEE))
def plan_page(web: Parts, request: Asking) -> Response[Any]:
    """Weeks, promises, plans."""
    seen, launch = seen_by(web, request), web.launch
    words, asked = seen.visitor.words, dict(request.query_params)
    view = plan_view(web.desk.book, web.now_ms, WEEKS)
    resources = views.resources_of(launch, view, words)
    chosen = _chosen(resources, asked)
    counted = latest(web, "promises", words)
    tables = [views.weeks_table(view, chosen, words)] if chosen else []
    tables += [views.kept_table(launch, counted.found, words)] if counted else []
    tables += [views.accepted_table(view, _acceptors(web, view), launch.time_zone, words)]
    file = _file(tables, asked)
    if file is not None:
        return file
    return ops_page(
        web,
        seen,
        "ops_plan.html",
        HERE,
        done=words.say(DONE[asked["done"]]) if asked.get("done") in DONE else "",
        weeks=WEEKS,
        without_week=view.without_week,
        resources=resources,
        chosen=chosen,
        tables={table.id: view_of(table, asked) for table in tables},
        counted=counted,
        kept=views.kept_figures(counted.found, words) if counted else [],
        made=_made(web, words) if seen.may("plan") else [],
        policies=[(policy, words.say(name)) for policy, name in views.POLICIES.items()],
        usual=rules_of(launch).policy,
        jobs=web.jobs is not None,
        under_way=under_way(web, ("plan", "promises"), words),
    )


@get("/ops/plots/weeks.svg", **needs(Permission.SEE, form=True))
async def weeks_plot(web: Parts, request: Asking) -> Response[bytes]:
    """The weeks of one plant or limit."""
    seen, launch = seen_by(web, request), web.launch
    words = seen.visitor.words
    view = plan_view(web.desk.book, web.now_ms, WEEKS)
    chosen = _chosen(views.resources_of(launch, view, words), dict(request.query_params))
    return await plotted(web, request, views.weeks_plot(view, chosen, words) if chosen else None)


@get("/ops/plan/{job_id:str}", **needs(Permission.PLAN))
def made_plan(web: Parts, request: Asking, job_id: FromPath[str]) -> Response[Any]:
    """A plan that was made: what it would change, before it is accepted."""
    seen, launch = seen_by(web, request), web.launch
    words, asked = seen.visitor.words, dict(request.query_params)
    stand = _plan(web, seen, job_id)
    found = stand.found["difference"]
    tables = [
        views.trims_table(launch, stand.found, words),
        views.cliffs_table(launch, found["cliffs"], words),
        views.moves_table(found["moves"], words),
        views.waits_table(launch, stand.found, words),
    ]
    file = _file(tables, asked)
    if file is not None:
        return file
    return ops_page(
        web,
        seen,
        "ops_plan_made.html",
        HERE,
        stand=stand,
        policy=views.policy_name(stand.found["policy"], words),
        figures=views.plan_figures(stand.found, launch.currency, words),
        tables={table.id: view_of(table, asked) for table in tables},
        plot=views.moves_plot({stand.found["policy"]: found["moves"]}, words) is not None,
        behind=max(0, web.desk.position - stand.found["based_on"]),
        accepted=any(plan == stand.found["plan"] for plan, _, _ in web.desk.book.plans),
    )


@get("/ops/plots/plan/{job_id:str}/moves.svg", **needs(Permission.PLAN, form=True))
async def plan_moves_plot(web: Parts, request: Asking, job_id: FromPath[str]) -> Response[bytes]:
    """Who moves, and how far."""
    seen = seen_by(web, request)
    found = _plan(web, seen, job_id).found
    moves = {found["policy"]: found["difference"]["moves"]}
    return await plotted(web, request, views.moves_plot(moves, seen.visitor.words))


def _plan(web: Web, seen: Seen, job_id: str) -> Stand:
    stand = stand_of(web, job_of(web, seen, job_id, "plan"), seen.visitor.words)
    if stand is None:
        raise Problem("not_found", "This job made no plan: there was nothing to plan, or it failed.")
    return stand


def _chosen(resources: list[views.Resource], asked: Mapping[str, str]) -> views.Resource | None:
    return next((one for one in resources if one.id == asked.get("resource")), resources[0] if resources else None)


def _file(tables: list[Table], asked: Mapping[str, str]) -> Response[bytes] | None:
    return next((file for table in tables if (file := exported(table, asked)) is not None), None)


class Made(msgspec.Struct, frozen=True):
    """A plan that was made since the server started; ``does``: what it would do, in words."""

    path: str
    policy: str
    when: str
    does: str


def _made(web: Web, words: Words) -> list[Made]:
    """The latest first."""
    jobs, zone = web.jobs, web.launch.time_zone
    done = [one for one in (jobs.all() if jobs else []) if one.kind == "plan" and one.state == "done"]
    return [
        Made(
            f"{HERE}/{job.id}",
            views.policy_name(found["policy"], words),
            words.moment(job.asked_at_ms, zone),
            words.say(
                "%(changed)s promises change, %(broken)s are broken",
                changed=words.number(found["changed"]),
                broken=words.number(found["difference"]["total"]["broken"]),
            ),
        )
        for job in done[:MADE_SHOWN]
        if (found := figures(job)) is not None
    ]


def _acceptors(web: Web, view: PlanView) -> dict[str, tuple[str, str]]:
    """Who accepted a plan, and why: from the latest blocks in which operators did something."""
    latest_first = list(dict.fromkeys(reversed(web.desk.book.trail)))[:TRAIL_READ] if view.accepted else []
    found: dict[str, tuple[str, str]] = {}
    with suppress(LogError):
        for position in latest_first:
            found |= _accepted_in(web.desk.log, position)
    return found


@lru_cache(maxsize=4 * TRAIL_READ)
def _accepted_in(log: Log, position: int) -> dict[str, tuple[str, str]]:
    """The plans of a block: what is written stays, and one of 300,000 orders takes a while to read."""
    accepted = [event for event in log.block(position).events if isinstance(event, PlanAccepted)]
    return {one.plan: (one.operator, one.reason) for one in accepted}


# What is done


async def _capacity_sheet(web: Web, seen: Seen, asked: Mapping[str, str]) -> Sheet:
    words, launch = seen.visitor.words, web.launch
    say = words.say
    resources = views.resources_of(launch, plan_view(web.desk.book, web.now_ms, 1), words)
    choices = (Choice("", say("All of them")), *(Choice(one.id, one.name) for one in resources))
    return Sheet(
        title=say("Change a capacity"),
        says=[
            say(
                "New orders are promised by it at once. What was promised before stands until another plan is accepted."
            ),
        ],
        button=say("Change it"),
        back=HERE,
        fields=(
            Field(
                "resource", say("Plant or limit"), "select", asked.get("resource", ""), choices=choices, needed=False
            ),
            Field("from", say("From the week of"), "day"),
            Field("until", say("Until before the week of"), "day"),
            Field(
                "percent",
                say("Percent of what the calendar says"),
                "number",
                hint=say("45 is a cut of 55 %%. Give this or the next one."),
                needed=False,
            ),
            Field("weekly", say("Or so many orders a week"), "number", needed=False),
        ),
    )


async def _set_capacity(web: Web, seen: Seen, given: Given) -> Any:
    words, form = seen.visitor.words, given.form
    weeks = _week(form.one("from", ""), words), _week(form.one("until", ""), words)
    how = (
        _whole(form.one("percent", ""), PERCENT_MOST, words.say("Percent"), words),
        _whole(form.one("weekly", ""), WEEKLY_MOST, words.say("Orders a week"), words),
    )
    if (how[0] is None) == (how[1] is None):
        raise Declined(words.say("Give a percentage or a number of orders a week: one of the two."))
    resource, by = form.one("resource", ""), given.operator
    await decided(web, cmd.SetCapacity(resource, *weeks, *how, by, given.reason, given.key, given.fingerprint))
    return on_to(web, HERE, "capacity")


def _week(text: str, words: Words) -> int:
    """The week of a day. Raises ``Declined``."""
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year <= 2199:
        raise Declined(words.say("Give both days as year, month and day, such as 2025-08-04."))
    return week_of_day(day)


def _whole(text: str, most: int, name: str, words: Words) -> int | None:
    """A whole number, or nothing. Raises ``Declined``."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) <= most):
        raise Declined(
            words.say("%(field)s: give a whole number from 0 to %(most)s.", field=name, most=words.number(most))
        )
    return int(text)


async def _accept_sheet(web: Web, seen: Seen, asked: Mapping[str, str]) -> Sheet:
    words = seen.visitor.words
    stand = _plan(web, seen, asked["job_id"])
    say, total = words.say, stand.found["difference"]["total"]
    facts = (
        (say("Policy"), views.policy_name(stand.found["policy"], words)),
        (say("Made"), stand.when),
        (say("Promises that change"), words.number(stand.found["changed"])),
        (say("Broken"), words.number(total["broken"])),
        (say("Later, earlier"), f"{words.number(total['later'])}, {words.number(total['earlier'])}"),
    )
    return Sheet(
        title=say("Accept this plan"),
        says=[
            say("From now on its weeks are what is promised, and customers see that, with your reason."),
            say("What changed since the plan was made stays as it is."),
        ],
        button=say("Accept the plan"),
        back=f"{HERE}/{asked['job_id']}",
        facts=facts,
        sure=say("I have read what it changes. It can't be undone, only planned anew."),
        danger=True,
    )


async def _accept(web: Web, seen: Seen, given: Given) -> Any:
    stand = _plan(web, seen, given.asked["job_id"])
    # A plan of 300,000 orders has some megabytes.
    written = await asyncio.to_thread(_read, stand)
    planned = tuple(
        Planned(Promise(one.build_week, one.first_week, one.last_week, one.sure_week, one.short), tuple(one.order_ids))
        for one in written.groups
    )
    what = (written.plan, written.policy, written.based_on, planned)
    await decided(web, cmd.AcceptPlan(*what, given.operator, given.reason, given.key, given.fingerprint))
    return on_to(web, HERE, "accepted")


def _read(stand: Stand) -> _Written:
    """Raises ``Problem`` if the file is gone."""
    try:
        return msgspec.json.decode((stand.job.folder / "plan.json").read_bytes(), type=_Written)
    except (OSError, msgspec.DecodeError) as error:
        raise Problem("not_found", "The plan's file is no longer there; make the plan again.") from error


CAPACITY = Deed("/ops/plan/capacity", HERE, Permission.PLAN, _capacity_sheet, _set_capacity)
ACCEPT = Deed("/ops/plan/{job_id:str}/accept", HERE, Permission.PLAN, _accept_sheet, _accept, sure=always)
PLAN_PAGES = [plan_page, weeks_plot, made_plan, plan_moves_plot, *routes_of(CAPACITY), *routes_of(ACCEPT)]
