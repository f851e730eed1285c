"""A mistake in a launch file, and the forms that the same mistake takes in several places of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

import msgspec

from drumroll.domain.launch_values import shown

MISSING = "missing"
UNKNOWN = "an unknown key"
IDS_SHOWN = 12
"""If there are more, the nearest one is all that helps."""

Draft = dict[str, Any]
"""What could be read, by key: a default where a key is absent, ``None`` where it is unfit. Tables are drafts again."""


class Mistake(msgspec.Struct, frozen=True):
    """One mistake: where (``model[0].trim[2].price_minor``), what was found there, what is allowed there."""

    path: str
    found: str
    allowed: str

    def __str__(self) -> str:
        """One line for people."""
        found = MISSING if self.found == MISSING else f"found {self.found}"
        return f"{self.path}: {found}, allowed: {self.allowed}"


def repeated(ids: Iterable[tuple[str, str | None]], nobody_else: str) -> Iterator[Mistake]:
    """Ids, each with its path, that stand there a second time. ``nobody_else`` is who may not have the same one."""
    first: dict[str, str] = {}
    for path, value in ids:
        if value is not None and first.setdefault(value, path) != path:
            allowed = f"an id that {nobody_else} has ({first[value]} has this one)"
            yield Mistake(path, shown(value), allowed)


def wrong_references(path: str, ids: Sequence[str], known: Collection[str] | None, kind: str) -> Iterator[Mistake]:
    """Ids in a list that stand there twice, or that are of no ``kind`` (``None``: what there is could not be read)."""
    for index, value in enumerate(ids):
        if value in ids[:index]:
            yield Mistake(f"{path}[{index}]", shown(value), f"each {kind} once")
        elif known is not None and value not in known:
            yield Mistake(f"{path}[{index}]", shown(value), f"the id of a {kind}: {_ids(value, known)}")


def _ids(value: str, known: Collection[str]) -> str:
    if len(known) <= IDS_SHOWN:
        return ", ".join(known)
    near = get_close_matches(value, known, n=1)
    return f"{near[0]} (nearest of {len(known)})" if near else f"one of {len(known)}"


def ids_of(drafts: Iterable[Draft]) -> list[str] | None:
    """The ids of these tables; ``None`` if not all could be read."""
    ids = [draft["id"] for draft in drafts]
    return ids if ids and None not in ids else None
