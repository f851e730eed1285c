"""Looking at SQLite's write-ahead log before SQLite does.

SQLite takes the frames of that file up to the first one whose checksum fails and silently forgets the rest: right
for a write that was torn by a crash, wrong for a bit that rotted in the middle, which would take every later block
with it. So the file is read here first, by the format that SQLite documents:

* a header of 32 bytes: magic, version, page size, count of checkpoints, two salts, checksum of the 24 bytes before;
* frames: 24 bytes of header (page number; pages of the database if this frame commits, else 0; the salts; checksum)
  and a page. Checksums are cumulative. Frames with other salts are left over from before the file was begun anew.

A frame whose checksum follows from what the frame before it *says* of itself was written after that one. SQLite syncs
each transaction before it writes the next. So if anything follows the transaction of a bad frame, that transaction
was durable and the bad frame is damage. If nothing does, it was the last write, and a rotted one looks like a torn
one: which of both it was, ``witness`` tells.
"""

from __future__ import annotations

import struct
from array import array
from sys import byteorder
from typing import NamedTuple

from drumroll.errors import DamagedLog

_HEADER = struct.Struct(">IIIIIIII")
_FRAME = struct.Struct(">IIIIII")
_MAGIC = 0x377F0682
_MASK = 0xFFFFFFFF

Sum = tuple[int, int]


class Frames:
    """The frames of one write-ahead log file. Frames count from 1, as SQLite counts them."""

    def __init__(self, data: bytes, page_bytes: int, salts: Sum, *, big_endian: bool) -> None:
        self.data = memoryview(data)
        self.bytes = _FRAME.size + page_bytes
        self.salts = salts
        self.swapped = big_endian != (byteorder == "big")
        self.count = (len(data) - _HEADER.size) // self.bytes

    def offset(self, frame: int) -> int:
        """Where a frame begins, in bytes from the beginning of the file."""
        return _HEADER.size + (frame - 1) * self.bytes

    def current(self, frame: int) -> bool:
        """Whether a frame carries the salts of the file's header."""
        return _FRAME.unpack_from(self.data, self.offset(frame))[2:4] == self.salts

    def commits(self, frame: int) -> bool:
        """Whether a frame says that it ends a transaction."""
        return bool(_FRAME.unpack_from(self.data, self.offset(frame))[1])

    def said(self, frame: int) -> Sum:
        """The checksum that a frame says it has."""
        fields = _FRAME.unpack_from(self.data, self.offset(frame))
        return fields[4], fields[5]

    def follows(self, frame: int, before: Sum) -> bool:
        """Whether a frame is of this file's present use and its checksum follows from ``before``."""
        if not self.current(frame):
            return False
        at = self.offset(frame)
        counted = _sum(self.data[at : at + 8], before, self.swapped)
        page = self.data[at + _FRAME.size : at + self.bytes]
        return _sum(page, counted, self.swapped) == self.said(frame)


class Tail(NamedTuple):
    """What does not count at the end of a write-ahead log: ``torn`` bytes (0: it ends cleanly), and whether the file
    is ``short``, ending inside a frame. A rotted frame is whole; a short one was never written to its end, or cut off.
    """

    torn: int
    short: bool


def inspect(data: bytes, name: str) -> Tail:
    """What does not count at the end of a write-ahead log.

    Raises:
        DamagedLog: SQLite would skip frames that were durable; names the first of them.
    """
    if len(data) <= _HEADER.size + _FRAME.size:
        return Tail(0, short=False)
    magic, version, page_bytes, _, *salts, first, second = _HEADER.unpack_from(data)
    big_endian = bool(magic & 1)
    sound = magic & ~1 == _MAGIC and page_bytes.bit_count() == 1 and 512 <= page_bytes <= 65536
    said = (first, second)
    if not sound or _sum(memoryview(data)[:24], (0, 0), big_endian != (byteorder == "big")) != said:
        raise DamagedLog(f"{name}, its header at byte 0", "its checksum does not match, and frames follow it")
    if version != 3007000:
        raise DamagedLog(f"{name}, its header at byte 0", f"its version is {version}")
    frames = Frames(data, page_bytes, (salts[0], salts[1]), big_endian=big_endian)
    torn = _torn(frames, said, name)
    return Tail(torn, short=torn > 0 and frames.offset(frames.count + 1) < len(data))


def _torn(frames: Frames, header: Sum, name: str) -> int:
    """The bytes after the last good commit that belong to the file's present use."""
    committed, bad = _good(frames, header)
    last = max((frame for frame in range(bad, frames.count + 1) if frames.current(frame)), default=0)
    if last > bad:
        _refuse_damage(frames, bad, last, name)
    if bad == 1 and frames.count and _FRAME.unpack_from(frames.data, frames.offset(1))[2] == frames.salts[0] + 1:
        raise DamagedLog(f"{name}, its header at byte 0", "its frames are newer than it is")
    end = frames.offset(max(last, bad - 1) + 1)
    if max(last, bad - 1) == frames.count:
        end = len(frames.data)
    return end - frames.offset(committed + 1)


def _good(frames: Frames, header: Sum) -> tuple[int, int]:
    """The last frame that commits what SQLite will take, and the first frame that it won't."""
    committed, before = 0, header
    for frame in range(1, frames.count + 1):
        if not frames.follows(frame, before):
            return committed, frame
        before = frames.said(frame)
        if frames.commits(frame):
            committed = frame
    return committed, frames.count + 1


def _refuse_damage(frames: Frames, bad: int, last: int, name: str) -> None:
    """Raise if a frame was written after the transaction of the bad frame had ended."""
    ended = False
    for frame in range(bad + 1, last + 1):
        if frames.follows(frame, frames.said(frame - 1)):
            if ended:
                why = f"its checksum does not match, and {last - bad} frame(s) written later follow it"
                raise DamagedLog(f"{name}, frame {bad} at byte {frames.offset(bad)}", why)
            ended = frames.commits(frame)


def _sum(data: memoryview, before: Sum, swapped: bool) -> Sum:
    """SQLite's checksum over pairs of 32-bit words, going on from ``before``."""
    words = array("I", bytes(data))
    if swapped:
        words.byteswap()
    one, two = before
    for even, odd in zip(words[::2], words[1::2], strict=True):
        one = (one + even + two) & _MASK
        two = (two + odd + one) & _MASK
    return one, two
