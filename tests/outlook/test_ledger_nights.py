"""The nights of the domain's state machine, kept in books: whatever its commands lead to, the ledger agrees."""

from __future__ import annotations

import msgspec
from hypothesis import HealthCheck, settings

from drumroll.domain.book import Book
from drumroll.domain.evolve import evolve
from drumroll.outlook.ledger import Ledger
from tests.domain.test_state_machine import LaunchNight
from tests.outlook.test_ledger import as_the_book_has_it


class BookedNight(LaunchNight):
    """A night whose blocks are booked when it is over."""

    def teardown(self) -> None:
        book, ledger = Book(), Ledger()
        for block in self.blocks:
            for event in block.events:
                evolve(book, event, block.at_ms, block.position)
            made = list(ledger.transactions(block))
            assert all(sum(posting.amount_minor for posting in one.postings) == 0 for one in made)
            assert not any(ledger.trial_balance().values())
            as_the_book_has_it(ledger, book)
        assert ledger.money() == msgspec.structs.asdict(self.book.money)


TestBookedNight = BookedNight.TestCase
TestBookedNight.settings = settings(
    max_examples=30, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
