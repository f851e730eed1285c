"""The customers in the days after: those who wait for a place where everything is sold out."""

from __future__ import annotations

from collections.abc import Callable

from drumroll.domain.launch import Launch
from drumroll.rehearsal import requests
from drumroll.rehearsal.acting import Acting
from drumroll.rehearsal.answers import outcome_of
from drumroll.rehearsal.days import Act
from drumroll.rehearsal.population import sale_s

_LOOKS_EVERY_S = 3 * 3600


class Waiters:
    """Joins the waiting list, looks every few hours whether a place was offered, pays for it or lets it lapse."""

    def __init__(self, acting: Acting, launch: Launch) -> None:
        self.acting = acting
        self.customers = acting.customers
        self._tails = [requests.order_tail(offer.model, offer.trim) for offer in self.customers.population.offers]
        until_s = sale_s(launch) + (launch.waiting_offer_s or 0)
        self._until_s = until_s
        self.steps: dict[Act, Callable[[int], None]] = {Act.WAITS: self._join, Act.LETS_LAPSE: self._join}

    def _join(self, visit: int) -> None:
        tail = self._tails[self.customers.population.trims[visit]]
        request = requests.join(self.customers.token(visit), self.acting.key(b"J", visit), tail)
        self.acting.outbox.send(self._joined, visit, request)

    def _joined(self, visit: int, status: int, raw: bytes) -> None:
        if status != 201 or b'"state":"waiting"' not in raw:
            self.acting.refused(visit, status, raw, "a place in the waiting list")
            return
        at = raw.find(b'"id":"') + 6
        self.customers.order_ids[visit] = raw[at : raw.find(b'"', at)]
        self.acting.note(visit, "waits")
        self._look_later(visit)

    def _look_later(self, visit: int) -> None:
        second = self.acting.timeline.second + _LOOKS_EVERY_S
        if second < self._until_s:
            self.acting.timeline.at(second, self._look, visit)

    def _look(self, visit: int) -> None:
        request = requests.waiting(self.customers.token(visit), self.acting.order_id(visit))
        self.acting.outbox.send(self._looked, visit, request)

    def _looked(self, visit: int, status: int, raw: bytes) -> None:
        if b'"state":"waiting"' in raw:
            self._look_later(visit)
        elif b'"state":"offered"' in raw:
            self._offered(visit)
        else:
            self.acting.refused(visit, status, raw, "a look at the waiting list")

    def _offered(self, visit: int) -> None:
        """From now on it is an order like any other: paid for by most, left to the next by some."""
        population = self.customers.population
        offer = population.offers[population.trims[visit]]
        told = (
            *(self.acting.order_id(visit), b"c%d" % population.customers[visit]),
            *(offer.model.encode(), offer.trim.encode(), b"%d" % offer.price_minor),
            *(self.acting.key(b"J", visit), b"?\t?"),
        )
        self.acting.tell(visit, b"order\t" + b"\t".join(told))
        self.acting.note(visit, "offered a place")
        if self.acting.act_of(visit) is Act.WAITS:
            self.customers.send_payment(visit, b"p%d" % visit, self.customers.deposit_of(visit), self._paid)

    def _paid(self, visit: int, status: int, raw: bytes) -> None:
        outcome = outcome_of(status, raw)
        self.customers.tell_payment(visit, b"p%d" % visit, self.customers.deposit_of(visit), outcome)
        self.acting.note(visit, outcome.decode())
        if outcome != b"firm" and visit not in self.acting.outbox.unsure:
            self.acting.surprise(visit, f"a deposit was answered {outcome.decode()}")
