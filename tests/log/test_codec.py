"""The bytes of a block: frozen, because logs are kept; and refused when a single bit differs."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.domain import events as ev
from drumroll.domain.launch import Launch, Model, Trim
from drumroll.domain.promise import Planned, Promise
from drumroll.errors import DamagedLog
from drumroll.log.base import Block
from drumroll.log.codec import decode, encode

texts = st.text(max_size=30)
amounts = st.integers(min_value=0, max_value=2**53)
keys = st.binary(min_size=16, max_size=16)
fingerprints = st.binary(min_size=8, max_size=8)
trims = st.builds(Trim, texts, texts, amounts, st.none() | amounts)
models = st.builds(
    Model, texts, texts, amounts, st.none() | amounts, st.lists(trims, max_size=3).map(tuple), st.none() | amounts
)
launches = st.builds(
    Launch,
    *(texts, texts, texts, texts, amounts, st.none() | amounts, amounts, amounts, amounts),
    models=st.lists(models, max_size=3).map(tuple),
    headline=st.lists(texts, max_size=3).map(tuple),
    milestones=st.lists(amounts, max_size=3).map(tuple),
    cap=st.none() | amounts,
)
promises = st.builds(Promise, amounts, amounts, amounts, amounts, texts)
rows = st.lists(st.integers(0, 200), max_size=5).map(tuple)
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: amounts,
    int | None: st.none() | amounts,
    bool: st.booleans(),
    bytes: keys,
    tuple[str, ...]: st.lists(texts, max_size=3).map(tuple),
    Launch: launches,
    Promise | None: st.none() | promises,
    tuple[Planned, ...]: st.lists(st.builds(Planned, promises, st.lists(texts, max_size=3).map(tuple)), max_size=3).map(
        tuple
    ),
    dict[str, tuple[tuple[int, ...], tuple[int, ...]]]: st.dictionaries(texts, st.tuples(rows, rows), max_size=3),
}


def of_kind(kind: type[ev.Event]) -> st.SearchStrategy[ev.Event]:
    """Events of this kind, with any values that its fields may have."""
    return st.builds(kind, **{name: VALUES[hint] for name, hint in get_type_hints(kind).items()})


events = st.one_of(*(of_kind(kind) for kind in ev.Event.__subclasses__()))
blocks = st.builds(Block, st.integers(1, 2**53), amounts, st.lists(events, max_size=6).map(tuple))

GOLDEN = Block(
    3,
    1_750_946_400_000,
    (
        ev.OrderReserved("o1", "c1", "yu7", "max", 32_990_000, 500_000, 900, bytes(range(16)), bytes(range(8))),
        ev.OrderFirmed("o1", "p1"),
        ev.OrderExpired("o2"),
        ev.OrderCancelled("o1", 500_000, bytes(16), bytes(8)),
        ev.DepositOwedBack("o2", "p2", 500_000, "CNY", "unknown_order"),
        ev.RefundPaid("p2"),
        ev.DeskOpened("drumroll"),
    ),
)
GOLDEN_HEX = """
44524201b2c50d43ce1b9189e35264e6af9fd1c09303cf00000197ac89c700979a02a26f31a26331a3797537a36d6178
ce01f76330ce0007a120cd0384c410000102030405060708090a0b0c0d0e0fc40800010203040506079303a26f31a270
319204a26f329505a26f31ce0007a120c41000000000000000000000000000000000c40800000000000000009606a26f
32a27032ce0007a120a3434e59ad756e6b6e6f776e5f6f726465729207a270329200a86472756d726f6c6c
"""


LIFE = Block(
    4,
    1_751_551_260_000,
    (
        ev.OrderReserved(
            "o1", "c1", "su7", "max", 9, 5, 900, b"k" * 16, b"f" * 8, ("white", "w19"), "beijing", 604_800
        ),
        ev.OrderLocked("o1", early=True, undo_s=1800, key=b"k" * 16, fingerprint=b"f" * 8),
        ev.LockUndone("o1", b"k" * 16, b"f" * 8),
        ev.OrderForfeited("o1", 500_000, b"k" * 16, b"f" * 8),
        ev.OrderChanged("o1", "pro", ("white",), "beijing", 7, b"k" * 16, b"f" * 8, "grace", "moved", 9),
        ev.OrderConverted(
            *("o1", "su7-to-yu7", "yu7", "max", ("white",), "beijing", 9, 5, 0, 0, 604_800, 1, "locked", 1, False),
            *(b"k" * 16, b"f" * 8, 7),
        ),
        ev.DifferencePaid("o1", "p1", 5),
        ev.OrderImported(
            *("o3", "ref-1", "c1", "su7", "max", ("white",), "beijing", 9, 5, "p3", "locked", 1, 2, 3, None, b"d" * 16),
        ),
        ev.WaitingJoined("o4", "c1", "su7", "max", ("white",), "beijing", b"k" * 16, b"f" * 8),
        ev.PlaceOffered("o4", 9, 5, 86_400, None),
        ev.WaitingLeft("o5"),
        ev.SalesSet("pause", "", "grace", "down", b"k" * 16, b"f" * 8),
        ev.CapSet("su7", "max", None, "grace", "more", b"k" * 16, b"f" * 8),
        ev.WindowMoved("su7-to-yu7", 4, "grace", "down", b"k" * 16, b"f" * 8),
        ev.OrderWithdrawn("o1", 5, 0, "grace", "twice", b"k" * 16, b"f" * 8),
        ev.RefundGranted("o1", 5, "grace", "goodwill", b"k" * 16, b"f" * 8),
        ev.OrdersMoved("scheduled", ("o1", "o3"), "grace", "week 31", b"k" * 16, b"f" * 8),
        ev.RefundPaid("p1.2", "grace", "by hand"),
    ),
)
LIFE_BEFORE_PROMISES_HEX = """
445242018ae6feb5cc3abb15f672dff806b9ef089304cf00000197d0973560dc00129d02a26f31a26331a3737537a36d
61780905cd0384c4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc408666666666666666692a57768697465a3773139a762
65696a696e67ce00093a809608a26f31c3cd0708c4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc4086666666666666666
9409a26f31c4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc4086666666666666666950aa26f31ce0007a120c4106b6b6b
6b6b6b6b6b6b6b6b6b6b6b6b6bc40866666666666666669b0ba26f31a370726f91a57768697465a76265696a696e6707
c4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc4086666666666666666a56772616365a56d6f76656409dc00130ca26f31
aa7375372d746f2d797537a3797537a36d617891a57768697465a76265696a696e6709050000ce00093a8001a66c6f63
6b656401c2c4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc408666666666666666607940da26f31a2703105dc00110ea2
6f33a57265662d31a26331a3737537a36d617891a57768697465a76265696a696e670905a27033a66c6f636b65640102
03c0c41064646464646464646464646464646464990fa26f34a26331a3737537a36d617891a57768697465a76265696a
696e67c4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc40866666666666666669610a26f340905ce00015180c09411a26f
35c400c4009712a57061757365a0a56772616365a4646f776ec4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc408666666
66666666669813a3737537a36d6178c0a56772616365a46d6f7265c4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc40866
666666666666669714aa7375372d746f2d79753704a56772616365a4646f776ec4106b6b6b6b6b6b6b6b6b6b6b6b6b6b
6b6bc40866666666666666669815a26f310500a56772616365a57477696365c4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b
6bc40866666666666666669716a26f3105a56772616365a8676f6f6477696c6cc4106b6b6b6b6b6b6b6b6b6b6b6b6b6b
6b6bc40866666666666666669717a97363686564756c656492a26f31a26f33a56772616365a77765656b203331c4106b
6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc40866666666666666669407a470312e32a56772616365a762792068616e64
"""
LIFE_HEX = """
44524201c8fc71985e41ca912d851babfeed2d1a9304cf00000197d0973560dc00129e02a26f31a26331a3737537a36d
61780905cd0384c4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc408666666666666666692a57768697465a3773139a762
65696a696e67ce00093a80c09608a26f31c3cd0708c4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc40866666666666666
669409a26f31c4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc4086666666666666666950aa26f31ce0007a120c4106b6b
6b6b6b6b6b6b6b6b6b6b6b6b6b6bc40866666666666666669c0ba26f31a370726f91a57768697465a76265696a696e67
07c4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc4086666666666666666a56772616365a56d6f76656409c0dc00140ca2
6f31aa7375372d746f2d797537a3797537a36d617891a57768697465a76265696a696e6709050000ce00093a8001a66c
6f636b656401c2c4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc408666666666666666607c0940da26f31a2703105dc00
110ea26f33a57265662d31a26331a3737537a36d617891a57768697465a76265696a696e670905a27033a66c6f636b65
64010203c0c41064646464646464646464646464646464990fa26f34a26331a3737537a36d617891a57768697465a762
65696a696e67c4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc40866666666666666669710a26f340905ce00015180c0c0
9411a26f35c400c4009712a57061757365a0a56772616365a4646f776ec4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc4
0866666666666666669813a3737537a36d6178c0a56772616365a46d6f7265c4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b
6bc40866666666666666669714aa7375372d746f2d79753704a56772616365a4646f776ec4106b6b6b6b6b6b6b6b6b6b
6b6b6b6b6b6bc40866666666666666669815a26f310500a56772616365a57477696365c4106b6b6b6b6b6b6b6b6b6b6b
6b6b6b6b6bc40866666666666666669716a26f3105a56772616365a8676f6f6477696c6cc4106b6b6b6b6b6b6b6b6b6b
6b6b6b6b6b6bc40866666666666666669717a97363686564756c656492a26f31a26f33a56772616365a77765656b2033
31c4106b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6bc40866666666666666669407a470312e32a56772616365a76279206861
6e64
"""


def test_a_block_of_the_first_drumroll_still_reads() -> None:
    """If this fails, logs in use can't be read any more. Fields that came later have their defaults."""
    assert decode(bytes.fromhex(GOLDEN_HEX), 3) == GOLDEN


def test_the_bytes_of_a_block_stay_what_they_are() -> None:
    """If this fails, an event lost a field or moved one: raise the format version and keep reading this one."""
    assert encode(LIFE) == bytes.fromhex(LIFE_HEX)
    assert decode(bytes.fromhex(LIFE_BEFORE_PROMISES_HEX), 4) == LIFE, "a log of before there were promises"
    assert decode(bytes.fromhex(LIFE_HEX), 4) == LIFE


@given(blocks)
def test_a_block_reads_back_as_it_was(block: Block) -> None:
    assert decode(encode(block), block.position) == block


@given(blocks, st.data())
def test_every_flipped_bit_is_refused(block: Block, data: st.DataObject) -> None:
    encoded = bytearray(encode(block))
    bit = data.draw(st.integers(0, len(encoded) * 8 - 1))
    encoded[bit // 8] ^= 1 << bit % 8
    with pytest.raises(DamagedLog, match=f"block {block.position} is damaged"):
        decode(bytes(encoded), block.position)


def test_every_single_bit_of_one_block_counts() -> None:
    encoded = encode(GOLDEN)
    for bit in range(len(encoded) * 8):
        flipped = bytearray(encoded)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DamagedLog):
            decode(bytes(flipped), 3)


@given(blocks, st.data())
def test_a_block_that_is_cut_or_goes_on_is_refused(block: Block, data: st.DataObject) -> None:
    encoded = encode(block)
    cut = encoded[: data.draw(st.integers(0, len(encoded) - 1))]
    for wrong in (cut, encoded + b"\0"):
        with pytest.raises(DamagedLog):
            decode(wrong, block.position)


def test_a_block_at_another_position_is_refused() -> None:
    with pytest.raises(DamagedLog, match="block 4 is damaged: it says that it is block 3"):
        decode(encode(GOLDEN), 4)


def test_a_later_format_version_is_named() -> None:
    encoded = bytearray(encode(GOLDEN))
    encoded[3] = 2
    with pytest.raises(DamagedLog, match="its format version is 2; this drumroll reads version 1"):
        decode(bytes(encoded), 3)
