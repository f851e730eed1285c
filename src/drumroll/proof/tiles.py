"""A Merkle tree as files: the tiles and entry bundles of C2SP ``tlog-tiles``.

A tile is up to 256 hashes in a row: at level 0 of leaves, at each further level of the full tiles below it. So level
``n`` holds the nodes of height ``8 * n``; those between are hashed anew from a tile. A full tile never changes; the
last one of a level is partial, and named by its width.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import msgspec

from drumroll.errors import EntryInvalid, ProofInvalid, PublishedInvalid
from drumroll.proof.entry import BYTES_MOST
from drumroll.proof.merkle import HASH_BYTES, Frontier, parents, require_sizes

WIDTH = 256
HEIGHT = 8
"""Heights of the tree in a tile: 256 is 2**8."""

ENTRIES = "entries"
TILES_KEPT = 64
"""Tiles that ``TileNodes`` keeps: with their inner nodes some 2 MB."""

_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class Tile(msgspec.Struct, frozen=True):
    """Which tile. ``level`` -1 is a bundle of entries; ``width`` is how many hashes or entries it has, 1 to 256."""

    level: int
    index: int
    width: int = WIDTH


# Where tiles are


def tile_path(tile: Tile) -> str:
    """Its path under the log's prefix: ``tile/0/x001/x234/067``, ``tile/entries/000.p/17``."""
    index, parts = tile.index // 1000, [f"{tile.index % 1000:03}"]
    while index:
        parts.insert(0, f"x{index % 1000:03}")
        index //= 1000
    level = ENTRIES if tile.level < 0 else str(tile.level)
    return f"tile/{level}/{'/'.join(parts)}" + (f".p/{tile.width}" if tile.width < WIDTH else "")


def parse_tile_path(path: str) -> Tile | None:
    """The tile of a path; nothing if it is not exactly the path of one."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    level, index, width = found.groups()
    tile = Tile(
        -1 if level == ENTRIES else int(level),
        int(index.replace("x", "").replace("/", "")),
        int(width) if width else WIDTH,
    )
    # The path made anew tells needless leading zeros (x000/067) and a width that is none (.p/256).
    return tile if tile.level < 64 and tile_path(tile) == path else None


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of hashes of a tree of that size, full and partial, level by level."""
    for level, hashes in enumerate(_levels(size)):
        yield from _row(level, hashes)


def bundles_of(size: int) -> Iterator[Tile]:
    """Every bundle of entries of a tree of that size."""
    require_sizes(0, size)
    return _row(-1, size)


def partials_of(size: int) -> list[Tile]:
    """The partial tiles of a tree of that size, level by level, then its partial bundle."""
    rows = [*enumerate(_levels(size)), (-1, size)]
    return [Tile(level, hashes // WIDTH, hashes % WIDTH) for level, hashes in rows if hashes % WIDTH]


def _levels(size: int) -> Iterator[int]:
    """How many hashes each level has, from level 0 up to the last that has any."""
    require_sizes(0, size)
    while size:
        yield size
        size >>= HEIGHT


def _row(level: int, hashes: int) -> Iterator[Tile]:
    for index in range(hashes // WIDTH):
        yield Tile(level, index)
    if hashes % WIDTH:
        yield Tile(level, hashes // WIDTH, hashes % WIDTH)


# What bundles are


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as a bundle: each after its length in bytes (2 bytes, big-endian). Raises ``EntryInvalid``."""
    _require_count(len(entries))
    parts: list[bytes] = []
    for entry in entries:
        _require_length(len(entry))
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def unbundle(data: bytes, most: int = WIDTH) -> list[bytes]:
    """The entries of a bundle. Raises ``EntryInvalid`` if it is torn, or has more than ``most``."""
    entries: list[bytes] = []
    at, end = 0, len(data)
    while at + 1 < end:
        start = at + 2
        at = start + (data[at] << 8 | data[at + 1])
        entries.append(data[start:at])
    _require_length(max(map(len, entries), default=0))
    if at != end:
        raise EntryInvalid(f"the bundle is torn: it has {end} bytes, and its entry {len(entries) - 1} ends at {at}")
    _require_count(len(entries), most)
    return entries


def _require_length(length: int) -> None:
    if length > BYTES_MOST:
        raise EntryInvalid(f"found an entry of {length} bytes, allowed: {BYTES_MOST}")


def _require_count(count: int, most: int = WIDTH) -> None:
    if count > most:
        raise EntryInvalid(f"found a bundle of more than {most} entries")


# Making tiles


class Growing:
    """A tree that grows, and its tiles: what a log keeps in memory, some hundred hashes.

    ``partial`` has the hashes of the partial tile of each level of a tree of ``size``, to go on from.
    Raises ``PublishedInvalid`` if they can't be those of such a tree, ``ProofInvalid`` if no tree has that size.
    """

    def __init__(self, size: int = 0, partial: Sequence[Sequence[bytes]] = ()) -> None:
        widths = [hashes % WIDTH for hashes in _levels(size)]
        self._partial = [list(row) for row in partial] + [[] for _ in widths[len(partial) :]]
        found = [len(row) for row in self._partial]
        if found[: len(widths)] != widths or any(found[len(widths) :]):
            raise PublishedInvalid(f"found partial tiles of {found}, a tree of {size} has {widths}")
        self._frontier = Frontier(size, [node for row in self._partial for node in _right_edge(row)])

    @property
    def size(self) -> int:
        """Leaves so far."""
        return self._frontier.size

    def extend(self, leaves: Sequence[bytes]) -> list[tuple[Tile, bytes]]:
        """Add leaves, by their hashes; the tiles of all levels that became full, with their bytes."""
        full: list[tuple[Tile, bytes]] = []
        for level, nodes in enumerate(self._frontier.grow(leaves)[::HEIGHT]):
            full += self._fill(level, nodes)
        return full

    def _fill(self, level: int, nodes: list[bytes]) -> list[tuple[Tile, bytes]]:
        if level == len(self._partial):
            self._partial.append([])
        row = self._partial[level]
        row += nodes
        first = (self.size >> HEIGHT * level) // WIDTH - len(row) // WIDTH
        full = [
            (Tile(level, first + number), b"".join(row[number * WIDTH : (number + 1) * WIDTH]))
            for number in range(len(row) // WIDTH)
        ]
        del row[: len(full) * WIDTH]
        return full

    def partials(self) -> list[tuple[Tile, bytes]]:
        """The partial tiles as they stand, level by level, with their bytes."""
        return [
            (Tile(level, self.size >> HEIGHT * (level + 1), len(row)), b"".join(row))
            for level, row in enumerate(self._partial)
            if row
        ]

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        return self._frontier.root()


def _right_edge(row: Sequence[bytes]) -> list[bytes]:
    """The frontier within a partial tile: a node, or none, for each of its eight heights."""
    try:
        inner = Frontier()
        inner.extend(row)
    except ProofInvalid as error:
        raise PublishedInvalid(f"a partial tile can't be read: {error}") from error
    return inner.nodes + [b""] * (HEIGHT - len(inner.nodes))


# Reading tiles

ReadTile = Callable[[Tile], bytes]
"""The bytes of a published tile. Whether it cuts them off a full tile is the reader's matter."""


class TileNodes:
    """The nodes of a tree of ``size`` from its published tiles: a ``merkle.NodeOf``. The tiles used last are kept."""

    def __init__(self, size: int, read: ReadTile) -> None:
        self._size = size
        self._read = read
        self._kept: dict[Tile, list[list[bytes]]] = {}

    def __call__(self, height: int, index: int) -> bytes:
        """The node. Raises ``PublishedInvalid`` if its tile has not the length that it must have."""
        if not 0 <= height < 64 or not 0 <= index < self._size >> height:
            raise ProofInvalid(f"a tree of {self._size} has no complete subtree {index} of height {height}")
        level, inner = divmod(height, HEIGHT)
        tile, within = divmod(index << inner, WIDTH)
        hashes = self._size >> HEIGHT * level
        return self._rows(Tile(level, tile, min(WIDTH, hashes - tile * WIDTH)))[inner][within >> inner]

    def _rows(self, tile: Tile) -> list[list[bytes]]:
        """The tile's nodes by height within it. Taken out and put back, it is the last to be let go."""
        rows = self._kept.pop(tile, None) or self._open(tile)
        self._kept[tile] = rows
        if len(self._kept) > TILES_KEPT:
            del self._kept[next(iter(self._kept))]
        return rows

    def _open(self, tile: Tile) -> list[list[bytes]]:
        data = self._read(tile)
        if len(data) != tile.width * HASH_BYTES:
            raise PublishedInvalid(
                f"{tile_path(tile)} has {len(data)} bytes, allowed: {tile.width * HASH_BYTES}. Get it anew"
            )
        rows = [[data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]]
        while len(rows) < HEIGHT:
            rows.append(parents(rows[-1]))
        return rows
