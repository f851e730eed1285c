"""The plain dictionaries of the recount, and what its folds of single events share."""

from __future__ import annotations

from collections import Counter

from drumroll.domain.launch import Launch
from drumroll.rehearsal import audit_rules as rules
from drumroll.rehearsal.audit_rules import Faults
from drumroll.rehearsal.recount_offer import Offering, Place
from drumroll.rehearsal.recount_promises import Promises
from drumroll.rehearsal.recount_seen import STANDING, STATES, UNDELIVERED, Seen

ORDERS_EVER = 100
"""So many orders a customer may ever make, whatever becomes of them."""

Payment = tuple[str, int, str, str]
"""Order id, amount, currency, and what it was taken for: ``firm``, ``owed_back``, ``difference_paid``, ``imported``."""

Refund = tuple[str, int, str, str]
"""Order id, amount, currency, and why: ``owed_back``, ``cancelled``, ``withdrawn``, ``conversion``, ``granted``."""

Act = tuple[str | int, ...]
"""What a customer did to an order and was told: the words of the ledger's line, without the order."""


class Customer:
    """One customer: how many orders are live, how many are waited for, how many were ever made."""

    __slots__ = ("live", "made", "waits")

    def __init__(self) -> None:
        self.live = self.made = self.waits = 0


class Count:
    """The count so far: what is read off it, and the steps that several events share."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.offering = Offering()
        self.promises = Promises(self.fault)
        self.launch: Launch | None = None
        self.currency = ""
        self.orders: dict[str, Seen] = {}
        self.states: dict[tuple[str, str], Counter[str]] = {}
        self.converted: Counter[tuple[str, str]] = Counter()
        self.live: Counter[tuple[str, str]] = Counter()
        self.customers: dict[str, Customer] = {}
        self.keys: dict[bytes, str] = {}
        self.payments: dict[str, Payment] = {}
        self.owed: dict[str, Refund] = {}
        self.paid_back: dict[str, Refund] = {}
        self.taken_back: Counter[str] = Counter()
        self.refunds_of: Counter[str] = Counter()
        self.money_in: Counter[str] = Counter()
        self.waiting: dict[tuple[str, str], dict[str, Seen]] = {}
        self.waits: dict[str, tuple[str, str]] = {}
        self.offered: set[str] = set()
        self.references: dict[str, str] = {}
        self.acts: dict[str, list[Act]] = {}
        self.first: dict[str, tuple[str, str, int]] = {}
        self.tally: Counter[str] = Counter()
        self.curve: list[tuple[int, int]] = []
        self.milestones: list[tuple[int, int]] = []
        self.ahead: list[int] = []
        self.most = 0
        self.firm = 0
        self.plan_part = ("", 0)
        self.plan_parts: set[str] = set()
        self.position = 0
        self.at_ms = 0

    def fault(self, rule: str, text: str) -> None:
        """Note a fault of the present block."""
        self.faults.add(rule, f"block {self.position}: {text}")

    def order(self, order_id: str) -> Seen | None:
        """The order, which has to be there."""
        seen = self.orders.get(order_id)
        if seen is None:
            self.fault(rules.LEGAL, f"order {order_id} changes, and was never made")
        return seen

    def use_key(self, key: bytes, what: str) -> None:
        """A key did this; it may do nothing else."""
        if self.keys.setdefault(key, what) is not what:
            self.fault(rules.KEY_ONCE, f"the key of {self.keys[key]} makes {what}")

    def go(self, order_id: str, seen: Seen, from_states: frozenset[str], to: str) -> None:
        """Take an order from one of these states to another."""
        was = seen.state
        if was not in from_states:
            self.fault(rules.LEGAL, f"order {order_id} goes from {was} to {to}")
        counts = seen.counts
        counts[was] -= 1
        counts[to] += 1
        seen.state = to
        step = (to in STANDING) - (was in STANDING)
        if step:
            if seen.later is not None and seen.later.path:
                self.converted[seen.model, seen.trim] += step
            self.stand(seen.model, step)

    def counts(self, model: str, trim: str) -> Counter[str]:
        """The orders of a trim by state, to be counted in."""
        counts = self.states.get((model, trim))
        if counts is None:
            counts = self.states[model, trim] = Counter(dict.fromkeys(STATES, 0))
        return counts

    def customer(self, name: str) -> Customer:
        """That customer's counts."""
        customer = self.customers.get(name)
        if customer is None:
            customer = self.customers[name] = Customer()
        return customer

    def put(self, seen: Seen, step: int) -> None:
        """Count an order in (+1) or out (-1) as it is, with the place that it takes."""
        of_trim = (seen.model, seen.trim)
        seen.counts = self.counts(*of_trim)
        seen.counts[seen.state] += step
        self.live[of_trim] += step
        if seen.state in STANDING:
            if seen.converted:
                self.converted[of_trim] += step
            self.stand(seen.model, step)

    def stand(self, model: str, step: int) -> None:
        """So many orders more stand firm: for the curve and the milestones, if the model is one of the headline."""
        launch = self.launch
        if launch is None or model not in launch.headline:
            return
        self.firm += step
        self.note_curve()
        if self.firm > self.most:
            self.most = self.firm
            if self.ahead and self.firm >= self.ahead[0]:
                self.milestones.append((self.ahead.pop(0), self.at_ms))

    def note_curve(self) -> None:
        """The curve has one row for each second in which it moved."""
        second = self.at_ms // 1000
        if self.curve and self.curve[-1][0] == second:
            self.curve[-1] = (second, self.firm)
        else:
            self.curve.append((second, self.firm))

    # Places

    def leaves_its_place(self, seen: Seen) -> None:
        """The order is gone; its place is free."""
        self.live[seen.model, seen.trim] -= 1
        self.customers[seen.customer].live -= 1
        if self.promises.weeks is not None:
            self.promises.left(seen)

    def takes_a_place(self, order_id: str, seen: Seen, *, made: int = 0, offered: bool = False) -> Place | None:
        """Count the place that an order takes, and check that it may: on sale, within the caps, within the limit.

        ``made``: so many orders more were made by its customer. A place that was ``offered`` to somebody who waited
        goes with those before; no other goes before those who wait.
        """
        self.live[seen.model, seen.trim] += 1
        customer = self.customer(seen.customer)
        customer.live += 1
        customer.made += made
        self.check_limit(order_id, customer.live if offered else customer.live + customer.waits)
        if self.waiting and not offered:
            self.yields(order_id, seen)
        place = self.on_sale(order_id, seen.model, seen.trim)
        if place is not None and place.capped:
            self.check_caps(order_id, place)
        return place

    def yields(self, order_id: str, seen: Seen) -> None:
        """Nobody takes a place while others wait for one of that trim."""
        if self.waiting.get((seen.model, seen.trim)):
            text = f"order {order_id} takes a place of {seen.model}/{seen.trim} while others wait for one"
            self.fault(rules.WAITED, text)

    def check_limit(self, order_id: str, held: int) -> None:
        """A customer holds no more than allowed, this order counted."""
        launch = self.launch
        if launch is None:
            self.fault(rules.LAUNCH_FIRST, f"order {order_id} is made before any launch is set")
        elif held > launch.orders_per_customer:
            self.fault(rules.LIMIT, f"with order {order_id} its customer holds {held}")

    def on_sale(self, order_id: str, model: str, trim: str) -> Place | None:
        """What is on offer there, if the launch has it; a fault if it is not on sale."""
        place = self.offering.places.get((model, trim))
        if place is None:
            if self.launch is not None:
                self.fault(rules.AS_OFFERED, f"order {order_id} is for {model}/{trim}, which the launch does not have")
        elif why := place.why_not_on_sale(self.at_ms):
            self.fault(rules.ON_SALE, f"order {order_id} comes {why}")
        return place

    def check_caps(self, order_id: str, place: Place, *, of_model: bool = True, of_launch: bool = True) -> None:
        """No more places are taken than there are, this one counted; what was taken before may be left out."""
        of_trim, in_model, in_all = self.taken(place)
        caps = place.caps
        for name, cap, taken, asked in (
            (f"{place.model}/{place.trim}", caps[0], of_trim, True),
            (place.model, caps[1], in_model, of_model),
            ("the launch", caps[2], in_all, of_launch),
        ):
            if asked and cap is not None and taken > cap:
                text = f"with order {order_id}, {taken} places of {name} are taken; the cap is {cap}"
                self.fault(rules.CAPS, text)

    def taken(self, place: Place) -> tuple[int, int, int]:
        """How many places are taken of a trim, of its model, in all."""
        in_model = sum(count for (model, _), count in self.live.items() if model == place.model)
        return self.live[place.model, place.trim], in_model, sum(self.live.values())

    def check_configuration(self, order_id: str, seen: Seen, rule: str = rules.AS_OFFERED) -> None:
        """The configuration goes together and has the launch's price."""
        price = self.offering.price(seen.model, seen.trim, seen.options)
        if isinstance(price, str):
            self.fault(rules.CONFIGURED, f"order {order_id}: {price}")
        elif price != seen.price_minor:
            self.fault(rule, f"order {order_id} has the price {seen.price_minor}; offered was {price}")

    def check_region(self, order_id: str, seen: Seen) -> None:
        """It goes where the launch delivers."""
        if seen.region not in self.offering.regions:
            self.fault(rules.CONFIGURED, f"order {order_id} goes to {seen.region!r}, which the launch does not have")

    # Money

    def pay(self, payment_id: str, order_id: str, amount_minor: int, currency: str, outcome: str) -> None:
        """Money arrived."""
        payment = (order_id, amount_minor, currency, outcome)
        if self.payments.setdefault(payment_id, payment) is not payment:
            self.fault(rules.PAID_ONCE, f"payment {payment_id} is counted again, for order {order_id}")
            self.payments[payment_id] = payment
        self.money_in[currency] += amount_minor

    def owe(self, order_id: str, seen: Seen, amount_minor: int, why: str) -> None:
        """Money of an order is owed back: of its latest payment first."""
        seen.kept_minor -= amount_minor
        for payment_id in reversed(seen.payments):
            part_minor = min(amount_minor, self.payments[payment_id][1] - self.taken_back[payment_id])
            if part_minor > 0:
                amount_minor -= part_minor
                self.taken_back[payment_id] += part_minor
                self.owed[self.refund_id(payment_id)] = (order_id, part_minor, self.currency, why)
        if amount_minor:
            self.fault(rules.OWED_RIGHTLY, f"order {order_id}: {amount_minor} is owed back that was never paid")

    def refund_id(self, payment_id: str) -> str:
        """The id of the next refund of that payment."""
        self.refunds_of[payment_id] += 1
        number = self.refunds_of[payment_id]
        return payment_id if number == 1 else f"{payment_id}.{number}"

    def kept(self) -> dict[str, int]:
        """What was paid and is not owed or paid back, by what it is: held, applied or forfeited."""
        kept = {"held": 0, "applied": 0, "forfeited": 0}
        for seen in self.orders.values():
            if seen.state == "firm" or seen.state in UNDELIVERED:
                kept["held"] += seen.kept_minor
            elif seen.state == "delivered":
                kept["applied"] += seen.kept_minor
            elif seen.state == "forfeited":
                kept["forfeited"] += seen.kept_minor
        return kept

    def check_money(self) -> None:
        """Money in = held + owed + paid back + forfeited + applied, for each currency."""
        out: Counter[str] = Counter()
        for _, amount_minor, currency, _ in (*self.owed.values(), *self.paid_back.values()):
            out[currency] += amount_minor
        out[self.currency] += sum(self.kept().values())
        for currency in self.money_in | out:
            if self.money_in[currency] != out[currency]:
                text = f"{self.money_in[currency]} came in, {out[currency]} is held, owed, paid back or used"
                self.faults.add(rules.MONEY, f"{currency}: {text} (minor units)")
