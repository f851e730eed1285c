"""An outlook as one page of HTML for a board of directors: it needs nothing from elsewhere, light or dark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from drumroll.cli import forecast_plots, outlook_plots
from drumroll.cli import outlook_words as words
from drumroll.cli.outlook_made import Made, Played
from drumroll.cli.page_parts import bullets, card, document, legend, section
from drumroll.outlook.by_month import Figures
from drumroll.outlook.compared import Compared
from drumroll.outlook.forecast import fan

_MORE_STYLE = """
h1{font-size:clamp(2.2rem,9vw,4.5rem)}
header p.lead{font-size:1.125rem;max-width:46rem}
dl.day dd{white-space:nowrap}
@media(min-width:34.01rem){.others td:first-child{width:9rem}.others td.n{white-space:normal;width:7.5rem}
.others td:nth-child(4){width:7rem;overflow-wrap:normal}}
dl.day{grid-template-columns:repeat(auto-fit,minmax(min(50% - 1px,11rem),1fr))}
tr.sum td{font-weight:600}td.why{color:var(--soft);font-size:.8125rem}td.why p{margin:0 0 .25rem}
details{margin-top:.5rem}summary{cursor:pointer;font-weight:500;font-size:.875rem;padding:.35rem 0}
section p{margin:.3rem 0}
@media(max-width:34rem){.rows td[data-name]::before{min-width:7.6rem}
.rows td.why[data-name]::before,.rows td[data-name=""]::before{display:none}
dl.day div:last-child:nth-child(odd){grid-column:1/-1}}
"""

GROWTH_S = 7 * 86_400
Cell = tuple[str, str]


def page(made: Made) -> str:
    """The page: one number and what it means, pictures, scenarios side by side, what others said, what is assumed."""
    body = (
        _header(made),
        _main(made),
        f'<div class="charts">{"".join(_first(made))}</div>',
        _by_month(made),
        _others(made),
        _scenarios(made),
        _tested(made),
        section("What is assumed", bullets(words.assumptions(made), "")),
        section("What the words mean", bullets(words.MEANS, "")),
    )
    return document(f"{made.launch.name}: outlook", body, forecast_plots.STYLE + outlook_plots.STYLE + _MORE_STYLE)


def _header(made: Made) -> str:
    figure, sentence = words.headline(made)
    return (
        f'<header><p class="eyebrow">Outlook · {escape(made.launch.name)}</p><h1>{escape(figure)}</h1>'
        f'<p class="lead">{escape(sentence)}</p></header>'
    )


def _main(made: Made) -> str:
    """The scenarios in one number each."""
    boxes = "".join(_box(made, played) for played in made.played)
    return f'<dl class="day">{boxes}</dl>'


def _box(made: Made, played: Played) -> str:
    whole = played.whole
    said = (made.launch.currency, f"{whole.deliveries.middle:,} delivered", f"{whole.backlog.middle:,} left at the end")
    small = "".join(f"<small>{escape(each)}</small>" for each in said)
    currency = made.launch.currency
    figure = words.amount(whole.revenue_minor.middle, currency).removesuffix(f" {currency}")
    return f"<div><dt>{escape(played.run.scenario.name)}</dt><dd>{escape(figure)}{small}</dd></div>"


def _first(made: Made) -> Iterable[str]:
    """The launch curve, the backlog, the revenue."""
    known = made.posterior.known
    grid = forecast_plots.grid(known.from_s, max(GROWTH_S, known.from_s * 4))
    points = list(zip(known.seconds, known.orders, strict=True))
    picture = forecast_plots.fan(
        fan(made.posterior, grid, seed=made.asked.seed), points, made.asked.whole, f"Firm orders of {made.launch.name}"
    )
    bands = legend((("known", "known"), ("line", "median"), ("p50", "50 %"), ("p80", "80 %"), ("p95", "95 %")))
    yield card("The launch: firm orders since the opening", picture, f"{bands} Time is drawn by its logarithm.")
    first = made.played[0]
    finance = made.launch.finance
    quarter = finance.quarters[-1] if finance is not None and finance.quarters else None
    known_quarter = None if quarter is None else (quarter.name, quarter.revenue_minor)
    unit = outlook_plots.revenue_unit(first, made.launch.currency, known_quarter)
    note = f"{f'{unit[1]} {made.launch.currency}'.strip()} without VAT, at delivery; lines: 80 %."
    if quarter is not None:
        line = legend((("known-quarter", f"revenue of the whole company in {quarter.name}"),))
        note += f" {line} Above each bar: its share of that."
    title = f"Revenue by quarter: {first.run.scenario.name}"
    yield card(title, outlook_plots.revenue(first, made.launch.currency, known_quarter), note)
    names = [(f"tone{at % outlook_plots.TONES}", one.run.scenario.name) for at, one in enumerate(made.played)]
    note = f"{legend(names)} Firm orders that are not delivered yet, of all models."
    yield card("Backlog at the end of each month", outlook_plots.backlog(made.played), note)
    note = legend((("theirs", "theirs"), ("ours", "ours, 80 %")))
    yield card(
        "Our deliveries over what others said",
        outlook_plots.compared(made.compared),
        f"{note} 100 % is the middle of theirs; what is not known here as a whole is left out.",
    )


def _by_month(made: Made) -> str:
    """Small multiples on one scale."""
    most = outlook_plots.highest(made.played)
    keys = legend((("delivered", "deliveries"), ("orders", "new orders, 80 %"), ("room", "the plant's capacity")))
    cards = "".join(
        card(
            played.run.scenario.name,
            outlook_plots.by_month(played, most),
            escape(f"{words.scenario_in_words(made, played.run.scenario)} {words.limited(played)}"),
        )
        for played in made.played
    )
    intro = f'<p class="means">{keys} By month, on one scale; what is far beyond it is cut off and said.</p>'
    return f'<section><h2>Deliveries against demand</h2>{intro}</section><div class="charts">{cards}</div>'


# What others said


def _others(made: Made) -> str:
    if not made.compared:
        return ""
    names = {one.run.scenario.id: one.run.scenario.name for one in made.played}
    rows = [_other(found, names) for found in made.compared]
    table = _table(("what", "theirs", "ours", "", "why"), rows, ("", "n", "n", "", "why"), style="rows others")
    return section("What others said of deliveries", table)


def _other(found: Compared, names: dict[str, str]) -> list[str]:
    of = "" if found.scenario == next(iter(names)) else f"<small>{escape(names[found.scenario])}</small>"
    tone = {"agrees": "yes", "above": "depends", "below": "depends"}.get(found.verdict, "unknown")
    return [
        f"{escape(found.what)}<small>{found.who}</small>{of}",
        escape(words.theirs(found)),
        _ours(found),
        f'<b class="{tone}">{escape(words.verdict(found)).replace(" %", "&nbsp;%")}</b>',
        "".join(f"<p>{escape(each)}</p>" for each in found.why),
    ]


def _ours(found: Compared) -> str:
    middle, _, spread = words.ours(found).partition(" (")
    return f'<span class="item">{escape(middle)}</span>' + (
        f"<small>{escape(spread.rstrip(')'))}</small>" if spread else ""
    )


# Scenarios


def _scenarios(made: Made) -> str:
    parts = [_scenario(made, played, opened=at == 0) for at, played in enumerate(made.played)]
    return section("By quarter", "".join(parts))


def _scenario(made: Made, played: Played, *, opened: bool) -> str:
    currency = made.launch.currency
    unit = words.table_unit(made)
    head = ("quarter", "orders", "80 %", "deliveries", "80 %", "backlog", f"{unit[1]} {currency}".strip())
    rows = [_figures(one, currency, unit) for one in (*played.quarters, played.whole)]
    name = escape(played.run.scenario.name)
    table = _table(head, rows, ("", *("n",) * 6), last="sum")
    return f"<details{' open' if opened else ''}><summary>{name}</summary>{table}</details>"


def _figures(one: Figures, currency: str, unit: tuple[float, str]) -> list[str]:
    return [
        escape(words.period(one)),
        f"{one.orders.middle:,}",
        words.thousands(one.orders),
        f"{one.deliveries.middle:,}",
        words.thousands(one.deliveries),
        f"{one.backlog.middle:,}",
        words.short_amount(one.revenue_minor.middle, currency, unit),
    ]


def _tested(made: Made) -> str:
    said = [*words.early_in_words(made), *(line for one in made.tested for line in words.tested_in_words(one))]
    return section("Would it have been right?", bullets(said, "")) if said else ""


# Parts of a page


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], kinds: Sequence[str], *, last: str = "", style: str = "rows"
) -> str:
    """A table whose rows become blocks on a phone; ``kinds`` are the columns' classes, ``last`` the last row's."""
    top = "".join(f'<th scope="col" class="{kind}">{escape(name)}</th>' for name, kind in zip(head, kinds, strict=True))
    made = [
        "".join(
            f'<td class="{kind}" data-name="{escape(name)}">{cell}</td>'
            for name, kind, cell in zip(head, kinds, row, strict=True)
        )
        for row in rows
    ]
    body = "".join(f"<tr{_class(last if at == len(made) - 1 else '')}>{row}</tr>" for at, row in enumerate(made))
    return f'<table class="{style}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
