"""Short events: what the ledger leaves unread changes no balance, and hides no damage."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec.structs import fields

from drumroll.domain import events as ev
from drumroll.errors import DamagedLog
from drumroll.log.base import Block
from drumroll.log.codec import decode, decode_as, encode
from drumroll.outlook.ledger import Ledger
from drumroll.outlook.ledger_events import EVENTS, SHORT
from tests.outlook.ledger_lives import lived

SHORTLY = decode_as(EVENTS)


@pytest.mark.parametrize("full", SHORT, ids=lambda full: full.__name__)
def test_a_short_event_has_the_tag_and_the_first_fields_of_its_event(full: type[ev.Event]) -> None:
    short = SHORT[full]
    assert short.__struct_config__.tag == full.__struct_config__.tag
    begin = fields(full)[: len(fields(short))]
    assert [(one.name, one.type) for one in fields(short)] == [(one.name, one.type) for one in begin]


def test_every_event_of_the_log_can_be_read_shortly() -> None:
    tags = {one.__struct_config__.tag for one in get_args(ev.AnyEvent)}
    assert {one.__struct_config__.tag for one in get_args(EVENTS)} == tags


@pytest.mark.parametrize("seed", range(6))
def test_short_events_give_the_same_balances_block_by_block(seed: int) -> None:
    whole, short = Ledger(), Ledger()
    for block in lived(seed):
        data = encode(block)
        whole.block(decode(data, block.position))
        short.block(SHORTLY(data, block.position))
        assert (short.balances(), short.money(), short.trial_balance()) == (
            whole.balances(),
            whole.money(),
            whole.trial_balance(),
        )


def test_a_damaged_byte_is_found_in_what_is_not_read_too(tmp_path: Path) -> None:
    event: Any = ev.OrderReserved("o", "c", "m", "t", 5, 1, 900, b"k" * 16, b"f" * 8, ("colour",), "here", 60)
    data = bytearray(encode(Block(1, 0, (event,))))
    data[-1] ^= 1
    with pytest.raises(DamagedLog):
        SHORTLY(bytes(data), 1)
