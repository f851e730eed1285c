"""The pictures of an outlook, drawn as those of the market's page are: 360 wide, colours from CSS (``STYLE``)."""

from __future__ import annotations

from collections.abc import Sequence

from drumroll.cli.forecast_words import rounded
from drumroll.cli.outlook_made import Played
from drumroll.cli.outlook_words import short_amount, unit_of
from drumroll.domain.money import EXPONENTS
from drumroll.market.plots import LEFT, RIGHT, ROW, WIDTH, Point, Scale, levels, nice_range, polyline, rule, svg, text
from drumroll.outlook.by_month import Figures
from drumroll.outlook.compared import Compared

STYLE = """
.bar.delivered{fill:var(--accent)}.bar.beyond{fill:var(--accent);opacity:.55}
.band.orders{fill:var(--second);opacity:.22}.line.orders{stroke:var(--second)}
.key.orders{background:var(--second)}.key.delivered{background:var(--accent)}.key.room{background:var(--ink)}
.line.room{stroke:var(--ink);stroke-width:1.25;stroke-dasharray:4 3}
.line.tone0{stroke:var(--accent)}.line.tone1{stroke:var(--second)}.line.tone2{stroke:var(--third)}
.line.tone3{stroke:var(--open)}.line.tone4{stroke:var(--good)}.line.tone5{stroke:var(--soft)}
.key.tone0{background:var(--accent)}.key.tone1{background:var(--second)}.key.tone2{background:var(--third)}
.key.tone3{background:var(--open)}.key.tone4{background:var(--good)}.key.tone5{background:var(--soft)}
.bar.revenue{fill:var(--accent)}.whisker{stroke:var(--ink);stroke-width:1.25}
.line.known-quarter{stroke:var(--second);stroke-width:1.5;stroke-dasharray:5 3}
.key.known-quarter{background:var(--second)}
.theirs{fill:var(--second);opacity:.35}.edge{stroke:var(--second);stroke-width:2}
.key.theirs{background:var(--second);opacity:.5}.ours{stroke:var(--accent);stroke-width:2.5}
.dot.ours{fill:var(--accent);stroke:none}.key.ours{background:var(--accent)}
"""
"""What these pictures need beside ``market.page_style.STYLE``."""

TONES = 6
TOP, BOTTOM = 14, 164
BEYOND = 1.25
"""An axis ends where the usual months fit; a launch month ten times as high is cut, and its number said."""


def highest(played: Sequence[Played]) -> float:
    """The end of the axis that all scenarios share: the highest of what recurs, but not of what comes once."""
    usual = [
        value
        for one in played
        for month in one.months
        for value in (month.orders.high, month.deliveries.high, month.capacity or 0)
    ]
    ranked = sorted(usual)
    return max(1.0, ranked[int(len(ranked) * 0.9)] * BEYOND)


def by_month(played: Played, most: float) -> str:
    """Deliveries by month as bars, new orders with their 80 % interval, and the plant's capacity."""
    months = played.months
    ticks = nice_range(0, most, 3)
    x, y = Scale((0.0, float(len(months))), (LEFT, WIDTH - RIGHT)), Scale((0.0, ticks[-1]), (BOTTOM, TOP))
    parts = [levels(y, ticks, rounded)]
    for at, month in enumerate(months):
        parts.append(_bar(x, y, at, month.deliveries.middle, "delivered"))
    parts.append(_band(x, y, months))
    parts.append(
        polyline(x, y, [(at + 0.5, _cut(y, month.orders.middle)) for at, month in enumerate(months)], "orders")
    )
    room = [(at + side, _cut(y, month.capacity or 0)) for at, month in enumerate(months) for side in (0.0, 1.0)]
    if not played.run.released:
        parts.append(polyline(x, y, room, "room"))
    parts += _beyond(x, y, months)
    said = f"{played.run.scenario.name}: deliveries and new orders by month"
    return svg(said, BOTTOM + 24, [*parts, *_dates(x, months, BOTTOM + 16)])


def _bar(x: Scale, y: Scale, at: int, value: int, kind: str) -> str:
    top = y.at(_cut(y, value))
    width = (x.at(at + 1) - x.at(at)) * 0.76
    left = x.at(at + 0.5) - width / 2
    kinds = f"bar {kind}" if value <= y.high else "bar beyond"
    return f'<rect class="{kinds}" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{y.at(0) - top:.1f}"/>'


def _cut(y: Scale, value: float) -> float:
    return min(float(value), y.high)


def _band(x: Scale, y: Scale, months: Sequence[Figures]) -> str:
    over = [(at + 0.5, month.orders.high) for at, month in enumerate(months)]
    under = [(at + 0.5, month.orders.low) for at, month in enumerate(months)]
    points = " ".join(f"{x.at(at):.1f},{y.at(_cut(y, value)):.1f}" for at, value in (*over, *reversed(under)))
    return f'<polygon class="band orders" points="{points}"/>'


def _beyond(x: Scale, y: Scale, months: Sequence[Figures]) -> list[str]:
    """What is cut off, said in numbers: each kind in a line of its own."""
    said = []
    for kind, name in (("orders", "ordered"), ("deliveries", "delivered")):
        values = [(at, getattr(month, kind).middle) for at, month in enumerate(months)]
        cut = [f"{rounded(value)} in {months[at].from_day:%b %y}" for at, value in values if value > y.high]
        if cut:
            said.append(f"{name}: {', '.join(cut[:2])}")
    return [text(x.at(1.3), TOP + 9 + 13 * row, each, "start note") for row, each in enumerate(said)]


def _dates(x: Scale, months: Sequence[Figures], y: float) -> list[str]:
    """The first month of each half year along the bottom."""
    step = 6 if len(months) <= 30 else 12
    return [
        text(x.at(at + 0.5), y, f"{month.from_day:%b %y}", "mid")
        for at, month in enumerate(months)
        if month.from_day.month % step == 1 and x.at(at + 0.5) < WIDTH - 18
    ]


def backlog(played: Sequence[Played]) -> str:
    """What stands undelivered at the end of each month, a line a scenario."""
    most = max((month.backlog.middle for one in played for month in one.months), default=1)
    ticks = nice_range(0, max(most, 1), 4)
    count = len(played[0].months)
    x, y = Scale((0.0, float(count)), (LEFT, WIDTH - RIGHT)), Scale((0.0, ticks[-1]), (BOTTOM, TOP))
    parts = [levels(y, ticks, rounded)]
    for number, one in enumerate(played):
        points: list[Point] = [(at + 1.0, float(month.backlog.middle)) for at, month in enumerate(one.months)]
        parts.append(polyline(x, y, [(0.0, float(one.run.opening.sum())), *points], f"tone{number % TONES}"))
    dates = _dates(x, played[0].months, BOTTOM + 16)
    return svg("Backlog at the end of each month by scenario", BOTTOM + 24, [*parts, *dates])


def revenue(played: Played, currency: str, known: tuple[str, int] | None) -> str:
    """Revenue by quarter with its 80 % interval; ``known`` is a quarter's revenue of the whole company, as a line."""
    quarters = played.quarters
    unit = revenue_unit(played, currency, known)
    scale = 10 ** EXPONENTS[currency] * unit[0]
    ticks = nice_range(0, _largest(played, known) / scale, 4)
    x, y = Scale((0.0, float(len(quarters))), (LEFT, WIDTH - RIGHT)), Scale((0.0, ticks[-1]), (BOTTOM, TOP))
    parts = [levels(y, ticks, lambda value: f"{value:g}")]
    for at, one in enumerate(quarters):
        found = one.revenue_minor
        middle, low, high = (value / scale for value in (found.middle, found.low, found.high))
        parts.append(_column(x, y, at, middle))
        parts += _whisker(x, y, at, low, high)
        place = x.at(at + 0.5)
        parts.append(text(place, y.at(max(middle, high)) - 4, _labelled(one, known, currency, unit), "mid note"))
        parts.append(text(place, BOTTOM + 15, f"Q{(one.from_day.month + 2) // 3}", "mid"))
        if at == 0 or one.from_day.month <= 3:
            parts.append(text(place, BOTTOM + 28, f"{one.from_day:%Y}", "mid"))
    if known:
        level = y.at(known[1] / scale)
        parts.append(rule(LEFT, WIDTH - RIGHT, level, level, "line known-quarter"))
    return svg(f"Revenue without VAT by quarter, {played.run.scenario.name}", BOTTOM + 34, parts)


def revenue_unit(played: Played, currency: str, known: tuple[str, int] | None) -> tuple[float, str]:
    """The unit of the axis of ``revenue``, and its name."""
    return unit_of(_largest(played, known), currency)


def _largest(played: Played, known: tuple[str, int] | None) -> int:
    return max([*(one.revenue_minor.high for one in played.quarters), *([known[1]] if known else []), 1])


def _labelled(one: Figures, known: tuple[str, int] | None, currency: str, unit: tuple[float, str]) -> str:
    """A bar's number: its share of the known quarter, or itself."""
    if known:
        return f"{100 * one.revenue_minor.middle / known[1]:.0f} %"
    return short_amount(one.revenue_minor.middle, currency, unit)


def _column(x: Scale, y: Scale, at: int, value: float) -> str:
    width = (x.at(at + 1) - x.at(at)) * 0.7
    left, top = x.at(at + 0.5) - width / 2, y.at(value)
    return f'<rect class="bar revenue" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{y.at(0) - top:.1f}"/>'


def _whisker(x: Scale, y: Scale, at: int, low: float, high: float) -> list[str]:
    if y.at(low) - y.at(high) < 1.5:
        return []
    place = x.at(at + 0.5)
    ends = [rule(place - 4, place + 4, y.at(value), y.at(value), "whisker") for value in (low, high)]
    return [rule(place, place, y.at(low), y.at(high), "whisker"), *ends]


# What others said

EDGE_LOW, EDGE_HIGH = 0.4, 1.6


def compared(rows: Sequence[Compared]) -> str:
    """Ours over theirs, a row each: theirs as a band about 100 %, ours as a dot with its 80 % interval."""
    told = [row for row in rows if row.ours is not None and not row.part and row.low]
    if not told:
        return "<p>Nothing that others said is about a time that is known here as a whole.</p>"
    ratios = [ratio for row in told for ratio in _ratios(row)]
    x = Scale((max(0.0, min(EDGE_LOW, *ratios)), max(EDGE_HIGH, *ratios)), (14, WIDTH - 16))
    height = 12 + (ROW + 16) * len(told) + 22
    ticks = [tick for tick in nice_range(x.low, x.high, 5) if x.low - 1e-9 <= tick <= x.high + 1e-9]
    parts = [rule(x.at(tick), x.at(tick), 6, height - 20, "nought" if tick == 1 else "grid") for tick in ticks]
    parts += [text(x.at(tick), height - 5, f"{100 * tick:.0f} %", "mid") for tick in ticks]
    for number, row in enumerate(told):
        parts += _row(x, 12 + (ROW + 16) * number, row)
    return svg("Our deliveries over what others said, with 80 % intervals", height, parts)


def _ratios(row: Compared) -> list[float]:
    assert row.ours is not None, "only such are shown"
    return [value / _theirs(row)[2] for value in (row.ours.low, row.ours.high)]


def _theirs(row: Compared) -> tuple[float, float, float]:
    """From, to, and what is 100 %: their middle."""
    high = row.high if row.high is not None else row.low
    middle = (row.low + high) / 2
    return row.low / middle, high / middle, middle


def _row(x: Scale, top: float, row: Compared) -> list[str]:
    assert row.ours is not None, "only such are shown"
    first, last, whole = _theirs(row)
    first, last = _open(row, x, first, last)
    y = top + 22
    band = (
        f'<rect class="theirs" x="{x.at(first):.1f}" y="{y - 6:.1f}" width="{max(2.0, x.at(last) - x.at(first)):.1f}" '
        'height="12"/>'
    )
    edges = [rule(x.at(end), x.at(end), y - 6, y + 6, "edge") for end in dict.fromkeys(_theirs(row)[:2])]
    ours = rule(x.at(row.ours.low / whole), x.at(row.ours.high / whole), y, y, "ours")
    dot = f'<circle class="dot ours" cx="{x.at(row.ours.middle / whole):.1f}" cy="{y:.1f}" r="4.5"/>'
    return [text(14, top + 10, f"{row.what} ({row.who})", "start note"), band, *edges, ours, dot]


def _open(row: Compared, x: Scale, first: float, last: float) -> tuple[float, float]:
    """Where theirs begins and ends: "more than" reaches as far as the picture, "less than" begins with it."""
    if row.relation in ("more than", "at least"):
        return first, x.high
    return (x.low, last) if row.relation == "less than" else (first, last)
