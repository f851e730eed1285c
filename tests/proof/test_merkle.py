"""Merkle trees: the published vectors, the RFC's own recursion, and everything that a proof must not be taken for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumroll.errors import ProofInvalid
from drumroll.proof import merkle
from drumroll.proof.merkle import (
    EMPTY_ROOT,
    SIZE_MOST,
    Frontier,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
)
from tests.proof.naive_merkle import (
    PUBLISHED_LEAVES,
    PUBLISHED_ROOTS,
    Tree,
    consistency_shape,
    inclusion_shape,
    tree,
)

SMALL = 70
EDGES = (255, 256, 257, 511, 513, 65535, 65536, 65537)
PREFIXES = ("e3b0c442", "6e340b9c", "fac54203", "aeb6bcfe", "d37ee418", "4e3bbb1f", "76e67dad", "ddb89be4", "5dc9da79")

# From the tests of transparency-dev/merkle (proof/verify_test.go and testdata/), over the published leaves.
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
G = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
H = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
J = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
K = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"
PUBLISHED_INCLUSION = {
    (0, 1): (),
    (0, 8): (A, B, C),
    (5, 8): (D, E, F),
    (2, 3): (G,),
    (1, 5): (H, B, D),
}
PUBLISHED_CONSISTENCY = {
    (1, 1): (),
    (1, 8): (A, B, C),
    (6, 8): (J, E, F),
    (2, 5): (B, D),
    (6, 7): (J, K, F),
}


@cache
def small() -> Tree:
    return tree(SMALL)


@cache
def large() -> Tree:
    return tree(EDGES[-1])


@cache
def published() -> Tree:
    return Tree(PUBLISHED_LEAVES)


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    try:
        check_inclusion(leaf, index, size, proof, root)
    except ProofInvalid:
        return False
    return True


def extends(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    try:
        check_consistency(old, old_root, size, root, proof)
    except ProofInvalid:
        return False
    return True


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]


def spoilt(proof: list[bytes], other: bytes) -> Iterator[list[bytes]]:
    """The proof with hashes taken out, put in, exchanged, cut and made longer."""
    for place in range(len(proof)):
        before, after = proof[:place], proof[place + 1 :]
        yield before + after
        yield [*before, other, *after]
        yield [*before, proof[place][:31], *after]
        yield [*before, proof[place] + b"\x00", *after]
        yield [*before, b"", *after]
        if after:
            yield [*before, after[0], proof[place], *after[1:]]
    for place in range(len(proof) + 1):
        yield [*proof[:place], other, *proof[place:]]
        yield [*proof[:place], b"", *proof[place:]]
    yield [*proof, *proof, other]
    yield [other] * 1_000


# Published vectors


@pytest.mark.parametrize("size", range(9))
def test_the_published_roots(size: int) -> None:
    frontier = Frontier()
    frontier.extend([leaf_hash(entry) for entry in PUBLISHED_LEAVES[:size]])
    assert PUBLISHED_ROOTS[size].hex().startswith(PREFIXES[size])
    assert published().root(size) == PUBLISHED_ROOTS[size]
    assert merkle.root(size, published().node) == PUBLISHED_ROOTS[size]
    assert frontier.root() == PUBLISHED_ROOTS[size]


@pytest.mark.parametrize(("of", "texts"), PUBLISHED_INCLUSION.items())
def test_the_published_inclusion_proofs(of: tuple[int, int], texts: tuple[str, ...]) -> None:
    index, size = of
    proof = [bytes.fromhex(text) for text in texts]
    assert inclusion_proof(index, size, published().node) == proof
    check_inclusion(leaf_hash(PUBLISHED_LEAVES[index]), index, size, proof, PUBLISHED_ROOTS[size])


@pytest.mark.parametrize(("of", "texts"), PUBLISHED_CONSISTENCY.items())
def test_the_published_consistency_proofs(of: tuple[int, int], texts: tuple[str, ...]) -> None:
    old, size = of
    proof = [bytes.fromhex(text) for text in texts]
    assert consistency_proof(old, size, published().node) == proof
    check_consistency(old, PUBLISHED_ROOTS[old], size, PUBLISHED_ROOTS[size], proof)


def test_leaves_and_nodes_are_told_apart() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
    assert EMPTY_ROOT == PUBLISHED_ROOTS[0] != leaf_hash(b"")


# Every proof there is, for small trees


@pytest.mark.parametrize("sizes", [range(1, 41), range(41, 61), range(61, SMALL + 1)], ids=str)
def test_every_inclusion_proof_is_the_rfcs_and_holds(sizes: range) -> None:
    for size in sizes:
        assert merkle.root(size, small().node) == small().root(size)
        for index in range(size):
            proof = inclusion_proof(index, size, small().node)
            assert proof == small().inclusion(index, size)
            check_inclusion(small().leaves[index], index, size, proof, small().root(size))


@pytest.mark.parametrize("sizes", [range(41), range(41, 61), range(61, SMALL + 1)], ids=str)
def test_every_consistency_proof_is_the_rfcs_and_holds(sizes: range) -> None:
    for size in sizes:
        for old in range(size + 1):
            proof = consistency_proof(old, size, small().node)
            assert proof == small().consistency(old, size)
            check_consistency(old, small().root(old), size, small().root(size), proof)


def test_any_changed_byte_is_refused() -> None:
    for size in range(1, 18):
        root = small().root(size)
        for index in range(size):
            leaf, proof = small().leaves[index], small().inclusion(index, size)
            for at in range(32):
                assert not includes(flipped(leaf, at), index, size, proof, root)
                assert not includes(leaf, index, size, proof, flipped(root, at))
                for place, one in enumerate(proof):
                    assert not includes(
                        leaf, index, size, [*proof[:place], flipped(one, at), *proof[place + 1 :]], root
                    )
            old, old_root, proof = index + 1, small().root(index + 1), small().consistency(index + 1, size)
            for at in range(32):
                assert not extends(old, flipped(old_root, at), size, root, proof)
                assert not extends(old, old_root, size, flipped(root, at), proof)
                for place, one in enumerate(proof):
                    changed = [*proof[:place], flipped(one, at), *proof[place + 1 :]]
                    assert not extends(old, old_root, size, root, changed)


def test_a_proof_with_hashes_missing_added_or_exchanged_is_refused() -> None:
    other = leaf_hash(b"another")
    for size in range(1, 34):
        root = small().root(size)
        for index in range(size):
            leaf = small().leaves[index]
            for proof in spoilt(small().inclusion(index, size), other):
                assert not includes(leaf, index, size, proof, root), (index, size, proof)
            for proof in spoilt(small().consistency(index + 1, size), other):
                assert not extends(index + 1, small().root(index + 1), size, root, proof), (index + 1, size, proof)
            for proof in spoilt([], other):
                assert not extends(0, EMPTY_ROOT, size, root, proof)


def test_a_leaf_is_nowhere_else() -> None:
    for size in range(1, 41):
        root = small().root(size)
        for index in range(size):
            leaf, proof = small().leaves[index], small().inclusion(index, size)
            for wrong in {*range(-2, size + 3)} - {index}:
                assert not includes(leaf, wrong, size, proof, root)


def test_another_size_is_refused_unless_hashes_cannot_tell_it() -> None:
    for size in range(1, 34):
        root = small().root(size)
        for index in range(size):
            leaf, proof = small().leaves[index], small().inclusion(index, size)
            for wrong in {*range(-1, 70)} - {size}:
                same = wrong > index and inclusion_shape(index, wrong) == inclusion_shape(index, size)
                assert includes(leaf, index, wrong, proof, root) == same
                # A checkpoint has size and root together: then nothing passes.
                assert wrong < 0 or not includes(leaf, index, wrong, proof, small().root(wrong))


def test_other_sizes_of_a_consistency_proof_are_refused_unless_hashes_cannot_tell_them() -> None:
    shapes = {(old, size): consistency_shape(old, size) for size in range(2, 20) for old in range(1, size)}
    for (old, size), shape in shapes.items():
        roots, proof = (small().root(old), small().root(size)), small().consistency(old, size)
        for wrong_old in range(-1, 21):
            for wrong in range(-1, 21):
                same = shapes.get((wrong_old, wrong)) == shape if wrong < 20 else None
                if same is not None:
                    assert extends(wrong_old, roots[0], wrong, roots[1], proof) == same, (wrong_old, wrong)
                if min(wrong_old, wrong) >= 0 and (wrong_old, wrong) != (old, size):
                    true = small().root(wrong_old), small().root(wrong)
                    assert not extends(wrong_old, true[0], wrong, true[1], proof)


def test_a_tree_of_another_history_is_no_continuation() -> None:
    other = Tree([*small().entries[:9], b"invented", *small().entries[9:]])
    for size in range(11, 40):
        for old in range(10, size):
            proof = other.consistency(old, size)
            assert extends(old, other.root(old), size, other.root(size), proof)
            assert not extends(old, small().root(old), size, other.root(size), proof)
            assert not extends(old, small().root(old), size, small().root(size), proof)


# Larger trees


@pytest.mark.parametrize("size", EDGES)
def test_proofs_at_the_edges_of_tiles(size: int) -> None:
    hold(size, Random(size), {0, 1, 255, 256, size // 2, size - 2, size - 1})


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 5_000), st.randoms(use_true_random=False))
def test_proofs_of_trees_of_any_size(size: int, random: Random) -> None:
    hold(size, random, {0, size - 1, *(random.randrange(size) for _ in range(6))})


def hold(size: int, random: Random, indices: set[int]) -> None:
    root = large().root(size)
    assert merkle.root(size, large().node) == root
    for index in sorted(one for one in indices if one < size):
        leaf, proof = large().leaves[index], inclusion_proof(index, size, large().node)
        assert proof == large().inclusion(index, size)
        check_inclusion(leaf, index, size, proof, root)
        assert not includes(leaf, random.choice([*range(index), *range(index + 1, size)]), size, proof, root)
        old, old_root = index + 1, large().root(index + 1)
        steps = consistency_proof(old, size, large().node)
        assert steps == large().consistency(old, size)
        check_consistency(old, old_root, size, root, steps)
        for wrong in spoilt_once(proof, random):
            assert not includes(leaf, index, size, wrong, root)
        for wrong in spoilt_once(steps, random):
            assert not extends(old, old_root, size, root, wrong)


def spoilt_once(proof: list[bytes], random: Random) -> Iterator[list[bytes]]:
    for place, one in enumerate(proof):
        yield [*proof[:place], flipped(one, random.randrange(32)), *proof[place + 1 :]]
        yield proof[:place] + proof[place + 1 :]
    yield [*proof, random.randbytes(32)]


def test_the_largest_tree_there_can_be() -> None:
    nodes = [leaf_hash(b"all leaves are the same")]
    while len(nodes) < 64:
        nodes.append(node_hash(nodes[-1], nodes[-1]))

    def node(height: int, index: int) -> bytes:
        assert 0 <= index < SIZE_MOST >> height
        return nodes[height]

    root = merkle.root(SIZE_MOST, node)
    for index in (0, 1, SIZE_MOST // 3, SIZE_MOST - 2, SIZE_MOST - 1):
        proof = inclusion_proof(index, SIZE_MOST, node)
        assert len(proof) <= 63
        check_inclusion(nodes[0], index, SIZE_MOST, proof, root)
        steps = consistency_proof(index, SIZE_MOST, node)
        assert len(steps) <= 64
        check_consistency(index, merkle.root(index, node), SIZE_MOST, root, steps)


# Hostile arguments


@pytest.mark.parametrize(
    ("index", "size"), [(-1, 5), (5, 5), (6, 5), (0, 0), (0, -1), (-5, -3), (0, 1 << 63), (1 << 64, 1 << 70)]
)
def test_a_leaf_that_no_tree_has_is_refused(index: int, size: int) -> None:
    with pytest.raises(ProofInvalid, match="allowed: 0 <= index < size"):
        check_inclusion(leaf_hash(b""), index, size, [], leaf_hash(b""))
    with pytest.raises(ProofInvalid, match="allowed: 0 <= index < size"):
        inclusion_proof(index, size, small().node)


@pytest.mark.parametrize(("old", "size"), [(-1, 5), (6, 5), (0, -1), (-3, -3), (1, 1 << 63), (1 << 64, 1 << 70)])
def test_sizes_that_no_trees_have_are_refused(old: int, size: int) -> None:
    with pytest.raises(ProofInvalid, match="allowed: 0 <= old <= size"):
        check_consistency(old, EMPTY_ROOT, size, EMPTY_ROOT, [])
    with pytest.raises(ProofInvalid, match="allowed: 0 <= old <= size"):
        consistency_proof(old, size, small().node)
    if size < 0 or size > SIZE_MOST:
        with pytest.raises(ProofInvalid, match="allowed"):
            merkle.root(size, small().node)


def test_empty_and_equal_trees_need_no_hashes_but_their_own_roots() -> None:
    root, other = small().root(7), small().root(8)
    assert extends(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    assert extends(0, EMPTY_ROOT, 7, root, [])
    assert extends(7, root, 7, root, [])
    for wrong in (
        (0, EMPTY_ROOT, 0, root, []),
        (0, root, 0, root, []),
        (0, root, 7, root, []),
        (7, root, 7, other, []),
        (7, root, 7, root, [root]),
        (0, EMPTY_ROOT, 7, root, [root]),
        (0, EMPTY_ROOT, 0, EMPTY_ROOT, [EMPTY_ROOT]),
        (7, root, 8, root, []),
    ):
        assert not extends(*wrong)


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_hashes_of_another_length_are_refused(length: int) -> None:
    wrong, right = b"\x07" * length, leaf_hash(b"")
    for leaf, root in ((wrong, right), (right, wrong), (wrong, wrong)):
        with pytest.raises(ProofInvalid, match="allowed: 32"):
            check_inclusion(leaf, 0, 1, [], root)
        with pytest.raises(ProofInvalid, match="allowed: 32"):
            check_consistency(1, leaf, 1, root, [])
        with pytest.raises(ProofInvalid, match="allowed: 32"):
            check_consistency(1, leaf, 2, root, [right])
    with pytest.raises(ProofInvalid, match="allowed: 32"):
        check_consistency(1, right, 2, right, [wrong])
    with pytest.raises(ProofInvalid, match="add hashes"):
        Frontier().append(wrong)


# The frontier


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=12))
def test_a_frontier_gives_the_same_root_however_leaves_come(batches: list[int]) -> None:
    many, single = Frontier(), Frontier()
    for count in batches:
        leaves = large().leaves[many.size : many.size + count]
        many.extend(leaves)
        for leaf in leaves:
            single.append(leaf)
        assert many.size == single.size
        assert many.root() == single.root() == large().root(many.size)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 600), st.integers(0, 600))
def test_a_frontier_goes_on_from_its_nodes(size: int, more: int) -> None:
    first = Frontier()
    first.extend(large().leaves[:size])
    second = Frontier(size, first.nodes)
    second.extend(large().leaves[size : size + more])
    assert second.size == size + more
    assert second.root() == large().root(size + more)
    assert first.root() == large().root(size), "the one that it was made from has changed"


def test_a_frontier_tells_the_nodes_that_became_complete() -> None:
    frontier, found = Frontier(), {}
    for count in (1, 0, 6, 300, 93):
        before = frontier.size
        for height, row in enumerate(frontier.grow(large().leaves[before : before + count])):
            for index, node in enumerate(row, before >> height):
                found[height, index] = node
    assert found == {
        (height, index): large().node(height, index) for height in range(9) for index in range(400 >> height)
    }


def test_nodes_that_are_not_the_edge_of_such_a_tree_are_refused() -> None:
    node = leaf_hash(b"")
    for size, nodes in ((-1, []), (1, []), (1, [b""]), (0, [node]), (2, [node]), (1, [node, node]), (1, [node[:31]])):
        with pytest.raises(ProofInvalid, match="right edge"):
            Frontier(size, nodes)
    assert Frontier(2, [b"", node, b""]).root() == node
