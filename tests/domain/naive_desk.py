"""The rules of an order once more, written from the description alone: slow, plain dictionaries, everything recounted.

It knows nothing of ``decide`` and ``evolve``; the state machine holds the two against each other. What may be asked
answers with every reason against it (a set of codes; empty: it is done now; ``{"again"}``: it was done before).
"""

from __future__ import annotations

from typing import Any

from drumroll.domain.launch import Launch
from tests.domain.naive_offer import NaiveOffer
from tests.domain.naive_promises import NaivePromises

GONE = ("expired", "cancelled", "forfeited")
UNDELIVERED = ("locked", "scheduled", "in_production", "built", "in_transit")
PRODUCTION = (*UNDELIVERED, "delivered")

Naive = dict[str, Any]


class NaiveDesk(NaivePromises):
    """What ought to be true. ``at`` and ``position`` are the time and the number of the block that is being made."""

    def __init__(self, launch: Launch) -> None:
        self.offer = NaiveOffer(launch)
        self.at = self.position = 0
        self.orders: dict[str, Naive] = {}
        self.waiting: dict[str, Naive] = {}
        self.keys: dict[bytes, tuple[str, bytes]] = {}
        self.payments: dict[str, tuple[int, str]] = {}
        self.refunds: dict[str, Naive] = {}
        self.references: dict[str, bytes] = {}
        self.history: list[tuple[int, int]] = []
        self.entries = 0
        self.begin_weeks()

    @property
    def launch(self) -> Launch:
        return self.offer.launch

    # Who has a place, and whether there is one more.

    def live(self, **of: str) -> list[Naive]:
        """The orders that take a place, of a customer, model, trim."""
        orders = (order for order in self.orders.values() if order["state"] not in GONE)
        return [order for order in orders if all(order[name] == value for name, value in of.items())]

    def waits(self, **of: str) -> list[Naive]:
        """Those who wait, in order of arrival."""
        line = (entry for entry in self.waiting.values() if entry["state"] == "waiting")
        return [entry for entry in line if all(entry[name] == value for name, value in of.items())]

    def free(self, model: str = "", trim: str = "") -> int:
        """How many places one cap has left; very many if there is none."""
        cap = self.offer.cap(model, trim)
        of = {name: value for name, value in (("model", model), ("trim", trim)) if value}
        return 10**9 if cap is None else max(0, cap - len(self.live(**of)))

    def _could_take(self, model_id: str) -> int:
        """How many of those who wait for this model could take a place now, but for the cap of model and launch."""
        model = self.offer.model(model_id)
        trims = model.trims if model else ()
        return sum(min(len(self.waits(model=model_id, trim=one.id)), self.free(model_id, one.id)) for one in trims)

    def sold_out(self, model: str, trim: str, leaves: str | None = None) -> bool:
        """Whether there is no place; those who wait come first. ``leaves``: the model that the order has a place in."""
        if not self.free(model, trim) or self.waits(model=model, trim=trim):
            return True
        if leaves == model:
            return False
        if self.free(model) <= self._could_take(model):
            return True
        ahead = sum(min(self._could_take(one.id), self.free(one.id)) for one in self.launch.models)
        return leaves is None and self.free() <= ahead

    def held_by(self, customer: str) -> int:
        return len(self.live(customer=customer)) + len(self.waits(customer=customer))

    def against(self, customer: str, model: str, trim: str) -> set[str]:
        """Why a place of that trim can't be had by that customer now."""
        reasons = self.offer.unknown(model, trim)
        if reasons:
            return reasons
        reasons = self.offer.not_on_sale(model, self.at)
        if self.held_by(customer) >= self.launch.orders_per_customer:
            reasons.add("too_many_orders")
        if self.sold_out(model, trim):
            reasons.add("sold_out")
        return reasons

    # Orders.

    def known(self, kind: str, key: bytes, body: bytes) -> set[str]:
        if key not in self.keys:
            return set()
        return {"again"} if self.keys[key] == (kind, body) else {"idempotency_key_reused"}

    def bind(self, kind: str, key: bytes, body: bytes) -> None:
        self.keys[key] = (kind, body)

    def wanted(self, model: str, trim: str, options: tuple[str, ...], region: str | None) -> tuple[Naive, set[str]]:
        """What is asked for, as a whole, and why it can't be."""
        ids, price, reasons = self.offer.configure(model, trim, options)
        where, unknown = self.offer.region(region)
        what = {"model": model, "trim": trim, "options": ids, "region": where, "price": price}
        return what, reasons | unknown

    def new(self, order_id: str, customer: str, what: Naive, hold_s: int) -> Naive:
        cooling_s = self.launch.cooling_off_s
        order = {
            **what,
            "customer": customer,
            "state": "reserved",
            "reserved_at": self.at,
            "expires_at": self.at + hold_s * 1000,
            "deposit": self.offer.deposit(what["model"]),
            "cooling_ms": None if cooling_s is None else cooling_s * 1000,
            "firm_at": None,
            "cooling_from": None,
            "place": None,  # (lock time, order of entry): its place in the queue, once it has one
            "kept": None,  # a place that a conversion left it, for its next lock
            "undo_until": None,
            "due": 0,
            "path": [],
            "used": {},
            "payments": [],
            "lost": [],
            "applied": 0,
            "blocks": [],
            "promised": None,
            "promise": None,
            "pinned": False,
            "imported": False,
        }
        self.orders[order_id] = order
        self.touch(order)
        return order

    def touch(self, order: Naive) -> None:
        """Something happened to it in this block."""
        if self.position not in order["blocks"]:
            order["blocks"].append(self.position)

    def reserve(
        self,
        order_id: str,
        customer: str,
        model: str,
        trim: str,
        options: tuple[str, ...],
        region: str | None,
        key: bytes,
        body: bytes,
    ) -> set[str]:
        known = self.known("reserve", key, body)
        if known:
            return known
        against = self.against(customer, model, trim)
        if against & {"unknown_model", "unknown_trim"}:
            return against
        what, wrong = self.wanted(model, trim, options, region)
        against |= wrong or self.unpromised(what)
        if not against:
            self.bind("reserve", key, body)
            self.begin(self.new(order_id, customer, what, self.launch.hold_s))
        return against

    def begin(self, order: Naive) -> None:
        """It takes its slot, and is told of it."""
        said = self.anew(order)
        self.take_slot(order)
        self.tell(order, said)

    def own(self, order_id: str, customer: str) -> set[str]:
        if order_id not in self.orders:
            return {"no_such_order"}
        return set() if self.orders[order_id]["customer"] == customer else {"not_yours"}

    # Time.

    def locks_at(self, order: Naive) -> int | None:
        if order["cooling_from"] is None or order["cooling_ms"] is None:
            return None
        return int(order["cooling_from"] + order["cooling_ms"])

    def state(self, order: Naive) -> str:
        """Its state at this moment, whether or not the desk has come to it."""
        locks_at = self.locks_at(order)
        if order["state"] == "firm" and locks_at is not None and locks_at <= self.at:
            return "locked"
        return str(order["state"])

    def due_to_expire(self, at: int) -> set[str]:
        waiting = {key: order for key, order in self.orders.items() if order["state"] == "reserved"}
        return {key for key, order in waiting.items() if order["expires_at"] <= at}

    def due_to_lock(self, at: int) -> set[str]:
        firm = {key: self.locks_at(order) for key, order in self.orders.items() if order["state"] == "firm"}
        return {key for key, locks_at in firm.items() if locks_at is not None and locks_at <= at}

    def expire(self, order_id: str) -> None:
        assert order_id in self.due_to_expire(self.at)
        self.orders[order_id]["state"] = "expired"
        self.free_slot(self.orders[order_id])
        self.touch(self.orders[order_id])

    def place(self, time: int) -> tuple[int, int]:
        self.entries += 1
        return time, self.entries

    def lock(self, order_id: str, *, early: bool = False) -> None:
        """Locks it, early or because its time has come."""
        order, locks_at = self.orders[order_id], self.locks_at(self.orders[order_id])
        assert early or order_id in self.due_to_lock(self.at)
        order["place"] = order["kept"] or self.place(self.at if locks_at is None else min(self.at, locks_at))
        order["state"] = "locked"
        if early:
            until = self.at + self.launch.early_lock_undo_s * 1000
            order["undo_until"] = until if locks_at is None else min(until, locks_at)
        self.touch(order)

    def settle(self, order_id: str) -> None:
        if self.state(self.orders[order_id]) != self.orders[order_id]["state"]:
            self.lock(order_id)

    # Money.

    def held(self, order: Naive) -> int:
        return sum(amount for _, amount in order["payments"])

    def pay(self, order_id: str, payment_id: str, amount: int, currency: str) -> str:
        """``firm``, ``difference``, ``owed`` or ``again``."""
        if payment_id in self.payments:
            return "again"
        self.payments[payment_id] = (amount, currency)
        order = self.orders.get(order_id)
        if order is None:
            return self._stray(order_id, payment_id, amount, currency)
        self.touch(order)
        if order["state"] == "expired":
            takes = not self.against(order["customer"], order["model"], order["trim"])
        else:
            takes = order["state"] == "reserved"
        if takes and (amount, currency) == (order["deposit"], self.launch.currency):
            if order["state"] == "expired":
                self.begin(order)
            order.update(state="firm", firm_at=self.at, cooling_from=self.at, payments=[[payment_id, amount]])
            return "firm"
        standing = order["state"] not in (*GONE, "reserved")
        if standing and order["due"] and (amount, currency) == (order["due"], self.launch.currency):
            order["due"] = 0
            order["payments"].append([payment_id, amount])
            return "difference"
        return self._stray(order_id, payment_id, amount, currency)

    def _stray(self, order_id: str, payment_id: str, amount: int, currency: str) -> str:
        self.owe(order_id, payment_id, amount, currency)
        return "owed"

    def owe(self, order_id: str, payment_id: str, amount: int, currency: str) -> None:
        """Money goes back, as the n-th refund of its payment."""
        number = sum(refund["payment"] == payment_id for refund in self.refunds.values()) + 1
        refund_id = payment_id if number == 1 else f"{payment_id}.{number}"
        assert refund_id not in self.refunds
        self.refunds[refund_id] = {
            "payment": payment_id,
            "order": order_id,
            "amount": amount,
            "currency": currency,
            "paid": False,
        }

    def give_back(self, order_id: str, amount: int, pot: str = "payments") -> None:
        """Of the latest payment first, up to what remains of each."""
        for payment in reversed(self.orders[order_id][pot]):
            part = min(amount, payment[1])
            if part:
                payment[1] -= part
                amount -= part
                self.owe(order_id, payment[0], part, self.launch.currency)
        assert amount == 0, "more goes back than there is"

    def forfeit(self, order_id: str) -> None:
        order = self.orders[order_id]
        order["lost"] = [payment for payment in order["payments"] if payment[1]]
        order["payments"], order["state"] = [], "forfeited"
        self.free_slot(order)

    def refund_paid(self, refund_id: str) -> str:
        """``paid``, ``again`` or ``no_such_refund``."""
        refund = self.refunds.get(refund_id)
        if refund is None:
            return "no_such_refund"
        if refund["paid"]:
            return "again"
        refund["paid"] = True
        if refund["order"] in self.orders:
            self.touch(self.orders[refund["order"]])
        return "paid"

    def money(self) -> dict[str, int]:
        """Where the money of the launch's currency is."""
        currency = self.launch.currency
        back = [refund for refund in self.refunds.values() if refund["currency"] == currency]
        return {
            "received": sum(amount for amount, of in self.payments.values() if of == currency),
            "held": sum(self.held(order) for order in self.orders.values()),
            "owed": sum(refund["amount"] for refund in back if not refund["paid"]),
            "refunded": sum(refund["amount"] for refund in back if refund["paid"]),
            "forfeited": sum(amount for order in self.orders.values() for _, amount in order["lost"]),
            "applied": sum(order["applied"] for order in self.orders.values()),
        }

    # Recounts.

    def queue(self, model: str) -> list[str]:
        """The orders that wait for production, the first first."""
        waiting = {key: o for key, o in self.orders.items() if o["state"] in ("locked", "scheduled")}
        return sorted((key for key, o in waiting.items() if o["model"] == model), key=lambda key: waiting[key]["place"])

    def count(self, model: str, trim: str, state: str) -> int:
        """How many orders of a trim stand in a state."""
        return sum((o["model"], o["trim"], o["state"]) == (model, trim, state) for o in self.orders.values())

    def standing(self, model: str, trim: str | None = None) -> list[Naive]:
        """The firm orders, locked or not, up to the delivered ones."""
        firm = [order for order in self.live(model=model) if order["state"] != "reserved"]
        return [order for order in firm if trim in (None, order["trim"])]

    def headline_firm(self) -> int:
        return sum(len(self.standing(model)) for model in self.launch.headline)

    def note(self) -> None:
        """Keep how many stand firm now."""
        self.history.append((self.at, self.headline_firm()))

    def firm_at_end_of(self, second: int) -> int:
        """How many stood firm when that second was over."""
        return next((firm for at, firm in reversed(self.history) if at // 1000 <= second), 0)

    def first_reached(self, firm: int) -> int | None:
        """When that many stood firm for the first time."""
        return next((at for at, counted in self.history if counted >= firm), None)
