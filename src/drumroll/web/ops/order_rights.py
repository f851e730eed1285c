"""What an operator may do with an order now: by its state, and by their role. ``decide`` has the last word."""

from __future__ import annotations

import msgspec

from drumroll.access.roles import Permission
from drumroll.domain.book import Order
from drumroll.domain.decide_operations import CORRECTABLE
from drumroll.domain.states import AWAITED, Move, State, leads, may
from drumroll.web.context import Web
from drumroll.web.ops.base import Seen
from drumroll.web.pages.order_views import state_of
from drumroll.web.problems import Problem
from drumroll.words.catalog import Words


class Doable(msgspec.Struct, frozen=True):
    """A deed: where its page is, and what its button says."""

    path: str
    name: str
    danger: bool = False


def doable(web: Web, seen: Seen, order: Order) -> list[Doable]:
    """The deeds, the gravest last."""
    words: Words = seen.visitor.words
    state, path = state_of(order, web.now_ms), f"/ops/orders/{order.id}"
    acts, found = seen.may(Permission.ACT_ON_ORDERS), []
    if seen.may(Permission.MOVE_ORDERS) and ways_from(state):
        found.append(Doable(f"{path}/move", words.say("Move in production")))
    if acts and state in CORRECTABLE:
        found.append(Doable(f"{path}/correct", words.say("Correct")))
    if acts and state in AWAITED and web.desk.book.availability is not None:
        found.append(Doable(f"{path}/pin", words.say("Give it a week")))
        if order.pinned:
            found.append(Doable(f"{path}/unpin", words.say("Let go of its week")))
    if seen.may(Permission.GRANT_REFUNDS) and order.forfeited_minor:
        found.append(Doable(f"{path}/refund", words.say("Give the deposit back")))
    if acts and may(Move.WITHDRAW, state):
        found.append(Doable(f"{path}/cancel", words.say("Cancel the order"), danger=True))
    return found


def check_doable(web: Web, seen: Seen, order: Order, what: str) -> None:
    """Raises ``Problem`` if that can't be done with the order as it is."""
    if not any(one.path.endswith(f"/{what}") for one in doable(web, seen, order)):
        state = state_of(order, web.now_ms).value
        raise Problem("wrong_state", f"The order is {state}: there is nothing to {what}.", {"state": state})


def ways_from(state: State) -> list[State]:
    """Where one step of production leads: along first, then back."""
    along = [one for one in State if leads(Move.ADVANCE, state, one)]
    return along + [one for one in State if leads(Move.SET_BACK, state, one)]
