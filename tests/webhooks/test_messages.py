"""What others are told: a type for every event, facts but no keys, and a cursor that neither skips nor repeats."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumroll.domain import events
from drumroll.domain.events import AnyEvent, Event, OrdersMoved, SalesSet
from drumroll.errors import EndpointInvalid
from drumroll.log.base import Block
from drumroll.webhooks.messages import ALL, DEFAULT, MOVES, SALES, SILENT, TYPES, Cursor, Message, chosen, messages

KINDS = get_args(AnyEvent)
OPENED_AT_MS = 1_750_946_400_000
MOMENTS = st.integers(OPENED_AT_MS, OPENED_AT_MS + 10**11)


def made(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Any event of a kind, with moments that can be."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    given_: dict[str, st.SearchStrategy[Any]] = {
        name: MOMENTS if field.type is int else st.none() | MOMENTS
        for name, field in fields.items()
        if name.endswith("_ms")
    }
    given_ |= {name: st.binary(min_size=16, max_size=16) for name, field in fields.items() if field.type is bytes}
    if kind is SalesSet:
        given_["action"] = st.sampled_from(sorted(SALES))
    if kind is OrdersMoved:
        given_["state"] = st.sampled_from(sorted(MOVES))
        given_["order_ids"] = st.lists(st.text(max_size=3), max_size=5).map(tuple)
    return st.builds(kind, **given_)


TOLD = [kind for kind in KINDS if kind not in SILENT]
BLOCKS = st.lists(st.sampled_from(TOLD).flatmap(made), max_size=8).map(
    lambda happened: Block(7, OPENED_AT_MS, tuple(happened))
)


def told(block: Block, start: Cursor | None = None, wanted: frozenset[str] = ALL) -> list[Message]:
    return list(messages(block, start or Cursor(block.position), wanted))


def test_every_kind_of_event_has_a_type_or_is_silent_on_purpose() -> None:
    assert set(KINDS) == set(TYPES) | {SalesSet, OrdersMoved} | set(SILENT)
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", name) for name in ALL)
    assert len(ALL) == len(TYPES) + len(SALES) + len(MOVES), "two events share a type, and so can't differ in fields"


@pytest.mark.parametrize("kind", TOLD, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_no_key_fingerprint_or_digest_leaves(kind: type[Event], data: st.DataObject) -> None:
    event = data.draw(made(kind))
    for message in told(Block(7, OPENED_AT_MS, (event,))):
        facts = msgspec.json.decode(message.body)["data"]
        assert not {"key", "fingerprint", "digest"} & set(facts)


@given(BLOCKS)
def test_a_type_always_has_the_same_fields_and_times_are_rfc_3339_in_utc(block: Block) -> None:
    shapes: dict[str, set[str]] = {}
    for message in told(block):
        body = msgspec.json.decode(message.body)
        assert list(body) == ["type", "timestamp", "data"]
        assert shapes.setdefault(message.type, set(body["data"])) == set(body["data"])
        assert body["timestamp"] == "2025-06-26T14:00:00.000Z"
        for name, value in body["data"].items():
            assert not name.endswith("_ms")
            if name.endswith("_at") and value is not None:
                assert datetime.fromisoformat(value).timestamp() * 1000 >= OPENED_AT_MS


@given(BLOCKS)
def test_going_on_after_any_message_gives_exactly_the_rest(block: Block) -> None:
    whole = told(block)
    for number, message in enumerate(whole):
        assert told(block, message.after) == whole[number + 1 :]
    assert len({message.id for message in whole}) == len(whole)


@given(BLOCKS)
def test_another_event_at_the_same_place_of_a_restored_log_has_another_id(block: Block) -> None:
    later = Block(block.position, block.at_ms + 1, block.events)
    assert not {message.id for message in told(block)} & {message.id for message in told(later)}


@given(BLOCKS, st.sets(st.sampled_from(sorted(ALL))))
def test_a_filter_leaves_out_but_changes_no_id(block: Block, wanted: set[str]) -> None:
    assert told(block, wanted=frozenset(wanted)) == [message for message in told(block) if message.type in wanted]


def test_a_move_of_many_orders_is_a_message_an_order() -> None:
    block = Block(3, OPENED_AT_MS, (OrdersMoved("built", ("ord_a", "ord_b"), "mei", "line 2", b"", b""),))
    assert [(message.id, message.type, message.about) for message in told(block)] == [
        ("msg_3_0_0_197ac89c700", "order.built", "ord_a"),
        ("msg_3_0_1_197ac89c700", "order.built", "ord_b"),
    ]


def test_an_imported_base_is_told_only_to_whom_asks_for_it() -> None:
    assert TYPES[events.OrderImported] not in DEFAULT
    assert TYPES[events.OrderImported] in chosen("order.imported, order.firm")


def test_an_unknown_type_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(EndpointInvalid, match=r"found order\.fimr; allowed: order\.built, .*order\.firm"):
        chosen("order.fimr")
