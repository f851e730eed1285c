"""The publisher that goes on: what it asks witnesses about, and when."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from drumroll.errors import PublishedInvalid
from drumroll.proof.checkpoint import parse_checkpoint
from drumroll.proof.cosignature import cosign
from drumroll.proof.note import COSIGNATURE, Note, Signature, SigningKey
from drumroll.proof.tiles import TileNodes
from drumroll.transparency import following
from drumroll.transparency.directory import make_directory
from drumroll.transparency.following import follow
from drumroll.transparency.publisher import Publisher
from drumroll.transparency.sources import open_published
from tests.transparency.test_publisher import OrderLog, blocks, ring

WITNESS = SigningKey("witness.example/press", COSIGNATURE, bytes(range(32)))


class Witness:
    """Notes the sizes that it is asked about; ``up``: it cosigns them."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.up = True

    def __call__(self, note: Note, nodes: Callable[[int], TileNodes]) -> list[Signature]:
        self.sizes.append(parse_checkpoint(note.text).size)
        return [cosign(note.text, WITNESS, 1_750_946_400)] if self.up else []


def rounds(count: int) -> Callable[[], bool]:
    left = iter(range(count))
    return lambda: next(left, None) is None


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> OrderLog:
    monkeypatch.setattr(following, "SIGN_EVERY_S", 0.0)
    monkeypatch.setattr(following, "LOOK_EVERY_S", 0.0)
    return OrderLog(blocks(random.Random(11), 400))


def publisher_of(log: OrderLog, path: Path, witness: Witness) -> Publisher:
    publisher = Publisher(log, ring(path), path / "public", path / "leaves", witness)
    publisher.start()
    return publisher


@pytest.mark.parametrize("count", [3, 60])
def test_while_it_catches_up_no_witness_is_asked_or_all_that_follows_looks_back_dated(
    log: OrderLog, tmp_path: Path, count: int
) -> None:
    witness = Witness()
    publisher = publisher_of(log, tmp_path, witness)
    follow(publisher, rounds(count))
    sizes = [parse_checkpoint(note.text).size for note in open_published(str(tmp_path / "public")).history()]
    assert len(sizes) > 2, "it was to be behind for some rounds"
    assert witness.sizes == ([sizes[-1]] if publisher.position == publisher.head() else [])


def test_a_checkpoint_that_no_witness_cosigned_is_shown_again_when_one_does(log: OrderLog, tmp_path: Path) -> None:
    witness = Witness()
    witness.up = False
    publisher = publisher_of(log, tmp_path, witness)
    follow(publisher, rounds(60))
    published = open_published(str(tmp_path / "public"))
    before = published.history()
    follow(publisher, rounds(3))
    assert published.history() == before
    witness.up = True
    follow(publisher_of(log, tmp_path, witness), rounds(3))
    after = published.history()
    assert [note.text for note in after] == [*(note.text for note in before), before[-1].text]
    assert len(after[-1].signatures) == 2
    follow(publisher_of(log, tmp_path, witness), rounds(3))
    assert published.history() == after, "once is enough"


def test_a_directory_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PublishedInvalid, match="can't be made: Not a directory"):
        make_directory(tmp_path / "file" / "log")
