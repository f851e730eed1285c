"""The Merkle tree of RFC 6962, section 2.1: its hashes, its proofs and how they are checked (RFC 9162, section 2.1).

A tree is never held as a whole. Proofs are made from a ``NodeOf``, which knows the complete subtrees (see
``proof.tiles``); a ``Frontier`` holds the few that are needed to go on. Hashes are SHA-256, 32 bytes.

A root says nothing of its size, so a proof may hold for another size than the one meant, where its path has the same
shape. Sizes must be taken from where the root is: a signed checkpoint has both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

from drumroll.errors import ProofInvalid

HASH_BYTES = 32
SIZE_MOST = (1 << 63) - 1
"""Leaves of a tree: what other implementations can count. No proof is then longer than 64 hashes."""

EMPTY_ROOT = sha256(b"").digest()

NodeOf = Callable[[int, int], bytes]
"""``(height, index)`` gives the root of the complete subtree over the leaves from index * 2**height to the next one."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf; its prefix keeps it apart from a node's (else a node could be passed off as an entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def parents(row: Sequence[bytes]) -> list[bytes]:
    """The nodes above a row of nodes, in pairs; an odd last one has none yet."""
    # ``node_hash`` written out: half of a log's time is spent here.
    return [sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)]


# Making proofs


def root(size: int, node: NodeOf) -> bytes:
    """The root of the tree of the first ``size`` leaves."""
    require_sizes(0, size)
    return _subtree(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: NodeOf) -> list[bytes]:
    """That leaf ``index`` is in the tree of ``size``: the siblings on its way to the root (RFC 6962, 2.1.1)."""
    _require_leaf(index, size)
    proof = []
    begin, end = 0, size
    while end - begin > 1:
        middle = _middle(begin, end)
        if index < middle:
            proof.append(_subtree(middle, end, node))
            end = middle
        else:
            proof.append(_subtree(begin, middle, node))
            begin = middle
    return proof[::-1]


def consistency_proof(old: int, size: int, node: NodeOf) -> list[bytes]:
    """That the tree of ``size`` begins with the tree of ``old`` (RFC 6962, 2.1.2).

    Nothing is needed if ``old`` is 0 or ``size``.
    """
    require_sizes(old, size)
    if old == 0:
        return []
    proof = []
    begin, end = 0, size
    while end != old:
        middle = _middle(begin, end)
        if old <= middle:
            proof.append(_subtree(middle, end, node))
            end = middle
        else:
            proof.append(_subtree(begin, middle, node))
            begin = middle
    if begin:  # Else what remains is the old tree: its root is known to whoever checks.
        proof.append(_subtree(begin, end, node))
    return proof[::-1]


def _middle(begin: int, end: int) -> int:
    """Where a tree is split: the largest power of two that leaves something to the right."""
    return begin + (1 << (end - begin - 1).bit_length() - 1)


def _subtree(begin: int, end: int, node: NodeOf) -> bytes:
    """The root over some leaves (at least one), as a tree that is split at ``_middle`` may need it."""
    found = b""
    while end > begin:
        height = _zeros(end - begin)
        end -= 1 << height
        complete = node(height, end >> height)
        found = node_hash(complete, found) if found else complete
    return found


def _zeros(number: int) -> int:
    """How many zero bits the number (not 0) ends with."""
    return (number & -number).bit_length() - 1


# Checking proofs


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf with the hash ``leaf`` is where it is said to be (RFC 9162, 2.1.3.2).

    Raises ``ProofInvalid``. ``size`` and ``root`` must come from the same checkpoint.
    """
    _require_leaf(index, size)
    turns = list(_turns(index, size - 1))
    _require_hashes(proof, len(turns), (leaf, root))
    found = leaf
    for to_left, sibling in zip(turns, proof, strict=True):
        found = node_hash(sibling, found) if to_left else node_hash(found, sibling)
    _require_root(found, root, f"leaf {index} is not in the tree of {size} with this root, or is another one")


def check_consistency(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of ``size`` has the tree of ``old`` as its beginning (RFC 9162, 2.1.4.2).

    Raises ``ProofInvalid``. Each size and root must come from the same checkpoint.
    """
    require_sizes(old, size)
    if old in {0, size}:
        _require_hashes(proof, 0, (old_root, root))
        _require_same(old, old_root, size, root)
        return
    complete = _zeros(old)  # Height of the subtree that the old tree ends with: the path begins there.
    turns = list(_turns(old - 1 >> complete, size - 1 >> complete))
    known = [old_root] if old == 1 << complete else []
    _require_hashes(proof, len(turns) + 1 - len(known), (old_root, root))
    first, *siblings = [*known, *proof]
    found_old = found = first
    for to_left, sibling in zip(turns, siblings, strict=True):
        if to_left:
            found_old, found = node_hash(sibling, found_old), node_hash(sibling, found)
        else:
            found = node_hash(found, sibling)
    _require_root(found_old, old_root, f"the tree of {old} had another root")
    _require_root(found, root, f"the tree of {size} does not begin with the tree of {old}: it was rewritten")


def _turns(on_path: int, last: int) -> Iterator[bool]:
    """For each sibling on the way up from a node to the root: is it to the left? ``last`` is its row's last node."""
    while last:
        to_left = on_path & 1 == 1 or on_path == last
        skipped = _zeros(on_path) if to_left else 0  # Heights at which the right edge has no sibling.
        yield to_left
        on_path, last = on_path >> skipped + 1, last >> skipped + 1


def _require_same(old: int, old_root: bytes, size: int, root: bytes) -> None:
    if old == 0:
        _require_root(old_root, EMPTY_ROOT, "a tree of 0 leaves has but one root")
    if old == size:
        _require_root(root, old_root, f"there are two trees of {size}")


def require_sizes(old: int, size: int) -> None:
    """Raise ``ProofInvalid`` if a tree can't have grown from the one size to the other."""
    if not 0 <= old <= size <= SIZE_MOST:
        raise ProofInvalid(f"found the sizes {old} and {size}, allowed: 0 <= old <= size <= {SIZE_MOST}")


def _require_leaf(index: int, size: int) -> None:
    if not 0 <= index < size <= SIZE_MOST:
        raise ProofInvalid(f"found leaf {index} of {size}, allowed: 0 <= index < size <= {SIZE_MOST}")


def _require_hashes(proof: Sequence[bytes], count: int, others: Sequence[bytes]) -> None:
    if len(proof) != count:
        raise ProofInvalid(f"found {len(proof)} hashes, a proof between these sizes has {count}")
    for one in (*proof, *others):
        if len(one) != HASH_BYTES:
            raise ProofInvalid(f"found a hash of {len(one)} bytes, allowed: {HASH_BYTES}")


def _require_root(found: bytes, root: bytes, why: str) -> None:
    if found != root:
        raise ProofInvalid(f"{why}: found {found.hex()}, expected {root.hex()}")


# Reading leaves one after the other


class Frontier:
    """The complete subtrees at a tree's right edge, one for each bit of its size: enough to go on and for the root.

    ``nodes[height]`` is the root of the one of 2**height leaves; empty bytes where the size has no such bit.
    """

    def __init__(self, size: int = 0, nodes: Sequence[bytes] = ()) -> None:
        if not 0 <= size <= SIZE_MOST or any(len(node) != HASH_BYTES * bit for node, bit in _with_bits(nodes, size)):
            raise ProofInvalid(f"found {len(nodes)} nodes that can't be the right edge of a tree of {size}")
        self.size = size
        self.nodes = list(nodes)

    def append(self, leaf: bytes) -> None:
        """Add a leaf, by its hash."""
        self.grow((leaf,))

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add many leaves, by their hashes: quicker than one at a time."""
        self.grow(leaves)

    def grow(self, leaves: Sequence[bytes]) -> list[list[bytes]]:
        """Add leaves; the nodes that became complete by them, in order, for each height from 0 (the leaves) up."""
        if not set(map(len, leaves)) <= {HASH_BYTES}:
            raise ProofInvalid(f"found the hash of a leaf that is not {HASH_BYTES} bytes long: add hashes, not entries")
        grown: list[list[bytes]] = []
        row = list(leaves)
        while row:
            grown.append(row)
            row = parents(self._take(len(grown) - 1, row))
        self.size += len(leaves)
        return grown

    def _take(self, height: int, row: list[bytes]) -> list[bytes]:
        """The row after the node that waited here for a pair; its last one waits now, if it has none."""
        if height == len(self.nodes):
            self.nodes.append(b"")
        ready = [self.nodes[height], *row] if self.nodes[height] else row
        self.nodes[height] = ready[-1] if len(ready) & 1 else b""
        return ready

    def root(self) -> bytes:
        """The root of all that was added."""
        found = b""
        for node in self.nodes:
            if node:
                found = node_hash(node, found) if found else node
        return found or EMPTY_ROOT


def _with_bits(nodes: Sequence[bytes], size: int) -> list[tuple[bytes, int]]:
    """Nodes beside the bits of the size that they stand for, lowest first; one without a node has empty bytes."""
    count = max(len(nodes), size.bit_length())
    return [(nodes[height] if height < len(nodes) else b"", size >> height & 1) for height in range(count)]
