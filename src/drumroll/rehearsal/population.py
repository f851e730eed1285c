"""Who comes, for what, when, and what they do wrong: drawn from a seed, the same for the same seed.

A *visit* is one customer's way through one order. Visits are numbers; what is known of them is kept in columns.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from enum import IntEnum
from math import inf
from random import Random

import msgspec

from drumroll.domain.launch import Launch
from drumroll.rehearsal import arrivals


class Kind(IntEnum):
    """What a visit does beside (or instead of) ordering and paying."""

    ORDINARY = 0
    DOUBLE_CLICK = 1
    IMPATIENT = 2
    KEY_REUSED = 3
    REPEATED_WEBHOOK = 4
    SECOND_DEPOSIT = 5
    WRONG_AMOUNT = 6
    UNKNOWN_ORDER = 7
    FORGED_WEBHOOK = 8
    STRANGER = 9
    ONLOOKER = 10
    EARLY = 11
    UNKNOWN_TRIM = 12
    ONE_TOO_MANY = 13
    LATE = 14
    LATE_TOO_MANY = 15
    ABANDONED = 16
    CANCELS_RESERVED = 17
    CANCELS_FIRM = 18
    PAID_AFTER_CANCEL = 19
    FOLLOWER = 20
    AFTER_THE_HOUR = 21


SHARES: dict[Kind, float] = {
    Kind.DOUBLE_CLICK: 0.015,
    Kind.IMPATIENT: 0.010,
    Kind.KEY_REUSED: 0.004,
    Kind.REPEATED_WEBHOOK: 0.020,
    Kind.SECOND_DEPOSIT: 0.004,
    Kind.WRONG_AMOUNT: 0.002,
    Kind.UNKNOWN_ORDER: 0.001,
    Kind.FORGED_WEBHOOK: 0.001,
    Kind.STRANGER: 0.002,
    Kind.ONLOOKER: 0.010,
    Kind.EARLY: 0.003,
    Kind.UNKNOWN_TRIM: 0.001,
    Kind.ONE_TOO_MANY: 0.010,
    Kind.LATE: 0.006,
    Kind.LATE_TOO_MANY: 0.0005,
    Kind.ABANDONED: 0.030,
    Kind.CANCELS_RESERVED: 0.008,
    Kind.CANCELS_FIRM: 0.020,
    Kind.PAID_AFTER_CANCEL: 0.001,
}
"""How many visits of each kind come for one order that stands firm after the hour. Assumed; one at least."""

NOT_FIRM = frozenset(
    (Kind.LATE_TOO_MANY, Kind.ABANDONED, Kind.CANCELS_RESERVED, Kind.CANCELS_FIRM, Kind.PAID_AFTER_CANCEL)
)
"""Kinds whose order does not stand firm after the hour: they come on top of the orders asked for."""

EARLY_S = 5
"""How long before the opening the early ones try."""
_PAYS_AFTER_S = (8, 45)
_CANCELS_AFTER_S = (30, 1500)
_LATE_BY_S = (60, 600)
_MANY_ORDERS = 5


class Offer(msgspec.Struct, frozen=True):
    """One trim that is ordered, with the places that it has (``None``: no limit)."""

    model: str
    trim: str
    price_minor: int
    places: int | None


class Population:
    """All visits of a rehearsal, in columns. Seconds are since the opening."""

    def __init__(self, offers: list[Offer], hold_s: int) -> None:
        self.offers = offers
        self.hold_s = hold_s
        self.kinds = bytearray()
        self.trims = bytearray()
        self.customers = array("l")
        self.order_s = array("l")
        self.pay_s = array("l")
        self.later_s = array("l")
        self.customer_count = 0

    def __len__(self) -> int:
        return len(self.kinds)

    def add(self, kind: Kind, trim: int, customer: int, order_s: int, pay_s: int, later_s: int) -> int:
        """Add a visit and return its number. Seconds are since the opening."""
        self.kinds.append(kind)
        self.trims.append(trim)
        self.customers.append(customer)
        self.order_s.append(order_s)
        self.pay_s.append(pay_s)
        self.later_s.append(later_s)
        return len(self.kinds) - 1

    def new_customer(self) -> int:
        """The number of one customer more."""
        self.customer_count += 1
        return self.customer_count - 1


def offers_of(launch: Launch) -> list[Offer]:
    """What the rehearsal orders: every trim of the headline models, in the order of the launch file."""
    models = [model for model in launch.models if model.id in launch.headline]
    return [Offer(model.id, trim.id, trim.price_minor, trim.cap) for model in models for trim in model.trims]


def places(launch: Launch) -> int | None:
    """How many orders of the headline models the caps allow at once; ``None`` is no limit."""
    models = [model for model in launch.models if model.id in launch.headline]
    of_models: list[int | None] = []
    for model in models:
        caps = [trim.cap for trim in model.trims]
        of_models.append(_least(model.cap, _total(caps)))
    return _least(launch.cap, _total(of_models))


def _least(one: int | None, other: int | None) -> int | None:
    known = [cap for cap in (one, other) if cap is not None]
    return min(known) if known else None


def _total(caps: list[int | None]) -> int | None:
    return None if None in caps else sum(cap for cap in caps if cap is not None)


def drawn(launch: Launch, orders: int, seed: int) -> Population:
    """The customers of a rehearsal after whose hour ``orders`` orders stand firm."""
    population = Population(offers_of(launch), launch.hold_s)
    _Draw(launch, orders, Random(seed), population).everybody()
    return population


class _Draw:
    """One drawing of a population."""

    def __init__(self, launch: Launch, orders: int, rng: Random, population: Population) -> None:
        self.launch = launch
        self.orders = orders
        self.rng = rng
        self.population = population
        self.sale_s = sale_s(launch)
        self.squeeze = min(1.0, max(1.0, self.sale_s - 60) / arrivals.HOUR_S)
        self.trims = iter(_trims(launch, orders, rng))

    def everybody(self) -> None:
        """Those whose orders stand firm after the hour, in the order in which they come, then the others."""
        firm = self._firm_kinds()
        on_their_own_time = firm.count(Kind.LATE) + firm.count(Kind.FOLLOWER)
        seconds = iter(arrivals.firm_seconds(self.orders, on_their_own_time))
        for kind, customer in self._with_customers(firm):
            if kind is Kind.LATE:
                self._late(kind, customer, next(self.trims))
            elif kind is Kind.FOLLOWER:
                self._after_the_hour(customer)
            else:
                self._pays_at(kind, customer, next(self.trims), int(next(seconds) * self.squeeze))
        for kind in sorted(NOT_FIRM - {Kind.LATE_TOO_MANY}):
            for _ in range(self._count(kind)):
                self._not_firm(kind)

    def _count(self, kind: Kind) -> int:
        return max(1, round(self.orders * SHARES[kind]))

    def _comes(self, kind: Kind) -> bool:
        """Whether this launch has room for such customers."""
        if kind in (Kind.LATE, Kind.LATE_TOO_MANY):
            return self.sale_s > arrivals.HOUR_S + 2 * self.launch.hold_s + 900
        return kind is not Kind.ONE_TOO_MANY or self.launch.orders_per_customer <= _MANY_ORDERS

    def _firm_kinds(self) -> list[Kind]:
        """A kind for each customer whose orders stand firm after the hour, shuffled (late ones last)."""
        limit = self.launch.orders_per_customer
        room = self.orders
        kinds: list[Kind] = []
        for kind in SHARES:
            if (kind in NOT_FIRM and kind is not Kind.LATE_TOO_MANY) or not self._comes(kind):
                continue
            each = limit if kind in (Kind.ONE_TOO_MANY, Kind.LATE_TOO_MANY) else 1
            count = min(max(1, self._count(kind) // each), room // each)
            kinds += [Kind.FOLLOWER if kind is Kind.LATE_TOO_MANY else kind] * count
            room -= count * each
        kinds += [Kind.ORDINARY] * room
        self.rng.shuffle(kinds)
        kinds.sort(key=lambda kind: kind is Kind.FOLLOWER)
        return kinds

    def _with_customers(self, kinds: list[Kind]) -> Iterator[tuple[Kind, int]]:
        """Each order's kind and customer: whoever wants one too many has first as many as are allowed."""
        for kind in kinds:
            customer = self.population.new_customer()
            if kind is Kind.FOLLOWER:
                self._late(Kind.LATE_TOO_MANY, customer, self._any_trim())
            for _ in range(self.launch.orders_per_customer if kind in (Kind.ONE_TOO_MANY, Kind.FOLLOWER) else 1):
                yield kind, customer

    def _any_trim(self) -> int:
        return self.rng.randrange(len(self.population.offers))

    def _pays_at(self, kind: Kind, customer: int, trim: int, pay_s: int) -> int:
        think_s = min(self.rng.randint(*_PAYS_AFTER_S), self.launch.hold_s // 2)
        later_s = pay_s + self.rng.randint(*_CANCELS_AFTER_S)
        order_s = max(pay_s // 3, pay_s - think_s)
        return self.population.add(kind, trim, customer, order_s, pay_s, later_s)

    def _late(self, kind: Kind, customer: int, trim: int) -> None:
        """Order in the rush or soon after it, pay when the reservation has long run out."""
        order_s = int(arrivals.second_of(self.rng.random() * 0.99) * self.squeeze)
        pay_s = order_s + self.launch.hold_s + self.rng.randint(*_LATE_BY_S)
        if pay_s >= arrivals.HOUR_S or kind is Kind.LATE_TOO_MANY:
            pay_s = self._past_every_hold() + self.rng.randint(1, 60)
        self.population.add(kind, trim, customer, order_s, pay_s, pay_s)

    def _after_the_hour(self, customer: int) -> None:
        order_s = self._past_every_hold() + self.rng.randint(1, 60)
        self.population.add(Kind.FOLLOWER, next(self.trims), customer, order_s, order_s + 8, order_s)

    def _past_every_hold(self) -> int:
        return int(arrivals.HOUR_S) + self.launch.hold_s + 1

    def _not_firm(self, kind: Kind) -> None:
        second = int(arrivals.second_of(self.rng.random() * 0.9999) * self.squeeze)
        self._pays_at(kind, self.population.new_customer(), self._any_trim(), second)


def sale_s(launch: Launch) -> float:
    """How many seconds the headline models are on sale together; infinite without a closing time."""
    models = [model for model in launch.models if model.id in launch.headline]
    closings = [at_ms for at_ms in (launch.closes_at_ms, *(model.closes_at_ms for model in models)) if at_ms]
    return (min(closings) - opening_ms(launch)) / 1000 if closings else inf


def opening_ms(launch: Launch) -> int:
    """When all headline models are on sale."""
    return max(model.opens_at_ms for model in launch.models if model.id in launch.headline)


def _trims(launch: Launch, orders: int, rng: Random) -> list[int]:
    """A trim for each firm order. The mix is assumed (1 : 1/2 : 1/3 ... in the order of the file), within the caps."""
    offers = offers_of(launch)
    weights = [1 / (rank + 1) for rank in range(len(offers))]
    if places(launch) is None:
        return rng.choices(range(len(offers)), weights, k=orders)
    of_trim = [orders if offer.places is None else offer.places for offer in offers]
    of_model = {model.id: orders if model.cap is None else model.cap for model in launch.models}
    chosen = []
    for _ in range(orders):
        room = [weight if of_trim[at] and of_model[offers[at].model] else 0.0 for at, weight in enumerate(weights)]
        trim = rng.choices(range(len(offers)), room)[0]
        of_trim[trim] -= 1
        of_model[offers[trim].model] -= 1
        chosen.append(trim)
    return chosen
