"""The states of an order and what may follow what: written once, here, as data.

``TABLE`` is what ``decide`` refuses by, what ``evolve`` asserts, and what docs/order-states.md is drawn from.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class State(StrEnum):
    """Where an order stands."""

    RESERVED = "reserved"
    FIRM = "firm"
    LOCKED = "locked"
    SCHEDULED = "scheduled"
    IN_PRODUCTION = "in_production"
    BUILT = "built"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FORFEITED = "forfeited"


# Looking a member up on its enumeration costs more than the rest of a comparison; these are looked at in every event.
(
    RESERVED,
    FIRM,
    LOCKED,
    SCHEDULED,
    IN_PRODUCTION,
    BUILT,
    IN_TRANSIT,
    DELIVERED,
    EXPIRED,
    CANCELLED,
    FORFEITED,
) = State

GONE = frozenset((EXPIRED, CANCELLED, FORFEITED))
"""States that take no place: not of a cap, not of a customer's limit. All others do, for good."""

ENDED = GONE | {DELIVERED}
"""States in which nothing more is to come; only a late deposit brings an expired order back."""

STANDING = frozenset(State) - GONE - {RESERVED}
"""The deposit is paid and was not given up: what a board counts as a firm order, locked or not."""

QUEUED = frozenset((LOCKED, SCHEDULED))
"""States that wait for production, and so have one place in the queue of their model."""

AWAITED = frozenset((RESERVED, FIRM, LOCKED, SCHEDULED))
"""States that wait for a week of the plant, and so hold a slot of it."""

UNDELIVERED = frozenset((LOCKED, SCHEDULED, IN_PRODUCTION, BUILT, IN_TRANSIT))
"""Locked and on the way to the customer."""


class Move(StrEnum):
    """What takes an order from one state to another."""

    PAY = "pay"
    EXPIRE = "expire"
    CANCEL = "cancel"
    LOCK = "lock"
    UNDO_LOCK = "undo_lock"
    FORFEIT = "forfeit"
    CONVERT = "convert"
    ADVANCE = "advance"
    SET_BACK = "set_back"
    WITHDRAW = "withdraw"


class Step(msgspec.Struct, frozen=True):
    """One line of the table: a move, the states that it leaves, the state that it leads to, and who makes it."""

    move: Move
    leaves: tuple[State, ...]
    leads_to: State
    by: str


TABLE: tuple[Step, ...] = (
    Step(Move.PAY, (RESERVED, EXPIRED), FIRM, "customer"),
    Step(Move.EXPIRE, (RESERVED,), EXPIRED, "time"),
    Step(Move.CANCEL, (RESERVED, FIRM), CANCELLED, "customer"),
    Step(Move.LOCK, (FIRM,), LOCKED, "customer or time"),
    Step(Move.UNDO_LOCK, (LOCKED,), FIRM, "customer"),
    Step(Move.FORFEIT, (LOCKED, SCHEDULED), FORFEITED, "customer"),
    Step(Move.CONVERT, (FIRM, LOCKED, SCHEDULED, IN_PRODUCTION, BUILT, IN_TRANSIT), FIRM, "customer"),
    Step(Move.CONVERT, (FIRM, LOCKED, SCHEDULED, IN_PRODUCTION, BUILT, IN_TRANSIT), LOCKED, "customer"),
    Step(Move.ADVANCE, (LOCKED,), SCHEDULED, "operator"),
    Step(Move.ADVANCE, (SCHEDULED,), IN_PRODUCTION, "operator"),
    Step(Move.ADVANCE, (IN_PRODUCTION,), BUILT, "operator"),
    Step(Move.ADVANCE, (BUILT,), IN_TRANSIT, "operator"),
    Step(Move.ADVANCE, (IN_TRANSIT,), DELIVERED, "operator"),
    Step(Move.SET_BACK, (SCHEDULED,), LOCKED, "operator"),
    Step(Move.SET_BACK, (IN_PRODUCTION,), SCHEDULED, "operator"),
    Step(Move.SET_BACK, (BUILT,), IN_PRODUCTION, "operator"),
    Step(Move.SET_BACK, (IN_TRANSIT,), BUILT, "operator"),
    Step(Move.WITHDRAW, (RESERVED, FIRM, LOCKED, SCHEDULED, IN_PRODUCTION, BUILT, IN_TRANSIT), CANCELLED, "operator"),
    Step(Move.WITHDRAW, (LOCKED, SCHEDULED, IN_PRODUCTION, BUILT, IN_TRANSIT), FORFEITED, "operator"),
)
"""Everything that can happen to an order's state. ``delivered``, ``cancelled`` and ``forfeited`` are ends."""

_FOLLOWS: dict[tuple[Move, State], frozenset[State]] = {
    (move, state): frozenset(step.leads_to for step in TABLE if step.move is move and state in step.leaves)
    for move in Move
    for state in State
}


def may(move: Move, state: State) -> bool:
    """Whether an order in this state can make that move at all."""
    return bool(_FOLLOWS[move, state])


def leads(move: Move, state: State, to: State) -> bool:
    """Whether that move takes an order from this state to that one."""
    return to in _FOLLOWS[move, state]


def leaves(move: Move) -> tuple[State, ...]:
    """The states that a move can leave, in the order of an order's life."""
    return tuple(state for state in State if may(move, state))


def diagram() -> str:
    """The table as a Mermaid ``stateDiagram-v2``: how an order begins, one line for each way from state to state."""
    ways: dict[tuple[State, State], dict[str, None]] = {}
    for step in sorted(TABLE, key=lambda step: list(State).index(step.leads_to)):
        for state in step.leaves:
            ways.setdefault((state, step.leads_to), {})[f"{step.move.value.replace('_', ' ')} ({step.by})"] = None
    arrows = [f"{came_from.value} --> {to.value}: {', '.join(moves)}" for (came_from, to), moves in ways.items()]
    ends = [f"{state.value} --> [*]" for state in State if not any(state in step.leaves for step in TABLE)]
    return "\n    ".join(["stateDiagram-v2", "[*] --> reserved: order (customer)", *arrows, *ends])
