"""A person with two places, a place out of order, somebody let in early, or a place that was told and is gone."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.domain.launch_room import WaitingRoom
from drumroll.errors import RoomFailed
from drumroll.room.draw import check, commitment, entry_id, place_in, places, read
from drumroll.room.place import Place, RoomState, State
from drumroll.room.store import Store
from tests.room.house import KEY, OPENS_MS, RULES, SALE_MS, SEED, RoomHouse, opened


def names(count: int) -> list[str]:
    return [f"c{number}" for number in range(count)]


def test_fifty_tabs_of_one_person_have_one_place(tmp_path: Path) -> None:
    with RoomHouse(tmp_path) as house:
        told = house.join(*["ada"] * 50, "bob", *["ada"] * 3)
        assert len({place.entry_id for place in told}) == 2
        assert house.room.view(house.now_ms).entrants == 2
        house.drawn()
        assert len({msgspec.json.encode(place) for place in house.join(*["ada"] * 50)}) == 1
        assert house.room.view(house.now_ms).entrants == 2


def test_before_the_draw_nobody_has_a_place_and_the_seed_is_not_told(tmp_path: Path) -> None:
    with RoomHouse(tmp_path) as house:
        told = house.join(*names(5))
        assert {place.state for place in told} == {State.WAITING_FOR_THE_DRAW}
        assert {place.place for place in told} == {None}
        view = house.room.view(house.now_ms)
        assert (view.state, view.seed, view.draw, view.commitment) == (RoomState.OPEN, None, None, commitment(SEED))
        house.pass_s(5)
        assert house.room.view(house.now_ms).admitted == 0
        assert house.room.published() is None


def test_the_draw_is_what_its_published_file_says(tmp_path: Path) -> None:
    with RoomHouse(tmp_path) as house:
        house.join(*names(60))
        house.now_ms = SALE_MS
        late = house.join("late")[0]
        house.drawn()
        path = house.room.published()
        assert path is not None
        draw = read(path.read_bytes())
        check(draw, house.room.view(house.now_ms).commitment)
        assert draw.entrants == [entry_id(KEY, "kite", name) for name in names(60)]
        for name in names(60):
            place = house.place(name)
            assert place is not None
            assert place.position == place_in(draw, place.entry_id)
        assert (late.state, late.position) == (State.IN_LINE, 61)


def test_who_comes_at_the_opening_is_behind_all_who_came_before(tmp_path: Path) -> None:
    # Also before the tick that makes the draw, and while others are being written.
    with RoomHouse(tmp_path) as house:

        async def at_the_last_moment() -> list[Place | None]:
            early = [asyncio.ensure_future(house.room.join(name, SALE_MS - 1)) for name in names(20)]
            await asyncio.sleep(0)
            late = [asyncio.ensure_future(house.room.join(name, SALE_MS)) for name in ("x", "y")]
            return list(await asyncio.gather(*early, *late))

        house.run(at_the_last_moment())
        house.drawn()
        found = [house.place(name) for name in [*names(20), "x", "y"]]
        assert sorted(place.position or 0 for place in found[:20] if place) == list(range(1, 21))
        assert [place.position for place in found[20:] if place] == [21, 22]


def test_after_the_draw_places_go_by_arrival(tmp_path: Path) -> None:
    with RoomHouse(tmp_path) as house:
        house.drawn()
        for number, name in enumerate(names(30), 1):
            (place,) = house.join(name)
            assert (place.state, place.place, place.ahead) == (State.IN_LINE, number, number - 1)
        house.admitting()
        house.pass_s(1)
        assert [place.state for place in map(house.place, names(30)) if place] == [State.ADMITTED] * 10 + [
            State.IN_LINE
        ] * 20
        first = house.place("c10")
        assert first is not None
        assert (first.place, first.of, first.position, first.ticket) == (1, 20, 11, None)


def test_a_ticket_admits_its_person_in_time_and_nobody_else(tmp_path: Path) -> None:
    with RoomHouse(tmp_path) as house:
        house.join("ada", "bob")
        house.drawn()
        assert not house.room.admits(None, "ada", house.now_ms)
        house.admitting()
        house.pass_s(1)
        place = house.place("ada")
        assert place is not None
        assert place.ticket is not None
        assert place.ticket_expires_ms is not None
        ticket = place.ticket.encode()
        assert house.room.admits(ticket, "ada", house.now_ms)
        assert not house.room.admits(ticket, "bob", house.now_ms)
        assert house.room.admits(ticket, "ada", place.ticket_expires_ms - 1)
        assert not house.room.admits(ticket, "ada", place.ticket_expires_ms)


def test_whose_ticket_ran_out_may_join_again_at_the_end(tmp_path: Path) -> None:
    with RoomHouse(tmp_path, WaitingRoom(OPENS_MS, rate_per_s=1, ticket_s=60)) as house:
        house.join(*names(100))
        house.drawn()
        house.admitting()
        house.pass_s(1)
        first = places(SEED, [entry_id(KEY, "kite", name) for name in names(100)])[0]
        ada = next(name for name in names(100) if entry_id(KEY, "kite", name) == first)
        assert (place := house.place(ada)) is not None
        assert place.state is State.ADMITTED
        assert house.join(ada)[0] == place
        house.pass_s(60)
        assert (place := house.place(ada)) is not None
        assert (place.state, place.ticket) == (State.RAN_OUT, None)
        again = house.join(*[ada] * 5)
        assert {(one.state, one.position) for one in again} == {(State.IN_LINE, 101)}
        house.start_again()
        assert (place := house.place(ada)) is not None
        assert place.position == 101
        draw = house.room.published()
        assert draw is None or len(read(draw.read_bytes()).entrants) == 100


def test_a_room_that_is_not_open_gives_no_place(tmp_path: Path) -> None:
    with RoomHouse(tmp_path) as house:
        house.now_ms = OPENS_MS - 1
        assert house.run(house.room.join("ada", house.now_ms)) is None
        assert house.room.view(house.now_ms).state is RoomState.BEFORE
        assert house.place("ada") is None


def test_the_room_is_over_when_for_a_tickets_time_nobody_had_to_wait(tmp_path: Path) -> None:
    with RoomHouse(tmp_path) as house:
        house.join(*names(100))
        house.drawn()
        house.admitting()
        house.pass_s(10 + 55)
        house.join(*names(200)[100:])
        house.pass_s(10)
        assert house.room.view(house.now_ms).state is RoomState.DRAWN
        house.pass_s(40)
        house.pass_s(1, share=0.9)
        house.pass_s(55)
        assert not house.room.admits(None, "ada", house.now_ms)
        house.pass_s(6)
        assert house.room.view(house.now_ms).state is RoomState.OVER
        assert house.room.admits(None, "ada", house.now_ms)
        assert house.run(house.room.join("ada", house.now_ms)) is None
        house.start_again()
        assert house.room.view(house.now_ms).state is RoomState.OVER


def test_people_are_let_in_no_faster_than_the_rate_and_slower_while_the_desk_is_busy(tmp_path: Path) -> None:
    with RoomHouse(tmp_path) as house:
        house.join(*names(300))
        house.drawn()
        house.admitting()
        for second in range(1, 11):
            house.pass_s(1)
            assert house.room.view(house.now_ms).admitted == 10 * second
        house.pass_s(5, share=0.9)
        assert house.room.view(house.now_ms).admitted < 125
        assert house.room.view(house.now_ms).rate_per_s < 10


def test_the_time_that_is_told_comes_true_while_the_rate_holds(tmp_path: Path) -> None:
    with RoomHouse(tmp_path) as house:
        house.join(*names(200))
        house.drawn()
        house.admitting()
        house.pass_s(1)
        told = {name: place.expected_at_ms for name in names(200) if (place := house.place(name))}
        while house.room.view(house.now_ms).waiting:
            waiting = [name for name in names(200) if (place := house.place(name)) and place.state is State.IN_LINE]
            house.pass_s(0.25)
            for name in waiting:
                at_ms = told[name]
                assert at_ms is not None
                if (place := house.place(name)) and place.state is State.ADMITTED:
                    assert abs(at_ms - house.now_ms) <= 1000


def test_a_restart_at_any_time_changes_no_place(tmp_path: Path) -> None:
    with RoomHouse(tmp_path) as house:
        house.join(*names(50))
        before = house.room.view(house.now_ms)
        house.start_again()
        assert house.room.view(house.now_ms) == before
        house.drawn()
        drawn = [house.place(name) for name in names(50)]
        house.start_again()
        house.drawn()
        assert [house.place(name) for name in names(50)] == drawn
        house.admitting()
        house.pass_s(2)
        told = [house.place(name) for name in names(50)]
        house.start_again()
        assert [house.place(name) for name in names(50)] == told


def test_another_launch_s_room_is_refused(tmp_path: Path) -> None:
    Store(tmp_path / "r", "kite", SEED).close()
    with pytest.raises(RoomFailed, match="waiting room of kite"):
        Store(tmp_path / "r", "balloon", SEED)
    with pytest.raises(RoomFailed, match="found 3 bytes"):
        Store(tmp_path / "q", "kite", b"abc")
    with pytest.raises(RoomFailed, match="folder"):
        Store(tmp_path / "no" / "r", "kite", SEED)
    assert (tmp_path / "r").stat().st_mode & 0o777 == 0o600


def test_a_place_that_could_not_be_kept_is_not_told_and_can_be_had_again(tmp_path: Path) -> None:
    with RoomHouse(tmp_path) as house:
        house.join("ada")
        _, rival = opened(tmp_path)
        rival.add(1, [b"r" * 16])  # a second writer takes the number
        rival.close()
        with pytest.raises(RoomFailed):
            house.join("bob")
        assert house.place("bob") is None
        (bob,) = house.join("bob")
        assert bob.state is State.WAITING_FOR_THE_DRAW
        assert house.room.view(house.now_ms).entrants == 3
        house.start_again()
        assert house.place("bob") == bob


def test_who_goes_away_while_joining_leaves_the_others_alone(tmp_path: Path) -> None:
    with RoomHouse(tmp_path) as house:

        async def one_goes() -> Place | None:
            gone = asyncio.ensure_future(house.room.join("ada", house.now_ms))
            stays = asyncio.ensure_future(house.room.join("ada", house.now_ms))
            await asyncio.sleep(0)
            gone.cancel()
            return await stays

        assert house.run(one_goes()) == house.place("ada")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.lists(st.integers(0, 25), min_size=1, max_size=6)),
        st.tuples(st.just("pass"), st.integers(1, 40)),
        st.tuples(st.just("again"), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_it_agrees_with_a_line_kept_in_a_list(steps: list[tuple[str, object]]) -> None:
    """The naive room: one list of names, the first of them sorted by the draw at the opening."""
    rules = msgspec.structs.replace(RULES, rate_per_s=2, ticket_s=1_000)
    with tempfile.TemporaryDirectory() as folder, RoomHouse(Path(folder), rules) as house:
        line: list[str] = []
        drawn = False
        house.now_ms = SALE_MS - 8_000
        for kind, what in [*steps, ("pass", 40)]:
            if kind == "join" and isinstance(what, list):
                asked = [f"c{number}" for number in what]
                house.join(*asked)
                line += [name for name in dict.fromkeys(asked) if name not in line]
            elif kind == "pass" and isinstance(what, int):
                house.pass_s(what / 4)
            else:
                house.start_again()
            if house.now_ms >= SALE_MS and not drawn:
                house.tick()
                listed = [entry_id(KEY, "kite", name) for name in line]
                line.sort(key=lambda name: places(SEED, listed).index(entry_id(KEY, "kite", name)))
                drawn = True
            admitted = house.room.view(house.now_ms).admitted
            assert admitted <= max(0, house.now_ms - SALE_MS) * 2 / 1000 + 1
            for position, name in enumerate(line, 1):
                place = house.place(name)
                assert place is not None
                if not drawn:
                    assert place.state is State.WAITING_FOR_THE_DRAW
                elif house.room.view(house.now_ms).state is RoomState.DRAWN:
                    assert place.position == position
                    assert (place.state is State.ADMITTED) == (position <= admitted)
