"""The outlook: figures, the forecast, months by scenario, and what was published against each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from drumroll.access.roles import Permission
from drumroll.domain.launch import Launch
from drumroll.web.context import Parts, Web
from drumroll.web.ops.base import needs, ops_page, seen_by
from drumroll.web.ops.jobs_pages import Stand, latest, under_way
from drumroll.web.ops.money import unit_of
from drumroll.web.ops.plan_views import Figure, number
from drumroll.web.ops.plots import AnyPlot, Band, Fan, Lines, Series, fan, lines
from drumroll.web.ops.plots_pages import plotted
from drumroll.web.ops.tables import Cell, Column, Table, exported, view_of
from drumroll.web.pages.safety import Asking
from drumroll.words.catalog import Words
from drumroll.words.problem_words import worded
from drumroll.words.retold import retold
from drumroll.words.retold_words import FIGURES

HERE = "/ops/outlook"
LEVELS = ("95", "80", "50")
VERDICTS: dict[str, tuple[str, Any]] = {
    "comes out": (worded("comes out"), "good"),
    "comes out only if": (worded("comes out only if"), "warn"),
    "does not come out": (worded("does not come out"), "bad"),
    "not known": (worded("not known"), "plain"),
    "given": (worded("given"), "plain"),
}
RULES: dict[str, str] = {
    "two values": worded("Two values of the same thing at the same moment."),
    "more locked than firm": worded("More locked orders than orders in all, at the same moment."),
    "ratio": worded("The parts, as they were published, do not give the ratio."),
    "stages": worded("Different stages of two launches are compared."),
    "share": worded("The share and the amount do not go together."),
    "VAT": worded("It comes out only with VAT in the prices, held against revenue without it."),
    "assumptions": worded("They come out, but never under the same assumptions."),
}
"""The rules by which figures contradict each other, as ``figures --check`` names them."""
KINDS_SHOWN = ("figures", "forecast", "outlook")


@get("/ops/outlook", **needs(Permission.SEE_MONEY))
def outlook_page(web: Parts, request: Asking) -> Response[Any]:
    """All that was worked out last."""
    seen, launch = seen_by(web, request), web.launch
    words, asked = seen.visitor.words, dict(request.query_params)
    stands = {kind: latest(web, kind, words) for kind in KINDS_SHOWN}  # type: ignore[arg-type]
    tables = tables_of(launch, stands, words)
    for table in tables:
        file = exported(table, asked)
        if file is not None:
            return file
    figures = stands["figures"]
    check = (figures.found.get("check") or {}) if figures else {}
    return ops_page(
        web,
        seen,
        "ops_outlook.html",
        HERE,
        stands=stands,
        figures=figures_of(figures.found, words) if figures else [],
        contradictions=contradictions_of(launch, check, words),
        tables={table.id: view_of(table, asked) for table in tables},
        plots=[name for name in ("forecast", "deliveries", "revenue") if _plot(web, name, words) is not None],
        jobs=web.jobs is not None,
        under_way=under_way(web, ("figures", "forecast", "outlook"), words),
    )


@get("/ops/plots/outlook/{name:str}", **needs(Permission.SEE_MONEY, form=True))
async def outlook_plot(web: Parts, request: Asking, name: FromPath[str]) -> Response[bytes]:
    """The forecast's fan, deliveries or revenue by month."""
    words = seen_by(web, request).visitor.words
    return await plotted(web, request, _plot(web, name.removesuffix(".svg"), words))


def _plot(web: Web, name: str, words: Words) -> AnyPlot | None:
    stand = latest(web, "forecast" if name == "forecast" else "outlook", words)
    if stand is None:
        return None
    if name == "forecast":
        return forecast_plot(stand.found, words)
    return months_plot(web.launch, stand.found, name, words)


def tables_of(launch: Launch, stands: Mapping[str, Stand | None], words: Words) -> list[Table]:
    """The tables of what there is."""
    figures, forecast, outlook = (stands[kind] for kind in KINDS_SHOWN)
    tables = [horizons_table(forecast.found, words)] if forecast else []
    tables += [months_table(launch, outlook.found, words)] if outlook else []
    return tables + ([published_table(launch, figures.found, words)] if figures and figures.found.get("check") else [])


class Against(msgspec.Struct, frozen=True):
    """A contradiction: the figures' names, the rule in words, and the details, which are said in English alone."""

    names: list[str]
    rule: str
    details: str


def contradictions_of(launch: Launch, check: Mapping[str, Any], words: Words) -> list[Against]:
    """What contradicts what."""
    names = {one["id"]: words.text(launch, one["what"]) for one in check.get("figures", ())}
    found = []
    for one in check.get("contradictions", ()):
        rule = RULES.get(one["rule"], "")
        said = words.say(rule) if rule else ""
        found.append(Against([names.get(id_, id_) for id_ in one["figures"]], said, one["says"]))
    return found


def figures_of(found: Mapping[str, Any], words: Words) -> list[Figure]:
    """What the orders so far are worth."""
    say, currency = words.say, found["currency"]
    figures = [
        Figure(say("orders"), words.number(found["orders"])),
        Figure(say("deposits"), words.money(found["deposits_minor"], currency)),
    ]
    ordered = found.get("ordered")
    if ordered:
        figures += [
            Figure(say("potential revenue with VAT, as ordered"), _short(ordered["with_vat_minor"], currency, words)),
            Figure(
                say("potential revenue without VAT, as ordered"), _short(ordered["without_vat_minor"], currency, words)
            ),
        ]
    margin = found.get("margin")
    if margin and margin.get("margin_percent") is not None:
        figures.append(Figure(say("gross margin of these"), words.percent(float(margin["margin_percent"]) / 100, 1)))
    return figures


def _short(minor: int, currency: str, words: Words) -> str:
    unit, divisor = unit_of(abs(minor), currency, words)
    return f"{words.number(minor / divisor, 0 if unit == currency else 2)} {unit}"


def forecast_plot(found: Mapping[str, Any], words: Words) -> Fan | None:
    """Locked orders of each month from the opening on, and how sure that is."""
    months = found["months"]
    if not months:
        return None
    bands = tuple(
        Band(
            words.say("%(level)s %% of cases", level=level),
            tuple(one["intervals"][level][0] for one in months),
            tuple(one["intervals"][level][1] for one in months),
        )
        for level in LEVELS
    )
    x = tuple(words.number(one["number"]) for one in months)
    middle = Series(words.say("middle"), tuple(one["median"] for one in months))
    return fan(words.say("Locked orders by month after the opening"), words.say("orders a month"), x, middle, bands)


def horizons_table(found: Mapping[str, Any], words: Words) -> Table:
    """Orders by then, at each horizon."""
    say = words.say
    columns = [Column("at", say("After the opening")), Column("median", say("Middle"), amount=True)]
    for level in LEVELS[1:]:
        columns += [
            Column(f"low-{level}", say("%(level)s %% from", level=level), amount=True),
            Column(f"high-{level}", say("%(level)s %% to", level=level), amount=True),
        ]
    columns.append(Column("came", say("Came"), amount=True))
    rows = []
    for one in found["horizons"]:
        sides = [number(side, words) for level in LEVELS[1:] for side in one["intervals"][level]]
        cells = [number(one["median"], words), *sides, number(one["came"], words)]
        rows.append([Cell(words.span(one["at_s"]), one["at_s"]), *cells])
    return Table("horizons", say("Orders by then"), columns, rows, say("There is nothing to forecast."))


def months_plot(launch: Launch, found: Mapping[str, Any], name: str, words: Words) -> Lines | None:
    """Deliveries or revenue by month, a line a scenario."""
    field = {"deliveries": "deliveries", "revenue": "revenue_minor"}.get(name)
    scenarios = found["scenarios"]
    if field is None or not scenarios:
        return None
    x = tuple(one["period"] for one in scenarios[0]["months"])
    if field == "deliveries":
        title, unit, divisor = words.say("Deliveries by month"), words.say("deliveries a month"), 1
    else:
        most = max(month[field]["middle"] for one in scenarios for month in one["months"])
        unit, divisor = unit_of(most, found["currency"], words)
        title = words.say("Revenue without VAT by month")
    by = {
        words.text(launch, one["name"]): tuple(month[field]["middle"] / divisor for month in one["months"])
        for one in scenarios
    }
    return lines(title, unit, x, dict(by))


def months_table(launch: Launch, found: Mapping[str, Any], words: Words) -> Table:
    """Month by month, scenario by scenario."""
    say = words.say
    most = max((month["revenue_minor"]["middle"] for one in found["scenarios"] for month in one["months"]), default=0)
    unit, divisor = unit_of(most, found["currency"], words)
    columns = [
        Column("scenario", say("Scenario")),
        Column("month", say("Month")),
        Column("orders", say("Orders"), amount=True),
        Column("deliveries", say("Deliveries"), amount=True),
        Column("low", say("80 %% from"), amount=True),
        Column("high", say("80 %% to"), amount=True),
        Column("backlog", say("Backlog"), amount=True),
        Column("revenue", say("Revenue, %(unit)s", unit=unit), amount=True),
    ]
    rows = [
        [
            Cell(words.text(launch, scenario["name"]), scenario["id"]),
            Cell(month["period"]),
            number(month["orders"]["middle"], words),
            *(number(month["deliveries"][side], words) for side in ("middle", "low", "high")),
            number(month["backlog"]["middle"], words),
            Cell(words.number(month["revenue_minor"]["middle"] / divisor, 2), month["revenue_minor"]["middle"]),
        ]
        for scenario in found["scenarios"]
        for month in scenario["months"]
    ]
    return Table("months", say("Outlook by month"), columns, rows, say("The launch file has no scenarios."))


def published_table(launch: Launch, found: Mapping[str, Any], words: Words) -> Table:
    """Each published figure, and whether it comes out."""
    say = words.say
    columns = [
        Column("what", say("Published")),
        Column("verdict", say("Verdict")),
        Column("computed", say("Reckoned")),
    ]
    rows = []
    for one in found["check"]["figures"]:
        text, badge = VERDICTS.get(one["verdict"], (one["verdict"], "plain"))
        known = one["verdict"] in VERDICTS
        rows.append(
            [
                Cell(words.text(launch, one["what"])),
                Cell(say(text) if known else text, badge=badge),
                Cell(_reckoned(one, words)),
            ]
        )
    return Table(
        "published", say("What was published"), columns, rows, say("The launch file has no published figures.")
    )


def _reckoned(one: Mapping[str, Any], words: Words) -> str:
    """What a figure was held against, or why it could not be."""
    said: str = one["computed"] or one["why"] or ""
    if one["definition"] == "ratio" and one["computed"]:
        # The ids of its parts stand before: their names are in the rows of these.
        said = said.partition(": ")[2]
    return retold(words, said, FIGURES) or said


OUTLOOK_PAGES = [outlook_page, outlook_plot]
