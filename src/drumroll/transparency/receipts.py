"""The receipt of an order: proof that an entry of it is in the published log, and the opening of that entry."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from drumroll.errors import ProofError
from drumroll.log.base import Block
from drumroll.proof.checkpoint import parse_checkpoint
from drumroll.proof.entry import Opened
from drumroll.proof.merkle import inclusion_proof, leaf_hash
from drumroll.proof.note import parse_note
from drumroll.proof.tiles import TileNodes
from drumroll.proof.tlog_proof import TlogProof, tlog_proof_bytes
from drumroll.transparency.entries import Lives
from drumroll.transparency.leaf_index import LeafIndex
from drumroll.transparency.published import Published


class NotYetPublished(ProofError):
    """The entry will be in the published log within a second or two. Ask again."""


class Found(msgspec.Struct, frozen=True):
    """An entry of an order: the leaf that it is, what it says, what it opens."""

    leaf: int
    kind: str
    entry: bytes
    fields: list[Opened]


def entries_of_order(order_id: str, blocks: Iterable[Block], index: LeafIndex, blinding: bytes) -> list[Found]:
    """All entries of one order, from the blocks that are about it, in order.

    Raises:
        NotYetPublished: the last of them is not in the published log yet.
    """
    lives, found = Lives(blinding), []
    for block in blocks:
        before = index.before(block.position)
        for number, entry, fields in lives.opened_of(order_id, block):
            if before is None:
                raise NotYetPublished(f"block {block.position:,} is not published yet; ask again in a second")
            found.append(Found(before + number, entry.split(b" ", 1)[0].decode(), entry, fields))
    return found


def receipt(found: Found, published: Published) -> bytes:
    """The receipt of an entry: C2SP ``tlog-proof``, whose extra data are the entry and its opening as JSON.

    Raises:
        NotYetPublished: the newest checkpoint does not have it yet.
        PublishedInvalid: the published log is damaged.
    """
    note = published.checkpoint()
    checkpoint = parse_checkpoint(parse_note(note).text)
    if found.leaf >= checkpoint.size:
        raise NotYetPublished(f"entry {found.leaf:,} is not published yet; ask again in a second")
    nodes = TileNodes(checkpoint.size, published.tile)
    if nodes(0, found.leaf) != leaf_hash(found.entry):
        raise ProofError(f"entry {found.leaf:,} of the published log is another one; tell the operator of this launch")
    extra = msgspec.json.encode({"entry": found.entry.decode(), "fields": found.fields})
    hashes = tuple(inclusion_proof(found.leaf, checkpoint.size, nodes))
    return tlog_proof_bytes(TlogProof(found.leaf, hashes, note, extra))
