"""The publisher, killed at any moment and at any file operation: what it signs always extends what it signed."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drumroll.domain import events as ev
from drumroll.errors import LogRewritten, NoteInvalid, PublishedInvalid
from drumroll.log.base import Block
from drumroll.proof.checkpoint import Checkpoint, parse_checkpoint
from drumroll.proof.note import ED25519, SigningKey, check_note, parse_note
from drumroll.proof.tiles import bundles_of, partials_of, tile_path, tiles_of
from drumroll.transparency import directory as on_disk
from drumroll.transparency.entries import Lives
from drumroll.transparency.keys import KeyRing
from drumroll.transparency.leaf_index import LeafIndex
from drumroll.transparency.publisher import Publisher
from drumroll.transparency.sources import open_published
from tests.brief import seeds
from tests.proof.naive_merkle import Tree

BLINDING = bytes(range(32))
KEY = SigningKey("example.com/launch", ED25519, bytes(32))


def ring(path: Path, *keys: SigningKey) -> KeyRing:
    return KeyRing(path=path, signing=keys or (KEY,), retired=(), blinding=BLINDING, witness=None)


class OrderLog:
    """An order log of which ``end`` blocks are durable."""

    def __init__(self, blocks: list[Block]) -> None:
        self.blocks, self.end = blocks, len(blocks)

    def head(self) -> int:
        return self.end

    def read(self, from_position: int = 1) -> Iterator[Block]:
        return iter(self.blocks[from_position - 1 : self.end])


def blocks(draw: random.Random, count: int) -> list[Block]:
    """Orders that come, pay, run out and are moved in large numbers; some blocks are about no order."""
    made: list[Block] = []
    waiting: list[str] = []
    firm: list[str] = []
    for position in range(1, count + 1):
        events: list[ev.Event] = []
        for _ in range(draw.choice((0, 1, 1, 2, 5, 30, 120))):
            what = draw.random()
            if what < 0.5 or not waiting:
                name = f"o{position}.{len(events)}"
                waiting.append(name)
                events.append(ev.OrderReserved(name, f"c{draw.randrange(99)}", "m", "t", 9, 5, 60, b"", b""))
            elif what < 0.9:
                firm.append(waiting.pop(draw.randrange(len(waiting))))
                events.append(ev.OrderFirmed(firm[-1], f"p{firm[-1]}"))
            else:
                events.append(ev.OrderExpired(waiting.pop()))
        if firm and draw.random() < 0.05:
            events.append(ev.OrdersMoved("locked", tuple(firm), "olga", "because", b"", b""))
        if not events:
            events.append(ev.DeskOpened("host:1"))
        made.append(Block(position, 1_750_946_400_000 + position, tuple(events)))
    return made


class Killed(BaseException):
    """The process is no more."""


class DyingDisk:
    """Lets a process live for so many file operations; the last one may be done by half."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, draw: random.Random) -> None:
        self.left = 10**9
        self._draw = draw
        self._whole, self._append = on_disk.whole, on_disk.append
        monkeypatch.setattr(on_disk, "whole", self.whole)
        monkeypatch.setattr(on_disk, "append", self.append)

    def whole(self, target: Path, data: bytes) -> None:
        dies = self._dies()
        if not dies or self._draw.random() < 0.5:
            self._whole(target, data)
        elif target.parent.exists():
            target.with_name(f".{target.name}.half").write_bytes(data[: self._draw.randrange(len(data) + 1)])
        if dies:
            raise Killed

    def append(self, target: Path, data: bytes) -> None:
        dies = self._dies()
        self._append(target, data[: self._draw.randrange(len(data) + 1)] if dies else data)
        if dies:
            raise Killed

    def _dies(self) -> bool:
        self.left -= 1
        return self.left < 0


def signed_in(directory: Path) -> list[Checkpoint]:
    """Every checkpoint that anybody could have seen there."""
    published = open_published(str(directory))
    notes = published.history()
    if (directory / "checkpoint").exists():
        notes.append(parse_note(published.checkpoint()))
    for note in notes:
        check_note(note, [KEY.verifier])
    return [parse_checkpoint(note.text) for note in notes]


def a_life(publisher: Publisher, log: OrderLog, draw: random.Random) -> None:
    publisher.start()
    for _ in range(draw.randrange(1, 8)):
        log.end = min(len(log.blocks), log.end + draw.randrange(6))
        publisher.step()
        if draw.random() < 0.7:
            publisher.publish()


@pytest.mark.slow
@pytest.mark.parametrize("seed", seeds(0, 40))
def test_whenever_it_is_killed_what_is_signed_extends_all_that_was_signed(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """40 nights of some 50 lives each: 2,000 crash points."""
    draw = random.Random(seed)
    disk, log = DyingDisk(monkeypatch, draw), OrderLog(blocks(draw, 60))
    lives = Lives(BLINDING)
    entries = [data for block in log.blocks for data in lives.entries(block)]
    tree = Tree(entries)
    log.end, seen, roots = 0, set(), {}
    for _ in range(50):
        disk.left = draw.choice((0, 1, 2, 3, 5, 8, 13, 21, 50, 400))
        publisher = Publisher(log, ring(tmp_path), tmp_path / "public", tmp_path / "leaves")
        with contextlib.suppress(Killed):
            a_life(publisher, log, draw)
        seen |= {(one.size, one.root) for one in signed_in(tmp_path / "public")}
    for size, root in seen:
        roots.setdefault(size, tree.root(size))
        assert root == roots[size], f"seed {seed}: a checkpoint of {size} entries that nothing extends"
    disk.left, log.end = 10**9, len(log.blocks)
    publisher = Publisher(log, ring(tmp_path), tmp_path / "public", tmp_path / "leaves")
    publisher.start()
    while publisher.step():
        pass
    publisher.publish()
    whole_and_right(tmp_path, log, entries)


def whole_and_right(path: Path, log: OrderLog, entries: list[bytes]) -> None:
    published = open_published(str(path / "public"))
    assert parse_checkpoint(parse_note(published.checkpoint()).text).size == len(entries)
    assert [data for some in published.entries(len(entries)) for data in some] == entries
    for tile in [*tiles_of(len(entries)), *bundles_of(len(entries))]:
        assert published.tile(tile)
    index, count, lives = LeafIndex(path / "leaves"), 0, Lives(BLINDING)
    for block in log.blocks[: log.end]:
        assert index.before(block.position) == count
        count += lives.skip(block)


@pytest.fixture
def log() -> OrderLog:
    return OrderLog(blocks(random.Random(7), 50))


def published(log: OrderLog, path: Path, **more: Callable[..., object]) -> Publisher:
    publisher = Publisher(log, ring(path), path / "public", path / "leaves", **more)  # type: ignore[arg-type]
    publisher.start()
    while publisher.step():
        publisher.publish()
    return publisher


def test_nothing_new_is_not_signed_again(log: OrderLog, tmp_path: Path) -> None:
    publisher = published(log, tmp_path)
    before = (tmp_path / "public" / "checkpoints").read_bytes()
    assert not publisher.publish()
    published(log, tmp_path)
    assert (tmp_path / "public" / "checkpoints").read_bytes() == before


def test_an_older_copy_of_the_order_log_is_refused(log: OrderLog, tmp_path: Path) -> None:
    published(log, tmp_path)
    log.end -= 10
    with pytest.raises(LogRewritten, match="ends after"):
        published(log, tmp_path)


@pytest.mark.parametrize("position", [1, 25, 49])
def test_an_order_log_that_went_another_way_is_refused_and_the_evidence_stays(
    log: OrderLog, tmp_path: Path, position: int
) -> None:
    published(log, tmp_path)
    files = {path: path.read_bytes() for path in (tmp_path / "public").rglob("*") if path.is_file()}
    for at in range(position, len(log.blocks)):
        block = log.blocks[at]
        log.blocks[at] = Block(block.position, block.at_ms + 60_000, block.events)
    with pytest.raises(LogRewritten, match="gives others"):
        published(log, tmp_path)
    assert {path: path.read_bytes() for path in files} == files


def edge(path: Path) -> list[Path]:
    """The files of the tree's right edge."""
    size = parse_checkpoint(parse_note((path / "public" / "checkpoint").read_bytes()).text).size
    return [path / "public" / tile_path(tile) for tile in partials_of(size)]


@pytest.mark.parametrize("which", range(3))
def test_lost_tiles_are_made_again(log: OrderLog, tmp_path: Path, which: int) -> None:
    published(log, tmp_path)
    lost = edge(tmp_path)[which]
    right = lost.read_bytes()
    lost.unlink()
    published(log, tmp_path)
    assert lost.read_bytes() == right


@pytest.mark.parametrize("which", range(3))
def test_damaged_tiles_are_made_again(log: OrderLog, tmp_path: Path, which: int) -> None:
    published(log, tmp_path)
    damaged = edge(tmp_path)[which]
    right = damaged.read_bytes()
    damaged.write_bytes(bytes(len(right)))
    published(log, tmp_path)
    assert damaged.read_bytes() == right


@pytest.mark.parametrize(
    "end", [b"\0" * 4096, b"example.com/launch\n12", "example.com/launch\n1\nAAAA\n\n\u2014 ex".encode()]
)
def test_a_history_whose_end_was_not_written_is_gone_on_with(log: OrderLog, tmp_path: Path, end: bytes) -> None:
    published(log, tmp_path)
    history = tmp_path / "public" / "checkpoints"
    right = history.read_bytes()
    history.write_bytes(right + end)
    published(log, tmp_path)
    assert history.read_bytes() == right


def test_another_key_does_not_go_on_with_a_log(log: OrderLog, tmp_path: Path) -> None:
    published(log, tmp_path)
    other = SigningKey("example.com/launch", ED25519, bytes(range(32)))
    publisher = Publisher(log, ring(tmp_path, other), tmp_path / "public")
    with pytest.raises(NoteInvalid):
        publisher.start()


def test_a_directory_that_can_not_be_written_is_said(log: OrderLog, tmp_path: Path) -> None:
    (tmp_path / "public").write_text("a file")
    with pytest.raises(PublishedInvalid, match="public"):
        published(log, tmp_path)
