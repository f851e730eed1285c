"""The rules of an order once more, written from the description alone: slow, plain dictionaries, everything recounted.

It knows nothing of ``decide`` and ``evolve``; the state machine holds the two against each other.
"""

from __future__ import annotations

from typing import Any

from drumroll.domain.launch import Launch

LIVE = ("reserved", "firm")


class NaiveDesk:
    """What ought to be true. Every method says what ought to happen, and makes it so."""

    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self.orders: dict[str, dict[str, Any]] = {}
        self.keys: dict[bytes, tuple[str, bytes]] = {}
        self.payments: dict[str, int] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.history: list[tuple[int, int]] = []

    # What may be asked.

    def reserve(
        self, order_id: str, customer: str, model: str, trim: str, key: bytes, body: bytes, at: int
    ) -> set[str]:
        """Every reason against it; none: the order is made. ``{"again"}``: it was made before."""
        if key in self.keys:
            return {"again"} if self.keys[key] == ("reserve", body) else {"idempotency_key_reused"}
        against = self.against(customer, model, trim, at)
        if not against:
            self.keys[key] = ("reserve", body)
            self.orders[order_id] = {
                "customer": customer,
                "model": model,
                "trim": trim,
                "state": "reserved",
                "reserved_at": at,
                "expires_at": at + self.launch.hold_s * 1000,
                "deposit": self.launch.deposit_minor,
                "payment": None,
            }
        return against

    def against(self, customer: str, model: str, trim: str, at: int) -> set[str]:
        """Why a place of that trim can't be had by that customer now."""
        offered = {(m.id, t.id): (m, t) for m in self.launch.models for t in m.trims}
        if model not in {m.id for m in self.launch.models}:
            return {"unknown_model"}
        if (model, trim) not in offered:
            return {"unknown_trim"}
        of, version = offered[model, trim]
        reasons = set()
        if at < of.opens_at_ms:
            reasons.add("not_open_yet")
        if of.closes_at_ms is not None and not at < of.closes_at_ms:
            reasons.add("closed")
        if len(self.live(customer=customer)) + 1 > self.launch.orders_per_customer:
            reasons.add("too_many_orders")
        taken_and_cap = (
            (self.live(model=model, trim=trim), version.cap),
            (self.live(model=model), of.cap),
            (self.live(), self.launch.cap),
        )
        if any(cap is not None and len(taken) + 1 > cap for taken, cap in taken_and_cap):
            reasons.add("sold_out")
        return reasons

    def cancel(self, order_id: str, customer: str, key: bytes, body: bytes) -> set[str]:
        """As ``reserve``."""
        if key in self.keys:
            return {"again"} if self.keys[key] == ("cancel", body) else {"idempotency_key_reused"}
        order = self.orders.get(order_id)
        if order is None:
            return {"no_such_order"}
        if order["customer"] != customer:
            return {"not_yours"}
        if order["state"] not in LIVE:
            return {"wrong_state"}
        if order["state"] == "firm":
            self.owe(order["payment"], order["deposit"])
        order["state"] = "cancelled"
        self.keys[key] = ("cancel", body)
        return set()

    def pay(self, order_id: str, payment_id: str, amount: int, currency: str, at: int) -> str:
        """``firm``, ``owed`` or ``again``."""
        if payment_id in self.payments:
            return "again"
        self.payments[payment_id] = amount if currency == self.launch.currency else 0
        order = self.orders.get(order_id)
        if order is None or (amount, currency) != (order["deposit"], self.launch.currency):
            return self.owe(payment_id, amount)
        revivable = order["state"] == "expired" and not self.against(
            order["customer"], order["model"], order["trim"], at
        )
        if order["state"] == "reserved" or revivable:
            order["state"], order["payment"] = "firm", payment_id
            return "firm"
        return self.owe(payment_id, amount)

    def owe(self, payment_id: str, amount: int) -> str:
        """Money goes back, once a payment."""
        assert payment_id not in self.refunds
        self.refunds[payment_id] = {"amount": amount, "paid": False}
        return "owed"

    def refund_paid(self, payment_id: str) -> str:
        """``paid``, ``again`` or ``no_such_refund``."""
        if payment_id not in self.refunds:
            return "no_such_refund"
        before = self.refunds[payment_id]["paid"]
        self.refunds[payment_id]["paid"] = True
        return "again" if before else "paid"

    def due(self, at: int) -> set[str]:
        """The reservations whose time is over."""
        waiting = {key: order for key, order in self.orders.items() if order["state"] == "reserved"}
        return {key for key, order in waiting.items() if order["expires_at"] <= at}

    def expire(self, order_id: str, at: int) -> None:
        """One of those that are due runs out."""
        assert order_id in self.due(at)
        self.orders[order_id]["state"] = "expired"

    # Recounts.

    def live(self, **of: str) -> list[dict[str, Any]]:
        """The orders that take a place, of a customer, model, trim."""
        orders = (order for order in self.orders.values() if order["state"] in LIVE)
        return [order for order in orders if all(order[name] == value for name, value in of.items())]

    def count(self, model: str, trim: str, state: str) -> int:
        """How many orders of a trim stand in a state."""
        return sum((o["model"], o["trim"], o["state"]) == (model, trim, state) for o in self.orders.values())

    def headline_firm(self) -> int:
        """How many orders of the headline models stand firm."""
        return sum(o["state"] == "firm" and o["model"] in self.launch.headline for o in self.orders.values())

    def note(self, at: int) -> None:
        """Keep how many stand firm now."""
        self.history.append((at, self.headline_firm()))

    def firm_at_end_of(self, second: int) -> int:
        """How many stood firm when that second was over."""
        return next((firm for at, firm in reversed(self.history) if at // 1000 <= second), 0)

    def first_reached(self, firm: int) -> int | None:
        """When that many stood firm for the first time."""
        return next((at for at, counted in self.history if counted >= firm), None)
