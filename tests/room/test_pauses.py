"""A pause that costs somebody time or a place, an opening that is missed or drawn twice, a file that is not opened."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from math import ceil
from pathlib import Path

import apsw
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.domain.launch_room import WaitingRoom
from drumroll.errors import RoomFailed
from drumroll.room.draw import entry_id, places, read
from drumroll.room.failures import Failures
from drumroll.room.pauses import Pauses
from drumroll.room.place import Place, RoomState, State
from drumroll.room.store import Store
from tests.room.house import KEY, OPENS_MS, RULES, SALE_MS, SEED, RoomHouse

# As version 1 wrote it.
OLD_FILE = """
    CREATE TABLE room (
        one INTEGER PRIMARY KEY CHECK (one = 1), launch TEXT NOT NULL, seed BLOB NOT NULL CHECK (length(seed) = 32),
        drawn_at_ms INTEGER, drawn INTEGER, over_at_ms INTEGER) STRICT;
    CREATE TABLE entrant (
        number INTEGER PRIMARY KEY, entry BLOB NOT NULL CHECK (length(entry) = 16)) STRICT;
    CREATE TABLE admission (upto INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT;
    PRAGMA user_version = 1;
"""


def told(house: RoomHouse, customer: str) -> Place:
    place = house.place(customer)
    assert place is not None
    return place


def admitting(folder: Path, people: int = 30) -> RoomHouse:
    """Ten people are in, the others in line."""
    house = RoomHouse(folder)
    house.join(*(f"c{number}" for number in range(people)))
    house.drawn()
    house.admitting()
    house.pass_s(1)
    assert house.room.view(house.now_ms).admitted == 10
    return house


def let_in(house: RoomHouse, people: int = 30) -> str:
    return next(f"c{n}" for n in range(people) if told(house, f"c{n}").state is State.ADMITTED)


# The opening


def test_an_opening_before_its_time_draws_at_once_and_lets_people_in(tmp_path: Path) -> None:
    with RoomHouse(tmp_path) as house:
        house.join("ada", "bob")
        house.pass_s(1)
        assert house.room.view(house.now_ms).state is RoomState.OPEN
        house.open_early()
        house.tick()
        view = house.room.view(house.now_ms)
        assert (view.state, view.sale_opens_ms, view.sale) == (RoomState.DRAWN, house.now_ms, "open")
        (late,) = house.join("cy")
        assert (late.state, late.position) == (State.IN_LINE, 3)
        house.start_again()
        house.pass_s(4.5)
        assert house.now_ms < SALE_MS
        assert told(house, "ada").state is told(house, "bob").state is State.ADMITTED


@pytest.mark.parametrize(("people", "left_s"), [(2, 3), (2, 5), (200, 5), (200, 30), (200, 41), (200, 500)])
def test_who_asks_when_told_to_knows_of_an_early_opening_before_anybody_is_let_in(
    tmp_path: Path, people: int, left_s: int
) -> None:
    from drumroll.web.room import ask_again_s

    rules = msgspec.structs.replace(RULES, rate_per_s=1000)
    with RoomHouse(tmp_path, rules) as house:
        house.room._numbers |= {number.to_bytes(16): number for number in range(100 * people)}
        house.room._count = 100 * people
        house.join("ada")
        house.now_ms = SALE_MS - left_s * 1000
        house.tick()
        again_at_ms = max(house.now_ms, house.now_ms + ask_again_s(house.room, told(house, "ada"), house.now_ms) * 1000)
        house.open_early()
        house.now_ms += 1
        house.tick()
        assert house.room._admits_from_ms >= again_at_ms


def test_sold_out_is_no_pause_and_closed_before_it_opened_is_no_opening(tmp_path: Path) -> None:
    with RoomHouse(tmp_path) as house:
        house.join("ada")
        house.state, house.opens_ms = "closed", SALE_MS
        house.run(house.room.tick(house.now_ms, 0.0, msgspec.structs.replace(house.sale, state="closed")))
        assert house.room.view(house.now_ms).state is RoomState.OPEN
        house.state = "sold_out"
        house.drawn()
        house.pass_s(4)
        assert told(house, "ada").state is State.ADMITTED


# Standing still


@pytest.mark.parametrize("state", ["paused", "closed"])
def test_nobody_is_let_in_and_nothing_ends_while_the_sale_stands_still(tmp_path: Path, state: str) -> None:
    with RoomHouse(tmp_path) as house:
        house.join("ada")
        house.state = "closed" if state == "closed" else "paused"
        house.drawn()
        house.pass_s(300)
        place, view = told(house, "ada"), house.room.view(house.now_ms)
        assert (place.state, place.place, place.expected_at_ms) == (State.IN_LINE, 1, None)
        assert (view.state, view.admitted, view.held, view.sale) == (RoomState.DRAWN, 0, True, state)
        house.state = "open"
        house.pass_s(1)
        assert told(house, "ada").state is State.ADMITTED
        house.pass_s(58)
        assert house.room.view(house.now_ms).state is RoomState.DRAWN
        house.pass_s(4)
        assert house.room.view(house.now_ms).state is RoomState.OVER


def test_a_ticket_keeps_what_it_had_left_and_the_old_one_admits_too(tmp_path: Path) -> None:
    with admitting(tmp_path) as house:
        ada = let_in(house)
        before = told(house, ada)
        assert before.ticket is not None
        assert before.ticket_expires_ms is not None
        house.state = "paused"
        house.tick()
        house.pass_s(200)
        during = told(house, ada)
        assert (during.ticket, during.ticket_expires_ms) == (before.ticket, None)
        assert during.ticket_left_s is not None
        assert during.ticket_left_s >= RULES.ticket_s - 2
        assert house.room.admits(before.ticket.encode(), ada, house.now_ms)
        house.start_again()
        assert told(house, ada) == during
        house.state = "open"
        house.pass_s(0.25)
        after = told(house, ada)
        assert after.ticket_expires_ms == before.ticket_expires_ms + 201_000  # 200.25 s, in whole seconds
        assert after.ticket is not None
        for ticket in (before.ticket, after.ticket):
            assert house.room.admits(ticket.encode(), ada, after.ticket_expires_ms - 1)
            assert not house.room.admits(ticket.encode(), ada, after.ticket_expires_ms)
            assert not house.room.admits(ticket.encode(), "bob", after.ticket_expires_ms - 1)


def test_what_ran_out_before_a_pause_stays_run_out_and_gives_no_second_place(tmp_path: Path) -> None:
    with RoomHouse(tmp_path, WaitingRoom(OPENS_MS, rate_per_s=1, ticket_s=60)) as house:
        house.join(*(f"c{number}" for number in range(100)))
        house.drawn()
        house.admitting()
        house.pass_s(1)
        first = let_in(house, 100)
        before = told(house, first)
        assert before.ticket is not None
        house.pass_s(60)
        house.state = "paused"
        house.pass_s(5)
        assert told(house, first).state is State.RAN_OUT
        assert not house.room.admits(before.ticket.encode(), first, house.now_ms)
        (again,) = house.join(first)
        assert (again.state, again.position) == (State.IN_LINE, 101)
        assert not house.room.admits(before.ticket.encode(), first, house.now_ms)


def test_the_room_ends_a_ticket_s_time_after_a_pause_and_not_by_the_pause(tmp_path: Path) -> None:
    with admitting(tmp_path, 10) as house:
        house.pass_s(30)
        house.state = "paused"
        house.pass_s(100)
        house.state = "open"
        house.pass_s(58)
        assert house.room.view(house.now_ms).state is RoomState.DRAWN
        house.pass_s(3)
        assert house.room.view(house.now_ms).state is RoomState.OVER


def test_a_pause_is_not_made_up_for_with_a_crowd(tmp_path: Path) -> None:
    with admitting(tmp_path, 300) as house:
        house.state = "paused"
        house.pass_s(60)
        house.state = "open"
        house.pass_s(1)
        assert house.room.view(house.now_ms).admitted <= 21


@settings(deadline=None)
@given(st.integers(0, 5_000), st.integers(1, 9), st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 4_000))))
def test_a_term_is_as_long_as_a_clock_that_is_stopped_says(
    admitted_ms: int, ticket_s: int, walk: list[tuple[int, int]]
) -> None:
    kept, at_ms = list[tuple[int, int | None]](), admitted_ms
    for open_ms, paused_ms in walk:
        kept.append((at_ms + open_ms, at_ms + open_ms + paused_ms))
        at_ms += open_ms + paused_ms
    left_ms, now_ms = (admitted_ms // 1000 + ticket_s) * 1000 - admitted_ms, admitted_ms
    for open_ms, paused_ms in walk:
        if left_ms <= open_ms:
            break
        now_ms, left_ms = now_ms + open_ms + paused_ms, left_ms - open_ms + ceil(paused_ms / 1000) * 1000 - paused_ms
    assert Pauses(kept).term(admitted_ms, ticket_s).expires_s * 1000 == now_ms + left_ms


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.integers(1, 4)),
        st.tuples(st.just("pass"), st.integers(1, 30)),
        st.tuples(st.sampled_from(["paused", "closed", "open", "early"]), st.just(0)),
        st.tuples(st.just("again"), st.integers(0, 12)),
    ),
    max_size=25,
)


class Night:
    """A line kept in a list, and for each who was let in the milliseconds in which they could order."""

    def __init__(self, house: RoomHouse) -> None:
        self.house = house
        self.line: list[str] = []
        self.could_ms: dict[str, int] = {}
        self.tickets: dict[str, str] = {}
        self.begun = self.still = False
        self.pauses = 0

    def join(self, count: int) -> None:
        names = [f"c{number}" for number in range(len(self.line), len(self.line) + count)]
        self.house.join(*names)
        self.line += names

    def quarter(self, ticks: bool = True) -> None:
        """A quarter of a second, in which the room is there or (``ticks`` is false) is not."""
        house = self.house
        house.now_ms += 250
        self.could_ms = {name: ms + (0 if self.still else 250) for name, ms in self.could_ms.items()}
        if not ticks:
            return
        house.tick()
        if (
            not self.begun
            and house.sale.state != "before"
            and (house.state != "closed" or house.now_ms >= house.opens_ms)
        ):
            listed = [entry_id(KEY, "kite", name) for name in self.line]
            order = {entry: place for place, entry in enumerate(places(SEED, listed))}
            self.line.sort(key=lambda name: order[entry_id(KEY, "kite", name)])
            self.begun, self.drawn = True, len(self.line)
        still = self.begun and house.state in ("paused", "closed")
        self.pauses += still and not self.still
        self.still = still
        self.check()

    def check(self) -> None:
        view = self.house.room.view(self.house.now_ms)
        if view.state is RoomState.OVER:
            return
        assert (view.drawn is not None) == self.begun
        assert not (self.still and view.admitted > len(self.could_ms))
        for name in self.line[len(self.could_ms) : view.admitted]:
            self.could_ms[name] = 0
        for position, name in enumerate(self.line if self.begun else [], 1):
            place = told(self.house, name)
            assert place.position == position
            if position > view.admitted:
                assert (place.state, place.expected_at_ms is None) == (State.IN_LINE, self.still)
            else:
                self.check_ticket(name, place)

    def check_ticket(self, name: str, place: Place) -> None:
        whole_ms = self.house.rules.ticket_s * 1000
        could_ms = self.could_ms[name]
        if could_ms <= whole_ms - 1000:
            assert place.state is State.ADMITTED
        if could_ms >= whole_ms + 1000 * self.pauses:
            assert place.state is State.RAN_OUT
        if place.ticket is not None:
            self.tickets.setdefault(name, place.ticket)
        admits = self.house.room.admits(self.tickets[name].encode(), name, self.house.now_ms)
        assert admits == (place.state is State.ADMITTED)


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_whatever_operators_do_no_time_is_lost_and_the_order_stays(steps: list[tuple[str, int]]) -> None:
    rules = WaitingRoom(OPENS_MS, rate_per_s=2, ticket_s=4)
    with tempfile.TemporaryDirectory() as folder, RoomHouse(Path(folder), rules) as house:
        night, published = Night(house), b""
        house.now_ms = SALE_MS - 4_000
        for kind, count in [*steps, ("pass", 30), ("open", 0), ("pass", 30)]:
            if kind == "join" and house.room.view(house.now_ms).state is not RoomState.OVER:
                night.join(count)
            elif kind == "again":
                for _ in range(count):
                    night.quarter(ticks=False)
                house.start_again()
                night.quarter()
            elif kind == "early":
                house.open_early()
            elif kind == "pass":
                for _ in range(count):
                    night.quarter()
            elif kind != "join":
                house.state = "paused" if kind == "paused" else "closed" if kind == "closed" else "open"
                night.quarter()
            if night.begun and (path := house.room.published()) is not None:
                published = published or path.read_bytes()
                assert path.read_bytes() == published
        assert len(read(published).entrants) == night.drawn


# The file


def test_a_file_of_the_version_before_is_opened_and_keeps_its_places(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(30)]
    path = tmp_path / "orders-room"
    old = apsw.Connection(str(path))
    old.execute(OLD_FILE)
    old.execute("INSERT INTO room VALUES (1, 'kite', ?, ?, 30, NULL)", (SEED, SALE_MS))
    entries = [bytes.fromhex(entry_id(KEY, "kite", name)) for name in names]
    old.executemany("INSERT INTO entrant VALUES (?, ?)", enumerate(entries))
    old.execute("INSERT INTO admission VALUES (10, ?)", (SALE_MS + 2250,))
    old.close()
    with RoomHouse(tmp_path) as house:
        house.now_ms = SALE_MS + 3000
        house.state = "paused"
        house.tick()
        drawn = places(SEED, [entry.hex() for entry in entries])
        found = [told(house, name) for name in names]
        assert [place.position for place in found] == [drawn.index(place.entry_id) + 1 for place in found]
        assert sum(place.state is State.ADMITTED for place in found) == 10
        house.pass_s(100)
        house.start_again()
        assert house.room.held
        assert [told(house, name).ticket for name in names] == [place.ticket for place in found]


# What fails


def test_what_was_not_written_is_no_reason_to_read_a_crowd_again_but_what_was_is(tmp_path: Path) -> None:
    with admitting(tmp_path) as house:
        drawn = house.room._positions
        house.store.close()
        house.state = "paused"
        with pytest.raises(RoomFailed):
            house.tick()
        house.tick()
        assert house.room._positions is drawn
        assert house.room.held
        rival = Store(house.store.path, "kite", SEED)
        rival.resume(house.now_ms)
        rival.add(30, [b"r" * 16])
        rival.close()
        house.state = "open"
        house.store.close()
        with pytest.raises(RoomFailed):
            house.tick()
        house.tick()
        assert not house.room.held
        assert house.room.entrants == 31


def test_a_failure_is_said_once_a_minute_and_once_that_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    failures = Failures("the waiting room")
    with caplog.at_level(logging.WARNING):
        failures.worked()
        for quarter in range(4 * 150):
            failures.failed(OSError("disk\nfull"), 1000 + quarter / 4)
        failures.worked()
        failures.worked()
        failures.failed(OSError("again"), 1150.25)
    assert caplog.messages == [
        *["the waiting room failed and tries again: disk full"] * 3,
        "the waiting room works again, having failed 600 times",
        "the waiting room failed and tries again: again",
    ]


def test_a_room_that_can_t_be_written_says_why_in_a_line_and_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with RoomHouse(tmp_path) as house, caplog.at_level(logging.WARNING):
        house.join("ada")
        house.now_ms = SALE_MS
        path, away = house.store.path, tmp_path / "away"
        house.store.close()
        path.rename(away)
        path.mkdir()

        async def gone_for_a_second() -> None:
            ticking = asyncio.create_task(house.room.run(lambda: house.now_ms, lambda: 0.0, lambda: house.sale))
            await asyncio.sleep(0.9)
            path.rmdir()
            away.rename(path)
            while house.room.view(house.now_ms).drawn is None:
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.3)
            ticking.cancel()

        house.run(gone_for_a_second())
        assert len(caplog.records) == 2
        assert "orders-room" in caplog.messages[0]
        assert "works again" in caplog.messages[1]
        assert not any(record.exc_info for record in caplog.records)
