"""Drawing a sample from a published log: who may be drawn, and the drawn entries with their proofs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from drumroll.errors import EntryInvalid, PublishedInvalid
from drumroll.proof.checkpoint import Checkpoint, parse_checkpoint
from drumroll.proof.merkle import Frontier, inclusion_proof, leaf_hash
from drumroll.proof.note import Note, parse_note, to_base64
from drumroll.proof.sample import Drawn, Population
from drumroll.proof.tiles import WIDTH, Tile, TileNodes, tile_path, unbundle
from drumroll.transparency.published import Published

TOLD_EVERY = 64
"""Bundles between two words on how far the reading is."""


def checkpoint_of(published: Published, size: int | None, root: bytes | None = None) -> Note:
    """The newest checkpoint, or the one that was signed at that size (and with that root, if it is given).

    Its signatures are NOT checked here. Raises ``PublishedInvalid`` if there is no such checkpoint.
    """
    if size is None:
        return parse_note(published.checkpoint())
    newest = [parse_note(published.checkpoint())]
    for note in (*newest, *reversed(published.history())):
        found = parse_checkpoint(note.text)
        if found.size == size and root in {None, found.root}:
            return note
    with_root = f" with the root {to_base64(root)}" if root else ""
    raise PublishedInvalid(
        f"{published.where} has no signed checkpoint of {size:,} entries{with_root}. Give a size that its file "
        "`checkpoints` has"
    )


def population_of(
    published: Published, checkpoint: Checkpoint, kind: str, say: Callable[[int], None] = lambda entries: None
) -> Population:
    """All leaves of a kind, of a log that was read as a whole and gives the root that was signed.

    Raises ``PublishedInvalid`` if it does not: then nothing may be drawn from it.
    """
    found, frontier = Population(kind), Frontier()
    for number, entries in enumerate(published.entries(checkpoint.size)):
        frontier.extend([leaf_hash(entry) for entry in entries])
        found.extend(entries)
        if number % TOLD_EVERY == 0:
            say(found.size)
    if frontier.root() != checkpoint.root:
        raise PublishedInvalid(
            f"the {checkpoint.size:,} entries that {published.where} has are not those of its checkpoint: nothing can "
            "be drawn from them. `drumroll verify` says which"
        )
    return found


def leaves_of(published: Published, checkpoint: Checkpoint, indices: Sequence[int]) -> list[Drawn]:
    """These leaves with their inclusion proofs, in the order given, nothing opened. Raises ``PublishedInvalid``."""
    bundles = sorted({index // WIDTH for index in indices})
    tiles = [Tile(-1, bundle, min(WIDTH, checkpoint.size - bundle * WIDTH)) for bundle in bundles]
    with ThreadPoolExecutor(published.threads) as pool:
        entries = dict(zip(bundles, pool.map(lambda tile: _entries(published, tile), tiles), strict=True))
        hashes = [Tile(0, tile.index, tile.width) for tile in tiles]
        fetched = dict(zip(hashes, pool.map(published.tile, hashes), strict=True))
    nodes = TileNodes(checkpoint.size, lambda tile: fetched[tile] if tile in fetched else published.tile(tile))
    found = {}
    for index in sorted(indices):  # in order, so that each tile is unfolded once
        proof = inclusion_proof(index, checkpoint.size, nodes)
        entry = entries[index // WIDTH][index % WIDTH]
        found[index] = Drawn(index, _text(entry, index), tuple(map(to_base64, proof)))
    return [found[index] for index in indices]


def _entries(published: Published, tile: Tile) -> list[bytes]:
    try:
        entries = unbundle(published.tile(tile))
    except EntryInvalid as error:
        raise PublishedInvalid(f"{tile_path(tile)} of {published.where} can't be read: {error}") from error
    if len(entries) != tile.width:
        raise PublishedInvalid(f"{tile_path(tile)} of {published.where} has {len(entries)} entries, not {tile.width}")
    return entries


def _text(entry: bytes, index: int) -> str:
    try:
        return entry.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PublishedInvalid(f"entry {index:,} is not text: `drumroll verify` says what else is wrong") from error
