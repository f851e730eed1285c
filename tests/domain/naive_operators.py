"""The naive desk's rules for operators, and for orders that come from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drumroll.domain.events import OrderImported
from drumroll.domain.launch import Launch
from tests.domain.naive_changes import NaiveChanges
from tests.domain.naive_desk import PRODUCTION, UNDELIVERED
from tests.domain.naive_promises import AWAITED


class NaiveOperators(NaiveChanges):
    """The whole naive desk."""

    def set_sales(self, action: str, model: str, key: bytes, body: bytes) -> set[str]:
        against = self.known("sales", key, body)
        if not against and model and self.offer.model(model) is None:
            against = {"unknown_model"}
        if not against:
            self.offer.said.append({"what": "sales", "action": action, "model": model})
            self.bind("sales", key, body)
        return against

    def set_cap(self, model: str, trim: str, cap: int | None, key: bytes, body: bytes) -> set[str]:
        against = self.known("cap", key, body)
        if not against and (model or trim) and self.offer.model(model) is None:
            against = {"unknown_model"}
        if not against and trim and self.offer.trim(model, trim) is None:
            against = {"unknown_trim"}
        if not against:
            self.offer.said.append({"what": "cap", "model": model, "trim": trim, "cap": cap})
            self.bind("cap", key, body)
        return against

    def move_window(self, window: str, closes: int, key: bytes, body: bytes) -> set[str]:
        against = self.known("window", key, body)
        if against:
            return against
        of = self.offer.window(window)
        if of is None:
            return {"unknown_window"}
        if closes <= max(self.at, of.opens_at_ms):
            return {"invalid_time"}
        self.offer.said.append({"what": "window", "window": window, "closes": closes})
        self.bind("window", key, body)
        return set()

    def set_launch(self, launch: Launch) -> None:
        """Another launch file, and everything that hangs on it."""
        self.offer.set_launch(launch)
        self.capacity_set_at, self.late = self.position, None
        self.reckon()

    def capacity_is_set(self, said: tuple[Any, ...], key: bytes, body: bytes) -> set[str]:
        against = self.known("capacity", key, body) or self.set_capacity(*said)
        if not against:
            self.bind("capacity", key, body)
        return against

    def pinned(self, order_id: str, week: int | None, key: bytes, body: bytes) -> set[str]:
        against = self.known("pin", key, body)
        if against or order_id not in self.orders:
            return against or {"no_such_order"}
        order = self.orders[order_id]
        against = set() if self.state(order) in AWAITED else {"wrong_state"}
        if self.weeks is None:
            return {"no_capacity"}
        if not against:
            against = self.pin(order_id, week)
        if not against:
            self.touch(order)
            self.bind("pin", key, body)
        return against

    def plan_accepted(self, plan: str, based_on: int, groups: Any, key: bytes, body: bytes) -> set[str]:
        against = self.known("plan", key, body) or self.accept(plan, based_on, groups)
        if not against:
            self.bind("plan", key, body)
        return against

    def correct(
        self,
        order_id: str,
        trim: str | None,
        options: tuple[str, ...] | None,
        region: str | None,
        key: bytes,
        body: bytes,
    ) -> set[str]:
        against = self.known("change", key, body)
        if against or order_id not in self.orders:
            return against or {"no_such_order"}
        order = self.orders[order_id]
        if self.state(order) not in ("reserved", "firm", "locked", "scheduled"):
            return {"wrong_state"}
        what, against = self.changed(order, trim, options, region)
        if not against:
            self.settle(order_id)
            self._become(order, what)
            self.bind("change", key, body)
        return against

    def withdraw(self, order_id: str, refund: bool, key: bytes, body: bytes) -> set[str]:
        against = self.known("withdraw", key, body)
        if against or order_id not in self.orders:
            return against or {"no_such_order"}
        order = self.orders[order_id]
        state = self.state(order)
        if state not in UNDELIVERED and not (refund and state in ("reserved", "firm")):
            return {"wrong_state"}
        self.settle(order_id)
        if refund:
            self.give_back(order_id, self.held(order))
            order["state"] = "cancelled"
            self.free_slot(order)
        else:
            self.forfeit(order_id)
        self.touch(order)
        self.bind("withdraw", key, body)
        return set()

    def grant(self, order_id: str, amount: int, key: bytes, body: bytes) -> set[str]:
        against = self.known("grant", key, body)
        if against or order_id not in self.orders:
            return against or {"no_such_order"}
        lost = sum(left for _, left in self.orders[order_id]["lost"])
        if not 0 < amount <= lost:
            return {"invalid_amount"}
        self.give_back(order_id, amount, "lost")
        self.touch(self.orders[order_id])
        self.bind("grant", key, body)
        return set()

    def move(self, moves: Sequence[tuple[str, str]], key: bytes, body: bytes) -> set[str]:
        against = self.known("moves", key, body)
        if against:
            return against
        ids = [order_id for order_id, _ in moves]
        if not moves or len(set(ids)) < len(ids) or not all(self._may_move(*move) for move in moves):
            return {"invalid_moves"}
        for order_id in ids:
            self.settle(order_id)
        for order_id, state in moves:
            order = self.orders[order_id]
            order["state"] = state
            if state == "delivered":
                order["applied"], order["payments"] = self.held(order), []
            self.touch(order)
        self.bind("moves", key, body)
        return set()

    def _may_move(self, order_id: str, to: str) -> bool:
        order = self.orders.get(order_id)
        if order is None or to not in PRODUCTION or self.state(order) not in UNDELIVERED:
            return False
        steps = PRODUCTION.index(to) - PRODUCTION.index(self.state(order))
        return abs(steps) == 1 and not (to == "scheduled" and order["due"])

    def import_orders(self, rows: Sequence[OrderImported]) -> set[str]:
        """``invalid_import`` if any row contradicts what there is; then none is taken."""
        new = [row for row in rows if self.references.get(row.reference) != row.digest]
        references = [row.reference for row in new]
        payments = [row.payment_id for row in new]
        clash = len(set(references)) < len(new) or len(set(payments)) < len(new)
        clash |= any(row.reference in self.references or row.payment_id in self.payments for row in new)
        if clash or any((row.model, row.trim) not in self.offer.ever for row in new):
            return {"invalid_import"}
        for row in new:
            self._import(row)
        return set() if new else {"again"}

    def _import(self, row: OrderImported) -> None:
        what = {"model": row.model, "trim": row.trim, "options": row.options, "region": row.region}
        order = self.new(row.order_id, row.customer, {**what, "price": row.price_minor}, 0)
        cooling_ms = None if row.cooling_off_s is None else row.cooling_off_s * 1000
        order.update(state=row.state, deposit=row.deposit_minor, cooling_ms=cooling_ms)
        order.update(reserved_at=row.reserved_at_ms, expires_at=row.reserved_at_ms, imported=True)
        order.update(firm_at=row.firm_at_ms, cooling_from=row.firm_at_ms)
        order["payments"] = [[row.payment_id, row.deposit_minor]]
        if row.locked_at_ms is not None:
            order["place"] = self.place(row.locked_at_ms)
        self.comes_in(order)
        if row.state == "delivered":
            order["applied"], order["payments"] = row.deposit_minor, []
        self.payments[row.payment_id] = (row.deposit_minor, self.launch.currency)
        self.references[row.reference] = row.digest
