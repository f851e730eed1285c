"""Plots as SVG: what is plotted, as values; and the one process beside the server that draws them.

Drawing takes a tenth of a second, and the library that does it takes a second to load: neither may keep an order
waiting. So it happens in a process of its own, which starts when the first plot is asked for. What was drawn is kept,
by its content. docs/decisions/0027-plots-are-matplotlib-svg.md says why it is done on the server at all.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections import OrderedDict
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import TimeoutError as DrawnTooLong
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context, parent_process
from typing import Literal

import msgspec

from drumroll.web.problems import Problem

POINTS_LIMIT, SERIES_LIMIT, TEXT_LIMIT = 2_000, 12, 200
KEPT = 128
"""Plots that are kept drawn; one takes 10 to 40 kB."""
DRAWN_WITHIN_S = 30.0
NICE = 10
ATTEMPTS = 2

Theme = Literal["light", "dark"]
Size = Literal["wide", "narrow"]
Key = tuple[bytes, Theme, Size]


class Series(msgspec.Struct, frozen=True):
    """Numbers with a name; ``None`` is a gap."""

    name: str
    values: tuple[float | None, ...]


class Band(msgspec.Struct, frozen=True):
    """What lies between two series of numbers, with a name."""

    name: str
    low: tuple[float, ...]
    high: tuple[float, ...]


class Plot(msgspec.Struct, frozen=True):
    """What all plots have, in the reader's language: a title, the unit of what goes up, a label a place (or none)."""

    title: str
    unit: str
    x: tuple[str, ...]


class Lines(Plot, frozen=True, tag="lines"):
    """Lines over the same places."""

    lines: tuple[Series, ...]


class Bars(Plot, frozen=True, tag="bars"):
    """A bar a place, and over it a step for what there is; the ``frozen`` places are paler, and named so."""

    planned: Series
    capacity: Series | None = None
    frozen: tuple[bool, ...] = ()
    frozen_name: str = ""


class Sums(Plot, frozen=True, tag="sums"):
    """A bar a name, lying: long names have room, and what is below zero goes to the left."""

    sums: Series


class Fan(Plot, frozen=True, tag="fan"):
    """A middle, and bands around it, the widest first; ``known``: what came so far."""

    middle: Series
    bands: tuple[Band, ...]
    known: Series | None = None


AnyPlot = Lines | Bars | Sums | Fan


def lines(title: str, unit: str, x: tuple[str, ...], series: dict[str, tuple[float | None, ...]]) -> Lines:
    """Lines by their names."""
    return Lines(title, unit, x, tuple(Series(name, values) for name, values in series.items()))


def bars_with_capacity(
    title: str, unit: str, x: tuple[str, ...], planned: Series, capacity: Series, frozen: tuple[bool, ...], name: str
) -> Bars:
    """Weeks: what is planned against what there is. ``name``: what the frozen weeks are called."""
    return Bars(title, unit, x, planned, capacity, frozen, name if any(frozen) else "")


def fan(
    title: str, unit: str, x: tuple[str, ...], middle: Series, bands: tuple[Band, ...], known: Series | None = None
) -> Fan:
    """A forecast: its middle, and how sure it is."""
    return Fan(title, unit, x, middle, bands, known)


def series_of(plot: AnyPlot) -> list[tuple[float | None, ...]]:
    """All the numbers of a plot, series by series."""
    match plot:
        case Lines():
            return [one.values for one in plot.lines]
        case Bars():
            return [plot.planned.values, *([plot.capacity.values] if plot.capacity else [])]
        case Sums():
            return [plot.sums.values]
        case Fan():
            bands = [side for one in plot.bands for side in (one.low, one.high)]
            return [plot.middle.values, *bands, *([plot.known.values] if plot.known else [])]


def check(plot: AnyPlot) -> None:
    """Raises ``ValueError`` for a plot with too much in it, or whose series are not as long as its labels."""
    found = series_of(plot)
    if len(plot.x) > POINTS_LIMIT or len(found) > SERIES_LIMIT:
        allowed = f"{POINTS_LIMIT} places, {SERIES_LIMIT} series"
        raise ValueError(f"plot: found {len(plot.x)} places, {len(found)} series; allowed: {allowed}")
    if any(len(values) != len(plot.x) for values in found):
        raise ValueError(f"plot: found series of {[len(one) for one in found]} numbers; allowed: {len(plot.x)} each")
    if any(len(text) > TEXT_LIMIT for text in (plot.title, plot.unit, *plot.x)):
        raise ValueError(f"plot: a text has more than {TEXT_LIMIT} characters")


class Plots:
    """Draws plots, one after the other, in a process of its own that is started again if it dies."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._drawn: OrderedDict[Key, bytes] = OrderedDict()

    async def svg(self, plot: AnyPlot, theme: Theme = "light", size: Size = "wide") -> bytes:
        """The plot as a file. Raises ``Problem`` if it can't be drawn now."""
        check(plot)
        key: Key = (msgspec.msgpack.encode(plot), theme, size)
        found = self._drawn.get(key)
        if found is None:
            # A thread waits for the process; the event loop goes on with orders.
            found = await asyncio.to_thread(self._draw, key)
            self._drawn[key] = found
            while len(self._drawn) > KEPT:
                self._drawn.popitem(last=False)
        else:
            self._drawn.move_to_end(key)
        return found

    @property
    def pids(self) -> list[int]:
        """The process that draws; none before the first plot."""
        return list(self._pool._processes) if self._pool is not None else []

    def close(self) -> None:
        """End the process."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _draw(self, key: Key) -> bytes:
        for _ in range(ATTEMPTS):
            pool = self._started()
            try:
                return pool.submit(drawn, *key).result(DRAWN_WITHIN_S)
            except (BrokenProcessPool, DrawnTooLong, RuntimeError):
                self._end(pool)
        raise Problem("internal_error", "The plot can't be drawn now; the table beside it has the same numbers.")

    def _started(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_begin)
            return self._pool

    def _end(self, pool: ProcessPoolExecutor) -> None:
        """Of a process that died or hangs."""
        with self._lock:
            if self._pool is pool:
                self._pool = None
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)


# In the process that draws


def drawn(plot: bytes, theme: Theme, size: Size) -> bytes:
    """The SVG of a plot. Only here is the library loaded that draws it."""
    from drumroll.web.ops.plots_drawing import draw

    decoded: AnyPlot = msgspec.msgpack.decode(plot, type=AnyPlot)
    return draw(decoded, theme, size)


def _begin() -> None:
    """Orders come first; and whoever ends the server, however that is done, ends this."""
    with suppress(OSError):
        os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_server, daemon=True).start()


def _end_with_the_server() -> None:
    server = parent_process()
    assert server is not None, "it was started by a server"
    server.join()
    os._exit(0)
