"""The log as a stream of messages, read beside the server that writes it. It keeps a few blocks, never the backlog."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice
from typing import Protocol

import msgspec

from drumroll.log.base import Block
from drumroll.webhooks.messages import Cursor, Message, messages

KEPT = 32
"""Blocks kept decoded: endpoints that are up to date ask for the same ones at about the same time."""

AHEAD = 8
"""Blocks decoded for one that is asked for."""

AT_ONCE = 16
"""Blocks looked through in one call, so that a filter that lets little through does not keep others waiting."""


class Reader(Protocol):
    """The part of a log that is needed here."""

    def read(self, from_position: int = 1) -> Iterator[Block]:
        """The durable blocks from a position on."""

    def head(self) -> int:
        """The position of the last durable block."""


class Batch(msgspec.Struct, frozen=True):
    """Messages in order, and the place after the last block or message that was looked at."""

    messages: list[Message]
    to: Cursor


class Feed:
    """Reads messages from any place in the log. ``refresh`` sees what was written since."""

    def __init__(self, reader: Reader) -> None:
        self.head = 0
        self._reader = reader
        self._kept: OrderedDict[int, Block] = OrderedDict()

    def refresh(self) -> None:
        """Look how far the log goes: one small query, nothing is decoded. Raises ``LogError``."""
        self.head = self._reader.head()

    def batch(self, start: Cursor, to_position: int | None, wanted: frozenset[str], limit: int) -> Batch:
        """Up to ``limit`` messages from a place on, as far as ``to_position``. Raises ``LogError``."""
        found: list[Message] = []
        end = self.head if to_position is None else min(self.head, to_position)
        cursor = start
        for position in range(start.position, min(end, start.position + AT_ONCE - 1) + 1):
            for message in messages(self._block(position), cursor, wanted):
                found.append(message)
                if len(found) == limit:
                    return Batch(found, message.after)
            cursor = Cursor(position + 1)
        return Batch(found, cursor)

    def _block(self, position: int) -> Block:
        if position not in self._kept:
            for block in islice(self._reader.read(position), AHEAD):
                self._kept[block.position] = block
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return self._kept[position]
