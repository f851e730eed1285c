"""Writes to customers beside the desk: one task follows the log, another sends what waits, at a bounded rate.

Blocks are read and rows written in threads, a bounded number at a time; the event loop only makes the letters, each a
few hundred microseconds. While the desk is busy only what is urgent goes: intake comes first.

At least once: the row of a letter goes once it was handed over, so a SIGKILL repeats at most ``BATCH`` letters.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from threading import Lock
from time import monotonic
from typing import Protocol

import msgspec

from drumroll.domain.book import Book, Order
from drumroll.errors import LogError, NotDelivered, PeopleFailed
from drumroll.log.base import Block
from drumroll.notices.notice import URGENCY, URGENT, Kind, Letter, Occasion, Weeks, taken
from drumroll.notices.schedule import Allowance, due_ms, pause_s
from drumroll.notices.store import Settled, Store, Told, Waiting
from drumroll.people.delivery import Delivery
from drumroll.people.person import Kind as ContactKind
from drumroll.people.person import Person

BATCH = 16
"""Letters that are under way at once, and so the most that a SIGKILL repeats."""
AT_ONCE = 3
"""Letters handed over at the same time: one fewer than there are connections to a mail server, for sign-in codes."""
LOOK = 64
"""Letters looked at in one step: most of them may be for people of whom no contact is known."""
EVENTS_AT_ONCE = 1_000
"""Events after which a step of reading ends: some milliseconds of a thread."""
BETWEEN_S = 0.05
"""Between two steps of reading or sending, where there is more to do: the desk has the interpreter meanwhile."""
BUSY_BETWEEN_S = 0.5
"""As ``BETWEEN_S``, while the desk is busy: 2,000 events a second cost it less than a hundredth of a core."""
POLL_S = 0.5
BUSY_PER_S = 200
"""Commands a second above which the desk is busy: then only what is urgent is sent."""
AGAIN_S = 5.0
"""How long after a failure of a disk it is tried again."""
LETTING_GO_S = 1.0
"""How long letters that are under way may take when the server stops."""

_log = logging.getLogger("drumroll")


class Reading(msgspec.Struct, frozen=True):
    """A log that is read here alone, in threads: the blocks from a position on (raises ``LogError``), and its end."""

    read: Callable[[int], Iterator[Block]]
    close: Callable[[], None]


class Write(Protocol):
    """Makes letters: pure, from the book. ``None``: there is nothing (left) to be said."""

    def __call__(self, book: Book, order: Order, why: Occasion, told: Told | None, person: Person) -> Letter | None:
        """The letter to a person about an order, as things stand now; ``told`` is what they know of its delivery."""


class Surroundings(msgspec.Struct, frozen=True):
    """What notices need of a server.

    ``book`` is what is true now (``None`` while the log can't be read), ``position`` its last durable block and
    ``commands`` how many commands were ever answered. ``reach`` are the kinds of contact that the delivery takes.
    ``open_log`` opens the log for reading (raises ``LogError``); ``read`` is who somebody is (raises ``PeopleFailed``).
    """

    book: Callable[[], Book | None]
    position: Callable[[], int]
    commands: Callable[[], int]
    open_log: Callable[[], Reading]
    read: Callable[[str], Person | None]
    delivery: Delivery
    reach: frozenset[ContactKind]
    write: Write
    now_ms: Callable[[], int]
    per_s: float
    poll_s: float = POLL_S


class Ready(msgspec.Struct, frozen=True):
    """A letter that is to be sent, and to whom."""

    waiting: Waiting
    order: Order
    person: Person
    letter: Letter


class Notices:
    """Follows a log from where its store stands, or from what comes after now; ``run`` it beside a server."""

    def __init__(self, store: Store, around: Surroundings) -> None:
        self.store, self.meter = store, store.meter
        self._around = around
        self._next = store.begin(around.position() + 1)
        self._blocks = _Blocks(around.open_log)
        self._allowance = Allowance(around.per_s, monotonic())
        self._look = self._failures = 0
        self._paused_until_s = 0.0
        self._busy = False
        self._tasks: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Follow and send until ``close``; a disk or a log that fails is tried again."""
        self._tasks = [asyncio.create_task(self._always(work)) for work in (self.follow, self.send, self._watch)]
        try:
            await asyncio.gather(*self._tasks)
        finally:
            for task in self._tasks:
                task.cancel()

    async def close(self) -> None:
        """What is under way may end; what waits is sent after the next start."""
        self._stop.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LETTING_GO_S)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._blocks.close)
        await asyncio.to_thread(self.store.close)

    async def _always(self, step: Callable[[], Awaitable[float]]) -> None:
        """Take steps, each of which says how long to wait for the next. What goes wrong must not end the server."""
        while not self._stop.is_set():
            try:
                wait_s = await step()
            except (LogError, PeopleFailed) as error:
                _log.warning("letters to customers wait: %s", error)
                wait_s = AGAIN_S
            except Exception as error:
                # Its words might name somebody.
                _log.error("letters to customers wait: %s", type(error).__name__)
                wait_s = AGAIN_S
            await self._sleep(wait_s)

    async def _sleep(self, wait_s: float) -> None:
        """Wait, but not for what is no more: the end of the server is waited for too."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), wait_s)

    async def _watch(self) -> float:
        """Whether the desk is busy, by what it answered in the last second."""
        before = self._around.commands()
        await self._sleep(1.0)
        self._busy = self._around.commands() - before > BUSY_PER_S
        return 0.0

    # The log

    async def follow(self) -> float:
        """Take in some of what is new; how long to wait with the next step, in seconds."""
        if self._around.book() is None or self._around.position() < self._next:
            return self._around.poll_s
        self._next = await asyncio.to_thread(self._take, self._next)
        if self._next > self._around.position():
            return self._around.poll_s
        return BUSY_BETWEEN_S if self._busy else BETWEEN_S

    def _take(self, start: int) -> int:
        blocks = self._blocks.some(start)
        position = blocks[-1].position + 1 if blocks else start
        try:
            self.store.take([(block.position, taken(block)) for block in blocks], position, self._around.now_ms())
        except PeopleFailed:
            self._blocks.forget()
            raise
        return position

    # The letters

    async def send(self) -> float:
        """Send what may be sent now; how long to wait with the next step, in seconds."""
        book, now_s = self._around.book(), monotonic()
        if book is None or not self.meter.waiting or now_s < self._paused_until_s:
            return self._around.poll_s
        # A few at a time rather than each by itself, for each time takes a transaction.
        most = 1 if pause_s(self._failures) else min(BATCH, self._allowance.most, self.meter.waiting)
        if (left := self._allowance.left(now_s)) < most:
            return (most - left) / self._around.per_s
        urgency = URGENT if self._busy else max(URGENCY.values())
        waiting = await asyncio.to_thread(self.store.due, self._around.now_ms(), max(self._look, most), urgency)
        return await self._send_some(waiting, most) if waiting else self._around.poll_s

    async def _send_some(self, waiting: Sequence[Waiting], most: int) -> float:
        """Write the first few letters that somebody gets, and drop those before them that nobody does."""
        book = self._around.book()
        orders = {one.number: _order_of(book, one) for one in waiting} if book is not None else {}
        people, told = await asyncio.to_thread(self._known, [order for order in orders.values() if order is not None])
        settled: list[Settled] = []
        letters: list[Ready] = []
        written_about: set[str] = set()
        for one in waiting:
            order = orders.get(one.number)
            if order is not None and order.id in written_about:
                continue  # what it is to be told depends on what the letter before it tells
            made = self._letter(one, people, told)
            if isinstance(made, Settled):
                settled.append(made)
                continue
            written_about.add(made.order.id)
            letters.append(made)
            if len(letters) == most:
                break
        self._allowance.use(len(letters))
        # Where nobody can be reached, many are looked at in a step, with a rest for the desk after each.
        self._look = 0 if letters else LOOK
        await self._hand_over(letters, settled)
        return 0.0 if letters else BETWEEN_S

    def _known(self, orders: Sequence[Order]) -> tuple[dict[str, Person], dict[str, Told]]:
        """The people of some orders who can be reached, and what they were told of their deliveries."""
        ids = {order.customer for order in orders}
        found = {each: person for each in ids if (person := self._around.read(each)) is not None}
        reached = {each: person for each, person in found.items() if person.kind in self._around.reach}
        return reached, self.store.told([order.id for order in orders if order.customer in reached])

    def _letter(self, one: Waiting, people: dict[str, Person], told: dict[str, Told]) -> Ready | Settled:
        """A letter as things stand at this moment; or what came of it, if it is not to be sent."""
        book = self._around.book()
        order = None if book is None else _order_of(book, one)
        if book is None or order is None:
            return Settled(one, "outdated")
        person = people.get(order.customer)
        if person is None:
            return Settled(one, "skipped")
        try:
            occasion = Occasion(one.kind, one.about, one.reason)
            letter = self._around.write(book, order, occasion, told.get(order.id), person)
        except Exception as error:
            return self._failed(one, type(error).__name__)
        return Settled(one, "outdated") if letter is None else Ready(one, order, person, letter)

    async def _hand_over(self, letters: Sequence[Ready], settled: list[Settled]) -> None:
        """Send some letters. Even if this is cut short: those that went are noted."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def send(ready: Ready) -> None:
            async with slots:
                settled.append(await self._sent(ready))

        try:
            await asyncio.gather(*map(send, letters))
        finally:
            if settled:
                await asyncio.to_thread(self.store.settle, settled)

    async def _sent(self, ready: Ready) -> Settled:
        contact, letter, promised = ready.person.reached_by, ready.letter, ready.order.promised
        try:
            text = letter.short if contact.kind == "phone" else letter.text
            await self._around.delivery.send(contact, letter.subject, text)
        except NotDelivered as error:
            return self._not_delivered(ready.waiting, str(error))
        except Exception as error:
            return self._not_delivered(ready.waiting, type(error).__name__)
        self._failures = 0
        shown = None if promised is None else Weeks(promised.first_week, promised.last_week)
        differs = letter.tells_promise and letter.promise != shown
        return Settled(ready.waiting, "sent", told=Told(ready.order.id, letter.promise) if differs else None)

    def _not_delivered(self, one: Waiting, why: str) -> Settled:
        self._failures += 1
        if wait_s := pause_s(self._failures):
            self._paused_until_s = monotonic() + wait_s
        return self._failed(one, why)

    def _failed(self, one: Waiting, why: str) -> Settled:
        at_ms = due_ms(one.attempts + 1, self._around.now_ms())
        if at_ms is None:
            _log.warning("a letter (%s) is given up after %d attempts: %s", one.kind, one.attempts + 1, why)
            return Settled(one, "given_up")
        return Settled(one, due_ms=at_ms)


class _Blocks:
    """A log read step by step, opened when first needed; what was begun to be read is gone on with."""

    def __init__(self, open_log: Callable[[], Reading]) -> None:
        self._open_log = open_log
        self._reader: Reading | None = None
        self._open: Iterator[Block] | None = None
        self._lock = Lock()
        self._closed = False

    def some(self, position: int) -> list[Block]:
        """Blocks from that position on, which is where reading stopped the last time. Raises ``LogError``."""
        found: list[Block] = []
        events = 0
        with self._lock:
            if self._closed:
                return found
            self._reader = self._reader or self._open_log()
            self._open = self._open or self._reader.read(position)
            try:
                while events < EVENTS_AT_ONCE and (block := next(self._open, None)) is not None:
                    found.append(block)
                    events += len(block.events)
            except LogError:
                self._drop()
                raise
            if events < EVENTS_AT_ONCE:
                self._open = None
        return found

    def forget(self) -> None:
        """What was read last is read once more."""
        with self._lock:
            self._open = None

    def close(self) -> None:
        """Let go of the log."""
        with self._lock:
            self._closed = True
            self._drop()

    def _drop(self) -> None:
        reader, self._reader, self._open = self._reader, None, None
        if reader is not None:
            with suppress(LogError):
                reader.close()


def _order_of(book: Book, one: Waiting) -> Order | None:
    """The order that a letter is about; ``None``: it is no longer there (the log was restored from a backup)."""
    if one.kind is Kind.PAID:
        refund = book.refunds.get(one.about)
        return None if refund is None else book.orders.get(refund.order_id)
    return book.orders.get(one.about)
