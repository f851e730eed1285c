"""A block as bytes: magic, format version, checksum, then MessagePack.

=======  ==========================================================================
bytes    what
=======  ==========================================================================
0-2      ``b"DRB"``
3        format version, 1
4-19     BLAKE2b-128 (RFC 7693) over everything after it
20-      MessagePack array: position, at_ms, events (arrays with a numeric tag each)
=======  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import msgspec

from drumroll.domain.events import AnyEvent
from drumroll.errors import DamagedLog
from drumroll.log.base import Block

MAGIC = b"DRB"
VERSION = 1
_HEADER = MAGIC + bytes([VERSION])
_BODY = 20


class _Body(msgspec.Struct, array_like=True, frozen=True, gc=False):
    position: int
    at_ms: int
    events: tuple[AnyEvent, ...]


Decode = Callable[[bytes, int], Block]
"""What makes a block of its bytes and its position; raises ``DamagedLog``."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Body)


def decode_as(events: Any) -> Decode:
    """As ``decode``, into events of these types: with the tags of the log's, but perhaps only their first fields."""
    fields = [("position", int), ("at_ms", int), ("events", tuple[events, ...])]
    body = msgspec.defstruct("Body", fields, array_like=True, frozen=True, gc=False)
    decoder = msgspec.msgpack.Decoder(body)
    return lambda data, position: _decoded(data, position, decoder)


def encode(block: Block) -> bytes:
    """The bytes of a block."""
    body = _encoder.encode((block.position, block.at_ms, block.events))
    return b"".join((_HEADER, blake2b(body, digest_size=16).digest(), body))


def decode(data: bytes, position: int) -> Block:
    """The block of those bytes, which must be the one of that position. Raises ``DamagedLog``."""
    return _decoded(data, position, _decoder)


def _decoded(data: bytes, position: int, decoder: msgspec.msgpack.Decoder[Any]) -> Block:
    where = f"block {position}"
    if len(data) < _BODY or data[:3] != MAGIC:
        raise DamagedLog(where, "its header is not that of a block")
    if data[3] != VERSION:
        raise DamagedLog(where, f"its format version is {data[3]}; this drumroll reads version {VERSION}")
    content = memoryview(data)[_BODY:]
    if blake2b(content, digest_size=16).digest() != data[4:_BODY]:
        raise DamagedLog(where, f"its checksum does not match its {len(data)} bytes")
    try:
        body = decoder.decode(content)
    except msgspec.MsgspecError as error:
        raise DamagedLog(where, f"its content can't be read ({error})") from error
    if body.position != position:
        raise DamagedLog(where, f"it says that it is block {body.position}")
    return Block(body.position, body.at_ms, body.events)
