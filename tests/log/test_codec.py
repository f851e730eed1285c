"""The bytes of a block: frozen, because logs are kept; and refused when a single bit differs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.domain import events as ev
from drumroll.domain.launch import Launch, Model, Trim
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
events = st.one_of(
    st.builds(ev.DeskOpened, texts),
    st.builds(ev.LaunchSet, launches),
    st.builds(ev.OrderReserved, texts, texts, texts, texts, amounts, amounts, amounts, keys, fingerprints),
    st.builds(ev.OrderFirmed, texts, texts),
    st.builds(ev.OrderExpired, texts),
    st.builds(ev.OrderCancelled, texts, amounts, keys, fingerprints),
    st.builds(ev.DepositOwedBack, texts, texts, amounts, texts, texts),
    st.builds(ev.RefundPaid, texts),
)
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


def test_the_bytes_of_a_block_are_those_of_the_first_version() -> None:
    """If this fails, logs in use can't be read any more: raise the format version and keep reading this one."""
    golden = bytes.fromhex(GOLDEN_HEX)
    assert encode(GOLDEN) == golden
    assert decode(golden, 3) == GOLDEN


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
