"""Orders on their customer's pages: pure, from the book and from what the API says of an order."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from drumroll.domain.book import Book, Entry, Order
from drumroll.domain.launch import Launch
from drumroll.domain.states import BUILT, DELIVERED, EXPIRED, FIRM, GONE, IN_PRODUCTION, RESERVED, State
from drumroll.web.messages import OrderView
from drumroll.web.messages_orders import HistoryEvent
from drumroll.web.pages.order_history import owed_because
from drumroll.web.pages.windows import Window, name_of, region_name, window_of
from drumroll.web.promises import delivery_of
from drumroll.words.catalog import Words
from drumroll.words.problem_words import worded

_MEANS = {
    "locked": worded("It is locked and waits for its week in production."),
    "scheduled": worded("It is locked and has its place in production."),
    "in_production": worded("It is being built."),
    "built": worded("It is built and waits for its journey to you."),
    "in_transit": worded("It is on its way to you."),
    "expired": worded("The deposit did not come in time, so the place was given free. You can order again."),
    "cancelled": worded("It is cancelled."),
    "forfeited": worded("It was cancelled after its lock."),
}
_STEPS = (
    worded("Ordered"),
    worded("Deposit paid"),
    worded("Locked"),
    worded("Scheduled"),
    worded("Built"),
    worded("On its way"),
    worded("Delivered"),
)
_RANK = {"reserved": 0, "firm": 1, "locked": 2, "scheduled": 3, "in_production": 4, "built": 4}
_RANK |= {"in_transit": 5, "delivered": 6}
_BADGES = {"reserved": "is-warn", "expired": "", "cancelled": "", "forfeited": ""}


class Card(msgspec.Struct, frozen=True):
    """An order in the list of all: its state, what that means, when it comes."""

    id: str
    name: str
    state: str
    badge: str
    means: str
    days: str
    to_pay: str


class Waits(msgspec.Struct, frozen=True):
    """A place in the waiting list."""

    id: str
    name: str
    state: str
    text: str
    since: str


class Step(msgspec.Struct, frozen=True):
    """One step of an order's life: ``at`` is a day, or empty. ``how``: it was, is, or will be."""

    name: str
    at: str
    how: Literal["was", "is", "will"]


class Promised(msgspec.Struct, frozen=True):
    """What was promised, what holds now, and why that is something else."""

    then: str
    now: Window
    moved: str
    later: bool
    reason: str
    pinned: bool


class Amount(msgspec.Struct, frozen=True):
    """Money of an order: what it is, how much, what is to be said of it."""

    name: str
    amount: str
    text: str = ""


def state_of(order: Order, now_ms: int) -> State:
    """Its state at this moment, whether or not the desk has noted it yet."""
    ran_out = order.state is RESERVED and now_ms >= order.expires_at_ms
    return EXPIRED if ran_out else order.state_at(now_ms)


def badge_of(state: State) -> str:
    """The class of its badge."""
    return _BADGES.get(state.value, "is-good")


def state_name(state: State, words: Words) -> str:
    """The state as a label."""
    return words.state(state.value).capitalize()


def card_of(book: Book, order: Order, now_ms: int, words: Words) -> Card:
    """An order in the list of all."""
    launch, state = launch_of(book), state_of(order, now_ms)
    awaited_minor = awaited_of(order, state)
    promise = delivery_of(book, order.offer.model, order.promise, now_ms)
    shown = window_of(launch, promise, words) if state not in GONE and state is not DELIVERED else None
    return Card(
        id=order.id,
        name=name_of(launch, order.offer.model, order.offer.trim, words),
        state=state_name(state, words),
        badge=badge_of(state),
        means=means(book, order, now_ms, words),
        days=shown.days if shown else "",
        to_pay=words.money(awaited_minor, launch.currency) if awaited_minor else "",
    )


def waits_of(book: Book, entry: Entry, words: Words) -> Waits:
    """A place in the waiting list."""
    launch = launch_of(book)
    return Waits(
        id=entry.order_id,
        name=name_of(launch, entry.model, entry.trim, words),
        state=words.state(entry.state).capitalize(),
        text=words.say(
            "You are number %(position)s in the waiting list.", position=words.number(place_of(book, entry))
        ),
        since=words.moment(entry.joined_at_ms, launch.time_zone),
    )


def place_of(book: Book, entry: Entry) -> int:
    """Which one it is of those who wait."""
    return book.position(entry) or 0


def launch_of(book: Book) -> Launch:
    """The launch that is on."""
    assert book.launch is not None
    return book.launch


def awaited_of(order: Order, state: State) -> int:
    """The money that is awaited for it now."""
    if state is RESERVED:
        return order.offer.deposit_minor
    return order.due_minor if state not in GONE else 0


def means(book: Book, order: Order, now_ms: int, words: Words) -> str:
    """The state of an order as a sentence: what it is, and what comes next."""
    state, zone = state_of(order, now_ms), launch_of(book).time_zone
    if state is RESERVED:
        until, deposit = (
            words.moment(order.expires_at_ms, zone),
            words.money(order.offer.deposit_minor, order.offer.currency),
        )
        if order.id in book.entries:
            return words.say(
                "A place became free: pay %(deposit)s until %(until)s, or it goes on.", deposit=deposit, until=until
            )
        return words.say("Your place is held: pay %(deposit)s until %(until)s.", deposit=deposit, until=until)
    if state is FIRM:
        return _means_firm(order, zone, words)
    if state is DELIVERED:
        day = "" if order.ended_at_ms is None else words.moment(order.ended_at_ms, zone, "day")
        return words.say("It was delivered on %(day)s.", day=day) if day else words.say("It was delivered.")
    return words.say(_MEANS[state.value])


def _means_firm(order: Order, zone: str, words: Words) -> str:
    held = words.money(order.held_minor, order.offer.currency)
    if order.locks_at_ms is None:
        return words.say(
            "Your deposit is paid. You can change or cancel the order, and have %(held)s back, until you lock it "
            "yourself.",
            held=held,
        )
    until = words.moment(order.locks_at_ms, zone)
    return words.say(
        "Your deposit is paid. You can change or cancel the order, and have %(held)s back, until %(until)s; then it "
        "locks.",
        held=held,
        until=until,
    )


def refundable_text(order: Order, words: Words) -> str:
    """Until when a deposit that is asked for can be had back."""
    if order.offer.cooling_off_ms is None:
        return words.say("Refundable in full until you lock the order.")
    if not order.offer.cooling_off_ms:
        return words.say("Not refundable: the order locks as soon as it is paid.")
    return words.say(
        "Refundable in full for %(span)s after you paid it.", span=words.span(order.offer.cooling_off_ms / 1000)
    )


def steps_of(launch: Launch, order: Order, events: list[HistoryEvent], now_ms: int, words: Words) -> list[Step]:
    """The line of an order's life: what was, where it is, what is to come."""
    state, days = state_of(order, now_ms), _days_of(launch, order, events, words)
    if state in GONE:
        gone = [Step(words.say(_STEPS[rank]), day, "was") for rank, day in sorted(days.items())]
        ended = "" if order.ended_at_ms is None else words.moment(order.ended_at_ms, launch.time_zone, "day")
        return [*gone, Step(state_name(state, words), ended, "is")]
    here = _RANK[state.value]
    steps = []
    for rank, name in enumerate(_STEPS):
        building = rank == _RANK[BUILT] and state is IN_PRODUCTION
        text = state_name(state, words) if building else words.say(name)
        how: Literal["was", "is", "will"] = "was" if rank < here else "is" if rank == here else "will"
        steps.append(Step(text, days.get(rank, "") if rank <= here else "", how))
    return steps


def _days_of(launch: Launch, order: Order, events: list[HistoryEvent], words: Words) -> dict[int, str]:
    """When each step that still counts was reached: what was undone or set back is not."""
    at: dict[int, str] = {}
    for event in events:
        reached = str(event.facts["state"]) if event.what == "converted" else event.what
        rank = 1 if event.what == "lock_undone" else _RANK.get(reached, len(_STEPS))
        at = {step: text for step, text in at.items() if step <= rank}
        if event.what in _RANK:
            at[rank] = event.at
    days = {rank: words.day(date.fromisoformat(text[:10])) for rank, text in at.items()}
    days[0] = words.moment(order.reserved_at_ms, launch.time_zone, "day")
    if order.firm_at_ms is not None:
        days[1] = words.moment(order.firm_at_ms, launch.time_zone, "day")
    return days


def promised_of(launch: Launch, view: OrderView, events: list[HistoryEvent], words: Words) -> Promised | None:
    """What was promised, what holds now, and the reason that an operator gave; ``None``: nothing is promised."""
    told = view.promise
    if told is None or view.state == DELIVERED:
        return None
    then, now = window_of(launch, told.promised, words), window_of(launch, told.now, words)
    assert then is not None
    assert now is not None
    if told.now.weeks[0] < 1:
        now = msgspec.structs.replace(now, weeks="")
    moved = told.moved is not None
    planned = [event for event in events if event.what in ("planned", "pinned")]
    reason = planned[-1].reason or "" if planned and (moved or told.pinned) else ""
    return Promised(then.days, now, _moved(told.moved, told.weeks, words), told.moved == "later", reason, told.pinned)


def was_promised(launch: Launch, view: OrderView, words: Words) -> str:
    """What a delivered order had been promised; empty for all others."""
    told = view.promise if view.state == DELIVERED else None
    then = window_of(launch, told.promised, words) if told is not None else None
    return then.days if then is not None else ""


def _moved(moved: str | None, weeks: int, words: Words) -> str:
    if moved is None:
        return ""
    if moved == "later":
        return words.say_n("%(num)s week later than promised", "%(num)s weeks later than promised", weeks)
    return words.say_n("%(num)s week earlier than promised", "%(num)s weeks earlier than promised", weeks)


def unpromised_text(view: OrderView, words: Words) -> str:
    """What is said where nothing is promised; empty where something is, or nothing ever is."""
    return words.say("No delivery could be promised for it; it has no week yet.") if view.unpromised else ""


def place_text(view: OrderView, words: Words) -> str:
    """Its place in the queue; empty where it has none and will have none."""
    if view.queue is not None:
        place, length = words.number(view.queue.place), words.number(view.queue.of)
        return words.say("Number %(place)s of %(length)s", place=place, length=length)
    if view.place_at_most is not None:
        most = words.number(view.place_at_most)
        return words.say("It gets its place when it locks: number %(place)s at most, as things stand", place=most)
    return ""


def money_of(launch: Launch, view: OrderView, words: Words) -> list[Amount]:
    """Price, deposit, and where the money is."""

    def money(minor: int) -> str:
        return words.money(minor, view.currency)

    found = [
        Amount(words.say("Price"), money(view.price_minor)),
        Amount(words.say("Deposit"), money(view.deposit_minor)),
    ]
    if view.held_minor:
        found.append(Amount(words.say("Paid so far"), money(view.held_minor), words.say("it counts towards the price")))
    if view.due_minor:
        found.append(Amount(words.say("Still to be paid of the deposit"), money(view.due_minor)))
    if view.forfeited_minor:
        found.append(Amount(words.say("Given up"), money(view.forfeited_minor)))
    for refund in view.refunds:
        name = words.say("Refund, not paid yet") if refund.paid_at is None else words.say("Refund, paid")
        at = words.rfc3339(refund.paid_at or refund.owed_at, launch.time_zone)
        found.append(
            Amount(
                name,
                money(refund.amount_minor),
                words.say("%(because)s; %(at)s", because=owed_because(refund.reason, words), at=at),
            )
        )
    return found


def region_of(launch: Launch, order: Order, words: Words) -> str:
    """Where it is delivered to."""
    return region_name(launch, order.offer.region, words)
