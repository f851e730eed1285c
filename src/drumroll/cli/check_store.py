"""What ``drumroll check`` says of the shop window: figures, rivals, the waiting room, languages."""

from __future__ import annotations

from collections.abc import Iterator

from drumroll.domain.launch import Launch
from drumroll.domain.launch_room import WaitingRoom
from drumroll.domain.launch_texts import coverage
from drumroll.domain.money import format_minor
from drumroll.domain.times import rfc3339


def store_facts(launch: Launch) -> Iterator[tuple[str, str]]:
    """Lines about what is compared, with whom, how people are let in, and how much is translated."""
    if launch.figures:
        yield "compared", ", ".join(figure.name for figure in launch.figures)
    if launch.rivals:
        rivals = (f"{rival.name} ({format_minor(rival.price_minor, launch.currency)})" for rival in launch.rivals)
        yield "rivals", "\n".join(rivals)
    if launch.waiting_room is not None:
        yield "waiting room", _room(launch.waiting_room, launch.time_zone)
    for language in coverage(launch):
        yield "language", f"{language.tag}: {language.translated} of {language.texts} texts"


def _room(room: WaitingRoom, time_zone: str) -> str:
    opens = rfc3339(room.opens_at_ms, time_zone).replace(".000", "", 1)
    return f"opens {opens}\nup to {room.rate_per_s:,} people a second, each with {room.ticket_s:,} s to order"
