"""The waiting room's routes: places told to the wrong one, kept by caches, or an order that slips past the room."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drumroll.room.draw import check, place_in, read
from drumroll.web.room import ROOM, WaitingRooms
from tests.web.house import LAUNCH, Answer, House, order_headers, session

LAUNCH_AT_MS = 1_777_629_600_000
BEFORE = "2026-05-01T11:59:00+02:00@0"
WAITING_ROOM = """
[waiting_room]
opens = 2026-05-01T11:50:00
rate_per_s = 10
ticket_s = 60
"""


class Waiting(House):
    """A house whose launch has a waiting room."""

    def __init__(self, folder: Path, clock: str = BEFORE) -> None:
        super().__init__(clock=clock, path=str(folder / "orders"), launch=LAUNCH + WAITING_ROOM)
        assert self.server.web.room is not None
        self.room = self.server.web.room

    def join(self, customer: str) -> Answer:
        return self.call("POST", ROOM, session(self.session(customer)))

    def order_with(self, customer: str, ticket: str) -> Answer:
        headers = order_headers(self.session(customer), f"key of {customer}")
        body = json.dumps({"model": "kite", "trim": "plain"}).encode()
        return self.call("POST", "/v1/orders", [*headers, ("admission", ticket)], body)

    def until(self, seconds: float) -> None:
        """Move to so many seconds after the opening, a quarter at a time."""
        assert self.clock is not None
        while self.clock() < LAUNCH_AT_MS + seconds * 1000:
            self.clock.move_to(self.clock() + 250)
            self.run(self.room.tick(self.clock(), 0.0))


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    with Waiting(tmp_path) as house:
        yield house


def test_a_place_is_told_to_its_person_alone(waiting: Waiting) -> None:
    mine = waiting.join("ada").json()
    assert mine["state"] == "waiting_for_the_draw"
    waiting.join("bob")
    looked = waiting.get(ROOM, waiting.session("ada"))
    assert looked.headers["cache-control"] == "no-store"
    assert looked.json()["mine"]["entry_id"] == mine["entry_id"]
    assert looked.json()["entrants"] == 2
    assert waiting.get(ROOM).json()["mine"] is None
    assert waiting.get(ROOM, waiting.session("cy")).json()["mine"] is None
    assert b"ada" not in looked.body


def test_without_a_session_nobody_joins(waiting: Waiting) -> None:
    assert waiting.call("POST", ROOM).code == "no_session"
    assert waiting.call("POST", ROOM, session("ada.9999999999.00")).code == "no_session"
    assert waiting.get(ROOM, "made-up").code == "no_session"
    assert waiting.get(ROOM).json()["entrants"] == 0


def test_joining_once_more_says_the_same(waiting: Waiting) -> None:
    assert waiting.join("ada").body == waiting.join("ada").body


def test_people_are_let_in_and_only_their_ticket_lets_their_order_pass(waiting: Waiting) -> None:
    for number in range(20):
        waiting.join(f"c{number}")
    waiting.until(3.25)
    views = {f"c{number}": waiting.join(f"c{number}").json() for number in range(20)}
    tickets = [view["ticket"] for view in views.values() if view["ticket"]]
    assert len(tickets) == 10
    for name, view in views.items():
        if view["state"] == "admitted":
            assert waiting.order_with(name, view["ticket"]).status == 201
        else:
            assert view["expected_at"].startswith("2026-05-01T12:00:0")
            for ticket in ("", "noise", tickets[0]):
                refused = waiting.order_with(name, ticket)
                assert refused.code == "not_admitted"
                assert refused.json()["state"] == "in_line"
                assert refused.headers["retry-after"] in ("1", "2")


def test_the_draw_is_published_once_it_is_made(waiting: Waiting) -> None:
    mine = waiting.join("ada").json()
    for number in range(20):
        waiting.join(f"c{number}")
    noted = waiting.get(ROOM).json()["commitment"]
    assert waiting.get(f"{ROOM}/draw").code == "not_drawn_yet"
    waiting.until(0.25)
    answer = waiting.get(f"{ROOM}/draw")
    found = read(answer.body)
    check(found, noted)
    assert waiting.get(ROOM).json()["draw"] == f"{ROOM}/draw"
    assert place_in(found, mine["entry_id"]) == waiting.join("ada").json()["position"]
    assert int(answer.headers["content-length"]) == len(answer.body)
    again = waiting.call("GET", f"{ROOM}/draw", [("if-none-match", answer.headers["etag"])])
    assert (again.status, again.body) == (304, b"")


def test_who_does_not_read_the_draw_holds_little_and_not_for_long(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drumroll.web.room.DRAWS_AT_ONCE", 2)
    monkeypatch.setattr("drumroll.web.room.DRAWN_WITHIN_S", 0.2)
    for number in range(3000):
        waiting.room._numbers[number.to_bytes(16)] = number
    waiting.room._count = 3000
    waiting.until(0.25)
    routes, sent = WaitingRooms(waiting.room, waiting.server.web.hot), list[dict[str, Any]]()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def never_read(message: dict[str, Any]) -> None:
        sent.append(message)
        await asyncio.Event().wait()

    async def read_at_once(message: dict[str, Any]) -> None:
        sent.append(message)

    async def crowd() -> object:
        scope: dict[str, Any] = {"path": f"{ROOM}/draw", "headers": []}
        stuck = [asyncio.create_task(routes.draw(scope, receive, never_read)) for _ in range(2)]
        await asyncio.sleep(0.05)
        await routes.draw(scope, receive, read_at_once)
        refused = sent[-2]["status"]
        await asyncio.gather(*stuck)
        sent.clear()
        await routes.draw(scope, receive, read_at_once)
        return refused

    assert waiting.run(crowd()) == 429
    assert sent[0]["status"] == 200
    pieces = [len(one["body"]) for one in sent[1:]]
    assert max(pieces) <= 32_768
    assert sum(pieces) > 100_000


def test_before_it_opens_and_when_it_is_over_the_answer_says_so(waiting: Waiting, tmp_path: Path) -> None:
    waiting.until(67)
    answer = waiting.join("ada")
    assert answer.code == "room_over"
    assert waiting.get(ROOM).json()["state"] == "over"
    assert waiting.order(waiting.session("ada"), "key").status == 201
    (tmp_path / "early").mkdir()
    with Waiting(tmp_path / "early", "2026-05-01T11:00:00+02:00@0") as early:
        answer = early.join("ada")
        assert answer.code == "room_not_open"
        assert answer.headers["retry-after"] == "3000"


def test_why_the_disk_failed_is_not_told_to_customers(waiting: Waiting) -> None:
    waiting.room._store.close()
    answer = waiting.join("ada")
    assert answer.code == "room_failed"
    assert answer.headers["retry-after"] == "1"
    assert "room:" not in json.dumps(answer.json())
    assert waiting.join("ada").status == 200


def test_what_is_on_sale_already_needs_no_ticket_until_the_room_opens(tmp_path: Path) -> None:
    sold = LAUNCH.replace('name = "Balloon"\nopens = 2026-05-02', 'name = "Balloon"\nopens = 2026-04-01')
    with House(clock="2026-05-01T11:49:59+02:00@0", launch=sold + WAITING_ROOM, path=str(tmp_path / "o")) as house:
        bought = {"model": "balloon", "trim": "red"}
        assert house.order(house.session("ada"), "k", **bought).status == 201
        assert house.order(house.session("ada"), "l").code == "not_open_yet"
        house.pass_s(1)
        assert house.order(house.session("bob"), "k", **bought).code == "not_admitted"
