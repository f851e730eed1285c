"""What customers may do with an order of theirs before and around its lock: cancel, lock early, undo that, change."""

from __future__ import annotations

from typing import Any

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.book import Book, Order
from drumroll.domain.configuration import Configured, configure, kept
from drumroll.domain.confirm import unconfirmed
from drumroll.domain.decided import Decision, own_order, settled, state_refusal, unknown, wrong_state
from drumroll.domain.money import format_minor
from drumroll.domain.places import no_place
from drumroll.domain.promising import delivery_facts, last_week, promised_instead
from drumroll.domain.queue import lock_time_of
from drumroll.domain.refusal import Code, Refusal
from drumroll.domain.regions import region_of
from drumroll.domain.states import FIRM, LOCKED, RESERVED, Move, State, may
from drumroll.domain.times import rfc3339

CHANGEABLE = (RESERVED, FIRM)


def cancel(book: Book, command: cmd.Cancel, at_ms: int) -> Decision:
    """Take it back: with all that was paid before the lock, without it (and in two steps) after."""
    order = own_order(book, command.order_id, command.customer)
    if isinstance(order, Refusal):
        return order
    state = order.state_at(at_ms)
    if may(Move.CANCEL, state):
        return (ev.OrderCancelled(order.id, order.held_minor, command.key, command.fingerprint),)
    if not may(Move.FORFEIT, state):
        allowed = [one.value for one in State if may(Move.CANCEL, one) or may(Move.FORFEIT, one)]
        return state_refusal(order, state, allowed, "be cancelled")
    refusal = _unconfirmed_forfeit(book, order, command.confirmation, at_ms)
    if refusal is not None:
        return refusal
    forfeited = ev.OrderForfeited(order.id, order.held_minor, command.key, command.fingerprint)
    return (*settled(order, at_ms), forfeited)


def _unconfirmed_forfeit(book: Book, order: Order, confirmation: str | None, at_ms: int) -> Refusal | None:
    lost = format_minor(order.held_minor, order.offer.currency)
    until, undo_until = _could_be_had_until(book, order, at_ms), _undo_until(book, order, at_ms)
    message = (
        f"Order {order.id} is locked: cancelling it gives up the deposit of {lost}, which could be had back until "
        f"{until}. {f'Its lock can still be undone, until {undo_until}. ' if undo_until else ''}"
        "To give it up, send the confirmation."
    )
    facts = {
        "gives_up": ["the deposit", "the place in the queue", "the order"],
        "refundable_until": until,
        "undo_until": undo_until,
        "forfeits_minor": order.held_minor,
        "currency": order.offer.currency,
    }
    return unconfirmed(confirmation, "forfeit", order, (order.held_minor,), message, facts)


def _could_be_had_until(book: Book, order: Order, at_ms: int) -> str:
    """When a locked order lost the right to a refund: the time of its lock."""
    assert book.launch is not None
    locked_at_ms = lock_time_of(order.place) if order.place else order.locks_at_ms or at_ms
    return rfc3339(locked_at_ms, book.launch.time_zone)


def _undo_until(book: Book, order: Order, at_ms: int) -> str | None:
    assert book.launch is not None
    if order.state is not LOCKED or order.undo_until_ms is None or at_ms >= order.undo_until_ms:
        return None
    return rfc3339(order.undo_until_ms, book.launch.time_zone)


def lock(book: Book, command: cmd.Lock, at_ms: int) -> Decision:
    """Lock a firm order before its cooling-off ends."""
    order = own_order(book, command.order_id, command.customer)
    if isinstance(order, Refusal):
        return order
    state = order.state_at(at_ms)
    if not may(Move.LOCK, state):
        return wrong_state(order, state, Move.LOCK, "be locked")
    assert book.launch is not None
    undo_s = book.launch.early_lock_undo_s
    refusal = _unconfirmed_lock(book, order, command.confirmation, undo_s)
    if refusal is not None:
        return refusal
    return (ev.OrderLocked(order.id, early=True, undo_s=undo_s, key=command.key, fingerprint=command.fingerprint),)


def _unconfirmed_lock(book: Book, order: Order, confirmation: str | None, undo_s: int) -> Refusal | None:
    until = _refundable_until(book, order)
    held = format_minor(order.held_minor, order.offer.currency)
    message = (
        f"Locking order {order.id} now gives up the right to have the deposit of {held} back"
        f"{f', which you have until {until}' if until else ''}, and to change the order. "
        f"{f'It can be undone for {undo_s} s. ' if undo_s else 'It cannot be undone. '}"
        "To lock it, send the confirmation."
    )
    facts = {
        "gives_up": ["the right to a refund", "the right to change trim, options and region"],
        "refundable_until": until,
        "forfeits_minor": order.held_minor,
        "currency": order.offer.currency,
        "undo_s": undo_s,
        "place": book.queue_length(order.offer.model) + 1,
    }
    return unconfirmed(confirmation, "lock", order, (order.held_minor, order.locks_at_ms, undo_s), message, facts)


def _refundable_until(book: Book, order: Order) -> str | None:
    """The end of its cooling-off, in the launch's zone; ``None`` if it has none."""
    assert book.launch is not None
    return None if order.locks_at_ms is None else rfc3339(order.locks_at_ms, book.launch.time_zone)


def undo_lock(book: Book, command: cmd.UndoLock, at_ms: int) -> Decision:
    """Take an early lock back, while that can be."""
    order = own_order(book, command.order_id, command.customer)
    if isinstance(order, Refusal):
        return order
    if order.state is not LOCKED:
        return wrong_state(order, order.state_at(at_ms), Move.UNDO_LOCK, "have its lock undone")
    if order.undo_until_ms is None:
        return Refusal(Code.TOO_LATE, f"Order {order.id} was not locked early; its lock can't be undone.")
    if at_ms >= order.undo_until_ms:
        assert book.launch is not None
        until = rfc3339(order.undo_until_ms, book.launch.time_zone)
        return Refusal(Code.TOO_LATE, f"The lock of order {order.id} could be undone until {until}.", {"until": until})
    return (ev.LockUndone(order.id, command.key, command.fingerprint),)


def change(book: Book, command: cmd.Change, at_ms: int) -> Decision:
    """Another trim, configuration or region, before the lock."""
    order = own_order(book, command.order_id, command.customer)
    if isinstance(order, Refusal):
        return order
    state = order.state_at(at_ms)
    if state not in CHANGEABLE:
        return state_refusal(order, state, [one.value for one in CHANGEABLE], "be changed by its customer")
    event = changed(book, order, command, at_ms)
    if isinstance(event, Refusal):
        return event
    return _unconfirmed_change(book, order, event, command.confirmation, at_ms) or (event,)


def changed(book: Book, order: Order, wanted: cmd.Change | cmd.Correct, at_ms: int) -> ev.OrderChanged | Refusal:
    """What the order would be, at the prices of now; or why it can't be that."""
    launch, was = book.launch, order.offer
    assert launch is not None
    trim_id = was.trim if wanted.trim is None else wanted.trim
    on_offer = book.on_offer.get((was.model, trim_id))
    if on_offer is None:
        return unknown(launch, was.model, trim_id)
    # Whoever wants another trim and says nothing of options keeps those that it has; the rest are its defaults.
    options = kept(on_offer.model, on_offer.trim, was.options) if wanted.options is None else wanted.options
    configured = configure(on_offer.model, on_offer.trim, options)
    region = was.region if wanted.region is None else region_of(launch, wanted.region)
    full = no_place(book, launch, on_offer.model, on_offer.trim, was.model) if trim_id != was.trim else None
    for refused in (configured, region, full):
        if isinstance(refused, Refusal):
            return refused
    assert isinstance(configured, Configured)
    assert isinstance(region, str)
    if (trim_id, configured.options, region) == (was.trim, was.options, was.region):
        return Refusal(Code.NOTHING_TO_CHANGE, f"Order {order.id} is that already.")
    promise = promised_instead(book, order, was.model, trim_id, configured.options, region, at_ms)
    rest: dict[str, Any] = {"price_before_minor": was.price_minor, "promise": promise}
    if isinstance(wanted, cmd.Correct):
        rest |= {"operator": wanted.operator, "reason": wanted.reason}
    return ev.OrderChanged(
        order.id, trim_id, configured.options, region, configured.price_minor, wanted.key, wanted.fingerprint, **rest
    )


def _unconfirmed_change(
    book: Book, order: Order, event: ev.OrderChanged, confirmation: str | None, at_ms: int
) -> Refusal | None:
    currency, before_minor = order.offer.currency, order.offer.price_minor
    difference_minor = event.price_minor - before_minor
    message = (
        f"Order {order.id} would cost {format_minor(event.price_minor, currency)} instead of "
        f"{format_minor(before_minor, currency)}. To change it, send the confirmation."
    )
    facts = {
        "trim": event.trim,
        "options": event.options,
        "region": event.region,
        "price_minor": event.price_minor,
        "price_before_minor": before_minor,
        "difference_minor": difference_minor,
        "currency": currency,
        **delivery_facts(book, order.offer.model, event.promise, order.promise, at_ms),
    }
    terms = (event.trim, event.options, event.region, event.price_minor, last_week(event.promise))
    return unconfirmed(confirmation, "change", order, terms, message, facts)
