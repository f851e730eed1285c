"""Limits and the waiting list: how full each cap is, the conversion windows, who waits; and what changes them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

import msgspec
from litestar import get

from drumroll.access.roles import Permission
from drumroll.domain import commands as cmd
from drumroll.domain.book import Book, Entry
from drumroll.domain.launch import Conversion, Launch
from drumroll.domain.states import RESERVED
from drumroll.web.context import Parts, Web
from drumroll.web.ops.base import Seen, needs, ops_page, seen_by
from drumroll.web.ops.cells import count_cell, field_moment, moment_in
from drumroll.web.ops.deeds import (
    Declined,
    Deed,
    Field,
    Given,
    Sheet,
    decided,
    done_in,
    on_to,
    routes_of,
)
from drumroll.web.ops.tables import Cell, Column, Table, exported, view_of
from drumroll.web.pages.safety import Asking
from drumroll.web.pages.windows import name_of
from drumroll.web.problems import Problem
from drumroll.words.catalog import Words

HERE = "/ops/limits"
CAP_MOST = 10**9
FIRST_SHOWN = 10
"""Of those who wait for a trim."""
ENTRIES_LOOKED_AT = 20_000
"""The latest to join, for the offers that are open: some milliseconds' worth."""


class Cap(msgspec.Struct, frozen=True):
    """A cap and how full it is; ``cap`` is ``None`` where there is no limit."""

    name: str
    live: int
    cap: int | None
    path: str
    inner: bool = False


class Window(msgspec.Struct, frozen=True):
    """A conversion window, in words."""

    id: str
    name: str
    opens: str
    closes: str
    is_open: bool
    irreversible: bool
    path: str


class Line(msgspec.Struct, frozen=True):
    """Who waits for a trim: how many, the first of them, and the offers that are open."""

    name: str
    waiting: int
    offered: int
    first: list[tuple[str, str]]


@get(HERE, **needs(Permission.SEE))
def limits(web: Parts, request: Asking) -> Any:
    """Caps with what takes a place of them, windows, and the waiting list by trim."""
    seen, launch, book = seen_by(web, request), web.launch, web.desk.book
    words, may_set = seen.visitor.words, seen.may(Permission.SET_SALES)
    lines = _lines(book, launch, words)
    table = _waiting(lines, words)
    file = exported(table, request.query_params)
    return file or ops_page(
        web,
        seen,
        "ops_limits.html",
        HERE,
        done=done_in(request, words),
        may_set=may_set,
        caps=_caps(book, launch, words),
        per_customer=launch.orders_per_customer,
        windows=[_window(one, launch, web.now_ms, words) for one in launch.conversions],
        offers_s=launch.waiting_offer_s,
        waiting=view_of(table, dict(request.query_params)),
        lines=[line for line in lines if line.first],
        may_find=seen.may(Permission.FIND_ORDERS),
    )


def _caps(book: Book, launch: Launch, words: Words) -> list[Cap]:
    found = [Cap(words.say("The launch"), book.live(), launch.cap, f"{HERE}/cap")]
    for model in launch.models:
        name = words.text(launch, model.name)
        found.append(Cap(name, book.live(model.id), model.cap, f"{HERE}/cap?model={model.id}"))
        for trim in model.trims:
            path, live = f"{HERE}/cap?model={model.id}&trim={trim.id}", book.tally(model.id, trim.id).live
            found.append(Cap(words.text(launch, trim.name), live, trim.cap, path, inner=True))
    return found


def _window(window: Conversion, launch: Launch, now_ms: int, words: Words) -> Window:
    zone = launch.time_zone
    return Window(
        id=window.id,
        name=window_name(window, launch, words),
        opens=words.moment(window.opens_at_ms, zone, named=False),
        closes=words.moment(window.closes_at_ms, zone, named=False),
        is_open=window.opens_at_ms <= now_ms < window.closes_at_ms,
        irreversible=window.irreversible,
        path=f"{HERE}/window?window={window.id}",
    )


def window_name(window: Conversion, launch: Launch, words: Words) -> str:
    """A conversion window by the models that it leads from and to."""

    def names(ids: tuple[str, ...]) -> str:
        models = [launch.model(one) for one in ids]
        return words.listed([words.text(launch, model.name) for model in models if model is not None])

    return words.say("%(before)s to %(after)s", before=names(window.from_models), after=names(window.to_models))


def _lines(book: Book, launch: Launch, words: Words) -> list[Line]:
    """Trims that somebody ever waited for."""
    offered: dict[tuple[str, str], int] = {}
    for entry in islice(reversed(book.entries.values()), ENTRIES_LOOKED_AT):
        if entry.state == "offered" and book.orders[entry.order_id].state is RESERVED:
            offered[entry.model, entry.trim] = offered.get((entry.model, entry.trim), 0) + 1
    keys = dict.fromkeys([*book.waiting, *offered])
    return [
        Line(
            name_of(launch, model, trim, words),
            len(book.waiting.get((model, trim), ())),
            offered.get((model, trim), 0),
            [
                _place(entry, launch, words)
                for entry in islice(book.waiting.get((model, trim), {}).values(), FIRST_SHOWN)
            ],
        )
        for model, trim in keys
    ]


def _place(entry: Entry, launch: Launch, words: Words) -> tuple[str, str]:
    return entry.order_id, words.moment(entry.joined_at_ms, launch.time_zone, named=False)


def _waiting(lines: list[Line], words: Words) -> Table:
    columns = [
        Column("trim", words.say("Trim")),
        Column("waiting", words.say("Waiting"), amount=True),
        Column("offered", words.say("Offers open"), amount=True),
    ]
    rows = [[Cell(one.name), count_cell(one.waiting, words), count_cell(one.offered, words)] for one in lines]
    return Table("waiting", words.say("Waiting list"), columns, rows, words.say("Nobody waits for anything."))


async def _cap_sheet(web: Web, seen: Seen, asked: Mapping[str, str]) -> Sheet:
    words, launch, book = seen.visitor.words, web.launch, web.desk.book
    model_id, trim_id = asked.get("model", ""), asked.get("trim", "")
    model = launch.model(model_id)
    trim = next((one for one in model.trims if one.id == trim_id), None) if model else None
    if (model_id and model is None) or (trim_id and trim is None):
        raise Problem("unknown_model" if model is None else "unknown_trim", "There is no such model or trim.")
    cap = trim.cap if trim else model.cap if model else launch.cap
    live = book.tally(model_id, trim_id).live if trim else book.live(model_id or None)
    name = (
        name_of(launch, model_id, trim_id, words) if trim else words.text(launch, model.name if model else launch.name)
    )
    return Sheet(
        title=words.say("Change the cap of %(name)s", name=name),
        says=[
            words.say("Places that are taken stay taken. Places that become free go to those who wait, in their order.")
        ],
        button=words.say("Change the cap"),
        back=HERE,
        facts=(
            (words.say("Places taken"), words.number(live)),
            (words.say("Cap now"), words.say("none") if cap is None else words.number(cap)),
        ),
        fields=(
            Field(
                "cap",
                words.say("New cap"),
                "number",
                "" if cap is None else str(cap),
                hint=words.say("Empty: no limit."),
                needed=False,
            ),
        ),
    )


async def _set_cap(web: Web, seen: Seen, given: Given) -> Any:
    text = given.form.one("cap", "")
    if text and not (text.isascii() and text.isdigit() and int(text[:12]) <= CAP_MOST):
        raise Declined(seen.visitor.words.say("A cap is a whole number from 0 to 1,000,000,000, or empty."))
    of = (given.asked.get("model", ""), given.asked.get("trim", ""))
    cap = int(text) if text else None
    await decided(web, cmd.SetCap(*of, cap, given.operator, given.reason, given.key, given.fingerprint))
    return on_to(web, HERE, "cap")


async def _window_sheet(web: Web, seen: Seen, asked: Mapping[str, str]) -> Sheet:
    words, launch = seen.visitor.words, web.launch
    window = next((one for one in launch.conversions if one.id == asked.get("window", "")), None)
    if window is None:
        raise Problem("unknown_window", "There is no such conversion window.")
    zone = launch.time_zone
    return Sheet(
        title=words.say("Move the window's closing"),
        says=[words.say("To a later or an earlier time that is still to come.")],
        button=words.say("Move the closing"),
        back=HERE,
        facts=(
            (words.say("Window"), window_name(window, launch, words)),
            (words.say("Closes now"), words.moment(window.closes_at_ms, zone)),
        ),
        fields=(
            Field(
                "closes_at",
                words.say("New closing"),
                "moment",
                field_moment(window.closes_at_ms, zone),
                hint=words.say("In the launch's time zone, %(zone)s.", zone=zone),
            ),
        ),
    )


async def _move_window(web: Web, seen: Seen, given: Given) -> Any:
    closes_at_ms = moment_in(given.form.one("closes_at", ""), web.launch.time_zone)
    if closes_at_ms is None:
        raise Declined(seen.visitor.words.say("Give a time, such as 2025-06-30T12:00."))
    window = given.asked.get("window", "")
    command = cmd.MoveWindow(window, closes_at_ms, given.operator, given.reason, given.key, given.fingerprint)
    await decided(web, command)
    return on_to(web, HERE, "window")


_DEEDS = (
    Deed(f"{HERE}/cap", HERE, Permission.SET_SALES, _cap_sheet, _set_cap),
    Deed(f"{HERE}/window", HERE, Permission.SET_SALES, _window_sheet, _move_window),
)
LIMIT_PAGES = [limits, *(route for deed in _DEEDS for route in routes_of(deed))]
