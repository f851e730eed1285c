"""A desk on a log in memory with a steered clock, and orders brought as far as a test needs them."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from itertools import count
from typing import Any

from drumroll.desk.desk import Answer, Desk, Reply
from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.book import Order
from drumroll.domain.launch import Conversion, Launch, Model, Trim
from drumroll.domain.refusal import Refusal
from drumroll.domain.states import State
from drumroll.log.memory import MemoryLog
from tests.desk.logs import Caller, Clock
from tests.domain.books import plain, replayed

OPENS = 1_750_946_400_000
HOLD_MS, COOLING_MS, UNDO_MS, OFFER_MS, WINDOW_MS = 60_000, 604_800_000, 1_800_000, 30_000, 3 * 86_400_000
LATE = OPENS + COOLING_MS
STATES = ("firm", "locked", "scheduled", "in_production", "built", "in_transit")
LAUNCH = Launch(
    id="lamps",
    name="Lamps",
    time_zone="Asia/Shanghai",
    currency="CNY",
    opens_at_ms=OPENS,
    closes_at_ms=None,
    deposit_minor=500,
    hold_s=HOLD_MS // 1000,
    orders_per_customer=2,
    models=(
        Model("lamp", "Lamp", OPENS, None, (Trim("small", "Small", 9_000), Trim("big", "Big", 19_000, cap=1))),
        Model("sun", "Sun", OPENS, None, (Trim("only", "Only", 30_000),)),
    ),
    headline=("lamp",),
    cooling_off_s=COOLING_MS // 1000,
    early_lock_undo_s=UNDO_MS // 1000,
    waiting_offer_s=OFFER_MS // 1000,
    conversions=(Conversion("up", ("lamp",), STATES, ("sun",), OPENS, OPENS + WINDOW_MS),),
)
BY = ("olga", "because")


class Evening:
    """``together`` puts commands into one turn; what they came to is their events, or a refusal's code."""

    def __init__(self, launch: Launch = LAUNCH, at_ms: int = OPENS) -> None:
        self.clock = Clock(at_ms)
        self.log = MemoryLog()
        self.desk = Desk(self.log, self.clock, "test")
        self.desk.start(launch)
        self._keys: Iterator[bytes] = (number.to_bytes(16, "big") for number in count(1))

    def asked(self, kind: Any, *arguments: Any, **more: Any) -> Any:
        """A customer's command with a key of its own."""
        return kind(*arguments, **more, key=next(self._keys), fingerprint=b"12345678")

    def replies(self, *commands: cmd.Command) -> list[Reply]:
        """One turn with these commands."""
        callers = [Caller() for _ in commands]
        for command, caller in zip(commands, callers, strict=True):
            self.desk.submit(command, caller)
        self.desk.turn()
        assert plain(self.desk.book) == plain(replayed(self.log.read())), "the book is not the fold of the log"
        return [caller.reply for caller in callers]

    def together(self, *commands: cmd.Command) -> list[str]:
        """One turn with these commands: the last event of each, or the code of its refusal."""
        return [outcome(reply) for reply in self.replies(*commands)]

    def alone(self, command: cmd.Command) -> str:
        return self.together(command)[0]

    def tick(self, at_ms: int) -> list[ev.Event]:
        """A turn at that time in which nobody asks for anything: the events that it came to."""
        self.clock.at_ms = at_ms
        head = self.log.head()
        self.replies()
        return [event for block in self.log.read(head + 1) for event in block.events]

    def confirmed(self, command: Any) -> Any:
        """The second step of a command, after a first one now."""
        (reply,) = self.replies(command)
        assert isinstance(reply, Refusal), reply
        return type(command)(
            **{name: getattr(command, name) for name in command.__struct_fields__}
            | {"confirmation": reply.facts["confirmation"]}
        )

    def reserve(self, order_id: str, customer: str = "ann", trim: str = "small", model: str = "lamp") -> Any:
        return self.asked(cmd.Reserve, order_id, customer, model, trim)

    def pay(self, order_id: str, amount_minor: int = 500) -> cmd.RecordPayment:
        return cmd.RecordPayment(order_id, f"pay-{order_id}", amount_minor, "CNY")

    def moves(self, state: str, *order_ids: str) -> Any:
        return self.asked(cmd.MoveOrders, tuple((one, state) for one in order_ids), *BY)

    def order(self, order_id: str) -> Order:
        return self.desk.book.orders[order_id]

    def state(self, order_id: str) -> str:
        return self.order(order_id).state.value

    def bring(self, order_id: str, state: State, customer: str = "ann") -> None:
        """Make an order and take it to that state by what takes orders there."""
        assert self.alone(self.reserve(order_id, customer)) == "OrderReserved"
        if state is State.EXPIRED:
            self.tick(self.clock.at_ms + HOLD_MS)
        if state in (State.RESERVED, State.EXPIRED):
            return
        assert self.alone(self.pay(order_id)) == "OrderFirmed"
        if state is State.CANCELLED:
            self.alone(self.asked(cmd.Cancel, order_id, customer))
        if state in (State.FIRM, State.CANCELLED):
            return
        self.alone(self.confirmed(self.asked(cmd.Lock, order_id, customer)))
        if state is State.FORFEITED:
            self.alone(self.confirmed(self.asked(cmd.Cancel, order_id, customer)))
        for step in ("scheduled", "in_production", "built", "in_transit", "delivered"):
            if self.state(order_id) in (state.value, "forfeited"):
                break
            assert self.alone(self.moves(step, order_id)) == "OrdersMoved"
        assert self.state(order_id) == state.value


def outcome(reply: Reply) -> str:
    """The kind of the last event, ``again``, or the code of the refusal."""
    if isinstance(reply, Answer):
        return type(reply.events[-1]).__name__ if reply.events else "again"
    assert isinstance(reply, Refusal), reply
    return reply.code.value


def row(reference: str, state: str = "locked", model: str = "lamp", trim: str = "small", **other: Any) -> Any:
    """An order from elsewhere."""
    order_id = "ord_" + blake2b(reference.encode(), digest_size=10).hexdigest()
    locked_at_ms = None if state == "firm" else OPENS - 1_000
    values: dict[str, Any] = {
        "order_id": order_id,
        "reference": reference,
        "customer": f"c-{reference}",
        "model": model,
        "trim": trim,
        "options": (),
        "region": "",
        "price_minor": 9_000,
        "deposit_minor": 500,
        "payment_id": f"imported-{order_id[4:]}",
        "state": state,
        "reserved_at_ms": OPENS - 3_000,
        "firm_at_ms": OPENS - 2_000,
        "locked_at_ms": locked_at_ms,
        "cooling_off_s": None,
        "digest": blake2b(repr((reference, state, model, trim, other)).encode(), digest_size=16).digest(),
    }
    return ev.OrderImported(**values | other)
