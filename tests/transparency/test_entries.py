"""Entries made from random nights: they say what the book says, open to what they commit to, and tell nothing else."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from drumroll.domain import events as ev
from drumroll.domain.book import Book
from drumroll.domain.evolve import evolve
from drumroll.log.base import Block
from drumroll.proof.entry import Entry, LaunchEntry, check_opening, entry_bytes, parse_entry
from drumroll.transparency.entries import Lives, entries_of
from drumroll.transparency.openings import open_leaves
from tests.domain.test_state_machine import LaunchNight

BLINDING = bytes(range(32))
EVENTS_OF_NO_ORDER = (
    *(ev.DeskOpened, ev.DepositOwedBack, ev.RefundPaid, ev.WaitingJoined, ev.WaitingLeft, ev.SalesSet, ev.CapSet),
    *(ev.WindowMoved, ev.RefundGranted, ev.SafetySet, ev.CapacitySet, ev.OrderPinned, ev.PlanAccepted),
)


class PublishedNight(LaunchNight):
    """A night whose entries are made when it is over."""

    def teardown(self) -> None:
        book, lives = Book(), Lives(BLINDING)
        tags: dict[str, str] = {}
        people: dict[str, str] = {}
        for block in self.blocks:
            entries = list(lives.entries(block))
            assert len(entries) == sum(map(entries_of, block.events))
            number = 0
            for event in block.events:
                evolve(book, event, block.at_ms, block.position)
                for data in entries[number : number + entries_of(event)]:
                    self._says_what_the_book_says(book, event, number, data, tags, people)
                number += entries_of(event)
                assert entries_of(event) == 0 or not isinstance(event, EVENTS_OF_NO_ORDER)
        assert len(set(tags.values())) == len(tags)
        assert len(set(people.values())) == len(people)

    def _says_what_the_book_says(
        self, book: Book, event: ev.Event, number: int, data: bytes, tags: dict[str, str], people: dict[str, str]
    ) -> None:
        entry = parse_entry(data)
        assert entry_bytes(entry) == data
        if isinstance(entry, LaunchEntry):
            assert isinstance(event, ev.LaunchSet)
            return
        if isinstance(event, ev.OrdersMoved):
            return  # several orders at once: the last state of each is looked at below
        order = book.orders[event.order_id]  # type: ignore[attr-defined]
        assert (entry.state, entry.model, entry.held_minor) == (order.state, order.offer.model, order.held_minor)
        assert entry.at_ms == order.changed_at_ms
        assert tags.setdefault(order.id, entry.order) == entry.order
        assert people.setdefault(order.customer, entry.customer) == entry.customer


TestPublishedNight = PublishedNight.TestCase
TestPublishedNight.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


class OpenedNight(LaunchNight):
    """A night whose entries are opened when it is over: all at once, some of them, and order by order."""

    def teardown(self) -> None:
        lives = Lives(BLINDING)
        made = [data for block in self.blocks for data in lives.entries(block)]
        opened = open_leaves(_Reader(self.blocks), BLINDING, range(0, len(made), 3), frozenset(("order", "payment")))
        assert sorted(opened) == list(range(0, len(made), 3))
        for leaf, (data, fields) in opened.items():
            assert data == made[leaf]
            entry = parse_entry(data)
            if isinstance(entry, Entry):
                assert set(check_opening(entry, fields)) <= {"order", "payment"}
        self._order_by_order(made)

    def _order_by_order(self, made: list[bytes]) -> None:
        before: dict[int, int] = {}
        count = 0
        for block in self.blocks:
            before[block.position] = count
            count += sum(map(entries_of, block.events))
        for order in self.book.sequence:
            lives, states = Lives(BLINDING), []
            entry = self.book.entries.get(order.id)
            blocks = order.blocks if entry is None else sorted({entry.block, *order.blocks})
            for position in blocks:
                for number, data, fields in lives.opened_of(order.id, self.blocks[position - 1]):
                    assert data == made[before[position] + number]
                    parsed = parse_entry(data)
                    assert isinstance(parsed, Entry)
                    assert check_opening(parsed, fields)["order"] == order.id
                    states.append(parsed.state)
            assert states[-1] == order.state


TestOpenedNight = OpenedNight.TestCase
TestOpenedNight.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


class _Reader:
    def __init__(self, blocks: list[Block]) -> None:
        self._blocks = blocks

    def read(self, from_position: int = 1):  # type: ignore[no-untyped-def]
        return iter(self._blocks[from_position - 1 :])


def blocks_of_one_order() -> list[Block]:
    reserved = ev.OrderReserved("ord_1", "cus_1", "yu7", "max", 32990000, 500000, 900, b"", b"", ("white", "red"), "bj")
    return [
        Block(1, 1750946400000, (reserved,)),
        Block(2, 1750946401000, (ev.OrderFirmed("ord_1", "pay_1"),)),
    ]


def test_the_entries_of_published_events_never_change() -> None:
    lives = Lives(BLINDING)
    made = [data for block in blocks_of_one_order() for data in lives.entries(block)]
    assert made == [
        b"reserved reserved yu7 1750946400000 kkrjAOppmmDERnmZ CQl6QSONwsyIU9oD 0 "
        b"9X7ZCV8NV_6PxPlEP2JheIclZW9X4TBp8i_oKsMwRUM",
        b"firm firm yu7 1750946401000 kkrjAOppmmDERnmZ CQl6QSONwsyIU9oD 500000 "
        b"_iC1DU9z7cY146VkMaDlSqaB2LbcEIHDOxFgtQJaoQw",
    ]


@pytest.mark.parametrize("word", ["ord_1", "cus_1", "pay_1", "max", "32990000", "white"])
def test_what_is_committed_to_is_not_in_an_entry(word: str) -> None:
    lives = Lives(BLINDING)
    made = b"\n".join(data for block in blocks_of_one_order() for data in lives.entries(block))
    assert word.encode() not in made


def test_another_blinding_key_gives_other_tags_and_other_commitments() -> None:
    one, other = (
        next(iter(Lives(key).entries(blocks_of_one_order()[0]))).split() for key in (BLINDING, BLINDING[::-1])
    )
    assert one[:4] == other[:4]
    assert not {*one[4:6], one[7]} & {*other[4:6], other[7]}


def test_the_same_event_twice_commits_to_something_else() -> None:
    lives, block = Lives(BLINDING), blocks_of_one_order()[0]
    again = Block(7, block.at_ms, block.events)
    assert next(lives.entries(block)).split()[-1] != next(lives.entries(again)).split()[-1]


def test_the_deposit_held_follows_what_a_conversion_gives_back_and_what_is_paid_after_it() -> None:
    lives = Lives(BLINDING)
    reserved = ev.OrderReserved("o", "c", "b", "z", 7000, 900, 10, b"", b"")
    converted = ev.OrderConverted(
        "o", "w0", "a", "x", (), "", 9000, 500, 0, 400, None, 0, "firm", None, reverts=False, key=b"", fingerprint=b""
    )
    events = (
        reserved,
        ev.OrderFirmed("o", "p"),
        converted,
        ev.DifferencePaid("o", "p2", 100),
        ev.OrderLocked("o", False),
    )
    made = [parse_entry(data) for data in lives.entries(Block(1, 1_750_946_400_000, events))]
    assert [entry.held_minor for entry in made if isinstance(entry, Entry)] == [0, 900, 500, 600, 600]
    cancelled = ev.OrderForfeited("o", 600, b"", b"")
    (last,) = (parse_entry(data) for data in lives.entries(Block(2, 1_750_946_400_001, (cancelled,))))
    assert isinstance(last, Entry)
    assert (last.held_minor, last.state) == (0, "forfeited")
