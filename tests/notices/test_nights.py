"""Random nights, every block of them: who is written to, how often, and that it is nobody else."""

from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import HealthCheck, settings

from drumroll.domain import events as ev
from drumroll.domain.book import Book, Order
from drumroll.domain.evolve import evolve
from drumroll.domain.states import STANDING
from drumroll.log.base import Block
from drumroll.notices.notice import Kind, Letter, Occasion
from drumroll.notices.store import Told
from drumroll.people.person import Person
from drumroll.web.letters import Letters
from tests.domain.test_state_machine import LaunchNight
from tests.notices.house import URL, Desk

ONE_LANGUAGE_EACH = {"ann": "en", "bob": "zh-CN", "cho": "en", "dee": "zh-Hans"}


class Written:
    """Letters as they are made, with what they are about: the text of each must name the order that it is about."""

    def __init__(self, at_ms: list[int]) -> None:
        self.letters = Letters(URL, lambda: at_ms[0])
        self.made: list[tuple[Kind, str, str]] = []
        self.promised: dict[str, int] = {}

    def __call__(self, book: Book, order: Order, why: Occasion, told: Told | None, person: Person) -> Letter | None:
        letter = self.letters(book, order, why, told, person)
        assert person.id == order.customer
        if letter is not None:
            self.made.append((why.kind, order.id, order.customer))
            assert f"/orders/{order.id}\n" in letter.text
            assert len(letter.short) <= 140
            self._differs(why, order, letter)
        return letter

    def _differs(self, why: Occasion, order: Order, letter: Letter) -> None:
        """What moved is another promise than the last that was told, in a letter or on a page."""
        if why.kind is Kind.MOVED:
            assert letter.promise is not None
            assert letter.promise.last != self.promised.get(order.id)
        if letter.promise is not None:
            self.promised[order.id] = letter.promise.last


class WrittenNight(LaunchNight):
    """A night whose letters go after every block."""

    def teardown(self) -> None:
        asyncio.run(_play(self.blocks))


async def _play(blocks: list[Block]) -> None:
    at_ms = [0]
    written = Written(at_ms)
    desk = Desk(written)
    desk.people |= {who: Person(who, f"{who}@post.example", "email", None, one, 1) for who, one in LANGUAGES}
    expected: Counter[tuple[Kind, str]] = Counter()
    for block in blocks:
        for event in block.events:
            evolve(desk.book, event, block.at_ms, block.position)
        desk.log.append(block)
        desk.at_ms = at_ms[0] = block.at_ms
        for event in block.events:
            if isinstance(event, ev.OrderChanged | ev.OrderConverted):
                written.promised.pop(event.order_id, None)
        before = len(written.made)
        await desk.settled()
        now = Counter((kind, order_id) for kind, order_id, _ in written.made[before:])
        assert all(count == 1 for count in now.values()), "twice in one block"
        expected += _expected(desk.book, block)
    confirmed = Counter(each[:2] for each in written.made if each[0] in (Kind.CONFIRMED, Kind.WITHDRAWN))
    assert confirmed == expected
    assert Counter(one.value for one, _, _ in desk.post.got) == Counter(
        f"{who}@post.example" for *_, who in written.made
    )
    assert desk.store.meter.waiting == 0
    assert desk.store.meter.sent == len(desk.post.got)


LANGUAGES = tuple(ONE_LANGUAGE_EACH.items())


def _expected(book: Book, block: Block) -> Counter[tuple[Kind, str]]:
    """One confirmation of each order that became firm and stands; one letter for each that an operator cancelled."""
    firm = {event.order_id for event in block.events if isinstance(event, ev.OrderFirmed)}
    gone = [event.order_id for event in block.events if isinstance(event, ev.OrderWithdrawn)]
    stands = [one for one in firm if book.orders[one].state_at(block.at_ms) in STANDING]
    return Counter([(Kind.CONFIRMED, one) for one in stands] + [(Kind.WITHDRAWN, one) for one in gone])


TestWrittenNight = WrittenNight.TestCase
TestWrittenNight.settings = settings(
    max_examples=6, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
