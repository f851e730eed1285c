"""Follows an order log and publishes it: entries, tiles, signed checkpoints.

The tree follows from the order log and the blinding key, and only what is durable in the log is read. So every
checkpoint extends all before it, whenever this process is killed: after a start it goes on from the largest one that
was signed, and signs nothing if the order log does not give that one any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from drumroll.errors import LogRewritten, ProofError
from drumroll.log.base import Block
from drumroll.proof.checkpoint import Checkpoint
from drumroll.proof.merkle import leaf_hash
from drumroll.proof.note import Note, Signature, VerifierKey, parse_note, sign_note
from drumroll.proof.tiles import WIDTH, Growing, Tile, TileNodes, bundle, unbundle
from drumroll.transparency.directory import Directory
from drumroll.transparency.entries import Lives, entries_of
from drumroll.transparency.keys import KeyRing, verifier_lines
from drumroll.transparency.leaf_index import LeafIndex
from drumroll.transparency.published import KEYS, Published
from drumroll.transparency.sources import open_published

HASH_BYTES = 32
ENTRIES_AT_ONCE = 1024
"""Entries read in one step, or a few more: a block is never parted."""

SAY_EVERY = 1024
"""Blocks between two words on how far a start is."""

Cosigners = Callable[[Note, Callable[[int], TileNodes]], list[Signature]]
"""Asks the witnesses about a checkpoint, given the nodes of a tree of some size: their cosignatures."""


Say = Callable[[int, int], None]
"""Hears how many leaves were read at a start, and of how many."""


class Reader(Protocol):
    """The part of an order log that is needed here."""

    def read(self, from_position: int = 1) -> Iterator[Block]:
        """The durable blocks from a position on."""

    def head(self) -> int:
        """The position of the last durable block."""


class Publisher:
    """One published log. ``position`` is the last block that was read, ``signed`` the size of the last checkpoint,
    ``checkpoints`` how many there are.

    Raises (from ``start``):
        LogRewritten: the order log does not give what was signed.
        KeyInvalid, NoteInvalid: what is published there belongs to another key.
    """

    def __init__(
        self,
        reader: Reader,
        ring: KeyRing,
        directory: Path,
        index: Path | None = None,
        cosign: Cosigners | None = None,
    ) -> None:
        self.checkpoints = 0
        self.position = 0
        self.signed = 0
        self._reader = reader
        self._ring = ring
        self._directory = Directory(directory)
        self._published = open_published(str(directory))
        self._index = None if index is None else LeafIndex(index)
        self._cosign = cosign
        self._lives = Lives(ring.blinding)
        self._growing = Growing()
        self._bundle: list[bytes] = []
        self._counts: list[int] = []
        self._cosigned = 0

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._growing.size

    def start(self, say: Say = lambda done, of: None) -> None:
        """Come to where the last checkpoint was signed."""
        if self._index is not None:
            self._index.begin()
        self._directory.write(KEYS, verifier_lines(self._ring).encode())
        self.checkpoints, signed = self._directory.last_signed(_all_keys(self._ring))
        if signed is None or not signed.size:
            return
        if signed.origin != self._ring.origin:
            raise LogRewritten(
                f"{self._directory.path} is the log {signed.origin!r}, and the keys are of {self._ring.origin!r}; "
                "use the keys it was made with, or another directory"
            )
        tail = tail_of(self._published, signed)
        if tail is None:
            self._again(signed, say)
        else:
            self._skip_to(signed, tail, say)
        self.signed = signed.size
        self._cosigned = signed.size if self._others_signed() else 0
        self._write_index()

    def step(self) -> int:
        """Read some of the new blocks; says how many."""
        entries: list[bytes] = []
        first = self.position
        for block in self._reader.read(first + 1):
            entries += self._lives.entries(block)
            self.position = block.position
            self._counts.append(self.size + len(entries))
            if len(entries) >= ENTRIES_AT_ONCE:
                break
        self._add(entries)
        return self.position - first

    def publish(self, *, witnessed: bool = True) -> bool:
        """Sign what was read, and show it; says whether there was anything new. ``witnessed``: ask the witnesses too.

        A checkpoint that no witness has cosigned is shown again, with their cosignatures, once one of them does.
        """
        self._write_index()
        asks = self._cosign is not None and witnessed
        if self.size == self.signed and not (asks and self.size > self._cosigned):
            return False
        if self.size != self.signed:
            self._write_partials()
        note = sign_note(Checkpoint(self._ring.origin, self.size, self._growing.root()).text, self._ring.signing)
        given = self._cosign(note, self.nodes) if self._cosign is not None and witnessed else []
        if self.size == self.signed and not given:
            return False
        self._directory.sign(Note(note.text, (*note.signatures, *given)))
        self.checkpoints += 1
        self.signed = self.size
        self._cosigned = self.size if given else self._cosigned
        return True

    def nodes(self, size: int) -> TileNodes:
        """The nodes of the tree that was published when it had that size."""
        return TileNodes(size, self._published.tile)

    def head(self) -> int:
        """The last durable block of the order log."""
        return self._reader.head()

    def _others_signed(self) -> bool:
        """Whether somebody but the log has signed the newest checkpoint."""
        own, note = _all_keys(self._ring), parse_note(self._published.checkpoint())
        return any(not any(one.of(key) for key in own) for one in note.signatures)

    def _write_partials(self) -> None:
        self._directory.tiles(self._growing.partials())
        if self._bundle:
            self._directory.tiles([(Tile(-1, self.size // WIDTH, len(self._bundle)), bundle(self._bundle))])

    def _write_index(self) -> None:
        if self._index is not None and self._counts:
            self._index.add(self._counts)
        self._counts = []

    def _add(self, entries: list[bytes]) -> None:
        """New entries: what of them fills bundles and tiles is written now."""
        if not entries:
            return
        self._directory.tiles(self._growing.extend([leaf_hash(entry) for entry in entries]))
        waiting = [*self._bundle, *entries]
        full = len(waiting) // WIDTH
        first = self.size // WIDTH - full
        for number in range(full):
            part = waiting[number * WIDTH : (number + 1) * WIDTH]
            self._directory.tiles([(Tile(-1, first + number), bundle(part))])
        self._bundle = waiting[full * WIDTH :]

    def _again(self, signed: Checkpoint, say: Say) -> None:
        """Make everything anew up to the checkpoint, since some of it is missing or damaged.

        First only to see that the order log gives what was signed: what is there is evidence, should it not.
        """
        tree, lives = Growing(), Lives(self._ring.blinding)
        for block, _ in self._blocks_to(signed, say):
            tree.extend([leaf_hash(entry) for entry in lives.entries(block)])
        self._check(signed, tree.size, same=tree.root() == signed.root)
        for block in self._reader.read(1):
            self._add(list(self._lives.entries(block)))
            if self.size >= signed.size:
                break
        self._write_partials()

    def _skip_to(self, signed: Checkpoint, tail: Tail, say: Say) -> None:
        """Go on from the tiles that are there: what happened is read again, and the last entries are compared."""
        last: list[bytes] = []
        count = 0
        for block, count in self._blocks_to(signed, say):
            if count > tail.first:
                last += [leaf_hash(entry) for entry in self._lives.entries(block)]
            else:
                self._lives.skip(block)
        compared = min(len(last), len(tail.leaves))
        self._check(signed, count, same=last[-compared:] == tail.leaves[-compared:])
        self._growing, self._bundle = Growing(signed.size, tail.partials), tail.entries

    def _blocks_to(self, signed: Checkpoint, say: Say) -> Iterator[tuple[Block, int]]:
        """The blocks up to the one with which the checkpoint was signed, and how many leaves each leads to."""
        count = 0
        for block in self._reader.read(1):
            count += sum(map(entries_of, block.events))
            self.position = block.position
            self._counts.append(count)
            yield block, count
            if block.position % SAY_EVERY == 0:
                say(count, signed.size)
                self._write_index()
            if count >= signed.size:
                break

    def _check(self, signed: Checkpoint, count: int, *, same: bool) -> None:
        """Whether the order log still gives what was signed."""
        if count == signed.size and same:
            return
        found = "gives others" if count >= signed.size else f"ends after {count:,}"
        raise LogRewritten(
            f"a checkpoint of {signed.size:,} entries was signed, and the order log {found}. Was an older copy of it "
            "put back, or the blinding key replaced? Nothing more is signed: put back what was there. If it is lost, "
            "say so in public, make new keys (drumroll key new) and publish into another directory"
        )


class Tail(msgspec.Struct, frozen=True):
    """The right edge of a published tree: what is needed to go on from it.

    ``leaves`` are the hashes from leaf ``first`` to the end; ``partials`` the hashes of the partial tile of each level,
    ``entries`` those of the partial bundle.
    """

    first: int
    leaves: list[bytes]
    partials: list[list[bytes]]
    entries: list[bytes]


def tail_of(published: Published, signed: Checkpoint) -> Tail | None:
    """The right edge of what was published with a checkpoint; ``None``: it is not there, or not what was signed."""
    try:
        partials = _partial_hashes(published, signed.size)
        entries = []
        width = signed.size % WIDTH
        if width:
            entries = unbundle(published.tile(Tile(-1, signed.size // WIDTH, width)))
        leaves = partials[0] or _hashes(published.tile(Tile(0, signed.size // WIDTH - 1)))
        whole = Growing(signed.size, partials).root() == signed.root
    except ProofError:
        return None
    if not whole or [leaf_hash(entry) for entry in entries] != partials[0]:
        return None
    return Tail(signed.size - len(leaves), leaves, partials, entries)


def _partial_hashes(published: Published, size: int) -> list[list[bytes]]:
    partials: list[list[bytes]] = []
    level = 0
    while size >> (8 * level):
        width = (size >> (8 * level)) % WIDTH
        tile = Tile(level, (size >> (8 * level)) // WIDTH, width)
        partials.append(_hashes(published.tile(tile)) if width else [])
        level += 1
    return partials


def _hashes(tile: bytes) -> list[bytes]:
    return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]


def _all_keys(ring: KeyRing) -> list[VerifierKey]:
    return [*(key.verifier for key in ring.signing), *ring.retired]
