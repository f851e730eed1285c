"""The port of the order log: an append-only sequence of blocks. It speaks blocks, not SQL.

The book is the events of all blocks, in order. Position 1 is the first block; ``head`` is 0 for an empty log.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import msgspec

from drumroll.domain.events import Event
from drumroll.errors import LogUnreadable


class Block(msgspec.Struct, frozen=True, gc=False):
    """The events of one group commit, all at one time: durable together, or not at all."""

    position: int
    at_ms: int
    events: tuple[Event, ...]


class Log(ABC):
    """One log, opened for writing by one process. Opening raises ``LogHeld`` if another process writes it.

    ``notices`` are sentences about what opening found and mended (a torn last write that was dropped).
    """

    notices: tuple[str, ...] = ()

    @abstractmethod
    def append(self, block: Block) -> None:
        """Make a block durable at ``block.position``, which must be ``head() + 1``; only then return.

        Raises:
            Fenced: the position is taken (another writer); nothing was written.
            AppendFailed: it may or may not be durable; call ``recover`` and read before appending again.
        """

    @abstractmethod
    def append_all(self, blocks: Sequence[Block]) -> None:
        """Make several blocks durable at once, from ``head() + 1`` on without a gap: all of them, or none.

        Raises:
            Fenced, AppendFailed: as ``append``. After ``AppendFailed`` either all of them are durable or none is.
        """

    @abstractmethod
    def read(self, from_position: int = 1) -> Iterator[Block]:
        """The durable blocks from a position on, in order, without a gap.

        Raises:
            DamagedLog: a block is not what was written; names it.
        """

    def block(self, position: int) -> Block:
        """The one durable block at this position. Raises ``LogError`` if it can't be read, or there is none."""
        for block in self.read(position):
            return block
        raise LogUnreadable(f"there is no block {position}")

    @abstractmethod
    def head(self) -> int:
        """The position of the last durable block; 0 if there is none."""

    @abstractmethod
    def recover(self) -> None:
        """After ``AppendFailed``: make what ``read`` gives durable. Raises ``LogError`` if that fails too."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the log. Closing twice is no error."""
