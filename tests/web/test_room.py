"""The waiting room's routes: places told to the wrong one, kept by caches, or an order that slips past the room."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from drumroll.room.draw import check, place_in, read
from drumroll.web.pages.ordering import may_order
from drumroll.web.room import ROOM, WaitingRooms, sale_of
from tests.web.house import LAUNCH, Answer, House, order_headers, session
from tests.web.servers import RealServer
from tests.web.servers import order_headers as real_headers

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
        self.operated = 0

    def join(self, customer: str) -> Answer:
        return self.call("POST", ROOM, session(self.session(customer)))

    def order_with(self, customer: str, ticket: str) -> Answer:
        headers = order_headers(self.session(customer), f"key of {customer}")
        body = json.dumps({"model": "kite", "trim": "plain"}).encode()
        return self.call("POST", "/v1/orders", [*headers, ("admission", ticket)], body)

    def operate(self, action: str) -> None:
        """What an operator does, and the room's tick after it."""
        token = self.post("/sandbox/operators", {"operators": ["grace"]}).json()["sessions"][0]["token"]
        body = json.dumps({"action": action, "reason": "the night"}).encode()
        self.operated = self.operated + 1
        headers = order_headers(token, f"deed {self.operated}")
        assert self.call("POST", "/v1/operator/sales", headers, body).status == 200
        self.tick()

    def until(self, seconds: float) -> None:
        """Move to so many seconds after the opening, a quarter at a time."""
        assert self.clock is not None
        while self.clock() < LAUNCH_AT_MS + seconds * 1000:
            self.clock.move_to(self.clock() + 250)
            self.tick()

    def tick(self) -> None:
        """What the server does four times a second."""
        sale = sale_of(self.desk)
        assert sale is not None
        self.run(self.room.tick(self.desk.clock_ms(), 0.0, sale))


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


def test_an_early_opening_by_an_operator_draws_and_lets_people_in(waiting: Waiting) -> None:
    waiting.join("ada")
    assert waiting.get(ROOM).json()["sale_opens_at"] == "2026-05-01T12:00:00.000+02:00"
    waiting.operate("open")
    view = waiting.get(ROOM).json()
    assert (view["state"], view["sale"], view["sale_opens_at"]) == ("drawn", "open", "2026-05-01T11:59:00.000+02:00")
    waiting.until(-55)
    mine = waiting.join("ada").json()
    assert mine["state"] == "admitted"
    assert waiting.order_with("ada", mine["ticket"]).status == 201


def test_a_pause_stops_the_line_and_the_time_of_tickets(waiting: Waiting) -> None:
    for number in range(30):
        waiting.join(f"c{number}")
    waiting.until(3.25)
    views = {f"c{number}": waiting.join(f"c{number}").json() for number in range(30)}
    ada, *rest = (name for name, view in views.items() if view["ticket"])
    line = {name: view for name, view in views.items() if not view["ticket"]}
    waiting.operate("pause")
    waiting.until(500)
    view = waiting.get(ROOM).json()
    assert (view["sale"], view["admitted"], view["state"]) == ("paused", 10, "drawn")
    for name, before in line.items():
        now = waiting.join(name).json()
        assert (now["place"], now["expected_at"], now["ask_again_s"]) == (before["place"], None, 2)
    mine = waiting.join(ada).json()
    assert (mine["state"], mine["ticket"], mine["ticket_expires_at"]) == ("admitted", views[ada]["ticket"], None)
    assert mine["ticket_left_s"] in (58, 59, 60)
    assert waiting.order_with(ada, mine["ticket"]).code == "paused"
    assert may_order(waiting.server.web, ada)
    waiting.operate("resume")
    again = waiting.join(ada).json()
    assert again["ticket_left_s"] is None
    assert again["ticket_expires_at"].startswith("2026-05-01T12:09:")
    assert waiting.order_with(ada, views[ada]["ticket"]).status == 201
    assert waiting.order_with(rest[0], waiting.join(rest[0]).json()["ticket"]).status == 201
    assert waiting.order_with(rest[1], views[ada]["ticket"]).code == "not_admitted"
    waiting.until(561)
    assert waiting.order_with(rest[2], views[rest[2]]["ticket"]).code == "not_admitted"


def test_a_sale_paused_before_it_opens_draws_as_planned_and_lets_nobody_in(waiting: Waiting) -> None:
    waiting.join("ada")
    waiting.operate("pause")
    assert waiting.get(ROOM).json()["state"] == "open"
    waiting.until(300)
    view = waiting.get(ROOM, waiting.session("ada")).json()
    assert (view["state"], view["sale"], view["admitted"]) == ("drawn", "paused", 0)
    assert (view["mine"]["place"], view["mine"]["expected_at"]) == (1, None)
    waiting.operate("resume")
    waiting.until(301)
    assert waiting.join("ada").json()["state"] == "admitted"


def test_a_room_whose_log_can_t_be_read_follows_what_it_knew(waiting: Waiting) -> None:
    waiting.desk.readable = False
    assert sale_of(waiting.desk) is None


def test_a_killed_server_in_the_middle_of_a_pause_costs_nobody_time_or_place(tmp_path: Path) -> None:
    launch = LAUNCH.replace("opens = 2026-05-01T12:00:00", "opens = 2026-05-01T12:30:00", 1) + WAITING_ROOM
    with RealServer(tmp_path, launch=launch) as server:
        night = RealNight(server)
        night.join("ada")
        night.operate("open")
        ticket = night.when("ada", lambda view: view["mine"]["state"] == "admitted")["mine"]["ticket"]
        night.operate("pause")
        night.join("bob")
        place = night.when("bob", lambda view: view["sale"] == "paused")["mine"]["place"]
        night.move_to("2026-05-01T12:10:00+02:00")
        server.kill()
    with RealServer(tmp_path, launch=launch) as server:
        night = RealNight(server)
        night.move_to("2026-05-01T12:20:00+02:00")
        view = night.when("bob", lambda view: view["sale"] == "paused")
        assert (view["mine"]["state"], view["mine"]["place"]) == ("in_line", place)
        assert night.order("ada", ticket).code == "paused"
        assert night.order("bob", ticket).code == "not_admitted"
        night.operate("resume")
        night.when("bob", lambda view: view["mine"]["state"] == "admitted")
        assert night.order("ada", ticket).status == 201


class RealNight:
    """People and an operator at a server in a process of its own."""

    def __init__(self, server: RealServer) -> None:
        self.server = server
        self.tokens = dict(zip(("ada", "bob"), server.sessions("ada", "bob"), strict=True))
        (self.operator,) = server.operators("grace")
        self._keys = count()

    def join(self, customer: str) -> None:
        headers = {"authorization": f"Bearer {self.tokens[customer]}"}
        assert self.server.ask("POST", ROOM, headers).status == 200

    def operate(self, action: str) -> None:
        body = json.dumps({"action": action, "reason": "the night"}).encode()
        key = f"{action}-{next(self._keys)}-{self.server.port}"
        headers = dict(real_headers(self.operator, key))
        assert self.server.ask("POST", "/v1/operator/sales", headers, body).status == 200

    def order(self, customer: str, ticket: str) -> Answer:
        headers = real_headers(self.tokens[customer], f"key of {customer}") | {"admission": ticket}
        return self.server.ask("POST", "/v1/orders", headers, json.dumps({"model": "kite", "trim": "plain"}).encode())

    def move_to(self, now: str) -> None:
        headers = {"content-type": "application/json"}
        assert self.server.ask("POST", "/sandbox/clock", headers, json.dumps({"now": now}).encode()).status < 300

    def when(self, customer: str, true: Callable[[Any], bool]) -> Any:
        """What the room tells them, as soon as this is true of it."""
        until_s = monotonic() + 20
        while not true(view := self.server.get(ROOM, self.tokens[customer]).json()):
            assert monotonic() < until_s, view
            sleep(0.05)
        return view
