"""What a launch file says for its shop window: figures that are compared, rivals, and its texts in other languages.

Figures are kept as they were published, as texts: their digits say how they were rounded.
"""

from __future__ import annotations

from datetime import date

import msgspec


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that models and rivals are compared by: ``unit`` may be empty, values have at most ``decimals``."""

    id: str
    name: str
    unit: str = ""
    decimals: int = 0


class Rival(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody else sells, at what price (in the launch's currency), with what figures (each an id and a number).

    ``source`` says where that was published, ``as_of`` of which day it is true.
    """

    name: str
    price_minor: int
    source: str
    figures: tuple[tuple[str, str], ...] = ()
    as_of: date | None = None


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The launch's texts in a language (``tag``: BCP 47): what stands in the file, and what it is there."""

    tag: str
    texts: dict[str, str]
