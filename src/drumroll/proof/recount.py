"""Reads a published log once, from the first entry to the last, and finds everything that is wrong with it.

Each entry must be one; its hash must stand in the tile; times never fall; each order's life must be a possible one; no
entry is there twice; and the tree of all entries must have the root that was signed, at every signed checkpoint. What
was changed is found by the entry where the tiles were left as they were, and else between two signed checkpoints.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise

from drumroll.errors import PublishedInvalid
from drumroll.proof.count import Count
from drumroll.proof.entry import LINE, LaunchFacts
from drumroll.proof.findings import Finding, Findings, entries_named
from drumroll.proof.lives import Lives
from drumroll.proof.merkle import HASH_BYTES, leaf_hash
from drumroll.proof.moments import utc
from drumroll.proof.roots import Roots, Signed
from drumroll.proof.tiles import WIDTH, Growing, ReadTile, Tile, tile_path

BACK_DATING_S = 60
"""How much earlier than a witness's time an entry may say it is that the witness did not see, or later one that it saw:
clocks differ.
"""


class Recount:
    """The recount so far. Feed it every bundle in order, call ``done``, then read ``findings``.

    ``signed`` are checkpoints whose signatures hold. ``tile`` reads published tiles of hashes above level 0. ``count``
    is fed the first ``counted`` entries (``None``: all). ``found`` takes what is found.
    """

    def __init__(
        self,
        signed: Sequence[Signed] = (),
        tile: ReadTile | None = None,
        count: Count | None = None,
        counted: int | None = None,
        found: Findings | None = None,
    ) -> None:
        self.found = Findings() if found is None else found
        self._roots = Roots(signed, self.found)
        self._tile = tile
        self._count = count
        self._counted = (1 << 63) if counted is None else counted
        self._tree = Growing()
        self._lives = Lives(self.found)
        self._first_differs = (("", ""), "")
        self._differ = 0
        self._wrong_tiles: list[str] = []
        self._seen_s = 0
        self._reach(())

    @property
    def size(self) -> int:
        """Entries read so far."""
        return self._tree.size

    @property
    def root(self) -> bytes:
        """The root of all entries read so far."""
        return self._tree.root()

    @property
    def facts(self) -> LaunchFacts | None:
        """What the log says of the launch, as far as it was read."""
        return self._lives.facts

    @property
    def findings(self) -> list[Finding]:
        """All that was found; at most 20 of a code, see ``found.more``."""
        return self.found.kept

    def add(self, tile: Tile, entries: Sequence[bytes], hashes: bytes | None = None, why: str = "") -> None:
        """The next bundle, and the hashes that are to be its entries' (``None``: not there, ``why`` says so)."""
        first = tile.index * WIDTH
        leaves = [sha256(b"\x00" + entry).digest() for entry in entries]  # leaf_hash, inlined: it is hot
        if len(entries) != tile.width:
            what = f"{tile_path(Tile(-1, tile.index, tile.width))} has {len(entries)} entries, not {tile.width}"
            self.found.add("entries", what, entries_named(first, tile.width))
        for begin, end in self._pieces(first, min(len(entries), tile.width)):
            count = self._count if first + begin < self._counted else None
            self._lives.read(first + begin, entries[begin:end], self._floor_ms(first + begin), count)
        if hashes is not None:
            self._compare(first, entries, leaves, hashes)
        elif why:
            self.found.add(
                "tile", f"the hashes of these entries are not there: {why}", entries_named(first, tile.width)
            )
        # An entry that is missing is taken for an empty one, so that those after it keep their place.
        self._grow(entries, [*leaves, *([leaf_hash(b"")] * (tile.width - len(leaves)))][: tile.width])

    def done(self, *, whole: bool = True) -> Recount:
        """Say what can only be said at the end. Returns itself. ``whole``: all was read that was to be."""
        if self._differ:
            (what, rest), where = self._first_differs
            more = rest.format(f"{self._differ - 1:,}") if self._differ > 1 else ""
            self.found.add("changed", f"{what}{more}", where)
        elif self._tile is not None:
            self._check_tiles(self._tree.partials() if whole else [])
            for path in self._wrong_tiles:
                self.found.add(
                    "tile", f"{path} is not what the entries give: receipts made from it will not hold", path
                )
        self._roots.check(self.size if whole else None)
        self._lives.check_copies()
        if self.size and (self.facts is None or not self._lives.begins):
            self.found.add("launch", "the log says nothing of the launch: its first entry must", "entry 0")
        return self

    # Entries

    def _pieces(self, first: int, length: int) -> list[tuple[int, int]]:
        """Where what is counted ends within a bundle, and where a witness saw the log: what comes then is judged so."""
        cuts = {0, length, min(max(self._counted - first, 0), length)}
        cuts |= {
            one.size - first
            for one in self._roots.ahead(self.size + WIDTH)
            if one.at_s is not None and first < one.size < first + length
        }
        places = sorted(cuts)
        return list(pairwise(places))

    def _floor_ms(self, first: int) -> int:
        """No entry from there on can be from before this time: witnesses had seen the log without it."""
        seen = [one.at_s for one in self._roots.ahead(self.size + WIDTH) if one.at_s is not None and one.size <= first]
        return (max([self._seen_s, *seen]) - BACK_DATING_S) * 1000

    def _compare(self, first: int, entries: Sequence[bytes], leaves: list[bytes], hashes: bytes) -> None:
        """Hold entries against the hashes that were published for them."""
        if b"".join(leaves) == hashes:
            return
        due = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
        length = max(len(due), len(leaves))
        differ = [at for at in range(length) if leaves[at : at + 1] != due[at : at + 1]]
        if not self._differ:
            at = differ[0]
            where = self.found.entry(first + at, _time_of(entries, at))
            self._first_differs = (_what_differs(leaves[at:], due[at:]), where)
        self._differ += len(differ)

    # The tree

    def _grow(self, entries: Sequence[bytes], leaves: list[bytes]) -> None:
        """Go on to each checkpoint that is signed for a size on the way, then to the end."""
        first, done = self.size, 0
        for size in sorted(
            {one.size for one in self._roots.ahead(self.size + WIDTH) if one.size <= first + len(leaves)}
        ):
            self._extend(leaves[done : size - first])
            done = size - first
            self._reach(entries[max(done - 1, 0) : done])
        self._extend(leaves[done:])

    def _extend(self, leaves: list[bytes]) -> None:
        full = self._tree.extend(leaves)
        if self._tile is not None and not self._differ:
            self._check_tiles(full)

    def _check_tiles(self, tiles: list[tuple[Tile, bytes]]) -> None:
        """Hold tiles above level 0 against those that are published. Nothing follows from them but receipts."""
        assert self._tile is not None
        for tile, data in tiles:
            try:
                same = tile.level == 0 or self._tile(tile) == data
            except PublishedInvalid:
                same = False
            if not same:
                self._wrong_tiles.append(tile_path(tile))

    def _reach(self, last: Sequence[bytes]) -> None:
        """The tree has the size of a checkpoint, or of more than one; ``last`` is the entry just before."""
        last_ms = _time_of(last, 0)
        here = self._roots.reach(self.size, self._tree.root(), last_ms)
        seen = [one.at_s for one in here if one.at_s is not None]
        if last_ms is not None and seen and last_ms > (min(seen) + BACK_DATING_S) * 1000:
            what = f"it says that it is of later than {utc(min(seen) * 1000)}, when a witness saw it already"
            self.found.add("postdated", what, self.found.entry(self.size - 1, last_ms))
        self._seen_s = max([self._seen_s, *(one.at_s or 0 for one in here)])


def _time_of(entries: Sequence[bytes], at: int) -> int | None:
    """The time of an entry, if it is there and is an order's."""
    line = LINE.fullmatch(entries[at]) if at < len(entries) else None
    return None if line is None else int(line[4])


def _what_differs(leaves: list[bytes], due: list[bytes]) -> tuple[str, str]:
    """What happened to the first entry that is not the one that it was, as far as its neighbours tell.

    And what became of those after it; ``{}`` stands for how many they are.
    """
    if due and len(leaves) > 1 and leaves[1] == due[0]:
        return "an entry was put in here after the hashes were published", "; {} after it moved on"
    if leaves and len(due) > 1 and leaves[0] == due[1]:
        return "an entry was taken away here after the hashes were published", "; {} after it moved up"
    return "this entry is not the one whose hash is published", "; {} after it differ too"
