"""What a customer may do with an order now, and until when. ``decide`` has the last word; this says it beforehand."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from drumroll.domain.book import Book, Order
from drumroll.domain.launch import Launch
from drumroll.domain.states import FIRM, LOCKED, RESERVED, STANDING, UNDELIVERED, Move, State, may


class Right(msgspec.Struct, frozen=True):
    """One action. ``until_ms``: it ends then (``None``: no end is set). ``confirm``: it takes two steps.

    ``forfeits_minor`` is what it costs, ``amount_minor`` what is to be paid, ``to`` the models a conversion leads to.
    """

    action: str
    until_ms: int | None = None
    confirm: bool = False
    forfeits_minor: int = 0
    amount_minor: int = 0
    to: tuple[str, ...] = ()


def rights(book: Book, order: Order, at_ms: int) -> tuple[Right, ...]:
    """What its customer may do with this order at this moment."""
    assert book.launch is not None
    state = order.state_at(at_ms)
    if state is RESERVED and at_ms >= order.expires_at_ms:
        return ()  # as good as expired: the next turn says so before anything else
    return (
        *_pay(order, state),
        *_before_the_lock(order, state),
        *_after_the_lock(order, state, at_ms),
        *_conversions(book.launch, order, state, at_ms),
    )


def _pay(order: Order, state: State) -> Iterator[Right]:
    if state is RESERVED:
        yield Right("pay", order.expires_at_ms, amount_minor=order.offer.deposit_minor)
    elif order.due_minor and state in STANDING:
        yield Right("pay", amount_minor=order.due_minor)


def _before_the_lock(order: Order, state: State) -> Iterator[Right]:
    if state not in (RESERVED, FIRM):
        return
    until_ms = order.expires_at_ms if state is RESERVED else order.locks_at_ms
    yield Right("cancel", until_ms)
    yield Right("change", until_ms, confirm=True)
    if state is FIRM:
        yield Right("lock", until_ms, confirm=True)


def _after_the_lock(order: Order, state: State, at_ms: int) -> Iterator[Right]:
    if order.state is LOCKED and order.undo_until_ms is not None and at_ms < order.undo_until_ms:
        yield Right("undo_lock", order.undo_until_ms)
    if may(Move.FORFEIT, state):
        yield Right("cancel", confirm=True, forfeits_minor=order.held_minor)


def _conversions(launch: Launch, order: Order, state: State, at_ms: int) -> Iterator[Right]:
    used = {} if order.more is None else order.more.used
    for window in launch.conversions:
        if not window.opens_at_ms <= at_ms < window.closes_at_ms:
            continue
        fits = order.offer.model in window.from_models and state.value in window.states
        if fits and used.get(window.id, 0) < window.times:
            yield Right("convert", window.closes_at_ms, confirm=True, to=window.to_models)
        last = order.converted_by
        came_by_it = last is not None and last.window == window.id and not window.irreversible
        if last is not None and came_by_it and (state is FIRM or state in UNDELIVERED):
            yield Right("convert", window.closes_at_ms, confirm=True, to=(last.offer.model,))
