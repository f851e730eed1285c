"""The audit trail: what operators did, when and why, as the log has it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import get

from drumroll.access.roles import Permission
from drumroll.domain.launch import Launch
from drumroll.domain.times import rfc3339
from drumroll.errors import AccessFailed, LogError
from drumroll.web.context import Parts, Web
from drumroll.web.messages_operator import TrailEntry
from drumroll.web.ops.base import needs, ops_page, seen_by
from drumroll.web.ops.cells import count_cell, said_cell
from drumroll.web.ops.noted import SHOWN, name_of_deed
from drumroll.web.ops.tables import Cell, Column, Table, exported, view_of
from drumroll.web.ops.trail_words import deed_name, facts_of
from drumroll.web.pages.safety import Asking
from drumroll.web.problems import Problem
from drumroll.web.trail import trail
from drumroll.words.catalog import Words

HERE = "/ops/trail"
BLOCKS_SHOWN = 100


@get(HERE, **needs(Permission.SEE))
def trail_page(web: Parts, request: Asking) -> Any:
    """A page of it, the latest first; and what was done beside the order log, for those who manage that."""
    seen, launch, fields = seen_by(web, request), web.launch, request.query_params
    words = seen.visitor.words
    try:
        found = trail(web.desk.book, web.desk.log, BLOCKS_SHOWN, fields.get("cursor") or None)
    except LogError as error:
        raise Problem("desk_closed", f"The log can't be read now: {error}.", retry_after_s=1) from error
    find = seen.may(Permission.FIND_ORDERS)
    rows = [_row(entry, launch, words, find=find) for entry in found.entries]
    table = Table(
        "trail", words.say("What operators did"), _columns(words), rows, words.say("No operator did anything yet.")
    )
    beside = _beside(web, words) if seen.may(Permission.MANAGE_OPERATORS) else None
    file = exported(table, fields) or (exported(beside, fields) if beside else None)
    return file or ops_page(
        web,
        seen,
        "ops_trail.html",
        HERE,
        table=view_of(table, dict(fields)),
        beside=view_of(beside, dict(fields)) if beside else None,
        next="" if found.next is None else f"{HERE}?{urlencode({'cursor': found.next})}",
        first=HERE if "cursor" in fields else "",
    )


def _beside(web: Web, words: Words) -> Table:
    """Accounts, webhooks, people. Raises ``Problem``."""
    try:
        found = web.entrance.access.noted(SHOWN)
    except AccessFailed as error:
        raise Problem("access_unavailable", "The operators' accounts can't be read now.", retry_after_s=1) from error
    zone = web.launch.time_zone
    rows = [
        [
            said_cell(rfc3339(one.at_ms, zone), zone, words),
            Cell(name_of_deed(one.what, words)),
            Cell(one.operator),
            Cell(one.about),
            Cell(one.reason),
        ]
        for one in found
    ]
    columns = [column for column in _columns(words) if column.id not in ("order", "block")]
    return Table("beside", words.say("Accounts, webhooks and people"), columns, rows, words.say("Nothing yet."))


def _columns(words: Words) -> list[Column]:
    return [
        Column("at", words.say("Time")),
        Column("what", words.say("What")),
        Column("who", words.say("Who")),
        Column("about", words.say("About")),
        Column("reason", words.say("Reason")),
        Column("order", words.say("Order")),
        Column("block", words.say("Block"), amount=True),
    ]


def _row(entry: TrailEntry, launch: Launch, words: Words, *, find: bool) -> list[Cell]:
    order_id = _order_of(entry)
    return [
        said_cell(entry.at, launch.time_zone, words),
        Cell(deed_name(entry, words)),
        Cell(entry.operator),
        Cell(facts_of(entry, launch, words)),
        Cell(entry.reason),
        Cell(order_id, link=f"/ops/orders/{order_id}" if order_id and find else None),
        count_cell(entry.block, words),
    ]


def _order_of(entry: TrailEntry) -> str:
    """The order that it is about, if it is one."""
    one, several = entry.facts.get("order_id"), entry.facts.get("order_ids")
    if isinstance(one, str):
        return one
    return several[0] if isinstance(several, list) and len(several) == 1 else ""


TRAIL_PAGES = [trail_page]
