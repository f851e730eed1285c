"""What becomes of the orders in the days after the launch: who does what with theirs, and when; drawn from a seed.

An *act* is something that one visit's customer does with an order after the hour. Each visit has one act at most.
Times are rounded: customers come together every few minutes, so that simulated days pass in seconds.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from enum import IntEnum
from itertools import islice
from random import Random

from drumroll.domain.launch import Conversion, Launch
from drumroll.rehearsal import base as earlier
from drumroll.rehearsal.arrivals import HOUR_S, REFERENCE_ORDERS
from drumroll.rehearsal.base import BaseDraw, BaseOrder
from drumroll.rehearsal.population import NOT_FIRM, Kind, Population, opening_ms, places, sale_s


class Act(IntEnum):
    """What is done with an order."""

    NOTHING = 0
    LOCKS = 1
    UNDOES = 2
    UNDOES_TOO_LATE = 3
    CONFIRMS_WRONGLY = 4
    CONFIRMS_STALELY = 5
    CHANGES = 6
    CHANGES_AND_LOCKS = 7
    CANCELS = 8
    CANCELS_LOCKED = 9
    FORFEITS_LATE = 10
    CONVERTS = 11
    CONVERTS_TWICE = 12
    CONVERTS_BACK = 13
    CONVERTS_FIRM = 14
    CONVERTS_ANOTHERS = 15
    CONVERTS_LAST = 16
    CONFIRMS_CLOSED = 17
    CONVERTS_CLOSED = 18
    WAITS = 19
    LETS_LAPSE = 20


LOCKED_AT_S = 18 * 3600
LOCKED_SHARE = 240_000 / REFERENCE_ORDERS
"""Which share of the hour's orders stood locked 18 hours after the opening, as reported."""

SHARES: dict[Act, float] = {
    Act.UNDOES: 0.003,
    Act.UNDOES_TOO_LATE: 0.002,
    Act.CONFIRMS_WRONGLY: 0.002,
    Act.CONFIRMS_STALELY: 0.001,
    Act.CHANGES: 0.020,
    Act.CHANGES_AND_LOCKS: 0.040,
    Act.CANCELS: 0.015,
    Act.CANCELS_LOCKED: 0.003,
    Act.FORFEITS_LATE: 0.002,
}
"""How many of each come for one order that stands firm after the hour. Assumed; each comes at least once."""

LOCKED_BY_THEN = (Act.UNDOES_TOO_LATE, Act.CONFIRMS_STALELY, Act.CHANGES_AND_LOCKS)
"""Acts beside ``LOCKS`` that end with an order locked early."""

CONVERTED_SHARE = 0.10
"""Which share of the earlier sale's orders changes to a headline model. Assumed."""
OWN_CONVERTED_SHARE = 0.02
WAITING_SHARE = 0.01
_FIRST_EVENING_SHARE = 0.6
_FIRST_EVENING_S = 3 * 3600
_WITH_ANOTHER_ORDER = 20
_POLL_S = 3 * 3600

STEP_S, LATER_STEP_S = 600, 3600
"""How far apart customers come until ``LOCKED_AT_S``, and later."""


class Days:
    """The acts in columns (seconds since the opening), the earlier sale's orders, and when the windows close."""

    def __init__(self, begins_s: int) -> None:
        self.begins_s = begins_s
        self.ends_s = begins_s
        self.acts = bytearray()
        self.visits = array("l")
        self.seconds = array("l")
        self.base: list[BaseOrder] = []
        self.holders: dict[int, BaseOrder] = {}
        self.last_moments: list[tuple[int, Act, int]] = []

    def __len__(self) -> int:
        return len(self.acts) + len(self.last_moments)

    def add(self, act: Act, visit: int, second: int) -> None:
        """Let a visit's customer do this, about then."""
        self.acts.append(act)
        self.visits.append(visit)
        self.seconds.append(max(self.begins_s, rounded(second)))

    def __iter__(self) -> Iterator[tuple[Act, int, int]]:
        for act, visit, second in zip(self.acts, self.visits, self.seconds, strict=True):
            yield Act(act), visit, second


def rounded(second: int) -> int:
    """The next second at which customers come."""
    step_s = STEP_S if second <= LOCKED_AT_S - STEP_S else LATER_STEP_S
    return -(-second // step_s) * step_s


def window_of_own(launch: Launch) -> Conversion | None:
    """The first window through which an order of this launch's headline models can change to another model."""
    return next((window for window in launch.conversions if set(window.from_models) & set(launch.headline)), None)


def drawn(launch: Launch, orders: int, population: Population, seed: int) -> Days:
    """The days after ``orders`` orders stand firm. Adds to the population whoever comes only then."""
    days = Days(rounded(int(HOUR_S) + launch.hold_s + 180))
    draw = _Draw(launch, orders, population, days, Random(seed + 1))
    draw.earlier_sale()
    draw.own_conversions()
    draw.own_orders()
    draw.waiting()
    draw.end()
    return days


class _Draw:
    """One drawing of the days."""

    def __init__(self, launch: Launch, orders: int, population: Population, days: Days, rng: Random) -> None:
        self.launch = launch
        self.orders = orders
        self.population = population
        self.days = days
        self.rng = rng
        self.cooling_s = launch.cooling_off_s
        self.converted_by_then = 0
        self.with_another: set[int] = set()
        firm = [
            visit for visit, kind in enumerate(population.kinds) if Kind(kind) not in NOT_FIRM and kind != Kind.LATE
        ]
        rng.shuffle(firm)
        self.firm = firm

    def _second(self, from_s: int, to_s: int) -> int:
        """Some time in between, rather soon than late."""
        return from_s + int((to_s - from_s) * self.rng.random() ** 2)

    # The earlier sale

    def earlier_sale(self) -> None:
        """Its orders: some belong to who ordered now, some change their model, some try to without the right to."""
        window = earlier.window_of(self.launch)
        if window is None:
            return
        draw, base = BaseDraw(self.launch, window, self.rng), self.days.base
        size = earlier.size_of(self.orders)
        converts = max(2, round(size * CONVERTED_SHARE))
        for number in range(converts):
            visit = self._holder(draw, "" if number else "locked")
            twice = number < max(1, converts // 100)
            self._converts(Act.CONVERTS_TWICE if twice else Act.CONVERTS, visit, window)
        for act in (Act.CONVERTS_ANOTHERS, Act.CONVERTS_FIRM):
            if act is Act.CONVERTS_ANOTHERS or (self.cooling_s and "firm" not in window.states):
                visit = self._holder(draw, "firm" if act is Act.CONVERTS_FIRM else "locked")
                self.days.add(act, visit, self.days.begins_s)
        self._last_moments(window, [self._holder(draw, "locked") for _ in range(3)])
        base += [draw.order(f"b{number}") for number in range(size - len(base))]

    def _holder(self, draw: BaseDraw, state: str) -> int:
        """A visit of somebody who holds an order of the earlier sale; a few have ordered now, too."""
        customer = self._customer_with_another()
        order = draw.order(f"c{customer}", state or self._state_that_may(draw))
        self.days.base.append(order)
        visit = self.population.add(Kind.AFTER_THE_HOUR, self._trim_into(draw.window), customer, 0, 0, 0)
        self.days.holders[visit] = order
        return visit

    def _state_that_may(self, draw: BaseDraw) -> str:
        return "scheduled" if self.rng.random() < 0.02 else "locked"

    def _customer_with_another(self) -> int:
        population = self.population
        if self.launch.orders_per_customer > 1 and self.rng.random() * _WITH_ANOTHER_ORDER < 1:
            visit = self.rng.choice(self.firm)
            if population.kinds[visit] == Kind.ORDINARY and visit not in self.with_another:
                self.with_another.add(visit)
                return population.customers[visit]
        return population.new_customer()

    def _any_trim(self) -> int:
        return self.rng.randrange(len(self.population.offers))

    def _trim_into(self, window: Conversion) -> int:
        """A trim that orders may become through the window."""
        return self.rng.choice([at for at, one in enumerate(self.population.offers) if one.model in window.to_models])

    def _converts(self, act: Act, visit: int, window: Conversion) -> None:
        second = rounded(self._second_in(window))
        self.converted_by_then += second < LOCKED_AT_S
        self.days.add(act, visit, second)

    def _second_in(self, window: Conversion) -> int:
        """A time in a window: most come on the first evening, the others evenly."""
        from_s = max(self.days.begins_s, self._since_opening_s(window.opens_at_ms))
        to_s = self._since_opening_s(window.closes_at_ms) - 2 * LATER_STEP_S
        if self.rng.random() < _FIRST_EVENING_SHARE:
            return self._second(from_s, min(to_s, from_s + _FIRST_EVENING_S))
        return self.rng.randint(from_s, max(from_s, to_s))

    def _since_opening_s(self, at_ms: int) -> int:
        return (at_ms - opening_ms(self.launch)) // 1000

    def _last_moments(self, window: Conversion, visits: list[int]) -> None:
        """One in the last millisecond; one who asks in it and confirms too late; one who comes too late."""
        acts = (Act.CONVERTS_LAST, Act.CONFIRMS_CLOSED, Act.CONVERTS_CLOSED)
        self.days.last_moments = [
            (window.closes_at_ms - (act is not Act.CONVERTS_CLOSED), act, visit)
            for act, visit in zip(acts, visits, strict=False)
        ]

    # The orders of the hour

    def own_conversions(self) -> None:
        """Orders of the hour that change to another model."""
        window = window_of_own(self.launch)
        if window is None:
            return
        takers = self._firm_in(window, max(2, round(self.orders * OWN_CONVERTED_SHARE)))
        for number, visit in enumerate(takers):
            back = number < max(1, len(takers) // 10) and not window.irreversible
            self.days.add(Act.CONVERTS_BACK if back else Act.CONVERTS, visit, self._second_in(window))
        if not self.days.last_moments:
            self._last_moments(window, self._firm_in(window, 3))

    def _firm_in(self, window: Conversion, count: int) -> list[int]:
        """So many whose order may go through the window; fewer, if there are no more."""
        offers, trims = self.population.offers, self.population.trims
        fitting = (
            at for at in reversed(range(len(self.firm))) if offers[trims[self.firm[at]]].model in window.from_models
        )
        return [self.firm.pop(at) for at in islice(fitting, count)]

    def own_orders(self) -> None:
        """Locks, changes and cancellations."""
        begins_s = self.days.begins_s
        by_s = LOCKED_AT_S - 2 * STEP_S if self.cooling_s is None else min(LOCKED_AT_S, self.cooling_s) - 2 * STEP_S
        if by_s <= begins_s:
            return
        for act, visit in self._with_visits():
            self.days.add(act, visit, self._when(act, by_s))

    def _when(self, act: Act, by_s: int) -> int:
        if act is Act.FORFEITS_LATE:
            return (self.cooling_s or 0) + int(HOUR_S) + self.launch.hold_s + LATER_STEP_S
        if act is Act.CANCELS:
            cancels_by_s = 13 * 86_400 if self.cooling_s is None else self.cooling_s - 2 * LATER_STEP_S
            return self._second(self.days.begins_s + 1, max(by_s, cancels_by_s))
        return self._second(self.days.begins_s, by_s)

    def _with_visits(self) -> Iterator[tuple[Act, int]]:
        counts = {act: max(1, round(self.orders * share)) for act, share in SHARES.items() if self._comes(act)}
        locked = round(self.orders * LOCKED_SHARE) - self.converted_by_then
        counts[Act.LOCKS] = max(1, locked - sum(counts.get(act, 0) for act in LOCKED_BY_THEN))
        for act, count in counts.items():
            for _ in range(min(count, len(self.firm))):
                yield act, self.firm.pop()

    def _comes(self, act: Act) -> bool:
        """Whether this launch has room for it."""
        if act is Act.FORFEITS_LATE:
            return self.cooling_s is not None
        return act is not Act.UNDOES or self.launch.early_lock_undo_s >= STEP_S

    # Who waits, and the end

    def waiting(self) -> None:
        """Where everything is sold out, some wait for a place."""
        most = places(self.launch)
        if self.launch.waiting_offer_s is None or most is None or self.orders < most:
            return
        if sale_s(self.launch) < self.days.begins_s + 3600:
            return
        for number in range(max(4, round(self.orders * WAITING_SHARE))):
            visit = self.population.add(Kind.AFTER_THE_HOUR, self._any_trim(), self.population.new_customer(), 0, 0, 0)
            act = Act.LETS_LAPSE if number % 4 == 1 else Act.WAITS
            self.days.add(act, visit, self.days.begins_s)

    def end(self) -> None:
        """When the last cooling-off that can have begun by then is over."""
        closings = [self._since_opening_s(window.closes_at_ms) for window in self.launch.conversions]
        last_s = max([*closings, *self.days.seconds, self.days.begins_s])
        later_s = self.launch.hold_s + (self.launch.waiting_offer_s or 0) + (self.cooling_s or 0)
        self.days.ends_s = rounded(last_s + later_s + LATER_STEP_S)
