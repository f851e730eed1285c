"""What "what if" answers as one page of HTML that needs nothing from elsewhere, light or dark as the reader has it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from drumroll.cli import whatif_plots as plots
from drumroll.cli import whatif_words as words
from drumroll.cli.page_parts import bullets, card, document, section
from drumroll.cli.whatif_tables import figures_of, in_weeks, orders_in_words, trims_of
from drumroll.plan.whatif import POLICIES, Answer

_MORE_STYLE = """
h1{font-size:clamp(2rem,8vw,4rem)}
.layer{opacity:.85}.layer.tone0,.key.tone0{fill:var(--accent);background:var(--accent)}
.layer.tone1,.key.tone1{fill:var(--second);background:var(--second)}
.layer.tone2,.key.tone2{fill:var(--third);background:var(--third)}
.layer.tone3,.key.tone3{fill:var(--open);background:var(--open)}
.layer.tone4,.key.tone4{fill:var(--good);background:var(--good)}
.layer.other{fill:var(--soft);opacity:.4}.key.other{background:var(--soft);opacity:.4}
dl.day{grid-template-columns:1fr 1fr}
.line.capacity{stroke:var(--ink);stroke-width:1.5}.line.was{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3}
.outline{fill:var(--soft);opacity:.25}
.bar.strict{fill:var(--accent)}.bar.least_breakage{fill:var(--second)}
.span{stroke-width:2}.span.before{stroke:var(--soft)}.span.strict{stroke:var(--accent)}.span.least{stroke:var(--second)}
.dot.before,.key.before{fill:var(--soft);background:var(--soft)}
.dot.strict,.key.strict{fill:var(--accent);background:var(--accent)}
.dot.least,.key.least{fill:var(--second);background:var(--second)}
td.was{color:var(--soft)}
@media(max-width:34rem){.rows td.nought{display:none}
.rows td[data-name]::before{min-width:9.7rem}}
"""

_SIDES = tuple(f"{words.SAID[policy]}, {when}" for policy in POLICIES for when in ("after", "before"))

Cell = tuple[str, str]


def page(answer: Answer, log: str | None) -> str:
    """The page: what was asked, what it does to the promises by both policies, weeks by trim, pictures, meanings."""
    body = (
        _header(answer, log),
        _promises(answer),
        f'<div class="charts">{"".join((*_loads(answer), *_charts(answer)))}</div>',
        _weeks(answer),
        section("What the words mean", bullets(words.MEANS)),
    )
    return document(f"{answer.situation.launch.name}: what if", body, _MORE_STYLE)


def _header(answer: Answer, log: str | None) -> str:
    said = "".join(f"<p>{escape(each)}</p>" for each in words.asked_in_words(answer))
    return (
        f'<header><p class="eyebrow">What if · {escape(answer.situation.launch.name)}</p>'
        f"<h1>{escape(words.headline(answer))}</h1>{said}"
        f'<p class="eyebrow">{escape(words.whose_in_words(answer, log))}</p></header>'
    )


def _promises(answer: Answer) -> str:
    sides = [
        dict(figures_of(planned[policy], answer)) for policy in POLICIES for planned in (answer.after, answer.before)
    ]
    broken = "".join(
        f"<div><dt>broken, {words.SAID[policy]}</dt><dd>{sides[2 * at]['broken']}"
        f"<small>{sides[2 * at]['share broken']} of {sides[2 * at]['promises']} promises</small></dd></div>"
        for at, policy in enumerate(POLICIES)
    )
    names = [name for name in sides[0] if name not in ("promises", "share broken")]
    rows = [
        [(escape(name), ""), *((side[name], _kind(side[name], at)) for at, side in enumerate(sides))] for name in names
    ]
    table = _table(("", *_SIDES), rows)
    return f'<dl class="day">{broken}</dl>{section("What happens to the promises", table)}'


def _loads(answer: Answer) -> Iterable[str]:
    """For each plant what it builds before, and by both policies after: three pictures on one scale."""
    situation = answer.changed.situation
    panels = (("strict", "before"), ("strict", "after"), ("least_breakage", "after"))
    for number, plant in enumerate(situation.launch.plants):
        found = plots.layers(situation, answer.after["strict"], plant.models)
        if not any(layer.built.any() for layer in found):
            continue
        note = f"{_keys((layer.tone, layer.name) for layer in found)}. Line: weekly capacity; dashed: as it was."
        for policy, when in panels:
            title = f"{plant.name}, by week, {when} ({words.SAID[policy]})"
            yield card(title, plots.load(answer, policy, when, number), note)


def _charts(answer: Answer) -> Iterable[str]:
    keys = _keys((("before", "before"), ("strict", "strict"), ("least", "least breakage")))
    yield card("Broken, by the last promised week", plots.broken(answer), "Grey: all promises that end with that week.")
    yield card(
        "Orders moved, by how many weeks",
        plots.moved(answer),
        "Weeks of building. Negative: earlier. Those not moved are left out.",
    )
    yield card("Weeks from now to delivery", plots.waits(answer), f"{keys}. From the median (dot) to 90 in 100.")


def _keys(named: Iterable[tuple[str, str]]) -> str:
    """What the colours stand for."""
    return " ".join(f'<span class="item"><span class="key {kind}"></span>{escape(name)}</span>' for kind, name in named)


def _weeks(answer: Answer) -> str:
    rows = [
        [
            (escape(f"{model} {trim}"), ""),
            (orders_in_words(waits).replace(">", "→"), "n"),
            *((in_weeks(one), _kind(in_weeks(one), at)) for at, one in enumerate(waits)),
        ]
        for model, trim, waits in trims_of(answer)
    ]
    table = _table(("", "orders", *_SIDES), rows)
    return section("Weeks from now to delivery: median / 90 in 100", table)


def _kind(said: str, side: int) -> str:
    """The class of a figure: every other one is of the time before, and a nought there is left out on a phone."""
    if side % 2 == 0:
        return "n"
    return "n was nought" if not said.strip("0.") else "n was"


def _table(head: tuple[str, ...], rows: Iterable[list[Cell]]) -> str:
    """A table whose rows become blocks on a narrow screen, each cell with its column's name."""
    heads = "".join(f'<th class="n">{escape(name)}</th>' if name else "<th></th>" for name in head)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="{kind}" data-name="{escape(name)}">{said}</td>' if kind else f"<td>{said}</td>"
            for name, (said, kind) in zip(head, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return f'<table class="rows"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
