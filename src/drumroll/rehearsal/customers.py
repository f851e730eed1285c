"""The simulated customers: how each kind orders, pays, misbehaves, and what they expect to be told.

Every answer is held against what the kind expects; what differs is counted in ``Tallies.surprises`` and is a no-go.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

from drumroll.domain.launch import Launch
from drumroll.rehearsal import requests
from drumroll.rehearsal.answers import code_of, days_of, number_of, outcome_of
from drumroll.rehearsal.books import Taken
from drumroll.rehearsal.outbox import Handler, Outbox
from drumroll.rehearsal.population import EARLY_S, Kind, Population
from drumroll.rehearsal.quotes import EVERY, Quotes
from drumroll.rehearsal.tallies import Tallies
from drumroll.rehearsal.timeline import Timeline

BY_THE_RULES = frozenset(("sold_out", "closed"))
"""Refusals that any order may meet in a launch with caps or a closing time."""

LOOKED_AT_AFTER_CRASH = 20

_ORDERED = {
    Kind.IMPATIENT: "_again_with_the_same_key",
    Kind.KEY_REUSED: "_again_with_another_body",
    Kind.WRONG_AMOUNT: "_will_pay_wrongly",
    Kind.UNKNOWN_ORDER: "_pay_for_nothing",
    Kind.FORGED_WEBHOOK: "_forge",
    Kind.STRANGER: "_look_at_a_strangers",
    Kind.ONE_TOO_MANY: "_one_more",
    Kind.LATE_TOO_MANY: "_is_late",
    Kind.FOLLOWER: "_follow",
    Kind.ABANDONED: "_forget",
    Kind.CANCELS_RESERVED: "_will_cancel",
    Kind.PAID_AFTER_CANCEL: "_will_cancel",
}
_PAID = {
    Kind.REPEATED_WEBHOOK: "_pay_again",
    Kind.SECOND_DEPOSIT: "_pay_a_second_time",
    Kind.ONLOOKER: "_look",
    Kind.CANCELS_FIRM: "_will_cancel_later",
}


class Customers:
    """All customers: a step is something that a visit does; a handler takes the answer to it."""

    def __init__(
        self,
        population: Population,
        launch: Launch,
        seed: int,
        provider: requests.Provider,
        outbox: Outbox,
        timeline: Timeline,
    ) -> None:
        self.population = population
        self.tokens: list[bytes] = []
        self.timeline = timeline
        self.tallies = Tallies()
        self.told: list[bytes] = []
        self.taken: dict[bytes, Taken] = {}
        self.order_ids: list[bytes | None] = [None] * len(population)
        self.firm = bytearray(len(population))
        self.recent: deque[int] = deque(maxlen=LOOKED_AT_AFTER_CRASH)
        self.lasting = b""
        self.key = b"s%d-" % seed
        models = {model.id: launch.deposit_of(model) for model in launch.models}
        self._deposits = [models[offer.model] for offer in population.offers]
        self.currency = launch.currency.encode()
        self._limit = launch.orders_per_customer
        self.provider = provider
        self.outbox = outbox
        self._kinds = population.kinds
        self._of_group: Counter[int] = Counter()
        self._late_of: dict[int, int] = {}
        offers = population.offers
        self._tails = [requests.order_tail(offer.model, offer.trim) for offer in offers]
        self._other_tails = self._tails[1:] + self._tails[:1]
        if len(offers) == 1:
            self._other_tails = [requests.order_tail(offers[0].model, "another")]
        self._prices = [b'"price_minor":%d,' % offer.price_minor for offer in offers]
        self._offers = [
            b"%s\t%s\t%d" % (offer.model.encode(), offer.trim.encode(), offer.price_minor) for offer in offers
        ]
        self.quotes = Quotes(offers, population.trims, outbox, self.tallies)
        self._after_order = self._by_kind(_ORDERED)
        self._after_payment = self._by_kind(_PAID)

    def _by_kind(self, names: dict[Kind, str]) -> list[Callable[[int], None] | None]:
        return [getattr(self, names[kind]) if kind in names else None for kind in Kind]

    def arrive(self) -> None:
        """Put every visit's first step on the timeline."""
        population, at = self.population, self.timeline.at
        early_s = max(EARLY_S, int(self.timeline.rate))  # a second of the wall's at least, if time flies
        for visit, kind in enumerate(population.kinds):
            if kind == Kind.AFTER_THE_HOUR:
                continue
            looks = kind == Kind.ORDINARY and visit % EVERY == 0
            first = self._look_first if looks else self._double if kind == Kind.DOUBLE_CLICK else self.order
            at(population.order_s[visit], first, visit)
            if kind == Kind.EARLY:
                at(-early_s, self._early, visit)
            elif kind == Kind.UNKNOWN_TRIM:
                at(population.order_s[visit], self._unknown_trim, visit)

    # Ordering

    def order(self, visit: int) -> None:
        """Order, with the visit's own key."""
        population = self.population
        token = self.tokens[population.customers[visit]]
        tail = self._tails[population.trims[visit]]
        self.outbox.send(self._ordered, visit, requests.order(token, b"%s%d" % (self.key, visit), tail))

    def _ordered(self, visit: int, status: int, raw: bytes) -> None:
        if status != 201:
            self._refused(visit, status, raw)
            return
        at = raw.find(b'"id":"') + 6
        order_id = raw[at : raw.find(b'"', at)]
        known = self.order_ids[visit]
        if known is not None:
            self._ordered_again(visit, order_id == known)
            return
        self.order_ids[visit] = order_id
        trim = self.population.trims[visit]
        customer = self.population.customers[visit]
        days = days_of(raw)
        words = (order_id, customer, self._offers[trim], self.key, visit, days)
        self.told.append(b"order\t%s\tc%d\t%s\t%s%d\t%s" % words)
        self.quotes.compare(visit, days, raw)
        self.recent.append(visit)
        self.tallies.acknowledged += 1
        if self._prices[trim] not in raw:
            self.tallies.surprises["an order was acknowledged at another price than the launch's"] += 1
        after = self._after_order[self._kinds[visit]]
        if after is not None:
            after(visit)
        else:
            self.timeline.at(self.population.pay_s[visit], self.pay, visit)

    def _ordered_again(self, visit: int, same: bool) -> None:
        kind = Kind(self._kinds[visit])
        if kind in (Kind.DOUBLE_CLICK, Kind.IMPATIENT):
            self.tallies.answers[kind, "the same order" if same else "another order"] += 1
        if not same:
            self.tallies.surprises["one key was answered with two orders"] += 1

    def _refused(self, visit: int, status: int, raw: bytes) -> None:
        code = code_of(status, raw)
        self.tallies.refusals[code] += 1
        if code not in BY_THE_RULES:
            self.tallies.surprises[f"an order was refused: {code}"] += 1

    def _look_first(self, visit: int) -> None:
        self.quotes.ask(visit, self.order)

    def _double(self, visit: int) -> None:
        self.order(visit)
        self.order(visit)

    def _early(self, visit: int) -> None:
        self._other_order(visit, b"early", self._tails, "not_open_yet")

    def _unknown_trim(self, visit: int) -> None:
        model = self.population.offers[self.population.trims[visit]].model
        request = requests.order(
            self.token(visit), b"%su%d" % (self.key, visit), requests.order_tail(model, "no-such-trim")
        )
        self.outbox.send(self._expecting("unknown_trim"), visit, request)

    def _again_with_another_body(self, visit: int) -> None:
        self._will_pay(visit)
        tail = self._other_tails[self.population.trims[visit]]
        request = requests.order(self.token(visit), b"%s%d" % (self.key, visit), tail)
        self.outbox.send(self._expecting("idempotency_key_reused"), visit, request)

    def _again_with_the_same_key(self, visit: int) -> None:
        self._will_pay(visit)
        self.order(visit)

    def _one_more(self, visit: int) -> None:
        """When as many orders stand as a customer may hold, try one more."""
        self._will_pay(visit)
        if self._group_is_whole(visit):
            self._other_order(visit, b"more", self._tails, "too_many_orders")

    def _other_order(self, visit: int, prefix: bytes, tails: list[bytes], code: str) -> None:
        key = b"%s%s%d" % (self.key, prefix, visit)
        request = requests.order(self.token(visit), key, tails[self.population.trims[visit]])
        self.outbox.send(self._expecting(code), visit, request)

    def _look_at_a_strangers(self, visit: int) -> None:
        self._will_pay(visit)
        if self.lasting:
            self.outbox.send(self._expecting("no_such_order"), visit, requests.look(self.token(visit), self.lasting))

    def _forget(self, visit: int) -> None:
        """Ordered, and never seen again."""

    def _is_late(self, visit: int) -> None:
        """Leave it until it has run out; the deposit comes when the customer holds all that they may."""
        self._late_of[self.population.customers[visit]] = visit

    # Paying

    def pay(self, visit: int) -> None:
        """The provider says that the deposit has arrived."""
        self.send_payment(visit, b"p%d" % visit, self.deposit_of(visit), self._paid)

    def send_payment(self, visit: int, payment_id: bytes, amount_minor: int, handler: Handler) -> None:
        """The provider says that this much has arrived for the visit's order."""
        order_id = self.order_ids[visit] or b""
        now_s = self.timeline.now_ms() // 1000
        self.outbox.send(handler, visit, self.provider.webhook(payment_id, order_id, amount_minor, now_s))

    def _paid(self, visit: int, status: int, raw: bytes) -> None:
        outcome = outcome_of(status, raw)
        self.tell_payment(visit, b"p%d" % visit, self.deposit_of(visit), outcome)
        kind = self._kinds[visit]
        if outcome == b"firm" or (outcome == b"already_counted" and visit in self.outbox.unsure):
            self.tallies.firm += 1
            self.firm[visit] = 1
            self.lasting = self.order_ids[visit] or b""
            after = self._after_payment[kind]
            if after is not None:
                after(visit)
        elif kind != Kind.LATE:
            self.tallies.surprises[f"a deposit was answered: {outcome.decode()}"] += 1
        if kind == Kind.LATE:
            self.tallies.answers[Kind.LATE, outcome.decode()] += 1

    def deposit_of(self, visit: int) -> int:
        """The deposit of what a visit orders, in minor units."""
        return self._deposits[self.population.trims[visit]]

    def tell_payment(
        self, visit: int, payment_id: bytes, amount_minor: int, outcome: bytes, order_id: bytes | None = None
    ) -> None:
        """Note what the webhook of a payment was answered with, and the payment in the provider's own statement."""
        order_id = order_id or self.order_ids[visit] or b""
        self.told.append(b"\t".join((b"payment", payment_id, order_id, b"%d" % amount_minor, self.currency, outcome)))
        if payment_id not in self.taken:
            self.taken[payment_id] = (payment_id, order_id, amount_minor, self.currency, self.timeline.now_ms())

    def _will_pay(self, visit: int) -> None:
        self.timeline.at(self.population.pay_s[visit], self.pay, visit)

    def _owed_back(self, payment_id: bytes, amount_minor: int, order_id: bytes | None = None) -> Handler:
        """A handler for money that no order can use."""

        def handle(visit: int, status: int, raw: bytes) -> None:
            outcome = outcome_of(status, raw)
            self.tell_payment(visit, payment_id, amount_minor, outcome, order_id)
            kind = Kind(self._kinds[visit])
            self.tallies.answers[kind, outcome.decode()] += 1
            if outcome != b"owed_back" and not (outcome == b"already_counted" and visit in self.outbox.unsure):
                self.tallies.surprises[f"{kind.name.lower()}: a payment was answered {outcome.decode()}"] += 1

        return handle

    def _pay_again(self, visit: int) -> None:
        """The same webhook, a second time."""
        self.send_payment(visit, b"p%d" % visit, self.deposit_of(visit), self._paid_again)

    def _paid_again(self, visit: int, status: int, raw: bytes) -> None:
        outcome = outcome_of(status, raw)
        self.tell_payment(visit, b"p%d" % visit, self.deposit_of(visit), outcome)
        self.tallies.answers[Kind.REPEATED_WEBHOOK, outcome.decode()] += 1
        if outcome != b"already_counted":
            self.tallies.surprises[f"a repeated webhook was answered: {outcome.decode()}"] += 1

    def _pay_a_second_time(self, visit: int) -> None:
        payment_id = b"p%d-second" % visit
        self.send_payment(
            visit, payment_id, self.deposit_of(visit), self._owed_back(payment_id, self.deposit_of(visit))
        )

    def _will_pay_wrongly(self, visit: int) -> None:
        self.timeline.at(self.population.pay_s[visit], self._pay_too_little, visit)

    def _pay_too_little(self, visit: int) -> None:
        payment_id, amount_minor = b"p%d-short" % visit, self.deposit_of(visit) - 1
        tell = self._owed_back(payment_id, amount_minor)

        def handle(same: int, status: int, raw: bytes) -> None:
            tell(same, status, raw)
            self.pay(same)

        self.send_payment(visit, payment_id, amount_minor, handle)

    def _pay_for_nothing(self, visit: int) -> None:
        """A payment for an order that nobody made."""
        self._will_pay(visit)
        payment_id, order_id = b"p%d-unknown" % visit, b"nobody-%d" % visit
        now_s = self.timeline.now_ms() // 1000
        request = self.provider.webhook(payment_id, order_id, self.deposit_of(visit), now_s)
        self.outbox.send(self._owed_back(payment_id, self.deposit_of(visit), order_id), visit, request)

    def _forge(self, visit: int) -> None:
        """Somebody else says that it was paid."""
        self._will_pay(visit)
        now_s = self.timeline.now_ms() // 1000
        order_id = self.order_ids[visit] or b""
        request = self.provider.forged(b"p%d" % visit, order_id, self.deposit_of(visit), now_s)
        self.outbox.send(self._expecting("webhook_signature"), visit, request)

    def _follow(self, visit: int) -> None:
        """When all that may be held is held, the deposit for the order that ran out comes in after all."""
        self._will_pay(visit)
        late = self._late_of.get(self.population.customers[visit])
        if late is not None and self._group_is_whole(visit):
            payment_id = b"p%d" % late
            deposit_minor = self.deposit_of(late)
            self.send_payment(late, payment_id, deposit_minor, self._owed_back(payment_id, deposit_minor))

    def _group_is_whole(self, visit: int) -> bool:
        customer = self.population.customers[visit]
        self._of_group[customer] += 1
        return self._of_group[customer] == self._limit

    # Looking and taking back

    def _look(self, visit: int) -> None:
        order_id = self.order_ids[visit] or b""
        self.outbox.send(self._looked, visit, requests.look(self.token(visit), order_id))

    def _looked(self, visit: int, status: int, raw: bytes) -> None:
        good = status == 200 and b'"state":"firm"' in raw
        self.tallies.answers[Kind.ONLOOKER, "firm" if good else code_of(status, raw)] += 1
        if not good:
            self.tallies.surprises["a paid order was not shown as firm"] += 1

    def _will_cancel(self, visit: int) -> None:
        self.timeline.at(self.population.pay_s[visit], self._cancel, visit)

    def _will_cancel_later(self, visit: int) -> None:
        self.timeline.at(self.population.later_s[visit], self._cancel, visit)

    def _cancel(self, visit: int) -> None:
        order_id = self.order_ids[visit] or b""
        request = requests.cancel(self.token(visit), order_id, b"%sx%d" % (self.key, visit))
        self.outbox.send(self._cancelled, visit, request)

    def _cancelled(self, visit: int, status: int, raw: bytes) -> None:
        kind = Kind(self._kinds[visit])
        if status != 200:
            code = code_of(status, raw)
            self.tallies.refusals[code] += 1
            self.tallies.surprises[f"a cancellation was refused: {code}"] += 1
            return
        refund_minor = number_of(raw, b"refund_minor")
        self.told.append(b"cancelled\t%s\t%d" % (self.order_ids[visit] or b"", refund_minor))
        self.tallies.answers[kind, "cancelled, refund owed" if refund_minor else "cancelled"] += 1
        if refund_minor != (self.deposit_of(visit) if kind == Kind.CANCELS_FIRM else 0):
            self.tallies.surprises["a cancellation promised another refund than what was paid"] += 1
        if kind == Kind.PAID_AFTER_CANCEL:
            payment_id = b"p%d" % visit
            self.send_payment(
                visit, payment_id, self.deposit_of(visit), self._owed_back(payment_id, self.deposit_of(visit))
            )

    def make_room(self) -> None:
        """For visits that were added to the population."""
        more = len(self.population) - len(self.order_ids)
        self.order_ids += [None] * more
        self.firm += bytes(more)

    # What is expected

    def token(self, visit: int) -> bytes:
        """The session of the visit's customer."""
        return self.tokens[self.population.customers[visit]]

    def _expecting(self, expected: str) -> Handler:
        """A handler for a refusal that has to come."""

        def handle(visit: int, status: int, raw: bytes) -> None:
            code = code_of(status, raw)
            kind = Kind(self._kinds[visit])
            self.tallies.refusals[code] += 1
            self.tallies.answers[kind, code] += 1
            if code != expected:
                self.tallies.surprises[f"{kind.name.lower()}: {code} where {expected} was due"] += 1

        return handle
