"""What the waiting room says: a person's place in it, and the room as all may see it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from drumroll.room.sale import SaleState


class State(StrEnum):
    """Where a person is."""

    WAITING_FOR_THE_DRAW = "waiting_for_the_draw"
    IN_LINE = "in_line"
    ADMITTED = "admitted"
    RAN_OUT = "ran_out"
    """The ticket's time is over; who joins again is at the end of the line."""


class RoomState(StrEnum):
    """Where the room is."""

    BEFORE = "before"
    OPEN = "open"
    """People join; their places will be drawn."""
    DRAWN = "drawn"
    """Places are drawn, people are let in, newcomers go to the end of the line."""
    OVER = "over"
    """No ticket is needed any more."""


class Place(msgspec.Struct, frozen=True, gc=False):
    """One person's place.

    ``place`` counts those still in line (1 is next), ``of`` is how many those are (before the draw: who wait for
    it). ``position`` counts from the first of the whole line: for who was drawn, the place in the published draw.
    While the sale stands still nobody knows ``expected_at_ms`` or ``ticket_expires_ms``; ``ticket_left_s`` is what the
    ticket has left, and keeps.
    """

    entry_id: str
    state: State
    place: int | None
    of: int
    ahead: int
    position: int | None
    expected_at_ms: int | None
    ticket: str | None
    ticket_expires_ms: int | None
    ticket_left_s: int | None = None


class RoomView(msgspec.Struct, frozen=True):
    """The room. ``seed`` and ``draw`` (where the list is) are there once the places are drawn.

    ``held``: they are, but the sale stands still, so nobody is let in; ``sale`` says why.
    """

    state: RoomState
    opens_at_ms: int
    sale_opens_ms: int
    commitment: str
    entrants: int
    drawn: int | None
    admitted: int
    waiting: int
    rate_per_s: int
    seed: str | None
    draw: str | None
    sale: SaleState
    held: bool
