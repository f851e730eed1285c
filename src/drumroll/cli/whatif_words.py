"""How "what if" is said, in a terminal and on a page alike."""

from __future__ import annotations

from drumroll.domain.capacity import rules_of
from drumroll.domain.weeks import monday, sunday, week_label
from drumroll.plan.whatif import Answer

SAID = {"strict": "strict", "least_breakage": "least breakage"}
MEANS = (
    "strict: by place in the queue, each order gets the earliest week that has room for all that it needs.",
    "least breakage: fewest promises broken, then least weeks late in total, then fewest beyond the bound.",
    "Broken: delivered after the last promised week. At risk: kept by the plan, but with less to spare than the"
    " launch's share of kept promises asks for.",
    "Deposits at risk: what is held of orders whose promise is broken.",
    "Crossing: the promised window ended in time, and delivery now comes after that day.",
    "Whoever was promised nothing (the declared backlog, orders just converted) keeps the week that the strict policy"
    " gives, under both, and is not counted as broken.",
)


def asked_in_words(answer: Answer) -> list[str]:
    """What happens, a line a change."""
    scenario, launch = answer.scenario, answer.situation.launch
    said = []
    if answer.changed.resources:
        names = {one.id: one.name for one in answer.situation.capacity.resources}
        whose = ", ".join(names[one] for one in answer.changed.resources)
        until = min(scenario.until_week, answer.situation.end_week)
        changes = [
            f"{percent} % {word}"
            for percent, word in ((scenario.cut_percent, "less"), (scenario.add_percent, "more"))
            if percent
        ]
        said.append(
            f"{', then '.join(changes)} a week at {whose}, from {monday(scenario.from_week)}"
            f" ({week_label(scenario.from_week)}) to {sunday(until - 1)}: {_weeks(until - scenario.from_week)}"
        )
    if scenario.convert_percent:
        to = sorted({window.to_models[0] for window in launch.conversions})
        said.append(f"{answer.changed.converted:,} orders ({scenario.convert_percent} %) become {', '.join(to)}")
    if scenario.cancel_percent:
        said.append(f"{answer.changed.cancelled:,} orders ({scenario.cancel_percent} %) are given up")
    return said


def headline(answer: Answer) -> str:
    """The scenario in a few signs."""
    scenario = answer.scenario
    parts = [
        f"{sign}{percent} %{what}"
        for sign, percent, what in (
            ("-", scenario.cut_percent, ""),
            ("+", scenario.add_percent, ""),
            ("", scenario.convert_percent, " converted"),
            ("", scenario.cancel_percent, " cancelled"),
        )
        if percent
    ]
    if answer.changed.resources:
        until = min(scenario.until_week, answer.situation.end_week)
        at = 1 if scenario.cut_percent and scenario.add_percent else 0
        parts[at] += f" for {_weeks(until - scenario.from_week)}"
    return ", ".join(parts)


def whose_in_words(answer: Answer, log: str | None) -> str:
    """Which orders it is about."""
    situation = answer.situation
    waiting = situation.waiting
    declared = int(waiting.declared.sum())
    orders = f"{len(waiting) - declared:,} orders " + (f"of {log}" if log else "assumed (no log was given)")
    ahead = f", {declared:,} of the declared backlog before them" if declared else ""
    first = f"; the first week that a plan may touch is {week_label(situation.first_week)}"
    return f"{orders}{ahead}{first} ({monday(situation.first_week)})"


def bound_in_words(answer: Answer) -> str:
    """The bound that the least-breakage policy keeps to where it can."""
    return f"over {_weeks(rules_of(answer.situation.launch).late_bound_weeks)} late"


def _weeks(number: int) -> str:
    return f"{number} week" if number == 1 else f"{number} weeks"
