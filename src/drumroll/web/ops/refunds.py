"""Refunds: what is owed, what was paid, and saying that one was paid by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from litestar import get

from drumroll.access.roles import Permission
from drumroll.domain import commands as cmd
from drumroll.domain.book import Book, Refund
from drumroll.web.context import Parts, Web
from drumroll.web.ops.base import Seen, needs, ops_page, seen_by
from drumroll.web.ops.cells import amount_cell, moment_cell
from drumroll.web.ops.deeds import Deed, Given, Sheet, always, decided, done_in, on_to, routes_of
from drumroll.web.ops.tables import Cell, Column, Table, exported, view_of
from drumroll.web.pages.safety import Asking
from drumroll.web.problems import Problem
from drumroll.words.catalog import Words
from drumroll.words.problem_words import worded

HERE = "/ops/refunds"
OWED_SHOWN = 1_000
"""The oldest ones. More would keep orders waiting while the page is made; `drumroll ledger` has all."""
PAID_SHOWN = 200
LOOKED_AT = 5_000

BECAUSE: dict[str, str] = {
    "order_cancelled": worded("the customer cancelled"),
    "unknown_order": worded("there is no such order"),
    "second_deposit": worded("the deposit had been paid already"),
    "paid_after_cancellation": worded("the order had been cancelled"),
    "expired_and_no_longer_to_be_had": worded("it came too late, and nothing was left"),
    "wrong_amount": worded("it was not the amount that was asked for"),
    "conversion": worded("the other model's deposit is lower"),
    "cancelled_by_operator": worded("an operator cancelled the order"),
    "granted_by_operator": worded("an operator gave it back"),
}
"""Why money is owed back, as operators read it."""


@get(HERE, **needs(Permission.SEE_MONEY))
def refunds(web: Parts, request: Asking) -> Any:
    """What is owed, the oldest first, and what was paid, the latest first."""
    seen, launch, book = seen_by(web, request), web.launch, web.desk.book
    words, fields = seen.visitor.words, request.query_params
    zone, may = launch.time_zone, seen.may(Permission.RECORD_REFUNDS)
    find = seen.may(Permission.FIND_ORDERS)
    owed = _owed(book, zone, words, may=may, find=find)
    paid = _paid(book, zone, words, find=find)
    return (
        exported(owed, fields)
        or exported(paid, fields)
        or ops_page(
            web,
            seen,
            "ops_refunds.html",
            HERE,
            done=done_in(request, words),
            count=len(book.refunds_owed),
            shown=OWED_SHOWN,
            sum_minor=book.money.owed,
            refunded_minor=book.money.refunded,
            owed=view_of(owed, dict(fields)),
            paid=view_of(paid, dict(fields)),
        )
    )


def _owed(book: Book, zone: str, words: Words, *, may: bool, find: bool) -> Table:
    columns = [*_columns(words), Column("since", words.say("Owed since"))]
    rows = []
    for refund in islice(book.refunds_owed.values(), OWED_SHOWN):
        row = [*_row(refund, words, find=find), moment_cell(refund.owed_at_ms, zone, words)]
        if may:
            path = f"{HERE}/paid?{urlencode({'refund': refund.id})}"
            row.append(Cell(words.say("Mark as paid"), "", path))
        rows.append(row)
    columns += [Column("do", words.say("Change"), sorts=False)] if may else []
    return Table("owed", words.say("Owed"), columns, rows, words.say("Nothing is owed."))


def _paid(book: Book, zone: str, words: Words, *, find: bool) -> Table:
    columns = [
        *_columns(words),
        Column("since", words.say("Owed since")),
        Column("paid", words.say("Paid at")),
    ]
    rows = [
        [
            *_row(refund, words, find=find),
            moment_cell(refund.owed_at_ms, zone, words),
            moment_cell(refund.paid_at_ms, zone, words),
        ]
        for refund in islice(_latest_paid(book), PAID_SHOWN)
    ]
    return Table("paid", words.say("Paid last"), columns, rows, words.say("No refund was paid yet."))


def _latest_paid(book: Book) -> Iterable[Refund]:
    """Of the refunds that came to be owed last, those that were paid."""
    latest = islice(reversed(book.refunds.values()), LOOKED_AT)
    return sorted((one for one in latest if one.paid_at_ms is not None), key=lambda one: -(one.paid_at_ms or 0))


def _columns(words: Words) -> list[Column]:
    return [
        Column("id", words.say("Refund")),
        Column("order", words.say("Order")),
        Column("amount", words.say("Amount"), amount=True),
        Column("because", words.say("Because")),
    ]


def _row(refund: Refund, words: Words, *, find: bool) -> list[Cell]:
    because = words.say(BECAUSE[refund.reason]) if refund.reason in BECAUSE else refund.reason
    return [
        Cell(refund.id),
        Cell(refund.order_id, link=f"/ops/orders/{refund.order_id}" if find else None),
        amount_cell(refund.amount_minor, refund.currency, words),
        Cell(because, refund.reason),
    ]


async def _paid_sheet(web: Web, seen: Seen, asked: Mapping[str, str]) -> Sheet:
    words, refund = seen.visitor.words, web.desk.book.refunds.get(asked.get("refund", ""))
    if refund is None:
        raise Problem("no_such_refund", "There is no such refund.")
    if refund.paid_at_ms is not None:
        # Already paid, it may be by the provider just now: that is what was wanted.
        says = words.say("It was paid at %(at)s already.", at=words.moment(refund.paid_at_ms, web.launch.time_zone))
    else:
        says = words.say("Only if you paid it by hand: the provider is not asked to pay it any more.")
    because = words.say(BECAUSE[refund.reason]) if refund.reason in BECAUSE else refund.reason
    return Sheet(
        title=words.say("Mark the refund as paid"),
        says=[says],
        button=words.say("It was paid"),
        back=HERE,
        facts=(
            (words.say("Refund"), refund.id),
            (words.say("Order"), refund.order_id),
            (words.say("Amount"), words.money(refund.amount_minor, refund.currency)),
            (words.say("Because"), because),
        ),
        sure=words.say("Yes, the money went out."),
        danger=True,
    )


async def _record(web: Web, seen: Seen, given: Given) -> Any:
    await decided(web, cmd.RecordRefund(given.asked.get("refund", ""), given.operator, given.reason))
    return on_to(web, HERE, "paid")


_DEED = Deed(f"{HERE}/paid", HERE, Permission.RECORD_REFUNDS, _paid_sheet, _record, always)
REFUND_PAGES = [refunds, *routes_of(_DEED)]
