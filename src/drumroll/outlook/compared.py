"""What others said of deliveries, held against a scenario: by how much we differ, and why.

Ours only knows the launch file (or a log) and its calendar. Where a period begins before the opening, that is said and
not hidden in a difference. The reasons are found by rule, from the figures alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

import msgspec

from drumroll.domain.launch_outlook import OutlookFigure
from drumroll.domain.weeks import monday
from drumroll.outlook.by_month import Range, chosen, deliveries_between, limited_by, most_between
from drumroll.outlook.scenarios import (
    Run,
    cancelled_until,
    closed_in,
    delivered_until,
    lead_days,
    ordered_until,
    past_deliveries,
)

Verdict = Literal["agrees", "above", "below", "not comparable", "before the launch", "after the outlook"]
CLOSE_PERCENT = 5.0
"""So close, a figure that is nothing but a number agrees; "about" is given twice that."""

LEAST_PERCENT = 10
"""Of a period of which less is known here, nothing is said."""

LEAST_DAYS = 7
"""What the calendar lacks at the beginning of a period is worth a word if it is a day or more, up to so many."""


class Compared(msgspec.Struct, frozen=True):
    """A published figure beside ours, in cars (a month, if ``per`` says so).

    ``ours`` is ``None`` where nothing of the period is known here. ``difference_percent``: ours beyond the nearest end
    of theirs, 0 within. ``part``: only a part of the period is known, and ours is of that part. ``most``: what the
    plants allow in that part. ``passed``: the period was over at the outlook's moment.
    """

    id: str
    what: str
    who: str
    from_day: date
    until_day: date
    low: int
    high: int | None
    relation: str
    per: str
    scenario: str
    ours: Range | None
    difference_percent: float | None
    verdict: Verdict
    why: tuple[str, ...]
    part: bool
    most: int | None
    passed: bool


def compared(runs: Sequence[Run]) -> tuple[Compared, ...]:
    """Every published figure against the scenario that it is about (the first, if it says nothing)."""
    basis = runs[0].basis
    outlook = basis.launch.outlook
    by_id = {run.scenario.id: run for run in runs}
    figures = () if outlook is None else outlook.published
    return tuple(
        _compared(by_id.get(figure.scenario or "", runs[0]), figure, figures)
        for figure in figures
        if figure.scenario is None or figure.scenario in by_id
    )


def _compared(run: Run, figure: OutlookFigure, figures: Sequence[OutlookFigure]) -> Compared:
    known = _known(run, figure)
    ours, most = (None, None) if known is None else (_per(run, figure, known), _most(run, figure, known))
    part = known is not None and known != (figure.from_day, figure.until_day)
    verdict, difference = _verdict(figure, ours, part=part) if ours is not None else (_outside(run, figure), None)
    if known is None or ours is None:
        why: tuple[str, ...] = (_unknown(run, figure),)
    else:
        why = tuple(_why(_Case(run, figure, figures, *known, ours, most or 0, verdict)))
    passed = run.basis.calendar.starts_ms(figure.until_day.toordinal()) <= run.basis.at_ms
    if passed and not run.basis.from_log:
        why = (*why, "The period is over: what came is known from what was published alone, there is no log of it.")
    return Compared(
        **{name: getattr(figure, name) for name in ("id", "what", "who", "from_day", "until_day", "low", "high")},
        relation=figure.relation,
        per=figure.per,
        scenario=run.scenario.id,
        ours=ours,
        difference_percent=difference,
        verdict=verdict,
        why=why,
        part=part,
        most=None if run.released else most,
        passed=passed,
    )


def _known(run: Run, figure: OutlookFigure) -> tuple[date, date] | None:
    """What of the period is known here: from the opening to the end of the months."""
    first = max(figure.from_day, run.basis.opens)
    until = min(figure.until_day, run.basis.calendar.months[-1].until_day)
    whole = (figure.until_day - figure.from_day).days
    return (first, until) if (until - first).days * 100 >= LEAST_PERCENT * whole else None


def _unknown(run: Run, figure: OutlookFigure) -> str:
    if _outside(run, figure) == "after the outlook":
        return f"It lies after the {len(run.basis.calendar.months)} months of this outlook: ask for more --months."
    return f"It lies before the opening ({run.basis.opens}): we only know what comes from then on."


def _per(run: Run, figure: OutlookFigure, known: tuple[date, date]) -> Range:
    found = deliveries_between(run, known[0].toordinal(), known[1].toordinal(), figure.models)
    many = _many(figure, known)
    return Range(round(found.middle / many), round(found.low / many), round(found.high / many))


def _most(run: Run, figure: OutlookFigure, known: tuple[date, date]) -> int:
    whole = most_between(run, known[0].toordinal(), known[1].toordinal(), figure.models)
    return round(whole / _many(figure, known))


def _many(figure: OutlookFigure, known: tuple[date, date]) -> float:
    """How many months are known, if the figure is a month's; whole months count as one each."""
    if figure.per == "period":
        return 1.0
    return sum(_month_share(known, year * 12 + month) for year, month in _months_of(known))


def _months_of(known: tuple[date, date]) -> Iterator[tuple[int, int]]:
    for number in range(known[0].year * 12 + known[0].month - 1, known[1].year * 12 + known[1].month):
        yield number // 12, number % 12


def _month_share(known: tuple[date, date], number: int) -> float:
    first, until = (date(at // 12, at % 12 + 1, 1) for at in (number, number + 1))
    return max(0, (min(known[1], until) - max(known[0], first)).days) / (until - first).days


# Verdicts


def _outside(run: Run, figure: OutlookFigure) -> Verdict:
    return "after the outlook" if figure.until_day > run.basis.calendar.months[-1].until_day else "before the launch"


def _verdict(figure: OutlookFigure, ours: Range, *, part: bool) -> tuple[Verdict, float]:
    low, high = _ends(figure)
    nearest = (
        low if low is not None and ours.middle < low else high if high is not None and ours.middle > high else None
    )
    difference = 0.0 if not nearest else 100 * (ours.middle - nearest) / nearest
    if part:
        return "not comparable", difference
    within = CLOSE_PERCENT * (2 if figure.relation == "about" else 1) if figure.relation in ("is", "about") else 0.0
    if abs(difference) <= within or _overlap(ours, low, high):
        return "agrees", difference
    return ("above" if difference > 0 else "below"), difference


def _ends(figure: OutlookFigure) -> tuple[int | None, int | None]:
    """From where to where the figure reaches; ``None``: as far as one likes."""
    if figure.relation in ("more than", "at least"):
        return figure.low + (figure.relation == "more than"), None
    if figure.relation == "less than":
        return None, (figure.high or figure.low) - 1
    return figure.low, figure.high or figure.low


def _overlap(ours: Range, low: int | None, high: int | None) -> bool:
    """Whether our interval reaches theirs; where nothing is random, ours is a point."""
    return (low is None or ours.high >= low) and (high is None or ours.low <= high)


# Why


class _Case(msgspec.Struct, frozen=True):
    """A figure with what is known of its period."""

    run: Run
    figure: OutlookFigure
    figures: Sequence[OutlookFigure]
    from_day: date
    until_day: date
    ours: Range
    most: int
    verdict: Verdict

    @property
    def days(self) -> tuple[int, int]:
        """What is known of the period, as ordinals."""
        return self.from_day.toordinal(), self.until_day.toordinal()

    @property
    def short_of(self) -> int:
        """How far the least that they say is above what the plants allow; 0 or less: it is not."""
        low, _ = _ends(self.figure)
        return 0 if low is None or self.run.released else low - self.most

    @property
    def begun(self) -> bool:
        """Whether a part of the period is past, and known from a log: no calendar limits what was delivered."""
        return self.run.basis.from_log and self.days[0] < self.run.basis.calendar.edges[0]


def _why(case: _Case) -> Iterator[str]:
    figure = case.figure
    if case.verdict == "agrees" and figure.relation in ("more than", "at least", "less than"):
        yield f'"{figure.relation} {figure.low:,}" holds.'
    elif case.verdict == "agrees" and not _within(case):
        yield "Our interval reaches theirs."
    if case.until_day < figure.until_day:
        yield f"It goes on after the months of this outlook, which end before {case.until_day}."
    if case.from_day > figure.from_day:
        yield from _before(case)
    elif case.verdict != "agrees":
        yield from _of_log(case)
        yield from _limits(case)
        yield from _closed(case)
        yield from _beginning(case)


def _within(case: _Case) -> bool:
    """Whether the central case alone agrees."""
    middle = case.ours.middle
    return _verdict(case.figure, Range(middle, middle, middle), part=False)[0] == "agrees"


def _before(case: _Case) -> Iterator[str]:
    """What the part before the opening would have to be, and what was published of it."""
    opens, figure = case.run.basis.opens, case.figure
    yield f"It begins before the opening: what was delivered before {opens} is not in ours."
    if figure.per == "period" and case.short_of > 0 and case.until_day == figure.until_day:
        allow = "What the log has as delivered and what the plant's" if case.run.basis.from_log else "The plant's"
        still = "still allow come to" if case.run.basis.from_log else "allow"
        yield (
            f"{allow} calendar and limits {still} {case.most:,} from the opening on: {case.short_of:,} had to be "
            "delivered before."
        )
    for other in case.figures:
        inside = figure.from_day <= other.from_day and other.until_day <= figure.until_day
        mostly = (other.until_day - opens).days <= LEAST_DAYS
        if other.id != figure.id and other.who == "maker" and other.per == "period" and inside and mostly:
            yield f"Of what was delivered before, {other.low:,} were published: {other.what}."


def _of_log(case: _Case) -> Iterator[str]:
    """What a log knows of the period is what was delivered, whatever the plant could have built."""
    if not case.begun:
        return
    start, (first, until) = case.run.basis.calendar.edges[0], case.days
    past = past_deliveries(case.run, [first, min(start + 1, until)])[chosen(case.run, case.figure.models)]
    many = int((past[:, 1] - past[:, 0]).sum())
    if until <= start:
        yield f"The period is past: ours is what the log has as delivered, {many:,}."
    else:
        yield f"Up to the log's last moment, on {date.fromordinal(start)}, ours is what it has as delivered: {many:,}."


def _limits(case: _Case) -> Iterator[str]:
    run, models = case.run, case.figure.models
    limit = limited_by(run, *case.days, models)
    if case.begun and case.days[1] <= run.basis.calendar.edges[0]:
        return
    if case.begun and case.short_of > 0:
        yield (
            "Theirs is above what was delivered and what the plant's calendar and limits still allow "
            f"{_of_period(case.figure)}: {case.most:,} together."
        )
    elif case.short_of > 0:
        yield (
            f"Theirs is above the plant's capacity {_of_period(case.figure)}: its calendar and limits, as the "
            f"{_whose(run)} has them, allow {case.most:,}."
        )
        if case.figure.who == "maker" and run.scenario.capacity_percent == 100:
            yield "If that was delivered, the file's capacity is too low there, or cars stood ready."
    elif limit == "capacity":
        yield from _by_capacity(case)
    elif run.released:
        yield from _released(case)
    else:
        yield f"Ours is limited by orders: there is room for {case.most:,}, but nobody waits for it."
    if case.verdict == "above":
        yield from _worked_off(case)


def _by_capacity(case: _Case) -> Iterator[str]:
    """Where limits of trims or a part of the period leave room that nobody waits for, not all of it is theirs."""
    if (case.most - case.ours.middle) * 100 <= CLOSE_PERCENT * case.most:
        built = "with what was delivered, can be had in it" if case.begun else "can be built for them"
        yield f"Ours is limited by capacity: orders wait all the time, and {case.most:,} is what {built}."
    else:
        yield (
            f"Ours is limited by capacity in most weeks: orders wait. There is room for {case.most:,} in all, but what "
            "is beyond ours is for others than those who wait, or at another time."
        )


def _whose(run: Run) -> str:
    """Who says what the capacity is: the launch file, unless the scenario takes a share of it."""
    return "launch file" if run.scenario.capacity_percent == 100 else "scenario"


def _released(case: _Case) -> Iterator[str]:
    opens, models = case.run.basis.opens.toordinal(), case.figure.models
    before = deliveries_between(case.run, opens, case.days[0], models).middle
    yield f"Nothing limits ours but orders: {case.ours.middle:,} is what is ordered then."
    if before:
        yield f"The backlog of the launch was delivered before: {before:,} cars from the opening to {case.from_day}."


def _worked_off(case: _Case) -> Iterator[str]:
    """Deliveries beyond new orders come from the backlog."""
    places = chosen(case.run, case.figure.models)
    rows = (ordered_until, cancelled_until, delivered_until)
    came, gone, there = (each(case.run, case.days)[0, places].sum(axis=0) for each in rows)
    waits = int(case.run.opening[places].sum() + came[0] - gone[0] - there[0])
    ordered = round(int(came[1] - came[0]) / _many(case.figure, (case.from_day, case.until_day)))
    if 0 < ordered < case.ours.middle and waits > 0:
        a_month = " a month" if case.figure.per == "month" else ""
        yield f"{ordered:,}{a_month} are newly ordered; the rest works off the {waits:,} that waited at its beginning."


def _closed(case: _Case) -> Iterator[str]:
    """Days on which the plant stands still by the launch file, where ours is below."""
    lead = lead_days(case.run.basis.launch)
    if case.figure.per == "month" or case.verdict != "below" or case.run.released or case.begun:
        return
    first, until = (day - lead for day in case.days)
    closings = [closed_in(case.run.basis.launch, case.run.kinds[at], first, until) for at in _places(case)]
    for name, days in max(closings, key=len, default={}).items():
        lost = round(case.most / max(1, until - first - days) * days)
        yield f"The launch file has the plant stand still for {days} of its days ({name}): about {lost:,} cars."


def _places(case: _Case) -> list[int]:
    return chosen(case.run, case.figure.models)


def _beginning(case: _Case) -> Iterator[str]:
    """What was under way when the calendar begins is in no launch file."""
    basis, figure = case.run.basis, case.figure
    cal = basis.calendar
    begins = max(basis.capacity.base_week, cal.first_week)
    first = monday(begins).toordinal() + lead_days(basis.launch)
    missing = first - case.days[0]
    if basis.from_log or figure.per != "period" or not 0 < missing <= LEAST_DAYS or case.run.released:
        return
    more = round(most_between(case.run, first, first + 7, figure.models) / 7 * missing)
    yield (
        f"The plant's calendar begins {monday(begins)}: {missing} days of deliveries, about {more:,} at the first "
        f"week's rate, are not in ours; with them it would be {case.ours.middle + more:,}."
    )


def _of_period(figure: OutlookFigure) -> str:
    return "of such a month" if figure.per == "month" else "of the period"
