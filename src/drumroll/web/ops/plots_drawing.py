"""How plots look: matplotlib's SVG, calm, in the pages' colours and fonts. Loaded by the process that draws alone.

Text stays text (it is read in the page's fonts, and found by whoever searches), and no element has a ``style``: what
matplotlib writes there is moved into attributes, so that a plot needs no ``unsafe-inline`` wherever it is shown.
"""

from __future__ import annotations

import io
import warnings
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from drumroll.web.ops.plots import AnyPlot, Bars, Fan, Lines, Size, Sums, Theme

FONTS = (
    "Inter, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', "
    "Arial, system-ui, sans-serif"
)
SVG = "http://www.w3.org/2000/svg"
POINTS_AN_INCH = 72
SIZES: dict[Size, tuple[float, float]] = {"wide": (900, 330), "narrow": (360, 320)}
LABELS: dict[Size, int] = {"wide": 9, "narrow": 4}
TEXT, TITLE, ROW = 12.5, 14.5, 20.0
WIDE_EM, NARROW_EM = 1.02, 0.56
"""Widths of a character in its font's size: of Han, and of others. Nobody knows which font a reader has."""
STYLES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)), (0, (9, 3)))


class Palette:
    """The colours of a theme; the series' can be told apart by those who see few colours (Okabe and Ito, 2008)."""

    def __init__(self, theme: Theme) -> None:
        dark = theme == "dark"
        self.ground, self.ink = ("#14191e", "#f5f3ee") if dark else ("#ffffff", "#14181b")
        self.soft, self.line = ("#aab3ba", "#2f373f") if dark else ("#545c63", "#e2dfd7")
        self.series = (
            ("#3ddc97", "#ffb46b", "#7db7ff", "#e39bdc", "#e6d46a")
            if dark
            else ("#00663f", "#b35900", "#1f5fae", "#8a2d7f", "#6b5d00")
        )
        self.pale = "#23624a" if dark else "#8fbfa8"
        self.bands = ("#173528", "#1e5540", "#277857") if dark else ("#dcefe5", "#b5dcc8", "#86c3a5")

    def of(self, number: int) -> str:
        """The colour of a series."""
        return self.series[number % len(self.series)]


class Entry:
    """One entry of the legend."""

    def __init__(self, name: str, colour: str, style: Any = None) -> None:
        self.name, self.colour, self.style = name, colour, style


def draw(plot: AnyPlot, theme: Theme, size: Size) -> bytes:
    """The plot as SVG, always the same for the same plot."""
    width, height = SIZES[size]
    if isinstance(plot, Sums):
        height = max(120.0, 80 + 26.0 * len(plot.x))
    palette = Palette(theme)
    # parse_math: a text with two dollars in it is two amounts, not a formula.
    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": "drumroll", "text.parse_math": False, "font.size": TEXT}
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # fonts that the reader has, and this machine may not
        figure = Figure(figsize=(width / POINTS_AN_INCH, height / POINTS_AN_INCH), facecolor=palette.ground)
        axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
        _plain(axes, palette)
        entries = _content(axes, plot, palette)
        top = _heading(figure, plot, entries, palette)
        _place(figure, axes, plot, top, size)
        written = io.BytesIO()
        nothing: Any = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        FigureCanvasSVG(figure).print_svg(written, metadata=nothing)  # type: ignore[no-untyped-call]
    return _clean(written.getvalue(), plot.title)


def _content(axes: Axes, plot: AnyPlot, palette: Palette) -> list[Entry]:
    match plot:
        case Lines():
            return _lines(axes, plot, palette)
        case Bars():
            return _bars(axes, plot, palette)
        case Sums():
            return _sums(axes, plot, palette)
        case Fan():
            return _fan(axes, plot, palette)


def _lines(axes: Axes, plot: Lines, palette: Palette) -> list[Entry]:
    entries = []
    for number, one in enumerate(plot.lines):
        entry = Entry(one.name, palette.of(number), STYLES[number % len(STYLES)])
        axes.plot(
            range(len(plot.x)), _floats(one.values), color=entry.colour, ls=entry.style, lw=2, gid=f"line-{number}"
        )
        entries.append(entry)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.set_xlim(0, max(1, len(plot.x) - 1))
    return entries if len(entries) > 1 or entries[0].name != plot.title else []


def _bars(axes: Axes, plot: Bars, palette: Palette) -> list[Entry]:
    frozen = plot.frozen or (False,) * len(plot.x)
    colours = [palette.pale if pale else palette.of(0) for pale in frozen]
    for number, bar in enumerate(axes.bar(range(len(plot.x)), _floats(plot.planned.values), 0.78, color=colours)):
        bar.set_gid(f"bar-{number}")
    entries = [Entry(plot.planned.name, palette.of(0))]
    entries += [Entry(plot.frozen_name, palette.pale)] if plot.frozen_name else []
    if plot.capacity is not None:
        places = [place + side for place in range(len(plot.x)) for side in (-0.5, 0.5)]
        steps = [value for value in _floats(plot.capacity.values) for _ in (0, 1)]
        axes.plot(places, steps, color=palette.of(1), lw=2, gid="capacity")
        entries.append(Entry(plot.capacity.name, palette.of(1), "-"))
    axes.set_xlim(-0.6, len(plot.x) - 0.4)
    return entries


def _sums(axes: Axes, plot: Sums, palette: Palette) -> list[Entry]:
    for number, bar in enumerate(axes.barh(range(len(plot.x)), _floats(plot.sums.values), 0.62, color=palette.of(0))):
        bar.set_gid(f"bar-{number}")
    axes.set_yticks(range(len(plot.x)), plot.x)
    axes.invert_yaxis()
    axes.axvline(0, color=palette.soft, lw=0.9)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=palette.line, lw=0.8)
    return []


def _fan(axes: Axes, plot: Fan, palette: Palette) -> list[Entry]:
    places, entries = range(len(plot.x)), []
    for number, band in enumerate(plot.bands):
        colour = palette.bands[number % len(palette.bands)]
        axes.fill_between(places, band.low, band.high, color=colour, lw=0, gid=f"band-{number}")
        entries.append(Entry(band.name, colour))
    axes.plot(places, _floats(plot.middle.values), color=palette.of(0), lw=2.2, gid="middle")
    entries.insert(0, Entry(plot.middle.name, palette.of(0), "-"))
    if plot.known is not None:
        axes.plot(places, _floats(plot.known.values), color=palette.ink, lw=0, marker="o", ms=4, gid="known")
        entries.insert(1, Entry(plot.known.name, palette.ink, "o"))
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.set_xlim(0, max(1, len(plot.x) - 1))
    return entries


def _floats(values: tuple[float | None, ...]) -> list[float]:
    return [float("nan") if value is None else float(value) for value in values]


# Around the content


def _plain(axes: Axes, palette: Palette) -> None:
    axes.set_facecolor(palette.ground)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(palette.line)
    axes.tick_params(colors=palette.soft, length=0, pad=6)
    axes.set_axisbelow(True)
    axes.grid(visible=True, axis="y", color=palette.line, lw=0.8)


def _heading(figure: Figure, plot: AnyPlot, entries: list[Entry], palette: Palette) -> float:
    """Title, unit, legend; how many points of height they take."""
    width, height = (side * POINTS_AN_INCH for side in figure.get_size_inches())

    def text(x: float, down: float, what: str, **how: Any) -> None:
        figure.text(x / width, 1 - down / height, what, va="baseline", **how)

    text(10, 22, plot.title, size=TITLE, weight="bold", color=palette.ink)
    down = 22.0
    if plot.unit:
        down += ROW
        text(10, down, plot.unit, color=palette.soft)
    x, down = 10.0, down + (ROW if entries else 0)
    for entry in entries:
        wide = 30 + width_of(entry.name)
        if x > 10 and x + wide > width - 4:
            x, down = 10.0, down + ROW
        _sign(figure, entry, (x / width, 1 - (down - 4) / height), (18 / width, 10 / height))
        text(x + 24, down, entry.name, color=palette.ink)
        x += wide + 14
    return down + 14


def _sign(figure: Figure, entry: Entry, at: tuple[float, float], size: tuple[float, float]) -> None:
    (x, y), (wide, high) = at, size
    if entry.style is None:
        figure.add_artist(Rectangle((x, y - high / 2), wide, high, color=entry.colour, transform=figure.transFigure))
    elif entry.style == "o":
        figure.add_artist(Line2D([x + wide / 2], [y], color=entry.colour, marker="o", ms=5, lw=0))
    else:
        figure.add_artist(Line2D([x, x + wide], [y, y], color=entry.colour, lw=2.2, ls=entry.style))


def width_of(text: str, size: float = TEXT) -> float:
    """How wide a text is, in points, about: the reader's font is not known."""
    return size * sum(WIDE_EM if ord(sign) > 0x2E7F else NARROW_EM for sign in text)


def _place(figure: Figure, axes: Axes, plot: AnyPlot, top: float, size: Size) -> None:
    """Numbers and labels at the axes, and as much room as they take."""
    width, height = (side * POINTS_AN_INCH for side in figure.get_size_inches())
    value_axis = axes.xaxis if isinstance(plot, Sums) else axes.yaxis
    value_axis.set_major_locator(MaxNLocator(3 if size == "narrow" else 5, steps=[1, 2, 2.5, 5, 10]))
    shown = [number_text(tick) for tick in value_axis.get_majorticklocs()]
    value_axis.set_major_formatter(FuncFormatter(lambda value, _: number_text(value)))
    if isinstance(plot, Sums):
        left = min(width * 0.5, max(map(width_of, plot.x), default=0.0) + 18)
    else:
        left = max(map(width_of, shown), default=0.0) + 16
        _labels(axes, plot.x, LABELS[size])
    right, bottom = 22.0, 32.0
    axes.set_position((left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height))


def _labels(axes: Axes, x: tuple[str, ...], most: int) -> None:
    """A label where there is one, and only so many."""
    named = [at for at, label in enumerate(x) if label]
    step = -(-len(named) // most) if named else 1
    taken = named[::step]
    axes.set_xticks(taken, [x[at] for at in taken])


def number_text(value: float) -> str:
    """A number at an axis: with as many decimals as it has, at most three."""
    text = f"{value:,.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "\N{MINUS SIGN}")


def _clean(svg: bytes, title: str) -> bytes:
    """Without styles and remarks; with a title that is read aloud."""
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        for declared in element.attrib.pop("style", "").split(";"):
            name, colon, value = declared.partition(":")
            if colon:
                element.set(name.strip(), FONTS if name.strip() == "font-family" else value.strip())
        for kind in ("metadata", "style"):
            for child in element.findall(f"{{{SVG}}}{kind}"):
                element.remove(child)
    for defs in root.findall(f"{{{SVG}}}defs"):
        if not len(defs):
            root.remove(defs)
    # What matplotlib's style sheet says of everything is inherited from here.
    root.attrib |= {"stroke-linejoin": "round", "stroke-linecap": "butt", "role": "img"}
    named = ElementTree.Element(f"{{{SVG}}}title")
    named.text = title
    root.insert(0, named)
    return ElementTree.tostring(root)
