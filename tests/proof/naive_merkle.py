"""RFC 6962, section 2.1, written down as the RFC says it. Slow, plain, and without a line of ``drumroll.proof``."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

PUBLISHED_LEAVES = [
    bytes.fromhex(text)
    for text in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The eight leaves that implementations of Certificate Transparency have in their tests."""

PUBLISHED_ROOTS = [
    bytes.fromhex(text)
    for text in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
"""Their roots, for the sizes 0 to 8."""


def largest_power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


class Tree:
    """A whole tree. ``D[begin:end]`` of the RFC is given by its ends."""

    def __init__(self, entries: list[bytes]) -> None:
        self.entries = entries
        self.leaves = [sha256(b"\x00" + entry).digest() for entry in entries]
        self.known: dict[tuple[int, int], bytes] = {}

    def mth(self, begin: int, end: int) -> bytes:
        if begin == end:
            return sha256(b"").digest()
        if end - begin == 1:
            return self.leaves[begin]
        if (begin, end) not in self.known:
            k = largest_power_below(end - begin)
            both = self.mth(begin, begin + k) + self.mth(begin + k, end)
            self.known[begin, end] = sha256(b"\x01" + both).digest()
        return self.known[begin, end]

    def root(self, size: int) -> bytes:
        return self.mth(0, size)

    def node(self, height: int, index: int) -> bytes:
        return self.mth(index << height, index + 1 << height)

    def path(self, m: int, begin: int, end: int) -> list[bytes]:
        if end - begin == 1:
            return []
        k = largest_power_below(end - begin)
        if m < k:
            return [*self.path(m, begin, begin + k), self.mth(begin + k, end)]
        return [*self.path(m - k, begin + k, end), self.mth(begin, begin + k)]

    def subproof(self, m: int, begin: int, end: int, whole: bool) -> list[bytes]:
        if m == end - begin:
            return [] if whole else [self.mth(begin, end)]
        k = largest_power_below(end - begin)
        if m <= k:
            return [*self.subproof(m, begin, begin + k, whole), self.mth(begin + k, end)]
        return [*self.subproof(m - k, begin + k, end, False), self.mth(begin, begin + k)]

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return self.path(index, 0, size)

    def consistency(self, old: int, size: int) -> list[bytes]:
        return self.subproof(old, 0, size, True) if old else []


def tree(size: int) -> Tree:
    return Tree([f"entry {number}".encode() for number in range(size)])


# What a proof's check computes, as an expression: two sizes with the same one can't be told apart by hashes.


def inclusion_shape(index: int, size: int) -> list[str]:
    """Where the siblings are, from the leaf up."""
    if size == 1:
        return []
    k = largest_power_below(size)
    return [*inclusion_shape(index, k), "right"] if index < k else [*inclusion_shape(index - k, size - k), "left"]


def consistency_shape(old: int, size: int) -> tuple[Any, Any, int]:
    """The old and the new root over the hashes of the proof, and their count."""
    numbers = iter(range(100))
    return (*_shape(old, size, True, numbers), next(numbers))


def _shape(m: int, n: int, whole: bool, numbers: Iterator[int]) -> tuple[Any, Any]:
    if m == n:
        known = "the old root" if whole else next(numbers)
        return known, known
    k = largest_power_below(n)
    if m <= k:
        old, new = _shape(m, k, whole, numbers)
        return old, (new, next(numbers))
    old, new = _shape(m - k, n - k, False, numbers)
    sibling = next(numbers)
    return (sibling, old), (sibling, new)
