"""The single writer. It takes what waits, decides it, makes one block of it durable, and only then answers.

A *turn* is one such batch, and one plain function call: between two turns the book is exactly the durable log, so
whoever reads it between turns reads nothing that could still be lost. There is no timer: under light load a batch is
one command, under heavy load hundreds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, Protocol

import msgspec

from drumroll.domain.book import Book
from drumroll.domain.capacity import kinds_of, rules_of
from drumroll.domain.commands import (
    AcceptPlan,
    Command,
    Expire,
    ImportOrders,
    LockDue,
    OfferPlaces,
    SetLaunch,
    SetSafety,
)
from drumroll.domain.decide import decide
from drumroll.domain.events import DeskOpened, Event, OrderImported
from drumroll.domain.evolve import evolve
from drumroll.domain.launch import Launch
from drumroll.domain.refusal import Refusal
from drumroll.errors import DeskClosed, DeskUnavailable, ImportRefused, LogError, QueueFull, WrongLaunch
from drumroll.log.base import Block, Log

AT_ONCE = 4096
"""How many reservations may run out, orders lock or places be offered in one block; the rest follow in the next."""

_TIME_PASSES = (Expire(AT_ONCE), LockDue(AT_ONCE), OfferPlaces(AT_ONCE))
IMPORTED_A_BLOCK = 1024


class Answer(msgspec.Struct, frozen=True, gc=False):
    """A command that was taken: the events that are durable now. None means that it had been done before."""

    events: tuple[Event, ...]


Reply = Answer | Refusal | DeskUnavailable


class Waiting(Protocol):
    """Whoever waits for a reply: an ``asyncio.Future`` will do."""

    def done(self) -> bool:
        """Whether nobody waits any more."""

    def set_result(self, result: Any, /) -> None:
        """Take the reply."""


class Meter(msgspec.Struct):
    """What the desk counted since it started; plain numbers, read by ``/metrics``."""

    turns: int = 0
    commands: int = 0
    refusals: int = 0
    refused_full: int = 0
    append_failures: int = 0
    append_ns: int = 0
    largest_batch: int = 0


class Desk:
    """The desk of one log. ``turn`` and ``submit`` are called from one thread."""

    def __init__(
        self, log: Log, clock_ms: Callable[[], int], holder: str, *, queue_limit: int = 4096, batch_limit: int = 1024
    ) -> None:
        self.log = log
        self.clock_ms = clock_ms
        self.holder = holder
        self.queue_limit = queue_limit
        self.batch_limit = batch_limit
        self.queue: deque[tuple[Command, Waiting]] = deque()
        self.meter = Meter()
        self.book = Book()
        self.position = 0
        self.at_ms = 0
        self.draining = False
        self.closed_because: str | None = "not started"
        self.readable = False

    def start(self, launch: Launch) -> None:
        """Fold the log, claim it with a first block, and go on with this launch.

        Raises:
            LogError: the log is damaged, can't be read, or does not take a block.
            WrongLaunch: the log belongs to another launch.
        """
        self._fold_log()
        decision = decide(self.book, SetLaunch(launch), self._now_ms())
        if isinstance(decision, Refusal):
            raise WrongLaunch(decision.message)
        self._write((DeskOpened(self.holder), *decision))
        self._write(self._safety())
        self.closed_because = None

    def submit(self, command: Command, waiting: Waiting) -> None:
        """Let a command wait for the next turn. Raises ``QueueFull`` or ``DeskClosed``, and then keeps nothing."""
        if self.closed_because is not None:
            raise DeskClosed(f"no orders are taken now: {self.closed_because}")
        if self.draining:
            raise DeskClosed("the server is stopping", retry_after_s=5)
        if len(self.queue) >= self.queue_limit:
            self.meter.refused_full += 1
            raise QueueFull(f"{self.queue_limit} commands wait already")
        self.queue.append((command, waiting))

    def turn(self) -> int:
        """Decide, append and answer one batch; says how many commands it answered."""
        if self.closed_because is not None:
            return 0
        batch = self._take()
        at_ms = self._now_ms()
        try:
            blocks, replies = self._decide(batch, at_ms)
            if len(blocks) > 1:
                self._append_all(blocks, at_ms)
            elif blocks[0]:
                self._append(tuple(blocks[0]), at_ms)
        except LogError as error:
            self._fail(str(error), batch)
            return len(batch)
        except Exception:
            self._fail("the server has failed", batch)
            raise
        for (_, waiting), reply in zip(batch, replies, strict=True):
            if not waiting.done():
                waiting.set_result(reply)
        self.meter.turns += 1
        self.meter.commands += len(batch)
        self.meter.largest_batch = max(self.meter.largest_batch, len(batch))
        return len(batch)

    def import_orders(self, rows: tuple[OrderImported, ...]) -> int:
        """Take over orders that were made elsewhere, all of them or none; says how many were new.

        Raises:
            ImportRefused: with every fault, ``index`` being that of the row.
            LogError: the log did not take them; none is in it.
        """
        at_ms = self._now_ms()
        decision = decide(self.book, ImportOrders(rows), at_ms)
        if isinstance(decision, Refusal):
            raise ImportRefused(decision.message, decision.facts["faults"])
        blocks = [
            Block(self.position + 1 + number, at_ms, decision[start : start + IMPORTED_A_BLOCK])
            for number, start in enumerate(range(0, len(decision), IMPORTED_A_BLOCK))
        ]
        try:
            self.log.append_all(blocks)
        except LogError as error:
            self.closed_because = str(error)
            raise
        for block in blocks:
            for event in block.events:
                evolve(self.book, event, at_ms, block.position)
            self.position, self.at_ms = block.position, at_ms
        return len(decision)

    def time_is_due(self) -> bool:
        """Whether a turn would do something by itself: a reservation runs out, an order locks, a place is offered."""
        book, at_ms = self.book, self._now_ms()
        if next(book.holds.due(at_ms), None) is not None or next(book.coolings.due(at_ms), None) is not None:
            return True
        return bool(book.waiting) and decide(book, OfferPlaces(1), at_ms) != ()

    def reopen(self) -> bool:
        """After a failure: try whether the log takes a block again, and open if it does."""
        if self.closed_because is None:
            return True
        try:
            self.log.recover()
            if not self.readable or self.log.head() != self.position:
                self._fold_log()
            self._append((DeskOpened(self.holder),))
        except LogError as error:
            self.closed_because = str(error)
            return False
        evolve(self.book, DeskOpened(self.holder), self.at_ms, self.position)
        self.closed_because = None
        return True

    def close(self) -> None:
        """Answer what waits with a refusal to try again, and let go of the log."""
        self._turn_away(DeskClosed("the server has stopped", retry_after_s=5))
        self.closed_because = "stopped"
        self.log.close()

    def _write(self, events: tuple[Event, ...]) -> None:
        """Append and fold what answers nobody."""
        if not events:
            return
        self._append(events)
        for event in events:
            evolve(self.book, event, self.at_ms, self.position)

    def _safety(self) -> tuple[Event, ...]:
        """How sure the weeks are, worked out anew where the capacity is another than before."""
        book = self.book
        if book.safety is not None or book.launch is None or book.capacity is None:
            return ()
        # Imported here: it needs numpy, and a server that goes on as before has no need of it.
        from drumroll.plan.safety import safety

        assert book.availability is not None
        now = book.availability.week_at(self.at_ms) - book.capacity.base_week
        found = safety(book.capacity, kinds_of(book.launch), rules_of(book.launch), now=max(0, now))
        decision = decide(book, SetSafety(found), self.at_ms)
        assert not isinstance(decision, Refusal)
        return decision

    def _take(self) -> list[tuple[Command, Waiting]]:
        queue = self.queue
        if len(queue) <= self.batch_limit:
            self.queue = deque()
            return list(queue)
        return [queue.popleft() for _ in range(self.batch_limit)]

    def _decide(self, batch: list[tuple[Command, Waiting]], at_ms: int) -> tuple[list[list[Event]], list[Reply]]:
        """Decide a batch against the book, folding as it goes: later commands see what earlier ones did.

        All of it is one block, but for large plans: their parts have a block each.
        """
        book = self.book
        blocks: list[list[Event]] = [[]]
        replies: list[Reply] = []
        for command in (*_TIME_PASSES, *[command for command, _ in batch]):
            decision = decide(book, command, at_ms)
            if isinstance(decision, Refusal):
                self.meter.refusals += 1
                replies.append(decision)
                continue
            in_parts = type(command) is AcceptPlan
            for event in decision:
                if in_parts and blocks[-1]:
                    blocks.append([])
                evolve(book, event, at_ms, self.position + len(blocks))
                blocks[-1].append(event)
            replies.append(Answer(decision))
            # What comes after a new capacity in this batch is promised by that capacity's own safety already.
            for event in self._safety() if book.safety is None else ():
                evolve(book, event, at_ms, self.position + len(blocks))
                blocks[-1].append(event)
        return blocks, replies[len(_TIME_PASSES) :]

    def _fail(self, because: str, batch: list[tuple[Command, Waiting]]) -> None:
        """The book is ahead of the log: close, rebuild it from the log, and turn away all that wait."""
        self.meter.append_failures += 1
        self.closed_because = because
        self._rebuild()
        self.queue.extendleft(reversed(batch))
        self._turn_away(DeskClosed(f"no orders are taken now: {because}"))

    def _append(self, events: tuple[Event, ...], at_ms: int | None = None) -> None:
        at_ms = self._now_ms() if at_ms is None else at_ms
        began = perf_counter_ns()
        self.log.append(Block(self.position + 1, at_ms, events))
        self.meter.append_ns += perf_counter_ns() - began
        self.position += 1
        self.at_ms = at_ms

    def _append_all(self, blocks: list[list[Event]], at_ms: int) -> None:
        began = perf_counter_ns()
        first = self.position + 1
        self.log.append_all([Block(position, at_ms, tuple(events)) for position, events in enumerate(blocks, first)])
        self.meter.append_ns += perf_counter_ns() - began
        self.position += len(blocks)
        self.at_ms = at_ms

    def _rebuild(self) -> None:
        """Fold the log anew; reads go on from that, orders once ``reopen`` gets through.

        The blocks whose append returned are durable, and no others: they are read before anything is mended, since a
        disk that takes nothing at all may fail that. If they can't be read, the desk says so (``readable``).
        """
        self.readable = False
        try:
            self._fold_log(until=self.position)
        except LogError as error:
            self.closed_because = str(error)
        try:
            self.log.recover()
            if not self.readable or self.log.head() != self.position:
                self._fold_log()
        except LogError as error:
            self.closed_because = str(error)

    def _fold_log(self, until: int | None = None) -> None:
        book, position, at_ms = Book(), 0, 0
        for block in self.log.read(1):
            if until is not None and block.position > until:
                break
            for event in block.events:
                evolve(book, event, block.at_ms, block.position)
            position, at_ms = block.position, block.at_ms
        self.book, self.position, self.at_ms = book, position, at_ms
        self.readable = True

    def _turn_away(self, refusal: DeskUnavailable) -> None:
        waiting_room, self.queue = self.queue, deque()
        for _, waiting in waiting_room:
            if not waiting.done():
                waiting.set_result(refusal)

    def _now_ms(self) -> int:
        """The clock, but never before the last block: a clock that steps back does not turn back the log."""
        return max(self.clock_ms(), self.at_ms)
