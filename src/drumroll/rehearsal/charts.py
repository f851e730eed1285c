"""Charts as inline SVG, drawn 360 wide so that their text stays readable on a phone; colours come from CSS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from math import ceil, floor, log10

Point = tuple[float, float]

WIDTH, HEIGHT = 360, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 14, 34
_TICKS = 4


class Frame:
    """The plane of a chart: from values to places in the picture."""

    def __init__(self, x: tuple[float, float], y_to: float) -> None:
        self.x_from, self.x_to = x
        self.y_to = y_to or 1.0

    def at_x(self, value: float) -> float:
        """Where a value lies from left to right."""
        span = (self.x_to - self.x_from) or 1.0
        return _LEFT + (value - self.x_from) / span * (WIDTH - _LEFT - _RIGHT)

    def at_y(self, value: float) -> float:
        """Where a value lies from top to bottom."""
        return HEIGHT - _BOTTOM - value / self.y_to * (HEIGHT - _TOP - _BOTTOM)


def nice_ticks(upper: float, count: int = _TICKS) -> list[float]:
    """Round values from 0 to ``upper`` or just above it, about ``count`` of them."""
    if upper <= 0:
        return [0.0, 1.0]
    raw = upper / count
    power = 10.0 ** floor(log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    return [step * number for number in range(ceil(upper / step - 0.001) + 1)]


def short(value: float) -> str:
    """A number as short as an axis needs it."""
    if value >= 10_000:
        return f"{value / 1000:,.0f}k"
    return f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:.1f}"


def svg(title: str, frame: Frame, x_ticks: list[tuple[float, str]], content: str) -> str:
    """A chart with its axes; ``title`` is read aloud by screen readers."""
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">']
    for value in nice_ticks(frame.y_to):
        y = frame.at_y(value)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="end" x="{_LEFT - 6}" y="{y + 3.5:.1f}">{short(value)}</text>')
    for value, text in x_ticks:
        x = frame.at_x(value)
        anchor = "end" if x > WIDTH - _RIGHT - 12 else "mid"
        parts.append(f'<text class="{anchor}" x="{x:.1f}" y="{HEIGHT - 16}">{escape(text)}</text>')
    return "".join((*parts, content, "</svg>"))


def line(frame: Frame, points: Sequence[Point], name: str, *, area: bool = False) -> str:
    """A line through the points, with the area under it if asked for."""
    if not points:
        return ""
    places = " ".join(f"{frame.at_x(x):.1f},{frame.at_y(y):.1f}" for x, y in points)
    drawn = f'<polyline class="line {name}" points="{places}"/>'
    if not area:
        return drawn
    floor_y = frame.at_y(0)
    first, last = frame.at_x(points[0][0]), frame.at_x(points[-1][0])
    return f'<polygon class="area {name}" points="{first:.1f},{floor_y} {places} {last:.1f},{floor_y}"/>{drawn}'


def stack(frame: Frame, xs: Sequence[float], layers: Sequence[tuple[str, Sequence[float]]]) -> str:
    """Areas one upon the other, the first at the bottom; each is named for the style."""
    drawn = []
    below = [0.0] * len(xs)
    for name, heights in layers:
        above = [low + height for low, height in zip(below, heights, strict=True)]
        edge = [f"{frame.at_x(x):.1f},{frame.at_y(y):.1f}" for x, y in zip(xs, above, strict=True)]
        back = [f"{frame.at_x(x):.1f},{frame.at_y(y):.1f}" for x, y in zip(xs, below, strict=True)]
        drawn.append(f'<polygon class="layer {name}" points="{" ".join((*edge, *reversed(back)))}"/>')
        below = above
    return "".join(drawn)


def mark(frame: Frame, point: Point, text: str, *, above: bool = False) -> str:
    """A ring at a point with a text beside it, below or above."""
    x, y = frame.at_x(point[0]), frame.at_y(point[1])
    right = x > WIDTH * 0.75
    offset = -9 if right else 9
    anchor = "end" if right else "start"
    return (
        f'<circle class="ring" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'
        f'<text class="{anchor} note" x="{x + offset:.1f}" y="{y - 9 if above else y + 15:.1f}">{escape(text)}</text>'
    )


def upright(frame: Frame, x: float) -> str:
    """A vertical line, for something that happened."""
    at = frame.at_x(x)
    return f'<line class="crash" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}"/>'


def bars(frame: Frame, rows: Sequence[tuple[float, float, float]], name: str) -> str:
    """Bars, each from x to x with a height."""
    drawn = []
    for left, right, height in rows:
        x, y = frame.at_x(left), frame.at_y(height)
        size = f'width="{max(0.5, frame.at_x(right) - x - 1):.1f}" height="{max(0.0, frame.at_y(0) - y):.1f}"'
        drawn.append(f'<rect class="bar {name}" x="{x + 0.5:.1f}" y="{y:.1f}" {size} rx="1"/>')
    return "".join(drawn)


def even_ticks(upper: float, text: Callable[[float], str]) -> list[tuple[float, str]]:
    """Round values along the horizontal axis, with their texts, none beyond its end."""
    return [(value, text(value)) for value in nice_ticks(upper) if value <= upper * 1.001]
