"""An outlook as tables, 80 wide."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from drumroll.cli import outlook_words as words
from drumroll.cli.outlook_made import Made, Played
from drumroll.cli.tables import means, said, table, title
from drumroll.outlook.by_month import Figures
from drumroll.outlook.compared import Compared


def show(made: Made, console: Console) -> None:
    """Print the headline, a table for each scenario, what others said, and what is assumed."""
    figure, sentence = words.headline(made)
    console.print(Text(f"{made.launch.name}: {figure}", style="bold"))
    said(console, sentence)
    for played in made.played:
        _scenario(made, played, console)
    _compared(made, console)
    _tested(made, console)
    title(console, "What is assumed")
    means(console, *words.assumptions(made))
    title(console, "What the words mean")
    means(console, *words.MEANS)


def _scenario(made: Made, played: Played, console: Console) -> None:
    currency = made.launch.currency
    unit = words.table_unit(made)
    title(console, f"{played.run.scenario.name} ({played.run.scenario.id})")
    means(console, words.scenario_in_words(made, played.run.scenario))
    rows = [
        (*_row(one), words.short_amount(one.revenue_minor.middle, currency, unit))
        for one in (*played.quarters, played.whole)
    ]
    head = ("", "orders", "80 %", "deliveries", "80 %", "backlog", f"{unit[1]} {currency}".strip())
    table(console, head, rows, right=range(1, 7))
    means(console, words.limited(played))


def _row(one: Figures) -> tuple[str, ...]:
    return (
        words.period(one),
        f"{one.orders.middle:,}",
        words.thousands(one.orders),
        f"{one.deliveries.middle:,}",
        words.thousands(one.deliveries),
        f"{one.backlog.middle:,}",
    )


def _compared(made: Made, console: Console) -> None:
    if not made.compared:
        return
    title(console, "What others said")
    for found in made.compared:
        scenario = "" if found.scenario == made.played[0].run.scenario.id else f" [{found.scenario}]"
        said(console, f"{found.what} ({found.who}){scenario}")
        said(console, _verdict(found), left=4)
        means(console, *found.why, left=4)


def _verdict(found: Compared) -> str:
    if found.ours is None:
        return f"theirs {words.theirs(found)}: {words.VERDICTS[found.verdict]}"
    return f"theirs {words.theirs(found)}, ours {words.ours(found)}: {words.verdict(found)}"


def _tested(made: Made, console: Console) -> None:
    lines = [*words.early_in_words(made), *(line for one in made.tested for line in words.tested_in_words(one))]
    if lines:
        title(console, "Would it have been right?")
        said(console, *lines)
