"""``report.html``: what the rehearsal showed, in one file that opens without a network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from math import log10
from pathlib import Path

from drumroll.domain.money import format_minor
from drumroll.rehearsal import arrivals, charts, report_days
from drumroll.rehearsal.meter import percentile
from drumroll.rehearsal.population import Kind
from drumroll.rehearsal.rehearsal import Outcome, as_json, pace_name
from drumroll.rehearsal.report_style import STYLE

DID: dict[Kind, tuple[str, str]] = {
    Kind.DOUBLE_CLICK: ("clicked twice: one key, sent twice at once", "the same order"),
    Kind.IMPATIENT: ("asked again with the same key", "the same order"),
    Kind.KEY_REUSED: ("used a key again for another order", "refused"),
    Kind.REPEATED_WEBHOOK: ("the same webhook came twice", "counted once"),
    Kind.SECOND_DEPOSIT: ("paid a second deposit", "owed back"),
    Kind.WRONG_AMOUNT: ("paid too little, then rightly", "owed back, then firm"),
    Kind.UNKNOWN_ORDER: ("a payment for an order that nobody made", "owed back"),
    Kind.FORGED_WEBHOOK: ("a webhook with a forged signature", "refused"),
    Kind.STRANGER: ("looked at a stranger's order", "refused"),
    Kind.ONLOOKER: ("looked at their own order after paying", "shown as firm"),
    Kind.EARLY: ("ordered before the opening", "refused"),
    Kind.UNKNOWN_TRIM: ("ordered a trim that does not exist", "refused"),
    Kind.ONE_TOO_MANY: ("ordered one more than a customer may hold", "refused"),
    Kind.LATE: ("paid after the reservation had run out", "firm if it can be had, else owed back"),
    Kind.LATE_TOO_MANY: ("paid late, holding all they may by then", "owed back"),
    Kind.ABANDONED: ("never paid", "runs out"),
    Kind.CANCELS_RESERVED: ("cancelled before paying", "cancelled"),
    Kind.CANCELS_FIRM: ("cancelled after paying", "cancelled, refund owed"),
    Kind.PAID_AFTER_CANCEL: ("paid after cancelling", "cancelled; the money owed back"),
}
"""What each kind of visit did, and what it must be answered with."""

_BINS_A_DECADE = 8
_HEAD = ("customers", "orders", "is due", "was answered")


def write_report(path: Path, outcome: Outcome) -> None:
    """Write the report."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(outcome), "utf-8")


def page(outcome: Outcome) -> str:
    """The report as HTML."""
    name = escape(outcome.plan.launch.name)
    body = (
        _verdict(outcome),
        _figures(outcome),
        '<div class="charts">',
        _card("The first five minutes", _curve(outcome, 300), _curve_note(outcome)),
        _card("The hour", _curve(outcome, int(arrivals.HOUR_S)), "Orders standing firm, counted again from the log."),
        _card("Requests answered a second", _throughput(outcome), _throughput_note(outcome)),
        _card("How long an answer took", _latency(outcome), _latency_note(outcome)),
        _card("The days after", report_days.states_chart(outcome), report_days.states_note(outcome)),
        _card(
            "Conversions",
            report_days.conversions_chart(outcome),
            report_days.conversions_note(outcome),
        ),
        "</div>",
        _promised(outcome),
        _table("What customers did in the days after", _HEAD, report_days.rows(outcome)),
        _mischief(outcome),
        _audit(outcome),
        _again(outcome),
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Rehearsal of {name}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" '
        f'content="light dark"><style>{STYLE}</style></head><body><main>{"".join(body)}</main></body></html>\n'
    )


def _verdict(outcome: Outcome) -> str:
    plan = outcome.plan
    word, tone = ("go", "good") if outcome.go else ("no-go", "bad")
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in outcome.reasons)
    said = f"<ul>{reasons}</ul>" if reasons else "<p>Every answer that was given is in the log, and nothing else.</p>"
    asked = (
        "" if plan.asked == plan.orders else f" There are places for {plan.orders:,} of the {plan.asked:,} asked for."
    )
    return (
        f'<header class="{tone}"><p class="eyebrow">Rehearsal · {escape(plan.launch.name)} · seed {plan.seed} · '
        f"pace {pace_name(plan.rate)}</p><h1>{word}</h1>{said}<p>{escape(asked)}</p></header>"
    )


def _figures(outcome: Outcome) -> str:
    figures = as_json(outcome)
    owed = format_minor(figures["refunds_owed_minor"], outcome.plan.launch.currency)
    cells = (
        ("firm after the hour", f"{figures['firm_orders']:,}", f"{figures['acknowledged']:,} acknowledged"),
        ("lost · doubled", f"{figures['lost']} · {figures['doubled']}", "held against every answer"),
        ("crashes", f"{figures['crashes']}", _recovery(outcome)),
        ("orders a second", f"{figures['orders_per_s']:,.0f}", f"{figures['requests']:,} requests in all"),
        ("median answer", f"{figures['p50_ms']:.1f} ms", f"99 in 100 within {figures['p99_ms']:.1f} ms"),
        ("refunds owed", f"{figures['refunds_owed']:,}", owed),
        ("ran out", f"{figures['expired']:,}", f"{figures['revived']:,} revived by a late deposit"),
        ("locked after 18 h", _locked(outcome), f"{figures['locked']:,} in the end, all models"),
        ("converted", f"{figures['converted']:,}", f"{figures['imported']:,} earlier orders imported"),
        ("changed", f"{figures['changed']:,}", f"{figures['undone']:,} early locks undone"),
        ("forfeited", f"{figures['forfeited']:,}", f"{figures['cancelled']:,} cancelled in time"),
        ("took", f"{figures['wall_s']:.1f} s", f"{figures['audit_s']:.1f} s of it the audit"),
    )
    shown = "".join(f"<div><dt>{name}</dt><dd>{value}<small>{note}</small></dd></div>" for name, value, note in cells)
    return f"<dl>{shown}</dl>"


def _locked(outcome: Outcome) -> str:
    locked = outcome.locked_after_18_hours
    return "?" if locked is None else f"{locked:,}"


def _recovery(outcome: Outcome) -> str:
    if not outcome.crashes:
        return "none asked for"
    return f"SIGKILL; back within {max(crash.back_after_s for crash in outcome.crashes):.2f} s"


def _card(title: str, chart: str, note: str) -> str:
    return f"<figure><h2>{title}</h2>{chart}<figcaption>{note}</figcaption></figure>"


# Charts


def _curve(outcome: Outcome, until_s: int) -> str:
    points = [(float(second), float(firm)) for second, firm in outcome.audit.curve if 0 <= second <= until_s]
    scale = outcome.plan.orders / arrivals.REFERENCE_ORDERS
    reference = [(at_s, firm * scale) for at_s, firm in arrivals.REFERENCE_POINTS if at_s <= until_s]
    highest = max([firm for _, firm in points + reference], default=1.0)
    frame = charts.Frame((0, until_s), charts.nice_ticks(highest)[-1])
    planned = [(float(at_s), arrivals.share_by(at_s) * outcome.plan.orders) for at_s in range(0, until_s + 1, 5)]
    content = charts.line(frame, points, "firm", area=True) + charts.line(frame, planned, "planned")
    content += "".join(charts.mark(frame, point, f"{point[1]:,.0f}") for point in reference)
    ticks = [(float(at_s), f"{at_s // 60} min") for at_s in range(0, until_s + 1, 60 if until_s <= 300 else 900)]
    return charts.svg(f"Orders standing firm in the first {until_s // 60} minutes", frame, ticks, content)


def _curve_note(outcome: Outcome) -> str:
    by_rush = max((firm for second, firm in outcome.audit.curve if second <= arrivals.RUSH_S), default=0)
    target = outcome.plan.orders * arrivals.RUSH_SHARE
    return (
        f"{by_rush:,} firm after 3 minutes of simulated time; the reference, at this size, {target:,.0f} "
        "(ring). Dashed: the curve assumed between the two reported points."
    )


def _throughput(outcome: Outcome) -> str:
    samples = outcome.samples
    points = []
    for before, after in pairwise(samples):
        seconds = max(after.wall_s - before.wall_s, 0.001)
        points.append(((before.wall_s + after.wall_s) / 2, (after.answered - before.answered) / seconds))
    until_s = samples[-1].wall_s if samples else 1.0
    frame = charts.Frame((0, until_s), charts.nice_ticks(max((rate for _, rate in points), default=1.0))[-1])
    content = charts.line(frame, points, "rate", area=True)
    content += "".join(charts.upright(frame, crash.wall_s) for crash in outcome.crashes)
    return charts.svg("Requests a second", frame, charts.even_ticks(until_s, lambda value: f"{value:g} s"), content)


def _throughput_note(outcome: Outcome) -> str:
    crashes = "Each red line is a SIGKILL. " if outcome.crashes else ""
    pushed = sum(outcome.pushed_back.values())
    return (
        f"{crashes}Over the wall's time, on loopback, {outcome.plan.connections} connections. "
        f"{outcome.sent_again:,} requests were sent again with the same key; the server pushed back {pushed:,} times."
    )


def _latency(outcome: Outcome) -> str:
    rows: dict[int, int] = {}
    for latency_s in outcome.latencies_s:
        at = int(log10(max(latency_s * 1000, 0.1)) * _BINS_A_DECADE // 1)
        rows[at] = rows.get(at, 0) + 1
    if not rows:
        return "<p>No samples.</p>"
    total = len(outcome.latencies_s)
    first, last = min(rows), max(rows) + 1
    shares = [(float(at), float(at + 1), rows.get(at, 0) / total * 100) for at in range(first, last)]
    frame = charts.Frame((first, last), charts.nice_ticks(max(share for _, _, share in shares))[-1])
    steps = (1, 2, 5) if last - first < 1.5 * _BINS_A_DECADE else (1, 3) if last - first < 3 * _BINS_A_DECADE else (1,)
    values = [step * decade for decade in (1, 10, 100, 1000, 10_000) for step in steps]
    places = [
        (log10(value) * _BINS_A_DECADE, f"{value} ms" if value < 1000 else f"{value // 1000} s") for value in values
    ]
    ticks = [(place, text) for place, text in places if first <= place <= last]
    return charts.svg("Share of answers by time, in per cent", frame, ticks, charts.bars(frame, shares, "latency"))


def _latency_note(outcome: Outcome) -> str:
    shown = [
        f"{name} {percentile(outcome.latencies_s, share) * 1000:.1f} ms"
        for name, share in (("median", 0.5), ("90 in 100", 0.9), ("99 in 100", 0.99), ("999 in 1,000", 0.999))
    ]
    return f"Per cent of {len(outcome.latencies_s):,} sampled answers, durable ones: {', '.join(shown)}."


# Tables


def _mischief(outcome: Outcome) -> str:
    rows = []
    for kind, (did, due) in DID.items():
        answers = {text: count for (of, text), count in outcome.tallies.answers.items() if of is kind}
        said = "<br>".join(f"{escape(text.replace('_', ' '))} <b>{count:,}</b>" for text, count in answers.items())
        rows.append((did, f"{outcome.visits.get(kind, 0):,}", due, said or "nothing: they never asked"))
    return _table("What went wrong on purpose", _HEAD, rows)


def _promised(outcome: Outcome) -> str:
    """What customers were told about delivery, if the launch promises any."""
    if not outcome.plan.launch.plants:
        return ""
    promised = outcome.promised
    title = "What customers were told about delivery"
    chart = _card("Weeks until delivery", promised.chart(), promised.note())
    return f'<div class="charts">{chart}</div>{_table(title, *promised.rows())}'


def _audit(outcome: Outcome) -> str:
    rows = []
    for check in outcome.audit.checks:
        examples = "".join(f"<br><small>{escape(example)}</small>" for example in check.examples)
        verdict = "yes" if check.ok else f'<b class="bad">no, {check.faults:,} times</b>'
        rows.append((escape(check.rule) + examples, verdict))
    return _table("What the audit looked at", ("another process, with a count of its own", "holds"), rows)


def _table(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    top = "".join(f"<th>{name}</th>" for name in head)
    cells = "".join(
        "<tr>" + "".join(f'<td data-name="{name}">{cell}</td>' for name, cell in zip(head, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<section><h2>{title}</h2><table><thead><tr>{top}</tr></thead><tbody>{cells}</tbody></table></section>"


def _again(outcome: Outcome) -> str:
    plan = outcome.plan
    crashes = f" --crashes {plan.crashes}" if plan.crashes else ""
    pace = "" if not plan.rate else f" --pace {pace_name(plan.rate)}"
    command = f"drumroll rehearse {plan.launch_file} --orders {plan.orders}{crashes}{pace} --seed {plan.seed}"
    return (
        f"<section><h2>Again</h2><pre>{escape(command)} --keep kept\n"
        "drumroll audit kept/orders.log --told kept/told.tsv</pre><p>The same seed draws the same customers with the "
        "same misbehaviour; how long things take, and in which order answers come, differs. Assumed, since it is not "
        "public: which trims were ordered (1 : 1/2 : 1/3 in the order of the launch file), how many customers "
        "misbehave, the shape of the curve between the two reported points, and who changes, locks, cancels and "
        "converts in the days after.</p></section>"
    )
