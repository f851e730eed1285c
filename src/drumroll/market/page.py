"""The report as one page of HTML that needs nothing from elsewhere; every statement has its definition with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from drumroll.market import plots, wording
from drumroll.market.page_style import STYLE
from drumroll.market.report_values import ClaimRow, GroupStudy, LimitRow, Report

Cell = tuple[str, str]
"""A table's cell: its HTML, and its CSS class."""

_TONES = {"agrees": "yes", "does not agree": "no", "depends on its definition": "depends", "not known": "unknown"}


def page(report: Report) -> str:
    """The page. It holds only what the report has; what is missing is said in a section of its own."""
    name = escape(report.launch)
    body = (
        _header(report),
        _day(report),
        _card("Orders and share on one time axis", plots.timeline(report), _axis_note(report), wide=True),
        _claims(report),
        _records(report),
        _limits(report),
        *_studies(report),
        _values(report),
        _holdings(report),
        _missing(report),
        _data(report),
        _definitions(report),
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}: the market\'s answer</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" '
        f'content="light"><style>{STYLE}</style></head><body><main>{"".join(body)}</main></body></html>\n'
    )


def _header(report: Report) -> str:
    figure, what = wording.headline(report)
    day = report.day
    return (
        f'<header><p class="eyebrow">The market\'s answer · {escape(report.launch)} · {day.session}</p>'
        f"<h1>{figure}</h1><p>{escape(what)}; close before {day.prev_close}</p>"
        f'<p class="eyebrow">Session: {escape(day.why_session)}</p></header>'
    )


def _day(report: Report) -> str:
    day = report.day
    cells = []
    for price in day.prices:
        worth = "" if price.market_value is None else f"<br>{wording.amount(price.market_value, day.currency)}"
        at = f" at {price.at:%H:%M}" if price.at is not None else ""
        cells.append(
            f"<div><dt>{wording.SHORT.get(price.what, price.what)}{at}</dt><dd>{price.price} "
            f"<small>{wording.change(price.percent)}{worth}</small><small>{escape(price.definition)}</small></dd></div>"
        )
    cells.append(
        f"<div><dt>previous close</dt><dd>{day.prev_close}<small>"
        f"{escape(report.definitions['prev_close'])}</small></dd></div>"
    )
    worth = f" Market value: {report.definitions['market_value']}"
    shares = f"; {day.shares:,} shares from {day.shares_from}." if day.shares else "."
    means = f"Change: {report.definitions['change']}.{worth}{shares}"
    return f'<dl class="day">{"".join(cells)}</dl><section><p class="means">{escape(means)}</p></section>'


def _card(title: str, chart: str, note: str, *, wide: bool = False) -> str:
    kind = ' class="wide"' if wide else ""
    return f"<figure{kind}><h2>{title}</h2>{chart}<figcaption>{note}</figcaption></figure>"


def _axis_note(report: Report) -> str:
    axis = report.axis
    source = {
        "log": f"Orders: from the log; {report.definitions['orders']}.",
        "published": "Orders: no log was given. Rings are published figures; the dashed line only joins them.",
        "none": "Orders: neither a log nor published figures.",
    }[report.orders.source]
    prices = (
        "Share: close of each minute."
        if axis.by_the_minute
        else "Share: daily quotes only; rings are the prices whose time is known, joined by a line; when high and low "
        "were traded is not."
    )
    return escape(f"Hours of {axis.zone}; the session is shaded. {prices} {source}")


# Sections


def _section(title: str, content: str, means: Iterable[str] = ()) -> str:
    said = "".join(f'<p class="means">{escape(each)}</p>' for each in means if each)
    return f"<section><h2>{title}</h2>{content}{said}</section>"


def _table(
    head: Sequence[str], rows: Iterable[Sequence[Cell]], kinds: Iterable[str] = (), *, style: str = "rows"
) -> str:
    """A table; on a phone one of ``rows`` has a line for each cell, a ``compact`` one stays a table."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    of_rows = list(rows)
    classes = [*kinds] or [""] * len(of_rows)
    shown = ""
    for kind, row in zip(classes, of_rows, strict=True):
        cells = "".join(
            f'<td class="{tone}" data-name="{escape(name)}">{cell}</td>'
            for name, (cell, tone) in zip(head, row, strict=True)
        )
        shown += f'<tr class="{kind}">{cells}</tr>'
    return f'<table class="{style}"><thead><tr>{top}</tr></thead><tbody>{shown}</tbody></table>'


def _list(items: Iterable[str]) -> str:
    said = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<ul>{said}</ul>" if said else ""


def _claims(report: Report) -> str:
    if not report.claims:
        return ""
    table = _table(("published", "figure", "computed", "verdict"), map(_claim, report.claims))
    means = (f"Agrees: {report.definitions['agrees']}.",)
    return _section("What was published", table + _list(report.consistency), means)


def _claim(row: ClaimRow) -> tuple[Cell, ...]:
    notes = "".join(f"<small>{escape(note)}</small>" for note in (wording.off_by(row), *row.notes) if note)
    return (
        (f"{escape(row.what)}<small>{escape(row.definition)}</small>", ""),
        (escape(row.published), ""),
        (escape(row.computed), ""),
        (f'<b class="{_TONES[row.verdict]}">{row.verdict}</b>{notes}', ""),
    )


def _records(report: Report) -> str:
    rows = [
        (
            (escape(row.definition), ""),
            (
                f"{row.outcome}" + ("" if row.reaches_back else "<small>the quotes do not reach back that far</small>"),
                "",
            ),
            (str(row.price), "n"),
            ("" if row.former is None else f"{row.former} on {row.former_on}", "n"),
        )
        for row in report.records
    ]
    table = _table(("definition", "answer", "price", "highest before"), rows)
    flags = [f"“Record” needs its definition: {flag}" for flag in report.record_flags]
    return _section("Was it a record?", table + _list(flags), (f"Record: {report.definitions['record']}.",))


def _limits(report: Report) -> str:
    table = _table(("code", "change", "close", "limit", "state"), map(_limit, report.limits))
    words = [f"{name.capitalize()}: {report.definitions[name]}." for name in ("limit", "touched", "sealed", "broken")]
    return _section("The day, and the price limits", table, (" ".join(words),))


def _limit(row: LimitRow) -> tuple[Cell, ...]:
    rule = f"<small>{escape(row.rule)}</small>" if row.limit_percent is not None else ""
    return (
        (f"{escape(row.code)}<small>{row.role}</small>", ""),
        (wording.change(row.percent), "n"),
        ("" if row.close is None else str(row.close), "n"),
        (escape(wording.limit(row)) + rule, ""),
        (escape(wording.held(row)), "unknown" if row.missing else ""),
    )


def _studies(report: Report) -> Iterable[str]:
    told = [study for study in report.studies if study.firms]
    if told:
        columns = dict.fromkeys((0, max(len(study.firms[0].cars) for study in told) - 1))
        keys = "".join(f'<span class="key {name}"></span>{name}' for name in dict.fromkeys(s.group for s in told))
        note = f"{keys}. Bars: {report.definitions['interval']}. Hollow: a price limit was met, the return is censored."
        cards = [
            _card(f"Abnormal return, {_named(told, column)}", plots.forest(told, column), note) for column in columns
        ]
        added = f"{keys}. {report.definitions['abnormal_return']}; averaged over the group."
        cards.append(_card("Added up over the event window", plots.paths(told), added))
        yield f'<div class="charts">{"".join(cards)}</div>'
    means = (
        f"Abnormal return: {report.definitions['abnormal_return']}. CAR: {report.definitions['car']}. Interval: "
        f"{report.definitions['interval']}. Test: {report.definitions['test']}.",
    )
    yield _section("Was it more than noise?", "".join(map(_study, report.studies)), means)


def _named(studies: Sequence[GroupStudy], column: int) -> str:
    car = next(study.firms[0].cars[column] for study in studies if column < len(study.firms[0].cars))
    return plots.window_name(car.first, car.last)


def _study(study: GroupStudy) -> str:
    title = f"<h3>{study.group} ({study.exchange})</h3>"
    if study.refused:
        return f'{title}<p class="means">No event study:</p>{_list(study.refused)}'
    told = [row for row in study.tests if row.statistic is not None]
    firms = [
        (
            (escape(firm.code) + ("<small>at a price limit</small>" if firm.limited else ""), ""),
            (wording.window(car.first, car.last), "n"),
            (wording.share_of(car.car), "n"),
            (wording.interval(car), "n"),
            (wording.p_value(car.p), "n"),
        )
        for firm in study.firms
        for car in firm.cars
    ]
    tests = [
        (
            (row.test + ("<small>advised</small>" if row.advised else ""), ""),
            (wording.window(row.first, row.last), "n"),
            (wording.share_of(row.mean), "n"),
            (wording.test_result(row), "n"),
        )
        for row in told
    ]
    advised = ["advised" if row.advised else "" for row in told]
    return (
        f'{title}<p class="means">{escape(wording.studied_how(study))}</p>'
        + _table(("test", "window", "mean CAR", "statistic"), tests, advised, style="compact")
        + _table(("code", "window", "CAR", "95 % interval", "p"), firms, style="compact")
        + _list(study.notes)
    )


def _values(report: Report) -> str:
    if len(report.values) < 2:
        return ""
    valued = all(each.market_value is not None for each in report.values)
    title = f"Market value, billion {report.day.currency}" if valued else f"Close, {report.day.currency}"
    note = f"At each session's close; {report.definitions['market_value' if valued else 'close']}."
    return _card(title, plots.value_line(report.values), escape(note), wide=True)


def _holdings(report: Report) -> str:
    if not report.holdings:
        return ""
    rows = [
        (
            (escape(row.holder), ""),
            ("none" if row.rank is None else str(row.rank), "n"),
            (wording.amount(row.value, row.currency), "n"),
            (escape("; ".join([*row.missing, *(f"tied with {other}" for other in row.tied_with)])), ""),
        )
        for row in report.holdings
    ]
    table = _table(("holder", "rank", "value", ""), rows)
    return _section("Holdings", table, (f"Holdings: {report.definitions['holdings']}; at the session's close.",))


def _missing(report: Report) -> str:
    return _section("What is missing", _list(report.missing)) if report.missing else ""


def _data(report: Report) -> str:
    said = _list(wording.noticed(report.data)) or '<p class="means">Nothing was noticed.</p>'
    return _section("The quotes", f'<p class="means">{escape(report.data.read)}</p>{said}')


def _definitions(report: Report) -> str:
    words = "".join(
        f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(said)}</dd>" for name, said in report.definitions.items()
    )
    return _section("Every definition", f'<dl class="words">{words}</dl>')
