"""Plots as inline SVG, drawn 360 wide so that their text stays readable on a phone; colours come from CSS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from html import escape
from math import ceil, floor, log10

from drumroll.market.report_values import Car, GroupStudy, Report, TimeAxis, Valued
from drumroll.market.sessions import UTC_OFFSET_S
from drumroll.market.wording import window

Point = tuple[float, float]
WIDTH = 360
LEFT, RIGHT = 46, 10
HOUR_MS = 3_600_000
ROW = 19
MOST_POINTS = 600
_EXCHANGE_TIME = timezone(timedelta(seconds=UTC_OFFSET_S))


class Scale:
    """From values to places, along one axis."""

    def __init__(self, values: tuple[float, float], places: tuple[float, float]) -> None:
        self.low, self.high = values
        self.first, self.last = places

    def at(self, value: float) -> float:
        """Where a value lies."""
        span = (self.high - self.low) or 1.0
        return self.first + (value - self.low) / span * (self.last - self.first)


def nice_range(low: float, high: float, count: int = 4) -> list[float]:
    """Round values from at most ``low`` to at least ``high``, about ``count`` steps.

    >>> nice_range(56.9, 61.45)
    [56.0, 58.0, 60.0, 62.0]
    """
    largest = max(abs(low), abs(high))
    span = high - low if high - low > max(1e-9, 1e-9 * largest) else max(largest, 1.0)
    raw = span / count
    power = 10.0 ** floor(log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]


def thinned(points: Sequence[Point]) -> list[Point]:
    """At most about ``MOST_POINTS`` of them, the first and the last too."""
    step = max(1, len(points) // MOST_POINTS)
    return [*points[::step], *points[-1:]] if step > 1 else list(points)


def svg(title: str, height: float, parts: Iterable[str]) -> str:
    """A picture; ``title`` is read aloud by screen readers."""
    return f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'


def text(x: float, y: float, said: str, kind: str = "start") -> str:
    """A text; ``kind`` is its CSS class: start, mid, end, and note for what stands out."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(said)}</text>'


def polyline(x: Scale, y: Scale, points: Sequence[Point], kind: str) -> str:
    """A line through points."""
    places = " ".join(f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in points)
    return f'<polyline class="line {kind}" points="{places}"/>' if points else ""


def rule(x1: float, x2: float, y1: float, y2: float, kind: str) -> str:
    """A straight line."""
    return f'<line class="{kind}" x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}"/>'


def ring(x: float, y: float, kind: str = "") -> str:
    """A ring at a point."""
    return f'<circle class="ring {kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'


def levels(y: Scale, values: Sequence[float], said: Callable[[float], str]) -> str:
    """The grid with the values of the vertical axis."""
    return "".join(
        rule(LEFT, WIDTH - RIGHT, y.at(value), y.at(value), "grid")
        + text(LEFT - 6, y.at(value) + 3.5, said(value), "end")
        for value in values
    )


# Orders and share on one time axis


def timeline(report: Report) -> str:
    """The share's price above, the orders standing firm below, over the same hours."""
    axis = report.axis
    x = Scale((axis.from_ms, axis.to_ms), (LEFT, WIDTH - RIGHT))
    parts = [*_hours(axis, x, 292), *_share(report, x), *_orders(report, x)]
    opening = x.at(axis.opening_ms)
    if LEFT <= opening <= WIDTH - RIGHT:
        parts += [rule(opening, opening, 16, 278, "event"), text(opening + 4, 14, "sales open", "start")]
    return svg("Share price and orders standing firm on one time axis", 300, parts)


def _hours(axis: TimeAxis, x: Scale, y: float) -> list[str]:
    """The session shaded, and the hours along the bottom, in the exchange's zone."""
    left, right = (x.at(at_ms) for at_ms in axis.session)
    shade = f'<rect class="session" x="{left:.1f}" y="16" width="{max(0.0, right - left):.1f}" height="262"/>'
    return [shade, *(_along(x.at(at_ms), y, said) for at_ms, said in hour_ticks(axis.from_ms, axis.to_ms))]


def _along(x: float, y: float, said: str) -> str:
    """A text of the horizontal axis; at the right edge it ends there."""
    at_edge = x > WIDTH - 20
    return text(WIDTH if at_edge else x, y, said, "end" if at_edge else "mid")


def hour_ticks(from_ms: int, to_ms: int) -> list[tuple[int, str]]:
    """Round hours of the exchange's clock between two times, at most seven; days where it is about days."""
    hours = (to_ms - from_ms) / HOUR_MS
    step = (
        next((each for each in (1, 2, 3, 4, 6, 12, 24, 48) if hours / each <= 6), 24 * ceil(hours / 24 / 6)) * HOUR_MS
    )
    offset = UTC_OFFSET_S * 1000
    first = -(-(from_ms + offset) // step) * step - offset
    clock = "%H:%M" if step < 24 * HOUR_MS else "%d %b"
    return [
        (at, datetime.fromtimestamp(at / 1000, UTC).astimezone(_EXCHANGE_TIME).strftime(clock))
        for at in range(first, to_ms + 1, step)
    ]


def _share(report: Report, x: Scale) -> list[str]:
    axis = report.axis
    prices = [price for _, price in (*axis.prices, *((0, price) for _, price in axis.level))]
    ticks = nice_range(min(prices), max(prices))
    y = Scale((ticks[0], ticks[-1]), (150, 26))
    opens = axis.session[0]
    traded = [(float(at), price) for at, price in axis.prices if at >= opens]
    previous = float(report.day.prev_close)
    parts = [levels(y, ticks, lambda value: f"{value:g}")]
    earlier = [(float(at), price) for at, price in axis.prices if at < opens]
    parts.append(polyline(x, y, [*earlier, (opens, previous)], "before"))
    parts.append(polyline(x, y, thinned(traded), "share"))
    parts.append(text(x.at(earlier[-1][0]) + 4, y.at(previous) - 5, f"close before {previous:g}", "start"))
    for what, price in axis.level:
        parts.append(rule(x.at(opens), WIDTH - RIGHT, y.at(price), y.at(price), "level"))
        above = -4 if what == "high" else 11
        parts.append(text(x.at(opens) - 4, y.at(price) + above + 3, f"{what} {price:g}", "end"))
    shown = traded if not axis.by_the_minute else traded[-1:]
    parts += [ring(x.at(at), y.at(price)) for at, price in shown]
    if traded:
        parts.append(text(WIDTH - RIGHT, y.at(traded[-1][1]) + 15, f"{traded[-1][1]:g}", "end note"))
    return [*parts, text(0, 12, f"{report.day.code}, {report.day.currency}", "start note")]


def _orders(report: Report, x: Scale) -> list[str]:
    """The curve from the log; published points as rings, with a dashed line that claims nothing between them."""
    axis, orders = report.axis, report.orders
    points = [(float(at), float(firm)) for at, firm in orders.points if axis.from_ms <= at <= axis.to_ms]
    title = text(0, 174, "orders standing firm", "start note")
    if not points:
        return [title, text(LEFT, 225, "none are known within these hours", "start")]
    ticks = nice_range(0, max(firm for _, firm in points), 3)
    y = Scale((0, ticks[-1]), (278, 188))
    parts = [title, levels(y, ticks, short)]
    if orders.source == "published":
        rings = "".join(ring(x.at(at), y.at(firm), "published") for at, firm in points)
        labels = [
            text(x.at(points[-1][0]) + 9, y.at(points[-1][1]) + 4, f"{points[-1][1]:,.0f}, published", "start note")
        ]
        return [*parts, polyline(x, y, [(axis.opening_ms, 0.0), *points], "published"), rings, *labels]
    stepped = [
        each
        for before, after in zip([(points[0][0], 0.0), *points], points, strict=False)
        for each in ((after[0], before[1]), after)
    ]
    last = points[-1]
    kind = "end" if x.at(last[0]) > WIDTH * 0.7 else "start"
    said = text(x.at(last[0]) + (-6 if kind == "end" else 6), y.at(last[1]) - 5, f"{last[1]:,.0f}", f"{kind} note")
    return [*parts, polyline(x, y, thinned(stepped), "orders"), said]


def short(value: float) -> str:
    """A number as short as an axis needs it."""
    return f"{value / 1000:,.0f}k" if value >= 10_000 else f"{value:,.0f}"


# The basket


def window_name(first: int, last: int) -> str:
    """A window in words: the session itself, or from and to."""
    return f"session {window(first, last)}" if first == last else f"sessions {window(first, last)}"


def forest(studies: Sequence[GroupStudy], column: int) -> str:
    """Each firm's CAR over a tested window with its 95 % interval; hollow where a price limit was met."""
    rows = [(study, firm, firm.cars[column]) for study in studies for firm in study.firms if column < len(firm.cars)]
    known = [each for _, _, each in rows if each.car is not None]
    if not known:
        return "<p>No firm has a CAR over this window.</p>"
    ticks = nice_range(
        min(0.0, *(_low(each) for each in known)) * 100, max(0.0, *(_high(each) for each in known)) * 100
    )
    height = 14 + ROW * len(rows) + 24
    x = Scale((ticks[0], ticks[-1]), (76, WIDTH - 14))
    parts = [rule(x.at(tick), x.at(tick), 6, height - 22, "nought" if tick == 0 else "grid") for tick in ticks]
    parts += [_along(x.at(tick), height - 6, f"{tick:+g} %" if tick else "0") for tick in ticks]
    for number, (study, firm, car) in enumerate(rows):
        parts += _firm(x, 14 + ROW * number + ROW / 2 - 4, (firm.code, study.group), car, limited=firm.limited)
    return svg(f"CAR of each firm with its 95 % interval, {window_name(known[0].first, known[0].last)}", height, parts)


def _low(car: Car) -> float:
    return car.low if car.low is not None else 0.0


def _high(car: Car) -> float:
    return car.high if car.high is not None else 0.0


def _firm(x: Scale, y: float, names: tuple[str, str], car: Car, *, limited: bool) -> list[str]:
    code, group = names
    said = [text(70, y + 3.5, code, "end note")]
    if car.car is None:
        return [*said, text(x.at(0) + 4, y + 3.5, "no return", "start")]
    kind = f"{group} limited" if limited else group
    bar = rule(x.at(_low(car) * 100), x.at(_high(car) * 100), y, y, f"interval {group}")
    return [*said, bar, f'<circle class="firm {kind}" cx="{x.at(car.car * 100):.1f}" cy="{y:.1f}" r="4"/>']


def paths(studies: Sequence[GroupStudy]) -> str:
    """The average abnormal returns of each group, added up over the event window."""
    lines = {
        f"{study.group} ({study.exchange})": (
            study.group,
            [(float(at), each * 100) for at, each in study.path if each is not None],
        )
        for study in studies
        if len(study.path) > 1
    }
    every = [point for _, points in lines.values() for point in points]
    if not every:
        return "<p>The event window is one session.</p>"
    ticks = nice_range(min(0.0, *(value for _, value in every)), max(0.0, *(value for _, value in every)))
    x = Scale((min(at for at, _ in every), max(at for at, _ in every)), (LEFT, WIDTH - RIGHT))
    y = Scale((ticks[0], ticks[-1]), (196, 14))
    parts = [levels(y, ticks, lambda value: f"{value:+g} %" if value else "0")]
    parts += [rule(x.at(0), x.at(0), 14, 196, "event")]
    parts += [polyline(x, y, points, group) for group, points in lines.values()]
    parts += [
        text(x.at(at), 212, f"{at:+g}" if at else "0", "mid")
        for at in range(int(x.low), int(x.high) + 1)
        if at % max(1, ceil((x.high - x.low) / 8)) == 0
    ]
    return svg("Average abnormal returns of each group, added up", 218, parts)


# Market value


def value_line(values: Sequence[Valued]) -> str:
    """Market value (or the close, without shares) at the close of each session."""
    valued = all(each.market_value is not None for each in values)
    at = [float(each.session.toordinal()) for each in values]
    points = [
        (day, each.market_value / 1e9 if valued and each.market_value is not None else each.close)
        for day, each in zip(at, values, strict=True)
    ]
    ticks = nice_range(min(value for _, value in points), max(value for _, value in points))
    x, y = Scale((at[0], at[-1]), (LEFT, WIDTH - RIGHT)), Scale((ticks[0], ticks[-1]), (176, 14))
    parts = [levels(y, ticks, lambda value: f"{value:,g}"), polyline(x, y, points, "share")]
    parts += [
        text(LEFT, 194, str(values[0].session), "start"),
        text(WIDTH - RIGHT, 194, str(values[-1].session), "end"),
    ]
    return svg("Market value at the close" if valued else "Close", 200, parts)
