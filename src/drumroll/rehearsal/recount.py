"""A second opinion on the log: counts it again with plain dictionaries, and knows nothing of the desk's book.

On purpose it shares no code with ``domain.decide`` and ``domain.book``: a mistake made there is to be found here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from drumroll.domain import events as ev
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.log.base import Block

EXAMPLES = 5
"""How many examples of one fault are kept; all are counted."""

ONE_LOG = "the blocks follow one another and their times never fall"
LAUNCH_FIRST = "the log begins with its launch"
ORDER_ONCE = "every order was made once"
KEY_ONCE = "each idempotency key did at most one thing"
AS_OFFERED = "every order has the price, deposit and hold of the launch"
ON_SALE = "orders were taken only while sales were open"
LEGAL = "every order went only from state to state as it may"
NOT_EARLY = "no reservation ran out before its time"
CAPS = "no cap was exceeded at any moment"
LIMIT = "no customer held more orders than allowed at any moment"
PAID_ONCE = "each payment was counted once"
OWED_RIGHTLY = "refunds are owed for what is due back, and paid once"
MONEY = "money in = held + owed back + paid back"

RULES = (
    *(ONE_LOG, LAUNCH_FIRST, ORDER_ONCE, KEY_ONCE, AS_OFFERED, ON_SALE, LEGAL, NOT_EARLY, CAPS, LIMIT),
    *(PAID_ONCE, OWED_RIGHTLY, MONEY),
)
"""What the log alone must show, in the order in which it is reported."""


class Faults:
    """What was found wrong, by rule: how often, and the first few."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}

    def add(self, rule: str, text: str) -> None:
        """Note one fault."""
        self.count[rule] += 1
        if self.count[rule] <= EXAMPLES:
            self.examples.setdefault(rule, []).append(text)


class Seen:
    """One order as the log tells it."""

    __slots__ = (
        "customer",
        "deposit_minor",
        "hold_s",
        "model",
        "payment_id",
        "price_minor",
        "reserved_ms",
        "state",
        "trim",
    )

    def __init__(self, event: ev.OrderReserved, at_ms: int) -> None:
        self.customer = event.customer
        self.model = event.model
        self.trim = event.trim
        self.price_minor = event.price_minor
        self.deposit_minor = event.deposit_minor
        self.hold_s = event.hold_s
        self.reserved_ms = at_ms
        self.state = "reserved"
        self.payment_id = ""


class Recount:
    """The count so far. Feed it blocks; read ``faults`` and the dictionaries."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.launch: Launch | None = None
        self.orders: dict[str, Seen] = {}
        self.states: Counter[tuple[str, str, str]] = Counter()
        self.live: Counter[tuple[str, str]] = Counter()
        self.live_of: Counter[str] = Counter()
        self.keys: dict[bytes, str] = {}
        self.payments: dict[str, tuple[str, int, str, str]] = {}
        self.owed: dict[str, tuple[str, int, str]] = {}
        self.paid_back: dict[str, tuple[str, int, str]] = {}
        self.money_in: Counter[str] = Counter()
        self.curve: list[tuple[int, int]] = []
        self.milestones: list[tuple[int, int]] = []
        self.firm = 0
        self.revived = 0
        self.offered: dict[tuple[str, str], tuple[Model, Trim]] = {}
        self.expired_ever = 0
        self.starts = 0
        self.position = 0
        self.at_ms = 0
        self._fold: dict[type, Callable[[Any], None]] = {
            ev.DeskOpened: self._opened,
            ev.LaunchSet: self._launch_set,
            ev.OrderReserved: self._reserved,
            ev.OrderFirmed: self._firmed,
            ev.OrderExpired: self._expired,
            ev.OrderCancelled: self._cancelled,
            ev.DepositOwedBack: self._owed_back,
            ev.RefundPaid: self._refund_paid,
        }

    def block(self, block: Block) -> None:
        """Count one block more."""
        if block.position != self.position + 1:
            self.faults.add(ONE_LOG, f"block {block.position} follows block {self.position}")
        if block.at_ms < self.at_ms:
            self.faults.add(
                ONE_LOG, f"block {block.position} is {self.at_ms - block.at_ms} ms before the one before it"
            )
        self.position, self.at_ms = block.position, block.at_ms
        for event in block.events:
            self._fold[type(event)](event)

    def all(self, blocks: Iterable[Block]) -> Recount:
        """Count all of these blocks and check the money; returns itself."""
        for block in blocks:
            self.block(block)
        self.check_money()
        return self

    def check_money(self) -> None:
        """Money in = held + owed + refunded, for each currency."""
        out: Counter[str] = Counter()
        for _, amount_minor, currency in (*self.owed.values(), *self.paid_back.values()):
            out[currency] += amount_minor
        if self.launch is not None:
            out[self.launch.currency] += self.held_minor()
        for currency in self.money_in | out:
            if self.money_in[currency] != out[currency]:
                text = f"{self.money_in[currency]} came in, {out[currency]} is held or owed or paid back"
                self.faults.add(MONEY, f"{currency}: {text} (minor units)")

    def held_minor(self) -> int:
        """The deposits of the orders that stand firm."""
        return sum(seen.deposit_minor for seen in self.orders.values() if seen.state == "firm")

    def _fault(self, rule: str, text: str) -> None:
        self.faults.add(rule, f"block {self.position}: {text}")

    # What happened

    def _opened(self, event: ev.DeskOpened) -> None:
        self.starts += 1

    def _launch_set(self, event: ev.LaunchSet) -> None:
        self.launch = event.launch
        self.offered = {(model.id, trim.id): (model, trim) for model in event.launch.models for trim in model.trims}
        headline = event.launch.headline
        self.firm = sum(
            count for (model, _, state), count in self.states.items() if state == "firm" and model in headline
        )

    def _reserved(self, event: ev.OrderReserved) -> None:
        if event.order_id in self.orders:
            self._fault(ORDER_ONCE, f"order {event.order_id} is made again")
            return
        self._use_key(event.key, event.order_id)
        seen = self.orders[event.order_id] = Seen(event, self.at_ms)
        self.states[seen.model, seen.trim, "reserved"] += 1
        self._takes_a_place(event.order_id, seen)
        self._check_offer(event)

    def _firmed(self, event: ev.OrderFirmed) -> None:
        seen = self._order(event.order_id)
        if seen is None:
            return
        self._pay(event.payment_id, event.order_id, seen.deposit_minor, None, "firm")
        if seen.state == "expired":
            self.revived += 1
            self._takes_a_place(event.order_id, seen)
        self._go(event.order_id, seen, ("reserved", "expired"), "firm")
        seen.payment_id = event.payment_id

    def _expired(self, event: ev.OrderExpired) -> None:
        seen = self._order(event.order_id)
        if seen is None:
            return
        if self.at_ms < seen.reserved_ms + seen.hold_s * 1000:
            self._fault(NOT_EARLY, f"order {event.order_id} ran out after {(self.at_ms - seen.reserved_ms) / 1000} s")
        self.expired_ever += 1
        self._go(event.order_id, seen, ("reserved",), "expired")
        self._leaves_its_place(seen)

    def _cancelled(self, event: ev.OrderCancelled) -> None:
        seen = self._order(event.order_id)
        if seen is None:
            return
        self._use_key(event.key, f"the cancellation of {event.order_id}")
        due_minor = seen.deposit_minor if seen.state == "firm" else 0
        if event.refund_minor != due_minor:
            self._fault(OWED_RIGHTLY, f"order {event.order_id}: {due_minor} is due back, {event.refund_minor} is owed")
        if event.refund_minor and seen.payment_id:
            self.owed[seen.payment_id] = (event.order_id, event.refund_minor, self._currency())
        self._go(event.order_id, seen, ("reserved", "firm"), "cancelled")
        self._leaves_its_place(seen)

    def _owed_back(self, event: ev.DepositOwedBack) -> None:
        self._pay(event.payment_id, event.order_id, event.amount_minor, event.currency, "owed_back")
        self.owed[event.payment_id] = (event.order_id, event.amount_minor, event.currency)
        seen = self.orders.get(event.order_id)
        could_be_used = (
            seen is not None
            and seen.state == "reserved"
            and (event.amount_minor, event.currency) == (seen.deposit_minor, self._currency())
        )
        if could_be_used:
            self._fault(OWED_RIGHTLY, f"payment {event.payment_id} is owed back; order {event.order_id} awaited it")

    def _refund_paid(self, event: ev.RefundPaid) -> None:
        owed = self.owed.pop(event.payment_id, None)
        if owed is None:
            self._fault(OWED_RIGHTLY, f"payment {event.payment_id} is paid back without being owed")
        else:
            self.paid_back[event.payment_id] = owed

    # What that means

    def _currency(self) -> str:
        return self.launch.currency if self.launch else ""

    def _order(self, order_id: str) -> Seen | None:
        seen = self.orders.get(order_id)
        if seen is None:
            self._fault(LEGAL, f"order {order_id} changes, and was never made")
        return seen

    def _use_key(self, key: bytes, what: str) -> None:
        if self.keys.setdefault(key, what) is not what:
            self._fault(KEY_ONCE, f"the key of {self.keys[key]} makes {what}")

    def _go(self, order_id: str, seen: Seen, from_states: tuple[str, ...], to: str) -> None:
        if seen.state not in from_states:
            self._fault(LEGAL, f"order {order_id} goes from {seen.state} to {to}")
        self.states[seen.model, seen.trim, seen.state] -= 1
        self.states[seen.model, seen.trim, to] += 1
        self._count_firm(seen.model, (to == "firm") - (seen.state == "firm"))
        seen.state = to

    def _count_firm(self, model: str, step: int) -> None:
        launch = self.launch
        if not step or launch is None or model not in launch.headline:
            return
        self.firm += step
        second = self.at_ms // 1000
        if self.curve and self.curve[-1][0] == second:
            self.curve[-1] = (second, self.firm)
        else:
            self.curve.append((second, self.firm))
        reached = len(self.milestones)
        if reached < len(launch.milestones) and self.firm >= launch.milestones[reached]:
            self.milestones.append((launch.milestones[reached], self.at_ms))

    def _pay(self, payment_id: str, order_id: str, amount_minor: int, currency: str | None, outcome: str) -> None:
        if payment_id in self.payments:
            self._fault(PAID_ONCE, f"payment {payment_id} is counted again, for order {order_id}")
        currency = currency or self._currency()
        self.payments[payment_id] = (order_id, amount_minor, currency, outcome)
        self.money_in[currency] += amount_minor

    def _leaves_its_place(self, seen: Seen) -> None:
        self.live[seen.model, seen.trim] -= 1
        self.live_of[seen.customer] -= 1

    def _takes_a_place(self, order_id: str, seen: Seen) -> None:
        self.live[seen.model, seen.trim] += 1
        self.live_of[seen.customer] += 1
        launch = self.launch
        if launch is None:
            self._fault(LAUNCH_FIRST, f"order {order_id} is made before any launch is set")
            return
        if self.live_of[seen.customer] > launch.orders_per_customer:
            held = self.live_of[seen.customer]
            self._fault(LIMIT, f"with order {order_id} customer {seen.customer} holds {held}")
        offered = self.offered.get((seen.model, seen.trim))
        if offered is None:
            self._fault(AS_OFFERED, f"order {order_id} is for {seen.model}/{seen.trim}, which the launch does not have")
            return
        model, trim = offered
        self._check_sale(order_id, model)
        self._check_caps(order_id, launch, model, trim)

    def _check_sale(self, order_id: str, model: Model) -> None:
        if self.at_ms < model.opens_at_ms:
            self._fault(
                ON_SALE, f"order {order_id} comes {(model.opens_at_ms - self.at_ms) / 1000} s before the opening"
            )
        if model.closes_at_ms is not None and self.at_ms >= model.closes_at_ms:
            self._fault(
                ON_SALE, f"order {order_id} comes {(self.at_ms - model.closes_at_ms) / 1000} s after the closing"
            )

    def _check_caps(self, order_id: str, launch: Launch, model: Model, trim: Trim) -> None:
        if trim.cap is None and model.cap is None and launch.cap is None:
            return
        of_model = sum(self.live[model.id, other.id] for other in model.trims)
        for name, cap, taken in (
            (f"{model.id}/{trim.id}", trim.cap, self.live[model.id, trim.id]),
            (model.id, model.cap, of_model),
            ("the launch", launch.cap, sum(self.live.values()) if launch.cap is not None else 0),
        ):
            if cap is not None and taken > cap:
                self._fault(CAPS, f"with order {order_id}, {taken} places of {name} are taken; the cap is {cap}")

    def _check_offer(self, event: ev.OrderReserved) -> None:
        launch, on_offer = self.launch, self.offered.get((event.model, event.trim))
        if launch is None or on_offer is None:
            return
        trim = on_offer[1]
        offered = (trim.price_minor, launch.deposit_minor, launch.hold_s)
        has = (event.price_minor, event.deposit_minor, event.hold_s)
        if has != offered:
            self._fault(AS_OFFERED, f"order {event.order_id} has price, deposit, hold {has}; offered was {offered}")
