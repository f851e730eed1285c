"""The desk and the real SQLite log on a disk that fails, over thousands of seeded nights. A failure names its seed.

Customers are played by a loop of random commands; they remember what they were told. After every crash the question is
the customers': is what I was told still true, once? Run one seed again with ``night(seed)``.
"""

from __future__ import annotations

from concurrent.futures import Future
from random import Random

import pytest

from drumroll.desk.desk import Answer, Desk
from drumroll.domain.book import Book, evolve
from drumroll.domain.commands import Cancel, Command, RecordPayment, Reserve
from drumroll.domain.events import DepositOwedBack, OrderCancelled, OrderFirmed, OrderReserved
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.errors import DeskUnavailable, LogError
from drumroll.log.sqlite import SqliteLog
from tests.log.faulty import FaultyDisk

SEEDS, AT_ONCE, STEPS = 2_000, 100, 40
CAP, LIMIT, HOLD_S, DEPOSIT = 12, 2, 30, 500
TRIMS = (Trim("base", "Base", 10_000), Trim("top", "Top", 20_000, cap=CAP))
MODEL = Model("thing", "Thing", 0, None, TRIMS)
LAUNCH = Launch("night", "Night", "UTC", "EUR", 0, None, DEPOSIT, HOLD_S, LIMIT, (MODEL,), ("thing",))


class Night:
    """One seeded night: a disk, a desk on it, and what the customers were told."""

    def __init__(self, seed: int, disk: FaultyDisk) -> None:
        self.random = Random(seed)
        self.disk = disk
        self.now_ms = 1_000_000
        self.number = 0
        self.orders_told: dict[bytes, str] = {}
        self.payments_told: dict[str, bool] = {}
        self.cancels_told: set[str] = set()
        self.requests: list[Command] = []
        self.desk: Desk | None = None

    def clock_ms(self) -> int:
        """A clock that now and then steps back."""
        return self.now_ms - (self.random.randrange(5_000) if self.random.random() < 0.1 else 0)

    def start(self) -> None:
        """Start as after any crash, as often as the disk makes it necessary."""
        for _ in range(50):
            log = None
            try:
                log = SqliteLog("night.log", vfs=self.disk.vfs)
                self.desk = Desk(log, self.clock_ms, "simulation", queue_limit=8, batch_limit=4)
                self.desk.start(LAUNCH)
                return
            except LogError:
                self.desk = None
                if log is not None:
                    log.close()
                self.disk.mend()
        raise AssertionError("the desk never started on a mended disk")

    def crash(self) -> None:
        self.disk.crash()
        self.disk.mend()
        if self.desk is not None:
            self.desk.log.close()
        self.start()

    def command(self) -> Command:
        """Something new, or something asked before: customers and providers retry."""
        if self.requests and self.random.random() < 0.3:
            return self.random.choice(self.requests)
        self.number += 1
        key = b"%016d" % self.number
        customer = f"c{self.random.randrange(12)}"
        known = list(self.orders_told.values()) or ["ord_none"]
        kind = self.random.random()
        made: Command
        if kind < 0.5:
            made = Reserve(f"ord_{self.number}", customer, "thing", self.random.choice(TRIMS).id, key, key[:8])
        elif kind < 0.85:
            made = RecordPayment(self.random.choice(known), f"pay_{self.number}", DEPOSIT, "EUR")
        else:
            order_id = self.random.choice(known)
            owner = self.desk.book.orders[order_id].customer if self.desk and order_id in self.desk.book.orders else ""
            made = Cancel(order_id, owner, key, key[:8])
        self.requests.append(made)
        return made

    def turn(self) -> None:
        """Submit a few commands, run a turn, remember the answers."""
        desk = self.desk
        assert desk is not None
        asked: list[tuple[Command, Future[object]]] = []
        for _ in range(self.random.randrange(1, 7)):
            command, waiting = self.command(), Future[object]()
            try:
                desk.submit(command, waiting)
            except DeskUnavailable:
                desk.reopen()
                continue
            asked.append((command, waiting))
        while desk.queue and desk.closed_because is None:
            desk.turn()
        for command, waiting in asked:
            assert waiting.done(), "a command was never answered"
            reply = waiting.result()
            if isinstance(reply, Answer):
                self.told(command, reply)

    def told(self, command: Command, answer: Answer) -> None:
        assert self.desk is not None
        if isinstance(command, Reserve):
            order_id = self.desk.book.keys[command.key].id  # type: ignore[union-attr]
            assert self.orders_told.setdefault(command.key, order_id) == order_id, "one key, two orders"
        elif isinstance(command, RecordPayment) and answer.events:
            assert command.payment_id not in self.payments_told, "one payment counted twice"
            self.payments_told[command.payment_id] = isinstance(answer.events[-1], OrderFirmed)
        elif isinstance(command, Cancel):
            self.cancels_told.add(command.order_id)

    def check(self) -> None:
        """What was told is true, once; the book is the log; the rules of the launch held."""
        desk = self.desk
        assert desk is not None
        assert desk.readable
        events = [event for block in desk.log.read() for event in block.events]
        assert plain(desk.book) == plain(folded(desk.log)), "the book is not the fold of the log"
        reserved = [event for event in events if isinstance(event, OrderReserved)]
        keys = {event.key: event.order_id for event in reserved}
        assert len(keys) == len(reserved), "one key made two orders"
        for key, order_id in self.orders_told.items():
            assert keys.get(key) == order_id, f"{order_id} was acknowledged and is lost"
        counted = [e for e in events if isinstance(e, OrderFirmed | DepositOwedBack)]
        paid = {event.payment_id: isinstance(event, OrderFirmed) for event in counted}
        assert len(paid) == len(counted), "a payment was counted twice"
        assert self.payments_told.items() <= paid.items(), "a payment was acknowledged and is lost"
        cancelled = {event.order_id for event in events if isinstance(event, OrderCancelled)}
        assert self.cancels_told <= cancelled, "a cancellation was acknowledged and is lost"
        assert desk.book.tally("thing", "top").live <= CAP
        for orders in desk.book.customers.values():
            assert sum(order.live for order in orders) <= LIMIT
        times = [block.at_ms for block in desk.log.read()]
        assert times == sorted(times), "the log's time fell"


def plain(book: Book) -> object:
    """What two books are compared by."""
    orders = {o.id: (o.customer, o.offer, o.state, o.reserved_at_ms, o.payment_id) for o in book.orders.values()}
    refunds = {r.payment_id: (r.order_id, r.amount_minor, r.paid_at_ms) for r in book.refunds.values()}
    return orders, refunds, dict(book.payments), book.headline_firm, sorted(book.keys), book.paid_in_minor


def folded(log: SqliteLog) -> Book:
    book = Book()
    for block in log.read():
        for event in block.events:
            evolve(book, event, block.at_ms)
    return book


def night(seed: int) -> Night:
    """Play one night to its end."""
    with FaultyDisk(seed=seed) as disk:
        played = Night(seed, disk)
        played.start()
        for _ in range(STEPS):
            _step(played)
        played.crash()
        played.check()
        assert played.desk is not None
        played.desk.close()
    return played


def _step(played: Night) -> None:
    random, faults = played.random, played.disk.faults
    played.now_ms += random.randrange(8_000)
    happening = random.random()
    if happening < 0.06:
        faults.write_error = random.choice((0.05, 0.5))
    elif happening < 0.10:
        faults.short_write = random.choice((0.05, 0.5))
    elif happening < 0.14:
        faults.sync_error = random.choice((0.1, 0.9))
    elif happening < 0.18:
        faults.full = True
    elif happening < 0.30:
        played.disk.mend()
    elif happening < 0.36:
        played.crash()
        played.check()
        return
    played.turn()


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, SEEDS, AT_ONCE))
def test_no_acknowledged_order_is_lost_or_doubled_on_any_night(start: int) -> None:
    for seed in range(start, start + AT_ONCE):
        try:
            night(seed)
        except BaseException as error:
            error.add_note(f"seed {seed}: run tests.simulation.test_desk_on_a_faulty_disk.night({seed}) again")
            raise


def test_the_nights_are_not_quiet() -> None:
    nights = [night(seed) for seed in range(20)]
    assert sum(len(one.orders_told) for one in nights) > 100
    assert sum(len(one.payments_told) for one in nights) > 40
    assert sum(len(one.cancels_told) for one in nights) > 5
    assert sum(one.disk.counts.faults for one in nights) > 20


def test_the_same_seed_plays_the_same_night() -> None:
    first, again = night(7), night(7)
    assert (first.orders_told, first.payments_told) == (again.orders_told, again.payments_told)


def test_a_disk_that_lies_about_its_syncs_leaves_a_beginning_of_what_was_written() -> None:
    """Nobody can keep what the disk dropped; but the book is still a fold of whole blocks, none of them invented."""
    for seed in range(60):
        with FaultyDisk(seed=seed) as disk:
            played = Night(seed, disk)
            played.start()
            disk.faults.sync_lie = 0.5
            for _ in range(15):
                played.turn()
            assert played.desk is not None
            written = list(played.desk.log.read())
            disk.crash()
            disk.mend()
            played.desk.log.close()
            try:
                log = SqliteLog("night.log", vfs=disk.vfs)
                kept = list(log.read())
                log.close()
            except LogError:
                continue  # found and named: nothing was made up
            assert kept == written[: len(kept)], f"seed {seed}"
