"""How an outlook is said, in a terminal and on a page alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from drumroll.cli.forecast_words import clock
from drumroll.cli.outlook_made import Made, Played, Tested
from drumroll.domain.launch_outlook import OutlookScenario
from drumroll.domain.money import EXPONENTS
from drumroll.domain.times import rfc3339
from drumroll.domain.weeks import sunday
from drumroll.outlook.by_month import Figures, Range
from drumroll.outlook.compared import Compared
from drumroll.outlook.scenarios import lead_days

VERDICTS = {
    "agrees": "agrees",
    "above": "ours is above",
    "below": "ours is below",
    "not comparable": "only a part of it is known here",
    "before the launch": "before the launch",
    "after the outlook": "after these months",
}
MEANS = (
    "Orders are as many as would come if nothing sold out. The first number is the central case; 80 %: in 80 of 100"
    " draws of the demand it lies within.",
    "The intervals are about demand and cancellations alone; the plant builds what its calendar says.",
    "*: not all months of that quarter. Backlog: firm orders that are not delivered yet, at the end of the period.",
    "Revenue: price without VAT, at delivery, of all that is delivered here: older models too.",
    "Limited by capacity: orders that could be built wait; limited by orders: nobody waits. Limits"
    " of a model or a trim may allow less than the plant.",
)


def amount(amount_minor: int, currency: str) -> str:
    """A large amount to three digits or more, as people say it: 285.2 bn CNY."""
    whole = amount_minor / 10 ** EXPONENTS[currency]
    for unit, name in ((1e12, "trn"), (1e9, "bn"), (1e6, "m")):
        if abs(whole) >= unit:
            return f"{whole / unit:,.1f} {name} {currency}"
    return f"{whole:,.0f} {currency}"


def short_amount(amount_minor: int, currency: str, unit: tuple[float, str]) -> str:
    """An amount in a unit that a whole table shares."""
    return f"{amount_minor / 10 ** EXPONENTS[currency] / unit[0]:,.1f}"


def unit_of(largest_minor: int, currency: str) -> tuple[float, str]:
    """The unit for amounts up to this one, and its name."""
    whole = largest_minor / 10 ** EXPONENTS[currency]
    return next((one for one in ((1e9, "bn"), (1e6, "m")) if whole >= 10 * one[0]), (1.0, ""))


def table_unit(made: Made) -> tuple[float, str]:
    """The unit of revenue in the tables by quarter, one for all scenarios: they are read side by side."""
    quarters = [one for played in made.played for one in played.quarters]
    return unit_of(max(one.revenue_minor.middle for one in quarters), made.launch.currency)


def headline(made: Made) -> tuple[str, str]:
    """One number, and the sentence that it stands in."""
    first, currency = made.played[0], made.launch.currency
    whole, scenario = first.whole, first.run.scenario.name
    low, high = (amount(one, currency) for one in (whole.revenue_minor.low, whole.revenue_minor.high))
    spread = "" if low == high else f" (80 %: {low.removesuffix(f' {currency}')} to {high})"
    return amount(whole.revenue_minor.middle, currency), (
        f"revenue without VAT from {whole.deliveries.middle:,} deliveries in {whole.period}, all models together"
        f"{spread}. {scenario}. {_peak(first)}"
    )


def _peak(played: Played) -> str:
    highest = max(played.months, key=lambda month: month.backlog.middle)
    last = played.months[-1]
    if highest.backlog.middle <= 0:
        return "Nothing is left undelivered."
    grows = f"The backlog is highest at the end of {highest.from_day:%B %Y}: {highest.backlog.middle:,} orders"
    return f"{grows}; at the end {last.backlog.middle:,} are left." if highest is not last else f"{grows}, and growing."


def period(found: Figures) -> str:
    """A quarter's name, marked where some of its months are missing; other periods as they are called."""
    months = 12 * (found.until_day.year - found.from_day.year) + found.until_day.month - found.from_day.month
    return f"{found.period}*" if found.period.startswith("Q") and months < 3 else found.period


def limited(played: Played) -> str:
    """When capacity is what limits."""
    found = [one.period for one in played.quarters if one.limited_by == "capacity"]
    if not found:
        return "Limited by orders all the time."
    if len(found) == len(played.quarters):
        return "Limited by capacity all the time."
    return f"Limited by capacity in {', '.join(found)}; by orders else."


def scenario_in_words(made: Made, scenario: OutlookScenario) -> str:
    """What a scenario changes."""
    said = list(_changes(made, scenario))
    return f"{said[0][0].upper()}{'; '.join(said)[1:]}." if said else "As the launch file has it."


def _changes(made: Made, scenario: OutlookScenario) -> Iterator[str]:
    if scenario.capacity == "released":
        yield "nothing but orders limits deliveries: what is locked is built in the next week"
    elif scenario.capacity_percent != 100:
        yield f"{scenario.capacity_percent} % of the capacity of plants and limits"
    if scenario.cancel_percent is not None:
        usual = f"{100 * float(made.basis.demand.gives_up[0]):.0f} %"
        yield f"{scenario.cancel_percent} % of firm orders cancel, instead of {usual}"
    if scenario.rival_price_cut_percent:
        loss = float(scenario.cross_elasticity) * scenario.rival_price_cut_percent
        yield (
            f"a rival's price falls by {scenario.rival_price_cut_percent} %, and with a cross elasticity of "
            f"{scenario.cross_elasticity} new orders by {min(100.0, loss):g} % from now on"
        )
    for further in scenario.further:
        yield (
            f"{further.name} from {further.from_day}: {further.monthly:,} orders a month at "
            f"{amount_exact(further.price_minor, made.launch.currency)}, {further.takes_percent} % of them taken from "
            "ours, as far as there are so many; built in the same plant, by no other limit"
        )


def amount_exact(amount_minor: int, currency: str) -> str:
    """A price without decimals that are noughts."""
    exponent = EXPONENTS[currency]
    whole, rest = divmod(amount_minor, 10**exponent)
    return f"{whole:,} {currency}" if not rest else f"{amount_minor / 10**exponent:,.{exponent}f} {currency}"


def assumptions(made: Made) -> Iterator[str]:
    """Everything that is assumed, in words."""
    launch, standing = made.launch, made.basis.standing
    at = rfc3339(made.basis.at_ms, launch.time_zone)
    yield f"As of {at}. Orders so far: {made.asked.known.orders_now:,} ({made.asked.where})."
    yield from made.asked.notes
    yield made.asked.prior.says
    yield from _long_run(made)
    yield from _cancels(made)
    older = sum(standing.older.values())
    whose = "of the log and of the declared backlog" if made.basis.from_log else "of the declared backlog"
    yield f"{older:,} older orders wait, {whose}; they come first."
    yield (
        "Trims are mixed, and priced, as ordered so far."
        if made.basis.from_log
        else "Trims are mixed 1 : 1/2 : 1/3 in the order of the file, at the price of the default options."
    )
    yield from _delivery(made)


def _long_run(made: Made) -> Iterator[str]:
    outlook = made.launch.outlook
    assert outlook is not None, "an outlook has one"
    found = outlook.diffusion
    if found is None:
        yield "No [outlook.diffusion] is given: orders end with the launch curve."
    else:
        yield (
            f"In the long run {found.market:,} buyers within a factor of {found.within_factor} (95 %), innovation "
            f"{found.innovation} and imitation {found.imitation} a year (Bass 1969): assumed, the launch can't tell."
        )
    if outlook.demand:
        each = ", ".join(f"{one.model} {one.monthly:,}" for one in outlook.demand)
        yield f"New orders a month of other models, from the start on: {each}."


def _cancels(made: Made) -> Iterator[str]:
    rules, middle = made.launch.promise, 100 * float(made.basis.demand.gives_up[0])
    if not middle:
        yield "Nobody is assumed to cancel: the launch file has no promise.cancel_percent, or no cooling-off."
        return
    low, high = rules.cancel_percent if rules is not None else (0, 0)
    yield (
        f"{middle:.1f} % of firm orders cancel before they lock (the launch file says {low} to {high} %); older orders"
        " don't."
    )


def _delivery(made: Made) -> Iterator[str]:
    launch, capacity = made.launch, made.basis.capacity
    yield (
        "Deliveries are the lesser of what waits and what plants and limits allow, week by week, in the order of the"
        " queue; an order is built in the week after that of its order and cooling-off, at the earliest, and delivered"
        f" {lead_days(launch)} days later" + (f" ({launch.regions[0].name})." if launch.regions else ".")
    )
    ends = sunday(capacity.base_week + capacity.horizon - 1)
    if ends < made.basis.calendar.months[-1].until_day:
        yield f"The plant's calendar ends on {ends}: nothing is built after it."
    finance = launch.finance
    yield (
        f"VAT of {finance.vat_percent} % is in every price."
        if finance is not None
        else "No [finance] is given, so the VAT is not known: revenue is said with it."
    )


def theirs(found: Compared) -> str:
    """What others said: 30,000-40,000 a month."""
    figure = f"{found.low:,}" if found.high is None else f"{found.low:,}-{found.high:,}"
    relation = "" if found.relation == "is" else f"{found.relation} "
    return f"{relation}{figure}{' a month' if found.per == 'month' else ''}"


def ours(found: Compared) -> str:
    """What we say of the same, with its interval where it has one."""
    if found.ours is None:
        return ""
    spread = "" if found.ours.low == found.ours.high else f" (80 %: {found.ours.low:,}-{found.ours.high:,})"
    return f"{found.ours.middle:,}{spread}"


def verdict(found: Compared) -> str:
    """How the two compare, and by how much ours is beyond theirs."""
    said = VERDICTS[found.verdict]
    if found.difference_percent is None or found.part or not found.difference_percent:
        return said
    return f"{said} ({found.difference_percent:+.1f} %)"


def early_in_words(made: Made) -> Iterable[str]:
    """What the forecast would have said early in the night."""
    early = made.early
    if early is None:
        return
    low, high = early.horizon.intervals[80]
    inside = "inside" if low <= early.came <= high else "outside"
    yield (
        f"At {clock(early.moment_s)}, with {early.known:,} orders, it would have said {early.horizon.median:,} orders "
        f"by {clock(early.horizon.at_s)} (80 %: {low:,} to {high:,}). {early.came:,} came: {inside} the interval."
    )


def tested_in_words(found: Tested) -> Iterator[str]:
    """A back-test on a known curve: how often 80 % intervals held, how far off, and which naive rules are better."""
    held = sum(cell.coverage[80] for cell in found.cells)
    error = sum(cell.error for cell in found.cells) / len(found.cells)
    yield (
        f"Back-test on {found.name}: {held:g} of {len(found.cells)} intervals of 80 % held what came; the median was "
        f"off by {100 * error:.0f} % on average."
    )
    if found.loses_to:
        yield f"It loses to a naive rule there: {'; '.join(found.loses_to)}."


def thousands(found: Range) -> str:
    """An interval for a narrow column: in thousands, where these say enough."""
    if found.high < 10_000:
        return "" if found.low == found.high else f"{found.low:,}-{found.high:,}"
    low, high = (f"{one / 1000:,.0f}" for one in (found.low, found.high))
    return "" if low == high else f"{low}-{high}k"
