"""A forecast as tables, 80 wide."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from drumroll.cli.forecast_answer import Answer
from drumroll.cli.forecast_words import (
    NAMES,
    clock,
    parameters,
    percent,
    rounded,
    share_reached,
    short_clock,
    span,
    verdict,
)
from drumroll.cli.tables import means, table, title
from drumroll.outlook.forecast import LEVELS, Horizon

INTERVALS = tuple(f"{level} %" for level in LEVELS)


def show(answer: Answer, console: Console) -> None:
    """Print the whole answer."""
    _head(answer, console)
    _horizons(answer, console)
    _came(answer, console)
    _naive(answer, console)
    _locked(answer, console)
    _curves(answer, console)
    _months(answer, console)
    _assumed(answer, console)


def _head(answer: Answer, console: Console) -> None:
    asked, found = answer.asked, answer.forecast
    after = clock(found.from_s)
    console.print(Text(f"{asked.name}: {found.orders_now:,} firm orders {after} after the opening", style="bold"))
    means(console, f"as of {asked.at}, from {asked.where} ({found.source})", *asked.notes)


def _horizons(answer: Answer, console: Console) -> None:
    title(console, "Orders after the opening")
    rows = [horizon_row(horizon) for horizon in answer.forecast.horizons]
    table(console, ("", "median", *INTERVALS, "prior"), rows, right=range(1, 6))
    means(
        console,
        "prior: how much of what was uncertain beforehand still is; at 100 % it is all the prior's (docs/forecast.md)",
    )


def horizon_row(horizon: Horizon) -> tuple[str, ...]:
    """A horizon with its median, its intervals and the weight of the prior; one that is past has none."""
    if horizon.known:
        return clock(horizon.at_s), f"{horizon.median:,}", *("past" for _ in LEVELS), ""
    spans = (span(horizon.intervals[level]) for level in LEVELS)
    return clock(horizon.at_s), f"{horizon.median:,}", *spans, percent(horizon.prior_weight)


def came_rows(answer: Answer) -> list[tuple[str, str, str]]:
    """What came by the horizons that were ahead, and where it lies."""
    came = answer.asked.came
    return [
        (clock(horizon.at_s), f"{came[horizon.at_s]:,}", verdict(horizon, came[horizon.at_s]))
        for horizon in answer.forecast.horizons
        if not horizon.known and horizon.at_s in came
    ]


def _came(answer: Answer, console: Console) -> None:
    rows = came_rows(answer)
    if rows:
        title(console, "What came, which the forecast did not know")
        table(console, ("", "came", ""), rows, right=(1,))


def _naive(answer: Answer, console: Console) -> None:
    rules = naive_rows(answer)
    if rules:
        title(console, "What naive rules say")
        ahead = [clock(horizon.at_s) for horizon in answer.forecast.horizons if not horizon.known]
        table(console, ("", *ahead), rules, right=range(1, len(ahead) + 1))


def naive_rows(answer: Answer) -> list[tuple[str, ...]]:
    """Each rule, and beside them the forecast's median, for the horizons that are ahead."""
    ahead = [horizon for horizon in answer.forecast.horizons if not horizon.known]
    if not ahead:
        return []
    rules = dict.fromkeys(rule for horizon in ahead for rule in answer.naive[horizon.at_s])
    rows = [(rule, *(rounded(answer.naive[horizon.at_s][rule]) for horizon in ahead)) for rule in rules]
    return [*rows, ("this forecast", *(rounded(horizon.median) for horizon in ahead))]


def _locked(answer: Answer, console: Console) -> None:
    rows = locked_rows(answer)
    if rows and answer.cancels is not None:
        title(console, "Locked in the end, after the cooling-off")
        table(console, ("of those", "median", *INTERVALS), rows, right=range(1, 5))
        means(console, cancels_in_words(answer))


def locked_rows(answer: Answer) -> list[tuple[str, ...]]:
    """Of the orders now and by each horizon ahead: how many lock."""
    return [
        (
            "now" if locks.at_s is None else f"by {clock(locks.at_s)}",
            f"{locks.locked.median:,}",
            *(span(locks.locked.intervals[level]) for level in LEVELS),
        )
        for locks in answer.locks
    ]


def cancels_in_words(answer: Answer) -> str:
    """The share that cancels, and what that rests on."""
    cancels = answer.cancels
    if cancels is None:
        return ""
    learned = f"the prior's weight in it: {percent(cancels.prior_weight)}"
    return (
        f"{100 * cancels.median:.1f} % cancel within their cooling-off "
        f"({100 * cancels.low:.1f} to {100 * cancels.high:.1f} %, 90 %); {learned}"
    )


def _curves(answer: Answer, console: Console) -> None:
    title(console, "Curves that were tried")
    table(console, ("", "weight", "half by", "90 % by", "all orders", "noise"), curve_rows(answer), right=range(1, 6))
    for each in answer.forecast.models:
        means(console, f"{NAMES[each.name]}: {parameters(each.curve)}")
    size = answer.forecast
    means(
        console,
        f"all orders this launch curve will bring: {rounded(size.size_median)}, 80 % {span(size.size[80])};"
        f" the prior's weight in it: {percent(size.prior_weight)}",
    )


def curve_rows(answer: Answer) -> list[tuple[str, ...]]:
    """Each candidate with its weight and what its most likely curve says."""
    return [
        (
            NAMES[each.name],
            percent(each.weight),
            short_clock(share_reached(each.curve, 0.5)),
            short_clock(share_reached(each.curve, 0.9)),
            rounded(each.size),
            percent(each.phi),
        )
        for each in answer.forecast.models
    ]


def _months(answer: Answer, console: Console) -> None:
    if not answer.quarters:
        return
    title(console, "Two years, by quarter after the opening")
    head = ("months", "median", *INTERVALS, "long run")
    table(console, head, quarter_rows(answer), right=range(1, 6))
    means(console, MONTHS_ASSUMED)


MONTHS_ASSUMED = (
    "long run: the part that comes from [outlook.diffusion], which is assumed: no order so far says anything of it"
    " (prior: 100 %). Demand, not deliveries: what the plants can build is for `drumroll outlook`."
)


def quarter_rows(answer: Answer) -> list[tuple[str, ...]]:
    """Orders by quarter, with the share of them that is long-run demand."""
    return [
        (
            f"{3 * number + 1}-{3 * number + 3}",
            f"{quarter.median:,}",
            *(span(quarter.intervals[level]) for level in LEVELS),
            percent(quarter.long_run_share),
        )
        for number, quarter in enumerate(answer.quarters)
    ]


def _assumed(answer: Answer, console: Console) -> None:
    title(console, "What the prior assumes")
    means(console, answer.forecast.prior_says, *answer.notes)
