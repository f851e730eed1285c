"""``drumroll bench --pages``: how fast pages are, how heavy, and what the viewers of the live board cost the intake."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from drumroll.errors import DrumrollError
from drumroll.rehearsal.bench import Target, cpu_s
from drumroll.rehearsal.bench_pages import LOOKS_S, REST_S, Page, Viewers, figures, intake, page_of, pages

VIEWERS = 2_000
REQUESTS = 10_000
"""Requests for the page a round."""

WANTED = {
    "pages_rps": "5,000 or more",
    "page_kb": "under 150",
    "board_viewers": f"{VIEWERS:,}, an event a second each",
    "intake_ratio_with_viewers": "90 % of the ratio without, or more",
    "intake_kept": "0.9 or more",
}


def run(target: Target, rounds: int, orders_a_round: int, progress: Progress) -> dict[str, Any]:
    """All figures, from a server that runs. Raises ``DrumrollError`` if a viewer missed events with nothing else on."""
    task = progress.add_task("pages, then intake with and without viewers", total=rounds + 3)
    page = page_of(target.host, target.port)
    found = _of_pages(target, page, rounds)
    progress.advance(task)
    with Viewers(target, VIEWERS) as viewers:
        found |= _of_viewers(target, viewers)
        progress.advance(task)
        results, seen = intake(target, viewers, rounds, orders_a_round, lambda: progress.advance(task))
    silence = round(median(one.longest_silence_s for one in seen), 2)
    return found | figures(results) | {"board_longest_silence_s": silence, "rounds": rounds}


def _of_pages(target: Target, page: Page, rounds: int) -> dict[str, Any]:
    whole, unchanged = pages(target, page, rounds, REQUESTS)
    return {
        "pages_rps": round(median(done.rps for done in whole)),
        "pages_rps_304": round(median([done.rps for done in unchanged] or [0])),
        "pages_client_share": round(median(done.client_share for done in whole), 2),
        "page_kb": round(page.kilobytes, 1),
        "page_files": page.files,
        "page": page.path,
    }


def _of_viewers(target: Target, viewers: Viewers) -> dict[str, Any]:
    """Every stream open, and nothing else to do: each viewer must get its events. What that takes of the server."""
    viewers.say("open")
    time.sleep(REST_S)
    viewers.say("count")
    before = cpu_s(target.pid)
    time.sleep(LOOKS_S)
    seen, took_s = viewers.say("count"), cpu_s(target.pid) - before
    viewers.say("close")
    if not seen.one_a_second:
        raise DrumrollError(
            f"a viewer got {seen.fewest} events in {seen.seconds:.1f} s; wanted: one a second for all {seen.viewers:,}"
        )
    return {
        "board_viewers": seen.viewers,
        "board_cpu_percent": round(100 * took_s / seen.seconds, 1),
        "board_bytes_an_event": round(seen.bytes / max(1, seen.events)),
    }


def show(found: dict[str, Any], console: Console) -> None:
    """The figures against what is wanted."""
    table = Table(title="drumroll bench --pages", title_justify="left")
    table.add_column("figure")
    table.add_column("measured", justify="right")
    table.add_column("wanted")
    for name, value in found.items():
        shown = f"{len(value)} files" if isinstance(value, dict) else value if isinstance(value, str) else f"{value:,}"
        table.add_row(name, shown, WANTED.get(name, ""))
    console.print(table)
