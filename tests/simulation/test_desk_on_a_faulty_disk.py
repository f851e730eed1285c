"""The desk and the real SQLite log on a disk that fails, over thousands of seeded nights. A failure names its seed.

Customers are played by a loop of random commands; they remember what they were told. After every crash the question is
the customers': is what I was told still true, once? Run one seed again with ``night(seed)``.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future
from datetime import date
from hashlib import blake2b
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from drumroll.desk.desk import Answer, Desk
from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.commands import Command, Reserve
from drumroll.domain.events import DepositOwedBack, DifferencePaid, Event, OrderFirmed, OrderImported
from drumroll.domain.launch import Choice, Conversion, Launch, Model, Option, Trim
from drumroll.domain.launch_capacity import Backlog, Limit, Period, Plant, PromiseRules
from drumroll.domain.promise import Planned, Promise
from drumroll.domain.refusal import Refusal
from drumroll.domain.weeks import week_of
from drumroll.errors import DeskUnavailable, LogError
from drumroll.log.sqlite import SqliteLog
from drumroll.rehearsal.recount import Recount
from tests.brief import seeds
from tests.domain.books import plain, replayed
from tests.log.faulty import FaultyDisk

SEEDS, AT_ONCE, STEPS = 500, 50, 40
CAP, LIMIT, HOLD_S, DEPOSIT, LATER_DEPOSIT = 3, 2, 30, 500, 700
COLOUR = Option("colour", "Colour", (Choice("plain", "Plain"), Choice("shiny", "Shiny", 300)))
TRIMS = (Trim("base", "Base", 10_000), Trim("top", "Top", 20_000, cap=CAP))
MODELS = (
    Model("thing", "Thing", 0, None, TRIMS, options=(COLOUR,)),
    Model("next", "Next", 0, None, (Trim("only", "Only", 30_000),), deposit_minor=LATER_DEPOSIT),
)
STATES = ("firm", "locked", "scheduled", "in_production", "built", "in_transit")
WINDOW = Conversion("up", ("thing",), STATES, ("next",), 0, 10**12, irreversible=False, times=2, deposit="settle")
LAUNCH = Launch(
    id="night",
    name="Night",
    time_zone="UTC",
    currency="EUR",
    opens_at_ms=0,
    closes_at_ms=None,
    deposit_minor=DEPOSIT,
    hold_s=HOLD_S,
    orders_per_customer=LIMIT,
    models=MODELS,
    headline=("thing",),
    cooling_off_s=60,
    early_lock_undo_s=20,
    waiting_offer_s=20,
    conversions=(WINDOW,),
)
FROM = date(1969, 12, 29)
PLANTED = replace(
    LAUNCH,
    plants=(Plant("works", "Works", ("thing", "next"), (Period(FROM, None, 2),)),),
    limits=(Limit("shine", "Shine", (), (), ("shiny",), (Period(FROM, None, 1),)),),
    backlog=(Backlog("thing", "base", 3),),
    promise=PromiseRules(width_weeks=2, frozen_weeks=1, horizon_weeks=8, spread_percent=30),
)
"""The same on every third night, with a plant whose weeks fill up."""
BY = ("olga", "because")
STEP = {"locked": "scheduled", "scheduled": "in_production", "in_production": "built", "built": "in_transit"}
PAYMENTS = (OrderFirmed, DepositOwedBack, DifferencePaid)


class Night:
    """One seeded night: a disk, a desk on it, and what the customers were told."""

    def __init__(self, seed: int, disk: FaultyDisk) -> None:
        self.random = Random(seed)
        self.launch = LAUNCH if seed % 3 else PLANTED
        self.disk = disk
        self.now_ms = 1_000_000
        self.number = 0
        self.orders_told: dict[bytes, str] = {}
        self.told_of: list[Event] = []
        self.requests: list[Command] = []
        self.to_confirm: list[Any] = []
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
                self.desk.start(self.launch)
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

    def command(self) -> Any:
        """Something new, the second step of something, or something asked before: customers and providers retry."""
        if self.to_confirm and self.random.random() < 0.5:
            return self.to_confirm.pop(0)
        if self.requests and self.random.random() < 0.3:
            return self.random.choice(self.requests)
        self.number += 1
        self.requests.append(self.new_command(b"%016d" % self.number))
        return self.requests[-1]

    def new_command(self, key: bytes) -> Any:
        by_key, customer = {"key": key, "fingerprint": key[:8]}, f"c{self.random.randrange(12)}"
        trim, kind = self.random.choice(TRIMS).id, self.random.random()
        if kind < 0.3:
            return Reserve(f"ord_{self.number}", customer, "thing", trim, **by_key)
        if kind < 0.35:
            return cmd.JoinWaiting(f"ord_{self.number}", customer, "thing", "top", **by_key)
        order_id, owner, state, wanted = self.some_order()
        if kind < 0.65:
            return cmd.RecordPayment(order_id, f"pay_{self.number}", wanted, "EUR")
        mine = {"order_id": order_id, "customer": owner, **by_key}
        if kind < 0.95:
            return self.change_of_mind(mine, trim)
        if kind > 0.985 and self.launch.plants:
            return self.about_weeks(order_id, by_key)
        if kind < 0.99:
            return cmd.MoveOrders(((order_id, STEP.get(state, "delivered")),), *BY, **by_key)
        return cmd.Withdraw(order_id, self.random.random() < 0.5, *BY, **by_key)

    def about_weeks(self, order_id: str, by_key: dict[str, Any]) -> Any:
        """What an operator does about capacity, a pin or a plan."""
        week = week_of(self.now_ms, LAUNCH.time_zone) + self.random.randrange(4)
        what, head = self.random.random(), self.desk.position if self.desk else 0
        if what < 0.4:
            number = self.random.randrange(3)
            return cmd.SetCapacity("works", week, week + 2, None, number, *BY, **by_key)
        if what < 0.6:
            return cmd.PinOrder(order_id, week, *BY, **by_key)
        group = Planned(Promise(week, week, week + 1, week + 2), (order_id,))
        return cmd.AcceptPlan("plan", "strict", head, (group,), *BY, **by_key)

    def change_of_mind(self, mine: dict[str, Any], trim: str) -> Any:
        """What a customer may do with an order."""
        kinds = (cmd.Cancel, cmd.Lock, cmd.Lock, cmd.UndoLock, cmd.Change, cmd.Change, cmd.Convert, cmd.Convert)
        kind = self.random.choice(kinds)
        if kind is cmd.Change:
            return cmd.Change(**mine, trim=trim, options=self.random.choice((None, ("shiny",))))
        if kind is cmd.Convert:
            model, of = self.random.choice((("next", "only"), ("next", "only"), ("thing", trim)))
            return cmd.Convert(**mine, model=model, trim=of)
        return kind(**mine)

    def some_order(self) -> tuple[str, str, str, int]:
        """One that somebody was told of: its id, customer, state, and what is to be paid for it."""
        book = self.desk.book if self.desk else None
        known = [order_id for order_id in self.orders_told.values() if book and order_id in book.orders]
        if not known or book is None:
            return "ord_none", "", "", DEPOSIT
        order = book.orders[self.random.choice(known)]
        return order.id, order.customer, order.state.value, order.due_minor or order.offer.deposit_minor

    def orders_come_in(self) -> None:
        """From elsewhere, all or none; some of them came before. Whoever runs it after a failure starts anew."""
        assert self.desk is not None
        start = self.random.randrange(30)
        rows = tuple(row(number) for number in range(start, start + self.random.randrange(1, 5)))
        new = tuple(one for one in rows if one.order_id not in self.desk.book.orders)
        try:
            assert self.desk.import_orders(rows) == len(new)
        except LogError:
            self.crash()
            return
        self.told_of += new
        self.orders_told |= {one.digest: one.order_id for one in new}

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
            elif isinstance(reply, Refusal) and "confirmation" in reply.facts:
                self.to_confirm.append(replace(command, confirmation=reply.facts["confirmation"]))

    def told(self, command: Any, answer: Answer) -> None:
        assert self.desk is not None
        self.told_of += answer.events
        if isinstance(command, Reserve):
            order = self.desk.book.keys[command.key]
            order_id = order.id if not hasattr(order, "order") else order.order.id  # type: ignore[union-attr]
            assert self.orders_told.setdefault(command.key, order_id) == order_id, "one key, two orders"

    def check(self) -> None:
        """What was told is true, once; the book is the log; the rules of the launch held."""
        desk = self.desk
        assert desk is not None
        assert desk.readable
        blocks = list(desk.log.read())
        events = [event for block in blocks for event in block.events]
        assert plain(desk.book) == plain(replayed(blocks)), "the book is not the fold of the log"
        keys = Counter(key for event in events if (key := getattr(event, "key", b"")))
        assert all(count == 1 for count in keys.values()), "one key did two things"
        payments = Counter(event.payment_id for event in events if isinstance(event, (*PAYMENTS, OrderImported)))
        assert all(count == 1 for count in payments.values()), "a payment was counted twice"
        assert Counter(map(repr, self.told_of)) <= Counter(map(repr, events)), (
            "something was acknowledged and is lost, or was told twice"
        )
        made = {event.order_id for event in events if isinstance(event, ev.OrderReserved | OrderImported)}
        assert made >= set(self.orders_told.values()), "an order was acknowledged and is lost"
        faults = Recount().all(blocks).faults
        wrong = set(faults.count)
        assert not wrong, faults.examples


def row(number: int) -> OrderImported:
    """An order from elsewhere."""
    reference = f"old-{number}"
    order_id = "ord_" + blake2b(reference.encode(), digest_size=10).hexdigest()
    state = ("firm", "locked", "locked", "built")[number % 4]
    times = (1_000, 2_000, None if state == "firm" else 3_000 + number % 3)
    offer = ("thing", "base", ("plain",), "", 9_000, DEPOSIT, f"imported-{order_id[4:]}")
    cooling_off_s = 2_000 if state == "firm" else None
    return OrderImported(
        order_id, reference, f"c{number % 40}", *offer, state, *times, cooling_off_s, b"%016d" % (10**9 + number)
    )


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
    if random.random() < 0.1 and played.desk is not None and played.desk.closed_because is None:
        played.orders_come_in()
    played.turn()


@pytest.mark.slow
@pytest.mark.parametrize("start", [seed for seed in seeds(0, SEEDS) if seed % AT_ONCE == 0])
def test_no_acknowledged_order_is_lost_or_doubled_on_any_night(start: int) -> None:
    for seed in range(start, start + AT_ONCE):
        try:
            night(seed)
        except BaseException as error:
            error.add_note(f"seed {seed}: run tests.simulation.test_desk_on_a_faulty_disk.night({seed}) again")
            raise


def test_the_nights_are_not_quiet() -> None:
    nights = [night(seed) for seed in range(40)]
    told = Counter(type(event) for one in nights for event in one.told_of)
    for kind, least in LEAST.items():
        assert told[kind] >= least, f"{kind.__name__}: {told[kind]}"
    assert sum(one.disk.counts.faults for one in nights) > 40


LEAST = {
    ev.OrderReserved: 200,
    ev.OrderFirmed: 80,
    ev.OrderImported: 60,
    ev.OrderCancelled: 5,
    ev.OrderLocked: 5,
    ev.LockUndone: 1,
    ev.OrderForfeited: 2,
    ev.OrderChanged: 5,
    ev.OrderConverted: 10,
    ev.DifferencePaid: 2,
    ev.WaitingJoined: 5,
    ev.OrdersMoved: 5,
    ev.OrderWithdrawn: 1,
    ev.CapacitySet: 1,
    ev.PlanAccepted: 1,
}
"""What is told at least on the first forty nights: each of these happens, and its loss would be noticed."""


def test_the_same_seed_plays_the_same_night() -> None:
    first, again = night(7), night(7)
    assert (first.orders_told, first.told_of) == (again.orders_told, again.told_of)


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
