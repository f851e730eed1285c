"""Webhooks to other systems: the endpoints, how far each is behind, what failed; and what one does about it.

The endpoints' file belongs to the deliverer too, a process of its own; here it is opened in a thread for each look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

import msgspec
from litestar import get

from drumroll.access.roles import Permission
from drumroll.errors import EndpointInvalid, WebhooksFailed
from drumroll.web.context import Parts, Web
from drumroll.web.ops.base import Seen, needs, ops_page, seen_by
from drumroll.web.ops.cells import count_cell, moment_cell
from drumroll.web.ops.deeds import Choice, Declined, Deed, Field, Given, Sheet, always, done_in, never, on_to, routes_of
from drumroll.web.ops.tables import Cell, Column, Table, exported, view_of
from drumroll.web.pages.safety import Asking
from drumroll.web.problems import Problem
from drumroll.webhooks.endpoint import Endpoint, State, check_url, fresh_id, fresh_secret, is_public
from drumroll.webhooks.messages import chosen
from drumroll.webhooks.store import Store
from drumroll.words.catalog import Words
from drumroll.words.problem_words import worded, worded_in

HERE = "/ops/webhooks"
EVENTS_LIMIT = 2_000

_STATES: dict[State, tuple[str, str]] = {
    "active": worded_in("endpoint", "active"),
    "failing": worded_in("endpoint", "given up"),
    "disabled": worded_in("endpoint", "disabled"),
}
_BADGES: dict[State, Literal["good", "warn", "bad"]] = {"active": "good", "failing": "bad", "disabled": "warn"}
_Found = TypeVar("_Found")


class Hook(msgspec.Struct, frozen=True):
    """An endpoint, how far it is behind (blocks), and what failed."""

    endpoint: Endpoint
    behind: int
    waiting: int
    given_up: int


async def _in_store(web: Web, work: Callable[[Store], _Found]) -> _Found:
    """Do something with the endpoints' file, in a thread. Raises ``Problem``, ``EndpointInvalid``."""
    operations = web.operations
    opened = operations.webhooks if operations else None
    if opened is None:
        raise Problem("not_found", "A log in memory has no webhooks: they follow a log's file.")

    def in_thread() -> _Found:
        with closing(opened()) as store:
            return work(store)

    try:
        return await asyncio.to_thread(in_thread)
    except WebhooksFailed as error:
        raise Problem("access_unavailable", "The webhooks' file can't be read now.", retry_after_s=1) from error


def hooks_in(store: Store, head: int) -> list[Hook]:
    """All endpoints, with where they stand in a log that ends at block ``head``."""
    found = []
    for endpoint in store.endpoints():
        waiting, given_up, _ = store.failed(endpoint.id)
        live = next(stretch for stretch in store.stretches(endpoint.id) if stretch.to_position is None)
        found.append(Hook(endpoint, max(head + 1 - live.at.position, 0), waiting, given_up))
    return found


@get(HERE, **needs(Permission.MANAGE_WEBHOOKS, form=True))
async def webhooks(web: Parts, request: Asking) -> Any:
    """The endpoints."""
    seen, launch, fields = seen_by(web, request), web.launch, request.query_params
    words, operations = seen.visitor.words, web.operations
    there = operations is not None and operations.webhooks is not None
    hooks = await _in_store(web, lambda store: hooks_in(store, web.desk.position)) if there else []
    rows = [_row(hook, launch.time_zone, words) for hook in hooks]
    empty = words.say("There are no endpoints yet. Add the first one.")
    table = Table("endpoints", words.say("Endpoints"), _columns(words), rows, empty)
    return exported(table, fields) or ops_page(
        web,
        seen,
        "ops_webhooks.html",
        HERE,
        done=done_in(request, words),
        there=there,
        table=view_of(table, dict(fields)),
        troubles=[(hook.endpoint.url, hook.endpoint.why) for hook in hooks if hook.endpoint.why],
        deeds=[(hook.endpoint, _deeds(hook, words)) for hook in hooks],
    )


def _columns(words: Words) -> list[Column]:
    return [
        Column("url", words.say("Where to")),
        Column("state", words.say("State")),
        Column("events", words.say("What")),
        Column("behind", words.say("Blocks behind"), amount=True),
        Column("waiting", words.say("Tried again"), amount=True),
        Column("given_up", words.say("Given up"), amount=True),
        Column("failures", words.say("Failures in a row"), amount=True),
        Column("last", words.say("Last attempt")),
        Column("at", words.say("At")),
    ]


def _row(hook: Hook, zone: str, words: Words) -> list[Cell]:
    endpoint = hook.endpoint
    return [
        Cell(endpoint.url),
        Cell(words.say_in(*_STATES[endpoint.state]), endpoint.state, badge=_BADGES[endpoint.state]),
        Cell(endpoint.events or words.say("everything")),
        count_cell(hook.behind, words),
        count_cell(hook.waiting, words),
        count_cell(hook.given_up, words),
        count_cell(endpoint.failures, words),
        Cell(endpoint.last_outcome or words.say("none yet")),
        moment_cell(endpoint.last_at_ms, zone, words),
    ]


def _deeds(hook: Hook, words: Words) -> list[tuple[str, str, bool]]:
    """Address, name, and whether it is grave."""

    def path(what: str) -> str:
        return f"{HERE}/{what}?{urlencode({'endpoint': hook.endpoint.id})}"

    found = []
    if hook.given_up:
        found.append((path("retry"), words.say("Try again"), False))
    if hook.endpoint.state == "active":
        found.append((path("disable"), words.say("Disable"), False))
    else:
        found.append((path("enable"), words.say("Enable"), False))
    found.append((path("rotate"), words.say("New secret"), False))
    found.append((path("remove"), words.say("Remove"), True))
    return found


async def _add_sheet(web: Web, seen: Seen, asked: Mapping[str, str]) -> Sheet:
    words = seen.visitor.words
    starts = (Choice("now", words.say("From now on")), Choice("start", words.say("From the log's first block on")))
    return Sheet(
        title=words.say("Add an endpoint"),
        says=[words.say("Each message is signed (Standard Webhooks). The secret is shown once, on the next page.")],
        button=words.say("Add it"),
        back=HERE,
        fields=(
            Field(
                "url", words.say("Where to"), value="https://", hint=words.say("https, without a password."), most=2_000
            ),
            Field(
                "events",
                words.say("Which messages"),
                hint=words.say("Types with commas, such as order.firm,order.locked. Empty: all of them."),
                needed=False,
                most=EVENTS_LIMIT,
            ),
            Field("from", words.say("From when on"), "select", "now", choices=starts),
        ),
    )


async def _add(web: Web, seen: Seen, given: Given) -> Any:
    words, form, endpoint, secret = seen.visitor.words, given.form, fresh_id(), fresh_secret()
    url, events = form.one("url", ""), form.one("events", "").replace(" ", "")
    try:
        check_url(url)
    except EndpointInvalid as error:
        raise Declined(words.say("This address can't be used: https, a host and a path, no password.")) from error
    if web.sandbox is None and not is_public(url):
        raise Declined(
            words.say("From here only addresses outside of this network can be added; see `drumroll webhooks`.")
        )
    try:
        chosen(events)
    except EndpointInvalid as error:
        raise Declined(words.say("There is no such type of message. Leave the field empty for all.")) from error
    position = 1 if form.one("from", "now") == "start" else web.desk.position + 1
    try:
        await _in_store(web, lambda store: store.add(endpoint, url, events, secret, position, web.desk.clock_ms()))
    except EndpointInvalid as error:
        raise Declined(words.say("There are as many endpoints as there may be. Remove one first."), 409) from error
    return _secret_page(web, seen, url, secret)


def _secret_page(web: Web, seen: Seen, url: str, secret: str) -> Any:
    words = seen.visitor.words
    return ops_page(
        web,
        seen,
        "ops_secret.html",
        HERE,
        title=words.say("The endpoint's secret"),
        text=words.say("Give it to %(url)s, which checks signatures with it. It is not shown again.", url=url),
        secret=secret,
        picture="",
        back=HERE,
    )


_TITLES = {
    "retry": worded("Try again what was given up"),
    "disable": worded("Disable the endpoint"),
    "enable": worded("Enable the endpoint"),
    "rotate": worded("Give the endpoint a new secret"),
    "remove": worded("Remove the endpoint"),
}
_SAYS = {
    "retry": worded("All that was given up is sent again, from the start of the schedule."),
    "disable": worded("Nothing is sent to it until it is enabled. It keeps its place in the log."),
    "enable": worded("It goes on where it stopped, and what waits is tried at once."),
    "rotate": worded("The secret of now signs beside the new one for 24 hours."),
    "remove": worded("Its place, its secrets and what failed are forgotten. That can't be undone."),
}
_BUTTONS = {
    "retry": worded("Try again"),
    "disable": worded("Disable"),
    "enable": worded("Enable"),
    "rotate": worded("New secret"),
    "remove": worded("Remove"),
}


def _deed(what: str) -> Deed:
    """What is done to one endpoint."""

    async def sheet(web: Web, seen: Seen, asked: Mapping[str, str]) -> Sheet:
        words, endpoint = seen.visitor.words, await _endpoint(web, asked)
        grave = what == "remove"
        return Sheet(
            title=words.say(_TITLES[what]),
            says=[words.say(_SAYS[what])],
            button=words.say(_BUTTONS[what]),
            back=HERE,
            facts=((words.say("Where to"), endpoint.url),),
            sure=words.say("Yes, remove it for good.") if grave else "",
            danger=grave,
        )

    async def do(web: Web, seen: Seen, given: Given) -> Any:
        endpoint = await _endpoint(web, given.asked)
        if what == "rotate":
            secret = fresh_secret()
            await _in_store(web, lambda store: store.rotate(endpoint.id, secret, web.desk.clock_ms()))
            return _secret_page(web, seen, endpoint.url, secret)
        done, work = _WORK[what]
        await _in_store(web, lambda store: work(store, endpoint.id, web.desk.clock_ms()))
        return on_to(web, HERE, done)

    sure = always if what == "remove" else never
    return Deed(f"{HERE}/{what}", HERE, Permission.MANAGE_WEBHOOKS, sheet, do, sure, reason=False, about="endpoint")


async def _endpoint(web: Web, asked: Mapping[str, str]) -> Endpoint:
    """The endpoint that is meant. Raises ``Problem``."""
    try:
        return await _in_store(web, lambda store: store.endpoint(asked.get("endpoint", "")))
    except EndpointInvalid as error:
        raise Problem("not_found", "There is no such endpoint.") from error


_WORK: dict[str, tuple[str, Callable[[Store, str, int], Any]]] = {
    "retry": ("retried", lambda store, endpoint, at_ms: store.replay_failed(endpoint, at_ms)),
    "disable": ("endpoint-off", lambda store, endpoint, at_ms: store.disable(endpoint, "disabled by hand")),
    "enable": ("endpoint-on", lambda store, endpoint, at_ms: store.enable(endpoint, None, at_ms)),
    "remove": ("endpoint-gone", lambda store, endpoint, at_ms: store.remove(endpoint)),
}
_ADD = Deed(f"{HERE}/add", HERE, Permission.MANAGE_WEBHOOKS, _add_sheet, _add, reason=False, about="url")
WEBHOOK_PAGES = [webhooks, *routes_of(_ADD), *(route for what in _TITLES for route in routes_of(_deed(what)))]
