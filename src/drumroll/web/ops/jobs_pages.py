"""Jobs as pages see them: started by a form, looked at while they run, and what they made as files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import File

from drumroll.access.roles import Permission
from drumroll.web.context import Parts, Web
from drumroll.web.operators import permit
from drumroll.web.ops.base import Seen, needs, ops_page, seen_by
from drumroll.web.ops.jobs import TIME_LIMIT_S, Job, Jobs, figures, file_of
from drumroll.web.ops.jobs_kinds import KINDS, Kind
from drumroll.web.pages.forms import Form, form_of
from drumroll.web.pages.safety import Asking
from drumroll.web.problems import Problem
from drumroll.words.catalog import Words
from drumroll.words.problem_words import worded
from drumroll.words.retold import retold
from drumroll.words.retold_words import COMMANDS

NAMES: dict[Kind, str] = {
    "plan": worded("A plan"),
    "promises": worded("Promises counted"),
    "whatif": worded("What if"),
    "ledger": worded("The books"),
    "journal": worded("The journal as a file"),
    "figures": worded("Figures, and what was published"),
    "forecast": worded("The forecast"),
    "outlook": worded("The outlook"),
    "market": worded("The market report"),
}
FAILURES: dict[str, str] = {
    "refused": worded("The command ended with an error. Its last lines say why."),
    "killed": worded("It was ended from outside, or by a server that stopped. Start it again."),
    "too_long": worded("It took longer than %(span)s and was ended. Ask for less, or use the command line."),
    "not_started": worded("Its process could not be started. Look at the server's disk and memory."),
}
RESULTS: dict[Kind, str] = {
    "plan": "/ops/plan/{id}",
    "promises": "/ops/plan",
    "whatif": "/ops/whatif/{id}",
    "ledger": "/ops/ledger",
    "journal": "/ops/ledger",
    "figures": "/ops/outlook",
    "forecast": "/ops/outlook",
    "outlook": "/ops/outlook",
    "market": "/ops/market",
}
"""Where one sees what a job found."""
SECTION: dict[Kind, str] = {kind: path.removesuffix("/{id}") for kind, path in RESULTS.items()}
SECTION["whatif"] = "/ops/plan"


class Stand(msgspec.Struct, frozen=True):
    """What a job found, and as of when, in words."""

    job: Job
    found: dict[str, Any]
    when: str


def needed_jobs(web: Web) -> Jobs:
    """The jobs of a server. Raises ``Problem`` if there are none: no other process can read a log in memory."""
    jobs = web.jobs
    if jobs is None:
        raise Problem("not_found", "This server's log is in memory; give --log a path to work on it.")
    return jobs


def job_of(web: Web, seen: Seen, job_id: str, kind: Kind | None = None) -> Job:
    """A job that they may see. Raises ``Problem``."""
    job = needed_jobs(web).job(job_id)
    if job is None or (kind is not None and job.kind != kind):
        raise Problem("not_found", "There is no such job any more; start it again.")
    permit(seen.operator, KINDS[job.kind].permission)
    return job


def stand_of(web: Web, job: Job | None, words: Words) -> Stand | None:
    """What a job found; ``None``: there is no such job, or it had nothing to say."""
    found = figures(job) if job is not None else None
    if job is None or found is None:
        return None
    return Stand(job, found, _when(web, job, found, words))


def latest(web: Web, kind: Kind, words: Words) -> Stand | None:
    """What the last job of a kind found."""
    jobs = web.jobs
    return stand_of(web, jobs.latest(kind), words) if jobs is not None else None


def under_way(web: Web, kinds: tuple[Kind, ...], words: Words) -> list[tuple[str, str]]:
    """What of these kinds is being worked out: names and paths of their pages."""
    jobs = web.jobs
    found = [one for one in jobs.all() if not one.over and one.kind in kinds] if jobs is not None else []
    return [(words.say(NAMES[one.kind]), f"/ops/jobs/{one.id}") for one in found[::-1]]


def _when(web: Web, job: Job, found: Mapping[str, Any], words: Words) -> str:
    zone = web.launch.time_zone
    moment = words.rfc3339(found["at"], zone) if found.get("at") else words.moment(job.asked_at_ms, zone)
    if found.get("based_on"):
        return words.say("As of %(moment)s, block %(block)s.", moment=moment, block=words.number(found["based_on"]))
    return words.say("As of %(moment)s.", moment=moment)


@post("/ops/plan/jobs", **needs(Permission.PLAN, form=True))
async def start_plan_job(web: Parts, request: Asking) -> Any:
    """Have a plan made, promises counted."""
    return await _started(web, request, Permission.PLAN)


@post("/ops/money/jobs", **needs(Permission.SEE_MONEY, form=True))
async def start_money_job(web: Parts, request: Asking) -> Any:
    """Have the books, the figures, the forecast, the outlook or the market's report worked out."""
    return await _started(web, request, Permission.SEE_MONEY)


async def _started(web: Web, request: Asking, permission: Permission) -> Any:
    """Start what the form names, and go on to the page of the last of it."""
    seen = seen_by(web, request)
    form = await form_of(web, request, seen.visitor)
    kinds = form.many("kind")
    allowed: list[Kind] = [kind for kind, shape in KINDS.items() if shape.permission == permission]
    asked = [kind for kind in allowed if kind in kinds]
    if not asked or len(asked) != len(kinds):
        raise Problem("invalid_request", f"kind: found {', '.join(kinds)[:80]!r}, allowed: {', '.join(allowed)}.")
    jobs = needed_jobs(web)
    if "market" in asked and not jobs.sources.quotes:
        raise Problem("invalid_request", "kind: market needs quotes, and this server was given none.")
    started = [jobs.start(kind, options_in(form, kind), seen.operator.name) for kind in asked]
    return web.pages.see_other(f"/ops/jobs/{started[-1].id}")


def options_in(form: Form, kind: Kind) -> dict[str, str]:
    """The options of a kind that a form gives; an empty field gives none. Raises ``Problem`` for one sent twice."""
    named = {option: form.maybe(option.removeprefix("--")) for option in KINDS[kind].options}
    return {option: value for option, value in named.items() if value is not None}


@get("/ops/jobs/{job_id:str}", **needs(Permission.SEE))
def job_page(web: Parts, request: Asking, job_id: FromPath[str]) -> Any:
    """How far it is; once it is done, what it found."""
    seen = seen_by(web, request)
    job, words = job_of(web, seen, job_id), seen.visitor.words
    if job.state == "done" and (figures(job) is not None or job.kind == "journal"):
        return web.pages.see_other(RESULTS[job.kind].format(id=job.id))
    return ops_page(
        web,
        seen,
        "ops_job.html",
        SECTION[job.kind],
        job=job,
        name=words.say(NAMES[job.kind]),
        ahead=needed_jobs(web).ahead_of(job),
        failure=words.say(FAILURES[job.failure], span=words.span(TIME_LIMIT_S)) if job.failure else "",
        why=why_of(job, words),
        back="/ops/whatif" if job.kind == "whatif" else SECTION[job.kind],
    )


def why_of(job: Job, words: Words) -> list[str]:
    """What the command said, as far as it can be said in the reader's language; in English it stands there anyway."""
    if words.tag == "en":
        return []
    told = (retold(words, line.strip().removeprefix("drumroll: "), COMMANDS) for line in job.said)
    return [one for one in told if one is not None]


@get("/ops/jobs/{job_id:str}/files/{name:str}", **needs(Permission.SEE))
def job_file(web: Parts, request: Asking, job_id: FromPath[str], name: FromPath[str]) -> Response[Any]:
    """A file that a job made, to be kept: never shown here, so that its page needs nothing of ours."""
    job = job_of(web, seen_by(web, request), job_id)
    found = file_of(job, name)
    if found is None:
        raise Problem("not_found", "There is no such file.")
    path, media_type = found
    headers = {
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
    }
    stem, _, ending = name.rpartition(".")
    called = f"{web.launch.id}-{job.kind if stem in ('report', 'figures') else stem}.{ending}"
    return File(path, filename=called, content_disposition_type="attachment", media_type=media_type, headers=headers)


JOB_PAGES = [start_plan_job, start_money_job, job_page, job_file]
