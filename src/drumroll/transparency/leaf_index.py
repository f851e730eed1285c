"""Which leaf a block's first entry is: beside a published log, for receipts. It can be made again at any time.

Eight bytes a block, big-endian: how many leaves there are up to and with it.
"""

from __future__ import annotations

from pathlib import Path

from drumroll.errors import PublishedInvalid

_BYTES = 8


class LeafIndex:
    """Leaves by block. ``path`` is a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self) -> None:
        """Make it anew, empty."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(b"")
        except OSError as error:
            raise PublishedInvalid(f"{self.path} can't be written: {error.strerror}") from error

    def add(self, counts: list[int]) -> None:
        """What follows: how many leaves there are up to and with each next block."""
        try:
            with self.path.open("ab") as file:
                file.write(b"".join(count.to_bytes(_BYTES, "big") for count in counts))
        except OSError as error:
            raise PublishedInvalid(f"{self.path} can't be written: {error.strerror}") from error

    def blocks(self) -> int:
        """How many blocks were published."""
        try:
            return self.path.stat().st_size // _BYTES
        except OSError:
            return 0

    def before(self, position: int) -> int | None:
        """How many leaves there are before that block; ``None``: it was not published yet."""
        if position == 1:
            return 0
        try:
            with self.path.open("rb") as file:
                file.seek((position - 2) * _BYTES)
                data = file.read(_BYTES)
        except OSError:
            return None
        return int.from_bytes(data, "big") if len(data) == _BYTES else None
