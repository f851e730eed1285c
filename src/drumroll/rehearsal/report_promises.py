"""The report on what customers were told about delivery: by trim over the hour, and on days with quotes to compare."""

from __future__ import annotations

from datetime import date, datetime, time
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from drumroll.domain.launch import Launch
from drumroll.domain.times import to_ms
from drumroll.rehearsal import charts
from drumroll.rehearsal.meter import percentile
from drumroll.rehearsal.population import offers_of, opening_ms
from drumroll.rehearsal.tallies import Tallies

Span = tuple[int, int]
"""The first and the last promised week, counted from the week in which it was said."""

REFERENCE = "yu7"
QUOTED: dict[date, dict[str, Span]] = {
    date(2025, 7, 2): {"standard": (58, 61), "pro": (51, 54), "max": (39, 42)},
    date(2025, 7, 6): {"standard": (59, 62), "pro": (53, 56), "max": (45, 48)},
}
"""The weeks that the maker of the reference launch quoted on these days."""

MARKS = (10_000, 50_000, 100_000, 200_000)
"""Orders after which the weeks are shown, beside the first and the last."""
_LINES = ("firm", "rate", "planned")


class Quoted(msgspec.Struct, frozen=True, gc=False):
    """What a quote said ``second`` seconds after the opening (``None``: nothing could be promised)."""

    second: int
    model: str
    trim: str
    weeks: Span | None


def looked_at(launch: Launch) -> dict[int, date]:
    """The seconds since the opening at which quotes are compared with those published: noon of their days."""
    if launch.id != REFERENCE or not launch.plants:
        return {}
    zone = ZoneInfo(launch.time_zone)
    noons = {day: to_ms(datetime.combine(day, time(12), zone)) for day in QUOTED}
    return {(noon_ms - opening_ms(launch)) // 1000: day for day, noon_ms in noons.items()}


class Promised:
    """What a rehearsal has to say of promises. ``curve`` is the audit's; ``quoted`` was asked in the days after."""

    def __init__(
        self,
        launch: Launch,
        figures: dict[str, int],
        curve: list[tuple[int, str, str, int, int]],
        quoted: list[Quoted],
        tallies: Tallies,
    ) -> None:
        self.launch = launch
        self.made = figures.get("promised", 0)
        self.nothing = figures.get("promised_nothing", 0)
        self.curve = curve
        self.quoted = quoted
        self.tallies = tallies
        self.trims = [(offer.model, offer.trim) for offer in offers_of(launch)]

    def marks(self) -> dict[str, int]:
        """After how many orders the weeks are shown."""
        return {"first": 1, **{f"{mark:,}": mark for mark in MARKS if mark < self.made}, "last": self.made}

    def weeks(self, of: tuple[str, str], orders: int) -> Span | None:
        """What the last order of a trim was told when so many had been made in all; before any: what the first was."""
        told = [(made, (first, last)) for made, model, trim, first, last in self.curve if (model, trim) == of]
        before = [span for made, span in told if made <= orders]
        return before[-1] if before else told[0][1] if told else None

    def quoted_on(self, day: date) -> dict[str, Span | None]:
        """What quotes of the headline's trims said on a day that was looked at."""
        second = next((at_s for at_s, one in looked_at(self.launch).items() if one == day), None)
        return {one.trim: one.weeks for one in self.quoted if one.second == second}

    def as_json(self) -> dict[str, Any]:
        """The figures for machines; empty where the launch promises nothing."""
        if not self.launch.plants:
            return {}
        tallies, marks = self.tallies, self.marks().items()
        return {
            "made": self.made,
            "nothing_promised": self.nothing,
            "warned_may_miss": tallies.warned["may"],
            "warned_will_miss": tallies.warned["will"],
            "quotes_kept": tallies.quotes["kept"],
            "quotes_later": tallies.quotes["later"],
            "quotes_earlier": tallies.quotes["earlier"],
            "terms_shown_again": dict(tallies.shown_again),
            "weeks": {"/".join(of): {name: self.weeks(of, mark) for name, mark in marks} for of in self.trims},
            "reference": {
                str(day): {"quoted": QUOTED[day], "rehearsed": self.quoted_on(day)}
                for day in looked_at(self.launch).values()
            },
        }

    # The report

    def chart(self) -> str:
        """The last promised week by trim, over the orders made."""
        lines = [self._line(of) for of in self.trims]
        highest = max((weeks for points in lines for _, weeks in points), default=1.0)
        frame = charts.Frame((0, max(1, self.made)), charts.nice_ticks(highest)[-1])
        content = ""
        for number, ((_, trim), points) in enumerate(zip(self.trims, lines, strict=True)):
            content += charts.line(frame, points, _LINES[number % len(_LINES)])
            if points:
                content += charts.mark(frame, points[-1], f"{trim} {points[-1][1]:.0f}")
        title = "The last promised week, in weeks from the order, by trim over the orders made"
        return charts.svg(title, frame, charts.even_ticks(max(1, self.made), charts.short), content)

    def _line(self, of: tuple[str, str]) -> list[charts.Point]:
        """Steps: what was told holds until something else is."""
        points: list[charts.Point] = []
        for made, model, trim, _, last in self.curve:
            if (model, trim) == of:
                points += [(float(made), points[-1][1])] if points else []
                points.append((float(made), float(last)))
        return [*points, (float(self.made), points[-1][1])] if points else []

    def note(self) -> str:
        """How many were warned, and what became of quotes."""
        quotes, latencies_s = self.tallies.quotes, sorted(self.tallies.quote_latencies_s)
        again = sum(self.tallies.shown_again.values())
        return (
            f"Weeks from the order until the end of the promised ones, over the orders made. {self._warned()}"
            f"{quotes['asked']:,} asked for a quote first ({percentile(latencies_s, 0.5) * 1000:.1f} ms, 99 in 100 "
            f"within {percentile(latencies_s, 0.99) * 1000:.1f} ms); the order was promised the same weeks "
            f"{quotes['kept']:,} times, later ones {quotes['later']:,}, earlier ones {quotes['earlier']:,} times. In "
            f"two steps of a customer, the terms were others by the second {again:,} times, and shown again."
        )

    def _warned(self) -> str:
        cliffs = "; ".join(f"{escape(cliff.name)}, until {cliff.last_day}" for cliff in self.launch.cliffs)
        if not cliffs:
            return ""
        warned = self.tallies.warned
        return (
            f"Before paying, {warned['will']:,} were told that they will miss a day that matters, and "
            f"{warned['may']:,} that they may ({cliffs}). "
        )

    def rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """The weeks by trim: the head of the table, and its rows."""
        head = ("weeks until delivery", *(escape(f"{model} {trim}") for model, trim in self.trims))
        rows = [
            (
                f"the {name} order" if name in ("first", "last") else f"after {name} orders",
                *(_span(self.weeks(of, mark)) for of in self.trims),
            )
            for name, mark in self.marks().items()
        ]
        for day in looked_at(self.launch).values():
            found, said = self.quoted_on(day), QUOTED[day]
            cells = (f"{_span(found.get(trim))} (public: {_span(said.get(trim))})" for _, trim in self.trims)
            rows.append((f"a quote on {day}", *cells))
        return head, rows


def _span(weeks: Span | None) -> str:
    return "none" if weeks is None else f"{weeks[0]}-{weeks[1]}"
