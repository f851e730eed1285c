"""What "what if" answers as tables, 80 wide."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from drumroll.cli import whatif_words as words
from drumroll.cli.tables import means, said, title
from drumroll.cli.whatif_json import mean_late
from drumroll.domain.money import format_minor
from drumroll.plan.whatif import POLICIES, Answer, Planned, Wait


def show(answer: Answer, log: str | None, console: Console) -> None:
    """Print what was asked, what happens to the promises by policy, and the weeks by trim."""
    console.print(Text(f"{answer.situation.launch.name}: what if", style="bold"))
    said(console, *words.asked_in_words(answer))
    means(console, words.whose_in_words(answer, log))
    title(console, "What happens to the promises")
    console.print(Padding(_promises(answer), (0, 0, 0, 2)))
    title(console, "Weeks from now to delivery: median / 90 in 100")
    console.print(Padding(_waits(answer), (0, 0, 0, 2)))
    console.print()
    means(console, *words.MEANS)


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", overflow="fold")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _promises(answer: Answer) -> Table:
    table = _table("strict", "before", "least breakage", "before")
    figures = [
        dict(figures_of(planned[policy], answer)) for policy in POLICIES for planned in (answer.after, answer.before)
    ]
    for name in figures[0]:
        table.add_row(Text(name), *(Text(each[name], style="dim" if at % 2 else "") for at, each in enumerate(figures)))
    return table


def figures_of(planned: Planned, answer: Answer) -> Iterator[tuple[str, str]]:
    """What a plan does to the promises, in words and figures."""
    found = planned.difference
    total = found.total
    currency = answer.situation.launch.currency
    yield "promises", f"{total.promised:,}"
    yield "broken", f"{total.broken:,}"
    yield "share broken", f"{100 * total.broken / max(1, total.promised):.1f} %"
    yield "weeks late, on average", f"{mean_late(total):.1f}"
    yield "weeks late, at most", f"{total.most_late:,}"
    yield words.bound_in_words(answer), f"{total.beyond_bound:,}"
    yield "without a week", f"{total.unplanned:,}"
    yield f"deposits at risk, {currency}", format_minor(total.deposits_at_risk_minor, currency).split(" ")[0]
    for cliff in found.cliffs:
        yield f"crossing {cliff.last_day}", f"{cliff.crossed:,}"
    yield "kept, but at risk", f"{total.at_risk:,}"
    yield "built earlier", f"{total.earlier:,}"
    yield "built later", f"{total.later:,}"


def _waits(answer: Answer) -> Table:
    table = _table("orders", "strict", "before", "least breakage", "before")
    for model, trim, rows in trims_of(answer):
        orders = max(rows, key=lambda one: one.orders if one else 0)
        assert orders is not None, "a trim that is listed has orders"
        cells = [Text(in_weeks(one), style="dim" if at % 2 else "") for at, one in enumerate(rows)]
        table.add_row(Text(f"{model} {trim}"), Text(orders_in_words(rows)), *cells)
    return table


def trims_of(answer: Answer) -> Iterator[tuple[str, str, list[Wait | None]]]:
    """Each trim with its waits: strict after and before, least breakage after and before."""
    sides = [planned[policy].waits for policy in POLICIES for planned in (answer.after, answer.before)]
    by_name = [{(wait.model, wait.trim): wait for wait in side} for side in sides]
    for name in dict.fromkeys(name for side in (by_name[1], by_name[0]) for name in side):
        yield *name, [side.get(name) for side in by_name]


def orders_in_words(rows: list[Wait | None]) -> str:
    """How many orders a trim has, if that changes: from how many to how many."""
    after, before = (0 if one is None else one.orders for one in rows[:2])
    return f"{before:,}" if after == before else f"{before:,} > {after:,}"


def in_weeks(wait: Wait | None) -> str:
    """Median and ninth decile; ``no week`` where an order has none."""
    if wait is None:
        return ""
    half, most = wait.unplanned * 2 > wait.orders, wait.unplanned * 10 > wait.orders
    return f"{'no week' if half else wait.median} / {'no week' if most else wait.p90}"
