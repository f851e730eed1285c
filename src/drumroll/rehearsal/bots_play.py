"""The two nights of ``bots``, played over HTTP against a real server whose clock is moved from second to second."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from math import ceil
from time import monotonic, sleep
from typing import Any

import msgspec

from drumroll.domain.times import rfc3339, to_ms
from drumroll.errors import RehearsalFailed
from drumroll.rehearsal import requests
from drumroll.rehearsal.answers import code_of
from drumroll.rehearsal.arrivals import RUSH_S
from drumroll.rehearsal.bots import ROOM_OPENS_S, TABS, BotPlan, Crowd, Played, Waited, counted
from drumroll.rehearsal.outbox import Outbox
from drumroll.rehearsal.server import HOST, Server
from drumroll.rehearsal.wire import Wire, body_of

Watch = Callable[[str], None]
"""Is told what is going on, now and then."""

CONNECTIONS = 256
_SESSIONS_AT_ONCE = 1000
_TICKS_WITHIN_S = 0.3
"""The room lets people in each quarter of a second of real time."""
_DRAWN_WITHIN_S = 60.0
_GRIDS = ((60, 1), (300, 4), (10**9, 20))
"""Until which second after the opening people and robots act in steps of how many seconds."""
_LEAP_S = 4
_ROOM = b"%s /v1/waiting-room HTTP/1.1\r\nhost: drumroll\r\nauthorization: Bearer %s\r\ncontent-length: 0\r\n\r\n"
_ADMITTED = b"\r\nadmission: "


class _Told(msgspec.Struct):
    """What the room says of a place."""

    entry_id: str
    state: str
    ask_again_s: int
    position: int | None = None
    expected_at: datetime | None = None
    ticket: str | None = None


class _Order(msgspec.Struct):
    id: str


class _Token(msgspec.Struct):
    token: str


class _Tokens(msgspec.Struct):
    sessions: list[_Token]


class _Attempt(msgspec.Struct, frozen=True):
    """One order that somebody tries to make; ``trim`` counts on where one is sold out."""

    visitor: int
    key: bytes
    trim: int
    tried: int = 1


_told = msgspec.json.Decoder(_Told).decode
_order = msgspec.json.Decoder(_Order).decode


class Night:
    """One night: a crowd, a server, and what everybody was told."""

    def __init__(self, plan: BotPlan, server: Server, wire: Wire, watch: Watch) -> None:
        self.plan = plan
        self.crowd = Crowd(plan)
        self.server = server
        self.outbox = Outbox(wire, lambda request: request)
        self.watch = watch
        self.tokens: list[bytes] = []
        self.told: set[str] = set()
        self.refusals: Counter[str] = Counter()
        self.second = 0
        self._tails = [requests.order_tail(*wanted) for wanted in self.crowd.wanted]
        self._attempts: dict[int, _Attempt] = {}
        self._tickets: dict[int, bytes] = {}

    def give_sessions(self) -> None:
        """A session for everybody."""
        for first in range(0, len(self.crowd), _SESSIONS_AT_ONCE):
            names = [self.crowd.name(one) for one in range(first, min(len(self.crowd), first + _SESSIONS_AT_ONCE))]
            self.outbox.send(self._took_sessions, 0, requests.sessions(names))
            self.drain()

    def _took_sessions(self, _: int, status: int, raw: bytes) -> None:
        if status != 201:
            raise RehearsalFailed(f"sessions were refused: {code_of(status, raw)}")
        given = msgspec.json.decode(body_of(raw), type=_Tokens).sessions
        self.tokens += [session.token.encode() for session in given]

    def move_clock(self, second: int) -> None:
        """Move the server's clock to that second after the opening."""
        self.second = second
        self.server.post("/sandbox/clock", {"now": rfc3339(self.plan.opening_ms + second * 1000)})

    def drain(self) -> None:
        """Wait until everything is answered."""
        while self.outbox.open:
            self.outbox.send_waiting()
            self.outbox.take_answers(0.05)

    # Orders

    def order_as_robots_do(self, bots: Iterable[int]) -> None:
        """On each connection as many as the launch allows, all at once: the limit a person must hold against that."""
        each = [(bot, tab, number) for bot in bots for tab in range(TABS) for number in range(self._limit)]
        self.crowd.random.shuffle(each)
        for bot, tab, number in each:
            self._try(_Attempt(bot, b"%d-%d-%d" % (bot, tab, number), bot + number))

    def order_as_people_do(self, people: Iterable[int]) -> None:
        """One order each."""
        for person in people:
            self._try(_Attempt(person, b"%d" % person, person))

    def with_ticket(self, visitor: int, ticket: str) -> None:
        """Whatever this visitor orders from now on carries the ticket."""
        self._tickets[visitor] = ticket.encode()

    @property
    def _limit(self) -> int:
        return self.plan.launch.orders_per_customer

    def _try(self, attempt: _Attempt) -> None:
        number = len(self._attempts)
        self._attempts[number] = attempt
        ticket = self._tickets.get(attempt.visitor)
        # The tail begins behind the key; a ticket is one header more before it.
        tail = self._tails[attempt.trim % len(self._tails)]
        tail = tail if ticket is None else _ADMITTED + ticket + tail
        self.outbox.send(self._ordered, number, requests.order(self.tokens[attempt.visitor], attempt.key, tail))

    def _ordered(self, number: int, status: int, raw: bytes) -> None:
        attempt = self._attempts[number]
        if status in (200, 201):
            self.told.add(_order(body_of(raw)).id)
            return
        code = code_of(status, raw)
        self.refusals[code] += 1
        if code == "sold_out" and attempt.tried < len(self._tails):
            again = _Attempt(attempt.visitor, attempt.key + b"x", attempt.trim + 1, attempt.tried + 1)
            self._try(again)


def without_room(night: Night) -> None:
    """Whoever is first is served first: robots in the first second, then people as they come."""
    crowd = night.crowd
    night.move_clock(0)
    night.watch("robots order")
    night.order_as_robots_do(crowd.bots)
    night.drain()
    arriving: defaultdict[int, list[int]] = defaultdict(list)
    for person in crowd.people:
        arriving[_step(ceil(crowd.second_of(person)), night.plan.late_step_s)].append(person)
    for second in sorted(arriving):
        night.watch(f"people order, second {second:,}")
        night.move_clock(second)
        night.order_as_people_do(crowd.shuffled(arriving[second]))
        night.drain()


def _step(second: int, late_step_s: int) -> int:
    """After the rush time goes in larger steps."""
    return second if second <= RUSH_S else -(-second // late_step_s) * late_step_s


class WithRoom:
    """Everybody is drawn a place, or stands in line."""

    def __init__(self, night: Night) -> None:
        self.night = night
        self.entry: dict[int, str] = {}
        self.position: dict[int, int] = {}
        self.faults: Counter[str] = Counter()
        self._asks: defaultdict[int, set[int]] = defaultdict(set)
        self._orders: defaultdict[int, list[int]] = defaultdict(list)
        self._committed = ""
        self._turned_away = 0
        self._drawn = 0

    def play(self) -> Waited:
        """Joining, the draw, and asking until everybody has ordered."""
        night, crowd = self.night, self.night.crowd
        self._committed = self._view()["commitment"]
        night.watch("robots join")
        self._ask_on_all_tabs(crowd.bots)
        night.watch("people join")
        night.move_clock(-ROOM_OPENS_S // 2)
        self._ask_on_all_tabs(crowd.shuffled(crowd.early))
        for person in crowd.people[len(crowd.early) :]:
            self._asks[_step(ceil(crowd.second_of(person)), night.plan.late_step_s)].add(person)
        night.move_clock(0)
        night.watch("robots try without a ticket")
        night.order_as_robots_do(crowd.bots)
        night.drain()
        self._turned_away = night.refusals["not_admitted"]
        self._wait_for_the_draw()
        self._drawn = int(self._view()["drawn"])
        self._walk()
        entrants = int(self._view()["entrants"])
        return Waited(entrants, self._drawn, self._turned_away, self._found(entrants))

    def _walk(self) -> None:
        """From second to second, as long as anybody has something to do."""
        while self._asks or self._orders:
            soonest = min([*self._asks, *self._orders])
            # Not in leaps: the room makes up for no more than a few seconds.
            leap_s = _LEAP_S if self.night.second < RUSH_S else self.night.plan.late_step_s
            self.night.second = max(self.night.second + 1, min(soonest, self.night.second + leap_s))
            moved = monotonic()
            self.night.move_clock(self.night.second)
            self.night.watch(f"{len(self.night.told):,} orders, second {self.night.second:,}")
            sleep(max(0.0, _TICKS_WITHIN_S - (monotonic() - moved)))
            self._ask(self._due(self._asks))
            self.night.drain()
            self._order(self._due(self._orders))
            self.night.drain()

    def _in(self, seconds: int) -> int:
        """The second in so many seconds, for everybody on the same grid; a finer one where first orders are made."""
        second = self.night.second + seconds
        grid_s = next(grid_s for until_s, grid_s in _GRIDS if second <= until_s)
        return -(-second // grid_s) * grid_s

    def _due(self, at: defaultdict[int, Any]) -> list[int]:
        seconds = [second for second in at if second <= self.night.second]
        return self.night.crowd.shuffled(visitor for second in seconds for visitor in sorted(at.pop(second)))

    def _ask_on_all_tabs(self, visitors: Iterable[int]) -> None:
        self._ask(visitor for visitor in visitors for _ in range(self.night.crowd.tabs(visitor)))
        self.night.drain()

    def _ask(self, visitors: Iterable[int]) -> None:
        for visitor in visitors:
            self.night.outbox.send(self._answered, visitor, _ROOM % (b"POST", self.night.tokens[visitor]))

    def _answered(self, visitor: int, status: int, raw: bytes) -> None:
        if status != 200:
            code = code_of(status, raw)
            self.night.refusals[code] += 1
            if code != "room_over":
                raise RehearsalFailed(f"a place was refused: {code}")
            self._orders[self.night.second].append(visitor)
            return
        told = _told(body_of(raw))
        if self.entry.setdefault(visitor, told.entry_id) != told.entry_id:
            self.faults["persons were told of two places"] += 1
        if told.position is not None and self.position.setdefault(visitor, told.position) != told.position:
            self.faults["places changed"] += 1
        if told.ticket is None:
            self._asks[self._in(self._again_s(visitor, told))].add(visitor)
        elif visitor in self.night.crowd.bots:
            self.night.with_ticket(visitor, told.ticket)
            self._orders[self.night.second].append(visitor)
        else:
            self.night.with_ticket(visitor, told.ticket)
            self._orders[self._in(self.night.crowd.random.randint(1, self.night.plan.reacts_within_s))].append(visitor)

    def _again_s(self, visitor: int, told: _Told) -> int:
        """People ask when they are told to; a robot asks in the second in which it may be let in, and each after."""
        if visitor not in self.night.crowd.bots:
            return told.ask_again_s
        if told.expected_at is None:
            return max(1, -self.night.second)
        left_s = (to_ms(told.expected_at) - self.night.plan.opening_ms) // 1000 - self.night.second
        return max(1, left_s)

    def _order(self, visitors: list[int]) -> None:
        bots = self.night.crowd.bots
        self.night.order_as_robots_do(visitor for visitor in visitors if visitor in bots)
        self.night.order_as_people_do(visitor for visitor in visitors if visitor not in bots)

    def _view(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.night.server.get("/v1/waiting-room"))
        return found

    def _wait_for_the_draw(self) -> None:
        give_up_at = monotonic() + _DRAWN_WITHIN_S
        while self._view()["draw"] is None:
            if monotonic() > give_up_at:
                raise RehearsalFailed(f"no places were drawn within {_DRAWN_WITHIN_S:.0f} s of the opening")
            sleep(0.1)

    def _found(self, entrants: int) -> list[str]:
        """What is wrong with places and draw. The draw is checked anew here, sharing no code with the room."""
        faults = [f"{count:,} {what}" for what, count in self.faults.items()]
        if len(set(self.entry.values())) != len(self.entry):
            faults.append("two persons have one place")
        if entrants != len(self.entry):
            faults.append(f"{len(self.entry):,} persons have {entrants:,} places")
        draw = json.loads(self.night.server.get("/v1/waiting-room/draw"))
        seed, listed = bytes.fromhex(draw["seed"]), draw["entrants"]
        if sha256(b"drumroll waiting room seed/1\n" + seed).hexdigest() != self._committed:
            faults.append("the seed is not the one that was committed to")
        if len(set(listed)) != len(listed) or len(listed) != self._drawn:
            faults.append("the published list is not the one of those who were drawn")
        places = _places(seed, listed)
        wrong = sum(places.get(self.entry[one], place) != place for one, place in self.position.items())
        return faults + ([f"{wrong:,} places are not those of the published draw"] if wrong else [])


def _places(seed: bytes, listed: list[str]) -> dict[str, int]:
    """The place of each entrant, with HMAC as RFC 2104 writes it."""
    digest = sha256("".join(f"{one}\n" for one in sorted(listed)).encode()).digest()
    key = seed.ljust(64, b"\0")
    inner, outer = sha256(bytes(byte ^ 0x36 for byte in key)), sha256(bytes(byte ^ 0x5C for byte in key))

    def lot(one: str) -> bytes:
        first, second = inner.copy(), outer.copy()
        first.update(digest + one.encode())
        second.update(first.digest())
        return second.digest()

    return {one: place for place, one in enumerate(sorted(listed, key=lot), 1)}


def _played(night: Night, *, room: bool) -> Waited | None:
    if room:
        return WithRoom(night).play()
    without_room(night)
    return None


def play(plan: BotPlan, launch_text: str, watch: Watch, *, room: bool) -> Played:
    """One night from the first session to the count of the log. Raises ``RehearsalFailed``."""
    began = monotonic()
    plan.folder.mkdir(parents=True, exist_ok=True)
    file = plan.folder / "launch.toml"
    file.write_text(launch_text, "utf-8")
    server = Server(file, plan.folder, 0.0)
    try:
        server.start(plan.opening_ms - ROOM_OPENS_S * 1000)
        wire = Wire(HOST, server.port, CONNECTIONS)
        try:
            night = Night(plan, server, wire, watch)
            watch("sessions")
            night.give_sessions()
            waited = _played(night, room=room)
            server.stop()
        finally:
            wire.close()
    finally:
        server.kill()
    watch("counting the log")
    with plan.blocks(str(server.log)) as blocks:
        figures = counted(blocks, night.told, plan.launch.orders_per_customer)
    return Played(**figures, refusals=dict(night.refusals), waited=waited, wall_s=monotonic() - began)
