"""Plays the days after the hour: time goes on in steps of minutes, until every order is locked, gone or delivered."""

from __future__ import annotations

from time import monotonic, sleep

import msgspec

from drumroll.domain.launch import Launch
from drumroll.domain.times import rfc3339
from drumroll.rehearsal.afterwards import Afterwards
from drumroll.rehearsal.conductor import Conductor
from drumroll.rehearsal.days import LOCKED_AT_S, Days
from drumroll.rehearsal.population import Offer, offers_of
from drumroll.rehearsal.report_promises import Quoted, looked_at

_DAY_S = 86_400
_SETTLES_WITHIN_S = 60.0


class Moment(msgspec.Struct, frozen=True, gc=False):
    """What the board showed ``second`` seconds after the opening. ``firm`` counts all whose deposit is paid."""

    second: int
    reserved: int
    firm: int
    locked: int
    converted: int
    expired: int
    cancelled: int
    forfeited: int


class DaysConductor:
    """The days of one rehearsal, from the end of its hour to the last lock. ``moments`` are what the board showed."""

    def __init__(self, conductor: Conductor, launch: Launch, days: Days, afterwards: Afterwards) -> None:
        self.moments: list[Moment] = []
        self.quoted: list[Quoted] = []
        self._launch = launch
        self._looks = looked_at(launch)
        self.began_s = days.begins_s
        self._conductor = conductor
        self._timeline = conductor.timeline
        self._cooling_s = launch.cooling_off_s
        self._days = days
        self._afterwards = afterwards

    def play(self) -> None:
        """All of it."""
        self._begin()
        self._afterwards.arrive()
        edges = sorted({at_ms for at_ms, _, _ in self._days.last_moments})
        for second in self._marks():
            while edges and edges[0] < self._timeline.opening_ms + second * 1000:
                self._at_the_edge(edges.pop(0))
            self._play_until(second)
        self._settle()
        self._afterwards.converters.look_at_histories()
        self._conductor.drain()

    def _begin(self) -> None:
        """From now on the server's clock moves only when told to."""
        conductor, timeline = self._conductor, self._timeline
        if timeline.rate:
            conductor.stand_still()
        self.began_s = max(self._days.begins_s, timeline.second)
        conductor.in_days = True
        self._play_until(self.began_s - 1)

    def _marks(self) -> list[int]:
        """When the board is looked at: every hour at first, then every six, every day; and as the orders lock."""
        ends_s = self._days.ends_s
        hours = range(-(-self.began_s // 3600) * 3600, LOCKED_AT_S + 1, 3600)
        quarters = range(_DAY_S, min(ends_s, 4 * _DAY_S), _DAY_S // 4)
        days = range(4 * _DAY_S, ends_s, _DAY_S)
        locks = [] if self._cooling_s is None else [self._cooling_s, self._cooling_s + self._days.begins_s]
        looks = [second for second in self._looks if self.began_s <= second <= ends_s]
        return sorted({*hours, *quarters, *days, *locks, *looks, ends_s})

    def _play_until(self, second: int) -> None:
        """Everything due up to that second is done and answered; the board is noted."""
        self._conductor.until(second)
        self._conductor.drain()
        self._conductor.move_clock(second)
        self._note()

    def _note(self) -> None:
        totals = self._conductor.board()["totals"]
        second = self._timeline.second
        self.moments.append(msgspec.convert({"second": second, **totals}, Moment))
        if second in self._looks and all(one.second != second for one in self.quoted):
            self.quoted += [self._quote(second, offer) for offer in offers_of(self._launch)]

    def _quote(self, second: int, offer: Offer) -> Quoted:
        """What somebody is told who asks now."""
        raw = self._conductor.server.get(f"/v1/quotes?model={offer.model}&trim={offer.trim}")
        delivery = msgspec.json.decode(raw)["delivery"]
        return Quoted(second, offer.model, offer.trim, None if delivery is None else tuple(delivery["weeks"]))

    def _at_the_edge(self, at_ms: int) -> None:
        """The very millisecond: nobody else does anything, and nobody is killed."""
        conductor, second = self._conductor, (at_ms - self._timeline.opening_ms) // 1000
        conductor.until(second)
        conductor.drain()
        conductor.move_clock(second)
        conductor.server.post("/sandbox/clock", {"now": rfc3339(at_ms)})
        self._afterwards.converters.confirm_too_late()
        for moment_ms, _, visit in self._days.last_moments:
            if moment_ms == at_ms:
                self._afterwards.begin(visit)
        conductor.drain()

    def _settle(self) -> None:
        """Wait until nothing is reserved and everything firm is locked."""
        give_up_at = monotonic() + _SETTLES_WITHIN_S
        while not self._is_settled():
            if monotonic() > give_up_at:
                self._conductor.customers.tallies.surprises["orders did not lock or run out after their time"] += 1
                return
            sleep(0.1)
        self._note()

    def _is_settled(self) -> bool:
        totals = self._conductor.board()["totals"]
        return not totals["reserved"] and (self._cooling_s is None or totals["firm"] == totals["locked"])
