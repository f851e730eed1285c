"""Tiles: their paths, which of them a tree has, what is in them, and the same tree again out of them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.errors import EntryInvalid, ProofInvalid, PublishedInvalid
from drumroll.proof import merkle
from drumroll.proof.entry import BYTES_MOST
from drumroll.proof.merkle import consistency_proof, inclusion_proof, leaf_hash
from drumroll.proof.tiles import (
    TILES_KEPT,
    WIDTH,
    Growing,
    Tile,
    TileNodes,
    bundle,
    bundles_of,
    parse_tile_path,
    partials_of,
    tile_path,
    tiles_of,
    unbundle,
)
from tests.proof.naive_merkle import Tree, tree

LARGEST = 70_000
EDGES = (1, 255, 256, 257, 511, 512, 65535, 65536, 65537, LARGEST)


@cache
def large() -> Tree:
    return tree(LARGEST)


def content(tile: Tile) -> bytes:
    """As the specification defines it: MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l])."""
    of, start = 256**tile.level, tile.index * 256
    return b"".join(large().mth(at * of, (at + 1) * of) for at in range(start, start + tile.width))


def grown(size: int, batch: int = 1_000) -> tuple[Growing, dict[Tile, bytes]]:
    """A tree of that size, and all of its tiles."""
    growing, made = Growing(), {}
    for at in range(0, size, batch):
        made.update(growing.extend(large().leaves[at : min(at + batch, size)]))
    return growing, {**made, **dict(growing.partials())}


@cache
def stored() -> dict[Tile, bytes]:
    return grown(LARGEST)[1]


def read_stored(tile: Tile) -> bytes:
    """A partial tile, too, is cut off what is there by now."""
    for width in (WIDTH, LARGEST // 256**tile.level % 256):
        if (found := stored().get(Tile(tile.level, tile.index, width))) is not None:
            return found[: tile.width * 32]
    raise AssertionError(f"{tile_path(tile)} is in no tree of {LARGEST}")


# Paths


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(1, 1, 17), "tile/1/001.p/17"),
        (Tile(2, 0, 1), "tile/2/000.p/1"),
        (Tile(63, 999, 255), "tile/63/999.p/255"),
        (Tile(-1, 0, 17), "tile/entries/000.p/17"),
        (Tile(-1, 1000), "tile/entries/x001/000"),
        (Tile(3, 1_000_000), "tile/3/x001/x000/000"),
    ],
)
def test_the_paths_of_the_specification(tile: Tile, path: str) -> None:
    assert tile_path(tile) == path
    assert parse_tile_path(path) == tile


@settings(max_examples=200, deadline=None)
@given(st.builds(Tile, st.integers(-1, 63), st.integers(0, 2**55), st.integers(1, 256)))
def test_a_path_is_read_back_as_it_was_written(tile: Tile) -> None:
    assert parse_tile_path(tile_path(tile)) == tile


@pytest.mark.parametrize(
    "path",
    [
        *("", "tile", "tile/", "tile/0", "tile/0/", "/tile/0/000", "tile/0/000/", "tile/0/000\n", "tile/0//000"),
        *("tile/00/000", "tile/64/000", "tile/99/000", "tile/-1/000", "tile/+1/000", "tile/ 1/000", "tile/100/000"),
        *("tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000", "tile/0/x000/067", "tile/0/001/067"),
        *(
            "tile/0/X001/067",
            "tile/0/x01/067",
            "tile/0/-01",
            "tile/0/0_1",
            "tile/0/x001/x067",
            "tile/0/\u0660\u0660\u0661",
        ),
        *("tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/1/"),
        *("tile/0/000.p/-1", "tile/0/000.p/999", "tile/0/000.p/1000", "tile/0/000.q/1", "tile/0/000p/1"),
        *("tile/Entries/000", "tile/entry/000", "tile/data/000", "tile/0/../000", "../tile/0/000", "tile/0/000\x00"),
    ],
)
def test_what_is_not_exactly_a_path_is_none(path: str) -> None:
    assert parse_tile_path(path) is None


def test_a_path_longer_than_any_is_none_and_no_error() -> None:
    assert parse_tile_path("tile/0/" + "x001/" * 6 + "000") is not None
    for path in ("tile/0/" + "x001/" * 7 + "000", "tile/0/" + "x001/" * 9_999 + "000", "tile/" + "1" * 9_999 + "/000"):
        assert parse_tile_path(path) is None


@settings(max_examples=300, deadline=None)
@given(st.text("tile/0123x.pents-\n", max_size=24))
def test_no_two_paths_are_of_one_tile(path: str) -> None:
    tile = parse_tile_path(path)
    assert tile is None or tile_path(tile) == path


# Which tiles a tree has


def test_the_tiles_of_70_000_as_the_specification_counts_them() -> None:
    tiles = list(tiles_of(70_000))
    assert Counter(tile.level for tile in tiles if tile.width == WIDTH) == {0: 273, 1: 1}
    assert partials_of(70_000) == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1), Tile(-1, 273, 112)]
    assert len(tiles) == 273 + 1 + 3
    assert [tile.index for tile in bundles_of(70_000)] == list(range(274))


def test_the_tiles_of_256_as_the_specification_counts_them() -> None:
    assert list(tiles_of(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(bundles_of(256)) == [Tile(-1, 0)]
    assert partials_of(256) == [Tile(1, 0, 1)]


def test_an_empty_tree_has_no_tiles() -> None:
    assert [*tiles_of(0), *bundles_of(0), *partials_of(0), *Growing().partials()] == []


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6))
def test_tiles_are_those_that_the_formula_gives(size: int) -> None:
    tiles = list(tiles_of(size))
    for level in range(5):
        hashes = size // 256**level
        widths = [tile.width for tile in tiles if tile.level == level]
        assert widths == [256] * (hashes // 256) + [hashes % 256] * (hashes % 256 > 0)
        assert [tile.index for tile in tiles if tile.level == level] == list(range(len(widths)))
    partial = {tile for tile in (*tiles, *bundles_of(size)) if tile.width < WIDTH}
    assert set(partials_of(size)) == partial
    assert sum(tile.width for tile in bundles_of(size)) == size


@pytest.mark.parametrize("size", [-1, -256, 1 << 63])
def test_sizes_that_no_tree_has_are_refused(size: int) -> None:
    for listed in (tiles_of, bundles_of, partials_of, Growing):
        with pytest.raises(ProofInvalid, match="allowed: 0 <= old <= size"):
            list(listed(size))


# What is in them


@pytest.mark.parametrize("size", EDGES)
def test_a_growing_tree_gives_every_tile_and_the_root(size: int) -> None:
    growing, made = grown(size)
    assert growing.size == size
    assert growing.root() == large().root(size)
    assert set(made) == set(tiles_of(size))
    assert all(data == content(tile) for tile, data in made.items())
    assert [tile for tile, _ in growing.partials()] == [tile for tile in partials_of(size) if tile.level >= 0]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 2, 100, 255, 256, 257, 600, 2_000]), max_size=8), st.integers(0, 3_000))
def test_tiles_become_full_once_and_in_time_however_leaves_come(batches: list[int], start: int) -> None:
    growing, made = Growing(), Counter()
    for count in (start, *batches):
        before = growing.size
        full = growing.extend(large().leaves[before : before + count])
        made.update(tile for tile, _ in full)
        assert all(data == content(tile) for tile, data in full)
        assert set(made) == {tile for tile in tiles_of(growing.size) if tile.width == WIDTH}
    assert all(count == 1 for count in made.values())


def test_many_leaves_at_once_fill_tiles_of_several_levels() -> None:
    growing = Growing()
    growing.extend(large().leaves[:300])
    full = growing.extend(large().leaves[300:])
    assert [tile.level for tile, _ in full] == [0] * 272 + [1]
    assert all(data == content(tile) for tile, data in full)
    assert growing.root() == large().root(LARGEST)


@pytest.mark.parametrize("size", [0, *EDGES])
@pytest.mark.parametrize("more", [1, 255, 256, 300, 4_000])
def test_a_growing_tree_goes_on_from_its_partial_tiles(size: int, more: int) -> None:
    going_on(size, more)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3_000), st.integers(0, 1_500))
def test_a_growing_tree_goes_on_from_anywhere(size: int, more: int) -> None:
    going_on(size, more)


def going_on(size: int, more: int) -> None:
    first, _ = grown(size)
    second = Growing(size, rows(first))
    assert (second.size, second.root(), second.partials()) == (first.size, first.root(), first.partials())
    leaves = [leaf_hash(b"%d" % number) for number in range(more)]
    assert second.extend(leaves) == first.extend(leaves)
    assert (second.size, second.root(), second.partials()) == (first.size, first.root(), first.partials())


def rows(growing: Growing) -> list[list[bytes]]:
    """The partial tiles as somebody reads them from files: only those that are there, level by level."""
    found = {tile.level: data for tile, data in growing.partials()}
    return [
        [found[level][at : at + 32] for at in range(0, len(found[level]), 32)] if level in found else []
        for level in range(max(found, default=-1) + 1)
    ]


def test_going_on_leaves_what_it_was_given_alone() -> None:
    given_rows = rows(grown(300)[0])
    before = [list(row) for row in given_rows]
    Growing(300, given_rows).extend(large().leaves[:900])
    assert given_rows == before


def test_partial_tiles_that_are_not_of_that_tree_are_refused() -> None:
    row = large().leaves[:44]
    top = [large().mth(0, 256)]
    assert Growing(300, [row, top]).size == 300
    assert Growing(300, [row, top, [], []]).size == 300
    for wrong in (
        [],
        [row],
        [row[1:], top],
        [row + row, top],
        [row, top, top],
        [row, []],
        [top, row],
        [row, top, [], top],
    ):
        with pytest.raises(PublishedInvalid, match="partial tiles"):
            Growing(300, wrong)
    for wrong in ([[*row[1:], b""], top], [row, [top[0][:31]]], [row, [top[0] + b"\x00"]]):
        with pytest.raises(PublishedInvalid, match="can't be read"):
            Growing(300, wrong)


def test_entries_passed_for_hashes_are_refused_and_change_nothing() -> None:
    growing, _ = grown(300)
    before = growing.root(), growing.partials()
    with pytest.raises(ProofInvalid, match="add hashes"):
        growing.extend([*large().leaves[:3], b"an entry"])
    assert (growing.size, growing.root(), growing.partials()) == (300, *before)


# The tree out of its tiles


def places(size: int, random: Random) -> Iterator[tuple[int, int]]:
    for height in range(size.bit_length()):
        count = size >> height
        for index in {0, count - 1, count // 2, *(random.randrange(count) for _ in range(5))}:
            yield height, index


@pytest.mark.parametrize("size", EDGES)
def test_nodes_and_roots_out_of_tiles_are_the_trees(size: int) -> None:
    asked: list[Tile] = []

    def read(tile: Tile) -> bytes:
        asked.append(tile)
        return read_stored(tile)

    nodes = TileNodes(size, read)
    assert merkle.root(size, nodes) == large().root(size)
    for height, index in places(size, Random(size)):
        assert nodes(height, index) == large().node(height, index)
    assert set(asked) <= set(tiles_of(size)), "asked for a tile that a tree of this size has not"


def test_every_node_of_a_small_tree_comes_out_of_its_tiles() -> None:
    for size in (1, 2, 300, 1_030):
        nodes = TileNodes(size, grown(size)[1].__getitem__)
        for height in range(size.bit_length()):
            for index in range(size >> height):
                assert nodes(height, index) == large().node(height, index)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, LARGEST), st.randoms(use_true_random=False))
def test_proofs_out_of_tiles_are_the_rfcs(size: int, random: Random) -> None:
    nodes = TileNodes(size, read_stored)
    for index in (0, random.randrange(size), size - 1):
        assert inclusion_proof(index, size, nodes) == large().inclusion(index, size)
        assert consistency_proof(index + 1, size, nodes) == large().consistency(index + 1, size)


@pytest.mark.parametrize(
    ("height", "index"), [(-1, 0), (0, -1), (0, 300), (1, 150), (8, 1), (9, 0), (63, 0), (64, 0), (sys.maxsize, 0)]
)
def test_a_node_that_is_not_complete_is_refused_before_anything_is_read(height: int, index: int) -> None:
    with pytest.raises(ProofInvalid, match="no complete subtree"):
        TileNodes(300, lambda tile: pytest.fail(f"read {tile}"))(height, index)


@pytest.mark.parametrize("size", [-1, -256])
def test_a_tree_of_a_negative_size_has_no_nodes(size: int) -> None:
    with pytest.raises(ProofInvalid, match="no complete subtree"):
        TileNodes(size, lambda tile: pytest.fail(f"read {tile}"))(0, 0)


@pytest.mark.parametrize("change", [-32, -1, 1, 32, -8192])
@pytest.mark.parametrize("index", [0, 299])
def test_a_tile_of_the_wrong_length_is_refused(index: int, change: int) -> None:
    def read(tile: Tile) -> bytes:
        data = read_stored(tile)
        return data[:change] if change < 0 else data + bytes(change)

    with pytest.raises(PublishedInvalid, match=r"tile/0/00[01].* bytes, allowed"):
        TileNodes(300, read)(0, index)


def test_tiles_are_kept_but_not_without_end() -> None:
    reads: Counter[Tile] = Counter()

    def read(tile: Tile) -> bytes:
        reads[tile] += 1
        return read_stored(tile)

    nodes = TileNodes(LARGEST, read)
    for index in range(TILES_KEPT * WIDTH):
        nodes(0, index)
    assert len(reads) == reads.total() == TILES_KEPT
    nodes(0, 0)  # Used last, so the second tile is let go for another.
    nodes(0, TILES_KEPT * WIDTH)
    nodes(0, 0)
    assert reads[Tile(0, 0)] == 1
    nodes(0, WIDTH)
    assert reads[Tile(0, 1)] == 2


# Bundles


def test_the_bytes_of_a_bundle() -> None:
    assert bundle([b"", b"a", b"bc" * 200]) == b"\x00\x00" + b"\x00\x01a" + b"\x01\x90" + b"bc" * 200
    assert bundle([]) == b""
    assert unbundle(b"") == []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_is_read_back_as_it_was_written(entries: list[bytes]) -> None:
    assert unbundle(bundle(entries)) == entries


def test_a_torn_bundle_gives_whole_entries_or_is_refused() -> None:
    entries = [b"one", b"", b"three", b"four" * 90]
    data = bundle(entries)
    whole = [len(bundle(entries[:count])) for count in range(5)]
    for cut in range(len(data)):
        if cut in whole:
            assert unbundle(data[:cut]) == entries[: whole.index(cut)]
        else:
            with pytest.raises(EntryInvalid, match="torn"):
                unbundle(data[:cut])


def test_bundles_and_entries_have_a_largest_size() -> None:
    largest = [bytes(BYTES_MOST)] * WIDTH
    assert unbundle(bundle(largest)) == largest
    for entries in ([bytes(BYTES_MOST + 1)], [b""] * (WIDTH + 1)):
        with pytest.raises(EntryInvalid, match="found"):
            bundle(entries)
        with pytest.raises(EntryInvalid, match="found"):
            unbundle(b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries))
    with pytest.raises(EntryInvalid, match="more than 256"):
        unbundle(bytes(10_000_000))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=2_000))
def test_any_bytes_are_a_bundle_or_refused(data: bytes) -> None:
    try:
        entries = unbundle(data)
    except EntryInvalid:
        return
    assert bundle(entries) == data
