"""The opening of drawn leaves, by whoever has the order log and the blinding key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Protocol

from drumroll.log.base import Block
from drumroll.proof.entry import Opened
from drumroll.transparency.entries import Lives, entries_of


class Reader(Protocol):
    """The part of an order log that is needed here."""

    def read(self, from_position: int = 1) -> Iterator[Block]:
        """The durable blocks from a position on."""


def open_leaves(
    reader: Reader,
    blinding: bytes,
    leaves: Collection[int],
    shown: frozenset[str],
    say: Callable[[int], None] = lambda leaf: None,
) -> dict[int, tuple[bytes, list[Opened]]]:
    """The entries of these leaves, and their fields, those in ``shown`` opened. One pass over the order log.

    Leaves that the order log does not have are left out. ``say`` hears how far it is.
    """
    lives, wanted = Lives(blinding), frozenset(leaves)
    last = max(wanted, default=-1)
    found: dict[int, tuple[bytes, list[Opened]]] = {}
    first = 0
    for block in reader.read(1):
        count = sum(map(entries_of, block.events))
        if wanted.isdisjoint(range(first, first + count)):
            lives.skip(block)
        else:
            opened = enumerate(lives.opened(block, shown), first)
            found |= {leaf: one for leaf, one in opened if leaf in wanted}
        first += count
        say(first)
        if first > last:
            break
    return found
