"""The waiting list: in order of arrival, a freed place is offered for a limited time, then to the next."""

from __future__ import annotations

from collections.abc import Iterator

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.availability import Trial
from drumroll.domain.book import Book, Entry, OnOffer
from drumroll.domain.configuration import Configured, configure
from drumroll.domain.decided import Decision, unknown
from drumroll.domain.launch import Launch
from drumroll.domain.places import ORDERS_EVER_A_CUSTOMER, no_place, not_on_sale, room, too_many
from drumroll.domain.promise import Promise
from drumroll.domain.refusal import Code, Refusal
from drumroll.domain.regions import region_of


def join(book: Book, command: cmd.JoinWaiting, at_ms: int) -> Decision:
    """Somebody wants to wait: only where there is no place now."""
    launch = book.launch
    assert launch is not None
    wanted = book.on_offer.get((command.model, command.trim))
    if wanted is None:
        return unknown(launch, command.model, command.trim)
    if launch.waiting_offer_s is None:
        return Refusal(Code.NO_WAITING_LIST, f"{launch.name} has no waiting list.")
    configured = configure(wanted.model, wanted.trim, command.options)
    region = region_of(launch, command.region)
    refusal = not_on_sale(book, launch, wanted.model, at_ms) or _may_not_wait(book, launch, command.customer)
    for refused in (refusal, configured, region):
        if isinstance(refused, Refusal):
            return refused
    assert isinstance(configured, Configured)
    assert isinstance(region, str)
    if no_place(book, launch, wanted.model, wanted.trim) is None:
        name = f"{wanted.model.name} {wanted.trim.name}"
        return Refusal(Code.NOT_SOLD_OUT, f"{name} is not sold out: order it.")
    return (
        ev.WaitingJoined(
            command.order_id,
            command.customer,
            command.model,
            command.trim,
            configured.options,
            region,
            command.key,
            command.fingerprint,
        ),
    )


def _may_not_wait(book: Book, launch: Launch, customer: str) -> Refusal | None:
    if book.joined_ever.get(customer, 0) < ORDERS_EVER_A_CUSTOMER:
        return too_many(book, launch, customer)
    limit = ORDERS_EVER_A_CUSTOMER
    return Refusal(Code.TOO_MANY_ORDERS, f"A customer may join {limit} times in all.", {"limit": limit})


def leave(book: Book, command: cmd.LeaveWaiting, at_ms: int) -> Decision:
    """Somebody waits no more."""
    entry = book.entries.get(command.order_id)
    if entry is None or entry.customer != command.customer:
        code = Code.NO_SUCH_ORDER if entry is None else Code.NOT_YOURS
        return Refusal(code, f"Nobody waits as {command.order_id}.")
    if entry.state != "waiting":
        why = (
            "its place was offered: it is an order now, cancel that" if entry.state == "offered" else "it left already"
        )
        return Refusal(Code.WRONG_STATE, f"{entry.order_id} does not wait: {why}.", {"state": entry.state})
    return (ev.WaitingLeft(entry.order_id, command.key, command.fingerprint),)


def offer_places(book: Book, command: cmd.OfferPlaces, at_ms: int) -> Decision:
    """Offer free places to those who came first among all that could take one."""
    launch = book.launch
    if not book.waiting or launch is None:
        return ()
    if launch.waiting_offer_s is None:  # a changed launch file has no waiting list: nobody is to wait in vain
        everybody = sorted((entry for line in book.waiting.values() for entry in line.values()), key=_number)
        return tuple(ev.WaitingLeft(entry.order_id) for entry in everybody[: command.limit])
    if book.availability is None:
        return _Offering(book, launch, at_ms, None).events(command.limit)
    with Trial(book.availability, at_ms) as trial:
        return _Offering(book, launch, at_ms, trial).events(command.limit)


class _Offering:
    """One round of offers: counts what it gives away, since nothing is folded while it decides."""

    def __init__(self, book: Book, launch: Launch, at_ms: int, trial: Trial | None) -> None:
        self.book = book
        self.trial = trial
        self.launch = launch
        self.taken: dict[str, int] = {}
        self.given: dict[str, int] = {}
        self.lines: dict[tuple[str, str], Iterator[Entry]] = {}
        self.heads: dict[tuple[str, str], Entry] = {}
        for of, line in book.waiting.items():
            on_offer = book.on_offer.get(of)
            if on_offer is None or not_on_sale(book, launch, on_offer.model, at_ms) is None:
                self.lines[of] = iter(line.values())
                self._next(of)

    def events(self, limit: int) -> tuple[ev.Event, ...]:
        events: list[ev.Event] = []
        while len(events) < limit:
            first = min((entry for of, entry in self.heads.items() if self._free(of)), key=_number, default=None)
            if first is None:
                break
            events.append(self._offer(first))
            self._next((first.model, first.trim))
        return tuple(events)

    def _next(self, of: tuple[str, str]) -> None:
        entry = next(self.lines[of], None)
        if entry is None:
            self.heads.pop(of, None)
        else:
            self.heads[of] = entry

    def _free(self, of: tuple[str, str]) -> bool:
        """Whether the first of this line can be dealt with: a place is free, or there will never be one."""
        on_offer = self.book.on_offer.get(of)
        return on_offer is None or room(self.book, self.launch, on_offer.model, on_offer.trim, self.taken)

    def _offer(self, entry: Entry) -> ev.Event:
        on_offer = self.book.on_offer.get((entry.model, entry.trim))
        configured = self._configured(entry, on_offer)
        if on_offer is None or configured is None or self._holds_enough(entry.customer):
            return ev.WaitingLeft(entry.order_id)
        for level in ("", entry.model, f"{entry.model}/{entry.trim}"):
            self.taken[level] = self.taken.get(level, 0) + 1
        self.given[entry.customer] = self.given.get(entry.customer, 0) + 1
        assert self.launch.waiting_offer_s is not None
        return ev.PlaceOffered(
            entry.order_id,
            configured.price_minor,
            on_offer.deposit_minor,
            self.launch.waiting_offer_s,
            self.launch.cooling_off_s,
            self._promise(entry),
        )

    def _promise(self, entry: Entry) -> Promise | None:
        availability = self.book.availability
        if self.trial is None or availability is None:
            return None
        kind = availability.kind(entry.model, entry.trim, entry.options)
        return self.trial.take(kind, availability.lead(entry.region))

    def _configured(self, entry: Entry, on_offer: OnOffer | None) -> Configured | None:
        """What was waited for, at today's price; ``None`` if a changed launch file no longer has it."""
        if on_offer is None:
            return None
        configured = configure(on_offer.model, on_offer.trim, entry.options)
        same = isinstance(configured, Configured) and configured.options == entry.options
        return configured if isinstance(configured, Configured) and same else None

    def _holds_enough(self, customer: str) -> bool:
        held = sum(order.live for order in self.book.customers.get(customer, ())) + self.given.get(customer, 0)
        return held >= self.launch.orders_per_customer


def _number(entry: Entry) -> int:
    return entry.number
