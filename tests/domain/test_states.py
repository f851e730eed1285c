"""The state table walked: every move is tried from every state, through the desk; and the docs show that table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from drumroll.domain import commands as cmd
from drumroll.domain import events as ev
from drumroll.domain.refusal import Refusal
from drumroll.domain.states import TABLE, Move, State, diagram, leads, leaves, may
from tests.desk.evenings import BY, HOLD_MS, LATE, LAUNCH, Evening

PAGE = Path(__file__).parents[2] / "docs" / "order-states.md"


def in_state(state: State, **window: Any) -> Evening:
    """An order o1 of ann in that state, in a launch whose window takes every state that a window can be for."""
    evening = Evening(replace(LAUNCH, conversions=(replace(LAUNCH.conversions[0], **window),)))
    evening.bring("o1", state)
    return evening


def both_steps(evening: Evening, command: Any) -> str:
    """What a command comes to, confirmed if it asks for that."""
    (reply,) = evening.replies(command)
    if not isinstance(reply, Refusal):
        return type(reply.events[-1]).__name__  # type: ignore[union-attr]
    if "confirmation" not in reply.facts:
        return reply.code.value
    return evening.alone(replace(command, confirmation=reply.facts["confirmation"]))


def tried(move: Move, evening: Evening) -> str:
    """Make a move of o1; the event that makes it, or what else came of it."""
    if move is Move.PAY:
        return evening.alone(cmd.RecordPayment("o1", "pay-again", 500, "CNY"))
    if move is Move.EXPIRE:
        return "".join(type(event).__name__ for event in evening.tick(evening.clock.at_ms + HOLD_MS))
    if move is Move.UNDO_LOCK:
        return evening.alone(evening.asked(cmd.UndoLock, "o1", "ann"))
    if move is Move.CONVERT:
        return both_steps(evening, evening.asked(cmd.Convert, "o1", "ann", "sun", "only"))
    return both_steps(evening, evening.asked(cmd.Lock if move is Move.LOCK else cmd.Cancel, "o1", "ann"))


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(
    ("move", "event"),
    [
        (Move.PAY, ev.OrderFirmed),
        (Move.EXPIRE, ev.OrderExpired),
        (Move.CANCEL, ev.OrderCancelled),
        (Move.LOCK, ev.OrderLocked),
        (Move.UNDO_LOCK, ev.LockUndone),
        (Move.FORFEIT, ev.OrderForfeited),
        (Move.CONVERT, ev.OrderConverted),
    ],
)
def test_a_move_is_made_from_the_states_of_the_table_and_from_no_other(state: State, move: Move, event: type) -> None:
    evening = in_state(state)
    made = tried(move, evening) == event.__name__
    assert made is may(move, state)
    after = State(evening.state("o1"))
    if made:
        assert leads(move, state, after)
    elif move not in (Move.CANCEL, Move.FORFEIT):  # a customer's cancellation is one or the other
        assert after is state


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("to", State)
def test_production_moves_an_order_as_the_table_says_and_not_otherwise(state: State, to: State) -> None:
    evening = in_state(state)
    allowed = leads(Move.ADVANCE, state, to) or leads(Move.SET_BACK, state, to)
    assert evening.alone(evening.moves(to.value, "o1")) == ("OrdersMoved" if allowed else "invalid_moves")
    assert evening.state("o1") == (to if allowed else state).value


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(("refund", "to"), [(True, State.CANCELLED), (False, State.FORFEITED)])
def test_operators_cancel_what_the_table_says_with_and_without_a_refund(state: State, refund: bool, to: State) -> None:
    evening = in_state(state)
    allowed = leads(Move.WITHDRAW, state, to)
    done = evening.alone(evening.asked(cmd.Withdraw, "o1", refund, *BY))
    assert done == ("OrderWithdrawn" if allowed else "wrong_state")
    assert evening.state("o1") == (to if allowed else state).value


@pytest.mark.parametrize("state", State)
def test_time_locks_firm_orders_and_no_others(state: State) -> None:
    evening = in_state(state)
    locked = [event for event in evening.tick(LATE) if isinstance(event, ev.OrderLocked)]
    assert len(locked) == (state is State.FIRM)


@pytest.mark.parametrize("state", leaves(Move.CONVERT))
def test_a_cooling_off_anew_makes_a_converted_order_firm_and_the_way_back_what_it_was(state: State) -> None:
    evening = in_state(state, cooling_off="anew", irreversible=False)
    assert tried(Move.CONVERT, evening) == "OrderConverted"
    assert evening.state("o1") == "firm"
    assert both_steps(evening, evening.asked(cmd.Convert, "o1", "ann", "lamp", "small")) == "OrderConverted"
    assert evening.state("o1") == ("firm" if state is State.FIRM else "locked")


def test_every_state_can_be_reached_and_all_ends_are_ends() -> None:
    reached = {State.RESERVED}
    while more := {step.leads_to for step in TABLE if reached & set(step.leaves)} - reached:
        reached |= more
    assert reached == set(State)
    ends = {state for state in State if not any(state in step.leaves for step in TABLE)}
    assert ends == {State.DELIVERED, State.CANCELLED, State.FORFEITED}


def test_the_diagram_has_every_line_of_the_table_and_no_other() -> None:
    drawn = set()
    for line in diagram().splitlines()[2:]:
        came_from, _, rest = line.strip().partition(" --> ")
        to, _, moves = rest.partition(": ")
        drawn |= {(came_from, to, move) for move in moves.split(", ") if to != "[*]"}
    assert drawn == {
        (state.value, step.leads_to.value, f"{step.move.value.replace('_', ' ')} ({step.by})")
        for step in TABLE
        for state in step.leaves
    }


def test_the_page_shows_exactly_that_diagram_and_every_state() -> None:
    page = PAGE.read_text("utf-8")
    shown = page.partition("```mermaid\n")[2].partition("\n```")[0]
    assert shown == diagram(), "docs/order-states.md is out of date: put diagram() of domain/states.py into it"
    assert all(f"| `{state.value}` |" in page for state in State)
    assert all(f"| `{move.value.replace('_', ' ')}` |" in page for move in Move)
