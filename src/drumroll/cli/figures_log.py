"""A log for its figures: the book as of a moment, and how many orders stood at each moment that was published of."""

from __future__ import annotations

from collections.abc import Iterable

from drumroll.cli.plan_book import AtMoment
from drumroll.cli.reading import blocks_of
from drumroll.domain.book import Book
from drumroll.domain.evolve import evolve
from drumroll.domain.launch import Launch
from drumroll.domain.launch_finance import Finance
from drumroll.log.base import Block
from drumroll.outlook.figures_orders import Stood, stood


class Folded:
    """A book that grows block by block, and notes what stood at moments as it passes them."""

    def __init__(self, finance: Finance | None) -> None:
        self.book = Book()
        self.stood: dict[int, Stood] = {}
        self.position = self.at_ms = 0
        self.noting: list[int] | None = None if finance is None else moments(finance)
        self._ahead = list(self.noting or ())

    def fold(self, block: Block) -> None:
        """Take the next block in."""
        self.note_until(block.at_ms)
        for event in block.events:
            evolve(self.book, event, block.at_ms, block.position)
        self.position, self.at_ms = block.position, block.at_ms
        if self.noting is None and self.book.launch is not None:
            self.noting = moments(self.book.launch.finance)
            self._ahead = list(self.noting)

    def note_until(self, at_ms: int) -> None:
        """Note what stood at all moments before that one, which are not noted yet."""
        while self._ahead and self._ahead[-1] < at_ms:
            moment_ms = self._ahead.pop()
            self.stood[moment_ms] = stood(self.book, moment_ms)


def moments(finance: Finance | None) -> list[int]:
    """The moments that figures were published of, the last one first."""
    published: Iterable[int | None] = () if finance is None else (one.at_ms for one in finance.published)
    return sorted({at_ms for at_ms in published if at_ms is not None}, reverse=True)


def read(log: str, at_ms: int | None, named: Launch | None) -> tuple[AtMoment, dict[int, Stood]]:
    """Fold a log up to ``at_ms`` (``None``: its last block). ``named``: its published moments count, if it has any.

    Raises:
        LogError: the log can't be read, or is damaged.
    """
    finance = None if named is None else named.finance
    folded = _folded(log, at_ms, finance)
    launch = folded.book.launch
    if finance is None and launch is not None and folded.noting != moments(launch.finance):
        # The launch file that counts came later than the moments that it has figures of: once more, for those.
        folded = _folded(log, at_ms, launch.finance)
    end_ms = folded.at_ms if at_ms is None else at_ms
    folded.note_until(end_ms + 1)
    folded.stood[end_ms] = stood(folded.book, end_ms)
    return AtMoment(folded.book, folded.position, end_ms), folded.stood


def _folded(log: str, at_ms: int | None, finance: Finance | None) -> Folded:
    folded = Folded(finance)
    for block in blocks_of(log, at_ms):
        folded.fold(block)
    return folded
