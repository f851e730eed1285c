"""A server with a launch that has everything: options, regions, a cooling-off, conversion windows, a waiting list.

``Life`` says in one line what its tests are about: two steps, an operator's deed, an order with its deposit.
"""

from __future__ import annotations

import json
from typing import Any

from drumroll.domain import events as ev
from tests.web.house import Answer, House, order_headers

LIVES = """
format = 1
id = "kites"
name = "Kites"
time_zone = "Europe/Berlin"
currency = "EUR"

[sales]
opens = 2026-05-01T12:00:00
deposit_minor = 2_000
hold_s = 600
orders_per_customer = 3
cooling_off_s = 86_400
early_lock_undo_s = 1_800
waiting_offer_s = 3_600

[board]
models = ["kite"]

[[model]]
id = "kite"
name = "Kite"
[[model.trim]]
id = "plain"
name = "Plain"
price_minor = 9_900
[[model.trim]]
id = "rare"
name = "Rare"
price_minor = 49_900
cap = 1
[[model.option]]
id = "colour"
name = "Colour"
choice = [
    { id = "red", name = "Red" },
    { id = "blue", name = "Blue", price_minor = 500 },
    { id = "gold", name = "Gold", price_minor = 9_000, trims = ["rare"] },
]
[[model.option]]
id = "extras"
name = "Extras"
many = true
choice = [
    { id = "tail", name = "Tail", price_minor = 300 },
    { id = "long-tail", name = "Longer tail", price_minor = 200, requires = ["tail"] },
    { id = "bag", name = "Bag", price_minor = 700, excludes = ["blue"] },
]

[[model]]
id = "balloon"
name = "Balloon"
deposit_minor = 5_000
[[model.trim]]
id = "round"
name = "Round"
price_minor = 19_900

[[model]]
id = "wing"
name = "Wing"
deposit_minor = 1_000
[[model.trim]]
id = "grey"
name = "Grey"
price_minor = 5_000

[[conversion]]
id = "up"
from = ["kite"]
states = ["firm", "locked", "in_transit"]
to = ["balloon"]
opens = 2026-05-01T12:00:00
closes = "2026-05-03 24:00"
irreversible = false
deposit = "settle"
cooling_off = "anew"
place = "requeue"

[[conversion]]
id = "down"
from = ["kite", "balloon"]
states = ["firm", "locked"]
to = ["wing"]
opens = 2026-05-01T12:00:00
closes = "2026-05-03 24:00"
deposit = "settle"

[[region]]
id = "north"
name = "North"
[[region]]
id = "south"
name = "South"
"""
HOUR_S, DAY_S = 3_600, 86_400

OPENED_MS = 1_777_629_600_000
"""2026-05-01T12:00:00+02:00."""


class Life(House):
    """A server with ``LIVES``; sessions and keys are made as they are needed."""

    def __init__(self, *args: Any, launch: str = LIVES, **settings: Any) -> None:
        super().__init__(*args, launch=launch, **settings)
        self._tokens: dict[str, str] = {}
        self._keys = 0

    def key(self) -> str:
        self._keys += 1
        return f"key-{self._keys}"

    def token(self, customer: str) -> str:
        if customer not in self._tokens:
            self._tokens[customer] = self.session(customer)
        return self._tokens[customer]

    def operator(self, name: str = "grace") -> str:
        """An operator's token from the sandbox."""
        if f":{name}" not in self._tokens:
            answer = self.post("/sandbox/operators", {"operators": [name]})
            assert answer.status == 201, answer
            self._tokens[f":{name}"] = answer.json()["sessions"][0]["token"]
        return self._tokens[f":{name}"]

    def send(self, token: str, path: str, content: Any = None, key: str | None = None) -> Answer:
        """A POST with a session and a key; no content is no body."""
        body = b"" if content is None else json.dumps(content).encode()
        return self.call("POST", path, order_headers(token, self.key() if key is None else key), body)

    def act(self, customer: str, order_id: str, action: str, content: Any = None, key: str | None = None) -> Answer:
        """One request about an order."""
        return self.send(self.token(customer), f"/v1/orders/{order_id}/{action}", content, key)

    def both_steps(self, customer: str, order_id: str, action: str, content: Any = None) -> Answer:
        """The first step, and the second with its confirmation."""
        first = self.act(customer, order_id, action, content)
        assert (first.status, first.code) == (409, "confirmation_required"), first
        wanted = {} if content is None else content
        return self.act(customer, order_id, action, {**wanted, "confirmation": first.json()["confirmation"]})

    def does(self, path: str, content: Any, key: str | None = None, name: str = "grace") -> Answer:
        """An operator's deed, with a reason."""
        return self.send(self.operator(name), f"/v1/operator/{path}", {"reason": "it must be", **content}, key)

    def done(self, path: str, content: Any) -> Answer:
        """As ``does``; it must be taken."""
        answer = self.does(path, content)
        assert answer.status == 200, answer
        return answer

    def reserved(self, customer: str = "ada", model: str = "kite", trim: str = "plain", **more: Any) -> str:
        """The id of a new order."""
        content = {"model": model, "trim": trim, **more}
        answer = self.send(self.token(customer), "/v1/orders", content)
        assert answer.status == 201, answer
        return str(answer.json()["id"])

    def firm(self, customer: str = "ada", model: str = "kite", trim: str = "plain", **more: Any) -> str:
        """The id of a new order whose deposit is paid."""
        order_id = self.reserved(customer, model, trim, **more)
        self.paid(order_id)
        return order_id

    def paid(self, order_id: str) -> Any:
        """The sandbox's customer pays what is to be paid; what became of it."""
        answer = self.call("POST", f"/sandbox/pay/{order_id}")
        assert answer.status == 200, answer
        return answer.json()["outcome"]

    def locked(self, customer: str = "ada", **more: Any) -> str:
        """The id of a new order that was locked early."""
        order_id = self.firm(customer, **more)
        assert self.both_steps(customer, order_id, "lock").status == 200
        return order_id

    def moved(self, order_id: str, *states: str) -> None:
        """In production, from state to state."""
        for state in states:
            self.done("moves", {"moves": [{"order_id": order_id, "state": state}]})

    def order_of(self, customer: str, order_id: str) -> Any:
        """The order as its customer reads it."""
        answer = self.get(f"/v1/orders/{order_id}", self.token(customer))
        assert answer.status == 200, answer
        return answer.json()

    def history(self, customer: str, order_id: str) -> Any:
        """Its events."""
        answer = self.get(f"/v1/orders/{order_id}/history", self.token(customer))
        assert answer.status == 200, answer
        return answer.json()["events"]

    def join(self, customer: str, model: str = "kite", trim: str = "rare") -> str:
        """The id of a place in the waiting list."""
        answer = self.send(self.token(customer), "/v1/waiting-list", {"model": model, "trim": trim})
        assert answer.status == 201, answer
        return str(answer.json()["id"])

    def waiting(self, customer: str, order_id: str) -> Any:
        """That place, as its customer reads it."""
        answer = self.get(f"/v1/waiting-list/{order_id}", self.token(customer))
        assert answer.status == 200, answer
        return answer.json()

    def to_ms(self, at_ms: int) -> None:
        """Let it be that time."""
        self.pass_s((at_ms - self.desk.clock_ms()) / 1000)
        assert self.desk.clock_ms() == at_ms

    def imported(self, customer: str, model: str, trim: str, state: str, at_ms: int = OPENED_MS, **more: Any) -> str:
        """The id of an order from elsewhere."""
        number = len(self.desk.book.references)
        order_id = f"ord_{number:020d}"
        fields: dict[str, Any] = {
            "order_id": order_id,
            "reference": f"ref-{number}",
            "customer": customer,
            "model": model,
            "trim": trim,
            "options": (),
            "region": "",
            "price_minor": 1_000_000,
            "deposit_minor": 2_000,
            "payment_id": f"imported-{number}",
            "state": state,
            "reserved_at_ms": at_ms,
            "firm_at_ms": at_ms,
            "locked_at_ms": None if state == "firm" else at_ms,
            "cooling_off_s": None,
            "digest": number.to_bytes(16, "big"),
        }
        assert self.desk.import_orders((ev.OrderImported(**(fields | more)),)) == 1
        return order_id


def is_steady(house: House) -> Any:
    """What must not move while nothing happens: compare it before and after."""
    return house.desk.position, [block.events for block in house.log.read(1)]
