"""Plays the customers against the server: fills the wire, moves the clock, kills the server, ends the night."""

from __future__ import annotations

from datetime import datetime
from time import monotonic, sleep
from typing import Any

import msgspec

from drumroll.domain.launch import Launch
from drumroll.domain.times import rfc3339, to_ms
from drumroll.errors import RehearsalFailed
from drumroll.rehearsal import requests
from drumroll.rehearsal.answers import code_of
from drumroll.rehearsal.arrivals import HOUR_S
from drumroll.rehearsal.chaos import CrashPlan
from drumroll.rehearsal.customers import Customers
from drumroll.rehearsal.meter import Crash, Meter
from drumroll.rehearsal.outbox import Outbox
from drumroll.rehearsal.population import Kind
from drumroll.rehearsal.server import Server
from drumroll.rehearsal.timeline import Timeline
from drumroll.rehearsal.wire import body_of

_SESSIONS_AT_ONCE = 1000
_EXPIRE_WITHIN_S = 60.0
_TOP_UPS = 5
_LONGEST_WAIT_S = 0.05
_END = 10**9
"""A second by which everything is done."""


class Conductor:
    """One rehearsal, from the first session to the last board."""

    def __init__(
        self,
        launch: Launch,
        server: Server,
        outbox: Outbox,
        timeline: Timeline,
        customers: Customers,
        meter: Meter,
    ) -> None:
        self.launch = launch
        self.server = server
        self.outbox = outbox
        self.timeline = timeline
        self.customers = customers
        self.meter = meter
        self.in_days = False
        self._moving = False
        self._crashes = CrashPlan(0, 0)

    def play_hour(self, orders: int, crashes: CrashPlan) -> None:
        """The hour, until ``orders`` orders stand firm and every reservation is paid for or has run out."""
        self._crashes = crashes
        self.give_sessions()
        self.set_anchor()
        self.customers.arrive()
        self.until(-1)
        self._open()
        self.until(int(HOUR_S))
        self._let_run_out()
        self.until(_END)
        self._top_up(orders)

    def give_sessions(self) -> None:
        """A session for every customer that has none yet."""
        have = len(self.customers.tokens)
        want = self.customers.population.customer_count
        self.customers.tokens.extend([b""] * (want - have))
        for first in range(have, want, _SESSIONS_AT_ONCE):
            names = [f"c{number}" for number in range(first, min(want, first + _SESSIONS_AT_ONCE))]
            self.outbox.send(self._took_sessions, first, requests.sessions(names))
        self.drain()

    def _took_sessions(self, first: int, status: int, raw: bytes) -> None:
        if status != 201:
            raise RehearsalFailed(f"sessions were refused: {code_of(status, raw)}")
        given = msgspec.json.decode(body_of(raw), type=_Sessions).sessions
        for offset, session in enumerate(given):
            self.customers.tokens[first + offset] = session.token.encode()

    # Time

    def set_anchor(self) -> None:
        """Where the clock runs by itself: ask what time it is."""
        if self.timeline.rate:
            self.timeline.anchor(to_ms(msgspec.json.decode(self.server.get("/sandbox/clock"), type=_Clock).now))

    def move_clock(self, second: int) -> None:
        """Move the server's clock to this second and wait until it is there."""
        self.server.post("/sandbox/clock", {"now": rfc3339(self.timeline.opening_ms + second * 1000)})
        self.timeline.jump(second)
        self.set_anchor()

    def stand_still(self) -> None:
        """Start the server anew, on a clock that stands where it is until it is moved."""
        now_ms = to_ms(msgspec.json.decode(self.server.get("/sandbox/clock"), type=_Clock).now)
        self.server.stop()
        self.server.rate = self.timeline.rate = 0.0
        self.timeline.jump(-(-(now_ms - self.timeline.opening_ms) // 1000))
        self.server.start(self.timeline.now_ms())

    def _open(self) -> None:
        """Everything before the opening is answered; now it is time."""
        if self.timeline.rate:
            sleep(max(0.0, (self.timeline.opening_ms - self.timeline.now_ms()) / 1000 / self.timeline.rate))
            self.timeline.jump(0)
        else:
            self.move_clock(0)

    def _let_run_out(self) -> None:
        """Move past the last hold and wait until the board says that no reservation is left."""
        self.move_clock(max(self.timeline.second, int(HOUR_S) + self.launch.hold_s + 1))
        give_up_at = monotonic() + _EXPIRE_WITHIN_S
        while self.board()["totals"]["reserved"]:
            if monotonic() > give_up_at:
                self.customers.tallies.surprises["reservations did not run out after their time"] += 1
                return
            sleep(0.1)

    # Playing

    def until(self, second: int) -> None:
        """Play until nothing is left to do or to be answered up to that second."""
        while True:
            self._fill(second)
            if not self.outbox.open and not self.timeline.has_steps(second):
                return
            self.outbox.take_answers(_LONGEST_WAIT_S if self.timeline.rate else 1.0)
            self._look_around()

    def drain(self) -> None:
        """Wait until everything is answered; time stands still, and nobody is killed."""
        while self.outbox.open:
            self.outbox.send_waiting()
            self.outbox.take_answers(_LONGEST_WAIT_S)

    def _fill(self, until_s: int) -> None:
        self.outbox.send_waiting()
        wire, timeline = self.outbox.wire, self.timeline
        while wire.free and not self._moving:
            due_now = timeline.take()
            if due_now is not None:
                due_now[0](due_now[1])
            elif self.in_days and self.outbox.open:
                return
            elif timeline.advance(until_s, self.outbox.open):
                if not timeline.rate:
                    # In the days one step of time is ten minutes: nobody may come before the server knows of it.
                    self._moving = self.in_days
                    self.outbox.send(self._clock_moved, 0, requests.clock(timeline.now_ms()))
            else:
                return

    def _clock_moved(self, visit: int, status: int, raw: bytes) -> None:
        """A clock that was moved further meanwhile does not go back; that is as good."""
        self._moving = False

    def _look_around(self) -> None:
        tallies = self.customers.tallies
        if self._crashes.is_due(tallies.acknowledged + tallies.played):
            self._crash()
        self.meter.tick(self.timeline.second, self.outbox.answered, tallies.acknowledged, tallies.firm)

    def _crash(self) -> None:
        """Kill the server while requests are in flight, start it again, look for the last orders it acknowledged."""
        wall_s, acknowledged = self.meter.wall_s, self.customers.tallies.acknowledged
        self.server.kill()
        self.server.start(self.timeline.now_ms())
        self.meter.crashes.append(Crash(wall_s, acknowledged, self.meter.wall_s - wall_s))
        self.set_anchor()
        for visit in set(self.customers.recent):
            order_id = self.customers.order_ids[visit] or b""
            self.outbox.send(self._found_again, visit, requests.look(self.customers.token(visit), order_id))

    def _found_again(self, visit: int, status: int, raw: bytes) -> None:
        if status != 200:
            code = code_of(status, raw)
            self.customers.tallies.surprises[f"an order acknowledged before a crash was gone after it: {code}"] += 1

    # The end

    def board(self) -> dict[str, Any]:
        """The board as it is now."""
        return msgspec.json.decode(self.server.get("/v1/board"), type=dict[str, Any])

    def _top_up(self, orders: int) -> None:
        """Where others have left their places: ordinary customers, until as many orders stand firm as asked for."""
        for _ in range(_TOP_UPS):
            missing = orders - int(self.board()["totals"]["firm"])
            if missing <= 0:
                return
            for visit in self._more_visits(missing):
                self.timeline.at(self.timeline.second, self.customers.order, visit)
            self.until(_END)

    def _more_visits(self, count: int) -> list[int]:
        room = room_left(self.board())
        population, second = self.customers.population, self.timeline.second
        visits = []
        for _ in range(count):
            trim = max(range(len(room)), key=room.__getitem__)
            room[trim] -= 1
            customer = population.new_customer()
            visits.append(population.add(Kind.ORDINARY, trim, customer, second, second, second))
        self.customers.make_room()
        self.give_sessions()
        return visits

    def last_board(self) -> bytes:
        """The board when nothing changes any more."""
        before, board = b"", self.server.get("/v1/board")
        give_up_at = monotonic() + _EXPIRE_WITHIN_S
        while msgspec.json.decode(board)["position"] != (msgspec.json.decode(before)["position"] if before else -1):
            if monotonic() > give_up_at:
                break
            sleep(0.25)
            before, board = board, self.server.get("/v1/board")
        return board


def room_left(board: dict[str, Any]) -> list[int]:
    """How many more orders each trim of the board could take."""
    return [10**9 if trim["cap"] is None else trim["cap"] - trim["firm"] - trim["reserved"] for trim in board["trims"]]


class _Session(msgspec.Struct):
    token: str


class _Sessions(msgspec.Struct):
    sessions: list[_Session]


class _Clock(msgspec.Struct):
    now: datetime
