"""Looks at a published log as somebody who trusts some keys and nothing else: what is signed, what is there.

First what was signed: the newest checkpoint and all before it. Then either everything, entry by entry (``recount``), or
only that the published hashes give each root that was signed (``glance``), which needs a small part of the log.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import msgspec

from drumroll.errors import EntryInvalid, NoteInvalid, ProofError, PublishedInvalid
from drumroll.proof.checkpoint import Checkpoint, check_signed, parse_checkpoint
from drumroll.proof.cosignature import cosigned_at
from drumroll.proof.count import Count
from drumroll.proof.entry import parse_entry
from drumroll.proof.findings import Findings
from drumroll.proof.merkle import root
from drumroll.proof.moments import utc
from drumroll.proof.note import Note, VerifierKey, parse_note
from drumroll.proof.recount import Recount
from drumroll.proof.roots import Roots, Signed
from drumroll.proof.tiles import WIDTH, Tile, TileNodes
from drumroll.transparency.published import Published

TILES_AHEAD_MOST = 20_000
"""Tiles that are fetched beforehand for a glance at a log: 160 MB."""

Say = Callable[[int, int], None]
"""Hears how many entries were read, and of how many."""


class Seen(msgspec.Struct, frozen=True):
    """A witness saw the log at a size, at a time (POSIX seconds)."""

    witness: str
    size: int
    at_s: int


class Inspection:
    """What was signed of a log, by these ``keys``, and what these ``witnesses`` cosigned.

    ``found`` is what is wrong so far; ``signed`` the checkpoints whose signatures hold, ``size`` the largest size that
    was signed, ``head`` the newest checkpoint (``None``: it can't be read, and ``unreadable`` says why).
    """

    def __init__(
        self, published: Published, keys: Sequence[VerifierKey], witnesses: Sequence[VerifierKey] = ()
    ) -> None:
        self.published = published
        self.keys = list(keys)
        self.witnesses = list(witnesses)
        self.found = Findings()
        self.signed: list[Signed] = []
        self.seen: list[Seen] = []
        self.head: Checkpoint | None = None
        self.origin = ""
        self.unreadable = ""
        self._unsigned: list[str] = []
        note = self._newest()
        history = [] if note is None else self._history()
        for number, one in enumerate(history):
            self._take(one, f"checkpoint {number + 1:,} of {len(history):,} in the file checkpoints")
        if note is not None:
            self._take(note, "the newest checkpoint")
            self._require_in_history(note, history)
        self._say_unsigned(len(history) + (note is not None))
        # Not by what nobody signed: whoever answers any question could have us read for ever.
        self.size = max((one.size for one in self.signed), default=0)

    @property
    def checkpoints(self) -> int:
        """How many checkpoints were signed: one that was cosigned later is in the history twice."""
        return len({(one.size, one.root) for one in self.signed})

    def recount(
        self, own: Sequence[Signed], say: Say, count: Count | None = None, counted: int | None = None
    ) -> Recount:
        """Read every entry; what is wrong is added to ``found``. ``own``: what is to be of this log's history too.

        ``count`` counts the first ``counted`` entries (``None``: all).
        """
        recount = Recount([*self.signed, *own], self.published.tile, count, counted, self.found)
        with _without_garbage_collection():
            try:
                for part in self.published.parts(self.size):
                    recount.add(part.tile, part.entries, part.hashes, part.why)
                    say(recount.size, self.size)
            except PublishedInvalid as error:
                self.found.add("missing", str(error), f"from entry {recount.size:,} on")
                return recount.done(whole=False)
            return recount.done()

    def count_again(self, count: Count, counted: int, say: Say) -> Count:
        """The count that holds: made once more if the launch was moved after it began. Raises ``ProofError``."""
        again = count.again()
        if again is None:
            return count
        done = 0
        for entries in self.published.entries(counted):
            for entry in entries:
                with suppress(EntryInvalid):
                    again.add(parse_entry(entry))
            done += len(entries)
            say(done, counted)
        return again

    def glance(self, own: Sequence[Signed], say: Say) -> None:
        """Whether the published hashes give every root that was signed, and ``own``'s. The entries are not read."""
        roots = Roots([*self.signed, *own], self.found)
        sizes = sorted({one.size for one in roots.signed if one.size <= self.size})
        try:
            nodes = TileNodes(self.size, self._reader(sizes))
            for number, size in enumerate(sizes):
                roots.reach(size, root(size, nodes))
                say(number + 1, len(sizes))
        except ProofError as error:
            self.found.add("missing", str(error), "among the tiles of hashes")
            roots.check(None)
            return
        roots.check(self.size)

    def _reader(self, sizes: Iterable[int]) -> Callable[[Tile], bytes]:
        """Tiles: those for the roots at these sizes are fetched at once where that is quicker."""
        if self.published.threads == 1:
            return self.published.tile
        wanted = list(dict.fromkeys(tile for size in sizes for tile in _edge(size, self.size)))[:TILES_AHEAD_MOST]
        have = dict(zip(wanted, self.published.tiles(wanted), strict=True))
        return lambda tile: have.get(tile) or self.published.tile(tile)

    # What was signed

    def _newest(self) -> Note | None:
        try:
            note = parse_note(self.published.checkpoint())
            self.head = parse_checkpoint(note.text)
        except (NoteInvalid, PublishedInvalid) as error:
            self.unreadable = str(error)
            return None
        self.origin = self.head.origin
        return note

    def _history(self) -> list[Note]:
        try:
            return self.published.history()
        except (NoteInvalid, PublishedInvalid) as error:
            self.found.add("history", f"the list of all checkpoints can't be read: {error}", "checkpoints")
            return []

    def _take(self, note: Note, where: str) -> None:
        """One checkpoint: if its signature holds, it is what the log is held against."""
        try:
            checkpoint = parse_checkpoint(note.text)
            check_signed(note, checkpoint.origin, self.keys)
        except NoteInvalid as error:
            self._unsigned.append(f"{where}: {error}")
            return
        if self.origin and checkpoint.origin != self.origin:
            text = f"a checkpoint is of another log, {checkpoint.origin[:80]!r}: this one is {self.origin[:80]!r}"
            self.found.add("origin", text, where)
            return
        signed = Signed(checkpoint.size, checkpoint.root, self._witnessed(note, checkpoint, where))
        if signed not in self.signed[-2:]:  # the newest is the history's last, too
            self.signed.append(signed)

    def _witnessed(self, note: Note, checkpoint: Checkpoint, where: str) -> int | None:
        times = []
        for witness in self.witnesses:
            try:
                at_s = cosigned_at(note, witness)
            except NoteInvalid as error:
                self.found.add("cosignature", str(error), where)
                continue
            if at_s is not None:
                times.append(at_s)
                self.seen.append(Seen(witness.name, checkpoint.size, at_s))
        return max(times, default=None)

    def _require_in_history(self, note: Note, history: Sequence[Note]) -> None:
        """Whoever removes a checkpoint from the history removes what a change would be found by."""
        if not history:
            text = "the list of all checkpoints is missing or empty: a change can't be found by it any more"
            self.found.add("history", text, "checkpoints")
        elif all(one.text != note.text for one in history):
            last = history[-1].text.split("\n")[1]
            text = f"the newest checkpoint is not in the list of all checkpoints, which ends at {last} entries"
            self.found.add("history", f"{text}: it was cut, or this is another log's", "checkpoints")

    def _say_unsigned(self, count: int) -> None:
        if self._unsigned:
            text = f"{len(self._unsigned):,} of {count:,} checkpoints are not signed by the keys given"
            text += ": they are another log's, or an older key's (then give that too)"
            self.found.add("unsigned", text, f"first: {self._unsigned[0]}")


def seen_in_words(seen: Seen) -> str:
    """``witness.example/press saw 4,000 entries at 2025-06-26T15:00:00Z``."""
    return f"{seen.witness} saw {seen.size:,} entries at {utc(seen.at_s * 1000)}"


def _edge(size: int, whole: int) -> Iterator[Tile]:
    """The tiles from which the root at a size follows, in a tree of ``whole`` entries."""
    level = 0
    while size >> (8 * level):
        hashes, all_hashes = size >> (8 * level), whole >> (8 * level)
        if hashes % WIDTH:
            yield Tile(level, hashes // WIDTH, min(WIDTH, all_hashes - hashes // WIDTH * WIDTH))
        level += 1


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """All that is read stays: looking for what does not takes a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
