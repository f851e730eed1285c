"""What if: less capacity, more orders, cancellations, by both policies. Nothing is changed by asking."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from drumroll.access.roles import Permission
from drumroll.domain.launch import Launch
from drumroll.web.context import Parts, Web
from drumroll.web.ops.base import Seen, needs, ops_page, seen_by
from drumroll.web.ops.jobs_pages import (
    Stand,
    job_of,
    needed_jobs,
    options_in,
    stand_of,
    under_way,
)
from drumroll.web.ops.plan_views import moves_plot, number, policy_name, trim_cell
from drumroll.web.ops.plots import Lines, lines
from drumroll.web.ops.plots_pages import plotted
from drumroll.web.ops.tables import Cell, Column, Table, exported, view_of
from drumroll.web.pages.forms import form_of
from drumroll.web.pages.safety import Asking
from drumroll.web.problems import Problem
from drumroll.words.catalog import Words
from drumroll.words.problem_words import worded

HERE = "/ops/plan"
POLICIES = ("strict", "least_breakage")
FIGURES: dict[str, str] = {
    "promised": worded("orders with a promise"),
    "kept": worded("promises kept"),
    "at_risk": worded("kept, with less to spare than was stated"),
    "improved": worded("promises improved"),
    "broken": worded("promises broken"),
    "most_late": worded("most weeks late"),
    "mean_weeks_late": worded("mean weeks late, of the broken"),
    "beyond_bound": worded("later than the bound allows"),
    "unplanned": worded("orders without a week"),
    "cliff_crossings": worded("days that matter newly missed"),
    "moved_later": worded("built later than now planned"),
    "moved_earlier": worded("built earlier than now planned"),
}
ASKED: dict[str, str] = {
    "--cut": worded("capacity cut by %(value)s %%"),
    "--add": worded("capacity raised by %(value)s %%"),
    "--from": worded("from the week of %(value)s"),
    "--weeks": worded("for %(value)s weeks"),
    "--resource": worded("of %(value)s"),
    "--convert": worded("%(value)s %% of those who may convert do"),
    "--cancel": worded("%(value)s %% of the live orders are cancelled"),
    "--orders": worded("assuming %(value)s orders instead of the log's"),
}


@get("/ops/whatif", **needs(Permission.PLAN))
def whatif_page(web: Parts, request: Asking) -> Response[Any]:
    """The form, and what was asked before."""
    return _form(web, seen_by(web, request))


@post("/ops/whatif", **needs(Permission.PLAN, form=True))
async def ask_whatif(web: Parts, request: Asking) -> Any:
    """Have it worked out."""
    seen = seen_by(web, request)
    form = await form_of(web, request, seen.visitor)
    options = options_in(form, "whatif")
    typed = {name.removeprefix("--"): value for name, value in options.items()}
    # Nothing changes by 0 %.
    options = {name: value for name, value in options.items() if value != "0"}
    words = seen.visitor.words
    refused = _refused(options, words)
    if refused:
        return _form(web, seen, typed, refused, 422)
    try:
        job = needed_jobs(web).start("whatif", options, seen.operator.name)
    except Problem as problem:
        if problem.code != "invalid_request":
            raise
        return _form(web, seen, typed, words.say("One of the figures is out of its range."), 422)
    return web.pages.see_other(f"/ops/jobs/{job.id}")


def _form(
    web: Web, seen: Seen, typed: Mapping[str, str] | None = None, refused: str = "", status: int = 200
) -> Response[Any]:
    words, launch, jobs = seen.visitor.words, web.launch, web.jobs
    asked = [one for one in (jobs.all() if jobs else []) if one.kind == "whatif" and one.state == "done"]
    before = [
        (
            f"/ops/whatif/{one.id}",
            in_words(launch, dict(one.options), words),
            words.moment(one.asked_at_ms, launch.time_zone),
        )
        for one in asked
    ]
    return ops_page(
        web,
        seen,
        "ops_whatif.html",
        HERE,
        status=status,
        typed=typed or {},
        refused=refused,
        resources=list(_resources(launch, words).items()),
        before=before,
        jobs=jobs is not None and bool(launch.plants),
        under_way=under_way(web, ("whatif",), words),
    )


def _refused(options: Mapping[str, str], words: Words) -> str:
    """Why it can't be asked so; empty: it can. What else is wrong, the command itself says."""
    if not options.keys() & {"--cut", "--add", "--convert", "--cancel", "--orders"}:
        return words.say(
            "Say what would be different: a cut, more capacity, conversions, cancellations or other orders."
        )
    if {"--cut", "--add"} <= options.keys():
        return words.say("Give a cut or more capacity: one of the two.")
    if options.keys() & {"--from", "--weeks", "--resource"} and not options.keys() & {"--cut", "--add"}:
        return words.say("From when, for how long and of what belong to a cut or to more capacity: give one of these.")
    try:
        date.fromisoformat(options.get("--from", "2025-01-01"))
    except ValueError:
        return words.say("There is no such day.")
    return ""


def in_words(launch: Launch, options: Mapping[str, str], words: Words) -> str:
    """What was asked, as a sentence."""
    names = {**_resources(launch, words), "all": words.say("plants and limits")}
    said = []
    for name, sentence in ASKED.items():
        value = options.get(name)
        if value is not None:
            shown = words.day(date.fromisoformat(value)) if name == "--from" else names.get(value, value)
            said.append(words.say(sentence, value=words.number(int(shown)) if name == "--orders" else shown))
    return words.listed(said)


def _resources(launch: Launch, words: Words) -> dict[str, str]:
    names = {one.id: one.name for one in launch.plants} | {one.id: one.name for one in launch.limits}
    return {one: words.text(launch, name) for one, name in names.items()}


@get("/ops/whatif/{job_id:str}", **needs(Permission.PLAN))
def whatif_answer(web: Parts, request: Asking, job_id: FromPath[str]) -> Response[Any]:
    """What would become of the promises."""
    seen, launch = seen_by(web, request), web.launch
    words, asked = seen.visitor.words, dict(request.query_params)
    stand = _answer(web, seen, job_id)
    tables = [
        figures_table(stand.found, words),
        trims_table(launch, stand.found, words),
        waits_table(launch, stand.found, words),
        cliffs_table(launch, stand.found, words),
        weeks_table(stand.found, words),
    ]
    for table in tables:
        file = exported(table, asked)
        if file is not None:
            return file
    return ops_page(
        web,
        seen,
        "ops_whatif_answer.html",
        HERE,
        stand=stand,
        question=in_words(launch, dict(stand.job.options), words),
        orders=stand.found["orders"],
        backlog=stand.found["declared_backlog"],
        tables={table.id: view_of(table, asked) for table in tables},
        plots=[name for name in ("broken", "moves") if _plot(stand.found, name, words) is not None],
    )


@get("/ops/plots/whatif/{job_id:str}/{name:str}", **needs(Permission.PLAN, form=True))
async def whatif_plot(web: Parts, request: Asking, job_id: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Broken promises by week, or who moves."""
    seen = seen_by(web, request)
    found = _answer(web, seen, job_id).found
    return await plotted(web, request, _plot(found, name.removesuffix(".svg"), seen.visitor.words))


def _answer(web: Web, seen: Seen, job_id: str) -> Stand:
    stand = stand_of(web, job_of(web, seen, job_id, "whatif"), seen.visitor.words)
    if stand is None:
        raise Problem("not_found", "This job has no answer: it failed.")
    return stand


def _plot(found: Mapping[str, Any], name: str, words: Words) -> Any:
    if name == "moves":
        return moves_plot(found["moves"], words)
    return broken_plot(found, words) if name == "broken" else None


def broken_plot(found: Mapping[str, Any], words: Words) -> Lines | None:
    """Broken promises by the week that was promised; ``None``: none is broken."""
    weeks = found["by_promised_week"]
    if not any(week["broken"][policy] for week in weeks for policy in POLICIES):
        return None
    by = {policy_name(policy, words): tuple(week["broken"][policy] for week in weeks) for policy in POLICIES}
    x = tuple(week["week"] for week in weeks)
    return lines(words.say("Broken promises by the last week that was promised"), words.say("orders"), x, dict(by))


def _by_policy(words: Words, prefix: str = "") -> list[Column]:
    return [Column(f"{prefix}{policy}", policy_name(policy, words), amount=True) for policy in POLICIES]


def figures_table(found: Mapping[str, Any], words: Words) -> Table:
    """Each figure before and after, by policy."""
    say = words.say
    columns = [Column("what", say("Figure"))]
    for when, name in (("before", say("before")), ("after", say("after"))):
        columns += [
            Column(f"{when}-{policy}", say("%(policy)s, %(when)s", policy=policy_name(policy, words), when=name), True)
            for policy in POLICIES
        ]
    rows = []
    for name, title in FIGURES.items():
        decimals = 2 if name == "mean_weeks_late" else 0
        values = [*(found["before"][name][one] for one in POLICIES), *(found[name][one] for one in POLICIES)]
        rows.append([Cell(say(title), name), *(number(value, words, decimals) for value in values)])
    return Table("figures", say("What becomes of the promises"), columns, rows, say("There are no orders."))


def trims_table(launch: Launch, found: Mapping[str, Any], words: Words) -> Table:
    """Broken promises and deposits by trim."""
    say = words.say
    columns = [Column("trim", say("Trim")), Column("orders", say("Orders"), amount=True)]
    columns += [
        Column(f"broken-{policy}", say("Broken: %(policy)s", policy=policy_name(policy, words)), True)
        for policy in POLICIES
    ]
    columns += [
        Column(f"deposits-{policy}", say("Deposits of these: %(policy)s", policy=policy_name(policy, words)), True)
        for policy in POLICIES
    ]
    rows = []
    for one in found["by_trim"]:
        row = [trim_cell(launch, one, words), number(one["orders"]["after"], words)]
        row += [number(one["broken"][policy], words) for policy in POLICIES]
        minor = [one["deposits_at_risk_minor"][policy] for policy in POLICIES]
        rows.append([*row, *(Cell(words.money(each, found["currency"]), each) for each in minor)])
    return Table("trims", say("By trim"), columns, rows, say("There are no orders."))


def waits_table(launch: Launch, found: Mapping[str, Any], words: Words) -> Table:
    """The median wait of each trim, before and after."""
    say = words.say
    columns = [Column("trim", say("Trim")), Column("before", say("Before"), amount=True), *_by_policy(words)]
    rows = []
    for one in found["by_trim"]:
        waits = one["wait_weeks"]
        medians = [waits["before"]["strict"], *(waits["after"][policy] for policy in POLICIES)]
        rows.append(
            [trim_cell(launch, one, words), *(number(each["median"] if each else None, words) for each in medians)]
        )
    return Table("waits", say("Median wait in weeks"), columns, rows, say("There are no orders."))


def cliffs_table(launch: Launch, found: Mapping[str, Any], words: Words) -> Table:
    """Days that matter, by policy."""
    say = words.say
    columns = [Column("cliff", say("Day that matters")), Column("day", say("Last day")), *_by_policy(words)]
    rows = []
    for one in found["cliffs"]:
        day = Cell(words.day(date.fromisoformat(one["last_day"])), one["last_day"])
        crossed = [number(one["crossed"][policy], words) for policy in POLICIES]
        rows.append([Cell(words.text(launch, one["name"])), day, *crossed])
    return Table(
        "cliffs", say("Newly beyond a day that matters"), columns, rows, say("The launch file has no such days.")
    )


def weeks_table(found: Mapping[str, Any], words: Words) -> Table:
    """Broken promises by the week that was promised."""
    say = words.say
    columns = [Column("week", say("Week promised")), Column("promised", say("With a promise"), amount=True)]
    columns += _by_policy(words)
    rows = [
        [
            Cell(one["week"]),
            number(one["promised"], words),
            *(number(one["broken"][policy], words) for policy in POLICIES),
        ]
        for one in found["by_promised_week"]
    ]
    return Table(
        "weeks", say("Broken, by the week promised"), columns, rows, say("No promise would be looked at anew.")
    )


WHATIF_PAGES = [whatif_page, ask_whatif, whatif_answer, whatif_plot]
