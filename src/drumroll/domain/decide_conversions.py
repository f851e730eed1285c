"""Changing an order to another model, through a window of the launch: one order before, the same order after."""

from __future__ import annotations

from typing import Any

import msgspec

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.book import Book, Converted, OnOffer, Order
from drumroll.domain.configuration import Configured, configure
from drumroll.domain.confirm import unconfirmed
from drumroll.domain.decided import Decision, own_order, settled, state_refusal, unknown
from drumroll.domain.launch import Conversion, Launch
from drumroll.domain.money import format_minor
from drumroll.domain.places import no_place, paused
from drumroll.domain.promise import Promise
from drumroll.domain.promising import delivery_facts, last_week, promised_instead
from drumroll.domain.queue import lock_time_of
from drumroll.domain.refusal import Code, Refusal
from drumroll.domain.regions import region_of
from drumroll.domain.states import FIRM, LOCKED, UNDELIVERED, State
from drumroll.domain.times import rfc3339


class _Goal(msgspec.Struct, frozen=True):
    """What the order would be for."""

    model: str
    trim: str
    options: tuple[str, ...]
    region: str
    price_minor: int
    deposit_minor: int


class _Terms(msgspec.Struct, frozen=True):
    """Under which terms. ``queued_at_ms`` is the lock time that would count, ``keeps_place`` whether it is the old."""

    state: State
    deposit_minor: int
    due_minor: int
    refund_minor: int
    cooling_off_s: int | None
    cooling_from_ms: int
    queued_at_ms: int | None
    keeps_place: bool
    reverts: bool


def convert(book: Book, command: cmd.Convert, at_ms: int) -> Decision:
    """Decide a conversion: its first step is the quote, its second one event."""
    order = own_order(book, command.order_id, command.customer)
    if isinstance(order, Refusal):
        return order
    launch = book.launch
    assert launch is not None
    ways = _ways(launch, order, command, at_ms)
    refusals = [_not_now(launch, window, order, at_ms, reverts=back is not None) for window, back in ways]
    if None not in refusals:
        return next(filter(None, refusals), None) or _no_window(launch, order, command)
    window, back = ways[refusals.index(None)]
    goal = _goal_back(book, launch, back) if back else _goal(book, launch, order, command)
    if isinstance(goal, Refusal):
        return goal
    terms = _terms_back(order, back, at_ms) if back else _terms(launch, window, order, goal, at_ms)
    promise = promised_instead(book, order, goal.model, goal.trim, goal.options, goal.region, at_ms)
    shown = delivery_facts(book, goal.model, promise, order.promise, at_ms)
    refusal = _unconfirmed(book, launch, window, order, goal, terms, promise, shown, command.confirmation)
    return refusal or (*settled(order, at_ms), _event(window, order, goal, terms, promise, command))


def _ways(launch: Launch, order: Order, command: cmd.Convert, at_ms: int) -> list[tuple[Conversion, Converted | None]]:
    """All that could be meant: the way back, what is open, the next to open, the last that closed."""
    model = order.offer.model
    back = _way_back(launch, order, command)
    ways: list[tuple[Conversion, Converted | None]] = [] if back is None else [back]
    ways += [(one, None) for one in launch.conversions if model in one.from_models and command.model in one.to_models]
    return sorted(ways, key=lambda way: _how_far(way[0], at_ms))


def _how_far(window: Conversion, at_ms: int) -> tuple[int, int]:
    if at_ms >= window.closes_at_ms:
        return 2, -window.closes_at_ms
    return (1, window.opens_at_ms) if at_ms < window.opens_at_ms else (0, 0)


def _way_back(launch: Launch, order: Order, command: cmd.Convert) -> tuple[Conversion, Converted] | None:
    """The window and the conversion that this would take back, if it is one that can be taken back."""
    last = order.converted_by
    if last is None or (command.model, command.trim) != (last.offer.model, last.offer.trim):
        return None
    if command.options and command.options != last.offer.options:
        return None
    if command.region not in (None, last.offer.region):
        return None
    window = next((one for one in launch.conversions if one.id == last.window and not one.irreversible), None)
    return None if window is None else (window, last)


def _no_window(launch: Launch, order: Order, command: cmd.Convert) -> Refusal:
    model = order.offer.model
    to = sorted({one for window in launch.conversions if model in window.from_models for one in window.to_models})
    there_is = f"it can be changed to: {', '.join(to)}" if to else "its model can't be changed"
    message = f"Order {order.id} is for {model!r} and can't become one for {command.model!r}; {there_is}."
    return Refusal(Code.NO_CONVERSION, message, {"to": to})


def _not_now(launch: Launch, window: Conversion, order: Order, at_ms: int, *, reverts: bool) -> Refusal | None:
    """Why this window does not take this order at this moment."""
    zone = launch.time_zone
    if at_ms >= window.closes_at_ms:
        closed_at = rfc3339(window.closes_at_ms, zone)
        facts = {"window": window.id, "closed_at": closed_at}
        return Refusal(Code.CONVERSION_CLOSED, f"Orders could be changed so until {closed_at}.", facts)
    if at_ms < window.opens_at_ms:
        opens_at = rfc3339(window.opens_at_ms, zone)
        facts = {"window": window.id, "opens_at": opens_at}
        return Refusal(Code.CONVERSION_NOT_OPEN, f"Orders can be changed so from {opens_at} on.", facts)
    state = order.state_at(at_ms)
    allowed = [one.value for one in State if one is FIRM or one in UNDELIVERED] if reverts else list(window.states)
    if state.value not in allowed:
        return state_refusal(order, state, allowed, "be changed so")
    used = 0 if order.more is None else order.more.used.get(window.id, 0)
    if not reverts and used >= window.times:
        message = f"An order can be changed so {_times(window.times)}."
        return Refusal(Code.ALREADY_CONVERTED, message, {"window": window.id, "times": window.times})
    return None


def _times(times: int) -> str:
    return "once" if times == 1 else f"{times} times"


def _goal(book: Book, launch: Launch, order: Order, command: cmd.Convert) -> _Goal | Refusal:
    wanted = book.on_offer.get((command.model, command.trim))
    if wanted is None:
        return unknown(launch, command.model, command.trim)
    configured = configure(wanted.model, wanted.trim, command.options)
    region = order.offer.region if command.region is None else region_of(launch, command.region)
    for refused in (_no_way_in(book, launch, order, wanted), configured, region):
        if isinstance(refused, Refusal):
            return refused
    assert isinstance(configured, Configured)
    assert isinstance(region, str)
    options, price_minor = configured.options, configured.price_minor
    return _Goal(command.model, command.trim, options, region, price_minor, wanted.deposit_minor)


def _goal_back(book: Book, launch: Launch, last: Converted) -> _Goal | Refusal:
    was = last.offer
    wanted = book.on_offer.get((was.model, was.trim))
    if wanted is None:
        return unknown(launch, was.model, was.trim)
    refusal = paused(book, wanted.model) or no_place(book, launch, wanted.model, wanted.trim, "")
    return refusal or _Goal(was.model, was.trim, was.options, was.region, was.price_minor, was.deposit_minor)


def _no_way_in(book: Book, launch: Launch, order: Order, wanted: OnOffer) -> Refusal | None:
    return paused(book, wanted.model) or no_place(book, launch, wanted.model, wanted.trim, order.offer.model)


def _terms(launch: Launch, window: Conversion, order: Order, goal: _Goal, at_ms: int) -> _Terms:
    state = order.state_at(at_ms)
    anew = window.cooling_off == "anew"
    keeps = window.place == "keep" or (window.place == "deadline" and at_ms < (window.place_kept_before_ms or 0))
    had_ms = _queued_at_ms(order, at_ms)
    queued_at_ms = had_ms if keeps or had_ms is None else None if anew or state is FIRM else at_ms
    cooling_from_ms = at_ms if anew or order.cooling_from_ms is None else order.cooling_from_ms
    deposit_minor = order.held_minor if window.deposit == "carry" else goal.deposit_minor
    return _Terms(
        state=FIRM if anew or state is FIRM else LOCKED,
        deposit_minor=deposit_minor,
        due_minor=max(0, deposit_minor - order.held_minor),
        refund_minor=max(0, order.held_minor - deposit_minor),
        cooling_off_s=launch.cooling_off_s if anew else _seconds(order.offer.cooling_off_ms),
        cooling_from_ms=cooling_from_ms,
        queued_at_ms=queued_at_ms,
        keeps_place=keeps,
        reverts=False,
    )


def _terms_back(order: Order, last: Converted, at_ms: int) -> _Terms:
    """As it was: locked if it was locked before, or is now; the deposit of then, settled with what is held."""
    was_locked = last.state in UNDELIVERED
    locked = was_locked or order.state_at(at_ms) is not FIRM
    had_ms = lock_time_of(last.place) if last.place else _queued_at_ms(order, at_ms) if locked else None
    cooling_from_ms = last.cooling_from_ms if last.cooling_from_ms is not None else at_ms
    deposit_minor = last.offer.deposit_minor
    return _Terms(
        state=LOCKED if locked else FIRM,
        deposit_minor=deposit_minor,
        due_minor=max(0, deposit_minor - order.held_minor),
        refund_minor=max(0, order.held_minor - deposit_minor),
        cooling_off_s=_seconds(last.offer.cooling_off_ms),
        cooling_from_ms=cooling_from_ms,
        queued_at_ms=had_ms,
        keeps_place=True,
        reverts=True,
    )


def _queued_at_ms(order: Order, at_ms: int) -> int | None:
    """The lock time that counts for it in the queue, now or (if a conversion left it one) at its next lock."""
    place = order.place or (order.more.kept_place if order.more is not None else 0)
    if place:
        return lock_time_of(place)
    return order.locks_at_ms if order.state_at(at_ms) is LOCKED else None


def _seconds(length_ms: int | None) -> int | None:
    return None if length_ms is None else length_ms // 1000


def _unconfirmed(
    book: Book,
    launch: Launch,
    window: Conversion,
    order: Order,
    goal: _Goal,
    terms: _Terms,
    promise: Promise | None,
    shown: dict[str, Any],
    confirmation: str | None,
) -> Refusal | None:
    was = order.offer
    message = (
        f"Order {order.id} would become one for {goal.model} {goal.trim} at "
        f"{format_minor(goal.price_minor, was.currency)} instead of {was.model} {was.trim} at "
        f"{format_minor(was.price_minor, was.currency)}"
        f"{', for good' if window.irreversible or terms.reverts else ''}. To change it, send the confirmation."
    )
    # What moves with the clock (the time of a new place, of a new cooling-off) is no part of the terms.
    money = (terms.deposit_minor, terms.due_minor, terms.refund_minor)
    how = (terms.state.value, terms.cooling_off_s, terms.keeps_place, terms.reverts, window.irreversible)
    facts = {**_quote(book, launch, window, order, goal, terms), **shown}
    bound = (window.id, goal, *money, *how, last_week(promise))
    return unconfirmed(confirmation, "convert", order, bound, message, facts)


def _quote(book: Book, launch: Launch, window: Conversion, order: Order, goal: _Goal, terms: _Terms) -> dict[str, Any]:
    was, zone = order.offer, launch.time_zone
    firm = terms.state is FIRM
    ends_ms = terms.cooling_from_ms + terms.cooling_off_s * 1000 if firm and terms.cooling_off_s is not None else None
    return {
        "window": window.id,
        "closes_at": rfc3339(window.closes_at_ms, zone),
        "irreversible": window.irreversible or terms.reverts,
        "reverts": terms.reverts,
        "model": goal.model,
        "trim": goal.trim,
        "options": goal.options,
        "region": goal.region,
        "price_minor": goal.price_minor,
        "price_before_minor": was.price_minor,
        "difference_minor": goal.price_minor - was.price_minor,
        "deposit_minor": terms.deposit_minor,
        "deposit_held_minor": order.held_minor,
        "due_minor": terms.due_minor,
        "refund_minor": terms.refund_minor,
        "currency": was.currency,
        "state": terms.state.value,
        "refundable_until": None if ends_ms is None else rfc3339(ends_ms, zone),
        "keeps_place": terms.keeps_place,
        "place": None if firm else _place(book, order, goal, terms),
        "place_before": book.place(order),
        "queued_at": None if terms.queued_at_ms is None else rfc3339(terms.queued_at_ms, zone),
    }


def _place(book: Book, order: Order, goal: _Goal, terms: _Terms) -> int | None:
    """Which one it would be in the other model's queue."""
    if terms.queued_at_ms is None:
        return None
    same = order.place and lock_time_of(order.place) == terms.queued_at_ms
    return book.queues[goal.model].ahead(order.place if same else (terms.queued_at_ms + 1) << 24) + 1


def _event(
    window: Conversion, order: Order, goal: _Goal, terms: _Terms, promise: Promise | None, command: cmd.Convert
) -> ev.OrderConverted:
    return ev.OrderConverted(
        order_id=order.id,
        window=window.id,
        model=goal.model,
        trim=goal.trim,
        options=goal.options,
        region=goal.region,
        price_minor=goal.price_minor,
        deposit_minor=terms.deposit_minor,
        due_minor=terms.due_minor,
        refund_minor=terms.refund_minor,
        cooling_off_s=terms.cooling_off_s,
        cooling_from_ms=terms.cooling_from_ms,
        state=terms.state.value,
        queued_at_ms=terms.queued_at_ms,
        reverts=terms.reverts,
        key=command.key,
        fingerprint=command.fingerprint,
        price_before_minor=order.offer.price_minor,
        promise=promise,
    )
