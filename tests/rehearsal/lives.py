"""The whole life of a small launch, at random and by seed: what the domain decides, as blocks for the audit to recount.

Customers, a provider, operators and time ask for anything, sensible or not; what was answered is kept as it was told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from random import Random

from msgspec.structs import replace

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.book import Book
from drumroll.domain.decide import decide
from drumroll.domain.evolve import evolve
from drumroll.domain.launch import Choice, Conversion, Launch, Model, Option, Region, Trim
from drumroll.domain.promise import Promise
from drumroll.domain.refusal import Refusal
from drumroll.domain.states import State
from drumroll.domain.weeks import monday, sunday
from drumroll.log.base import Block
from drumroll.rehearsal.told import Told, ToldOrder, ToldPayment

OPENS = 1_750_000_000_000
DAY_MS = 86_400_000
ALL_STATES = ("firm", "locked", "scheduled", "in_production", "built", "in_transit")

_PAINT = Option("paint", "Paint", (Choice("white", "White"), Choice("red", "Red", 50, trims=("top",))))
_EXTRAS = Option(
    "extras",
    "Extras",
    (Choice("sound", "Sound", 30), Choice("hall", "Hall", 70, requires=("sound",)), Choice("quiet", "Quiet", 5)),
    many=True,
)
_QUIET = replace(_EXTRAS, choices=(*_EXTRAS.choices[:2], Choice("quiet", "Quiet", 5, excludes=("sound",))))

NEW = Model(
    "new", "New", OPENS, None, (Trim("base", "Base", 1000, cap=7), Trim("top", "Top", 2000)), 12, 100, (_PAINT,)
)
OLD = Model("old", "Old", OPENS, OPENS + 30 * DAY_MS, (Trim("base", "Base", 800), Trim("top", "Top", 900)), None, 60)
ODD = Model("odd", "Odd", OPENS + DAY_MS, None, (Trim("base", "Base", 500, cap=3),), options=(_QUIET,))


def _window(name: str, from_model: str, to_models: tuple[str, ...], **rest: object) -> Conversion:
    times = {"opens_at_ms": OPENS + DAY_MS // 2, "closes_at_ms": OPENS + 20 * DAY_MS}
    return Conversion(**{"id": name, "from_models": (from_model,), "to_models": to_models, **times, **rest})  # type: ignore[arg-type]


LAUNCH = Launch(
    id="lives",
    name="Lives",
    time_zone="Asia/Shanghai",
    currency="EUR",
    opens_at_ms=OPENS,
    closes_at_ms=None,
    deposit_minor=80,
    hold_s=7200,
    orders_per_customer=3,
    models=(NEW, OLD, ODD),
    headline=("new", "odd"),
    milestones=(2, 5, 8),
    cap=30,
    cooling_off_s=3 * 86400,
    early_lock_undo_s=6 * 3600,
    waiting_offer_s=10_800,
    regions=(Region("north", "North"), Region("south", "South")),
    conversions=(
        _window("first", "old", ("new",), states=ALL_STATES[1:]),
        _window("second", "new", ("odd", "old"), states=ALL_STATES),
        _window("third", "odd", ("old", "new"), states=ALL_STATES[:4]),
    ),
)

SPANS_MS = (0, 0, 0, 1, 1000, 60_000, 600_000, 3_600_000, 3_600_000, 5 * 3_600_000, DAY_MS // 2)


def days_of(promise: Promise | None) -> tuple[str, str]:
    """The days of a promise as a customer reads them."""
    return ("-", "-") if promise is None else (str(monday(promise.first_week)), str(sunday(promise.last_week)))


class Life:
    """One launch, lived by a seed. ``blocks`` is its log, ``told`` what its customers heard."""

    def __init__(self, seed: int, launch: Launch = LAUNCH) -> None:
        self.random = Random(seed)
        self.launch = replace(launch, conversions=tuple(map(self._window_by_chance, launch.conversions)))
        self.book = Book()
        self.blocks: list[Block] = []
        self.told = Told(orders=[], payments=[], cancelled={}, acts={})
        self.happened: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.number = 0
        self.now_ms = OPENS - 3_600_000
        self.events: list[ev.Event] = []
        self._ask: list[Callable[[], cmd.Command]] = [
            *[self._reserve] * 6,
            *[self._pay] * 7,
            *[self._convert] * 6,
            *[self._lock, self._undo, self._join, self._move, self._change] * 3,
            *[self._cancel, self._leave, self._refund, self._import, self._sales] * 2,
            *[self._cap, self._window, self._correct, self._withdraw, self._grant, self._file],
        ]
        self.turn([cmd.SetLaunch(self.launch)])

    def _window_by_chance(self, window: Conversion) -> Conversion:
        choice = self.random.choice
        return replace(
            window,
            irreversible=choice((True, False)),
            times=choice((1, 2)),
            deposit=choice(("carry", "settle")),
            cooling_off=choice(("keep", "anew")),
            place=choice(("keep", "requeue", "deadline")),
            place_kept_before_ms=OPENS + 6 * DAY_MS,
        )

    def live(self, turns: int) -> Life:
        """So many turns of the desk, with time passing between them."""
        for _ in range(turns):
            self.now_ms += self.random.choice(SPANS_MS)
            self.turn([self.random.choice(self._ask)() for _ in range(self.random.randrange(4))])
        return self

    def turn(self, commands: list[cmd.Command]) -> None:
        """What is due, then the commands, all in one block."""
        self.events = []
        for due in (cmd.Expire(3), cmd.LockDue(3), cmd.OfferPlaces(2)):
            self.do(due)
        for command in commands:
            self.do(command)
        if self.events:
            self.blocks.append(Block(len(self.blocks) + 1, self.now_ms, tuple(self.events)))

    def do(self, command: cmd.Command) -> None:
        """Decide, confirm if that is asked for (mostly), fold, tell."""
        decision = decide(self.book, command, self.now_ms)
        if isinstance(decision, Refusal) and "confirmation" in decision.facts and self.random.random() < 0.9:
            command = replace(command, confirmation=decision.facts["confirmation"])
            decision = decide(self.book, command, self.now_ms)
        if isinstance(decision, Refusal):
            self.refused[decision.code.value] += 1
            return
        for event in decision:
            evolve(self.book, event, self.now_ms, len(self.blocks) + 1)
            self.events.append(event)
            self.happened[type(event).__name__] += 1
            self._tell(event)

    def _tell(self, event: ev.Event) -> None:
        said = self.told
        if isinstance(event, ev.OrderReserved):
            key = event.key.decode()
            order = ToldOrder(event.order_id, event.customer, event.model, event.trim, event.price_minor, key)
            said.orders.append(replace(order, days=days_of(event.promise)))
        elif isinstance(event, ev.OrderFirmed):
            amount_minor = self.book.orders[event.order_id].offer.deposit_minor
            said.payments.append(ToldPayment(event.payment_id, event.order_id, amount_minor, "EUR", "firm"))
        elif isinstance(event, ev.DifferencePaid):
            payment = ToldPayment(event.payment_id, event.order_id, event.amount_minor, "EUR", "difference_paid")
            said.payments.append(payment)
        elif isinstance(event, ev.DepositOwedBack):
            amount = (event.amount_minor, event.currency)
            said.payments.append(ToldPayment(event.payment_id, event.order_id, *amount, "owed_back"))
        elif isinstance(event, ev.OrderCancelled):
            said.cancelled[event.order_id] = event.refund_minor
        else:
            self._tell_act(event)

    def _tell_act(self, event: ev.Event) -> None:
        acts = self.told.acts
        if isinstance(event, ev.OrderLocked) and event.early:
            acts.setdefault(event.order_id, []).append(("locked",))
        elif isinstance(event, ev.LockUndone):
            acts.setdefault(event.order_id, []).append(("undone",))
        elif isinstance(event, ev.OrderForfeited):
            acts.setdefault(event.order_id, []).append(("forfeited", event.forfeited_minor))
        elif isinstance(event, ev.OrderChanged) and not event.operator:
            became = ("changed", event.trim, event.price_minor, *days_of(event.promise))
            acts.setdefault(event.order_id, []).append(became)
        elif isinstance(event, ev.OrderConverted):
            turned = ("converted", event.model, event.trim, event.price_minor, *days_of(event.promise))
            acts.setdefault(event.order_id, []).append(turned)

    # What is asked for

    def _new(self) -> tuple[str, bytes, bytes]:
        self.number += 1
        return f"n{self.number}", b"%016d" % self.number, b"%08d" % self.number

    def _customer(self) -> str:
        return f"c{self.random.randrange(14)}"

    def _order(self, *states: str) -> tuple[str, str]:
        orders = list(self.book.orders.values())
        fitting = [order for order in orders if order.state.value in states] if self.random.random() < 0.9 else orders
        order = self.random.choice(fitting or orders or [None])
        return ("ord_none", "nobody") if order is None else (order.id, order.customer)

    def _offer(self) -> tuple[str, str, tuple[str, ...]]:
        model = self.random.choice((NEW, NEW, OLD, ODD))
        choices = [choice.id for option in model.options for choice in option.choices]
        options = tuple(choice for choice in choices if self.random.random() < 0.3)
        return model.id, self.random.choice(model.trims).id, options

    def _region(self) -> str | None:
        return self.random.choice((None, None, "north", "south"))

    def _operator(self) -> tuple[str, str, bytes, bytes]:
        return ("olga", "because", *self._new()[1:])

    def _reserve(self) -> cmd.Command:
        name, key, fingerprint = self._new()
        model, trim, options = self._offer()
        region = self._region()
        return cmd.Reserve(f"ord_{name}", self._customer(), model, trim, key, fingerprint, options, region)

    def _pay(self) -> cmd.Command:
        order_id, _ = self._order("reserved", "reserved", "expired") if self.random.random() < 0.7 else self._owing()
        order = self.book.orders.get(order_id)
        amount_minor = (order.due_minor or order.offer.deposit_minor) if order is not None else 7
        amount_minor += self.random.random() < 0.08
        return cmd.RecordPayment(order_id, f"pay_{self._new()[0]}", amount_minor, "EUR")

    def _owing(self) -> tuple[str, str]:
        owing = [order for order in self.book.orders.values() if order.due_minor]
        return (self.random.choice(owing).id, "") if owing and self.random.random() < 0.8 else self._order(*ALL_STATES)

    def _cancel(self) -> cmd.Command:
        return cmd.Cancel(*self._order("reserved", "firm", "locked", "scheduled"), *self._new()[1:])

    def _lock(self) -> cmd.Command:
        return cmd.Lock(*self._order("firm"), *self._new()[1:])

    def _undo(self) -> cmd.Command:
        early = [order for order in self.book.orders.values() if order.undo_until_ms is not None]
        order = self.random.choice(early) if early else None
        who = self._order("locked") if order is None else (order.id, order.customer)
        return cmd.UndoLock(*who, *self._new()[1:])

    def _change(self) -> cmd.Command:
        _, trim, options = self._offer()
        wanted = (trim, self.random.choice((None, options, ())), self._region())
        return cmd.Change(*self._order("reserved", "firm"), *self._new()[1:], *wanted)

    def _convert(self) -> cmd.Command:
        order_id, customer = self._order(*ALL_STATES)
        order = self.book.orders.get(order_id)
        model, trim, options = self._offer()
        if order is not None and order.converted_by is not None and self.random.random() < 0.6:
            model, trim, options = order.converted_by.offer.model, order.converted_by.offer.trim, ()
        return cmd.Convert(order_id, customer, model, trim, *self._new()[1:], options)

    def _join(self) -> cmd.Command:
        name, key, fingerprint = self._new()
        model, trim, options = self._offer()
        return cmd.JoinWaiting(f"ord_{name}", self._customer(), model, trim, key, fingerprint, options, self._region())

    def _leave(self) -> cmd.Command:
        entry = self.random.choice([*self.book.entries.values(), None])
        who = ("ord_none", "nobody") if entry is None else (entry.order_id, entry.customer)
        return cmd.LeaveWaiting(*who, *self._new()[1:])

    def _refund(self) -> cmd.Command:
        refund_id = self.random.choice([*self.book.refunds_owed, "none"])
        return cmd.RecordRefund(refund_id, *self.random.choice((("", ""), ("olga", "sent by hand"))))

    def _import(self) -> cmd.Command:
        return cmd.ImportOrders(tuple(self._row() for _ in range(self.random.randrange(1, 3))))

    def _row(self) -> ev.OrderImported:
        name = self._new()[0]
        order_id = "ord_" + blake2b(name.encode(), digest_size=10).hexdigest()
        state = self.random.choice((*ALL_STATES, "delivered"))
        firm_ms = self.now_ms - self.random.randrange(2 * DAY_MS)
        locked_ms = None if state == "firm" else self.now_ms - self.random.randrange(self.now_ms - firm_ms + 1)
        offer = ("old", self.random.choice(("base", "top")), (), self.random.choice(("", "north")), 750)
        times = (firm_ms - 5, firm_ms, locked_ms, 3 * 86400)
        deposit = (self.random.choice((60, 50, 0)), f"imported-{order_id[4:]}")
        return ev.OrderImported(order_id, name, self._customer(), *offer, *deposit, state, *times, b"d" * 16)

    def _sales(self) -> cmd.Command:
        action = self.random.choice(("open", "open", "close", "pause", "resume", "resume", "resume"))
        return cmd.SetSales(action, self.random.choice(("", "new", "old", "odd")), *self._operator())  # type: ignore[arg-type]

    def _cap(self) -> cmd.Command:
        of = self.random.choice((("new", "base"), ("new", ""), ("odd", "base"), ("", ""), ("old", "top")))
        return cmd.SetCap(*of, self.random.choice((2, 5, 9, 14, 40, None)), *self._operator())

    def _window(self) -> cmd.Command:
        window = self.random.choice(LAUNCH.conversions).id
        return cmd.MoveWindow(window, self.now_ms + self.random.randrange(-1, 9) * DAY_MS, *self._operator())

    def _correct(self) -> cmd.Command:
        _, trim, options = self._offer()
        order_id, _ = self._order("reserved", "firm", "locked", "scheduled")
        return cmd.Correct(order_id, *self._operator(), trim, options, self._region())

    def _withdraw(self) -> cmd.Command:
        order_id, _ = self._order("reserved", *ALL_STATES)
        return cmd.Withdraw(order_id, self.random.random() < 0.5, *self._operator())

    def _grant(self) -> cmd.Command:
        order_id, _ = self._order("forfeited")
        return cmd.GrantRefund(order_id, self.random.choice((1, 20, 60, 100)), *self._operator())

    def _move(self) -> cmd.Command:
        moves = []
        for order in self.random.sample(list(self.book.orders.values()), min(2, len(self.book.orders))):
            states = list(State)
            at = states.index(order.state) + self.random.choice((1, 1, 1, -1))
            moves.append((order.id, states[at % len(states)].value))
        return cmd.MoveOrders(tuple(moves), *self._operator())

    def _file(self) -> cmd.Command:
        """A changed launch file: other prices, limits, terms."""
        times = self.random.choice((LAUNCH.cooling_off_s, 86400, None))
        trims = tuple(replace(trim, price_minor=trim.price_minor + self.random.randrange(3)) for trim in NEW.trims)
        models = (replace(NEW, trims=trims), OLD, ODD)
        limit = self.random.choice((2, 3, 4))
        return cmd.SetLaunch(replace(self.launch, models=models, cooling_off_s=times, orders_per_customer=limit))
