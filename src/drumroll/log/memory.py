"""The order log in memory: for tests, and as the plainest engine to read. It keeps bytes, so the codec is at work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from drumroll.errors import AppendFailed, Fenced, LogUnreadable
from drumroll.log.base import Block, Log
from drumroll.log.codec import decode, encode


class MemoryLog(Log):
    """A log that lasts as long as ``bodies``, its encoded blocks; give those to the next one to open it again."""

    def __init__(self, bodies: list[bytes] | None = None) -> None:
        self.bodies = [] if bodies is None else bodies
        self._closed = False

    def append(self, block: Block) -> None:
        """Keep a block. Raises ``Fenced`` or, once closed, ``AppendFailed``."""
        self.append_all((block,))

    def append_all(self, blocks: Sequence[Block]) -> None:
        """Keep blocks. Raises ``Fenced`` or, once closed, ``AppendFailed``; then it keeps none."""
        if self._closed:
            raise AppendFailed("the log is closed")
        for expected, block in enumerate(blocks, len(self.bodies) + 1):
            if block.position != expected:
                raise Fenced(f"the next block is {expected}, not {block.position}: nothing was written")
        self.bodies += [encode(block) for block in blocks]

    def read(self, from_position: int = 1) -> Iterator[Block]:
        """The blocks from a position on. Raises ``DamagedLog``."""
        self._must_be_open()
        for position in range(max(from_position, 1), len(self.bodies) + 1):
            yield decode(self.bodies[position - 1], position)

    def head(self) -> int:
        """The position of the last block; 0 if there is none."""
        self._must_be_open()
        return len(self.bodies)

    def recover(self) -> None:
        """Nothing can have gone wrong."""
        self._must_be_open()

    def close(self) -> None:
        """Refuse whatever comes next."""
        self._closed = True

    def _must_be_open(self) -> None:
        if self._closed:
            raise LogUnreadable("the log is closed")
