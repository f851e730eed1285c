"""The customers in the days after: orders that change to another model, in time, too late, and without the right to."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from drumroll.domain.launch import Conversion, Launch
from drumroll.domain.times import rfc3339
from drumroll.rehearsal import requests
from drumroll.rehearsal.acting import Acting
from drumroll.rehearsal.answers import days_of, outcome_of
from drumroll.rehearsal.days import Act, Days, window_of_own
from drumroll.rehearsal.population import Kind
from drumroll.rehearsal.wishes import price_of

Then = Callable[[int], None]
_LOOKS_FIRST = 20
"""One in so many looks first whether the order of the earlier sale is among theirs, and afterwards at its history."""


class Goal(NamedTuple):
    """What an order is to become, what the request says for it, and what is to be told before and after."""

    model: str
    trim: str
    price_minor: int
    due_minor: int
    fields: bytes
    facts: tuple[bytes, ...]


class Converters:
    """One method for each act of somebody who wants another model; ``steps`` says which."""

    def __init__(self, acting: Acting, launch: Launch, days: Days) -> None:
        self.acting = acting
        self.customers = acting.customers
        self.launch = launch
        self.days = days
        self._quotes: dict[int, bytes] = {}
        self.steps: dict[Act, Then] = {
            Act.CONVERTS: self._convert,
            Act.CONVERTS_LAST: self._convert,
            Act.CONVERTS_TWICE: self._twice,
            Act.CONVERTS_BACK: self._and_back,
            Act.CONVERTS_FIRM: lambda visit: self._in_vain(visit, "wrong_state"),
            Act.CONVERTS_ANOTHERS: self._anothers,
            Act.CONFIRMS_CLOSED: self._only_ask,
            Act.CONVERTS_CLOSED: self._too_late,
        }

    # What an order is to become

    def goal(self, visit: int) -> Goal:
        """The visit's order through its window: price, deposit and place as the launch file has them."""
        base = self.days.holders.get(visit)
        offer = self.customers.population.offers[self.customers.population.trims[visit]]
        if base is not None:
            window = next(window for window in self.launch.conversions if base.model in window.from_models)
            of = (offer.model, offer.trim)
            return self._goal(window, of, base.price_minor, base.deposit_minor, base.state)
        own = window_of_own(self.launch)
        assert own is not None, "only a launch with such a window has customers who use it"
        model = self.launch.model(own.to_models[0])
        assert model is not None
        trim = model.trims[visit % len(model.trims)]
        return self._goal(own, (model.id, trim.id), offer.price_minor, self.customers.deposit_of(visit), "firm")

    def _goal(self, window: Conversion, of: tuple[str, str], before_minor: int, held_minor: int, state: str) -> Goal:
        model = self.launch.model(of[0])
        assert model is not None
        trim = next(trim for trim in model.trims if trim.id == of[1])
        price_minor = price_of(model, trim)
        deposit_minor = held_minor if window.deposit == "carry" else self.launch.deposit_of(model)
        due_minor, refund_minor = max(0, deposit_minor - held_minor), max(0, held_minor - deposit_minor)
        facts = (
            b'"price_minor":%d,' % price_minor,
            b'"price_before_minor":%d,' % before_minor,
            b'"deposit_minor":%d,' % deposit_minor,
            b'"due_minor":%d,' % due_minor,
            b'"refund_minor":%d,' % refund_minor,
            b'"state":"%s"' % (b"firm" if window.cooling_off == "anew" or state == "firm" else b"locked"),
        )
        fields = requests.fields_of({"model": model.id, "trim": trim.id})
        return Goal(model.id, trim.id, price_minor, due_minor, fields, facts)

    # In time

    def _convert(self, visit: int) -> None:
        if visit % _LOOKS_FIRST == 0:
            request = requests.mine(self.customers.token(visit))
            self.acting.outbox.send(self._mine, visit, request)
        self._converted_to(visit, self.goal(visit), b"V", None)

    def _mine(self, visit: int, status: int, raw: bytes) -> None:
        self.acting.has(visit, raw, (b'"id":"%s"' % self.acting.order_id(visit),))

    def _converted_to(self, visit: int, goal: Goal, prefix: bytes, then: Then | None) -> None:
        def converted(visit: int, raw: bytes) -> None:
            self.acting.has(visit, raw, goal.facts)
            told = (
                self.acting.order_id(visit),
                goal.model.encode(),
                goal.trim.encode(),
                b"%d" % goal.price_minor,
                days_of(raw),
            )
            self.acting.tell(visit, b"converted\t" + b"\t".join(told))
            self.acting.note(visit, f"{goal.model} now")
            self.acting.tallies.converted_in[self.acting.timeline.second // 3600] += 1
            if goal.due_minor:
                self._pay_difference(visit, goal.due_minor, then)
            elif then is not None:
                then(visit)

        self.acting.in_two_steps(visit, b"convert", prefix, goal.fields, goal.facts, converted)

    def _pay_difference(self, visit: int, due_minor: int, then: Then | None) -> None:
        payment_id = b"d%d" % visit

        def paid(visit: int, status: int, raw: bytes) -> None:
            outcome = outcome_of(status, raw)
            self.customers.tell_payment(visit, payment_id, due_minor, outcome)
            if outcome != b"difference_paid" and visit not in self.acting.outbox.unsure:
                self.acting.surprise(visit, f"a difference was answered {outcome.decode()}")
            if then is not None:
                then(visit)

        self.customers.send_payment(visit, payment_id, due_minor, paid)

    def _twice(self, visit: int) -> None:
        """Once more, when it is done: there is no window from there."""
        self._converted_to(visit, self.goal(visit), b"V", lambda visit: self._in_vain(visit, "no_conversion"))

    def _and_back(self, visit: int) -> None:
        """It was a mistake: back, at the price of before; and then there again, once too often."""
        self._converted_to(visit, self.goal(visit), b"V", self._back)

    def _back(self, visit: int) -> None:
        goal = self.goal(visit)
        offer = self.customers.population.offers[self.customers.population.trims[visit]]
        fields = requests.fields_of({"model": offer.model, "trim": offer.trim})
        facts = (
            b'"price_minor":%d,' % offer.price_minor,
            b'"price_before_minor":%d,' % goal.price_minor,
            b'"due_minor":0,',
            b'"refund_minor":%d,' % goal.due_minor,
            b'"reverts":true,',
        )
        was = Goal(offer.model, offer.trim, offer.price_minor, 0, fields, facts)
        self._converted_to(visit, was, b"W", lambda visit: self._in_vain(visit, "already_converted"))

    # In vain

    def _in_vain(self, visit: int, code: str, facts: tuple[bytes, ...] = ()) -> None:
        body = b"{%s}" % self.goal(visit).fields[:-1]
        self.acting.send(self.acting.expecting(code, facts), visit, b"convert", b"Y", body)

    def _anothers(self, visit: int) -> None:
        """Somebody else's order."""
        others = self.days.base[-1].order_id
        body = b"{%s}" % self.goal(visit).fields[:-1]
        token, key = self.customers.token(visit), self.acting.key(b"Y", visit)
        request = requests.act(token, others, b"convert", key, body)
        self.acting.outbox.send(self.acting.expecting("no_such_order"), visit, request)

    def _too_late(self, visit: int) -> None:
        self._in_vain(visit, "conversion_closed", (self._closed_at(visit),))

    def _closed_at(self, visit: int) -> bytes:
        goal = self.goal(visit)
        base = self.days.holders.get(visit)
        ordered = self.customers.population.offers[self.customers.population.trims[visit]].model
        from_model = ordered if base is None else base.model
        window = next(
            window
            for window in self.launch.conversions
            if goal.model in window.to_models and from_model in window.from_models
        )
        return b'"closed_at":"%s"' % rfc3339(window.closes_at_ms, self.launch.time_zone).encode()

    def _only_ask(self, visit: int) -> None:
        """The first step, while the window is open."""
        goal = self.goal(visit)
        self.acting.ask(visit, b"convert", b"V", goal.fields, goal.facts, self._quotes.__setitem__)

    def confirm_too_late(self) -> None:
        """The second step of whoever had the first in time, when the window is closed."""
        for visit, confirmation in self._quotes.items():
            body = requests.confirmed(confirmation, self.goal(visit).fields)
            handle = self.acting.expecting("conversion_closed", (self._closed_at(visit),))
            self.acting.send(handle, visit, b"convert", b"V", body)
        self._quotes.clear()

    # Afterwards

    def look_at_histories(self) -> None:
        """Some of those who have another model now look at what happened to their order."""
        for act, visit, _ in self.days:
            base = visit in self.days.holders and self.customers.population.kinds[visit] == Kind.AFTER_THE_HOUR
            if act is Act.CONVERTS and base and visit % _LOOKS_FIRST == 0:
                request = requests.history(self.customers.token(visit), self.acting.order_id(visit))
                self.acting.outbox.send(self._history, visit, request)

    def _history(self, visit: int, status: int, raw: bytes) -> None:
        self.acting.has(visit, raw, (b'"what":"imported"', b'"what":"converted"'))
