"""The keys of ``[[figure]]``, ``[[rival]]``, ``[waiting_room]`` and ``[language]`` in a launch file."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from drumroll.domain.launch_keys import (
    DAY_ALLOWED,
    ID_ALLOWED,
    ID_KEY,
    MOMENT_ALLOWED,
    MONEY_ALLOWED,
    MONEY_MINOR,
    NAME_ALLOWED,
    NAME_KEY,
    Key,
    Table,
    number,
    spelled,
)
from drumroll.domain.launch_room import WaitingRoom
from drumroll.domain.launch_values import (
    ID,
    Fault,
    Reader,
    Unfit,
    day,
    figure,
    moment,
    name,
    shown,
    unfit,
    whole_number,
)

FIGURES = 50
RIVALS = 20
DECIMALS = 3
TAGLINE_CHARACTERS = 160
SOURCE_CHARACTERS = 200
TEXT_CHARACTERS = 300
TEXTS = 5000
RATE_PER_S = 100_000
TICKET_S = (60, 86_400)
LANGUAGES = ("zh-CN", "en")
"""The languages that pages are in (BCP 47)."""

_FIGURES = f"a table of 1 to {FIGURES} figures, each the id of a [[figure]] and a number as text"
_FIGURE = 'a number as text with the digits it was published with, like "835"'
_TEXTS = f"a table of 1 to {TEXTS} texts of this file, each with its translation"


def _text(name: str, most: int, required: bool) -> Key:
    """A sentence or two for people."""
    return Key(name, _printable(most), _printable_allowed(most), required)


def _printable_allowed(most: int) -> str:
    return f"a text of 1 to {most} printable characters, with no space at either end"


def _printable(most: int) -> Reader:
    def read(value: object, zone: ZoneInfo) -> str:
        if not isinstance(value, str) or not 1 <= len(value) <= most:
            raise unfit(value)
        if not value.isprintable() or value.strip() != value:
            raise unfit(value)
        return value

    return read


def _figures(value: object, zone: ZoneInfo) -> tuple[tuple[str, str], ...]:
    """Numbers by the ids of figures; every unfit one is a fault of its own."""
    if not isinstance(value, dict) or not 1 <= len(value) <= FIGURES:
        raise unfit(value)
    faults = [fault for id_, number in value.items() for fault in _wrong_figure(id_, number, zone)]
    if faults:
        raise Unfit(*faults)
    return tuple(value.items())


def _wrong_figure(id_: str, number: object, zone: ZoneInfo) -> Iterator[Fault]:
    at = f".{spelled(id_)}"
    if not ID.fullmatch(id_):
        yield Fault(shown(id_), f"the id of a [[figure]]: {ID_ALLOWED}", at)
    try:
        figure(number, zone)
    except Unfit as error:
        yield from (Fault(fault.found, _FIGURE, at) for fault in error.faults)


def _texts(value: object, zone: ZoneInfo) -> dict[str, str]:
    """Translations by the texts that they are of; every unfit one is a fault of its own."""
    if not isinstance(value, dict) or not 1 <= len(value) <= TEXTS:
        raise unfit(value)
    read, faults = _printable(TEXT_CHARACTERS), []
    for text, translation in value.items():
        try:
            read(translation, zone)
        except Unfit as error:
            faults += [
                Fault(fault.found, _printable_allowed(TEXT_CHARACTERS), f".{spelled(text)}") for fault in error.faults
            ]
    if faults:
        raise Unfit(*faults)
    return value


figures_key = Key("figures", _figures, _FIGURES, required=False, default=())
tagline_key = _text("tagline", TAGLINE_CHARACTERS, required=False)

FIGURE = Table(
    (
        ID_KEY,
        NAME_KEY,
        Key("unit", name, NAME_ALLOWED, required=False, default=""),
        number("decimals", 0, DECIMALS, default=0),
    )
)

RIVAL = Table(
    (
        NAME_KEY,
        Key("price_minor", whole_number(1, MONEY_MINOR), MONEY_ALLOWED),
        _text("source", SOURCE_CHARACTERS, required=True),
        Key("as_of", day, DAY_ALLOWED, required=False),
        figures_key,
    )
)

ROOM = Table(
    (
        Key("opens", moment, MOMENT_ALLOWED),
        number("rate_per_s", 1, RATE_PER_S, " of people a second", default=WaitingRoom(0).rate_per_s),
        number("ticket_s", *TICKET_S, " of seconds", default=WaitingRoom(0).ticket_s),
    )
)

LANGUAGE = Table(tuple(Key(tag, _texts, _TEXTS, required=False) for tag in LANGUAGES))
