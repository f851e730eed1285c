"""What was counted while the customers played."""

from __future__ import annotations

from collections import Counter

from drumroll.rehearsal.days import Act
from drumroll.rehearsal.population import Kind


class Tallies:
    """What was counted while the customers played."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self.firm = 0
        self.refusals: Counter[str] = Counter()
        self.answers: Counter[tuple[Kind, str]] = Counter()
        self.surprises: Counter[str] = Counter()
        self.played = 0
        self.acts: Counter[tuple[Act, str]] = Counter()
        self.converted_in: Counter[int] = Counter()
        self.shown_again: Counter[str] = Counter()
        self.quotes: Counter[str] = Counter()
        self.quote_latencies_s: list[float] = []
        self.warned: Counter[str] = Counter()
