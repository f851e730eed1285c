"""A forecast as one page of HTML that needs nothing from elsewhere, light or dark as the reader has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from drumroll.cli import forecast_plots as plots
from drumroll.cli import forecast_tables as tables
from drumroll.cli import forecast_words as words
from drumroll.cli.forecast_answer import Answer, prior_sizes
from drumroll.cli.forecast_backtest import CELL_HEAD, Played, cell_row, error_rows, main_cells
from drumroll.cli.page_parts import bullets, card, document, legend, section
from drumroll.outlook.backtest import HOURS, Cell
from drumroll.outlook.forecast import Horizon, fan

_MORE_STYLE = """
h1{font-size:clamp(2rem,8vw,4rem)}
figure h3{margin-top:1.2rem}
@media(max-width:34rem){.rows td[data-name]::before{min-width:8.2rem}
dl.day div:last-child:nth-child(odd){grid-column:1/-1}}
"""


def page(answer: Answer, tested: Played | None = None) -> str:
    """The page: the figures, the fan, what came, the prior against what is known now, months, curves, back-test."""
    body = (
        _header(answer),
        _main(answer),
        _fan(answer),
        f'<div class="charts">{"".join(_charts(answer))}</div>',
        _months(answer),
        *_tables(answer),
        _tested(tested) if tested is not None else "",
        section("What is assumed", bullets((answer.forecast.prior_says, *answer.asked.notes, *answer.notes))),
        section("What the words mean", bullets(words.MEANS)),
    )
    return document(f"{answer.asked.name}: forecast", body, plots.STYLE + _MORE_STYLE)


def _header(answer: Answer) -> str:
    found = answer.forecast
    said = f"firm orders {words.clock(found.from_s)} after the opening. What comes next?"
    return (
        f'<header><p class="eyebrow">Forecast · {escape(answer.asked.name)}</p><h1>{found.orders_now:,}</h1>'
        f'<p>{escape(said)}</p><p class="eyebrow">as of {escape(answer.asked.at)} ({escape(found.source)})</p></header>'
    )


def _main(answer: Answer) -> str:
    """Each horizon with its median and what surrounds it."""
    boxes = "".join(_box(horizon, answer.asked.came.get(horizon.at_s)) for horizon in answer.forecast.horizons)
    return f'<dl class="day">{boxes}</dl>'


def _box(horizon: Horizon, came: int | None) -> str:
    if horizon.known:
        said = ["past: this is what was counted"]
    else:
        said = [
            f"80 %: {words.span(horizon.intervals[80])}",
            f"prior: {words.percent(horizon.prior_weight)}",
        ]
        said += [] if came is None else [f"came: {came:,}, {words.verdict(horizon, came)}"]
    small = "".join(f"<small>{escape(each)}</small>" for each in said)
    return f"<div><dt>{words.clock(horizon.at_s)}</dt><dd>{horizon.median:,}{small}</dd></div>"


def _fan(answer: Answer) -> str:
    asked = answer.asked
    last_s = max(*asked.horizons_s, answer.forecast.from_s * 4)
    bands = fan(answer.posterior, plots.grid(answer.forecast.from_s, last_s), seed=asked.seed)
    known = list(zip(asked.known.seconds, asked.known.orders, strict=True))
    picture = plots.fan(bands, known, asked.whole, f"Firm orders of {asked.name}")
    keys = [("known", "known"), ("line", "median"), ("p50", "50 %"), ("p80", "80 %"), ("p95", "95 %")]
    if asked.whole[-1][0] > known[-1][0]:
        keys.append(("hollow", "what came, unknown to the forecast"))
    note = f"{legend(keys)} Time is drawn by its logarithm from the first minute on."
    return card("Firm orders since the opening", picture, note, "wide")


def _charts(answer: Answer) -> Iterable[str]:
    found, prior = answer.forecast, prior_sizes(answer.asked.prior)
    now = {level: (float(low), float(high)) for level, (low, high) in found.size.items()}
    now[0] = (float(found.size_median), float(found.size_median))
    rows = (("before the first order", "before", prior), (f"after {words.clock(found.from_s)}", "after", now))
    yield card(
        "All orders that the launch curve will bring",
        plots.sizes(rows, "What was assumed of the size, and what is known now"),
        f"50, 80 and 95 % intervals and the median, on a logarithmic axis. The prior's weight in it now:"
        f" {words.percent(found.prior_weight)}.",
    )
    yield card(
        "How likely each curve is",
        plots.weights([(words.NAMES[each.name], each.weight) for each in found.models]),
        "Before the first order all three are equally likely.",
    )


def _months(answer: Answer) -> str:
    if not answer.months:
        return ""
    keys = legend((("line", "median"), ("p50", "50 %"), ("p80", "80 %"), ("p95", "95 %"), ("ground", "long run")))
    note = f"{keys} Long run: the part of the mean that is assumed. A first month that dwarfs the others is cut off."
    return card("Orders by month after the opening", plots.months(answer.months), note, "wide")


def _tables(answer: Answer) -> Iterable[str]:
    levels = tables.INTERVALS
    rows = [tables.horizon_row(horizon) for horizon in answer.forecast.horizons]
    yield section("Orders after the opening", _table(("", "median", *levels, "prior"), rows))
    rules = tables.naive_rows(answer)
    if rules:
        ahead = [words.clock(horizon.at_s) for horizon in answer.forecast.horizons if not horizon.known]
        yield section("What naive rules say", _table(("", *ahead), rules))
    locked = tables.locked_rows(answer)
    if locked:
        note = f'<p class="means">{escape(tables.cancels_in_words(answer))}</p>'
        head = ("of those", "median", *levels)
        yield section("Locked in the end, after the cooling-off", _table(head, locked) + note)
    head = ("", "weight", "half by", "90 % by", "all orders", "noise")
    said = bullets(f"{words.NAMES[each.name]}: {words.parameters(each.curve)}" for each in answer.forecast.models)
    yield section("Curves that were tried", _table(head, tables.curve_rows(answer)) + said)
    if answer.quarters:
        note = f'<p class="means">{escape(tables.MONTHS_ASSUMED)}</p>'
        head = ("months", "median", *levels, "long run")
        yield section("Two years, by quarter after the opening", _table(head, tables.quarter_rows(answer)) + note)


# The back-test


def _tested(tested: Played) -> str:
    simulated = tested.simulated
    pooled = ", ".join(
        f"{words.percent(share)} of the {level} % intervals" for level, share in simulated.coverage.items()
    )
    head = ("from", *(words.short_clock(3600 * hour) for hour in HOURS))
    parts = [
        f'<p class="means">All together, {escape(pooled)} held what came.</p>',
        _cells(main_cells(simulated)),
        "<h3>How far off the median was, by moment and hour</h3>",
        _table(head, error_rows(simulated)),
    ]
    for name, known in tested.known:
        parts += [f"<h3>{escape(name)}</h3>", _cells(known.cells)]
    losses = tested.losses or ("Nowhere, on these launches.",)
    parts += ["<h3>Where it loses to a naive rule</h3>", bullets(losses)]
    return section(f"Back-test on {simulated.launches:,} simulated launches", "".join(parts))


def _cells(cells: Iterable[Cell]) -> str:
    return _table((*CELL_HEAD[:-1], "which"), [cell_row(cell) for cell in cells])


# Parts of a page


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; on a phone each row is a block whose figures carry their names."""
    heads = "".join(
        f'<th class="n">{escape(name)}</th>' if at else f"<th>{escape(name)}</th>" for at, name in enumerate(head)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="n" data-name="{escape(name)}">{escape(said)}</td>' if at else f"<td>{escape(said)}</td>"
            for at, (name, said) in enumerate(zip(head, row, strict=True))
        )
        + "</tr>"
        for row in rows
    )
    return f'<table class="rows"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
