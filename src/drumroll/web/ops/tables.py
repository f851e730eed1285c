"""Tables that sort, filter and export without a script: by the address, on the server.

A table's fields in the address begin with its id: ``?refunds-sort=-amount&refunds-q=ord_1f``; ``?csv=refunds`` gives
all of its rows, as they are filtered and sorted, as a file (RFC 4180).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec
from litestar import Response

from drumroll.web.pages.safety import SAFE_HEADERS
from drumroll.web.problems import Problem

FILTER_LIMIT = 100
SHOWN = 100
"""Rows of a page. The file has all of them."""
ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for a formula (OWASP, CSV injection); Chinese ones take the full-width signs for it too."""


class Column(msgspec.Struct, frozen=True):
    """A column. ``amount``: numbers, on the right; ``sorts`` is false where an order means nothing."""

    id: str
    name: str
    amount: bool = False
    sorts: bool = True


class Cell(msgspec.Struct, frozen=True):
    """What stands in a row: the ``text`` shown, the ``value`` that is sorted and exported, where it leads to."""

    text: str
    value: str | int | float | None = None
    link: str | None = None
    badge: Literal["", "good", "warn", "bad", "plain"] = ""

    @property
    def key(self) -> tuple[int, float, str]:
        """What rows are sorted by: numbers before words, what is missing last."""
        value = self.text if self.value is None else self.value
        if isinstance(value, str):
            return (2, 0.0, "") if not value else (1, 0.0, value.casefold())
        return (0, float(value), "")


class Table(msgspec.Struct, frozen=True):
    """A table as it is: its columns, and rows of one cell a column. ``empty``: the words for no rows at all."""

    id: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    empty: str


class Heading(msgspec.Struct, frozen=True):
    """The head of a column: where a click on it leads, and how the table is sorted by it now."""

    name: str
    amount: bool
    link: str | None
    sorted: Literal["none", "ascending", "descending"]


class TableView(msgspec.Struct, frozen=True):
    """A table as it is shown: sorted, filtered, a page of it. ``kept`` are the address' other fields, for the form."""

    id: str
    caption: str
    headings: list[Heading]
    rows: list[Sequence[Cell]]
    amounts: list[bool]
    found: int
    all: int
    page: int
    pages: int
    query: str
    empty: str
    export: str
    before: str | None
    after: str | None
    kept: list[tuple[str, str]]


def view_of(table: Table, asked: Mapping[str, str]) -> TableView:
    """A table as the address asks for it. Raises ``Problem`` for a column that there is not."""
    found, sort, query = _chosen(table, asked)
    pages = max(1, -(-len(found) // SHOWN))
    number = min(max(1, _number(asked.get(f"{table.id}-page", "1"))), pages)
    others = {name: value for name, value in asked.items() if not name.startswith(f"{table.id}-") and name != "csv"}

    def link(**fields: str | int) -> str:
        own = {"sort": sort, "q": query, **{name: str(value) for name, value in fields.items()}}
        named = {f"{table.id}-{name}": value for name, value in own.items() if value and value != "0"}
        return "?" + urlencode(others | named) + f"#{table.id}"

    return TableView(
        id=table.id,
        caption=table.caption,
        headings=[_heading(column, sort, link) for column in table.columns],
        rows=list(found[(number - 1) * SHOWN : number * SHOWN]),
        amounts=[column.amount for column in table.columns],
        found=len(found),
        all=len(table.rows),
        page=number,
        pages=pages,
        query=query,
        empty=table.empty,
        export=link().replace(f"#{table.id}", f"&csv={table.id}").replace("?&", "?"),
        before=link(page=number - 1) if number > 1 else None,
        after=link(page=number + 1) if number < pages else None,
        kept=[*others.items(), *([(f"{table.id}-sort", sort)] if sort else [])],
    )


def exported(table: Table, asked: Mapping[str, str]) -> Response[bytes] | None:
    """The table as a file, if the address asks for one."""
    if asked.get("csv") != table.id:
        return None
    rows, _, _ = _chosen(table, asked)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.name for column in table.columns])
    for row in rows:
        writer.writerow([_harmless(cell.text if cell.value is None else cell.value) for cell in row])
    headers = SAFE_HEADERS | {
        "content-disposition": f'attachment; filename="{table.id}.csv"',
        "cache-control": "no-store",
    }
    # With a mark of its encoding: without one, spreadsheets read Chinese as something else.
    return Response(text.getvalue().encode("utf-8-sig"), media_type="text/csv", headers=headers)


def _chosen(table: Table, asked: Mapping[str, str]) -> tuple[list[Sequence[Cell]], str, str]:
    """The rows that are asked for, in the order that is; and what was asked."""
    sort, query = asked.get(f"{table.id}-sort", ""), asked.get(f"{table.id}-q", "")[:FILTER_LIMIT].strip()
    rows = [row for row in table.rows if _matches(row, query.casefold())]
    if sort:
        names = [column.id for column in table.columns if column.sorts]
        if sort.lstrip("-") not in names:
            raise Problem("invalid_request", f"{table.id}-sort: found {sort[:40]!r}, allowed: {', '.join(names)}.")
        at = [column.id for column in table.columns].index(sort.lstrip("-"))
        rows.sort(key=lambda row: row[at].key, reverse=sort.startswith("-"))
    return rows, sort, query


def _matches(row: Sequence[Cell], query: str) -> bool:
    """Whether each word of the filter stands somewhere in the row."""
    return all(any(word in cell.text.casefold() for cell in row) for word in query.split())


def _heading(column: Column, sort: str, link: Any) -> Heading:
    ascending, descending = sort == column.id, sort == f"-{column.id}"
    following = f"-{column.id}" if ascending else column.id
    return Heading(
        column.name,
        column.amount,
        link(sort=following) if column.sorts else None,
        "ascending" if ascending else "descending" if descending else "none",
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def _harmless(value: str | int | float) -> str | int | float:
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(ACTIVE) else value
