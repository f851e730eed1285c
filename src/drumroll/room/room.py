"""The waiting room: those who come before the sale are drawn by lot, those who come later stand in line behind them.

The line is one sequence of positions, and how far it was let in is one number; so a place costs a dictionary entry of
16 bytes and four bytes more. Nothing is said before it is synced: a place that was answered survives a SIGKILL.

It follows the sale: places are drawn when it opens, and while it stands still nobody is let in and no ticket runs out.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import msgspec

from drumroll.domain.launch_room import WaitingRoom
from drumroll.domain.times import rfc3339
from drumroll.errors import RoomFailed
from drumroll.room.draw import FORMAT, Draw, commitment, entry_hash, positions
from drumroll.room.failures import Failures
from drumroll.room.pauses import Pauses, Term
from drumroll.room.place import Place, RoomState, RoomView, State
from drumroll.room.rate import FULL_SHARE, Rate, notice_s
from drumroll.room.sale import Sale
from drumroll.room.store import Extent, Store
from drumroll.room.tickets import Tickets

TICK_S = 0.25
DRAW_ADDRESS = "/v1/waiting-room/draw"
_CHUNK = 4096


class Room:
    """One launch's waiting room over its store; it has one event loop, and is ticked there.

    ``sale_opens_ms``: the planned opening, until the first tick says more. ``key``: 32 to 64 secret bytes, for public
    names and tickets. Changing it gives everybody another name.

    Raises:
        RoomFailed: the store can't be read.
    """

    def __init__(self, store: Store, rules: WaitingRoom, sale_opens_ms: int, key: bytes, launch_id: str) -> None:
        self.rules = rules
        self.sale = Sale("before", sale_opens_ms)
        self.tickets = Tickets(key, launch_id)
        self._store = store
        self._entry = entry_hash(key, launch_id)
        self._rate = Rate(rules.rate_per_s)
        self._pending: dict[bytes, list[asyncio.Future[None]]] = {}
        self._drawing = False
        self._published = False
        self._crowded_at_ms: int | None = None
        self._held_since_ms: int | None = None
        self._load()

    def _load(self) -> None:
        """Read everything anew; the draw is made again from seed and list, and is the same."""
        self._stale, self._read = True, False
        kept = self._store.kept()
        self._seed = kept.seed
        self.commitment = commitment(kept.seed)
        self._drawn_at_ms, self._drawn, self._over_at_ms = kept.drawn_at_ms, kept.drawn or 0, kept.over_at_ms
        self._from_ms = kept.admits_from_ms
        self._pauses = Pauses(self._store.pauses())
        self._numbers = {entry: number for number, entry in enumerate(self._store.entrants())}
        self._count = max(self._numbers.values(), default=-1) + 1
        admissions = self._store.admissions()
        self._upto = array("I", (upto for upto, _ in admissions))
        self._admitted_at_ms = array("q", (at_ms for _, at_ms in admissions))
        self._positions: array[int] | None = None
        if admissions or self._over_at_ms is not None:
            self._positions = positions(self._seed, self._entrants())
        self._stale, self._read = False, True

    # People

    async def join(self, customer: str, now_ms: int) -> Place | None:
        """A person's place, given now if there is none; the same one however often, from however many tabs.

        ``None``: the room is not open, or over. Raises ``RoomFailed`` if the place could not be kept.
        """
        self._be_fresh()
        if now_ms < self.rules.opens_at_ms or self._over_at_ms is not None:
            return None
        entry = self._entry_of(customer)
        number = self._numbers.get(entry)
        if number is None or self._ran_out(number, now_ms):
            if now_ms >= self.sale_opens_ms and self._drawn_at_ms is None:
                self._close_list(now_ms, now_ms)
            await self._kept(entry)
        return self.place_of(customer, now_ms)

    def place_of(self, customer: str, now_ms: int) -> Place | None:
        """A person's place; ``None`` if they have none, or nobody needs one any more."""
        entry = self._entry_of(customer)
        number = self._numbers.get(entry)
        if number is None or self._over_at_ms is not None:
            return None
        position = self._position(number)
        if position is None:
            waiting = self._drawn if self._drawn_at_ms is not None else self._count
            return Place(entry.hex(), State.WAITING_FOR_THE_DRAW, None, waiting, 0, None, None, None, None)
        place = position - self._admitted
        if place <= 0:
            return self._let_in(entry, customer, position, now_ms)
        in_line = self._count - self._admitted
        expected_at_ms = None if self.held else self._expected_at_ms(place, now_ms)
        return Place(entry.hex(), State.IN_LINE, place, in_line, place - 1, position, expected_at_ms, None, None)

    def admits(self, ticket: bytes | None, customer: str, now_ms: int) -> bool:
        """Whether an order of that customer may be taken now, as far as the room goes.

        Until it opens it keeps nobody from what has been on sale all along. A ticket says when it runs out as that was
        known when it was asked for: later pauses may have put it off.
        """
        if self._over_at_ms is not None or now_ms < self.rules.opens_at_ms:
            return True
        expires_s = None if ticket is None else self.tickets.expires_s(ticket, customer)
        if expires_s is None or now_ms < expires_s * 1000:
            return expires_s is not None
        place = self.place_of(customer, now_ms)
        return place is not None and place.state is State.ADMITTED

    # Time

    async def run(
        self, clock_ms: Callable[[], int], queue_share: Callable[[], float], sale: Callable[[], Sale | None]
    ) -> None:
        """Tick until cancelled.

        ``queue_share`` says how full the desk's queue is, from 0 to 1; ``sale`` how the sale stands, ``None`` while
        that can't be read.
        """
        failures, now_s = Failures("the waiting room"), asyncio.get_running_loop().time
        while True:
            try:
                await self.tick(clock_ms(), queue_share(), sale() or self.sale)
                failures.worked()
            except RoomFailed as error:
                failures.failed(error, now_s())
            await asyncio.sleep(TICK_S)

    async def tick(self, now_ms: int, queue_share: float, sale: Sale) -> None:
        """Let time pass: draw when the sale opens, let in while it is on, end the room. Raises ``RoomFailed``."""
        planned_ms, self.sale = self.sale.opens_at_ms, sale
        self._be_fresh()
        if self._over_at_ms is not None or self._drawing:
            return
        if self._drawn_at_ms is None:
            if now_ms < self.rules.opens_at_ms or not sale.begun(now_ms):
                return
            self._close_list(now_ms, planned_ms)
        self._follow(now_ms)
        if self._positions is None:
            await self._draw()
        else:
            self._let_time_pass(now_ms, queue_share)
        if not self._published:
            await asyncio.to_thread(self._publish, self._entrants())

    @property
    def held(self) -> bool:
        """Whether places are drawn and the sale stands still: nobody is let in, and no ticket runs out."""
        return self._pauses.lasting

    @property
    def sale_opens_ms(self) -> int:
        """When the sale opens, as it is known now; once places are drawn, no later than that."""
        opens_ms = self.sale.opens_at_ms
        return opens_ms if self._drawn_at_ms is None else min(opens_ms, self._drawn_at_ms)

    @property
    def entrants(self) -> int:
        """How many places were given so far."""
        return self._count

    def view(self, now_ms: int) -> RoomView:
        """The room as all may see it."""
        drawn = self._positions is not None
        return RoomView(
            self._state(now_ms),
            self.rules.opens_at_ms,
            self.sale_opens_ms,
            self.commitment,
            self._count,
            self._drawn if drawn else None,
            self._admitted,
            self._count - self._admitted,
            int(self._rate.per_s),
            self._seed.hex() if drawn else None,
            DRAW_ADDRESS if drawn else None,
            self.sale.state,
            drawn and self.held,
        )

    def published(self) -> Path | None:
        """The file of the published draw (JSON), which never changes; ``None`` before there is one."""
        return self._store.published_path if self._published else None

    def _state(self, now_ms: int) -> RoomState:
        if self._over_at_ms is not None:
            return RoomState.OVER
        if self._positions is not None:
            return RoomState.DRAWN
        return RoomState.BEFORE if now_ms < self.rules.opens_at_ms else RoomState.OPEN

    # Joining

    def _entry_of(self, customer: str) -> bytes:
        entry = self._entry.copy()
        entry.update(customer.encode())
        return entry.digest()

    async def _kept(self, entry: bytes) -> None:
        """Wait until the entrant is synced. All who join in one round of the event loop are one commit."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        if not self._pending:
            loop.call_soon(self._flush)
        self._pending.setdefault(entry, []).append(future)
        await future

    def _flush(self) -> None:
        pending, self._pending = self._pending, {}
        failed: RoomFailed | None = None
        try:
            if pending:
                self._be_fresh()
                with self._writing():
                    self._store.add(self._count, list(pending))
                self._numbers.update(zip(pending, range(self._count, self._count + len(pending)), strict=True))
                self._count += len(pending)
        except RoomFailed as error:
            failed = error
        for future in (one for waiting in pending.values() for one in waiting if not one.done()):
            if failed is None:
                future.set_result(None)
            else:
                future.set_exception(failed)

    def _close_list(self, now_ms: int, planned_ms: int) -> None:
        """The draw is among those who are here now. Who joined before this moment is in it, synced or not yet."""
        self._flush()
        from_ms = now_ms + int(notice_s(self._count, max(0, planned_ms - now_ms) / 1000) * 1000)
        with self._writing():
            self._store.close_list(self._count, now_ms, from_ms)
        self._drawn, self._drawn_at_ms, self._from_ms = self._count, now_ms, from_ms

    # The draw, and letting in

    async def _draw(self) -> None:
        """In a thread: with 300,000 entrants it takes a second, in which others are to be answered."""
        self._drawing = True
        try:
            self._positions = await asyncio.to_thread(positions, self._seed, self._entrants())
        finally:
            self._drawing = False

    def _entrants(self) -> list[str]:
        """Who is in the draw, in order of arrival: a dictionary keeps the order, also of who joined again."""
        return [entry.hex() for entry in islice(self._numbers, self._drawn)]

    def _publish(self, entrants: list[str]) -> None:
        """Write the file, once; in a thread, as it waits for the disk."""
        if not self._store.published_path.exists():
            self._store.publish(self._chunks(entrants))
        self._published = True

    def _chunks(self, entrants: list[str]) -> Iterator[bytes]:
        """The published draw, an entrant a line: 11 MB for 320,000."""
        assert self._drawn_at_ms is not None
        at = rfc3339(self._drawn_at_ms)
        whole = Draw(FORMAT, self._store.launch_id, at, self.commitment, self._seed.hex(), [])
        head, tail = msgspec.json.encode(whole)[:-2], b"]}\n"
        yield head
        for first in range(0, len(entrants), _CHUNK):
            rows = ",\n".join(f'"{one}"' for one in entrants[first : first + _CHUNK])
            yield (",\n" if first else "\n").encode() + rows.encode()
        yield tail

    @property
    def _admits_from_ms(self) -> int:
        if self._from_ms is not None:
            return self._from_ms
        drawn_at_ms = self.sale_opens_ms if self._drawn_at_ms is None else self._drawn_at_ms
        return drawn_at_ms + int(notice_s(self._drawn) * 1000)

    @property
    def _admitted(self) -> int:
        return self._upto[-1] if self._upto else 0

    def _position(self, number: int) -> int | None:
        """The position of who came as number ``number`` (from 0); ``None`` before the draw."""
        if self._drawn_at_ms is None:
            return None
        if number >= self._drawn:
            return number + 1
        return None if self._positions is None else self._positions[number]

    def _expected_at_ms(self, place: int, now_ms: int) -> int:
        """When the turn of a place in line comes; to the second, as thousands are told the same estimate."""
        at_ms = max(now_ms, self._admits_from_ms) + int(place * 1000 / self._rate.per_s)
        return -(-at_ms // 1000) * 1000

    def _follow(self, now_ms: int) -> None:
        """The sale stands still, or goes on. A pause that could not be written began when it was noticed."""
        if self.sale.held == self.held:
            self._held_since_ms = None
        elif self.sale.held:
            self._held_since_ms = at_ms = self._pauses.not_before(self._held_since_ms or now_ms)
            with self._writing():
                self._store.pause(at_ms)
            self._pauses.begin(at_ms)
        else:
            at_ms = self._pauses.not_before(now_ms)
            with self._writing():
                self._store.resume(at_ms)
            self._pauses.end(at_ms)

    def _let_time_pass(self, now_ms: int, queue_share: float) -> None:
        if self.held:
            self._rate.admit(now_ms, queue_share, 0)  # or a pause would be made up for
            self._crowded_at_ms = None
        elif now_ms >= self._admits_from_ms:
            self._admit(now_ms, queue_share)

    def _admit(self, now_ms: int, queue_share: float) -> None:
        waiting = self._count - self._admitted
        admitted = self._rate.admit(now_ms, queue_share, waiting)
        if admitted:
            upto = self._admitted + admitted
            with self._writing():
                self._store.admit(upto, now_ms)
            self._upto.append(upto)
            self._admitted_at_ms.append(now_ms)
        if self._crowded_at_ms is None or waiting > admitted or queue_share > FULL_SHARE:
            self._crowded_at_ms = now_ms
        elif now_ms - self._crowded_at_ms >= self.rules.ticket_s * 1000:
            self._end(now_ms)

    def _end(self, now_ms: int) -> None:
        """For a ticket's whole time nobody had to wait: no crowd is left that a room would have to sort."""
        with self._writing():
            self._store.end(now_ms)
        self._over_at_ms = now_ms

    def _term(self, position: int) -> Term:
        """The time of the ticket of who was let in with that position."""
        return self._pauses.term(self._admitted_at_ms[bisect_left(self._upto, position)], self.rules.ticket_s)

    def _ran_out(self, number: int, now_ms: int) -> bool:
        position = self._position(number)
        return position is not None and position <= self._admitted and self._term(position).over(now_ms)

    def _let_in(self, entry: bytes, customer: str, position: int, now_ms: int) -> Place:
        term, in_line = self._term(position), self._count - self._admitted
        if term.over(now_ms):
            return Place(entry.hex(), State.RAN_OUT, None, in_line, 0, position, None, None, None)
        ticket = self.tickets.issue(customer, term.expires_s)
        expires_ms = term.expires_s * 1000 if term.left_s is None else None
        return Place(entry.hex(), State.ADMITTED, None, in_line, 0, position, None, ticket, expires_ms, term.left_s)

    # Failures

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """What fails inside leaves the room to be read anew."""
        self._stale = True
        yield
        self._stale = False

    def _be_fresh(self) -> None:
        """After a failure nobody knows whether it was written: what the file holds decides. Raises ``RoomFailed``."""
        if self._stale:
            self._store.reopen()
            # A disk may stay full for long. Reading 300,000 entrants takes seconds, in which nobody is answered.
            if not self._read or self._store.extent() != self._extent():
                self._load()
            self._stale = False

    def _extent(self) -> Extent:
        pauses = self._pauses.began, self._pauses.ended
        return Extent(self._drawn_at_ms, self._over_at_ms, self._count, self._admitted, *pauses)
