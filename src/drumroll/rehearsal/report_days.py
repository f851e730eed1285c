"""The report on the days after the launch: who locked, changed, converted and left, and when."""

from __future__ import annotations

from drumroll.rehearsal import charts
from drumroll.rehearsal.arrivals import REFERENCE_ORDERS
from drumroll.rehearsal.conductor_days import Moment
from drumroll.rehearsal.days import LOCKED_AT_S, Act
from drumroll.rehearsal.rehearsal import Outcome

_DAY_S = 86_400
REFERENCE_LOCKED = 240_000

DID: dict[Act, tuple[str, str]] = {
    Act.LOCKS: ("locked early, in two steps", "locked"),
    Act.UNDOES: ("locked early and undid it at once", "firm again"),
    Act.UNDOES_TOO_LATE: ("undid an early lock too late", "refused"),
    Act.CONFIRMS_WRONGLY: ("locked with a confirmation of their own", "asked again, not locked"),
    Act.CONFIRMS_STALELY: ("changed the order between the two steps", "asked again, then locked"),
    Act.CHANGES: ("changed trim, options or region", "the difference first, then changed"),
    Act.CHANGES_AND_LOCKS: ("changed it, then locked early", "changed, locked"),
    Act.CANCELS: ("cancelled in the cooling-off", "cancelled, refund owed"),
    Act.CANCELS_LOCKED: ("locked early, then cancelled", "asked first; the deposit is forfeited"),
    Act.FORFEITS_LATE: ("cancelled after the cooling-off", "asked first; the deposit is forfeited"),
    Act.CONVERTS: ("changed to another model", "price, deposit and place first, then changed"),
    Act.CONVERTS_TWICE: ("changed to another model, twice", "changed; refused"),
    Act.CONVERTS_BACK: ("changed to another model, back, and again", "changed; changed back; refused"),
    Act.CONVERTS_FIRM: ("an earlier order that is not locked yet", "refused"),
    Act.CONVERTS_ANOTHERS: ("converted an order of somebody else", "there is no such order"),
    Act.CONVERTS_LAST: ("converted in the window's last millisecond", "changed"),
    Act.CONFIRMS_CLOSED: ("asked in time, confirmed as it had closed", "refused, with the closing time"),
    Act.CONVERTS_CLOSED: ("converted as the window had closed", "refused, with the closing time"),
    Act.WAITS: ("waited for a place", "offered one, in the order of arrival"),
    Act.LETS_LAPSE: ("waited, and let the offer lapse", "the place goes to the next"),
}
"""What each act was, and what it must be answered with."""


def until_settled(moments: list[Moment]) -> list[Moment]:
    """The moments up to the first at which nothing more was going to happen."""
    for number, moment in enumerate(moments):
        if number and not moment.reserved and moment.firm == moment.locked:
            return moments[: number + 1]
    return moments


def states_chart(outcome: Outcome) -> str:
    """The headline models' orders by state over the days, stacked."""
    moments = until_settled(outcome.moments)
    if len(moments) < 2:
        return "<p>No days were played.</p>"
    hours = [moment.second / 3600 for moment in moments]
    frame = charts.Frame((hours[0], hours[-1]), charts.nice_ticks(max(map(_all, moments)))[-1])
    layers = (
        ("converted", [float(min(moment.converted, moment.locked)) for moment in moments]),
        ("locked", [float(moment.locked - min(moment.converted, moment.locked)) for moment in moments]),
        ("firm", [float(moment.firm - moment.locked) for moment in moments]),
        ("reserved", [float(moment.reserved) for moment in moments]),
        ("gone", [float(_gone(moment)) for moment in moments]),
    )
    content = charts.stack(frame, hours, layers)
    for moment in moments:
        if moment.second == LOCKED_AT_S:
            content += charts.mark(
                frame, (moment.second / 3600, float(moment.locked)), f"{moment.locked:,} locked", above=True
            )
    step = 48 if hours[-1] < 15 * 24 else 24 * 7
    ticks = [(float(hour), f"day {hour // 24}") for hour in range(step, int(hours[-1]) + 1, step)]
    return charts.svg("Orders by state in the days after the opening", frame, ticks, content)


def _gone(moment: Moment) -> int:
    return moment.expired + moment.cancelled + moment.forfeited


def _all(moment: Moment) -> int:
    return moment.firm + moment.reserved + _gone(moment)


def states_note(outcome: Outcome) -> str:
    """What the layers are, and how the mark compares with what was published."""
    names = (("converted", "came by conversion"), ("locked", "locked"), ("firm", "firm, not locked"), ("gone", "gone"))
    legend = " ".join(f'<span class="key {name}"></span>{text}' for name, text in names)
    return f"{legend}. {locked_note(outcome)} As the board showed it; the last board is audited."


def locked_note(outcome: Outcome) -> str:
    """Locked 18 hours after the opening, beside the published figure."""
    locked = outcome.locked_after_18_hours
    if locked is None:
        return "The board was not looked at 18 hours after the opening."
    scaled = round(outcome.plan.orders * REFERENCE_LOCKED / REFERENCE_ORDERS)
    return (
        f"Locked 18 hours after the opening: {locked:,}, orders converted by then among them "
        f"(public figure of the reference: {REFERENCE_LOCKED:,} of {REFERENCE_ORDERS:,}; at this size {scaled:,}). "
        "How many lock early was chosen to meet it."
    )


def conversions_chart(outcome: Outcome) -> str:
    """Conversions by the hour."""
    per_hour = outcome.tallies.converted_in
    if not per_hour:
        return "<p>Nobody changed to another model: the launch has no window for it, or no earlier orders.</p>"
    last = max(per_hour) + 1
    frame = charts.Frame((0, last), charts.nice_ticks(max(per_hour.values()))[-1])
    rows = [(float(hour), float(hour + 1), float(count)) for hour, count in sorted(per_hour.items())]
    step = 12 if last <= 120 else 48
    ticks = [(float(hour), f"{hour} h") for hour in range(0, last + 1, step)]
    return charts.svg("Conversions by the hour since the opening", frame, ticks, charts.bars(frame, rows, "latency"))


def conversions_note(outcome: Outcome) -> str:
    """How many, of how many."""
    figures = outcome.audit.figures
    imported = figures.get("imported", 0)
    of = f", of {imported:,} orders of the earlier sale" if imported else ""
    return (
        f"{sum(outcome.tallies.converted_in.values()):,} conversions, each in two steps{of}, by the hour since the "
        f"opening; {figures.get('converted', 0):,} orders stand converted at the end. Assumed: who converts, and when."
    )


def rows(outcome: Outcome) -> list[tuple[str, str, str, str]]:
    """What customers did with their orders: what, how many, what is due, what was answered."""
    found = []
    for act, (did, due) in DID.items():
        if outcome.acts[act]:
            answers = {text: count for (of, text), count in outcome.tallies.acts.items() if of is act}
            said = "<br>".join(f"{text.replace('_', ' ')} <b>{count:,}</b>" for text, count in answers.items())
            found.append((did, f"{outcome.acts[act]:,}", due, said or "as is due"))
    return found


def days_played(outcome: Outcome) -> float:
    """How many days of simulated time passed after the opening."""
    return (outcome.moments[-1].second / _DAY_S) if outcome.moments else 0.0
