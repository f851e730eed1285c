"""What the market made of the launch, where the server was given quotes; and in words how to make it, where not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from litestar import Response, get

from drumroll.access.roles import Permission
from drumroll.domain.launch import Launch
from drumroll.web.context import Parts
from drumroll.web.ops.base import needs, ops_page, seen_by
from drumroll.web.ops.jobs_pages import latest, under_way
from drumroll.web.ops.tables import Cell, Column, Table, exported, view_of
from drumroll.web.pages.safety import Asking
from drumroll.words.catalog import Words
from drumroll.words.problem_words import worded, worded_in
from drumroll.words.retold import retold
from drumroll.words.retold_words import FIGURES

HERE = "/ops/market"
VERDICTS: dict[str, tuple[str, Any]] = {
    "agrees": (worded("agrees"), "good"),
    "does not agree": (worded("does not agree"), "bad"),
    "depends on its definition": (worded("depends on its definition"), "warn"),
    "not known": (worded("not known"), "plain"),
}

PRICES: dict[str, tuple[str, str]] = {
    "open": worded_in("price", "open"),
    "midday": worded_in("price", "midday"),
    "close": worded_in("price", "close"),
    "high": worded_in("price", "high"),
    "low": worded_in("price", "low"),
}


@get("/ops/market", **needs(Permission.SEE_MONEY))
def market_page(web: Parts, request: Asking) -> Response[Any]:
    """The report made last: prices of the day, and published claims."""
    seen, launch = seen_by(web, request), web.launch
    words, asked = seen.visitor.words, dict(request.query_params)
    jobs, stand = web.jobs, latest(web, "market", words)
    tables = [prices_table(stand.found, words), claims_table(launch, stand.found, words)] if stand else []
    for table in tables:
        file = exported(table, asked)
        if file is not None:
            return file
    return ops_page(
        web,
        seen,
        "ops_market.html",
        HERE,
        stand=stand,
        listed=launch.market is not None,
        quotes=jobs is not None and bool(jobs.sources.quotes),
        day=day_of(stand.found) if stand else None,
        tables={table.id: view_of(table, asked) for table in tables},
        under_way=under_way(web, ("market",), words),
    )


def day_of(found: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The share's day, with its session as a day; ``None``: the quotes do not have it."""
    day = found.get("day")
    return {**day, "session": date.fromisoformat(day["session"])} if day else None


def prices_table(found: Mapping[str, Any], words: Words) -> Table:
    """The share's prices of the day against the close before."""
    say = words.say
    columns = [
        Column("what", say("Price")),
        Column("price", say("Amount"), amount=True),
        Column("percent", say("Against the close before"), amount=True),
    ]
    prices = (found.get("day") or {}).get("prices", ())
    rows = [
        [
            Cell(words.say_in(*PRICES[one["what"]]) if one["what"] in PRICES else one["what"]),
            Cell(str(one["price"]), float(one["price"])),
            Cell(words.percent(float(one["percent"]) / 100, 2), float(one["percent"])),
        ]
        for one in prices
    ]
    return Table("prices", say("The share on that day"), columns, rows, say("The quotes have nothing of that day."))


def claims_table(launch: Launch, found: Mapping[str, Any], words: Words) -> Table:
    """Published statements held against the quotes."""
    say = words.say
    columns = [
        Column("what", say("Published")),
        Column("published", say("As published"), amount=True),
        Column("computed", say("Reckoned"), amount=True),
        Column("verdict", say("Verdict")),
    ]
    rows = []
    for one in found.get("claims", ()):
        text, badge = VERDICTS.get(one["verdict"], (one["verdict"], "plain"))
        said = say(text) if one["verdict"] in VERDICTS else text
        rows.append(
            [
                Cell(words.text(launch, one["what"])),
                Cell(_retold(one["published"], words)),
                Cell(_retold(one["computed"], words)),
                Cell(said, badge=badge),
            ]
        )
    return Table("claims", say("What was published"), columns, rows, say("The launch file has no claims."))


def _retold(said: str, words: Words) -> str:
    """A figure, or several, with scale and unit."""
    return "; ".join(retold(words, one, FIGURES) or one for one in said.split("; "))


MARKET_PAGES = [market_page]
